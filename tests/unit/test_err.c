// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/err.h"

static void set_records_and_replaces(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(err_set(&err, ST_BAD_INPUT, "first", "line %d", 17), ST_BAD_INPUT);
	assert_int_equal(err.status, ST_BAD_INPUT);
	assert_string_equal(err.id, "first");
	assert_string_equal(err.text, "line 17");
	assert_string_equal(err.hint, "");
	assert_int_equal(err_hint(&err, "use %s", "less"), ST_BAD_INPUT);
	assert_string_equal(err.hint, "use less");
	assert_string_equal(err.text, "line 17");
	assert_int_equal(err_set(&err, ST_DENIED, "second", "no"), ST_DENIED);
	assert_string_equal(err.id, "second");
	assert_string_equal(err.text, "no");
	assert_string_equal(err.hint, ""); /* it belonged to the first */
}

static void text_may_quote_itself(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	err_set(&err, ST_SYSTEM, "a", "inner");
	err_set(&err, err.status, err.id, "outer: %s", err.text);
	assert_string_equal(err.text, "outer: inner");
	err_prefix(&err, "<%s>", err.text);
	assert_string_equal(err.text, "<outer: inner>: outer: inner");
	err_hint(&err, "%s", err.text);
	assert_string_equal(err.hint, err.text);
}

static void errno_text_is_behind(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(
		err_set_errno(&err, ST_NOT_FOUND, "x", 2, "cannot open %s", "/f"), ST_NOT_FOUND);
	assert_string_equal(err.text, "cannot open /f: No such file or directory");
	assert_int_equal(err.status, ST_NOT_FOUND);
	assert_string_equal(err.id, "x");
}

static void prefixes_pile_up_in_front(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	err_set(&err, ST_BAD_INPUT, "iomem-order", "end before start");
	assert_int_equal(err_prefix(&err, "%s line %d", "/proc/iomem", 17), ST_BAD_INPUT);
	assert_int_equal(err_prefix(&err, "cannot read the machine"), ST_BAD_INPUT);
	assert_string_equal(
		err.text, "cannot read the machine: /proc/iomem line 17: end before start");
	assert_string_equal(err.id, "iomem-order");
}

static void long_text_is_cut_at_the_end(void **state)
{
	struct err err = ERR_INIT;
	char big[2000];

	(void)state;
	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	err_set(&err, ST_BAD_INPUT, "long", "begin %s", big);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_memory_equal(err.text, "begin aaa", 9);
	assert_string_equal(err.text + sizeof(err.text) - 5, "a...");
	/* What is put in front stays; the end goes. */
	err_prefix(&err, "front");
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_memory_equal(err.text, "front: begin aaa", 16);
	assert_string_equal(err.text + sizeof(err.text) - 5, "a...");
	err_prefix(&err, "%s", big);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_memory_equal(err.text, "aaaa", 4);
	err_hint(&err, "%s", big);
	assert_int_equal(strlen(err.hint), sizeof(err.hint) - 1);
	assert_string_equal(err.hint + sizeof(err.hint) - 5, "a...");
	err_set_errno(&err, ST_SYSTEM, "long", 2, "%s", big);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	/* A text that just fits is whole. */
	big[sizeof(err.text) - 1] = '\0';
	err_set(&err, ST_SYSTEM, "fits", "%s", big);
	assert_string_equal(err.text, big);
}

static void control_characters_do_not_reach_a_terminal(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	err_set(&err, ST_BAD_INPUT, "x", "name \x1b[2J\r\n\x7f \xc3\xa4");
	assert_string_equal(err.text, "name ?[2J??? \xc3\xa4");
	err_prefix(&err, "a\tb");
	assert_string_equal(err.text, "a?b: name ?[2J??? \xc3\xa4");
	err_hint(&err, "rm\n-rf");
	assert_string_equal(err.hint, "rm?-rf");
}

static void nobody_listening_is_fine(void **state)
{
	(void)state;
	assert_int_equal(err_set(NULL, ST_DENIED, "x", "%d", 1), ST_DENIED);
	assert_int_equal(err_set_errno(NULL, ST_SYSTEM, "x", 2, "y"), ST_SYSTEM);
	assert_int_equal(err_prefix(NULL, "y"), ST_BUG);
	assert_int_equal(err_hint(NULL, "y"), ST_BUG);
	assert_int_equal(err_no_memory(NULL), ST_NO_MEMORY);
	err_clear(NULL);
}

static void words_without_failure_are_a_bug_not_a_success(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(err_prefix(&err, "reading"), ST_BUG);
	assert_int_equal(err.status, ST_BUG);
	err_clear(&err);
	assert_int_equal(err.status, ST_OK);
	assert_null(err.id);
	assert_string_equal(err.text, "");
	assert_int_equal(err_hint(&err, "try"), ST_BUG);
}

static void no_memory_and_clear(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(err_no_memory(&err), ST_NO_MEMORY);
	assert_int_equal(err.status, ST_NO_MEMORY);
	assert_string_equal(err.id, "out-of-memory");
	err_hint(&err, "buy some");
	err_clear(&err);
	assert_int_equal(err.status, ST_OK);
	assert_null(err.id);
	assert_string_equal(err.text, "");
	assert_string_equal(err.hint, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_records_and_replaces),
		cmocka_unit_test(text_may_quote_itself),
		cmocka_unit_test(errno_text_is_behind),
		cmocka_unit_test(prefixes_pile_up_in_front),
		cmocka_unit_test(long_text_is_cut_at_the_end),
		cmocka_unit_test(control_characters_do_not_reach_a_terminal),
		cmocka_unit_test(nobody_listening_is_fine),
		cmocka_unit_test(words_without_failure_are_a_bug_not_a_success),
		cmocka_unit_test(no_memory_and_clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
