// SPDX-License-Identifier: GPL-2.0-only
/* The log in the ring buffer of 5.10 and later: what its descriptors, infos and texts say together.
 * */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "vmcore-dmesg/printk.h"
#include "vmcore-dmesg/ring.h"

static struct err *damaged(struct ring *ring)
{
	if (ring->told)
		return NULL;
	ring->told = true;
	return printk_damaged(&ring->damage);
}

/* By what a read said. */
static void damaged_unread(struct ring *ring)
{
	if (!ring->told)
		printk_damaged_by(&ring->damage, &ring->why);
	ring->told = true;
}

/* --- the newest record ---------------------------------------------------------------- */

/* The lap of most descriptors. All are of the last one or the one before, so one of these has a
 * third of them at least, even when many are damaged: it is one of two candidates (the algorithm
 * of Misra and Gries). */
static void find_candidates(struct ring *ring, uint64_t laps[2])
{
	uint64_t votes[2] = { 0, 0 };

	laps[0] = laps[1] = UINT64_MAX;
	for (uint64_t i = 0; i < ring->count; i++) {
		uint64_t lap = ring_lap_of(ring, i);
		int at = lap == laps[0] || (lap != laps[1] && votes[0] == 0) ? 0 : 1;

		if (lap == UINT64_MAX)
			continue;
		if (votes[at] && lap != laps[at]) {
			votes[0]--;
			votes[1]--;
			continue;
		}
		laps[at] = lap;
		votes[at]++;
	}
}

/* The descriptors up to the newest are of this lap, those behind it of the one before. How many
 * agree with the best place for the newest, and its index. */
static uint64_t fit_lap(struct ring *ring, uint64_t lap, uint64_t *ret_index)
{
	uint64_t before = (lap - 1) & (ring->id_mask / ring->count);
	int64_t agree = 0, best = 0;
	uint64_t older = 0;

	*ret_index = UINT64_MAX; /* before the first */
	for (uint64_t i = 0; i < ring->count; i++) {
		uint64_t found = ring_lap_of(ring, i);

		agree += found == lap;
		agree -= found == before;
		older += found == before;
		if (agree > best) {
			best = agree;
			*ret_index = i;
		}
	}
	return older + (uint64_t)best;
}

/* Where the ring does not say it in earnest, the descriptors do. */
static void find_head(struct ring *ring)
{
	uint64_t laps[2], most = 0, head = ring->head_id;

	if (ring_is_head(ring, head))
		return;
	find_candidates(ring, laps);
	for (size_t i = 0; i < 4; i++) {
		uint64_t lap = (laps[i / 2] + i % 2) & (ring->id_mask / ring->count);
		uint64_t index, agree;

		if (laps[i / 2] == UINT64_MAX)
			continue;
		agree = fit_lap(ring, lap, &index);
		if (agree > most) {
			most = agree;
			head = (lap * ring->count + index) & ring->id_mask;
		}
	}
	if (head != ring->head_id)
		err_set(printk_damaged(&ring->damage), ST_BAD_INPUT, "log-ids",
			"the newest record is said to be 0x%" PRIx64
			", and by the descriptors it is 0x%" PRIx64,
			ring->head_id, head);
	ring->head_id = head;
}

/* --- texts ---------------------------------------------------------------------------- */

/* The length of a text whose record does not say it. */
#define LENGTH_UNKNOWN UINT64_MAX

static void bad_block(struct ring *ring, uint64_t id, struct ring_block block, const char *what)
{
	err_set(damaged(ring), ST_BAD_INPUT, "log-block",
		"record 0x%" PRIx64 " has its text from 0x%" PRIx64 " to 0x%" PRIx64 ": %s", id,
		block.begin, block.next, what);
}

/*
 * The text of a record whose block is damaged is where it says it begins, where that of the
 * record before it ends, or at the start, if the id in front says so; or, with another id in
 * front, where the two agree that it begins.
 */
static bool find_lost(
	struct ring *ring, uint64_t id, struct ring_block block, struct ring_place *place)
{
	const uint64_t starts[] = { block.begin % ring->size, ring->next_lpos % ring->size, 0 };

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if ((i != 1 || ring->has_next) && ring_has_owner(ring, starts[i], id)) {
			*place = (struct ring_place){ starts[i], ring->size - starts[i] };
			return true;
		}
	return ring->has_next && block.begin == ring->next_lpos &&
	       !ring_find_place(ring, block, place);
}

/* Cut a text of unknown length where the kernel had ended it, which had a line break there before
 * it took that off. */
static uint64_t text_length(struct span text)
{
	const uint8_t *end = memchr(text.data, '\0', text.size);
	uint64_t length = end ? (uint64_t)(end - text.data) : text.size;

	return length && text.data[length - 1] == '\n' ? length - 1 : length;
}

/* Take the text, cut to what its block has room for. */
static bool take_text(struct ring *ring, uint64_t id, struct ring_block block,
	struct ring_place place, uint64_t length, struct span *ret)
{
	size_t word = ring->core->word_size;
	uint64_t room = place.size - word;
	bool is_unknown = length == LENGTH_UNKNOWN;
	const uint8_t *data;

	if (length > room && !is_unknown)
		bad_block(ring, id, block, "its record says that there is more");
	if (length > room)
		length = room;
	/* More than any text; a block of a damaged record may be anything. */
	if (is_unknown && length > UINT16_MAX)
		length = UINT16_MAX;
	/* Blocks that overlap could make any amount of output out of a small image. */
	if (word + length > ring->size - ring->used) {
		bad_block(ring, id, block, "with it the texts are more than the ring has");
		return false;
	}
	if (window_at(&ring->text, place.start, word + (size_t)length, &data, &ring->why) !=
		ST_OK) {
		damaged_unread(ring);
		return false;
	}
	if (is_unknown)
		length = text_length((struct span){ data + word, (size_t)length });
	ring->used += word + length;
	*ret = (struct span){ data + word, (size_t)length };
	return true;
}

/* Is the block where the text of this record is? */
static bool check_block(
	struct ring *ring, uint64_t id, struct ring_block block, struct ring_place *ret)
{
	const char *what = ring_find_place(ring, block, ret);
	uint64_t owner;

	if (what) {
		bad_block(ring, id, block, what);
	} else if (ring_read_owner(ring, ret->start, &owner) != ST_OK) {
		damaged_unread(ring);
	} else if (owner != id) {
		err_set(damaged(ring), ST_BAD_INPUT, "log-block",
			"record 0x%" PRIx64 " has its text from 0x%" PRIx64 " to 0x%" PRIx64
			", which is that of 0x%" PRIx64,
			id, block.begin, block.next, owner);
	} else {
		return true;
	}
	return false;
}

/* Find the text of a record. False when there is none to be had. */
static bool find_text(
	struct ring *ring, uint64_t id, struct ring_block block, uint64_t length, struct span *ret)
{
	struct ring_place place;

	*ret = (struct span){ NULL, 0 };
	/* Odd positions are no positions: the record has no text. */
	if ((block.begin & block.next & 1) && (length == 0 || length == LENGTH_UNKNOWN))
		return true;
	ring->has_next = check_block(ring, id, block, &place) || find_lost(ring, id, block, &place);
	ring->next_lpos = block.next;
	return ring->has_next && take_text(ring, id, block, place, length, ret);
}

/* --- records -------------------------------------------------------------------------- */

/* Records are numbered as their descriptors are, from another start. */
static bool is_next_seq(struct ring *ring, uint64_t id, uint64_t seq)
{
	uint64_t ahead = (seq - id) & ring->id_mask;

	if (!ring->has_seq || ahead == ring->odd_seq_ahead)
		ring->seq_ahead = ahead;
	ring->odd_seq_ahead = ahead;
	ring->has_seq = true;
	return ahead == ring->seq_ahead;
}

/* What is known of a record besides its text; the length of that is returned. */
static uint64_t read_info(struct ring *ring, uint64_t id, struct printk_record *record)
{
	const struct vmcore *core = ring->core;
	const struct ring_layout *layout = &ring->layout;
	const uint8_t *info;
	uint64_t length;

	if (window_at(&ring->infos, id % ring->count * layout->info_size, layout->info_size, &info,
		    &ring->why) != ST_OK) {
		damaged_unread(ring);
		return LENGTH_UNKNOWN;
	}
	record->has_seq = record->has_caller = true;
	record->seq = vmcore_load(core, info + layout->seq, 8);
	record->ns = vmcore_load(core, info + layout->ts_nsec, 8);
	record->caller = (uint32_t)vmcore_load(core, info + layout->caller_id, 4);
	if (layout->has_level)
		printk_take_level(core, info + layout->text_len + 2, record);
	length = vmcore_load(core, info + layout->text_len, 2);
	if (is_next_seq(ring, id, record->seq))
		return length;
	err_set(damaged(ring), ST_BAD_INPUT, "log-record",
		"record 0x%" PRIx64 " has the number %" PRIu64 ", wanted %" PRIu64, id, record->seq,
		(id + ring->seq_ahead) & ring->id_mask);
	return length ? length : LENGTH_UNKNOWN;
}

static int dump_record(struct ring *ring, uint64_t id, struct ring_block block, struct err *err)
{
	const struct printk_sink *sink = ring->damage.sink;
	struct printk_record record = { .has_seq = false };
	uint64_t length = read_info(ring, id, &record);
	bool found = find_text(ring, id, block, length, &record.text);
	int status;

	if (!found)
		return ST_OK;
	status = printk_tell_damage(&ring->damage, err);
	return status == ST_OK ? sink->record(sink->context, &record, err) : status;
}

/* Does the text say that it is of this record, whatever its descriptor says? */
static bool owns_text(struct ring *ring, uint64_t id, struct ring_block block)
{
	struct ring_place place;

	return !(block.begin & block.next & 1) && !ring_find_place(ring, block, &place) &&
	       ring_has_owner(ring, place.start, id);
}

/* Records are freed from the oldest on, but CPUs that write at the same time let the order of ids
 * and that of texts differ a little. */
#define FREED_EARLY 64u

enum presence { ABSENT, PRESENT, DAMAGED };

/* One that is being written, or was not yet taken over from an older record, is absent; and so is
 * what was freed at the old end. */
static enum presence find_record(struct ring *ring, uint64_t id, uint64_t state_var)
{
	enum desc_state state = ring_state_of(ring, state_var);
	bool is_own = (state_var & ring->id_mask) == id;

	if (is_own && state != DESC_REUSABLE)
		return state == DESC_RESERVED ? ABSENT : PRESENT;
	if (is_own ? ring->seen < FREED_EARLY : !ring->begun)
		return ABSENT;
	if (id == ring->head_id && ring_is_not_taken_over(ring, id, state_var))
		return ABSENT;
	err_set(damaged(ring), ST_BAD_INPUT, "log-ids",
		"the descriptor of record 0x%" PRIx64 " is in state %u of 0x%" PRIx64, id, state,
		state_var & ring->id_mask);
	return DAMAGED;
}

static int dump_desc(struct ring *ring, uint64_t id, struct err *err)
{
	const struct vmcore *core = ring->core;
	const struct ring_layout *layout = &ring->layout;
	enum presence presence;
	const uint8_t *desc;
	struct ring_block block;
	/* In a row of what cannot be read, words for each would take most of the time. */
	struct err *wanted = ring->damage.untold ? NULL : &ring->why;

	ring->told = false;
	if (window_at(&ring->descs, id % ring->count * layout->desc_size, layout->desc_size, &desc,
		    wanted) != ST_OK) {
		ring->has_next = false;
		if (ring->begun)
			damaged_unread(ring);
		return ST_OK;
	}
	block.begin = vmcore_load(core, desc + layout->text_lpos + layout->begin, core->word_size);
	block.next = vmcore_load(core, desc + layout->text_lpos + layout->next, core->word_size);
	presence = find_record(ring, id,
		vmcore_load(core, desc + layout->state_var + layout->counter, core->word_size));
	/* Older than the oldest is only what is whole. */
	if (presence == PRESENT && !ring->begun) {
		if (!owns_text(ring, id, block))
			return ST_OK;
		err_set(damaged(ring), ST_BAD_INPUT, "log-ids",
			"the oldest record is said to be 0x%" PRIx64 ", but there is 0x%" PRIx64,
			ring->tail_id, id);
		ring->begun = true;
	}
	ring->seen += presence == PRESENT;
	if (presence == PRESENT || (presence == DAMAGED && owns_text(ring, id, block)))
		return dump_record(ring, id, block, err);
	ring->has_next &= presence == ABSENT;
	return ST_OK;
}

/* The oldest record is only where what is missing begins to count: whatever is there is printed. */
static int walk(struct ring *ring, struct err *err)
{
	uint64_t id = (ring->head_id + 1 - ring->count) & ring->id_mask;
	int status = ST_OK;

	if (((ring->head_id - ring->tail_id) & ring->id_mask) >= ring->count)
		err_set(printk_damaged(&ring->damage), ST_BAD_INPUT, "log-ids",
			"the ring buffer goes from 0x%" PRIx64 " to 0x%" PRIx64
			", but has only %" PRIu64 " descriptors",
			ring->tail_id, ring->head_id, ring->count);
	for (uint64_t left = ring->count; left && status == ST_OK; left--) {
		ring->begun |= id == ring->tail_id;
		status = dump_desc(ring, id, err);
		id = (id + 1) & ring->id_mask;
	}
	return status == ST_OK ? printk_sum_up(&ring->damage, err) : status;
}

int printk_ring_dump(const struct vmcore *core, const struct printk_sink *sink, struct err *err)
{
	struct ring *ring = calloc(1, sizeof(*ring));
	int status;

	if (!ring)
		return err_no_memory(err);
	ring->core = core;
	ring->damage.sink = sink;
	status = ring_choose_layout(ring, err);
	if (status == ST_OK) {
		find_head(ring);
		status = walk(ring, err);
	}
	ring_close(ring);
	free(ring);
	return status;
}
