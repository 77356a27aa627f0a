// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/plan/place.h"

#include <inttypes.h>
#include <stdio.h>

#include "lib/checked.h"

/* A way through the holes that segments leave in the room, from low to high. */
struct walk {
	const struct plan *plan;
	struct range window;
	size_t next; /* range of the room */
	uint64_t at; /* all below has been seen */
};

static bool next_hole(struct walk *walk, struct range *ret)
{
	const struct plan *plan = walk->plan;

	while (walk->next < plan->room.count) {
		struct range hole = plan->room.ranges[walk->next];
		uint64_t behind;

		if (hole.start >= walk->window.end)
			return false;
		hole = range_clip(hole, walk->window);
		if (walk->at >= hole.end) {
			walk->next++;
			continue;
		}
		if (hole.start < walk->at)
			hole.start = walk->at;
		behind = hole.end;
		/* It ends at the nearest segment; the search goes on behind that. At most sixteen
		 * segments: looking at all of them each time is cheaper than sorting. */
		for (size_t i = 0; i < plan->segment_count; i++) {
			const struct segment *segment = &plan->segments[i];
			uint64_t end = segment->mem + segment->memsz;

			if (end > hole.start && segment->mem < hole.end) {
				hole.end = segment->mem > hole.start ? segment->mem : hole.start;
				behind = end;
			}
		}
		walk->at = behind;
		if (hole.end > hole.start) {
			*ret = hole;
			return true;
		}
	}
	return false;
}

/* Where the search was: a part of the room, all of it, or nothing that would be left of it. */
static void describe_room(const struct plan *plan, struct range window, char *text, size_t size)
{
	const char *name =
		plan_is_crash(plan) ? "the crash region" : "the memory that can be loaded to";
	const struct rangeset *room = &plan->room;
	struct range all, searched;
	char part[64] = "";

	if (room->count == 0) {
		snprintf(text, size, "%s, of which nothing is left", name);
		return;
	}
	all = (struct range){ room->ranges[0].start, room->ranges[room->count - 1].end };
	searched = range_clip(all, window);
	if (searched.start != all.start || searched.end != all.end)
		snprintf(part, sizeof(part), "[0x%" PRIx64 ", 0x%" PRIx64 ") of ", searched.start,
			searched.end);
	snprintf(text, size, "%s%s [0x%" PRIx64 ", 0x%" PRIx64 ")", part, name, all.start, all.end);
}

/* All that made the room small is named. */
static int no_room(
	const struct plan *plan, const struct place_want *want, uint64_t largest, struct err *err)
{
	bool crash = plan_is_crash(plan);
	char where[160], reserved[80] = "";

	describe_room(plan, want->window, where, sizeof(where));
	if (plan->room_reserved)
		snprintf(reserved, sizeof(reserved),
			"; the new kernel's device tree reserves 0x%" PRIx64 " bytes of it",
			plan->room_reserved);
	err_set(err, ST_NO_SPACE, crash ? "crash-region-too-small" : "memory-too-small",
		"no room for the %s: it needs 0x%" PRIx64 " bytes aligned to 0x%" PRIx64
		" in %s, where the largest free piece has 0x%" PRIx64,
		segment_purpose_name(want->purpose), want->size, want->align, where, largest);
	return err_hint(err, "%s%sload a smaller kernel and initrd%s%s",
		want->purpose == SEGMENT_ELFCOREHDR && plan->hotplug
			? "give it less with --hotplug-size, or "
			: "",
		crash ? "reserve more with crashkernel= on the command line of the running "
			"kernel, or "
		      : "",
		!plan->room_bounded	? ""
		: plan_comes_back(plan) ? ", or give it more with --mem-min and --mem-max"
					: ", or leave --mem-min and --mem-max out",
		reserved);
}

/* The address in the hole, if it is large enough. */
static bool fit(const struct place_want *need, struct range hole, uint64_t *ret)
{
	uint64_t start;

	if (range_size(hole) < need->size)
		return false;
	if (need->end == PLACE_HIGH)
		start = align_down(hole.end - need->size, need->align);
	else if (!align_up(hole.start, need->align, &start))
		return false;
	if (start < hole.start || start > hole.end || hole.end - start < need->size)
		return false;
	*ret = start;
	return true;
}

int place(const struct plan *plan, const struct place_want *want, uint64_t *ret, struct err *err)
{
	struct walk walk = {
		.plan = plan,
		.window = want->window,
		.next = rangeset_find(&plan->room, want->window.start),
	};
	struct place_want need = *want;
	uint64_t largest = 0, at = 0;
	bool found = false;
	struct range hole;

	if (need.align < plan->page_size)
		need.align = plan->page_size;
	if (want->size == 0 || !align_up(want->size, plan->page_size, &need.size))
		return err_set(err, ST_BAD_INPUT, "segment-size",
			"the %s has an impossible size: "
			"0x%" PRIx64 " bytes",
			segment_purpose_name(want->purpose), want->size);
	while (!(found && need.end == PLACE_LOW) && next_hole(&walk, &hole)) {
		if (range_size(hole) > largest)
			largest = range_size(hole);
		if (fit(&need, hole, &at))
			found = true;
	}
	if (!found)
		return no_room(plan, &need, largest, err);
	*ret = at;
	return ST_OK;
}

int place_segment(
	struct plan *plan, const struct place_want *want, struct span data, struct err *err)
{
	uint64_t mem, memsz;
	int status = place(plan, want, &mem, err);

	if (status)
		return status;
	if (!align_up(want->size, plan->page_size, &memsz))
		return err_set(err, ST_BUG, "segment-size", "the %s is too large",
			segment_purpose_name(want->purpose));
	return plan_add_segment(plan, want->purpose, data, mem, memsz, err);
}
