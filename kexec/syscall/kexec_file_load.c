// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/syscall/kexec_file_load.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kexec/syscall/refusal.h"

static int call_with_cmdline(const struct syscall_ops *ops, const struct file_load *what,
	const char *cmdline, size_t size, uint64_t flags)
{
	unsigned int tries = 0;
	int errnum;

	do
		errnum = ops->kexec_file_load(
			ops->context, what->kernel, what->initrd, size, cmdline, flags);
	while (refusal_call_again(ops, errnum, &tries));
	return errnum;
}

static size_t cmdline_size(const struct file_load *what)
{
	return what->cmdline ? strlen(what->cmdline) + 1 : 0;
}

static int call_kernel(const struct syscall_ops *ops, const struct file_load *what, uint64_t flags)
{
	return call_with_cmdline(ops, what, what->cmdline, cmdline_size(what), flags);
}

/* What the kernel has said of the files when a call fails. */
enum question {
	QUESTION_NONE,	  /* it was not asked: this is about the files or about their place */
	QUESTION_REFUSED, /* this is about the files, and nothing was placed */
	QUESTION_PASSED,  /* it takes them */
};

#define UNSIGNED_PE "it is a PE file without a signature, and this kernel wants one"

/* Of answers that can be about the signature (crypto/asymmetric_keys/, lib/asn1_decoder.c): what is
 * wrong with it. Else NULL. */
static const char *wrong_with_signature(int errnum, enum question question, bool crash)
{
	switch (errnum) {
	case ENOKEY:
		return "the image is signed with a key that is in none of the kernel's keyrings "
		       "(.builtin_trusted_keys, .secondary_trusted_keys, .platform)";
	case EKEYREJECTED:
	case EKEYEXPIRED:
	case EKEYREVOKED:
		return "the image's signature is not valid, or its key is none that the kernel "
		       "trusts, or not any more (.blacklist, dbx)";
	case ENOPKG:
		return "the image's signature uses an algorithm that this kernel lacks";
	case ENODATA:
	case EBADMSG:
	case ELIBBAD:
		return "the image has no signature, or a damaged one, and this kernel wants one "
		       "(CONFIG_KEXEC_SIG_FORCE, Secure Boot)";
	case EADDRNOTAVAIL:
		if (question == QUESTION_REFUSED)
			return "the image is not signed: " UNSIGNED_PE;
		if (question == QUESTION_NONE)
			return crash ? "the image does not fit (the crash region, see "
				       "--print-ckr-size), or " UNSIGNED_PE ": see the kernel log"
				     : "the image does not fit into the memory that is free for "
				       "it, or " UNSIGNED_PE ": see the kernel log";
		return NULL;
	default:
		return NULL;
	}
}

static const char *advice(int errnum, enum question question, bool crash)
{
	switch (errnum) {
	case ENOSYS:
		return "the kernel has no kexec_file_load(2): it needs CONFIG_KEXEC_FILE";
	case EINVAL:
	case ENOEXEC:
	case ENOTSUP:
		return question == QUESTION_PASSED
			       ? "the kernel takes the image, but cannot use the running device "
				 "tree with it: see the kernel log"
			       : "the kernel does not take this image: its kind, page size or byte "
				 "order, or the running device tree; see the kernel log";
	case EADDRNOTAVAIL:
		return "the image does not fit into the crash region: see --print-ckr-size and "
		       "the kernel log";
	case ENOMEM:
		if (question == QUESTION_REFUSED)
			return "the kernel has no memory for a copy of the kernel and the initrd";
		return crash ? "the kernel has no memory for a copy of the kernel and the initrd, "
			       "or found no room for its own pages in the crash region"
			     : "the kernel has no memory for a copy of the kernel and the initrd, "
			       "and for another one until the restart";
	case ETXTBSY:
		return "another program has the kernel or the initrd open for writing: load again "
		       "when it is done, or load a copy";
	case EIO:
		return "the kernel or the initrd cannot be read from where it is stored: see the "
		       "kernel log";
	case EFBIG:
	case E2BIG:
	case EMSGSIZE:
		return "a file or the command line is larger than the kernel takes";
	default:
		return "see the kernel log";
	}
}

#define WORDS_SIZE (ERR_HINT_SIZE + 128)

/* A signature of the file is of all of it; the kernel sees that of what it is given only. */
static void add_wrapper(const char *words, const char *wrapper, char ret[WORDS_SIZE])
{
	snprintf(ret, WORDS_SIZE,
		"%s. A signature of the %s does not count, since only the kernel in it is loaded, "
		"which needs one of its own",
		words, wrapper);
}

static void explain_signature(const struct syscall_ops *ops, const struct kexec_state *state,
	const char *wrong, const char *wrapper, struct err *err)
{
	char words[WORDS_SIZE];

	if (wrapper)
		add_wrapper(wrong, wrapper, words);
	refusal_explain_signature(ops, state, wrapper ? words : wrong, err);
}

/* Where signatures are not enforced, lockdown is what misses them. */
static void explain_denied(const struct syscall_ops *ops, int errnum, const struct file_load *file,
	const struct kexec_state *state, struct err *err)
{
	int64_t limit = file->crash ? state->load_limit_panic : state->load_limit_reboot;
	char words[WORDS_SIZE];

	refusal_explain_denied(ops, state, errnum, file->crash, true, err);
	if (!err || !file->wrapper || !kexec_state_locked_down(state) ||
		state->load_disabled == 1 || limit == 0)
		return;
	add_wrapper(err->hint, file->wrapper, words);
	err_hint(err, "%s", words);
}

static int explain(const struct syscall_ops *ops, int errnum, bool unusable, enum question question,
	const struct file_load *file, const struct kexec_state *state, const char *what,
	struct err *err)
{
	const char *wrong = wrong_with_signature(errnum, question, file->crash);
	bool crash = file->crash;
	int status = refusal_status(errnum);

	if (unusable)
		status = err_set_errno(
			err, ST_UNSUPPORTED, "file-load-unusable", errnum, "%s failed", what);
	else
		err_set_errno(err, status, "kexec-file-load-failed", errnum, "%s failed", what);
	if (status == ST_DENIED)
		explain_denied(ops, errnum, file, state, err);
	else if (errnum == EBUSY)
		refusal_explain_busy(state, crash, err);
	else if (wrong)
		explain_signature(ops, state, wrong, file->wrapper, err);
	else
		err_hint(err, "%s", advice(errnum, question, crash));
	return status;
}

static bool is_unusable(int errnum)
{
	return errnum == ENOSYS || errnum == EINVAL || errnum == ENOEXEC || errnum == ENOTSUP;
}

bool kexec_file_can_ask(const struct kexec_state *state)
{
	return state->load_limit_reboot == LOAD_LIMIT_NONE;
}

/*
 * The kernel frees the armed image before it looks at the new one. So it is offered that as one
 * for a restart first, where a refusal changes nothing, with a command line that it cannot read:
 * it reads the kernel, looks at its kind and its signature, reads the initrd, and only then ends
 * with EFAULT (kernel/kexec_file.c:kimage_file_prepare_segments), which nothing before that says.
 * Any other answer is the one to come. A command line without its NUL would do as well, but the
 * EINVAL for that is also the one for a file that is empty or of the wrong kind.
 */
static int ask(const struct syscall_ops *ops, const struct file_load *what,
	const struct kexec_state *state, enum question *ret, struct report *report)
{
	size_t size = what->cmdline ? cmdline_size(what) : 1;
	int errnum;

	*ret = QUESTION_NONE;
	if (!what->crash || state->crash_loaded == 0 || !kexec_file_can_ask(state))
		return 0;
	errnum = call_with_cmdline(
		ops, what, NULL, size, what->initrd < 0 ? KEXEC_FILE_NO_INITRAMFS : 0);
	if (errnum && errnum != EFAULT) {
		*ret = QUESTION_REFUSED;
		return errnum;
	}
	*ret = QUESTION_PASSED;
	report_add(report, REPORT_CHOICE, "syscall",
		"kexec_file_load takes the kernel%s, which was asked before the armed one is freed",
		what->initrd < 0 ? "" : " and the initrd");
	return 0;
}

static int call_for_real(const struct syscall_ops *ops, const struct file_load *what,
	const struct kexec_state *state, uint64_t flags, struct report *report)
{
	int64_t limit = what->crash ? state->load_limit_panic : state->load_limit_reboot;
	int errnum = EINVAL;

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
	return errnum;
}

int kexec_file_load(const struct syscall_ops *ops, const struct file_load *what,
	const struct kexec_state *state, struct report *report, struct err *err)
{
	uint64_t flags = (what->crash ? KEXEC_FILE_ON_CRASH : 0) |
			 (what->initrd < 0 ? KEXEC_FILE_NO_INITRAMFS : 0) |
			 (what->no_cma ? KEXEC_FILE_NO_CMA : 0);
	enum question question;
	int errnum;

	report_add(report, REPORT_CHOICE, "syscall",
		"kexec_file_load: flags = 0x%" PRIx64 ", command line: %s", flags,
		what->cmdline ? what->cmdline : "none");
	errnum = ask(ops, what, state, &question, report);
	if (!errnum)
		errnum = call_for_real(ops, what, state, flags, report);
	if (!errnum)
		return ST_OK;
	return explain(
		ops, errnum, is_unusable(errnum), question, what, state, "kexec_file_load", err);
}

int kexec_file_probe(const struct syscall_ops *ops, int kernel)
{
	const struct file_load probe = { .kernel = kernel, .initrd = -1 };

	return call_kernel(ops, &probe, KEXEC_FILE_NO_INITRAMFS);
}

int kexec_file_unload(
	const struct syscall_ops *ops, bool crash, const struct kexec_state *state, struct err *err)
{
	const struct file_load nothing = { .kernel = -1, .initrd = -1, .crash = crash };
	uint64_t flags = KEXEC_FILE_UNLOAD | (crash ? KEXEC_FILE_ON_CRASH : 0);
	int errnum = call_kernel(ops, &nothing, flags);

	return errnum ? explain(ops, errnum, errnum == ENOSYS, QUESTION_NONE, &nothing, state,
				"kexec_file_load(unload)", err)
		      : ST_OK;
}
