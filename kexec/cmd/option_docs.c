// SPDX-License-Identifier: GPL-2.0-only
/*
 * Not part of the tool: prints what is made from the option table, for `make update-docs`
 * and for the lint that compares it with what is in the tree.
 *
 *   option-docs man | bash | zsh | fish
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "kexec/cmd/option_table.h"
#include "lib/roff.h"

/* Options that a completion offers: those that do something. */
static bool is_offered(const struct option_row *row)
{
	return row->group < GROUP_NO_EFFECT;
}

/* --- kexec.8 ------------------------------------------------------------------------- */

static void print_man_option(const struct option_row *row)
{
	puts(".TP");
	if (row->letter)
		printf("\\fB\\-%c\\fR, ", row->letter);
	fputs("\\fB\\-\\-", stdout);
	roff_put(stdout, row->name);
	if (row->argument == ARGUMENT_NONE)
		puts("\\fR");
	else if (row->argument == ARGUMENT_REQUIRED)
		printf("=\\fI%s\\fR\n", row->value_name);
	else
		printf("\\fR[\\fB=%s\\fR]\n", row->value_name);
	roff_put_help(stdout, row->help, row->more);
}

static void print_man(void)
{
	for (enum option_group group = 0; group < OPTION_GROUPS; group++) {
		printf(".SS \"%s\"\n", option_group_title(group));
		for (size_t i = 0; i < option_table_count; i++)
			if (option_table[i].group == group)
				print_man_option(&option_table[i]);
	}
}

/* --- shell completions --------------------------------------------------------------- */

/* The words an option takes, with blanks between them. */
static void print_words(const struct option_row *row)
{
	const char *blank = "";

	for (const struct option_word *word = row->words; word->value != -1; word++) {
		if (word->text) {
			printf("%s%s", blank, word->text);
			blank = " ";
		}
	}
}

static bool has_words(const struct option_row *row)
{
	return row->words && row->argument != ARGUMENT_NONE;
}

/* One case of the shell's "what comes behind this option". */
static void print_bash_values(enum option_value kind, const char *action)
{
	bool first = true;

	for (size_t i = 0; i < option_table_count; i++) {
		const struct option_row *row = &option_table[i];

		if (!is_offered(row) || row->value_kind != kind)
			continue;
		printf("%s--%s", first ? "\t" : " | ", row->name);
		first = false;
	}
	printf(")\n\t\t%s\n\t\treturn\n\t\t;;\n", action);
}

static void print_bash(void)
{
	fputs("# SPDX-License-Identifier: GPL-2.0-only\n"
	      "# Made from kexec/cmd/option_table.c by make update-docs.\n"
	      "# shellcheck shell=bash disable=SC2034\n"
	      "_kexec()\n"
	      "{\n"
	      "\tlocal cur prev words cword split\n"
	      "\t_init_completion -s || return\n"
	      "\tcase $prev in\n",
		stdout);
	print_bash_values(VALUE_FILE, "_filedir");
	print_bash_values(VALUE_DIRECTORY, "_filedir -d");
	print_bash_values(
		VALUE_TTY, "mapfile -t COMPREPLY < <(cd /sys/class/tty && compgen -f -- \"$cur\")");
	for (size_t i = 0; i < option_table_count; i++) {
		const struct option_row *row = &option_table[i];

		if (!is_offered(row) || !has_words(row))
			continue;
		/* behind a word of its own stands the kernel, if the value may be left out */
		printf("\t--%s)\n\t\t", row->name);
		if (row->argument == ARGUMENT_OPTIONAL)
			printf("$split && ");
		printf("mapfile -t COMPREPLY < <(compgen -W '");
		print_words(row);
		printf("' -- \"$cur\")%s\n\t\t;;\n",
			row->argument == ARGUMENT_REQUIRED ? "\n\t\treturn" : "");
	}
	fputs("\tesac\n"
	      "\t$split && return\n"
	      "\tif [[ $cur == -* ]]; then\n"
	      "\t\tlocal options=(\n",
		stdout);
	for (size_t i = 0; i < option_table_count; i++) {
		const struct option_row *row = &option_table[i];

		if (is_offered(row))
			printf("\t\t\t--%s%s\n", row->name,
				row->argument == ARGUMENT_REQUIRED ? "=" : "");
	}
	fputs("\t\t)\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -W \"${options[*]}\" -- \"$cur\")\n"
	      "\t\t[[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace\n"
	      "\telse\n"
	      "\t\t_filedir\n"
	      "\tfi\n"
	      "}\n"
	      "complete -F _kexec kexec\n",
		stdout);
}

static void print_zsh_value(const struct option_row *row)
{
	printf(":%s:", row->value_name);
	if (has_words(row)) {
		putchar('(');
		print_words(row);
		putchar(')');
	} else if (row->value_kind == VALUE_FILE) {
		fputs("_files", stdout);
	} else if (row->value_kind == VALUE_DIRECTORY) {
		fputs("_directories", stdout);
	} else if (row->value_kind == VALUE_TTY) {
		fputs("{_files -W /sys/class/tty}", stdout);
	}
}

static void print_zsh(void)
{
	static const char *const equals[] = {
		[ARGUMENT_NONE] = "",
		[ARGUMENT_REQUIRED] = "=",
		[ARGUMENT_OPTIONAL] = "=-",
	};

	fputs("#compdef kexec\n"
	      "# SPDX-License-Identifier: GPL-2.0-only\n"
	      "# Made from kexec/cmd/option_table.c by make update-docs.\n"
	      "_arguments -s -S \\\n",
		stdout);
	for (size_t i = 0; i < option_table_count; i++) {
		const struct option_row *row = &option_table[i];

		if (!is_offered(row))
			continue;
		if (row->letter)
			printf("\t'-%c[%s]' \\\n", row->letter, row->help);
		printf("\t'%s--%s%s[%s]", row->effect == EFFECT_INITRD ? "*" : "", row->name,
			equals[row->argument], row->help);
		if (row->argument == ARGUMENT_OPTIONAL)
			putchar(':');
		if (row->argument != ARGUMENT_NONE)
			print_zsh_value(row);
		printf("' \\\n");
	}
	fputs("\t'1:kernel:_files'\n", stdout);
}

static void print_fish(void)
{
	fputs("# SPDX-License-Identifier: GPL-2.0-only\n"
	      "# Made from kexec/cmd/option_table.c by make update-docs.\n",
		stdout);
	for (size_t i = 0; i < option_table_count; i++) {
		const struct option_row *row = &option_table[i];

		if (!is_offered(row))
			continue;
		fputs("complete -c kexec", stdout);
		if (row->letter)
			printf(" -s %c", row->letter);
		printf(" -l %s -d '%s'", row->name, row->help);
		if (has_words(row)) {
			printf("%s -a '", row->argument == ARGUMENT_REQUIRED ? " -x" : " -f");
			print_words(row);
			putchar('\'');
		} else if (row->value_kind == VALUE_FILE) {
			fputs(" -r -F", stdout);
		} else if (row->value_kind == VALUE_DIRECTORY) {
			fputs(" -x -a '(__fish_complete_directories)'", stdout);
		} else if (row->value_kind == VALUE_TTY) {
			fputs(" -x -a '(path basename /sys/class/tty/*)'", stdout);
		} else if (row->argument == ARGUMENT_REQUIRED) {
			fputs(" -x", stdout);
		}
		putchar('\n');
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*print)(void);
	} forms[] = {
		{ "man", print_man },
		{ "bash", print_bash },
		{ "zsh", print_zsh },
		{ "fish", print_fish },
	};

	for (size_t i = 0; argc == 2 && i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (strcmp(argv[1], forms[i].name) == 0) {
			forms[i].print();
			return fflush(stdout) ? 1 : 0;
		}
	}
	fputs("usage: option-docs man | bash | zsh | fish\n", stderr);
	return 1;
}
