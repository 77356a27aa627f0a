/* SPDX-License-Identifier: GPL-2.0-only */
/* kexec_file_load(2) (kernel/kexec_file.c): files go in, and the kernel makes the plan. */
#ifndef KEXEC_SYSCALL_KEXEC_FILE_LOAD_H
#define KEXEC_SYSCALL_KEXEC_FILE_LOAD_H

#include <stdbool.h>

#include "kexec/syscall/syscall_ops.h"
#include "kexec/system/kexec_state.h"
#include "lib/err.h"
#include "lib/report.h"

/* include/uapi/linux/kexec.h */
#define KEXEC_FILE_UNLOAD	0x01
#define KEXEC_FILE_ON_CRASH	0x02
#define KEXEC_FILE_NO_INITRAMFS 0x04
#define KEXEC_FILE_DEBUG	0x08 /* since 6.8 */
#define KEXEC_FILE_NO_CMA	0x10 /* since 6.17 */

/* What is to be loaded, all of it borrowed. */
struct file_load {
	int kernel;	     /* descriptor */
	int initrd;	     /* descriptor, or -1 when there is none */
	const char *cmdline; /* NULL when there is none */
	bool crash;
	bool debug;  /* the kernel says in its log what it does */
	bool no_cma; /* segments keep off memory that is lent to CMA */
	const char
		*wrapper; /* what the kernel was taken out of, whose signature it lacks, or NULL */
};

/* Can the kernel be asked before a load what it thinks of the files? A question counts as a load
 * for a restart where kernel.kexec_load_limit_reboot is set. */
bool kexec_file_can_ask(const struct kexec_state *state);

/*
 * Load. EBUSY is retried for some seconds. Of the flags that older kernels do not know, and
 * answer with EINVAL, debug is left out silently and no_cma with a warning in report. state is
 * what was known of the kernel before. Where that has a crash image armed, which a load frees
 * before it looks at the new one, the kernel is asked first whether it takes the files: it reads
 * them all, looks at the kind and the signature of the kernel, and forgets them.
 *
 * An answer that says that the call or this kind of image is not for this kernel (ENOSYS, EINVAL,
 * ENOEXEC, ENOTSUP) is ST_UNSUPPORTED with id "file-load-unusable": kexec_load(2) may work. All
 * else has id "kexec-file-load-failed" and is final: ST_DENIED, ST_SYSTEM. Texts begin with
 * "kexec_file_load failed: " and the words of strerror().
 */
int kexec_file_load(const struct syscall_ops *ops, const struct file_load *what,
	const struct kexec_state *state, struct report *report, struct err *err);

/* Offer a kernel that will be refused, as one for a restart, where a refusal changes nothing, and
 * return the errno; 0 would be a bug of the probe. Burns one count of
 * kernel.kexec_load_limit_reboot where that is set. */
int kexec_file_probe(const struct syscall_ops *ops, int kernel);

/* Remove the image for a restart, or the one for a panic; that there is none is fine. Errors as
 * above; only ENOSYS is "file-load-unusable" here. */
int kexec_file_unload(const struct syscall_ops *ops, bool crash, const struct kexec_state *state,
	struct err *err);

#endif
