/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the running kernel says about kexec itself: /sys/kernel/kexec/ (since 6.19) or the
 * older names in /sys/kernel/, the crash_hotplug files, the sysctls
 * (Documentation/ABI/testing/sysfs-kernel-kexec-kdump,
 * Documentation/admin-guide/sysctl/kernel.rst).
 */
#ifndef KEXEC_SYSTEM_KEXEC_STATE_H
#define KEXEC_SYSTEM_KEXEC_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/err.h"
#include "lib/rangeset.h"
#include "lib/report.h"
#include "lib/sysroot.h"

/* Values of the 0/1 files. */
#define STATE_UNKNOWN (-1) /* the file is not there, cannot be read, or says something else */

/* Values of a load limit. */
#define LOAD_LIMIT_NONE	   (-1)
#define LOAD_LIMIT_UNKNOWN (-2) /* the file says something that is no limit */

/* Can the running kernel stop every CPU but one, as it must before a restart by kexec? */
enum cpus_stop { CPUS_STOP_UNKNOWN, CPUS_STOP_YES, CPUS_STOP_NO };

/* What helps where it cannot. nr_cpus= and not maxcpus=, which leaves the CPUs possible. */
#define CPUS_STOP_HELP "use firmware with PSCI, or boot the running kernel with nr_cpus=1"

struct kexec_state {
	int loaded;	  /* 0, 1, STATE_UNKNOWN */
	int crash_loaded; /* 0, 1, STATE_UNKNOWN */
	/* Bytes that the kernel wants for the elfcorehdr segment; 0 when there is no such file,
	 * which means that the kernel does not do crash hotplug, or when it is odd. */
	uint64_t crash_elfcorehdr_size;
	bool crash_elfcorehdr_size_odd; /* the file says something that is no size */
	int cpu_hotplug;		/* /sys/devices/system/cpu/crash_hotplug */
	int memory_hotplug;		/* /sys/devices/system/memory/crash_hotplug */
	int load_disabled;		/* sysctl kernel.kexec_load_disabled */
	int fadump; /* POWER's firmware keeps memory for a dump, in place of a crash region */
	int64_t load_limit_panic;  /* sysctl kernel.kexec_load_limit_panic, LOAD_LIMIT_* */
	int64_t load_limit_reboot; /* sysctl kernel.kexec_load_limit_reboot, likewise */
	char lockdown[24];	   /* "none", "integrity", "confidentiality"; "" when not known */
	bool lockdown_odd;	   /* the file says something else */
	enum cpus_stop cpus_stop;  /* by who reads it (cpu_methods.h); else not known */
};

/*
 * Read all of it. Each part is worth something without the others, so that none is a failure: a
 * file that is missing leaves its field at "not known", and so does one that is there and makes no
 * sense or fails to be read, with a warning in report.
 */
void kexec_state_read(const struct sysroot *root, struct kexec_state *ret, struct report *report);

/*
 * Whether the image for a restart, or with crash the one for a panic, is loaded: 0, 1,
 * STATE_UNKNOWN. *ret_path, static, is the file that says so, or that would. ST_BAD_INPUT when it
 * says something else, ST_SYSTEM when reading it fails.
 */
int kexec_state_loaded(
	const struct sysroot *root, bool crash, int *ret, const char **ret_path, struct err *err);

/*
 * The crash_cma_ranges, normalized, into an empty set. A missing file is no error. One that cannot
 * be read or makes no sense is: memory that is lent to CMA would be in the dump, and change
 * underneath. ST_BAD_INPUT, ST_DENIED, ST_SYSTEM, ST_NO_MEMORY.
 */
int kexec_state_read_cma(const struct sysroot *root, struct rangeset *ret, struct err *err);

/* Does the kernel say that it will keep the elfcorehdr of the armed image true by itself? */
bool kexec_state_hotplug_armed(const struct kexec_state *state);

/* Does lockdown forbid kexec_load(2)? Both levels do (security/lockdown/lockdown.c). */
bool kexec_state_locked_down(const struct kexec_state *state);

#endif
