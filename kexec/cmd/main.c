// SPDX-License-Identifier: GPL-2.0-only
/* kexec(8): options in, one verb, its message out, exit status. */
#include <stdio.h>
#include <stdlib.h>

#include "kexec/cmd/advice_rows.h"
#include "kexec/cmd/elfcorehdr.h"
#include "kexec/cmd/exec.h"
#include "kexec/cmd/exit_status.h"
#include "kexec/cmd/identify.h"
#include "kexec/cmd/load.h"
#include "kexec/cmd/options.h"
#include "kexec/cmd/signals.h"
#include "kexec/cmd/status.h"
#include "kexec/cmd/unload.h"
#include "kexec/cmd/usage.h"
#include "kexec/cmd/way_back.h"
#include "lib/advice.h"
#include "lib/err.h"
#include "lib/printable.h"
#include "lib/report.h"

/* *ret_answer is the exit status of a success, for verbs that answer a question by it. */
static int run(
	const struct request *request, const struct cmd_io *io, int *ret_answer, struct err *err)
{
	int status;

	switch (request->action) {
	case ACTION_HELP:
		print_usage(io->out);
		return ST_OK;
	case ACTION_VERSION:
		print_version(io->out);
		return ST_OK;
	case ACTION_LOAD:
	case ACTION_LOAD_AND_EXEC:
	case ACTION_LOAD_AND_SHUTDOWN:
		status = load_kernel(request, io, err);
		return status ? status : exec_after_load(request, io, err);
	case ACTION_LOAD_WAY_BACK:
		return load_way_back(request, io, err);
	case ACTION_UNLOAD:
		return unload_kernel(request, io, err);
	case ACTION_EXEC:
		return exec_kernel(request, io, err);
	case ACTION_STATUS:
		return show_status(request, io, ret_answer, err);
	case ACTION_CRASH_SIZE:
		return show_crash_size(request, io, err);
	case ACTION_IDENTIFY:
		return identify_file(request, io, err);
	case ACTION_ELFCOREHDR:
		return show_elfcorehdr(request, io, ret_answer, err);
	}
	return err_set(err, ST_BUG, "action", "no such action");
}

/* Whoever only asks may as well end with his reader. */
static bool changes_something(const struct request *request)
{
	switch (request->action) {
	case ACTION_LOAD:
	case ACTION_LOAD_AND_EXEC:
	case ACTION_LOAD_AND_SHUTDOWN:
		return !request->dry_run;
	case ACTION_LOAD_WAY_BACK:
	case ACTION_UNLOAD:
	case ACTION_EXEC:
		return true;
	default:
		return false;
	}
}

/* A plan that was not written in full must not look like one. */
static void finish_output(FILE *out, struct err *err)
{
	if (fclose(out) && err->status == ST_OK)
		err_set(err, ST_SYSTEM, "output", "cannot write to the standard output");
}

int main(int argc, char **argv)
{
	const struct cmd_io io = {
		.out = printable_open(stdout),
		.err = printable_open(stderr),
		.syscalls = &syscall_linux,
	};
	struct report notes = REPORT_INIT;
	struct err err = ERR_INIT;
	struct request request = { .action = ACTION_HELP };
	int answer = EXIT_STATUS_OK;

	if (!io.out || !io.err) {
		fputs("kexec: out of memory [out-of-memory]\n", stderr);
		exit(EXIT_STATUS_FAILED);
	}
	if (options_parse(argc, argv, &request, &notes, &err) == ST_OK) {
		if (changes_something(&request))
			signals_outlive_output();
		if (request.debug)
			print_choices(&io, &notes);
		print_warnings(&io, &notes);
		run(&request, &io, &answer, &err);
	}
	finish_output(io.out, &err);
	report_done(&notes);

	if (err.status) {
		const char *hint = advice_for(&err, advice_rows);

		fprintf(io.err, "kexec: %s [%s]\n", err.text, err.id ? err.id : "bug");
		if (hint)
			fprintf(io.err, "kexec: hint: %s\n", hint);
	}
	fclose(io.err);
	exit(err.status ? exit_status(request.action, &err) : answer);
}
