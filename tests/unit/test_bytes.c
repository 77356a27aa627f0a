// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/bytes.h"
#include "lib/status.h"
#include "tests/unit/nomem.h"

static void append_keeps_a_nul_behind(void **state)
{
	struct blob blob = BLOB_INIT;

	(void)state;
	assert_int_equal(blob_append(&blob, "abc", 3), ST_OK);
	assert_int_equal(blob.size, 3);
	assert_string_equal((const char *)blob.data, "abc");
	assert_int_equal(blob_append(&blob, NULL, 0), ST_OK);
	assert_int_equal(blob_append(&blob, "\0d", 2), ST_OK);
	assert_int_equal(blob.size, 5);
	assert_memory_equal(blob.data, "abc\0d", 6);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(blob_append(&blob, "xy", 2), ST_OK);
	assert_int_equal(blob.size, 20005);
	assert_true(blob.capacity >= blob.size);
	assert_memory_equal(blob.data + 20003, "xy", 3);
	blob_done(&blob);
	assert_null(blob.data);
	assert_int_equal(blob.size, 0);
	assert_int_equal(blob.capacity, 0);
	blob_done(&blob);
	blob_done(NULL);
}

static void nothing_appended_to_nothing(void **state)
{
	struct blob blob = BLOB_INIT;

	(void)state;
	assert_int_equal(blob_append(&blob, NULL, 0), ST_OK);
	assert_null(blob.data);
	assert_int_equal(blob_span(&blob).size, 0);
}

static void reserve_keeps_content(void **state)
{
	struct blob blob = BLOB_INIT;

	(void)state;
	assert_int_equal(blob_reserve(&blob, 10), ST_OK);
	assert_int_equal(blob.size, 0);
	assert_int_equal(blob.capacity, 10);
	assert_int_equal(blob.data[0], 0);
	assert_int_equal(blob_append(&blob, "hello", 5), ST_OK);
	assert_int_equal(blob.capacity, 10);
	assert_int_equal(blob_reserve(&blob, 100), ST_OK);
	assert_int_equal(blob.capacity, 100);
	assert_string_equal((const char *)blob.data, "hello");
	blob.data[100] = 1; /* the byte behind capacity is ours: the sanitizer watches */
	assert_int_equal(blob_reserve(&blob, 2), ST_OK); /* never shrinks */
	assert_int_equal(blob.capacity, 100);
	blob_trim(&blob);
	assert_int_equal(blob.capacity, 5);
	assert_string_equal((const char *)blob.data, "hello");
	blob_trim(&blob);
	assert_int_equal(blob_append(&blob, "!", 1), ST_OK);
	assert_string_equal((const char *)blob.data, "hello!");
	blob_done(&blob);
	blob_trim(&blob);
	assert_null(blob.data);
}

static void zeroed_is_zero(void **state)
{
	struct blob blob = BLOB_INIT;

	(void)state;
	assert_int_equal(blob_zeroed(&blob, 1000), ST_OK);
	assert_int_equal(blob.size, 1000);
	for (size_t i = 0; i <= 1000; i++)
		assert_int_equal(blob.data[i], 0);
	blob_done(&blob);
	assert_int_equal(blob_zeroed(&blob, 0), ST_OK);
	assert_non_null(blob.data);
	assert_int_equal(blob.data[0], 0);
	blob_done(&blob);
}

static void take_leaves_nothing(void **state)
{
	struct blob from = BLOB_INIT;
	struct blob to;

	(void)state;
	assert_int_equal(blob_append(&from, "abc", 3), ST_OK);
	to = blob_take(&from);
	assert_null(from.data);
	assert_int_equal(from.size, 0);
	assert_int_equal(from.capacity, 0);
	assert_string_equal((const char *)to.data, "abc");
	assert_int_equal(to.size, 3);
	blob_done(&from);
	blob_done(&to);
}

static void lack_of_memory_changes_nothing(void **state)
{
	struct blob blob = BLOB_INIT;
	struct blob empty = BLOB_INIT;
	const uint8_t *before;

	(void)state;
	assert_int_equal(blob_append(&blob, "abc", 3), ST_OK);
	before = blob.data;
	assert_int_equal(blob_reserve(&blob, SIZE_MAX), ST_NO_MEMORY);
	assert_int_equal(blob_reserve(&blob, TOO_MUCH), ST_NO_MEMORY);
	assert_int_equal(blob_append(&blob, "x", SIZE_MAX), ST_NO_MEMORY);
	assert_int_equal(blob_append(&blob, "x", TOO_MUCH), ST_NO_MEMORY);
	assert_ptr_equal(blob.data, before);
	assert_int_equal(blob.size, 3);
	assert_string_equal((const char *)blob.data, "abc");
	assert_int_equal(blob_zeroed(&empty, SIZE_MAX), ST_NO_MEMORY);
	assert_int_equal(blob_zeroed(&empty, TOO_MUCH), ST_NO_MEMORY);
	assert_null(empty.data);
	blob_done(&blob);
}

static void slices_stay_inside(void **state)
{
	const uint8_t bytes[] = { 1, 2, 3, 4 };
	struct span span = { bytes, sizeof(bytes) };
	struct span empty = { NULL, 0 };
	struct span slice = { NULL, 99 };

	(void)state;
	assert_true(span_slice(span, 1, 2, &slice));
	assert_ptr_equal(slice.data, bytes + 1);
	assert_int_equal(slice.size, 2);
	assert_true(span_slice(span, 0, 4, &slice));
	assert_int_equal(slice.size, 4);
	assert_true(span_slice(span, 4, 0, &slice));
	assert_int_equal(slice.size, 0);
	slice.size = 99;
	assert_false(span_slice(span, 5, 0, &slice));
	assert_false(span_slice(span, 0, 5, &slice));
	assert_false(span_slice(span, 3, 2, &slice));
	assert_false(span_slice(span, UINT64_MAX, 2, &slice));
	assert_false(span_slice(span, 2, UINT64_MAX, &slice));
	assert_false(span_slice(span, UINT64_MAX, UINT64_MAX, &slice));
	/* 2^32 must not become 0 on a 32-bit host. */
	assert_false(span_slice(span, (uint64_t)1 << 32, 0, &slice));
	assert_false(span_slice(span, 0, ((uint64_t)1 << 32) + 1, &slice));
	assert_int_equal(slice.size, 99); /* untouched by failure */
	assert_true(span_slice(empty, 0, 0, &slice));
	assert_int_equal(slice.size, 0);
	assert_false(span_slice(empty, 0, 1, &slice));
}

static void prefixes(void **state)
{
	struct span span = { (const uint8_t *)"abc", 3 };
	struct span empty = { NULL, 0 };

	(void)state;
	assert_true(span_starts_with(span, "ab", 2));
	assert_true(span_starts_with(span, "abc", 3));
	assert_false(span_starts_with(span, "abcd", 4));
	assert_false(span_starts_with(span, "b", 1));
	assert_true(span_starts_with(span, "", 0));
	assert_true(span_starts_with(empty, "", 0));
	assert_false(span_starts_with(empty, "a", 1));
}

static void loads_and_stores_have_an_order(void **state)
{
	const uint8_t bytes[] = { 0, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88 };
	uint8_t out[9] = { 0 };

	(void)state;
	/* From an odd address: the sanitizer would see a plain load. */
	assert_int_equal(load_le16(bytes + 1), 0x8281);
	assert_int_equal(load_le32(bytes + 1), 0x84838281);
	assert_true(load_le64(bytes + 1) == 0x8887868584838281);
	store_le16(out + 1, 0x8281);
	assert_memory_equal(out, bytes, 3);
	assert_int_equal(out[3], 0);
	store_le32(out + 1, 0x84838281);
	assert_memory_equal(out, bytes, 5);
	assert_int_equal(out[5], 0);
	store_le64(out + 1, 0x8887868584838281);
	assert_memory_equal(out, bytes, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(append_keeps_a_nul_behind),
		cmocka_unit_test(nothing_appended_to_nothing),
		cmocka_unit_test(reserve_keeps_content),
		cmocka_unit_test(zeroed_is_zero),
		cmocka_unit_test(take_leaves_nothing),
		cmocka_unit_test(lack_of_memory_changes_nothing),
		cmocka_unit_test(slices_stay_inside),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(loads_and_stores_have_an_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
