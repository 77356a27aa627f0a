/* SPDX-License-Identifier: GPL-2.0-only */
/* What is loaded, and what the kernel thinks of it. */
#ifndef KEXEC_CMD_STATUS_H
#define KEXEC_CMD_STATUS_H

#include "kexec/cmd/cmd_io.h"
#include "kexec/request.h"
#include "lib/err.h"

/*
 * kexec -S: *ret_answer is 1 when the image for a restart, or with request->crash the one for a
 * panic, is loaded, else 0: scripts take it from the exit status. --status=text and =json also
 * print all that is known, of both (doc/status-schema.md). ST_SYSTEM when the kernel does not
 * say whether one is loaded; ST_BAD_INPUT when it says something else.
 */
int show_status(
	const struct request *request, const struct cmd_io *io, int *ret_answer, struct err *err);

/* kexec --print-ckr-size: the bytes of the reservation that segments go to, 0 when there is none
 * or it cannot be told; the latter is a warning. ST_OK, or errors of sysroot_new(). */
int show_crash_size(const struct request *request, const struct cmd_io *io, struct err *err);

#endif
