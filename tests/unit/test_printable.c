// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/printable.h"
#include "lib/utf8.h"

/* What comes out of text that is written in pieces of so many bytes. */
static char *shown(const char *text, size_t piece)
{
	size_t size = strlen(text), out_size;
	char *out = NULL;
	FILE *to = open_memstream(&out, &out_size);
	FILE *door = printable_open(to);

	assert_non_null(to);
	assert_non_null(door);
	for (size_t at = 0; at < size; at += piece) {
		size_t n = size - at < piece ? size - at : piece;

		assert_int_equal(fwrite(text + at, 1, n, door), n);
		assert_int_equal(fflush(door), 0);
	}
	assert_int_equal(fclose(door), 0);
	assert_int_equal(fclose(to), 0);
	return out;
}

static void assert_shown(const char *text, const char *wanted)
{
	for (size_t piece = 1; piece <= 5; piece++) {
		char *out = shown(text, piece);

		assert_string_equal(out, wanted);
		free(out);
	}
}

static void text_stays_as_it_is(void **state)
{
	(void)state;
	assert_shown("", "");
	assert_shown("two\nlines, one\ttab, ~ and \\x1b\n", "two\nlines, one\ttab, ~ and \\x1b\n");
	assert_shown("\xc2\xa0 \xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xa7",
		"\xc2\xa0 \xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xa7");
	/* The neighbours of what is left out. */
	assert_shown("\xd8\x9b\xd8\x9d \xe2\x80\x8d\xe2\x80\x90 \xe2\x80\xa7\xe2\x80\xaf",
		"\xd8\x9b\xd8\x9d \xe2\x80\x8d\xe2\x80\x90 \xe2\x80\xa7\xe2\x80\xaf");
	assert_shown("\xe2\x81\xa5\xe2\x81\xaa\xef\xbf\xbd\xf4\x8f\xbf\xbf",
		"\xe2\x81\xa5\xe2\x81\xaa\xef\xbf\xbd\xf4\x8f\xbf\xbf");
}

static void control_characters_are_written_out(void **state)
{
	(void)state;
	for (int c = 1; c < 0x80; c++) {
		const char text[] = { 'a', (char)c, 'b', '\0' };
		char escaped[] = "a\\x00b";
		bool plain = (c >= ' ' && c < 0x7f) || c == '\n' || c == '\t';

		snprintf(escaped, sizeof(escaped), "a\\x%02xb", (unsigned int)c);
		assert_shown(text, plain ? text : escaped);
	}
	for (unsigned int c = 0x80; c <= 0x9f; c++) {
		const char alone[] = { (char)c, 'b', '\0' };
		const char as_utf8[] = { (char)0xc2, (char)c, 'b', '\0' };
		char escaped[] = "\\xc2\\x00b";

		snprintf(escaped, sizeof(escaped), "\\x%02xb", c);
		assert_shown(alone, escaped);
		snprintf(escaped, sizeof(escaped), "\\xc2\\x%02xb", c);
		assert_shown(as_utf8, escaped);
	}
}

static void what_turns_text_around_is_written_out(void **state)
{
	(void)state;
	assert_shown(
		"\xd8\x9c\xe2\x80\x8e\xe2\x80\x8f", "\\xd8\\x9c\\xe2\\x80\\x8e\\xe2\\x80\\x8f");
	assert_shown("\xe2\x80\xa8\xe2\x80\xae.", "\\xe2\\x80\\xa8\\xe2\\x80\\xae.");
	assert_shown("\xe2\x81\xa6\xe2\x81\xa9", "\\xe2\\x81\\xa6\\xe2\\x81\\xa9");
}

static void what_is_no_utf8_is_written_out(void **state)
{
	(void)state;
	assert_shown("\xff \x80", "\\xff \\x80");
	assert_shown("\xc0\x9b \xe0\x80\x9b", "\\xc0\\x9b \\xe0\\x80\\x9b");
	assert_shown("\xed\xa0\x80 \xf4\x90\x80\x80", "\\xed\\xa0\\x80 \\xf4\\x90\\x80\\x80");
	/* Cut short: by another character, by a control character, by the end. */
	assert_shown("\xe2\x82\xc3\xa9", "\\xe2\\x82\xc3\xa9");
	assert_shown("\xe2\x82\x1b", "\\xe2\\x82\\x1b");
	assert_shown("\xf0\x9f\x90\n", "\\xf0\\x9f\\x90\n");
	assert_shown("\xf0\xf0\xf0\x9f\x90\xa7", "\\xf0\\xf0\xf0\x9f\x90\xa7");
	assert_shown("end \xf0\x9f\x90", "end \\xf0\\x9f\\x90");
}

static void a_line_does_not_wait(void **state)
{
	char *out = NULL;
	size_t size;
	FILE *to = open_memstream(&out, &size);
	FILE *door = printable_open(to);

	(void)state;
	fputs("said\nnot yet", door);
	assert_int_equal(fflush(to), 0);
	assert_string_equal(out, "said\n");
	assert_int_equal(fclose(door), 0);
	assert_string_equal(out, "said\nnot yet");
	assert_int_equal(fclose(to), 0);
	free(out);
}

static void what_cannot_be_written_is_an_error(void **state)
{
	FILE *to = fopen("/dev/full", "w");
	FILE *door = printable_open(to);

	(void)state;
	assert_non_null(to);
	assert_true(fputs("lost\n", door) >= 0);
	assert_int_not_equal(fclose(door), 0);
	fclose(to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_stays_as_it_is),
		cmocka_unit_test(control_characters_are_written_out),
		cmocka_unit_test(what_turns_text_around_is_written_out),
		cmocka_unit_test(what_is_no_utf8_is_written_out),
		cmocka_unit_test(a_line_does_not_wait),
		cmocka_unit_test(what_cannot_be_written_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
