/* SPDX-License-Identifier: GPL-2.0-only */
/* kexec -l, kexec -p: from the files that the user named to the armed image. */
#ifndef KEXEC_CMD_LOAD_H
#define KEXEC_CMD_LOAD_H

#include "kexec/cmd/cmd_io.h"
#include "kexec/request.h"
#include "lib/err.h"
#include "lib/sysroot.h"

/*
 * Read, describe, plan, load, verify. With --dry-run stop before the call and print the plan to
 * io->out. A sysroot that is not the live root is refused without --dry-run (ST_USAGE). Success
 * means that the armed image is right.
 */
int load_kernel(const struct request *request, const struct cmd_io *io, struct err *err);

/* The same from a root that is open, which is taken for the machine of io->syscalls: for
 * load_kernel(), and for tests that bring both. */
int load_from(const struct request *request, const struct sysroot *root, const struct cmd_io *io,
	struct err *err);

#endif
