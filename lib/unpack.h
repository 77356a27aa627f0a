/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What lib/decompress.c and the codecs behind it, one lib/unpack_*.c for each library, share. A
 * codec takes from in, counts what it took in taken, and puts out where unpack_room() or
 * unpack_reserve() says; it ends when unpack_next() knows of no more.
 */
#ifndef LIB_UNPACK_H
#define LIB_UNPACK_H

#include "lib/decompress.h"

/* One decoding: what goes in, what has come out, and whom to tell. */
struct unpack {
	enum codec codec;
	struct span in;
	size_t taken; /* of in, by the codec */
	size_t max;
	struct blob *out;
	uint8_t spill;	      /* the byte behind the limit, which must never come */
	bool more_may_follow; /* than packed data and zeros */
	struct err *err;
};

/* Each decodes all of in. ST_BAD_INPUT, ST_UNSUPPORTED, ST_NO_MEMORY. */
int unpack_gzip(struct unpack *job);
int unpack_xz(struct unpack *job); /* CODEC_XZ and CODEC_LZMA */
int unpack_zstd(struct unpack *job);
int unpack_lz4(struct unpack *job);
int unpack_lzo(struct unpack *job);

/* Where a codec that streams may write next. Behind the limit that is one byte, so that data
 * which ends at the limit can still be told from data that goes on. ST_NO_MEMORY. */
int unpack_room(struct unpack *job, uint8_t **ret_to, size_t *ret_size);

/* So many bytes were written there. ST_BAD_INPUT behind the limit. */
int unpack_wrote(struct unpack *job, size_t size);

/* Make room for size bytes more, for a codec that knows. ST_BAD_INPUT above the limit,
 * ST_NO_MEMORY. */
int unpack_reserve(struct unpack *job, size_t size);

/* A member, stream or frame has ended. Is there another one? ST_BAD_INPUT for anything else. */
int unpack_next(struct unpack *job, bool *ret_more);

/* The failures that all codecs have: they set job->err and return ST_BAD_INPUT. */
int unpack_too_large(struct unpack *job);
int unpack_truncated(struct unpack *job);
int unpack_corrupt(struct unpack *job, const char *why);

#endif
