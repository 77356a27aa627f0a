// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/cmd/usage.h"

#include "config.h"
#include "kexec/cmd/option_table.h"

#define HELP_COLUMN 30

/* Scripts look for the first word. */
void print_version(FILE *out)
{
	fprintf(out, "%s %s (from-scratch implementation)\n", PACKAGE_NAME, PACKAGE_VERSION);
}

static void print_option(FILE *out, const struct option_row *row)
{
	int column;

	if (row->letter)
		column = fprintf(out, " -%c, --%s", row->letter, row->name);
	else
		column = fprintf(out, "     --%s", row->name);
	if (row->argument == ARGUMENT_OPTIONAL)
		column += fprintf(out, "[=%s]", row->value_name);
	else if (row->argument == ARGUMENT_REQUIRED)
		column += fprintf(out, "=%s", row->value_name);
	if (column >= HELP_COLUMN)
		column = fprintf(out, "\n") - 1;
	fprintf(out, "%*s%s\n", HELP_COLUMN - column, "", row->help);
}

void print_usage(FILE *out)
{
	print_version(out);
	fprintf(out, "Usage: kexec [OPTION]... [KERNEL]\n");
	for (enum option_group group = 0; group < OPTION_GROUPS; group++) {
		fprintf(out, "\n%s:\n", option_group_title(group));
		for (size_t i = 0; i < option_table_count; i++)
			if (option_table[i].group == group)
				print_option(out, &option_table[i]);
	}
	fprintf(out,
		"\n"
		"KERNEL is an Image, bzImage, vmlinuz, UKI, Android image, uImage, vmlinux or\n"
		"Multiboot kernel, plain or packed.\n"
		"Without an action it is loaded, and the system restarted into it.\n"
		"Examples:\n"
		"  kexec -l --initrd=INITRD --reuse-cmdline KERNEL; systemctl kexec\n"
		"  kexec -p --hotplug --initrd=INITRD --reuse-cmdline KERNEL\n"
		"  kexec -p --dry-run KERNEL\n"
		"  kexec -p -u\n"
		"The exit statuses and more stand in kexec(8).\n");
}
