// SPDX-License-Identifier: GPL-2.0-only
/* The real system calls. Nothing else in the tree changes the machine. */
#include <errno.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "kexec/syscall/kexec_load.h"

/* include/uapi/linux/kexec.h */
#define KEXEC_FILE_ON_CRASH 2ul

static int linux_kexec_load(void *context, uint64_t entry, size_t count,
	const struct kexec_segment_abi *segments, uint64_t flags)
{
	(void)context;
	/* Only a 64-bit process has the structure that a 64-bit kernel reads. */
	if (sizeof(long) != sizeof(uint64_t))
		return ENOSYS;
	if (syscall(SYS_kexec_load, (unsigned long)entry, (unsigned long)count, segments,
		    (unsigned long)flags))
		return errno;
	return 0;
}

static int linux_has_file_load(void *context)
{
	(void)context;
	/* Flags that no kernel knows: it is refused before it looks at anything else. But it counts
	 * the attempt first, and with KEXEC_FILE_ON_CRASH it would take the count away from the
	 * crash load that is to come (kernel/kexec_core.c:kexec_load_permitted). */
	return syscall(SYS_kexec_file_load, -1, -1, 0ul, NULL, ~KEXEC_FILE_ON_CRASH) == 0 ||
	       errno != ENOSYS;
}

static void linux_sleep_ms(void *context, unsigned int ms)
{
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	(void)context;
	nanosleep(&time, NULL);
}

const struct syscall_ops syscall_linux = {
	.kexec_load = linux_kexec_load,
	.has_file_load = linux_has_file_load,
	.sleep_ms = linux_sleep_ms,
};
