// SPDX-License-Identifier: GPL-2.0-only
#include "tests/unit/tmproot.h"

#include "kexec/system/kallsyms.h"

static int parse(const char *text, struct kallsyms *ret, struct err *err)
{
	return kallsyms_parse((struct span){ (const uint8_t *)text, strlen(text) }, ret, err);
}

static void symbols_are_found(void **state)
{
	struct kallsyms symbols;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(parse("ffff800080000000 T _text\n"
			       "ffff800080010000 T _stext\n"
			       "ffff800080010000 t _text.cold\n"
			       "ffff800082a50000 B _end\n"
			       "ffff80007c000000 t _end\t[dummy]\n"
			       "ffff80007c000000 t other\t[dummy]\n",
				 &symbols, &err),
		ST_OK);
	assert_int_equal(symbols.text, 0xffff800080000000);
	assert_int_equal(symbols.stext, 0xffff800080010000);
	assert_int_equal(symbols.end, 0xffff800082a50000);
}

static void modules_do_not_count(void **state)
{
	struct kallsyms symbols;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(parse("ffff80007c000000 t _text\t[evil]\n"
			       "ffff80007c000000 t _end [evil]\n",
				 &symbols, &err),
		ST_OK);
	assert_int_equal(symbols.text, 0);
	assert_int_equal(symbols.end, 0);
}

static void broken_lines_are_named(void **state)
{
	static const char *const broken[] = { "x", "ffff T", "ffff T ", "ffff _text",
		"ffff TT _text", "10000000000000000 T _text", " ffff T _text" };
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct kallsyms symbols = { .text = 7 };
		struct err err = ERR_INIT;

		snprintf(text, sizeof(text), "ffff800080000000 T _text\n%s\n", broken[i]);
		assert_int_equal(parse(text, &symbols, &err), ST_BAD_INPUT);
		assert_string_equal(err.id, "kallsyms-line");
		assert_non_null(strstr(err.text, "line 2"));
		assert_int_equal(symbols.text, 7);
	}
}

static void blanks_of_mail_do_not_count(void **state)
{
	struct kallsyms symbols;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(parse("ffff800080000000 T _text\r\n\nffff800080010000 T _stext  \n"
			       "ffff800082000000 B _end\t\n\r\n",
				 &symbols, &err),
		ST_OK);
	assert_int_equal(symbols.text, 0xffff800080000000);
	assert_int_equal(symbols.stext, 0xffff800080010000);
	assert_int_equal(symbols.end, 0xffff800082000000);
}

static void trap12_hidden_symbols_are_denied(void **state)
{
	struct kallsyms symbols;
	struct err err = ERR_INIT;
	struct tmproot tmp;

	(void)state;
	tmproot_init(&tmp);
	assert_int_equal(kallsyms_read(tmp.root, &symbols, &err), ST_NOT_FOUND);
	tmproot_text(&tmp, "/proc/kallsyms", "0000000000000000 T _text\n0000000000000000 B _end\n");
	assert_int_equal(kallsyms_read(tmp.root, &symbols, &err), ST_DENIED);
	assert_string_equal(err.id, "kallsyms-hidden");
	/* An absolute symbol at 0 hides nothing; nor does an empty file. */
	tmproot_text(
		&tmp, "/proc/kallsyms", "0000000000000000 A fixed\nffff800080000000 T _text\n");
	assert_int_equal(kallsyms_read(tmp.root, &symbols, &err), ST_OK);
	assert_int_equal(symbols.text, 0xffff800080000000);
	tmproot_text(&tmp, "/proc/kallsyms", "");
	assert_int_equal(kallsyms_read(tmp.root, &symbols, &err), ST_OK);
	assert_int_equal(symbols.text, 0);
	tmproot_done(&tmp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(symbols_are_found),
		cmocka_unit_test(modules_do_not_count),
		cmocka_unit_test(broken_lines_are_named),
		cmocka_unit_test(blanks_of_mail_do_not_count),
		cmocka_unit_test(trap12_hidden_symbols_are_denied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
