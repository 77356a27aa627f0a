// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/cursor.h"

static struct span text(const char *string)
{
	return (struct span){ (const uint8_t *)string, strlen(string) };
}

static void assert_text(struct span span, const char *wanted)
{
	assert_int_equal(span.size, strlen(wanted));
	if (span.size)
		assert_memory_equal(span.data, wanted, span.size);
}

static void lines_are_counted(void **state)
{
	struct cursor cursor = cursor_over(text("one\n\n  three\r\nlast"));
	struct span line = text("untouched");

	(void)state;
	assert_int_equal(cursor.line, 0);
	assert_true(cursor_line(&cursor, &line));
	assert_text(line, "one");
	assert_int_equal(cursor.line, 1);
	assert_true(cursor_line(&cursor, &line));
	assert_text(line, "");
	assert_true(cursor_line(&cursor, &line));
	assert_text(line, "  three\r");
	assert_int_equal(cursor.line, 3);
	assert_true(cursor_line(&cursor, &line));
	assert_text(line, "last");
	assert_int_equal(cursor.line, 4);
	line = text("untouched");
	assert_false(cursor_line(&cursor, &line));
	assert_false(cursor_line(&cursor, &line));
	assert_text(line, "untouched");
	assert_int_equal(cursor.line, 4);
}

static void assert_cleaned(const char *raw, size_t size, const char *wanted)
{
	struct blob blob = BLOB_INIT;
	struct err err = ERR_INIT;

	assert_int_equal(blob_append(&blob, raw, size), ST_OK);
	assert_int_equal(text_clean(&blob, &err), ST_OK);
	assert_int_equal(blob.size, strlen(wanted));
	assert_string_equal(blob.data, wanted);
	blob_done(&blob);
}

static void cleaning_undoes_what_mail_does(void **state)
{
	struct blob empty = BLOB_INIT;

	(void)state;
	assert_cleaned("one\ntwo", 7, "one\ntwo");
	assert_cleaned("one\r\ntwo\nthree\r\n", 16, "one\ntwo\nthree\n");
	assert_cleaned("one\rtwo\r", 8, "one\rtwo");
	assert_cleaned("\xef\xbb\xbfone\r\n", 8, "one\n");
	assert_cleaned("\xef\xbb\xbf", 3, "");
	assert_cleaned("\xef\xbbx\xef\xbb\xbf", 6, "\xef\xbbx\xef\xbb\xbf");
	assert_int_equal(text_clean(&empty, NULL), ST_OK);
}

static void cleaning_refuses_what_is_no_text(void **state)
{
	static const struct {
		const char *raw, *words;
	} cases[] = { { "one\0two", "byte 3 is NUL, wanted" }, { "\xff\xfeo\0n\0e", "UTF-16" },
		{ "\xfe\xff\0o\0n\0", "UTF-16" } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct blob blob = BLOB_INIT;
		struct err err = ERR_INIT;

		assert_int_equal(blob_append(&blob, cases[i].raw, 7), ST_OK);
		assert_int_equal(text_clean(&blob, &err), ST_BAD_INPUT);
		assert_string_equal(err.id, "text-binary");
		assert_non_null(strstr(err.text, cases[i].words));
		blob_done(&blob);
	}
}

static void a_final_newline_adds_no_line(void **state)
{
	struct cursor cursor = cursor_over(text("one\n"));
	struct cursor empty = cursor_over((struct span){ NULL, 0 });
	struct span line;

	(void)state;
	assert_true(cursor_line(&cursor, &line));
	assert_text(line, "one");
	assert_false(cursor_line(&cursor, &line));
	assert_false(cursor_line(&empty, &line));
}

static void trim_takes_white_space_off(void **state)
{
	(void)state;
	assert_text(span_trim(text(" \t\r\n\v\fa b \n")), "a b");
	assert_text(span_trim(text("a")), "a");
	assert_text(span_trim(text("  \n")), "");
	assert_text(span_trim((struct span){ NULL, 0 }), "");
	/* Neither a NUL byte nor a no-break space is blank. */
	assert_int_equal(span_trim((struct span){ (const uint8_t *)"\0a\xa0", 3 }).size, 3);
}

static void equals_compares_all(void **state)
{
	(void)state;
	assert_true(span_equals(text("System RAM"), "System RAM"));
	assert_false(span_equals(text("System RA"), "System RAM"));
	assert_false(span_equals(text("System RAM "), "System RAM"));
	assert_true(span_equals((struct span){ NULL, 0 }, ""));
	assert_false(span_equals((struct span){ NULL, 0 }, "a"));
}

static void skip_moves_only_on_a_match(void **state)
{
	struct span span = text("key=value");
	struct span empty = { NULL, 0 };

	(void)state;
	assert_false(span_skip(&span, "kez"));
	assert_text(span, "key=value");
	assert_true(span_skip(&span, "key"));
	assert_true(span_skip(&span, "="));
	assert_text(span, "value");
	assert_false(span_skip(&span, "value2"));
	assert_true(span_skip(&span, ""));
	assert_true(span_skip(&span, "value"));
	assert_int_equal(span.size, 0);
	assert_true(span_skip(&empty, ""));
	assert_false(span_skip(&empty, "a"));
}

static void take_until_drops_the_stop(void **state)
{
	struct span span = text("a:b::c");
	struct span part = text("untouched");

	(void)state;
	assert_true(span_take_until(&span, ':', &part));
	assert_text(part, "a");
	assert_true(span_take_until(&span, ':', &part));
	assert_text(part, "b");
	assert_true(span_take_until(&span, ':', &part));
	assert_text(part, "");
	part = text("untouched");
	assert_false(span_take_until(&span, ':', &part));
	assert_text(part, "untouched");
	assert_text(span, "c");
	span = (struct span){ NULL, 0 };
	assert_false(span_take_until(&span, ':', &part));
	/* A char may be negative. */
	span = text("x\xffy");
	assert_true(span_take_until(&span, '\xff', &part));
	assert_text(part, "x");
	assert_text(span, "y");
}

static void take_number_stops_at_the_first_other(void **state)
{
	struct span span = text("123-00ffxyz");
	uint64_t value = 7;

	(void)state;
	assert_true(span_take_number(&span, 10, &value));
	assert_int_equal(value, 123);
	assert_false(span_take_number(&span, 10, &value));
	assert_text(span, "-00ffxyz");
	assert_true(span_skip(&span, "-"));
	assert_true(span_take_number(&span, 16, &value));
	assert_int_equal(value, 255);
	assert_text(span, "xyz");
	assert_false(span_take_number(&span, 16, &value));
	span = text("fF");
	assert_false(span_take_number(&span, 10, &value));
	assert_true(span_take_number(&span, 16, &value));
	assert_int_equal(value, 255);
	/* Not a byte further than the span, whatever stands behind. */
	span = (struct span){ (const uint8_t *)"1234", 2 };
	assert_true(span_take_number(&span, 10, &value));
	assert_int_equal(value, 12);
	assert_int_equal(span.size, 0);
}

static void take_number_refuses_what_does_not_fit(void **state)
{
	struct span span;
	uint64_t value = 7;

	(void)state;
	span = text("18446744073709551615");
	assert_true(span_take_number(&span, 10, &value));
	assert_true(value == UINT64_MAX);
	value = 7;
	span = text("18446744073709551616");
	assert_false(span_take_number(&span, 10, &value));
	assert_text(span, "18446744073709551616");
	assert_int_equal(value, 7);
	span = text("0000ffffffffffffffff");
	assert_true(span_take_number(&span, 16, &value));
	assert_true(value == UINT64_MAX);
	value = 7;
	span = text("10000000000000000");
	assert_false(span_take_number(&span, 16, &value));
	assert_int_equal(value, 7);
}

static void number_wants_the_whole(void **state)
{
	uint64_t value = 7;

	(void)state;
	assert_true(span_number(text(" 42\n"), 10, &value));
	assert_int_equal(value, 42);
	assert_true(span_number(text("8000000\n"), 16, &value));
	assert_int_equal(value, 0x8000000);
	assert_true(span_number(text("0x1F"), 16, &value));
	assert_int_equal(value, 31);
	assert_true(span_number(text("0X1f"), 16, &value));
	assert_int_equal(value, 31);
	assert_true(span_number(text("0"), 16, &value));
	assert_int_equal(value, 0);
	value = 7;
	assert_false(span_number(text("0x1f"), 10, &value));
	assert_false(span_number(text("0x"), 16, &value));
	assert_false(span_number(text("0x0x1"), 16, &value));
	assert_false(span_number(text(""), 10, &value));
	assert_false(span_number(text(" \n"), 10, &value));
	assert_false(span_number(text("1 2"), 10, &value));
	assert_false(span_number(text("1\n2"), 10, &value));
	assert_false(span_number(text("-1"), 10, &value));
	assert_false(span_number(text("+1"), 10, &value));
	assert_false(span_number((struct span){ NULL, 0 }, 16, &value));
	assert_int_equal(value, 7);
}

static void strdup_copies(void **state)
{
	char *copy = span_strdup((struct span){ (const uint8_t *)"abcdef", 3 });

	(void)state;
	assert_string_equal(copy, "abc");
	free(copy);
	copy = span_strdup((struct span){ NULL, 0 });
	assert_string_equal(copy, "");
	free(copy);
	assert_null(span_strdup((struct span){ (const uint8_t *)"", SIZE_MAX }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_counted),
		cmocka_unit_test(cleaning_undoes_what_mail_does),
		cmocka_unit_test(cleaning_refuses_what_is_no_text),
		cmocka_unit_test(a_final_newline_adds_no_line),
		cmocka_unit_test(trim_takes_white_space_off),
		cmocka_unit_test(equals_compares_all),
		cmocka_unit_test(skip_moves_only_on_a_match),
		cmocka_unit_test(take_until_drops_the_stop),
		cmocka_unit_test(take_number_stops_at_the_first_other),
		cmocka_unit_test(take_number_refuses_what_does_not_fit),
		cmocka_unit_test(number_wants_the_whole),
		cmocka_unit_test(strdup_copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
