/* SPDX-License-Identifier: GPL-2.0-only */
/* kexec --load-jump-back-helper */
#ifndef KEXEC_CMD_WAY_BACK_H
#define KEXEC_CMD_WAY_BACK_H

#include "kexec/cmd/cmd_io.h"
#include "kexec/request.h"
#include "lib/err.h"
#include "lib/sysroot.h"

/*
 * In a kernel that was jumped to, load what leads back to the one that waits: where request says,
 * or the running command line. ST_USAGE where none waits, when something is loaded already, and for
 * a sysroot; ST_UNSUPPORTED; else as kexec_load_plan(), and errors of reading the machine.
 */
int load_way_back(const struct request *request, const struct cmd_io *io, struct err *err);

/* The same from a root that is open, which is taken for the machine of io->syscalls. */
int load_way_back_from(const struct request *request, const struct sysroot *root,
	const struct cmd_io *io, struct err *err);

#endif
