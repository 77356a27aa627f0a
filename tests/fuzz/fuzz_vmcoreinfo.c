// SPDX-License-Identifier: GPL-2.0-only
/*
 * The input is a key, a NUL byte, and the text. What is found is compared with a search that
 * knows nothing of lines or spans, and a number with strtoull().
 */
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/vmcoreinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Offset in text of the first value from there on, or -1. */
static long naive_find(const char *text, const char *key, size_t from)
{
	for (size_t i = from; i <= strlen(text); i++) {
		if (i && text[i - 1] != '\n')
			continue;
		if (strncmp(text + i, key, strlen(key)) == 0 && text[i + strlen(key)] == '=')
			return (long)(i + strlen(key) + 1);
	}
	return -1;
}

/* Does strtoull() read this number at text, up to the end of the line? */
static bool is_number(const char *text, int base, uint64_t number)
{
	size_t size = strcspn(text, "\n");
	char *copy = calloc(1, size + 1);
	unsigned long long wanted;
	char *end;
	bool same;

	assert(copy);
	memcpy(copy, text, size);
	errno = 0;
	wanted = strtoull(copy, &end, base); /* takes a minus as the two's complement as well */
	same = errno == 0 && end != copy && strspn(end, " \t\n\v\f\r") == strlen(end) &&
	       wanted == number;
	/* But as many negative numbers as there are in 64 bits, and no more. */
	same = same && (!memchr(copy, '-', size) || number == 0 || number >> 63);
	free(copy);
	return same;
}

/* A number was found: it is one of the values from at on. */
static void check_number(const char *text, const char *key, long at, int base, uint64_t number)
{
	while (at >= 0 && !is_number(text + at, base, number))
		at = naive_find(text, key, (size_t)at);
	assert(at >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *separator = size ? memchr(data, '\0', size) : NULL;
	const char *key = (const char *)data;
	struct span text, value;
	uint64_t number;
	char *copy;
	long at;

	/* A key with "=" or a line end could match across them; no caller has one. */
	if (!separator || strpbrk(key, "=\n") || key[0] == '\0')
		return 0;
	text = (struct span){ separator + 1, size - (size_t)(separator - data) - 1 };
	copy = calloc(1, text.size + 1);
	assert(copy);
	memcpy(copy, text.data, text.size); /* ends at a NUL byte, as the text does */
	at = naive_find(copy, key, 0);
	if (!vmcoreinfo_find(text, key, &value)) {
		assert(at < 0);
		assert(!vmcoreinfo_number(text, key, 10, &number));
	} else {
		assert(at >= 0 && value.data == text.data + at);
		assert(value.size == strcspn(copy + at, "\n"));
		for (int base = 10; base <= 16; base += 6) {
			if (vmcoreinfo_number(text, key, base, &number))
				check_number(copy, key, at, base, number);
		}
	}
	free(copy);
	return 0;
}
