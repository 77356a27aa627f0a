// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vmcore-dmesg/window.h"

#define MEMORY	((uint64_t)8 << 20)
#define ADDRESS UINT64_C(0xffff800080000000)
#define HOLE	(MEMORY / 2) /* half of it is not in the image */

/* A core of one PT_LOAD whose byte at any offset can be told, and what was read of it. */
struct source {
	uint64_t calls, bytes;
};

static uint8_t byte_at(uint64_t offset)
{
	return (uint8_t)(offset * 7 + (offset >> 9));
}

static int read_source(void *context, uint64_t offset, void *buf, size_t size, struct err *err)
{
	struct source *source = context;

	source->calls++;
	source->bytes += size;
	if (offset + size > HOLE)
		return err_set(err, ST_BAD_INPUT, "file-short", "not there");
	for (size_t i = 0; i < size; i++)
		((uint8_t *)buf)[i] = byte_at(offset + i);
	return ST_OK;
}

struct test {
	struct source source;
	struct vmcore core;
	struct window window;
};

/* The program header is looked at through the maps, which elfcore_read() makes. */
static int read_elf(void *context, uint64_t offset, void *buf, size_t size, struct err *err)
{
	uint8_t file[64 + 56] = "\177ELF\2\1\1";

	(void)context;
	(void)err;
	store_le16(file + 16, ET_CORE);
	store_le64(file + 32, 64);
	store_le16(file + 54, 56);
	store_le16(file + 56, 1);
	store_le32(file + 64, PT_LOAD);
	store_le64(file + 64 + 16, ADDRESS);
	store_le64(file + 64 + 32, MEMORY);
	store_le64(file + 64 + 40, MEMORY);
	assert_true(offset + size <= sizeof(file));
	memcpy(buf, file + offset, size);
	return ST_OK;
}

static void begin(struct test *test)
{
	const struct elfcore_source headers = { read_elf, NULL };
	struct err err = ERR_INIT;

	*test = (struct test){ .core.word_size = 8 };
	assert_int_equal(elfcore_read(&headers, &test->core.elf, &err), ST_OK);
	test->core.elf.source = (struct elfcore_source){ read_source, &test->source };
	assert_int_equal(window_init(&test->window, &test->core, ADDRESS, MEMORY, &err), ST_OK);
}

static void end(struct test *test)
{
	window_done(&test->window);
	vmcore_done(&test->core);
}

static void assert_there(struct test *test, uint64_t offset, size_t size)
{
	struct err err = ERR_INIT;
	const uint8_t *at;

	if (window_at(&test->window, offset, size, &at, &err))
		fail_msg("%s", err.text);
	assert_int_equal(at[0], byte_at(offset));
	assert_int_equal(at[size - 1], byte_at(offset + size - 1));
}

static void going_through_takes_few_reads(void **state)
{
	struct test test;

	(void)state;
	begin(&test);
	for (uint64_t offset = 0; offset + 100 <= HOLE; offset += 104)
		assert_there(&test, offset, 100);
	assert_in_range(test.source.calls, HOLE / WINDOW_SIZE, HOLE / WINDOW_SIZE + 64);
	assert_in_range(test.source.bytes, HOLE - 104, HOLE + 3 * WINDOW_SIZE);
	end(&test);
}

static void jumping_about_reads_what_is_asked_for(void **state)
{
	struct test test;

	(void)state;
	begin(&test);
	for (uint64_t i = 0; i < 10000; i++)
		assert_there(&test, i % 2 ? i * 8 : HOLE - 8 - i * 8, 8);
	assert_in_range(test.source.bytes, 0, 10000 * 8 * 4);
	end(&test);
}

static void what_lies_ahead_may_be_missing(void **state)
{
	struct err err = ERR_INIT;
	const uint8_t *at;
	struct test test;

	(void)state;
	begin(&test);
	for (uint64_t offset = HOLE - 2 * WINDOW_SIZE; offset < HOLE; offset += 16)
		assert_there(&test, offset, 16);
	assert_in_range(test.source.bytes, 2 * WINDOW_SIZE, 8 * WINDOW_SIZE);
	assert_int_equal(window_at(&test.window, HOLE - 8, 16, &at, &err), ST_BAD_INPUT);
	assert_string_equal(err.id, "file-short");
	assert_there(&test, HOLE - 8, 8);
	end(&test);
}

/* One thing after the other that is not there takes few reads, and what is behind it is found. */
static void a_hole_takes_few_reads(void **state)
{
	struct err err = ERR_INIT;
	uint64_t calls, found = 0;
	const uint8_t *at;
	struct test test;

	(void)state;
	begin(&test);
	calls = test.source.calls;
	for (uint64_t offset = HOLE; offset + 24 <= MEMORY; offset += 24)
		found += window_at(&test.window, offset, 24, &at, &err) == ST_OK;
	assert_int_equal(found, 0);
	assert_in_range(test.source.calls - calls, 1, (MEMORY - HOLE) / 4096 * 24);
	assert_there(&test, HOLE - 24, 24);
	assert_int_equal(window_at(&test.window, HOLE - 8, 88, &at, &err), ST_BAD_INPUT);
	assert_there(&test, HOLE - 24, 24);
	end(&test);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(going_through_takes_few_reads),
		cmocka_unit_test(jumping_about_reads_what_is_asked_for),
		cmocka_unit_test(what_lies_ahead_may_be_missing),
		cmocka_unit_test(a_hole_takes_few_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
