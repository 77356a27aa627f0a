/* SPDX-License-Identifier: GPL-2.0-only */
/* What -v and -h print. */
#ifndef KEXEC_CMD_USAGE_H
#define KEXEC_CMD_USAGE_H

#include <stdio.h>

void print_version(FILE *out);
void print_usage(FILE *out);

#endif
