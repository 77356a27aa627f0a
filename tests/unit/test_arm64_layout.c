// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/plan_machine.h"

#define TEXT_VADDR UINT64_C(0xffff800080000000)
#define TEXT_PADDR UINT64_C(0x40200000)
#define TEXT_SIZE  UINT64_C(0x2a50000) /* to the end of "Kernel data" */

static const struct kcore_load text_load = { TEXT_VADDR, TEXT_PADDR, TEXT_SIZE };
static const struct kcore_load vmalloc_load = { 0xffff800000000000, UINT64_MAX, 0x80000000 };
static const struct kcore_load ram_load = { 0xffff000000000000, 0x40000000, 0x80000000 };

struct found {
	struct kernel_layout layout;
	struct report report;
	struct err err;
	int status;
};

static struct found look(const struct plan_machine *pm)
{
	struct found found = { .report = REPORT_INIT, .err = ERR_INIT };

	found.layout.text_size = 77;
	found.status = arch_find("aarch64")->kernel_layout(
		&pm->machine, &found.layout, &found.report, &found.err);
	return found;
}

/* With these program headers of kcore, and nothing else. */
static void start(struct plan_machine *pm, const struct kcore_load *loads, size_t count)
{
	pm_init(pm);
	pm_kcore(pm, loads, count);
}

#define START(pm, ...)                                                                             \
	start(pm, (const struct kcore_load[]){ __VA_ARGS__ },                                      \
		sizeof((const struct kcore_load[]){ __VA_ARGS__ }) / sizeof(struct kcore_load))

static void assert_text(const struct found *found)
{
	assert_int_equal(found->status, ST_OK);
	assert_true(found->layout.text_known);
	assert_int_equal(found->layout.text_vaddr, TEXT_VADDR);
	assert_int_equal(found->layout.text_paddr, TEXT_PADDR);
	assert_int_equal(found->layout.text_size, TEXT_SIZE);
}

static void assert_linear(const struct found *found, uint64_t offset)
{
	assert_int_equal(found->status, ST_OK);
	assert_true(found->layout.linear_known);
	assert_int_equal(found->layout.linear_offset, offset);
}

static void end(struct plan_machine *pm, struct found *found)
{
	report_done(&found->report);
	pm_done(pm);
}

static size_t warnings(const struct found *found)
{
	size_t count = 0;

	for (size_t i = 0; i < found->report.count; i++)
		count += found->report.entries[i].kind == REPORT_WARNING;
	return count;
}

static void trap11_kcore_gives_text_and_linear_map(void **state)
{
	struct plan_machine pm;
	struct found found;

	(void)state;
	START(&pm, text_load, vmalloc_load, ram_load);
	found = look(&pm);
	assert_text(&found);
	assert_linear(&found, MACHINE_LINEAR);
	assert_true(
		pm_said(&found.report, REPORT_CHOICE, "layout", "kernel image from /proc/kcore"));
	assert_true(pm_said(&found.report, REPORT_CHOICE, "layout", "linear map from /proc/kcore"));
	assert_int_equal(warnings(&found), 0);
	end(&pm, &found);
}

static void trap11_linear_map_is_not_that_of_the_first_ram(void **state)
{
	/* PHYS_OFFSET is 1 GiB below the first System RAM line. */
	static const struct kcore_load ram[] = {
		{ 0xffff000040000000, 0x40000000, 0x80000000 },
		{ 0xffff000200000000, 0x200000000, 0x40000000 },
	};
	struct plan_machine pm;
	struct found found;

	(void)state;
	START(&pm, text_load, ram[0], ram[1]);
	found = look(&pm);
	assert_linear(&found, 0xffff000000000000);
	end(&pm, &found);
}

/* VA_BITS 52 on hardware with 48: PAGE_OFFSET is -(1 << 52), PHYS_OFFSET 0xfff1000040000000. */
static void trap11_52_bit_kernel_with_negative_phys_offset(void **state)
{
	struct plan_machine pm;
	struct found found;

	(void)state;
	START(&pm, text_load, vmalloc_load, ram_load);
	pm_vmcoreinfo(&pm, "NUMBER(VA_BITS)=52\nNUMBER(PHYS_OFFSET)=0xfff1000040000000\n"
			   "NUMBER(kimage_voffset)=0xffff80003fe00000\n");
	found = look(&pm);
	assert_text(&found);
	assert_linear(&found, MACHINE_LINEAR);
	report_done(&found.report);
	pm_kcore(&pm, NULL, 0); /* and from the note alone, the same */
	found = look(&pm);
	assert_text(&found);
	assert_linear(&found, MACHINE_LINEAR);
	end(&pm, &found);
}

static void trap11_vmcoreinfo_alone_is_enough(void **state)
{
	/* A PHYS_OFFSET of -0xf000000000000 + ..., as old kernels print it: signed. */
	static const char *const phys_offsets[] = { "0xfff1000040000000", "fff1000040000000",
		"-0xeffffc0000000" };
	struct plan_machine pm;
	struct found found;

	(void)state;
	start(&pm, NULL, 0);
	pm_vmcoreinfo(&pm, "NUMBER(VA_BITS)=48\nNUMBER(PHYS_OFFSET)=0x40000000\n"
			   "NUMBER(kimage_voffset)=0xffff80003fe00000\n");
	found = look(&pm);
	assert_text(&found);
	assert_linear(&found, MACHINE_LINEAR);
	assert_int_equal(warnings(&found), 0);
	report_done(&found.report);
	for (size_t i = 0; i < 3; i++) {
		char text[128];

		snprintf(text, sizeof(text), "NUMBER(VA_BITS)=52\nNUMBER(PHYS_OFFSET)=%s\n",
			phys_offsets[i]);
		pm_vmcoreinfo(&pm, text);
		found = look(&pm);
		assert_linear(&found, MACHINE_LINEAR);
		report_done(&found.report);
	}
	/* The image can lie below where it is mapped: then the offset is "negative" too. */
	pm_vmcoreinfo(&pm, "NUMBER(kimage_voffset)=-0x7fffc0200000\n");
	found = look(&pm);
	assert_text(&found);
	end(&pm, &found);
}

static void strange_va_bits_are_no_source(void **state)
{
	static const char *const texts[] = {
		"NUMBER(VA_BITS)=64\nNUMBER(PHYS_OFFSET)=0x40000000\n",
		"NUMBER(VA_BITS)=0\nNUMBER(PHYS_OFFSET)=0x40000000\n",
		"NUMBER(VA_BITS)=48\n",
		"NUMBER(PHYS_OFFSET)=0x40000000\n",
		"NUMBER(VA_BITS)=48\nNUMBER(PHYS_OFFSET)=what\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct plan_machine pm;
		struct found found;

		start(&pm, NULL, 0);
		pm_vmcoreinfo(&pm, texts[i]);
		found = look(&pm);
		assert_int_equal(found.status, ST_OK);
		assert_false(found.layout.linear_known);
		end(&pm, &found);
	}
}

static void text_missing_from_kcore_comes_from_the_note(void **state)
{
	struct plan_machine pm;
	struct found found;

	(void)state;
	START(&pm, ram_load);
	found = look(&pm);
	assert_false(found.layout.text_known);
	assert_linear(&found, MACHINE_LINEAR);
	assert_true(pm_said(&found.report, REPORT_WARNING, "layout", "kernel image"));
	report_done(&found.report);
	pm_vmcoreinfo(&pm, "NUMBER(kimage_voffset)=0xffff80003fe00000\n");
	found = look(&pm);
	assert_text(&found);
	assert_linear(&found, MACHINE_LINEAR);
	end(&pm, &found);
}

static void text_is_told_from_ram_beside_it(void **state)
{
	struct plan_machine pm;
	struct found found;

	(void)state;
	/* Banks that end where the image begins and begin where it ends. */
	START(&pm, { 0xffff000000000000, 0x40000000, 0x200000 }, text_load,
		{ 0xffff000002c50000, 0x42c50000, 0x1000000 });
	found = look(&pm);
	assert_text(&found);
	assert_linear(&found, MACHINE_LINEAR);
	end(&pm, &found);

	/* The image is the end of its bank; text before, behind, and missing. */
	START(&pm, text_load, { 0xffff000000000000, 0x40000000 - 0x10000000, 0x12c50000 });
	found = look(&pm);
	assert_text(&found);
	assert_linear(&found, 0xffff000000000000 - 0x30000000);
	end(&pm, &found);
	START(&pm, { 0xffff000000000000, 0x30000000, 0x12c50000 }, text_load);
	found = look(&pm);
	assert_text(&found);
	assert_linear(&found, 0xffff000000000000 - 0x30000000);
	end(&pm, &found);
	START(&pm, { 0xffff000000000000, 0x30000000, 0x12c50000 });
	found = look(&pm);
	assert_false(found.layout.text_known);
	assert_linear(&found, 0xffff000000000000 - 0x30000000);
	end(&pm, &found);
}

static void text_may_begin_before_kernel_code(void **state)
{
	struct plan_machine pm;
	struct found found;

	(void)state;
	START(&pm, text_load, ram_load);
	/* Older kernels name it from _stext on. */
	pm_iomem(&pm, "40000000-bfffffff : System RAM\n"
		      "  40210000-41cfffff : Kernel code\n"
		      "  42680000-42c4ffff : Kernel data\n");
	found = look(&pm);
	assert_text(&found);
	end(&pm, &found);
}

static void text_may_end_inside_a_page(void **state)
{
	struct plan_machine pm;
	struct found found;

	(void)state;
	START(&pm, { TEXT_VADDR, TEXT_PADDR, TEXT_SIZE - 0xc38 }, ram_load);
	found = look(&pm);
	assert_int_equal(found.status, ST_OK);
	assert_true(found.layout.text_known);
	assert_int_equal(found.layout.text_size, TEXT_SIZE - 0xc38);
	assert_linear(&found, MACHINE_LINEAR);
	end(&pm, &found);
}

static void contradictions_are_refused(void **state)
{
	struct plan_machine pm;
	struct found found;

	(void)state;
	START(&pm, text_load, ram_load, { 0xffff000200000000, 0x200000000, 0x40000000 });
	found = look(&pm);
	assert_int_equal(found.status, ST_BAD_INPUT);
	assert_string_equal(found.err.id, "layout-contradiction");
	assert_non_null(strstr(found.err.text, "0xfffeffffc0000000"));
	assert_non_null(strstr(found.err.text, "0xffff000000000000"));
	assert_int_equal(found.layout.text_size, 77);
	end(&pm, &found);

	START(&pm, text_load, ram_load);
	pm_vmcoreinfo(&pm, "NUMBER(kimage_voffset)=0xffff80003fe10000\n");
	found = look(&pm);
	assert_int_equal(found.status, ST_BAD_INPUT);
	assert_string_equal(found.err.id, "layout-contradiction");
	assert_non_null(strstr(found.err.text, "kimage_voffset 0xffff80003fe10000"));
	end(&pm, &found);
}

static void kallsyms_alone_give_the_image(void **state)
{
	struct plan_machine pm;
	struct found found;

	(void)state;
	start(&pm, NULL, 0);
	pm.machine.layout.kallsyms.text = TEXT_VADDR;
	pm.machine.layout.kallsyms.stext = TEXT_VADDR + 0x10000;
	pm.machine.layout.kallsyms.end = TEXT_VADDR + TEXT_SIZE;
	found = look(&pm);
	assert_text(&found);
	assert_true(pm_said(&found.report, REPORT_CHOICE, "layout", "/proc/kallsyms"));
	assert_false(found.layout.linear_known);
	assert_int_equal(warnings(&found), 1);
	report_done(&found.report);
	/* "Kernel code" from _stext on: the image begins before it. */
	pm_iomem(&pm, "40000000-bfffffff : System RAM\n"
		      "  40210000-41cfffff : Kernel code\n"
		      "  42680000-42c4ffff : Kernel data\n");
	found = look(&pm);
	assert_text(&found);
	report_done(&found.report);
	/* Symbols that cannot be those of this image. */
	pm.machine.layout.kallsyms.end = TEXT_VADDR + 0x1000;
	found = look(&pm);
	assert_false(found.layout.text_known);
	report_done(&found.report);
	pm.machine.layout.kallsyms.end = TEXT_VADDR + 0x80000000;
	found = look(&pm);
	assert_false(found.layout.text_known);
	end(&pm, &found);
}

static void trap11_nothing_known_is_said_not_guessed(void **state)
{
	struct plan_machine pm;
	struct found found;

	(void)state;
	start(&pm, NULL, 0);
	found = look(&pm);
	assert_int_equal(found.status, ST_OK);
	assert_false(found.layout.text_known);
	assert_false(found.layout.linear_known);
	assert_int_equal(warnings(&found), 2);
	report_done(&found.report);
	/* What has no physical address says nothing. */
	pm_kcore(&pm, &vmalloc_load, 1);
	found = look(&pm);
	assert_false(found.layout.text_known);
	assert_false(found.layout.linear_known);
	report_done(&found.report);
	/* Without the lines in iomem nothing says which entry the image is: it is at another
	 * offset than RAM, so that neither can be believed. */
	pm_kcore(&pm, (const struct kcore_load[]){ text_load, ram_load }, 2);
	pm_iomem(&pm, "40000000-bfffffff : System RAM\n");
	found = look(&pm);
	assert_int_equal(found.status, ST_BAD_INPUT);
	end(&pm, &found);
}

static void headers_carry_what_was_found(void **state)
{
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	assert_int_equal(pm_plan(&pm), ST_OK);
	assert_int_equal(pm.plan.core.entries[5].kind, CORE_KERNEL);
	assert_int_equal(pm.plan.core.entries[5].vaddr, TEXT_VADDR);
	assert_int_equal(pm.plan.core.entries[6].vaddr, 0xffff000000000000);
	assert_int_equal(pm.plan.core.entries[7].vaddr, MACHINE_LINEAR + 0xb0000000);
	pm_kcore(&pm, NULL, 0);
	assert_int_equal(pm_plan(&pm), ST_OK);
	assert_int_equal(pm.plan.core.entries[5].kind, CORE_RAM);
	assert_int_equal(pm.plan.core.entries[5].vaddr, 0);
	assert_true(pm_said(&pm.report, REPORT_WARNING, "layout", "where RAM is mapped"));
	pm_done(&pm);
}

/* Which versions refuse which kernels is known; nothing is said of others. */
static void a_makedumpfile_that_refuses_the_dump_is_told(void **state)
{
	static const struct {
		const char *bits;
		uint64_t page_size;
		struct dump_filter filter;
		bool told;
	} cases[] = {
		{ "52", 4096, { "/usr/bin/makedumpfile", { 1, 7, 8 } }, true },
		{ "52", 16384, { "/usr/bin/makedumpfile", { 1, 6, 9 } }, true },
		{ "52", 65536, { "/usr/bin/makedumpfile", { 1, 7, 8 } }, false },
		{ "48", 4096, { "/usr/bin/makedumpfile", { 1, 7, 8 } }, false },
		{ "52", 4096, { "/usr/bin/makedumpfile", { 1, 7, 9 } }, false },
		{ "52", 4096, { "/usr/bin/makedumpfile", { 2, 0, 0 } }, false },
		{ "52", 4096, { "/usr/bin/makedumpfile", { 0, 0, 0 } }, false },
		{ "52", 4096, { NULL, { 0, 0, 0 } }, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plan_machine pm;
		struct found found;
		char text[64];

		START(&pm, text_load, vmalloc_load, ram_load);
		snprintf(text, sizeof(text), "NUMBER(VA_BITS)=%s\n", cases[i].bits);
		pm_vmcoreinfo(&pm, text);
		pm.machine.page_size = cases[i].page_size;
		pm.machine.dump_filter = cases[i].filter;
		found = look(&pm);
		assert_int_equal(found.status, ST_OK);
		assert_int_equal(pm_said(&found.report, REPORT_CHOICE, "dump", "refuses dumps"),
			cases[i].told);
		end(&pm, &found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trap11_kcore_gives_text_and_linear_map),
		cmocka_unit_test(trap11_linear_map_is_not_that_of_the_first_ram),
		cmocka_unit_test(trap11_52_bit_kernel_with_negative_phys_offset),
		cmocka_unit_test(trap11_vmcoreinfo_alone_is_enough),
		cmocka_unit_test(strange_va_bits_are_no_source),
		cmocka_unit_test(text_missing_from_kcore_comes_from_the_note),
		cmocka_unit_test(text_is_told_from_ram_beside_it),
		cmocka_unit_test(text_may_begin_before_kernel_code),
		cmocka_unit_test(text_may_end_inside_a_page),
		cmocka_unit_test(contradictions_are_refused),
		cmocka_unit_test(kallsyms_alone_give_the_image),
		cmocka_unit_test(trap11_nothing_known_is_said_not_guessed),
		cmocka_unit_test(headers_carry_what_was_found),
		cmocka_unit_test(a_makedumpfile_that_refuses_the_dump_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
