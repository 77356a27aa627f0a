/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two ways from arch/<arch>/entry.S into C. Both return when the kernel is to be
 * entered, and do not return otherwise.
 */
#ifndef PURGATORY_PURGATORY_H
#define PURGATORY_PURGATORY_H

#include <stdint.h>

struct purgatory_params;

/* Verify the loaded segments, report what is wrong with them and follow on_corruption. */
void purgatory_main(const struct purgatory_params *params);

/*
 * The CPU took an exception. depth counts them, from 1: reporting or resetting may be what
 * faulted, so the second time nothing is printed and the third time nothing is tried.
 * syndrome is the CPU's word for the cause, pc where it happened, address what was accessed.
 */
void purgatory_fault(const struct purgatory_params *params, uint64_t depth, uint64_t syndrome,
	uint64_t pc, uint64_t address);

#endif
