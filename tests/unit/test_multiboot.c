// SPDX-License-Identifier: GPL-2.0-only
/* Headers of Multiboot kernels, and what is loaded of such a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kexec/image/image.h"
#include "tests/unit/multiboot.h"

static struct blob file;
static struct image image;
static struct err err;

static int setup(void **state)
{
	(void)state;
	file = mb_program();
	return file.data ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	blob_done(&file);
	image_done(&image);
	return 0;
}

/* A tight copy, so that the sanitizer sees a read behind the end. */
static int describe(void)
{
	struct blob copy = BLOB_INIT;

	image_done(&image);
	err_clear(&err);
	copy.data = malloc(file.size + 1);
	assert_non_null(copy.data);
	memcpy(copy.data, file.data, file.size);
	copy.data[file.size] = 0;
	copy.size = copy.capacity = file.size;
	return image_describe(&copy, "kernel", &image, NULL, &err);
}

static void describe_well(void)
{
	if (describe())
		fail_msg("%s: %s", err.id, err.text);
	assert_int_equal(image.kind, IMAGE_MULTIBOOT);
}

static void assert_refused(int status, const char *id, const char *words)
{
	assert_int_equal(describe(), status);
	assert_string_equal(err.id, id);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" is not in \"%s\"", words, err.text);
}

/* Version 2 with those tags, and the one that ends them. */
#define TAGS(...)                                                                                  \
	do {                                                                                       \
		static const uint32_t words[] = { __VA_ARGS__, 0, 8 };                             \
		mb_header_2(file.data, words, sizeof(words) / sizeof(words[0]));                   \
	} while (0)

#define NEEDED "multiboot-requirement"

static void a_program_is_loaded_by_its_program_headers(void **state)
{
	(void)state;
	mb_header_1(file.data, 3);
	describe_well();
	assert_string_equal(image_type(&image), "multiboot-x86");
	assert_int_equal(image_check_type(&image, "multiboot2-x86", &err), ST_UNSUPPORTED);
	assert_string_equal(image.kind_name, "Multiboot");
	assert_int_equal(image.multiboot.version, 1);
	assert_int_equal(image.multiboot.address, MB_ADDRESS);
	assert_int_equal(image.multiboot.entry, MB_ENTRY);
	assert_false(image.multiboot.relocatable);
	assert_int_equal(image.mem_size, MB_MEMORY);
	assert_int_equal(image.data.size, MB_LOADED);
	assert_memory_equal(image.data.data, file.data + MB_FRONT, MB_LOADED);
}

/* As linkers say it when they were told nothing else. */
static void an_entry_in_the_upper_half_is_a_virtual_address(void **state)
{
	(void)state;
	mb_header_1(file.data, 0);
	store_le32(file.data + 52 + 8, 0xc0200000);
	store_le32(file.data + 24, 0xc0200010);
	describe_well();
	assert_int_equal(image.multiboot.address, MB_ADDRESS);
	assert_int_equal(image.multiboot.entry, 0x10);
}

static void a_64_bit_program_is_as_good(void **state)
{
	uint8_t *phdr = file.data + 64;

	(void)state;
	memset(file.data + 4, 0, 200);
	memcpy(file.data, "\177ELF\2\1\1", 7);
	store_le16(file.data + 16, 2);
	store_le16(file.data + 18, 62);
	store_le64(file.data + 24, MB_ADDRESS + 8);
	store_le64(file.data + 32, 64);
	store_le16(file.data + 54, 56);
	store_le16(file.data + 56, 1);
	store_le32(phdr, 1);
	store_le64(phdr + 8, MB_FRONT);
	store_le64(phdr + 16, UINT64_C(0xffffffff80200000));
	store_le64(phdr + 24, MB_ADDRESS);
	store_le64(phdr + 32, MB_LOADED);
	store_le64(phdr + 40, MB_MEMORY);
	mb_header_1(file.data, 0);
	describe_well();
	assert_int_equal(image.multiboot.entry, 8);
	store_le64(phdr + 24, UINT64_C(0x100000000));
	store_le64(file.data + 24, UINT64_C(0x100000008));
	assert_refused(ST_BAD_INPUT, "image-multiboot", "has to be below 4 GiB");
	store_le16(file.data + 18, 183);
	assert_refused(ST_BAD_INPUT, "image-multiboot", "no ELF program for x86");
}

static void a_header_is_found_where_it_may_be(void **state)
{
	static const struct {
		unsigned int version, at, off;
		bool found;
	} places[] = {
		{ 1, 64, 0, true },
		{ 1, 64, 1, false },
		{ 1, 8180, 0, true },
		{ 1, 8184, 0, false },
		{ 1, 66, 0, false },
		{ 2, 64, 0, true },
		{ 2, 64, 1, false },
		{ 2, 32752, 0, true },
		{ 2, 32756, 0, false },
		{ 2, 32760, 0, false },
		{ 2, 32764, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct blob bytes = BLOB_INIT;
		uint8_t *header;
		size_t at = 7;
		bool found;

		assert_int_equal(blob_zeroed(&bytes, 40000), ST_OK);
		header = bytes.data + places[i].at;
		store_le32(header, places[i].version == 1 ? 0x1badb002 : 0xe85250d6);
		mb_sum(header, places[i].version == 1 ? 3 : 4);
		header[places[i].version == 1 ? 8 : 12] += (uint8_t)places[i].off;
		found = multiboot_find(blob_span(&bytes), places[i].version, &at);
		assert_int_equal(found, places[i].found);
		assert_int_equal(at, found ? places[i].at : 7);
		blob_done(&bytes);
	}
}

static void the_newer_header_of_two_counts(void **state)
{
	static const uint32_t tags[] = { 0, 8 };
	uint8_t *second = file.data + MB_AT + 64;

	(void)state;
	mb_header_2(file.data, tags, 2);
	store_le32(second, 0x1badb002);
	store_le32(second + 4, 0);
	mb_sum(second, 3);
	describe_well();
	assert_string_equal(image_type(&image), "multiboot2-x86");
	assert_int_equal(image_take_type(&image, "multiboot2-x86", &err), ST_OK);
	assert_int_equal(image.multiboot.version, 2);
	assert_int_equal(image_take_type(&image, "vmlinux", &err), ST_UNSUPPORTED);
	/* But for who wants the other. */
	assert_int_equal(image_take_type(&image, "multiboot-x86", &err), ST_OK);
	assert_int_equal(image.multiboot.version, 1);
	assert_string_equal(image_type(&image), "multiboot-x86");
	assert_int_equal(image.data.size, MB_LOADED);
	describe_well();
	store_le32(image.memory.data + MB_AT + 64 + 4, 4);
	mb_sum(image.memory.data + MB_AT + 64, 3);
	assert_int_equal(image_take_type(&image, "multiboot-x86", &err), ST_UNSUPPORTED);
	assert_string_equal(err.id, NEEDED);
	memset(image.memory.data + MB_AT + 64, 0, 4);
	assert_int_equal(image_take_type(&image, "multiboot-x86", &err), ST_UNSUPPORTED);
	assert_string_equal(err.id, "image-type-wrong");
}

static void what_is_asked_for_and_not_to_be_had_is_named(void **state)
{
	(void)state;
	mb_header_1(file.data, 4);
	assert_refused(ST_UNSUPPORTED, NEEDED,
		"by its header at 0x1010, does not start without "
		"a video mode");
	mb_header_1(file.data, 0x8003);
	assert_refused(ST_UNSUPPORTED, NEEDED, "what the flags 0x8003 mean");
	mb_header_1(file.data, 0x20003); /* of the upper half all may be ignored */
	describe_well();

	TAGS(1, 12, 19, 0);
	assert_refused(ST_UNSUPPORTED, NEEDED, "information of type 19, of EFI's boot services");
	TAGS(1, 16, 4, 12);
	assert_refused(ST_UNSUPPORTED, NEEDED, "information of type 12, of EFI, whose tables");
	TAGS(1, 12, 8, 0);
	assert_refused(ST_UNSUPPORTED, NEEDED, "information of type 8, of a video mode");
	TAGS(1, 12, 99, 0);
	assert_refused(ST_UNSUPPORTED, NEEDED, "information of type 99, which is not told here");
	TAGS(0x10001, 12, 19, 0);
	describe_well();
	TAGS(4, 12, 1, 0);
	assert_refused(ST_UNSUPPORTED, NEEDED, "a screen");
	TAGS(4, 12, 2, 0);
	describe_well();
	TAGS(5, 20, 0, 0, 0, 0);
	assert_refused(ST_UNSUPPORTED, NEEDED, "a video mode");
	TAGS(7, 8);
	assert_refused(ST_UNSUPPORTED, NEEDED, "EFI's boot services");
	TAGS(99, 8);
	assert_refused(ST_UNSUPPORTED, NEEDED, "a tag of type 99");
	TAGS(0x10063, 8);
	describe_well();
	store_le32(file.data + MB_AT + 4, 4);
	mb_sum(file.data + MB_AT, 4);
	assert_refused(ST_UNSUPPORTED, "image-format-unsupported", "for architecture 4");
}

static void it_may_be_elsewhere_where_it_says_so(void **state)
{
	(void)state;
	TAGS(MB_RELOCATABLE);
	describe_well();
	assert_true(image.multiboot.relocatable && image.multiboot.prefers_high);
	assert_int_equal(image.multiboot.min_address, 0x200000);
	assert_int_equal(image.multiboot.max_address, 0xffffffff);
	assert_int_equal(image.multiboot.alignment, 0x200000);
	TAGS(10, 24, 0x100000, 0x104fff, 0, 1);
	describe_well();
	assert_false(image.multiboot.prefers_high);
	assert_int_equal(image.multiboot.alignment, 1);
	TAGS(10, 24, 0x100000, 0x104ffe, 0, 1);
	assert_refused(ST_BAD_INPUT, "image-multiboot", "in which it has no room");
	TAGS(10, 24, 0x100000, 0, 0, 1);
	assert_refused(ST_BAD_INPUT, "image-multiboot", "in which it has no room");
	TAGS(10, 24, 0x100000, 0xffffffff, 3, 1);
	assert_refused(ST_BAD_INPUT, "image-multiboot", "no power of two");
	TAGS(10, 20, 0x100000, 0xffffffff, 1, 0);
	assert_refused(ST_BAD_INPUT, "image-multiboot", "type 10 that has 12 bytes, not 16");
}

static void tags_that_make_no_sense_are_refused(void **state)
{
	static const uint32_t short_tag[] = { 6, 7 }, long_tag[] = { 6, 9 };

	(void)state;
	mb_header_2(file.data, short_tag, 2);
	assert_refused(ST_BAD_INPUT, "image-multiboot", "a tag of 7 bytes at 0x10");
	mb_header_2(file.data, long_tag, 2);
	assert_refused(ST_BAD_INPUT, "image-multiboot", "a tag of 9 bytes at 0x10");
	store_le32(file.data + MB_AT + 8, 0x2100);
	mb_sum(file.data + MB_AT, 4);
	assert_refused(ST_BAD_INPUT, "image-multiboot", "a header of 8448 bytes at 0x1010");
	/* No end, but for that of the header. */
	mb_header_2(file.data, short_tag, 0);
	describe_well();
}

static void put_addresses(const uint32_t addresses[5])
{
	mb_header_1(file.data, 0x10003);
	for (size_t i = 0; i < 5; i++)
		store_le32(file.data + MB_AT + 12 + 4 * i, addresses[i]);
}

/* Which counts for ELF programs, too. */
static void addresses_in_the_header_tell_what_is_loaded(void **state)
{
	static const struct {
		uint32_t addresses[5]; /* header, load, load end, BSS end, entry */
		const char *why;
	} bad[] = {
		{ { 0x300010, 0x300020, 0, 0, 0x300100 }, "cannot be at 0x300010" },
		{ { 0x302000, 0x300000, 0, 0, 0x300100 }, "cannot be at 0x302000" },
		{ { 0x300010, 0x300000, 0x200000, 0, 0x300100 }, "loaded to [0x300000, 0x200000)" },
		{ { 0x300010, 0x300000, 0x302000, 0x301fff, 0x300100 }, "a BSS up to 0x301fff" },
		{ { 0x300010, 0x300000, 0, 0, 0x2fffff }, "entered at 0x2fffff" },
		{ { 0x300010, 0x300000, 0, 0x400000, 0x302100 }, "entered at 0x302100" },
		{ { 0xfffff010, 0xfffff000, 0, 0, 0xfffff100 }, "has to be below 4 GiB" },
		{ { 0x300010, 0x300000, 0, 0xf0000000, 0x300100 }, "are possible" },
	};

	(void)state;
	put_addresses((const uint32_t[]){ 0x300010, 0x300000, 0x302000, 0x310000, 0x300101 });
	describe_well();
	assert_int_equal(image.multiboot.address, 0x300000);
	assert_int_equal(image.multiboot.entry, 0x101);
	assert_int_equal(image.mem_size, 0x10000);
	assert_int_equal(image.data.size, 0x2000);
	assert_memory_equal(image.data.data, file.data + MB_FRONT, 0x2000);
	/* To the end, and no BSS; of a file that is no program. */
	memset(file.data, 0x90, 64);
	put_addresses((const uint32_t[]){ 0x300010, 0x300000, 0, 0, 0x300100 });
	describe_well();
	assert_int_equal(image.mem_size, MB_LOADED);
	assert_int_equal(image.data.size, MB_LOADED);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put_addresses(bad[i].addresses);
		assert_refused(ST_BAD_INPUT, "image-multiboot", bad[i].why);
	}
	put_addresses((const uint32_t[]){ 0x300010, 0x300000, 0x302101, 0, 0x300100 });
	assert_refused(ST_BAD_INPUT, "image-truncated", "has only 12544 of 0x3101 bytes");
	mb_header_1(file.data, 3);
	assert_refused(ST_BAD_INPUT, "image-multiboot", "does not say where it is loaded");
	TAGS(2, 24, 0x300010, 0x300000, 0, 0);
	assert_refused(ST_BAD_INPUT, "image-multiboot", "does not say where it is entered");
	TAGS(2, 24, 0x300010, 0x300000, 0, 0, 3, 12, 0x300010, 0);
	describe_well();
	assert_int_equal(image.multiboot.entry, 0x10);
	/* From the beginning of the file. */
	TAGS(2, 24, 0x301010, 0xffffffff, 0, 0, 3, 12, 0x300010, 0);
	describe_well();
	assert_int_equal(image.multiboot.address, 0x300000);
	assert_int_equal(image.data.size, file.size);
}

/* What is loaded is in whole pages, and so is what is in front of it. */
static void an_odd_address_gets_a_page(void **state)
{
	(void)state;
	put_addresses((const uint32_t[]){ 0x300030, 0x300020, 0, 0, 0x300100 });
	describe_well();
	assert_int_equal(image.multiboot.address, 0x300000);
	assert_int_equal(image.multiboot.entry, 0x100);
	assert_int_equal(image.mem_size, MB_LOADED + 0x20);
	assert_int_equal(image.data.size, MB_LOADED + 0x20);
	assert_int_equal(image.data.data[0x1f], 0);
	assert_memory_equal(image.data.data + 0x20, file.data + MB_FRONT, MB_LOADED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_program_is_loaded_by_its_program_headers),
		TEST(an_entry_in_the_upper_half_is_a_virtual_address),
		TEST(a_64_bit_program_is_as_good),
		TEST(a_header_is_found_where_it_may_be),
		TEST(the_newer_header_of_two_counts),
		TEST(what_is_asked_for_and_not_to_be_had_is_named),
		TEST(it_may_be_elsewhere_where_it_says_so),
		TEST(tags_that_make_no_sense_are_refused),
		TEST(addresses_in_the_header_tell_what_is_loaded),
		TEST(an_odd_address_gets_a_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
