// SPDX-License-Identifier: GPL-2.0-only
/* The log of a core with any bit of it flipped: what is not touched is handed on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "tests/unit/core.h"
#include "vmcore-dmesg/printk.h"

#define FLIPS	10000
#define SEED	UINT64_C(0x9e3779b97f4a7c15)
#define ADDRESS UINT64_C(0xffff800080000000)
#define NOTES	0x200u
#define MEMORY	0x2000u
#define SIZE	(MEMORY + 0x10000u)

/* A core of one note and of memory from ADDRESS on, which stands at MEMORY. */
struct image {
	uint8_t bytes[SIZE];
	size_t info_size;
};

static uint8_t *at(struct image *image, uint64_t offset)
{
	return image->bytes + MEMORY + offset;
}

static void describe(struct image *image, const char *key, uint64_t value)
{
	char *text = (char *)image->bytes + NOTES + 24;

	image->info_size += (size_t)sprintf(text + image->info_size,
		strncmp(key, "SYMBOL", 6) == 0 ? "%s=%llx\n" : "%s=%llu\n", key,
		(unsigned long long)value);
	assert_true(image->info_size < MEMORY - NOTES - 24);
}

static void finish(struct image *image)
{
	core_header(image->bytes, 2);
	core_phdr(image->bytes, 0, PT_NOTE, NOTES, 0, 0, 24 + (image->info_size + 3) / 4 * 4);
	core_phdr(image->bytes, 1, PT_LOAD, MEMORY, ADDRESS, 0x40000000, SIZE - MEMORY);
	store_le32(image->bytes + NOTES, 11);
	store_le32(image->bytes + NOTES + 4, (uint32_t)image->info_size);
	memcpy(image->bytes + NOTES + 12, "VMCOREINFO", 11);
}

static size_t message(unsigned int number, char *text)
{
	return (size_t)sprintf(text, "message %u %.*s", number, (int)(number * 7 % 40),
		"of a kernel that has much to say about it");
}

/* --- the ring of 5.10 ----------------------------------------------------------------- */

#define COUNT	  256u
#define TEXT_SIZE 0x2000u
#define RECORDS	  500u
#define LIVE_MIN  100u /* so many of them at least are still there */
#define ID_MASK	  (UINT64_MAX >> 2)

enum {
	PRB = 0,
	RB = 64,
	HEAD = RB + 24,
	TAIL = RB + 32,
	DESCS = 0x1000,
	INFOS = 0x4000,
	TEXT = 0xc000
};

static void describe_ring(struct image *image)
{
	static const struct {
		const char *key;
		uint64_t value;
	} keys[] = {
		{ "SYMBOL(prb)", ADDRESS + PRB },
		{ "SIZE(printk_ringbuffer)", 96 },
		{ "OFFSET(printk_ringbuffer.desc_ring)", 0 },
		{ "OFFSET(printk_ringbuffer.text_data_ring)", 48 },
		{ "OFFSET(prb_desc_ring.count_bits)", 0 },
		{ "OFFSET(prb_desc_ring.descs)", 8 },
		{ "OFFSET(prb_desc_ring.infos)", 16 },
		{ "OFFSET(prb_desc_ring.head_id)", 24 },
		{ "OFFSET(prb_desc_ring.tail_id)", 32 },
		{ "OFFSET(atomic_long_t.counter)", 0 },
		{ "OFFSET(prb_data_ring.size_bits)", 0 },
		{ "OFFSET(prb_data_ring.data)", 8 },
		{ "SIZE(prb_desc)", 24 },
		{ "OFFSET(prb_desc.state_var)", 0 },
		{ "OFFSET(prb_desc.text_blk_lpos)", 8 },
		{ "OFFSET(prb_data_blk_lpos.begin)", 0 },
		{ "OFFSET(prb_data_blk_lpos.next)", 8 },
		{ "SIZE(printk_info)", 88 },
		{ "OFFSET(printk_info.seq)", 0 },
		{ "OFFSET(printk_info.ts_nsec)", 8 },
		{ "OFFSET(printk_info.text_len)", 16 },
		{ "OFFSET(printk_info.caller_id)", 20 },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		describe(image, keys[i].key, keys[i].value);
	store_le64(at(image, PRB), ADDRESS + RB);
	store_le32(at(image, RB), 8);
	store_le64(at(image, RB + 8), ADDRESS + DESCS);
	store_le64(at(image, RB + 16), ADDRESS + INFOS);
	store_le32(at(image, RB + 48), 13);
	store_le64(at(image, RB + 56), ADDRESS + TEXT);
}

static uint8_t *desc_at(struct image *image, uint64_t id)
{
	return at(image, DESCS + id % COUNT * 24);
}

static void add_to_ring(struct image *image, uint64_t id, unsigned int number, uint64_t *lpos)
{
	uint8_t *info = at(image, INFOS + id % COUNT * 88);
	char text[64];
	size_t length = message(number, text);
	uint64_t size = (8 + length + 7) / 8 * 8;
	uint64_t next = *lpos + size;
	uint64_t offset = *lpos % TEXT_SIZE;

	if (*lpos / TEXT_SIZE != (next - 1) / TEXT_SIZE) {
		next = next / TEXT_SIZE * TEXT_SIZE + size;
		offset = 0;
	}
	store_le64(at(image, TEXT + offset), id);
	memcpy(at(image, TEXT + offset + 8), text, length);
	store_le64(desc_at(image, id), id | UINT64_C(2) << 62);
	store_le64(desc_at(image, id) + 8, *lpos);
	store_le64(desc_at(image, id) + 16, next);
	store_le64(info, number);
	store_le64(info + 8, number * UINT64_C(1000000));
	store_le16(info + 16, (uint16_t)length);
	*lpos = next;
}

/* Went round more than once, by its descriptors and by its texts. */
static void make_ring(struct image *image)
{
	uint64_t id = -(uint64_t)(COUNT + 1) & ID_MASK, lpos = -(uint64_t)TEXT_SIZE, tail;

	memset(image, 0, sizeof(*image));
	describe_ring(image);
	for (unsigned int number = 0; number < RECORDS; number++) {
		id = (id + 1) & ID_MASK;
		add_to_ring(image, id, number, &lpos);
	}
	store_le64(at(image, HEAD), id);
	tail = (id - COUNT + 1) & ID_MASK;
	while (lpos - load_le64(desc_at(image, tail) + 8) > TEXT_SIZE) {
		store_le64(desc_at(image, tail), tail | UINT64_C(3) << 62);
		tail = (tail + 1) & ID_MASK;
	}
	store_le64(at(image, TAIL), tail);
	finish(image);
}

/* --- the records of 3.5 --------------------------------------------------------------- */

enum {
	LOG_BUF = 0,
	LOG_LEN = 8,
	LOG_FIRST = 12,
	LOG_NEXT = 16,
	BUFFER = 0x1000,
	BUFFER_SIZE = 0x4000
};

static void make_records(struct image *image)
{
	uint64_t index = 0, first = 0;
	bool wrapped = false;

	memset(image, 0, sizeof(*image));
	describe(image, "SYMBOL(log_buf)", ADDRESS + LOG_BUF);
	describe(image, "SYMBOL(log_buf_len)", ADDRESS + LOG_LEN);
	describe(image, "SYMBOL(log_first_idx)", ADDRESS + LOG_FIRST);
	describe(image, "SYMBOL(log_next_idx)", ADDRESS + LOG_NEXT);
	describe(image, "SIZE(printk_log)", 16);
	describe(image, "OFFSET(printk_log.ts_nsec)", 0);
	describe(image, "OFFSET(printk_log.len)", 8);
	describe(image, "OFFSET(printk_log.text_len)", 10);
	describe(image, "OFFSET(printk_log.dict_len)", 12);
	for (unsigned int number = 0; number < RECORDS; number++) {
		char text[64];
		size_t length = message(number, text);
		uint64_t size = (16 + length + 3) / 4 * 4;
		uint8_t *header;

		if (index + size + 16 > BUFFER_SIZE) {
			memset(at(image, BUFFER + index), 0, 16);
			index = 0;
			wrapped = true;
		}
		while (wrapped && first < index + size + 16)
			first += load_le16(at(image, BUFFER + first + 8));
		header = at(image, BUFFER + index);
		memset(header, 0, size);
		store_le64(header, number * UINT64_C(1000000));
		store_le16(header + 8, (uint16_t)size);
		store_le16(header + 10, (uint16_t)length);
		memcpy(header + 16, text, length);
		index += size;
	}
	store_le64(at(image, LOG_BUF), ADDRESS + BUFFER);
	store_le32(at(image, LOG_LEN), BUFFER_SIZE);
	store_le32(at(image, LOG_FIRST), (uint32_t)first);
	store_le32(at(image, LOG_NEXT), (uint32_t)index);
	finish(image);
}

/* --- the text before 3.5 -------------------------------------------------------------- */

enum { TEXT_END = 16, TEXT_CHARS = 20 };

/* It goes round with RECORDS lines, not with FEW. */
#define FEW 50u

static void make_text(struct image *image, unsigned int lines)
{
	uint64_t end = 0;

	memset(image, 0, sizeof(*image));
	describe(image, "SYMBOL(log_buf)", ADDRESS + LOG_BUF);
	describe(image, "SYMBOL(log_buf_len)", ADDRESS + LOG_LEN);
	describe(image, "SYMBOL(log_end)", ADDRESS + TEXT_END);
	describe(image, "SYMBOL(logged_chars)", ADDRESS + TEXT_CHARS);
	for (unsigned int number = 0; number < lines; number++) {
		char text[64], line[96];
		size_t length;

		message(number, text);
		length = (size_t)sprintf(line, "<4>[%5u.000000] %s\n", number, text);
		for (size_t i = 0; i < length; i++)
			*at(image, BUFFER + end++ % BUFFER_SIZE) = (uint8_t)line[i];
	}
	store_le64(at(image, LOG_BUF), ADDRESS + BUFFER);
	store_le32(at(image, LOG_LEN), BUFFER_SIZE);
	store_le32(at(image, TEXT_END), (uint32_t)end);
	store_le32(at(image, TEXT_CHARS), (uint32_t)(end < BUFFER_SIZE ? end : BUFFER_SIZE));
	finish(image);
}

/* --- what is handed on ---------------------------------------------------------------- */

#define HASH_PRIME UINT64_C(0x100000001b3)

/* Records by what they say, and lines of text. The first one that was not damaged is number first.
 * */
struct log {
	uint64_t hashes[4 * RECORDS];
	uint64_t line; /* the hash of one that has not ended */
	size_t count;
	uint64_t damaged;
	size_t text; /* bytes of all */
	int status;
	const char *id;
};

static int take_record(void *context, const struct printk_record *record, struct err *err)
{
	struct log *log = context;
	uint64_t hash = record->ns;

	(void)err;
	for (size_t i = 0; i < record->text.size; i++)
		hash = (hash ^ record->text.data[i]) * HASH_PRIME;
	assert_true(log->count < sizeof(log->hashes) / sizeof(log->hashes[0]));
	log->hashes[log->count++] = hash;
	log->text += record->text.size;
	return ST_OK;
}

static int take_text(void *context, struct span text, struct err *err)
{
	struct log *log = context;

	(void)err;
	for (size_t i = 0; i < text.size; i++) {
		log->line = (log->line ^ text.data[i]) * HASH_PRIME;
		if (text.data[i] == '\n') {
			assert_true(log->count < sizeof(log->hashes) / sizeof(log->hashes[0]));
			log->hashes[log->count++] = log->line;
			log->line = 0;
		}
	}
	return ST_OK;
}

static int take_damaged(void *context, uint64_t count, const struct err *why, struct err *err)
{
	struct log *log = context;

	(void)err;
	assert_true(count > 0);
	assert_true(why->text[0] != '\0');
	log->damaged += count;
	log->line = 0;
	return ST_OK;
}

static void read_log(const struct image *image, size_t size, struct log *log)
{
	struct span bytes = { image->bytes, size };
	const struct elfcore_source source = elfcore_from_span(&bytes);
	const struct printk_sink sink = { take_record, take_text, take_damaged, log };
	struct vmcore core = { .word_size = 8 };
	struct err err = ERR_INIT;

	memset(log, 0, sizeof(*log));
	assert_int_equal(elfcore_read(&source, &core.elf, &err), ST_OK);
	assert_int_equal(vmcore_read_info(&core, &err), ST_OK);
	log->status = printk_dump(&core, &sink, &err);
	log->id = err.id;
	/* Whoever reads a log that is not whole is told so, in it and by the status. */
	assert_int_equal(log->damaged != 0, log->status != ST_OK);
	vmcore_done(&core);
}

/* How many records of one are not in the other, whose records are in the same order. */
static size_t missing(const struct log *of, const struct log *in)
{
	size_t count = 0, found = 0;

	for (size_t i = 0; i < of->count; i++) {
		size_t j = found;

		while (j < in->count && in->hashes[j] != of->hashes[i])
			j++;
		if (j < in->count)
			found = j + 1;
		else
			count++;
	}
	return count;
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* One bit is in one record: no other is lost, and nothing comes out twice. */
static void flip_bits(struct image *image, uint64_t start, uint64_t size)
{
	static struct log whole, spoilt;
	uint64_t state = SEED;

	read_log(image, SIZE, &whole);
	assert_int_equal(whole.status, ST_OK);
	assert_in_range(whole.count, LIVE_MIN, RECORDS);
	for (unsigned int i = 0; i < FLIPS; i++) {
		uint64_t bit = next_random(&state) % (size * 8);
		uint8_t *byte = at(image, start + bit / 8);

		*byte ^= 1u << bit % 8;
		read_log(image, SIZE, &spoilt);
		*byte ^= 1u << bit % 8;
		if (missing(&whole, &spoilt) > 1 || spoilt.count > whole.count + 1)
			fail_msg("bit %llu of the byte at 0x%llx: %zu of %zu are missing, of %zu",
				(unsigned long long)bit % 8, (unsigned long long)(start + bit / 8),
				missing(&whole, &spoilt), whole.count, spoilt.count);
	}
}

static void any_bit_of_the_ring_costs_one_record(void **state)
{
	static struct image image;

	(void)state;
	make_ring(&image);
	flip_bits(&image, DESCS, TEXT + TEXT_SIZE - DESCS);
}

static void any_bit_of_the_records_costs_one(void **state)
{
	static struct image image;

	(void)state;
	make_records(&image);
	flip_bits(&image, BUFFER, BUFFER_SIZE);
}

/* Which are the oldest and the newest record is known by the records, too. */
static void flip_bit(struct image *image, uint64_t offset, unsigned int bit, bool must_tell)
{
	static struct log whole, spoilt;

	read_log(image, SIZE, &whole);
	*at(image, offset + bit / 8) ^= 1u << bit % 8;
	read_log(image, SIZE, &spoilt);
	*at(image, offset + bit / 8) ^= 1u << bit % 8;
	if (missing(&whole, &spoilt) || (must_tell && spoilt.status == ST_OK))
		fail_msg("bit %u of 0x%llx: %zu of %zu are missing, status %d", bit,
			(unsigned long long)offset, missing(&whole, &spoilt), whole.count,
			spoilt.status);
}

static void flip_word(struct image *image, uint64_t offset, unsigned int bits, bool must_tell)
{
	for (unsigned int bit = 0; bit < bits; bit++)
		flip_bit(image, offset, bit, must_tell);
}

static void the_ends_of_the_ring_may_be_wrong(void **state)
{
	static struct image image;

	(void)state;
	make_ring(&image);
	flip_word(&image, HEAD, 62, true);
	flip_word(&image, TAIL, 62, false);
	/* The newest descriptor as well. */
	memset(desc_at(&image, load_le64(at(&image, HEAD))), 0xff, 24);
	store_le64(at(&image, HEAD), 1);
	store_le64(at(&image, TAIL), 0);
	flip_word(&image, HEAD, 62, true);
}

static void the_ends_of_the_records_may_be_wrong(void **state)
{
	static struct image image;

	(void)state;
	make_records(&image);
	flip_word(&image, LOG_FIRST, 32, true);
	flip_word(&image, LOG_NEXT, 32, true);
}

/* So are the ends of a text, by its lines. A size of nothing is refused. */
static void the_numbers_of_the_text_may_be_wrong(void **state)
{
	static struct image image;

	(void)state;
	for (unsigned int lines = FEW; lines <= RECORDS; lines += RECORDS - FEW) {
		make_text(&image, lines);
		for (unsigned int bit = 0; bit < 32; bit++)
			if (UINT32_C(1) << bit != BUFFER_SIZE)
				flip_bit(&image, LOG_LEN, bit, true);
		flip_word(&image, TEXT_END, 32, false);
		flip_word(&image, TEXT_CHARS, 32, false);
	}
}

/* What came before the log was cleared is in the dump, and no damage. */
static void a_cleared_log_is_handed_on(void **state)
{
	static struct log whole, cleared;
	static struct image image;

	(void)state;
	for (unsigned int lines = FEW; lines <= RECORDS; lines += RECORDS - FEW) {
		make_text(&image, lines);
		read_log(&image, SIZE, &whole);
		assert_int_equal(whole.status, ST_OK);
		store_le32(at(&image, TEXT_CHARS), 100);
		read_log(&image, SIZE, &cleared);
		assert_int_equal(cleared.status, ST_OK);
		assert_int_equal(missing(&whole, &cleared), 0);
	}
}

/* Text elsewhere than where it is said to be, and an end in the middle of a line. */
static void a_text_says_where_it_ends(void **state)
{
	static struct image image;
	static struct log log;

	(void)state;
	make_text(&image, FEW);
	store_le32(at(&image, TEXT_END), 10);
	store_le32(at(&image, TEXT_CHARS), 10);
	read_log(&image, SIZE, &log);
	assert_int_equal(log.count, FEW);
	assert_string_equal(log.id, "log-chars");
	make_text(&image, RECORDS);
	store_le32(at(&image, TEXT_END), load_le32(at(&image, TEXT_END)) - 7);
	read_log(&image, SIZE, &log);
	assert_string_equal(log.id, "log-end");
	make_text(&image, FEW);
	*at(&image, BUFFER + 70) = 0;
	read_log(&image, SIZE, &log);
	assert_string_equal(log.id, "log-zeros");
	assert_int_equal(log.count, FEW);
}

/* Each page that a dump may lack: zeros, or nothing. */
static void lose_pages(struct image *image, uint64_t start, uint64_t end, size_t records_of_page)
{
	static struct log whole, spoilt;
	static struct image copy;

	read_log(image, SIZE, &whole);
	for (uint64_t page = start; page < end; page += 0x1000) {
		copy = *image;
		memset(at(&copy, page), 0, 0x1000);
		read_log(&copy, SIZE, &spoilt);
		assert_int_equal(missing(&whole, &spoilt) != 0, spoilt.status != ST_OK);
		assert_in_range(missing(&whole, &spoilt), 0, records_of_page);

		copy = *image;
		core_header(copy.bytes, 3);
		core_phdr(copy.bytes, 0, PT_NOTE, NOTES, 0, 0, 24 + (copy.info_size + 3) / 4 * 4);
		core_phdr(copy.bytes, 1, PT_LOAD, MEMORY, ADDRESS, 0, page);
		core_phdr(copy.bytes, 2, PT_LOAD, MEMORY + page + 0x1000, ADDRESS + page + 0x1000,
			0, SIZE - MEMORY - page - 0x1000);
		read_log(&copy, SIZE, &spoilt);
		assert_int_equal(missing(&whole, &spoilt) != 0, spoilt.status != ST_OK);
		assert_in_range(missing(&whole, &spoilt), 0, records_of_page);
	}
}

static void a_hole_costs_what_was_in_it(void **state)
{
	static struct image image;

	(void)state;
	make_ring(&image);
	lose_pages(&image, DESCS, DESCS + 0x1000, 0x1000 / 24 + 1);
	lose_pages(&image, INFOS, INFOS + 0x5000, 0x1000 / 88 + 2);
	lose_pages(&image, TEXT, TEXT + TEXT_SIZE, 0x1000 / 24);
	make_records(&image);
	lose_pages(&image, BUFFER, BUFFER + BUFFER_SIZE, 0x1000 / 28);
	make_text(&image, RECORDS);
	lose_pages(&image, BUFFER, BUFFER + BUFFER_SIZE, 0x1000 / 28);
}

/* A log may be said to have 2 GiB of which the dump has next to nothing: that takes no time for
 * each byte. */
static void a_hole_is_passed_in_pages(void **state)
{
	static struct image image;
	static struct log whole, spoilt;
	clock_t start;

	(void)state;
	make_records(&image);
	read_log(&image, SIZE, &whole);
	store_le32(at(&image, LOG_LEN), (uint32_t)PRINTK_LOG_MAX);
	store_le32(at(&image, LOG_FIRST), 0);
	store_le32(at(&image, LOG_NEXT), (uint32_t)PRINTK_LOG_MAX);
	start = clock();
	read_log(&image, MEMORY + BUFFER + BUFFER_SIZE, &spoilt);
	assert_in_range(clock() - start, 0, 30 * CLOCKS_PER_SEC);
	assert_in_range(spoilt.count, whole.count, whole.count + 3); /* the last lap's too */
	assert_int_not_equal(spoilt.status, ST_OK);
}

/* Cut anywhere, what comes before is there. */
static void a_cut_image_gives_what_it_has(void **state)
{
	static struct image image;
	static struct log whole, cut;
	size_t last = 0;

	(void)state;
	make_ring(&image);
	read_log(&image, SIZE, &whole);
	for (size_t size = MEMORY + TEXT; size < MEMORY + TEXT + TEXT_SIZE; size += 97) {
		read_log(&image, size, &cut);
		assert_int_equal(cut.count == whole.count, cut.status == ST_OK);
		assert_int_equal(missing(&cut, &whole), 0);
		last = cut.count;
	}
	assert_in_range(last, whole.count - 4, whole.count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_bit_of_the_ring_costs_one_record),
		cmocka_unit_test(any_bit_of_the_records_costs_one),
		cmocka_unit_test(the_ends_of_the_ring_may_be_wrong),
		cmocka_unit_test(the_ends_of_the_records_may_be_wrong),
		cmocka_unit_test(the_numbers_of_the_text_may_be_wrong),
		cmocka_unit_test(a_cleared_log_is_handed_on),
		cmocka_unit_test(a_text_says_where_it_ends),
		cmocka_unit_test(a_hole_costs_what_was_in_it),
		cmocka_unit_test(a_hole_is_passed_in_pages),
		cmocka_unit_test(a_cut_image_gives_what_it_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
