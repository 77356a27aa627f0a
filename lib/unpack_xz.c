// SPDX-License-Identifier: GPL-2.0-only
#include "config.h"

#ifdef HAVE_LZMA

#include <lzma.h>

#include "lib/unpack.h"

/* xz -9 needs 65 MiB, a kernel packed by its own Makefile 33, as lzma 65. The dictionary is what
 * the header claims, so it needs a bound. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#define XZ_MEMORY_MAX ((uint64_t)1 << 20) /* a fuzzer would do little else than make room */
#else
#define XZ_MEMORY_MAX ((uint64_t)256 << 20)
#endif

/* Not LZMA_CONCATENATED: unpack_next() does that, alike for all codecs. */
static bool start(lzma_stream *xz, enum codec codec)
{
	lzma_ret result = codec == CODEC_LZMA ? lzma_alone_decoder(xz, XZ_MEMORY_MAX)
					      : lzma_stream_decoder(xz, XZ_MEMORY_MAX, 0);

	return result == LZMA_OK;
}

static const char *xz_reason(lzma_ret result)
{
	switch (result) {
	case LZMA_FORMAT_ERROR:
		return "no such header";
	case LZMA_OPTIONS_ERROR:
		return "unknown options in its header";
	case LZMA_DATA_ERROR:
		return "its check does not match, or impossible data";
	default:
		return "liblzma does not say why";
	}
}

static int unxz_with(lzma_stream *xz, struct unpack *job)
{
	bool more;

	for (;;) {
		size_t room, wrote, fed;
		uint8_t *to;
		lzma_ret result;
		int status;

		status = unpack_room(job, &to, &room);
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
		status = unpack_wrote(job, wrote);
		if (status)
			return status;
		switch (result) {
		case LZMA_STREAM_END:
			status = unpack_next(job, &more);
			if (status || !more)
				return status;
			if (!start(xz, job->codec))
				return err_no_memory(job->err);
			break;
		case LZMA_OK:
		case LZMA_BUF_ERROR:
			if (fed == 0 && wrote == 0)
				return unpack_truncated(job);
			break;
		case LZMA_MEM_ERROR:
			return err_no_memory(job->err);
		case LZMA_MEMLIMIT_ERROR:
			err_set(job->err, ST_UNSUPPORTED, "compressed-window",
				"%s data needs %llu MiB of memory to unpack, %llu are allowed",
				codec_name(job->codec),
				(unsigned long long)(lzma_memusage(xz) >> 20),
				(unsigned long long)(XZ_MEMORY_MAX >> 20));
			err_hint(job->err, "pack it again with xz -9 or less");
			return ST_UNSUPPORTED;
		default:
			return unpack_corrupt(job, xz_reason(result));
		}
	}
}

int unpack_xz(struct unpack *job)
{
	lzma_stream xz = LZMA_STREAM_INIT;
	int status;

	if (!start(&xz, job->codec))
		return err_no_memory(job->err);
	status = unxz_with(&xz, job);
	lzma_end(&xz);
	return status;
}

#endif
