// SPDX-License-Identifier: GPL-2.0-only
/* A load that a reboot starts: nothing is reserved for it, so the question is where it may be. The
 * kernel collects the segments from anywhere and copies them at the very end, so what is in use
 * now may be written over, the running kernel too. */
#include <inttypes.h>

#include "kexec/plan/arch_ops.h"
#include "kexec/plan/make.h"
#include "kexec/plan/plan.h"
#include "kexec/system/boot_memory.h"

static int add_all(struct rangeset *set, const struct rangeset *more)
{
	int status = ST_OK;

	for (size_t i = 0; i < more->count && !status; i++)
		status = rangeset_add(set, more->ranges[i].start, more->ranges[i].end);
	return status;
}

/* Add to taken the memory that the new kernel will not find, since it was plugged in later. */
static int add_hot_added(const struct plan_inputs *inputs, struct rangeset *taken,
	struct report *report, struct err *err)
{
	const struct machine *machine = inputs->machine;
	const struct rangeset *known = &machine->boot_memory;
	struct rangeset listed = RANGESET_INIT, added = RANGESET_INIT;
	int status = ST_OK;

	if (inputs->dtb.size && !boot_memory_is_efi(inputs->dtb)) {
		status = boot_memory_from_tree(inputs->dtb, &listed, err);
		if (status)
			return status;
		known = &listed;
	}
	if (known->count == 0)
		report_add(report, REPORT_WARNING, "memory",
			"the memory of the boot is not known, so memory that was hot-added cannot "
			"be told from it; --mem-max bounds where the kernel goes");
	else
		status = rangeset_subtract(&machine->iomem.ram, known, &added);
	if (!status)
		status = add_all(taken, &added);
	if (added.count)
		report_add(report, REPORT_CHOICE, "memory",
			"0x%" PRIx64
			" bytes are left alone that the firmware did not list at boot, "
			"the first at 0x%" PRIx64 ": hot-added memory is none to the new kernel "
			"when it starts",
			rangeset_bytes(&added), added.ranges[0].start);
	rangeset_done(&listed);
	rangeset_done(&added);
	return status ? err_no_memory(err) : ST_OK;
}

/* What must stay as it is, all together: what is reserved, also for firmware that the new kernel
 * will use; what a driver brought; the crash region, whose image a panic may still need. */
static int find_room(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	const struct iomem *iomem = &inputs->machine->iomem;
	struct rangeset taken = RANGESET_INIT;
	int status = add_hot_added(inputs, &taken, report, err);

	if (status)
		return status;
	status = add_all(&taken, &iomem->reserved);
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
	int status = find_room(inputs, plan, report, err);

	return status ? status : plan->arch->plan_segments(inputs, plan, report, err);
}

int plan_normal(
	const struct plan_inputs *inputs, struct plan *ret, struct report *report, struct err *err)
{
	return plan_make(inputs, 0, fill_normal, ret, report, err);
}
