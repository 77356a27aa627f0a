// SPDX-License-Identifier: GPL-2.0-only
/* Plans for x86_64 of a Multiboot kernel with its modules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "purgatory/abi.h"
#include "purgatory/arch/x86_64/abi.h"
#include "tests/unit/multiboot.h"
#include "tests/unit/plan_asserts.h"
#include "tests/unit/x86_machine.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

static struct plan_machine pm;

/* In an order that is not that of the addresses, with a kind that only Linux knows. */
static const struct e820_entry map[] = {
	{ { MIB, 0x3ffe0000 }, E820_RAM },
	{ { 4 * GIB, 6 * GIB }, E820_RAM },
	{ { 0, 0x9fc00 }, E820_RAM },
	{ { 0x3ffe0000, 0x3fff0000 }, E820_ACPI },
	{ { 0xe0000000, 0xe0001000 }, E820_SOFT_RESERVED },
};
#define MAP_COUNT (sizeof(map) / sizeof(map[0]))

static const uint8_t initrd[5000] = "070701", linux_kernel[70001] = "linux";

static const struct plan_module modules[] = {
	{ "/boot/vmlinuz root=/dev/sda1", { linux_kernel, sizeof(linux_kernel) } },
	{ "/boot/initrd", { initrd, sizeof(initrd) } },
};

static void take_kernel(struct blob file)
{
	image_done(&pm.image);
	pm_must(file.data && image_describe(&file, "xen", &pm.image, NULL, &pm.err) == ST_OK,
		"kernel");
}

static void take_kernel_1(void)
{
	struct blob file = mb_program();

	mb_header_1(file.data, 3);
	take_kernel(file);
}

static void take_kernel_2(void)
{
	static const uint32_t tags[] = { MB_RELOCATABLE };
	struct blob file = mb_program();

	mb_header_2(file.data, tags, sizeof(tags) / sizeof(tags[0]));
	take_kernel(file);
}

static int setup(void **state)
{
	struct x86_boot *boot = &pm.machine.x86_boot;

	(void)state;
	pm_init_x86_64(&pm);
	pm.request.crash = false;
	pm.request.kernel = "/boot/xen.gz";
	pm.request.append = "console=com1 -- quiet";
	cpus_done(&pm.machine.cpus);
	pm_iomem(&pm, "00001000-0009fbff : System RAM\n"
		      "00100000-3ffdffff : System RAM\n"
		      "  1b800000-1ba9e027 : Kernel code\n"
		      "  1be00000-1bec623f : Kernel data\n"
		      "  3f000000-3f0fffff : Reserved\n"
		      "100000000-17fffffff : System RAM\n");
	boot->memory.entries = calloc(MAP_COUNT, sizeof(map[0]));
	pm_must(boot->memory.entries, "memory");
	memcpy(boot->memory.entries, map, sizeof(map));
	boot->memory.count = MAP_COUNT;
	pm_must(e820_ram(&boot->memory, &pm.machine.boot_memory) == ST_OK, "memory");
	pm.inputs.modules = modules;
	pm.inputs.modules_count = 2;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pm_done(&pm);
	return 0;
}

/* What is at that address, by the plan; at least so many bytes of it. */
static const uint8_t *at(uint64_t address, size_t size)
{
	for (size_t i = 0; i < pm.plan.segment_count; i++) {
		const struct segment *segment = &pm.plan.segments[i];

		if (address >= segment->mem && address - segment->mem < segment->data.size) {
			assert_true(segment->data.size - (address - segment->mem) >= size);
			return segment->data.data + (address - segment->mem);
		}
	}
	fail_msg("nothing is at 0x%llx", (unsigned long long)address);
	return NULL;
}

static const char *text_at(uint32_t address)
{
	return (const char *)at(address, 1);
}

static uint64_t own(size_t number)
{
	return load_le64(segment(&pm, SEGMENT_PURGATORY)->data.data + PURGATORY_PARAMS_OFFSET +
			 offsetof(struct purgatory_params, own) + 8 * number);
}

/* By address, as kernels expect it; what is no kind of theirs is reserved. */
static void assert_map(const uint8_t *entries, size_t step)
{
	static const struct e820_entry sorted[] = {
		{ { 0, 0x9fc00 }, 1 },
		{ { MIB, 0x3ffe0000 }, 1 },
		{ { 0x3ffe0000, 0x3fff0000 }, 3 },
		{ { 0xe0000000, 0xe0001000 }, 2 },
		{ { 4 * GIB, 6 * GIB }, 1 },
	};

	for (size_t i = 0; i < MAP_COUNT; i++, entries += step) {
		assert_int_equal(load_le64(entries), sorted[i].range.start);
		assert_int_equal(load_le64(entries + 8), range_size(sorted[i].range));
		assert_int_equal(load_le32(entries + 16), sorted[i].type);
	}
}

static void assert_module(uint32_t start, uint32_t end, const char *words, size_t number)
{
	assert_int_equal(start % 4096, 0);
	assert_int_equal(end - start, modules[number].bytes.size);
	assert_ptr_equal(at(start, end - start), modules[number].bytes.data);
	assert_string_equal(words, modules[number].words);
}

static void assert_common(uint64_t magic)
{
	const struct segment *info = segment(&pm, SEGMENT_MULTIBOOT);

	assert_int_equal(pm.plan.flags, KEXEC_ARCH_X86_64);
	assert_int_equal(pm.plan.segment_count, 5);
	for (size_t i = 0; i < pm.plan.segment_count; i++) {
		assert_true(pm.plan.segments[i].mem + pm.plan.segments[i].memsz <= 4 * GIB);
		assert_int_equal(pm.plan.segments[i].digested,
			pm.plan.segments[i].purpose != SEGMENT_PURGATORY);
	}
	assert_int_equal(pm.plan.entry, segment(&pm, SEGMENT_PURGATORY)->mem);
	assert_int_equal(pm.plan.handover.handed.start, info->mem);
	assert_int_equal(pm.plan.handover.record, 0);
	assert_int_equal(own(PURGATORY_OWN_MODE), PURGATORY_MODE_32);
	assert_int_equal(own(PURGATORY_OWN_EAX), magic);
	assert_string_equal(pm.plan.cmdline, "/boot/xen.gz console=com1 -- quiet");
}

static void version_1_is_told_by_a_table(void **state)
{
	const uint8_t *info, *mods;

	(void)state;
	take_kernel_1();
	plan_well(&pm);
	assert_common(0x2badb002);
	assert_int_equal(segment(&pm, SEGMENT_KERNEL)->mem, MB_ADDRESS);
	assert_int_equal(segment(&pm, SEGMENT_KERNEL)->memsz, MB_MEMORY);
	assert_int_equal(pm.plan.handover.kernel_entry, MB_ADDRESS + MB_ENTRY);
	info = segment(&pm, SEGMENT_MULTIBOOT)->data.data;
	assert_int_equal(load_le32(info), 1 << 0 | 1 << 2 | 1 << 3 | 1 << 6 | 1 << 9);
	assert_int_equal(load_le32(info + 4), 639);
	assert_int_equal(load_le32(info + 8), (0x3ffe0000 - MIB) >> 10);
	assert_string_equal(text_at(load_le32(info + 16)), pm.plan.cmdline);
	assert_string_equal(text_at(load_le32(info + 64)), "kexec");
	assert_int_equal(load_le32(info + 20), 2);
	mods = at(load_le32(info + 24), 32);
	for (size_t i = 0; i < 2; i++, mods += 16) {
		assert_module(
			load_le32(mods), load_le32(mods + 4), text_at(load_le32(mods + 8)), i);
		assert_int_equal(load_le32(mods + 12), 0);
	}
	assert_int_equal(load_le32(info + 44), MAP_COUNT * 24);
	for (size_t i = 0; i < MAP_COUNT; i++)
		assert_int_equal(load_le32(at(load_le32(info + 48), 24 * MAP_COUNT) + 24 * i), 20);
	assert_map(at(load_le32(info + 48), 24 * MAP_COUNT) + 4, 24);
}

/* The tag of that type, the first one from there on; NULL behind the last. */
static const uint8_t *tag(uint32_t type, const uint8_t *from)
{
	const struct segment *info = segment(&pm, SEGMENT_MULTIBOOT);
	const uint8_t *end = info->data.data + load_le32(info->data.data);

	assert_int_equal(load_le32(info->data.data), info->data.size);
	while (from < end && load_le32(from) != type)
		from += (load_le32(from + 4) + 7u) / 8 * 8;
	return from < end ? from : NULL;
}

static void version_2_is_told_by_tags(void **state)
{
	const uint8_t *first, *found;

	(void)state;
	take_kernel_2();
	plan_well(&pm);
	assert_common(0x36d76289);
	/* At the end of the memory below 4 GiB that is free, aligned as it wants it. */
	assert_int_equal(segment(&pm, SEGMENT_KERNEL)->mem, 0x3fe00000);
	first = segment(&pm, SEGMENT_MULTIBOOT)->data.data + 8;
	assert_string_equal((const char *)tag(1, first) + 8, pm.plan.cmdline);
	assert_string_equal((const char *)tag(2, first) + 8, "kexec");
	found = tag(3, first);
	for (size_t i = 0; i < 2; i++, found = tag(3, found + 8)) {
		assert_non_null(found);
		assert_module(
			load_le32(found + 8), load_le32(found + 12), (const char *)found + 16, i);
		found += (load_le32(found + 4) + 7u) / 8 * 8 - 8;
	}
	assert_null(found);
	found = tag(4, first);
	assert_int_equal(load_le32(found + 4), 16);
	assert_int_equal(load_le32(found + 8), 639);
	assert_int_equal(load_le32(found + 12), (0x3ffe0000 - MIB) >> 10);
	found = tag(6, first);
	assert_int_equal(load_le32(found + 4), 16 + 24 * MAP_COUNT);
	assert_int_equal(load_le32(found + 8), 24);
	assert_int_equal(load_le32(found + 12), 0);
	assert_map(found + 16, 24);
	assert_null(tag(14, first));
	assert_null(tag(15, first));
	found = tag(21, first);
	assert_int_equal(load_le32(found + 4), 12);
	assert_int_equal(load_le32(found + 8), 0x3fe00000);
	found = tag(0, first);
	assert_int_equal(load_le32(found + 4), 8);
	assert_ptr_equal(found + 8, first - 8 + segment(&pm, SEGMENT_MULTIBOOT)->data.size);
}

static void a_copy_of_acpis_root_pointer_is_told_of(void **state)
{
	static const uint8_t rsdp[36] = "RSD PTR ";
	const uint8_t *first, *found;

	(void)state;
	take_kernel_2();
	for (size_t size = 20; size <= 36; size += 16) {
		blob_done(&pm.machine.x86_boot.rsdp);
		pm_must(blob_append(&pm.machine.x86_boot.rsdp, rsdp, size) == ST_OK, "memory");
		plan_well(&pm);
		first = segment(&pm, SEGMENT_MULTIBOOT)->data.data + 8;
		found = tag(size == 20 ? 14 : 15, first);
		assert_non_null(found);
		assert_null(tag(size == 20 ? 15 : 14, first));
		assert_int_equal(load_le32(found + 4), 8 + size);
		assert_memory_equal(found + 8, rsdp, size);
	}
}

static void without_words_or_modules_it_is_told_its_name(void **state)
{
	(void)state;
	take_kernel_2();
	pm.request.append = NULL;
	pm.inputs.modules_count = 0;
	plan_well(&pm);
	assert_string_equal(pm.plan.cmdline, "/boot/xen.gz");
	assert_null(tag(3, segment(&pm, SEGMENT_MULTIBOOT)->data.data + 8));
	take_kernel_1();
	plan_well(&pm);
	assert_int_equal(load_le32(segment(&pm, SEGMENT_MULTIBOOT)->data.data + 20), 0);
}

static void one_address_is_there_or_not(void **state)
{
	(void)state;
	take_kernel_1();
	pm.request.mem_min = MB_ADDRESS + 4096;
	assert_refused(&pm, ST_NO_SPACE, "kernel-address", "has to be at [0x200000, 0x205000)");
	assert_non_null(strstr(pm.err.hint, "--mem-min"));
	pm.request.mem_min = 0;
	pm.image.multiboot.address = 0x3f000000; /* reserved */
	assert_refused(&pm, ST_NO_SPACE, "kernel-address", "0x3f000000");
	assert_null(strstr(pm.err.hint, "--mem-min"));
	/* Over the running kernel, if need be. */
	pm.image.multiboot.address = 0x1b800000;
	plan_well(&pm);
	assert_int_equal(segment(&pm, SEGMENT_KERNEL)->mem, 0x1b800000);
	take_kernel_2();
	pm.request.mem_min = 4 * GIB;
	assert_refused(&pm, ST_NO_SPACE, "memory-too-small", NULL);
}

static void what_is_no_restart_of_it_is_refused(void **state)
{
	(void)state;
	take_kernel_2();
	pm.request.entry = ENTRY_32;
	plan_well(&pm);
	pm.request.entry = ENTRY_16;
	assert_refused(&pm, ST_UNSUPPORTED, "entry-unsupported", "no entry for real mode");
	pm.request.entry = ENTRY_64;
	pm_initrd(&pm, 100001);
	assert_refused(&pm, ST_USAGE, "multiboot-initrd", "takes no initrd, but modules");
	pm.inputs.has_initrd = false;
	pm.inputs.by_file = true;
	assert_int_equal(plan_file(&pm.inputs, &pm.plan, &pm.report, &pm.err), ST_UNSUPPORTED);
	assert_string_equal(pm.err.id, "file-load-unusable");
	pm.inputs.by_file = false;
	pm_iomem(&pm, "00001000-0009fbff : System RAM\n00100000-7fffffff : System RAM\n"
		      "  20000000-3fffffff : Crash kernel\n");
	pm_cpus(&pm, 1, 1);
	pm.request.crash = true;
	assert_refused(&pm, ST_UNSUPPORTED, "multiboot-crash", "knows no elfcorehdr");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(version_1_is_told_by_a_table),
		TEST(version_2_is_told_by_tags),
		TEST(a_copy_of_acpis_root_pointer_is_told_of),
		TEST(without_words_or_modules_it_is_told_its_name),
		TEST(one_address_is_there_or_not),
		TEST(what_is_no_restart_of_it_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
