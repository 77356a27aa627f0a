/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ways from arch/<arch>/entry.S into C. purgatory_main() and purgatory_fault() return when the
 * kernel is to be entered, and do not return otherwise. Then MMU and caches are turned off, and
 * purgatory_record() writes down what happened.
 */
#ifndef PURGATORY_PURGATORY_H
#define PURGATORY_PURGATORY_H

/* Memory for struct purgatory_outcome, for the assembly: a multiple of 16. */
#define PURGATORY_OUTCOME_SIZE 64

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stdint.h>

#include "abi.h"

struct purgatory_params;

/* What is to be recorded. entry.S has the memory, since a fault ends all that is on the stack. */
struct purgatory_outcome {
	uint64_t entered; /* machine_ticks() */
	uint64_t bytes;	  /* hashed */
	uint32_t result;  /* PURGATORY_RESULT_* */
	uint32_t caches;  /* PURGATORY_CACHES_* */
	uint32_t core;	  /* PURGATORY_CORE_* */
	uint32_t bad_count;
	char bad_name[PURGATORY_NAME_SIZE];
	uint64_t recording; /* the record is being written, or was */
};

_Static_assert(sizeof(struct purgatory_outcome) <= PURGATORY_OUTCOME_SIZE, "outcome");

/* Whether no bit of the parameters has changed: what they name may be written to. */
bool purgatory_is_as_planned(const struct purgatory_params *params);

/* Verify the loaded segments, report what is wrong with them and follow on_corruption. The
 * outcome is filled from the first to the last byte. */
void purgatory_main(const struct purgatory_params *params, struct purgatory_outcome *outcome);

/*
 * The CPU took an exception. depth counts them, from 1: reporting or resetting may be what
 * faulted, so the second time nothing is printed and the third time nothing is tried.
 * syndrome is the CPU's word for the cause, pc where it happened, address what was accessed.
 * One while the record was written is nobody's business: a record is not worth a dump.
 */
void purgatory_fault(const struct purgatory_params *params, struct purgatory_outcome *outcome,
	uint64_t depth, uint64_t syndrome, uint64_t pc, uint64_t address);

/* Write the outcome where the params say, if that is where the planner made room for it. */
void purgatory_record(const struct purgatory_params *params, struct purgatory_outcome *outcome);

#endif /* __ASSEMBLER__ */

#endif
