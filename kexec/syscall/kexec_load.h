/* SPDX-License-Identifier: GPL-2.0-only */
/* The one place that changes the machine: kexec_load(2) (kernel/kexec.c). */
#ifndef KEXEC_SYSCALL_KEXEC_LOAD_H
#define KEXEC_SYSCALL_KEXEC_LOAD_H

#include <stddef.h>
#include <stdint.h>

#include "kexec/plan/plan.h"
#include "kexec/system/kexec_state.h"
#include "lib/err.h"

/* struct kexec_segment of include/uapi/linux/kexec.h as a 64-bit kernel has it. */
struct kexec_segment_abi {
	uint64_t buf;
	uint64_t bufsz;
	uint64_t mem;
	uint64_t memsz;
};

/*
 * The edge to the kernel. syscall_linux is the real one; tests bring their own to see what
 * would have been passed and to answer with any errno. Both return 0 or an errno, positive.
 */
struct syscall_ops {
	int (*kexec_load)(void *context, uint64_t entry, size_t count,
		const struct kexec_segment_abi *segments, uint64_t flags);
	/* Does the kernel have kexec_file_load(2)? 0 or 1. Burns one count of
	 * kernel.kexec_load_limit_reboot where that is set. */
	int (*has_file_load)(void *context);
	void (*sleep_ms)(void *context, unsigned int ms);
	void *context;
};

extern const struct syscall_ops syscall_linux;

/*
 * Load a sealed plan. EBUSY (another load, or a hotplug event, holds the kernel's lock) is
 * retried for about five seconds. Any other errno becomes a sentence about its likely cause
 * here; state is what was known of the kernel before the call. The text holds the words of
 * strerror(). ST_DENIED, ST_UNSUPPORTED, ST_SYSTEM.
 */
int kexec_load_plan(const struct syscall_ops *ops, const struct plan *plan,
	const struct kexec_state *state, struct err *err);

/* Remove the crash image; that there is none is fine. Errors as above. */
int kexec_unload_crash(const struct syscall_ops *ops, uint32_t kexec_arch,
	const struct kexec_state *state, struct err *err);

#endif
