// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/err.h"
#include "kexec/cmd/jsonout.h"
#include "lib/jsonw.h"

/* Plain, escaped, UTF-8, and bytes that are none. */
static const char *const texts[] = { "", "plain", "\"\\ \t\n\001\177", "\xc3\xa9", "\xff\xc2\x9b",
	NULL };
#define TEXTS (sizeof(texts) / sizeof(texts[0]))
/* So many that what is written ends anywhere in the writer's buffer, again and again. */
#define ELEMENTS 20000u

static char *written(void)
{
	char *text = NULL;
	size_t size;
	struct jsonout out = { .file = open_memstream(&text, &size) };

	assert_non_null(out.file);
	jsonout_open(&out, NULL, '{');
	jsonout_open(&out, "list", '[');
	for (size_t i = 0; i < ELEMENTS; i++) {
		jsonout_open(&out, NULL, '{');
		jsonout_text(&out, "text", texts[i % TEXTS]);
		jsonout_bool(&out, "even", i % 2 == 0);
		jsonout_close(&out, '{');
	}
	jsonout_close(&out, '[');
	jsonout_open(&out, "numbers", '[');
	jsonout_number(&out, NULL, 0);
	jsonout_number(&out, NULL, UINT64_MAX);
	jsonout_close(&out, '[');
	jsonout_hex(&out, "none", 0);
	jsonout_hex(&out, "all", UINT64_C(0xfedcba9876543210));
	jsonout_close(&out, '{');
	fclose(out.file);
	return text;
}

/* By json-c, as all other answers are made. */
static void what_is_written_is_what_json_c_makes(void **state)
{
	struct jsonw writer = { .failed = false };
	struct json_object *object = json_object_new_object();
	struct json_object *list = json_object_new_array(), *numbers = json_object_new_array();
	struct blob text = BLOB_INIT;
	char *found = written();

	(void)state;
	for (size_t i = 0; i < ELEMENTS; i++) {
		struct json_object *element = json_object_new_object();

		jsonw_put_text(&writer, element, "text", texts[i % TEXTS]);
		jsonw_put_bool(&writer, element, "even", i % 2 == 0);
		jsonw_append(&writer, list, element);
	}
	jsonw_append(&writer, numbers, json_object_new_uint64(0));
	jsonw_append(&writer, numbers, json_object_new_uint64(UINT64_MAX));
	jsonw_put(&writer, object, "list", list);
	jsonw_put(&writer, object, "numbers", numbers);
	jsonw_put_hex(&writer, object, "none", 0);
	jsonw_put_hex(&writer, object, "all", UINT64_C(0xfedcba9876543210));
	assert_int_equal(jsonw_finish(&writer, object, &text), ST_OK);
	assert_int_equal(strlen(found), text.size);
	assert_memory_equal(found, text.data, text.size);
	blob_done(&text);
	free(found);
}

/* Longer than any buffer, behind something. */
static void a_text_of_any_length_is_written(void **state)
{
	static char text[100000];
	char *found = NULL;
	size_t size;
	struct jsonout out = { .file = open_memstream(&found, &size) };

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	assert_non_null(out.file);
	jsonout_open(&out, NULL, '[');
	jsonout_text(&out, NULL, text);
	jsonout_close(&out, '[');
	fclose(out.file);
	assert_int_equal(size, sizeof(text) + strlen("[\n  \"\"\n]\n") - 1);
	assert_memory_equal(found, "[\n  \"", 5);
	assert_memory_equal(found + 5, text, sizeof(text) - 1);
	assert_string_equal(found + 4 + sizeof(text), "\"\n]\n");
	free(found);
}

static void what_is_empty_is_one_word(void **state)
{
	char *text = NULL;
	size_t size;
	struct jsonout out = { .file = open_memstream(&text, &size) };

	(void)state;
	assert_non_null(out.file);
	jsonout_open(&out, NULL, '{');
	jsonout_open(&out, "list", '[');
	jsonout_close(&out, '[');
	jsonout_open(&out, "object", '{');
	jsonout_close(&out, '{');
	jsonout_close(&out, '{');
	fclose(out.file);
	assert_string_equal(text, "{\n  \"list\": [],\n  \"object\": {}\n}\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_what_json_c_makes),
		cmocka_unit_test(a_text_of_any_length_is_written),
		cmocka_unit_test(what_is_empty_is_one_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
