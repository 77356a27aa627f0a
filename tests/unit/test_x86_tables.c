// SPDX-License-Identifier: GPL-2.0-only
/* The page tables of the x86_64 purgatory, walked as the CPU does it, in sealed plans. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "purgatory/abi.h"
#include "tests/unit/plan_asserts.h"
#include "tests/unit/x86_machine.h"

#define PAGE	4096ull
#define LARGE	(2ull << 20)
#define CONSOLE 0xfea0006cull
#define IOMEM                                                                                      \
	"00001000-0009fbff : System RAM\n"                                                         \
	"00100000-3ffdffff : System RAM\n"                                                         \
	"  2f000000-3effffff : Crash kernel\n"

#define P_RW  0x3ull
#define A_D   0x60ull
#define UC    0x18ull
#define PS    0x80ull
#define TABLE (P_RW | 0x20)

static struct plan_machine pm;

static int setup(void **state)
{
	(void)state;
	pm_init_x86_64(&pm);
	pm_iomem(&pm, IOMEM);
	pm.machine.x86_boot.acpi_rsdp = 0xf59e0;
	pm_initrd(&pm, 100001);
	pm.inputs.console = (struct console){
		.type = CONSOLE_8250, .base = CONSOLE, .reg_shift = 2, .reg_width = 4
	};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pm_done(&pm);
	return 0;
}

static const struct segment *blob(void)
{
	return plan_segment(&pm.plan, SEGMENT_PURGATORY);
}

static uint64_t param(size_t offset)
{
	return load_le64(blob()->data.data + PURGATORY_PARAMS_OFFSET + offset);
}

static uint64_t table_param(unsigned int set, size_t offset)
{
	return param(offsetof(struct purgatory_params, tables) +
		     set * sizeof(struct purgatory_tables) + offset);
}

/* What maps an address, and how large that is; 0 for nothing. Tables are only in their set. */
static uint64_t walk(unsigned int set, uint64_t address, uint64_t *ret_size)
{
	uint64_t first = table_param(set, 0), size = table_param(set, 8), table = first;

	for (int level = set ? 4 : 3;; level--) {
		uint64_t entry;

		assert_in_range(table, first, first + size - PAGE);
		entry = load_le64(blob()->data.data + (table - blob()->mem) +
				  8 * (address >> (12 + 9 * level) & 511));
		*ret_size = PAGE << 9 * level;
		if (entry == 0 || level == 0)
			return entry;
		if (entry & PS) {
			assert_int_equal(level, 1);
			return entry;
		}
		assert_int_equal(entry & 0xfff, TABLE);
		table = entry & ~0xfffull;
	}
}

static void assert_mapped(uint64_t address, uint64_t more)
{
	for (unsigned int set = 0; set < PURGATORY_TABLES_SETS; set++) {
		uint64_t size, leaf = walk(set, address, &size);

		assert_int_equal(leaf & ~0xfffull, address & ~(size - 1));
		assert_int_equal(leaf & 0xfff, P_RW | A_D | more | (size > PAGE ? PS : 0));
	}
}

static void assert_unmapped(uint64_t address)
{
	uint64_t size;

	for (unsigned int set = 0; set < PURGATORY_TABLES_SETS; set++)
		assert_int_equal(walk(set, address, &size), 0);
}

static void assert_segments_mapped(void)
{
	for (size_t i = 0; i < pm.plan.segment_count; i++) {
		const struct segment *segment = &pm.plan.segments[i];

		for (uint64_t at = 0; at < segment->memsz; at += PAGE)
			assert_mapped(segment->mem + at, 0);
	}
}

static uint64_t sum_of(uint64_t start, uint64_t size)
{
	const uint8_t *words = blob()->data.data + (start - blob()->mem);
	uint64_t sum = 0;

	for (uint64_t i = 0; i < size; i += 8)
		sum = purgatory_sum(sum, load_le64(words + i));
	return sum;
}

/* What purgatory holds them against before it uses them: place, size and sum. */
static void assert_sealed(void)
{
	uint64_t at = blob()->mem + param(offsetof(struct purgatory_params, mem_size));

	at = (at + PAGE - 1) & ~(PAGE - 1);
	for (unsigned int set = 0; set < PURGATORY_TABLES_SETS; set++) {
		assert_int_equal(table_param(set, 0), at);
		assert_int_equal(table_param(set, 8), table_param(0, 8));
		assert_in_range(table_param(set, 8), PAGE, PURGATORY_TABLES_SIZE_MAX);
		assert_int_equal(table_param(set, 16), sum_of(at, table_param(set, 8)));
		at += table_param(set, 8);
	}
	assert_true(at <= blob()->mem + blob()->data.size);
}

static void test_console_in_memory(void **state)
{
	(void)state;
	plan_well(&pm);
	assert_sealed();
	assert_segments_mapped();
	assert_mapped(CONSOLE, UC);
	assert_unmapped(CONSOLE + PAGE);
	assert_unmapped(CONSOLE - PAGE);
	assert_unmapped(0xb8000);
	assert_unmapped(0x3f000000);
	assert_true(pm_said(&pm.report, REPORT_CHOICE, "purgatory", "page tables of its own"));
}

/* Registers that lie across two pages. */
static void test_console_across_pages(void **state)
{
	(void)state;
	pm.inputs.console.base = 0xfea00ff0;
	plan_well(&pm);
	assert_mapped(0xfea00ff0, UC);
	assert_mapped(0xfea01000, UC);
	assert_unmapped(0xfea02000);
}

/* In the 2 MiB line of a segment: the line is cut, and nothing is mapped twice. */
static void test_console_beside_a_segment(void **state)
{
	uint64_t beside;

	(void)state;
	plan_well(&pm);
	beside = (plan_segment(&pm.plan, SEGMENT_KERNEL)->mem & ~(LARGE - 1)) + LARGE - PAGE;
	pm.inputs.console.base = beside;
	plan_well(&pm);
	assert_mapped(beside, UC);
	assert_mapped(beside - PAGE, 0);
	assert_sealed();
}

/* With the console's page the screen's, which the kernel's own tables map elsewhere. */
static void test_screen(void **state)
{
	(void)state;
	pm.inputs.screen = true;
	plan_well(&pm);
	assert_sealed();
	assert_mapped(CONSOLE, UC);
	assert_mapped(0xb8000, UC);
	assert_unmapped(0xb9000);
	assert_unmapped(0xb7000);
	assert_segments_mapped();
}

/* Crash regions above 4 GiB have it far from the console, and more tables. */
static void test_far_region(void **state)
{
	(void)state;
	pm_iomem(&pm, "00001000-0009fbff : System RAM\n"
		      "00100000-3ffdffff : System RAM\n"
		      "3f0000000000-3f3fffffffff : System RAM\n"
		      "  3f1ff0000000-3f20ffffffff : Crash kernel\n");
	plan_well(&pm);
	assert_sealed();
	assert_segments_mapped();
	assert_mapped(CONSOLE, UC);
}

/* Also when nothing is verified, it is said that nothing is. */
static void test_unchecked(void **state)
{
	(void)state;
	pm.request.no_checks = true;
	plan_well(&pm);
	assert_sealed();
	assert_segments_mapped();
	assert_mapped(CONSOLE, UC);
}

static void assert_no_tables(void)
{
	for (unsigned int set = 0; set < PURGATORY_TABLES_SETS; set++)
		for (size_t i = 0; i < sizeof(struct purgatory_tables); i += 8)
			assert_int_equal(table_param(set, i), 0);
}

/* Where the kernel's own tables are enough there are none, and no room is taken for them. */
static void test_no_console_and_ports(void **state)
{
	uint64_t with;

	(void)state;
	plan_well(&pm);
	with = blob()->memsz;
	for (int port = 0; port < 2; port++) {
		pm.inputs.console = (struct console){ .type = CONSOLE_NONE };
		if (port)
			pm.inputs.console = (struct console){
				.type = CONSOLE_8250, .port = true, .base = 0x3f8, .reg_width = 1
			};
		plan_well(&pm);
		assert_no_tables();
		assert_true(blob()->memsz + 2 * PURGATORY_TABLES_SIZE_MAX <= with);
	}
}

/* Then it says nothing, which the user is told. */
static void assert_silent(const char *why)
{
	plan_well(&pm);
	assert_no_tables();
	assert_true(
		pm_said(&pm.report, REPORT_WARNING, "purgatory", "purgatory will print nothing"));
	assert_true(pm_said(&pm.report, REPORT_WARNING, "purgatory", why));
}

static void test_console_out_of_reach(void **state)
{
	(void)state;
	pm.inputs.console.base = 1ull << 48;
	assert_silent("beyond 48 bits");
}

static void test_encrypted_guest(void **state)
{
	(void)state;
	pm.machine.x86_boot.encrypted_guest = true;
	assert_silent("memory is encrypted");
}

static void test_encrypted_by_the_kernels_word(void **state)
{
	(void)state;
	pm_vmcoreinfo(&pm, "NUMBER(sme_mask)=0\n");
	plan_well(&pm);
	assert_sealed();
	pm_vmcoreinfo(&pm, "NUMBER(sme_mask)=140737488355328\n");
	assert_silent("memory is encrypted");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_console_in_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_console_across_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_console_beside_a_segment, setup, teardown),
		cmocka_unit_test_setup_teardown(test_screen, setup, teardown),
		cmocka_unit_test_setup_teardown(test_far_region, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unchecked, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_console_and_ports, setup, teardown),
		cmocka_unit_test_setup_teardown(test_console_out_of_reach, setup, teardown),
		cmocka_unit_test_setup_teardown(test_encrypted_guest, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_encrypted_by_the_kernels_word, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
