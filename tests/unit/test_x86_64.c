// SPDX-License-Identifier: GPL-2.0-only
/* Plans for x86_64: where all goes, and what the new kernel is handed. The numbers in the names are
 * those of the traps of the project's x86_64 reference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "purgatory/abi.h"
#include "purgatory/arch/x86_64/abi.h"
#include "tests/unit/plan_asserts.h"
#include "tests/unit/vmlinux.h"
#include "tests/unit/x86_machine.h"

#define CRASH_START UINT64_C(0x2f000000)
#define CRASH_END   UINT64_C(0x3f000000)
#define LINEAR	    UINT64_C(0xffff8bd300000000)
#define TEXT_VADDR  UINT64_C(0xffffffff85a00000)
#define TEXT_PADDR  UINT64_C(0x1b800000)
#define TEXT_SIZE   UINT64_C(0x82d000)
#define RSDP	    UINT64_C(0xf59e0)
#define IOMEM                                                                                      \
	"00000000-00000fff : Reserved\n"                                                           \
	"00001000-0009fbff : System RAM\n"                                                         \
	"0009fc00-0009ffff : Reserved\n"                                                           \
	"000f0000-000fffff : Reserved\n"                                                           \
	"00100000-3ffdffff : System RAM\n"                                                         \
	"  1b800000-1ba9e027 : Kernel code\n"                                                      \
	"  1be00000-1bec623f : Kernel data\n"                                                      \
	"  2f000000-3effffff : Crash kernel\n"                                                     \
	"3ffe0000-3ffeffff : ACPI Tables\n"                                                        \
	"3fff0000-3fffffff : ACPI Non-volatile Storage\n"                                          \
	"b0000000-bfffffff : PCI ECAM 0000 [bus 00-ff]\n"                                          \
	"  b0000000-bfffffff : Reserved\n"                                                         \
	"100000000-10fffffff : System RAM\n"                                                       \
	"200000000-207ffffff : System RAM (kmem)\n"
#define TWO_REGIONS                                                                                \
	"00001000-0009fbff : System RAM\n"                                                         \
	"00100000-3ffdffff : System RAM\n"                                                         \
	"  10000000-1fffffff : Crash kernel\n"                                                     \
	"100000000-8ffffffff : System RAM\n"                                                       \
	"  800000000-80fffffff : Crash kernel\n"

static struct plan_machine pm;

static int setup(void **state)
{
	static const struct kcore_load loads[] = {
		{ UINT64_C(0xffffa4e100000000), UINT64_MAX, 0x1fffffffffff },
		{ TEXT_VADDR, TEXT_PADDR, TEXT_SIZE },
		{ UINT64_C(0xffffffffc0000000), UINT64_MAX, 0x3f000000 },
		{ LINEAR + 0x1000, 0x1000, 0x9e000 },
		{ LINEAR + 0x100000, 0x100000, 0x3fee0000 },
	};

	(void)state;
	pm_init_x86_64(&pm);
	pm_iomem(&pm, IOMEM);
	pm_kcore(&pm, loads, sizeof(loads) / sizeof(loads[0]));
	pm.machine.x86_boot.acpi_rsdp = RSDP;
	pm_initrd(&pm, 100001);
	pm.request.append = "console=ttyS0 quiet";
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

/* What lies at a physical address, in a segment that was loaded. */
static const uint8_t *at_physical(uint64_t address, size_t size)
{
	for (size_t i = 0; i < pm.plan.segment_count; i++) {
		const struct segment *one = &pm.plan.segments[i];

		if (address >= one->mem && address + size <= one->mem + one->data.size)
			return one->data.data + (address - one->mem);
	}
	fail_msg("nothing is loaded at 0x%llx", (unsigned long long)address);
	return NULL;
}

static uint64_t halves(size_t low, size_t high)
{
	return load_le32(params() + low) | (uint64_t)load_le32(params() + high) << 32;
}

static void give_efi(void)
{
	static const struct efi_region regions[] = {
		{ 5, 0x3f000000, UINT64_C(0xfffffffefdc00000), 0x100, UINT64_C(1) << 63 | 15 },
		{ 6, UINT64_C(0x13f900000), UINT64_C(0xfffffffefda00000), 2, UINT64_C(1) << 63 },
	};
	struct efi_runtime *efi = &pm.machine.x86_boot.efi;

	*efi = (struct efi_runtime){ .fw_vendor = 0x3f9eef98,
		.tables = 0x3f9ee018,
		.smbios = 0x3f97a000,
		.regions = malloc(sizeof(regions)),
		.count = 2 };
	pm_must(efi->regions != NULL, "memory");
	memcpy(efi->regions, regions, sizeof(regions));
	memcpy(pm.machine.x86_boot.params.data + 0x1c0, "EL64", 4);
	store_le32(pm.machine.x86_boot.params.data + 0x1c8, 48);
	store_le32(pm.machine.x86_boot.params.data + 0x1cc, 1);
}

static void trap01_kernel_gets_init_size_on_its_alignment_above_its_floor(void **state)
{
	const struct segment *kernel;

	(void)state;
	plan_well(&pm);
	kernel = segment(&pm, SEGMENT_KERNEL);
	assert_int_equal(kernel->memsz, 0xa56000);
	assert_int_equal(kernel->mem % 0x200000, 0);
	assert_int_equal(kernel->data.size, TEST_LOADED_SIZE);
	assert_memory_equal(kernel->data.data, pm.image.memory.data + TEST_SETUP_SIZE, 64);
	/* A kernel that wants to be above the beginning of the region is. */
	store_le64(pm.image.memory.data + 0x258, 0x30000000);
	pm.image.bzimage.pref_address = 0x30000000;
	plan_well(&pm);
	assert_int_equal(segment(&pm, SEGMENT_KERNEL)->mem, 0x30000000);
	pm.image.bzimage.pref_address = 0x3f000000;
	assert_refused(&pm, ST_NO_SPACE, "crash-region-too-small", NULL);
}

static void trap02_entry_is_the_64_bit_one(void **state)
{
	(void)state;
	plan_well(&pm);
	assert_int_equal(pm.plan.handover.kernel_entry, segment(&pm, SEGMENT_KERNEL)->mem + 0x200);
	assert_int_equal(pm.plan.entry, segment(&pm, SEGMENT_PURGATORY)->mem);
	assert_int_equal(pm.plan.handover.handed.start, segment(&pm, SEGMENT_BOOT_PARAMS)->mem);
}

static void trap03_header_is_copied_and_nothing_around_it(void **state)
{
	(void)state;
	plan_well(&pm);
	assert_int_equal(params()[0x1ef], 0); /* the sentinel */
	assert_int_equal(params()[0x1f0], 0);
	assert_memory_equal(params() + 0x1f1, pm.image.memory.data + 0x1f1, 0x210 - 0x1f1);
	assert_int_equal(params()[0x26b], pm.image.memory.data[0x26b]);
	assert_int_equal(params()[0x26c], 0);
	assert_int_equal(params()[0x211], 0); /* loadflags */
	/* Of the running kernel: the screen and EDD, and nothing else. */
	assert_int_equal(params()[0x000], 0xee);
	assert_int_equal(params()[0x040], 0); /* apm_bios_info */
	assert_int_equal(params()[0x080], 0); /* hd0_info */
	assert_int_equal(params()[0x1e9], 0xee);
	assert_int_equal(params()[0x290], 0xee);
	assert_int_equal(params()[0xd00], 0xee);
	assert_int_equal(load_le64(params() + 0x070), RSDP);
}

/* An e820 entry by its index, in boot_params or behind them. */
static void assert_entry(size_t index, uint64_t start, uint64_t end, uint32_t type)
{
	const uint8_t *at = params() + 0x2d0 + 20 * index;

	assert_true(index < params()[0x1e8]);
	assert_int_equal(load_le64(at), start);
	assert_int_equal(load_le64(at + 8), end - start);
	assert_int_equal(load_le32(at + 16), type);
}

static void trap04_trap05_memory_is_the_region_without_the_elfcorehdr(void **state)
{
	const struct segment *core;

	(void)state;
	pm.machine.state.crash_elfcorehdr_size = 462448;
	pm.request.hotplug = HOTPLUG_ON;
	plan_well(&pm);
	core = segment(&pm, SEGMENT_ELFCOREHDR);
	assert_int_equal(core->memsz, 462848); /* trap 33: whole pages */
	assert_int_equal(core->mem + core->memsz, CRASH_END);
	assert_int_equal(params()[0x1e8], 8);
	assert_entry(0, 0x1000, 0x9f000, 1);
	assert_entry(1, CRASH_START, core->mem, 1);
	assert_entry(2, 0x3ffe0000, 0x3fff0000, 3);
	assert_entry(3, 0x3fff0000, 0x40000000, 4);
	assert_entry(4, 0, 0x1000, 2);
	assert_entry(5, 0x9fc00, 0xa0000, 2);
	assert_entry(6, 0xf0000, 0x100000, 2);
	assert_entry(7, 0xb0000000, 0xc0000000, 2);
	assert_false(core->digested);
	assert_int_equal(pm.plan.flags, 0x3e0005); /* trap 32: the flag that is older */
}

static void trap06_more_than_128_entries_go_on_in_setup_data(void **state)
{
	static char text[150 * 64];
	size_t length = 0, ram = 0;
	uint64_t node;

	(void)state;
	length += (size_t)snprintf(text, sizeof(text), "%s", IOMEM);
	for (unsigned int i = 0; i < 140; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length,
			"%x-%x : Reserved\n", 0xc0000000 + i * 0x10000, 0xc0000fff + i * 0x10000);
	pm_iomem(&pm, text);
	plan_well(&pm);
	assert_int_equal(params()[0x1e8], 128);
	node = load_le64(params() + 0x250);
	assert_int_equal(load_le32(at_physical(node + 8, 4)), 1);
	assert_int_equal(load_le32(at_physical(node + 12, 4)), 19 * 20);
	assert_int_equal(load_le64(at_physical(node + 16, 8)), 0xc0000000 + 121 * 0x10000);
	/* The region is in what the kernel's early code looks at. */
	for (size_t i = 0; i < 128; i++)
		ram += load_le32(params() + 0x2d0 + 20 * i + 16) == 1;
	assert_int_equal(ram, 2);
}

/* Firmware's ranges in RAM, and in order to count, so many of 4 KiB elsewhere. */
static void reserve(const char *in_ram, unsigned int count)
{
	size_t room = 8192 + (size_t)count * 64;
	char *text = malloc(room);
	size_t length;

	assert_non_null(text);
	length = (size_t)snprintf(text, room,
		"00001000-0009fbff : System RAM\n%s"
		"00100000-3ffdffff : System RAM\n"
		"  2f000000-3effffff : Crash kernel\n",
		in_ram);
	for (unsigned int i = 0; i < count; i++)
		length += (size_t)snprintf(text + length, room - length, "%llx-%llx : Reserved\n",
			0x100000000ull + i * 0x10000ull, 0x100000fffull + i * 0x10000ull);
	pm_iomem(&pm, text);
	free(text);
}

/* Its early code maps no more than 64 pages of setup_data at once. */
static void a_map_that_no_kernel_can_read_is_refused(void **state)
{
	(void)state;
	reserve("", 12901);
	assert_refused(&pm, ST_UNSUPPORTED, "e820-too-long", NULL);
	reserve("", 12899);
	plan_well(&pm);
}

/* The decompressor goes by RAM alone when it looks for a place. */
static void what_firmware_owns_is_not_also_ram(void **state)
{
	(void)state;
	reserve("  00010000-00010fff : Reserved\n  00020800-000217ff : ACPI Tables\n"
		"  00030000-0003ffff : ACPI Non-volatile Storage\n",
		0);
	plan_well(&pm);
	assert_entry(0, 0x1000, 0x10000, 1);
	assert_entry(1, 0x11000, 0x20000, 1);
	assert_entry(2, 0x22000, 0x30000, 1);
	assert_entry(3, 0x40000, 0x9f000, 1);
	assert_entry(5, 0x20800, 0x21800, 3);
	assert_entry(6, 0x30000, 0x40000, 4);
	assert_entry(7, 0x10000, 0x11000, 2);
}

static void trap07_there_is_memory_for_old_interfaces_too(void **state)
{
	(void)state;
	plan_well(&pm);
	assert_true(params()[0x1e8] != 0);
	assert_int_equal(load_le32(params() + 0x1e0), 0); /* no RAM goes on behind 1 MiB */
	assert_int_equal(load_le16(params() + 0x002), 0);
}

static void trap08_trap09_initrd_and_line_are_found(void **state)
{
	const struct segment *initrd;
	uint64_t line;

	(void)state;
	plan_well(&pm);
	initrd = segment(&pm, SEGMENT_INITRD);
	assert_int_equal(params()[0x210], 0xd0);
	assert_int_equal(halves(0x218, 0x0c0), initrd->mem);
	assert_int_equal(halves(0x21c, 0x0c4), 100001);
	line = halves(0x228, 0x0c8);
	assert_string_equal((const char *)at_physical(line, 64), pm.plan.cmdline);
	pm.inputs.has_initrd = false;
	plan_well(&pm);
	assert_int_equal(halves(0x218, 0x0c0), 0);
	assert_int_equal(halves(0x21c, 0x0c4), 0);
}

static void above_4_gib_all_of_an_address_is_written(void **state)
{
	(void)state;
	pm_iomem(&pm, TWO_REGIONS);
	plan_well(&pm);
	assert_int_equal(halves(0x218, 0x0c0), segment(&pm, SEGMENT_INITRD)->mem);
	assert_true(halves(0x228, 0x0c8) > UINT64_C(0x800000000));
	/* The low region is memory of the capture kernel's, for devices that reach no further. */
	assert_entry(1, 0x10000000, 0x20000000, 1);
}

/* What is Reserved or the firmware's is never loaded into, nor is the low region. */
static void trap14_trap45_all_segments_are_in_the_high_region(void **state)
{
	(void)state;
	pm_iomem(&pm, TWO_REGIONS);
	give_efi();
	plan_well(&pm);
	assert_int_equal(pm.plan.segment_count, 5);
	for (size_t i = 0; i < pm.plan.segment_count; i++) {
		assert_true(pm.plan.segments[i].mem >= UINT64_C(0x800000000));
		assert_true(pm.plan.segments[i].mem + pm.plan.segments[i].memsz <=
			    UINT64_C(0x810000000));
	}
}

static void trap10_no_root_pointer_is_doubted(void **state)
{
	(void)state;
	pm.machine.x86_boot.acpi_rsdp = 0;
	plan_well(&pm);
	assert_true(pm_said(&pm.report, REPORT_WARNING, "firmware", "ACPI"));
}

/* The data of the node of a type, or NULL. */
static const uint8_t *setup_data(uint32_t type, size_t *ret_size)
{
	for (uint64_t node = load_le64(params() + 0x250); node;
		node = load_le64(at_physical(node, 8)))
		if (load_le32(at_physical(node + 8, 4)) == type) {
			*ret_size = load_le32(at_physical(node + 12, 4));
			return at_physical(node + 16, *ret_size);
		}
	return NULL;
}

/* What firmware mapped once stays mapped there: all that leads to it comes along. */
static void trap11_efi_is_handed_on_whole(void **state)
{
	const uint8_t *node, *map;
	size_t size;

	(void)state;
	give_efi();
	plan_well(&pm);
	assert_memory_equal(params() + 0x1c0, "EL64\xee\xee\xee\xee", 8); /* and the systab */
	assert_int_equal(load_le32(params() + 0x1c8), 40);
	assert_int_equal(load_le32(params() + 0x1cc), 1);
	assert_int_equal(load_le32(params() + 0x1d4), 80);
	assert_int_equal(load_le32(params() + 0x1d8), 0xeeeeeeee);
	assert_int_equal(params()[0x1ec], 0xee); /* secure_boot */
	map = at_physical(halves(0x1d0, 0x1dc), 80);
	assert_int_equal(halves(0x1d0, 0x1dc) % 16, 0);
	assert_true(halves(0x1d0, 0x1dc) > halves(0x228, 0x0c8) + strlen(pm.plan.cmdline));
	assert_int_equal(load_le64(map + 40), 6); /* and padding */
	assert_int_equal(load_le64(map + 48), UINT64_C(0x13f900000));
	assert_int_equal(load_le64(map + 56), UINT64_C(0xfffffffefda00000));
	assert_int_equal(load_le64(map + 64), 2);
	assert_int_equal(load_le64(map + 72), UINT64_C(1) << 63);
	node = setup_data(4, &size);
	assert_non_null(node);
	assert_int_equal(size, 96);
	assert_int_equal(load_le64(node), 0x3f9eef98);
	assert_int_equal(load_le64(node + 8), 0);
	assert_int_equal(load_le64(node + 16), 0x3f9ee018);
	assert_int_equal(load_le64(node + 24), 0x3f97a000);
	assert_int_equal(load_le64(node + 32), 0);
}

static void assert_no_efi(void)
{
	static const uint8_t none[32];
	size_t size;

	assert_memory_equal(params() + 0x1c0, none, sizeof(none));
	assert_int_equal(params()[0x1ec], 0);
	assert_null(setup_data(4, &size));
	assert_int_equal(load_le64(params() + 0x070), RSDP); /* trap 10: ACPI is found */
}

static void trap10_trap11_or_not_at_all(void **state)
{
	(void)state;
	plan_well(&pm);
	assert_no_efi();
	give_efi();
	pm.image.bzimage.efi_kexec = false;
	plan_well(&pm);
	assert_no_efi();
	assert_true(pm_said(&pm.report, REPORT_CHOICE, "firmware", "XLF_EFI_KEXEC"));
}

/* --noefi: no trace of EFI in all that is handed on, and ACPI all the same. */
static void trap10_noefi_hands_on_acpi_only(void **state)
{
	(void)state;
	give_efi();
	plan_well(&pm);
	pm.request.no_efi = true;
	plan_well(&pm);
	assert_no_efi();
	assert_true(pm_said(&pm.report, REPORT_CHOICE, "firmware", "--noefi"));
}

/* --console-vga. */
static void the_screen_is_a_flag(void **state)
{
	const size_t flags = PURGATORY_PARAMS_OFFSET + offsetof(struct purgatory_params, flags);

	(void)state;
	plan_well(&pm);
	assert_int_equal(load_le32(pm.plan.purgatory.data + flags), 0);
	pm.inputs.screen = true;
	plan_well(&pm);
	assert_int_equal(
		load_le32(pm.plan.purgatory.data + flags), PURGATORY_SCREEN | PURGATORY_VERBOSE);
}

static void trap16_setup_data_ends_and_stays_inside(void **state)
{
	uint64_t node = 0, next;
	uint32_t types[2];
	size_t count = 0;

	(void)state;
	plan_well(&pm);
	for (next = load_le64(params() + 0x250); next; count++) {
		assert_true(count < 2);
		node = next;
		types[count] = load_le32(at_physical(node + 8, 4));
		at_physical(node + 16, load_le32(at_physical(node + 12, 4)));
		next = load_le64(at_physical(node, 8));
	}
	assert_int_equal(count, 2);
	assert_int_equal(types[0], 9); /* RNG_SEED */
	assert_int_equal(types[1], PURGATORY_RECORD_SETUP_DATA);
	assert_int_equal(pm.plan.handover.record, node + 16);
	assert_memory_equal(at_physical(node + 16, 16), "KEXECREC\0\0\0\1\0\0\0\x4c", 16);
	pm.inputs.has_seeds = false;
	plan_well(&pm);
	node = load_le64(params() + 0x250);
	assert_int_equal(load_le32(at_physical(node + 8, 4)), PURGATORY_RECORD_SETUP_DATA);
}

static void trap17_elfcorehdr_comes_first_and_a_long_line_is_refused(void **state)
{
	static char line[2049];
	char word[32];

	(void)state;
	plan_well(&pm);
	snprintf(word, sizeof(word), "elfcorehdr=0x%llx ",
		(unsigned long long)segment(&pm, SEGMENT_ELFCOREHDR)->mem);
	assert_int_equal(strncmp(pm.plan.cmdline, word, strlen(word)), 0);
	pm.machine.firmware.acpi_memory_devices = false;
	memset(line, 'x', 2018);
	pm.request.append = line;
	assert_refused(&pm, ST_NO_SPACE, "cmdline-too-long", NULL);
	line[2017] = '\0';
	plan_well(&pm);
	assert_true(strlen(pm.plan.cmdline) <= 2047);
}

static void trap18_words_of_another_load_are_not_reused(void **state)
{
	(void)state;
	pm.machine.cmdline = strdup("BOOT_IMAGE=/k elfcorehdr=0x1 crashkernel=1G ro");
	pm.request.reuse_cmdline = true;
	pm.request.append = NULL;
	plan_well(&pm);
	assert_null(strstr(pm.plan.cmdline, "elfcorehdr=0x1 "));
	assert_null(strstr(pm.plan.cmdline, "crashkernel"));
	assert_null(strstr(pm.plan.cmdline, "BOOT_IMAGE"));
	assert_non_null(strstr(pm.plan.cmdline, " ro acpi_no_memhotplug"));
	assert_false(pm_said(&pm.report, REPORT_WARNING, "cmdline", ""));
	free(pm.machine.cmdline);
	pm.machine.cmdline = strdup("memmap=512M@1G mem=2G ro");
	plan_well(&pm);
	assert_true(pm_said(&pm.report, REPORT_WARNING, "cmdline", "memmap= on the"));
	assert_true(pm_said(&pm.report, REPORT_WARNING, "cmdline", "mem= on the"));
}

/* 1 TiB without pages of 1 GiB takes a table for each of them. */
static void trap27_room_is_left_for_page_tables(void **state)
{
	char text[512];

	(void)state;
	snprintf(text, sizeof(text), "%s%s",
		"00001000-0009fbff : System RAM\n"
		"00100000-100ffffffff : System RAM\n",
		"  30000000-30ffffff : Crash kernel\n");
	pm_iomem(&pm, text);
	pm.machine.ram_total = 0;
	pm_initrd(&pm, 0x100000);
	plan_well(&pm);
	assert_true(pm.plan.free_bytes / 4096 >= 1028);
	pm_initrd(&pm, 0x100000 + pm.plan.free_bytes - 1000 * 4096);
	assert_refused(&pm, ST_NO_SPACE, "crash-region-full", NULL);
	pm.machine.x86_boot.gibibyte_pages = true;
	plan_well(&pm);
}

static void trap28_trap29_dump_is_all_ram_from_1_mib_on(void **state)
{
	size_t ram = 0;
	static const struct range expected[] = {
		{ 0x100000, CRASH_START },
		{ CRASH_END, 0x3ffe0000 },
		{ UINT64_C(0x100000000), UINT64_C(0x110000000) },
		{ UINT64_C(0x200000000), UINT64_C(0x208000000) },
	};

	(void)state;
	plan_well(&pm);
	for (size_t i = 0; i < pm.plan.core.count; i++) {
		const struct core_entry *entry = &pm.plan.core.entries[i];

		if (entry->kind != CORE_RAM)
			continue;
		assert_true(ram < 4);
		assert_int_equal(entry->paddr, expected[ram].start);
		assert_int_equal(entry->paddr + entry->size, expected[ram].end);
		assert_int_equal(entry->vaddr, LINEAR + entry->paddr); /* trap 30 */
		ram++;
	}
	assert_int_equal(ram, 4);
}

static void kernel_image_by_kcore_else_by_vmcoreinfo(void **state)
{
	const struct kcore_load ram = { LINEAR + 0x100000, 0x100000, 0x3fee0000 };
	const struct core_entry *entry = NULL;

	(void)state;
	plan_well(&pm);
	entry = &pm.plan.core.entries[5];
	assert_int_equal(entry->kind, CORE_KERNEL);
	assert_int_equal(entry->vaddr, TEXT_VADDR);
	assert_int_equal(entry->paddr, TEXT_PADDR);
	assert_int_equal(entry->size, TEXT_SIZE);
	/* Trap 31: phys_base may be below zero. */
	pm_kcore(&pm, &ram, 1);
	pm_vmcoreinfo(&pm, "NUMBER(phys_base)=-1048576\n");
	plan_well(&pm);
	entry = &pm.plan.core.entries[5];
	assert_int_equal(entry->kind, CORE_KERNEL);
	assert_int_equal(entry->vaddr, TEXT_PADDR + 0x100000 + UINT64_C(0xffffffff80000000));
	assert_int_equal(entry->size, 0x1bec6240 - TEXT_PADDR);
}

static void sources_that_disagree_are_refused(void **state)
{
	(void)state;
	pm_vmcoreinfo(&pm, "NUMBER(phys_base)=4096\n");
	assert_refused(&pm, ST_BAD_INPUT, "layout-contradiction", NULL);
}

static void trap35_levels_of_page_tables_must_fit(void **state)
{
	(void)state;
	pm.machine.x86_boot.five_levels = true;
	plan_well(&pm);
	pm.image.bzimage.five_levels = false;
	assert_refused(&pm, ST_UNSUPPORTED, "image-four-levels", NULL);
	pm.machine.x86_boot.five_levels = false;
	plan_well(&pm);
	pm.image.bzimage.relocatable = false;
	assert_refused(&pm, ST_UNSUPPORTED, "image-not-relocatable", NULL);
	pm.image.bzimage.relocatable = true;
	pm.image.bzimage.above_4g = false;
	assert_refused(&pm, ST_UNSUPPORTED, "image-not-relocatable", NULL);
	pm.image.kind = IMAGE_ARM64;
	assert_refused(&pm, ST_UNSUPPORTED, "image-foreign", NULL);
}

/* A vmlinux takes any 2 MiB of the region, with all its parts, and no system call but this one. */
static void trap34_vmlinux_is_moved_as_a_whole(void **state)
{
	struct blob file = x86_vmlinux();
	const struct segment *kernel;

	(void)state;
	image_done(&pm.image);
	pm_must(image_describe(&file, "vmlinux", &pm.image, NULL, &pm.err) == ST_OK, "vmlinux");
	plan_well(&pm);
	kernel = segment(&pm, SEGMENT_KERNEL);
	assert_int_equal(kernel->mem % 0x200000, 0);
	assert_true(kernel->mem >= pm.plan.load_region.start);
	assert_int_equal(kernel->memsz, 0x231000);
	assert_int_equal(kernel->data.size, 0x201800);
	assert_int_equal(kernel->data.data[0x200000], 0x22);
	assert_int_equal(pm.plan.handover.kernel_entry, kernel->mem + 0x201010);
	/* What the kernel reads of the header that it does not have. */
	assert_memory_equal(params() + 0x202, "HdrS\x0f\2", 6);
	assert_int_equal(params()[0x210], 0xd0);
	assert_int_equal(params()[0x211], 0);
	assert_int_equal(params()[0x1ef], 0);
	assert_int_equal(halves(0x218, 0x0c0), segment(&pm, SEGMENT_INITRD)->mem);
	assert_non_null(strstr((const char *)at_physical(halves(0x228, 0x0c8), 32), "elfcorehdr="));
	assert_false(pm_said(&pm.report, REPORT_WARNING, "image", "levels"));
	pm.machine.x86_boot.five_levels = true;
	plan_well(&pm);
	assert_true(pm_said(&pm.report, REPORT_WARNING, "image", "levels"));
	pm.request.args = ARGS_ELF;
	assert_refused(&pm, ST_UNSUPPORTED, "args-unsupported", "which --args-elf leaves out");
	pm.request.args = ARGS_NONE;
	assert_refused(&pm, ST_UNSUPPORTED, "args-unsupported", "which --args-none leaves out");
	pm.request.args = ARGS_LINUX;
	pm.inputs.by_file = true;
	plan_done(&pm.plan);
	assert_int_equal(plan_file(&pm.inputs, &pm.plan, &pm.report, &pm.err), ST_UNSUPPORTED);
	assert_string_equal(pm.err.id, "file-load-unusable");
}

static void purgatory_can_reset_and_print_at_a_port(void **state)
{
	const uint8_t *block;

	(void)state;
	pm.request.on_corruption = CORRUPTION_RESET;
	pm.inputs.console = (struct console){ CONSOLE_8250, true, 0x3f8, 0, 1, "ttyS0" };
	plan_well(&pm);
	block = segment(&pm, SEGMENT_PURGATORY)->data.data + PURGATORY_PARAMS_OFFSET;
	assert_int_equal(
		load_le32(block + offsetof(struct purgatory_params, reset)), PURGATORY_RESET_PC);
	assert_int_equal(load_le64(block + offsetof(struct purgatory_params, console_base)), 0x3f8);
}

/* --no-capture-defaults, and machines that cannot gain memory. */
static void capture_defaults_are_shown(void **state)
{
	(void)state;
	plan_well(&pm);
	assert_true(pm_said(&pm.report, REPORT_CHOICE, "cmdline", "acpi_no_memhotplug"));
	pm.request.no_capture_defaults = true;
	plan_well(&pm);
	assert_null(strstr(pm.plan.cmdline, "acpi_no_memhotplug"));
	assert_true(pm_said(&pm.report, REPORT_WARNING, "cmdline", "acpi_no_memhotplug"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(trap01_kernel_gets_init_size_on_its_alignment_above_its_floor),
		TEST(trap02_entry_is_the_64_bit_one),
		TEST(trap03_header_is_copied_and_nothing_around_it),
		TEST(trap04_trap05_memory_is_the_region_without_the_elfcorehdr),
		TEST(trap06_more_than_128_entries_go_on_in_setup_data),
		TEST(a_map_that_no_kernel_can_read_is_refused),
		TEST(what_firmware_owns_is_not_also_ram),
		TEST(trap07_there_is_memory_for_old_interfaces_too),
		TEST(trap08_trap09_initrd_and_line_are_found),
		TEST(above_4_gib_all_of_an_address_is_written),
		TEST(trap14_trap45_all_segments_are_in_the_high_region),
		TEST(trap10_no_root_pointer_is_doubted),
		TEST(trap11_efi_is_handed_on_whole),
		TEST(trap10_trap11_or_not_at_all),
		TEST(trap10_noefi_hands_on_acpi_only),
		TEST(the_screen_is_a_flag),
		TEST(trap16_setup_data_ends_and_stays_inside),
		TEST(trap17_elfcorehdr_comes_first_and_a_long_line_is_refused),
		TEST(trap18_words_of_another_load_are_not_reused),
		TEST(trap27_room_is_left_for_page_tables),
		TEST(trap28_trap29_dump_is_all_ram_from_1_mib_on),
		TEST(kernel_image_by_kcore_else_by_vmcoreinfo),
		TEST(sources_that_disagree_are_refused),
		TEST(trap34_vmlinux_is_moved_as_a_whole),
		TEST(trap35_levels_of_page_tables_must_fit),
		TEST(purgatory_can_reset_and_print_at_a_port),
		TEST(capture_defaults_are_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
