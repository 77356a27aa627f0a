// SPDX-License-Identifier: GPL-2.0-only
/* Plain text in a ring of bytes, before 3.5: log_end counts every character ever logged, of
 * which the last logged_chars are still to be had. */
#include <inttypes.h>

#include "vmcore-dmesg/printk.h"
#include "vmcore-dmesg/window.h"

static int dump_range(struct window *buffer, uint64_t start, uint64_t size,
	const struct printk_sink *sink, struct err *err)
{
	const uint8_t *data;
	int status = ST_OK;

	while (size && status == ST_OK) {
		size_t part = size < WINDOW_SIZE ? (size_t)size : WINDOW_SIZE;

		status = window_at(buffer, start, part, &data, err);
		if (status == ST_OK)
			status = sink->text(sink->context, (struct span){ data, part }, err);
		start += part;
		size -= part;
	}
	return status;
}

int printk_text_dump(const struct vmcore *core, const struct printk_sink *sink, struct err *err)
{
	struct window buffer = { .buf = NULL };
	uint64_t address, size, end, chars, start, to_end;
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
	if (chars > size)
		return err_set(err, ST_BAD_INPUT, "log-chars",
			"%" PRIu64 " characters are logged in a buffer of %" PRIu64, chars, size);
	start = (uint32_t)(end - chars) % size;
	to_end = size - start;
	status = window_init(&buffer, core, address, size, err);
	if (status == ST_OK)
		status = dump_range(&buffer, start, chars < to_end ? chars : to_end, sink, err);
	if (status == ST_OK && chars > to_end)
		status = dump_range(&buffer, 0, chars - to_end, sink, err);
	window_done(&buffer);
	return status;
}
