/* SPDX-License-Identifier: GPL-2.0-only */
/* After the system call: did it take, and is what was loaded still true? */
#ifndef KEXEC_CMD_VERIFY_H
#define KEXEC_CMD_VERIFY_H

#include <stdbool.h>

#include "kexec/syscall/syscall_ops.h"
#include "kexec/system/machine.h"
#include "lib/err.h"
#include "lib/sysroot.h"

/*
 * The kernel says that an image is loaded, with crash that for a panic, and, with hotplug, that it
 * will keep its elfcorehdr true. Both files also read 0 while the kernel's lock is held, so a 0
 * is read again for about two seconds. ST_SYSTEM; ST_BAD_INPUT when the kernel says something else.
 */
int verify_armed(const struct sysroot *root, bool crash, bool hotplug,
	const struct syscall_ops *ops, struct err *err);

/*
 * The memory map and the CPUs are those that the plan was made from. An event while the
 * kernel's lock was held is lost to it (kernel/crash_core.c), so a difference means that the
 * header may be stale: ST_CHANGED says what is different. Otherwise errors of reading.
 */
int verify_unchanged(const struct sysroot *root, const struct machine *before, struct err *err);

#endif
