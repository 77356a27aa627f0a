// SPDX-License-Identifier: GPL-2.0-only
#include "lib/utf8.h"

#include <stdint.h>

/* The forms of two, three and four bytes: how the first byte is told, and the least code. */
static const struct form {
	uint8_t mask, lead;
	uint32_t min;
} forms[] = { { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 } };

/* How many bytes the first one says that there are; 0 when it cannot be the first. */
static size_t wanted_size(uint8_t first)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if ((first & forms[i].mask) == forms[i].lead)
			return i + 2;
	return 0;
}

/* How many of the bytes up to size can belong to one character. */
static size_t run_size(struct span text, size_t size)
{
	size_t n = 1;

	while (n < size && n < text.size && (text.data[n] & 0xc0) == 0x80)
		n++;
	return n;
}

static bool is_shown(uint32_t code)
{
	if (code >= 0x80 && code <= 0x9f)
		return false;
	if (code == 0x61c || code == 0x200e || code == 0x200f)
		return false;
	return !(code >= 0x2028 && code <= 0x202e) && !(code >= 0x2066 && code <= 0x2069);
}

size_t utf8_size(struct span text)
{
	size_t size = wanted_size(text.data[0]);
	const struct form *form;
	uint32_t code;

	if (size == 0 || run_size(text, size) < size)
		return 0;
	form = &forms[size - 2];
	code = text.data[0] & (uint8_t)~form->mask;
	for (size_t n = 1; n < size; n++)
		code = code << 6 | (text.data[n] & 0x3f);
	if (code < form->min || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return is_shown(code) ? size : 0;
}

bool utf8_is_cut(struct span text)
{
	size_t size = wanted_size(text.data[0]);

	return text.size < size && run_size(text, size) == text.size;
}
