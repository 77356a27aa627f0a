// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/cmd/cmd_io.h"

void print_warnings(const struct cmd_io *io, const struct report *report)
{
	for (size_t i = 0; i < report->count; i++)
		if (report->entries[i].kind == REPORT_WARNING)
			fprintf(io->err, "kexec: warning: %s: %s\n", report->entries[i].area,
				report->entries[i].text);
}
