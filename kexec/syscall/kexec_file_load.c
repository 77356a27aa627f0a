// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/syscall/kexec_file_load.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "kexec/syscall/refusal.h"

static int call_kernel(const struct syscall_ops *ops, const struct file_load *what, uint64_t flags)
{
	size_t cmdline_size = what->cmdline ? strlen(what->cmdline) + 1 : 0;
	unsigned int tries = 0;
	int errnum;

	do
		errnum = ops->kexec_file_load(ops->context, what->kernel, what->initrd,
			cmdline_size, what->cmdline, flags);
	while (refusal_call_again(ops, errnum, &tries));
	return errnum;
}

/* Advice by errno; the signature ones are those of crypto/asymmetric_keys/. */
static const char *advice(int errnum)
{
	switch (errnum) {
	case ENOSYS:
		return "the kernel has no kexec_file_load(2): it needs CONFIG_KEXEC_FILE";
	case EINVAL:
	case ENOEXEC:
	case ENOTSUP:
		return "the kernel does not take this image: its kind, page size or byte order, or "
		       "the running device tree; see the kernel log";
	case ENOKEY:
		return "the image is signed with a key that is in none of the kernel's keyrings "
		       "(.builtin_trusted_keys, .secondary_trusted_keys, .platform)";
	case EKEYREJECTED:
	case EKEYEXPIRED:
	case EKEYREVOKED:
		return "the image's signature is not valid, or its key is not trusted any more "
		       "(.blacklist, dbx)";
	case ENODATA:
	case EBADMSG:
	case ELIBBAD:
		return "the image has no signature, or a damaged one, and this kernel wants one "
		       "(CONFIG_KEXEC_SIG_FORCE, Secure Boot)";
	case ENOPKG:
		return "the image's signature uses an algorithm that this kernel lacks";
	case EADDRNOTAVAIL:
		return "the image does not fit (the crash region, see --print-ckr-size), or it is "
		       "an unsigned PE file and this kernel wants a signature: see the kernel log";
	case ENOMEM:
		return "the kernel is out of memory, or found no room in the crash region";
	case ETXTBSY:
		return "another program has the file open for writing";
	case EFBIG:
	case E2BIG:
	case EMSGSIZE:
		return "a file or the command line is larger than the kernel takes";
	default:
		return "see the kernel log";
	}
}

static int explain(int errnum, bool unusable, bool crash, const struct kexec_state *state,
	const char *what, struct err *err)
{
	int status = refusal_status(errnum);

	if (unusable)
		status = err_set_errno(
			err, ST_UNSUPPORTED, "file-load-unusable", errnum, "%s failed", what);
	else
		err_set_errno(err, status, "kexec-file-load-failed", errnum, "%s failed", what);
	if (status == ST_DENIED)
		refusal_explain_denied(state, crash, true, err);
	else if (errnum == EBUSY)
		refusal_explain_busy(err);
	else
		err_hint(err, "%s", advice(errnum));
	return status;
}

static bool is_unusable(int errnum)
{
	return errnum == ENOSYS || errnum == EINVAL || errnum == ENOEXEC || errnum == ENOTSUP;
}

/*
 * The kernel frees the armed image before it looks at the new one. So it is offered that as one
 * for a restart first, where a refusal changes nothing, with an initrd that is none: it reads the
 * kernel, looks at its kind and its signature, and only then ends with EBADF
 * (kernel/kexec_file.c:kimage_file_prepare_segments). Any other answer is the one to come.
 */
static int ask(const struct syscall_ops *ops, const struct file_load *what,
	const struct kexec_state *state, struct report *report)
{
	const struct file_load offer = { .kernel = what->kernel, .initrd = -1 };
	int errnum;

	/* Where loads are counted it would cost one. */
	if (!what->crash || state->crash_loaded != 1 || state->load_limit_reboot != LOAD_LIMIT_NONE)
		return 0;
	errnum = call_kernel(ops, &offer, 0);
	if (errnum && errnum != EBADF)
		return errnum;
	report_add(report, REPORT_CHOICE, "syscall",
		"kexec_file_load takes the kernel, which was asked before the armed one is freed");
	return 0;
}

int kexec_file_load(const struct syscall_ops *ops, const struct file_load *what,
	const struct kexec_state *state, struct report *report, struct err *err)
{
	uint64_t flags = (what->crash ? KEXEC_FILE_ON_CRASH : 0) |
			 (what->initrd < 0 ? KEXEC_FILE_NO_INITRAMFS : 0) |
			 (what->no_cma ? KEXEC_FILE_NO_CMA : 0);
	int64_t limit = what->crash ? state->load_limit_panic : state->load_limit_reboot;
	int errnum;

	report_add(report, REPORT_CHOICE, "syscall",
		"kexec_file_load: flags = 0x%" PRIx64 ", command line: %s", flags,
		what->cmdline ? what->cmdline : "none");
	errnum = ask(ops, what, state, report);
	if (errnum)
		return explain(
			errnum, is_unusable(errnum), what->crash, state, "kexec_file_load", err);
	errnum = EINVAL;
	/* Where loads are counted a try for the sake of more messages would cost one. */
	if (what->debug && limit == LOAD_LIMIT_NONE)
		errnum = call_kernel(ops, what, flags | KEXEC_FILE_DEBUG);
	if (errnum == EINVAL)
		errnum = call_kernel(ops, what, flags);
	if (errnum == EINVAL && what->no_cma) {
		errnum = call_kernel(ops, what, flags & ~(uint64_t)KEXEC_FILE_NO_CMA);
		if (!errnum)
			report_add(report, REPORT_WARNING, "syscall",
				"--no-cma: the running kernel does not know that");
	}
	if (!errnum)
		return ST_OK;
	return explain(errnum, is_unusable(errnum), what->crash, state, "kexec_file_load", err);
}

int kexec_file_probe(const struct syscall_ops *ops, int kernel)
{
	const struct file_load probe = { .kernel = kernel, .initrd = -1 };

	return call_kernel(ops, &probe, KEXEC_FILE_NO_INITRAMFS);
}

int kexec_file_unload(
	const struct syscall_ops *ops, bool crash, const struct kexec_state *state, struct err *err)
{
	const struct file_load nothing = { .kernel = -1, .initrd = -1 };
	uint64_t flags = KEXEC_FILE_UNLOAD | (crash ? KEXEC_FILE_ON_CRASH : 0);
	int errnum = call_kernel(ops, &nothing, flags);

	return errnum ? explain(errnum, errnum == ENOSYS, crash, state, "kexec_file_load(unload)",
				err)
		      : ST_OK;
}
