// SPDX-License-Identifier: GPL-2.0-only
/* The container of lzop: a header, blocks with their sizes and checks, an empty block. All
 * numbers are big endian. */
#include "config.h"

#ifdef HAVE_LZO

#include <lzo/lzo1x.h>

#include "lib/crc32.h"
#include "lib/unpack.h"

#define MAGIC	   "\x89LZO\0\r\n\x1a\n"
#define MAGIC_SIZE 9

/* Which checks there are, and what else is in the header. */
#define ADLER32_PLAIN	 0x1u
#define ADLER32_PACKED	 0x2u
#define EXTRA_FIELD	 0x40u
#define CRC32_PLAIN	 0x100u
#define CRC32_PACKED	 0x200u
#define MULTIPART	 0x400u
#define FILTERED	 0x800u
#define HEADER_CRC32	 0x1000u
#define VERSION_LEVEL	 0x0940u /* from here on with level, version needed, high time */
#define BLOCK_MAX	 ((size_t)64 << 20)
#define LZO1X_METHOD_MAX 3 /* all of which one decoder reads */

static bool take(struct unpack *job, size_t size, struct span *ret)
{
	if (!span_slice(job->in, job->taken, size, ret))
		return false;
	job->taken += size;
	return true;
}

static bool take_u32(struct unpack *job, uint32_t *ret)
{
	struct span bytes;

	if (!take(job, 4, &bytes))
		return false;
	*ret = load_be32(bytes.data);
	return true;
}

static uint32_t checksum(struct span bytes, bool crc)
{
	return crc ? crc32_of(bytes) : lzo_adler32(1, bytes.data, bytes.size);
}

/* A header, or the extra field behind it: what stands between begin and its check. */
static int check_part(struct unpack *job, size_t begin, bool crc)
{
	struct span part = { job->in.data + begin, job->taken - begin };
	uint32_t wanted;

	if (!take_u32(job, &wanted))
		return unpack_truncated(job);
	return checksum(part, crc) == wanted ? ST_OK
					     : unpack_corrupt(job, "its header's check is wrong");
}

static int read_header(struct unpack *job, uint32_t *ret_flags)
{
	struct span bytes;
	size_t begin = job->taken + MAGIC_SIZE;
	bool with_level;
	uint32_t flags, size;
	int status;

	if (!take(job, MAGIC_SIZE, &bytes))
		return unpack_truncated(job);
	if (!span_starts_with(bytes, MAGIC, MAGIC_SIZE))
		return unpack_corrupt(job, "no lzop header");
	/* Version of the program, of the library; version needed; method; level; flags. */
	if (!take(job, 2, &bytes))
		return unpack_truncated(job);
	with_level = ((unsigned int)bytes.data[0] << 8 | bytes.data[1]) >= VERSION_LEVEL;
	if (!take(job, with_level ? 4 : 2, &bytes) || !take(job, 1, &bytes))
		return unpack_truncated(job);
	if (bytes.data[0] < 1 || bytes.data[0] > LZO1X_METHOD_MAX)
		return unpack_corrupt(job, "an unknown method");
	if ((with_level && !take(job, 1, &bytes)) || !take_u32(job, &flags))
		return unpack_truncated(job);
	if (flags & (FILTERED | MULTIPART))
		return unpack_corrupt(job, "filters and parts are not for kernels");
	/* Mode, time, name. */
	if (!take(job, with_level ? 12 : 8, &bytes) || !take(job, 1, &bytes) ||
		!take(job, bytes.data[0], &bytes))
		return unpack_truncated(job);
	status = check_part(job, begin, flags & HEADER_CRC32);
	if (!status && flags & EXTRA_FIELD) {
		begin = job->taken;
		if (!take_u32(job, &size) || !take(job, size, &bytes))
			return unpack_truncated(job);
		status = check_part(job, begin, flags & HEADER_CRC32);
	}
	*ret_flags = flags;
	return status;
}

static int unpack_block(struct unpack *job, struct span packed, size_t size)
{
	struct blob *out = job->out;
	lzo_uint came = size;
	int status = unpack_reserve(job, size);

	if (status)
		return status;
	if (packed.size == size)
		return blob_append(out, packed.data, size) ? err_no_memory(job->err) : ST_OK;
	if (lzo1x_decompress_safe(packed.data, packed.size, out->data + out->size, &came, NULL) !=
			LZO_E_OK ||
		came != size)
		return unpack_corrupt(job, "impossible data");
	return unpack_wrote(job, size);
}

/* The blocks up to the empty one. */
static int unpack_blocks(struct unpack *job, uint32_t flags)
{
	static const uint32_t kinds[] = { ADLER32_PLAIN, CRC32_PLAIN, ADLER32_PACKED,
		CRC32_PACKED };

	for (;;) {
		uint32_t size, packed_size, checks[4];
		struct span packed, plain;
		int status;

		if (!take_u32(job, &size))
			return unpack_truncated(job);
		if (size == 0)
			return ST_OK;
		if (!take_u32(job, &packed_size))
			return unpack_truncated(job);
		if (size > BLOCK_MAX || packed_size == 0 || packed_size > size)
			return unpack_corrupt(job, "a block of an impossible size");
		/* A block that would not shrink is stored, and then has one pair of checks. */
		for (unsigned int i = 0; i < (packed_size < size ? 4 : 2); i++)
			if (flags & kinds[i] && !take_u32(job, &checks[i]))
				return unpack_truncated(job);
		if (!take(job, packed_size, &packed))
			return unpack_truncated(job);
		for (unsigned int i = 2; i < 4 && packed_size < size; i++)
			if (flags & kinds[i] && checksum(packed, i & 1) != checks[i])
				return unpack_corrupt(job, "the check of a block is wrong");
		status = unpack_block(job, packed, size);
		if (status)
			return status;
		plain = (struct span){ job->out->data + job->out->size - size, size };
		for (unsigned int i = 0; i < 2; i++)
			if (flags & kinds[i] && checksum(plain, i & 1) != checks[i])
				return unpack_corrupt(job, "the check of a block is wrong");
	}
}

int unpack_lzo(struct unpack *job)
{
	bool more = true;
	uint32_t flags = 0;
	int status = ST_OK;

	while (!status && more) {
		status = read_header(job, &flags);
		if (!status)
			status = unpack_blocks(job, flags);
		if (!status)
			status = unpack_next(job, &more);
	}
	return status;
}

#endif
