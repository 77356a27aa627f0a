// SPDX-License-Identifier: GPL-2.0-only
/* Whole plans of a crash load, from a machine in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kexec/plan/seal.h"
#include "kexec/system/firmware.h"
#include "purgatory/abi.h"
#include "purgatory/arch/arm64/abi.h"
#include "tests/unit/plan_asserts.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

/* Without these nothing says which entry of kcore is the kernel's own. */
#define KERNEL_LINES "  40200000-41cfffff : Kernel code\n  42680000-42c4ffff : Kernel data\n"

static bool warned(const struct plan_machine *pm, const char *area, const char *words)
{
	return pm_said(&pm->report, REPORT_WARNING, area, words);
}

static bool chose(const struct plan_machine *pm, const char *area, const char *words)
{
	return pm_said(&pm->report, REPORT_CHOICE, area, words);
}

/* One crash region, of this size, and 2 GiB of other RAM. */
static void crash_region(struct plan_machine *pm, uint64_t start, uint64_t size)
{
	char text[256];

	snprintf(text, sizeof(text),
		"40000000-bfffffff : System RAM\n  40200000-41cfffff : Kernel code\n"
		"  42680000-42c4ffff : Kernel data\n%llx-%llx : Crash kernel\n",
		(unsigned long long)start, (unsigned long long)(start + size - 1));
	pm_iomem(pm, text);
}

/* A property of the new tree's /chosen as big-endian cells. */
static uint32_t cell(const struct plan_machine *pm, const char *name, size_t number)
{
	const void *fdt = pm->plan.dtb.data;
	int size;
	const uint8_t *value = fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), name, &size);

	assert_non_null(value);
	assert_true((number + 1) * 4 <= (size_t)size);
	return fdt32_ld((const fdt32_t *)(const void *)(value + number * 4));
}

static int property_size(const struct plan_machine *pm, const char *name)
{
	const void *fdt = pm->plan.dtb.data;
	int size;

	fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), name, &size);
	return size;
}

static const char *bootargs(const struct plan_machine *pm)
{
	const void *fdt = pm->plan.dtb.data;

	return fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), "bootargs", NULL);
}

/* --- placement ------------------------------------------------------------------------- */

static void usual_plan_is_as_expected(void **state)
{
	struct plan_machine pm;
	const struct plan *plan = &pm.plan;

	(void)state;
	pm_init(&pm);
	pm_initrd(&pm, 12345);
	plan_well(&pm);
	assert_int_equal(plan->segment_count, 5);
	assert_int_equal(plan->page_size, 4096);
	assert_int_equal(plan->load_region.start, 0xa0000000);
	assert_int_equal(plan->load_region.end, 0xb0000000);
	assert_int_equal(segment(&pm, SEGMENT_KERNEL)->mem, 0xa0000000);
	assert_int_equal(segment(&pm, SEGMENT_KERNEL)->data.size, 10001);
	assert_ptr_equal(segment(&pm, SEGMENT_KERNEL)->data.data, pm.image.data.data);
	assert_int_equal(segment(&pm, SEGMENT_INITRD)->mem, 0xa2a50000);
	assert_int_equal(segment(&pm, SEGMENT_INITRD)->memsz, 0x4000);
	assert_int_equal(segment(&pm, SEGMENT_INITRD)->data.size, 12345);
	assert_int_equal(segment(&pm, SEGMENT_ELFCOREHDR)->mem, 0xafff0000);
	assert_int_equal(segment(&pm, SEGMENT_ELFCOREHDR)->memsz, 0x1000);
	assert_int_equal(segment(&pm, SEGMENT_DTB)->mem, 0xafe00000);
	assert_int_equal(plan->entry, segment(&pm, SEGMENT_PURGATORY)->mem);
	assert_int_equal(plan->handover.kernel_entry, 0xa0000000);
	assert_int_equal(plan->handover.handed.start, 0xafe00000);
	assert_int_equal(plan->handover.record % 4, 0);
	assert_memory_equal(
		plan->dtb.data + (plan->handover.record - 0xafe00000), "KEXECREC\0\0\0\1", 12);
	assert_int_equal(plan->flags, 0x00b70001);
	assert_false(plan->hotplug);
	assert_int_equal(plan->core.count, 4 + 1 + 1 + 2);
	assert_int_equal(plan->free_bytes, 256 * MIB - 0x2a50000 - 0x4000 - 0x1000 - 0x1000 -
						   segment(&pm, SEGMENT_PURGATORY)->memsz);
	/* The tree says where they are. */
	assert_int_equal(cell(&pm, "linux,initrd-start", 1), 0xa2a50000);
	assert_int_equal(cell(&pm, "linux,initrd-end", 1), 0xa2a50000 + 12345);
	assert_int_equal(cell(&pm, "linux,elfcorehdr", 1), 0xafff0000);
	assert_int_equal(cell(&pm, "linux,elfcorehdr", 3), 0x1000);
	assert_int_equal(property_size(&pm, "linux,elfcorehdr"), 16);
	pm_done(&pm);
}

static void planning_twice_gives_the_same_plan(void **state)
{
	struct plan_machine a, b;

	(void)state;
	pm_init(&a);
	pm_init(&b);
	plan_well(&a);
	plan_well(&b);
	assert_int_equal(a.plan.segment_count, b.plan.segment_count);
	for (size_t i = 0; i < a.plan.segment_count; i++) {
		const struct segment *one = &a.plan.segments[i], *other = &b.plan.segments[i];

		assert_int_equal(one->mem, other->mem);
		assert_int_equal(one->memsz, other->memsz);
		assert_int_equal(one->data.size, other->data.size);
		assert_memory_equal(one->data.data, other->data.data, one->data.size);
	}
	pm_done(&a);
	pm_done(&b);
}

static void trap06_segments_ascend(void **state)
{
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	pm_initrd(&pm, 12345);
	plan_well(&pm);
	for (size_t i = 1; i < pm.plan.segment_count; i++)
		assert_true(pm.plan.segments[i - 1].mem + pm.plan.segments[i - 1].memsz <=
			    pm.plan.segments[i].mem);
	pm_done(&pm);
}

static void trap22_kernel_gets_image_size_not_file_size(void **state)
{
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	pm_initrd(&pm, 100);
	plan_well(&pm);
	assert_int_equal(segment(&pm, SEGMENT_KERNEL)->memsz, 0x2a50000);
	assert_true(segment(&pm, SEGMENT_INITRD)->mem >= 0xa0000000 + 0x2a50000);
	pm.image.mem_size = 0x2a50001; /* and in whole pages */
	plan_well(&pm);
	assert_int_equal(segment(&pm, SEGMENT_KERNEL)->memsz, 0x2a51000);
	pm_done(&pm);
}

static void text_offset_is_behind_a_2_mib_line(void **state)
{
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	pm.image.text_offset = 0x80000;
	crash_region(&pm, 0xa0001000, 64 * MIB);
	plan_well(&pm);
	assert_int_equal(segment(&pm, SEGMENT_KERNEL)->mem, 0xa0280000);
	assert_int_equal(pm.plan.handover.kernel_entry, 0xa0280000);
	/* What is below the kernel is of no use to one that cannot use it. */
	for (size_t i = 1; i < pm.plan.segment_count; i++)
		assert_true(pm.plan.segments[i].mem > 0xa0280000);
	pm_done(&pm);
}

static void trap10_everything_is_in_pages_of_the_running_kernel(void **state)
{
	static const uint64_t pages[] = { 4096, 16384, 65536 };

	(void)state;
	for (size_t p = 0; p < 3; p++) {
		struct plan_machine pm;

		pm_init(&pm);
		pm_initrd(&pm, 12345);
		pm.machine.page_size = pages[p];
		pm.image.mem_size = 0x2a51001;
		plan_well(&pm);
		for (size_t i = 0; i < pm.plan.segment_count; i++) {
			assert_int_equal(pm.plan.segments[i].mem % pages[p], 0);
			assert_int_equal(pm.plan.segments[i].memsz % pages[p], 0);
			assert_true(pm.plan.segments[i].memsz > 0);
		}
		assert_int_equal(segment(&pm, SEGMENT_ELFCOREHDR)->mem % 65536, 0);
		pm_done(&pm);
	}
}

static void trap10_text_offset_between_pages_is_refused(void **state)
{
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	pm.image.text_offset = 0x81000;
	plan_well(&pm);
	pm.machine.page_size = 16384;
	assert_refused(&pm, ST_UNSUPPORTED, "image-text-offset", "0x81000");
	pm_done(&pm);
}

static void trap10_crash_region_in_other_pages_is_refused(void **state)
{
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	pm.machine.page_size = 65536;
	crash_region(&pm, 0xa0001000, 64 * MIB);
	assert_refused(&pm, ST_BAD_INPUT, "crash-region-unaligned", "65536");
	crash_region(&pm, 0xa0000000, 64 * MIB + 4096);
	assert_refused(&pm, ST_BAD_INPUT, "crash-region-unaligned", NULL);
	pm_done(&pm);
}

static void trap34_other_page_size_is_warned_of(void **state)
{
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	plan_well(&pm);
	assert_false(warned(&pm, "kernel", ""));
	pm.image.page_size = 65536;
	plan_well(&pm);
	assert_true(warned(&pm, "kernel", "64 KiB"));
	pm.image.page_size = 0; /* it does not say */
	plan_well(&pm);
	assert_false(warned(&pm, "kernel", ""));
	pm_done(&pm);
}

static void trap23_dtb_is_on_a_2_mib_line(void **state)
{
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	for (uint64_t start = 0; start < 4 * MIB; start += 0x11000) {
		crash_region(&pm, 0xa0000000 + start, 64 * MIB);
		plan_well(&pm);
		assert_true(pm.plan.handover.handed.start != 0);
		assert_int_equal(pm.plan.handover.handed.start % (2 * MIB), 0);
		assert_int_equal(fdt_check_full(pm.plan.dtb.data, pm.plan.dtb.size), 0);
	}
	pm_done(&pm);
}

static void trap24_all_is_in_the_initrds_window(void **state)
{
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	pm_initrd(&pm, 12345);
	crash_region(&pm, 0x1060000000, 64 * GIB);
	plan_well(&pm);
	assert_int_equal(segment(&pm, SEGMENT_KERNEL)->mem, 0x1060000000);
	for (size_t i = 0; i < pm.plan.segment_count; i++) {
		assert_true(pm.plan.segments[i].mem >= 0x1060000000);
		assert_true(pm.plan.segments[i].mem + pm.plan.segments[i].memsz <=
			    0x1040000000 + 32 * GIB);
	}
	pm_done(&pm);
}

static void trap07_trap08_two_regions_use_the_high_one(void **state)
{
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	pm_initrd(&pm, 12345);
	pm_iomem(&pm, "40000000-bfffffff : System RAM\n" KERNEL_LINES
		      "  b0000000-bfffffff : Crash kernel\n"
		      "100000000-1ffffffff : System RAM\n"
		      "  1f0000000-1f7ffffff : Crash kernel\n");
	plan_well(&pm);
	for (size_t i = 0; i < pm.plan.segment_count; i++) {
		assert_true(pm.plan.segments[i].mem >= 0x1f0000000);
		assert_true(pm.plan.segments[i].mem + pm.plan.segments[i].memsz <= 0x1f8000000);
	}
	assert_true(chose(&pm, "memory", "the higher one, [0x1f0000000, 0x1f8000000)"));
	assert_int_equal(property_size(&pm, "linux,usable-memory-range"), 32);
	assert_int_equal(cell(&pm, "linux,usable-memory-range", 0), 1);
	assert_int_equal(cell(&pm, "linux,usable-memory-range", 1), 0xf0000000);
	assert_int_equal(cell(&pm, "linux,usable-memory-range", 3), 0x8000000);
	assert_int_equal(cell(&pm, "linux,usable-memory-range", 5), 0xb0000000);
	assert_int_equal(cell(&pm, "linux,usable-memory-range", 7), 0x10000000);
	/* Both are out of the dump. */
	assert_int_equal(pm.plan.core.count, 4 + 2 + 3);
	assert_int_equal(pm.plan.core.entries[6].size, 0x70000000);
	assert_int_equal(pm.plan.core.entries[7].size, 0xf0000000);
	assert_int_equal(pm.plan.core.entries[8].paddr, 0x1f8000000);
	/* What fits only in both together does not fit. */
	pm.image.mem_size = 0x8000000;
	assert_refused(&pm, ST_NO_SPACE, "crash-region-too-small", "[0x1f0000000, 0x1f8000000)");
	pm_done(&pm);
}

/* They are one range then, of which only the higher part takes segments. */
static void trap07_two_regions_that_touch_are_still_two(void **state)
{
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	pm_iomem(&pm, "40000000-1ffffffff : System RAM\n" KERNEL_LINES
		      "  f8000000-ffffffff : Crash kernel\n"
		      "  100000000-10fffffff : Crash kernel\n");
	plan_well(&pm);
	assert_int_equal(pm.plan.segments[0].mem, 0x100000000);
	assert_int_equal(property_size(&pm, "linux,usable-memory-range"), 32);
	assert_int_equal(cell(&pm, "linux,usable-memory-range", 0), 1);
	assert_int_equal(cell(&pm, "linux,usable-memory-range", 1), 0);
	assert_int_equal(cell(&pm, "linux,usable-memory-range", 3), 0x10000000);
	assert_int_equal(cell(&pm, "linux,usable-memory-range", 4), 0);
	assert_int_equal(cell(&pm, "linux,usable-memory-range", 5), 0xf8000000);
	assert_int_equal(cell(&pm, "linux,usable-memory-range", 7), 0x8000000);
	assert_true(chose(&pm, "memory", "the higher one"));
	pm_done(&pm);
}

static void no_or_too_many_crash_regions_are_refused(void **state)
{
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	pm_iomem(&pm, "40000000-bfffffff : System RAM\n" KERNEL_LINES);
	assert_refused(&pm, ST_NO_CRASH_MEM, "crash-region-missing",
		"Memory for crashkernel is not reserved");
	assert_non_null(strstr(pm.err.hint, "crashkernel="));
	pm_iomem(&pm, "40000000-bfffffff : System RAM\n" KERNEL_LINES
		      "  50000000-5fffffff : Crash kernel\n"
		      "  70000000-7fffffff : Crash kernel\n"
		      "  90000000-9fffffff : Crash kernel\n");
	assert_refused(&pm, ST_UNSUPPORTED, "crash-region-count", "3 \"Crash kernel\"");
	pm_iomem(&pm, "40000000-4fffffff : System RAM\n" KERNEL_LINES
		      "  40000000-4fffffff : Crash kernel\n");
	assert_refused(&pm, ST_BAD_INPUT, "no-ram", NULL);
	pm_done(&pm);
}

/* The machine has 2 GiB. */
static void what_the_kernel_did_not_fulfil_is_told(void **state)
{
	static const struct {
		const char *line, *hint;
	} asked[] = {
		{ "quiet", "boot the running kernel with a crashkernel=" },
		{ "crashkernel=3G quiet",
			"=3G was given, and the running kernel did not fulfil it" },
		{ "crashkernel=3G quiet", "no 3072 MiB free in one piece, of 2048 MiB in all" },
		{ "crashkernel=1G", "dmesg | grep -i crashkernel" },
		{ "crashkernel=auto", "does not understand crashkernel=auto" },
		{ "crashkernel=4G-:256M", "has no range for a machine with 2048 MiB" },
		{ "crashkernel=0-4G:0", "asks for nothing on this machine" },
		{ "crashkernel=128M,low", "crashkernel=128M,low only goes with another one" },
	};
	struct plan_machine pm;

	(void)state;
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		pm_init(&pm);
		pm_iomem(&pm, "40000000-bfffffff : System RAM\n" KERNEL_LINES);
		pm.machine.cmdline = strdup(asked[i].line);
		assert_refused(&pm, ST_NO_CRASH_MEM, "crash-region-missing", "not reserved");
		if (!strstr(pm.err.hint, asked[i].hint))
			fail_msg("\"%s\", wanted \"%s\"", pm.err.hint, asked[i].hint);
		pm_done(&pm);
	}
}

static void regions_of_every_size_fit_or_are_refused(void **state)
{
	struct plan_machine pm;
	uint64_t fits_from = 0;

	(void)state;
	pm_init(&pm);
	pm.image.mem_size = 0x230000;
	pm_initrd(&pm, 200000);
	for (uint64_t size = 0x1000; size < 8 * MIB; size += 0x7000) {
		crash_region(&pm, 0xa0000000, size);
		if (pm_plan(&pm) == ST_OK) {
			fits_from = fits_from ? fits_from : size;
			continue;
		}
		assert_int_equal(fits_from, 0); /* what fitted fits in more, too */
		assert_int_equal(pm.err.status, ST_NO_SPACE);
		assert_string_equal(pm.err.id, "crash-region-too-small");
		assert_non_null(strstr(pm.err.hint, "crashkernel="));
	}
	/* The kernel and the initrd end in the third 2 MiB; the tree needs the line behind. */
	assert_true(fits_from > 4 * MIB && fits_from < 4 * MIB + 0x40000);
	pm_done(&pm);
}

/* The kernel keeps what is armed then, so that is a warning. */
static void what_the_kernel_will_refuse_is_said(void **state)
{
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	assert_int_equal(pm_plan(&pm), ST_OK);
	assert_false(pm_said(&pm.report, REPORT_WARNING, "kernel", "will refuse this load"));
	strcpy(pm.machine.state.lockdown, "integrity");
	assert_int_equal(pm_plan(&pm), ST_OK);
	assert_true(pm_said(&pm.report, REPORT_WARNING, "kernel", "locked down (integrity)"));
	pm.machine.state.lockdown[0] = '\0';
	pm.machine.state.load_disabled = 1;
	assert_int_equal(pm_plan(&pm), ST_OK);
	assert_true(pm_said(&pm.report, REPORT_WARNING, "kernel", "kexec_load_disabled is 1"));
	pm.machine.state.load_disabled = 0;
	pm.machine.state.load_limit_panic = 0;
	assert_int_equal(pm_plan(&pm), ST_OK);
	assert_true(pm_said(&pm.report, REPORT_WARNING, "kernel", "kexec_load_limit_panic is 0"));
	pm_done(&pm);
}

/* A crash plan without segments, over so many pages. */
static struct plan hand_made_plan(uint64_t page, uint64_t count)
{
	struct range region = { 0xa0000000, 0xa0000000 + count * page };
	struct plan plan = {
		.page_size = page,
		.flags = KEXEC_ON_CRASH,
		.load_region = region,
		.entry = region.start,
		.own_pages = 2,
	};

	assert_int_equal(rangeset_add(&plan.room, region.start, region.end), ST_OK);
	return plan;
}

/* A plan of hand-made segments that leaves so many pages of the region. */
static int seal_with_pages_left(uint64_t left, struct plan *plan, struct err *err)
{
	static const uint8_t magic[] = "\177ELF";
	uint64_t page = 65536, count = 100;

	*plan = hand_made_plan(page, count);
	plan_add_segment(plan, SEGMENT_ELFCOREHDR, (struct span){ magic, 4 },
		0xa0000000 + (left / 2 + 10) * page, (count - left - 10) * page, err);
	plan_add_segment(
		plan, SEGMENT_KERNEL, (struct span){ magic + 1, 3 }, 0xa0000000, 10 * page, err);
	return plan_seal(plan, 0, err);
}

static void trap09_two_pages_are_left_to_the_kernel(void **state)
{
	struct err err = ERR_INIT;
	struct plan plan;

	(void)state;
	assert_int_equal(seal_with_pages_left(0, &plan, &err), ST_NO_SPACE);
	assert_string_equal(err.id, "crash-region-full");
	assert_non_null(strstr(err.text, "leave 0 free pages"));
	plan_done(&plan);
	assert_int_equal(seal_with_pages_left(1, &plan, &err), ST_NO_SPACE);
	assert_string_equal(err.id, "crash-region-full");
	assert_non_null(strstr(err.hint, "crashkernel="));
	plan_done(&plan);
	err_clear(&err);
	assert_int_equal(seal_with_pages_left(2, &plan, &err), ST_OK);
	assert_int_equal(plan.free_bytes, 2 * 65536);
	assert_int_equal(plan.segments[0].purpose, SEGMENT_KERNEL); /* sorted */
	plan_done(&plan);
}

/* Faults that would be ours: the seal does not believe the planner. */
static void seal_finds_every_fault_of_geometry(void **state)
{
	static const struct {
		uint64_t mem, memsz, entry;
		const char *id;
	} cases[] = {
		{ 0xa0020000, 0x1000, 0xa0000000, NULL },
		{ 0xa000f000, 0x1000, 0xa0000000, "segment-overlap" },
		{ 0xa0020800, 0x1000, 0xa0000000, "segment-unaligned" },
		{ 0xa0020000, 0x1800, 0xa0000000, "segment-unaligned" },
		{ 0xa0100000, 0x1000, 0xa0000000, "segment-outside" },
		{ 0xa00ff000, 0x2000, 0xa0000000, "segment-outside" },
		{ 0x9ffff000, 0x1000, 0xa0000000, "segment-outside" },
		{ 0xfffffffffffff000, 0x2000, 0xa0000000, "segment-outside" },
		{ 0xa0020000, 0, 0xa0000000, "segment-overfull" },
		{ 0xa0020000, 0x1000, 0xa0100000, "entry-outside" },
		{ 0xa0020000, 0x1000, 0x9fffffff, "entry-outside" },
	};
	static const uint8_t magic[] = "\177ELF";

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plan plan = hand_made_plan(4096, 256);
		struct err err = ERR_INIT;
		int status;

		plan.entry = cases[i].entry;
		plan_add_segment(&plan, SEGMENT_ELFCOREHDR, (struct span){ magic, 4 }, 0xa0000000,
			0x10000, &err);
		plan_add_segment(&plan, SEGMENT_KERNEL, (struct span){ magic + 1, 3 }, cases[i].mem,
			cases[i].memsz, &err);
		status = plan_seal(&plan, 0, &err);
		assert_int_equal(status, cases[i].id ? ST_BUG : ST_OK);
		if (cases[i].id)
			assert_string_equal(err.id, cases[i].id);
		plan_done(&plan);
	}
}

static void seal_wants_an_elfcorehdr(void **state)
{
	struct plan plan = hand_made_plan(4096, 256);
	struct err err = ERR_INIT;

	(void)state;
	plan_add_segment(&plan, SEGMENT_KERNEL, (struct span){ NULL, 0 }, 0xa0000000, 4096, &err);
	assert_int_equal(plan_seal(&plan, 0, &err), ST_BUG);
	assert_string_equal(err.id, "elfcorehdr-missing");
	/* Only a crash kernel makes a dump. */
	plan.flags = 0;
	err_clear(&err);
	assert_int_equal(plan_seal(&plan, 0, &err), ST_OK);
	plan_done(&plan);
}

static void half_of_ram_is_the_most(void **state)
{
	struct plan_machine pm;
	uint64_t sum = 0;

	(void)state;
	pm_init(&pm);
	pm_initrd(&pm, 12345);
	pm.machine.ram_total = 0; /* not known */
	plan_well(&pm);
	for (size_t i = 0; i < pm.plan.segment_count; i++)
		sum += pm.plan.segments[i].memsz;
	pm.machine.ram_total = 2 * sum;
	plan_well(&pm);
	pm.machine.ram_total = 2 * sum - 4096;
	assert_refused(&pm, ST_NO_SPACE, "image-half-of-ram", NULL);
	pm_done(&pm);
}

static void trap05_elf_magic_initrd_is_refused(void **state)
{
	static const enum hotplug_mode modes[] = { HOTPLUG_OFF, HOTPLUG_ON };
	struct plan_machine pm;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		pm_init(&pm);
		pm.request.hotplug = modes[i];
		pm.machine.state.crash_elfcorehdr_size = 459152;
		pm_initrd(&pm, 12345);
		plan_well(&pm);
		memcpy(pm.initrd.data, "\177ELF", 4);
		assert_refused(&pm, ST_UNSUPPORTED, "segment-elf-magic", "the initrd begins");
		memcpy(pm.initrd.data, "070701", 6);
		memcpy(pm.image.memory.data, "\177ELF", 4);
		assert_refused(&pm, ST_UNSUPPORTED, "segment-elf-magic", "the kernel begins");
		pm_done(&pm);
	}
}

static void trap05_exactly_the_elfcorehdr_has_elf_magic(void **state)
{
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	pm_initrd(&pm, 4);
	memcpy(pm.initrd.data, "\177EL", 3);
	plan_well(&pm);
	for (size_t i = 0; i < pm.plan.segment_count; i++)
		assert_int_equal(span_starts_with(pm.plan.segments[i].data, "\177ELF", 4),
			pm.plan.segments[i].purpose == SEGMENT_ELFCOREHDR);
	pm_done(&pm);
}

static void empty_initrd_is_refused(void **state)
{
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	pm.inputs.has_initrd = true;
	assert_refused(&pm, ST_BAD_INPUT, "segment-size", "the initrd");
	pm_done(&pm);
}

static void foreign_machines_and_images_are_refused(void **state)
{
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	pm.image.big_endian = true;
	assert_refused(&pm, ST_UNSUPPORTED, "image-big-endian", NULL);
	pm.image.big_endian = false;
	pm.image.mem_size = UINT64_MAX;
	assert_refused(&pm, ST_BAD_INPUT, "image-size", NULL);
	strcpy(pm.machine.name, "riscv64");
	pm.inputs.arch = arch_find(pm.machine.name);
	assert_refused(&pm, ST_UNSUPPORTED, "arch-unsupported", "riscv64");
	pm_done(&pm);
}

/* --- what the dump holds ---------------------------------------------------------------- */

static void trap13_every_kind_of_ram_is_dumped(void **state)
{
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	pm_iomem(&pm, "40000000-bfffffff : System RAM\n" KERNEL_LINES
		      "  a0000000-afffffff : Crash kernel\n"
		      "100000000-1ffffffff : virtio0\n"
		      "  140000000-17fffffff : System RAM (virtio_mem)\n"
		      "200000000-2ffffffff : Persistent Memory\n"
		      "  210000000-2ffffffff : dax0.0\n"
		      "    210000000-2ffffffff : System RAM (kmem)\n");
	plan_well(&pm);
	assert_int_equal(pm.plan.core.count, 4 + 2 + 4);
	assert_int_equal(pm.plan.core.entries[8].paddr, 0x140000000);
	assert_int_equal(pm.plan.core.entries[8].size, 0x40000000);
	assert_int_equal(pm.plan.core.entries[9].paddr, 0x210000000);
	pm_done(&pm);
}

static void trap14_trap15_cma_is_lent_and_not_dumped(void **state)
{
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	rangeset_add(&pm.machine.crash_cma, 0x60000000, 0x64000000);
	rangeset_add(&pm.machine.crash_cma, 0x80000000, 0x84000000);
	rangeset_normalize(&pm.machine.crash_cma);
	plan_well(&pm);
	assert_int_equal(pm.plan.core.count, 4 + 2 + 4);
	assert_int_equal(pm.plan.core.entries[6].paddr, 0x40000000);
	assert_int_equal(pm.plan.core.entries[6].size, 0x20000000);
	assert_int_equal(pm.plan.core.entries[7].paddr, 0x64000000);
	assert_int_equal(pm.plan.core.entries[8].paddr, 0x84000000);
	assert_int_equal(pm.plan.core.entries[8].size, 0xa0000000 - 0x84000000);
	assert_int_equal(property_size(&pm, "linux,usable-memory-range"), 48);
	assert_int_equal(cell(&pm, "linux,usable-memory-range", 1), 0xa0000000);
	assert_int_equal(cell(&pm, "linux,usable-memory-range", 5), 0x60000000);
	assert_int_equal(cell(&pm, "linux,usable-memory-range", 7), 0x4000000);
	assert_int_equal(cell(&pm, "linux,usable-memory-range", 9), 0x80000000);
	/* More than the capture kernel takes. */
	for (uint64_t i = 0; i < 6; i++)
		rangeset_add(&pm.machine.crash_cma, 0x84000000 + i * 0x200000,
			0x84100000 + i * 0x200000);
	rangeset_normalize(&pm.machine.crash_cma);
	assert_refused(&pm, ST_UNSUPPORTED, "usable-ranges", NULL);
	pm_done(&pm);
}

static void ram_is_dumped_in_whole_pages(void **state)
{
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	pm.machine.page_size = 65536;
	pm_iomem(&pm, "40000000-bfffffff : System RAM\n" KERNEL_LINES
		      "  a0000000-afffffff : Crash kernel\n"
		      "c0001000-c0024fff : System RAM\n"
		      "c0031000-c003ffff : System RAM\n");
	plan_well(&pm);
	assert_int_equal(pm.plan.core.count, 4 + 2 + 3);
	assert_int_equal(pm.plan.core.entries[8].paddr, 0xc0010000);
	assert_int_equal(pm.plan.core.entries[8].size, 0x10000);
	pm_done(&pm);
}

static void thousands_of_ranges_make_thousands_of_headers(void **state)
{
	const size_t count = 60000;
	struct plan_machine pm;
	struct rangeset *ram;

	(void)state;
	pm_init(&pm);
	ram = &pm.machine.iomem.ram;
	for (uint64_t i = 0; i < count; i++)
		rangeset_add(ram, 0x1000000000 + i * 0x2000, 0x1000001000 + i * 0x2000);
	rangeset_normalize(ram);
	plan_well(&pm);
	assert_int_equal(pm.plan.core.count, 4 + 1 + 1 + 2 + count);
	assert_int_equal(segment(&pm, SEGMENT_ELFCOREHDR)->memsz,
		(64 + 56 * pm.plan.core.count + 4095) / 4096 * 4096);
	assert_int_equal(pm.plan.core.entries[pm.plan.core.count - 1].paddr,
		0x1000000000 + (count - 1) * 0x2000);
	/* One report for the plan, not one for each range. */
	assert_true(pm.report.count < 10);
	pm_done(&pm);
}

/* --- hotplug ---------------------------------------------------------------------------- */

static void hotplug(struct plan_machine *pm, enum hotplug_mode mode, uint64_t asked)
{
	pm_init(pm);
	pm->request.hotplug = mode;
	pm->machine.state.crash_elfcorehdr_size = asked;
}

static void trap03_elfcorehdr_gets_what_the_kernel_asks_for(void **state)
{
	/* 8 possible CPUs, 8192 ranges. */
	static const struct {
		uint64_t page, memsz;
	} cases[] = { { 4096, 0x71000 }, { 16384, 0x74000 }, { 65536, 0x80000 } };
	struct plan_machine pm;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		hotplug(&pm, HOTPLUG_ON, 459376);
		pm_cpus(&pm, 8, 8);
		pm.machine.page_size = cases[i].page;
		plan_well(&pm);
		assert_true(pm.plan.hotplug);
		assert_int_equal(pm.plan.flags, 0x00b70009);
		assert_int_equal(pm.plan.hotplug_asked, 459376);
		assert_int_equal(pm.plan.hotplug_needed, 64 + 56 * (8 + 2 + 2));
		assert_int_equal(segment(&pm, SEGMENT_ELFCOREHDR)->memsz, cases[i].memsz);
		assert_int_equal(segment(&pm, SEGMENT_ELFCOREHDR)->data.size, 64 + 56 * 12);
		/* Trap 4: the tree says all of it. */
		assert_int_equal(cell(&pm, "linux,elfcorehdr", 3), cases[i].memsz);
		assert_true(chose(&pm, "hotplug", "the kernel asks for 0x70270"));
		pm_done(&pm);
	}
}

static void trap03_elfcorehdr_gets_what_is_needed_when_that_is_more(void **state)
{
	/* A kernel without MEMORY_HOTPLUG counts no ranges: 64 + 56 * (2 + 4). */
	const uint64_t asked = 400;
	struct plan_machine pm;

	(void)state;
	hotplug(&pm, HOTPLUG_ON, asked);
	for (uint64_t i = 0; i < 100; i++)
		rangeset_add(&pm.machine.iomem.ram, 0x1000000000 + i * 0x2000,
			0x1000001000 + i * 0x2000);
	rangeset_normalize(&pm.machine.iomem.ram);
	pm_cpus(&pm, 300, 4); /* the kernel names all that are possible */
	plan_well(&pm);
	assert_int_equal(pm.plan.hotplug_needed, 64 + 56 * (300 + 2 + 102));
	assert_int_equal(segment(&pm, SEGMENT_ELFCOREHDR)->memsz, 0x6000);
	assert_int_equal(pm.plan.core.count, 4 + 2 + 102);
	pm_done(&pm);
}

static void hotplug_size_has_a_lower_bound(void **state)
{
	const uint64_t needed = 64 + 56 * (4 + 2 + 2);
	struct plan_machine pm;

	(void)state;
	hotplug(&pm, HOTPLUG_ON, 459152);
	pm.request.hotplug_size = needed - 1;
	assert_refused(
		&pm, ST_USAGE, "hotplug-size-small", "--hotplug-size=511 is less than the 512");
	pm.request.hotplug_size = needed;
	plan_well(&pm);
	assert_int_equal(segment(&pm, SEGMENT_ELFCOREHDR)->memsz, 4096);
	assert_true(warned(&pm, "hotplug", "less than the 459152 bytes that the kernel asks for"));
	pm.request.hotplug_size = 459152;
	plan_well(&pm);
	assert_int_equal(segment(&pm, SEGMENT_ELFCOREHDR)->memsz, 0x71000);
	assert_false(warned(&pm, "hotplug", ""));
	pm.request.hotplug_size = 1000001;
	plan_well(&pm);
	assert_int_equal(segment(&pm, SEGMENT_ELFCOREHDR)->memsz, 0xf5000);
	assert_true(chose(&pm, "hotplug", "--hotplug-size overrides"));
	pm.request.hotplug_size = 512 * MIB;
	assert_refused(&pm, ST_NO_SPACE, "crash-region-too-small", "no room for the elfcorehdr");
	assert_non_null(strstr(pm.err.hint, "less with --hotplug-size"));
	pm.request.hotplug_size = UINT64_MAX;
	assert_refused(&pm, ST_BAD_INPUT, "hotplug-size", NULL);
	pm_done(&pm);
}

static void trap01_kernel_without_hotplug_is_refused_or_done_without(void **state)
{
	struct plan_machine pm;

	(void)state;
	hotplug(&pm, HOTPLUG_ON, 0);
	assert_refused(&pm, ST_UNSUPPORTED, "hotplug-unsupported", "7.3.4");
	assert_non_null(strstr(pm.err.hint, "--hotplug=auto"));
	pm_config(&pm, "CONFIG_MEMORY_HOTPLUG=y\n# CONFIG_CRASH_HOTPLUG is not set\n");
	assert_refused(&pm, ST_UNSUPPORTED, "hotplug-unsupported", NULL);
	pm.request.hotplug = HOTPLUG_AUTO;
	plan_well(&pm);
	assert_false(pm.plan.hotplug);
	assert_int_equal(pm.plan.flags, 0x00b70001);
	assert_int_equal(segment(&pm, SEGMENT_ELFCOREHDR)->memsz, 4096);
	assert_true(segment(&pm, SEGMENT_ELFCOREHDR)->digested);
	assert_true(warned(&pm, "hotplug", "loading without --hotplug"));
	pm.machine.state.crash_elfcorehdr_size = 459152;
	plan_well(&pm);
	assert_true(pm.plan.hotplug);
	assert_false(warned(&pm, "hotplug", ""));
	pm_done(&pm);
}

static void missing_size_comes_from_the_configuration(void **state)
{
	struct plan_machine pm;

	(void)state;
	hotplug(&pm, HOTPLUG_ON, 0);
	pm_cpus(&pm, 8, 8);
	pm_config(&pm, "CONFIG_CRASH_HOTPLUG=y\nCONFIG_MEMORY_HOTPLUG=y\n"
		       "CONFIG_CRASH_MAX_MEMORY_RANGES=8192\n");
	plan_well(&pm);
	assert_int_equal(pm.plan.hotplug_asked, 459376);
	assert_int_equal(segment(&pm, SEGMENT_ELFCOREHDR)->memsz, 0x71000);
	assert_true(chose(&pm, "hotplug", "/proc/config.gz says CONFIG_CRASH_HOTPLUG and 8192"));
	pm_config(&pm, "CONFIG_CRASH_HOTPLUG=y\n");
	plan_well(&pm);
	assert_int_equal(pm.plan.hotplug_asked, 64 + 56 * 10);
	/* Numbers that make no sense are none. */
	pm_config(&pm, "CONFIG_CRASH_HOTPLUG=y\nCONFIG_MEMORY_HOTPLUG=y\n");
	assert_refused(&pm, ST_UNSUPPORTED, "hotplug-unsupported", NULL);
	pm_config(&pm, "CONFIG_CRASH_HOTPLUG=y\nCONFIG_MEMORY_HOTPLUG=y\n"
		       "CONFIG_CRASH_MAX_MEMORY_RANGES=99999999\n");
	assert_refused(&pm, ST_UNSUPPORTED, "hotplug-unsupported", NULL);
	pm_done(&pm);
}

static void trap41_kernel_without_kexec_file_does_not_do_hotplug(void **state)
{
	struct plan_machine pm;

	(void)state;
	hotplug(&pm, HOTPLUG_ON, 459152);
	pm.inputs.file_load = TRI_NO;
	assert_refused(&pm, ST_UNSUPPORTED, "hotplug-unsupported", "CONFIG_KEXEC_FILE");
	pm.request.hotplug = HOTPLUG_AUTO;
	plan_well(&pm);
	assert_false(pm.plan.hotplug);
	assert_true(warned(&pm, "hotplug", "CONFIG_KEXEC_FILE"));
	pm.inputs.file_load = TRI_UNKNOWN;
	plan_well(&pm);
	assert_true(pm.plan.hotplug);
	pm_done(&pm);
}

static void trap36_kernels_own_table_must_fit_too(void **state)
{
	struct plan_machine pm;

	(void)state;
	/* 2 ranges there are already, so that with 600 possible CPUs it is 65534 in all. */
	hotplug(&pm, HOTPLUG_ON, 459152);
	pm_cpus(&pm, 600, 4);
	for (uint64_t i = 0; i < 65534 - 600 - 2 - 2; i++)
		rangeset_add(&pm.machine.iomem.ram, 0x1000000000 + i * 0x2000,
			0x1000001000 + i * 0x2000);
	rangeset_normalize(&pm.machine.iomem.ram);
	plan_well(&pm);
	assert_int_equal(pm.plan.hotplug_needed, 64 + 56 * 65534);
	pm_cpus(&pm, 601, 4);
	assert_refused(&pm, ST_UNSUPPORTED, "hotplug-unsupported", "65535 program headers");
	pm.request.hotplug = HOTPLUG_AUTO;
	plan_well(&pm);
	assert_false(pm.plan.hotplug);
	pm_done(&pm);
}

/* --- digests and purgatory -------------------------------------------------------------- */

static void assert_digests(const struct plan_machine *pm, bool with_core)
{
	const struct plan *plan = &pm->plan;
	const uint8_t *params = plan->purgatory.data + PURGATORY_PARAMS_OFFSET;
	uint32_t count = load_le32(params + offsetof(struct purgatory_params, region_count));
	uint32_t digested = 0;

	assert_ptr_equal(segment(pm, SEGMENT_PURGATORY)->data.data, plan->purgatory.data);
	for (size_t i = 0; i < plan->segment_count; i++) {
		const struct segment *one = &plan->segments[i];
		bool wanted = one->purpose != SEGMENT_PURGATORY &&
			      (one->purpose != SEGMENT_ELFCOREHDR || with_core);
		uint8_t digest[SHA256_DIGEST_SIZE];
		const uint8_t *region = NULL;
		struct sha256 ctx;

		assert_int_equal(one->digested, wanted);
		if (!wanted)
			continue;
		digested++;
		sha256_init(&ctx, SHA256_PLAIN);
		sha256_update(&ctx, one->data.data, one->data.size);
		sha256_final(&ctx, digest);
		assert_memory_equal(one->sha256, digest, sizeof(digest));
		for (uint32_t j = 0; j < count; j++) {
			const uint8_t *at = params + offsetof(struct purgatory_params, regions) +
					    j * sizeof(struct purgatory_region);

			if (load_le64(at) == one->mem)
				region = at;
		}
		assert_non_null(region);
		assert_int_equal(load_le64(region + 8), one->data.size);
		assert_int_equal(load_le64(region + 16), one->memsz);
		assert_memory_equal(region + 24, digest, sizeof(digest));
		assert_string_equal((const char *)region + 56, segment_purpose_name(one->purpose));
	}
	assert_int_equal(count, digested);
	/* Behind the last region there is nothing. */
	for (size_t at = offsetof(struct purgatory_params, regions) + count * 72;
		at < offsetof(struct purgatory_params, tables); at++)
		assert_int_equal(params[at], 0);
}

static void trap02_trap39_elfcorehdr_is_digested_unless_the_kernel_rewrites_it(void **state)
{
	struct plan_machine pm;

	(void)state;
	hotplug(&pm, HOTPLUG_OFF, 459152);
	pm_initrd(&pm, 12345);
	plan_well(&pm);
	assert_digests(&pm, true);
	pm.request.hotplug = HOTPLUG_ON;
	plan_well(&pm);
	assert_digests(&pm, false);
	pm.request.hotplug = HOTPLUG_AUTO;
	plan_well(&pm);
	assert_digests(&pm, false);
	pm.machine.state.crash_elfcorehdr_size = 0;
	plan_well(&pm);
	assert_digests(&pm, true);
	pm.inputs.has_initrd = false;
	plan_well(&pm);
	assert_digests(&pm, true);
	pm_done(&pm);
}

/* A digest that was made before is not made again, but only for exactly the bytes it is of. */
static void known_digests_are_taken(void **state)
{
	struct known_digest known = { .sha256 = { 1, 2, 3 } };
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	pm_initrd(&pm, 12345);
	known.data = blob_span(&pm.initrd);
	pm.inputs.digests = &known;
	pm.inputs.digests_count = 1;
	plan_well(&pm);
	assert_memory_equal(segment(&pm, SEGMENT_INITRD)->sha256, known.sha256, SHA256_DIGEST_SIZE);
	known.data.size--;
	plan_well(&pm);
	assert_digests(&pm, true);
	known = digest_of(blob_span(&pm.initrd));
	plan_well(&pm);
	assert_digests(&pm, true);
	pm_done(&pm);
}

static uint64_t parameter(const struct plan_machine *pm, size_t offset, size_t size)
{
	const uint8_t *at = pm->plan.purgatory.data + PURGATORY_PARAMS_OFFSET + offset;

	return size == 8 ? load_le64(at) : load_le32(at);
}

#define PARAMETER(pm, field)                                                                       \
	parameter(pm, offsetof(struct purgatory_params, field),                                    \
		sizeof(((struct purgatory_params *)0)->field))

static void purgatory_is_told_what_was_decided(void **state)
{
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	plan_well(&pm);
	assert_int_equal(PARAMETER(&pm, magic), PURGATORY_MAGIC);
	assert_int_equal(PARAMETER(&pm, version), PURGATORY_VERSION);
	assert_int_equal(PARAMETER(&pm, size), sizeof(struct purgatory_params));
	assert_int_equal(PARAMETER(&pm, kernel_entry), 0xa0000000);
	assert_int_equal(PARAMETER(&pm, handed), segment(&pm, SEGMENT_DTB)->mem);
	assert_int_equal(PARAMETER(&pm, flags), 0);
	assert_int_equal(PARAMETER(&pm, on_corruption), PURGATORY_HALT);
	assert_int_equal(PARAMETER(&pm, reset), PURGATORY_PSCI_HVC);
	assert_int_equal(PARAMETER(&pm, console_type), PURGATORY_CONSOLE_NONE);
	assert_int_equal(PARAMETER(&pm, region_count), 3);
	assert_int_equal(PARAMETER(&pm, console_divisor), 0);
	/* Trap 25: all that it uses at run time is its own. */
	assert_true(segment(&pm, SEGMENT_PURGATORY)->memsz >= PARAMETER(&pm, mem_size));
	assert_true(PARAMETER(&pm, mem_size) >= *pm.plan.arch->purgatory_size);
	assert_true(segment(&pm, SEGMENT_PURGATORY)->memsz >= pm.plan.purgatory.size);

	pm.request.on_corruption = CORRUPTION_RESET;
	pm.request.console = "pl011,0x9000000";
	pm.machine.firmware.psci = PSCI_SMC;
	pm.inputs.console = (struct console){ CONSOLE_8250, false, 0x3fe215040, 2, 4, "--console" };
	plan_well(&pm);
	assert_int_equal(PARAMETER(&pm, flags), PURGATORY_VERBOSE);
	assert_int_equal(PARAMETER(&pm, on_corruption), PURGATORY_RESET);
	assert_int_equal(PARAMETER(&pm, reset), PURGATORY_PSCI_SMC);
	assert_int_equal(PARAMETER(&pm, console_type), PURGATORY_CONSOLE_8250);
	assert_int_equal(PARAMETER(&pm, console_base), 0x3fe215040);
	assert_int_equal(PARAMETER(&pm, console_reg_shift), 2);
	assert_int_equal(PARAMETER(&pm, console_reg_width), 4);

	pm.request.on_corruption = CORRUPTION_BOOT;
	pm.request.console = NULL;
	pm.request.serial = "ttyAMA0";
	pm.machine.firmware.psci = PSCI_NONE;
	pm.inputs.console = (struct console){ CONSOLE_PL011, false, 0x9000000, 0, 4, "--serial" };
	plan_well(&pm);
	assert_int_equal(PARAMETER(&pm, flags), PURGATORY_VERBOSE);
	assert_int_equal(PARAMETER(&pm, on_corruption), PURGATORY_BOOT);
	assert_int_equal(PARAMETER(&pm, reset), PURGATORY_RESET_NONE);
	assert_int_equal(PARAMETER(&pm, console_type), PURGATORY_CONSOLE_PL011);
	pm_done(&pm);
}

/* The blob of the build is one for all: only the plan's copy is written to, and what is added
 * stands behind it. */
static void parameters_are_all_that_differs_from_the_blob(void **state)
{
	const struct arch_ops *arch = arch_find("aarch64");
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	plan_well(&pm);
	assert_true(pm.plan.purgatory.size >= *arch->purgatory_size);
	assert_memory_equal(pm.plan.purgatory.data, arch->purgatory, PURGATORY_PARAMS_OFFSET + 24);
	assert_memory_equal(
		pm.plan.purgatory.data + PURGATORY_PARAMS_OFFSET + PURGATORY_PARAMS_SIZE,
		arch->purgatory + PURGATORY_PARAMS_OFFSET + PURGATORY_PARAMS_SIZE,
		*arch->purgatory_size - PURGATORY_PARAMS_OFFSET - PURGATORY_PARAMS_SIZE);
	pm_done(&pm);
}

static void no_checks_means_no_digests(void **state)
{
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	pm.request.no_checks = true;
	plan_well(&pm);
	assert_int_equal(PARAMETER(&pm, flags), PURGATORY_SKIP_CHECK);
	assert_int_equal(PARAMETER(&pm, region_count), 0);
	for (size_t i = 0; i < pm.plan.segment_count; i++)
		assert_false(pm.plan.segments[i].digested);
	pm_done(&pm);
}

static void reset_without_psci_is_refused(void **state)
{
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	pm.machine.firmware.psci = PSCI_NONE;
	plan_well(&pm);
	pm.request.on_corruption = CORRUPTION_RESET;
	assert_refused(&pm, ST_UNSUPPORTED, "no-psci-reset", "--on-corruption=reset");
	pm_done(&pm);
}

/* --- command line ----------------------------------------------------------------------- */

static void cmdline_may_have_2047_bytes(void **state)
{
	struct plan_machine pm;
	char line[2049];

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	line[2047] = '\0';
	pm_init(&pm);
	pm.request.append = line;
	plan_well(&pm);
	assert_string_equal(bootargs(&pm), line);
	line[2047] = 'x';
	line[2048] = '\0';
	assert_refused(&pm, ST_NO_SPACE, "cmdline-too-long", "It has 2048 bytes");
	assert_non_null(strstr(pm.err.text, "at most 2047"));
	pm_done(&pm);
}

static void cmdline_length_counts_what_is_added(void **state)
{
	static const char word[] = " acpi_no_memhotplug";
	struct plan_machine pm;
	char line[2049];

	(void)state;
	pm_init(&pm);
	pm_default_fdt(&pm, true, NULL);
	pm.machine.firmware.acpi = pm.machine.firmware.acpi_memory_devices = true;
	memset(line, 'x', sizeof(line));
	line[2047 - strlen(word)] = '\0';
	pm.request.append = line;
	plan_well(&pm);
	assert_int_equal(strlen(bootargs(&pm)), 2047);
	line[2047 - strlen(word)] = 'x';
	line[2048 - strlen(word)] = '\0';
	assert_refused(&pm, ST_NO_SPACE, "cmdline-too-long", "It has 2048 bytes");
	pm_done(&pm);
}

static void trap40_crashkernel_is_dropped_from_what_is_reused(void **state)
{
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	pm_default_fdt(&pm, false, "BOOT_IMAGE=/Image root=/dev/vda crashkernel=256M quiet");
	plan_well(&pm);
	assert_string_equal(bootargs(&pm), "root=/dev/vda quiet");
	assert_string_equal(pm.plan.cmdline, "root=/dev/vda quiet");
	assert_true(chose(&pm, "cmdline", "without crashkernel="));

	pm.request.reuse_cmdline = true;
	assert_refused(&pm, ST_NOT_FOUND, "cmdline-unreadable", "/proc/cmdline");
	pm.machine.cmdline = strdup("root=/dev/vdb crashkernel=1G,high crashkernel=64M,low ro");
	plan_well(&pm);
	assert_string_equal(bootargs(&pm), "root=/dev/vdb ro");
	pm.request.append = "nr_cpus=1";
	plan_well(&pm);
	assert_string_equal(bootargs(&pm), "root=/dev/vdb ro nr_cpus=1");

	/* What the user says stays, with a warning. */
	pm.request.append = "crashkernel=64M mem=128M";
	pm.request.reuse_cmdline = false;
	plan_well(&pm);
	assert_string_equal(bootargs(&pm), "crashkernel=64M mem=128M");
	assert_true(warned(&pm, "cmdline", "crashkernel="));
	assert_true(warned(&pm, "cmdline", "mem=")); /* trap 38 */

	/* What is appended is for the kernel, or for init, as it says. */
	free(pm.machine.cmdline);
	pm.machine.cmdline = strdup("root=/dev/vdb note=\"crashkernel=1G x\" -- single");
	pm.request.append = "nr_cpus=1 -- -v a=\"b";
	pm.request.reuse_cmdline = true;
	plan_well(&pm);
	assert_string_equal(bootargs(&pm),
		"root=/dev/vdb note=\"crashkernel=1G x\" nr_cpus=1 -- single -v a=\"b");
	assert_true(warned(&pm, "cmdline", "a \" that is not closed"));
	assert_true(warned(&pm, "cmdline", "crashkernel=")); /* the kernel finds it there too */
	pm_done(&pm);
}

static void no_command_line_at_all_is_fine(void **state)
{
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	plan_well(&pm);
	assert_null(bootargs(&pm));
	assert_null(pm.plan.cmdline);
	pm.request.append = "";
	plan_well(&pm);
	assert_string_equal(bootargs(&pm), "");
	pm_done(&pm);
}

static void trap44_capture_kernel_keeps_off_hot_added_memory(void **state)
{
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	pm_default_fdt(&pm, true, NULL);
	pm.request.append = "quiet";
	pm.machine.firmware.acpi = pm.machine.firmware.acpi_memory_devices = true;
	plan_well(&pm);
	assert_string_equal(bootargs(&pm), "quiet acpi_no_memhotplug");
	assert_true(chose(&pm, "cmdline", "acpi_no_memhotplug added"));
	/* It is for the kernel, not for init. */
	pm.request.append = "quiet -- single";
	plan_well(&pm);
	assert_string_equal(bootargs(&pm), "quiet acpi_no_memhotplug -- single");
	pm.request.append = "quiet -- acpi_no_memhotplug";
	plan_well(&pm);
	assert_string_equal(bootargs(&pm), "quiet acpi_no_memhotplug -- acpi_no_memhotplug");
	/* Once is enough. */
	pm.request.append = "acpi_no_memhotplug quiet";
	plan_well(&pm);
	assert_string_equal(bootargs(&pm), "acpi_no_memhotplug quiet");
	/* Also with nothing to append to. */
	pm.request.append = NULL;
	plan_well(&pm);
	assert_string_equal(bootargs(&pm), "acpi_no_memhotplug");

	pm.request.append = "quiet";
	pm.request.no_capture_defaults = true;
	plan_well(&pm);
	assert_string_equal(bootargs(&pm), "quiet");
	assert_true(warned(&pm, "cmdline", "--no-capture-defaults leaves acpi_no_memhotplug out"));
	pm.request.no_capture_defaults = false;
	/* Neither without such devices, nor without ACPI, nor with a tree that turns it off. */
	pm.machine.firmware.acpi_memory_devices = false;
	plan_well(&pm);
	assert_string_equal(bootargs(&pm), "quiet");
	pm.machine.firmware.acpi_memory_devices = true;
	pm.machine.firmware.acpi = false;
	plan_well(&pm);
	assert_string_equal(bootargs(&pm), "quiet");
	pm.machine.firmware.acpi = true;
	pm_default_fdt(&pm, false, NULL);
	plan_well(&pm);
	assert_string_equal(bootargs(&pm), "quiet");
	pm_done(&pm);
}

/* --- device tree ------------------------------------------------------------------------ */

static void trap18_acpi_machine_gets_a_stub_tree(void **state)
{
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	pm_default_fdt(&pm, true, "quiet");
	pm.machine.firmware.acpi = true;
	pm_initrd(&pm, 12345);
	plan_well(&pm);
	assert_true(firmware_fdt_is_stub(blob_span(&pm.plan.dtb)));
	assert_int_equal(cell(&pm, "linux,uefi-system-table", 1), 0x7fffe018); /* trap 19 */
	assert_false(warned(&pm, "dtb", ""));
	pm_done(&pm);
}

static void tree_of_the_user_comes_first(void **state)
{
	uint64_t tree[1024];
	struct plan_machine pm;
	int node;

	(void)state;
	pm_init(&pm);
	pm_default_fdt(&pm, false, "from=user crashkernel=1G");
	assert_int_equal(fdt_open_into(pm.machine.fdt.data, tree, sizeof(tree)), 0);
	node = fdt_add_subnode(tree, fdt_add_subnode(tree, 0, "cpus"), "cpu@0");
	assert_int_equal(fdt_setprop_string(tree, node, "device_type", "cpu"), 0);
	blob_done(&pm.machine.fdt);
	assert_refused(&pm, ST_NOT_FOUND, "fdt-missing", "No device tree available");
	pm.inputs.dtb = (struct span){ (uint8_t *)tree, fdt_totalsize(tree) };
	pm.inputs.dtb_name = "test.dtb";
	plan_well(&pm);
	assert_string_equal(bootargs(&pm), "from=user");
	assert_true(warned(&pm, "dtb", "its own tree does not say"));
	assert_false(warned(&pm, "dtb", "ACPI"));
	pm_default_fdt(&pm, true, "from=machine");
	pm.machine.firmware.acpi = true;
	plan_well(&pm);
	assert_string_equal(bootargs(&pm), "from=user");
	assert_true(warned(&pm, "dtb", "turns ACPI off"));
	pm_done(&pm);
}

static void trap21_one_cell_tree_is_fine_only_below_4_gib(void **state)
{
	uint64_t bytes[64];
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	assert_int_equal(fdt_create_empty_tree(bytes, sizeof(bytes)), 0);
	assert_int_equal(fdt_pack(bytes), 0);
	pm_fdt(&pm, (struct span){ (const uint8_t *)bytes, fdt_totalsize(bytes) });
	plan_well(&pm);
	assert_int_equal(property_size(&pm, "linux,elfcorehdr"), 8);
	crash_region(&pm, 0x180000000, 256 * MIB);
	assert_refused(&pm, ST_BAD_INPUT, "fdt-cells", "does not fit");
	pm_done(&pm);
}

static void seeds_are_new_or_absent(void **state)
{
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	plan_well(&pm);
	assert_int_equal(property_size(&pm, "kaslr-seed"), 8);
	assert_int_equal(cell(&pm, "kaslr-seed", 1), 0x5a5a5a5a);
	assert_int_equal(property_size(&pm, "rng-seed"), 128);
	assert_int_equal(cell(&pm, "rng-seed", 31), 0xa5a5a5a5);
	pm.inputs.has_seeds = false;
	plan_well(&pm);
	assert_int_equal(property_size(&pm, "kaslr-seed"), -FDT_ERR_NOTFOUND);
	assert_int_equal(property_size(&pm, "rng-seed"), -FDT_ERR_NOTFOUND);
	pm_done(&pm);
}

/* The plan that the kernel will make for kexec_file_load(2). */
static int foretell(struct plan_machine *pm)
{
	plan_done(&pm->plan);
	err_clear(&pm->err);
	pm->inputs.by_file = true;
	return plan_file(&pm->inputs, &pm->plan, &pm->report, &pm->err);
}

static void assert_foretold(struct plan_machine *pm, enum segment_purpose purpose, uint64_t mem)
{
	const struct segment *segment;

	if (foretell(pm))
		fail_msg("%s", pm->err.text);
	segment = plan_segment(&pm->plan, purpose);
	assert_non_null(segment);
	if (segment->mem != mem)
		fail_msg("%s at 0x%llx, not 0x%llx", segment_purpose_name(purpose),
			(unsigned long long)segment->mem, (unsigned long long)mem);
}

static void kernels_own_plan_is_foretold(void **state)
{
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	pm_initrd(&pm, 5000);
	assert_foretold(&pm, SEGMENT_KERNEL, 0xa0000000);
	assert_foretold(&pm, SEGMENT_INITRD, 0xa2a50000);
	assert_foretold(&pm, SEGMENT_ELFCOREHDR, 0xafff0000);
	assert_foretold(&pm, SEGMENT_DTB, 0xafe00000);
	assert_int_equal(pm.plan.segment_count, 4);
	assert_int_equal(pm.plan.entry, 0xa0000000);
	assert_true(pm.plan.by_kernel);
	/* Room for hotplug, in whole pages of the running kernel, on a 64 KiB line. */
	pm.machine.state.crash_elfcorehdr_size = 459152;
	assert_foretold(&pm, SEGMENT_ELFCOREHDR, 0xaff80000);
	assert_int_equal(plan_segment(&pm.plan, SEGMENT_ELFCOREHDR)->memsz, 0x71000);
	pm.machine.page_size = pm.image.page_size = 65536;
	assert_foretold(&pm, SEGMENT_INITRD, 0xa2a50000);
	assert_int_equal(plan_segment(&pm.plan, SEGMENT_ELFCOREHDR)->memsz, 0x80000);
	pm.image.text_offset = 0x80000;
	assert_foretold(&pm, SEGMENT_KERNEL, 0xa0080000);
	assert_foretold(&pm, SEGMENT_INITRD, 0xa2ad0000);
	/* A tree that is not known is as large as any may be. */
	blob_done(&pm.machine.fdt);
	pm.machine.state.crash_elfcorehdr_size = 0;
	assert_foretold(&pm, SEGMENT_DTB, 0xafc00000);
	assert_int_equal(plan_segment(&pm.plan, SEGMENT_DTB)->memsz, 2 << 20);
	pm_done(&pm);
}

/* The initrd is bound to 32 GiB from the kernel's GiB on: one that has not enough of them left
 * where the kernel is first gets the kernel moved up. */
static void kernel_is_moved_up_for_its_initrd(void **state)
{
	const uint64_t gib = 1 << 30;
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	pm_iomem(&pm, "100000000-1bffffffff : System RAM\n"
		      "  120000000-b9fffffff : Crash kernel\n");
	pm.machine.ram_total = 128 * gib;
	pm_initrd(&pm, 4096);
	pm.inputs.initrd_unread = 31 * gib;
	assert_foretold(&pm, SEGMENT_KERNEL, 0x120000000);
	pm.inputs.initrd_unread = 31 * gib + 700 * (gib >> 10);
	assert_int_equal(foretell(&pm), ST_OK);
	assert_in_range(plan_segment(&pm.plan, SEGMENT_KERNEL)->mem, 5 * gib, 5 * gib + (64 << 20));
	pm.inputs.initrd_unread = 32 * gib;
	assert_int_equal(foretell(&pm), ST_NO_SPACE);
	assert_string_equal(pm.err.id, "crash-region-too-small");
	pm_done(&pm);
}

/* However large a region a memory map tells of: one without room for the others is searched at
 * its beginning and at its end. */
static void the_largest_region_is_not_searched_everywhere(void **state)
{
	struct plan_machine pm;

	(void)state;
	pm_init(&pm);
	pm_initrd(&pm, 12345);
	crash_region(&pm, 64 * GIB, UINT64_MAX - 128 * GIB - 4095);
	pm.inputs.initrd.size = 33 * GIB;
	assert_refused(&pm, ST_NO_SPACE, "crash-region-too-small", "no room for the initrd");
	assert_int_equal(foretell(&pm), ST_NO_SPACE);
	pm_initrd(&pm, 12345);
	plan_well(&pm);
	assert_int_equal(segment(&pm, SEGMENT_KERNEL)->mem, 64 * GIB);
	pm_done(&pm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernels_own_plan_is_foretold),
		cmocka_unit_test(kernel_is_moved_up_for_its_initrd),
		cmocka_unit_test(usual_plan_is_as_expected),
		cmocka_unit_test(planning_twice_gives_the_same_plan),
		cmocka_unit_test(trap06_segments_ascend),
		cmocka_unit_test(trap22_kernel_gets_image_size_not_file_size),
		cmocka_unit_test(text_offset_is_behind_a_2_mib_line),
		cmocka_unit_test(trap10_everything_is_in_pages_of_the_running_kernel),
		cmocka_unit_test(trap10_text_offset_between_pages_is_refused),
		cmocka_unit_test(trap10_crash_region_in_other_pages_is_refused),
		cmocka_unit_test(trap34_other_page_size_is_warned_of),
		cmocka_unit_test(trap23_dtb_is_on_a_2_mib_line),
		cmocka_unit_test(trap24_all_is_in_the_initrds_window),
		cmocka_unit_test(the_largest_region_is_not_searched_everywhere),
		cmocka_unit_test(trap07_trap08_two_regions_use_the_high_one),
		cmocka_unit_test(trap07_two_regions_that_touch_are_still_two),
		cmocka_unit_test(no_or_too_many_crash_regions_are_refused),
		cmocka_unit_test(what_the_kernel_did_not_fulfil_is_told),
		cmocka_unit_test(regions_of_every_size_fit_or_are_refused),
		cmocka_unit_test(what_the_kernel_will_refuse_is_said),
		cmocka_unit_test(trap09_two_pages_are_left_to_the_kernel),
		cmocka_unit_test(seal_finds_every_fault_of_geometry),
		cmocka_unit_test(seal_wants_an_elfcorehdr),
		cmocka_unit_test(half_of_ram_is_the_most),
		cmocka_unit_test(trap05_elf_magic_initrd_is_refused),
		cmocka_unit_test(trap05_exactly_the_elfcorehdr_has_elf_magic),
		cmocka_unit_test(empty_initrd_is_refused),
		cmocka_unit_test(foreign_machines_and_images_are_refused),
		cmocka_unit_test(trap13_every_kind_of_ram_is_dumped),
		cmocka_unit_test(trap14_trap15_cma_is_lent_and_not_dumped),
		cmocka_unit_test(ram_is_dumped_in_whole_pages),
		cmocka_unit_test(thousands_of_ranges_make_thousands_of_headers),
		cmocka_unit_test(trap03_elfcorehdr_gets_what_the_kernel_asks_for),
		cmocka_unit_test(trap03_elfcorehdr_gets_what_is_needed_when_that_is_more),
		cmocka_unit_test(hotplug_size_has_a_lower_bound),
		cmocka_unit_test(trap01_kernel_without_hotplug_is_refused_or_done_without),
		cmocka_unit_test(missing_size_comes_from_the_configuration),
		cmocka_unit_test(trap41_kernel_without_kexec_file_does_not_do_hotplug),
		cmocka_unit_test(trap36_kernels_own_table_must_fit_too),
		cmocka_unit_test(
			trap02_trap39_elfcorehdr_is_digested_unless_the_kernel_rewrites_it),
		cmocka_unit_test(known_digests_are_taken),
		cmocka_unit_test(purgatory_is_told_what_was_decided),
		cmocka_unit_test(parameters_are_all_that_differs_from_the_blob),
		cmocka_unit_test(no_checks_means_no_digests),
		cmocka_unit_test(reset_without_psci_is_refused),
		cmocka_unit_test(cmdline_may_have_2047_bytes),
		cmocka_unit_test(cmdline_length_counts_what_is_added),
		cmocka_unit_test(trap40_crashkernel_is_dropped_from_what_is_reused),
		cmocka_unit_test(no_command_line_at_all_is_fine),
		cmocka_unit_test(trap44_capture_kernel_keeps_off_hot_added_memory),
		cmocka_unit_test(trap18_acpi_machine_gets_a_stub_tree),
		cmocka_unit_test(tree_of_the_user_comes_first),
		cmocka_unit_test(trap21_one_cell_tree_is_fine_only_below_4_gib),
		cmocka_unit_test(seeds_are_new_or_absent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
