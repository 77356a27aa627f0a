/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * makedumpfile, which most systems write their dumps with: the version that is installed. It knows
 * the kernels of its own time only, and says so when the dump is there and nothing can be changed.
 */
#ifndef KEXEC_SYSTEM_DUMP_FILTER_H
#define KEXEC_SYSTEM_DUMP_FILTER_H

#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/sysroot.h"

/* "1.7.8" is { 1, 7, 8 }; { 0, 0, 0 } when it is not installed, or does not say. */
struct dump_filter {
	const char *path; /* of the program; static; NULL without one */
	uint16_t version[3];
};

/* Look for it where distributions have it, and for the version in it: the program is not run.
 * ST_NO_MEMORY; that there is none, or none that can be read, is no error. */
int dump_filter_read(const struct sysroot *root, struct dump_filter *ret, struct err *err);

/* The same of the bytes of a program; path is left alone. */
void dump_filter_parse(struct span program, struct dump_filter *ret);

#endif
