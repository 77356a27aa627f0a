/* SPDX-License-Identifier: GPL-2.0-only */
/* System calls for tests in which none may be made; cmocka is included before. */
#ifndef TESTS_UNIT_NO_CALLS_H
#define TESTS_UNIT_NO_CALLS_H

#include "kexec/syscall/kexec_load.h"

static int no_load(void *context, uint64_t entry, size_t count,
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

static int no_file_load(void *context)
{
	(void)context;
	fail_msg("kexec_file_load was called");
	return 0;
}

#endif
