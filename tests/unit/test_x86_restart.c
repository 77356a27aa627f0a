// SPDX-License-Identifier: GPL-2.0-only
/* Plans for x86_64 of a load that a reboot starts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kexec/cmd/choose.h"
#include "purgatory/abi.h"
#include "purgatory/arch/x86_64/abi.h"
#include "tests/unit/plan_asserts.h"
#include "tests/unit/x86_machine.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

#define IOMEM                                                                                      \
	"00000000-00000fff : Reserved\n"                                                           \
	"00001000-0009fbff : System RAM\n"                                                         \
	"00100000-3ffdffff : System RAM\n"                                                         \
	"  1b800000-1ba9e027 : Kernel code\n"                                                      \
	"  1be00000-1bec623f : Kernel data\n"                                                      \
	"  2f000000-3effffff : Crash kernel\n"                                                     \
	"  3f000000-3f0fffff : Reserved\n"                                                         \
	"3ffe0000-3ffeffff : ACPI Tables\n"                                                        \
	"100000000-17fffffff : System RAM\n"                                                       \
	"200000000-207ffffff : System RAM (kmem)\n"

static struct plan_machine pm;

/* 3 GiB, of which the running kernel has mem= left 2; some are hot-added. */
static int setup(void **state)
{
	(void)state;
	pm_init_x86_64(&pm);
	pm.request.crash = false;
	cpus_done(&pm.machine.cpus);
	pm_iomem(&pm, IOMEM);
	pm_initrd(&pm, 100001);
	pm.request.append = "console=ttyS0 quiet";
	pm_know(&pm, 0, 0x9fc00, E820_RAM);
	pm_know(&pm, MIB, 0x3ffe0000, E820_RAM);
	pm_know(&pm, 4 * GIB, 0x140000000, E820_RAM);
	pm_know(&pm, 0x1c0000000, 0x200000000, E820_RAM);
	pm_know(&pm, 0x3ffe0000, 0x3fff0000, E820_ACPI);
	pm_know(&pm, 0xe0000000, 0xe0001000, E820_SOFT_RESERVED);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pm_done(&pm);
	return 0;
}

static const uint8_t *params(void)
{
	return segment(&pm, SEGMENT_BOOT_PARAMS)->data.data;
}

static uint64_t halves(size_t low, size_t high)
{
	return load_le32(params() + low) | (uint64_t)load_le32(params() + high) << 32;
}

static void the_map_is_the_whole_machine_as_it_was_booted(void **state)
{
	const struct e820 *map = &pm.machine.x86_boot.memory;

	(void)state;
	plan_well(&pm);
	assert_int_equal(params()[0x1e8], map->count);
	for (size_t i = 0; i < map->count; i++) {
		const uint8_t *at = params() + 0x2d0 + 20 * i;

		assert_int_equal(load_le64(at), map->entries[i].range.start);
		assert_int_equal(load_le64(at + 8), range_size(map->entries[i].range));
		assert_int_equal(load_le32(at + 16), map->entries[i].type);
	}
	/* What is left to old interfaces is the piece at 1 MiB. */
	assert_int_equal(load_le32(params() + 0x1e0), (0x3ffe0000 - MIB) >> 10);
}

static void all_is_verified_and_nothing_is_of_a_dump(void **state)
{
	(void)state;
	plan_well(&pm);
	assert_int_equal(pm.plan.flags, KEXEC_ARCH_X86_64);
	assert_null(plan_segment(&pm.plan, SEGMENT_ELFCOREHDR));
	assert_string_equal(pm.plan.cmdline, "console=ttyS0 quiet");
	assert_int_equal(pm.plan.segment_count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pm.plan.segments[i].digested,
			pm.plan.segments[i].purpose != SEGMENT_PURGATORY);
	assert_int_equal(pm.plan.entry, segment(&pm, SEGMENT_PURGATORY)->mem);
	assert_int_equal(pm.plan.handover.kernel_entry, segment(&pm, SEGMENT_KERNEL)->mem + 0x200);
}

/* Trap 12 and 14: the reserved page, the crash region, the driver's memory, the DIMM. */
static void trap12_trap14_only_free_memory_of_the_boot_is_loaded_to(void **state)
{
	static const struct range taken[] = { { 0x2f000000, 0x3f100000 },
		{ 0x140000000, 0x180000000 }, { 0x200000000, 0x208000000 },
		/* ... and, where there is room, the running kernel. */
		{ 0x1b800000, 0x1bec6240 } };

	(void)state;
	plan_well(&pm);
	for (size_t i = 0; i < pm.plan.segment_count; i++) {
		struct range at = { pm.plan.segments[i].mem,
			pm.plan.segments[i].mem + pm.plan.segments[i].memsz };

		assert_true(rangeset_contains(&pm.machine.iomem.ram, at.start, at.end));
		for (size_t j = 0; j < 4; j++)
			assert_false(range_overlaps(at, taken[j]));
	}
	assert_true(pm_said(&pm.report, REPORT_CHOICE, "memory", "0x140000000"));
	pm.request.mem_min = 0x140000000;
	assert_refused(&pm, ST_NO_SPACE, "memory-too-small", NULL);
}

static void above_4_gib_all_of_an_address_is_written(void **state)
{
	(void)state;
	pm.request.mem_min = 4 * GIB;
	plan_well(&pm);
	assert_true(segment(&pm, SEGMENT_INITRD)->mem >= 4 * GIB);
	assert_int_equal(halves(0x218, 0x0c0), segment(&pm, SEGMENT_INITRD)->mem);
	assert_int_equal(halves(0x21c, 0x0c4), 100001);
	assert_int_equal(halves(0x228, 0x0c8), segment(&pm, SEGMENT_BOOT_PARAMS)->mem + 4096);
	pm.request.mem_min = 0;
	pm.request.mem_max = 4 * GIB - 1;
	plan_well(&pm);
	assert_true(segment(&pm, SEGMENT_INITRD)->mem < 4 * GIB);
	assert_int_equal(halves(0x218, 0x0c0), segment(&pm, SEGMENT_INITRD)->mem);
}

static void a_line_may_be_as_long_as_the_kernel_takes(void **state)
{
	char line[2049];

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	line[2048] = '\0';
	pm.request.append = line;
	assert_refused(&pm, ST_NO_SPACE, "cmdline-too-long", NULL);
	line[2047] = '\0';
	plan_well(&pm);
	pm.request.append = NULL;
	plan_well(&pm);
	assert_null(pm.plan.cmdline);
	assert_int_equal(params()[4096], 0);
}

static void without_a_map_nothing_is_loaded(void **state)
{
	(void)state;
	e820_done(&pm.machine.x86_boot.memory);
	rangeset_done(&pm.machine.boot_memory);
	assert_refused(&pm, ST_NOT_FOUND, "firmware-map-missing", NULL);
}

static void inherit(uint32_t type, const char *text)
{
	struct setup_data *list = &pm.machine.x86_boot.setup_data;
	struct setup_node *nodes = realloc(list->nodes, (list->count + 1) * sizeof(*list->nodes));

	pm_must(nodes != NULL, "memory");
	list->nodes = nodes;
	nodes[list->count] = (struct setup_node){ .type = type };
	pm_must(blob_append(&nodes[list->count++].data, text, strlen(text)) == ST_OK, "memory");
}

/* The types of setup_data, in the order of the list, and what is in the last node of type. */
static size_t walk(uint32_t *types, size_t most, uint32_t type, struct span *ret)
{
	const struct segment *in = segment(&pm, SEGMENT_BOOT_PARAMS);
	size_t count = 0;

	*ret = (struct span){ NULL, 0 };
	for (uint64_t at = load_le64(params() + 0x250); at;) {
		const uint8_t *node = in->data.data + (at - in->mem);

		assert_true(count < most && at % 8 == 0);
		types[count++] = load_le32(node + 8);
		if (load_le32(node + 8) == type)
			*ret = (struct span){ node + 16, load_le32(node + 12) };
		at = load_le64(node);
	}
	return count;
}

/* Option ROMs and the like lie in the list itself; the others are used up, made anew, or lead to
 * memory that is not theirs any more. */
static void what_is_still_true_is_inherited(void **state)
{
	static const uint32_t wanted[] = { 9, 0x4b455852, 3, 3, 7 };
	uint32_t types[9];
	struct span found;

	(void)state;
	inherit(SETUP_PCI, "a ROM");
	inherit(SETUP_RNG_SEED, "");
	inherit(SETUP_E820_EXT, "memory");
	inherit(SETUP_PCI, "another ROM");
	inherit(SETUP_CC_BLOB, "");
	plan_well(&pm);
	assert_int_equal(walk(types, 9, SETUP_PCI, &found), 5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(types[i], wanted[i]);
	assert_int_equal(found.size, 11);
	assert_memory_equal(found.data, "another ROM", 11);
}

/* In place of the one that the running kernel was given; it says nothing of the machine. */
static void a_tree_goes_into_the_list(void **state)
{
	static const char tree[] = "a tree";
	uint32_t types[9];
	struct span found;

	(void)state;
	inherit(SETUP_DTB, "an old tree");
	plan_well(&pm);
	assert_int_equal(walk(types, 9, SETUP_DTB, &found), 3);
	assert_memory_equal(found.data, "an old tree", found.size);
	pm.inputs.dtb = (struct span){ (const uint8_t *)tree, sizeof(tree) };
	pm.inputs.dtb_name = "/boot/tree";
	plan_well(&pm);
	assert_int_equal(walk(types, 9, SETUP_DTB, &found), 3);
	assert_int_equal(found.size, sizeof(tree));
	assert_memory_equal(found.data, tree, sizeof(tree));
	pm.request.entry = ENTRY_16;
	memset(pm.machine.x86_boot.params.data + 0x1c0, 0, 4);
	assert_refused(&pm, ST_UNSUPPORTED, "dtb-unusable", "in real mode takes no device tree");
}

/* All that the next kernel but one has to know. */
static void a_capture_kernel_is_told_of_the_whole_machine(void **state)
{
	const struct e820 *map = &pm.machine.x86_boot.memory;
	uint32_t types[9];
	struct span found;

	(void)state;
	inherit(SETUP_PCI, "a ROM");
	pm.request.crash = true;
	pm_cpus(&pm, 2, 2);
	rangeset_done(&pm.machine.boot_memory);
	plan_well(&pm);
	assert_int_equal(walk(types, 9, SETUP_WHOLE_MAP, &found), 3);
	assert_int_equal(found.size, map->count * 20);
	for (size_t i = 0; i < map->count; i++) {
		assert_int_equal(load_le64(found.data + 20 * i), map->entries[i].range.start);
		assert_int_equal(load_le32(found.data + 20 * i + 16), map->entries[i].type);
	}
}

/* In that kernel; where it was told nothing, it says so. */
static void from_a_capture_kernel_the_file_call_is_doubted(void **state)
{
	char words[ARCH_DOUBT_SIZE];

	(void)state;
	pm.machine.cmdline = strdup("elfcorehdr=0x3e000000 quiet");
	plan_well(&pm);
	assert_true(pm_said(&pm.report, REPORT_WARNING, "memory", "capture kernel"));
	pm.machine.x86_boot.whole_told = true;
	plan_well(&pm);
	assert_false(pm_said(&pm.report, REPORT_WARNING, "memory", "capture kernel"));
	assert_true(pm.inputs.arch->doubt_file_load(&pm.machine, false, words));
	assert_non_null(strstr(words, "capture kernel"));
}

static bool doubted(bool crash, char *words)
{
	return pm.inputs.arch->doubt_file_load(&pm.machine, crash, words);
}

/* Trap 12 and 6: what the kernel's own loader makes of such machines. */
static void trap12_trap06_the_file_call_is_doubted(void **state)
{
	char words[ARCH_DOUBT_SIZE];

	(void)state;
	assert_true(doubted(false, words));
	assert_non_null(strstr(words, "hot-added (from 0x140000000 on)"));
	assert_false(doubted(true, words));
	pm_know(&pm, 0x140000000, 0x180000000, E820_RAM);
	assert_false(doubted(false, words));
	for (uint64_t i = 0; i < 121; i++)
		pm_know(&pm, 0xd0000000 + i * 0x2000, 0xd0001000 + i * 0x2000, E820_RESERVED);
	assert_false(doubted(false, words));
	pm_know(&pm, 0xd8000000, 0xd8001000, E820_RESERVED);
	assert_true(doubted(false, words));
	assert_non_null(strstr(words, "hands on 128 ranges of a memory map that has 129"));
	assert_false(doubted(true, words));
	for (uint64_t i = 0; i < 128; i++)
		pm_must(rangeset_add(&pm.machine.iomem.firmware_reserved, 0xd0000000 + i * 0x2000,
				0xd0001000 + i * 0x2000) == ST_OK,
			"memory");
	assert_true(doubted(true, words));
}

/* By file, on a machine whose highest memory, from 5 GiB on, came later. */
static int plan_by_file(void)
{
	int status;

	plan_done(&pm.plan);
	err_clear(&pm.err);
	pm.inputs.by_file = true;
	pm.plan = (struct plan){ .arch = NULL };
	status = plan_file(&pm.inputs, &pm.plan, &pm.report, &pm.err);
	assert_int_equal(pm.plan.segment_count, 0);
	return status;
}

/* Trap 12: known before, piece by piece, and only where it is certain. */
static void trap12_the_file_call_is_refused_where_it_would_use_hot_added_memory(void **state)
{
	(void)state;
	assert_int_equal(plan_by_file(), ST_UNSUPPORTED);
	assert_string_equal(pm.err.id, "file-load-hot-added");
	assert_non_null(strstr(pm.err.text, "put the kernel to [0x17"));
	assert_non_null(strstr(pm.err.text, "hot-added (from 0x140000000 on)"));
	/* A DIMM that the kernel has no room in, but the initrd. */
	pm_know(&pm, 0x140000000, 0x17ff00000, E820_RAM);
	assert_int_equal(plan_by_file(), ST_UNSUPPORTED);
	assert_non_null(strstr(pm.err.text, "put the initrd to [0x17f"));
	pm.inputs.has_initrd = false;
	assert_int_equal(plan_by_file(), ST_OK);
	pm.inputs.has_initrd = true;
	/* What the kernel will read itself counts as well. */
	pm.inputs.initrd_unread = 2 * MIB;
	assert_int_equal(plan_by_file(), ST_OK);
	pm.inputs.initrd_unread = 0;
	/* Memory that is lent goes before, where the kernel may have it. */
	pm.machine.cma_total = 64 * MIB;
	assert_int_equal(plan_by_file(), ST_OK);
	pm.request.no_cma = true;
	assert_int_equal(plan_by_file(), ST_UNSUPPORTED);
	/* A driver's memory is no place for any load. */
	pm_know(&pm, 0x17ff00000, 0x180000000, E820_RAM);
	assert_int_equal(plan_by_file(), ST_OK);
	rangeset_done(&pm.machine.boot_memory);
	assert_int_equal(plan_by_file(), ST_OK);
}

static void a_doubt_chooses_the_other_call_where_that_is_free(void **state)
{
	struct choice choice = { .request = &pm.request, .state = &pm.machine.state };

	(void)state;
	assert_int_equal(choose_first(&choice, &pm.report), CALL_FILE_LOAD);
	assert_int_equal(pm.report.count, 0);
	choice.doubt = "of this";
	assert_int_equal(choose_first(&choice, &pm.report), CALL_LOAD);
	assert_true(pm_said(&pm.report, REPORT_CHOICE, "syscall", "kexec_load, since of this"));
	report_done(&pm.report);
	pm.request.syscall = SYSCALL_FILE_LOAD;
	assert_int_equal(choose_first(&choice, &pm.report), CALL_FILE_LOAD);
	assert_true(pm_said(&pm.report, REPORT_WARNING, "syscall", "may not start here"));
	report_done(&pm.report);
	pm.request.syscall = SYSCALL_AUTO;
	strcpy(pm.machine.state.lockdown, "integrity");
	assert_int_equal(choose_first(&choice, &pm.report), CALL_FILE_LOAD);
	assert_true(pm_said(&pm.report, REPORT_WARNING, "syscall", "may not start here"));
}

/* All below 4 GiB, and told so; the kernel's first byte is where that mode begins. */
static void the_32_bit_entry_is_reached(void **state)
{
	const struct segment *kernel;
	const uint8_t *own;

	(void)state;
	pm.request.entry = ENTRY_32;
	pm.request.mem_min = 0;
	plan_well(&pm);
	kernel = segment(&pm, SEGMENT_KERNEL);
	assert_int_equal(pm.plan.handover.kernel_entry, kernel->mem);
	for (size_t i = 0; i < pm.plan.segment_count; i++)
		assert_true(pm.plan.segments[i].mem + pm.plan.segments[i].memsz <= 4 * GIB);
	assert_true(segment(&pm, SEGMENT_INITRD)->mem + 100001 <= 0x80000000);
	own = segment(&pm, SEGMENT_PURGATORY)->data.data + PURGATORY_PARAMS_OFFSET +
	      offsetof(struct purgatory_params, own);
	assert_int_equal(load_le64(own), 32);
	pm.request.mem_min = 4 * GIB;
	assert_int_equal(pm_plan(&pm), ST_NO_SPACE);
}

static void the_real_mode_entry_is_reached(void **state)
{
	const struct segment *setup, *purgatory;
	const uint8_t *own, *bytes;

	(void)state;
	pm.request.entry = ENTRY_16;
	memset(pm.machine.x86_boot.params.data + 0x1c0, 0, 4);
	plan_well(&pm);
	setup = segment(&pm, SEGMENT_BOOT_PARAMS);
	purgatory = segment(&pm, SEGMENT_PURGATORY);
	assert_int_equal(setup->memsz, 0x10000);
	assert_true(setup->mem >= 0x1000 && setup->mem + setup->memsz <= 0x9fc00);
	assert_true(purgatory->mem >= 0x1000 && purgatory->mem + purgatory->memsz <= 0x9fc00);
	assert_int_equal(pm.plan.handover.kernel_entry, setup->mem + 0x200);
	bytes = setup->data.data;
	/* Its own code, but for what a boot loader writes. */
	assert_memory_equal(bytes, pm.image.memory.data, 0x210);
	assert_memory_equal(bytes + 0x26c, pm.image.memory.data + 0x26c, TEST_SETUP_SIZE - 0x26c);
	assert_int_equal(bytes[0x210], 0xd0);
	assert_int_equal(bytes[0x211], 0x81);
	assert_int_equal(load_le32(bytes + 0x214), segment(&pm, SEGMENT_KERNEL)->mem);
	assert_int_equal(load_le32(bytes + 0x218), segment(&pm, SEGMENT_INITRD)->mem);
	assert_int_equal(load_le32(bytes + 0x21c), 100001);
	assert_int_equal(load_le16(bytes + 0x224), 0xde00);
	assert_int_equal(load_le32(bytes + 0x228), setup->mem + 0xe000);
	assert_string_equal((const char *)bytes + 0xe000, "console=ttyS0 quiet");
	assert_int_equal(load_le64(bytes + 0x250), setup->mem + 0xf800);
	assert_int_equal(load_le64(bytes + 0xf800), 0);
	assert_int_equal(load_le32(bytes + 0xf808), PURGATORY_RECORD_SETUP_DATA);
	assert_int_equal(pm.plan.handover.record, setup->mem + 0xf810);
	own = purgatory->data.data + PURGATORY_PARAMS_OFFSET +
	      offsetof(struct purgatory_params, own);
	assert_true(pm_said(&pm.report, REPORT_WARNING, "firmware", "edd=off"));
	assert_int_equal(load_le64(own), 16);
	assert_int_equal(load_le64(own + 8), 0xe000);
}

/* An old kernel, or memtest86+: where it wants to be, and all that it is handed below 4 GiB. */
static void what_is_not_relocatable_is_where_it_has_to_be(void **state)
{
	(void)state;
	pm.image.bzimage.relocatable = pm.image.bzimage.above_4g = false;
	pm.image.bzimage.pref_address = MIB;
	pm.image.bzimage.kernel_alignment = 4 * MIB;
	pm.image.bzimage.initrd_addr_max = 0x7fffffff;
	plan_well(&pm);
	assert_int_equal(segment(&pm, SEGMENT_KERNEL)->mem, MIB);
	assert_int_equal(pm.plan.handover.kernel_entry, MIB + 0x200);
	assert_true(segment(&pm, SEGMENT_BOOT_PARAMS)->mem < 4 * GIB);
	assert_true(segment(&pm, SEGMENT_INITRD)->mem < 2 * GIB);
	/* Reserved, and behind all memory. */
	pm.image.bzimage.pref_address = 0x3f000000;
	assert_refused(&pm, ST_NO_SPACE, "kernel-address", "has to be at [0x3f000000, ");
	pm.image.bzimage.pref_address = UINT64_MAX - 4095;
	assert_refused(&pm, ST_NO_SPACE, "kernel-address", "has to be at [0xfffffffffffff000, ");
	/* It may move, but not too far. */
	pm.image.bzimage.relocatable = true;
	pm.image.bzimage.pref_address = 4 * GIB;
	assert_int_equal(pm_plan(&pm), ST_NO_SPACE);
	pm.inputs.by_file = true;
	assert_int_equal(plan_file(&pm.inputs, &pm.plan, &pm.report, &pm.err), ST_UNSUPPORTED);
	assert_string_equal(pm.err.id, "file-load-unusable");
}

static void the_other_entries_are_refused(void **state)
{
	(void)state;
	pm.request.entry = ENTRY_16;
	memcpy(pm.machine.x86_boot.params.data + 0x1c0, "EL64", 4);
	assert_refused(&pm, ST_UNSUPPORTED, "entry-unsupported", "booted by UEFI");
	memset(pm.machine.x86_boot.params.data + 0x1c0, 0, 4);
	pm.image.kind = IMAGE_X86_VMLINUX;
	assert_refused(&pm, ST_UNSUPPORTED, "entry-unsupported", "no entry for real mode");
	pm.request.entry = ENTRY_32;
	assert_refused(&pm, ST_UNSUPPORTED, "entry-unsupported", "no entry for 32-bit mode");
	pm.image.kind = IMAGE_BZIMAGE;
	pm.request.entry = ENTRY_16;
	pm.image.bzimage.setup.size = 0x8001;
	assert_refused(&pm, ST_UNSUPPORTED, "entry-unsupported", "0x8001 bytes of real mode code");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_map_is_the_whole_machine_as_it_was_booted),
		TEST(all_is_verified_and_nothing_is_of_a_dump),
		TEST(trap12_trap14_only_free_memory_of_the_boot_is_loaded_to),
		TEST(above_4_gib_all_of_an_address_is_written),
		TEST(a_line_may_be_as_long_as_the_kernel_takes),
		TEST(without_a_map_nothing_is_loaded),
		TEST(what_is_still_true_is_inherited),
		TEST(a_tree_goes_into_the_list),
		TEST(a_capture_kernel_is_told_of_the_whole_machine),
		TEST(from_a_capture_kernel_the_file_call_is_doubted),
		TEST(trap12_trap06_the_file_call_is_doubted),
		TEST(trap12_the_file_call_is_refused_where_it_would_use_hot_added_memory),
		TEST(the_32_bit_entry_is_reached),
		TEST(the_real_mode_entry_is_reached),
		TEST(what_is_not_relocatable_is_where_it_has_to_be),
		TEST(the_other_entries_are_refused),
		TEST(a_doubt_chooses_the_other_call_where_that_is_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
