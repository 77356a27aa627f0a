// SPDX-License-Identifier: GPL-2.0-only
/* Android's boot images, made here by the facts of their headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kexec/image/android.h"
#include "kexec/image/image.h"

#define KERNEL_SIZE 1000u

/* What goes into an image; a part of size 0 is left out. */
struct parts {
	uint32_t version, page;
	const char *line, *more;
	struct span kernel, ramdisk, second, overlay, trees;
};

static struct span text_span(const char *text)
{
	return (struct span){ (const uint8_t *)text, text ? strlen(text) : 0 };
}

static void add(struct blob *file, struct span part, uint32_t page)
{
	static const uint8_t zeros[65536];

	if (part.size)
		assert_int_equal(blob_append(file, part.data, part.size), ST_OK);
	assert_int_equal(blob_append(file, zeros, (page - file->size % page) % page), ST_OK);
}

static void put_text(struct blob *file, size_t at, const char *text)
{
	if (text)
		memcpy(file->data + at, text, strlen(text));
}

static struct blob boot(const struct parts *parts)
{
	bool paged = parts->version < 3;
	uint32_t page = paged ? parts->page : 4096;
	struct blob file = BLOB_INIT;
	uint8_t *head;

	assert_int_equal(blob_zeroed(&file, page), ST_OK);
	head = file.data;
	memcpy(head, "ANDROID!", 8);
	store_le32(head + 8, (uint32_t)parts->kernel.size);
	store_le32(head + (paged ? 16 : 12), (uint32_t)parts->ramdisk.size);
	store_le32(head + 40, parts->version);
	put_text(&file, paged ? 64 : 44, parts->line);
	if (paged) {
		store_le32(head + 24, (uint32_t)parts->second.size);
		store_le32(head + 36, page);
		put_text(&file, 608, parts->more);
	}
	if (parts->version == 1 || parts->version == 2)
		store_le32(head + 1632, (uint32_t)parts->overlay.size);
	if (parts->version == 2)
		store_le32(head + 1648, (uint32_t)parts->trees.size);
	add(&file, parts->kernel, page);
	add(&file, parts->ramdisk, page);
	if (paged)
		add(&file, parts->second, page);
	if (parts->version == 1 || parts->version == 2)
		add(&file, parts->overlay, page);
	if (parts->version == 2)
		add(&file, parts->trees, page);
	return file;
}

static struct blob vendor_boot(uint32_t version, uint32_t page, struct span ramdisk)
{
	struct blob file = BLOB_INIT;

	/* The header has 2112 bytes. */
	assert_int_equal(blob_zeroed(&file, page < 4096 ? 4096 : page), ST_OK);
	memcpy(file.data, "VNDRBOOT", 8);
	store_le32(file.data + 8, version);
	store_le32(file.data + 12, page);
	store_le32(file.data + 24, (uint32_t)ramdisk.size);
	put_text(&file, 28, "vendor=1");
	store_le32(file.data + 2100, 5);
	add(&file, ramdisk, page);
	add(&file, text_span("trees"), page);
	return file;
}

static const uint8_t *kernel_bytes(void)
{
	static uint8_t kernel[KERNEL_SIZE];

	for (size_t i = 64; i < sizeof(kernel); i++)
		kernel[i] = (uint8_t)(i * 7);
	store_le64(kernel + 16, 2000);
	memcpy(kernel + 56, "ARM\x64", 4);
	return kernel;
}

static struct span kernel_span(void)
{
	return (struct span){ kernel_bytes(), KERNEL_SIZE };
}

static int describe(struct span bytes, struct image *ret, struct report *report, struct err *err)
{
	struct blob file = BLOB_INIT;

	assert_int_equal(blob_append(&file, bytes.data, bytes.size), ST_OK);
	blob_trim(&file);
	return image_describe(&file, "boot.img", ret, report, err);
}

static void assert_part(const struct image *image, const char *name, struct span wanted)
{
	const struct image_part *part = image_part(image, name);

	if (!wanted.size) {
		assert_null(part);
		return;
	}
	assert_non_null(part);
	assert_int_equal(part->bytes.size, wanted.size);
	assert_memory_equal(part->bytes.data, wanted.data, wanted.size);
}

/* --- boot --------------------------------------------------------------------------------- */

static void assert_well(const struct parts *parts, const char *line)
{
	struct blob file = boot(parts);
	struct err err = ERR_INIT;
	struct image image;

	if (describe(blob_span(&file), &image, NULL, &err))
		fail_msg("version %u: %s", parts->version, err.text);
	assert_string_equal(image_type(&image), "android");
	assert_string_equal(image.parts_of, "Android boot image");
	assert_false(image.as_is);
	assert_int_equal(image.data.size, KERNEL_SIZE);
	assert_memory_equal(image.data.data, kernel_bytes(), KERNEL_SIZE);
	assert_int_equal(image.lacks_vendor, parts->version >= 3);
	assert_part(&image, ".cmdline", text_span(line));
	assert_part(&image, ".initrd", parts->ramdisk);
	image_done(&image);
	blob_done(&file);
}

static void every_version_is_read(void **state)
{
	(void)state;
	for (uint32_t version = 0; version <= 4; version++) {
		for (uint32_t page = 2048; page <= 65536; page *= 2) {
			struct parts parts = { .version = version,
				.page = page,
				.line = "quiet",
				.kernel = kernel_span(),
				.ramdisk = text_span("070701"),
				.second = text_span("second"),
				.overlay = text_span("overlay"),
				.trees = text_span("no tree") };

			assert_well(&parts, "quiet");
			parts.ramdisk.size = 0;
			parts.line = NULL;
			assert_well(&parts, NULL);
		}
	}
}

/* mkbootimg cuts a long one in two, where the first field ends; whether it fills that or ends it
 * with a NUL differs by its age. */
static void a_command_line_goes_on(void **state)
{
	struct parts parts = { .version = 0, .page = 2048, .kernel = kernel_span() };
	char line[513], whole[1536 + 1];

	(void)state;
	for (size_t size = 511; size <= 512; size++) {
		memset(line, 'a', size);
		line[size] = '\0';
		parts.line = line;
		parts.more = "bc d";
		snprintf(whole, sizeof(whole), "%s%s", line, parts.more);
		assert_well(&parts, whole);
	}
	memset(whole, 'w', 1536);
	whole[1536] = '\0';
	parts = (struct parts){ .version = 3, .line = whole, .kernel = kernel_span() };
	assert_well(&parts, whole);
}

/* A boot loader takes the one for its board, and finds it among several. */
static void trees_are_told_apart(void **state)
{
	static const uint8_t trees[] = "\xd0\x0d\xfe\xed\0\0\0\x0ctwo1"
				       "\xd0\x0d\xfe\xed\0\0\0\x0dthree"
				       "\xd0\x0d\xfe\xed\0\0\0\xff outside";
	struct parts parts = { .version = 2,
		.page = 2048,
		.kernel = kernel_span(),
		.trees = { trees, sizeof(trees) - 1 } };
	struct blob file = boot(&parts);
	struct image image;

	(void)state;
	assert_int_equal(describe(blob_span(&file), &image, NULL, NULL), ST_OK);
	assert_int_equal(image.parts_count, 3);
	assert_string_equal(image.parts[1].name, ".dtbauto");
	assert_int_equal(image.parts[1].bytes.size, 12);
	assert_string_equal(image.parts[2].name, ".dtbauto");
	assert_int_equal(image.parts[2].bytes.size, 13);
	image_done(&image);
	blob_done(&file);
}

/* Before versions, the size of a table stood in that field. */
static void an_old_table_of_trees_is_no_version(void **state)
{
	struct parts parts = { .version = 0, .page = 2048, .kernel = kernel_span() };
	struct blob file = boot(&parts);
	struct image image;

	(void)state;
	store_le32(file.data + 40, 2048 + 12345);
	assert_int_equal(describe(blob_span(&file), &image, NULL, NULL), ST_OK);
	image_done(&image);
	blob_done(&file);
}

static void makers_headers_are_taken_off(void **state)
{
	struct parts parts = { .version = 0, .page = 2048 };
	uint8_t kernel[512 + KERNEL_SIZE] = "\x88\x16\x88\x58";
	uint8_t ramdisk[512 + 6] = "\x88\x16\x88\x58\6";

	(void)state;
	store_le32(kernel + 4, KERNEL_SIZE);
	memcpy(kernel + 512, kernel_bytes(), KERNEL_SIZE);
	memcpy(ramdisk + 512, "070701", 6);
	for (int i = 0; i < 2; i++) {
		struct blob file;
		struct image image;

		parts.kernel = (struct span){ kernel, (i ? 20 : 512) + KERNEL_SIZE };
		parts.ramdisk = (struct span){ ramdisk, sizeof(ramdisk) };
		if (i) {
			memcpy(kernel, "UNCOMPRESSED_IMG", 16);
			store_le32(kernel + 16, KERNEL_SIZE);
			memcpy(kernel + 20, kernel_bytes(), KERNEL_SIZE);
		}
		file = boot(&parts);
		assert_int_equal(describe(blob_span(&file), &image, NULL, NULL), ST_OK);
		assert_int_equal(image.data.size, KERNEL_SIZE);
		assert_part(&image, ".initrd", text_span("070701"));
		image_done(&image);
		blob_done(&file);
	}
}

/* --- what is refused ---------------------------------------------------------------------- */

static void assert_refused(
	struct span bytes, int status, const char *id, const char *words, const char *hint)
{
	struct err err = ERR_INIT;
	struct image image;

	assert_int_equal(describe(bytes, &image, NULL, &err), status);
	assert_string_equal(err.id, id);
	if (!strstr(err.text, words) || !strstr(err.hint, hint))
		fail_msg("\"%s\" hint \"%s\", wanted \"%s\" hint \"%s\"", err.text, err.hint, words,
			hint);
}

static void every_cut_is_told(void **state)
{
	for (uint32_t version = 0; version <= 4; version++) {
		struct parts parts = { .version = version,
			.page = 2048,
			.kernel = kernel_span(),
			.ramdisk = text_span("070701"),
			.overlay = text_span("overlay"),
			.trees = text_span("no tree") };
		struct blob file = boot(&parts);
		size_t last = version == 2 ? 7 : version == 1 ? 7 : 6;
		size_t page = version < 3 ? 2048 : 4096;

		(void)state;
		for (size_t size = 8; size < file.size - page + last; size += size < 1700 ? 1 : 97)
			assert_refused((struct span){ file.data, size }, ST_BAD_INPUT,
				"image-truncated", "this is an Android boot image", "");
		blob_done(&file);
	}
}

static void headers_that_make_no_sense(void **state)
{
	struct parts parts = { .version = 0, .page = 2048, .kernel = kernel_span() };
	static const uint32_t pages[] = { 0, 1024, 2047, 3000, 1 << 21, UINT32_MAX };
	struct blob file = boot(&parts);

	(void)state;
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		store_le32(file.data + 36, pages[i]);
		assert_refused(
			blob_span(&file), ST_BAD_INPUT, "android-page-size", "a power of two", "");
	}
	store_le32(file.data + 36, 2048);
	store_le32(file.data + 40, 5);
	assert_refused(blob_span(&file), ST_UNSUPPORTED, "image-format-unsupported",
		"header of version 5, 0 to 4 are known", "");
	store_le32(file.data + 40, 0);
	store_le32(file.data + 8, UINT32_MAX);
	assert_refused(blob_span(&file), ST_BAD_INPUT, "image-truncated",
		"whose kernel, 4294967295 bytes at 2048, lies outside", "");
	blob_done(&file);
}

static void images_without_kernel_are_named(void **state)
{
	struct parts parts = { .version = 4, .ramdisk = text_span("070701") };
	struct blob file = boot(&parts);

	(void)state;
	assert_refused(blob_span(&file), ST_UNSUPPORTED, "image-format-unsupported",
		"an Android init_boot image (header version 4), which has no kernel",
		"--initrd=boot.img");
	blob_done(&file);
	for (uint32_t version = 3; version <= 4; version++) {
		file = vendor_boot(version, 4096, text_span("070701"));
		assert_refused(blob_span(&file), ST_UNSUPPORTED, "image-format-unsupported",
			"an Android vendor_boot image", "--initrd=boot.img");
		blob_done(&file);
	}
	file = vendor_boot(5, 4096, text_span("070701"));
	assert_refused(blob_span(&file), ST_UNSUPPORTED, "image-format-unsupported",
		"version 5, 3 and 4 are known", "");
	blob_done(&file);
}

static void a_vendor_boot_is_read(void **state)
{
	(void)state;
	for (uint32_t version = 3; version <= 4; version++) {
		for (uint32_t page = 2048; page <= 16384; page *= 2) {
			struct blob file = vendor_boot(version, page, text_span("070701"));
			struct android_image image;

			assert_int_equal(android_parse(blob_span(&file), &image, NULL), ST_OK);
			assert_true(image.vendor && image.version == version);
			assert_int_equal(image.ramdisk.size, 6);
			assert_memory_equal(image.ramdisk.data, "070701", 6);
			assert_memory_equal(image.trees.data, "trees", 5);
			assert_int_equal(image.cmdline[0].size, 8);
			for (size_t size = 8; size + page < file.size; size += 61)
				assert_int_equal(android_parse((struct span){ file.data, size },
							 &image, NULL),
					ST_BAD_INPUT);
			blob_done(&file);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_version_is_read),
		cmocka_unit_test(a_command_line_goes_on),
		cmocka_unit_test(trees_are_told_apart),
		cmocka_unit_test(an_old_table_of_trees_is_no_version),
		cmocka_unit_test(makers_headers_are_taken_off),
		cmocka_unit_test(every_cut_is_told),
		cmocka_unit_test(headers_that_make_no_sense),
		cmocka_unit_test(images_without_kernel_are_named),
		cmocka_unit_test(a_vendor_boot_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
