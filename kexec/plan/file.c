// SPDX-License-Identifier: GPL-2.0-only
/* What there is to decide about a load by kexec_file_load(2). */
#include <inttypes.h>

#include "kexec/plan/arch_ops.h"
#include "kexec/plan/crash.h"
#include "kexec/plan/make.h"
#include "kexec/plan/plan.h"
#include "kexec/plan/seal.h"

/* The kernel needs more than this, but at least this. */
static int check_room(const struct plan_inputs *inputs, struct err *err)
{
	uint64_t room = range_size(inputs->machine->iomem.crash_load);
	uint64_t initrd = inputs->initrd.size + inputs->initrd_unread;

	if (room == 0)
		return crash_region_missing(err);
	if (inputs->image->mem_size < room && initrd < room - inputs->image->mem_size)
		return plan_check_amount(
			inputs->image->mem_size + initrd, inputs->machine->ram_total, err);
	err_set(err, ST_NO_SPACE, "crash-region-too-small",
		"the kernel, which needs %" PRIu64 " bytes, and the initrd of %" PRIu64
		" bytes do not fit "
		"into the crash region of %" PRIu64 " bytes",
		inputs->image->mem_size, initrd, room);
	return err_hint(err, "reserve more with crashkernel=, or use a smaller initrd");
}

/* The kernel does crash hotplug for every image that is loaded so, where it can at all. */
static int check_crash(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	enum hotplug_mode wanted = inputs->request->hotplug;
	bool offered = inputs->machine->state.crash_elfcorehdr_size != 0;
	int status = check_room(inputs, err);

	if (!status && offered)
		status = plan_not_elf(SEGMENT_INITRD, inputs->initrd, err);
	if (status)
		return status;
	plan->hotplug = offered;
	if (wanted == HOTPLUG_AUTO && !offered) {
		struct err why = ERR_INIT;

		crash_hotplug_missing(inputs->machine, &why);
		report_add(report, REPORT_WARNING, "hotplug", "loading without --hotplug: %s",
			why.text);
	}
	if (wanted == HOTPLUG_ON && !offered)
		return crash_hotplug_missing(inputs->machine, err);
	return ST_OK;
}

int plan_file(
	const struct plan_inputs *inputs, struct plan *ret, struct report *report, struct err *err)
{
	struct plan plan = { .flags = inputs->request->crash ? KEXEC_ON_CRASH : 0 };
	int status = plan_begin(inputs, &plan, err);

	if (!status && inputs->request->crash)
		status = check_crash(inputs, &plan, report, err);
	if (!status)
		status = plan.arch->plan_cmdline(inputs, &plan, report, err);
	if (status) {
		plan_done(&plan);
		return status;
	}
	*ret = plan;
	return ST_OK;
}
