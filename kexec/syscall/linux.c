// SPDX-License-Identifier: GPL-2.0-only
/* The real system calls. Nothing else in the tree changes the machine. */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "kexec/plan/plan.h"
#include "kexec/syscall/kexec_file_load.h"
#include "kexec/syscall/syscall_ops.h"

#define REBOOT_KEXEC 0x45584543 /* LINUX_REBOOT_CMD_KEXEC of include/uapi/linux/reboot.h */

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

static int linux_kexec_file_load(void *context, int kernel, int initrd, size_t cmdline_size,
	const char *cmdline, uint64_t flags)
{
	(void)context;
	if (syscall(SYS_kexec_file_load, kernel, initrd, (unsigned long)cmdline_size, cmdline,
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
	return syscall(SYS_kexec_file_load, -1, -1, 0ul, NULL,
		       ~(unsigned long)KEXEC_FILE_ON_CRASH) == 0 ||
	       errno != ENOSYS;
}

static int linux_has_load(void *context)
{
	/* Refused before anything else is looked at: no kernel knows these flags, nor takes so many
	 * segments. */
	return linux_kexec_load(context, 0, KEXEC_SEGMENT_MAX + 1, NULL,
		       ~(uint64_t)KEXEC_ON_CRASH) != ENOSYS;
}

static void linux_sync(void *context)
{
	(void)context;
	sync();
}

static int linux_list_interfaces(void *context, char ***ret, size_t *ret_count)
{
	struct if_nameindex *list = if_nameindex();
	size_t count = 0;
	char **names;

	(void)context;
	if (!list && (errno == ENOSYS || errno == EAFNOSUPPORT)) {
		*ret = NULL; /* a kernel without network */
		*ret_count = 0;
		return 0;
	}
	if (!list)
		return errno;
	while (list[count].if_index)
		count++;
	names = calloc(count + 1, sizeof(*names));
	for (size_t i = 0; names && i < count; i++) {
		names[i] = strdup(list[i].if_name);
		if (!names[i]) {
			while (i--)
				free(names[i]);
			free(names);
			names = NULL;
		}
	}
	if_freenameindex(list);
	if (!names)
		return ENOMEM;
	*ret = names;
	*ret_count = count;
	return 0;
}

static int linux_interface_down(void *context, const char *name)
{
	struct ifreq request = { .ifr_flags = 0 };
	/* Any socket will do, and this kind is there in kernels without IPv4, too. */
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
	int errnum = 0;

	(void)context;
	if (fd < 0)
		return errno;
	strncpy(request.ifr_name, name, sizeof(request.ifr_name) - 1);
	if (ioctl(fd, SIOCGIFFLAGS, &request))
		errnum = errno;
	if (!errnum && (request.ifr_flags & IFF_UP)) {
		request.ifr_flags = (short)(request.ifr_flags & ~IFF_UP);
		if (ioctl(fd, SIOCSIFFLAGS, &request))
			errnum = errno;
	}
	close(fd);
	return errnum;
}

static int linux_reboot_kexec(void *context)
{
	(void)context;
	return reboot(REBOOT_KEXEC) ? errno : 0; /* 0: back from a kernel that came back */
}

static int linux_exec(void *context, const char *path, const char *const *argv)
{
	(void)context;
	execv(path, (char *const *)(uintptr_t)argv);
	return errno;
}

static void linux_sleep_ms(void *context, unsigned int ms)
{
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	(void)context;
	nanosleep(&time, NULL);
}

const struct syscall_ops syscall_linux = {
	.kexec_load = linux_kexec_load,
	.kexec_file_load = linux_kexec_file_load,
	.has_file_load = linux_has_file_load,
	.has_load = linux_has_load,
	.sync = linux_sync,
	.list_interfaces = linux_list_interfaces,
	.interface_down = linux_interface_down,
	.reboot_kexec = linux_reboot_kexec,
	.exec = linux_exec,
	.sleep_ms = linux_sleep_ms,
};
