/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device tree that a load starts from. The machine's own says all that firmware knows. Another
 * one, as from a kernel package, is the board's source: what a boot loader would have filled in is
 * taken over from the running machine, or the load is refused. Nothing here is of one CPU family.
 */
#ifndef KEXEC_PLAN_TREE_H
#define KEXEC_PLAN_TREE_H

#include "kexec/plan/plan.h"
#include "lib/err.h"
#include "lib/report.h"

/*
 * Make plan->tree where inputs->dtb names another tree, with an edit for each thing that is filled
 * in, and fill plan->reserved for either. A machine without any tree is no error here.
 *
 * ST_BAD_INPUT: the other tree is of no machine ("fdt-no-machine"), of another board
 * ("fdt-other-board"), has memory that this machine has not ("fdt-memory-elsewhere") or no CPUs
 * ("fdt-no-cpus"), or it is broken. ST_NOT_FOUND: no memory is known for it ("fdt-no-memory"), or
 * not all of what leads to the EFI memory map ("fdt-efi-map"). ST_NO_SPACE, ST_NO_MEMORY.
 * Nothing is made where trees do not describe machines (arch_ops.complete_tree).
 */
int plan_tree(const struct plan_inputs *inputs, struct plan *plan, struct report *report,
	struct err *err);

/* That tree: the other one, completed, or the machine's own; empty where there is neither. */
struct span plan_source_tree(const struct plan_inputs *inputs, const struct plan *plan);

/* Its name, for messages. */
const char *plan_source_tree_name(const struct plan_inputs *inputs, const struct plan *plan);

#endif
