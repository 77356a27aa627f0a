// SPDX-License-Identifier: GPL-2.0-only
#include "lib/decompress.h"

#include <assert.h>

#include "config.h"
#include "lib/unpack.h"

static const struct {
	enum codec codec;
	size_t size;
	uint8_t magic[6];
} codec_magics[] = {
	{ CODEC_GZIP, 3, { 0x1f, 0x8b, 0x08 } },
	{ CODEC_XZ, 6, { 0xfd, '7', 'z', 'X', 'Z', 0x00 } },
	{ CODEC_ZSTD, 4, { 0x28, 0xb5, 0x2f, 0xfd } },
	{ CODEC_LZ4, 4, { 0x02, 0x21, 0x4c, 0x18 } }, /* legacy: what kernels are packed with */
	{ CODEC_LZ4, 4, { 0x04, 0x22, 0x4d, 0x18 } }, /* frame */
	{ CODEC_BZIP2, 3, { 'B', 'Z', 'h' } },
	{ CODEC_LZO, 4, { 0x89, 'L', 'Z', 'O' } },
};

enum codec codec_detect(struct span in)
{
	for (size_t i = 0; i < sizeof(codec_magics) / sizeof(codec_magics[0]); i++) {
		if (span_starts_with(in, codec_magics[i].magic, codec_magics[i].size))
			return codec_magics[i].codec;
	}
	return CODEC_NONE;
}

bool codec_is_lzma(struct span in)
{
	uint32_t dictionary, top;
	uint64_t size;

	if (in.size < 13 || in.data[0] != 0x5d)
		return false;
	dictionary = load_le32(in.data + 1);
	size = load_le64(in.data + 5);
	if (dictionary < 4096 || (size != UINT64_MAX && size >= (uint64_t)1 << 38))
		return false;
	top = (uint32_t)1 << (31 - __builtin_clz(dictionary));
	return dictionary == top || dictionary == (top | top >> 1) || dictionary == UINT32_MAX;
}

const char *codec_name(enum codec codec)
{
	switch (codec) {
	case CODEC_NONE:
		return "none";
	case CODEC_GZIP:
		return "gzip";
	case CODEC_XZ:
		return "xz";
	case CODEC_ZSTD:
		return "zstd";
	case CODEC_LZ4:
		return "lz4";
	case CODEC_BZIP2:
		return "bzip2";
	case CODEC_LZO:
		return "lzo";
	case CODEC_LZMA:
		return "lzma";
	}
	return "unknown";
}

int unpack_room(struct unpack *job, uint8_t **ret_to, size_t *ret_size)
{
	struct blob *out = job->out;
	size_t want;

	if (out->size == job->max) {
		*ret_to = &job->spill;
		*ret_size = 1;
		return ST_OK;
	}
	if (!out->data || out->size == out->capacity) {
		want = out->capacity < job->max / 2 ? out->capacity * 2 : job->max;
		if (want < 65536)
			want = job->max < 65536 ? job->max : 65536;
		if (blob_reserve(out, want))
			return err_no_memory(job->err);
	}
	*ret_to = out->data + out->size;
	*ret_size = (out->capacity < job->max ? out->capacity : job->max) - out->size;
	return ST_OK;
}

int unpack_reserve(struct unpack *job, size_t size)
{
	struct blob *out = job->out;
	size_t want;

	if (size > job->max - out->size)
		return unpack_too_large(job);
	want = out->size + size;
	/* Grow by no less than half, for the sake of many small pieces. */
	if (want > out->capacity && want - out->capacity < out->capacity / 2)
		want = out->capacity < job->max / 3 * 2 ? out->capacity / 2 * 3 : job->max;
	return want && blob_reserve(out, want) ? err_no_memory(job->err) : ST_OK;
}

int unpack_too_large(struct unpack *job)
{
	return err_set(job->err, ST_BAD_INPUT, "compressed-too-large",
		"%s data unpacks to more than the %zu bytes allowed", codec_name(job->codec),
		job->max);
}

int unpack_wrote(struct unpack *job, size_t size)
{
	if (size == 0)
		return ST_OK;
	if (job->out->size == job->max)
		return unpack_too_large(job);
	job->out->size += size;
	job->out->data[job->out->size] = 0;
	return ST_OK;
}

int unpack_truncated(struct unpack *job)
{
	return err_set(job->err, ST_BAD_INPUT, "compressed-truncated",
		"%s data ends after %zu bytes of output, before its end mark",
		codec_name(job->codec), job->out->size);
}

int unpack_corrupt(struct unpack *job, const char *why)
{
	return err_set(job->err, ST_BAD_INPUT, "compressed-corrupt",
		"%s data is damaged near byte %zu of %zu: %s", codec_name(job->codec), job->taken,
		job->in.size, why);
}

int unpack_next(struct unpack *job, bool *ret_more)
{
	struct span rest = { job->in.data + job->taken, job->in.size - job->taken };
	size_t zeros = 0;

	*ret_more = false;
	while (zeros < rest.size && rest.data[zeros] == 0)
		zeros++;
	if (zeros == rest.size)
		return ST_OK;
	/* xz alone may have padding between its streams, in fours. */
	if (zeros == 0 || (job->codec == CODEC_XZ && zeros % 4 == 0)) {
		rest = (struct span){ rest.data + zeros, rest.size - zeros };
		/* A skippable frame may stand anywhere among zstd frames (RFC 8878, 3.1.2), and
		 * among those of lz4, whose frame format has them from there. */
		if (codec_detect(rest) == job->codec ||
			((job->codec == CODEC_ZSTD || job->codec == CODEC_LZ4) && rest.size >= 4 &&
				(load_le32(rest.data) & 0xfffffff0) == 0x184d2a50)) {
			job->taken += zeros;
			*ret_more = true;
			return ST_OK;
		}
	}
	if (job->more_may_follow)
		return ST_OK;
	return decompress_trailing(job->codec, job->taken, job->in.size, job->err);
}

int decompress_trailing(enum codec codec, size_t taken, size_t size, struct err *err)
{
	return err_set(err, ST_BAD_INPUT, "compressed-trailing",
		"%s data ends at byte %zu of %zu, and what follows is neither more of it nor zeros",
		codec_name(codec), taken, size);
}

/* By codec; NULL for what this build cannot decode. */
static int (*const unpackers[])(struct unpack *) = {
#ifdef HAVE_ZLIB
	[CODEC_GZIP] = unpack_gzip,
#endif
#ifdef HAVE_LZMA
	[CODEC_XZ] = unpack_xz,
	[CODEC_LZMA] = unpack_xz,
#endif
#ifdef HAVE_ZSTD
	[CODEC_ZSTD] = unpack_zstd,
#endif
#ifdef HAVE_LZ4
	[CODEC_LZ4] = unpack_lz4,
#endif
#ifdef HAVE_LZO
	[CODEC_LZO] = unpack_lzo,
#endif
	[CODEC_COUNT] = NULL,
};

static int codec_missing(enum codec codec, struct err *err)
{
	err_set(err, ST_UNSUPPORTED, "codec-missing", "%s data, which this program cannot unpack",
		codec_name(codec));
	if (codec == CODEC_LZMA)
		err_hint(err, "unpack it first, with xz -d --format=lzma");
	else
		err_hint(err, "unpack it first, for instance with %s -d",
			codec == CODEC_LZO ? "lzop" : codec_name(codec));
	return ST_UNSUPPORTED;
}

static int run(struct unpack *job)
{
	assert(job->codec != CODEC_NONE && job->codec < CODEC_COUNT);
	if (job->in.size == 0)
		return err_set(job->err, ST_BAD_INPUT, "compressed-truncated",
			"%s data ends after 0 bytes of output: there is no input at all",
			codec_name(job->codec));
	return unpackers[job->codec] ? unpackers[job->codec](job)
				     : codec_missing(job->codec, job->err);
}

/* What came out is the caller's, or nobody's. */
static int finish(struct unpack *job, int status, struct blob *ret)
{
	if (status) {
		blob_done(job->out);
		return status;
	}
	blob_trim(job->out);
	blob_done(ret);
	*ret = *job->out;
	return ST_OK;
}

int decompress(enum codec codec, struct span in, size_t max, struct blob *ret, struct err *err)
{
	struct blob out = BLOB_INIT;
	struct unpack job = { .codec = codec, .in = in, .max = max, .out = &out, .err = err };

	return finish(&job, run(&job), ret);
}

int decompress_front(enum codec codec, struct span in, size_t max, struct blob *ret,
	size_t *ret_taken, struct err *err)
{
	struct blob out = BLOB_INIT;
	struct unpack job = { .codec = codec,
		.in = in,
		.max = max,
		.out = &out,
		.err = err,
		.more_may_follow = true };
	int status = finish(&job, run(&job), ret);

	if (!status)
		*ret_taken = job.taken;
	return status;
}

int decompress_head(enum codec codec, struct span in, size_t max, struct blob *ret, struct err *err)
{
	struct blob out = BLOB_INIT;
	struct unpack job = { .codec = codec,
		.in = in,
		.max = max,
		.out = &out,
		.err = NULL,
		.more_may_follow = true };
	int status = run(&job);

	if (status == ST_NO_MEMORY)
		err_no_memory(err);
	return finish(&job, status == ST_NO_MEMORY ? status : ST_OK, ret);
}
