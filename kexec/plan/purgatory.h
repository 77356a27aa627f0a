/* SPDX-License-Identifier: GPL-2.0-only */
/* Puts the purgatory blob into a plan and fills its parameters (purgatory/abi.h). */
#ifndef KEXEC_PLAN_PURGATORY_H
#define KEXEC_PLAN_PURGATORY_H

#include "kexec/plan/plan.h"
#include "lib/err.h"

/*
 * Copy the arch's blob into plan->purgatory, with all the memory it needs at run time and with room
 * for the page tables that it is to have. ST_BUG when the blob is not of this ABI; ST_NO_MEMORY.
 */
int purgatory_prepare(const struct plan_inputs *inputs, struct plan *plan, struct err *err);

/* Write the parameters: hand-over addresses, console, policy, one region for every digested
 * segment, page tables where the arch can make them. The digests must be there. */
void purgatory_fill(const struct plan_inputs *inputs, struct plan *plan, struct report *report);

#endif
