// SPDX-License-Identifier: GPL-2.0-only
/* Both formats of lz4. The legacy one ("lz4 -l"), which kernels are packed with, is a magic
 * number and then blocks of up to 8 MiB, each with its packed size in front. It has no end mark
 * and no check (doc/lz4_Frame_format.md of lz4). */
#include "config.h"

#ifdef HAVE_LZ4

#include <lz4.h>
#include <lz4frame.h>
#include <stdlib.h>

#include "lib/unpack.h"

#define LEGACY_MAGIC UINT32_C(0x184c2102)
#define LEGACY_BLOCK ((size_t)8 << 20)

/* A block has at most this many bytes, whatever it claims: each packed byte stands for no more than
 * 255 of them. */
static size_t legacy_room(struct span packed)
{
	return packed.size < LEGACY_BLOCK / 255 ? packed.size * 255 : LEGACY_BLOCK;
}

/* One block, to where there is room for a whole one: near the limit that is not the output. */
static int legacy_block(struct unpack *job, struct span packed)
{
	size_t room = legacy_room(packed);
	bool aside = job->max - job->out->size < room;
	uint8_t *to = NULL;
	int status, size;

	if (aside)
		to = malloc(room);
	else if (unpack_reserve(job, room) == ST_OK)
		to = job->out->data + job->out->size;
	if (!to)
		return err_no_memory(job->err);
	size = LZ4_decompress_safe(
		(const char *)packed.data, (char *)to, (int)packed.size, (int)room);
	if (size < 0)
		status = unpack_corrupt(job, "impossible data");
	else if (!aside)
		status = unpack_wrote(job, (size_t)size);
	else if ((size_t)size > job->max - job->out->size)
		status = unpack_too_large(job);
	else
		status = blob_append(job->out, to, (size_t)size) ? err_no_memory(job->err) : ST_OK;
	if (aside)
		free(to);
	return status;
}

/* All blocks behind a magic number, up to what is no block: the end, another magic number, or
 * zeros. */
static int unpack_legacy(struct unpack *job)
{
	struct span packed;
	uint32_t size;
	int status;

	job->taken += 4;
	while (span_slice(job->in, job->taken, 4, &packed)) {
		size = load_le32(packed.data);
		if (size == 0 || size > LZ4_COMPRESSBOUND(LEGACY_BLOCK))
			return ST_OK;
		if (!span_slice(job->in, job->taken + 4, size, &packed))
			return unpack_truncated(job);
		status = legacy_block(job, packed);
		if (status)
			return status;
		job->taken += 4 + (size_t)size;
	}
	return ST_OK;
}

static int unpack_frame(LZ4F_dctx *lz4, struct unpack *job)
{
	for (;;) {
		size_t room, fed = job->in.size - job->taken;
		uint8_t *to;
		size_t result;
		int status = unpack_room(job, &to, &room);

		if (status)
			return status;
		result = LZ4F_decompress(lz4, to, &room, job->in.data + job->taken, &fed, NULL);
		if (LZ4F_isError(result))
			return unpack_corrupt(job, LZ4F_getErrorName(result));
		job->taken += fed;
		status = unpack_wrote(job, room);
		if (status || result == 0)
			return status;
		if (fed == 0 && room == 0)
			return unpack_truncated(job);
	}
}

int unpack_lz4(struct unpack *job)
{
	LZ4F_dctx *lz4 = NULL;
	bool more = true;
	int status = ST_OK;

	if (LZ4F_isError(LZ4F_createDecompressionContext(&lz4, LZ4F_VERSION)))
		return err_no_memory(job->err);
	while (!status && more) {
		if (job->in.size - job->taken >= 4 &&
			load_le32(job->in.data + job->taken) == LEGACY_MAGIC)
			status = unpack_legacy(job);
		else
			status = unpack_frame(lz4, job);
		if (!status)
			status = unpack_next(job, &more);
	}
	LZ4F_freeDecompressionContext(lz4);
	return status;
}

#endif
