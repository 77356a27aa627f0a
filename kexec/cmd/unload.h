/* SPDX-License-Identifier: GPL-2.0-only */
/* kexec -u, kexec -p -u */
#ifndef KEXEC_CMD_UNLOAD_H
#define KEXEC_CMD_UNLOAD_H

#include "kexec/cmd/cmd_io.h"
#include "kexec/request.h"
#include "lib/err.h"
#include "lib/sysroot.h"

/* Remove the image for a restart, or with request->crash the one for a panic. Nothing loaded is
 * fine. ST_USAGE for a sysroot; else as kexec_file_unload() and kexec_load_unload(). */
int unload_kernel(const struct request *request, const struct cmd_io *io, struct err *err);

/* The same from a root that is open, which is taken for the machine of io->syscalls. */
int unload_from(const struct request *request, const struct sysroot *root, const struct cmd_io *io,
	struct err *err);

#endif
