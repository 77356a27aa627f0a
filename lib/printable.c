// SPDX-License-Identifier: GPL-2.0-only
#include "lib/printable.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "lib/utf8.h"

struct door {
	FILE *to;
	uint8_t held[UTF8_SIZE_MAX]; /* a character of which the end is still to come */
	size_t held_size;
};

static struct span behind(struct span text, size_t size)
{
	return (struct span){ text.data + size, text.size - size };
}

static bool is_plain(uint8_t byte)
{
	return (byte >= ' ' && byte <= '~') || byte == '\n' || byte == '\t';
}

/* The same for so many bytes, which nearly all text is made of: a loop for vectors. */
#define BLOCK 32u
static bool is_plain_block(const uint8_t *data)
{
	uint8_t plain = 1;

	for (size_t i = 0; i < BLOCK; i++)
		plain &= is_plain(data[i]);
	return plain;
}

/* How much from the start of text is shown as it is. */
static size_t plain_size(struct span text)
{
	size_t at = 0;

	while (at < text.size) {
		uint8_t byte = text.data[at];
		size_t size = is_plain(byte);

		if (text.size - at >= BLOCK && is_plain_block(text.data + at))
			size = BLOCK;
		else if (byte >= 0x80)
			size = utf8_size(behind(text, at));
		if (size == 0)
			break;
		at += size;
	}
	return at;
}

/* Write text but for the beginning of a character at its end, of which the size is returned. */
static size_t put(FILE *to, struct span text)
{
	while (text.size) {
		size_t size = plain_size(text);

		if (size == 0 && utf8_is_cut(text))
			break;
		if (size == 0) {
			size = 1;
			fprintf(to, "\\x%02x", text.data[0]);
		} else {
			fwrite(text.data, 1, size, to);
		}
		text = behind(text, size);
	}
	return text.size;
}

static ssize_t door_write(void *cookie, const char *buf, size_t size)
{
	struct span text = { (const uint8_t *)buf, size };
	struct door *door = cookie;

	while (door->held_size && text.size) {
		size_t left;

		door->held[door->held_size++] = text.data[0];
		text = behind(text, 1);
		left = put(door->to, (struct span){ door->held, door->held_size });
		memmove(door->held, door->held + door->held_size - left, left);
		door->held_size = left;
	}
	if (text.size) {
		door->held_size = put(door->to, text);
		memcpy(door->held, behind(text, text.size - door->held_size).data, door->held_size);
	}
	return ferror(door->to) ? 0 : (ssize_t)size;
}

static int door_close(void *cookie)
{
	struct door *door = cookie;
	bool failed;

	for (size_t i = 0; i < door->held_size; i++)
		fprintf(door->to, "\\x%02x", door->held[i]);
	failed = fflush(door->to) || ferror(door->to);
	free(door);
	return failed ? EOF : 0;
}

FILE *printable_open(FILE *to)
{
	static const cookie_io_functions_t functions = { .write = door_write, .close = door_close };
	struct door *door = calloc(1, sizeof(*door));
	FILE *stream;

	if (!door)
		return NULL;
	door->to = to;
	stream = fopencookie(door, "w", functions);
	if (stream)
		setvbuf(stream, NULL, _IOLBF, 0);
	else
		free(door);
	return stream;
}
