// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/syscall/kexec_load.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* EBUSY means that another load, a hotplug event or a reader of crash_size holds the kernel's
 * lock, each for milliseconds. */
#define BUSY_TRIES   50
#define BUSY_WAIT_MS 100

static int call_kernel(const struct syscall_ops *ops, uint64_t entry, size_t count,
	const struct kexec_segment_abi *segments, uint64_t flags)
{
	int errnum = EBUSY;

	for (int i = 0; i < BUSY_TRIES && errnum == EBUSY; i++) {
		if (i)
			ops->sleep_ms(ops->context, BUSY_WAIT_MS);
		errnum = ops->kexec_load(ops->context, entry, count, segments, flags);
	}
	return errnum;
}

/* The checks behind EPERM, in the kernel's order (kernel/kexec.c:kexec_load_check). */
static void explain_denied(const struct kexec_state *state, struct err *err)
{
	if (state->load_disabled == 1)
		err_hint(err,
			"the sysctl kernel.kexec_load_disabled is 1, and only a reboot clears it");
	else if (state->load_limit_panic == 0)
		err_hint(err,
			"the sysctl kernel.kexec_load_limit_panic is 0: no load is left until the "
			"next boot");
	else if (strcmp(state->lockdown, "integrity") == 0 ||
		 strcmp(state->lockdown, "confidentiality") == 0)
		err_hint(err,
			"the kernel is locked down (%s), as under Secure Boot: only "
			"kexec_file_load(2) with a signed kernel is allowed",
			state->lockdown);
	else
		err_hint(err,
			"run as root with CAP_SYS_BOOT, outside of containers; else a security "
			"module (IMA, SELinux) refused: see the kernel log");
}

/* Sort an errno and say what is likely behind it. */
static int explain(int errnum, const struct kexec_state *state, const char *what, struct err *err)
{
	int status = errnum == EPERM || errnum == EACCES ? ST_DENIED
		     : errnum == ENOSYS			 ? ST_UNSUPPORTED
							 : ST_SYSTEM;

	err_set_errno(err, status, "kexec-load-failed", errnum, "%s failed", what);
	switch (errnum) {
	case EPERM:
	case EACCES:
		explain_denied(state, err);
		break;
	case EBUSY:
		err_hint(err,
			"another load or a hotplug event held the kernel's lock for %d seconds",
			BUSY_TRIES * BUSY_WAIT_MS / 1000);
		break;
	case ENOSYS:
		err_hint(err,
			"the kernel has no kexec_load(2): it needs CONFIG_KEXEC, which on arm64 "
			"exists only with CONFIG_SUSPEND or CONFIG_HIBERNATION");
		break;
	case EADDRNOTAVAIL:
		err_hint(err,
			"the kernel's crash region is not what /proc/iomem said: it was resized "
			"or removed meanwhile (kexec_crash_size)");
		break;
	case ENOMEM:
		err_hint(err,
			"the kernel found no room for its own pages in the crash region, or is out "
			"of memory: reserve more with crashkernel=");
		break;
	case EINVAL:
		err_hint(err,
			"the kernel does not know one of the flags, or the segments are more than "
			"half of its memory: see the kernel log");
		break;
	case EFAULT:
		err_hint(err, "the kernel could not read the segments: out of memory?");
		break;
	default:
		err_hint(err, "see the kernel log");
		break;
	}
	return status;
}

int kexec_load_plan(const struct syscall_ops *ops, const struct plan *plan,
	const struct kexec_state *state, struct err *err)
{
	struct kexec_segment_abi segments[KEXEC_SEGMENT_MAX];
	int errnum;

	for (size_t i = 0; i < plan->segment_count; i++) {
		const struct segment *segment = &plan->segments[i];

		segments[i] = (struct kexec_segment_abi){
			.buf = (uintptr_t)segment->data.data,
			.bufsz = segment->data.size,
			.mem = segment->mem,
			.memsz = segment->memsz,
		};
	}
	errnum = call_kernel(ops, plan->entry, plan->segment_count, segments, plan->flags);
	return errnum ? explain(errnum, state, "kexec_load", err) : ST_OK;
}

int kexec_unload_crash(const struct syscall_ops *ops, uint32_t kexec_arch,
	const struct kexec_state *state, struct err *err)
{
	int errnum = call_kernel(ops, 0, 0, NULL, KEXEC_ON_CRASH | kexec_arch);

	return errnum ? explain(errnum, state, "kexec unload", err) : ST_OK;
}
