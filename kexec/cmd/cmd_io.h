/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the verbs talk to; main.c passes stdout, stderr and the real system calls. */
#ifndef KEXEC_CMD_CMD_IO_H
#define KEXEC_CMD_CMD_IO_H

#include <stdio.h>

#include "kexec/syscall/syscall_ops.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/report.h"
#include "lib/sysroot.h"

struct cmd_io {
	FILE *out;
	FILE *err;
	const struct syscall_ops *syscalls;
};

/* The choices in report, one line each, to io->err: for -d. */
void print_choices(const struct cmd_io *io, const struct report *report);

/* The warnings of report, one line each, to io->err. */
void print_warnings(const struct cmd_io *io, const struct report *report);

/* A text for out that was made in memory with this result, of which the one failure is
 * ST_NO_MEMORY: write it, free it, and return the result. */
int print_made(int result, struct blob *text, FILE *out, struct err *err);

/* Open the root of this machine, for what can be done to no other: with dir, of --sysroot=, that is
 * another it is ST_USAGE, and why not is what the user is told. Else as sysroot_new(). */
int open_live_root(const char *dir, const char *why_not, struct sysroot **ret, struct err *err);

#endif
