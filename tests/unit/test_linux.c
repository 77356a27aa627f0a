// SPDX-License-Identifier: GPL-2.0-only
/* The real system calls, those that can be made where they change nothing outside: in a network of
 * this process alone. */
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/capability.h>

#include "kexec/syscall/syscall_ops.h"

static const struct syscall_ops *const ops = &syscall_linux;

/* Root always gets one. Others get one as the root of their own user namespace, where that is
 * allowed; else the test ends here. */
static void have_own_network(void)
{
	if (unshare(CLONE_NEWNET) == 0)
		return;
	assert_int_equal(errno, EPERM);
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0)
		return;
	print_message("# this user gets no network of his own: %s\n", strerror(errno));
	skip();
}

static short flags_of(int fd, const char *name)
{
	struct ifreq request = { .ifr_flags = 0 };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	assert_int_equal(ioctl(fd, SIOCGIFFLAGS, &request), 0);
	return request.ifr_flags;
}

static void bring_up(int fd, const char *name)
{
	struct ifreq request = { .ifr_flags = (short)(flags_of(fd, name) | IFF_UP) };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	assert_true(flags_of(fd, name) & IFF_UP);
}

/* Is it in the kernel's own list? */
static bool is_listed(const char *name)
{
	FILE *list = fopen("/proc/self/net/dev", "r");
	char line[512], wanted[32];
	bool found = false;

	assert_non_null(list);
	snprintf(wanted, sizeof(wanted), " %s:", name);
	while (fgets(line + 1, sizeof(line) - 1, list)) {
		line[0] = ' ';
		found = found || strstr(line, wanted);
	}
	fclose(list);
	return found;
}

static void assert_interfaces(void)
{
	char **names = NULL;
	size_t count = 0;
	bool lo = false;

	assert_int_equal(ops->list_interfaces(ops->context, &names, &count), 0);
	for (size_t i = 0; i < count; i++) {
		assert_true(is_listed(names[i]));
		lo = lo || strcmp(names[i], "lo") == 0;
		free(names[i]);
	}
	free(names);
	assert_true(lo);
}

static void assert_goes_down(int fd)
{
	short flags;

	bring_up(fd, "lo");
	flags = flags_of(fd, "lo");
	assert_int_equal(ops->interface_down(ops->context, "lo"), 0);
	assert_false(flags_of(fd, "lo") & IFF_UP);
	assert_true(flags_of(fd, "lo") & IFF_LOOPBACK & flags);
	assert_int_equal(ops->interface_down(ops->context, "lo"), 0); /* that is no error */
	assert_int_equal(ops->interface_down(ops->context, "nosuch0"), ENODEV);
}

/* The last thing that this process does: it has no privileges any more. */
static void assert_stays_up_for_users(int fd)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { .effective = 0 }, { .effective = 0 } };

	bring_up(fd, "lo");
	assert_int_equal(syscall(SYS_capset, &header, none), 0);
	assert_int_equal(ops->interface_down(ops->context, "lo"), EPERM);
	assert_true(flags_of(fd, "lo") & IFF_UP);
}

static void interfaces_of_a_real_network_go_down(void **state)
{
	int fd;

	(void)state;
	have_own_network();
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_interfaces();
	assert_goes_down(fd);
	assert_stays_up_for_users(fd);
	close(fd);
}

static void program_is_run_in_place_of_this_one(void **state)
{
	static const char *const argv[] = { "sh", "-c", "exit $#", "x", "y", "z", NULL };
	pid_t child = fork();
	int ended;

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		ops->exec(ops->context, "/bin/sh", argv);
		_exit(99);
	}
	assert_int_equal(waitpid(child, &ended, 0), child);
	assert_true(WIFEXITED(ended));
	assert_int_equal(WEXITSTATUS(ended), 2);
	assert_int_equal(ops->exec(ops->context, "/no/such/program", argv), ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(program_is_run_in_place_of_this_one),
		cmocka_unit_test(interfaces_of_a_real_network_go_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
