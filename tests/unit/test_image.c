// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "config.h"

#ifdef HAVE_ZLIB
#include <zlib.h>
#endif

#include "kexec/image/arm64_image.h"
#include "kexec/image/image.h"
#include "lib/crc32.h"
#include "lib/pe.h"
#include "tests/unit/nomem.h"
#include "tests/unit/vmlinux.h"

/* --- files to be described --------------------------------------------------------------- */

static struct blob file_of(const void *bytes, size_t size)
{
	struct blob blob = BLOB_INIT;

	assert_int_equal(blob_append(&blob, bytes, size), ST_OK);
	return blob;
}

/* Takes what. */
static struct blob followed_by(struct blob what, const void *bytes, size_t size)
{
	assert_int_equal(blob_append(&what, bytes, size), ST_OK);
	return what;
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
		fail_msg("%d %s \"%s\" hint \"%s\",\n  wanted %d %s \"%s\" hint \"%s\"", got,
			err.id, err.text, err.hint, status, id, words, hint);
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
		"; a kernel is wanted, for arm64 (Image, EFI zboot, UKI, Android, uImage, "
		"vmlinux), x86_64 (bzImage, UKI, vmlinux, Multiboot) or ppc64le (vmlinux), plain "
		"or packed",
		hint);
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
	assert_true(image.as_is);
	assert_int_equal(image.layers_count, 1);
	assert_string_equal(image.layers[0].name, "Image");
	assert_int_equal(image.layers[0].size, 10000);
	assert_string_equal(image_type(&image), "Image");
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
	assert_int_equal(image.data.size, 10000); /* a signature may be there */
	assert_int_equal(image_segment(&image).size, 9000);
	assert_ptr_equal(image_segment(&image).data, image.data.data);
	assert_memory_equal(image.data.data, file.data, 10000);
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
		assert_int_equal(report.count, 1); /* each line once */
		assert_string_equal(report.entries[0].text, "vmlinuz: gzip taken off");
		assert_false(image.as_is);
		assert_int_equal(image.layers_count, layers + 1);
		assert_string_equal(image_type(&image), "Image");
		report_done(&report);
		image_done(&image);
		blob_done(&file);
	}
	assert_refused_blob(gzip(gzip(gzip(image_file(1000, 0, 2000, 0)))), ST_UNSUPPORTED,
		"image-packed-too-often",
		"inside gzip: inside gzip: gzip, of which this program takes off no more than 2",
		"");
	blob_done(&plain);
}

/* Boot loaders know what stands behind a kernel that is packed, and it is no part of it. */
static void what_follows_a_packed_kernel_is_named(void **state)
{
	static const struct {
		const char bytes[48];
		size_t size;
		const char *says;
	} ends[] = {
		{ "\xd0\x0d\xfe\xed and so on", 14, "the device tree behind the packed kernel" },
		{ "\xff\xff\0\xff\xd0\x0d\xfe\xed", 8, "the device tree behind" },
		{ "pkcs7~Module signature appended~\n", 33, "the signature behind" },
		{ "\0\0AVB0xxxx", 10, "the signature of Android's behind" },
		{ "SEANDROIDENFORCE", 16, "the signature of Android's behind" },
		{ "\xff\xff\xff\0\xff", 5, NULL },
		{ "\0\0", 2, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct blob file = followed_by(
			gzip(image_file(1000, 0, 2000, 0)), ends[i].bytes, ends[i].size);
		struct report report = REPORT_INIT;
		struct err err = ERR_INIT;
		struct image image;

		if (describe(blob_span(&file), &image, &report, &err))
			fail_msg("%zu: %s", i, err.text);
		assert_int_equal(image.data.size, 1000);
		assert_int_equal(report.count, ends[i].says ? 2 : 1);
		if (ends[i].says && !strstr(report.entries[0].text, ends[i].says))
			fail_msg("%s", report.entries[0].text);
		image_done(&image);
		report_done(&report);
		blob_done(&file);
	}
	/* It may be the rest of the kernel, with a byte gone bad. */
	assert_refused_blob(followed_by(gzip(image_file(1000, 0, 2000, 0)), "\x1f\x8b\x18", 3),
		ST_BAD_INPUT, "compressed-trailing", "neither more of it nor zeros", "");
}

static void packed_others_are_named_too(void **state)
{
	struct blob file = gzip(image_file(1000, 0, 0, 0));

	(void)state;
	assert_refused_blob(gzip(file_of("070701 and so on", 16)), ST_UNSUPPORTED,
		"image-format-unsupported", "inside gzip: this is a cpio archive",
		"--initrd=vmlinuz");
	assert_refused(blob_span(&file), ST_BAD_INPUT, "image-size-zero",
		"inside gzip: the Image does not say", "before 3.17");
	assert_refused_blob(gzip(gzip(file_of("x", 1))), ST_BAD_INPUT, "image-truncated",
		"inside gzip: inside gzip: only 1 bytes", "");
	assert_refused_blob(gzip((struct blob)BLOB_INIT), ST_BAD_INPUT, "image-truncated",
		"inside gzip: only 0 bytes", "");
	/* The packing itself may be bad. */
	assert_refused((struct span){ file.data, file.size - 1 }, ST_BAD_INPUT,
		"compressed-truncated", "gzip data ends after 1000 bytes of output", "");
	file.data[file.size / 2] ^= 0x10;
	assert_refused(
		blob_span(&file), ST_BAD_INPUT, "compressed-corrupt", "gzip data is damaged", "");
	blob_done(&file);
}
#endif

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
		assert_int_equal(codec_is_lzma((struct span){ bytes, 64 }), cases[i].lzma);
		assert_false(codec_is_lzma((struct span){ bytes, 12 }));
#ifndef HAVE_LZMA
		if (cases[i].lzma)
			assert_refused((struct span){ bytes, 64 }, ST_UNSUPPORTED, "codec-missing",
				"lzma data", "unpack it first, with xz -d --format=lzma");
#endif
		if (!cases[i].lzma)
			assert_refused((struct span){ bytes, 64 }, ST_NOT_MINE,
				"image-format-unknown", "begins with 5d", "");
	}
}

/* --- vmlinux ----------------------------------------------------------------------------- */

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
	assert_refused_blob(
		elf(1, 2, 62), ST_BAD_INPUT, "image-elf", "for x86_64 without program headers", "");
	assert_unsupported(elf(2, 2, 21), "such as vmlinux, for ppc64", "");
	assert_unsupported(elf(2, 2, 183), "a big-endian or 32-bit ELF program for arm64", "");
	assert_unsupported(elf(1, 2, 258), "for loongarch", "");
	assert_unsupported(elf(1, 1, 183), "an ELF object file", "");
	assert_unsupported(elf(2, 1, 21), "an ELF object file", "");
	assert_unsupported(elf(1, 4, 183), "an ELF core dump for arm64", "");
	assert_unsupported(elf(1, 9, 999), "an ELF file of an unknown type for an unknown CPU", "");
}

static void what_nothing_makes_any_more_is_named(void **state)
{
	static const struct {
		const char *mark, *name;
	} files[] = { { "BEO1", "this is a beoboot image" },
		{ "\x36\x13\x03\x1b", "this is a network boot image (NBI)" } };

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct blob file = BLOB_INIT;

		assert_int_equal(blob_zeroed(&file, 512), ST_OK);
		memcpy(file.data, files[i].mark, 4);
		assert_unsupported(file, files[i].name, "give the bzImage and the initrd");
	}
}

/* --- vmlinux of ppc64 --------------------------------------------------------------------- */

static void power_kernels_are_laid_out(void **state)
{
	(void)state;
	for (unsigned int parts = 1; parts <= 2; parts++) {
		struct blob file = power_vmlinux(parts);
		struct image image;

		assert_int_equal(describe(blob_span(&file), &image, NULL, NULL), ST_OK);
		assert_int_equal(image.kind, IMAGE_PPC64);
		assert_string_equal(image_type(&image), "vmlinux");
		assert_int_equal(image_check_type(&image, "vmlinux", NULL), ST_OK);
		assert_int_equal(image_check_type(&image, "elf-ppc64", NULL), ST_OK);
		assert_int_equal(image_check_type(&image, "bzImage", NULL), ST_UNSUPPORTED);
		assert_int_equal(image.mem_size, 0x5000);
		assert_true(image.stays_where_loaded && image.as_is);
		assert_int_equal(image.data.size, parts == 2 ? 0x4800 : 0x1000);
		assert_memory_equal(image.data.data, "\x48\0\0\x08", 4);
		if (parts == 2) {
			assert_int_equal(image.data.data[0x3fff], 0);
			assert_int_equal(image.data.data[0x4000], 0x77);
		}
		image_done(&image);
		store_le32(file.data + 0x105c, 1);
		assert_int_equal(describe(blob_span(&file), &image, NULL, NULL), ST_OK);
		assert_false(image.stays_where_loaded);
		image_done(&image);
		blob_done(&file);
	}
}

/* Parts by their physical places; the header that it lacks is made. */
static void x86_vmlinux_is_laid_out(void **state)
{
	struct blob file = x86_vmlinux();
	struct image image;

	(void)state;
	assert_int_equal(describe(blob_span(&file), &image, NULL, NULL), ST_OK);
	assert_int_equal(image.kind, IMAGE_X86_VMLINUX);
	assert_int_equal(image_check_type(&image, "elf-x86_64", NULL), ST_OK);
	assert_int_equal(image_check_type(&image, "vmlinux", NULL), ST_OK);
	assert_int_equal(image_check_type(&image, "elf-ppc64", NULL), ST_UNSUPPORTED);
	assert_int_equal(image.mem_size, 0x231000);
	assert_int_equal(image.data.size, 0x201800);
	assert_int_equal(image.data.data[0], 0x11);
	assert_int_equal(image.data.data[0x1000], 0);
	assert_int_equal(image.data.data[0x1fffff], 0);
	assert_int_equal(image.data.data[0x200000], 0x22);
	assert_int_equal(image.data.data[0x2017ff], 0x33);
	assert_int_equal(image.bzimage.entry, 0x201010);
	assert_int_equal(image.bzimage.pref_address, 0x1000000);
	assert_int_equal(image.bzimage.kernel_alignment, 0x200000);
	assert_int_equal(image.bzimage.init_size, 0x231000);
	assert_int_equal(image.bzimage.cmdline_size, 2047);
	assert_memory_equal(image.bzimage.header.data + 0x202 - 0x1f1, "HdrS\x0f\2", 6);
	assert_memory_equal(image.bzimage.header.data + 0x1fe - 0x1f1, "\x55\xaa\xeb\x6a", 4);
	assert_int_equal(image.bzimage.header.size, 0x26c - 0x1f1);
	image_done(&image);
	blob_done(&file);
}

static void x86_programs_are_refused(void **state)
{
	static const struct {
		unsigned int at;
		uint64_t value;
	} others[] = {
		{ 24, UINT64_C(0xffffffff81201010) },	   /* entered by a virtual address */
		{ 24, 0xfffff0 },			   /* in front of all */
		{ 24, 0x1201800 },			   /* in BSS */
		{ 64 + 16, UINT64_C(0xffffffff80000000) }, /* linked otherwise */
		{ 64 + 16, 0x400000 },			   /* not for the kernel's half */
		{ 64 + 24, 0x1231000 },			   /* not the first one */
	};
	struct blob file;

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		file = x86_vmlinux();
		store_le64(file.data + others[i].at, others[i].value);
		assert_unsupported(file, "an ELF program for x86_64 that is no Linux kernel", "");
	}
	file = x86_vmlinux();
	file.data[0x1200] = 'l';
	assert_unsupported(file, "an ELF program for x86_64 that is no Linux kernel", "");
	file = x86_vmlinux();
	store_le32(file.data + 64 + 56, 3); /* PT_INTERP */
	assert_unsupported(file, "an ELF program for x86_64 that is no Linux kernel", "");
	file = x86_vmlinux();
	file.size = 0x3400;
	assert_refused_blob(
		file, ST_BAD_INPUT, "image-truncated", "for x86_64 with 2048 bytes", "");
	file = x86_vmlinux();
	file.size = 128;
	assert_refused_blob(file, ST_BAD_INPUT, "image-truncated", "in its program headers", "");
	file = x86_vmlinux();
	for (unsigned int i = 0; i < 4; i++) {
		store_le64(file.data + 64 + 56 * i + 16, UINT64_C(0xffffffff81001000) + i * 0x1000);
		store_le64(file.data + 64 + 56 * i + 24, 0x1001000 + i * 0x1000);
	}
	store_le64(file.data + 24, 0x1001000);
	assert_refused_blob(file, ST_BAD_INPUT, "image-elf", "at a multiple of 2 MiB", "");
	file = x86_vmlinux();
	store_le64(file.data + 64 + 3 * 56 + 40, 0x40000000);
	assert_refused_blob(file, ST_BAD_INPUT, "image-elf", "larger than any kernel", "");
}

static void power_kernels_are_refused(void **state)
{
	struct blob file = power_vmlinux(1);

	(void)state;
	file.data[0x1000] = 0x60; /* a zImage begins in another way */
	assert_refused_blob(file, ST_UNSUPPORTED, "image-format-unsupported",
		"does not begin as Linux does", "vmlinux");
	file = power_vmlinux(1);
	store_le32(file.data + 64, 3); /* PT_INTERP */
	assert_unsupported(file, "that is no Linux kernel", "");
	file = power_vmlinux(2);
	file.size = 0x2400;
	assert_refused_blob(file, ST_BAD_INPUT, "image-truncated", "in a file of 9216 bytes", "");
	file = power_vmlinux(2);
	put_power_load(&file, 2, 0x14000, 0x2000, 0x1000, 0x800);
	assert_refused_blob(file, ST_BAD_INPUT, "image-elf", "more in the file than", "");
	file = power_vmlinux(2);
	put_power_load(&file, 2, UINT64_MAX - 4, 0x2000, 8, 8);
	assert_refused_blob(file, ST_BAD_INPUT, "image-elf", "behind the end", "");
	file = power_vmlinux(2);
	put_power_load(&file, 2, 0x40000000, 0x2000, 8, 8);
	assert_refused_blob(file, ST_BAD_INPUT, "image-elf", "larger than any kernel", "");
}

#define TEXT UINT64_C(0xffff800080000000)

static void put_load(struct blob *blob, unsigned int index, uint32_t type, uint64_t vaddr,
	uint64_t offset, uint64_t file_size, uint64_t memory_size)
{
	uint8_t *phdr = blob->data + 64 + (size_t)index * 56;

	store_le32(phdr, type);
	store_le64(phdr + 8, offset);
	store_le64(phdr + 16, vaddr);
	store_le64(phdr + 24, 0x1234); /* physical: of no use */
	store_le64(phdr + 32, file_size);
	store_le64(phdr + 40, memory_size);
}

/* A vmlinux of the image: a note, the first 5000 bytes, a hole, all from 8192 on, BSS. */
static struct blob vmlinux(struct blob image)
{
	struct blob blob = elf(1, 3, 183);

	blob_done(&blob);
	assert_int_equal(blob_zeroed(&blob, 4096 + image.size), ST_OK);
	memcpy(blob.data, "\177ELF\2\1", 6);
	store_le16(blob.data + 16, 3);
	store_le16(blob.data + 18, 183);
	store_le64(blob.data + 24, TEXT);
	store_le64(blob.data + 32, 64);
	store_le16(blob.data + 54, 56);
	store_le16(blob.data + 56, 3);
	put_load(&blob, 0, 4, 0, 0, 64, 64);
	put_load(&blob, 1, 1, TEXT + 8192, 4096 + 8192, image.size - 8192, 20000 - 8192);
	put_load(&blob, 2, 1, TEXT, 4096, 5000, 5000);
	memcpy(blob.data + 4096, image.data, image.size);
	blob_done(&image);
	return blob;
}

static void a_vmlinux_is_laid_out(void **state)
{
	struct blob wanted = image_file(10000, 0, 20000, 2);
	struct blob file = vmlinux(image_file(10000, 0, 20000, 2));
	struct report report = REPORT_INIT;
	struct err err = ERR_INIT;
	struct image image;

	(void)state;
	memset(wanted.data + 5000, 0, 8192 - 5000);
	if (describe(blob_span(&file), &image, &report, &err))
		fail_msg("%s", err.text);
	assert_int_equal(image.data.size, 10000);
	assert_memory_equal(image.data.data, wanted.data, 10000);
	assert_int_equal(image.mem_size, 20000);
	assert_string_equal(image.layers[0].name, "vmlinux");
	assert_int_equal(image.layers[0].size, 14096);
	assert_string_equal(image_type(&image), "vmlinux");
	assert_false(image.as_is);
	image_done(&image);
	report_done(&report);
	for (size_t size = 20; size < file.size; size += size < 64 + 3 * 56 ? 1 : 97)
		assert_refused((struct span){ file.data, size }, ST_BAD_INPUT, "image-truncated",
			"an ELF program for arm64", "");
	blob_done(&wanted);
	blob_done(&file);
}

/* Also where a hole elsewhere is larger. */
static void parts_of_a_vmlinux_do_not_overlap(void **state)
{
	struct blob file = vmlinux(image_file(10000, 0, 20000, 2));
	struct report report = REPORT_INIT;
	struct err err = ERR_INIT;
	struct image image;

	(void)state;
	put_load(&file, 0, 1, TEXT + 5000, 4096 + 5000, 1000, 1000);
	if (describe(blob_span(&file), &image, &report, &err))
		fail_msg("%s", err.text);
	image_done(&image);
	report_done(&report);
	put_load(&file, 0, 1, TEXT + 4999, 4096 + 4999, 1000, 1000);
	assert_refused_blob(file, ST_BAD_INPUT, "image-elf", "parts that lie over each other", "");
}

static void a_vmlinux_that_makes_no_sense(void **state)
{
	/* Offset of a 64-bit field, value, id, words. */
	static const struct {
		size_t at;
		uint64_t value;
		const char *id, *words;
	} cases[] = {
		{ 24, TEXT + 4096, "image-elf", "does not begin where it is entered" },
		{ 24, TEXT + 8192, "image-elf", "a part in front of its entry" },
		{ 24, TEXT - 4096, "image-format-unsupported", "that is no Linux kernel" },
		{ 64 + 2 * 56 + 8, 4096 + 64, "image-format-unsupported", "no Linux kernel" },
		{ 64 + 56 + 40, 20001 - 8192, "image-elf", "larger than its image_size" },
		{ 64 + 2 * 56 + 40, 8193, "image-elf", "parts that lie over each other" },
		{ 64 + 56 + 40, 100, "image-elf", "more in the file than in memory" },
		{ 64 + 56 + 40, UINT64_MAX, "image-elf", "behind the end of all addresses" },
		{ 64 + 56 + 16, UINT64_MAX - 10, "image-elf", "behind the end of all" },
		{ 64 + 56 + 8, UINT64_MAX, "image-truncated", "in a file of 14096 bytes" },
		{ 64 + 56 + 32, UINT64_MAX, "image-truncated", "in a file of 14096 bytes" },
		{ 32, UINT64_MAX, "image-truncated", "in its program headers" },
		{ 50, 0, "image-elf", "without program headers" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct blob file = vmlinux(image_file(10000, 0, 20000, 2));

		store_le64(file.data + cases[i].at, cases[i].value);
		assert_refused_blob(file,
			strcmp(cases[i].id, "image-format-unsupported") ? ST_BAD_INPUT
									: ST_UNSUPPORTED,
			cases[i].id, cases[i].words, "");
	}
}

/* --- EFI zboot ---------------------------------------------------------------------------- */

/* The wrapper as Makefile.zboot makes it, with a PE header of its own. Takes payload. */
static struct blob zboot(const char *codec, struct blob payload)
{
	struct blob blob = BLOB_INIT;

	assert_int_equal(blob_zeroed(&blob, 512), ST_OK);
	memcpy(blob.data, "MZ\0\0zimg", 8);
	store_le32(blob.data + 8, 512);
	store_le32(blob.data + 12, (uint32_t)payload.size);
	memcpy(blob.data + 24, codec, strlen(codec) < 32 ? strlen(codec) : 32);
	if (strlen(codec) < 32)
		store_le32(blob.data + 56, 0x818223cd);
	assert_int_equal(blob_append(&blob, payload.data, payload.size), ST_OK);
	assert_int_equal(blob_append(&blob, "\0\0\0\1", 4), ST_OK); /* size of what is packed */
	blob_done(&payload);
	return blob;
}

static void zboot_kernels_that_make_no_sense(void **state)
{
	struct blob file = zboot("zstd22", file_of("\x28\xb5\x2f\xfd", 4));

	(void)state;
	for (size_t size = 64; size < file.size - 4; size++)
		assert_refused((struct span){ file.data, size }, ST_BAD_INPUT, "image-truncated",
			"payload of 4 bytes at 512 lies outside", "");
	store_le32(file.data + 8, UINT32_MAX);
	store_le32(file.data + 12, UINT32_MAX);
	assert_refused_blob(file, ST_BAD_INPUT, "image-truncated", "lies outside the file", "");
	assert_refused_blob(zboot("brotli", file_of("x", 1)), ST_UNSUPPORTED, "codec-missing",
		"an EFI zboot kernel packed with \"brotli\"", "");
	/* A name without end, and with what a terminal would obey. */
	assert_refused_blob(zboot("\x1b[2J3456789012345678901234567890", file_of("x", 1)),
		ST_UNSUPPORTED, "codec-missing", "with \"?[2J3456789012345678901234567890", "");
}

/* Packed in a way that this build has no library for, by itself and inside of a wrapper. */
static void codecs_not_built_in_are_named(void **state)
{
	static const struct {
		const char *magic, *codec, *program;
	} missing[] = {
#ifndef HAVE_ZLIB
		{ "\x1f\x8b\x08 and so on", "gzip", "gzip -d" },
#endif
#ifndef HAVE_LZMA
		{ "\xfd"
		  "7zXZ",
			"xz", "xz -d" },
#endif
#ifndef HAVE_ZSTD
		{ "\x28\xb5\x2f\xfd and so on", "zstd", "zstd -d" },
#endif
#ifndef HAVE_LZ4
		{ "\x02\x21\x4c\x18 and so on", "lz4", "lz4 -d" },
#endif
#ifndef HAVE_LZO
		{ "\x89LZO\r\n and so on", "lzo", "lzop -d" },
#endif
		{ "BZh91AY", "bzip2", "bzip2 -d" },
	};
	static const char inside[] = "use the Image that is packed in there";

	(void)state;
	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
		struct blob file = file_of(missing[i].magic, strlen(missing[i].magic) + 1);
		char words[32];

		snprintf(words, sizeof(words), "%s data", missing[i].codec);
		if (strcmp(missing[i].codec, "bzip2") != 0)
			assert_refused_blob(zboot(missing[i].codec, file_of("x", 1)),
				ST_UNSUPPORTED, "codec-missing", words, inside);
		assert_refused_blob(
			file, ST_UNSUPPORTED, "codec-missing", words, missing[i].program);
	}
#ifndef HAVE_LZMA
	assert_refused_blob(zboot("lzma", file_of("x", 1)), ST_UNSUPPORTED, "codec-missing",
		"lzma data", inside);
#endif
}

#ifdef HAVE_ZLIB
static void a_zboot_kernel_is_unpacked(void **state)
{
	struct blob plain = image_file(9000, 0, 30000, 2);
	struct blob padded = image_file(9000, 0, 30000, 2);
	struct blob file;
	struct report report = REPORT_INIT;
	struct err err = ERR_INIT;
	struct image image;

	(void)state;
	/* Filled up with zeros, as the kernel does it, behind an end that the PE header tells. */
	add_pe(&plain, 0xaa64, ".text", ".data", 9000);
	add_pe(&padded, 0xaa64, ".text", ".data", 9000);
	while (padded.size < 30000)
		assert_int_equal(blob_append(&padded, "", 1), ST_OK);
	file = gzip(zboot("gzip", gzip(padded)));
	if (describe(blob_span(&file), &image, &report, &err))
		fail_msg("%s", err.text);
	assert_int_equal(image.data.size, 9000);
	assert_memory_equal(image.data.data, plain.data, 9000);
	assert_int_equal(image.mem_size, 30000);
	assert_int_equal(image.layers_count, 3);
	assert_string_equal(image_type(&image), "vmlinuz");
	assert_int_equal(image.layers[2].size, 30000);
	assert_int_equal(report.count, 2);
	assert_string_equal(report.entries[1].text, "vmlinuz: EFI zboot (gzip) taken off");
	image_done(&image);
	report_done(&report);
	blob_done(&file);
	blob_done(&plain);

	assert_refused_blob(zboot("gzip", gzip(zboot("gzip", gzip(image_file(1000, 0, 1000, 0))))),
		ST_UNSUPPORTED, "image-packed-too-often",
		"inside EFI zboot (gzip): EFI zboot (gzip), of which this program takes off no "
		"more than 1",
		"");
	assert_refused_blob(zboot("gzip", file_of("\x1f\x8b\x08", 3)), ST_BAD_INPUT,
		"compressed-truncated", "inside EFI zboot (gzip): gzip data ends", "");
	file = zboot("gzip", gzip(image_file(1000, 0, 1000, 0)));
	add_pe(&file, 0x5064, ".text", ".data", 0x510);
	memcpy(file.data + 2, "\0\0zimg", 6);
	assert_unsupported(file, "an EFI zboot kernel for riscv64", "");
}
#endif

/* --- uImage ------------------------------------------------------------------------------- */

static void seal_uimage(struct blob *blob)
{
	store_be32(blob->data + 4, 0);
	store_be32(blob->data + 4, crc32_of((struct span){ blob->data, 64 }));
}

/* Takes data. */
static struct blob uimage(unsigned int packing, struct blob data)
{
	struct blob blob = BLOB_INIT;

	assert_int_equal(blob_zeroed(&blob, 64), ST_OK);
	memcpy(blob.data, "\x27\x05\x19\x56", 4);
	store_be32(blob.data + 12, (uint32_t)data.size);
	store_be32(blob.data + 24, crc32_of(blob_span(&data)));
	memcpy(blob.data + 28, "\x05\x16\x02", 3);
	blob.data[31] = (uint8_t)packing;
	memcpy(blob.data + 32, "Linux-6.1", 9);
	seal_uimage(&blob);
	assert_int_equal(blob_append(&blob, data.data, data.size), ST_OK);
	blob_done(&data);
	return blob;
}

/* Kernel, RAM disk and tree, in that order. */
static void a_uimage_may_hold_several_files(void **state)
{
	struct blob data = BLOB_INIT, kernel = image_file(1001, 0, 2000, 0), file;
	struct image image;

	(void)state;
	assert_int_equal(blob_zeroed(&data, 16), ST_OK);
	store_be32(data.data, 1001);
	store_be32(data.data + 4, 6);
	store_be32(data.data + 8, 3);
	data = followed_by(data, kernel.data, kernel.size);
	data = followed_by(data,
		"\0\0\0"
		"070701\0\0"
		"dtb",
		14);
	file = uimage(0, data);
	file.data[30] = 4;
	seal_uimage(&file);
	assert_int_equal(describe(blob_span(&file), &image, NULL, NULL), ST_OK);
	assert_int_equal(image.data.size, 1001);
	assert_memory_equal(image.data.data, kernel.data, 1001);
	assert_string_equal(image.parts_of, "uImage");
	assert_int_equal(image.parts_count, 3);
	assert_memory_equal(image_part(&image, ".initrd")->bytes.data, "070701", 6);
	assert_memory_equal(image_part(&image, ".dtbauto")->bytes.data, "dtb", 3);
	image_done(&image);
	blob_done(&file);

	/* A list that does not end, one that is empty, and a file outside. */
	data = (struct blob)BLOB_INIT;
	assert_int_equal(blob_zeroed(&data, 100), ST_OK);
	memset(data.data, 1, 100);
	file = uimage(0, data);
	file.data[30] = 4;
	seal_uimage(&file);
	assert_refused_blob(file, ST_BAD_INPUT, "image-truncated", "sizes does not end", "");
	data = (struct blob)BLOB_INIT;
	assert_int_equal(blob_zeroed(&data, 100), ST_OK);
	file = uimage(0, data);
	file.data[30] = 4;
	seal_uimage(&file);
	assert_refused_blob(file, ST_BAD_INPUT, "image-truncated", "without any", "");
	data = (struct blob)BLOB_INIT;
	assert_int_equal(blob_zeroed(&data, 100), ST_OK);
	store_be32(data.data, 93);
	file = uimage(0, data);
	file.data[30] = 4;
	seal_uimage(&file);
	assert_refused_blob(file, ST_BAD_INPUT, "image-truncated", "number 0 lies outside", "");
	blob_done(&kernel);
}

static void a_uimage_is_taken_off(void **state)
{
	struct blob plain = image_file(1000, 0, 2000, 0);
	struct blob file = uimage(0, image_file(1000, 0, 2000, 0));
	struct err err = ERR_INIT;
	struct image image;

	(void)state;
	if (describe(blob_span(&file), &image, NULL, &err))
		fail_msg("%s", err.text);
	assert_int_equal(image.data.size, 1000);
	assert_memory_equal(image.data.data, plain.data, 1000);
	assert_string_equal(image_type(&image), "uImage");
	assert_false(image.as_is);
	image_done(&image);
	for (size_t size = 64; size < file.size; size++)
		assert_refused((struct span){ file.data, size }, ST_BAD_INPUT, "image-truncated",
			"of its 1000 bytes", "");
	/* Every bit of header and data counts. */
	for (size_t at = 4; at < file.size; at += at < 64 ? 1 : 89) {
		file.data[at] ^= 0x10;
		assert_refused(blob_span(&file), ST_BAD_INPUT, "uimage-crc", "its CRC is 0x", "");
		file.data[at] ^= 0x10;
	}
	/* Type kernel_noload is one too; other types, CPUs and systems are not. */
	file.data[30] = 14;
	seal_uimage(&file);
	assert_int_equal(describe(blob_span(&file), &image, NULL, &err), ST_OK);
	image_done(&image);
	file.data[30] = 5;
	seal_uimage(&file);
	assert_refused(blob_span(&file), ST_UNSUPPORTED, "image-format-unsupported",
		"of type 5 (firmware), which is no kernel", "dumpimage");
	file.data[30] = 3;
	seal_uimage(&file);
	assert_refused(blob_span(&file), ST_UNSUPPORTED, "image-format-unsupported",
		"of type 3 (ramdisk), which is no kernel", "--initrd=vmlinuz");
	file.data[30] = 2;
	file.data[29] = 2;
	seal_uimage(&file);
	assert_refused(blob_span(&file), ST_UNSUPPORTED, "image-format-unsupported",
		"for CPU type 2, and arm64 is 22", "");
	file.data[29] = 22;
	file.data[28] = 17;
	seal_uimage(&file);
	assert_refused(blob_span(&file), ST_UNSUPPORTED, "image-format-unsupported",
		"for system type 17, and Linux is 5", "");
	blob_done(&file);
	blob_done(&plain);
#ifdef HAVE_ZLIB
	file = uimage(1, gzip(image_file(1000, 0, 2000, 0)));
	assert_int_equal(describe(blob_span(&file), &image, NULL, &err), ST_OK);
	assert_int_equal(image.codec, CODEC_GZIP);
	image_done(&image);
	blob_done(&file);
#endif
	assert_refused_blob(uimage(2, file_of("BZh", 3)), ST_UNSUPPORTED, "codec-missing",
		"inside uImage (bzip2): bzip2 data", "use the Image that is packed in there");
	assert_refused_blob(uimage(7, file_of("x", 1)), ST_UNSUPPORTED, "codec-missing",
		"packed in a way (7)", "");
}

/* --- UKI ---------------------------------------------------------------------------------- */

struct part {
	const char *name;
	const void *bytes;
	size_t size;
};

/* A PE file of these sections, the last one with an empty name behind it. */
static struct blob uki(unsigned int machine, const struct part *parts)
{
	struct blob blob = BLOB_INIT;
	uint16_t count = 0;

	while (parts[count].name)
		count++;
	assert_int_equal(blob_zeroed(&blob, 64 + 24 + 160 + (size_t)count * 40), ST_OK);
	memcpy(blob.data, "MZ", 2);
	store_le32(blob.data + 60, 64);
	memcpy(blob.data + 64, "PE\0\0", 4);
	store_le16(blob.data + 64 + 4, (uint16_t)machine);
	store_le16(blob.data + 64 + 6, count);
	store_le16(blob.data + 64 + 20, 160);
	for (uint16_t i = 0; i < count; i++) {
		uint8_t *section = blob.data + 64 + 24 + 160 + (size_t)i * 40;
		uint32_t padding = (uint32_t)-parts[i].size & 511;

		strncpy((char *)section, parts[i].name, 8);
		store_le32(section + 8, (uint32_t)parts[i].size);
		store_le32(section + 16, (uint32_t)parts[i].size + padding);
		store_le32(section + 20, (uint32_t)blob.size);
		assert_int_equal(blob_append(&blob, parts[i].bytes, parts[i].size), ST_OK);
		for (uint32_t n = 0; n < padding; n++)
			assert_int_equal(blob_append(&blob, "", 1), ST_OK);
	}
	return blob;
}

static void assert_part(const struct image *image, const char *name, const char *wanted)
{
	const struct image_part *part = image_part(image, name);

	assert_non_null(part);
	assert_int_equal(part->bytes.size, strlen(wanted));
	assert_memory_equal(part->bytes.data, wanted, strlen(wanted));
}

static void a_uki_has_parts(void **state)
{
	struct blob kernel = image_file(5000, 0, 6000, 2);
	const struct part parts[] = { { ".text", "stub", 4 }, { ".osrel", "ID=test\n", 8 },
		{ ".cmdline", "quiet", 5 }, { ".linux", kernel.data, kernel.size },
		{ ".initrd", "070701", 6 }, { ".dtbauto", "one", 3 }, { ".dtbauto", "two", 3 },
		{ NULL, NULL, 0 } };
	struct blob file = uki(0xaa64, parts);
	struct report report = REPORT_INIT;
	struct err err = ERR_INIT;
	struct image image;

	(void)state;
	if (describe(blob_span(&file), &image, &report, &err))
		fail_msg("%s", err.text);
	assert_int_equal(image.data.size, 5000);
	assert_memory_equal(image.data.data, kernel.data, 5000);
	assert_int_equal(image.parts_count, 6);
	assert_part(&image, ".cmdline", "quiet");
	assert_part(&image, ".initrd", "070701");
	assert_part(&image, ".dtbauto", "one");
	assert_string_equal(image.parts[5].name, ".dtbauto");
	assert_null(image_part(&image, ".text"));
	assert_null(image_part(&image, ".dtb"));
	assert_string_equal(image_type(&image), "uki");
	assert_false(image.as_is);
	assert_string_equal(report.entries[0].text, "vmlinuz: UKI taken off");
	image_done(&image);
	report_done(&report);
	for (size_t size = 64 + 24 + 160 + 7 * 40; size < file.size - 511; size += 7)
		assert_refused((struct span){ file.data, size }, ST_BAD_INPUT, "image-truncated",
			"a UKI whose section", "");
	blob_done(&file);
	/* For which CPU it is, the kernel inside says. */
	file = uki(0x8664, parts);
	if (describe(blob_span(&file), &image, &report, &err))
		fail_msg("%s", err.text);
	assert_int_equal(image.kind, IMAGE_ARM64);
	image_done(&image);
	report_done(&report);
	blob_done(&file);
	blob_done(&kernel);
}

#ifdef HAVE_ZLIB
/* The parts stay when the kernel is unpacked from one of them, and when all of it was packed. */
static void a_uki_may_hold_another_wrapper(void **state)
{
	struct blob kernel = zboot("gzip", gzip(image_file(5000, 0, 6000, 2)));
	const struct part parts[] = { { ".linux", kernel.data, kernel.size },
		{ ".cmdline", "quiet", 5 }, { NULL, NULL, 0 } };
	struct blob file = gzip(uki(0xaa64, parts));
	struct err err = ERR_INIT;
	struct image image;

	(void)state;
	if (describe(blob_span(&file), &image, NULL, &err))
		fail_msg("%s", err.text);
	assert_int_equal(image.layers_count, 4);
	assert_string_equal(image_type(&image), "uki");
	assert_part(&image, ".cmdline", "quiet");
	assert_int_equal(image.data.size, 5000);
	image_done(&image);
	blob_done(&file);
	blob_done(&kernel);
}
#endif

static void a_uki_of_several_profiles_is_its_first(void **state)
{
	struct blob kernel = image_file(500, 0, 600, 2);
	const struct part parts[] = { { ".linux", kernel.data, kernel.size },
		{ ".cmdline", "base", 4 }, { ".osrel", "ID=x", 4 }, { ".profile", "ID=a", 4 },
		{ ".cmdline", "first", 5 }, { ".profile", "ID=b", 4 }, { ".cmdline", "second", 6 },
		{ ".initrd", "no", 2 }, { NULL, NULL, 0 } };
	struct blob file = uki(0xaa64, parts);
	struct blob inner = uki(0xaa64, parts);
	const struct part outer[] = { { ".linux", inner.data, inner.size }, { NULL, NULL, 0 } };
	struct err err = ERR_INIT;
	struct image image;

	(void)state;
	if (describe(blob_span(&file), &image, NULL, &err))
		fail_msg("%s", err.text);
	assert_int_equal(image.parts_count, 3);
	assert_part(&image, ".cmdline", "first");
	assert_part(&image, ".osrel", "ID=x");
	assert_null(image_part(&image, ".initrd"));
	image_done(&image);
	blob_done(&file);
	assert_unsupported(uki(0xaa64, outer), "of kind UKI inside one of kind UKI", "");
	blob_done(&inner);
	blob_done(&kernel);
}

/* As many sections as fit in a header, half of them in the profile over the other half. */
static void a_uki_of_very_many_sections(void **state)
{
	enum { COUNT = 65000 };
	struct blob kernel = image_file(500, 0, 600, 2);
	struct part *parts = calloc(COUNT + 1, sizeof(*parts));
	struct err err = ERR_INIT;
	struct image image;
	struct blob file;
	clock_t begin;

	(void)state;
	assert_non_null(parts);
	for (size_t i = 0; i < COUNT; i++)
		parts[i].name = i < COUNT / 2 ? ".dtbauto" : ".text";
	parts[COUNT / 2].name = ".profile";
	parts[COUNT - 1] = (struct part){ ".linux", kernel.data, kernel.size };
	file = uki(0xaa64, parts);
	begin = clock();
	if (describe(blob_span(&file), &image, NULL, &err))
		fail_msg("%s", err.text);
	assert_true(clock() - begin < 10 * CLOCKS_PER_SEC); /* each with each takes a minute */
	assert_int_equal(image.parts_count, COUNT / 2 + 1);
	image_done(&image);
	/* The same bytes again and again. */
	for (size_t i = 0; i < COUNT / 2; i++) {
		store_le32(file.data + 64 + 24 + 160 + i * 40 + 8, 1 << 20);
		store_le32(file.data + 64 + 24 + 160 + i * 40 + 16, 1 << 20);
		store_le32(file.data + 64 + 24 + 160 + i * 40 + 20, 0);
	}
	assert_refused_blob(file, ST_BAD_INPUT, "uki-parts", "bytes of sections in a file of", "");
	free(parts);
	blob_done(&kernel);
}

static void types_are_checked(void **state)
{
	static const struct {
		const char *type, *why;
	} gone[] = {
		{ "beoboot-x86", "nothing makes beoboot" },
		{ "nbi-x86", "for Etherboot any more" },
		{ "elf-x86", "a 32-bit kernel" },
	};
	struct blob file = uimage(0, image_file(1000, 0, 2000, 0));
	struct err err = ERR_INIT;
	struct image image;

	(void)state;
	assert_int_equal(describe(blob_span(&file), &image, NULL, &err), ST_OK);
	assert_int_equal(image_check_type(&image, "uImage", &err), ST_OK);
	assert_int_equal(image_check_type(&image, "Image", &err), ST_UNSUPPORTED);
	assert_string_equal(err.text, "Wrong file type Image, file matches type uImage");
	assert_string_equal(err.id, "image-type-wrong");
	assert_int_equal(image_check_type(&image, "foo", &err), ST_BAD_INPUT);
	assert_string_equal(err.text, "Unsupported kernel type foo");
	assert_string_equal(err.id, "image-type-unknown");
	assert_non_null(strstr(err.hint, "the types are bzImage64"));
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		assert_int_equal(image_check_type(&image, gone[i].type, &err), ST_BAD_INPUT);
		assert_string_equal(err.id, "image-type-unknown");
		assert_non_null(strstr(err.hint, gone[i].why));
	}
	image_done(&image);
	blob_done(&file);
}

/* --- other formats ----------------------------------------------------------------------- */

static struct blob pe(unsigned int machine, const char *second)
{
	struct blob blob = BLOB_INIT;

	assert_int_equal(blob_zeroed(&blob, 0x600), ST_OK);
	add_pe(&blob, machine, ".osrel", second, 0x600);
	return blob;
}

static void efi_programs_are_named(void **state)
{
	struct blob file = pe(0xaa64, ".linuxes");

	(void)state;
	assert_refused((struct span){ file.data, 327 }, ST_BAD_INPUT, "image-truncated",
		"ends in its headers, after 327 bytes", "");
	assert_refused((struct span){ file.data, 68 }, ST_BAD_INPUT, "image-truncated",
		"ends in its headers, after 68 bytes", "");
	assert_refused((struct span){ file.data, 67 }, ST_NOT_MINE, "image-format-unknown",
		"begins with 4d 5a 00 00", "");
	assert_unsupported(file, "an EFI (PE) program for arm64 that is no Linux", "");
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
	memcpy(bytes, "\xd0\x0d\xfe\xed", 4);
	assert_unsupported(file_of(bytes, 100), "a device tree blob", "--dtb=vmlinuz");
	memcpy(bytes + 50, "\0\0\0\1images", 11);
	assert_unsupported(file_of(bytes, 100), "a U-Boot FIT image", "dumpimage");
	memset(bytes, 0, sizeof(bytes));

	memcpy(bytes + 0x202, "HdrS", 4);
	assert_unsupported(file_of(bytes, sizeof(bytes)), "an x86 kernel (bzImage)",
		"the CPU of this machine");
	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes + 56, "RSC\x05", 4);
	assert_unsupported(file_of(bytes, 64), "a RISC-V kernel", "the CPU of this machine");
	memset(bytes, 0, sizeof(bytes));
	store_le32(bytes + 36, 0x016f2818);
	assert_unsupported(
		file_of(bytes, 64), "a 32-bit ARM kernel (zImage)", "the CPU of this machine");

	assert_unsupported(
		file_of("070702", 6), "a cpio archive, as an initrd is", "--initrd=vmlinuz");
}

static void unknown_bytes_are_shown(void **state)
{
	uint8_t bytes[64] = { 0x23, 0x22, 0x2f, 0xff };

	(void)state;
	assert_refused((struct span){ bytes, 64 }, ST_NOT_MINE, "image-format-unknown",
		"no known kernel format (it begins with 23 22 2f ff); a kernel is", "");
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
	assert_string_equal(pe_machine_name(0x8664), "x86_64");
	assert_string_equal(pe_machine_name(1), "an unknown CPU");
	/* Certificates stand behind everything else, and their place counts in the file. */
	store_le16(file.data + 64 + 24, 0x20b);
	store_le32(file.data + 64 + 24 + 108, 5);
	store_le32(file.data + 64 + 24 + 144, 0x700);
	store_le32(file.data + 64 + 24 + 148, 0x80);
	store_le32(file.data + 64 + 24 + 160 + 16, 0x10);
	assert_int_equal(pe_parse(blob_span(&file), &view), ST_OK);
	assert_true(pe_file_end(&view) >= 0x780);
	store_le32(file.data + 64 + 24 + 108, 4);
	assert_int_equal(pe_parse(blob_span(&file), &view), ST_OK);
	assert_int_equal(view.signature_end, 0);
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

#ifdef HAVE_ZLIB
/* What is not made anew stays in bytes that are lent. */
static void lent_bytes_are_kept_or_not_needed(void **state)
{
	struct blob plain = image_file(100000, 0, 200000, 2);
	struct blob packed = gzip(image_file(100000, 0, 200000, 2));
	struct image image;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(
		image_describe_span(blob_span(&plain), "Image", &image, NULL, &err), ST_OK);
	assert_ptr_equal(image.data.data, plain.data);
	assert_true(image_is_in(&image, blob_span(&plain)));
	assert_null(image.memory.data);
	image_done(&image);
	assert_int_equal(
		image_describe_span(blob_span(&packed), "Image.gz", &image, NULL, &err), ST_OK);
	assert_false(image_is_in(&image, blob_span(&packed)));
	blob_done(&packed);
	assert_int_equal(image.data.size, plain.size);
	assert_memory_equal(image.data.data, plain.data, plain.size);
	image_done(&image);
	assert_int_equal(
		image_describe_span((struct span){ plain.data, 10 }, "cut", &image, NULL, &err),
		ST_BAD_INPUT);
	blob_done(&plain);
}
#endif

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
		cmocka_unit_test(lent_bytes_are_kept_or_not_needed),
		cmocka_unit_test(packed_images_are_unpacked),
		cmocka_unit_test(what_follows_a_packed_kernel_is_named),
		cmocka_unit_test(packed_others_are_named_too),
#endif
		cmocka_unit_test(codecs_not_built_in_are_named),
		cmocka_unit_test(lzma_is_not_seen_everywhere),
		cmocka_unit_test(elf_files_are_named),
		cmocka_unit_test(a_vmlinux_is_laid_out),
		cmocka_unit_test(parts_of_a_vmlinux_do_not_overlap),
		cmocka_unit_test(a_vmlinux_that_makes_no_sense),
		cmocka_unit_test(zboot_kernels_that_make_no_sense),
#ifdef HAVE_ZLIB
		cmocka_unit_test(a_zboot_kernel_is_unpacked),
		cmocka_unit_test(a_uki_may_hold_another_wrapper),
#endif
		cmocka_unit_test(a_uimage_is_taken_off),
		cmocka_unit_test(a_uimage_may_hold_several_files),
		cmocka_unit_test(a_uki_has_parts),
		cmocka_unit_test(a_uki_of_several_profiles_is_its_first),
		cmocka_unit_test(a_uki_of_very_many_sections),
		cmocka_unit_test(power_kernels_are_laid_out),
		cmocka_unit_test(what_nothing_makes_any_more_is_named),
		cmocka_unit_test(x86_vmlinux_is_laid_out),
		cmocka_unit_test(x86_programs_are_refused),
		cmocka_unit_test(power_kernels_are_refused),
		cmocka_unit_test(types_are_checked),
		cmocka_unit_test(efi_programs_are_named),
		cmocka_unit_test(other_files_are_named),
		cmocka_unit_test(unknown_bytes_are_shown),
		cmocka_unit_test(pe_sections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
