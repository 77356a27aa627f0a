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

/* Say in err's hint which of the checks behind this EPERM or EACCES it was, of a load or unload of
 * the crash image or the other, by kexec_file_load(2) or by kexec_load(2). The kernel is asked
 * whether it has the call that lockdown leaves. */
void refusal_explain_denied(const struct syscall_ops *ops, const struct kexec_state *state,
	int errnum, bool crash, bool by_file, struct err *err);

/* Say in err's hint what kept the kernel busy. crash: of the crash image, not the other. */
void refusal_explain_busy(const struct kexec_state *state, bool crash, struct err *err);

/* Say in err's hint what is wrong about the signature, and the way without one, where there is
 * one: where nothing is locked down root may use kexec_load(2), which asks for none. The kernel is
 * asked whether it has that. */
void refusal_explain_signature(const struct syscall_ops *ops, const struct kexec_state *state,
	const char *wrong, struct err *err);

#endif
