// SPDX-License-Identifier: GPL-2.0-only
/* vmcore-dmesg(8): the log of a crashed kernel, out of its memory image. */
#include <stdio.h>
#include <stdlib.h>

#include "lib/advice.h"
#include "lib/printable.h"
#include "lib/sysroot.h"
#include "vmcore-dmesg/advice_rows.h"
#include "vmcore-dmesg/exit_status.h"
#include "vmcore-dmesg/options.h"
#include "vmcore-dmesg/output.h"
#include "vmcore-dmesg/printk.h"
#include "vmcore-dmesg/vmcore.h"

static void dump_core(
	struct vmcore *core, struct output *output, enum stage *stage, struct err *err)
{
	struct printk_sink sink = output_sink(output);
	bool printed = false;

	*stage = STAGE_NOTES;
	if (vmcore_read_info(core, err) == ST_OK) {
		*stage = STAGE_LOG;
		printk_dump(core, &sink, err);
		if (err->status != ST_OK)
			return;
		printed = true;
	}
	/* Then it is no core; or it is one, and that is to be known. */
	if (core->doubt.status != ST_OK) {
		*stage = STAGE_HEADERS;
		*err = core->doubt;
		if (printed)
			err_prefix(err, "the log is printed, but the file is damaged");
	}
}

static void dump_file(
	struct sysroot *root, struct output *output, enum stage *stage, struct err *err)
{
	struct sysroot_file *file;
	struct vmcore core;

	if (sysroot_open_dump(root, output->options->path, &file, err) != ST_OK)
		return;
	*stage = STAGE_HEADERS;
	if (vmcore_open(file, &core, err) == ST_OK) {
		dump_core(&core, output, stage, err);
		vmcore_done(&core);
	}
	if (err->status != ST_OK)
		err_prefix(err, "%s", output->options->path);
	sysroot_close(file);
}

static void print_notes(const struct output *output)
{
	if (output->level_missing)
		fputs("vmcore-dmesg: this kernel has not recorded the levels\n", stderr);
	if (output->caller_missing)
		fputs("vmcore-dmesg: this kernel has not recorded the callers\n", stderr);
}

static void print_log(struct output *output, enum stage *stage, struct err *err)
{
	struct sysroot *root;

	*stage = STAGE_OPEN;
	if (sysroot_new(NULL, &root, err) != ST_OK)
		return;
	dump_file(root, output, stage, err);
	sysroot_free(root);
}

static void run(const struct options *options, enum stage *stage, struct err *err)
{
	struct err close_err = ERR_INIT;
	struct output output;

	*stage = STAGE_LOG;
	if (output_open(options, stdout, &output, err) != ST_OK)
		return;
	if (options->help)
		vmcore_print_usage(output.file);
	else if (options->version)
		vmcore_print_version(output.file);
	else
		print_log(&output, stage, err);
	/* What was found before a failure is still worth having. */
	output_close(&output, err->status == ST_OK ? err : &close_err);
	print_notes(&output);
}

static void print_error(const struct err *err)
{
	FILE *out = printable_open(stderr);
	const char *hint = advice_for(err, advice_rows);

	if (!out)
		return;
	fprintf(out, "vmcore-dmesg: %s [%s]\n", err->text, err->id ? err->id : "bug");
	if (hint)
		fprintf(out, "vmcore-dmesg: hint: %s\n", hint);
	fclose(out);
}

int main(int argc, char **argv)
{
	enum stage stage = STAGE_OPTIONS;
	struct err err = ERR_INIT;
	struct options options;

	if (vmcore_options_parse(argc, argv, &options, &err) == ST_OK)
		run(&options, &stage, &err);
	if (err.status != ST_OK) {
		print_error(&err);
		if (stage == STAGE_OPTIONS)
			vmcore_print_usage_line(stderr);
	}
	exit(vmcore_exit_status(stage, &err));
}
