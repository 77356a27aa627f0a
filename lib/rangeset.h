/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sets of addresses as sorted, disjoint, non-adjacent half-open ranges.
 *
 * Filling and using are two phases: rangeset_add() appends in any order and may overlap;
 * rangeset_normalize() sorts and merges, once, in n log n. Everything else wants a
 * normalized set, which an empty one is.
 */
#ifndef LIB_RANGESET_H
#define LIB_RANGESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct range {
	uint64_t start;
	uint64_t end; /* first address behind; end >= start */
};

struct rangeset {
	struct range *ranges; /* owned */
	size_t count;
	size_t capacity;
};

#define RANGESET_INIT                                                                              \
	{                                                                                          \
		.ranges = NULL                                                                     \
	}

void rangeset_done(struct rangeset *set);

/* Append [start, end). An empty range is dropped. ST_BAD_INPUT if end < start; ST_NO_MEMORY. */
int rangeset_add(struct rangeset *set, uint64_t start, uint64_t end);

/* Append every range of more, which is another set. ST_NO_MEMORY. */
int rangeset_add_all(struct rangeset *set, const struct rangeset *more);

/* Sort and merge what overlaps or touches. Cannot fail. */
void rangeset_normalize(struct rangeset *set);

/* ret = a without b; linear in both. ret must be empty. ST_NO_MEMORY. */
int rangeset_subtract(const struct rangeset *a, const struct rangeset *b, struct rangeset *ret);

/* Shrink every range to whole multiples of align (a power of two), dropping what vanishes. */
void rangeset_align_inward(struct rangeset *set, uint64_t align);

/* Cut every range to the window, dropping what lies outside. */
void rangeset_clip(struct rangeset *set, struct range window);

/* The index of the last range that begins at or before an address; 0 when none does. */
size_t rangeset_find(const struct rangeset *set, uint64_t at);

bool rangeset_equal(const struct rangeset *a, const struct rangeset *b);

/* Is [start, end) wholly inside one range of the set? */
bool rangeset_contains(const struct rangeset *set, uint64_t start, uint64_t end);

/* Sum of the sizes. Disjoint 64-bit ranges cannot wrap it. */
uint64_t rangeset_bytes(const struct rangeset *set);

static inline uint64_t range_size(struct range range)
{
	return range.end - range.start;
}

/* The part of range that lies in the window; empty when there is none. */
static inline struct range range_clip(struct range range, struct range window)
{
	if (range.start < window.start)
		range.start = window.start;
	if (range.end > window.end)
		range.end = window.end;
	if (range.end < range.start)
		range.end = range.start;
	return range;
}

static inline bool range_overlaps(struct range a, struct range b)
{
	return a.start < b.end && b.start < a.end;
}

#endif
