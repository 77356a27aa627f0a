// SPDX-License-Identifier: GPL-2.0-only
/*
 * Range arithmetic against a model that is too simple to be wrong: a byte per unit of
 * address. The input is pairs of bytes, start and end in units; an odd byte pair goes into
 * the second set. The first two bytes choose the unit, the place in the address space and
 * the alignment.
 */
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/rangeset.h"
#include "lib/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define UNITS 255 /* a unit is named by a byte, and so is the end behind the last */

struct space {
	uint64_t base;
	unsigned int shift;
};

static uint64_t address(struct space space, unsigned int unit)
{
	return space.base + ((uint64_t)unit << space.shift);
}

static void check_normalized(const struct rangeset *set)
{
	for (size_t i = 0; i < set->count; i++) {
		assert(set->ranges[i].start < set->ranges[i].end);
		assert(i == 0 || set->ranges[i - 1].end < set->ranges[i].start);
	}
}

static void check_model(const struct rangeset *set, const bool *model, struct space space)
{
	unsigned int units = 0, runs = 0;

	check_normalized(set);
	for (unsigned int i = 0; i < UNITS; i++) {
		assert(rangeset_contains(set, address(space, i), address(space, i + 1)) ==
			model[i]);
		units += model[i];
		runs += model[i] && (i == 0 || !model[i - 1]);
	}
	assert(set->count == runs);
	assert(rangeset_bytes(set) == (uint64_t)units << space.shift);
}

static void check_contains(const struct rangeset *set, const bool *model, struct space space,
	unsigned int start, unsigned int end)
{
	bool all = true;

	for (unsigned int i = start; i < end; i++)
		all = all && model[i];
	if (start < end)
		assert(rangeset_contains(set, address(space, start), address(space, end)) == all);
	else if (start > end)
		assert(!rangeset_contains(set, address(space, start), address(space, end)));
}

/* Which units are left when every run shrinks to multiples of align units. */
static void align_model(bool *model, struct space space, unsigned int align_shift)
{
	uint64_t align = (uint64_t)1 << (space.shift + align_shift);

	for (unsigned int start = 0, end; start < UNITS; start = end + 1) {
		uint64_t first, last;

		for (; start < UNITS && !model[start]; start++)
			;
		for (end = start; end < UNITS && model[end]; end++)
			;
		if (start == end)
			break;
		/* In units from address 0, so that nothing wraps at the top. */
		first = (address(space, start) >> space.shift) + (align >> space.shift) - 1;
		first &= ~((align >> space.shift) - 1);
		last = address(space, end) >> space.shift & ~((align >> space.shift) - 1);
		for (unsigned int i = start; i < end; i++) {
			uint64_t at = address(space, i) >> space.shift;

			model[i] = at >= first && at < last;
		}
	}
}

static void fill(
	struct rangeset *set, bool *model, struct space space, unsigned int start, unsigned int end)
{
	int status = rangeset_add(set, address(space, start), address(space, end));

	assert(status == (end < start ? ST_BAD_INPUT : ST_OK));
	for (unsigned int i = start; i < end; i++)
		model[i] = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rangeset a = RANGESET_INIT, b = RANGESET_INIT, minus = RANGESET_INIT;
	bool in_a[UNITS] = { false }, in_b[UNITS] = { false }, in_minus[UNITS];
	struct space space;
	unsigned int align_shift;

	if (size < 2)
		return 0;
	/* Units of 1 byte to 2^48, at the bottom, in the middle, and right below the top. */
	space.shift = data[0] % 49;
	align_shift = data[1] % 8;
	space.base = data[1] & 0x80   ? UINT64_MAX - ((uint64_t)UNITS << space.shift)
		     : data[1] & 0x40 ? (uint64_t)1 << 62
				      : 0;
	/* Only there is the base no multiple of the unit; the model wants one. */
	if (data[1] & 0x80)
		space.base &= ~(((uint64_t)1 << space.shift) - 1);
	for (size_t i = 2; i + 1 < size; i += 2) {
		if (i / 2 % 2)
			fill(&a, in_a, space, data[i], data[i + 1]);
		else
			fill(&b, in_b, space, data[i], data[i + 1]);
	}
	rangeset_normalize(&a);
	rangeset_normalize(&b);
	check_model(&a, in_a, space);
	check_model(&b, in_b, space);
	check_contains(&a, in_a, space, data[0], data[1]);
	if (size >= 4)
		check_contains(&b, in_b, space, data[2], data[3]);
	assert(rangeset_equal(&a, &b) == (memcmp(in_a, in_b, sizeof(in_a)) == 0));

	for (unsigned int i = 0; i < UNITS; i++)
		in_minus[i] = in_a[i] && !in_b[i];
	assert(rangeset_subtract(&a, &b, &minus) == ST_OK);
	check_model(&minus, in_minus, space);
	rangeset_align_inward(&minus, (uint64_t)1 << (space.shift + align_shift));
	align_model(in_minus, space, align_shift);
	check_model(&minus, in_minus, space);

	rangeset_done(&a);
	rangeset_done(&b);
	rangeset_done(&minus);
	return 0;
}
