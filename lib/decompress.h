/* SPDX-License-Identifier: GPL-2.0-only */
/* Whole-buffer decompression with a limit on what comes out. */
#ifndef LIB_DECOMPRESS_H
#define LIB_DECOMPRESS_H

#include <stdbool.h>

#include "lib/bytes.h"
#include "lib/err.h"

enum codec {
	CODEC_NONE,
	CODEC_GZIP,
	CODEC_XZ,
	CODEC_ZSTD,
	CODEC_LZ4,   /* both the frame format and the legacy one, which kernels are packed with */
	CODEC_LZO,   /* the container of lzop */
	CODEC_LZMA,  /* the format of the old lzma tools, which has no magic */
	CODEC_BZIP2, /* recognised so that it can be named; not decoded */
};
#define CODEC_COUNT (CODEC_BZIP2 + 1)

/* What the first bytes say. CODEC_NONE when they are no known magic; never CODEC_LZMA. */
enum codec codec_detect(struct span in);

/* Could this be CODEC_LZMA? It says so of what the lzma tools write, and once in a while of
 * something else. */
bool codec_is_lzma(struct span in);

/* "gzip", "xz", ...; "none" for CODEC_NONE. Static. */
const char *codec_name(enum codec codec);

/*
 * Decode the whole of in. Concatenated members (gzip), streams (xz), frames (zstd, also without
 * a content size; lz4) and files (lzo) are all taken; zero padding behind the last is allowed,
 * other trailing bytes are ST_BAD_INPUT. More than max bytes of output is ST_BAD_INPUT and takes
 * no more memory than max, and the decoder's own window: at most 256 MiB for xz and lzma, 16 for
 * lz4, and for zstd 128 MiB or max rounded up to a power of two. ST_UNSUPPORTED names a codec
 * that this build cannot decode, or a larger window; ST_NO_MEMORY. codec is not CODEC_NONE.
 * *ret is an empty blob on entry.
 */
int decompress(enum codec codec, struct span in, size_t max, struct blob *ret, struct err *err);

/* The same, but other bytes may follow: *ret_taken is how many of in were packed data. */
int decompress_front(enum codec codec, struct span in, size_t max, struct blob *ret,
	size_t *ret_taken, struct err *err);

/* As much of what in begins with as comes out before the limit, or before in ends or turns out to
 * be damaged; it may be nothing. Only ST_NO_MEMORY is a failure. */
int decompress_head(
	enum codec codec, struct span in, size_t max, struct blob *ret, struct err *err);

/* What decompress() says of other bytes behind the first taken of size. Returns ST_BAD_INPUT. */
int decompress_trailing(enum codec codec, size_t taken, size_t size, struct err *err);

#endif
