/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All the bytes of a file, the same ones for as long as they are held.
 *
 * Where a read lease can be had (F_SETLEASE of fcntl(2)) they are a mapping: each byte is in
 * memory once, in the page cache. Whoever opens such a file for writing, or truncates it, waits
 * until the lease is given back, or for /proc/sys/fs/lease-break-time, 45 seconds, at most. So
 * bytes are held no longer than it takes, and before and after they count one asks whether anybody
 * has knocked: see held_is_asked_for().
 *
 * Else they are a private copy: where somebody has the file open for writing; where it belongs to
 * another user and CAP_LEASE is missing; where the kernel or the file system knows no leases; and
 * where a file can be written to past this kernel, as over a network, below FUSE, or in a layer of
 * an overlay. So only file systems are mapped that are known to be this kernel's alone.
 */
#ifndef LIB_SYSROOT_HOLD_H
#define LIB_SYSROOT_HOLD_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/sysroot.h"

struct held {
	struct span bytes;
	char why_copied[80]; /* "no read lease: Permission denied"; empty for a mapping */
	int lease;	     /* of a mapping: the file's descriptor */
	void *map;
	struct blob copy;
};

#define HELD_INIT                                                                                  \
	{                                                                                          \
		.lease = -1                                                                        \
	}

/*
 * Hold file, which has to stay open as long. ret has to be empty. The pages of a mapping are in
 * memory and in the page tables, so that a system call that reads them meets no page fault. With
 * copy, make a copy in any case. Errors as sysroot_file_read().
 */
int sysroot_hold(
	struct sysroot_file *file, size_t max, bool copy, struct held *ret, struct err *err);

/* Does somebody wait to write to the file, or has not waited any longer? Never, for a copy. */
bool held_is_asked_for(const struct held *held);

/* Give it back. The bytes are gone. Fine for HELD_INIT. */
void held_done(struct held *held);

#endif
