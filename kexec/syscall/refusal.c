// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/syscall/refusal.h"

#include <errno.h>

#define BUSY_WAIT_MS 100
#define BUSY_TRIES   (REFUSAL_BUSY_SECONDS * 1000 / BUSY_WAIT_MS)

bool refusal_call_again(const struct syscall_ops *ops, int errnum, unsigned int *tries)
{
	if (errnum != EBUSY || ++*tries == BUSY_TRIES)
		return false;
	ops->sleep_ms(ops->context, BUSY_WAIT_MS);
	return true;
}

int refusal_status(int errnum)
{
	switch (errnum) {
	case EPERM:
	case EACCES:
		return ST_DENIED;
	case ENOSYS:
		return ST_UNSUPPORTED;
	default:
		return ST_SYSTEM;
	}
}

/* In the kernel's order (kernel/kexec.c:kexec_load_check, kernel/kexec_file.c). */
void refusal_explain_denied(
	const struct kexec_state *state, bool crash, bool by_file, struct err *err)
{
	int64_t limit = crash ? state->load_limit_panic : state->load_limit_reboot;
	bool locked = kexec_state_locked_down(state);

	if (state->load_disabled == 1)
		err_hint(err,
			"the sysctl kernel.kexec_load_disabled is 1, and only a reboot clears it");
	else if (limit == 0)
		err_hint(err,
			"the sysctl kernel.kexec_load_limit_%s is 0: no load is left until the "
			"next boot",
			crash ? "panic" : "reboot");
	else if (locked && by_file)
		err_hint(err,
			"the kernel is locked down (%s), as under Secure Boot: it takes only a "
			"kernel that is signed with a key it trusts, or one that IMA appraises",
			state->lockdown);
	else if (locked)
		err_hint(err,
			"the kernel is locked down (%s), as under Secure Boot: only "
			"kexec_file_load(2) with a signed kernel is allowed (-s)",
			state->lockdown);
	else
		err_hint(err,
			"run as root with CAP_SYS_BOOT, outside of containers and udev rules; "
			"else a security module (IMA, SELinux) refused: see the kernel log");
}

void refusal_explain_busy(struct err *err)
{
	err_hint(err, "another load or a hotplug event held the kernel's lock for %d seconds",
		REFUSAL_BUSY_SECONDS);
}
