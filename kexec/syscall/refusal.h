/* SPDX-License-Identifier: GPL-2.0-only */
/* What the ways to load and to start have in common when the kernel says no. */
#ifndef KEXEC_SYSCALL_REFUSAL_H
#define KEXEC_SYSCALL_REFUSAL_H

#include <stdbool.h>

#include "kexec/syscall/syscall_ops.h"
#include "kexec/system/kexec_state.h"
#include "lib/err.h"

/*
 * After a call that answered errnum, the *tries-th counting from 0: wait and count if the kernel
 * was merely busy, and say whether to call again. EBUSY means that another load, a hotplug event
 * or a reader of crash_size holds the kernel's lock, each for milliseconds; it is given up after
 * REFUSAL_BUSY_SECONDS.
 */
#define REFUSAL_BUSY_SECONDS 5
bool refusal_call_again(const struct syscall_ops *ops, int errnum, unsigned int *tries);

/* The result code for errnum: ST_DENIED, ST_UNSUPPORTED (ENOSYS) or ST_SYSTEM. */
int refusal_status(int errnum);

/* Say in err's hint which of the checks behind EPERM and EACCES it was, of a load or unload of
 * the crash image or the other, by kexec_file_load(2) or by kexec_load(2). */
void refusal_explain_denied(
	const struct kexec_state *state, bool crash, bool by_file, struct err *err);

/* Say in err's hint that the kernel stayed busy. */
void refusal_explain_busy(struct err *err);

#endif
