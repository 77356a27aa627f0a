// SPDX-License-Identifier: GPL-2.0-only
#include "vmcore-dmesg/options.h"

#include <stdint.h>
#include <string.h>

#include "config.h"

#define FIELD(name) offsetof(struct options, name)

/* clang-format off */
const struct option_row vmcore_option_table[] = {
	{ "level", FIELD(level),
	  "put facility and level before each message",
	  "They are one number in angle brackets, 8 times the facility plus the level (0, "
	  "emergency, to 7, debugging), as in <6>[    1.234567] text. Kernels before 3.5 have it "
	  "in the text, with this option and without; for 3.5 itself it is not known." },
	{ "caller", FIELD(caller),
	  "say which thread or CPU wrote each message",
	  "It stands behind the time as the kernel writes it: [    T1] is thread 1, [    C0] is "
	  "CPU 0 outside a thread." },
	{ "json", FIELD(json),
	  "write one JSON object per message and line",
	  "It has the members time (seconds since boot, with nine decimals), seq, facility, "
	  "level, caller and text; what the kernel has not recorded is left out. Bytes that are no "
	  "UTF-8 come out as \\xNN. In place of damaged records stands an object with damaged, "
	  "how many they are, and reason." },
	{ "utf8", FIELD(utf8),
	  "leave UTF-8 characters as they are",
	  "Without it each of their bytes comes out as \\xNN. Control characters, and those that "
	  "turn the direction of text, come out so with it too." },
	{ "help", FIELD(help),
	  "print this text", NULL },
	{ "version", FIELD(version),
	  "print the version", NULL },
};
/* clang-format on */

const size_t vmcore_option_count = sizeof(vmcore_option_table) / sizeof(vmcore_option_table[0]);

void vmcore_print_version(FILE *out)
{
	fprintf(out, "%s %s (from-scratch implementation)\n", PACKAGE_NAME, PACKAGE_VERSION);
}

void vmcore_print_usage_line(FILE *out)
{
	fputs("usage: vmcore-dmesg [OPTION]... FILE\n", out);
}

void vmcore_print_usage(FILE *out)
{
	vmcore_print_usage_line(out);
	fputs("Print the kernel's log out of FILE, such as /proc/vmcore.\n\n", out);
	for (size_t i = 0; i < vmcore_option_count; i++)
		fprintf(out, "  --%-10s %s\n", vmcore_option_table[i].name,
			vmcore_option_table[i].help);
}

static int take_option(const char *name, struct options *options, struct err *err)
{
	for (size_t i = 0; i < vmcore_option_count; i++) {
		if (strcmp(name, vmcore_option_table[i].name) == 0) {
			*(bool *)((uint8_t *)options + vmcore_option_table[i].field) = true;
			return ST_OK;
		}
	}
	return err_set(err, ST_USAGE, "option-unknown", "there is no option --%s", name);
}

int vmcore_options_parse(int argc, char **argv, struct options *ret, struct err *err)
{
	struct options options = { .path = NULL };
	bool options_end = false;
	size_t files = 0;

	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];
		int status;

		if (!options_end && strcmp(word, "--") == 0) {
			options_end = true;
		} else if (!options_end && strncmp(word, "--", 2) == 0) {
			status = take_option(word + 2, &options, err);
			if (status != ST_OK)
				return status;
			if (options.help || options.version)
				break;
		} else {
			options.path = word;
			files++;
		}
	}
	if (files != 1 && !options.help && !options.version)
		return err_set(err, ST_USAGE, "argument-count",
			"one file is wanted, %zu were named", files);
	*ret = options;
	return ST_OK;
}
