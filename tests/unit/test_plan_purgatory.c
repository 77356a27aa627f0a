// SPDX-License-Identifier: GPL-2.0-only
/* The purgatory in a plan: what stands in its segment, byte by byte where the blob looks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kexec/arch/arch.h"
#include "kexec/plan/purgatory.h"
#include "purgatory/abi.h"

#define ENTRY 0x7fbcb000ull

static struct plan plan;
static struct machine machine;
static struct request request;
static struct report report;

static int setup(void **state)
{
	const struct plan_inputs inputs = { .request = &request };

	(void)state;
	memset(&plan, 0, sizeof(plan));
	memset(&request, 0, sizeof(request));
	plan.arch = arch_find("aarch64");
	assert_int_equal(purgatory_prepare(&inputs, &plan, NULL), ST_OK);
	plan.entry = ENTRY;
	plan.handover = (struct plan_handover){
		.kernel_entry = 0x6fc00000,
		.handed = { 0x7fa00000, 0x7fa01345 },
		.record = 0x7fa01234,
		.reset = 2,
	};
	plan.segments[0] = (struct segment){
		.purpose = SEGMENT_KERNEL, .mem = 0x6fc00000, .memsz = 0x28a0000, .digested = true
	};
	plan.segments[1] = (struct segment){
		.purpose = SEGMENT_ELFCOREHDR, .mem = 0x7fb80000, .memsz = 0x1000
	};
	plan.segments[2] = (struct segment){
		.purpose = SEGMENT_DTB, .mem = 0x7fa00000, .memsz = 0x2000, .digested = true
	};
	plan.segment_count = 3;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	report_done(&report);
	plan_done(&plan);
	return 0;
}

static uint64_t field(size_t offset)
{
	return load_le64(plan.purgatory.data + PURGATORY_PARAMS_OFFSET + offset);
}

static void fill(struct console console)
{
	const struct plan_inputs inputs = {
		.request = &request, .machine = &machine, .console = console
	};

	purgatory_fill(&inputs, &plan, &report);
}

#define PL011  ((struct console){ .type = CONSOLE_PL011, .base = 0x9000000, .reg_width = 4 })
#define TABLES offsetof(struct purgatory_params, tables)

/* Parameters, stack and tables: all of it in the bytes of the segment, in whole pages. */
static void test_all_is_inside(void **state)
{
	uint64_t at, sum = 0;

	(void)state;
	assert_int_equal(plan.purgatory.size % PURGATORY_ALIGN, 0);
	fill(PL011);
	assert_int_equal(field(offsetof(struct purgatory_params, magic)), PURGATORY_MAGIC);
	assert_int_equal(field(offsetof(struct purgatory_params, kernel_entry)), 0x6fc00000);
	assert_int_equal(field(offsetof(struct purgatory_params, handed)), 0x7fa00000);
	assert_int_equal(field(offsetof(struct purgatory_params, handed_size)), 0x1345);
	assert_int_equal(field(offsetof(struct purgatory_params, reset)) & 0xffffffff, 2);
	assert_int_equal(field(offsetof(struct purgatory_params, record)), 0x7fa01234);
	for (size_t i = 0; i < offsetof(struct purgatory_params, sum); i += 8)
		sum = purgatory_sum(sum, field(i));
	assert_int_equal(field(offsetof(struct purgatory_params, sum)), sum);
	at = ENTRY + field(offsetof(struct purgatory_params, mem_size));
	assert_true(at > ENTRY + PURGATORY_PARAMS_OFFSET + sizeof(struct purgatory_params));
	for (int set = 0; set < PURGATORY_TABLES_SETS; set++, at += field(TABLES + 8)) {
		size_t tables = TABLES + (size_t)set * sizeof(struct purgatory_tables);

		sum = 0;
		at = (at + PURGATORY_ALIGN - 1) / PURGATORY_ALIGN * PURGATORY_ALIGN;
		assert_int_equal(field(tables), at);
		assert_int_equal(field(tables + 8), field(TABLES + 8));
		assert_in_range(field(tables + 8), 1, PURGATORY_TABLES_SIZE_MAX);
		assert_true(at + field(tables + 8) <= ENTRY + plan.purgatory.size);
		for (uint64_t i = 0; i < field(tables + 8); i += 8)
			sum = purgatory_sum(sum, load_le64(plan.purgatory.data + (at - ENTRY) + i));
		assert_int_equal(field(tables + 16), sum);
	}
	assert_int_equal(report.count, 0);
}

static void assert_no_tables(void)
{
	uint64_t blob = *plan.arch->purgatory_size;

	for (size_t i = 0; i < sizeof(((struct purgatory_params *)0)->tables); i += 8)
		assert_int_equal(field(TABLES + i), 0);
	for (uint64_t i = blob; i < plan.purgatory.size; i++)
		assert_int_equal(plan.purgatory.data[i], 0);
}

/* Then it is slow, and the user is told why. */
static void test_without_tables(void **state)
{
	(void)state;
	fill((struct console){ .type = CONSOLE_PL011, .base = UINT64_MAX - 15 });
	assert_no_tables();
	assert_int_equal(report.count, 1);
}

static void test_unchecked(void **state)
{
	(void)state;
	request.no_checks = true;
	fill(PL011);
	assert_no_tables();
	assert_int_equal(report.count, 0);
}

/* What the kernel does not show it does not use, and what nobody says is not known. */
static void test_sme(void **state)
{
	static struct {
		char features[48];
		uint32_t flags;
	} cases[] = {
		{ "", 0 },
		{ "half thumb fastmult vfp edsp neon vfpv3 sme", 0 },
		{ "fp asimd evtstrm sha2", PURGATORY_SME_UNUSED },
		{ "asimd", PURGATORY_SME_UNUSED },
		{ "fp asimd smei16i64 smef64f64", PURGATORY_SME_UNUSED },
		{ "fp asimd sve sme smei16i64", PURGATORY_SME_USED },
		{ "fp asimd sme", PURGATORY_SME_USED },
	};

	(void)state;
	fill(PL011);
	assert_int_equal((uint32_t)field(offsetof(struct purgatory_params, flags)), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		machine.cpu_features = cases[i].features;
		fill(PL011);
		assert_int_equal(
			(uint32_t)field(offsetof(struct purgatory_params, flags)), cases[i].flags);
	}
	machine.cpu_features = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_is_inside, setup, teardown),
		cmocka_unit_test_setup_teardown(test_without_tables, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unchecked, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sme, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
