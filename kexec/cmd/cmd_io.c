// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/cmd/cmd_io.h"

static void print_kind(const struct cmd_io *io, const struct report *report, enum report_kind kind,
	const char *prefix)
{
	for (size_t i = 0; i < report->count; i++)
		if (report->entries[i].kind == kind)
			fprintf(io->err, "%s%s: %s\n", prefix, report->entries[i].area,
				report->entries[i].text);
}

void print_choices(const struct cmd_io *io, const struct report *report)
{
	print_kind(io, report, REPORT_CHOICE, "");
}

void print_warnings(const struct cmd_io *io, const struct report *report)
{
	print_kind(io, report, REPORT_WARNING, "kexec: warning: ");
}

int print_made(int result, struct blob *text, FILE *out, struct err *err)
{
	if (result)
		err_no_memory(err);
	else
		fwrite(text->data, 1, text->size, out);
	blob_done(text);
	return result;
}

int open_live_root(const char *dir, const char *why_not, struct sysroot **ret, struct err *err)
{
	int status = sysroot_new(dir, ret, err);

	if (status || sysroot_is_live(*ret))
		return status;
	sysroot_free(*ret);
	err_set(err, ST_USAGE, "sysroot-not-live", "--sysroot=%s is not this machine: %s", dir,
		why_not);
	return err_hint(err, "leave --sysroot out");
}
