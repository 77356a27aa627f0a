/* SPDX-License-Identifier: GPL-2.0-only */
/* CPUs as the crash dump sees them: /sys/devices/system/cpu (drivers/base/cpu.c). */
#ifndef KEXEC_SYSTEM_CPUS_H
#define KEXEC_SYSTEM_CPUS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/report.h"
#include "lib/sysroot.h"

/* Ids from a list such as "0-3,8": ascending, no duplicates. */
struct cpulist {
	uint32_t *ids; /* owned */
	size_t count;
};

/* Where the kernel saves the registers of one CPU at a crash. */
struct cpu_notes {
	uint32_t cpu;
	uint64_t paddr;
	uint64_t size;
};

struct cpus {
	struct cpulist possible; /* all that may ever run in this boot */
	struct cpulist present;	 /* a subset of it */
	struct cpu_notes *notes; /* owned; one for each CPU that has a folder, ascending */
	size_t notes_count;
};

void cpulist_done(struct cpulist *list);

/*
 * Parse a kernel cpulist (lib/bitmap.c: decimal, ranges with "-", separated by commas; an
 * empty list is legal). ST_BAD_INPUT when it is not that, or names a CPU above 65535;
 * ST_NO_MEMORY.
 */
int cpulist_parse(struct span text, struct cpulist *ret, struct err *err);

void cpus_done(struct cpus *cpus);

/*
 * Read possible and present CPUs and, for every possible CPU that has a folder, where its
 * crash notes lie. Ids may be sparse. crash_notes is hex without 0x, crash_notes_size decimal
 * and read once, since it is the same for all. A CPU without a folder is possible but not
 * plugged: it is skipped, with a REPORT_CHOICE. Not one note is ST_UNSUPPORTED; an address of
 * 0 is ST_DENIED, since that is how the kernel hides it. Otherwise errors of the sysroot.
 */
int cpus_read(const struct sysroot *root, struct cpus *ret, struct report *report, struct err *err);

#endif
