// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/jsonw.h"

static void assert_text(const char *text, const char *wanted)
{
	struct json_object *object = jsonw_text(text);

	assert_non_null(object);
	assert_string_equal(json_object_get_string(object), wanted);
	json_object_put(object);
}

/* What a file or a path holds is bytes, and readers of JSON refuse what is no UTF-8. */
static void only_utf8_is_written(void **state)
{
	(void)state;
	assert_text("", "");
	assert_text("/boot/Image", "/boot/Image");
	assert_text("na\xc3\xafve \xe2\x82\xac \xf0\x9f\x90\xa7",
		"na\xc3\xafve \xe2\x82\xac \xf0\x9f\x90\xa7");
	assert_text("na\xefve", "na\\xefve");
	assert_text("\xff\xfe.", "\\xff\\xfe.");
	/* cut in the middle, written too long, half of a pair, a control character */
	assert_text("\xe2\x82", "\\xe2\\x82");
	assert_text("\xc0\xaf", "\\xc0\\xaf");
	assert_text("\xed\xa0\x80", "\\xed\\xa0\\x80");
	assert_text("\xc2\x9b", "\\xc2\\x9b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_utf8_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
