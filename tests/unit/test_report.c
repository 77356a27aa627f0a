// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/report.h"
#include "tests/unit/nomem.h"

static void lines_keep_their_order(void **state)
{
	struct report report = REPORT_INIT;

	(void)state;
	report_add(&report, REPORT_CHOICE, "memory", "took %d of %s", 3, "five");
	report_add(&report, REPORT_WARNING, "cpus", "none");
	assert_int_equal(report.count, 2);
	assert_int_equal(report.entries[0].kind, REPORT_CHOICE);
	assert_string_equal(report.entries[0].area, "memory");
	assert_string_equal(report.entries[0].text, "took 3 of five");
	assert_int_equal(report.entries[1].kind, REPORT_WARNING);
	assert_string_equal(report.entries[1].area, "cpus");
	assert_string_equal(report.entries[1].text, "none");
	assert_false(report.truncated);
	report_done(&report);
	assert_null(report.entries);
	assert_int_equal(report.count, 0);
	report_done(&report);
	report_done(NULL);
}

static void what_is_said_again_is_there_once(void **state)
{
	struct report report = REPORT_INIT;

	(void)state;
	for (int i = 0; i < 2; i++) {
		report_add(&report, REPORT_CHOICE, "memory", "took %d", 3);
		report_add(&report, REPORT_WARNING, "memory", "took %d", 3);
		report_add(&report, REPORT_CHOICE, "cpus", "took %d", 3);
		report_add(&report, REPORT_CHOICE, "cpus", "took\n%d", 4);
	}
	assert_int_equal(report.count, 4);
	assert_string_equal(report.entries[3].text, "took?4");
	report_done(&report);
}

static void it_grows(void **state)
{
	struct report report = REPORT_INIT;
	char wanted[32];

	(void)state;
	for (int i = 0; i < 1000; i++)
		report_add(&report, REPORT_CHOICE, "memory", "line %d", i);
	assert_int_equal(report.count, 1000);
	for (int i = 0; i < 1000; i++) {
		snprintf(wanted, sizeof(wanted), "line %d", i);
		assert_string_equal(report.entries[i].text, wanted);
	}
	assert_false(report.truncated);
	report_done(&report);
}

static void long_lines_are_whole_and_single(void **state)
{
	struct report report = REPORT_INIT;
	char big[5000];

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	report_add(&report, REPORT_CHOICE, "a", "%s", big);
	assert_string_equal(report.entries[0].text, big);
	report_add(&report, REPORT_CHOICE, "a", "one\ntwo\x1b[0m\x7f");
	assert_string_equal(report.entries[1].text, "one?two?[0m?");
	report_done(&report);
}

static void nobody_listening_is_fine(void **state)
{
	(void)state;
	report_add(NULL, REPORT_WARNING, "a", "%d", 1);
}

static void lack_of_memory_is_noted(void **state)
{
	struct report report = REPORT_INIT;
	size_t capacity;

	(void)state;
	report_add(&report, REPORT_CHOICE, "a", "kept");
	/* As if it were full, and too large to double. */
	capacity = report.capacity;
	report.count = report.capacity = TOO_MUCH / sizeof(*report.entries);
	report_add(&report, REPORT_CHOICE, "a", "lost");
	assert_true(report.truncated);
	assert_int_equal(report.count, TOO_MUCH / sizeof(*report.entries));
	/* And so large that the doubling itself would wrap. */
	report.truncated = false;
	report.count = report.capacity = SIZE_MAX - 1;
	report_add(&report, REPORT_CHOICE, "a", "lost");
	assert_true(report.truncated);
	report.count = 1;
	report.capacity = capacity;
	assert_string_equal(report.entries[0].text, "kept");
	report_done(&report);
	assert_false(report.truncated);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_keep_their_order),
		cmocka_unit_test(what_is_said_again_is_there_once),
		cmocka_unit_test(it_grows),
		cmocka_unit_test(long_lines_are_whole_and_single),
		cmocka_unit_test(nobody_listening_is_fine),
		cmocka_unit_test(lack_of_memory_is_noted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
