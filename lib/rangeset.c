// SPDX-License-Identifier: GPL-2.0-only
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/checked.h"
#include "lib/rangeset.h"
#include "lib/status.h"

void rangeset_done(struct rangeset *set)
{
	if (!set)
		return;
	free(set->ranges);
	*set = (struct rangeset)RANGESET_INIT;
}

static int rangeset_reserve(struct rangeset *set, size_t capacity)
{
	struct range *ranges;
	size_t bytes;

	if (capacity <= set->capacity)
		return ST_OK;
	if (!mul_size(capacity, sizeof(*ranges), &bytes))
		return ST_NO_MEMORY;
	ranges = realloc(set->ranges, bytes);
	if (!ranges)
		return ST_NO_MEMORY;
	set->ranges = ranges;
	set->capacity = capacity;
	return ST_OK;
}

int rangeset_add(struct rangeset *set, uint64_t start, uint64_t end)
{
	size_t capacity;

	if (end < start)
		return ST_BAD_INPUT;
	if (start == end)
		return ST_OK;
	if (set->count == set->capacity) {
		if (!mul_size(set->capacity ? set->capacity : 8, 2, &capacity) ||
			rangeset_reserve(set, capacity))
			return ST_NO_MEMORY;
	}
	set->ranges[set->count++] = (struct range){ start, end };
	return ST_OK;
}

int rangeset_add_all(struct rangeset *set, const struct rangeset *more)
{
	int status = ST_OK;

	for (size_t i = 0; i < more->count && !status; i++)
		status = rangeset_add(set, more->ranges[i].start, more->ranges[i].end);
	return status;
}

static int compare_start(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

void rangeset_normalize(struct rangeset *set)
{
	size_t kept = 0;
	bool sorted = true;

	for (size_t i = 1; i < set->count && sorted; i++)
		sorted = set->ranges[i - 1].start <= set->ranges[i].start;
	/* The kernel's files come sorted; then there is nothing to do but merge. */
	if (!sorted)
		qsort(set->ranges, set->count, sizeof(*set->ranges), compare_start);
	for (size_t i = 0; i < set->count; i++) {
		struct range next = set->ranges[i];

		if (kept && next.start <= set->ranges[kept - 1].end) {
			if (next.end > set->ranges[kept - 1].end)
				set->ranges[kept - 1].end = next.end;
		} else {
			set->ranges[kept++] = next;
		}
	}
	set->count = kept;
}

int rangeset_subtract(const struct rangeset *a, const struct rangeset *b, struct rangeset *ret)
{
	size_t hole = 0;

	assert(ret->count == 0);
	for (size_t i = 0; i < a->count; i++) {
		uint64_t start = a->ranges[i].start;
		uint64_t end = a->ranges[i].end;

		while (hole < b->count && b->ranges[hole].end <= start)
			hole++;
		/* One hole may reach over several ranges of a: leave it for the next one. */
		while (hole < b->count && b->ranges[hole].start < end) {
			if (b->ranges[hole].start > start &&
				rangeset_add(ret, start, b->ranges[hole].start))
				goto no_memory;
			start = b->ranges[hole].end;
			if (start >= end)
				break;
			hole++;
		}
		if (start < end && rangeset_add(ret, start, end))
			goto no_memory;
	}
	return ST_OK;

no_memory:
	rangeset_done(ret);
	return ST_NO_MEMORY;
}

void rangeset_align_inward(struct rangeset *set, uint64_t align)
{
	size_t kept = 0;

	assert(is_power_of_two(align));
	for (size_t i = 0; i < set->count; i++) {
		uint64_t end = align_down(set->ranges[i].end, align);
		uint64_t start;

		if (align_up(set->ranges[i].start, align, &start) && start < end)
			set->ranges[kept++] = (struct range){ start, end };
	}
	set->count = kept;
}

bool rangeset_equal(const struct rangeset *a, const struct rangeset *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (a->ranges[i].start != b->ranges[i].start ||
			a->ranges[i].end != b->ranges[i].end)
			return false;
	}
	return true;
}

void rangeset_clip(struct rangeset *set, struct range window)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->count; i++) {
		struct range range = range_clip(set->ranges[i], window);

		if (range_size(range))
			set->ranges[kept++] = range;
	}
	set->count = kept;
}

size_t rangeset_find(const struct rangeset *set, uint64_t at)
{
	size_t low = 0, high = set->count;

	/* low becomes the number of ranges that begin there or before. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (set->ranges[middle].start <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? low - 1 : 0;
}

bool rangeset_contains(const struct rangeset *set, uint64_t start, uint64_t end)
{
	struct range range;

	if (set->count == 0)
		return false;
	range = set->ranges[rangeset_find(set, start)];
	return range.start <= start && start <= end && end <= range.end;
}

uint64_t rangeset_bytes(const struct rangeset *set)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < set->count; i++)
		sum += range_size(set->ranges[i]);
	return sum;
}
