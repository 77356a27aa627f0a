/* SPDX-License-Identifier: GPL-2.0-only */
/* A crashed kernel: its virtual memory, and what it says about itself in VMCOREINFO. */
#ifndef VMCORE_DMESG_VMCORE_H
#define VMCORE_DMESG_VMCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/elfcore.h"

/* A range of kernel addresses with one offset to physical ones. */
struct vmcore_mapping {
	uint64_t start, end; /* the end is inclusive: it may be the top of the space */
	uint64_t offset;     /* subtracted from a virtual address */
};

#define VMCORE_MAPPINGS_MAX 6u

struct vmcore {
	bool big_endian;
	size_t word_size;	/* bytes of a pointer and of a long: 4 or 8 */
	struct blob vmcoreinfo; /* owned */
	struct vmcore_mapping
		mappings[VMCORE_MAPPINGS_MAX]; /* by VMCOREINFO; the first that fits */
	size_t mappings_count;
	struct elfcore elf;    /* owned; no program headers when the dump is of another kind */
	struct err doubt;      /* why it may be no core at all; ST_OK where it is one */
	struct dumpfile *dump; /* lasts as long as the process; NULL when it is ELF */
};

/*
 * Understand the dump in file, which stays the caller's and must outlive the result. First an
 * ELF core; what is none goes to libkdumpfile where this build has it. Errors of
 * elfcore_salvage(). Free with vmcore_done(). vmcore_read_info() then fills in VMCOREINFO; errors
 * of elfcore_vmcoreinfo(). For a dump that is not ELF both have the id dumpfile.
 */
int vmcore_open(struct sysroot_file *file, struct vmcore *ret, struct err *err);
int vmcore_read_info(struct vmcore *core, struct err *err);
void vmcore_done(struct vmcore *core);

/*
 * Copy memory at a kernel address. Where no program header has the virtual address, the
 * physical one is computed from what VMCOREINFO says about the kernel's linear map and image:
 * there are cores whose program headers have no virtual addresses. Errors of
 * elfcore_read_virtual(); dumpfile for a dump that is not ELF.
 */
int vmcore_read(const struct vmcore *core, uint64_t vaddr, void *buf, size_t size, struct err *err);

/* An unsigned value of size bytes, in the byte order of the machine. */
uint64_t vmcore_load(const struct vmcore *core, const void *p, size_t size);

/* Read such a value. Errors of vmcore_read(). */
int vmcore_read_uint(
	const struct vmcore *core, uint64_t vaddr, size_t size, uint64_t *ret, struct err *err);

/* What VMCOREINFO says of a key such as "SYMBOL(prb)" (hexadecimal) or "SIZE(prb_desc)".
 * False when it does not, or nonsense. Behind a number there may be anything: the end of the line
 * may be damaged. */
bool vmcore_symbol(const struct vmcore *core, const char *name, uint64_t *ret);
bool vmcore_info_number(const struct vmcore *core, const char *key, uint64_t *ret);

#endif
