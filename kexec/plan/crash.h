/* SPDX-License-Identifier: GPL-2.0-only */
/* What stands against a crash load by either system call. */
#ifndef KEXEC_PLAN_CRASH_H
#define KEXEC_PLAN_CRASH_H

#include "kexec/system/machine.h"
#include "lib/err.h"

/* Nothing is reserved for a crash kernel; the hint tells why, where the running kernel was asked to
 * do it. Returns ST_NO_CRASH_MEM. */
int crash_region_missing(const struct machine *machine, struct err *err);

/* The kernel does not offer to keep the elfcorehdr true. Returns ST_UNSUPPORTED. */
int crash_hotplug_missing(const struct machine *machine, struct err *err);

#endif
