// SPDX-License-Identifier: GPL-2.0-only
/* A load that a reboot starts: nothing is reserved for it, so the question is where it may be. The
 * kernel collects the segments from anywhere and copies them at the very end, so what is in use
 * now may be written over, the running kernel too. */
#include <inttypes.h>

#include "kexec/arch/arch.h"
#include "kexec/plan/make.h"
#include "kexec/plan/plan.h"

static int add_all(struct rangeset *set, const struct rangeset *more)
{
	int status = ST_OK;

	for (size_t i = 0; i < more->count && !status; i++)
		status = rangeset_add(set, more->ranges[i].start, more->ranges[i].end);
	return status;
}

/* What must stay as it is, all together: what is reserved, also for firmware that the new kernel
 * will use; what a driver brought; the crash region, whose image a panic may still need. */
static int find_room(const struct plan_inputs *inputs, struct plan *plan, struct err *err)
{
	const struct iomem *iomem = &inputs->machine->iomem;
	struct rangeset taken = RANGESET_INIT;
	int status = add_all(&taken, &iomem->reserved);

	if (!status)
		status = add_all(&taken, &iomem->ram_driver_managed);
	if (!status)
		status = add_all(&taken, &iomem->crash);
	rangeset_normalize(&taken);
	if (!status)
		status = rangeset_subtract(&iomem->ram, &taken, &plan->room);
	rangeset_done(&taken);
	if (status)
		return err_no_memory(err);
	plan_bound_room(inputs->request, plan);
	return ST_OK;
}

static int fill_normal(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	int status = find_room(inputs, plan, err);

	return status ? status : plan->arch->plan_segments(inputs, plan, report, err);
}

int plan_normal(
	const struct plan_inputs *inputs, struct plan *ret, struct report *report, struct err *err)
{
	return plan_make(inputs, 0, fill_normal, ret, report, err);
}
