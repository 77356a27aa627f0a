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
#include "lib/sysroot.h"

/* Values of the 0/1 files. */
#define STATE_UNKNOWN (-1) /* the file is not there or cannot be read */

struct kexec_state {
	int loaded;	  /* 0, 1, STATE_UNKNOWN */
	int crash_loaded; /* 0, 1, STATE_UNKNOWN */
	/* Bytes that the kernel wants for the elfcorehdr segment; 0 when there is no such
	 * file, which means that the kernel does not do crash hotplug. */
	uint64_t crash_elfcorehdr_size;
	int cpu_hotplug;	   /* /sys/devices/system/cpu/crash_hotplug */
	int memory_hotplug;	   /* /sys/devices/system/memory/crash_hotplug */
	struct rangeset crash_cma; /* crash_cma_ranges; normalized */
	int load_disabled;	   /* sysctl kernel.kexec_load_disabled */
	int64_t load_limit_panic;  /* sysctl kernel.kexec_load_limit_panic; -1 is no limit */
	int64_t load_limit_reboot; /* sysctl kernel.kexec_load_limit_reboot; likewise */
	char lockdown[24];	   /* "none", "integrity", "confidentiality"; "" when not known */
};

void kexec_state_done(struct kexec_state *state);

/* A missing file is no error; one that is there and makes no sense is ST_BAD_INPUT. */
int kexec_state_read(const struct sysroot *root, struct kexec_state *ret, struct err *err);

/* Does the kernel say that it will keep the elfcorehdr of the armed image true by itself? */
bool kexec_state_hotplug_armed(const struct kexec_state *state);

/* Does lockdown forbid kexec_load(2)? Both levels do (security/lockdown/lockdown.c). */
bool kexec_state_locked_down(const struct kexec_state *state);

#endif
