// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config.h"

#ifdef HAVE_ZLIB
#include <zlib.h>
#endif
#ifdef HAVE_LZMA
#include <lzma.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif
#ifdef HAVE_LZ4
#include <lz4.h>
#include <lz4frame.h>
#endif
#ifdef HAVE_LZO
#include <lzo/lzo1x.h>
#endif

#include "lib/crc32.h"
#include "lib/decompress.h"
#include "tests/unit/nomem.h"

#define MIB ((size_t)1 << 20)

static void append(struct blob *blob, const void *data, size_t size)
{
	assert_int_equal(blob_append(blob, data, size), ST_OK);
}

/* Bytes that pack neither very well nor not at all. */
static struct blob content(size_t size)
{
	struct blob blob = BLOB_INIT;
	uint32_t state = 1;

	assert_int_equal(blob_zeroed(&blob, size), ST_OK);
	for (size_t i = 0; i < size; i++) {
		state = state * 1103515245 + 12345;
		blob.data[i] = (uint8_t)(state >> 16 & (i & 64 ? 0x1 : 0x3f));
	}
	return blob;
}

/* --- the packers: the libraries themselves ----------------------------------------------- */

#ifdef HAVE_ZLIB
static void pack_gzip(struct blob *to, struct span in)
{
	uint8_t buf[4096];
	z_stream zs = { .next_in = Z_NULL };
	int result;

	assert_int_equal(
		deflateInit2(&zs, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	zs.next_in = (Bytef *)(uintptr_t)in.data;
	zs.avail_in = (uInt)in.size;
	do {
		zs.next_out = buf;
		zs.avail_out = sizeof(buf);
		result = deflate(&zs, Z_FINISH);
		append(to, buf, sizeof(buf) - zs.avail_out);
	} while (result == Z_OK);
	assert_int_equal(result, Z_STREAM_END);
	deflateEnd(&zs);
}
#endif

#ifdef HAVE_LZMA
static void pack_xz_dictionary(struct blob *to, struct span in, uint32_t dictionary)
{
	lzma_options_lzma options;
	lzma_filter filters[] = { { LZMA_FILTER_LZMA2, &options }, { LZMA_VLI_UNKNOWN, NULL } };
	size_t room = lzma_stream_buffer_bound(in.size);
	uint8_t *buf = malloc(room);
	size_t used = 0;

	assert_non_null(buf);
	assert_false(lzma_lzma_preset(&options, 0));
	if (dictionary)
		options.dict_size = dictionary;
	assert_int_equal(lzma_stream_buffer_encode(filters, LZMA_CHECK_CRC32, NULL, in.data,
				 in.size, buf, &used, room),
		LZMA_OK);
	append(to, buf, used);
	free(buf);
}

static void pack_xz(struct blob *to, struct span in)
{
	pack_xz_dictionary(to, in, 0);
}
#endif

#ifdef HAVE_ZSTD
/* sized: the frame tells how much comes out, as one made from a file does. */
static void pack_zstd_with(struct blob *to, struct span in, int window_log, bool sized)
{
	uint8_t buf[4096];
	ZSTD_inBuffer input = { .src = in.data, .size = in.size };
	ZSTD_CCtx *zstd = ZSTD_createCCtx();
	size_t left;

	assert_non_null(zstd);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
	if (window_log)
		assert_false(
			ZSTD_isError(ZSTD_CCtx_setParameter(zstd, ZSTD_c_windowLog, window_log)));
	if (sized)
		assert_false(ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(zstd, in.size)));
	else
		/* Without this the library tells the size when all input is there at once. */
		assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(zstd, ZSTD_c_contentSizeFlag, 0)));
	do {
		/* Small steps: one call with all of it would shrink the window to the input. */
		ZSTD_inBuffer step = { .src = (const uint8_t *)input.src + input.pos,
			.size = input.size - input.pos < 1000 ? input.size - input.pos : 1000 };
		ZSTD_outBuffer out = { .dst = buf, .size = sizeof(buf) };
		bool last = input.pos + step.size == input.size;

		left = ZSTD_compressStream2(zstd, &out, &step, last ? ZSTD_e_end : ZSTD_e_continue);
		assert_false(ZSTD_isError(left));
		input.pos += step.pos;
		append(to, buf, out.pos);
		if (!last)
			left = 1;
	} while (left);
	ZSTD_freeCCtx(zstd);
}

static void pack_zstd(struct blob *to, struct span in)
{
	pack_zstd_with(to, in, 0, true);
}

static void pack_zstd_unsized(struct blob *to, struct span in)
{
	pack_zstd_with(to, in, 0, false);
}
#endif

#ifdef HAVE_LZMA

static void pack_lzma(struct blob *to, struct span in)
{
	lzma_stream xz = LZMA_STREAM_INIT;
	lzma_options_lzma options;
	uint8_t buf[4096];
	lzma_ret result;

	assert_false(lzma_lzma_preset(&options, 1));
	assert_int_equal(lzma_alone_encoder(&xz, &options), LZMA_OK);
	xz.next_in = in.data;
	xz.avail_in = in.size;
	do {
		xz.next_out = buf;
		xz.avail_out = sizeof(buf);
		result = lzma_code(&xz, LZMA_FINISH);
		append(to, buf, sizeof(buf) - xz.avail_out);
	} while (result == LZMA_OK);
	assert_int_equal(result, LZMA_STREAM_END);
	lzma_end(&xz);
}
#endif

#ifdef HAVE_LZ4
static void pack_lz4(struct blob *to, struct span in)
{
	const LZ4F_preferences_t preferences = {
		.frameInfo = { .contentChecksumFlag = LZ4F_contentChecksumEnabled,
			.blockChecksumFlag = LZ4F_blockChecksumEnabled },
	};
	size_t room = LZ4F_compressFrameBound(in.size, &preferences);
	uint8_t *buf = malloc(room);
	size_t used;

	assert_non_null(buf);
	used = LZ4F_compressFrame(buf, room, in.data, in.size, &preferences);
	assert_false(LZ4F_isError(used));
	append(to, buf, used);
	free(buf);
}

static void pack_lz4_legacy(struct blob *to, struct span in)
{
	append(to, "\x02\x21\x4c\x18", 4);
	while (in.size) {
		size_t step = in.size < 8 * MIB ? in.size : 8 * MIB;
		int room = LZ4_compressBound((int)step), used;
		char *buf = malloc((size_t)room);
		uint8_t size[4];

		assert_non_null(buf);
		used = LZ4_compress_default((const char *)in.data, buf, (int)step, room);
		assert_true(used > 0);
		store_le32(size, (uint32_t)used);
		append(to, size, 4);
		append(to, buf, (size_t)used);
		free(buf);
		in = (struct span){ in.data + step, in.size - step };
	}
}
#endif

#ifdef HAVE_LZO
static void append_be32(struct blob *to, uint32_t value)
{
	const uint8_t bytes[] = { (uint8_t)(value >> 24), (uint8_t)(value >> 16),
		(uint8_t)(value >> 8), (uint8_t)value };

	append(to, bytes, sizeof(bytes));
}

static uint32_t adler32_of(struct span in)
{
	return lzo_adler32(1, in.data, in.size);
}

/* As lzop --crc32 writes it, with every check that it knows; test_image has files of its own. */
static void pack_lzo(struct blob *to, struct span in)
{
	static const uint8_t header[] = { 0x10, 0x40, 0x20, 0xa0, 0x09, 0x40, 1, 5, 0, 0, 0x13, 3,
		0, 0, 0x81, 0xa4, 0, 0, 0, 0, 0, 0, 0, 0, 5, 'I', 'm', 'a', 'g', 'e' };
	uint8_t *memory = malloc(LZO1X_1_MEM_COMPRESS);

	assert_non_null(memory);
	append(to, "\x89LZO\0\r\n\x1a\n", 9);
	append(to, header, sizeof(header));
	append_be32(to, crc32_of((struct span){ header, sizeof(header) }));
	while (in.size) {
		struct span step = { in.data, in.size < 65536 ? in.size : 65536 };
		struct span out;
		uint8_t buf[65536 + 65536 / 16 + 67];
		lzo_uint used = 0;

		assert_int_equal(lzo1x_1_compress(step.data, step.size, buf, &used, memory), 0);
		out = used < step.size ? (struct span){ buf, used } : step;
		append_be32(to, (uint32_t)step.size);
		append_be32(to, (uint32_t)out.size);
		append_be32(to, adler32_of(step));
		append_be32(to, crc32_of(step));
		if (out.size < step.size) {
			append_be32(to, adler32_of(out));
			append_be32(to, crc32_of(out));
		}
		append(to, out.data, out.size);
		in = (struct span){ in.data + step.size, in.size - step.size };
	}
	append_be32(to, 0);
	free(memory);
}
#endif

struct packer {
	enum codec codec;
	const char *name;
	void (*pack)(struct blob *to, struct span in);
};

static const struct packer packers[] = {
#ifdef HAVE_ZLIB
	{ CODEC_GZIP, "gzip", pack_gzip },
#endif
#ifdef HAVE_LZMA
	{ CODEC_XZ, "xz", pack_xz },
#endif
#ifdef HAVE_ZSTD
	{ CODEC_ZSTD, "zstd", pack_zstd },
	{ CODEC_ZSTD, "zstd", pack_zstd_unsized },
#endif
#ifdef HAVE_LZ4
	{ CODEC_LZ4, "lz4", pack_lz4 },
#endif
#ifdef HAVE_LZO
	{ CODEC_LZO, "lzo", pack_lzo },
#endif
	{ CODEC_NONE, NULL, NULL },
};

/* Formats without a check of their own, the second without an end mark. */
static const struct packer plain_packers[] = {
#ifdef HAVE_LZMA
	{ CODEC_LZMA, "lzma", pack_lzma },
#endif
#ifdef HAVE_LZ4
	{ CODEC_LZ4, "lz4", pack_lz4_legacy },
#endif
	{ CODEC_NONE, NULL, NULL },
};

static struct blob packed(const struct packer *packer, struct span in)
{
	struct blob blob = BLOB_INIT;

	packer->pack(&blob, in);
	return blob;
}

/* A tight copy, so that the sanitizer sees a read behind the end. */
static int unpack_exact(
	enum codec codec, struct span in, size_t max, struct blob *ret, struct err *err)
{
	uint8_t *copy = malloc(in.size ? in.size : 1);
	int status;

	assert_non_null(copy);
	if (in.size)
		memcpy(copy, in.data, in.size);
	status = decompress(codec, (struct span){ copy, in.size }, max, ret, err);
	free(copy);
	return status;
}

static void assert_unpacks(enum codec codec, struct span in, size_t max, struct span wanted)
{
	struct blob out = BLOB_INIT;
	struct err err = ERR_INIT;

	if (unpack_exact(codec, in, max, &out, &err))
		fail_msg("%s: %s", codec_name(codec), err.text);
	assert_int_equal(out.size, wanted.size);
	if (wanted.size) {
		assert_memory_equal(out.data, wanted.data, wanted.size);
		assert_int_equal(out.data[out.size], 0);
		assert_int_equal(out.capacity, out.size);
	}
	blob_done(&out);
}

static void assert_refused(
	enum codec codec, struct span in, size_t max, int status, const char *id, const char *words)
{
	struct blob out = BLOB_INIT;
	struct err err = ERR_INIT;
	int got = unpack_exact(codec, in, max, &out, &err);

	if (got != status || strcmp(err.id, id) || !strstr(err.text, words))
		fail_msg("%d %s \"%s\", wanted %d %s \"%s\"", got, err.id, err.text, status, id,
			words);
	assert_int_equal(err.status, status);
	assert_null(out.data);
	assert_int_equal(out.size, 0);
	/* Nobody has to listen. */
	assert_int_equal(unpack_exact(codec, in, max, &out, NULL), status);
}

/* --- the tests --------------------------------------------------------------------------- */

static void magics_are_recognised(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		enum codec codec;
		const char *name;
	} cases[] = {
		{ "\x1f\x8b\x08", 3, CODEC_GZIP, "gzip" },
		{ "\3757zXZ\0", 6, CODEC_XZ, "xz" },
		{ "\x28\xb5\x2f\xfd", 4, CODEC_ZSTD, "zstd" },
		{ "\x02\x21\x4c\x18", 4, CODEC_LZ4, "lz4" },
		{ "\x04\x22\x4d\x18", 4, CODEC_LZ4, "lz4" },
		{ "BZh", 3, CODEC_BZIP2, "bzip2" },
		{ "\x89LZO", 4, CODEC_LZO, "lzo" },
		{ "MZ\x40\xfa", 4, CODEC_NONE, "none" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span span = { (const uint8_t *)cases[i].bytes, cases[i].size };

		assert_int_equal(codec_detect(span), cases[i].codec);
		assert_string_equal(codec_name(cases[i].codec), cases[i].name);
		span.size--;
		assert_int_equal(codec_detect(span), CODEC_NONE);
	}
	assert_int_equal(codec_detect((struct span){ NULL, 0 }), CODEC_NONE);
	assert_string_equal(codec_name((enum codec)99), "unknown");
}

static void what_was_packed_comes_out(void **state)
{
	static const size_t sizes[] = { 0, 1, 100, 65535, 65536, 65537, 300000, 1000000 };

	(void)state;
	for (const struct packer *p = packers; p->pack; p++) {
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			struct blob in = content(sizes[i]);
			struct blob pack = packed(p, blob_span(&in));

			assert_int_equal(codec_detect(blob_span(&pack)), p->codec);
			assert_unpacks(p->codec, blob_span(&pack), 64 * MIB, blob_span(&in));
			blob_done(&pack);
			blob_done(&in);
		}
	}
}

static void the_limit_is_exact(void **state)
{
	static const size_t sizes[] = { 1, 100, 65536, 65537, 300000 };

	(void)state;
	for (const struct packer *p = packers; p->pack; p++) {
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			struct blob in = content(sizes[i]);
			struct blob pack = packed(p, blob_span(&in));
			char words[100];

			assert_unpacks(p->codec, blob_span(&pack), sizes[i], blob_span(&in));
			snprintf(words, sizeof(words),
				"%s data unpacks to more than the %zu bytes allowed", p->name,
				sizes[i] - 1);
			assert_refused(p->codec, blob_span(&pack), sizes[i] - 1, ST_BAD_INPUT,
				"compressed-too-large", words);
			assert_refused(p->codec, blob_span(&pack), 0, ST_BAD_INPUT,
				"compressed-too-large", "0 bytes allowed");
			blob_done(&pack);
			blob_done(&in);
		}
	}
}

static void nothing_may_come_out(void **state)
{
	(void)state;
	for (const struct packer *p = packers; p->pack; p++) {
		struct blob pack = packed(p, (struct span){ (const uint8_t *)"", 0 });

		assert_unpacks(p->codec, blob_span(&pack), 0, (struct span){ NULL, 0 });
		blob_done(&pack);
	}
}

/* A bomb: little in, far more out than the limit. */
static void bombs_stop_at_the_limit(void **state)
{
	(void)state;
	for (const struct packer *p = packers; p->pack; p++) {
		struct blob in = BLOB_INIT;
		struct blob pack;

		assert_int_equal(blob_zeroed(&in, 8 * MIB), ST_OK);
		pack = packed(p, blob_span(&in));
		blob_done(&in);
		assert_true(pack.size < MIB / 8);
		assert_refused(p->codec, blob_span(&pack), MIB, ST_BAD_INPUT,
			"compressed-too-large", "1048576 bytes");
		blob_done(&pack);
	}
}

static void members_follow_each_other(void **state)
{
	(void)state;
	for (const struct packer *p = packers; p->pack; p++) {
		struct blob in = content(100000);
		struct blob two = BLOB_INIT;
		struct blob pack = BLOB_INIT;
		struct span nothing = { (const uint8_t *)"", 0 };

		p->pack(&pack, blob_span(&in));
		p->pack(&pack, nothing);
		p->pack(&pack, blob_span(&in));
		append(&two, in.data, in.size);
		append(&two, in.data, in.size);
		assert_unpacks(p->codec, blob_span(&pack), 200000, blob_span(&two));
		assert_refused(p->codec, blob_span(&pack), 199999, ST_BAD_INPUT,
			"compressed-too-large", "199999");
		/* The second one is held to its format too. */
		pack.size--;
		assert_refused(p->codec, blob_span(&pack), 300000, ST_BAD_INPUT,
			"compressed-truncated", "ends after 200000 bytes of output");
		blob_done(&pack);
		blob_done(&two);
		blob_done(&in);
	}
}

static void zeros_may_follow_and_nothing_else(void **state)
{
	static const uint8_t zeros[5000];

	(void)state;
	for (const struct packer *p = packers; p->pack; p++) {
		struct blob in = content(1000);
		struct blob pack = packed(p, blob_span(&in));
		size_t whole = pack.size;

		for (size_t n = 1; n < 10; n++) {
			append(&pack, zeros, n);
			assert_unpacks(p->codec, blob_span(&pack), 1000, blob_span(&in));
			append(&pack, "x", 1);
			assert_refused(p->codec, blob_span(&pack), 5000, ST_BAD_INPUT,
				"compressed-trailing", "neither more of it nor zeros");
			pack.size = whole;
		}
		append(&pack, zeros, sizeof(zeros));
		assert_unpacks(p->codec, blob_span(&pack), 1000, blob_span(&in));
		pack.size = whole;
		append(&pack, "trailing", 8);
		assert_refused(p->codec, blob_span(&pack), 5000, ST_BAD_INPUT,
			"compressed-trailing", "neither more of it nor zeros");
		blob_done(&pack);
		blob_done(&in);
	}
}

#ifdef HAVE_LZMA
/* The .xz format, section 2: padding in multiples of four between streams too. */
static void xz_streams_may_be_padded(void **state)
{
	struct blob in = content(1000);
	struct blob two = BLOB_INIT;
	struct blob pack = BLOB_INIT;
	size_t at;

	(void)state;
	append(&two, in.data, in.size);
	append(&two, in.data, in.size);
	pack_xz(&pack, blob_span(&in));
	at = pack.size;
	append(&pack, "\0\0\0\0", 4);
	pack_xz(&pack, blob_span(&in));
	assert_unpacks(CODEC_XZ, blob_span(&pack), 2000, blob_span(&two));
	pack.size = at;
	append(&pack, "\0\0\0", 3);
	pack_xz(&pack, blob_span(&in));
	assert_refused(CODEC_XZ, blob_span(&pack), 2000, ST_BAD_INPUT, "compressed-trailing", "xz");
	blob_done(&pack);
	blob_done(&two);
	blob_done(&in);
}

static void xz_memory_is_bounded(void **state)
{
	struct blob in = content(1000);
	struct blob pack = BLOB_INIT;
	size_t at = 12 + 2; /* behind the stream header, and size and flags of the block's */
	size_t header_size;

	(void)state;
	pack_xz_dictionary(&pack, blob_span(&in), 64u << 20); /* xz -9 */
	assert_unpacks(CODEC_XZ, blob_span(&pack), 1000, blob_span(&in));
	/* A packer that needs as much memory as it claims is not wanted here: write the claim by
	 * hand. The dictionary size is a byte of the block header, behind the filter's id and
	 * the size of its properties; the header ends in a CRC (the .xz format, 3.1, 5.3.1). */
	header_size = (size_t)(pack.data[12] + 1) * 4;
	while (at < 12 + header_size && memcmp(pack.data + at, "\x21\x01", 2) != 0)
		at++;
	assert_true(at < 12 + header_size - 6);
	pack.data[at + 2] = 40; /* 4 GiB - 1 */
	store_le32(
		pack.data + 12 + header_size - 4, lzma_crc32(pack.data + 12, header_size - 4, 0));
	assert_refused(CODEC_XZ, blob_span(&pack), 1000, ST_UNSUPPORTED, "compressed-window",
		"MiB of memory to unpack, 256 are allowed");
	blob_done(&pack);
	blob_done(&in);
}
#endif

#ifdef HAVE_ZSTD
static void zstd_windows(void **state)
{
	struct blob in = content(10000);
	struct blob pack = BLOB_INIT;

	(void)state;
	/* What zstd --ultra -22, or --long, makes of a pipe: unpacked under any limit. */
	pack_zstd_with(&pack, blob_span(&in), 27, false);
	assert_unpacks(CODEC_ZSTD, blob_span(&pack), 10000, blob_span(&in));
	blob_done(&pack);
	/* A frame that says its size needs no window. */
	pack_zstd_with(&pack, blob_span(&in), 0, true);
	assert_unpacks(CODEC_ZSTD, blob_span(&pack), 10000, blob_span(&in));
	blob_done(&pack);
	/* More than the default: only when as much may come out. The descriptor of an unsized
	 * frame is byte 4, the window byte 5: log 10 + (byte >> 3) (RFC 8878, 3.1.1.1). */
	pack_zstd_with(&pack, blob_span(&in), 20, false);
	assert_int_equal(pack.data[4] & 0xf0, 0);
	assert_int_equal(pack.data[5] >> 3, 20 - 10);
	pack.data[5] = (28 - 10) << 3;
	assert_refused(CODEC_ZSTD, blob_span(&pack), 10000, ST_UNSUPPORTED, "compressed-window",
		"a window of more than the 128 MiB allowed");
	assert_unpacks(CODEC_ZSTD, blob_span(&pack), 256 * MIB, blob_span(&in));
	pack.data[5] = (29 - 10) << 3;
	assert_refused(CODEC_ZSTD, blob_span(&pack), 256 * MIB, ST_UNSUPPORTED, "compressed-window",
		"more than the 256 MiB");
	assert_unpacks(CODEC_ZSTD, blob_span(&pack), 512 * MIB, blob_span(&in));
	blob_done(&pack);
	blob_done(&in);
}

static void zstd_skippable_frames_are_skipped(void **state)
{
	struct blob in = content(1000);
	struct blob pack = BLOB_INIT;

	(void)state;
	pack_zstd(&pack, blob_span(&in));
	append(&pack, "\x5f\x2a\x4d\x18\x03\0\0\0abc", 11);
	assert_unpacks(CODEC_ZSTD, blob_span(&pack), 1000, blob_span(&in));
	pack.size -= 1;
	assert_refused(CODEC_ZSTD, blob_span(&pack), 1000, ST_BAD_INPUT, "compressed-truncated",
		"after 1000 bytes");
	blob_done(&pack);
	blob_done(&in);
}

static void zstd_many_small_frames(void **state)
{
	struct blob pack = BLOB_INIT;
	struct blob wanted = BLOB_INIT;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		pack_zstd(&pack, (struct span){ (const uint8_t *)"frame", 5 });
		append(&wanted, "frame", 5);
	}
	assert_unpacks(CODEC_ZSTD, blob_span(&pack), 15000, blob_span(&wanted));
	blob_done(&pack);
	blob_done(&wanted);
}
#endif

static void formats_without_a_check(void **state)
{
	/* The last two are about the blocks of lz4. */
	static const size_t sizes[] = { 1, 100, 65537, 300000, 8 * MIB, 8 * MIB + 1 };

	(void)state;
	for (const struct packer *p = plain_packers; p->pack; p++) {
		for (size_t i = 0; i < (p->codec == CODEC_LZ4 ? 6 : 4); i++) {
			struct blob in = content(sizes[i]);
			struct blob pack = packed(p, blob_span(&in));

			assert_int_equal(codec_is_lzma(blob_span(&pack)), p->codec == CODEC_LZMA);
			assert_unpacks(p->codec, blob_span(&pack), 64 * MIB, blob_span(&in));
			assert_unpacks(p->codec, blob_span(&pack), sizes[i], blob_span(&in));
			assert_refused(p->codec, blob_span(&pack), sizes[i] - 1, ST_BAD_INPUT,
				"compressed-too-large", p->name);
			append(&pack, "\0\0\0\0\0", 5);
			assert_unpacks(p->codec, blob_span(&pack), sizes[i], blob_span(&in));
			append(&pack, "trailing", 8);
			assert_refused(p->codec, blob_span(&pack), sizes[i], ST_BAD_INPUT,
				"compressed-trailing", p->name);
			blob_done(&pack);
			blob_done(&in);
		}
	}
}

/* Whatever is done to them, they end, with an error or with bytes within the limit. */
static void formats_without_a_check_survive_damage(void **state)
{
	(void)state;
	for (const struct packer *p = plain_packers; p->pack; p++) {
		struct blob in = content(700);
		struct blob pack = packed(p, blob_span(&in));

		for (size_t size = 5; size < pack.size; size++)
			assert_refused(p->codec, (struct span){ pack.data, size }, 10000,
				ST_BAD_INPUT,
				p->codec == CODEC_LZ4 && size < 8 ? "compressed-trailing"
								  : "compressed-truncated",
				p->name);
		for (size_t bit = 0; bit < pack.size * 8; bit++) {
			struct blob out = BLOB_INIT;
			struct err err = ERR_INIT;
			int status;

			pack.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
			status = unpack_exact(p->codec, blob_span(&pack), 10000, &out, &err);
			pack.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_true(status == ST_BAD_INPUT || status == ST_UNSUPPORTED ||
				    (status == ST_OK && out.size <= 10000));
			blob_done(&out);
		}
		blob_done(&pack);
		blob_done(&in);
	}
}

#ifdef HAVE_LZ4
/* Files of both formats may follow each other, and skippable frames stand between them. */
static void lz4_formats_may_be_mixed(void **state)
{
	struct blob in = content(1000);
	struct blob pack = BLOB_INIT;
	struct blob wanted = BLOB_INIT;

	(void)state;
	pack_lz4_legacy(&pack, blob_span(&in));
	pack_lz4(&pack, blob_span(&in));
	append(&pack, "\x50\x2a\x4d\x18\x03\0\0\0abc", 11);
	pack_lz4_legacy(&pack, blob_span(&in));
	pack_lz4_legacy(&pack, blob_span(&in));
	for (int i = 0; i < 4; i++)
		append(&wanted, in.data, in.size);
	assert_unpacks(CODEC_LZ4, blob_span(&pack), 4000, blob_span(&wanted));
	blob_done(&pack);
	blob_done(&wanted);
	blob_done(&in);
}
#endif

#ifdef HAVE_LZO
static void lzo_headers(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
		const char *words;
	} cases[] = {
		{ 15, 0, "an unknown method" },
		{ 15, 4, "an unknown method" },
		{ 19, 0x1b, "filters and parts" },
		{ 19, 0x17, "filters and parts" },
		{ 8, 0, "no lzop header" },
		{ 20, 0, "its header's check is wrong" },
	};
	struct blob in = content(1000);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct blob pack = BLOB_INIT;

		pack_lzo(&pack, blob_span(&in));
		pack.data[cases[i].at] = cases[i].value;
		assert_refused(CODEC_LZO, blob_span(&pack), 10000, ST_BAD_INPUT,
			"compressed-corrupt", cases[i].words);
		blob_done(&pack);
	}
	blob_done(&in);
}
#endif

static void the_crc_is_that_of_everybody(void **state)
{
	(void)state;
	assert_int_equal(crc32_of((struct span){ (const uint8_t *)"123456789", 9 }), 0xcbf43926);
	assert_int_equal(crc32_of((struct span){ NULL, 0 }), 0);
}

static void no_input_at_all(void **state)
{
	(void)state;
	for (const struct packer *p = packers; p->pack; p++)
		assert_refused(p->codec, (struct span){ NULL, 0 }, 10, ST_BAD_INPUT,
			"compressed-truncated", "ends after 0 bytes of output");
}

/* Cut at every length: always an error that says so. */
static void every_truncation_is_told(void **state)
{
	(void)state;
	for (const struct packer *p = packers; p->pack; p++) {
		struct blob in = content(700);
		struct blob pack = packed(p, blob_span(&in));

		for (size_t size = 1; size < pack.size; size++)
			assert_refused(p->codec, (struct span){ pack.data, size }, 10000,
				ST_BAD_INPUT, "compressed-truncated", "bytes of output");
		blob_done(&pack);
		blob_done(&in);
	}
}

static void a_truncation_says_how_far_it_came(void **state)
{
	(void)state;
	for (const struct packer *p = packers; p->pack; p++) {
		struct blob in = content(300000);
		struct blob pack = packed(p, blob_span(&in));
		struct blob out = BLOB_INIT;
		struct err err = ERR_INIT;
		unsigned long count = 0;

		assert_int_equal(unpack_exact(p->codec, (struct span){ pack.data, pack.size - 100 },
					 MIB, &out, &err),
			ST_BAD_INPUT);
		assert_non_null(strstr(err.text, " data ends after "));
		count = strtoul(strstr(err.text, "after ") + 6, NULL, 10);
		assert_true(count > 100000 && count <= 300000);
		blob_done(&pack);
		blob_done(&in);
	}
}

/* Every bit of a small stream flipped: an error in words, or the same bytes as before (some
 * header bits mean nothing), never other bytes: each of these formats has a check. */
static void every_flipped_bit_is_noticed(void **state)
{
	(void)state;
	for (const struct packer *p = packers; p->pack; p++) {
		struct blob in = content(700);
		struct blob pack = packed(p, blob_span(&in));
		unsigned int refused = 0, same = 0;

		for (size_t bit = 0; bit < pack.size * 8; bit++) {
			struct blob out = BLOB_INIT;
			struct err err = ERR_INIT;
			int status;

			pack.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
			status = unpack_exact(p->codec, blob_span(&pack), 10000, &out, &err);
			pack.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
			if (status) {
				assert_true(status == ST_BAD_INPUT || status == ST_UNSUPPORTED);
				assert_non_null(err.id);
				assert_true(strlen(err.text) > 10);
				assert_null(out.data);
				refused++;
				continue;
			}
			assert_int_equal(out.size, in.size);
			assert_memory_equal(out.data, in.data, in.size);
			blob_done(&out);
			same++;
		}
		/* gzip: time, system and flags of the header, at most its ten bytes. */
		assert_true(same <= 80);
		assert_true(refused > same * 20);
		blob_done(&pack);
		blob_done(&in);
	}
}

static void checksums_are_checked(void **state)
{
	(void)state;
	for (const struct packer *p = packers; p->pack; p++) {
		struct blob in = content(5000);
		struct blob pack = packed(p, blob_span(&in));
		/* gzip: CRC32 and size; zstd, lz4: 4 bytes of checksum. xz: the index and footer.
		 * lzo: the checks of the first block, behind the header and two sizes. */
		size_t at = p->codec == CODEC_GZIP  ? pack.size - 8
			    : p->codec == CODEC_LZO ? 9 + 30 + 4 + 8
						    : pack.size - 4;

		pack.data[at] ^= 1;
		assert_refused(p->codec, blob_span(&pack), 10000, ST_BAD_INPUT,
			"compressed-corrupt", "data is damaged near byte");
		blob_done(&pack);
		blob_done(&in);
	}
}

static void foreign_bytes_are_refused(void **state)
{
	struct blob junk = content(1000);

	(void)state;
	for (const struct packer *p = packers; p->pack; p++)
		assert_refused(p->codec, blob_span(&junk), 10000, ST_BAD_INPUT,
			"compressed-corrupt", "damaged near byte");
	blob_done(&junk);
}

/* As much as the frame says or the stream gives, which is more than there is memory. */
/* Room for 2^61 bytes, which is all that this header asks for, is more than there is. */
static void claims_make_no_room(void **state)
{
	(void)state;
#ifdef HAVE_ZSTD
	{
		/* Magic; single segment, 8 bytes of size; then the size. */
		uint8_t frame[32] = { 0x28, 0xb5, 0x2f, 0xfd, 0xe0 };

		store_le64(frame + 5, TOO_MUCH / 2);
		assert_refused(CODEC_ZSTD, (struct span){ frame, sizeof(frame) }, TOO_MUCH,
			ST_UNSUPPORTED, "compressed-window", "2048 MiB");
	}
#endif
}

static void codecs_not_built_in_are_named(void **state)
{
	static const struct {
		enum codec codec;
		const char *words;
	} cases[] = {
		{ CODEC_BZIP2, "bzip2 data, which this program cannot unpack" },
#ifndef HAVE_LZ4
		{ CODEC_LZ4, "lz4 data" },
#endif
#ifndef HAVE_LZO
		{ CODEC_LZO, "lzo data" },
#endif
#ifndef HAVE_ZLIB
		{ CODEC_GZIP, "gzip data" },
#endif
#ifndef HAVE_LZMA
		{ CODEC_XZ, "xz data" },
		{ CODEC_LZMA, "lzma data" },
#endif
#ifndef HAVE_ZSTD
		{ CODEC_ZSTD, "zstd data" },
#endif
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_refused(cases[i].codec, (struct span){ (const uint8_t *)"xxxx", 4 }, 10,
			ST_UNSUPPORTED, "codec-missing", cases[i].words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(magics_are_recognised),
		cmocka_unit_test(what_was_packed_comes_out),
		cmocka_unit_test(the_limit_is_exact),
		cmocka_unit_test(nothing_may_come_out),
		cmocka_unit_test(bombs_stop_at_the_limit),
		cmocka_unit_test(members_follow_each_other),
		cmocka_unit_test(zeros_may_follow_and_nothing_else),
#ifdef HAVE_LZMA
		cmocka_unit_test(xz_streams_may_be_padded),
		cmocka_unit_test(xz_memory_is_bounded),
#endif
#ifdef HAVE_ZSTD
		cmocka_unit_test(zstd_windows),
		cmocka_unit_test(zstd_skippable_frames_are_skipped),
		cmocka_unit_test(zstd_many_small_frames),
#endif
		cmocka_unit_test(formats_without_a_check),
		cmocka_unit_test(formats_without_a_check_survive_damage),
#ifdef HAVE_LZ4
		cmocka_unit_test(lz4_formats_may_be_mixed),
#endif
#ifdef HAVE_LZO
		cmocka_unit_test(lzo_headers),
#endif
		cmocka_unit_test(the_crc_is_that_of_everybody),
		cmocka_unit_test(no_input_at_all),
		cmocka_unit_test(every_truncation_is_told),
		cmocka_unit_test(a_truncation_says_how_far_it_came),
		cmocka_unit_test(every_flipped_bit_is_noticed),
		cmocka_unit_test(checksums_are_checked),
		cmocka_unit_test(foreign_bytes_are_refused),
		cmocka_unit_test(claims_make_no_room),
		cmocka_unit_test(codecs_not_built_in_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
