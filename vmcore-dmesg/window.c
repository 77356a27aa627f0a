// SPDX-License-Identifier: GPL-2.0-only
#include "vmcore-dmesg/window.h"

#include <assert.h>
#include <inttypes.h>
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

/* Dumps leave out whole pages, of no less than this. */
#define HOLE_LINE UINT64_C(4096)

uint64_t window_behind_hole(const struct window *window, uint64_t offset)
{
	return offset + HOLE_LINE - (window->start + offset) % HOLE_LINE;
}

/* What begins where the last failure ended goes on with it. Then as much again is taken for
 * missing, to the end of the page. */
static void note_failure(struct window *window, uint64_t offset, size_t size)
{
	uint64_t end = offset + size;
	uint64_t page_end = window_behind_hole(window, offset);
	uint64_t more = 0;

	if (window->missing_end && offset == window->missing_end && end < page_end) {
		more = end - window->missing;
		if (more > page_end - end)
			more = page_end - end;
	} else if (offset != window->missing_end) {
		window->missing = offset;
	}
	window->unasked = end;
	window->missing_end = end + more;
}

static bool is_taken_for_missing(const struct window *window, uint64_t offset)
{
	return offset >= window->unasked && offset < window->missing_end;
}

int window_at(
	struct window *window, uint64_t offset, size_t size, const uint8_t **ret, struct err *err)
{
	int status = ST_BAD_INPUT;
	size_t want;

	assert(size <= WINDOW_SIZE && offset <= window->size && size <= window->size - offset);
	if (offset >= window->held && offset + size <= window->held + window->held_size) {
		*ret = window->buf + (offset - window->held);
		return ST_OK;
	}
	if (is_taken_for_missing(window, offset))
		return err_set(err, ST_BAD_INPUT, "log-hole",
			"kernel address 0x%" PRIx64 " is behind others that cannot be read",
			window->start + offset);
	want = read_ahead(window, offset, size);
	window->held_size = 0;
	/* What lies ahead may be missing, but nobody has asked for it yet. */
	if (want > size)
		status = vmcore_read(window->core, window->start + offset, window->buf, want, NULL);
	if (status != ST_OK) {
		want = size;
		status = vmcore_read(window->core, window->start + offset, window->buf, want, err);
	}
	if (status != ST_OK) {
		note_failure(window, offset, size);
		return status;
	}
	window->held = offset;
	window->held_size = want;
	*ret = window->buf;
	return ST_OK;
}
