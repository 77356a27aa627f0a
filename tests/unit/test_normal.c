// SPDX-License-Identifier: GPL-2.0-only
/* Whole plans of a load that a reboot starts, on machines with odd memory maps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "purgatory/abi.h"
#include "tests/unit/plan_machine.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

static void normal_init(struct plan_machine *pm)
{
	pm_init(pm);
	pm->request.crash = false;
	/* What only a crash load is given. */
	cpus_done(&pm->machine.cpus);
	pm_kcore(pm, NULL, 0);
	pm->machine.vmcoreinfo_paddr = pm->machine.vmcoreinfo_size = 0;
	pm_initrd(pm, 123456);
}

/* Is [start, end) clear of all that a normal load must leave alone? */
static bool may_be_written(const struct iomem *iomem, struct range range)
{
	const struct rangeset *const forbidden[] = { &iomem->reserved, &iomem->ram_driver_managed,
		&iomem->crash };

	if (!rangeset_contains(&iomem->ram, range.start, range.end))
		return false;
	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < forbidden[i]->count; j++)
			if (range_overlaps(forbidden[i]->ranges[j], range))
				return false;
	return true;
}

static void plan_well(struct plan_machine *pm)
{
	const struct plan *plan = &pm->plan;

	if (pm_plan(pm) != ST_OK)
		fail_msg("%s: %s", pm->err.id, pm->err.text);
	assert_false(plan_is_crash(plan));
	assert_int_equal(plan->flags, 0x00b70000);
	assert_null(plan_segment(plan, SEGMENT_ELFCOREHDR));
	assert_int_equal(plan->entry, plan_segment(plan, SEGMENT_PURGATORY)->mem);
	for (size_t i = 0; i < plan->segment_count; i++) {
		struct range at = { plan->segments[i].mem,
			plan->segments[i].mem + plan->segments[i].memsz };

		if (!may_be_written(&pm->machine.iomem, at))
			fail_msg("%s at 0x%llx", segment_purpose_name(plan->segments[i].purpose),
				(unsigned long long)at.start);
		assert_int_equal(
			plan->segments[i].digested, plan->segments[i].purpose != SEGMENT_PURGATORY);
	}
	/* However far apart, the purgatory has its page tables. */
	assert_false(pm_said(&pm->report, REPORT_WARNING, "purgatory", "caches off"));
}

static void assert_refused(struct plan_machine *pm, int status, const char *id, const char *words)
{
	assert_int_equal(pm_plan(pm), status);
	assert_string_equal(pm->err.id, id);
	if (!strstr(pm->err.text, words))
		fail_msg("\"%s\" is not in \"%s\"", words, pm->err.text);
	assert_null(pm->plan.arch); /* untouched */
}

static uint64_t mem(const struct plan_machine *pm, enum segment_purpose purpose)
{
	const struct segment *found = plan_segment(&pm->plan, purpose);

	assert_non_null(found);
	return found->mem;
}

static void usual_plan_is_as_expected(void **state)
{
	struct plan_machine pm;

	(void)state;
	normal_init(&pm);
	plan_well(&pm);
	assert_int_equal(pm.plan.segment_count, 4);
	/* Behind the running kernel, which ends at 0x42c50000. */
	assert_int_equal(mem(&pm, SEGMENT_KERNEL), 0x42e00000);
	assert_int_equal(mem(&pm, SEGMENT_INITRD), 0x45a00000);
	assert_int_equal(mem(&pm, SEGMENT_PURGATORY), 0x45c00000);
	assert_int_equal(mem(&pm, SEGMENT_DTB), 0x45e00000);
	assert_int_equal(pm.plan.handover.kernel_entry, 0x42e00000);
	assert_int_equal(pm.plan.handover.handed.start, 0x45e00000);
	assert_int_equal(pm.plan.core.count, 0);
	pm_done(&pm);
}

/* What it is made of is left alone, all of it, as long as there is room elsewhere. */
static void running_kernel_is_written_over_at_need_only(void **state)
{
	struct plan_machine pm;

	(void)state;
	normal_init(&pm);
	/* Behind it just room for a kernel of 42.3 MiB and 2 MiB for each of the others. */
	pm_iomem(&pm, "40000000-45ffffff : System RAM\n"
		      "  40200000-41cfffff : Kernel code\n"
		      "  42680000-42c4ffff : Kernel data\n");
	plan_well(&pm);
	assert_int_equal(mem(&pm, SEGMENT_KERNEL), 0x42e00000);
	assert_false(pm_said(&pm.report, REPORT_CHOICE, "memory", "written over"));
	pm_iomem(&pm, "40000000-45dfffff : System RAM\n"
		      "  40200000-41cfffff : Kernel code\n"
		      "  42680000-42c4ffff : Kernel data\n");
	plan_well(&pm);
	assert_int_equal(mem(&pm, SEGMENT_KERNEL), 0x40000000);
	assert_true(pm_said(&pm.report, REPORT_CHOICE, "memory", "its own memory is written over"));
	/* What the user wants counts more. */
	pm_iomem(&pm, MACHINE_IOMEM);
	pm.request.mem_max = 0x43ffffff;
	plan_well(&pm);
	assert_int_equal(mem(&pm, SEGMENT_KERNEL), 0x40000000);
	/* Room below it, and a map that does not say where it ends. */
	pm.request.mem_max = 0;
	pm_iomem(&pm, "30000000-bfffffff : System RAM\n"
		      "  40200000-41cfffff : Kernel code\n");
	plan_well(&pm);
	assert_int_equal(mem(&pm, SEGMENT_KERNEL), 0x30000000);
	pm.request.mem_min = 0x40000000;
	plan_well(&pm);
	assert_int_equal(mem(&pm, SEGMENT_KERNEL), 0x41e00000);
	pm_done(&pm);
}

static void nothing_reserved_is_written_over(void **state)
{
	struct plan_machine pm;

	(void)state;
	normal_init(&pm);
	pm_iomem(&pm, "00000000-3fffffff : reserved\n"
		      "40000000-bfffffff : System RAM\n"
		      "  40000000-40000fff : reserved\n"
		      "  40200000-41cfffff : Kernel code\n"
		      "  44000000-440007ff : reserved\n"
		      "    44000000-440003ff : something in it\n"
		      "  48000000-4fffffff : ramoops:dump(0/1)\n"
		      "  a0000000-afffffff : Crash kernel\n");
	plan_well(&pm);
	assert_int_equal(mem(&pm, SEGMENT_KERNEL), 0x44200000);
	assert_int_equal(mem(&pm, SEGMENT_INITRD), 0x46e00000);
	pm.request.mem_max = 0x43ffffff;
	plan_well(&pm);
	assert_int_equal(mem(&pm, SEGMENT_KERNEL), 0x40200000);
	assert_int_equal(mem(&pm, SEGMENT_INITRD), 0x42e00000);
	pm.request.mem_max = 0;
	/* In the window of what is free, nothing is too far up. */
	pm.image.mem_size = 80 * MIB;
	plan_well(&pm);
	assert_int_equal(mem(&pm, SEGMENT_KERNEL), 0x50000000);
	pm_done(&pm);
}

static void drivers_memory_and_crash_region_are_left_alone(void **state)
{
	struct plan_machine pm;

	(void)state;
	normal_init(&pm);
	pm_iomem(&pm, "40000000-7fffffff : System RAM (virtio_mem)\n"
		      "80000000-8fffffff : System RAM\n"
		      "  80000000-8fffffff : Crash kernel\n"
		      "90000000-9fffffff : System RAM\n"
		      "c0000000-ffffffff : Soft Reserved\n"
		      "  c0000000-ffffffff : dax0.0\n"
		      "    c0000000-ffffffff : System RAM (kmem)\n");
	plan_well(&pm);
	assert_int_equal(mem(&pm, SEGMENT_KERNEL), 0x90000000);
	pm_iomem(&pm, "40000000-7fffffff : System RAM (virtio_mem)\n"
		      "80000000-8fffffff : System RAM\n"
		      "  80000000-8fffffff : Crash kernel\n");
	assert_refused(&pm, ST_NO_SPACE, "memory-too-small", "no room for the kernel");
	pm_done(&pm);
}

static void hot_added_memory_is_left_alone(void **state)
{
	uint64_t tree[512];
	struct plan_machine pm;
	int node;

	(void)state;
	normal_init(&pm);
	/* A DIMM is plain System RAM, even below all other. */
	pm_iomem(&pm, "40000000-7fffffff : System RAM\n"
		      "80000000-bfffffff : System RAM\n");
	plan_well(&pm);
	assert_int_equal(mem(&pm, SEGMENT_KERNEL), 0x40000000);
	assert_true(pm_said(&pm.report, REPORT_WARNING, "memory", "boot is not known"));
	assert_int_equal(rangeset_add(&pm.machine.boot_memory, 0x80000800, 0xc0000000), ST_OK);
	plan_well(&pm);
	assert_int_equal(mem(&pm, SEGMENT_KERNEL), 0x80200000);
	assert_true(pm_said(&pm.report, REPORT_CHOICE, "memory", "0x40000800 bytes"));
	assert_true(pm_said(&pm.report, REPORT_CHOICE, "memory", "first at 0x40000000"));

	/* A tree of the user's own is what the new kernel will go by. */
	assert_int_equal(fdt_open_into(pm.machine.fdt.data, tree, sizeof(tree)), 0);
	node = fdt_add_subnode(tree, 0, "memory@90000000");
	assert_true(node >= 0);
	assert_int_equal(fdt_setprop_string(tree, node, "device_type", "memory"), 0);
	assert_int_equal(fdt_appendprop_u64(tree, node, "reg", 0x90000000), 0);
	assert_int_equal(fdt_appendprop_u64(tree, node, "reg", 0x10000000), 0);
	node = fdt_add_subnode(tree, 0, "cpus");
	node = fdt_add_subnode(tree, node, "cpu@0");
	assert_int_equal(fdt_setprop_string(tree, node, "device_type", "cpu"), 0);
	pm.inputs.dtb = (struct span){ (uint8_t *)tree, fdt_totalsize(tree) };
	pm.inputs.dtb_name = "test.dtb";
	plan_well(&pm);
	assert_int_equal(mem(&pm, SEGMENT_KERNEL), 0x90000000);
	assert_int_equal(fdt_setprop_u32(tree, 0, "#size-cells", 3), 0);
	pm.inputs.dtb.size = fdt_totalsize(tree);
	assert_refused(&pm, ST_BAD_INPUT, "fdt-cells", "#size-cells");
	pm_done(&pm);
}

/* Thousands of reservations, each of which spoils 2 MiB, and one place between them. */
static void thousands_of_reservations_are_kept_off(void **state)
{
	static char text[4096 * 48];
	struct plan_machine pm;
	size_t used = 0;

	(void)state;
	normal_init(&pm);
	used += (size_t)sprintf(text, "40000000-23fffffff : System RAM\n");
	for (uint64_t i = 0; i < 3800; i++) {
		uint64_t at = 0x40000000 + i * 2 * MIB + 4096;

		if (i >= 2500 && i < 2600)
			continue;
		used += (size_t)sprintf(text + used, "  %llx-%llx : reserved\n",
			(unsigned long long)at, (unsigned long long)at + 100);
	}
	pm_iomem(&pm, text);
	plan_well(&pm);
	assert_int_equal(mem(&pm, SEGMENT_KERNEL), 0x40000000 + 2500 * 2 * MIB);
	pm_done(&pm);
}

static void kernel_goes_where_its_companions_are_in_reach(void **state)
{
	struct plan_machine pm;

	(void)state;
	normal_init(&pm);
	/* The kernel fits low, the initrd only half a TiB above. */
	pm_iomem(&pm, "80000000-83ffffff : System RAM\n"
		      "8080000000-80ffffffff : System RAM\n");
	pm_initrd(&pm, 64 * MIB);
	plan_well(&pm);
	assert_int_equal(mem(&pm, SEGMENT_KERNEL), UINT64_C(0x8080000000));
	pm_initrd(&pm, 1000);
	plan_well(&pm);
	assert_int_equal(mem(&pm, SEGMENT_KERNEL), 0x80000000);
	/* Nor in the next piece, but in the one behind that. */
	pm_iomem(&pm, "80000000-83ffffff : System RAM\n"
		      "1080000000-1083ffffff : System RAM\n"
		      "8080000000-80ffffffff : System RAM\n");
	pm_initrd(&pm, 64 * MIB);
	plan_well(&pm);
	assert_int_equal(mem(&pm, SEGMENT_KERNEL), UINT64_C(0x8080000000));
	/* What does not fit anywhere is told of for the first place. */
	pm.inputs.initrd.size = 8 * GIB;
	assert_refused(&pm, ST_NO_SPACE, "memory-too-small", "no room for the initrd");
	assert_non_null(strstr(pm.err.text, "[0x82a50000, 0x880000000) of"));
	pm_done(&pm);
}

static void bounds_of_the_user_are_kept(void **state)
{
	struct plan_machine pm;

	(void)state;
	normal_init(&pm);
	pm.request.mem_min = 0x50000001;
	plan_well(&pm);
	assert_int_equal(mem(&pm, SEGMENT_KERNEL), 0x50200000);
	pm.request.mem_max = 0x53ffffff;
	plan_well(&pm);
	for (size_t i = 0; i < pm.plan.segment_count; i++)
		assert_true(pm.plan.segments[i].mem + pm.plan.segments[i].memsz <= 0x54000000);
	pm.request.mem_max = 0x51ffffff;
	assert_refused(&pm, ST_NO_SPACE, "memory-too-small",
		"memory that can be loaded to [0x50001000, 0x52000000)");
	pm.request.mem_min = 0x60000000; /* none at all */
	assert_refused(&pm, ST_NO_SPACE, "memory-too-small", "no room for the kernel");
	pm.request.mem_max = UINT64_MAX;
	plan_well(&pm);
	assert_int_equal(mem(&pm, SEGMENT_KERNEL), 0x60000000);
	/* A crash load keeps them too. */
	pm_cpus(&pm, 1, 1);
	pm.machine.vmcoreinfo_paddr = 0x44d2c000;
	pm.machine.vmcoreinfo_size = 0x1024;
	pm.request.crash = true;
	pm.request.mem_min = 0xa2000000;
	assert_int_equal(pm_plan(&pm), ST_OK);
	assert_int_equal(mem(&pm, SEGMENT_KERNEL), 0xa2000000);
	pm_done(&pm);
}

/* Every segment across a line at each level of page tables, and the console far away. */
static void page_tables_suffice_at_the_worst(void **state)
{
	struct plan_machine pm;

	(void)state;
	normal_init(&pm);
	pm_iomem(&pm, "7fc0000000-7fffffefff : System RAM\n" /* for nothing */
		      "7fffe00000-803fffffff : System RAM\n"
		      "  8002c00000-803fdfffff : reserved\n"
		      "8040000000-80bfffffff : System RAM\n"
		      "  8041000000-807fdfffff : reserved\n"
		      "  8084000000-80bfffffff : reserved\n"
		      "8100000000-813fffffff : System RAM\n"
		      "  8100400000-813fffffff : reserved\n"
		      "8180000000-81bfffffff : System RAM\n"
		      "  8180200000-81bfffffff : reserved\n");
	pm.request.mem_min = UINT64_C(0x7fffe00000);
	pm.image.mem_size = 0x2a51000;
	pm_initrd(&pm, 18 * MIB + 1);
	pm.inputs.console = (struct console){ .type = CONSOLE_PL011, .base = 0x9000000 };
	plan_well(&pm);
	assert_int_equal(mem(&pm, SEGMENT_KERNEL), UINT64_C(0x7fffe00000));
	pm_done(&pm);
}

static const void *chosen(const struct plan_machine *pm, const char *name)
{
	const void *fdt = pm->plan.dtb.data;

	return fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), name, NULL);
}

/* A machine that was itself started by kexec, as a capture kernel even. */
static void tree_is_free_of_what_was_true_for_another_kernel(void **state)
{
	static const char *const gone[] = { "linux,elfcorehdr", "linux,usable-memory-range",
		"linux,kho-fdt", "linux,ima-kexec-buffer" };
	uint64_t tree[1024];
	struct plan_machine pm;
	int node;

	(void)state;
	normal_init(&pm);
	assert_int_equal(fdt_open_into(pm.machine.fdt.data, tree, sizeof(tree)), 0);
	node = fdt_path_offset(tree, "/chosen");
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
		assert_int_equal(fdt_setprop(tree, node, gone[i], "0123456789abcdef", 16), 0);
	assert_int_equal(fdt_setprop_u64(tree, node, "linux,initrd-start", 0x48000000), 0);
	assert_int_equal(fdt_setprop_u64(tree, node, "linux,initrd-end", 0x49000000), 0);
	assert_int_equal(
		fdt_setprop_string(tree, node, "bootargs", "root=/dev/vda crashkernel=1G"), 0);
	pm_fdt(&pm, (struct span){ (uint8_t *)tree, fdt_totalsize(tree) });
	plan_well(&pm);
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
		assert_null(chosen(&pm, gone[i]));
	assert_int_equal(fdt64_ld(chosen(&pm, "linux,initrd-start")), mem(&pm, SEGMENT_INITRD));
	assert_int_equal(
		fdt64_ld(chosen(&pm, "linux,initrd-end")), mem(&pm, SEGMENT_INITRD) + 123456);
	assert_memory_equal(chosen(&pm, "kaslr-seed"), pm.inputs.kaslr_seed, KASLR_SEED_SIZE);
	assert_memory_equal(chosen(&pm, "rng-seed"), pm.inputs.rng_seed, RNG_SEED_SIZE);
	assert_non_null(chosen(&pm, "linux,booted-from-kexec"));
	/* The new kernel reserves memory for its own crashes as this one did. */
	assert_string_equal(chosen(&pm, "bootargs"), "root=/dev/vda crashkernel=1G");
	pm.inputs.has_initrd = false;
	plan_well(&pm);
	assert_null(chosen(&pm, "linux,initrd-start"));
	assert_null(chosen(&pm, "linux,initrd-end"));
	pm_done(&pm);
}

static void command_line_is_not_that_of_a_capture_kernel(void **state)
{
	struct plan_machine pm;

	(void)state;
	normal_init(&pm);
	pm_default_fdt(&pm, true, NULL);
	pm.machine.firmware.acpi = pm.machine.firmware.acpi_memory_devices = true;
	pm.machine.cmdline = strdup("BOOT_IMAGE=/vmlinuz root=/dev/vda crashkernel=1G mem=2G");
	pm.request.reuse_cmdline = true;
	plan_well(&pm);
	assert_string_equal(pm.plan.cmdline, "root=/dev/vda crashkernel=1G mem=2G");
	for (size_t i = 0; i < pm.report.count; i++)
		assert_string_not_equal(pm.report.entries[i].area, "cmdline");
	pm_done(&pm);
}

static void known_refusals_are_those_of_a_reboot(void **state)
{
	struct plan_machine pm;

	(void)state;
	normal_init(&pm);
	pm.machine.state.load_limit_panic = 0;
	plan_well(&pm);
	assert_false(pm_said(&pm.report, REPORT_WARNING, "kernel", "kexec_load_limit"));
	pm.machine.state.load_limit_reboot = 0;
	plan_well(&pm);
	assert_true(pm_said(&pm.report, REPORT_WARNING, "kernel", "kexec_load_limit_reboot is 0"));
	pm.machine.ram_total = 60 * MIB;
	assert_refused(&pm, ST_NO_SPACE, "image-half-of-ram", "half of its");
	pm_done(&pm);
}

/* The kernel keeps all segments until the restart: for a panic they lie in the crash region. */
static void memory_for_the_segments_has_to_be_there(void **state)
{
	struct plan_machine pm;
	uint64_t sum = 0;

	(void)state;
	normal_init(&pm);
	plan_well(&pm);
	for (size_t i = 0; i < pm.plan.segment_count; i++)
		sum += pm.plan.segments[i].memsz;
	pm.machine.ram_available = sum;
	plan_well(&pm);
	pm.machine.ram_available = sum - 1;
	assert_refused(&pm, ST_NO_SPACE, "memory-short", "for the segments");
	pm_done(&pm);
}

static void every_page_size_works(void **state)
{
	static const uint64_t sizes[] = { 4096, 16384, 65536 };
	struct plan_machine pm;

	(void)state;
	normal_init(&pm);
	pm_iomem(&pm, "40001000-bffff7ff : System RAM\n  50000000-50000001 : reserved\n");
	for (size_t i = 0; i < 3; i++) {
		pm.machine.page_size = sizes[i];
		pm.request.mem_min = 0x4d200000;
		plan_well(&pm);
		assert_int_equal(mem(&pm, SEGMENT_KERNEL), 0x4d200000);
		for (size_t j = 0; j < pm.plan.segment_count; j++)
			assert_int_equal(
				(pm.plan.segments[j].mem | pm.plan.segments[j].memsz) % sizes[i],
				0);
	}
	pm_done(&pm);
}

static void elf_initrd_is_fine(void **state)
{
	struct plan_machine pm;

	(void)state;
	normal_init(&pm);
	memcpy(pm.initrd.data, "\177ELF", 4);
	plan_well(&pm);
	pm_done(&pm);
}

static void no_checks_means_no_digests(void **state)
{
	struct plan_machine pm;

	(void)state;
	normal_init(&pm);
	pm.request.no_checks = true;
	assert_int_equal(pm_plan(&pm), ST_OK);
	for (size_t i = 0; i < pm.plan.segment_count; i++)
		assert_false(pm.plan.segments[i].digested);
	pm_done(&pm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usual_plan_is_as_expected),
		cmocka_unit_test(running_kernel_is_written_over_at_need_only),
		cmocka_unit_test(nothing_reserved_is_written_over),
		cmocka_unit_test(drivers_memory_and_crash_region_are_left_alone),
		cmocka_unit_test(hot_added_memory_is_left_alone),
		cmocka_unit_test(thousands_of_reservations_are_kept_off),
		cmocka_unit_test(kernel_goes_where_its_companions_are_in_reach),
		cmocka_unit_test(bounds_of_the_user_are_kept),
		cmocka_unit_test(page_tables_suffice_at_the_worst),
		cmocka_unit_test(tree_is_free_of_what_was_true_for_another_kernel),
		cmocka_unit_test(command_line_is_not_that_of_a_capture_kernel),
		cmocka_unit_test(known_refusals_are_those_of_a_reboot),
		cmocka_unit_test(memory_for_the_segments_has_to_be_there),
		cmocka_unit_test(every_page_size_works),
		cmocka_unit_test(elf_initrd_is_fine),
		cmocka_unit_test(no_checks_means_no_digests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
