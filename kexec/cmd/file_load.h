/* SPDX-License-Identifier: GPL-2.0-only */
/* The files for kexec_file_load(2). */
#ifndef KEXEC_CMD_FILE_LOAD_H
#define KEXEC_CMD_FILE_LOAD_H

#include "kexec/plan/plan.h"
#include "kexec/syscall/syscall_ops.h"
#include "lib/err.h"
#include "lib/report.h"

/*
 * Load what inputs and plan, made by plan_file(), say. A kernel file that the system call takes
 * as it is goes in by its own descriptor, with the signatures that are attached to it, and so does
 * the initrd that the user named; what was unpacked, by a sealed copy in memory. The descriptors
 * are those that inputs was read from, since a path may lead elsewhere by now; initrd is -1 where
 * none was named. Errors of kexec_file_load() and memfd_sealed().
 */
int file_load(const struct plan_inputs *inputs, const struct plan *plan, int kernel, int initrd,
	const struct syscall_ops *ops, struct report *report, struct err *err);

#endif
