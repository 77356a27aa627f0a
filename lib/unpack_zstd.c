// SPDX-License-Identifier: GPL-2.0-only
#include "config.h"

#ifdef HAVE_ZSTD

#include <zstd.h>
#include <zstd_errors.h>

#include "lib/checked.h"
#include "lib/unpack.h"

/* What zstd itself unpacks without being asked: --ultra -22, and --long without a number. A fuzzer
 * would do little else than make room for windows. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#define ZSTD_WINDOW_LOG_MIN 20
#define ZSTD_WINDOW_LOG_MAX 20
#else
#define ZSTD_WINDOW_LOG_MIN 27
#define ZSTD_WINDOW_LOG_MAX 31
#endif

/*
 * A window larger than all that may come out is no use, so the output limit bounds the
 * decoder's memory too. (A frame of known size that fits is unpacked in one go and needs no
 * window at all, whatever its header says.)
 */
static int zstd_window_log(size_t max)
{
	ZSTD_bounds bounds = ZSTD_dParam_getBounds(ZSTD_d_windowLogMax);
	int log = ZSTD_WINDOW_LOG_MIN;

	while (log < ZSTD_WINDOW_LOG_MAX && (uint64_t)max > (uint64_t)1 << log)
		log++;
	if (!ZSTD_isError(bounds.error) && log > bounds.upperBound)
		log = bounds.upperBound;
	return log;
}

static int zstd_failed(struct unpack *job, size_t result, int window_log)
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
		return unpack_corrupt(job, ZSTD_getErrorName(result));
	}
}

/* A frame begins. Where it says its size, make room for all of it at once, but no more than what
 * follows can hold: a block takes 4 bytes or more, and none unpacks to more than 128 KiB (RFC 8878,
 * section 3.1.1.2). */
static int zstd_frame(struct unpack *job)
{
	size_t left = job->in.size - job->taken, most;
	unsigned long long says = ZSTD_getFrameContentSize(job->in.data + job->taken, left);

	if (says == ZSTD_CONTENTSIZE_UNKNOWN || says == ZSTD_CONTENTSIZE_ERROR)
		return ST_OK;
	if (says > job->max)
		return unpack_too_large(job);
	if (!mul_size(left / 4, 128u << 10, &most) || most > says)
		most = (size_t)says;
	return unpack_reserve(job, most);
}

static int unzstd_with(ZSTD_DCtx *zstd, struct unpack *job)
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

		status = unpack_room(job, &to, &out.size);
		if (status)
			return status;
		out.dst = to;
		result = ZSTD_decompressStream(zstd, &out, &in);
		job->taken += in.pos;
		status = unpack_wrote(job, out.pos);
		if (status)
			return status;
		if (ZSTD_isError(result))
			return zstd_failed(job, result, window_log);
		if (result == 0) {
			status = unpack_next(job, &more);
			if (status || !more)
				return status;
			status = zstd_frame(job);
			if (status)
				return status;
		} else if (in.pos == 0 && out.pos == 0) {
			return unpack_truncated(job);
		}
	}
}

int unpack_zstd(struct unpack *job)
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
