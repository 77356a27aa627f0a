/* SPDX-License-Identifier: GPL-2.0-only */
/* An input as numbers, one after the other, for targets that make a machine or a plan of it. */
#ifndef TESTS_FUZZ_STREAM_H
#define TESTS_FUZZ_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "lib/checked.h"
#include "lib/rangeset.h"

struct stream {
	const uint8_t *at;
	size_t left;
};

/* The next number of so many bytes; zeros behind the end. */
__attribute__((unused)) static uint64_t take(struct stream *stream, unsigned int bytes)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < bytes && stream->left; i++) {
		value |= (uint64_t)*stream->at++ << (8 * i);
		stream->left--;
	}
	return value;
}

/* An address or a size: most often a modest number of pages, sometimes anything. */
__attribute__((unused)) static uint64_t take_amount(struct stream *stream)
{
	switch (take(stream, 1) % 8) {
	case 0:
		return take(stream, 8);
	case 1:
		return take(stream, 4);
	case 2:
	case 3:
		return take(stream, 3) << 12;
	case 4:
	case 5:
		return take(stream, 2) << 21;
	default:
		return take(stream, 3) << 16;
	}
}

/* So many ranges at most, normalized. */
__attribute__((unused)) static void take_ranges(
	struct stream *stream, size_t most, struct rangeset *ret)
{
	size_t count = take(stream, 1) % (most + 1);

	rangeset_done(ret);
	for (size_t i = 0; i < count; i++) {
		uint64_t start = take_amount(stream);
		uint64_t end;

		if (add_u64(start, take_amount(stream), &end))
			rangeset_add(ret, start, end);
	}
	rangeset_normalize(ret);
}

#endif
