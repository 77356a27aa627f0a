// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first byte chooses codec and limit, the rest is the packed file. Whatever comes out
 * keeps to the limit, comes out again, and does not come out with a byte less allowed.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/decompress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_failure(int status, const struct err *err, const struct blob *out)
{
	assert(status == ST_BAD_INPUT || status == ST_UNSUPPORTED || status == ST_NO_MEMORY);
	assert(err->status == status && err->id && err->text[0]);
	assert(out->data == NULL && out->size == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* The first four have their places since the first seeds. */
	static const enum codec codecs[] = { CODEC_GZIP, CODEC_XZ, CODEC_ZSTD, CODEC_LZ4, CODEC_LZO,
		CODEC_LZMA, CODEC_BZIP2, CODEC_LZ4 };
	static const size_t limits[] = { 1 << 20, 70000, 4096, 1 };
	struct span in = { .data = NULL };
	struct blob out = BLOB_INIT;
	struct blob again = BLOB_INIT;
	struct err err = ERR_INIT;
	enum codec codec;
	size_t max;
	int status;

	if (size == 0)
		return 0;
	codec = codecs[(data[0] & 3) | (data[0] >> 2 & 4)];
	max = limits[data[0] >> 2 & 3];
	if (size > 1)
		in = (struct span){ data + 1, size - 1 };
	assert(codec_name(codec_detect(in))[0]);
	status = decompress(codec, in, max, &out, &err);
	if (status) {
		check_failure(status, &err, &out);
		return 0;
	}
	assert(out.size <= max);
	assert(out.size == 0 || out.data[out.size] == 0);
	status = decompress(codec, in, out.size, &again, &err);
	assert(status == ST_OK && again.size == out.size);
	assert(out.size == 0 || memcmp(again.data, out.data, out.size) == 0);
	blob_done(&again);
	if (out.size) {
		status = decompress(codec, in, out.size - 1, &again, &err);
		assert(status == ST_BAD_INPUT);
		check_failure(status, &err, &again);
	}
	blob_done(&out);
	return 0;
}
