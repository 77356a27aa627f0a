/* SPDX-License-Identifier: GPL-2.0-only */
/* /proc/kcore (fs/proc/kcore.c): its program headers and notes, and memory by its address. */
#ifndef KEXEC_SYSTEM_KCORE_H
#define KEXEC_SYSTEM_KCORE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/sysroot.h"

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

/*
 * Parse the head of the file, by lib/elfcore.h: ELF header, program headers and notes must
 * lie in head. ST_BAD_INPUT, ST_NO_MEMORY.
 */
int kcore_parse(struct span head, struct kcore *ret, struct err *err);

/*
 * Read only as much of the file as kcore_parse() needs. ST_NOT_FOUND when the kernel has no
 * kcore, ST_DENIED under lockdown or without CAP_SYS_RAWIO, ST_CHANGED when the headers
 * change faster than we read; errors of kcore_parse().
 */
int kcore_read(const struct sysroot *root, struct kcore *ret, struct err *err);

/* Copy physical memory that the kernel has mapped. ST_NOT_FOUND when it has not, else errors as
 * above. */
int kcore_read_memory(
	const struct sysroot *root, uint64_t paddr, void *buf, size_t size, struct err *err);

#endif
