// SPDX-License-Identifier: GPL-2.0-only
/* Not part of the tool: prints what is made from its option table, for `make update-docs` and
 * for the lint that compares it with what is in the tree.
 *
 *   vmcore-option-docs man | bash | zsh | fish
 */
#include <stdio.h>
#include <string.h>

#include "lib/roff.h"
#include "vmcore-dmesg/options.h"

#define MADE "# Made from vmcore-dmesg/options.c by make update-docs.\n"
#define SPDX "# SPDX-License-Identifier: GPL-2.0-only\n"

static void print_man(const struct option_row *row)
{
	printf(".TP\n\\fB\\-\\-%s\\fR\n", row->name);
	roff_put_help(stdout, row->help, row->more);
}

static void print_bash(const struct option_row *row)
{
	printf("\t\t\t--%s\n", row->name);
}

static void print_zsh(const struct option_row *row)
{
	printf("\t'--%s[%s]' \\\n", row->name, row->help);
}

static void print_fish(const struct option_row *row)
{
	printf("complete -c vmcore-dmesg -l %s -d '%s'\n", row->name, row->help);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name, *head;
		void (*print)(const struct option_row *row);
		const char *tail;
	} forms[] = {
		{ "man", "", print_man, "" },
		{ "bash",
			SPDX MADE "# shellcheck shell=bash disable=SC2034\n"
				  "_vmcore_dmesg()\n{\n"
				  "\tlocal cur prev words cword\n"
				  "\t_init_completion || return\n"
				  "\tif [[ $cur == -* ]]; then\n"
				  "\t\tlocal options=(\n",
			print_bash,
			"\t\t)\n"
			"\t\tmapfile -t COMPREPLY < <(compgen -W \"${options[*]}\" -- \"$cur\")\n"
			"\telse\n\t\t_filedir\n\tfi\n}\n"
			"complete -F _vmcore_dmesg vmcore-dmesg\n" },
		{ "zsh", "#compdef vmcore-dmesg\n" SPDX MADE "_arguments -S \\\n", print_zsh,
			"\t'1:memory image:_files'\n" },
		{ "fish", SPDX MADE, print_fish, "" },
	};

	for (size_t i = 0; argc == 2 && i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (strcmp(argv[1], forms[i].name) != 0)
			continue;
		fputs(forms[i].head, stdout);
		for (size_t row = 0; row < vmcore_option_count; row++)
			forms[i].print(&vmcore_option_table[row]);
		fputs(forms[i].tail, stdout);
		return fflush(stdout) ? 1 : 0;
	}
	fputs("usage: vmcore-option-docs man | bash | zsh | fish\n", stderr);
	return 1;
}
