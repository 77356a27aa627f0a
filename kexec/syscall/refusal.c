// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/syscall/refusal.h"

#include <errno.h>
#include <string.h>

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
void refusal_explain_denied(const struct syscall_ops *ops, const struct kexec_state *state,
	int errnum, bool crash, bool by_file, struct err *err)
{
	int64_t limit = crash ? state->load_limit_panic : state->load_limit_reboot;
	bool locked = kexec_state_locked_down(state);

	if (state->load_disabled == 1)
		err_hint(err,
			"the sysctl kernel.kexec_load_disabled is 1, and only a reboot clears it");
	else if (limit == 0)
		err_hint(err,
			"the sysctl kernel.kexec_load_limit_%s is 0: no load is left until the "
			"next boot, and an unload counts as one",
			crash ? "panic" : "reboot");
	else if (errnum == EACCES && by_file)
		err_hint(err,
			"a security module does not let the file be used, such as IMA, whose "
			"policy may want a signature of its own (security.ima): see the kernel "
			"log");
	else if (locked && by_file)
		err_hint(err,
			"the kernel is locked down (%s), as under Secure Boot: it takes only a "
			"kernel that is signed with a key it trusts, or one that IMA appraises",
			state->lockdown);
	else if (locked && state->load_limit_reboot == LOAD_LIMIT_NONE &&
		 !ops->has_file_load(ops->context))
		err_hint(err,
			"the kernel is locked down (%s), as under Secure Boot, and lacks the one "
			"call that this leaves, kexec_file_load(2) (CONFIG_KEXEC_FILE)",
			state->lockdown);
	else if (locked)
		err_hint(err,
			"the kernel is locked down (%s), as under Secure Boot: only "
			"kexec_file_load(2) with a signed kernel is allowed, and to unload by it "
			"(-s)",
			state->lockdown);
	else if (errnum == EACCES && !by_file)
		err_hint(err, "a security module refused, such as IMA, which appraises kernels in "
			      "files: try kexec_file_load(2) (-s), and see the kernel log");
	else
		err_hint(err,
			"run as root with CAP_SYS_BOOT, outside of containers and udev rules; "
			"else a security module (IMA, SELinux) refused: see the kernel log");
}

#define LOCK_HELD "another load or a hotplug event held the kernel's lock for %d seconds"

/* A load for a restart ends so as well where CPUs would be left running
 * (arch/arm64/kernel/machine_kexec.c:machine_kexec_prepare). */
void refusal_explain_busy(const struct kexec_state *state, bool crash, struct err *err)
{
	if (crash)
		err_hint(err, LOCK_HELD, REFUSAL_BUSY_SECONDS);
	else if (state->cpus_stop == CPUS_STOP_YES)
		err_hint(err,
			LOCK_HELD
			"; or protected KVM runs (kvm-arm.mode=protected), and no kernel can "
			"follow this one",
			REFUSAL_BUSY_SECONDS);
	else
		err_hint(err,
			LOCK_HELD "; or the kernel cannot stop its other CPUs, and says so in its "
				  "log: " CPUS_STOP_HELP,
			REFUSAL_BUSY_SECONDS);
}

void refusal_explain_signature(const struct syscall_ops *ops, const struct kexec_state *state,
	const char *wrong, struct err *err)
{
	/* To ask counts as a load where loads are counted. */
	if (kexec_state_locked_down(state) ||
		(state->load_limit_reboot == LOAD_LIMIT_NONE && !ops->has_load(ops->context)))
		err_hint(err, "%s", wrong);
	else
		err_hint(err, "%s; %s-c loads it by kexec_load(2), which asks for no signature",
			wrong,
			strcmp(state->lockdown, "none") == 0
				? ""
				: "where the kernel is not locked down ");
}
