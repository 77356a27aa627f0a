// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading a crash kernel: read the files, then, until the machine holds still, read the
 * machine, plan, load and verify. Everything that can be checked is checked before the system
 * call, since that frees the armed image before it looks at the new one.
 */
#include "kexec/cmd/load.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "kexec/arch/arch.h"
#include "kexec/cmd/embedded.h"
#include "kexec/cmd/timeline.h"
#include "kexec/cmd/verify.h"
#include "kexec/image/image.h"
#include "kexec/plan/dump.h"
#include "kexec/plan/plan.h"
#include "kexec/plan/seal.h"
#include "kexec/system/console.h"
#include "kexec/system/devtree.h"
#include "kexec/system/machine.h"
#include "lib/sysroot.h"

/* A hotplug storm that outlasts this many loads is told to the user, not waited for. */
#define LOAD_TRIES	8
#define CHANGED_WAIT_MS 200

/* Files that are loaded; a limit on what a hostile path can make us take in. */
#define INITRD_SIZE_MAX ((size_t)2 << 30)

/* What the user named and what the kernel file brought along, read, unpacked and hashed once,
 * however often it takes to load it. */
struct files {
	struct image image;
	struct blob initrd_file;
	struct span initrd; /* that file, or a part of the image */
	struct blob dtb;
	char *cmdline; /* owned: of the image; NULL when there is none that counts */
	struct known_digest digests[2];
	size_t digests_count;
	struct timeline timeline;
	struct report report;
};

static void files_done(struct files *files)
{
	image_done(&files->image);
	blob_done(&files->initrd_file);
	blob_done(&files->dtb);
	free(files->cmdline);
	report_done(&files->report);
}

static int read_initrd(const struct request *request, const struct sysroot *root,
	struct files *files, struct err *err)
{
	int status;

	if (!request->initrd) {
		files->initrd = embedded_initrd(&files->image, request, &files->report);
		return ST_OK;
	}
	status = sysroot_read(root, request->initrd, INITRD_SIZE_MAX, &files->initrd_file, err);
	if (status)
		return err_prefix(err, "initrd");
	files->initrd = blob_span(&files->initrd_file);
	if (files->initrd.size == 0)
		return err_set(err, ST_BAD_INPUT, "initrd-empty", "Empty ramdisk file: %s",
			request->initrd);
	return ST_OK;
}

static int read_dtb(const struct request *request, const struct sysroot *root, struct blob *ret,
	struct err *err)
{
	int status = sysroot_read(root, request->dtb, DEVTREE_SIZE_MAX, ret, err);

	if (!status)
		status = devtree_check(blob_span(ret), request->dtb, err);
	return status ? err_prefix(err, "--dtb") : ST_OK;
}

static int read_kernel(const struct request *request, const struct sysroot *root,
	struct files *files, struct err *err)
{
	struct blob file = BLOB_INIT;
	int status = sysroot_read(root, request->kernel, IMAGE_FILE_MAX, &file, err);

	timeline_spent(&files->timeline, PHASE_READ);
	if (status)
		return err_prefix(err, "kernel");
	status = image_describe(&file, request->kernel, &files->image, &files->report, err);
	timeline_spent(&files->timeline, PHASE_DECOMPRESS);
	return status;
}

/* Before the machine is looked at, so that it has less time to change under the plan. */
static void hash(const struct request *request, struct files *files, struct span file)
{
	timeline_spent(&files->timeline, PHASE_READ);
	if (!request->no_checks)
		files->digests[files->digests_count++] = digest_of(file);
	timeline_spent(&files->timeline, PHASE_HASH);
}

static int read_files(const struct request *request, const struct sysroot *root,
	struct files *files, struct err *err)
{
	/* Of little memory the crash kernel would reserve most for a crash of its own. */
	static const char *const drop[] = { "crashkernel", NULL };
	int status = read_kernel(request, root, files, err);

	if (!status)
		hash(request, files, image_segment(&files->image));
	if (!status)
		status = embedded_cmdline(
			&files->image, request, drop, &files->cmdline, &files->report, err);
	if (!status)
		status = read_initrd(request, root, files, err);
	if (!status && files->initrd.size)
		hash(request, files, files->initrd);
	if (!status && request->dtb)
		status = read_dtb(request, root, &files->dtb, err);
	timeline_spent(&files->timeline, PHASE_READ);
	return status;
}

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

/* Where purgatory prints: what the user named, else what the firmware implies. */
static int choose_console(const struct request *request, const struct sysroot *root,
	const struct machine *machine, struct console *ret, struct report *report, struct err *err)
{
	int status;

	*ret = machine->firmware.console;
	if (request->console)
		status = console_parse(request->console, ret, err);
	else if (request->serial)
		status = console_from_tty(root, request->serial, ret, err);
	else
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
		inputs->request->hotplug != HOTPLUG_OFF && machine->state.load_limit_reboot == -1)
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
	if (status)
		status = err_no_memory(err);
	else
		fwrite(text.data, 1, text.size, out);
	blob_done(&text);
	return status;
}

/* The one question after a failed call is whether a panic would still be captured. */
static void say_what_is_armed(
	const struct sysroot *root, const struct machine *machine, struct err *err)
{
	struct kexec_state now;
	int armed = STATE_UNKNOWN;

	if (kexec_state_read(root, &now, NULL) == ST_OK) {
		armed = now.crash_loaded;
		kexec_state_done(&now);
	}
	if (machine->state.crash_loaded == 1 && armed == 0)
		err_prefix(err, "NO CRASH KERNEL IS ARMED NOW, the one armed before is gone");
	else if (machine->state.crash_loaded == 1 && armed == 1)
		err_prefix(err, "the crash kernel armed before is still armed");
	else if (armed == 0)
		err_prefix(err, "no crash kernel is armed");
}

static int load_and_verify(const struct sysroot *root, const struct cmd_io *io,
	const struct machine *machine, const struct plan *plan, struct timeline *timeline,
	struct err *err)
{
	int status = kexec_load_plan(io->syscalls, plan, &machine->state, err);

	timeline_spent(timeline, PHASE_CALL);
	if (status) {
		if (plan_is_crash(plan))
			say_what_is_armed(root, machine, err);
		return status;
	}
	status = verify_armed(root, plan, io->syscalls, err);
	if (!status && plan_is_crash(plan))
		status = verify_unchanged(root, machine, err);
	timeline_spent(timeline, PHASE_VERIFY);
	return status;
}

/* One round from the machine as it is now. ST_CHANGED asks for another, unless it was the last. */
static int plan_and_load(const struct request *request, const struct sysroot *root,
	struct files *files, const struct cmd_io *io, bool last, struct err *err)
{
	struct plan_inputs inputs = {
		.request = request,
		.image = &files->image,
		.initrd = files->initrd,
		.has_initrd = files->initrd.size != 0,
		.digests = files->digests,
		.digests_count = files->digests_count,
		.dtb = blob_span(&files->dtb),
	};
	struct report report = REPORT_INIT;
	struct machine machine = { .cmdline = NULL };
	struct plan plan = { .arch = NULL };
	int status;

	report_copy(&report, &files->report);
	status = machine_read(root, request->crash, &machine, &report, err);
	timeline_spent(&files->timeline, PHASE_MACHINE);
	if (status)
		goto out;
	inputs.machine = &machine;
	if (!request->dtb)
		status = embedded_dtb(
			&files->image, blob_span(&machine.fdt), &inputs.dtb, &report, err);
	if (status)
		goto out;
	draw_seeds(request, &inputs);
	probe_file_load(io->syscalls, root, &machine, &inputs);
	status = choose_console(request, root, &machine, &inputs.console, &report, err);
	if (!status && request->crash)
		status = plan_crash(&inputs, &plan, &report, err);
	else if (!status)
		status = plan_normal(&inputs, &plan, &report, err);
	timeline_spent(&files->timeline, PHASE_PLAN);
	if (!status && request->dry_run)
		status = print_plan(&plan, &inputs, &report, request->dry_run, io->out, err);
	if (!status && request->debug)
		status = print_plan(&plan, &inputs, &report, DRY_RUN_TEXT, io->err, err);
	timeline_spent(&files->timeline, PHASE_PRINT);
	if (!status && !request->dry_run)
		status = load_and_verify(root, io, &machine, &plan, &files->timeline, err);
	if (status != ST_CHANGED || last)
		print_warnings(io, &report);
out:
	plan_done(&plan);
	machine_done(&machine);
	report_done(&report);
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
		status = plan_and_load(request, root, files, io, i + 1 == LOAD_TRIES, err);
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

int load_kernel(const struct request *request, const struct cmd_io *io, struct err *err)
{
	struct files files = { .report = REPORT_INIT, .timeline = timeline_begin() };
	struct request settled = *request;
	struct sysroot *root;
	int status;

	if (request->syscall == SYSCALL_FILE_LOAD)
		return err_set(err, ST_UNSUPPORTED, "file-load-unusable",
			"loading by kexec_file_load is not implemented in this version");
	status = sysroot_new(request->sysroot, &root, err);
	if (status)
		return status;
	if (!sysroot_is_live(root) && !request->dry_run)
		status = err_set(err, ST_USAGE, "sysroot-not-live",
			"--sysroot=%s is not this machine: only --dry-run is possible",
			request->sysroot);
	if (!status)
		status = read_files(request, root, &files, err);
	if (!status && files.cmdline)
		settled.append = files.cmdline;
	if (!status)
		status = load_until_true(&settled, root, &files, io, err);
	files_done(&files);
	sysroot_free(root);
	return status;
}
