// SPDX-License-Identifier: GPL-2.0-only
#include "vmcore-dmesg/ring.h"

#include <inttypes.h>

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
	const struct ring_layout *layout = &ring->layout;
	int status;

	status = window_init(&ring->descs, ring->core, descs, ring->count * layout->desc_size, err);
	if (status == ST_OK)
		status = window_init(
			&ring->infos, ring->core, infos, ring->count * layout->info_size, err);
	if (status == ST_OK)
		status = window_init(&ring->text, ring->core, text, ring->size, err);
	return status;
}

void ring_close(struct ring *ring)
{
	window_done(&ring->descs);
	window_done(&ring->infos);
	window_done(&ring->text);
}

int ring_open(struct ring *ring, uint64_t count_bits, uint64_t size_bits, struct err *err)
{
	const struct vmcore *core = ring->core;
	const struct ring_layout *layout = &ring->layout;
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
		RING_COUNT_BITS_MAX, &ring->count, err);
	if (status == ST_OK)
		status = check_bits("bytes of text", size_bits ? size_bits : ring->size_bits,
			RING_SIZE_BITS_MAX, &ring->size, err);
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

/* --- descriptors ---------------------------------------------------------------------- */

int ring_read_state(struct ring *ring, uint64_t id, uint64_t *ret)
{
	const struct ring_layout *layout = &ring->layout;
	const uint8_t *desc;
	int status = window_at(
		&ring->descs, id % ring->count * layout->desc_size, layout->desc_size, &desc, NULL);

	if (status == ST_OK)
		*ret = vmcore_load(ring->core, desc + layout->state_var + layout->counter,
			ring->core->word_size);
	return status;
}

enum desc_state ring_state_of(const struct ring *ring, uint64_t state_var)
{
	return state_var >> (8 * ring->core->word_size - 2) & 3;
}

bool ring_is_not_taken_over(const struct ring *ring, uint64_t id, uint64_t state_var)
{
	return state_var == 0 || (ring_state_of(ring, state_var) == DESC_REUSABLE &&
					 ((id - state_var) & ring->id_mask) == ring->count);
}

bool ring_is_head(struct ring *ring, uint64_t id)
{
	uint64_t state_var;

	if (ring_read_state(ring, id, &state_var) != ST_OK ||
		((state_var & ring->id_mask) != id && !ring_is_not_taken_over(ring, id, state_var)))
		return false;
	return ring_read_state(ring, id + 1, &state_var) != ST_OK ||
	       (state_var & ring->id_mask) != ((id + 1) & ring->id_mask);
}

uint64_t ring_lap_of(struct ring *ring, uint64_t index)
{
	uint64_t state_var;

	if (ring_read_state(ring, index, &state_var) != ST_OK || state_var == 0)
		return UINT64_MAX;
	state_var &= ring->id_mask;
	return state_var % ring->count == index ? state_var / ring->count : UINT64_MAX;
}

/* --- places of texts ------------------------------------------------------------------ */

const char *ring_find_place(
	const struct ring *ring, struct ring_block block, struct ring_place *ret)
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
	*ret = (struct ring_place){ start, end - start };
	return NULL;
}

int ring_read_owner(struct ring *ring, uint64_t start, uint64_t *ret)
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

bool ring_has_owner(struct ring *ring, uint64_t start, uint64_t id)
{
	uint64_t owner;

	return ring_read_owner(ring, start, &owner) == ST_OK && owner == id;
}
