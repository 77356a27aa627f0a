// SPDX-License-Identifier: GPL-2.0-only
/*
 * Plain text in a ring of bytes, before 3.5: log_end counts every character ever logged, of which
 * the last logged_chars were logged since the log was cleared. Each line begins with its level in
 * angle brackets, and no character is a NUL: by that the numbers are doubted, which is all there is
 * beside the text.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "lib/checked.h"
#include "vmcore-dmesg/printk.h"
#include "vmcore-dmesg/window.h"

/* Dumps leave out whole pages, of no less than this. */
#define PIECE UINT64_C(4096)

struct text {
	struct window buffer;
	uint64_t end;	/* behind the newest character, below the size of the buffer */
	uint64_t chars; /* before that, around the end of the buffer */
	struct printk_damage damage;
	struct err why;
};

/* At most a page from start on, as far as size goes. Returns how much that is; no bytes where it is
 * not in the image. */
static uint64_t piece_at(struct text *text, uint64_t start, uint64_t size, const uint8_t **ret)
{
	uint64_t part = PIECE - (text->buffer.start + start) % PIECE;

	if (part > size)
		part = size;
	if (window_at(&text->buffer, start, (size_t)part, ret, &text->why) != ST_OK)
		*ret = NULL;
	return part;
}

/* --- doubt ---------------------------------------------------------------------------- */

/* What the whole buffer says of where its text is. */
struct survey {
	bool outside;	   /* there is some where none should be */
	uint64_t breaks;   /* lines whose next one does not begin as lines do: one, if any, */
	uint64_t break_at; /* behind the newest */
};

static void survey_piece(struct text *text, const uint8_t *bytes, uint64_t at, uint64_t part,
	uint8_t *last, struct survey *survey)
{
	uint64_t size = text->buffer.size;

	for (uint64_t i = 0; i < part; *last = bytes[i++]) {
		uint64_t age = (text->end + size - 1 - (at + i)) % size;

		survey->outside |= bytes[i] && age >= text->chars;
		if (*last == '\n' && bytes[i] != '<') {
			survey->breaks++;
			survey->break_at = at + i;
		}
	}
}

static void survey_buffer(struct text *text, struct survey *survey)
{
	uint64_t size = text->buffer.size;
	const uint8_t *bytes;
	uint8_t last = 0;

	piece_at(text, size - 1, 1, &bytes);
	if (bytes)
		last = *bytes;
	for (uint64_t at = 0, part; at < size; at += part) {
		part = piece_at(text, at, size - at, &bytes);
		if (bytes)
			survey_piece(text, bytes, at, part, &last, survey);
		else
			last = 0;
	}
}

static bool ends_a_line(struct text *text, uint64_t end)
{
	uint64_t size = text->buffer.size;
	const uint8_t *bytes;

	piece_at(text, (end + size - 1) % size, 1, &bytes);
	return !bytes || *bytes == '\n';
}

/* What was logged before the log was cleared is still there, and is text as well. */
static void find_text(struct text *text, uint64_t end, uint64_t chars)
{
	uint64_t size = text->buffer.size;
	struct survey survey = { .outside = false };

	if (chars > size)
		err_set(printk_damaged(&text->damage), ST_BAD_INPUT, "log-chars",
			"%" PRIu64 " characters are logged in a buffer of %" PRIu64, chars, size);
	if (chars < end)
		chars = end;
	text->chars = chars < size ? chars : size;
	text->end = end % size;
	survey_buffer(text, &survey);
	if (survey.outside) {
		err_set(printk_damaged(&text->damage), ST_BAD_INPUT, "log-chars",
			"the log has %" PRIu64 " characters up to %" PRIu64 " of %" PRIu64
			", and there is text elsewhere",
			text->chars, text->end, size);
		text->chars = size;
	}
	if (text->chars < size || survey.breaks != 1 || ends_a_line(text, text->end))
		return;
	err_set(printk_damaged(&text->damage), ST_BAD_INPUT, "log-end",
		"the log is said to end at %" PRIu64 " of %" PRIu64
		", in a line, and by its lines it ends at %" PRIu64,
		text->end, size, survey.break_at);
	text->end = survey.break_at;
}

/* --- what is handed on ---------------------------------------------------------------- */

static size_t same_kind(const uint8_t *bytes, size_t size)
{
	size_t count = 1;

	while (count < size && !bytes[count] == !bytes[0])
		count++;
	return count;
}

static int dump_piece(struct text *text, struct span piece, uint64_t at, struct err *err)
{
	const struct printk_sink *sink = text->damage.sink;
	int status = ST_OK;

	while (piece.size && status == ST_OK) {
		size_t size = same_kind(piece.data, piece.size);

		if (piece.data[0] == '\0') {
			err_set(printk_damaged(&text->damage), ST_BAD_INPUT, "log-zeros",
				"%zu characters at %" PRIu64 " of %" PRIu64 " are zeros", size, at,
				text->buffer.size);
		} else {
			status = printk_tell_damage(&text->damage, err);
			if (status == ST_OK)
				status = sink->text(
					sink->context, (struct span){ piece.data, size }, err);
		}
		piece.data += size;
		piece.size -= size;
		at += size;
	}
	return status;
}

static int dump_range(struct text *text, uint64_t start, uint64_t size, struct err *err)
{
	int status = ST_OK;

	while (size && status == ST_OK) {
		const uint8_t *data;
		uint64_t part = piece_at(text, start, size, &data);

		if (data)
			status = dump_piece(text, (struct span){ data, (size_t)part }, start, err);
		else
			printk_damaged_by(&text->damage, &text->why);
		start += part;
		size -= part;
	}
	return status;
}

static int dump_buffer(struct text *text, struct err *err)
{
	uint64_t size = text->buffer.size;
	uint64_t start = (text->end + size - text->chars) % size, to_end = size - start;
	int status;

	status = dump_range(text, start, text->chars < to_end ? text->chars : to_end, err);
	if (status == ST_OK && text->chars > to_end)
		status = dump_range(text, 0, text->chars - to_end, err);
	return status == ST_OK ? printk_sum_up(&text->damage, err) : status;
}

/* The size is a power of two (kernel/printk.c:log_buf_len_setup), of at most 2 GiB in 32 bits. Of
 * one that is not, a bit too many is set: the first that has room for what was logged is taken. */
static uint64_t sound_size(struct text *text, uint64_t size, uint64_t chars)
{
	uint64_t sound = 0;

	if (is_power_of_two(size))
		return size;
	for (uint64_t bit = 1; bit <= size && (sound == 0 || sound < chars); bit <<= 1)
		if (size & bit)
			sound = bit;
	err_set(printk_damaged(&text->damage), ST_BAD_INPUT, "log-size",
		"the log is said to have %" PRIu64 " bytes, which is no power of two: %" PRIu64
		" are taken",
		size, sound);
	return sound;
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
	if (size == 0)
		return err_set(err, ST_BAD_INPUT, "log-size",
			"the log has 0 bytes, wanted 1 to %" PRIu64, PRINTK_LOG_MAX);
	text = calloc(1, sizeof(*text));
	if (!text)
		return err_no_memory(err);
	text->damage.sink = sink;
	status = window_init(&text->buffer, core, address, sound_size(text, size, chars), err);
	if (status == ST_OK) {
		find_text(text, end, chars);
		status = dump_buffer(text, err);
	}
	window_done(&text->buffer);
	free(text);
	return status;
}
