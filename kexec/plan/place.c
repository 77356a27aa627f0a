// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/plan/place.h"

#include <inttypes.h>
#include <string.h>

#include "lib/checked.h"

size_t place_holes(const struct plan *plan, struct range holes[KEXEC_SEGMENT_MAX + 1])
{
	uint64_t at = plan->load_region.start;
	size_t count = 0;

	while (at < plan->load_region.end) {
		struct range hole = { at, plan->load_region.end };
		uint64_t next = plan->load_region.end;

		/* The hole ends at the nearest segment; the search goes on behind it. At most
		 * sixteen segments: looking at all of them each time is cheaper than sorting. */
		for (size_t i = 0; i < plan->segment_count; i++) {
			const struct segment *segment = &plan->segments[i];
			uint64_t end = segment->mem + segment->memsz;

			if (end > at && segment->mem < hole.end) {
				hole.end = segment->mem > at ? segment->mem : at;
				next = end;
			}
		}
		if (hole.end > hole.start)
			holes[count++] = hole;
		at = next;
	}
	return count;
}

static int no_room(
	const struct plan *plan, const struct place_want *want, uint64_t size, struct err *err)
{
	struct range holes[KEXEC_SEGMENT_MAX + 1];
	size_t count = place_holes(plan, holes);
	uint64_t largest = 0;

	for (size_t i = 0; i < count; i++)
		if (range_size(holes[i]) > largest)
			largest = range_size(holes[i]);
	err_set(err, ST_NO_SPACE, "crash-region-too-small",
		"no room for the %s: it needs 0x%" PRIx64 " bytes aligned to 0x%" PRIx64
		" in the crash region [0x%" PRIx64 ", 0x%" PRIx64
		"), where the largest free piece has 0x%" PRIx64,
		segment_purpose_name(want->purpose), size, want->align, plan->load_region.start,
		plan->load_region.end, largest);
	return err_hint(err, "reserve more with crashkernel= on the command line of the running "
			     "kernel, or load a smaller kernel and initrd");
}

/* Size and alignment in whole pages, and the window cut to the load region. */
static int refine(const struct plan *plan, const struct place_want *want, struct place_want *ret,
	struct err *err)
{
	*ret = *want;
	if (ret->align < plan->page_size)
		ret->align = plan->page_size;
	if (want->size == 0 || !align_up(want->size, plan->page_size, &ret->size))
		return err_set(err, ST_BAD_INPUT, "segment-size",
			"the %s has an impossible size: "
			"0x%" PRIx64 " bytes",
			segment_purpose_name(want->purpose), want->size);
	if (ret->window.start < plan->load_region.start)
		ret->window.start = plan->load_region.start;
	if (ret->window.end > plan->load_region.end)
		ret->window.end = plan->load_region.end;
	return ST_OK;
}

/* The part of hole that lies in the window; empty when there is none. */
static struct range clip(struct range hole, struct range window)
{
	if (hole.start < window.start)
		hole.start = window.start;
	if (hole.end > window.end)
		hole.end = window.end;
	if (hole.end < hole.start)
		hole.end = hole.start;
	return hole;
}

int place_low(
	const struct plan *plan, const struct place_want *want, uint64_t *ret, struct err *err)
{
	struct range holes[KEXEC_SEGMENT_MAX + 1];
	struct place_want need;
	size_t count = place_holes(plan, holes);
	int status = refine(plan, want, &need, err);

	if (status)
		return status;
	for (size_t i = 0; i < count; i++) {
		struct range hole = clip(holes[i], need.window);
		uint64_t start;

		if (align_up(hole.start, need.align, &start) && start <= hole.end &&
			hole.end - start >= need.size) {
			*ret = start;
			return ST_OK;
		}
	}
	return no_room(plan, &need, need.size, err);
}

int place_high(
	const struct plan *plan, const struct place_want *want, uint64_t *ret, struct err *err)
{
	struct range holes[KEXEC_SEGMENT_MAX + 1];
	struct place_want need;
	size_t count = place_holes(plan, holes);
	int status = refine(plan, want, &need, err);

	if (status)
		return status;
	for (size_t i = count; i-- > 0;) {
		struct range hole = clip(holes[i], need.window);
		uint64_t start;

		if (range_size(hole) < need.size)
			continue;
		start = align_down(hole.end - need.size, need.align);
		if (start >= hole.start) {
			*ret = start;
			return ST_OK;
		}
	}
	return no_room(plan, &need, need.size, err);
}
