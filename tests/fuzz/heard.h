/* SPDX-License-Identifier: GPL-2.0-only */
/* What a target printed for people. None of it may drive a terminal, whatever it quotes; that is
 * told here without the code that sees to it. */
#ifndef TESTS_FUZZ_HEARD_H
#define TESTS_FUZZ_HEARD_H

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct heard {
	FILE *stream;
	char *text; /* up to date once the stream is flushed */
	size_t size;
};

/* The stream to print to, behind a door of lib/printable.h. */
__attribute__((unused)) static FILE *heard_open(struct heard *heard)
{
	heard->stream = open_memstream(&heard->text, &heard->size);
	assert(heard->stream);
	return heard->stream;
}

/* The code of the character at text, and its size; the decoder that RFC 3629 draws as a table. */
static unsigned long heard_character(const unsigned char *text, size_t left, size_t *ret_size)
{
	size_t size = *text < 0x80 ? 1 : *text < 0xe0 ? 2 : *text < 0xf0 ? 3 : 4;
	unsigned long code = size == 1 ? *text : *text & (0x7fu >> size);

	assert(*text < 0x80 || (*text >= 0xc2 && *text <= 0xf4));
	assert(size <= left);
	for (size_t i = 1; i < size; i++) {
		assert(text[i] >= 0x80 && text[i] <= 0xbf);
		code = code * 64 + text[i] - 0x80;
	}
	*ret_size = size;
	return code;
}

__attribute__((unused)) static void heard_done(struct heard *heard)
{
	const unsigned char *at;
	size_t left, size;

	assert(fclose(heard->stream) == 0);
	at = (const unsigned char *)heard->text;
	for (left = heard->size; left; left -= size, at += size) {
		unsigned long code = heard_character(at, left, &size);

		assert(code >= ' ' || code == '\n' || code == '\t');
		assert(code < 0x7f || code > 0x9f);
		assert(code < 0x202a || code > 0x202e);
		assert(code < 0x2066 || code > 0x2069);
	}
	free(heard->text);
}

#endif
