// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/cmd/way_back.h"

#include <stdlib.h>
#include <string.h>

#include "kexec/arch/arch.h"
#include "kexec/cmd/verify.h"
#include "kexec/plan/plan.h"
#include "kexec/plan/words.h"
#include "kexec/syscall/kexec_load.h"
#include "kexec/system/cmdline.h"
#include "kexec/system/machine.h"

/* The address that --entry gives, or that purgatory has written. */
static int find_entry(const struct request *request, const struct machine *machine, uint64_t *ret,
	struct err *err)
{
	const char *line = machine->cmdline ? machine->cmdline : "";
	struct span word = cmdline_word(line, WORDS_WAY_BACK);
	char text[32] = "";
	char *end = text;

	if (request->way_back) {
		*ret = request->way_back;
		return ST_OK;
	}
	if (word.size > sizeof(WORDS_WAY_BACK) &&
		word.size - sizeof(WORDS_WAY_BACK) < sizeof(text)) {
		memcpy(text, word.data + sizeof(WORDS_WAY_BACK),
			word.size - sizeof(WORDS_WAY_BACK));
		*ret = strtoull(text, &end, 0);
	}
	if (end != text && *end == '\0' && *ret != 0)
		return ST_OK;
	err_set(err, ST_USAGE, "jump-entry-missing",
		"no other kernel waits: the running command line has no " WORDS_WAY_BACK
		"= with an address, and there is no --entry");
	return err_hint(err, "this is for a kernel that was loaded with --load-preserve-context");
}

/* In the kernel that waits, the other one is loaded; here nothing is. */
static int check_unloaded(const struct machine *machine, struct err *err)
{
	if (machine->state.loaded != 1)
		return ST_OK;
	err_set(err, ST_USAGE, "jump-loaded",
		"There is kexec kernel loaded, make sure you are in kexeced kernel: the way back "
		"would take its place");
	return err_hint(err, "if it is not needed any more, kexec -u unloads it");
}

static int load(const struct request *request, const struct sysroot *root,
	const struct machine *machine, const struct cmd_io *io, struct report *report,
	struct err *err)
{
	struct request settled = *request;
	const struct plan_inputs inputs = {
		.arch = arch_find(machine->name), .request = &settled, .machine = machine
	};
	struct plan plan;
	int status = plan_check_jump(&inputs, "load-jump-back-helper", err);

	if (!status)
		status = find_entry(request, machine, &settled.way_back, err);
	if (!status)
		status = check_unloaded(machine, err);
	if (!status)
		status = plan_way_back(&inputs, &plan, report, err);
	if (status)
		return status;
	status = kexec_load_plan(io->syscalls, &plan, &machine->state, err);
	if (!status)
		status = verify_armed(root, false, false, io->syscalls, err);
	plan_done(&plan);
	return status;
}

int load_way_back_from(const struct request *request, const struct sysroot *root,
	const struct cmd_io *io, struct err *err)
{
	struct machine machine = { .cmdline = NULL };
	struct report report = REPORT_INIT;
	int status = machine_read(root, false, &machine, &report, err);

	if (!status)
		status = load(request, root, &machine, io, &report, err);
	if (request->debug)
		print_choices(io, &report);
	print_warnings(io, &report);
	machine_done(&machine);
	report_done(&report);
	return status;
}

int load_way_back(const struct request *request, const struct cmd_io *io, struct err *err)
{
	struct sysroot *root;
	int status = open_live_root(request->sysroot, "there is no way back from", &root, err);

	if (status)
		return status;
	status = load_way_back_from(request, root, io, err);
	sysroot_free(root);
	return status;
}
