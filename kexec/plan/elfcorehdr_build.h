/* SPDX-License-Identifier: GPL-2.0-only */
/* Making the ELF core header; only planning needs this, the dump reads struct elfcorehdr. */
#ifndef KEXEC_PLAN_ELFCOREHDR_BUILD_H
#define KEXEC_PLAN_ELFCOREHDR_BUILD_H

#include "kexec/plan/arch_ops.h"
#include "kexec/plan/elfcorehdr.h"
#include "kexec/system/cpus.h"

#define PT_LOAD 1
#define PT_NOTE 4
#define PF_RWX	7

struct core_input {
	uint16_t elf_machine;
	const struct cpus *cpus;
	uint64_t vmcoreinfo_paddr;
	uint64_t vmcoreinfo_size;
	const struct kernel_layout *layout;
	const struct rangeset *ram; /* normalized, whole pages, without the crash regions */
	uint64_t saved; /* so much from 0 on is found in a copy, see elfcorehdr_set_saved() */
	const struct rangeset *firmware; /* normalized, nothing of ram; NULL for none */
};

/*
 * Fill entries and bytes of *ret; memsz is the caller's to decide. ST_UNSUPPORTED when more
 * than ELFCOREHDR_PHDRS_MAX program headers are needed; ST_NO_MEMORY.
 */
int elfcorehdr_build(const struct core_input *input, struct elfcorehdr *ret, struct err *err);

/* p_type and p_flags of an entry. */
uint32_t core_entry_type(const struct core_entry *entry);
uint32_t core_entry_flags(const struct core_entry *entry);

/* Warn of what the program headers lack because the layout does not tell it. */
void elfcorehdr_doubt(const struct kernel_layout *layout, struct report *report);

#endif
