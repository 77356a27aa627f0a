// SPDX-License-Identifier: GPL-2.0-only
/* Plain text in a ring of bytes, before 3.5: log_end counts every character ever logged, of
 * which the last logged_chars are still to be had. */
#include <inttypes.h>
#include <stdlib.h>

#include "vmcore-dmesg/printk.h"
#include "vmcore-dmesg/window.h"

/* Dumps leave out whole pages, of no less than this. */
#define PIECE UINT64_C(4096)

struct text {
	struct window buffer;
	struct printk_damage damage;
	struct err why;
};

static int dump_range(struct text *text, uint64_t start, uint64_t size, struct err *err)
{
	const struct printk_sink *sink = text->damage.sink;
	int status = ST_OK;

	while (size && status == ST_OK) {
		uint64_t part = PIECE - (text->buffer.start + start) % PIECE;
		const uint8_t *data;

		if (part > size)
			part = size;
		if (window_at(&text->buffer, start, (size_t)part, &data, &text->why) != ST_OK) {
			printk_damaged_by(&text->damage, &text->why);
		} else {
			status = printk_tell_damage(&text->damage, err);
			if (status == ST_OK)
				status = sink->text(
					sink->context, (struct span){ data, (size_t)part }, err);
		}
		start += part;
		size -= part;
	}
	return status;
}

/* Of a number that the buffer has no room for, nothing is known but that it may be full. */
static int dump_buffer(struct text *text, uint64_t end, uint64_t chars, struct err *err)
{
	uint64_t size = text->buffer.size;
	uint64_t start, to_end;
	int status;

	if (chars > size) {
		err_set(printk_damaged(&text->damage), ST_BAD_INPUT, "log-chars",
			"%" PRIu64 " characters are logged in a buffer of %" PRIu64, chars, size);
		chars = size;
	}
	start = (uint32_t)(end - chars) % size;
	to_end = size - start;
	status = dump_range(text, start, chars < to_end ? chars : to_end, err);
	if (status == ST_OK && chars > to_end)
		status = dump_range(text, 0, chars - to_end, err);
	return status == ST_OK ? printk_sum_up(&text->damage, err) : status;
}

int printk_text_dump(const struct vmcore *core, const struct printk_sink *sink, struct err *err)
{
	struct text *text;
	uint64_t address, size, end, chars;
	int status;

	status = printk_read_pointer(core, "log_buf", &address, err);
	if (status == ST_OK)
		status = printk_read_u32(core, "log_buf_len", &size, err);
	if (status == ST_OK)
		status = printk_read_u32(core, "log_end", &end, err);
	if (status == ST_OK)
		status = printk_read_u32(core, "logged_chars", &chars, err);
	if (status != ST_OK)
		return status;
	if (size == 0 || size > PRINTK_LOG_MAX)
		return err_set(err, ST_BAD_INPUT, "log-size",
			"the log has %" PRIu64 " bytes, wanted 1 to %" PRIu64, size,
			PRINTK_LOG_MAX);
	text = calloc(1, sizeof(*text));
	if (!text)
		return err_no_memory(err);
	text->damage.sink = sink;
	status = window_init(&text->buffer, core, address, size, err);
	if (status == ST_OK)
		status = dump_buffer(text, end, chars, err);
	window_done(&text->buffer);
	free(text);
	return status;
}
