/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The edge to the kernel: everything that changes the machine. syscall_linux is the real one;
 * tests bring their own to see what would have been done, in which order, and to answer with
 * any errno. Functions that can fail return 0 or an errno, positive.
 */
#ifndef KEXEC_SYSCALL_SYSCALL_OPS_H
#define KEXEC_SYSCALL_SYSCALL_OPS_H

#include <stddef.h>
#include <stdint.h>

/* struct kexec_segment of include/uapi/linux/kexec.h as a 64-bit kernel has it. */
struct kexec_segment_abi {
	uint64_t buf;
	uint64_t bufsz;
	uint64_t mem;
	uint64_t memsz;
};

struct syscall_ops {
	int (*kexec_load)(void *context, uint64_t entry, size_t count,
		const struct kexec_segment_abi *segments, uint64_t flags);
	/* cmdline_size counts the NUL; a descriptor that there is none of is -1. */
	int (*kexec_file_load)(void *context, int kernel, int initrd, size_t cmdline_size,
		const char *cmdline, uint64_t flags);
	/* Does the kernel have kexec_file_load(2)? 0 or 1. Burns one count of
	 * kernel.kexec_load_limit_reboot where that is set. */
	int (*has_file_load)(void *context);
	/* The same of kexec_load(2). */
	int (*has_load)(void *context);
	void (*sync)(void *context);
	/* The names of all network interfaces: an owned array of owned strings. */
	int (*list_interfaces)(void *context, char ***ret, size_t *ret_count);
	int (*interface_down)(void *context, const char *name);
	/* Start the loaded kernel. Comes back on failure, and with 0 where that kernel was loaded
	 * to come back (KEXEC_PRESERVE_CONTEXT) and did. */
	int (*reboot_kexec)(void *context);
	/* Become the program at path, argv ending with NULL. Comes back on failure only. */
	int (*exec)(void *context, const char *path, const char *const *argv);
	void (*sleep_ms)(void *context, unsigned int ms);
	void *context;
};

extern const struct syscall_ops syscall_linux;

#endif
