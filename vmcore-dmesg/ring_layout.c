// SPDX-License-Identifier: GPL-2.0-only
/* Where each field of the ring is: by VMCOREINFO, and where that is damaged, by the ring. */
#include "vmcore-dmesg/ring.h"

#include <inttypes.h>

/* What each is called, and, where it is missing or wrong, what it is in the kernels that are known:
 * so many bytes, and words of the machine. */
static const struct field {
	const char *key;
	size_t at; /* in struct ring_layout */
	uint8_t bytes, words;
} fields[] = {
#define FIELD(key, name, bytes, words)                                                             \
	{                                                                                          \
		key, offsetof(struct ring_layout, name), bytes, words                              \
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

static uint64_t *field_in(struct ring_layout *layout, size_t index)
{
	return (uint64_t *)((char *)layout + fields[index].at);
}

static uint64_t known(const struct vmcore *core, size_t index)
{
	return fields[index].bytes + fields[index].words * (uint64_t)core->word_size;
}

/* How many are missing; these are as in the kernels that are known. */
static size_t read_layout(const struct vmcore *core, struct ring_layout *layout, bool *missing)
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
static int check_layout(const struct ring_layout *l, size_t word, struct err *err)
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
	const struct ring_layout *l = &ring->layout;
	struct ring_block block;
	struct ring_place place;
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
	if (ring_find_place(ring, block, &place) || !ring_has_owner(ring, place.start, id))
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
		if (ring_read_state(ring, i, &state_var) == ST_OK && state_var == 0)
			continue;
		fit.most += POINTS * step;
		if (ring_lap_of(ring, i) == UINT64_MAX)
			continue;
		state = ring_state_of(ring, state_var);
		if (state != DESC_COMMITTED && state != DESC_FINALIZED)
			fit.most -= (POINTS - 1) * step; /* freed: the text is another one's */
		else
			fit.points +=
				step * fit_of_record(ring, i, state_var & ring->id_mask, &ahead);
		fit.points += step;
	}
	fit.most += 2 * POINTS;
	if (ring_is_head(ring, ring->head_id))
		fit.points += POINTS;
	if (((ring->head_id - ring->tail_id) & ring->id_mask) < ring->count)
		fit.points += POINTS;
	return fit;
}

/* What is tried: a description, and how large the rings are, 0 for as they say. */
struct attempt {
	struct ring_layout layout;
	uint64_t count_bits, size_bits;
	struct fit fit;
};

static int open_attempt(struct ring *ring, const struct attempt *attempt, struct err *err)
{
	int status;

	ring_close(ring);
	ring->layout = attempt->layout;
	status = check_layout(&ring->layout, ring->core->word_size, err);
	/* Between length and caller there is room for just facility, flags and level. */
	ring->layout.has_level = ring->layout.caller_id == ring->layout.text_len + 4;
	return status ? status : ring_open(ring, attempt->count_bits, attempt->size_bits, err);
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
		if (bits[i] <= TEXT_BITS || bits[i] > RING_SIZE_BITS_MAX)
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

static void tell_layout(struct ring *ring, const struct ring_layout *said, const bool *missing)
{
	struct ring_layout was = *said;

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

int ring_choose_layout(struct ring *ring, struct err *err)
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
