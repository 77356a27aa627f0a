// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "lib/checked.h"
#include "lib/cursor.h"

/* Not isspace(): the locale has no say in the kernel's files. */
static bool is_blank(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Forget the first n bytes. Not with n = 0 on a NULL pointer, where addition is undefined. */
static void drop(struct span *text, size_t n)
{
	if (n) {
		text->data += n;
		text->size -= n;
	}
}

bool span_take_until(struct span *text, char stop, struct span *ret)
{
	const uint8_t *hit =
		text->size ? memchr(text->data, (unsigned char)stop, text->size) : NULL;
	size_t before;

	if (!hit)
		return false;
	before = (size_t)(hit - text->data);
	*ret = (struct span){ text->data, before };
	drop(text, before + 1);
	return true;
}

int text_clean(struct blob *text, struct err *err)
{
	static const char mark[] = "\xef\xbb\xbf";
	uint8_t *data = text->data;
	const uint8_t *nul = text->size ? memchr(data, '\0', text->size) : NULL;
	size_t from = 0, to = 0;

	if (nul) {
		bool wide = span_starts_with(blob_span(text), "\xff\xfe", 2) ||
			    span_starts_with(blob_span(text), "\xfe\xff", 2);

		err_set(err, ST_BAD_INPUT, "text-binary", "byte %zu is NUL%s, wanted text",
			(size_t)(nul - data), wide ? " (UTF-16)" : "");
		return err_hint(
			err, "save the file as plain text, or take it from the machine again");
	}
	if (span_starts_with(blob_span(text), mark, strlen(mark)))
		from = strlen(mark);
	else if (text->size == 0 || !memchr(data, '\r', text->size))
		return ST_OK;
	for (; from < text->size; from++)
		if (data[from] != '\r' || (from + 1 < text->size && data[from + 1] != '\n'))
			data[to++] = data[from];
	text->size = to;
	data[to] = '\0';
	return ST_OK;
}

bool cursor_line(struct cursor *cursor, struct span *ret_line)
{
	struct span line;

	if (cursor->rest.size == 0)
		return false;
	if (!span_take_until(&cursor->rest, '\n', &line)) {
		line = cursor->rest;
		drop(&cursor->rest, cursor->rest.size);
	}
	*ret_line = line;
	cursor->line++;
	return true;
}

struct span span_trim(struct span text)
{
	while (text.size && is_blank(text.data[text.size - 1]))
		text.size--;
	while (text.size && is_blank(text.data[0]))
		drop(&text, 1);
	return text;
}

bool span_equals(struct span text, const char *word)
{
	return text.size == strlen(word) && span_starts_with(text, word, text.size);
}

bool span_skip(struct span *text, const char *prefix)
{
	size_t size = strlen(prefix);

	if (!span_starts_with(*text, prefix, size))
		return false;
	drop(text, size);
	return true;
}

static int digit_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

bool span_take_number(struct span *text, int base, uint64_t *ret)
{
	uint64_t value = 0;
	size_t n = 0;

	for (; n < text->size; n++) {
		int digit = digit_value(text->data[n]);

		if (digit >= base)
			break;
		if (!mul_u64(value, (uint64_t)base, &value) ||
			!add_u64(value, (uint64_t)digit, &value))
			return false;
	}
	if (n == 0)
		return false;
	drop(text, n);
	*ret = value;
	return true;
}

bool span_number(struct span text, int base, uint64_t *ret)
{
	uint64_t value;

	text = span_trim(text);
	if (base == 16 && !span_skip(&text, "0x"))
		span_skip(&text, "0X");
	if (!span_take_number(&text, base, &value) || text.size)
		return false;
	*ret = value;
	return true;
}

char *span_strdup(struct span text)
{
	size_t bytes;
	char *copy;

	if (!add_size(text.size, 1, &bytes))
		return NULL;
	copy = malloc(bytes);
	if (!copy)
		return NULL;
	if (text.size)
		memcpy(copy, text.data, text.size);
	copy[text.size] = '\0';
	return copy;
}
