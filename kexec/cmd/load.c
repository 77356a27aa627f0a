// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading a kernel: read the files, then, until the machine holds still, read the
 * machine, plan, load and verify. Everything that can be checked is checked before the system
 * call, since that frees the armed image before it looks at the new one.
 */
#include "kexec/cmd/load.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "kexec/cmd/embedded.h"
#include "kexec/arch/arch.h"
#include "kexec/cmd/file_load.h"
#include "kexec/cmd/files.h"
#include "kexec/cmd/page_size.h"
#include "kexec/cmd/verify.h"
#include "kexec/image/image.h"
#include "kexec/plan/dump.h"
#include "kexec/plan/plan.h"
#include "kexec/plan/seal.h"
#include "kexec/syscall/kexec_load.h"
#include "kexec/system/console.h"
#include "kexec/system/machine.h"
#include "lib/sysroot.h"

/* A hotplug storm that outlasts this many loads is told to the user, not waited for. */
#define LOAD_TRIES	8
#define CHANGED_WAIT_MS 200

/* Numbers for the capture kernel's KASLR and entropy; repeatable ones on request, for tests. */
static void draw_seeds(const struct request *request, struct plan_inputs *inputs)
{
	uint64_t state = request->seed;

	if (!request->has_seed) {
		/* Never wait for entropy in early boot: without seeds the capture kernel does
		 * without KASLR, which is no loss. */
		inputs->has_seeds =
			getrandom(inputs->kaslr_seed, KASLR_SEED_SIZE, GRND_NONBLOCK) ==
				KASLR_SEED_SIZE &&
			getrandom(inputs->rng_seed, RNG_SEED_SIZE, GRND_NONBLOCK) == RNG_SEED_SIZE;
		return;
	}
	for (size_t i = 0; i < KASLR_SEED_SIZE + RNG_SEED_SIZE; i++) {
		uint8_t *at = i < KASLR_SEED_SIZE ? &inputs->kaslr_seed[i]
						  : &inputs->rng_seed[i - KASLR_SEED_SIZE];

		/* Knuth's 64-bit linear congruential generator: any fixed sequence would do. */
		state = state * 6364136223846793005u + 1442695040888963407u;
		*at = (uint8_t)(state >> 56);
	}
	inputs->has_seeds = true;
}

/* Why purgatory on this machine cannot print there, or NULL. */
static const char *out_of_reach(const struct arch_ops *arch, const struct console *console)
{
	if (console->type == CONSOLE_NONE || !arch)
		return NULL;
	if (console->port)
		return arch->ports ? NULL
				   : "the registers are I/O ports, which the CPU does not have";
	return arch->memory_console
		       ? NULL
		       : "the registers are in memory, and here purgatory reaches ports only";
}

/* Where purgatory prints: what the user named, else what the firmware implies. */
static int choose_console(const struct request *request, const struct sysroot *root,
	const struct plan_inputs *inputs, struct console *ret, struct report *report,
	struct err *err)
{
	bool named = request->console || request->serial;
	const char *far;
	int status = ST_OK;

	*ret = inputs->machine->firmware.console;
	if (request->console)
		status = console_parse(request->console, ret, err);
	else if (request->serial)
		status = console_from_tty(root, request->serial, ret, err);
	far = status ? NULL : out_of_reach(inputs->arch, ret);
	if (far) {
		*ret = (struct console){ .type = CONSOLE_NONE };
		if (named)
			status = err_set(err, request->console ? ST_USAGE : ST_NOT_FOUND,
				"console-reach", "%s", far);
		else
			report_add(report, REPORT_CHOICE, "console",
				"purgatory prints nothing: of the console that was found %s", far);
	}
	if (!named)
		return ST_OK;
	if (status == ST_NOT_FOUND) {
		/* kexec-tools loads all the same, and a crash kernel that cannot complain is
		 * better than none. */
		report_add(report, REPORT_WARNING, "console", "No valid console found for %s: %s",
			request->serial, err->text);
		err_clear(err);
		return ST_OK;
	}
	if (!status && ret->type != CONSOLE_NONE)
		report_add(report, REPORT_CHOICE, "console",
			"purgatory prints to the %s at 0x%" PRIx64 " (%s)",
			console_type_name(ret->type), ret->base, ret->source);
	return status;
}

/* The crash_hotplug files read 1 also on an arm64 kernel whose rewrites can only fail. Where its
 * configuration is not to be had the kernel itself is asked. */
static void probe_file_load(const struct syscall_ops *ops, const struct sysroot *root,
	const struct machine *machine, struct plan_inputs *inputs)
{
	inputs->file_load = kconfig_enabled(&machine->config, "KEXEC_FILE");
	if (inputs->file_load == TRI_UNKNOWN && sysroot_is_live(root) &&
		inputs->request->hotplug != HOTPLUG_OFF &&
		machine->state.load_limit_reboot == LOAD_LIMIT_NONE)
		inputs->file_load = ops->has_file_load(ops->context) ? TRI_YES : TRI_NO;
}

static int print_plan(const struct plan *plan, const struct plan_inputs *inputs,
	const struct report *report, enum dry_run format, FILE *out, struct err *err)
{
	struct blob text = BLOB_INIT;
	int status;

	if (format == DRY_RUN_JSON)
		status = plan_dump_json(plan, inputs, report, &text);
	else if (format == DRY_RUN_SVG)
		status = plan_dump_svg(plan, inputs, &text);
	else
		status = plan_dump_text(plan, inputs, report, &text);
	return print_made(status, &text, out, err);
}

/* One round of loading from the machine as it is now. */
struct round {
	struct plan_inputs inputs;
	const struct sysroot *root;
	const struct cmd_io *io;
	struct files *files;
	struct report report;
	bool refused; /* the kernel said no to a load */
};

/* The one question after a failed call is whether a panic would still be captured. */
static void say_what_is_armed(const struct round *round, struct err *err)
{
	int before = round->inputs.machine->state.crash_loaded, armed;
	const char *path;

	kexec_state_loaded(round->root, true, &armed, &path, NULL);
	if (before == 1 && armed == 0)
		err_prefix(err, "NO CRASH KERNEL IS ARMED NOW, the one armed before is gone");
	else if (before == 1 && armed == 1)
		err_prefix(err, "the crash kernel armed before is still armed");
	else if (armed == 0)
		err_prefix(err, "no crash kernel is armed");
}

static int verify(struct round *round, const struct plan *plan, struct err *err)
{
	const struct request *request = round->inputs.request;
	bool crash = request->crash;
	int status = verify_armed(round->root, crash, plan->hotplug, round->io->syscalls, err);

	/* What nobody insists on is no failure when it is missing: the image is armed, and udev
	 * sees by the same files that it has to reload. */
	if (status && request->hotplug != HOTPLUG_ON && strcmp(err->id, "hotplug-not-armed") == 0) {
		report_add(&round->report, REPORT_WARNING, "hotplug", "%s", err->text);
		err_clear(err);
		status = ST_OK;
	}
	if (!status && crash)
		status = verify_unchanged(round->root, round->inputs.machine, err);
	timeline_spent(&round->files->timeline, PHASE_VERIFY);
	return status;
}

/* The kernel has answered. */
static int end_call(struct round *round, const struct plan *plan, int status, struct err *err)
{
	round->refused = status;
	timeline_spent(&round->files->timeline, PHASE_CALL);
	return status ? status : verify(round, plan, err);
}

/* A plan of ours, by kexec_load(2). */
static int load_by_plan(struct round *round, struct err *err)
{
	struct plan_inputs *inputs = &round->inputs;
	const struct request *request = inputs->request;
	const struct cmd_io *io = round->io;
	struct report *report = &round->report;
	struct plan plan = { .arch = NULL };
	int status;

	if (inputs->initrd_unread) {
		status = files_read_initrd(round->files, err);
		if (status)
			return status;
		inputs->initrd = round->files->initrd;
		inputs->initrd_unread = 0;
	}
	inputs->by_file = false;
	draw_seeds(request, inputs);
	probe_file_load(io->syscalls, round->root, inputs->machine, inputs);
	status = choose_console(request, round->root, inputs, &inputs->console, report, err);
	if (!status)
		status = request->crash ? plan_crash(inputs, &plan, report, err)
					: plan_normal(inputs, &plan, report, err);
	timeline_spent(&round->files->timeline, PHASE_PLAN);
	if (!status && request->dry_run)
		status = print_plan(&plan, inputs, report, request->dry_run, io->out, err);
	if (!status && request->debug)
		status = print_plan(&plan, inputs, report, DRY_RUN_TEXT, io->err, err);
	timeline_spent(&round->files->timeline, PHASE_PRINT);
	if (!status && !request->dry_run) {
		status = kexec_load_plan(io->syscalls, &plan, &inputs->machine->state, err);
		status = end_call(round, &plan, status, err);
	}
	plan_done(&plan);
	return status;
}

/* The files, by kexec_file_load(2). */
static int load_by_file(struct round *round, struct err *err)
{
	const struct sysroot_file *initrd = round->files->initrd_open;
	struct plan_inputs *inputs = &round->inputs;
	struct plan plan = { .arch = NULL };
	int status;

	inputs->by_file = true;
	inputs->dtb = (struct span){ NULL, 0 }; /* the kernel makes it from the running one */
	status = plan_file(inputs, &plan, &round->report, err);
	timeline_spent(&round->files->timeline, PHASE_PLAN);
	if (!status) {
		status = file_load(inputs, &plan, sysroot_fd(round->files->kernel_open),
			initrd ? sysroot_fd(initrd) : -1, round->io->syscalls, &round->report, err);
		status = end_call(round, &plan, status, err);
	}
	plan_done(&plan);
	return status;
}

/* The answer was that this call is not for this kernel, or not for this image. */
static bool other_call_may_do(const struct err *err)
{
	return err->status == ST_UNSUPPORTED && (strcmp(err->id, "file-load-unusable") == 0 ||
							strcmp(err->id, "kexec-load-failed") == 0);
}

/* Of a load by either call: what asks for kexec_load(2), or NULL. */
static const char *needs_plan(const struct round *round, char *text, size_t size)
{
	const struct request *request = round->inputs.request;
	const char *option = request->needs_load ? request->needs_load : request->prefers_load;

	if (!option)
		return round->inputs.dtb.size ? "the device tree in the image" : NULL;
	snprintf(text, size, "--%s", option);
	return text;
}

/* What why asks for is lost, or done by less, and that is said. */
static int load_without_plan(
	struct round *round, const char *why, const char *reason, struct err *err)
{
	int status;

	report_add(&round->report, REPORT_WARNING, "syscall",
		"%s asks for kexec_load, and only kexec_file_load is left: %s", why, reason);
	err_clear(err);
	status = load_by_file(round, err);
	/* 253 is for -s: here no call is left, and the load has failed. */
	if (status && other_call_may_do(err))
		err->id = "kexec-file-load-failed";
	return status;
}

/* By kexec_file_load(2), unless something needs the other call; and by the other call where the
 * first cannot be used, unless an option would be lost. Lockdown is known before: its EPERM would
 * be no answer to go on from. */
static int load_by_either(struct round *round, struct err *err)
{
	const struct request *request = round->inputs.request;
	char text[64];
	const char *why = needs_plan(round, text, sizeof(text));
	int status;

	if (!why) {
		status = load_by_file(round, err);
		if (!status || !other_call_may_do(err))
			return status;
		report_add(&round->report, REPORT_CHOICE, "syscall",
			"falling back to kexec_load: %s", err->text);
		err_clear(err);
		return load_by_plan(round, err);
	}
	if (!request->needs_load && kexec_state_locked_down(&round->inputs.machine->state))
		return load_without_plan(round, why, "the kernel is locked down", err);
	report_add(&round->report, REPORT_CHOICE, "syscall", "kexec_load, for %s", why);
	status = load_by_plan(round, err);
	if (!status || !other_call_may_do(err) || request->needs_load)
		return status;
	return load_without_plan(round, why, err->text, err);
}

static int choose_and_load(struct round *round, struct err *err)
{
	const struct request *request = round->inputs.request;
	int status;

	if (request->syscall == SYSCALL_LOAD || request->dry_run)
		return load_by_plan(round, err);
	if (request->syscall == SYSCALL_AUTO)
		return load_by_either(round, err);
	if (round->inputs.dtb.size)
		report_add(&round->report, REPORT_WARNING, "syscall",
			"the device tree in the image has no effect with kexec_file_load");
	status = load_by_file(round, err);
	if (status && other_call_may_do(err))
		err_prefix(err, "syscall kexec_file_load not available");
	return status;
}

/* ST_CHANGED asks for another round, unless it was the last. */
static int load_once(const struct request *request, const struct sysroot *root, struct files *files,
	const struct cmd_io *io, bool last, struct err *err)
{
	struct machine machine = { .cmdline = NULL };
	struct round round = {
		.inputs = {
			.request = request,
			.machine = &machine,
			.image = &files->image,
			.initrd = files->initrd,
			.initrd_unread = files->initrd_unread,
			.has_initrd = files->initrd.size != 0,
			.digests = files->digests,
			.digests_count = files->digests_count,
			.dtb = blob_span(&files->dtb),
		},
		.root = root,
		.io = io,
		.files = files,
		.report = REPORT_INIT,
	};
	int status;

	report_copy(&round.report, &files->report);
	status = machine_read(root, request->crash, &machine, &round.report, err);
	round.inputs.arch = arch_find(machine.name);
	timeline_spent(&files->timeline, PHASE_MACHINE);
	if (!status && !request->dtb)
		status = embedded_dtb(&files->image, blob_span(&machine.fdt), &round.inputs.dtb,
			&round.report, err);
	if (!status && !request->dry_run)
		status = check_page_size(&machine, &files->image, io->syscalls, err);
	if (!status)
		status = choose_and_load(&round, err);
	if (status && status != ST_CHANGED && request->crash && round.refused)
		say_what_is_armed(&round, err);
	if (request->debug && round.inputs.by_file)
		print_choices(io, &round.report);
	if (status != ST_CHANGED || last)
		print_warnings(io, &round.report);
	machine_done(&machine);
	report_done(&round.report);
	return status;
}

/* Load until the machine holds still, but not for ever. */
static int load_until_true(const struct request *request, const struct sysroot *root,
	struct files *files, const struct cmd_io *io, struct err *err)
{
	int status = ST_CHANGED;

	for (unsigned int i = 0; i < LOAD_TRIES && status == ST_CHANGED; i++) {
		if (i)
			io->syscalls->sleep_ms(io->syscalls->context, i * CHANGED_WAIT_MS);
		timeline_spent(&files->timeline, PHASE_VERIFY);
		err_clear(err);
		status = load_once(request, root, files, io, i + 1 == LOAD_TRIES, err);
	}
	if (request->debug)
		timeline_print(&files->timeline, io->err);
	if (status == ST_CHANGED) {
		err_prefix(err,
			"after %d loads the crash kernel is armed, but its elfcorehdr may be stale",
			LOAD_TRIES);
		err_hint(err, "load again when memory and CPU hotplug have settled");
	}
	return status;
}

int load_from(const struct request *request, const struct sysroot *root, const struct cmd_io *io,
	struct err *err)
{
	struct files files = { .report = REPORT_INIT, .timeline = timeline_begin() };
	struct request settled = *request;
	int status = files_read(request, root, &files, err);

	if (!status && files.cmdline)
		settled.append = files.cmdline;
	if (!status)
		status = load_until_true(&settled, root, &files, io, err);
	files_done(&files);
	return status;
}

int load_kernel(const struct request *request, const struct cmd_io *io, struct err *err)
{
	struct sysroot *root;
	int status = request->dry_run ? sysroot_new(request->sysroot, &root, err)
				      : open_live_root(request->sysroot,
						"only --dry-run is possible", &root, err);

	if (status)
		return status;
	status = load_from(request, root, io, err);
	sysroot_free(root);
	return status;
}
