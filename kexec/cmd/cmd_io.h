/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the verbs talk to; main.c passes stdout, stderr and the real system calls. */
#ifndef KEXEC_CMD_CMD_IO_H
#define KEXEC_CMD_CMD_IO_H

#include <stdio.h>

#include "kexec/syscall/syscall_ops.h"
#include "lib/report.h"

struct cmd_io {
	FILE *out;
	FILE *err;
	const struct syscall_ops *syscalls;
};

/* The choices in report, one line each, to io->err: for -d. */
void print_choices(const struct cmd_io *io, const struct report *report);

/* The warnings of report, one line each, to io->err. */
void print_warnings(const struct cmd_io *io, const struct report *report);

#endif
