/* SPDX-License-Identifier: GPL-2.0-only */
/* The verbs. Each returns an enum status; main.c turns that into an exit status. */
#ifndef KEXEC_CMD_LOAD_H
#define KEXEC_CMD_LOAD_H

#include <stdio.h>

#include "kexec/cmd/request.h"
#include "kexec/syscall/kexec_load.h"
#include "lib/err.h"

/* Where the verbs talk to; main.c passes stdout, stderr and the real system calls. */
struct cmd_io {
	FILE *out;
	FILE *err;
	const struct syscall_ops *syscalls;
};

/*
 * kexec -p KERNEL: read, describe, plan, load, verify. With --dry-run stop before the call
 * and print the plan to io->out. A sysroot that is not the live root is refused without
 * --dry-run (ST_USAGE). Success means that the armed image is right.
 */
int load_crash(const struct request *request, const struct cmd_io *io, struct err *err);

/* kexec -p -u */
int unload_crash(const struct request *request, const struct cmd_io *io, struct err *err);

#endif
