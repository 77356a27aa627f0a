// SPDX-License-Identifier: GPL-2.0-only
#include "config.h"

#ifdef HAVE_ZLIB

#include <zlib.h>

#include "lib/unpack.h"

/* zlib counts in unsigned int, also where size_t is wider. */
#define ZLIB_STEP ((size_t)1 << 30)

static int gunzip_with(z_stream *zs, struct unpack *job)
{
	bool more;

	for (;;) {
		size_t left = job->in.size - job->taken;
		size_t room, wrote, fed;
		uint8_t *to;
		int status, result;

		status = unpack_room(job, &to, &room);
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
		status = unpack_wrote(job, wrote);
		if (status)
			return status;
		switch (result) {
		case Z_STREAM_END:
			status = unpack_next(job, &more);
			if (status || !more)
				return status;
			if (inflateReset(zs) != Z_OK)
				return unpack_corrupt(job, "zlib is in a bad state");
			break;
		case Z_OK:
		case Z_BUF_ERROR: /* no progress was possible, which is no error of its own */
			if (fed == 0 && wrote == 0)
				return unpack_truncated(job);
			break;
		case Z_MEM_ERROR:
			return err_no_memory(job->err);
		default:
			return unpack_corrupt(job, zs->msg ? zs->msg : "zlib does not say why");
		}
	}
}

int unpack_gzip(struct unpack *job)
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
