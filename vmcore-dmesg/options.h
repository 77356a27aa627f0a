/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line of vmcore-dmesg(8). --help, the option list of the manual and the shell
 * completions are made from the same table. */
#ifndef VMCORE_DMESG_OPTIONS_H
#define VMCORE_DMESG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "lib/err.h"

struct options {
	bool level;
	bool caller;
	bool json;
	bool utf8;
	bool help;
	bool version;
	const char *path; /* NULL with help or version */
};

struct option_row {
	const char *name;
	size_t field;	  /* offset of the bool that it sets */
	const char *help; /* one line */
	const char *more; /* what the manual says behind it; may be NULL */
};

extern const struct option_row vmcore_option_table[];
extern const size_t vmcore_option_count;

/* ST_USAGE with the id option-unknown or argument-count. With help or version
 * what comes behind is not looked at. */
int vmcore_options_parse(int argc, char **argv, struct options *ret, struct err *err);

void vmcore_print_usage_line(FILE *out);
void vmcore_print_usage(FILE *out);
void vmcore_print_version(FILE *out);

#endif
