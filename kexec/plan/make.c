// SPDX-License-Identifier: GPL-2.0-only
/* A plan from the machine to the seal: the order of the steps, and what is the same on every
 * architecture and for every kind of load. */
#include "kexec/plan/make.h"

#include "kexec/plan/arch_ops.h"
#include "kexec/plan/purgatory.h"
#include "kexec/plan/seal.h"
#include "kexec/plan/tree.h"
#include "lib/checked.h"

void plan_bound_room(const struct request *request, struct plan *plan)
{
	struct range bounds = { request->mem_min, UINT64_MAX };
	uint64_t all = rangeset_bytes(&plan->room);

	if (request->mem_max && request->mem_max != UINT64_MAX)
		bounds.end = request->mem_max + 1;
	rangeset_clip(&plan->room, bounds);
	plan->room_bounded = rangeset_bytes(&plan->room) < all;
	rangeset_align_inward(&plan->room, plan->page_size);
}

/* The kernel finds that out after it has taken in all of the image, and by an EBUSY that looks like
 * one that passes. */
static int check_cpus(const struct machine *machine, struct err *err)
{
	if (machine->state.cpus_stop != CPUS_STOP_NO)
		return ST_OK;
	err_set(err, ST_UNSUPPORTED, "cpus-cannot-stop",
		"the running kernel cannot stop its other CPUs, which are not started by PSCI "
		"(enable-method in the device tree), and takes no kernel for a restart");
	return err_hint(err, "%s; a load for a panic (-p) works all the same", CPUS_STOP_HELP);
}

int plan_keep_off_reserved(struct plan *plan, struct err *err)
{
	struct rangeset room = RANGESET_INIT;

	if (rangeset_subtract(&plan->room, &plan->reserved, &room))
		return err_no_memory(err);
	plan->room_reserved = rangeset_bytes(&plan->room) - rangeset_bytes(&room);
	rangeset_done(&plan->room);
	plan->room = room;
	rangeset_align_inward(&plan->room, plan->page_size);
	return ST_OK;
}

int plan_begin(const struct plan_inputs *inputs, struct plan *plan, struct err *err)
{
	const struct machine *machine = inputs->machine;
	int status;

	plan->arch = inputs->arch;
	if (!plan->arch)
		return err_set(err, ST_UNSUPPORTED, "arch-unsupported",
			"this version cannot load kernels on \"%s\" machines", machine->name);
	plan->page_size = machine->page_size;
	plan->own_pages = plan->arch->own_pages(machine);
	plan->flags |= plan->arch->kexec_arch;
	status = inputs->request->crash ? ST_OK : check_cpus(machine, err);
	if (status)
		return status;
	if (!status && inputs->image)
		status = plan->arch->check_image(machine, inputs->image, err);
	if (status && inputs->request->kernel)
		err_prefix(err, "%s", inputs->request->kernel);
	return status;
}

/* What the kernel will say to the system call, where that is known before (kernel/kexec.c:
 * kexec_load_check). It would keep the armed image, so this is no refusal of ours: a plan can be
 * made and looked at. */
static void warn_of_refusal(
	const struct plan_inputs *inputs, const struct plan *plan, struct report *report)
{
	const struct request *request = inputs->request;
	const struct kexec_state *state = &inputs->machine->state;
	bool crash = plan_is_crash(plan);

	if (state->load_disabled == 1)
		report_add(report, REPORT_WARNING, "kernel",
			"the sysctl kernel.kexec_load_disabled is 1: the kernel will refuse this "
			"load");
	if ((crash ? state->load_limit_panic : state->load_limit_reboot) == 0)
		report_add(report, REPORT_WARNING, "kernel",
			"the sysctl kernel.kexec_load_limit_%s is 0: the kernel will refuse this "
			"load",
			crash ? "panic" : "reboot");
	if (kexec_state_locked_down(state))
		report_add(report, REPORT_WARNING, "kernel",
			"the kernel is locked down (%s): it will refuse this load, which is by "
			"kexec_load(2)%s",
			state->lockdown,
			request->dry_run && request->syscall == SYSCALL_AUTO && !request->needs_load
				? "; without --dry-run it is by kexec_file_load(2), as with -s"
				: "");
}

static int finish(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	int status;

	warn_of_refusal(inputs, plan, report);
	if (plan->hotplug)
		plan->flags |= plan->arch->hotplug_flag;
	if (!inputs->request->no_checks)
		plan_digest(inputs, plan);
	purgatory_fill(inputs, plan, report);
	status = plan_seal(plan, inputs->machine->ram_total, err);
	return status ? status : plan_check_memory(inputs, plan, err);
}

int plan_make(const struct plan_inputs *inputs, uint64_t flags,
	int (*fill)(const struct plan_inputs *inputs, struct plan *plan, struct report *report,
		struct err *err),
	struct plan *ret, struct report *report, struct err *err)
{
	struct plan plan = { .flags = flags };
	int status = plan_begin(inputs, &plan, err);

	if (!status)
		status = plan_tree(inputs, &plan, report, err);
	if (!status)
		status = fill(inputs, &plan, report, err);
	if (!status)
		status = finish(inputs, &plan, report, err);
	if (status) {
		plan_done(&plan);
		return status;
	}
	*ret = plan;
	return ST_OK;
}
