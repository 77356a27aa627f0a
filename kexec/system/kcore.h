/* SPDX-License-Identifier: GPL-2.0-only */
/* /proc/kcore (fs/proc/kcore.c): its program headers and notes, and memory by its address. */
#ifndef KEXEC_SYSTEM_KCORE_H
#define KEXEC_SYSTEM_KCORE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/sysroot.h"

#define KCORE_PATH "/proc/kcore"

struct elfcore_source;

struct kcore_load {
	uint64_t vaddr;
	uint64_t paddr; /* UINT64_MAX where the kernel gives none (vmalloc, modules, vmemmap) */
	uint64_t size;
};

struct kcore {
	struct kcore_load *loads; /* owned, in file order */
	size_t loads_count;
	struct blob vmcoreinfo; /* text of the VMCOREINFO note; empty when there is none */
};

void kcore_done(struct kcore *kcore);

/* Open it. Errors of sysroot_open(): ST_NOT_FOUND when the kernel has no kcore, ST_DENIED under
 * lockdown or without CAP_SYS_RAWIO. */
int kcore_open(const struct sysroot *root, struct sysroot_file **ret, struct err *err);

/*
 * Its program headers and the VMCOREINFO note, from an open one or from bytes like it. ST_BAD_INPUT
 * when they make no sense (lib/elfcore.h), ST_CHANGED when the headers change faster than we read,
 * ST_NO_MEMORY; errors of the source.
 */
int kcore_take(const struct elfcore_source *source, struct kcore *ret, struct err *err);

/* Open it and do so. */
int kcore_read(const struct sysroot *root, struct kcore *ret, struct err *err);

/* Copy physical memory that the kernel has mapped. ST_NOT_FOUND when it has not, else errors as
 * above. */
int kcore_read_memory(
	const struct sysroot *root, uint64_t paddr, void *buf, size_t size, struct err *err);

#endif
