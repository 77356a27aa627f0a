// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lockless ring buffer of 5.10 and later (Documentation/admin-guide/kdump/vmcoreinfo.rst).
 * A ring of descriptors, numbered by ids that wrap late, each with an info of fixed size and a
 * block in a ring of text. A descriptor's state is in the top two bits of its id. Positions in
 * the text ring count on across wraps; a block that would cross the end stands at the start.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "vmcore-dmesg/printk.h"
#include "vmcore-dmesg/window.h"

enum desc_state { DESC_RESERVED, DESC_COMMITTED, DESC_FINALIZED, DESC_REUSABLE };

/* A kernel has one descriptor for each 32 bytes of text, of which there are at most 2 GiB. */
#define COUNT_BITS_MAX 26u
#define SIZE_BITS_MAX  31u

/* Sizes and offsets by VMCOREINFO. */
struct layout {
	uint64_t ringbuffer_size, desc_ring, text_ring;
	uint64_t count_bits, descs, infos, head_id, tail_id, counter;
	uint64_t size_bits, data;
	uint64_t desc_size, state_var, text_lpos, begin, next;
	uint64_t info_size, seq, ts_nsec, text_len, caller_id;
	bool has_level;
};

struct ring {
	const struct vmcore *core;
	struct layout layout;
	uint64_t id_mask;
	uint64_t count_bits, size_bits; /* as the ring has them; what counts may be others */
	uint64_t count;			/* of descriptors */
	uint64_t size;			/* of the text ring */
	uint64_t used;			/* of it, by the records so far */
	uint64_t tail_id, head_id;
	struct window descs, infos, text;
	struct printk_damage damage;
	bool told;	/* the record at hand is damaged, which is counted once */
	struct err why; /* why something could not be read */
	bool begun;	/* here there should be records */
	uint64_t seen;	/* so many there were */
	bool has_next;	/* the last one's text was sound: here is the end of it */
	uint64_t next_lpos;
	bool has_seq; /* how much the numbers of records are ahead of their ids, */
	uint64_t seq_ahead, odd_seq_ahead; /* and what one record said that did not agree */
};

/* What each is called, and, where it is missing or wrong, what it is in the kernels that are known:
 * so many bytes, and words of the machine. */
static const struct field {
	const char *key;
	size_t at; /* in struct layout */
	uint8_t bytes, words;
} fields[] = {
#define FIELD(key, name, bytes, words)                                                             \
	{                                                                                          \
		key, offsetof(struct layout, name), bytes, words                                   \
	}
	FIELD("SIZE(printk_ringbuffer)", ringbuffer_size, 0, 11),
	FIELD("OFFSET(printk_ringbuffer.desc_ring)", desc_ring, 0, 0),
	FIELD("OFFSET(printk_ringbuffer.text_data_ring)", text_ring, 0, 6),
	FIELD("OFFSET(prb_desc_ring.count_bits)", count_bits, 0, 0),
	FIELD("OFFSET(prb_desc_ring.descs)", descs, 0, 1),
	FIELD("OFFSET(prb_desc_ring.infos)", infos, 0, 2),
	FIELD("OFFSET(prb_desc_ring.head_id)", head_id, 0, 3),
	FIELD("OFFSET(prb_desc_ring.tail_id)", tail_id, 0, 4),
	FIELD("OFFSET(atomic_long_t.counter)", counter, 0, 0),
	FIELD("OFFSET(prb_data_ring.size_bits)", size_bits, 0, 0),
	FIELD("OFFSET(prb_data_ring.data)", data, 0, 1),
	FIELD("SIZE(prb_desc)", desc_size, 0, 3),
	FIELD("OFFSET(prb_desc.state_var)", state_var, 0, 0),
	FIELD("OFFSET(prb_desc.text_blk_lpos)", text_lpos, 0, 1),
	FIELD("OFFSET(prb_data_blk_lpos.begin)", begin, 0, 0),
	FIELD("OFFSET(prb_data_blk_lpos.next)", next, 0, 1),
	FIELD("SIZE(printk_info)", info_size, 88, 0),
	FIELD("OFFSET(printk_info.seq)", seq, 0, 0),
	FIELD("OFFSET(printk_info.ts_nsec)", ts_nsec, 8, 0),
	FIELD("OFFSET(printk_info.text_len)", text_len, 16, 0),
	FIELD("OFFSET(printk_info.caller_id)", caller_id, 20, 0),
#undef FIELD
};

#define FIELDS	   (sizeof(fields) / sizeof(fields[0]))
#define FIELD_SIZE 0u
#define FIELD_TEXT 2u

/* Before 6.8 the ring of descriptors had a word less, and so had what is behind it. */
#define OLD_LESS 1u

static uint64_t *field_in(struct layout *layout, size_t index)
{
	return (uint64_t *)((char *)layout + fields[index].at);
}

static uint64_t known(const struct vmcore *core, size_t index)
{
	return fields[index].bytes + fields[index].words * (uint64_t)core->word_size;
}

/* How many are missing; these are as in the kernels that are known. */
static size_t read_layout(const struct vmcore *core, struct layout *layout, bool *missing)
{
	size_t count = 0;

	for (size_t i = 0; i < FIELDS; i++) {
		uint64_t *field = field_in(layout, i);

		missing[i] = !vmcore_info_number(core, fields[i].key, field);
		count += missing[i];
		if (missing[i])
			*field = known(core, i);
	}
	/* What is behind the text ring is not wanted. */
	if (missing[FIELD_TEXT] && layout->ringbuffer_size == 10 * (uint64_t)core->word_size)
		layout->text_ring -= OLD_LESS * core->word_size;
	if (missing[FIELD_SIZE] && layout->text_ring <= PRINTK_STRUCT_MAX / 2)
		layout->ringbuffer_size = layout->text_ring + 4 * (uint64_t)core->word_size;
	return count;
}

/* Fields that are nested are added up first; none of the sums can wrap, as each part is small. */
static int check_layout(const struct layout *l, size_t word, struct err *err)
{
	const struct {
		const char *name;
		uint64_t outer, inner, innermost;
		size_t size;
		uint64_t in;
	} parts_of[] = {
		{ "count_bits", l->desc_ring, l->count_bits, 0, 4, l->ringbuffer_size },
		{ "descs", l->desc_ring, l->descs, 0, word, l->ringbuffer_size },
		{ "infos", l->desc_ring, l->infos, 0, word, l->ringbuffer_size },
		{ "head_id", l->desc_ring, l->head_id, l->counter, word, l->ringbuffer_size },
		{ "tail_id", l->desc_ring, l->tail_id, l->counter, word, l->ringbuffer_size },
		{ "size_bits", l->text_ring, l->size_bits, 0, 4, l->ringbuffer_size },
		{ "data", l->text_ring, l->data, 0, word, l->ringbuffer_size },
		{ "state_var", l->state_var, l->counter, 0, word, l->desc_size },
		{ "text_blk_lpos.begin", l->text_lpos, l->begin, 0, word, l->desc_size },
		{ "text_blk_lpos.next", l->text_lpos, l->next, 0, word, l->desc_size },
		{ "seq", l->seq, 0, 0, 8, l->info_size },
		{ "ts_nsec", l->ts_nsec, 0, 0, 8, l->info_size },
		{ "text_len", l->text_len, 0, 0, 2, l->info_size },
		{ "caller_id", l->caller_id, 0, 0, 4, l->info_size },
	};
	int status = ST_OK;

	for (size_t i = 0; i < sizeof(parts_of) / sizeof(parts_of[0]) && status == ST_OK; i++) {
		const uint64_t parts[] = { parts_of[i].outer, parts_of[i].inner,
			parts_of[i].innermost };
		uint64_t offset = 0;

		for (size_t part = 0; part < 3 && status == ST_OK; part++) {
			status = printk_check_field(
				parts_of[i].name, parts[part], 0, parts_of[i].in, err);
			offset += parts[part];
		}
		if (status == ST_OK)
			status = printk_check_field(
				parts_of[i].name, offset, parts_of[i].size, parts_of[i].in, err);
	}
	return status;
}

/* --- the structure -------------------------------------------------------------------- */

static int check_bits(
	const char *what, uint64_t bits, uint64_t max, uint64_t *ret_count, struct err *err)
{
	if (bits == 0 || bits > max)
		return err_set(err, ST_BAD_INPUT, "log-size",
			"the ring buffer has 2^%" PRIu64 " %s, wanted at most 2^%" PRIu64, bits,
			what, max);
	*ret_count = UINT64_C(1) << bits;
	return ST_OK;
}

static int open_windows(
	struct ring *ring, uint64_t descs, uint64_t infos, uint64_t text, struct err *err)
{
	const struct layout *layout = &ring->layout;
	int status;

	status = window_init(&ring->descs, ring->core, descs, ring->count * layout->desc_size, err);
	if (status == ST_OK)
		status = window_init(
			&ring->infos, ring->core, infos, ring->count * layout->info_size, err);
	if (status == ST_OK)
		status = window_init(&ring->text, ring->core, text, ring->size, err);
	return status;
}

static void close_ring(struct ring *ring)
{
	window_done(&ring->descs);
	window_done(&ring->infos);
	window_done(&ring->text);
}

/* 0 is for as the ring says. */
static int open_ring(struct ring *ring, uint64_t count_bits, uint64_t size_bits, struct err *err)
{
	const struct vmcore *core = ring->core;
	const struct layout *layout = &ring->layout;
	const uint8_t *desc_ring, *text_ring;
	uint8_t rb[PRINTK_STRUCT_MAX];
	size_t word = core->word_size;
	uint64_t prb;
	int status;

	status = printk_read_pointer(core, "prb", &prb, err);
	if (status != ST_OK)
		return status;
	status = vmcore_read(core, prb, rb, layout->ringbuffer_size, err);
	if (status != ST_OK) {
		err_prefix(err, "printk_ringbuffer");
		return status;
	}
	desc_ring = rb + layout->desc_ring;
	text_ring = rb + layout->text_ring;
	ring->count_bits = vmcore_load(core, desc_ring + layout->count_bits, 4);
	ring->size_bits = vmcore_load(core, text_ring + layout->size_bits, 4);
	status = check_bits("descriptors", count_bits ? count_bits : ring->count_bits,
		COUNT_BITS_MAX, &ring->count, err);
	if (status == ST_OK)
		status = check_bits("bytes of text", size_bits ? size_bits : ring->size_bits,
			SIZE_BITS_MAX, &ring->size, err);
	if (status != ST_OK)
		return status;
	ring->id_mask = (UINT64_C(1) << (8 * word - 2)) - 1;
	ring->head_id = ring->id_mask &
			vmcore_load(core, desc_ring + layout->head_id + layout->counter, word);
	ring->tail_id = ring->id_mask &
			vmcore_load(core, desc_ring + layout->tail_id + layout->counter, word);
	return open_windows(ring, vmcore_load(core, desc_ring + layout->descs, word),
		vmcore_load(core, desc_ring + layout->infos, word),
		vmcore_load(core, text_ring + layout->data, word), err);
}

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

/* The state and id that a descriptor has. Whoever adds a record first counts on the newest id and
 * then takes over the descriptor of an older one. */
static int read_state(struct ring *ring, uint64_t id, uint64_t *ret)
{
	const struct layout *layout = &ring->layout;
	const uint8_t *desc;
	int status = window_at(
		&ring->descs, id % ring->count * layout->desc_size, layout->desc_size, &desc, NULL);

	if (status == ST_OK)
		*ret = vmcore_load(ring->core, desc + layout->state_var + layout->counter,
			ring->core->word_size);
	return status;
}

static enum desc_state state_of(const struct ring *ring, uint64_t state_var)
{
	return state_var >> (8 * ring->core->word_size - 2) & 3;
}

static bool is_not_taken_over(const struct ring *ring, uint64_t id, uint64_t state_var)
{
	return state_var == 0 || (state_of(ring, state_var) == DESC_REUSABLE &&
					 ((id - state_var) & ring->id_mask) == ring->count);
}

static bool is_head(struct ring *ring, uint64_t id)
{
	uint64_t state_var;

	if (read_state(ring, id, &state_var) != ST_OK ||
		((state_var & ring->id_mask) != id && !is_not_taken_over(ring, id, state_var)))
		return false;
	return read_state(ring, id + 1, &state_var) != ST_OK ||
	       (state_var & ring->id_mask) != ((id + 1) & ring->id_mask);
}

/* How often the ring had gone round when a descriptor was used. UINT64_MAX when it was not, or does
 * not say. */
static uint64_t lap_of(struct ring *ring, uint64_t index)
{
	uint64_t state_var;

	if (read_state(ring, index, &state_var) != ST_OK || state_var == 0)
		return UINT64_MAX;
	state_var &= ring->id_mask;
	return state_var % ring->count == index ? state_var / ring->count : UINT64_MAX;
}

/* The lap of most descriptors. All are of the last one or the one before, so one of these has a
 * third of them at least, even when many are damaged: it is one of two candidates (the algorithm
 * of Misra and Gries). */
static void find_candidates(struct ring *ring, uint64_t laps[2])
{
	uint64_t votes[2] = { 0, 0 };

	laps[0] = laps[1] = UINT64_MAX;
	for (uint64_t i = 0; i < ring->count; i++) {
		uint64_t lap = lap_of(ring, i);
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
		uint64_t found = lap_of(ring, i);

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

	if (is_head(ring, head))
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

/* What a descriptor says about its text: positions that count on across wraps. */
struct block {
	uint64_t begin, next;
};

/* Where in the ring of text that is, the id in front of it included. */
struct place {
	uint64_t start, size;
};

/* The length of a text whose record does not say it. */
#define LENGTH_UNKNOWN UINT64_MAX

static void bad_block(struct ring *ring, uint64_t id, struct block block, const char *what)
{
	err_set(damaged(ring), ST_BAD_INPUT, "log-block",
		"record 0x%" PRIx64 " has its text from 0x%" PRIx64 " to 0x%" PRIx64 ": %s", id,
		block.begin, block.next, what);
}

/* Returns what is wrong with the block, or NULL. */
static const char *find_place(const struct ring *ring, struct block block, struct place *ret)
{
	size_t word = ring->core->word_size;
	uint64_t word_mask = UINT64_MAX >> (64 - 8 * word);
	uint64_t size = (block.next - block.begin) & word_mask;
	uint64_t start = block.begin % ring->size;
	uint64_t end = block.next % ring->size;

	if (size == 0 || size > ring->size)
		return "that is nothing, or more than the ring has";
	if (end == 0)
		end = ring->size;
	if (start > end)
		start = 0;
	if (end - start < word)
		return "that has no room for the id";
	*ret = (struct place){ start, end - start };
	return NULL;
}

/* The id in front of a text. */
static int read_owner(struct ring *ring, uint64_t start, uint64_t *ret)
{
	size_t word = ring->core->word_size;
	const uint8_t *data;
	int status;

	if (ring->size < word || start > ring->size - word)
		return ST_NOT_FOUND;
	status = window_at(&ring->text, start, word, &data, &ring->why);
	if (status == ST_OK)
		*ret = vmcore_load(ring->core, data, word);
	return status;
}

static bool has_owner(struct ring *ring, uint64_t start, uint64_t id)
{
	uint64_t owner;

	return read_owner(ring, start, &owner) == ST_OK && owner == id;
}

/*
 * The text of a record whose block is damaged is where it says it begins, where that of the
 * record before it ends, or at the start, if the id in front says so; or, with another id in
 * front, where the two agree that it begins.
 */
static bool find_lost(struct ring *ring, uint64_t id, struct block block, struct place *place)
{
	const uint64_t starts[] = { block.begin % ring->size, ring->next_lpos % ring->size, 0 };

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if ((i != 1 || ring->has_next) && has_owner(ring, starts[i], id)) {
			*place = (struct place){ starts[i], ring->size - starts[i] };
			return true;
		}
	return ring->has_next && block.begin == ring->next_lpos && !find_place(ring, block, place);
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
static bool take_text(struct ring *ring, uint64_t id, struct block block, struct place place,
	uint64_t length, struct span *ret)
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
static bool check_block(struct ring *ring, uint64_t id, struct block block, struct place *ret)
{
	const char *what = find_place(ring, block, ret);
	uint64_t owner;

	if (what) {
		bad_block(ring, id, block, what);
	} else if (read_owner(ring, ret->start, &owner) != ST_OK) {
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
	struct ring *ring, uint64_t id, struct block block, uint64_t length, struct span *ret)
{
	struct place place;

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
	const struct layout *layout = &ring->layout;
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

static int dump_record(struct ring *ring, uint64_t id, struct block block, struct err *err)
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
static bool owns_text(struct ring *ring, uint64_t id, struct block block)
{
	struct place place;

	return !(block.begin & block.next & 1) && !find_place(ring, block, &place) &&
	       has_owner(ring, place.start, id);
}

/* Records are freed from the oldest on, but CPUs that write at the same time let the order of ids
 * and that of texts differ a little. */
#define FREED_EARLY 64u

enum presence { ABSENT, PRESENT, DAMAGED };

/* One that is being written, or was not yet taken over from an older record, is absent; and so is
 * what was freed at the old end. */
static enum presence find_record(struct ring *ring, uint64_t id, uint64_t state_var)
{
	enum desc_state state = state_of(ring, state_var);
	bool is_own = (state_var & ring->id_mask) == id;

	if (is_own && state != DESC_REUSABLE)
		return state == DESC_RESERVED ? ABSENT : PRESENT;
	if (is_own ? ring->seen < FREED_EARLY : !ring->begun)
		return ABSENT;
	if (id == ring->head_id && is_not_taken_over(ring, id, state_var))
		return ABSENT;
	err_set(damaged(ring), ST_BAD_INPUT, "log-ids",
		"the descriptor of record 0x%" PRIx64 " is in state %u of 0x%" PRIx64, id, state,
		state_var & ring->id_mask);
	return DAMAGED;
}

static int dump_desc(struct ring *ring, uint64_t id, struct err *err)
{
	const struct vmcore *core = ring->core;
	const struct layout *layout = &ring->layout;
	enum presence presence;
	const uint8_t *desc;
	struct block block;
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

/* --- damaged descriptions -------------------------------------------------------------- */

/* Descriptors that a description is tried on. */
#define TRIED 1024u

/* Of each: its number, its text, its record. */
#define POINTS 4u

/* How much of a ring fits its description: POINTS for each descriptor that is tried, and as many
 * again for each end. The number of descriptors is a part of it, so it is not their share. */
struct fit {
	uint64_t points, most;
};

static uint64_t fit_of_record(struct ring *ring, uint64_t index, uint64_t id, uint64_t *last_ahead)
{
	const struct vmcore *core = ring->core;
	const struct layout *l = &ring->layout;
	struct block block;
	struct place place;
	const uint8_t *bytes;
	uint64_t length, ahead, points = 0;

	if (window_at(&ring->descs, index * l->desc_size, l->desc_size, &bytes, NULL) != ST_OK)
		return 0;
	block.begin = vmcore_load(core, bytes + l->text_lpos + l->begin, core->word_size);
	block.next = vmcore_load(core, bytes + l->text_lpos + l->next, core->word_size);
	if (window_at(&ring->infos, index * l->info_size, l->info_size, &bytes, NULL) != ST_OK)
		return 0;
	length = vmcore_load(core, bytes + l->text_len, 2);
	ahead = (vmcore_load(core, bytes + l->seq, 8) - id) & ring->id_mask;
	points += ahead == *last_ahead && vmcore_load(core, bytes + l->ts_nsec, 8) >> 56 == 0;
	*last_ahead = ahead;
	if (block.begin & block.next & 1)
		return points + (length == 0 ? 2 : 0);
	if (find_place(ring, block, &place) || !has_owner(ring, place.start, id))
		return points;
	/* Texts are filled up to the next word. */
	return points + 1 +
	       (length + core->word_size <= place.size &&
		       place.size - length - core->word_size < core->word_size);
}

static struct fit fit_of(struct ring *ring)
{
	uint64_t step = ring->count > TRIED ? ring->count / TRIED : 1, ahead = UINT64_MAX;
	struct fit fit = { 0, 0 };

	for (uint64_t i = 0; i < ring->count; i += step) {
		enum desc_state state;
		uint64_t state_var;

		/* One that never was used says nothing. */
		if (read_state(ring, i, &state_var) == ST_OK && state_var == 0)
			continue;
		fit.most += POINTS * step;
		if (lap_of(ring, i) == UINT64_MAX)
			continue;
		state = state_of(ring, state_var);
		if (state != DESC_COMMITTED && state != DESC_FINALIZED)
			fit.most -= (POINTS - 1) * step; /* freed: the text is another one's */
		else
			fit.points +=
				step * fit_of_record(ring, i, state_var & ring->id_mask, &ahead);
		fit.points += step;
	}
	fit.most += 2 * POINTS;
	if (is_head(ring, ring->head_id))
		fit.points += POINTS;
	if (((ring->head_id - ring->tail_id) & ring->id_mask) < ring->count)
		fit.points += POINTS;
	return fit;
}

/* What is tried: a description, and how large the rings are, 0 for as they say. */
struct attempt {
	struct layout layout;
	uint64_t count_bits, size_bits;
	struct fit fit;
};

static int open_attempt(struct ring *ring, const struct attempt *attempt, struct err *err)
{
	int status;

	close_ring(ring);
	ring->layout = attempt->layout;
	status = check_layout(&ring->layout, ring->core->word_size, err);
	/* Between length and caller there is room for just facility, flags and level. */
	ring->layout.has_level = ring->layout.caller_id == ring->layout.text_len + 4;
	return status ? status : open_ring(ring, attempt->count_bits, attempt->size_bits, err);
}

/* Take it if it fits better than the best so far, which is the one before where they are even. */
static void try(struct ring *ring, struct attempt attempt, struct attempt *best)
{
	struct err why = ERR_INIT;

	if (open_attempt(ring, &attempt, &why) != ST_OK)
		return;
	attempt.fit = fit_of(ring);
	if (attempt.fit.points > best->fit.points)
		*best = attempt;
}

static bool is_good(const struct attempt *attempt)
{
	return attempt->fit.points >= attempt->fit.most / 8 * 7;
}

/* A kernel has one descriptor for each 32 bytes of text (kernel/printk/printk.c: PRB_AVGBITS). */
#define TEXT_BITS 5u

/* By each other, and by the variable that says how large the text is. */
static void try_bits(struct ring *ring, struct attempt attempt, struct attempt *best)
{
	uint64_t length = 0, bits[3] = { 0 };
	struct err why = ERR_INIT;

	attempt.count_bits = attempt.size_bits = 0;
	if (open_attempt(ring, &attempt, &why) != ST_OK && ring->count_bits == 0)
		return;
	bits[0] = ring->size_bits;
	bits[1] = ring->count_bits + TEXT_BITS;
	if (printk_read_u32(ring->core, "log_buf_len", &length, &why) == ST_OK)
		while (length >>= 1)
			bits[2]++;
	for (size_t i = 0; i < 3; i++) {
		if (bits[i] <= TEXT_BITS || bits[i] > SIZE_BITS_MAX)
			continue;
		attempt.count_bits = bits[i] - TEXT_BITS;
		attempt.size_bits = bits[i];
		try(ring, attempt, best);
	}
}

/* Each field in turn as it is in the kernels that are known, and then all. */
static void try_layouts(struct ring *ring, const struct attempt *said, struct attempt *best)
{
	const struct vmcore *core = ring->core;
	struct attempt attempt = *said;

	for (size_t i = 0; i < FIELDS; i++) {
		attempt = *said;
		*field_in(&attempt.layout, i) = known(core, i);
		try(ring, attempt, best);
	}
	for (size_t i = 0; i < FIELDS; i++)
		*field_in(&attempt.layout, i) = known(core, i);
	for (size_t old = 0; old < 2; old++) {
		try(ring, attempt, best);
		attempt.layout.text_ring -= OLD_LESS * core->word_size;
		attempt.layout.ringbuffer_size -= OLD_LESS * core->word_size;
	}
}

static void tell_layout(struct ring *ring, const struct layout *said, const bool *missing)
{
	struct layout was = *said;

	for (size_t i = 0; i < FIELDS; i++) {
		uint64_t before = *field_in(&was, i), now = *field_in(&ring->layout, i);

		if (missing[i])
			err_set(printk_damaged(&ring->damage), ST_NOT_FOUND, "log-vmcoreinfo",
				"VMCOREINFO has no number for %s: %" PRIu64
				" is taken, as in the kernels that are known",
				fields[i].key, now);
		else if (before != now)
			err_set(printk_damaged(&ring->damage), ST_BAD_INPUT, "log-vmcoreinfo",
				"VMCOREINFO has %" PRIu64 " for %s: by the log it is %" PRIu64,
				before, fields[i].key, now);
	}
	if (ring->count_bits >= 64 || ring->count != UINT64_C(1) << ring->count_bits)
		err_set(printk_damaged(&ring->damage), ST_BAD_INPUT, "log-size",
			"the ring buffer is said to have 2^%" PRIu64
			" descriptors, and by the log it has %" PRIu64,
			ring->count_bits, ring->count);
	if (ring->size_bits >= 64 || ring->size != UINT64_C(1) << ring->size_bits)
		err_set(printk_damaged(&ring->damage), ST_BAD_INPUT, "log-size",
			"the ring buffer is said to have 2^%" PRIu64
			" bytes of text, and by the log it has %" PRIu64,
			ring->size_bits, ring->size);
}

/* By what VMCOREINFO and the ring say of themselves, unless that does not fit and something else
 * does. The error is that of the description as it is. */
static int choose_layout(struct ring *ring, struct err *err)
{
	bool missing[FIELDS];
	struct attempt said = { .count_bits = 0 }, best;
	size_t lacks = read_layout(ring->core, &said.layout, missing);
	int status;

	if (lacks == FIELDS)
		return err_set(err, ST_NOT_FOUND, "log-vmcoreinfo",
			"VMCOREINFO has no number for %s", fields[0].key);
	status = open_attempt(ring, &said, err);
	if (status == ST_NO_MEMORY)
		return status;
	if (status == ST_OK)
		said.fit = fit_of(ring);
	best = said;
	if (status != ST_OK || !is_good(&best) || ring->count_bits + TEXT_BITS != ring->size_bits) {
		try_bits(ring, said, &best);
		if (!is_good(&best) || best.fit.points == 0)
			try_layouts(ring, &said, &best);
		if (!is_good(&best))
			try_bits(ring, best, &best);
	}
	if (status != ST_OK && best.fit.points == 0)
		return status;
	err_clear(err);
	status = open_attempt(ring, &best, err);
	if (status == ST_OK)
		tell_layout(ring, &said.layout, missing);
	return status;
}

int printk_ring_dump(const struct vmcore *core, const struct printk_sink *sink, struct err *err)
{
	struct ring *ring = calloc(1, sizeof(*ring));
	int status;

	if (!ring)
		return err_no_memory(err);
	ring->core = core;
	ring->damage.sink = sink;
	status = choose_layout(ring, err);
	if (status == ST_OK) {
		find_head(ring);
		status = walk(ring, err);
	}
	close_ring(ring);
	free(ring);
	return status;
}
