/* SPDX-License-Identifier: GPL-2.0-only */
/* A large array in the crashed kernel's memory, of which a small part is held at a time. Made
 * for going through it in order: a log of many MiB takes few reads and little memory. */
#ifndef VMCORE_DMESG_WINDOW_H
#define VMCORE_DMESG_WINDOW_H

#include "vmcore-dmesg/vmcore.h"

/* At most so much can be looked at in one piece: more than any record of a log has. */
#define WINDOW_SIZE ((size_t)192 << 10)

struct window {
	const struct vmcore *core; /* borrowed */
	uint64_t start;		   /* virtual address of the array */
	uint64_t size;		   /* of the array, bytes */
	uint64_t held;		   /* what buf has: from here within the array */
	size_t held_size;
	/* What could not be read last; from unasked on it is only taken for missing. */
	uint64_t missing, unasked, missing_end;
	uint8_t *buf; /* owned */
};

/* ST_NO_MEMORY. window_done() it; a zeroed one is fine too. */
int window_init(struct window *window, const struct vmcore *core, uint64_t start, uint64_t size,
	struct err *err);
void window_done(struct window *window);

/*
 * Look at size bytes at offset, at most WINDOW_SIZE, which the caller knows to be inside the
 * array. *ret is good until the next call. Errors of vmcore_read(). Where one thing after the other
 * cannot be read, the rest of that 4 KiB page is taken for missing too, so that a hole of any size
 * takes few reads.
 */
int window_at(
	struct window *window, uint64_t offset, size_t size, const uint8_t **ret, struct err *err);

/* Where to look again when nothing is wanted but what can be read, and there is none at offset:
 * behind that 4 KiB page. It may be behind the array. */
uint64_t window_behind_hole(const struct window *window, uint64_t offset);

#endif
