// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loads for a restart that the running kernel waits for, to be come back to
 * (KEXEC_PRESERVE_CONTEXT): there, and the way back.
 *
 * At the jump the kernel exchanges each page that a segment takes with the one that it keeps the
 * segment's content in, and exchanges them again when it is come back to. So all that the new
 * kernel takes for RAM, free memory too, has to be of some segment: the rest is the old kernel's.
 */
#include <inttypes.h>

#include "kexec/plan/arch_ops.h"
#include "kexec/plan/make.h"
#include "kexec/plan/plan.h"
#include "lib/checked.h"

int plan_check_jump(const struct plan_inputs *inputs, const char *option, struct err *err)
{
	if (inputs->arch && !inputs->arch->plan_way_back)
		return err_set(err, ST_USAGE, "option-not-here",
			"--%s is not possible: Only x86 kernels can come back (CONFIG_KEXEC_JUMP)",
			option);
	if (kconfig_enabled(&inputs->machine->config, "KEXEC_JUMP") != TRI_NO)
		return ST_OK;
	err_set(err, ST_UNSUPPORTED, "jump-unsupported",
		"the running kernel %s cannot jump to another and be come back to: %s has no "
		"CONFIG_KEXEC_JUMP",
		inputs->machine->release, inputs->machine->config.source);
	return err_hint(err, "it needs a kernel with CONFIG_HIBERNATION and CONFIG_KEXEC_JUMP");
}

/* What the new kernel is given: from --mem-min to --mem-max, and what none can do without. */
static int bound_room(const struct plan_inputs *inputs, struct plan *plan, struct err *err)
{
	const struct request *request = inputs->request;
	struct rangeset bounds = RANGESET_INIT, outside = RANGESET_INIT, inside = RANGESET_INIT;
	uint64_t end = request->mem_max == UINT64_MAX ? UINT64_MAX : request->mem_max + 1;
	int status = rangeset_add(&bounds, 0, plan->arch->low_memory);

	if (!status && end > request->mem_min)
		status = rangeset_add(&bounds, request->mem_min, end);
	rangeset_normalize(&bounds);
	if (!status)
		status = rangeset_subtract(&plan->room, &bounds, &outside);
	if (!status)
		status = rangeset_subtract(&plan->room, &outside, &inside);
	rangeset_done(&bounds);
	rangeset_done(&outside);
	if (status)
		return err_no_memory(err);
	rangeset_done(&plan->room);
	plan->room = inside;
	plan->room_bounded = true;
	rangeset_align_inward(&plan->room, plan->page_size);
	return plan_keep_off_reserved(plan, err);
}

/* Segments without bytes for what the others have left of the room. */
static int take_rest(struct plan *plan, struct err *err)
{
	struct rangeset taken = RANGESET_INIT, rest = RANGESET_INIT;
	int status = ST_OK;

	for (size_t i = 0; i < plan->segment_count && !status; i++)
		status = rangeset_add(&taken, plan->segments[i].mem,
			plan->segments[i].mem + plan->segments[i].memsz);
	rangeset_normalize(&taken);
	if (!status)
		status = rangeset_subtract(&plan->room, &taken, &rest);
	if (status)
		err_no_memory(err);
	for (size_t i = 0; i < rest.count && !status; i++)
		status = plan_add_segment(plan, SEGMENT_MEMORY, (struct span){ NULL, 0 },
			rest.ranges[i].start, range_size(rest.ranges[i]), err);
	if (status == ST_NO_SPACE)
		err_hint(err,
			"the memory for the new kernel is in too many pieces: choose others with "
			"--mem-min and --mem-max");
	rangeset_done(&taken);
	rangeset_done(&rest);
	return status;
}

static int fill_there(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	int status = plan_restart_room(inputs, plan, report, err);

	if (!status)
		status = bound_room(inputs, plan, err);
	if (!status)
		status = plan->arch->plan_segments(inputs, plan, report, err);
	if (!status)
		status = take_rest(plan, err);
	if (!status)
		report_add(report, REPORT_CHOICE, "memory",
			"the new kernel gets 0x%" PRIx64
			" bytes of memory, and what is there now is kept in as much of the rest "
			"until it comes back",
			rangeset_bytes(&plan->room));
	return status;
}

int plan_there(
	const struct plan_inputs *inputs, struct plan *ret, struct report *report, struct err *err)
{
	int status = plan_check_jump(inputs, "load-preserve-context", err);

	if (status)
		return status;
	if (inputs->request->mem_max)
		return plan_make(inputs, KEXEC_PRESERVE_CONTEXT, fill_there, ret, report, err);
	err_set(err, ST_USAGE, "jump-range",
		"Please specify memory range used by kexeced kernel with --mem-max: what is "
		"there now is kept until that comes back");
	return err_hint(err, "--mem-max=0x1fffffff gives it the first 512 MiB");
}

static int fill_back(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	int status = plan_restart_room(inputs, plan, report, err);

	rangeset_align_inward(&plan->room, plan->page_size);
	if (!status)
		status = plan_keep_off_reserved(plan, err);
	return status ? status : plan->arch->plan_way_back(inputs, plan, report, err);
}

/* The kernel that waits has none of this one's memory: it was exchanged. */
static int check_place(const struct plan_inputs *inputs, struct err *err)
{
	uint64_t at = inputs->request->way_back;

	if (!rangeset_contains(&inputs->machine->iomem.ram, at, at + 1))
		return ST_OK;
	err_set(err, ST_USAGE, "jump-entry",
		"no other kernel waits at 0x%" PRIx64 ": that is memory of this one", at);
	return err_hint(err,
		"the word kexec_jump_back_entry of /proc/cmdline says where one waits, "
		"in a kernel that was jumped to");
}

int plan_way_back(
	const struct plan_inputs *inputs, struct plan *ret, struct report *report, struct err *err)
{
	struct plan plan;
	int status = plan_check_jump(inputs, "load-jump-back-helper", err);

	if (!status)
		status = check_place(inputs, err);
	if (!status)
		status = plan_make(inputs, KEXEC_PRESERVE_CONTEXT, fill_back, &plan, report, err);
	if (status)
		return status;
	if (plan.no_tables) {
		status = err_set(err, ST_UNSUPPORTED, "jump-unsupported",
			"the kernel that waits cannot be reached: %s", plan.no_tables);
		plan_done(&plan);
		return status;
	}
	*ret = plan;
	return ST_OK;
}
