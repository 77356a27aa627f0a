// SPDX-License-Identifier: GPL-2.0-only
/* What there is to decide about a load by kexec_file_load(2). */
#include <inttypes.h>

#include "kexec/plan/arch_ops.h"
#include "kexec/plan/crash.h"
#include "kexec/plan/make.h"
#include "kexec/plan/plan.h"
#include "kexec/plan/seal.h"
#include "lib/checked.h"

/* The header that the kernel makes, for every possible CPU, and with room to grow where it does
 * crash hotplug (arch/arm64/kernel/machine_kexec_file.c). */
static int foretell_core(const struct plan_inputs *inputs, struct plan *plan, struct err *err)
{
	const struct machine *machine = inputs->machine;
	/* Its own, and with a saved beginning of memory also that and firmware's. */
	uint64_t phdrs = machine->cpus.possible.count + 1 + (plan->arch->kernel_map ? 1 : 0) +
			 (plan->arch->saved ? 3 : 0);
	struct rangeset ram = RANGESET_INIT;
	int status = iomem_dumped(&machine->iomem, &machine->crash_cma, plan->arch->dump_from,
		plan->page_size, &ram, err);

	if (status)
		return status;
	plan->hotplug_needed = elfcorehdr_size(phdrs + ram.count);
	plan->hotplug_asked = machine->state.crash_elfcorehdr_size;
	rangeset_done(&ram);
	if (!align_up(plan->hotplug_needed > plan->hotplug_asked ? plan->hotplug_needed
								 : plan->hotplug_asked,
		    plan->page_size, &plan->core.memsz))
		return err_set(err, ST_BAD_INPUT, "hotplug-size",
			"an elfcorehdr of 0x%" PRIx64 " bytes is not possible",
			plan->hotplug_asked);
	return ST_OK;
}

/* The kernel finds out what does not fit when the armed image is gone. */
static int foretell(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	int status = crash_choose_region(inputs, plan, report, err);

	if (!status)
		status = foretell_core(inputs, plan, err);
	if (!status)
		status = plan->arch->foretell_segments(inputs, plan, report, err);
	return status ? status : plan_seal(plan, inputs->machine->ram_total, err);
}

/* The kernel does crash hotplug for every image that is loaded so, where it can at all. */
static int check_crash(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	enum hotplug_mode wanted = inputs->request->hotplug;
	bool offered = inputs->machine->state.crash_elfcorehdr_size != 0;
	int status = ST_OK;

	if (offered)
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

/* Memory that the kernel's own loader takes for a restart: all but what a driver brought. */
static int take_any_memory(const struct iomem *iomem, struct plan *plan)
{
	int status = rangeset_subtract(&iomem->ram, &iomem->ram_driver_managed, &plan->room);

	if (!status)
		rangeset_align_inward(&plan->room, plan->page_size);
	return status;
}

static int check_known(const struct plan *there, enum segment_purpose purpose,
	const struct rangeset *added, struct err *err)
{
	const struct segment *segment = plan_segment(there, purpose);
	struct range at = { 0, 0 };
	size_t i = 0;

	if (segment)
		at = (struct range){ segment->mem, segment->mem + segment->memsz };
	while (i < added->count && !range_overlaps(at, added->ranges[i]))
		i++;
	if (i == added->count)
		return ST_OK;
	err_set(err, ST_UNSUPPORTED, "file-load-hot-added",
		"kexec_file_load would put the %s to [0x%" PRIx64 ", 0x%" PRIx64
		"), in memory that was hot-added (from 0x%" PRIx64
		" on), of which the new kernel is not told",
		segment_purpose_name(purpose), at.start, at.end, added->ranges[i].start);
	return err_hint(err, "leave -s out, or use -c: kexec_load keeps off such memory; where the "
			     "kernel is locked down, take that memory out first");
}

/*
 * The kernel's own loader takes the highest memory first, and that may have been hot-added, which
 * is not in the map that it hands on (seen with 7.3): the new kernel is lucky if it comes out of
 * there. Memory that is lent to CMA goes before (since 6.17), so nothing is certain where there is
 * some. Where it has no room, the kernel says so, and no image is lost.
 */
static int check_restart(const struct plan_inputs *inputs, const struct plan *plan,
	struct report *report, struct err *err)
{
	const struct machine *machine = inputs->machine;
	struct plan there = {
		.arch = plan->arch,
		.page_size = plan->page_size,
		.flags = plan->flags,
		.by_kernel = true,
		.cmdline = plan->cmdline,
	};
	struct rangeset added = RANGESET_INIT;
	int status;

	if (!plan->arch->foretells_restart || machine->boot_memory.count == 0 ||
		(machine->cma_total && !inputs->request->no_cma))
		return ST_OK;
	status = take_any_memory(&machine->iomem, &there);
	if (!status)
		status = rangeset_subtract(&there.room, &machine->boot_memory, &added);
	if (status)
		status = err_no_memory(err);
	else if (added.count && !plan->arch->foretell_segments(inputs, &there, report, NULL)) {
		status = check_known(&there, SEGMENT_KERNEL, &added, err);
		if (!status)
			status = check_known(&there, SEGMENT_INITRD, &added, err);
	}
	rangeset_done(&added);
	rangeset_done(&there.room);
	return status;
}

int plan_file(
	const struct plan_inputs *inputs, struct plan *ret, struct report *report, struct err *err)
{
	struct plan plan = {
		.flags = inputs->request->crash ? KEXEC_ON_CRASH : 0,
		.by_kernel = true,
	};
	int status = plan_begin(inputs, &plan, err);

	if (!status && inputs->request->crash)
		status = check_crash(inputs, &plan, report, err);
	if (!status)
		status = plan.arch->plan_cmdline(inputs, &plan, report, err);
	if (!status && inputs->request->crash)
		status = foretell(inputs, &plan, report, err);
	if (!status && !inputs->request->crash)
		status = check_restart(inputs, &plan, report, err);
	if (!status)
		status = plan_check_memory(inputs, &plan, err);
	if (status) {
		plan_done(&plan);
		return status;
	}
	*ret = plan;
	return ST_OK;
}
