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
	if (!status)
		status = plan_check_memory(inputs, &plan, err);
	if (status) {
		plan_done(&plan);
		return status;
	}
	*ret = plan;
	return ST_OK;
}
