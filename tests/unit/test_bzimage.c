// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kexec/image/bzimage.h"
#include "tests/unit/bzimage.h"

static uint8_t file[TEST_FILE_SIZE];

static int parse_cut(size_t size, struct bzimage *ret, struct err *err)
{
	struct span bytes = { file, size };

	err_clear(err);
	return bzimage_parse(bytes, ret, err);
}

static void assert_refused(int status, const char *id, const char *words)
{
	struct bzimage image = { .init_size = 7 };
	struct err err = ERR_INIT;

	assert_int_equal(parse_cut(sizeof(file), &image, &err), status);
	assert_int_equal(image.init_size, 7); /* untouched */
	if (status == ST_NOT_MINE)
		return;
	assert_string_equal(err.id, id);
	assert_non_null(strstr(err.text, words));
}

static void header_is_understood(void **state)
{
	struct bzimage image;
	struct err err = ERR_INIT;

	(void)state;
	make_bzimage(file);
	assert_int_equal(parse_cut(sizeof(file), &image, &err), ST_OK);
	assert_ptr_equal(image.header.data, file + 0x1f1);
	assert_int_equal(image.header.size, 0x26c - 0x1f1);
	assert_ptr_equal(image.loaded.data, file + TEST_SETUP_SIZE);
	assert_int_equal(image.loaded.size, TEST_LOADED_SIZE);
	assert_int_equal(image.protocol, 0x20f);
	assert_int_equal(image.pref_address, 0x1000000);
	assert_int_equal(image.kernel_alignment, 0x200000);
	assert_int_equal(image.init_size, 0xa56000);
	assert_int_equal(image.cmdline_size, 2047);
	assert_true(image.relocatable && image.above_4g && image.five_levels && image.efi_kexec);
	store_le16(file + 0x236, 0x01);
	assert_int_equal(parse_cut(sizeof(file), &image, &err), ST_OK);
	assert_false(image.above_4g || image.five_levels || image.efi_kexec);
	/* 0 sectors are 4 since the first boot loaders. */
	file[0x1f1] = 0;
	store_le32(file + 0x1f4, (TEST_FILE_SIZE - 2560) / 16);
	assert_int_equal(parse_cut(sizeof(file), &image, &err), ST_OK);
	assert_ptr_equal(image.loaded.data, file + 2560);
}

static void other_files_are_not_mine(void **state)
{
	(void)state;
	make_bzimage(file);
	file[0x202] = 'h';
	assert_refused(ST_NOT_MINE, "", "");
	make_bzimage(file);
	file[0x1fe] = 0x54;
	assert_refused(ST_NOT_MINE, "", "");
}

static void kernels_without_a_64_bit_entry_are_named(void **state)
{
	(void)state;
	make_bzimage(file);
	store_le16(file + 0x206, 0x020b);
	assert_refused(ST_UNSUPPORTED, "image-not-64-bit", "too old");
	make_bzimage(file);
	file[0x211] = 0;
	assert_refused(ST_UNSUPPORTED, "image-not-64-bit", "zImage");
	make_bzimage(file);
	store_le16(file + 0x236, 0x72);
	assert_refused(ST_UNSUPPORTED, "image-not-64-bit", "32-bit");
}

static void contradictions_are_refused(void **state)
{
	(void)state;
	make_bzimage(file);
	file[0x201] = 0x65; /* short of init_size */
	assert_refused(ST_BAD_INPUT, "image-header-bad", "0x267");
	make_bzimage(file);
	file[0x201] = 0x8f; /* into what belongs to EDD */
	assert_refused(ST_BAD_INPUT, "image-header-bad", "0x291");
	make_bzimage(file);
	store_le32(file + 0x230, 0x300000);
	assert_refused(ST_BAD_INPUT, "image-alignment-bad", "0x300000");
	make_bzimage(file);
	store_le32(file + 0x230, 0);
	assert_refused(ST_BAD_INPUT, "image-alignment-bad", "0x0");
	make_bzimage(file);
	store_le32(file + 0x260, TEST_LOADED_SIZE - 1);
	assert_refused(ST_BAD_INPUT, "image-size-bad", "init_size");
	make_bzimage(file);
	store_le32(file + 0x260, 0xffffffff);
	assert_refused(ST_BAD_INPUT, "image-size-bad", "init_size");
	make_bzimage(file);
	store_le32(file + 0x1f4, TEST_LOADED_SIZE / 16 + 1);
	assert_refused(ST_BAD_INPUT, "image-truncated", "has only");
}

/* Wherever it is cut: nothing behind the end is read, and nothing is taken for a kernel but with
 * less than 16 bytes missing, which syssize cannot tell. */
static void cut_files_are_refused(void **state)
{
	struct bzimage image;
	struct err err = ERR_INIT;

	(void)state;
	make_bzimage(file);
	for (size_t size = 0; size < sizeof(file); size++) {
		int status = parse_cut(size, &image, &err);

		if (size < 0x206)
			assert_int_equal(status, ST_NOT_MINE);
		else if (size + 16 <= sizeof(file))
			assert_int_equal(status, ST_BAD_INPUT);
		else
			assert_int_equal(status, ST_OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_is_understood),
		cmocka_unit_test(other_files_are_not_mine),
		cmocka_unit_test(kernels_without_a_64_bit_entry_are_named),
		cmocka_unit_test(contradictions_are_refused),
		cmocka_unit_test(cut_files_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
