/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writing JSON with json-c. What that library gives back when memory is out is looked at in one
 * place: the first failure sticks in the writer, and shows when the text is asked for.
 *
 * Addresses are strings in hexadecimal, since JSON's numbers lose bits above 2^53; sizes and
 * counts are numbers.
 */
#ifndef LIB_JSONW_H
#define LIB_JSONW_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/rangeset.h"

struct jsonw {
	bool failed;
};

/* Put value, which is taken over, into an object or behind an array's last element. A value of
 * NULL counts as out of memory; JSON's null is jsonw_put_null(). */
void jsonw_put(struct jsonw *writer, struct json_object *object, const char *key,
	struct json_object *value);
void jsonw_append(struct jsonw *writer, struct json_object *array, struct json_object *value);

/* A new string. JSON is UTF-8: a byte that is none, in the eyes of utf8_size(), comes out as \xNN,
 * and so does DEL, which JSON would pass on. NULL without memory. */
struct json_object *jsonw_text(const char *text);

/* The kinds of values. A text of NULL, and a tristate below 0, are written as null. */
void jsonw_put_text(
	struct jsonw *writer, struct json_object *object, const char *key, const char *text);
void jsonw_put_hex(
	struct jsonw *writer, struct json_object *object, const char *key, uint64_t value);
void jsonw_put_number(
	struct jsonw *writer, struct json_object *object, const char *key, uint64_t value);
void jsonw_put_bool(struct jsonw *writer, struct json_object *object, const char *key, bool value);
void jsonw_put_tristate(
	struct jsonw *writer, struct json_object *object, const char *key, int value);
void jsonw_put_null(struct jsonw *writer, struct json_object *object, const char *key);

/*
 * A new array whose elements are made one after the other while the text is written, so that only
 * one of them takes memory: as a tree of json-c's they take ten times their text. context, and
 * what it leads to, stays as it is until jsonw_finish(). element() returns an element, or NULL,
 * which counts as out of memory.
 */
typedef struct json_object *jsonw_element_fn(
	struct jsonw *writer, const void *context, size_t index);
struct json_object *jsonw_array(
	struct jsonw *writer, jsonw_element_fn *element, const void *context, size_t count);

/* Such an array of objects with "start", "end" and "size". */
struct json_object *jsonw_ranges(struct jsonw *writer, const struct rangeset *set);

/* Append object as indented text with a newline to ret, and free it. ST_NO_MEMORY, also when
 * anything failed before. */
int jsonw_finish(struct jsonw *writer, struct json_object *object, struct blob *ret);

#endif
