/* SPDX-License-Identifier: GPL-2.0-only */
/* A kernel that is asked to load, by either call, and writes down what it is given; cmocka is
 * included before. */
#ifndef TESTS_UNIT_FAKE_KERNEL_H
#define TESTS_UNIT_FAKE_KERNEL_H

#include <errno.h>
#include <string.h>

#include "kexec/plan/plan.h"
#include "kexec/system/kexec_state.h"
#include "tests/unit/no_calls.h"

#define KERNEL_ANSWERS 4
#define KERNEL_CALLS   64

struct kernel {
	int answers[KERNEL_ANSWERS]; /* in turn, the last one for ever */
	uint64_t unknown_flags;	     /* EINVAL, whatever the next answer is */
	size_t calls;
	uint64_t flags[KERNEL_CALLS]; /* of each call */
	unsigned int slept_ms;
	/* of the last call */
	uint64_t entry;
	size_t count;
	struct kexec_segment_abi segments[KEXEC_SEGMENT_MAX];
	bool no_array;
	bool lacks_load, lacks_file_load; /* when that is asked for */
	int kernel_fd, initrd_fd;
	size_t cmdline_size;
	const char *cmdline;
};

/* Nothing is known of it, but that nothing is armed. */
static const struct kexec_state no_state = { .loaded = STATE_UNKNOWN,
	.crash_loaded = 0,
	.load_disabled = STATE_UNKNOWN,
	.load_limit_panic = -1,
	.load_limit_reboot = -1 };

static int kernel_answer(struct kernel *kernel, uint64_t flags)
{
	size_t call = kernel->calls++;

	assert_true(call < KERNEL_CALLS);
	kernel->flags[call] = flags;
	if (flags & kernel->unknown_flags)
		return EINVAL;
	return kernel->answers[call < KERNEL_ANSWERS ? call : KERNEL_ANSWERS - 1];
}

static int kernel_load(void *context, uint64_t entry, size_t count,
	const struct kexec_segment_abi *segments, uint64_t flags)
{
	struct kernel *kernel = context;

	kernel->entry = entry;
	kernel->count = count;
	kernel->no_array = !segments;
	assert_true(count <= KEXEC_SEGMENT_MAX);
	if (count)
		memcpy(kernel->segments, segments, count * sizeof(*segments));
	return kernel_answer(kernel, flags);
}

static int kernel_file_load(void *context, int kernel_fd, int initrd_fd, size_t cmdline_size,
	const char *cmdline, uint64_t flags)
{
	struct kernel *kernel = context;

	kernel->kernel_fd = kernel_fd;
	kernel->initrd_fd = initrd_fd;
	kernel->cmdline_size = cmdline_size;
	kernel->cmdline = cmdline;
	return kernel_answer(kernel, flags);
}

static int kernel_has_load(void *context)
{
	return !((struct kernel *)context)->lacks_load;
}

static int kernel_has_file_load(void *context)
{
	return !((struct kernel *)context)->lacks_file_load;
}

static void kernel_sleep(void *context, unsigned int ms)
{
	((struct kernel *)context)->slept_ms += ms;
}

/* It can be asked for nothing but to load. */
static struct syscall_ops ops_of(struct kernel *kernel)
{
	struct syscall_ops ops = no_calls;

	ops.kexec_load = kernel_load;
	ops.kexec_file_load = kernel_file_load;
	ops.has_load = kernel_has_load;
	ops.has_file_load = kernel_has_file_load;
	ops.sleep_ms = kernel_sleep;
	ops.context = kernel;
	return ops;
}

#endif
