// SPDX-License-Identifier: GPL-2.0-only
/* A load that a reboot starts: nothing is reserved for it, so the question is where it may be. The
 * kernel collects the segments from anywhere and copies them at the very end, so what is in use
 * now may be written over; the running kernel too, but that is slow and left alone where there is
 * room elsewhere. */
#include <inttypes.h>

#include "kexec/plan/arch_ops.h"
#include "kexec/plan/make.h"
#include "kexec/plan/plan.h"
#include "kexec/plan/tree.h"
#include "kexec/system/boot_memory.h"

/* Add to taken the memory that the new kernel will not find, since it was plugged in later. */
static int add_hot_added(const struct plan_inputs *inputs, const struct plan *plan,
	struct rangeset *taken, struct report *report, struct err *err)
{
	const struct machine *machine = inputs->machine;
	const struct rangeset *known = &machine->boot_memory;
	struct rangeset listed = RANGESET_INIT, added = RANGESET_INIT;
	int status = ST_OK;

	if (plan->tree.size && boot_memory_efi(plan->tree.data, NULL) != BOOT_EFI_WHOLE) {
		status = boot_memory_from_tree(blob_span(&plan->tree), &listed, err);
		if (status)
			return status;
		known = &listed;
	}
	if (known->count && plan->arch->tree_memory) {
		status = known == &listed ? ST_OK : rangeset_add_all(&listed, known);
		if (status)
			return err_no_memory(err);
		status = plan->arch->tree_memory(plan_source_tree(inputs, plan).data, &listed, err);
		if (status) {
			rangeset_done(&listed);
			return status;
		}
		rangeset_normalize(&listed);
		known = &listed;
	}
	if (known->count == 0)
		report_add(report, REPORT_WARNING, "memory",
			"the memory of the boot is not known, so memory that was hot-added cannot "
			"be told from it; --mem-max bounds where the kernel goes");
	else
		status = rangeset_subtract(&machine->iomem.ram, known, &added);
	if (!status)
		status = rangeset_add_all(taken, &added);
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

/* Between its code and its data is what it is made of besides. */
static struct range running_kernel(const struct iomem *iomem)
{
	struct range range = { iomem->kernel_code.start, iomem->kernel_data.end };

	return range.end > range.start ? range : iomem->kernel_code;
}

/* What must stay as it is, all together: what is reserved, also for firmware that the new kernel
 * will use, and by the tree that it gets; what a driver brought; the crash region, whose image a
 * panic may still need. */
int plan_restart_room(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	const struct iomem *iomem = &inputs->machine->iomem;
	struct rangeset taken = RANGESET_INIT;
	int status = add_hot_added(inputs, plan, &taken, report, err);

	if (status)
		return status;
	status = rangeset_add_all(&taken, &iomem->reserved);
	if (!status)
		status = rangeset_add_all(&taken, &iomem->ram_driver_managed);
	if (!status)
		status = rangeset_add_all(&taken, &iomem->crash);
	rangeset_normalize(&taken);
	if (!status)
		status = rangeset_subtract(&iomem->ram, &taken, &plan->room);
	rangeset_done(&taken);
	return status ? err_no_memory(err) : ST_OK;
}

static int find_room(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	int status = plan_restart_room(inputs, plan, report, err);

	if (status)
		return status;
	plan_bound_room(inputs->request, plan);
	return plan_keep_off_reserved(plan, err);
}

static int fill_anywhere(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	int status = find_room(inputs, plan, report, err);

	return status ? status : plan->arch->plan_segments(inputs, plan, report, err);
}

/* Off the running kernel too: what comes there is copied page by page after all else has stopped,
 * over code that is still cached, or, in an emulator, translated. */
static int fill_beside(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	struct range running = running_kernel(&inputs->machine->iomem);
	struct rangeset kernel = RANGESET_INIT, beside = RANGESET_INIT, room;
	int status = find_room(inputs, plan, report, err);

	if (status)
		return status;
	status = rangeset_add(&kernel, running.start, running.end);
	if (!status)
		status = rangeset_subtract(&plan->room, &kernel, &beside);
	rangeset_done(&kernel);
	if (status)
		return err_no_memory(err);
	rangeset_align_inward(&beside, plan->page_size);
	room = plan->room;
	plan->room = beside;
	status = plan->arch->plan_segments(inputs, plan, report, err);
	rangeset_done(&plan->room);
	plan->room = room;
	return status;
}

int plan_normal(
	const struct plan_inputs *inputs, struct plan *ret, struct report *report, struct err *err)
{
	int status;

	if (inputs->request->preserve)
		return plan_there(inputs, ret, report, err);
	status = plan_make(inputs, 0, fill_beside, ret, report, err);
	if (status != ST_NO_SPACE)
		return status;
	err_clear(err);
	report_add(report, REPORT_CHOICE, "memory",
		"no room beside the running kernel: its own memory is written over");
	return plan_make(inputs, 0, fill_anywhere, ret, report, err);
}
