/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The lockless ring buffer of 5.10 and later (Documentation/admin-guide/kdump/vmcoreinfo.rst), as
 * it lies in memory. A ring of descriptors, numbered by ids that wrap late, each with an info of
 * fixed size and a block in a ring of text. A descriptor's state is in the top two bits of its id.
 * Positions in the text ring count on across wraps; a block that would cross the end stands at the
 * start.
 */
#ifndef VMCORE_DMESG_RING_H
#define VMCORE_DMESG_RING_H

#include "vmcore-dmesg/printk.h"
#include "vmcore-dmesg/window.h"

enum desc_state { DESC_RESERVED, DESC_COMMITTED, DESC_FINALIZED, DESC_REUSABLE };

/* A kernel has one descriptor for each 32 bytes of text, of which there are at most 2 GiB. */
#define RING_COUNT_BITS_MAX 26u
#define RING_SIZE_BITS_MAX  31u

/* Sizes and offsets by VMCOREINFO. */
struct ring_layout {
	uint64_t ringbuffer_size, desc_ring, text_ring;
	uint64_t count_bits, descs, infos, head_id, tail_id, counter;
	uint64_t size_bits, data;
	uint64_t desc_size, state_var, text_lpos, begin, next;
	uint64_t info_size, seq, ts_nsec, text_len, caller_id;
	bool has_level;
};

struct ring {
	const struct vmcore *core;
	struct ring_layout layout;
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

/* What a descriptor says about its text: positions that count on across wraps. */
struct ring_block {
	uint64_t begin, next;
};

/* Where in the ring of text that is, the id in front of it included. */
struct ring_place {
	uint64_t start, size;
};

/* Read what the ring is by its layout. count_bits and size_bits say how large its rings are, 0 for
 * as it says itself. To be closed whatever comes of it. ST_BAD_INPUT with the id log-size,
 * ST_NO_MEMORY, errors of printk_read_pointer() and vmcore_read(). */
int ring_open(struct ring *ring, uint64_t count_bits, uint64_t size_bits, struct err *err);
void ring_close(struct ring *ring);

/* Find the layout by what VMCOREINFO and the ring say of themselves, unless that does not fit and
 * something else does, and open it. What was doubted is told as damage. ST_NOT_FOUND with the id
 * log-vmcoreinfo when nothing is known; else the errors of the layout as it is said to be. */
int ring_choose_layout(struct ring *ring, struct err *err);

/* The state and id that the descriptor of this id has. Whoever adds a record first counts on the
 * newest id and then takes over the descriptor of an older one. Errors of window_at(). */
int ring_read_state(struct ring *ring, uint64_t id, uint64_t *ret);
enum desc_state ring_state_of(const struct ring *ring, uint64_t state_var);

/* Is it still that of an older record, or was it never used? */
bool ring_is_not_taken_over(const struct ring *ring, uint64_t id, uint64_t state_var);

/* Can this be the newest record, by its descriptor and the next one? */
bool ring_is_head(struct ring *ring, uint64_t id);

/* How often the ring had gone round when a descriptor was used. UINT64_MAX when it was not, or does
 * not say. */
uint64_t ring_lap_of(struct ring *ring, uint64_t index);

/* Returns what is wrong with the block, static, or NULL. */
const char *ring_find_place(
	const struct ring *ring, struct ring_block block, struct ring_place *ret);

/* The id in front of the text that begins there. ST_NOT_FOUND outside of the ring; errors of
 * window_at(), with the words in ring->why. */
int ring_read_owner(struct ring *ring, uint64_t start, uint64_t *ret);
bool ring_has_owner(struct ring *ring, uint64_t start, uint64_t id);

#endif
