// SPDX-License-Identifier: GPL-2.0-only
/* The door to the terminal: the first byte says how large the pieces are that the rest comes in. */
#include "lib/printable.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/heard.h"

static char *shown(const uint8_t *data, size_t size, size_t piece, size_t *ret_size)
{
	struct heard heard;
	FILE *door = printable_open(heard_open(&heard));
	char *text;

	assert(door);
	for (size_t at = 0; at < size; at += piece) {
		size_t n = size - at < piece ? size - at : piece;

		assert(fwrite(data + at, 1, n, door) == n);
		assert(fflush(door) == 0);
	}
	assert(fclose(door) == 0);
	*ret_size = heard.size;
	text = malloc(heard.size + 1);
	assert(text);
	memcpy(text, heard.text, heard.size);
	heard_done(&heard);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t piece, whole_size, cut_size;
	char *whole, *cut;

	if (size == 0)
		return 0;
	piece = data[0] % 16 + 1;
	whole = shown(data + 1, size - 1, size, &whole_size);
	cut = shown(data + 1, size - 1, piece, &cut_size);
	assert(whole_size == cut_size && memcmp(whole, cut, whole_size) == 0);
	assert(whole_size >= size - 1);
	free(whole);
	free(cut);
	return 0;
}
