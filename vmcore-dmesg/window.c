// SPDX-License-Identifier: GPL-2.0-only
#include "vmcore-dmesg/window.h"

#include <assert.h>
#include <stdlib.h>

int window_init(struct window *window, const struct vmcore *core, uint64_t start, uint64_t size,
	struct err *err)
{
	uint8_t *buf = malloc(WINDOW_SIZE);

	if (!buf)
		return err_no_memory(err);
	*window = (struct window){ .core = core, .start = start, .size = size, .buf = buf };
	return ST_OK;
}

void window_done(struct window *window)
{
	free(window->buf);
	*window = (struct window){ .buf = NULL };
}

/* Twice as much as before where it goes on from there: so what is read in vain is never much more
 * than what is used, however the places jump about. */
static size_t read_ahead(const struct window *window, uint64_t offset, size_t size)
{
	uint64_t left = window->size - offset;
	size_t want = 2 * window->held_size;

	if (offset < window->held || offset - window->held > want)
		want = 0;
	if (want > WINDOW_SIZE)
		want = WINDOW_SIZE;
	if (want > left)
		want = (size_t)left;
	return want < size ? size : want;
}

int window_at(
	struct window *window, uint64_t offset, size_t size, const uint8_t **ret, struct err *err)
{
	struct err ahead = ERR_INIT;
	int status;

	assert(size <= WINDOW_SIZE && offset <= window->size && size <= window->size - offset);
	if (offset < window->held || offset + size > window->held + window->held_size) {
		size_t want = read_ahead(window, offset, size);

		window->held_size = 0;
		status = vmcore_read(
			window->core, window->start + offset, window->buf, want, &ahead);
		/* What lies ahead may be missing, but nobody has asked for it yet. */
		if (status != ST_OK) {
			want = size;
			status = vmcore_read(
				window->core, window->start + offset, window->buf, want, err);
		}
		if (status != ST_OK)
			return status;
		window->held = offset;
		window->held_size = want;
	}
	*ret = window->buf + (offset - window->held);
	return ST_OK;
}
