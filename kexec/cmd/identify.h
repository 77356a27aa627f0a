/* SPDX-License-Identifier: GPL-2.0-only */
/* What a file is, for people and programs. */
#ifndef KEXEC_CMD_IDENTIFY_H
#define KEXEC_CMD_IDENTIFY_H

#include "kexec/cmd/cmd_io.h"
#include "kexec/request.h"
#include "lib/err.h"

/*
 * kexec --identify FILE: its layers, sizes, limits and parts, what can boot it, and by which
 * system call. --identify=json prints the object of doc/identify-schema.md, also for a file that
 * is no kernel for this program, and then fails with the reason all the same. Errors of
 * image_describe() and of sysroot_read().
 */
int identify_file(const struct request *request, const struct cmd_io *io, struct err *err);

#endif
