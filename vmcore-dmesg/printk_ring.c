// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lockless ring buffer of 5.10 and later (Documentation/admin-guide/kdump/vmcoreinfo.rst).
 * A ring of descriptors, numbered by ids that wrap late, each with an info of fixed size and a
 * block in a ring of text. A descriptor's state is in the top two bits of its id. Positions in
 * the text ring count on across wraps; a block that would cross the end stands at the start.
 */
#include <inttypes.h>

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
	uint64_t count; /* of descriptors */
	uint64_t size;	/* of the text ring */
	uint64_t used;	/* of it, by the records so far */
	uint64_t tail_id, head_id;
	struct window descs, infos, text;
};

static int read_layout(const struct vmcore *core, struct layout *layout, struct err *err)
{
	const struct printk_number numbers[] = {
		{ "SIZE(printk_ringbuffer)", &layout->ringbuffer_size },
		{ "OFFSET(printk_ringbuffer.desc_ring)", &layout->desc_ring },
		{ "OFFSET(printk_ringbuffer.text_data_ring)", &layout->text_ring },
		{ "OFFSET(prb_desc_ring.count_bits)", &layout->count_bits },
		{ "OFFSET(prb_desc_ring.descs)", &layout->descs },
		{ "OFFSET(prb_desc_ring.infos)", &layout->infos },
		{ "OFFSET(prb_desc_ring.head_id)", &layout->head_id },
		{ "OFFSET(prb_desc_ring.tail_id)", &layout->tail_id },
		{ "OFFSET(atomic_long_t.counter)", &layout->counter },
		{ "OFFSET(prb_data_ring.size_bits)", &layout->size_bits },
		{ "OFFSET(prb_data_ring.data)", &layout->data },
		{ "SIZE(prb_desc)", &layout->desc_size },
		{ "OFFSET(prb_desc.state_var)", &layout->state_var },
		{ "OFFSET(prb_desc.text_blk_lpos)", &layout->text_lpos },
		{ "OFFSET(prb_data_blk_lpos.begin)", &layout->begin },
		{ "OFFSET(prb_data_blk_lpos.next)", &layout->next },
		{ "SIZE(printk_info)", &layout->info_size },
		{ "OFFSET(printk_info.seq)", &layout->seq },
		{ "OFFSET(printk_info.ts_nsec)", &layout->ts_nsec },
		{ "OFFSET(printk_info.text_len)", &layout->text_len },
		{ "OFFSET(printk_info.caller_id)", &layout->caller_id },
	};
	int status = printk_numbers(core, numbers, sizeof(numbers) / sizeof(numbers[0]), err);

	/* Between length and caller there is room for just facility, flags and level. */
	layout->has_level = layout->caller_id == layout->text_len + 4;
	return status;
}

/* Fields that are nested are added up first; none of the sums can wrap, as each part is small. */
static int check_layout(const struct layout *l, size_t word, struct err *err)
{
	const struct {
		const char *name;
		uint64_t outer, inner, innermost;
		size_t size;
		uint64_t in;
	} fields[] = {
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

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]) && status == ST_OK; i++) {
		const uint64_t parts[] = { fields[i].outer, fields[i].inner, fields[i].innermost };
		uint64_t offset = 0;

		for (size_t part = 0; part < 3 && status == ST_OK; part++) {
			status = printk_check_field(
				fields[i].name, parts[part], 0, fields[i].in, err);
			offset += parts[part];
		}
		if (status == ST_OK)
			status = printk_check_field(
				fields[i].name, offset, fields[i].size, fields[i].in, err);
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

static int open_ring(struct ring *ring, struct err *err)
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
	status = check_bits("descriptors", vmcore_load(core, desc_ring + layout->count_bits, 4),
		COUNT_BITS_MAX, &ring->count, err);
	if (status == ST_OK)
		status = check_bits("bytes of text",
			vmcore_load(core, text_ring + layout->size_bits, 4), SIZE_BITS_MAX,
			&ring->size, err);
	if (status != ST_OK)
		return status;
	ring->id_mask = (UINT64_C(1) << (8 * word - 2)) - 1;
	ring->head_id = ring->id_mask &
			vmcore_load(core, desc_ring + layout->head_id + layout->counter, word);
	ring->tail_id = ring->id_mask &
			vmcore_load(core, desc_ring + layout->tail_id + layout->counter, word);
	if (((ring->head_id - ring->tail_id) & ring->id_mask) >= ring->count)
		return err_set(err, ST_BAD_INPUT, "log-ids",
			"the ring buffer goes from 0x%" PRIx64 " to 0x%" PRIx64
			", but has only %" PRIu64 " descriptors",
			ring->tail_id, ring->head_id, ring->count);
	return open_windows(ring, vmcore_load(core, desc_ring + layout->descs, word),
		vmcore_load(core, desc_ring + layout->infos, word),
		vmcore_load(core, text_ring + layout->data, word), err);
}

/* --- records -------------------------------------------------------------------------- */

/* What a descriptor says about its text. */
struct block {
	uint64_t begin, next;
};

static int bad_block(uint64_t id, struct block block, const char *what, struct err *err)
{
	return err_set(err, ST_BAD_INPUT, "log-block",
		"record 0x%" PRIx64 " has its text from 0x%" PRIx64 " to 0x%" PRIx64 ": %s", id,
		block.begin, block.next, what);
}

/* Find the text of a record, cut to what its block has room for. */
static int find_text(struct ring *ring, uint64_t id, struct block block, uint64_t length,
	struct span *ret, struct err *err)
{
	size_t word = ring->core->word_size;
	uint64_t word_mask = UINT64_MAX >> (64 - 8 * word);
	uint64_t begin = block.begin % ring->size;
	uint64_t end = block.next % ring->size;
	const uint8_t *data;
	uint64_t owner;
	int status;

	*ret = (struct span){ NULL, 0 };
	/* Odd positions are no positions: the record has no text. */
	if (begin == end || (block.begin & block.next & 1))
		return ST_OK;
	if (((block.next - block.begin) & word_mask) > ring->size)
		return bad_block(id, block, "that is more than the ring has", err);
	if (end == 0)
		end = ring->size;
	if (begin > end)
		begin = 0;
	if (end - begin < word)
		return bad_block(id, block, "that has no room for the id", err);
	if (length > end - begin - word)
		length = end - begin - word;
	/* Blocks that overlap could make any amount of output out of a small image. */
	ring->used += word + length;
	if (ring->used > ring->size)
		return bad_block(id, block, "with it the texts are more than the ring has", err);
	status = window_at(&ring->text, begin, word + (size_t)length, &data, err);
	if (status != ST_OK)
		return status;
	owner = vmcore_load(ring->core, data, word);
	if (owner != id)
		return err_set(err, ST_BAD_INPUT, "log-block",
			"record 0x%" PRIx64 " has its text from 0x%" PRIx64 " to 0x%" PRIx64
			", which is that of 0x%" PRIx64,
			id, block.begin, block.next, owner);
	*ret = (struct span){ data + word, (size_t)length };
	return ST_OK;
}

static int dump_record(struct ring *ring, uint64_t id, struct block block,
	const struct printk_sink *sink, struct err *err)
{
	const struct vmcore *core = ring->core;
	const struct layout *layout = &ring->layout;
	struct printk_record record = { .has_seq = true, .has_caller = true };
	const uint8_t *info;
	int status;

	status = window_at(
		&ring->infos, id % ring->count * layout->info_size, layout->info_size, &info, err);
	if (status != ST_OK)
		return status;
	record.seq = vmcore_load(core, info + layout->seq, 8);
	record.ns = vmcore_load(core, info + layout->ts_nsec, 8);
	record.caller = (uint32_t)vmcore_load(core, info + layout->caller_id, 4);
	if (layout->has_level)
		printk_take_level(core, info + layout->text_len + 2, &record);
	status = find_text(
		ring, id, block, vmcore_load(core, info + layout->text_len, 2), &record.text, err);
	if (status == ST_OK)
		status = sink->record(sink->context, &record, err);
	return status;
}

static int dump_desc(
	struct ring *ring, uint64_t id, const struct printk_sink *sink, struct err *err)
{
	const struct vmcore *core = ring->core;
	const struct layout *layout = &ring->layout;
	size_t word = core->word_size;
	const uint8_t *desc;
	struct block block;
	uint64_t state;
	int status;

	status = window_at(
		&ring->descs, id % ring->count * layout->desc_size, layout->desc_size, &desc, err);
	if (status != ST_OK)
		return status;
	/* One that was being written, or not yet taken over from an older record, has no text. */
	state = vmcore_load(core, desc + layout->state_var + layout->counter, word);
	if ((state & ring->id_mask) != id)
		return ST_OK;
	state >>= 8 * word - 2;
	if (state != DESC_COMMITTED && state != DESC_FINALIZED)
		return ST_OK;
	block.begin = vmcore_load(core, desc + layout->text_lpos + layout->begin, word);
	block.next = vmcore_load(core, desc + layout->text_lpos + layout->next, word);
	return dump_record(ring, id, block, sink, err);
}

int printk_ring_dump(const struct vmcore *core, const struct printk_sink *sink, struct err *err)
{
	struct ring ring = { .core = core };
	uint64_t id;
	int status;

	status = read_layout(core, &ring.layout, err);
	if (status == ST_OK)
		status = check_layout(&ring.layout, core->word_size, err);
	if (status == ST_OK)
		status = open_ring(&ring, err);
	id = ring.tail_id;
	while (status == ST_OK) {
		status = dump_desc(&ring, id, sink, err);
		if (id == ring.head_id)
			break;
		id = (id + 1) & ring.id_mask;
	}
	close_ring(&ring);
	return status;
}
