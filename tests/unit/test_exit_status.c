// SPDX-License-Identifier: GPL-2.0-only
/* The numbers scripts know: reference cli-and-clients.md, section 1.12. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kexec/cmd/exit_status.h"

static int of(int status, const char *id)
{
	struct err err = ERR_INIT;

	err.status = status;
	err.id = id;
	return exit_status(ACTION_LOAD, &err);
}

static void test_success(void **state)
{
	const struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(exit_status(ACTION_STATUS, &err), 0);
}

static void test_usage_errors(void **state)
{
	(void)state;
	assert_int_equal(of(ST_USAGE, "option-unknown"), 1);
	assert_int_equal(of(ST_USAGE, "option-not-here"), 1);
	assert_int_equal(of(ST_BAD_INPUT, "option-value"), 1);
	assert_int_equal(of(ST_USAGE, "kernel-missing"), 255);
	assert_int_equal(of(ST_UNSUPPORTED, "file-load-unusable"), 253);
	assert_int_equal(of(ST_NOT_FOUND, "nothing-loaded"), 1);
	assert_int_equal(of(ST_SYSTEM, "status-unreadable"), 255);
}

static void test_what_the_machine_lacks(void **state)
{
	(void)state;
	assert_int_equal(of(ST_NO_CRASH_MEM, "crash-region-missing"), 1);
	assert_int_equal(of(ST_UNSUPPORTED, "hotplug-unsupported"), 1);
	assert_int_equal(of(ST_NO_MEMORY, "out-of-memory"), 1);
	assert_int_equal(of(ST_DENIED, "iomem-hidden"), 1);
}

static void test_files_that_cannot_be_opened(void **state)
{
	(void)state;
	assert_int_equal(of(ST_NOT_FOUND, "file-not-found"), 1);
	assert_int_equal(of(ST_BAD_INPUT, "image-empty"), 1);
	assert_int_equal(of(ST_BAD_INPUT, "initrd-empty"), 1);
	assert_int_equal(of(ST_DENIED, "file-denied"), 1);
	assert_int_equal(of(ST_SYSTEM, "file-error"), 1);
}

static void test_no_room(void **state)
{
	(void)state;
	assert_int_equal(of(ST_NO_SPACE, "crash-region-too-small"), 254);
	assert_int_equal(of(ST_NO_SPACE, "crash-region-full"), 254);
	assert_int_equal(of(ST_NO_SPACE, "image-half-of-ram"), 254);
	assert_int_equal(of(ST_NO_SPACE, "cmdline-too-long"), 255);
	assert_int_equal(of(ST_NO_SPACE, "fdt-too-big"), 255);
}

static void test_failed_loads(void **state)
{
	static const int statuses[] = { ST_NOT_MINE, ST_BAD_INPUT, ST_UNSUPPORTED, ST_SYSTEM,
		ST_CHANGED, ST_BUG };

	(void)state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		assert_int_equal(of(statuses[i], "any"), 255);
	assert_int_equal(of(ST_BUG, NULL), 255);
}

static void test_failed_system_calls(void **state)
{
	static const int statuses[] = { ST_DENIED, ST_UNSUPPORTED, ST_NO_SPACE, ST_NO_MEMORY,
		ST_SYSTEM };

	(void)state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		assert_int_equal(of(statuses[i], "kexec-load-failed"), 255);
		assert_int_equal(of(statuses[i], "kexec-file-load-failed"), 255);
		assert_int_equal(of(statuses[i], "exec-failed"), 255);
	}
}

/* 1 says "loaded" and "gaps": monitoring must not take a failure for it. */
static void test_no_failure_looks_like_an_answer(void **state)
{
	(void)state;
	for (int status = -200; status < 0; status++) {
		struct err err = ERR_INIT;

		err.status = status;
		err.id = "any";
		assert_in_range(exit_status(ACTION_STATUS, &err), 253, 255);
		assert_in_range(exit_status(ACTION_ELFCOREHDR, &err), 253, 255);
	}
}

/* A failed load must never end with 0, whatever comes along. */
static void test_no_failure_looks_like_success(void **state)
{
	(void)state;
	for (int status = -200; status <= 200; status++)
		if (status)
			assert_int_not_equal(of(status, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_success),
		cmocka_unit_test(test_usage_errors),
		cmocka_unit_test(test_what_the_machine_lacks),
		cmocka_unit_test(test_files_that_cannot_be_opened),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_failed_loads),
		cmocka_unit_test(test_failed_system_calls),
		cmocka_unit_test(test_no_failure_looks_like_an_answer),
		cmocka_unit_test(test_no_failure_looks_like_success),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
