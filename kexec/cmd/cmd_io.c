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
