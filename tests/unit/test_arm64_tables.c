// SPDX-License-Identifier: GPL-2.0-only
/* The page tables of the arm64 purgatory, walked as the CPU does it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kexec/arch/arm64/tables.h"
#include "lib/bytes.h"

#define BASE  0x7fe30000ull
#define COUNT 16u
#define KIB   1024ull
#define MIB   (1024 * KIB)
#define GIB   (1024 * MIB)

static uint8_t memory[ARM64_TABLES_ROOM];
static size_t used;
static uint64_t root; /* where the CPU begins: the first of the used tables */

static int setup(void **state)
{
	(void)state;
	memset(memory, 0, sizeof(memory));
	used = 0;
	root = BASE;
	return 0;
}

static const char *build(const struct arm64_mapping *mappings, size_t mapping_count, size_t count,
	enum arm64_regime regime)
{
	return arm64_tables_build(mappings, mapping_count, regime, BASE, memory, count, &used);
}

/* The leaf for an address, 0 for none. Every table lies among the used ones. */
static uint64_t walk(uint64_t address, unsigned int *ret_level)
{
	uint64_t table = root;

	for (unsigned int level = 0;; level++) {
		uint64_t index = address >> (39 - 9 * level) & 511, descriptor;

		assert_in_range(table, root, root + (used - 1) * ARM64_TABLE_SIZE);
		descriptor = load_le64(memory + (table - BASE) + 8 * index);
		*ret_level = level;
		if (!(descriptor & 1))
			return 0;
		if (level == 3 || !(descriptor & 2)) {
			assert_true(level > 0);
			assert_int_equal(descriptor & 2, level == 3 ? 2 : 0);
			return descriptor;
		}
		table = descriptor & 0xfffffffff000;
	}
}

/* Mapped to itself, with these other bits. */
static void assert_mapped(uint64_t address, uint64_t bits, unsigned int level)
{
	unsigned int found;
	uint64_t leaf = walk(address, &found), mask = (1ull << (39 - 9 * level)) - 1;

	assert_int_equal(found, level);
	assert_int_equal(leaf & 0xfffffffff000 & ~mask, address & ~mask);
	assert_int_equal((leaf & ~0xfffffffff000ull) & ~2ull, bits);
}

static void assert_unmapped(uint64_t address)
{
	unsigned int level;

	assert_int_equal(walk(address, &level), 0);
}

/* Valid, AF; inner shareable; read only; and what may not be executed. */
static void test_attributes(void **state)
{
	static const struct {
		enum arm64_access access;
		uint64_t with_el0, el2_only;
	} expected[] = {
		{ ARM64_CODE, 0x0040000000000781, 0x00000000000007c1 },
		{ ARM64_READ, 0x0060000000000781, 0x00400000000007c1 },
		{ ARM64_WRITE, 0x0060000000000701, 0x0040000000000741 },
		{ ARM64_DEVICE, 0x0060000000000405, 0x0040000000000445 },
	};

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		struct arm64_mapping mapping = { { 0x9000000, 0x9001000 }, expected[i].access };

		setup(state);
		assert_null(build(&mapping, 1, COUNT, ARM64_WITH_EL0));
		assert_mapped(0x9000000, expected[i].with_el0, 3);
		setup(state);
		assert_null(build(&mapping, 1, COUNT, ARM64_EL2_ONLY));
		assert_mapped(0x9000000, expected[i].el2_only, 3);
	}
}

#define READ 0x0060000000000781ull

/* The largest pieces that fit, and not a page more at either end. */
static void test_blocks(void **state)
{
	const uint64_t start = 2 * GIB - 2 * MIB - 4 * KIB, end = 3 * GIB + 2 * MIB + 8 * KIB;
	const struct arm64_mapping mapping = { { start, end }, ARM64_READ };

	(void)state;
	assert_null(build(&mapping, 1, COUNT, ARM64_WITH_EL0));
	assert_unmapped(start - 1);
	assert_mapped(start, READ, 3);
	assert_mapped(start + 4 * KIB, READ, 2);
	assert_mapped(2 * GIB, READ, 1);
	assert_mapped(3 * GIB - 1, READ, 1);
	assert_mapped(3 * GIB, READ, 2);
	assert_mapped(3 * GIB + 2 * MIB, READ, 3);
	assert_mapped(end - 1, READ, 3);
	assert_unmapped(end);
	/* Levels 0 and 1, two of level 2, two of level 3. */
	assert_int_equal(used, 6);
}

/* Each page of a typical plan, and none between. */
static void test_plan(void **state)
{
	static const struct arm64_mapping mappings[] = {
		{ { 0x70000000, 0x728a0000 }, ARM64_READ },
		{ { 0x728a0000, 0x73417000 }, ARM64_READ },
		{ { 0x7fc00000, 0x7fc0a000 }, ARM64_READ },
		{ { 0x7fe20000, 0x7fe24000 }, ARM64_CODE },
		{ { 0x7fe24000, 0x7fe25000 }, ARM64_WRITE },
		{ { 0x9000000, 0x9001000 }, ARM64_DEVICE },
		{ { 0xffffffffe000, 0x1000000000000 }, ARM64_READ },
	};
	const size_t count = sizeof(mappings) / sizeof(mappings[0]);
	size_t mapped = 0;

	(void)state;
	assert_null(build(mappings, count, COUNT, ARM64_WITH_EL0));
	for (uint64_t at = 0x6fe00000; at < 0x80200000; at += 4 * KIB) {
		unsigned int level;
		bool wanted = false;

		for (size_t i = 0; i < count; i++)
			wanted |= at >= mappings[i].range.start && at < mappings[i].range.end;
		assert_int_equal(walk(at, &level) != 0, wanted);
		mapped += wanted;
	}
	assert_int_equal(mapped, 0x3417 + 0xa + 5);
	assert_unmapped(0x8fff000);
	assert_unmapped(0x9001000);
	assert_mapped(0xfffffffff000, READ, 3);
}

/* With one table less than it takes, nothing is written behind the room there is. */
static void test_too_many(void **state)
{
	const struct arm64_mapping mappings[] = {
		{ { 0x40000000, 0x40001000 }, ARM64_READ },
		{ { 0x4000000000, 0x4000001000 }, ARM64_READ },
	};

	(void)state;
	assert_null(build(mappings, 2, COUNT, ARM64_WITH_EL0));
	assert_int_equal(used, 6);
	for (size_t count = 0; count < 6; count++) {
		setup(state);
		assert_string_equal(build(mappings, 2, count, ARM64_WITH_EL0),
			"too many page tables are needed");
		for (size_t i = count * ARM64_TABLE_SIZE; i < sizeof(memory); i++)
			assert_int_equal(memory[i], 0);
	}
}

static void test_refused(void **state)
{
	static const struct {
		struct range ranges[2];
		const char *why;
	} refused[] = {
		{ { { 0x1000, 0x1000000001000 } }, "an address is beyond 48 bits" },
		{ { { 0xfffffffffffff000, UINT64_MAX } }, "an address is beyond 48 bits" },
		{ { { 0x3000, 0x1000 } }, "an address is beyond 48 bits" },
		{ { { 0x1000, 0x1800 } }, "a mapping is not in whole pages" },
		{ { { 0x1001, 0x3000 } }, "a mapping is not in whole pages" },
		{ { { 0x1000, 0x3000 }, { 0x2000, 0x4000 } }, "two of its mappings overlap" },
		{ { { 0x200000, 0x400000 }, { 0x3ff000, 0x401000 } },
			"two of its mappings overlap" },
		{ { { 0x3ff000, 0x400000 }, { 0x200000, 0x400000 } },
			"two of its mappings overlap" },
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		const struct arm64_mapping mappings[] = {
			{ refused[i].ranges[0], ARM64_READ },
			{ refused[i].ranges[1], ARM64_READ },
		};

		setup(state);
		assert_string_equal(build(mappings, 2, COUNT, ARM64_WITH_EL0), refused[i].why);
		assert_int_equal(used, 0);
	}
}

/* What purgatory verifies, itself and its console; not what it does not verify. */
static void test_of_a_plan(void **state)
{
	static struct plan plan = {
		.segments = {
			{ .mem = 0x70000000, .memsz = 0x10000, .digested = true },
			{ .mem = 0x70010000, .memsz = 0x10000 },
			{ .mem = 0x70020000, .memsz = 0x1000, .digested = true },
		},
		.segment_count = 3,
	};
	struct plan_inputs inputs = { .console = { .type = CONSOLE_8250, .base = 0x9000ff0 } };
	const struct purgatory_layout layout = {
		.start = 0x7fe2b000,
		.stack = 0x7fe2f000,
		.end = 0x7fe2ff00,
		.tables = BASE,
	};
	const uint64_t only[2] = { 0, 0x0020000000000040 }; /* AP[1] for PXN */
	struct range sets[2];

	(void)state;
	inputs.console.reg_shift = 2;
	assert_null(arm64_purgatory_tables(&inputs, &plan, &layout, memory, sets));
	assert_int_equal(sets[0].start, BASE);
	assert_int_equal(sets[1].start, sets[0].end);
	for (int set = 0; set < 2; set++) {
		root = sets[set].start;
		used = (sets[set].end - sets[set].start) / ARM64_TABLE_SIZE;
		assert_mapped(0x70000000, READ ^ only[set], 3);
		assert_unmapped(0x70010000);
		assert_mapped(0x70020000, READ ^ only[set], 3);
		assert_unmapped(0x70021000);
		assert_unmapped(0x7fe2a000);
		assert_mapped(0x7fe2e000, set ? 0x7c1 : 0x0040000000000781, 3);
		assert_mapped(0x7fe2f000, 0x0060000000000701 ^ only[set], 3);
		assert_unmapped(BASE);
		assert_unmapped(0x8fff000);
		assert_mapped(0x9000000, 0x0060000000000405 ^ only[set], 3);
		assert_mapped(0x9001000, 0x0060000000000405 ^ only[set], 3);
		assert_unmapped(0x9002000);
	}
}

/* A console that cannot be leaves purgatory without tables, not the planner without a plan. */
static void test_of_an_odd_console(void **state)
{
	static const struct console odd[] = {
		{ .type = CONSOLE_8250, .base = 0x9000000, .reg_shift = 32 },
		{ .type = CONSOLE_8250, .base = 0x9000000, .reg_shift = UINT32_MAX },
		{ .type = CONSOLE_8250, .base = UINT64_MAX - 3, .reg_shift = 2 },
		{ .type = CONSOLE_PL011, .base = UINT64_MAX },
		{ .type = CONSOLE_PL011, .base = 1ull << 48 },
	};
	const struct purgatory_layout layout = {
		.start = BASE - 0x5000,
		.stack = BASE - 0x1000,
		.end = BASE,
		.tables = BASE,
	};
	static const struct plan plan = { .segment_count = 0 };

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		const struct plan_inputs inputs = { .console = odd[i] };
		struct range sets[2];

		setup(state);
		assert_string_equal(arm64_purgatory_tables(&inputs, &plan, &layout, memory, sets),
			"an address is beyond 48 bits");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_attributes, setup),
		cmocka_unit_test_setup(test_blocks, setup),
		cmocka_unit_test_setup(test_plan, setup),
		cmocka_unit_test_setup(test_too_many, setup),
		cmocka_unit_test_setup(test_refused, setup),
		cmocka_unit_test_setup(test_of_a_plan, setup),
		cmocka_unit_test_setup(test_of_an_odd_console, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
