/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ELF core header that the capture kernel turns into /proc/vmcore: one PT_NOTE per CPU,
 * one for vmcoreinfo, a PT_LOAD for the kernel image, one PT_LOAD per range of RAM; fields
 * and order are those of the kernel's own (kernel/crash_core.c:crash_prepare_elf64_headers),
 * which will replace this header at the first hotplug event.
 */
#ifndef KEXEC_PLAN_ELFCOREHDR_H
#define KEXEC_PLAN_ELFCOREHDR_H

#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/rangeset.h"

#define ELFCOREHDR_EHDR_SIZE 64
#define ELFCOREHDR_PHDR_SIZE 56

/* e_phnum is 16 bits, 0xffff (PN_XNUM) would mean "look elsewhere", and neither the kernel's
 * writer nor its reader does (fs/proc/vmcore.c). */
#define ELFCOREHDR_PHDRS_MAX 65534

enum core_entry_kind {
	CORE_CPU_NOTES,
	CORE_VMCOREINFO,
	CORE_KERNEL,
	CORE_RAM,
	CORE_SAVED,    /* the beginning of memory, which is found in its copy */
	CORE_FIRMWARE, /* in the crash region, and dumped all the same */
};

/* One program header. p_offset and p_paddr are the same address, but of CORE_SAVED, p_filesz and
 * p_memsz the same size, as in the kernel's. */
struct core_entry {
	enum core_entry_kind kind;
	uint32_t cpu; /* of CORE_CPU_NOTES */
	uint64_t offset;
	uint64_t paddr;
	uint64_t vaddr;
	uint64_t size;
};

struct elfcorehdr {
	struct core_entry *entries; /* owned, in the order of the table */
	size_t count;
	struct blob bytes; /* the header as it is loaded, without padding */
	uint64_t memsz;	   /* of its segment: a multiple of the page size */
};

void elfcorehdr_done(struct elfcorehdr *core);

/* "CPU 3 notes", "vmcoreinfo", "kernel image", "RAM", "saved RAM", "firmware". Writes to
 * buf and returns it. */
const char *core_entry_describe(const struct core_entry *entry, char *buf, size_t size);

/* Say where the copy of CORE_SAVED is, of which there is one. */
void elfcorehdr_set_saved(struct elfcorehdr *core, uint64_t where);

/* Bytes of a header with this many program headers. */
uint64_t elfcorehdr_size(uint64_t phdrs);

#endif
