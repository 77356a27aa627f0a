/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The purgatory's C code on the host. This file is its machine: it implements
 * purgatory/arch.h with a UART of either kind, a reset that is written down and a halt that
 * ends the run. Link with purgatory/{purgatory,console,print}.c and lib/sha256.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/sha256.h"
#include "purgatory/abi.h"
#include "purgatory/arch.h"
#include "purgatory/purgatory.h"

#define UART_BASE 0x09000000u
#define PAGE	  4096u

#define CHECKED(caches)                                                                            \
	"purgatory: checking 0x3 segments\npurgatory: caches " caches                              \
	"\npurgatory: SHA-256 by plain code\npurgatory: image verified\n"
#define VERIFIED CHECKED("off: no tables")

enum ending { ENTERED, HALTED };

/* The blob as it is loaded, and what stands behind it. */
static struct {
	uint8_t head[PURGATORY_PARAMS_OFFSET];
	struct purgatory_params params;
	uint8_t rest[4 * PAGE - PURGATORY_PARAMS_OFFSET - PURGATORY_PARAMS_SIZE];
	uint64_t tables[PURGATORY_TABLES_SETS][512];
} blob __attribute__((aligned(PAGE)));

/* The machine. */
static struct {
	char said[8192];
	size_t length;
	uint64_t data, status; /* addresses of the two registers that may be touched */
	uint32_t width;
	bool anywhere;	/* registers may be touched that are not those */
	bool by_tables; /* ... and none is mapped but by the planner's tables */
	uint32_t idle;	/* what the status register reads as */
	uint32_t busy;	/* ... for so many reads after each write */
	uint32_t busy_left, busy_value;
	unsigned long reads;
	uint32_t reset_by;
	int resets;
	enum sha256_core core;
	uint32_t sme_flags; /* that machine_sha256_core() was given */
	unsigned int tables_set;
	uint64_t root; /* of the tables, when caches were turned on */
	uint64_t cleaned_start[16], cleaned_bytes;
	unsigned int cleaned;
	uint64_t ticks;
	uint64_t terminal; /* the hypervisor's only one; 0 for none */
	struct purgatory_outcome outcome;
	char screen[8192];
	uint32_t divisor;
	uint8_t lcr, ier, mcr;
	size_t screen_length;
	jmp_buf halt;
} machine;

bool machine_reaches(uint64_t address)
{
	assert_int_equal(address, blob.params.console_base);
	return !machine.by_tables || machine.root != 0;
}

bool machine_terminal_put(uint64_t terminal, char c)
{
	machine.reads++;
	if (machine.terminal == 0 || terminal != machine.terminal)
		return false;
	assert_true(machine.length < sizeof(machine.said) - 1);
	machine.said[machine.length++] = c;
	return true;
}

uint32_t mmio_read(uint64_t address, uint32_t width)
{
	assert_true(!machine.by_tables || machine.root != 0);
	machine.reads++;
	assert_true(machine.anywhere || (address == machine.status && width == machine.width));
	if (machine.busy_left == 0)
		return machine.idle;
	machine.busy_left--;
	return machine.busy_value;
}

/* All registers of an 8250 but the data, which with the highest bit of its LCR are a divisor. Is it
 * one of them? */
static bool set_up_8250(uint64_t number, uint8_t value)
{
	bool latch = machine.lcr & 0x80;

	if (number == 0 && latch)
		machine.divisor = (machine.divisor & 0xff00) | value;
	else if (number == 1 && latch)
		machine.divisor = (machine.divisor & 0xff) | (uint32_t)value << 8;
	else if (number == 1)
		machine.ier = value;
	else if (number == 3)
		machine.lcr = value;
	else if (number == 4)
		machine.mcr = value;
	else
		return false;
	return true;
}

void mmio_write(uint64_t address, uint32_t width, uint32_t value)
{
	if (blob.params.console_divisor && width == machine.width &&
		set_up_8250((address - UART_BASE) >> blob.params.console_reg_shift, (uint8_t)value))
		return;
	assert_true(machine.anywhere || (address == machine.data && width == machine.width));
	assert_int_equal(machine.busy_left, 0);
	assert_in_range(value, 0, 0x7f);
	assert_true(machine.length < sizeof(machine.said) - 1);
	machine.said[machine.length++] = (char)value;
	machine.busy_left = machine.busy;
}

/* On lines of its own: the first letter is asked to begin one. */
void machine_screen_put(uint32_t *column, char c)
{
	if (machine.screen_length == 0)
		assert_int_equal(*column, SCREEN_BEGIN);
	assert_true(machine.screen_length < sizeof(machine.screen) - 1);
	machine.screen[machine.screen_length++] = c;
	*column = 1;
}

enum sha256_core machine_sha256_core(uint32_t flags)
{
	machine.sme_flags = flags & (PURGATORY_SME_USED | PURGATORY_SME_UNUSED);
	return machine.core;
}

unsigned int machine_tables_set(void)
{
	return machine.tables_set;
}

uint32_t machine_cache_on(const struct purgatory_tables *tables)
{
	if (tables->size == 0)
		return PURGATORY_CACHES_NO_TABLES;
	machine.root = tables->root;
	return PURGATORY_CACHES_ON;
}

uint64_t machine_ticks(void)
{
	return machine.ticks += 0x100000001;
}

uint32_t machine_tick_rate(void)
{
	return 1000000000;
}

void machine_cache_clean(uint64_t start, uint64_t size)
{
	machine.cleaned_start[machine.cleaned++ % 16] = start;
	machine.cleaned_bytes += size;
}

void machine_reset(uint32_t how)
{
	machine.resets++;
	machine.reset_by = how;
}

_Noreturn void machine_halt(void)
{
	longjmp(machine.halt, 1);
}

/* The image: three segments, the second of a size that is no multiple of anything. */
static struct {
	uint8_t kernel[2 * PAGE] __attribute__((aligned(PAGE)));
	uint8_t initrd[3 * PAGE] __attribute__((aligned(PAGE)));
	uint8_t dtb[PAGE] __attribute__((aligned(PAGE)));
} image;

#define KERNEL_SIZE 5000u
#define INITRD_SIZE (PAGE + 13u)
#define DTB_SIZE    PAGE

/* In the device tree, at a multiple of 4 and not of 8. */
#define RECORD_OFFSET 0x104u

static const uint8_t unused_record[sizeof(struct purgatory_record_cells)] = { 'K', 'E', 'X', 'E',
	'C', 'R', 'E', 'C', 0, 0, 0, 1, 0, 0, 0, 76 };

static uint64_t address_of(const void *memory)
{
	return (uintptr_t)memory;
}

static void describe(struct purgatory_region *region, const char *name, uint8_t *memory,
	size_t data_size, size_t mem_size)
{
	struct sha256 ctx;

	for (size_t i = 0; i < mem_size; i++)
		memory[i] = i < data_size ? (uint8_t)(i * 31 + (uint8_t)name[0]) : 0;
	if (memory == image.dtb) {
		memcpy(memory + 4, (uint8_t[]){ 0, 0, DTB_SIZE >> 8, 0 }, 4);
		memcpy(memory + RECORD_OFFSET, unused_record, sizeof(unused_record));
	}
	region->start = address_of(memory);
	region->data_size = data_size;
	region->mem_size = mem_size;
	snprintf(region->name, sizeof(region->name), "%s", name);
	sha256_init(&ctx, SHA256_PLAIN);
	sha256_update(&ctx, memory, data_size);
	sha256_final(&ctx, region->sha256);
}

static void use_pl011(uint32_t width)
{
	blob.params.console_type = PURGATORY_CONSOLE_PL011;
	blob.params.console_base = UART_BASE;
	blob.params.console_reg_width = width;
	machine.data = UART_BASE;
	machine.status = UART_BASE + 0x18;
	machine.width = width;
	machine.idle = 0x90;	   /* TXFE, RXFE */
	machine.busy_value = 0x38; /* TXFF, RXFE, BUSY */
}

static void use_8250(uint32_t shift, uint32_t width)
{
	blob.params.console_type = PURGATORY_CONSOLE_8250;
	blob.params.console_base = UART_BASE;
	blob.params.console_reg_shift = shift;
	blob.params.console_reg_width = width;
	machine.data = UART_BASE;
	machine.status = UART_BASE + (5u << shift);
	machine.width = width;
	machine.idle = 0x60; /* THRE, TEMT */
	machine.busy_value = 0x01;
}

static int setup(void **state)
{
	(void)state;
	memset(&machine, 0, sizeof(machine));
	machine.core = SHA256_PLAIN;
	memset(&blob, 0, sizeof(blob));
	blob.params.on_corruption = PURGATORY_HALT;
	blob.params.magic = PURGATORY_MAGIC;
	blob.params.version = PURGATORY_VERSION;
	blob.params.size = sizeof(blob.params);
	blob.params.mem_size = 16384;
	blob.params.region_count = 3;
	describe(
		&blob.params.regions[0], "kernel", image.kernel, KERNEL_SIZE, sizeof(image.kernel));
	describe(
		&blob.params.regions[1], "initrd", image.initrd, INITRD_SIZE, sizeof(image.initrd));
	describe(&blob.params.regions[2], "dtb", image.dtb, DTB_SIZE, sizeof(image.dtb));
	blob.params.kernel_entry = address_of(image.kernel);
	blob.params.handed = address_of(image.dtb);
	blob.params.handed_size = DTB_SIZE;
	blob.params.record = address_of(image.dtb) + RECORD_OFFSET;
	use_pl011(4);
	return 0;
}

/* As the planner does when all else is filled in. */
static void seal(void)
{
	uint64_t words[offsetof(struct purgatory_params, sum) / 8], sum = 0;

	memcpy(words, &blob.params, sizeof(words));
	for (size_t i = 0; i < sizeof(words) / 8; i++)
		sum = purgatory_sum(sum, words[i]);
	blob.params.sum = sum;
}

static enum ending run_unsealed(void)
{
	/* That of the run before is no part of the image. */
	if (machine.outcome.recording)
		memcpy(image.dtb + RECORD_OFFSET, unused_record, sizeof(unused_record));
	if (setjmp(machine.halt))
		return HALTED;
	purgatory_main(&blob.params, &machine.outcome);
	purgatory_record(&blob.params, &machine.outcome);
	return ENTERED;
}

static enum ending run(void)
{
	seal();
	return run_unsealed();
}

static enum ending run_fault(uint64_t depth, uint64_t address)
{
	if (setjmp(machine.halt))
		return HALTED;
	purgatory_fault(&blob.params, &machine.outcome, depth, 0x96000010, 0x1234, address);
	purgatory_record(&blob.params, &machine.outcome);
	return ENTERED;
}

/* What was said, in what remains of CR LF; anything else with a CR is not a line. */
static void assert_said(const char *expected)
{
	char text[sizeof(machine.said)];
	size_t length = 0;

	for (size_t i = 0; i < machine.length; i++) {
		if (machine.said[i] == '\n')
			assert_true(i > 0 && machine.said[i - 1] == '\r');
		if (machine.said[i] != '\r')
			text[length++] = machine.said[i];
	}
	text[length] = '\0';
	assert_string_equal(text, expected);
}

static void mismatch_line(char *text, size_t size, const char *name, const void *start,
	size_t mem_size, const char *rest)
{
	snprintf(text, size, "purgatory: digest mismatch: %s [0x%llx, 0x%llx)%s", name,
		(unsigned long long)address_of(start),
		(unsigned long long)(address_of(start) + mem_size), rest);
}

static void assert_bad_parameter(const char *what)
{
	char line[160], rest[80];

	snprintf(rest, sizeof(rest), " bad parameter: %s\npurgatory: on-corruption=halt\n", what);
	mismatch_line(line, sizeof(line), "purgatory", &blob.params, sizeof(blob.params), rest);
	assert_int_equal(run(), HALTED);
	assert_said(line);
}

static void test_good_is_silent(void **state)
{
	(void)state;
	assert_int_equal(run(), ENTERED);
	assert_said("");
	assert_int_equal(machine.resets, 0);
}

static void test_good_verbose(void **state)
{
	(void)state;
	blob.params.flags = PURGATORY_VERBOSE;
	assert_int_equal(run(), ENTERED);
	assert_said(VERIFIED);
	assert_int_equal(machine.sme_flags, 0);
}

/* What the planner knows of SME decides which core it may be. */
static void test_sme(void **state)
{
	static const uint32_t known[] = { PURGATORY_SME_USED, PURGATORY_SME_UNUSED };

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		setup(state);
		blob.params.flags = PURGATORY_VERBOSE | known[i];
		assert_int_equal(run(), ENTERED);
		assert_said(VERIFIED);
		assert_int_equal(machine.sme_flags, known[i]);
	}
}

/* Tables as the planner makes them, but that nobody walks. */
static void add_tables(void)
{
	for (int set = 0; set < PURGATORY_TABLES_SETS; set++) {
		struct purgatory_tables *tables = &blob.params.tables[set];

		tables->root = address_of(blob.tables[set]);
		tables->size = PAGE;
		for (size_t i = 0; i < PAGE / 8; i++) {
			blob.tables[set][i] = i * 0x0123456789abcdefu + (uint64_t)set;
			tables->sum = purgatory_sum(tables->sum, blob.tables[set][i]);
		}
	}
	blob.params.flags = PURGATORY_VERBOSE;
}

/* Caches on by the set of this CPU, and each segment cleaned once. */
static void test_tables(void **state)
{
	for (unsigned int set = 0; set < PURGATORY_TABLES_SETS; set++) {
		setup(state);
		add_tables();
		machine.tables_set = set;
		assert_int_equal(run(), ENTERED);
		assert_said(CHECKED("on"));
		assert_int_equal(machine.root, blob.params.tables[set].root);
		/* And the record, twice. */
		assert_int_equal(machine.cleaned, 3 + 2);
		assert_int_equal(machine.cleaned_bytes,
			sizeof(image) + 2 * sizeof(struct purgatory_record_cells));
		for (unsigned int i = 0; i < 3; i++)
			assert_int_equal(machine.cleaned_start[i], blob.params.regions[i].start);
	}
}

/* What of the parameters does not matter to a CPU that uses the other set. */
static bool only_for_other_set(size_t word, unsigned int set)
{
	static const size_t first_sum = 2, second_sum = 5;

	return word == (set == 0 ? second_sum : first_sum);
}

/* A console behind the tables is there from the first word on, if they are good. */
static void test_console_by_tables(void **state)
{
	(void)state;
	machine.by_tables = true;
	add_tables();
	assert_int_equal(run(), ENTERED);
	assert_said(CHECKED("on"));

	setup(state);
	machine.by_tables = true;
	add_tables();
	blob.params.region_count = 17;
	assert_bad_parameter("region_count");

	setup(state);
	machine.by_tables = true;
	add_tables();
	blob.params.flags |= PURGATORY_SKIP_CHECK;
	assert_int_equal(run(), ENTERED);
	assert_said("purgatory: check skipped\n");
}

/* Without a way to it nothing is said, and nothing else is different. */
static void test_console_by_bad_tables(void **state)
{
	(void)state;
	machine.by_tables = true;
	blob.params.flags = PURGATORY_VERBOSE;
	assert_int_equal(run(), ENTERED);
	assert_said("");

	setup(state);
	machine.by_tables = true;
	add_tables();
	blob.tables[0][3] ^= 1;
	assert_int_equal(run(), HALTED);
	assert_said("");
	assert_int_equal(machine.root, 0);
}

/* Nothing is turned on by tables around which a bit has changed. */
static void test_bad_tables_parameter(void **state)
{
	for (size_t bit = 0; bit < 2 * 8 * sizeof(blob.params.tables); bit++) {
		size_t at = bit / 2;

		setup(state);
		add_tables();
		machine.tables_set = bit % 2;
		((uint8_t *)blob.params.tables)[at / 8] ^= (uint8_t)(1u << at % 8);
		if (only_for_other_set(at / 64, machine.tables_set))
			continue;
		assert_bad_parameter("tables");
		assert_int_equal(machine.root, 0);
	}
	setup(state);
	add_tables();
	blob.params.mem_size += PAGE;
	assert_bad_parameter("tables");
}

/* ... or in which one has. */
static void test_bad_tables(void **state)
{
	for (size_t bit = 0; bit < 8 * PAGE; bit += bit % 64 == 63 ? 129 : 1) {
		setup(state);
		add_tables();
		blob.tables[0][bit / 64] ^= 1ul << bit % 64;
		assert_bad_parameter("tables");
		assert_int_equal(machine.root, 0);
	}
}

static void test_sixteen_regions(void **state)
{
	(void)state;
	for (uint32_t i = 3; i < PURGATORY_REGIONS_MAX; i++)
		blob.params.regions[i] = blob.params.regions[1];
	blob.params.region_count = PURGATORY_REGIONS_MAX;
	assert_int_equal(run(), ENTERED);
	blob.params.regions[15].sha256[31] ^= 1;
	assert_int_equal(run(), HALTED);
	assert_non_null(strstr(machine.said, "digest mismatch: initrd"));
}

/* A cell of the record, by where the capture kernel's user space will find it. */
static uint32_t cell(size_t offset)
{
	const uint8_t *at = image.dtb + RECORD_OFFSET + offset;

	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void assert_recorded(uint32_t result, uint32_t caches, uint32_t core, uint32_t bytes,
	uint32_t bad, const char *name)
{
	const uint8_t *record = image.dtb + RECORD_OFFSET;

	assert_memory_equal(record, unused_record, 16);
	assert_int_equal(cell(16), result);
	assert_int_equal(cell(20), caches);
	assert_int_equal(cell(24), core);
	assert_int_equal(cell(28), 1000000000);
	for (size_t i = 0; i < 2; i++) { /* both halves of two times */
		assert_int_equal(cell(32 + 4 * i), machine.outcome.entered ? 1 : 0);
		assert_int_equal(cell(40 + 4 * i), machine.ticks & 0xffffffff);
	}
	assert_int_equal(cell(48), 0);
	assert_int_equal(cell(52), bytes);
	assert_int_equal(cell(56), bad);
	assert_string_equal((const char *)record + 60, name);
}

#define ALL_BYTES (KERNEL_SIZE + INITRD_SIZE + DTB_SIZE)

static void test_record(void **state)
{
	(void)state;
	assert_int_equal(run(), ENTERED);
	assert_recorded(PURGATORY_RESULT_VERIFIED, PURGATORY_CACHES_NO_TABLES, PURGATORY_CORE_PLAIN,
		ALL_BYTES, 0, "");
	/* Both sides of the writing. */
	assert_int_equal(machine.cleaned, 2);
	assert_int_equal(machine.cleaned_start[0], blob.params.record);
	assert_int_equal(machine.cleaned_start[1], blob.params.record);
}

static void test_record_of_corruption(void **state)
{
	(void)state;
	blob.params.on_corruption = PURGATORY_BOOT;
	add_tables();
	memset(blob.params.regions[0].name, 'k', 15);
	image.kernel[KERNEL_SIZE] = 1;
	image.initrd[0] ^= 1;
	assert_int_equal(run(), ENTERED);
	assert_recorded(PURGATORY_RESULT_CORRUPT, PURGATORY_CACHES_ON, PURGATORY_CORE_PLAIN,
		ALL_BYTES, 2, "kkkkkkkkkkkkkkk");
}

static void test_record_of_bad_parameters(void **state)
{
	(void)state;
	blob.params.on_corruption = PURGATORY_BOOT;
	blob.params.regions[0].mem_size = 0;
	assert_int_equal(run(), ENTERED);
	assert_recorded(PURGATORY_RESULT_CORRUPT, PURGATORY_CACHES_NONE, PURGATORY_CORE_NONE, 0, 1,
		"purgatory");
}

static void test_record_of_skipping(void **state)
{
	(void)state;
	blob.params.flags = PURGATORY_SKIP_CHECK;
	blob.params.region_count = 0;
	assert_int_equal(run(), ENTERED);
	assert_recorded(
		PURGATORY_RESULT_SKIPPED, PURGATORY_CACHES_NONE, PURGATORY_CORE_NONE, 0, 0, "");
}

static void test_record_of_a_fault(void **state)
{
	(void)state;
	blob.params.on_corruption = PURGATORY_BOOT;
	assert_int_equal(run_fault(1, address_of(image.initrd) + 5), ENTERED);
	assert_recorded(
		PURGATORY_RESULT_FAULT, PURGATORY_CACHES_NONE, PURGATORY_CORE_NONE, 0, 1, "initrd");
	/* One on the way out of the first: what was to be written is written once. */
	machine.length = 0;
	blob.params.on_corruption = PURGATORY_HALT;
	assert_int_equal(run_fault(2, blob.params.record), ENTERED);
	assert_said("");
}

static void assert_no_record(void)
{
	uint8_t before[sizeof(image)];

	memcpy(before, &image, sizeof(image));
	blob.params.flags = PURGATORY_SKIP_CHECK;
	assert_int_equal(run(), ENTERED);
	assert_memory_equal(&image, before, sizeof(image));
}

/* Only where the planner made room: inside the tree's data, and on nothing else. */
static void test_no_room_for_a_record(void **state)
{
	static const size_t outside[] = { DTB_SIZE, DTB_SIZE - sizeof(unused_record) + 4 };

	for (size_t byte = 0; byte < sizeof(unused_record); byte++) {
		setup(state);
		image.dtb[RECORD_OFFSET + byte] ^= 1;
		assert_no_record();
	}
	setup(state);
	blob.params.record += 2;
	memmove(image.dtb + RECORD_OFFSET + 2, unused_record, sizeof(unused_record));
	assert_no_record();
	setup(state);
	memcpy(image.initrd, unused_record, sizeof(unused_record));
	blob.params.record = address_of(image.initrd);
	assert_no_record();
	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
		setup(state);
		blob.params.record = address_of(image.dtb) + outside[i];
		assert_no_record();
	}
	setup(state);
	blob.params.record = UINT64_MAX - 3;
	assert_no_record();
	setup(state);
	blob.params.handed_size = RECORD_OFFSET + sizeof(unused_record) - 1;
	assert_no_record();
}

static void test_digest_mismatch(void **state)
{
	char line[600], digest[2][65];
	uint8_t found[SHA256_DIGEST_SIZE];
	struct sha256 ctx;

	(void)state;
	image.initrd[0] ^= 0x80;
	sha256_init(&ctx, SHA256_PLAIN);
	sha256_update(&ctx, image.initrd, INITRD_SIZE);
	sha256_final(&ctx, found);
	for (size_t i = 0; i < SHA256_DIGEST_SIZE; i++) {
		snprintf(digest[0] + 2 * i, 3, "%02x", blob.params.regions[1].sha256[i]);
		snprintf(digest[1] + 2 * i, 3, "%02x", found[i]);
	}
	mismatch_line(line, sizeof(line), "initrd", image.initrd, sizeof(image.initrd), "\n");
	snprintf(line + strlen(line), sizeof(line) - strlen(line),
		"purgatory:   expected %s\npurgatory:   found    %s\npurgatory: "
		"on-corruption=halt\n",
		digest[0], digest[1]);
	assert_int_equal(run(), HALTED);
	assert_said(line);
}

/* Every byte of a segment counts, and every bit of a byte. */
static void test_each_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(image.initrd); i++) {
		machine.length = 0;
		image.initrd[i] ^= (uint8_t)(1u << (i % 8));
		assert_int_equal(run(), HALTED);
		image.initrd[i] ^= (uint8_t)(1u << (i % 8));
		i += i < PAGE - 8 || i > PAGE + 32 ? 97 : 0;
	}
	assert_int_equal(run(), ENTERED);
}

static void test_tail_is_named(void **state)
{
	static const size_t at[] = { INITRD_SIZE, INITRD_SIZE + 2, INITRD_SIZE + 3, 2 * PAGE,
		2 * PAGE + 5, 3 * PAGE - 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		char line[200], rest[100];

		snprintf(rest, sizeof(rest),
			" tail not zero at 0x%llx\npurgatory: on-corruption=halt\n",
			(unsigned long long)(address_of(image.initrd) + at[i]));
		mismatch_line(
			line, sizeof(line), "initrd", image.initrd, sizeof(image.initrd), rest);
		machine.length = 0;
		image.initrd[at[i]] = 0x01;
		image.initrd[sizeof(image.initrd) - 1] |= 0x80; /* only the first is named */
		assert_int_equal(run(), HALTED);
		assert_said(line);
		image.initrd[at[i]] = 0;
		image.initrd[sizeof(image.initrd) - 1] = 0;
	}
}

static void test_all_bad_regions_are_named(void **state)
{
	(void)state;
	image.kernel[7] ^= 1;
	image.kernel[KERNEL_SIZE] = 1;
	image.dtb[DTB_SIZE - 1] ^= 1;
	assert_int_equal(run(), HALTED);
	machine.said[machine.length] = '\0';
	assert_non_null(strstr(machine.said, "digest mismatch: kernel ["));
	assert_non_null(strstr(machine.said, "tail not zero"));
	assert_null(strstr(machine.said, "initrd"));
	assert_non_null(strstr(machine.said, "digest mismatch: dtb ["));
	assert_non_null(strstr(strstr(machine.said, "dtb"), "on-corruption=halt"));
}

static void test_policy_boot(void **state)
{
	(void)state;
	blob.params.on_corruption = PURGATORY_BOOT;
	image.initrd[INITRD_SIZE] = 1;
	assert_int_equal(run(), ENTERED);
	assert_non_null(strstr(machine.said, "tail not zero"));
	assert_non_null(strstr(machine.said, "purgatory: on-corruption=boot\r\n"));
	assert_int_equal(machine.resets, 0);
}

static void test_policy_reset(void **state)
{
	(void)state;
	blob.params.on_corruption = PURGATORY_RESET;
	blob.params.reset = 2;
	image.initrd[INITRD_SIZE] = 1;
	assert_int_equal(run(), HALTED);
	assert_int_equal(machine.resets, 1);
	assert_int_equal(machine.reset_by, 2);
	assert_non_null(strstr(
		machine.said, "on-corruption=reset\r\npurgatory: no reset came, halting\r\n"));
}

static void test_skip(void **state)
{
	(void)state;
	blob.params.flags = PURGATORY_SKIP_CHECK;
	blob.params.region_count = 0;
	memset(blob.params.regions, 0xff, sizeof(blob.params.regions));
	assert_int_equal(run(), ENTERED);
	assert_said("");
	blob.params.flags |= PURGATORY_VERBOSE;
	assert_int_equal(run(), ENTERED);
	assert_said("purgatory: check skipped\n");
}

static void test_skip_wants_a_header(void **state)
{
	(void)state;
	blob.params.flags = PURGATORY_SKIP_CHECK;
	blob.params.version++;
	assert_bad_parameter("version");
}

#define BAD_PARAMETER_TEST(test, change, what)                                                     \
	static void test(void **state)                                                             \
	{                                                                                          \
		(void)state;                                                                       \
		change;                                                                            \
		assert_bad_parameter(what);                                                        \
	}

BAD_PARAMETER_TEST(test_bad_magic, blob.params.magic ^= 1ull << 63, "magic")
BAD_PARAMETER_TEST(test_bad_version, blob.params.version = 1, "version")
BAD_PARAMETER_TEST(test_bad_size, blob.params.size--, "size")
BAD_PARAMETER_TEST(test_bad_flags, blob.params.flags = 128, "flags")
BAD_PARAMETER_TEST(test_bad_policy, blob.params.on_corruption = 3, "on_corruption")
BAD_PARAMETER_TEST(test_no_region, blob.params.region_count = 0, "region_count")
BAD_PARAMETER_TEST(test_count_too_big, blob.params.region_count = 17, "region_count")
BAD_PARAMETER_TEST(test_count_huge, blob.params.region_count = 0xffffffff, "region_count")
BAD_PARAMETER_TEST(test_count_lost_one, blob.params.region_count = 2, "region_count")
BAD_PARAMETER_TEST(test_count_won_one, blob.params.region_count = 4, "region mem_size")
BAD_PARAMETER_TEST(test_bad_start, blob.params.regions[1].start += 8, "region start")
BAD_PARAMETER_TEST(test_bad_mem_size, blob.params.regions[1].mem_size = UINT64_MAX - PAGE + 1,
	"region mem_size")
BAD_PARAMETER_TEST(
	test_bad_data_size, blob.params.regions[1].data_size = 3 * PAGE + 1, "region data_size")
BAD_PARAMETER_TEST(test_bad_name, memset(blob.params.regions[2].name, 'x', 16), "region name")
BAD_PARAMETER_TEST(test_entry_outside, blob.params.kernel_entry ^= 1ull << 40, "kernel_entry")
BAD_PARAMETER_TEST(test_entry_in_tail, blob.params.kernel_entry += KERNEL_SIZE, "kernel_entry")
BAD_PARAMETER_TEST(test_entry_odd, blob.params.kernel_entry += 2, "kernel_entry")
BAD_PARAMETER_TEST(test_handed_outside, blob.params.handed = 0, "handed")
BAD_PARAMETER_TEST(test_handed_unaligned, blob.params.handed += 4, "handed")

/* Whatever bit of the parameters changes: nothing is taken for verified, or skipped. */
static void assert_each_bit_counts(void)
{
	seal();
	machine.anywhere = true;
	assert_int_equal(run_unsealed(), ENTERED);
	for (size_t bit = 0; bit < 8 * sizeof(blob.params); bit++) {
		uint8_t *byte = (uint8_t *)&blob.params + bit / 8;

		machine.length = 0;
		machine.root = 0;
		*byte ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(run_unsealed(), HALTED);
		*byte ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(machine.outcome.result, PURGATORY_RESULT_CORRUPT);
		assert_string_equal(machine.outcome.bad_name, "purgatory");
		assert_int_equal(machine.outcome.bytes, 0);
		assert_int_equal(machine.root, 0);
	}
}

static void test_each_bit_of_the_parameters(void **state)
{
	(void)state;
	assert_each_bit_counts();
	setup(state);
	add_tables();
	assert_each_bit_counts();
	blob.params.flags = PURGATORY_SKIP_CHECK;
	assert_each_bit_counts();
}

/* A line of the data bus that is stuck changes the same bit of many words: here of each two. */
static void test_stuck_line(void **state)
{
	const size_t count = offsetof(struct purgatory_params, sum) / 8;
	uint64_t *words = (void *)&blob.params;

	(void)state;
	for (int bit = 0; bit < 64; bit += 21)
		for (size_t i = 0; i < count; i++)
			for (size_t j = i + 1; j < count; j++) {
				uint64_t sum;

				seal();
				sum = blob.params.sum;
				words[i] ^= 1ull << bit;
				words[j] ^= 1ull << bit;
				seal();
				assert_true(sum != blob.params.sum);
				words[i] ^= 1ull << bit;
				words[j] ^= 1ull << bit;
			}
}

static void test_odd_name_is_printable(void **state)
{
	char line[100];

	(void)state;
	memcpy(blob.params.regions[1].name, "in\x1b\x80rd", 7);
	image.initrd[INITRD_SIZE] = 1;
	assert_int_equal(run(), HALTED);
	machine.said[machine.length] = '\0';
	mismatch_line(line, sizeof(line), "in??rd", image.initrd, sizeof(image.initrd), " tail");
	assert_non_null(strstr(machine.said, line));
}

static void assert_speaks(void)
{
	blob.params.flags = PURGATORY_VERBOSE;
	machine.length = 0;
	assert_int_equal(run(), ENTERED);
	assert_said(VERIFIED);
}

static void assert_silent(void)
{
	blob.params.flags = PURGATORY_VERBOSE;
	machine.reads = 0;
	assert_int_equal(run(), ENTERED);
	assert_said("");
	assert_int_equal(machine.reads, 0);
}

static void test_pl011_widths(void **state)
{
	(void)state;
	for (uint32_t width = 1; width <= 4; width *= 2) {
		use_pl011(width);
		assert_speaks();
	}
}

static void test_8250_layouts(void **state)
{
	(void)state;
	for (uint32_t shift = 0; shift <= 3; shift++)
		for (uint32_t width = 1; width <= 4 && width <= 1u << shift; width *= 2) {
			use_8250(shift, width);
			assert_speaks();
		}
}

/* The same on the screen, if it is asked for, also where the line is dead or is none. */
static void test_screen(void **state)
{
	(void)state;
	assert_speaks();
	assert_int_equal(machine.screen_length, 0);
	machine.length = 0;
	blob.params.flags |= PURGATORY_SCREEN;
	assert_int_equal(run(), ENTERED);
	assert_said(VERIFIED);
	assert_int_equal(machine.screen_length, machine.length);
	assert_memory_equal(machine.screen, machine.said, machine.length);
	blob.params.console_type = PURGATORY_CONSOLE_NONE;
	machine.length = 0;
	machine.screen_length = 0;
	assert_int_equal(run(), ENTERED);
	assert_said("");
	assert_memory_equal(machine.screen, "purgatory: checking ", 20);
}

/* Nothing is written to a full UART (mmio_write looks), and all is out before we leave. */
static void test_slow_uart(void **state)
{
	(void)state;
	machine.busy = 1000;
	assert_speaks();
	assert_int_equal(machine.busy_left, 0);
	use_8250(2, 4);
	assert_speaks();
	assert_int_equal(machine.busy_left, 0);
}

/* Its speed, 8 bits without parity, no interrupts; and only on request. */
static void test_speed_of_an_8250(void **state)
{
	(void)state;
	for (uint32_t shift = 0; shift < 3; shift++) {
		setup(state);
		use_8250(shift, 1u << shift);
		blob.params.flags = PURGATORY_VERBOSE;
		blob.params.console_divisor = 0x10c;
		machine.ier = 0x0f;
		machine.busy_left = 3; /* what the old kernel said goes out at the old speed */
		assert_int_equal(run(), ENTERED);
		assert_said(VERIFIED);
		assert_int_equal(machine.divisor, 0x10c);
		assert_int_equal(machine.lcr, 0x03);
		assert_int_equal(machine.ier, 0);
		assert_int_equal(machine.mcr, 0x03);
	}
	/* It has 16 bits for it; and a line that is never idle is given up. */
	setup(state);
	use_8250(0, 1);
	blob.params.flags = PURGATORY_VERBOSE;
	blob.params.console_divisor = 0x10000;
	assert_int_equal(run(), ENTERED);
	assert_said("");
	setup(state);
	use_8250(0, 1);
	machine.idle = 0x20;
	blob.params.flags = PURGATORY_VERBOSE;
	blob.params.console_divisor = 12;
	assert_int_equal(run(), ENTERED);
	assert_said("");
	assert_int_equal(machine.lcr, 0);
}

static void test_dead_uart(void **state)
{
	(void)state;
	machine.idle = 0x20; /* full, for ever */
	blob.params.flags = PURGATORY_VERBOSE;
	image.initrd[INITRD_SIZE] = 1;
	blob.params.on_corruption = PURGATORY_BOOT;
	assert_int_equal(run(), ENTERED);
	assert_said("");
	/* Given up once, not once for each character. */
	assert_in_range(machine.reads, 1, 1u << 20);
}

static void use_terminal(uint64_t number)
{
	blob.params.console_type = PURGATORY_CONSOLE_HVTERM;
	blob.params.console_base = number;
	blob.params.console_reg_width = 0;
	blob.params.console_reg_shift = 0;
}

/* It has no registers, and one that takes nothing is given up after one character. */
static void test_terminal(void **state)
{
	(void)state;
	machine.terminal = 0x71000000;
	use_terminal(0x71000000);
	assert_speaks();
	machine.reads = 0;
	machine.length = 0;
	memset(machine.said, 0, sizeof(machine.said));
	use_terminal(0x71000001);
	blob.params.flags = PURGATORY_VERBOSE;
	assert_int_equal(run(), ENTERED);
	assert_said("");
	assert_in_range(machine.reads, 1, 4);
}

/* --- a tree that the old kernel keeps true ------------------------------------------------ */

#define EDITED_STRUCT  0x80u
#define EDITED_FRONT   0x200u
#define EDITED_MIDDLE  0x100u /* as loaded: what the old kernel exchanges */
#define EDITED_BACK    0x100u
#define EDITED_STRINGS 0x80u

/* The header's numbers, with a middle and strings of these sizes. */
static void edited_header(uint32_t middle, uint32_t strings)
{
	const uint32_t end = EDITED_FRONT + middle + EDITED_BACK;
	const uint32_t header[10] = { 0xd00dfeed, DTB_SIZE, EDITED_STRUCT, end, 40, 17, 16, 0,
		strings, end - EDITED_STRUCT };

	for (size_t i = 0; i < sizeof(header) / 4; i++)
		for (unsigned int byte = 0; byte < 4; byte++)
			image.dtb[4 * i + byte] = (uint8_t)(header[i] >> (24 - 8 * byte));
}

/* What stands behind the middle goes where another size of it leaves it. */
static void edited_grow(uint32_t from, uint32_t to)
{
	memmove(image.dtb + EDITED_FRONT + to, image.dtb + EDITED_FRONT + from,
		EDITED_BACK + EDITED_STRINGS);
	memset(image.dtb + EDITED_FRONT, 0xa5, to);
	edited_header(to, EDITED_STRINGS + 12);
}

/* It is no region, and has a digest of what stays. */
static void edited_tree(void)
{
	struct purgatory_edited *edited = &blob.params.edited;
	const size_t pieces[][2] = { { 0, 12 }, { 16, 12 }, { 40, EDITED_FRONT - 40 },
		{ EDITED_FRONT + EDITED_MIDDLE, EDITED_BACK },
		{ EDITED_FRONT + EDITED_MIDDLE + EDITED_BACK, EDITED_STRINGS } };
	struct sha256 ctx;

	machine.length = 0;
	memset(machine.said, 0, sizeof(machine.said));
	describe(&blob.params.regions[2], "dtb", image.dtb, DTB_SIZE, sizeof(image.dtb));
	memset(&blob.params.regions[2], 0, sizeof(blob.params.regions[2]));
	blob.params.region_count = 2;
	blob.params.flags = PURGATORY_HANDED_EDITED;
	edited_header(EDITED_MIDDLE, EDITED_STRINGS);
	*edited = (struct purgatory_edited){
		.front = EDITED_FRONT, .back = EDITED_BACK, .strings = EDITED_STRINGS
	};
	sha256_init(&ctx, SHA256_PLAIN);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
		sha256_update(&ctx, image.dtb + pieces[i][0], pieces[i][1]);
	sha256_final(&ctx, edited->sha256);
}

static void assert_edited_good(void)
{
	assert_int_equal(run(), ENTERED);
	assert_int_equal(machine.outcome.result, PURGATORY_RESULT_VERIFIED);
	assert_int_equal(machine.outcome.bytes,
		KERNEL_SIZE + INITRD_SIZE + 24 + EDITED_FRONT - 40 + EDITED_BACK + EDITED_STRINGS);
	assert_int_equal(machine.length, 0);
}

/* As loaded, and with fewer, more and no CPUs, and strings that are new. */
static void test_edited_tree(void **state)
{
	static const uint32_t middles[] = { 0, 4, EDITED_MIDDLE - 8, EDITED_MIDDLE + 0x80, 0xc00 };

	(void)state;
	edited_tree();
	assert_edited_good();
	for (size_t i = 0; i < sizeof(middles) / sizeof(middles[0]); i++) {
		edited_tree();
		edited_grow(EDITED_MIDDLE, middles[i]);
		assert_edited_good();
	}
}

/* May this byte be anything: what is exchanged, the boot CPU, what is free. */
static bool edited_is_open(size_t at)
{
	const size_t end = EDITED_FRONT + EDITED_MIDDLE + EDITED_BACK + EDITED_STRINGS;

	return (at >= 28 && at < 32) || (at >= EDITED_FRONT && at < EDITED_FRONT + EDITED_MIDDLE) ||
	       at >= end;
}

/* Each other byte counts, wherever the tree is when it changes. */
static void test_edited_tree_damaged(void **state)
{
	(void)state;
	for (size_t at = 8; at < DTB_SIZE; at++) {
		/* The strings may be more. */
		const uint8_t bit = at == 35 ? 0x80 : 0x10;

		edited_tree();
		image.dtb[at] ^= bit;
		if (edited_is_open(at)) {
			assert_edited_good();
			continue;
		}
		assert_int_equal(run(), HALTED);
		assert_non_null(strstr(machine.said, "digest mismatch: dtb [0x"));
		assert_int_equal(machine.outcome.bad_count, 1);
		assert_string_equal(machine.outcome.bad_name, "dtb");
	}
}

/* A header by which parts lie outside, or overlap, leads nowhere. */
static void test_edited_tree_leads_away(void **state)
{
	static const struct {
		size_t cell;
		uint32_t value;
	} wrong[] = { { 2, EDITED_FRONT + 4 }, { 3, EDITED_FRONT }, { 3, UINT32_MAX },
		{ 8, EDITED_STRINGS - 1 }, { 8, DTB_SIZE }, { 8, UINT32_MAX }, { 9, 0 },
		{ 9, UINT32_MAX } };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		edited_tree();
		for (unsigned int byte = 0; byte < 4; byte++)
			image.dtb[4 * wrong[i].cell + byte] =
				(uint8_t)(wrong[i].value >> (24 - 8 * byte));
		assert_int_equal(run(), HALTED);
		assert_non_null(strstr(machine.said, ") bad header\r\n"));
	}
}

static void test_edited_tree_is_none(void **state)
{
	static const size_t places[] = { 0, 3, 4, 6, 7 };

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		edited_tree();
		image.dtb[places[i]] ^= 1;
		assert_int_equal(run(), HALTED);
		assert_non_null(strstr(machine.said, "bad parameter: handed"));
	}
}

static void test_unusable_console(void **state)
{
	(void)state;
	blob.params.console_type = PURGATORY_CONSOLE_NONE;
	assert_silent();
	use_pl011(4);
	blob.params.console_type = 4;
	assert_silent();
	use_pl011(3);
	assert_silent();
	use_pl011(0);
	assert_silent();
	use_pl011(4);
	blob.params.console_base = 0;
	assert_silent();
	blob.params.console_base = UART_BASE + 2;
	assert_silent();
	use_8250(0, 4);
	assert_silent();
	use_8250(13, 1);
	assert_silent();
}

static void test_fault_names_region(void **state)
{
	char line[300], rest[100];

	(void)state;
	snprintf(rest, sizeof(rest), " unreadable at 0x%llx\npurgatory: on-corruption=halt\n",
		(unsigned long long)address_of(image.dtb));
	snprintf(line, sizeof(line), "purgatory: fault 0x96000010 at 0x1234 address 0x%llx\n",
		(unsigned long long)address_of(image.dtb));
	mismatch_line(line + strlen(line), sizeof(line) - strlen(line), "dtb", image.dtb,
		sizeof(image.dtb), rest);
	assert_int_equal(run_fault(1, address_of(image.dtb)), HALTED);
	assert_said(line);
}

static void test_fault_elsewhere(void **state)
{
	(void)state;
	blob.params.on_corruption = PURGATORY_BOOT;
	assert_int_equal(run_fault(1, 0), ENTERED);
	assert_said("purgatory: fault 0x96000010 at 0x1234 address 0x0\n"
		    "purgatory: on-corruption=boot\n");
}

/* The report itself faulted: quietly do what was asked for. Then that: do nothing. */
static void test_fault_again(void **state)
{
	(void)state;
	blob.params.on_corruption = PURGATORY_RESET;
	blob.params.reset = 1;
	assert_int_equal(run_fault(2, 0), HALTED);
	assert_said("");
	assert_int_equal(machine.resets, 1);
	assert_int_equal(run_fault(3, 0), HALTED);
	assert_said("");
	assert_int_equal(machine.resets, 1);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_good_is_silent),
		TEST(test_good_verbose),
		TEST(test_tables),
		TEST(test_console_by_tables),
		TEST(test_console_by_bad_tables),
		TEST(test_bad_tables_parameter),
		TEST(test_bad_tables),
		TEST(test_sixteen_regions),
		TEST(test_record),
		TEST(test_record_of_corruption),
		TEST(test_record_of_bad_parameters),
		TEST(test_record_of_skipping),
		TEST(test_record_of_a_fault),
		TEST(test_no_room_for_a_record),
		TEST(test_digest_mismatch),
		TEST(test_each_byte),
		TEST(test_tail_is_named),
		TEST(test_all_bad_regions_are_named),
		TEST(test_policy_boot),
		TEST(test_policy_reset),
		TEST(test_skip),
		TEST(test_skip_wants_a_header),
		TEST(test_bad_magic),
		TEST(test_bad_version),
		TEST(test_bad_size),
		TEST(test_bad_flags),
		TEST(test_sme),
		TEST(test_bad_policy),
		TEST(test_no_region),
		TEST(test_count_too_big),
		TEST(test_count_huge),
		TEST(test_count_lost_one),
		TEST(test_count_won_one),
		TEST(test_bad_start),
		TEST(test_bad_mem_size),
		TEST(test_bad_data_size),
		TEST(test_bad_name),
		TEST(test_entry_outside),
		TEST(test_entry_in_tail),
		TEST(test_entry_odd),
		TEST(test_handed_outside),
		TEST(test_handed_unaligned),
		TEST(test_each_bit_of_the_parameters),
		TEST(test_stuck_line),
		TEST(test_odd_name_is_printable),
		TEST(test_pl011_widths),
		TEST(test_8250_layouts),
		TEST(test_screen),
		TEST(test_slow_uart),
		TEST(test_speed_of_an_8250),
		TEST(test_dead_uart),
		TEST(test_terminal),
		TEST(test_edited_tree),
		TEST(test_edited_tree_damaged),
		TEST(test_edited_tree_leads_away),
		TEST(test_edited_tree_is_none),
		TEST(test_unusable_console),
		TEST(test_fault_names_region),
		TEST(test_fault_elsewhere),
		TEST(test_fault_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
