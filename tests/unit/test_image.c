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

#include "kexec/image/arm64_image.h"
#include "kexec/image/image.h"
#include "lib/pe.h"
#include "tests/unit/nomem.h"

/* --- files to be described --------------------------------------------------------------- */

static struct blob file_of(const void *bytes, size_t size)
{
	struct blob blob = BLOB_INIT;

	assert_int_equal(blob_append(&blob, bytes, size), ST_OK);
	return blob;
}

/* An arm64 Image without an EFI stub, of size bytes, whose content can be told apart. */
static struct blob image_file(
	size_t size, uint64_t text_offset, uint64_t image_size, uint64_t flags)
{
	struct blob blob = BLOB_INIT;

	assert_int_equal(blob_zeroed(&blob, size), ST_OK);
	for (size_t i = 64; i < size; i++)
		blob.data[i] = (uint8_t)(i * 7 + (i >> 8));
	store_le32(blob.data, 0xd503201f); /* nop */
	store_le64(blob.data + 8, text_offset);
	store_le64(blob.data + 16, image_size);
	store_le64(blob.data + 24, flags);
	memcpy(blob.data + 56, "ARM\x64", 4);
	return blob;
}

/* Make a PE file of it: headers at 64, two sections, the second ending at file_end. */
static void add_pe(struct blob *blob, unsigned int machine, const char *first, const char *second,
	uint32_t file_end)
{
	uint8_t *pe = blob->data + 64;

	assert_true(blob->size >= 64 + 24 + 160 + 80);
	memset(pe, 0, 24 + 160 + 80);
	memcpy(blob->data, "MZ", 2);
	store_le32(blob->data + 60, 64);
	memcpy(pe, "PE\0\0", 4);
	store_le16(pe + 4, (uint16_t)machine);
	store_le16(pe + 6, 2);
	store_le16(pe + 20, 160);
	pe += 24 + 160;
	strncpy((char *)pe, first, 8);
	store_le32(pe + 16, 0x100);
	store_le32(pe + 20, 0x400);
	pe += 40;
	strncpy((char *)pe, second, 8);
	store_le32(pe + 16, file_end - 0x500);
	store_le32(pe + 20, 0x500);
}

/* Describe a tight copy, so that the sanitizer sees a read behind the end. */
static int describe(struct span in, struct image *ret, struct report *report, struct err *err)
{
	struct blob file = BLOB_INIT;
	int status;

	if (in.size) {
		file.data = malloc(in.size + 1);
		assert_non_null(file.data);
		memcpy(file.data, in.data, in.size);
		file.data[in.size] = 0;
		file.size = file.capacity = in.size;
	}
	status = image_describe(&file, "vmlinuz", ret, report, err);
	assert_null(file.data); /* taken over, whatever came of it */
	assert_int_equal(file.size, 0);
	return status;
}

static void assert_refused(
	struct span in, int status, const char *id, const char *words, const char *hint)
{
	struct image image = { .mem_size = 7 };
	struct report report = REPORT_INIT;
	struct err err = ERR_INIT;
	int got = describe(in, &image, &report, &err);

	if (got != status || strcmp(err.id, id) || !strstr(err.text, words) ||
		strncmp(err.text, "vmlinuz: ", 9) || !strstr(err.hint, hint))
		fail_msg("%s %s \"%s\" hint \"%s\",\n  wanted %s %s \"%s\" hint \"%s\"",
			status_name(got), err.id, err.text, err.hint, status_name(status), id,
			words, hint);
	assert_int_equal(image.mem_size, 7); /* untouched */
	assert_null(image.data.data);
	assert_int_equal(report.count, 0);
	if (hint[0] == '\0')
		assert_string_equal(err.hint, "");
	assert_int_equal(describe(in, &image, NULL, NULL), status);
}

static void assert_refused_blob(
	struct blob file, int status, const char *id, const char *words, const char *hint)
{
	assert_refused(blob_span(&file), status, id, words, hint);
	blob_done(&file);
}

static void assert_unsupported(struct blob file, const char *words, const char *hint)
{
	assert_refused(blob_span(&file), ST_UNSUPPORTED, "image-format-unsupported", words, hint);
	assert_refused(blob_span(&file), ST_UNSUPPORTED, "image-format-unsupported",
		"; an arm64 Image, plain or packed with gzip, xz or zstd is wanted", hint);
	blob_done(&file);
}

/* --- Image ------------------------------------------------------------------------------- */

static void an_image_is_described(void **state)
{
	struct blob file = image_file(10000, 0x80000, 20000, 0xa);
	struct report report = REPORT_INIT;
	struct err err = ERR_INIT;
	struct image image;

	(void)state;
	if (describe(blob_span(&file), &image, &report, &err))
		fail_msg("%s", err.text);
	assert_int_equal(image.kind, IMAGE_ARM64);
	assert_string_equal(image.kind_name, "Image");
	assert_int_equal(image.codec, CODEC_NONE);
	assert_int_equal(image.data.size, 10000);
	assert_memory_equal(image.data.data, file.data, 10000);
	assert_int_equal(image.mem_size, 20000);
	assert_int_equal(image.text_offset, 0x80000);
	assert_int_equal(image.page_size, 4096);
	assert_false(image.big_endian);
	assert_true(image.placement_anywhere);
	assert_int_equal(report.count, 0);
	image_done(&image);
	assert_null(image.data.data);
	image_done(&image);
	image_done(NULL);
	blob_done(&file);
}

static void flags_have_their_meaning(void **state)
{
	static const struct {
		uint64_t flags, page_size;
		bool big_endian, anywhere;
	} cases[] = {
		{ 0, 0, false, false }, { 1, 0, true, false }, { 2, 4096, false, false },
		{ 4, 16384, false, false }, { 6, 65536, false, false }, { 8, 0, false, true },
		{ 0xf, 65536, true, true },
		{ 0xfffffffffffffff0, 0, false, false }, /* reserved: for kernels to come */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct blob file = image_file(64, 0, 64, cases[i].flags);
		struct arm64_image_header header;
		struct err err = ERR_INIT;

		assert_int_equal(arm64_image_parse(blob_span(&file), &header, &err), ST_OK);
		assert_int_equal(header.page_size, cases[i].page_size);
		assert_int_equal(header.big_endian, cases[i].big_endian);
		assert_int_equal(header.placement_anywhere, cases[i].anywhere);
		blob_done(&file);
	}
}

static void a_header_cut_short_is_told(void **state)
{
	struct blob file = image_file(64, 0, 64, 0);
	struct arm64_image_header header = { .image_size = 7 };
	struct err err = ERR_INIT;

	(void)state;
	for (size_t size = 0; size < 60; size++)
		assert_int_equal(arm64_image_parse((struct span){ file.data, size }, &header, &err),
			ST_NOT_MINE);
	for (size_t size = 60; size < 64; size++)
		assert_int_equal(arm64_image_parse((struct span){ file.data, size }, &header, &err),
			ST_BAD_INPUT);
	assert_int_equal(header.image_size, 7);
	assert_refused((struct span){ file.data, 0 }, ST_BAD_INPUT, "image-empty", "is empty", "");
	assert_refused((struct span){ file.data, 1 }, ST_BAD_INPUT, "image-truncated",
		"only 1 bytes, the header of an Image alone has 64", "");
	assert_refused((struct span){ file.data, 59 }, ST_BAD_INPUT, "image-truncated",
		"only 59 bytes", "");
	assert_refused((struct span){ file.data, 63 }, ST_BAD_INPUT, "image-truncated",
		"ends in its header: 63 bytes", "");
	blob_done(&file);
}

static void image_size_is_checked(void **state)
{
	(void)state;
	assert_refused_blob(image_file(100, 0, 0, 0), ST_BAD_INPUT, "image-size-zero",
		"image_size is 0", "before 3.17");
	assert_refused_blob(image_file(100, 0, 63, 0), ST_BAD_INPUT, "image-size-bad",
		"needs 63 bytes of memory", "");
	assert_refused_blob(image_file(100, 0, (uint64_t)IMAGE_SIZE_MAX + 1, 0), ST_BAD_INPUT,
		"image-size-bad", "needs 536870913 bytes of memory", "");
	assert_refused_blob(image_file(100, 0, UINT64_MAX, 0), ST_BAD_INPUT, "image-size-bad",
		"needs 18446744073709551615 bytes", "");
}

static void image_size_may_be_as_large_as_allowed(void **state)
{
	struct blob file = image_file(100, 0, IMAGE_SIZE_MAX, 0);
	struct arm64_image_header header;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(arm64_image_parse(blob_span(&file), &header, &err), ST_OK);
	assert_true(header.image_size == IMAGE_SIZE_MAX);
	blob_done(&file);
}

static void text_offset_is_checked(void **state)
{
	static const uint64_t bad[] = { 0x200000, 0x201000, 1, 0x80001, 0x800, UINT64_MAX,
		(uint64_t)1 << 32 };
	static const uint64_t good[] = { 0, 0x1000, 0x80000, 0x1ff000 };
	struct arm64_image_header header;
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_refused_blob(image_file(100, bad[i], 200, 0), ST_BAD_INPUT,
			"image-text-offset-bad", "a multiple of 4 KiB below 2 MiB is wanted", "");
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct blob file = image_file(100, good[i], 200, 0);

		assert_int_equal(arm64_image_parse(blob_span(&file), &header, &err), ST_OK);
		assert_true(header.text_offset == good[i]);
		blob_done(&file);
	}
}

static void what_is_appended_is_cut_off(void **state)
{
	struct blob file = image_file(10000, 0, 9000, 0);
	struct report report = REPORT_INIT;
	struct err err = ERR_INIT;
	struct image image;

	(void)state;
	assert_int_equal(describe(blob_span(&file), &image, &report, &err), ST_OK);
	assert_int_equal(image.data.size, 9000);
	assert_int_equal(image.data.data[9000], 0);
	assert_memory_equal(image.data.data, file.data, 9000);
	assert_int_equal(image.mem_size, 9000);
	assert_int_equal(report.count, 1);
	assert_int_equal(report.entries[0].kind, REPORT_CHOICE);
	assert_string_equal(report.entries[0].area, "image");
	assert_string_equal(report.entries[0].text,
		"vmlinuz: cut from 10000 to 9000 bytes, which is its image_size");
	image_done(&image);
	report_done(&report);
	blob_done(&file);
	/* Exactly as long is nothing to talk about. */
	file = image_file(9000, 0, 9000, 0);
	assert_int_equal(describe(blob_span(&file), &image, &report, &err), ST_OK);
	assert_int_equal(report.count, 0);
	image_done(&image);
	blob_done(&file);
}

/* The EFI stub's section table tells how long the file was. */
static void an_efi_image_cut_short_is_told(void **state)
{
	struct blob file = image_file(10000, 0, 20000, 0);
	struct err err = ERR_INIT;
	struct image image;

	(void)state;
	add_pe(&file, 0xaa64, ".text", ".data", 10000);
	assert_int_equal(describe(blob_span(&file), &image, NULL, &err), ST_OK);
	assert_int_equal(image.data.size, 10000);
	image_done(&image);
	assert_refused((struct span){ file.data, 9999 }, ST_BAD_INPUT, "image-truncated",
		"has only 9999 of its 10000 bytes", "");
	assert_refused((struct span){ file.data, 328 }, ST_BAD_INPUT, "image-truncated",
		"has only 328 of its 10000 bytes", "");
	assert_refused((struct span){ file.data, 327 }, ST_BAD_INPUT, "image-truncated",
		"ends in its PE header", "");
	assert_refused((struct span){ file.data, 70 }, ST_BAD_INPUT, "image-truncated",
		"ends in its PE header", "");
	/* A PE offset that leads nowhere is not ours to judge: nobody else looks at it. */
	store_le32(file.data + 60, 0xfffffff0);
	assert_int_equal(describe(blob_span(&file), &image, NULL, &err), ST_OK);
	image_done(&image);
	blob_done(&file);
}

/* --- packed ------------------------------------------------------------------------------ */

#ifdef HAVE_ZLIB
static struct blob gzip(struct blob in)
{
	struct blob out = BLOB_INIT;
	z_stream zs = { .next_in = Z_NULL };

	assert_int_equal(
		deflateInit2(&zs, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(blob_zeroed(&out, deflateBound(&zs, in.size) + 64), ST_OK);
	zs.next_in = in.data;
	zs.avail_in = (uInt)in.size;
	zs.next_out = out.data;
	zs.avail_out = (uInt)out.size;
	assert_int_equal(deflate(&zs, Z_FINISH), Z_STREAM_END);
	out.size -= zs.avail_out;
	deflateEnd(&zs);
	blob_done(&in);
	return out;
}

static void packed_images_are_unpacked(void **state)
{
	struct blob plain = image_file(100000, 0, 200000, 2);

	(void)state;
	for (int layers = 1; layers <= 2; layers++) {
		struct blob file = image_file(100000, 0, 200000, 2);
		struct report report = REPORT_INIT;
		struct err err = ERR_INIT;
		struct image image;

		for (int i = 0; i < layers; i++)
			file = gzip(file);
		if (describe(blob_span(&file), &image, &report, &err))
			fail_msg("%s", err.text);
		assert_int_equal(image.codec, CODEC_GZIP);
		assert_int_equal(image.data.size, 100000);
		assert_memory_equal(image.data.data, plain.data, 100000);
		assert_int_equal(image.mem_size, 200000);
		assert_int_equal(image.page_size, 4096);
		assert_int_equal(report.count, 0);
		image_done(&image);
		blob_done(&file);
	}
	assert_refused_blob(gzip(gzip(gzip(image_file(1000, 0, 2000, 0)))), ST_UNSUPPORTED,
		"image-packed-too-often", "packed 2 times already", "");
	blob_done(&plain);
}

static void packed_others_are_named_too(void **state)
{
	struct blob file = gzip(image_file(1000, 0, 0, 0));

	(void)state;
	assert_refused_blob(gzip(file_of("070701 and so on", 16)), ST_UNSUPPORTED,
		"image-format-unsupported", "unpacked from gzip: this is a cpio archive",
		"--initrd=vmlinuz");
	assert_refused(blob_span(&file), ST_BAD_INPUT, "image-size-zero",
		"unpacked from gzip: the Image does not say", "before 3.17");
	assert_refused_blob(gzip(gzip(file_of("x", 1))), ST_BAD_INPUT, "image-truncated",
		"unpacked from gzip (twice): only 1 bytes", "");
	assert_refused_blob(gzip((struct blob)BLOB_INIT), ST_BAD_INPUT, "image-truncated",
		"unpacked from gzip: only 0 bytes", "");
	/* The packing itself may be bad. */
	assert_refused((struct span){ file.data, file.size - 1 }, ST_BAD_INPUT,
		"compressed-truncated", "gzip data ends after 1000 bytes of output", "");
	file.data[file.size / 2] ^= 0x10;
	assert_refused(
		blob_span(&file), ST_BAD_INPUT, "compressed-corrupt", "gzip data is damaged", "");
	blob_done(&file);
}
#endif

static void codecs_not_built_in_are_named(void **state)
{
	static const uint8_t lzma[13] = { 0x5d, 0, 0, 0x80, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff };

	(void)state;
	assert_refused_blob(file_of("\x02\x21\x4c\x18 and so on", 14), ST_UNSUPPORTED,
		"codec-missing", "lz4 data", "lz4 -d");
	assert_refused_blob(
		file_of("BZh91AY", 7), ST_UNSUPPORTED, "codec-missing", "bzip2 data", "bzip2 -d");
	assert_refused_blob(file_of("\x89LZO\0\r\n", 7), ST_UNSUPPORTED, "codec-missing",
		"lzo data", "lzop -d");
	assert_refused_blob(file_of(lzma, sizeof(lzma)), ST_UNSUPPORTED, "codec-missing",
		"lzma data", "--format=lzma vmlinuz");
}

static void lzma_is_not_seen_everywhere(void **state)
{
	/* Properties as lzma has them, then sizes that no packer writes. */
	static const struct {
		uint32_t dictionary;
		uint64_t size;
		bool lzma;
	} cases[] = {
		{ 1u << 23, 1000, true },
		{ 3u << 22, UINT64_MAX, true },
		{ UINT32_MAX, 5, true },
		{ 0, 1000, false },
		{ 4095, 1000, false },
		{ (1u << 23) + 1, 1000, false },
		{ 5u << 22, 1000, false },
		{ 1u << 23, (uint64_t)1 << 38, false },
	};
	uint8_t bytes[64] = { 0x5d };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		store_le32(bytes + 1, cases[i].dictionary);
		store_le64(bytes + 5, cases[i].size);
		if (cases[i].lzma)
			assert_refused((struct span){ bytes, 64 }, ST_UNSUPPORTED, "codec-missing",
				"lzma data", "unpack it first");
		else
			assert_refused((struct span){ bytes, 64 }, ST_NOT_MINE,
				"image-format-unknown", "begins with 5d", "");
	}
}

/* --- other formats ----------------------------------------------------------------------- */

static struct blob elf(unsigned int data, unsigned int type, unsigned int machine)
{
	struct blob blob = BLOB_INIT;

	assert_int_equal(blob_zeroed(&blob, 64), ST_OK);
	memcpy(blob.data, "\177ELF\2", 5);
	blob.data[5] = (uint8_t)data;
	blob.data[16 + (data == 2)] = (uint8_t)type;
	blob.data[18 + (data == 2)] = (uint8_t)machine;
	blob.data[18 + (data != 2)] = (uint8_t)(machine >> 8);
	return blob;
}

static void elf_files_are_named(void **state)
{
	(void)state;
	assert_unsupported(elf(1, 2, 183), "this is an ELF program, such as vmlinux, for arm64",
		"objcopy -O binary vmlinuz Image");
	assert_unsupported(elf(1, 3, 183), "such as vmlinux, for arm64", "arch/arm64/boot/Image");
	assert_unsupported(elf(1, 2, 62), "such as vmlinux, for x86_64", "");
	assert_unsupported(elf(2, 2, 21), "such as vmlinux, for ppc64", "");
	assert_unsupported(elf(2, 2, 183), "such as vmlinux, for arm64", "objcopy");
	assert_unsupported(elf(1, 2, 258), "for loongarch", "");
	assert_unsupported(elf(1, 1, 183), "an ELF object for arm64", "");
	assert_unsupported(elf(1, 4, 183), "an ELF core dump for arm64", "");
	assert_unsupported(elf(1, 9, 999), "an ELF file of an unknown type for an unknown CPU", "");
}

static struct blob zboot(const char *codec, uint32_t offset, uint32_t size, const char *payload)
{
	struct blob blob = BLOB_INIT;

	assert_int_equal(blob_zeroed(&blob, 200), ST_OK);
	memcpy(blob.data, "MZ\0\0zimg", 8);
	store_le32(blob.data + 8, offset);
	store_le32(blob.data + 12, size);
	memcpy(blob.data + 24, codec, strlen(codec) < 32 ? strlen(codec) : 32);
	if (strlen(codec) < 32)
		store_le32(blob.data + 56, 0x818223cd);
	memcpy(blob.data + 100, payload, strlen(payload));
	return blob;
}

static void zboot_kernels_are_named(void **state)
{
	(void)state;
	assert_unsupported(zboot("zstd22", 100, 90, "\x28\xb5\x2f\xfd"),
		"(zboot, vmlinuz.efi) packed with zstd22", "tail -c +101 vmlinuz | head -c 90");
	assert_unsupported(zboot("gzip", 100, 100, "\x1f\x8b\x08"), "packed with gzip",
		"tail -c +101 vmlinuz | head -c 100");
	assert_unsupported(zboot("lzo", 100, 100, "\x89LZO"), "packed with lzo", "");
	/* A name without end, and with what a terminal would obey. */
	assert_unsupported(zboot("\x1b[2J3456789012345678901234567890", 100, 100, ""),
		"packed with ?[2J3456789012345678901234567890;", "");
	assert_refused_blob(zboot("gzip", 100, 101, "\x1f\x8b\x08"), ST_BAD_INPUT,
		"image-truncated", "payload of 101 bytes at 100 lies outside the file of 200", "");
	assert_refused_blob(zboot("gzip", UINT32_MAX, UINT32_MAX, ""), ST_BAD_INPUT,
		"image-truncated", "lies outside", "");
}

static struct blob pe(unsigned int machine, const char *second)
{
	struct blob blob = BLOB_INIT;

	assert_int_equal(blob_zeroed(&blob, 0x600), ST_OK);
	add_pe(&blob, machine, ".osrel", second, 0x600);
	return blob;
}

static void efi_programs_are_named(void **state)
{
	struct blob file = pe(0xaa64, ".linux");

	(void)state;
	assert_refused((struct span){ file.data, 327 }, ST_BAD_INPUT, "image-truncated",
		"ends in its headers, after 327 bytes", "");
	assert_refused((struct span){ file.data, 68 }, ST_BAD_INPUT, "image-truncated",
		"ends in its headers, after 68 bytes", "");
	assert_refused((struct span){ file.data, 67 }, ST_NOT_MINE, "image-format-unknown",
		"begins with 4d 5a 00 00", "");
	assert_unsupported(file, "a unified kernel image (UKI) for arm64",
		"objcopy -O binary -j .linux vmlinuz Image");
	assert_unsupported(pe(0x8664, ".linux"), "(UKI) for x86_64", "");
	assert_unsupported(
		pe(0xaa64, ".linuxes"), "an EFI (PE) program for arm64 that is no Linux", "");
	assert_unsupported(pe(0x1234, ".data"), "an EFI (PE) program for an unknown CPU", "");
	/* As many sections as can be claimed, and no room for them. */
	file = pe(0xaa64, ".linux");
	store_le16(file.data + 64 + 6, 0xffff);
	assert_refused_blob(file, ST_BAD_INPUT, "image-truncated", "ends in its headers", "");
}

static void other_files_are_named(void **state)
{
	uint8_t bytes[0x210] = { 0 };

	(void)state;
	/* uImage: size 1000, type kernel, packed with gzip. */
	memcpy(bytes, "\x27\x05\x19\x56", 4);
	memcpy(bytes + 12, "\0\0\x03\xe8", 4);
	bytes[30] = 2;
	bytes[31] = 1;
	assert_unsupported(file_of(bytes, 64), "a U-Boot image (uImage, type 2) packed with gzip",
		"tail -c +65 vmlinuz | head -c 1000");
	bytes[31] = 0;
	assert_unsupported(file_of(bytes, 64), "not packed", "tail");
	bytes[31] = 200;
	assert_unsupported(file_of(bytes, 64), "packed in an unknown way", "tail");
	memset(bytes, 0, sizeof(bytes));

	memcpy(bytes, "\xd0\x0d\xfe\xed", 4);
	assert_unsupported(file_of(bytes, 100), "a device tree blob", "--dtb=vmlinuz");
	memcpy(bytes + 50, "\0\0\0\1images", 11);
	assert_unsupported(file_of(bytes, 100), "a U-Boot FIT image", "dumpimage");
	memset(bytes, 0, sizeof(bytes));

	memcpy(bytes + 0x202, "HdrS", 4);
	assert_unsupported(file_of(bytes, sizeof(bytes)), "an x86 kernel (bzImage)", "");
	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes + 56, "RSC\x05", 4);
	assert_unsupported(file_of(bytes, 64), "a RISC-V kernel", "");
	memset(bytes, 0, sizeof(bytes));
	store_le32(bytes + 36, 0x016f2818);
	assert_unsupported(file_of(bytes, 64), "a 32-bit ARM kernel (zImage)", "");

	assert_unsupported(
		file_of("070702", 6), "a cpio archive, as an initrd is", "--initrd=vmlinuz");
}

static void unknown_bytes_are_shown(void **state)
{
	uint8_t bytes[64] = { 0x23, 0x21, 0x2f, 0xff };

	(void)state;
	assert_refused((struct span){ bytes, 64 }, ST_NOT_MINE, "image-format-unknown",
		"no known kernel format (it begins with 23 21 2f ff); an arm64 Image, plain", "");
}

/* --- lib/pe.c, as far as images do not show it -------------------------------------------- */

static void pe_sections(void **state)
{
	struct blob file = pe(0xaa64, "12345678");
	struct pe_section section;
	struct pe view = { .machine = 7 };

	(void)state;
	assert_int_equal(pe_parse(blob_span(&file), &view), ST_OK);
	assert_int_equal(view.machine, 0xaa64);
	assert_int_equal(view.section_count, 2);
	section = pe_section(&view, 1);
	assert_string_equal(section.name, "12345678"); /* eight bytes have no NUL in the file */
	assert_int_equal(section.file_offset, 0x500);
	assert_int_equal(section.file_size, 0x100);
	assert_true(pe_file_end(&view) == 0x600);
	/* Sums that would wrap 32 bits. */
	store_le32(file.data + 64 + 24 + 160 + 16, UINT32_MAX);
	store_le32(file.data + 64 + 24 + 160 + 20, UINT32_MAX);
	assert_true(pe_file_end(&view) == (uint64_t)UINT32_MAX * 2);
	/* A section without content has no place. */
	store_le32(file.data + 64 + 24 + 160 + 16, 0);
	assert_true(pe_file_end(&view) == 0x600);
	view.machine = 7;
	store_le32(file.data + 60, UINT32_MAX);
	assert_int_equal(pe_parse(blob_span(&file), &view), ST_NOT_MINE);
	file.data[1] = 'X';
	assert_int_equal(pe_parse(blob_span(&file), &view), ST_NOT_MINE);
	assert_int_equal(pe_parse((struct span){ NULL, 0 }, &view), ST_NOT_MINE);
	assert_int_equal(view.machine, 7);
	blob_done(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_image_is_described),
		cmocka_unit_test(flags_have_their_meaning),
		cmocka_unit_test(a_header_cut_short_is_told),
		cmocka_unit_test(image_size_is_checked),
		cmocka_unit_test(image_size_may_be_as_large_as_allowed),
		cmocka_unit_test(text_offset_is_checked),
		cmocka_unit_test(what_is_appended_is_cut_off),
		cmocka_unit_test(an_efi_image_cut_short_is_told),
#ifdef HAVE_ZLIB
		cmocka_unit_test(packed_images_are_unpacked),
		cmocka_unit_test(packed_others_are_named_too),
#endif
		cmocka_unit_test(codecs_not_built_in_are_named),
		cmocka_unit_test(lzma_is_not_seen_everywhere),
		cmocka_unit_test(elf_files_are_named),
		cmocka_unit_test(zboot_kernels_are_named),
		cmocka_unit_test(efi_programs_are_named),
		cmocka_unit_test(other_files_are_named),
		cmocka_unit_test(unknown_bytes_are_shown),
		cmocka_unit_test(pe_sections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
