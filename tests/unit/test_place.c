// SPDX-License-Identifier: GPL-2.0-only
/* Placement against a model that tries every page of a small region. */
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

/* The highest region that 64-bit addresses can say. */
#define TOP (0 - (PAGES + 1) * PAGE)

static struct plan plan_over(uint64_t start, uint64_t pages)
{
	return (struct plan){
		.page_size = PAGE,
		.load_region = { start, start + pages * PAGE },
	};
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

	if (at % align || at < plan->load_region.start || at < want->window.start ||
		at > plan->load_region.end || plan->load_region.end - at < size ||
		at > want->window.end || want->window.end - at < size)
		return false;
	for (size_t i = 0; i < plan->segment_count; i++) {
		const struct segment *segment = &plan->segments[i];

		if (segment->mem < at + size && at < segment->mem + segment->memsz)
			return false;
	}
	return true;
}

static bool model(const struct plan *plan, const struct place_want *want, bool high, uint64_t *ret)
{
	bool found = false;

	for (uint64_t at = plan->load_region.start; at < plan->load_region.end; at += PAGE) {
		if (!fits(plan, want, at))
			continue;
		*ret = at;
		found = true;
		if (!high)
			break;
	}
	return found;
}

static void assert_model(const struct plan *plan, const struct place_want *want)
{
	for (int high = 0; high < 2; high++) {
		struct err err = ERR_INIT;
		uint64_t expected = 0;
		uint64_t found = 7;
		bool good = model(plan, want, high, &expected);
		int status = high ? place_high(plan, want, &found, &err)
				  : place_low(plan, want, &found, &err);

		if (good) {
			assert_int_equal(status, ST_OK);
			assert_int_equal(found, expected);
		} else {
			assert_int_equal(status, ST_NO_SPACE);
			assert_int_equal(found, 7);
			assert_string_equal(err.id, "crash-region-too-small");
		}
	}
}

static uint32_t next(uint32_t *seed, uint32_t below)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % below;
}

/* Segments that do not overlap, as a plan has them, in any order. */
static void scatter(struct plan *plan, uint32_t *seed)
{
	uint32_t wanted = next(seed, KEXEC_SEGMENT_MAX + 1);

	for (uint32_t i = 0; i < wanted; i++) {
		uint64_t size = (1 + next(seed, 9)) * PAGE;
		struct place_want want = { SEGMENT_KERNEL, size, 0, PLACE_ANYWHERE };
		uint64_t at = plan->load_region.start + next(seed, PAGES) * PAGE;

		if (fits(plan, &want, at))
			take(plan, at, size);
	}
}

static void assert_holes(const struct plan *plan)
{
	struct range holes[KEXEC_SEGMENT_MAX + 1];
	size_t count = place_holes(plan, holes);
	uint64_t last = 0;

	assert_true(count <= plan->segment_count + 1);
	for (size_t i = 0; i < count; i++) {
		assert_true(holes[i].start < holes[i].end);
		assert_true(i == 0 || holes[i].start > last);
		last = holes[i].end;
	}
	for (uint64_t at = plan->load_region.start; at < plan->load_region.end; at += PAGE) {
		struct place_want page = { SEGMENT_KERNEL, PAGE, PAGE, PLACE_ANYWHERE };
		bool in_hole = false;

		for (size_t i = 0; i < count; i++)
			in_hole = in_hole || (holes[i].start <= at && at + PAGE <= holes[i].end);
		assert_int_equal(in_hole, fits(plan, &page, at));
	}
}

static void every_answer_is_that_of_the_model(void **state)
{
	static const uint64_t bases[] = { 0, PAGE * 3, 0x40000000, TOP };
	static const uint64_t aligns[] = { 0, 1, PAGE, 4 * PAGE, 16 * PAGE, 128 * PAGE };
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 4000; round++) {
		struct plan plan = plan_over(bases[round % 4], PAGES);
		struct place_want want = {
			.purpose = SEGMENT_INITRD,
			.size = 1 + next(&seed, 12 * PAGE),
			.align = aligns[next(&seed, 6)],
			.window = PLACE_ANYWHERE,
		};

		scatter(&plan, &seed);
		assert_holes(&plan);
		assert_model(&plan, &want);
		/* Any window: inside, across the ends, outside, empty, not in whole pages. */
		want.window.start = plan.load_region.start + next(&seed, PAGES * PAGE);
		want.window.end = want.window.start + next(&seed, PAGES * PAGE);
		if (want.window.end < want.window.start)
			want.window.end = UINT64_MAX;
		assert_model(&plan, &want);
	}
}

static void window_limits_are_exact(void **state)
{
	struct plan plan = plan_over(0x40000000, 64);
	struct place_want want = { SEGMENT_INITRD, 4 * PAGE, 0, { 0x40008000, 0x4000c000 } };
	struct err err = ERR_INIT;
	uint64_t at;

	(void)state;
	assert_int_equal(place_low(&plan, &want, &at, &err), ST_OK);
	assert_int_equal(at, 0x40008000);
	assert_int_equal(place_high(&plan, &want, &at, &err), ST_OK);
	assert_int_equal(at, 0x40008000);
	want.window.end--;
	assert_int_equal(place_low(&plan, &want, &at, &err), ST_NO_SPACE);
	assert_int_equal(place_high(&plan, &want, &at, &err), ST_NO_SPACE);
	want.window = (struct range){ 0x50000000, 0x60000000 }; /* beside the region */
	assert_int_equal(place_low(&plan, &want, &at, &err), ST_NO_SPACE);
	assert_int_equal(place_high(&plan, &want, &at, &err), ST_NO_SPACE);
}

static void top_of_the_address_space_does_not_wrap(void **state)
{
	struct plan plan = plan_over(TOP, PAGES);
	struct place_want want = { SEGMENT_KERNEL, PAGE, PAGE, PLACE_ANYWHERE };
	struct err err = ERR_INIT;
	uint64_t at;

	(void)state;
	assert_int_equal(place_high(&plan, &want, &at, &err), ST_OK);
	assert_int_equal(at, plan.load_region.end - PAGE);
	want.align = UINT64_C(1) << 63;
	assert_int_equal(place_low(&plan, &want, &at, &err), ST_NO_SPACE);
	assert_int_equal(place_high(&plan, &want, &at, &err), ST_NO_SPACE);
	/* Sizes that are none, or wrap when they become whole pages. */
	want.align = PAGE;
	want.size = UINT64_MAX;
	assert_int_equal(place_low(&plan, &want, &at, &err), ST_BAD_INPUT);
	assert_string_equal(err.id, "segment-size");
	assert_int_equal(place_high(&plan, &want, &at, &err), ST_BAD_INPUT);
	want.size = 0;
	assert_int_equal(place_low(&plan, &want, &at, &err), ST_BAD_INPUT);
	assert_int_equal(place_high(&plan, &want, &at, &err), ST_BAD_INPUT);
	want.size = 0 - PAGE; /* whole pages, more than there are */
	assert_int_equal(place_low(&plan, &want, &at, &err), ST_NO_SPACE);
	assert_int_equal(place_high(&plan, &want, &at, &err), ST_NO_SPACE);
}

static void full_region_has_no_holes(void **state)
{
	struct plan plan = plan_over(0x40000000, KEXEC_SEGMENT_MAX);
	struct range holes[KEXEC_SEGMENT_MAX + 1];
	struct place_want want = { SEGMENT_DTB, 1, 0, PLACE_ANYWHERE };
	struct err err = ERR_INIT;
	uint64_t at;

	(void)state;
	assert_int_equal(place_holes(&plan, holes), 1);
	for (uint64_t i = KEXEC_SEGMENT_MAX; i-- > 0;)
		take(&plan, 0x40000000 + i * PAGE, PAGE);
	assert_int_equal(place_holes(&plan, holes), 0);
	assert_int_equal(place_low(&plan, &want, &at, &err), ST_NO_SPACE);
	assert_int_equal(place_high(&plan, &want, &at, &err), ST_NO_SPACE);
}

static void sixteen_segments_leave_seventeen_holes(void **state)
{
	struct plan plan = plan_over(0x40000000, 2 * KEXEC_SEGMENT_MAX + 1);
	struct range holes[KEXEC_SEGMENT_MAX + 1];
	struct err err = ERR_INIT;

	(void)state;
	for (uint64_t i = 0; i < KEXEC_SEGMENT_MAX; i++)
		take(&plan, 0x40001000 + i * 2 * PAGE, PAGE);
	assert_int_equal(place_holes(&plan, holes), KEXEC_SEGMENT_MAX + 1);
	assert_int_equal(
		plan_add_segment(&plan, SEGMENT_DTB, (struct span){ NULL, 0 }, 0, PAGE, &err),
		ST_NO_SPACE);
	assert_string_equal(err.id, "segment-count");
	assert_int_equal(plan.segment_count, KEXEC_SEGMENT_MAX);
}

static void refusal_says_what_was_wanted_and_what_there_is(void **state)
{
	struct plan plan = plan_over(0x40000000, 16);
	struct place_want want = { SEGMENT_INITRD, 9 * PAGE + 1, 0, PLACE_ANYWHERE };
	struct err err = ERR_INIT;
	uint64_t at;

	(void)state;
	take(&plan, 0x40004000, PAGE); /* leaves 4 and 11 pages */
	assert_int_equal(place_low(&plan, &want, &at, &err), ST_OK);
	want.size = 11 * PAGE + 1;
	assert_int_equal(place_low(&plan, &want, &at, &err), ST_NO_SPACE);
	assert_string_equal(err.text,
		"no room for the initrd: it needs 0xc000 bytes aligned to 0x1000 in the crash "
		"region "
		"[0x40000000, 0x40010000), where the largest free piece has 0xb000");
	assert_non_null(strstr(err.hint, "crashkernel="));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_answer_is_that_of_the_model),
		cmocka_unit_test(window_limits_are_exact),
		cmocka_unit_test(top_of_the_address_space_does_not_wrap),
		cmocka_unit_test(full_region_has_no_holes),
		cmocka_unit_test(sixteen_segments_leave_seventeen_holes),
		cmocka_unit_test(refusal_says_what_was_wanted_and_what_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
