// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/rangeset.h"
#include "lib/status.h"
#include "tests/unit/nomem.h"

static void fill(struct rangeset *set, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_int_equal(rangeset_add(set, ranges[i].start, ranges[i].end), ST_OK);
}

#define FILL(set, ...)                                                                             \
	do {                                                                                       \
		const struct range list[] = { __VA_ARGS__ };                                       \
		fill(set, list, sizeof(list) / sizeof(list[0]));                                   \
	} while (0)

static void assert_ranges(const struct rangeset *set, const struct range *wanted, size_t count)
{
	assert_int_equal(set->count, count);
	for (size_t i = 0; i < count; i++) {
		assert_true(set->ranges[i].start == wanted[i].start);
		assert_true(set->ranges[i].end == wanted[i].end);
	}
}

#define ASSERT_RANGES(set, ...)                                                                    \
	do {                                                                                       \
		const struct range list[] = { __VA_ARGS__ };                                       \
		assert_ranges(set, list, sizeof(list) / sizeof(list[0]));                          \
	} while (0)

static void add_refuses_and_drops(void **state)
{
	struct rangeset set = RANGESET_INIT;

	(void)state;
	assert_int_equal(rangeset_add(&set, 5, 4), ST_BAD_INPUT);
	assert_int_equal(rangeset_add(&set, UINT64_MAX, 0), ST_BAD_INPUT);
	assert_int_equal(rangeset_add(&set, 5, 5), ST_OK);
	assert_int_equal(set.count, 0);
	assert_int_equal(rangeset_add(&set, 0, UINT64_MAX), ST_OK);
	assert_int_equal(set.count, 1);
	rangeset_done(&set);
	assert_null(set.ranges);
	assert_int_equal(set.count, 0);
	rangeset_done(&set);
	rangeset_done(NULL);
}

static void normalize_sorts_and_merges(void **state)
{
	struct rangeset set = RANGESET_INIT;

	(void)state;
	rangeset_normalize(&set);
	assert_int_equal(set.count, 0);
	FILL(&set, { 50, 60 }, { 10, 20 }, { 20, 30 }, { 55, 58 }, { 31, 40 }, { 10, 12 },
		{ 59, 70 }, { UINT64_MAX - 1, UINT64_MAX });
	rangeset_normalize(&set);
	ASSERT_RANGES(&set, { 10, 30 }, { 31, 40 }, { 50, 70 }, { UINT64_MAX - 1, UINT64_MAX });
	rangeset_normalize(&set);
	assert_int_equal(set.count, 4);
	rangeset_done(&set);
	/* Sorted already, which is another way through the code. */
	FILL(&set, { 0, 1 }, { 1, 2 }, { 1, 9 }, { 3, 4 }, { 10, 11 });
	rangeset_normalize(&set);
	ASSERT_RANGES(&set, { 0, 9 }, { 10, 11 });
	rangeset_done(&set);
}

static void many_ranges(void **state)
{
	struct rangeset set = RANGESET_INIT;

	(void)state;
	for (uint64_t i = 0; i < 60000; i++) {
		uint64_t at = (i * 7919 % 60000) * 16; /* every multiple once, out of order */

		assert_int_equal(rangeset_add(&set, at, at + 15), ST_OK);
	}
	rangeset_normalize(&set);
	assert_int_equal(set.count, 60000);
	assert_true(rangeset_bytes(&set) == 60000 * 15);
	for (uint64_t i = 0; i < 60000; i += 997) {
		assert_true(rangeset_contains(&set, i * 16, i * 16 + 15));
		assert_false(rangeset_contains(&set, i * 16, i * 16 + 16));
		assert_false(rangeset_contains(&set, i * 16 + 15, i * 16 + 16));
	}
	rangeset_done(&set);
}

static void equality(void **state)
{
	struct rangeset set = RANGESET_INIT;
	struct rangeset other = RANGESET_INIT;

	(void)state;
	assert_true(rangeset_equal(&set, &other));
	FILL(&set, { 1, 2 }, { 4, 8 });
	assert_false(rangeset_equal(&set, &other));
	FILL(&other, { 1, 2 }, { 4, 8 });
	assert_true(rangeset_equal(&set, &other));
	other.ranges[1].end++;
	assert_false(rangeset_equal(&set, &other));
	other.count = 1;
	assert_false(rangeset_equal(&set, &other));
	rangeset_done(&other);
	rangeset_done(&set);
}

static void assert_minus(const struct rangeset *a, const struct rangeset *b,
	const struct range *wanted, size_t count)
{
	struct rangeset minus = RANGESET_INIT;

	assert_int_equal(rangeset_subtract(a, b, &minus), ST_OK);
	assert_ranges(&minus, wanted, count);
	rangeset_done(&minus);
}

static void subtract(void **state)
{
	struct rangeset a = RANGESET_INIT;
	struct rangeset b = RANGESET_INIT;

	(void)state;
	assert_minus(&a, &b, NULL, 0);
	FILL(&a, { 0, 100 }, { 200, 300 }, { 400, 500 }, { 600, UINT64_MAX });
	assert_minus(&a, &b, a.ranges, a.count);
	assert_minus(&b, &a, NULL, 0);
	assert_minus(&a, &a, NULL, 0);
	/* A hole at either end, in the middle, over several ranges, over nothing. */
	FILL(&b, { 0, 10 }, { 20, 30 }, { 90, 110 }, { 150, 160 }, { 250, 450 }, { 500, 600 },
		{ 700, 701 });
	{
		const struct range wanted[] = { { 10, 20 }, { 30, 90 }, { 200, 250 }, { 450, 500 },
			{ 600, 700 }, { 701, UINT64_MAX } };

		assert_minus(&a, &b, wanted, 6);
	}
	rangeset_done(&b);
	FILL(&b, { 0, UINT64_MAX });
	assert_minus(&a, &b, NULL, 0);
	rangeset_done(&b);
	FILL(&b, { 100, 200 }, { 300, 400 }); /* only the gaps: nothing goes */
	assert_minus(&a, &b, a.ranges, a.count);
	rangeset_done(&a);
	rangeset_done(&b);
}

static void align_inward(void **state)
{
	struct rangeset set = RANGESET_INIT;

	(void)state;
	FILL(&set, { 0x800, 0x3800 }, { 0x4001, 0x5fff }, { 0x7000, 0x8000 },
		{ 0xf000000000000001, UINT64_MAX });
	rangeset_align_inward(&set, 1);
	assert_int_equal(set.count, 4);
	rangeset_align_inward(&set, 0x1000);
	ASSERT_RANGES(&set, { 0x1000, 0x3000 }, { 0x7000, 0x8000 },
		{ 0xf000000000001000, 0xfffffffffffff000 });
	rangeset_align_inward(&set, 0x2000);
	ASSERT_RANGES(&set, { 0xf000000000002000, 0xffffffffffffe000 });
	rangeset_align_inward(&set, (uint64_t)1 << 63);
	assert_int_equal(set.count, 0);
	rangeset_done(&set);
	/* Rounding up would wrap. */
	FILL(&set, { UINT64_MAX - 3, UINT64_MAX });
	rangeset_align_inward(&set, 0x1000);
	assert_int_equal(set.count, 0);
	rangeset_done(&set);
}

static void contains(void **state)
{
	struct rangeset set = RANGESET_INIT;

	(void)state;
	assert_false(rangeset_contains(&set, 0, 1));
	assert_false(rangeset_contains(&set, 0, 0));
	FILL(&set, { 10, 20 }, { 30, 40 });
	assert_true(rangeset_contains(&set, 10, 20));
	assert_true(rangeset_contains(&set, 12, 13));
	assert_true(rangeset_contains(&set, 30, 40));
	assert_true(rangeset_contains(&set, 15, 15));
	assert_false(rangeset_contains(&set, 9, 11));
	assert_false(rangeset_contains(&set, 10, 21));
	assert_false(rangeset_contains(&set, 19, 31));
	assert_false(rangeset_contains(&set, 10, 40));
	assert_false(rangeset_contains(&set, 25, 26));
	assert_false(rangeset_contains(&set, 25, 25));
	assert_false(rangeset_contains(&set, 40, 41));
	assert_false(rangeset_contains(&set, 15, 12)); /* no range at all */
	assert_false(rangeset_contains(&set, 10, 0));
	rangeset_done(&set);
}

static void bytes(void **state)
{
	struct rangeset set = RANGESET_INIT;

	(void)state;
	assert_true(rangeset_bytes(&set) == 0);
	FILL(&set, { 0, 5 }, { 6, UINT64_MAX });
	assert_true(rangeset_bytes(&set) == UINT64_MAX - 1);
	rangeset_done(&set);
}

static void overlap_of_half_open_ranges(void **state)
{
	const struct range a = { 10, 20 };

	(void)state;
	assert_true(range_overlaps(a, (struct range){ 19, 30 }));
	assert_true(range_overlaps(a, (struct range){ 0, 11 }));
	assert_true(range_overlaps(a, (struct range){ 12, 13 }));
	assert_true(range_overlaps(a, (struct range){ 0, 100 }));
	assert_false(range_overlaps(a, (struct range){ 20, 30 }));
	assert_false(range_overlaps(a, (struct range){ 0, 10 }));
	assert_true(range_size(a) == 10);
}

static void lack_of_memory_changes_nothing(void **state)
{
	struct rangeset set = RANGESET_INIT;
	size_t capacity;

	(void)state;
	FILL(&set, { 1, 2 });
	capacity = set.capacity;
	/* As if it were full, and too large to double. */
	set.count = set.capacity = TOO_MUCH / sizeof(struct range);
	assert_int_equal(rangeset_add(&set, 3, 4), ST_NO_MEMORY);
	assert_int_equal(set.count, TOO_MUCH / sizeof(struct range));
	set.count = set.capacity = SIZE_MAX - 1; /* where the doubling would wrap */
	assert_int_equal(rangeset_add(&set, 3, 4), ST_NO_MEMORY);
	set.count = 1;
	set.capacity = capacity;
	ASSERT_RANGES(&set, { 1, 2 });
	rangeset_done(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(add_refuses_and_drops),
		cmocka_unit_test(normalize_sorts_and_merges),
		cmocka_unit_test(many_ranges),
		cmocka_unit_test(equality),
		cmocka_unit_test(subtract),
		cmocka_unit_test(align_inward),
		cmocka_unit_test(contains),
		cmocka_unit_test(bytes),
		cmocka_unit_test(overlap_of_half_open_ranges),
		cmocka_unit_test(lack_of_memory_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
