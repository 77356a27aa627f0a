// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/syscall/kexec_load.h"

#include <errno.h>

#include "kexec/syscall/refusal.h"

static int call_kernel(const struct syscall_ops *ops, uint64_t entry, size_t count,
	const struct kexec_segment_abi *segments, uint64_t flags)
{
	unsigned int tries = 0;
	int errnum;

	do
		errnum = ops->kexec_load(ops->context, entry, count, segments, flags);
	while (refusal_call_again(ops, errnum, &tries));
	return errnum;
}

/* Sort an errno and say what is likely behind it. */
static int explain(const struct syscall_ops *ops, int errnum, uint64_t flags,
	const struct kexec_state *state, const char *what, struct err *err)
{
	int status = refusal_status(errnum);
	bool crash = flags & KEXEC_ON_CRASH;

	err_set_errno(err, status, "kexec-load-failed", errnum, "%s failed", what);
	switch (errnum) {
	case EPERM:
	case EACCES:
		refusal_explain_denied(ops, state, errnum, crash, false, err);
		break;
	case EBUSY:
		refusal_explain_busy(state, crash, err);
		break;
	case ENOSYS:
		err_hint(err,
			"the kernel has no kexec_load(2): it needs CONFIG_KEXEC, which on arm64 "
			"exists only with CONFIG_SUSPEND or CONFIG_HIBERNATION");
		break;
	case EADDRNOTAVAIL:
		err_hint(err,
			crash ? "the kernel's crash region is not what /proc/iomem said: it was "
				"resized or removed meanwhile (kexec_crash_size)"
			      : "the kernel does not take one of the addresses: see its log");
		break;
	case ENOMEM:
		err_hint(err,
			crash ? "the kernel found no room for its own pages in the crash region, "
				"or is out of memory: reserve more with crashkernel="
			      : "the kernel keeps the image in memory of its own until the "
				"restart, and has not enough free");
		break;
	case EINVAL:
		err_hint(err,
			flags & KEXEC_PRESERVE_CONTEXT
				? "the kernel cannot be come back to: it needs CONFIG_KEXEC_JUMP"
				: "the kernel does not know one of the flags, or the segments are "
				  "more than half of its memory: see the kernel log");
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
	return errnum ? explain(ops, errnum, plan->flags, state, "kexec_load", err) : ST_OK;
}

int kexec_load_unload(
	const struct syscall_ops *ops, bool crash, const struct kexec_state *state, struct err *err)
{
	/* Without an architecture, which a kernel takes for its own. */
	uint64_t flags = crash ? KEXEC_ON_CRASH : 0;
	int errnum = call_kernel(ops, 0, 0, NULL, flags);

	return errnum ? explain(ops, errnum, flags, state, "kexec unload", err) : ST_OK;
}
