/* SPDX-License-Identifier: GPL-2.0-only */
/* kexec_load(2) (kernel/kexec.c): a sealed plan goes in. */
#ifndef KEXEC_SYSCALL_KEXEC_LOAD_H
#define KEXEC_SYSCALL_KEXEC_LOAD_H

#include <stdint.h>

#include "kexec/plan/plan.h"
#include "kexec/syscall/syscall_ops.h"
#include "kexec/system/kexec_state.h"
#include "lib/err.h"

/*
 * Load a sealed plan. EBUSY (another load, or a hotplug event, holds the kernel's lock) is
 * retried for about five seconds. Any other errno becomes a sentence about its likely cause
 * here; state is what was known of the kernel before the call. The text holds the words of
 * strerror(). ST_DENIED, ST_UNSUPPORTED, ST_SYSTEM.
 */
int kexec_load_plan(const struct syscall_ops *ops, const struct plan *plan,
	const struct kexec_state *state, struct err *err);

/* Remove the image for a restart, or the one for a panic; that there is none is fine. Errors as
 * above. */
int kexec_load_unload(const struct syscall_ops *ops, bool crash, const struct kexec_state *state,
	struct err *err);

#endif
