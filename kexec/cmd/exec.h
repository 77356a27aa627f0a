/* SPDX-License-Identifier: GPL-2.0-only */
/* Leaving the running kernel. */
#ifndef KEXEC_CMD_EXEC_H
#define KEXEC_CMD_EXEC_H

#include "kexec/cmd/cmd_io.h"
#include "kexec/request.h"
#include "lib/err.h"
#include "lib/sysroot.h"

/*
 * kexec -e: write out file systems, take the network down, start the loaded kernel. Comes back on
 * failure, and from a kernel that was loaded to come back. ST_NOT_FOUND when nothing is loaded;
 * ST_USAGE for a sysroot; ST_DENIED, ST_SYSTEM.
 */
int exec_kernel(const struct request *request, const struct cmd_io *io, struct err *err);

/* The same, where root says whether something is loaded; request->sysroot does not count. */
int exec_from(const struct request *request, const struct sysroot *root, const struct cmd_io *io,
	struct err *err);

/*
 * What follows once the kernel is loaded. After kexec -f it is started as by kexec -e, after kexec
 * KERNEL this becomes the program that restarts the system, at whose end the init system starts the
 * loaded kernel: both come back on failure, ST_DENIED or ST_SYSTEM, the first one also as kexec -e
 * does. After kexec -l file
 * systems are written out; after -p and --dry-run there is nothing to do.
 */
int exec_after_load(const struct request *request, const struct cmd_io *io, struct err *err);

#endif
