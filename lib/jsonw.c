// SPDX-License-Identifier: GPL-2.0-only
#include "lib/jsonw.h"

#include <inttypes.h>
#include <json-c/printbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/status.h"
#include "lib/utf8.h"

void jsonw_put(struct jsonw *writer, struct json_object *object, const char *key,
	struct json_object *value)
{
	if (!object || !value || json_object_object_add(object, key, value)) {
		json_object_put(value);
		writer->failed = true;
	}
}

void jsonw_append(struct jsonw *writer, struct json_object *array, struct json_object *value)
{
	if (!array || !value || json_object_array_add(array, value)) {
		json_object_put(value);
		writer->failed = true;
	}
}

void jsonw_put_null(struct jsonw *writer, struct json_object *object, const char *key)
{
	if (!object || json_object_object_add(object, key, NULL))
		writer->failed = true;
}

struct json_object *jsonw_text(const char *text)
{
	struct span rest = { (const uint8_t *)text, strlen(text) };
	struct json_object *object = NULL;
	struct blob clean = BLOB_INIT;
	int status = ST_OK;

	while (rest.size && status == ST_OK) {
		size_t size = rest.data[0] < 0x80 ? rest.data[0] != 0x7f : utf8_size(rest);
		char escaped[5];

		if (size) {
			status = blob_append(&clean, rest.data, size);
		} else {
			snprintf(escaped, sizeof(escaped), "\\x%02x", rest.data[0]);
			status = blob_append(&clean, escaped, 4);
			size = 1;
		}
		rest.data += size;
		rest.size -= size;
	}
	if (status == ST_OK)
		object = json_object_new_string_len(
			clean.size ? (const char *)clean.data : "", (int)clean.size);
	blob_done(&clean);
	return object;
}

void jsonw_put_text(
	struct jsonw *writer, struct json_object *object, const char *key, const char *text)
{
	if (text)
		jsonw_put(writer, object, key, jsonw_text(text));
	else
		jsonw_put_null(writer, object, key);
}

void jsonw_put_hex(
	struct jsonw *writer, struct json_object *object, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	jsonw_put_text(writer, object, key, text);
}

void jsonw_put_number(
	struct jsonw *writer, struct json_object *object, const char *key, uint64_t value)
{
	jsonw_put(writer, object, key, json_object_new_uint64(value));
}

void jsonw_put_bool(struct jsonw *writer, struct json_object *object, const char *key, bool value)
{
	jsonw_put(writer, object, key, json_object_new_boolean(value));
}

void jsonw_put_tristate(
	struct jsonw *writer, struct json_object *object, const char *key, int value)
{
	if (value < 0)
		jsonw_put_null(writer, object, key);
	else
		jsonw_put_bool(writer, object, key, value);
}

/* What an array that is made while it is written is made from; at least one element. */
struct rows {
	struct jsonw *writer;
	jsonw_element_fn *element;
	const void *context;
	size_t count;
};

/* A line break, and what the lines of an array's elements begin with. */
static bool put_break(struct printbuf *out, int level)
{
	bool good = printbuf_memappend(out, "\n", 1) >= 0;

	while (good && level-- > 0)
		good = printbuf_memappend(out, "  ", 2) >= 0;
	return good;
}

/* The text of an element, which json-c writes as if it stood alone. A line break is never part of a
 * string, where it is "\n". */
static bool put_lines(struct printbuf *out, const char *text, int level)
{
	for (;;) {
		size_t length = strcspn(text, "\n");

		if (!put_break(out, level) || printbuf_memappend(out, text, (int)length) < 0)
			return false;
		if (!text[length])
			return true;
		text += length + 1;
	}
}

/* In place of json-c's own for arrays, and to the same effect. */
static int write_rows(struct json_object *array, struct printbuf *out, int level, int flags)
{
	const struct rows *rows = json_object_get_userdata(array);
	bool good = printbuf_memappend(out, "[", 1) >= 0;

	for (size_t i = 0; i < rows->count && good; i++) {
		struct json_object *element = rows->element(rows->writer, rows->context, i);
		const char *text = element ? json_object_to_json_string_ext(element, flags) : NULL;

		good = text && (i == 0 || printbuf_memappend(out, ",", 1) >= 0) &&
		       put_lines(out, text, level + 1);
		json_object_put(element);
	}
	good = good && put_break(out, level) && printbuf_memappend(out, "]", 1) >= 0;
	if (!good)
		rows->writer->failed = true;
	return good ? 0 : -1;
}

struct json_object *jsonw_array(
	struct jsonw *writer, jsonw_element_fn *element, const void *context, size_t count)
{
	struct json_object *array = json_object_new_array();
	struct rows *rows;

	if (!array || count == 0)
		return array;
	rows = malloc(sizeof(*rows));
	if (!rows) {
		json_object_put(array);
		return NULL;
	}
	*rows = (struct rows){ writer, element, context, count };
	json_object_set_serializer(array, write_rows, rows, json_object_free_userdata);
	return array;
}

static struct json_object *describe_range(struct jsonw *writer, const void *context, size_t index)
{
	const struct rangeset *set = context;
	struct json_object *object = json_object_new_object();

	jsonw_put_hex(writer, object, "start", set->ranges[index].start);
	jsonw_put_hex(writer, object, "end", set->ranges[index].end);
	jsonw_put_number(writer, object, "size", range_size(set->ranges[index]));
	return object;
}

struct json_object *jsonw_ranges(struct jsonw *writer, const struct rangeset *set)
{
	return jsonw_array(writer, describe_range, set, set->count);
}

int jsonw_finish(struct jsonw *writer, struct json_object *object, struct blob *ret)
{
	const char *text = NULL;
	int status = ST_NO_MEMORY;

	if (!writer->failed)
		text = json_object_to_json_string_ext(
			object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
					JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text && !writer->failed && blob_append(ret, text, strlen(text)) == ST_OK &&
		blob_append(ret, "\n", 1) == ST_OK)
		status = ST_OK;
	json_object_put(object);
	return status;
}
