/* SPDX-License-Identifier: GPL-2.0-only */
/* System calls for tests in which none may be made, and for those that allow some to put their
 * own into; cmocka is included before. */
#ifndef TESTS_UNIT_NO_CALLS_H
#define TESTS_UNIT_NO_CALLS_H

#include "kexec/syscall/syscall_ops.h"

static int no_kexec_load(void *context, uint64_t entry, size_t count,
	const struct kexec_segment_abi *segments, uint64_t flags)
{
	(void)context;
	(void)entry;
	(void)count;
	(void)segments;
	(void)flags;
	fail_msg("kexec_load was called");
	return 0;
}

static int no_kexec_file_load(void *context, int kernel, int initrd, size_t cmdline_size,
	const char *cmdline, uint64_t flags)
{
	(void)context;
	(void)kernel;
	(void)initrd;
	(void)cmdline_size;
	(void)cmdline;
	(void)flags;
	fail_msg("kexec_file_load was called");
	return 0;
}

static int no_has_file_load(void *context)
{
	(void)context;
	fail_msg("kexec_file_load was asked for");
	return 0;
}

static int no_has_load(void *context)
{
	(void)context;
	fail_msg("kexec_load was asked for");
	return 0;
}

static void no_sync(void *context)
{
	(void)context;
	fail_msg("sync was called");
}

static int no_list_interfaces(void *context, char ***ret, size_t *ret_count)
{
	(void)context;
	(void)ret;
	(void)ret_count;
	fail_msg("the interfaces were listed");
	return 0;
}

static int no_interface_down(void *context, const char *name)
{
	(void)context;
	fail_msg("%s was taken down", name);
	return 0;
}

static int no_reboot_kexec(void *context)
{
	(void)context;
	fail_msg("the machine was left");
	return 0;
}

static int no_exec(void *context, const char *path, const char *const *argv)
{
	(void)context;
	(void)argv;
	fail_msg("%s was run", path);
	return 0;
}

static void no_sleep(void *context, unsigned int ms)
{
	(void)context;
	fail_msg("slept %u ms", ms);
}

static const struct syscall_ops no_calls = {
	.kexec_load = no_kexec_load,
	.kexec_file_load = no_kexec_file_load,
	.has_file_load = no_has_file_load,
	.has_load = no_has_load,
	.sync = no_sync,
	.list_interfaces = no_list_interfaces,
	.interface_down = no_interface_down,
	.reboot_kexec = no_reboot_kexec,
	.exec = no_exec,
	.sleep_ms = no_sleep,
};

#endif
