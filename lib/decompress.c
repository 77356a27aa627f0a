// SPDX-License-Identifier: GPL-2.0-only
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "config.h"

#ifdef HAVE_ZLIB
#include <zlib.h>
#endif
#ifdef HAVE_LZMA
#include <lzma.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#include <zstd_errors.h>
#endif

#include "lib/decompress.h"

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
	}
	return "unknown";
}

/* One decoding: what goes in, what has come out, and whom to tell. */
struct job {
	enum codec codec;
	struct span in;
	size_t taken; /* of in, by the decoder */
	size_t max;
	struct blob *out;
	uint8_t spill; /* the byte behind the limit, which must never come */
	struct err *err;
};

#if defined(HAVE_ZLIB) || defined(HAVE_LZMA) || defined(HAVE_ZSTD)

/* Where the decoder may write next. Behind the limit that is one byte, so that a stream
 * which ends at the limit can still be told from one that goes on. */
static int job_room(struct job *job, uint8_t **ret_to, size_t *ret_size)
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

static int job_too_large(struct job *job)
{
	return err_set(job->err, ST_BAD_INPUT, "compressed-too-large",
		"%s data unpacks to more than the %zu bytes allowed", codec_name(job->codec),
		job->max);
}

/* The decoder wrote so many bytes where job_room() said. */
static int job_wrote(struct job *job, size_t size)
{
	if (size == 0)
		return ST_OK;
	if (job->out->size == job->max)
		return job_too_large(job);
	job->out->size += size;
	job->out->data[job->out->size] = 0;
	return ST_OK;
}

static int job_truncated(struct job *job)
{
	return err_set(job->err, ST_BAD_INPUT, "compressed-truncated",
		"%s data ends after %zu bytes of output, before its end mark",
		codec_name(job->codec), job->out->size);
}

static int job_corrupt(struct job *job, const char *why)
{
	return err_set(job->err, ST_BAD_INPUT, "compressed-corrupt",
		"%s data is damaged near byte %zu of %zu: %s", codec_name(job->codec), job->taken,
		job->in.size, why);
}

/* A member, stream or frame has ended. Is there another one? */
static int job_next(struct job *job, bool *ret_more)
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
		/* A skippable frame may stand anywhere among zstd frames (RFC 8878, 3.1.2). */
		if (codec_detect(rest) == job->codec ||
			(job->codec == CODEC_ZSTD && rest.size >= 4 &&
				(load_le32(rest.data) & 0xfffffff0) == 0x184d2a50)) {
			job->taken += zeros;
			*ret_more = true;
			return ST_OK;
		}
	}
	return err_set(job->err, ST_BAD_INPUT, "compressed-trailing",
		"%s data ends at byte %zu of %zu, and what follows is neither more of it nor zeros",
		codec_name(job->codec), job->taken, job->in.size);
}

#endif

#ifdef HAVE_ZLIB

/* zlib counts in unsigned int, also where size_t is wider. */
#define ZLIB_STEP ((size_t)1 << 30)

static int gunzip_with(z_stream *zs, struct job *job)
{
	bool more;

	for (;;) {
		size_t left = job->in.size - job->taken;
		size_t room, wrote, fed;
		uint8_t *to;
		int status, result;

		status = job_room(job, &to, &room);
		if (status)
			return status;
		fed = left < ZLIB_STEP ? left : ZLIB_STEP;
		room = room < ZLIB_STEP ? room : ZLIB_STEP;
		zs->next_in = (Bytef *)(uintptr_t)(job->in.data + job->taken);
		zs->avail_in = (uInt)fed;
		zs->next_out = to;
		zs->avail_out = (uInt)room;
		result = inflate(zs, Z_NO_FLUSH);
		fed -= zs->avail_in;
		wrote = room - zs->avail_out;
		job->taken += fed;
		status = job_wrote(job, wrote);
		if (status)
			return status;
		switch (result) {
		case Z_STREAM_END:
			status = job_next(job, &more);
			if (status || !more)
				return status;
			if (inflateReset(zs) != Z_OK)
				return job_corrupt(job, "zlib is in a bad state");
			break;
		case Z_OK:
		case Z_BUF_ERROR: /* no progress was possible, which is no error of its own */
			if (fed == 0 && wrote == 0)
				return job_truncated(job);
			break;
		case Z_MEM_ERROR:
			return err_no_memory(job->err);
		default:
			return job_corrupt(job, zs->msg ? zs->msg : "zlib does not say why");
		}
	}
}

static int gunzip(struct job *job)
{
	z_stream zs = { .next_in = Z_NULL };
	int status;

	/* 16: the gzip wrapper, and neither zlib's own nor none. */
	if (inflateInit2(&zs, 16 + MAX_WBITS) != Z_OK)
		return err_no_memory(job->err);
	status = gunzip_with(&zs, job);
	inflateEnd(&zs);
	return status;
}

#endif

#ifdef HAVE_LZMA

/* xz -9 needs 65 MiB, a kernel packed by its own Makefile 33. The dictionary is what the
 * stream header claims, so it needs a bound. */
#define XZ_MEMORY_MAX ((uint64_t)256 << 20)

static const char *xz_reason(lzma_ret result)
{
	switch (result) {
	case LZMA_FORMAT_ERROR:
		return "no xz header";
	case LZMA_OPTIONS_ERROR:
		return "unknown options in its header";
	case LZMA_DATA_ERROR:
		return "its check does not match, or impossible data";
	default:
		return "liblzma does not say why";
	}
}

static int unxz_with(lzma_stream *xz, struct job *job)
{
	bool more;

	for (;;) {
		size_t room, wrote, fed;
		uint8_t *to;
		lzma_ret result;
		int status;

		status = job_room(job, &to, &room);
		if (status)
			return status;
		fed = job->in.size - job->taken;
		xz->next_in = job->in.data + job->taken;
		xz->avail_in = fed;
		xz->next_out = to;
		xz->avail_out = room;
		result = lzma_code(xz, LZMA_RUN);
		fed -= xz->avail_in;
		wrote = room - xz->avail_out;
		job->taken += fed;
		status = job_wrote(job, wrote);
		if (status)
			return status;
		switch (result) {
		case LZMA_STREAM_END:
			status = job_next(job, &more);
			if (status || !more)
				return status;
			if (lzma_stream_decoder(xz, XZ_MEMORY_MAX, 0) != LZMA_OK)
				return err_no_memory(job->err);
			break;
		case LZMA_OK:
		case LZMA_BUF_ERROR:
			if (fed == 0 && wrote == 0)
				return job_truncated(job);
			break;
		case LZMA_MEM_ERROR:
			return err_no_memory(job->err);
		case LZMA_MEMLIMIT_ERROR:
			err_set(job->err, ST_UNSUPPORTED, "compressed-window",
				"xz data needs %llu MiB of memory to unpack, %llu are allowed",
				(unsigned long long)(lzma_memusage(xz) >> 20),
				(unsigned long long)(XZ_MEMORY_MAX >> 20));
			err_hint(job->err, "pack it again with xz -9 or less");
			return ST_UNSUPPORTED;
		default:
			return job_corrupt(job, xz_reason(result));
		}
	}
}

static int unxz(struct job *job)
{
	lzma_stream xz = LZMA_STREAM_INIT;
	int status;

	/* Not LZMA_CONCATENATED: job_next() does that, alike for all codecs. */
	if (lzma_stream_decoder(&xz, XZ_MEMORY_MAX, 0) != LZMA_OK)
		return err_no_memory(job->err);
	status = unxz_with(&xz, job);
	lzma_end(&xz);
	return status;
}

#endif

#ifdef HAVE_ZSTD

/* What zstd itself unpacks without being asked: --ultra -22, and --long without a number. */
#define ZSTD_WINDOW_LOG_MIN 27

/*
 * A window larger than all that may come out is no use, so the output limit bounds the
 * decoder's memory too. (A frame of known size that fits is unpacked in one go and needs no
 * window at all, whatever its header says.)
 */
static int zstd_window_log(size_t max)
{
	ZSTD_bounds bounds = ZSTD_dParam_getBounds(ZSTD_d_windowLogMax);
	int log = ZSTD_WINDOW_LOG_MIN;

	while (log < 31 && (uint64_t)max > (uint64_t)1 << log)
		log++;
	if (!ZSTD_isError(bounds.error) && log > bounds.upperBound)
		log = bounds.upperBound;
	return log;
}

static int zstd_failed(struct job *job, size_t result, int window_log)
{
	switch (ZSTD_getErrorCode(result)) {
	case ZSTD_error_memory_allocation:
		return err_no_memory(job->err);
	case ZSTD_error_frameParameter_windowTooLarge:
		err_set(job->err, ST_UNSUPPORTED, "compressed-window",
			"zstd data needs a window of more than the %llu MiB allowed",
			(unsigned long long)1 << (window_log - 20));
		err_hint(job->err, "pack it again without --long, or with --long=%d at most",
			window_log);
		return ST_UNSUPPORTED;
	default:
		return job_corrupt(job, ZSTD_getErrorName(result));
	}
}

/* A frame begins. Where it says its size, make room for all of it at once; but grow by no
 * less than half, for the sake of a file of many small frames. */
static int zstd_frame(struct job *job)
{
	struct blob *out = job->out;
	size_t want;
	unsigned long long says =
		ZSTD_getFrameContentSize(job->in.data + job->taken, job->in.size - job->taken);

	if (says == ZSTD_CONTENTSIZE_UNKNOWN || says == ZSTD_CONTENTSIZE_ERROR)
		return ST_OK;
	if (says > job->max - out->size)
		return job_too_large(job);
	want = out->size + (size_t)says;
	if (want > out->capacity && want - out->capacity < out->capacity / 2)
		want = out->capacity < job->max / 3 * 2 ? out->capacity / 2 * 3 : job->max;
	if (want && blob_reserve(out, want))
		return err_no_memory(job->err);
	return ST_OK;
}

static int unzstd_with(ZSTD_DCtx *zstd, struct job *job)
{
	int window_log = zstd_window_log(job->max);
	size_t result;
	int status;
	bool more;

	result = ZSTD_DCtx_setParameter(zstd, ZSTD_d_windowLogMax, window_log);
	if (ZSTD_isError(result))
		return zstd_failed(job, result, window_log);
	status = zstd_frame(job);
	if (status)
		return status;
	for (;;) {
		ZSTD_inBuffer in = { .src = job->in.data + job->taken,
			.size = job->in.size - job->taken };
		ZSTD_outBuffer out = { .dst = NULL };
		uint8_t *to;

		status = job_room(job, &to, &out.size);
		if (status)
			return status;
		out.dst = to;
		result = ZSTD_decompressStream(zstd, &out, &in);
		job->taken += in.pos;
		status = job_wrote(job, out.pos);
		if (status)
			return status;
		if (ZSTD_isError(result))
			return zstd_failed(job, result, window_log);
		if (result == 0) {
			status = job_next(job, &more);
			if (status || !more)
				return status;
			status = zstd_frame(job);
			if (status)
				return status;
		} else if (in.pos == 0 && out.pos == 0) {
			return job_truncated(job);
		}
	}
}

static int unzstd(struct job *job)
{
	ZSTD_DCtx *zstd = ZSTD_createDCtx();
	int status;

	if (!zstd)
		return err_no_memory(job->err);
	status = unzstd_with(zstd, job);
	ZSTD_freeDCtx(zstd);
	return status;
}

#endif

static int job_run(struct job *job)
{
	switch (job->codec) {
#ifdef HAVE_ZLIB
	case CODEC_GZIP:
		return gunzip(job);
#endif
#ifdef HAVE_LZMA
	case CODEC_XZ:
		return unxz(job);
#endif
#ifdef HAVE_ZSTD
	case CODEC_ZSTD:
		return unzstd(job);
#endif
	default:
		err_set(job->err, ST_UNSUPPORTED, "codec-missing",
			"%s data, which this program cannot unpack", codec_name(job->codec));
		err_hint(job->err, "unpack it first, for instance with %s -d",
			job->codec == CODEC_LZO ? "lzop" : codec_name(job->codec));
		return ST_UNSUPPORTED;
	}
}

int decompress(enum codec codec, struct span in, size_t max, struct blob *ret, struct err *err)
{
	struct blob out = BLOB_INIT;
	struct job job = { .codec = codec, .in = in, .max = max, .out = &out, .err = err };
	int status;

	assert(codec != CODEC_NONE);
	if (in.size == 0)
		return err_set(err, ST_BAD_INPUT, "compressed-truncated",
			"%s data ends after 0 bytes of output: there is no input at all",
			codec_name(codec));
	status = job_run(&job);
	if (status) {
		blob_done(&out);
		return status;
	}
	blob_trim(&out);
	blob_done(ret);
	*ret = out;
	return ST_OK;
}
