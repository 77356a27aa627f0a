// SPDX-License-Identifier: GPL-2.0-only
/* Placement against a model that tries every page of a small room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kexec/plan/place.h"

#define PAGE  UINT64_C(4096)
#define PAGES 64

/* The highest room that 64-bit addresses can say. */
#define TOP (0 - (PAGES + 1) * PAGE)

static struct plan plan_over(uint64_t start, uint64_t pages)
{
	struct plan plan = { .page_size = PAGE, .flags = KEXEC_ON_CRASH };

	assert_int_equal(rangeset_add(&plan.room, start, start + pages * PAGE), ST_OK);
	return plan;
}

static void take(struct plan *plan, uint64_t mem, uint64_t memsz)
{
	assert_int_equal(
		plan_add_segment(plan, SEGMENT_KERNEL, (struct span){ NULL, 0 }, mem, memsz, NULL),
		ST_OK);
}

/* Is this address good for the piece? All that the header promises, said without the code. */
static bool fits(const struct plan *plan, const struct place_want *want, uint64_t at)
{
	uint64_t size = (want->size + PAGE - 1) / PAGE * PAGE;
	uint64_t align = want->align < PAGE ? PAGE : want->align;
	bool in_room = false;

	for (size_t i = 0; i < plan->room.count; i++)
		in_room = in_room ||
			  (at >= plan->room.ranges[i].start && at <= plan->room.ranges[i].end &&
				  plan->room.ranges[i].end - at >= size);
	if (!in_room || at % align || at < want->window.start || at > want->window.end ||
		want->window.end - at < size)
		return false;
	for (size_t i = 0; i < plan->segment_count; i++) {
		const struct segment *segment = &plan->segments[i];

		if (segment->mem < at + size && at < segment->mem + segment->memsz)
			return false;
	}
	return true;
}

static bool model(const struct plan *plan, const struct place_want *want, uint64_t *ret)
{
	uint64_t end = plan->room.ranges[plan->room.count - 1].end;
	bool found = false;

	for (uint64_t at = plan->room.ranges[0].start; at < end; at += PAGE) {
		if (!fits(plan, want, at))
			continue;
		*ret = at;
		found = true;
		if (want->end == PLACE_LOW)
			break;
	}
	return found;
}

static void assert_model(const struct plan *plan, const struct place_want *want)
{
	static const enum place_end ends[] = { PLACE_LOW, PLACE_HIGH };

	for (int i = 0; i < 2; i++) {
		struct place_want both = *want;
		struct err err = ERR_INIT;
		uint64_t expected = 0;
		uint64_t found = 7;
		int status;

		both.end = ends[i];
		status = place(plan, &both, &found, &err);
		if (model(plan, &both, &expected)) {
			assert_int_equal(status, ST_OK);
			assert_int_equal(found, expected);
		} else {
			assert_int_equal(status, ST_NO_SPACE);
			assert_int_equal(found, 7);
			assert_string_equal(err.id, "crash-region-too-small");
		}
	}
}

/* Neither end has room for it. */
static void assert_nowhere(const struct plan *plan, struct place_want want, int status)
{
	struct err err = ERR_INIT;
	uint64_t at = 7;

	want.end = PLACE_LOW;
	assert_int_equal(place(plan, &want, &at, &err), status);
	want.end = PLACE_HIGH;
	assert_int_equal(place(plan, &want, &at, &err), status);
	assert_int_equal(at, 7);
}

static void assert_place(
	const struct plan *plan, struct place_want want, enum place_end end, uint64_t expected)
{
	struct err err = ERR_INIT;
	uint64_t at;

	want.end = end;
	assert_int_equal(place(plan, &want, &at, &err), ST_OK);
	assert_int_equal(at, expected);
}

static uint32_t next(uint32_t *seed, uint32_t below)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % below;
}

/* Cut pieces out of the room. */
static void punch(struct plan *plan, uint32_t *seed)
{
	uint64_t base = plan->room.ranges[0].start;
	struct rangeset holes = RANGESET_INIT, left = RANGESET_INIT;

	for (uint32_t wanted = next(seed, 12); wanted; wanted--) {
		uint64_t at = base + next(seed, PAGES - 3) * PAGE;

		assert_int_equal(rangeset_add(&holes, at, at + (1 + next(seed, 4)) * PAGE), ST_OK);
	}
	rangeset_normalize(&holes);
	assert_int_equal(rangeset_subtract(&plan->room, &holes, &left), ST_OK);
	rangeset_done(&holes);
	if (left.count == 0) {
		rangeset_done(&left);
		return;
	}
	rangeset_done(&plan->room);
	plan->room = left;
}

/* Segments that do not overlap, as a plan has them, in any order. */
static void scatter(struct plan *plan, uint32_t *seed)
{
	uint32_t wanted = next(seed, KEXEC_SEGMENT_MAX + 1);

	for (uint32_t i = 0; i < wanted; i++) {
		uint64_t size = (1 + next(seed, 9)) * PAGE;
		struct place_want want = { SEGMENT_KERNEL, size, 0, PLACE_ANYWHERE, PLACE_LOW };
		uint64_t at = plan->room.ranges[0].start + next(seed, PAGES) * PAGE;

		if (fits(plan, &want, at))
			take(plan, at, size);
	}
}

static void every_answer_is_that_of_the_model(void **state)
{
	static const uint64_t bases[] = { 0, PAGE * 3, 0x40000000, TOP };
	static const uint64_t aligns[] = { 0, 1, PAGE, 4 * PAGE, 16 * PAGE, 128 * PAGE };
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 8000; round++) {
		struct plan plan = plan_over(bases[round % 4], PAGES);
		struct place_want want = {
			.purpose = SEGMENT_INITRD,
			.size = 1 + next(&seed, 12 * PAGE),
			.align = aligns[next(&seed, 6)],
			.window = PLACE_ANYWHERE,
		};

		if (round >= 4000)
			punch(&plan, &seed);
		scatter(&plan, &seed);
		assert_model(&plan, &want);
		/* Any window: inside, across the ends, outside, empty, not in whole pages. */
		want.window.start = plan.room.ranges[0].start + next(&seed, PAGES * PAGE);
		want.window.end = want.window.start + next(&seed, PAGES * PAGE);
		if (want.window.end < want.window.start)
			want.window.end = UINT64_MAX;
		assert_model(&plan, &want);
		rangeset_done(&plan.room);
	}
}

static void window_limits_are_exact(void **state)
{
	struct plan plan = plan_over(0x40000000, 64);
	struct place_want want = { SEGMENT_INITRD, 4 * PAGE, 0, { 0x40008000, 0x4000c000 },
		PLACE_LOW };

	(void)state;
	assert_place(&plan, want, PLACE_LOW, 0x40008000);
	assert_place(&plan, want, PLACE_HIGH, 0x40008000);
	want.window.end--;
	assert_nowhere(&plan, want, ST_NO_SPACE);
	want.window = (struct range){ 0x50000000, 0x60000000 }; /* beside the room */
	assert_nowhere(&plan, want, ST_NO_SPACE);
	rangeset_done(&plan.room);
}

static void nothing_reaches_over_the_end_of_a_range(void **state)
{
	struct plan plan = plan_over(0x40000000, 4);
	struct place_want want = { SEGMENT_INITRD, 5 * PAGE, 0, PLACE_ANYWHERE, PLACE_LOW };

	(void)state;
	assert_int_equal(rangeset_add(&plan.room, 0x40005000, 0x40009000), ST_OK);
	assert_nowhere(&plan, want, ST_NO_SPACE);
	want.size = 4 * PAGE;
	assert_place(&plan, want, PLACE_LOW, 0x40000000);
	assert_place(&plan, want, PLACE_HIGH, 0x40005000);
	take(&plan, 0x40003000, PAGE);
	assert_place(&plan, want, PLACE_LOW, 0x40005000);
	rangeset_done(&plan.room);
}

static void no_room_at_all_is_no_space(void **state)
{
	struct plan plan = { .page_size = PAGE };
	struct place_want want = { SEGMENT_INITRD, PAGE, 0, PLACE_ANYWHERE, PLACE_LOW };

	(void)state;
	assert_nowhere(&plan, want, ST_NO_SPACE);
}

static void top_of_the_address_space_does_not_wrap(void **state)
{
	struct plan plan = plan_over(TOP, PAGES);
	struct place_want want = { SEGMENT_KERNEL, PAGE, PAGE, PLACE_ANYWHERE, PLACE_LOW };

	(void)state;
	assert_place(&plan, want, PLACE_HIGH, TOP + (PAGES - 1) * PAGE);
	want.align = UINT64_C(1) << 63;
	assert_nowhere(&plan, want, ST_NO_SPACE);
	/* Sizes that are none, or wrap when they become whole pages. */
	want.align = PAGE;
	want.size = UINT64_MAX;
	assert_nowhere(&plan, want, ST_BAD_INPUT);
	want.size = 0;
	assert_nowhere(&plan, want, ST_BAD_INPUT);
	want.size = 0 - PAGE; /* whole pages, more than there are */
	assert_nowhere(&plan, want, ST_NO_SPACE);
	rangeset_done(&plan.room);
}

static void full_region_has_no_holes(void **state)
{
	struct plan plan = plan_over(0x40000000, KEXEC_SEGMENT_MAX);
	struct place_want want = { SEGMENT_DTB, 1, 0, PLACE_ANYWHERE, PLACE_LOW };
	struct err err = ERR_INIT;

	(void)state;
	assert_place(&plan, want, PLACE_LOW, 0x40000000);
	for (uint64_t i = KEXEC_SEGMENT_MAX; i-- > 0;)
		take(&plan, 0x40000000 + i * PAGE, PAGE);
	assert_nowhere(&plan, want, ST_NO_SPACE);
	assert_int_equal(
		plan_add_segment(&plan, SEGMENT_DTB, (struct span){ NULL, 0 }, 0, PAGE, &err),
		ST_NO_SPACE);
	assert_string_equal(err.id, "segment-count");
	assert_int_equal(plan.segment_count, KEXEC_SEGMENT_MAX);
	rangeset_done(&plan.room);
}

static void refusal_says_what_was_wanted_where_and_what_there_is(void **state)
{
	struct plan plan = plan_over(0x40000000, 16);
	struct place_want want = { SEGMENT_INITRD, 11 * PAGE + 1, 0, PLACE_ANYWHERE, PLACE_LOW };
	struct err err = ERR_INIT;
	uint64_t at;

	(void)state;
	take(&plan, 0x40004000, PAGE); /* leaves 4 and 11 pages */
	assert_int_equal(place(&plan, &want, &at, &err), ST_NO_SPACE);
	assert_string_equal(err.text,
		"no room for the initrd: it needs 0xc000 bytes aligned to 0x1000 in the crash "
		"region [0x40000000, 0x40010000), where the largest free piece has 0xb000");
	assert_non_null(strstr(err.hint, "crashkernel="));

	/* The window, not the whole region, when that is what was searched. */
	want.window = (struct range){ 0x40002000, 0x40006000 };
	want.size = 4 * PAGE;
	plan.flags = 0;
	err_clear(&err);
	assert_int_equal(place(&plan, &want, &at, &err), ST_NO_SPACE);
	assert_string_equal(err.id, "memory-too-small");
	assert_string_equal(err.text,
		"no room for the initrd: it needs 0x4000 bytes aligned to 0x1000 in [0x40002000, "
		"0x40006000) of the memory that can be loaded to [0x40000000, 0x40010000), where "
		"the largest free piece has 0x2000");
	assert_string_equal(err.hint, "load a smaller kernel and initrd");

	/* All that made it small, and no address of what is not there. */
	plan.room_bounded = true;
	plan.room_reserved = 0x3000;
	rangeset_done(&plan.room);
	err_clear(&err);
	assert_int_equal(place(&plan, &want, &at, &err), ST_NO_SPACE);
	assert_non_null(strstr(err.text, "that can be loaded to, of which nothing is left, where"));
	assert_string_equal(err.hint,
		"load a smaller kernel and initrd, or leave --mem-min and --mem-max out; the new "
		"kernel's device tree reserves 0x3000 bytes of it");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_answer_is_that_of_the_model),
		cmocka_unit_test(window_limits_are_exact),
		cmocka_unit_test(nothing_reaches_over_the_end_of_a_range),
		cmocka_unit_test(no_room_at_all_is_no_space),
		cmocka_unit_test(top_of_the_address_space_does_not_wrap),
		cmocka_unit_test(full_region_has_no_holes),
		cmocka_unit_test(refusal_says_what_was_wanted_where_and_what_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
