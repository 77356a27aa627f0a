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

#include "kexec/cmd/choose.h"
#include "kexec/cmd/embedded.h"
#include "kexec/arch/arch.h"
#include "kexec/cmd/file_load.h"
#include "kexec/cmd/files.h"
#include "kexec/cmd/page_size.h"
#include "kexec/cmd/signals.h"
#include "kexec/cmd/verify.h"
#include "kexec/image/image.h"
#include "kexec/plan/dump.h"
#include "kexec/plan/plan.h"
#include "kexec/plan/seal.h"
#include "kexec/syscall/kexec_load.h"
#include "kexec/system/console.h"
#include "kexec/system/cpu_methods.h"
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
	if (console->type == CONSOLE_HVTERM)
		return arch->terminals ? NULL : "it is a terminal, which no hypervisor has here";
	if (arch->terminals)
		return "it has registers, and here purgatory reaches terminals only";
	return console->port && !arch->ports
		       ? "the registers are I/O ports, which the CPU does not have"
		       : NULL;
}

/* Registers are no memory: what purgatory writes would be in the dump, or in the image. ret says
 * which memory is there; false when none is. */
static bool lies_in_memory(
	const struct console *console, const struct rangeset *ram, struct range *ret)
{
	size_t at;

	if (console->port || console->type == CONSOLE_NONE || console->type == CONSOLE_HVTERM)
		return false;
	at = rangeset_find(ram, console->base);
	if (at >= ram->count || console->base < ram->ranges[at].start ||
		console->base >= ram->ranges[at].end)
		return false;
	*ret = ram->ranges[at];
	return true;
}

/* Where purgatory prints: what the user named, else what the firmware implies. */
static int choose_console(const struct request *request, const struct sysroot *root,
	const struct plan_inputs *inputs, struct console *ret, struct report *report,
	struct err *err)
{
	bool named = request->console || request->serial || request->console_serial;
	const char *far;
	struct range memory;
	int status = ST_OK;

	*ret = inputs->machine->firmware.console;
	if (request->console)
		status = console_parse(request->console, ret, err);
	else if (request->serial)
		status = console_from_tty(root, request->serial, ret, err);
	else if (request->console_serial && ret->type == CONSOLE_NONE && inputs->arch &&
		 inputs->arch->ports)
		*ret = console_at_port(CONSOLE_FIRST_PORT, "--console-serial");
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
	if (!status && lies_in_memory(ret, &inputs->machine->iomem.ram, &memory)) {
		if (named) {
			err_set(err, ST_USAGE, "console-memory",
				"%s at 0x%" PRIx64 " would be in memory: /proc/iomem has System "
				"RAM at 0x%" PRIx64 "-0x%" PRIx64,
				console_type_name(ret->type), ret->base, memory.start,
				memory.end - 1);
			return err_hint(err, "name the address of the registers, or none");
		}
		report_add(report, REPORT_CHOICE, "console",
			"purgatory prints nothing: at 0x%" PRIx64
			", where a console was found (%s), there is memory",
			ret->base, ret->source);
		*ret = (struct console){ .type = CONSOLE_NONE };
	}
	if (!named)
		return ST_OK;
	if (status == ST_NOT_FOUND) {
		/* kexec-tools loads all the same, and a crash kernel that cannot complain is
		 * better than none. */
		report_add(report, REPORT_WARNING, "console", "No valid console found for %s: %s",
			request->serial ? request->serial : "--console-serial", err->text);
		err_clear(err);
		return ST_OK;
	}
	if (!status && ret->type != CONSOLE_NONE)
		report_add(report, REPORT_CHOICE, "console",
			"purgatory prints to the %s at 0x%" PRIx64 " (%s)",
			console_type_name(ret->type), ret->base, ret->source);
	return status;
}

/* A PC's UARTs divide 1.8432 MHz by 16, and by that. What clock others have is not known. */
#define FASTEST_BAUD UINT64_C(115200)

static void choose_speed(
	const struct request *request, struct console *console, struct report *report)
{
	if (!request->serial_baud || console->type == CONSOLE_NONE)
		return;
	if (console->port) {
		console->divisor = (uint32_t)(FASTEST_BAUD / request->serial_baud);
		report_add(report, REPORT_CHOICE, "console",
			"purgatory sets the line to %" PRIu64 " baud, by a divisor of %" PRIu32,
			request->serial_baud, console->divisor);
	} else {
		report_add(report, REPORT_WARNING, "console",
			"--serial-baud has no effect: the %s at 0x%" PRIx64
			" is none at an I/O port, of which the clock would be known",
			console_type_name(console->type), console->base);
	}
}

/* Is there a text screen to print on? A framebuffer of EFI, or of a driver, shows pictures only. */
static bool choose_screen(const struct plan_inputs *inputs, struct report *report)
{
	enum x86_screen screen;

	if (!inputs->request->screen || !inputs->arch || !inputs->arch->screen)
		return false;
	screen = x86_boot_screen(&inputs->machine->x86_boot);
	if (screen == X86_SCREEN_TEXT)
		report_add(report, REPORT_CHOICE, "console",
			"purgatory prints to VGA's text screen at 0xb8000 (--console-vga)");
	else
		report_add(report, REPORT_WARNING, "console",
			"--console-vga: purgatory prints nothing to the screen, which %s",
			x86_boot_screen_words(screen));
	return screen == X86_SCREEN_TEXT;
}

/* The crash_hotplug files read 1 also on an arm64 kernel whose rewrites can only fail. Where its
 * configuration is not to be had the kernel itself is asked: not that of this machine about a
 * machine in a folder, of which a plan is all that can be made. */
static void probe_file_load(const struct syscall_ops *ops, const struct sysroot *root,
	const struct machine *machine, struct plan_inputs *inputs)
{
	const struct request *request = inputs->request;

	inputs->file_load = kconfig_enabled(&machine->config, "KEXEC_FILE");
	if (inputs->file_load == TRI_UNKNOWN && request->hotplug != HOTPLUG_OFF &&
		(!request->dry_run || sysroot_is_live(root)) &&
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
	struct machine *machine; /* of the inputs */
	const struct sysroot *root;
	const struct cmd_io *io;
	struct files *files;
	struct report report;
	struct choice choice;
	bool refused; /* the kernel said no to a load */
};

static bool is_lost(const struct round *round)
{
	const char *path;
	int armed;

	return round->refused && round->inputs.request->crash &&
	       round->inputs.machine->state.crash_loaded == 1 &&
	       kexec_state_loaded(round->root, true, &armed, &path, NULL) == ST_OK && armed == 0;
}

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

/* Somebody waits to write to a file that is mapped, before the call or in it. He waits for the
 * length of a load at most, and after that nothing would be certain. */
static int files_changed(struct err *err)
{
	return err_set(err, ST_CHANGED, "file-changed",
		"the kernel or the initrd is about to be written to");
}

/* A restart that the kernel would refuse for good, by as much as is known of the machine. */
static void look_at_cpus(const struct round *round)
{
	struct machine *machine = round->machine;
	const struct arch_ops *arch = round->inputs.arch;

	if (round->inputs.request->crash || !arch || !arch->methods_stop_cpus)
		return;
	machine->state.cpus_stop = machine->complete
					   ? cpu_methods_read(round->root, blob_span(&machine->fdt),
						     &machine->firmware, &machine->config)
					   : cpu_methods_look(round->root);
}

/* A plan of ours, by kexec_load(2), of the files as they are held. */
static int load_held(struct round *round, struct err *err)
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
	if (!inputs->machine->complete) {
		status = machine_complete(round->root, request->crash, round->machine, report, err);
		timeline_spent(&round->files->timeline, PHASE_MACHINE);
		if (status)
			return status;
		look_at_cpus(round);
	}
	if (inputs->arch && inputs->arch->read_for_image) {
		status = inputs->arch->read_for_image(
			round->root, inputs->image, round->machine, report, err);
		if (status)
			return status;
	}
	draw_seeds(request, inputs);
	probe_file_load(io->syscalls, round->root, inputs->machine, inputs);
	status = choose_console(request, round->root, inputs, &inputs->console, report, err);
	if (!status) {
		choose_speed(request, &inputs->console, report);
		inputs->screen = choose_screen(inputs, report);
	}
	if (!status)
		status = request->crash ? plan_crash(inputs, &plan, report, err)
					: plan_normal(inputs, &plan, report, err);
	timeline_spent(&round->files->timeline, PHASE_PLAN);
	if (!status && request->dry_run)
		status = print_plan(&plan, inputs, report, request->dry_run, io->out, err);
	/* What cannot be shown on the side is no reason not to load. */
	if (!status && request->debug)
		print_plan(&plan, inputs, report, DRY_RUN_TEXT, io->err, NULL);
	timeline_spent(&round->files->timeline, PHASE_PRINT);
	if (!status && !request->dry_run && files_are_asked_for(round->files)) {
		status = files_changed(err);
	} else if (!status && !request->dry_run) {
		status = kexec_load_plan(io->syscalls, &plan, &inputs->machine->state, err);
		status = end_call(round, &plan, status, err);
	}
	plan_done(&plan);
	return status;
}

static bool are_files_changed(const struct err *err)
{
	return err->status == ST_CHANGED && strcmp(err->id, "file-changed") == 0;
}

/* The same, and ST_CHANGED once, with copies made, where somebody wants to write. */
static int load_by_plan(struct round *round, struct err *err)
{
	const struct request *request = round->inputs.request;
	int status = load_held(round, err);

	if (request->dry_run || !files_are_asked_for(round->files) ||
		(status && !are_files_changed(err)))
		return status;
	status = files_copy(request, round->root, round->files, err);
	return status ? status : files_changed(err);
}

/* A load finds that out by the call, a plan only where the configuration tells. */
static int check_file_load(const struct machine *machine, struct err *err)
{
	if (kconfig_enabled(&machine->config, "KEXEC_FILE") != TRI_NO)
		return ST_OK;
	err_set(err, ST_UNSUPPORTED, "file-load-unusable",
		"syscall kexec_file_load not available: the running kernel %s has no "
		"CONFIG_KEXEC_FILE",
		machine->release);
	return err_hint(err, "leave -s out: kexec_load");
}

/* The files, by kexec_file_load(2). */
static int load_by_file(struct round *round, struct err *err)
{
	const struct sysroot_file *initrd =
		round->files->initrd_inner ? NULL : round->files->initrd_open;
	struct plan_inputs *inputs = &round->inputs;
	enum dry_run dry_run = inputs->request->dry_run;
	struct plan plan = { .arch = NULL };
	int status;

	inputs->by_file = true;
	inputs->dtb = (struct span){ NULL, 0 }; /* the kernel makes it from the running one */
	status = dry_run ? check_file_load(inputs->machine, err) : ST_OK;
	if (!status && inputs->arch && inputs->arch->foretells_by_tree &&
		!inputs->machine->fdt.size)
		status = machine_read_tree(round->root, round->machine, &round->report, err);
	if (!status)
		status = plan_file(inputs, &plan, &round->report, err);
	if (status == ST_NO_SPACE && !inputs->machine->fdt.size) {
		/* Only now it counts how large the tree is. */
		err_clear(err);
		status = machine_read_tree(round->root, round->machine, &round->report, err);
		if (!status)
			status = plan_file(inputs, &plan, &round->report, err);
	}
	timeline_spent(&round->files->timeline, PHASE_PLAN);
	if (!status && dry_run) {
		status = print_plan(&plan, inputs, &round->report, dry_run, round->io->out, err);
	} else if (!status) {
		status = file_load(inputs, &plan, sysroot_fd(round->files->kernel_open),
			initrd ? sysroot_fd(initrd) : -1, round->io->syscalls, &round->report, err);
		status = end_call(round, &plan, status, err);
	}
	plan_done(&plan);
	return status;
}

/* Options that are for some machines only, and there for a plan of ours. */
static const char *option_of_machine(const struct plan_inputs *inputs, struct report *report)
{
	const struct request *request = inputs->request;

	if (request->no_efi) {
		if (inputs->machine->x86_boot.efi.count)
			return "noefi";
		report_add(report, REPORT_CHOICE, "options",
			"--noefi has no effect here: there is nothing of EFI to hand on");
	}
	if (request->screen) {
		if (inputs->arch && inputs->arch->screen)
			return "console-vga";
		report_add(report, REPORT_CHOICE, "options",
			"--console-vga has no effect here: such screens are on x86 only");
	}
	if (request->entry != ENTRY_64 && inputs->arch && !inputs->arch->entries)
		report_add(report, REPORT_CHOICE, "options",
			"--%s has no effect here: kernels with other entries are x86's",
			request->entry == ENTRY_16 ? "real-mode" : "entry-32bit");
	return NULL;
}

/* The kernel does crash hotplug unasked for whatever kexec_file_load(2) loads, where it can. A load
 * that takes the place of one of those asks for it. */
static int load_in_place_of_file(struct round *round, struct err *err)
{
	const struct request *request = round->inputs.request;
	struct request same = *request;
	int status;

	if (request->crash && request->hotplug == HOTPLUG_OFF &&
		round->inputs.machine->state.crash_elfcorehdr_size)
		same.hotplug = HOTPLUG_AUTO;
	round->inputs.request = &same;
	status = load_by_plan(round, err);
	round->inputs.request = request;
	return status;
}

static int make_call(struct round *round, enum load_call call, struct err *err)
{
	if (call == CALL_FILE_LOAD)
		return load_by_file(round, err);
	return round->choice.in_place_of_file ? load_in_place_of_file(round, err)
					      : load_by_plan(round, err);
}

/* A dry run answers as the load would. Of both calls it shows the plan for kexec_load(2), unless
 * only kexec_file_load(2) has room for the image. */
static int plan_only(struct round *round, struct err *err)
{
	const struct request *request = round->inputs.request;
	int status;

	if (request->crash && request->syscall == SYSCALL_FILE_LOAD) {
		choose_first(&round->choice, &round->report);
		return load_by_file(round, err);
	}
	if (request->syscall == SYSCALL_FILE_LOAD) {
		err_set(err, ST_USAGE, "file-load-option",
			"--dry-run is not possible with -l and kexec_file_load (-s): where the "
			"kernel puts an image for a restart cannot be known");
		return err_hint(err, "leave -s out, or use -c");
	}
	status = load_by_plan(round, err);
	if (!status || request->syscall != SYSCALL_AUTO || request->needs_load ||
		round->inputs.file_load == TRI_NO || !choose_does_not_fit(err))
		return status;
	if (choose_next(&round->choice, CALL_LOAD, err, false, &round->report) != CALL_FILE_LOAD ||
		load_by_file(round, NULL))
		return status;
	err_clear(err);
	return ST_OK;
}

static int choose_and_load(struct round *round, struct err *err)
{
	struct choice *choice = &round->choice;
	enum load_call call, next;
	int status;

	if (round->inputs.request->dry_run)
		return plan_only(round, err);
	next = choose_first(choice, &round->report);
	do {
		call = next;
		err_clear(err);
		status = make_call(round, call, err);
		if (!status || status == ST_CHANGED)
			return status;
		next = choose_next(choice, call, err, is_lost(round), &round->report);
	} while (next != CALL_NONE);
	if (call != CALL_FILE_LOAD || strcmp(err->id, "file-load-unusable") != 0)
		return status;
	/* 253 is for -s: without it no call is left, and the load has failed. */
	if (choice->second)
		err->id = "kexec-file-load-failed";
	else
		err_prefix(err, "syscall kexec_file_load not available");
	return status;
}

/* ST_CHANGED asks for another round, unless it was the last. What is said before the call goes to
 * io, and what is said behind it to after. */
static int load_once(const struct request *request, const struct sysroot *root, struct files *files,
	const struct cmd_io *io, const struct cmd_io *after, bool last, struct err *err)
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
			.modules = files->modules.of_plan,
			.modules_count = files->modules.count,
			.digests = files->digests,
			.digests_count = files->digests_count,
			.dtb = blob_span(&files->dtb),
			.dtb_name = request->dtb,
		},
		.machine = &machine,
		.root = root,
		.io = io,
		.files = files,
		.report = REPORT_INIT,
		.choice = { .request = request, .state = &machine.state },
	};
	char doubt[ARCH_DOUBT_SIZE];
	int status;

	report_copy(&round.report, &files->report);
	status = files->for_plan || embedded_has_dtb(&files->image)
			 ? machine_read(root, request->crash, &machine, &round.report, err)
			 : machine_read_for_files(
				   root, request->crash, &machine, &round.report, err);
	round.inputs.arch = arch_find(machine.name);
	timeline_spent(&files->timeline, PHASE_MACHINE);
	if (!status)
		look_at_cpus(&round);
	if (!status && !request->dtb)
		status = embedded_dtb(&files->image, blob_span(&machine.fdt), &round.inputs.dtb,
			&round.inputs.dtb_name, &round.report, err);
	if (!status && !request->dry_run)
		status = check_page_size(&machine, &files->image, io->syscalls, err);
	if (!status)
		round.choice.option = option_of_machine(&round.inputs, &round.report);
	if (round.choice.option && request->syscall == SYSCALL_FILE_LOAD)
		report_add(&round.report, REPORT_WARNING, "options",
			"--%s has no effect with kexec_file_load", round.choice.option);
	round.choice.dtb_in_image = !request->dtb && round.inputs.dtb.size;
	if (!status && round.inputs.arch && round.inputs.arch->doubt_file_load &&
		round.inputs.arch->doubt_file_load(&machine, request->crash, doubt))
		round.choice.doubt = doubt;
	if (!status)
		status = choose_and_load(&round, err);
	if (status && status != ST_CHANGED && request->crash && round.refused)
		say_what_is_armed(&round, err);
	if (request->debug && round.inputs.by_file)
		print_choices(after, &round.report);
	if (status != ST_CHANGED || last)
		print_warnings(after, &round.report);
	machine_done(&machine);
	report_done(&round.report);
	return status;
}

static int give_up(unsigned int loads, int signal, struct err *err)
{
	if (signal && loads == 0)
		return err_set(err, ST_SYSTEM, "interrupted", "%s: nothing has been loaded",
			strsignal(signal));
	if (strcmp(err->id, "machine-changed") != 0)
		return err_prefix(err, "nothing was loaded, in %u tries", loads);
	err_prefix(err, "after %u loads the crash kernel is armed, but its elfcorehdr may be stale",
		loads);
	err_hint(err, "load again when memory and CPU hotplug have settled");
	return signal ? err_prefix(err, "%s", strsignal(signal)) : err->status;
}

/* Load until the machine holds still, but not for ever, nor until whoever reads what is printed
 * goes on reading: from the first call on that is kept for the end, at which a true image is
 * armed. */
static int load_until_true(const struct request *request, const struct sysroot *root,
	struct files *files, const struct cmd_io *io, const struct cmd_io *after, struct err *err)
{
	int status = ST_CHANGED, signal = 0;
	unsigned int loads = 0;

	while (loads < LOAD_TRIES && status == ST_CHANGED) {
		if (loads)
			io->syscalls->sleep_ms(io->syscalls->context, loads * CHANGED_WAIT_MS);
		timeline_spent(&files->timeline, PHASE_VERIFY);
		signal = request->dry_run ? 0 : signals_end_asked();
		if (signal)
			break;
		err_clear(err);
		status = load_once(request, root, files, loads ? after : io, after,
			loads + 1 == LOAD_TRIES, err);
		/* Nobody can write to what is copied then. */
		if (are_files_changed(err)) {
			err_clear(err);
			status = load_once(
				request, root, files, after, after, loads + 1 == LOAD_TRIES, err);
		}
		loads++;
	}
	if (request->debug) {
		files_say(files, after->err);
		timeline_print(&files->timeline, after->err);
	}
	return status == ST_CHANGED ? give_up(loads, signal, err) : status;
}

/* Nothing but the kernel's own answers may decide what is armed at the end. */
static int load_undisturbed(const struct request *request, const struct sysroot *root,
	struct files *files, const struct cmd_io *io, struct err *err)
{
	struct cmd_io after = *io;
	struct signals_held held;
	char *said = NULL;
	size_t size = 0;
	FILE *kept = open_memstream(&said, &size);
	int status;

	if (kept)
		after.err = kept;
	signals_hold(&held);
	status = load_until_true(request, root, files, io, &after, err);
	if (kept) {
		fclose(kept);
		fwrite(said, 1, size, io->err);
	}
	free(said);
	if (status)
		signals_forget();
	signals_release(&held);
	return status;
}

int load_from(const struct request *request, const struct sysroot *root, const struct cmd_io *io,
	struct err *err)
{
	struct files files = {
		.timeline = timeline_begin(),
		.kernel_held = HELD_INIT,
		.initrd_held = HELD_INIT,
		.report = REPORT_INIT,
	};
	struct request settled = *request;
	int status = files_read(request, root, &files, err);

	if (!status && files.cmdline)
		settled.append = files.cmdline;
	if (!status && request->dry_run)
		status = load_until_true(&settled, root, &files, io, io, err);
	else if (!status)
		status = load_undisturbed(&settled, root, &files, io, err);
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
