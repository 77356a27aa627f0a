/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Page tables by which purgatory reaches a console in memory: the kernel's, by which it is entered,
 * map no devices. One set for four levels and one for five, since which it is the CPU decides
 * (CR4.LA57). Intel SDM, volume 3, 4.5.
 */
#ifndef KEXEC_ARCH_X86_64_TABLES_H
#define KEXEC_ARCH_X86_64_TABLES_H

#include "kexec/plan/arch_ops.h"
#include "kexec/plan/page_tables.h"

/* Of a set. Kernel and initrd of a gigabyte each take about ten; see purgatory/abi.h. */
#define X86_64_TABLES_MAX  16
#define X86_64_TABLES_ROOM (2ull * X86_64_TABLES_MAX * PAGE_TABLE_SIZE)

/* See struct arch_ops. Of two sets that are of the same size the first is for four levels. */
const char *x86_64_purgatory_tables(const struct plan_inputs *inputs, const struct plan *plan,
	const struct purgatory_layout *layout, uint8_t *memory, struct range *ret_sets);

#endif
