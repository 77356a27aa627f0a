/* SPDX-License-Identifier: GPL-2.0-only */
/* What stands against a crash load by either system call. */
#ifndef KEXEC_PLAN_CRASH_H
#define KEXEC_PLAN_CRASH_H

#include "kexec/plan/plan.h"
#include "kexec/system/machine.h"
#include "lib/err.h"
#include "lib/report.h"

/* Nothing is reserved for a crash kernel; the hint tells why, where the running kernel was asked to
 * do it. Returns ST_NO_CRASH_MEM. */
int crash_region_missing(const struct machine *machine, struct err *err);

/* The kernel does not offer to keep the elfcorehdr true. Returns ST_UNSUPPORTED. */
int crash_hotplug_missing(const struct machine *machine, struct err *err);

/* Set plan->load_region, and all of it as the room. ST_NO_CRASH_MEM, ST_UNSUPPORTED,
 * ST_BAD_INPUT, ST_NO_MEMORY. */
int crash_choose_region(const struct plan_inputs *inputs, struct plan *plan, struct report *report,
	struct err *err);

#endif
