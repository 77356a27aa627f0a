/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a path leads, for lib/sysroot.c alone: on the live system, or inside a folder that
 * nothing leads out of. Fuzz targets have a machine in memory in the place of this module:
 * tests/fuzz/root.h.
 */
#ifndef LIB_SYSROOT_PLACE_H
#define LIB_SYSROOT_PLACE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

/* Whom to ask where a path leads. */
enum place_finder {
	PLACE_LIVE,   /* the kernel, from its own root */
	PLACE_KERNEL, /* the kernel, told to stay inside: openat2(2), since Linux 5.6 */
	PLACE_WALK,   /* one component after the other, here */
};

/* The better one that works for a folder: a kernel, qemu-user or a seccomp filter may not know
 * openat2(), as the last two say by one errno or another. */
enum place_finder place_finder(int root_fd);

struct place {
	enum place_finder finder;
	int dirfd;	  /* what name is relative to */
	const char *name; /* after a walk one component that was no symbolic link, or "." */
	int fd;		  /* PLACE_KERNEL: what was found, by O_PATH; else -1 */
	bool owned;	  /* dirfd is ours to close */
	char buf[NAME_MAX + 1];
};

/* Find path. place_done() it in any case. Returns 0 or an errno. */
int place_find(enum place_finder finder, int root_fd, const char *path, struct place *ret);
void place_done(struct place *place);

/* As fstatat() and openat(): what is opened may be another thing by now, but never outside. */
int place_stat(const struct place *place, struct stat *ret);
int place_open(const struct place *place, int flags);

/* Hand each name in a directory to take, without "." and "..", in no order. Returns 0 or an errno,
 * also what take returned when that is not 0, which ends it. */
typedef int place_name_fn(void *context, const char *name);
int place_list(const struct place *place, place_name_fn *take, void *context);

#endif
