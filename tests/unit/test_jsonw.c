// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/err.h"
#include "lib/jsonw.h"

/* What the elements are made from. */
struct source {
	const char *const *texts;
	size_t broken; /* index of the element that cannot be made */
};

static struct json_object *describe(struct jsonw *writer, const void *context, size_t index)
{
	const struct source *source = context;
	struct json_object *object = json_object_new_object();
	struct json_object *inner = json_object_new_array();

	if (index == source->broken) {
		json_object_put(object);
		json_object_put(inner);
		return NULL;
	}
	jsonw_append(writer, inner, json_object_new_uint64(index));
	jsonw_append(writer, inner, json_object_new_object());
	jsonw_put_text(writer, object, "text", source->texts[index]);
	jsonw_put(writer, object, "inner", inner);
	return object;
}

/* By json-c alone. */
static struct json_object *whole(struct jsonw *writer, const void *context, size_t count)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < count; i++)
		jsonw_append(writer, array, describe(writer, context, i));
	return array;
}

static int write_document(struct jsonw *writer, struct json_object *array, struct blob *ret)
{
	struct json_object *object = json_object_new_object();
	struct json_object *outer = json_object_new_object();

	jsonw_put_text(writer, object, "before", "x");
	jsonw_put(writer, outer, "elements", array);
	jsonw_put(writer, object, "outer", outer);
	jsonw_put_text(writer, object, "behind", NULL);
	return jsonw_finish(writer, object, ret);
}

static void array_made_while_it_is_written_reads_the_same(void **state)
{
	static const char *const texts[] = { "plain", "two\nlines, and \"more\"]", "", "\\n",
		"/slash/" };
	const struct source source = { texts, SIZE_MAX };

	(void)state;
	for (size_t count = 0; count <= sizeof(texts) / sizeof(texts[0]); count++) {
		struct jsonw writer = { .failed = false };
		struct blob once = BLOB_INIT, tree = BLOB_INIT;

		assert_int_equal(write_document(&writer,
					 jsonw_array(&writer, describe, &source, count), &once),
			ST_OK);
		assert_int_equal(
			write_document(&writer, whole(&writer, &source, count), &tree), ST_OK);
		assert_string_equal((const char *)once.data, (const char *)tree.data);
		blob_done(&once);
		blob_done(&tree);
	}
}

static void ranges_are_written(void **state)
{
	struct rangeset set = RANGESET_INIT;
	struct jsonw writer = { .failed = false };
	struct blob text = BLOB_INIT;

	(void)state;
	assert_int_equal(rangeset_add(&set, 0x1000, 0x3000), ST_OK);
	assert_int_equal(rangeset_add(&set, 0x8000, UINT64_MAX), ST_OK);
	assert_int_equal(jsonw_finish(&writer, jsonw_ranges(&writer, &set), &text), ST_OK);
	assert_string_equal((const char *)text.data, "[\n"
						     "  {\n"
						     "    \"start\": \"0x1000\",\n"
						     "    \"end\": \"0x3000\",\n"
						     "    \"size\": 8192\n"
						     "  },\n"
						     "  {\n"
						     "    \"start\": \"0x8000\",\n"
						     "    \"end\": \"0xffffffffffffffff\",\n"
						     "    \"size\": 18446744073709518847\n"
						     "  }\n"
						     "]\n");
	blob_done(&text);
	rangeset_done(&set);
}

static void element_that_cannot_be_made_ends_it(void **state)
{
	static const char *const texts[] = { "a", "b", "c" };

	(void)state;
	for (size_t broken = 0; broken < 3; broken++) {
		const struct source source = { texts, broken };
		struct jsonw writer = { .failed = false };
		struct blob text = BLOB_INIT;

		assert_int_equal(
			write_document(&writer, jsonw_array(&writer, describe, &source, 3), &text),
			ST_NO_MEMORY);
		assert_int_equal(text.size, 0);
		assert_true(writer.failed);
		blob_done(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(array_made_while_it_is_written_reads_the_same),
		cmocka_unit_test(ranges_are_written),
		cmocka_unit_test(element_that_cannot_be_made_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
