/* SPDX-License-Identifier: GPL-2.0-only */
/* What is the same for every plan: how it begins and how it is finished. */
#ifndef KEXEC_PLAN_MAKE_H
#define KEXEC_PLAN_MAKE_H

#include "kexec/plan/plan.h"
#include "lib/err.h"
#include "lib/report.h"

/*
 * Begin a plan with these flags of kexec_load(2) for the machine's architecture, settle the device
 * tree that it starts from, let fill set
 * plan->room, place all segments and set what goes with them, then warn of a refusal that is
 * known before, digest, fill the purgatory and seal. ret is filled on success only. Errors of
 * fill and of the steps.
 */
int plan_make(const struct plan_inputs *inputs, uint64_t flags,
	int (*fill)(const struct plan_inputs *inputs, struct plan *plan, struct report *report,
		struct err *err),
	struct plan *ret, struct report *report, struct err *err);

/* The beginning of that: plan->arch, page_size, and whether the kernel takes an
 * image for a restart at all, and what the architecture says of this one. ST_UNSUPPORTED. */
int plan_begin(const struct plan_inputs *inputs, struct plan *plan, struct err *err);

/* Take what the new kernel's tree reserves out of plan->room. ST_NO_MEMORY. */
int plan_keep_off_reserved(struct plan *plan, struct err *err);

/*
 * Let plan->room, which is empty, be all that may be written over in a restart: RAM of the boot
 * that is not reserved, without what the tree that the new kernel gets reserves besides. Not in
 * whole pages yet.
 * ST_BAD_INPUT, ST_NO_MEMORY.
 */
int plan_restart_room(const struct plan_inputs *inputs, struct plan *plan, struct report *report,
	struct err *err);

/* What plan_normal() makes of a request to come back to the running kernel. */
int plan_there(
	const struct plan_inputs *inputs, struct plan *ret, struct report *report, struct err *err);

/* Cut plan->room to --mem-min and --mem-max, which is noted in the plan, and to whole pages. */
void plan_bound_room(const struct request *request, struct plan *plan);

#endif
