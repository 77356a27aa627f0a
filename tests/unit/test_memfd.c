// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/memfd.h"

static void bytes_are_there_and_stay(void **state)
{
	static const char text[] = "a kernel, unpacked";
	const struct span bytes = { (const uint8_t *)text, sizeof(text) };
	struct err err = ERR_INIT;
	char back[sizeof(text)];
	struct stat st;
	int fd;

	(void)state;
	assert_int_equal(memfd_sealed("kernel", bytes, &fd, &err), ST_OK);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_size, sizeof(text));
	assert_int_equal(pread(fd, back, sizeof(back), 0), sizeof(back));
	assert_memory_equal(back, text, sizeof(text));
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(fd, 1), -1);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	close(fd);
}

static void no_bytes_are_fine(void **state)
{
	struct err err = ERR_INIT;
	struct stat st;
	int fd;

	(void)state;
	assert_int_equal(memfd_sealed("empty", (struct span){ NULL, 0 }, &fd, &err), ST_OK);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 0);
	close(fd);
}

static void failure_says_what_the_system_said(void **state)
{
	char name[300];
	struct err err = ERR_INIT;
	int fd = -7;

	(void)state;
	memset(name, 'n', sizeof(name) - 1); /* names have at most 249 bytes */
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(memfd_sealed(name, (struct span){ NULL, 0 }, &fd, &err), ST_SYSTEM);
	assert_string_equal(err.id, "memfd-failed");
	assert_non_null(strstr(err.text, strerror(EINVAL)));
	assert_int_equal(fd, -7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_there_and_stay),
		cmocka_unit_test(no_bytes_are_fine),
		cmocka_unit_test(failure_says_what_the_system_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
