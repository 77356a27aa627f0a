// SPDX-License-Identifier: GPL-2.0-only
#include "tests/unit/core.h"
#include "tests/unit/tree.h"

#include "kexec/system/boot_memory.h"
#include "kexec/system/devtree.h"

#define GIB (UINT64_C(1) << 30)

/* Types and attributes of UEFI 2.10, 7.2.3. */
#define CONVENTIONAL 7
#define MMIO	     11
#define CACHED	     0xf
#define UNCACHED     0x8000000000000001

static void put_descriptor(
	uint8_t *at, uint32_t type, uint64_t start, uint64_t pages, uint64_t attributes)
{
	memset(at, 0, 48);
	store_le32(at, type);
	store_le64(at + 8, start);
	store_le64(at + 24, pages);
	store_le64(at + 32, attributes);
}

static void assert_range(const struct rangeset *set, size_t index, uint64_t start, uint64_t end)
{
	assert_true(index < set->count);
	assert_int_equal(set->ranges[index].start, start);
	assert_int_equal(set->ranges[index].end, end);
}

static void efi_map_lists_what_can_be_cached(void **state)
{
	struct rangeset set = RANGESET_INIT;
	struct err err = ERR_INIT;
	uint8_t map[4 * 48 + 5];

	(void)state;
	put_descriptor(map, MMIO, 0x9000000, 1, UNCACHED);
	put_descriptor(map + 48, CONVENTIONAL, 0x80000000, 0x40000, CACHED);
	put_descriptor(map + 96, 0, 0x40000000, 0x40000, CACHED); /* reserved, but memory */
	put_descriptor(map + 144, CONVENTIONAL, 0x100000000, 0, CACHED);
	assert_int_equal(
		boot_memory_from_efi((struct span){ map, sizeof(map) }, 48, &set, &err), ST_OK);
	assert_int_equal(set.count, 1);
	assert_range(&set, 0, 0x40000000, 0xc0000000);
	rangeset_done(&set);
	/* Larger descriptors of a later version. */
	assert_int_equal(
		boot_memory_from_efi((struct span){ map, sizeof(map) }, 96, &set, &err), ST_OK);
	assert_range(&set, 0, 0x40000000, 0x80000000);
	rangeset_done(&set);
}

static void impossible_efi_maps_are_refused(void **state)
{
	struct rangeset set = RANGESET_INIT;
	struct err err = ERR_INIT;
	uint8_t map[2 * 48];

	(void)state;
	put_descriptor(map, CONVENTIONAL, 0x40000000, 1, CACHED);
	put_descriptor(map + 48, CONVENTIONAL, 0x40000000, UINT64_C(1) << 52, CACHED);
	for (uint64_t size = 0; size <= sizeof(map) + 1; size++) {
		int status = boot_memory_from_efi((struct span){ map, 48 }, size, &set, &err);

		assert_int_equal(status, size >= 40 && size <= 48 ? ST_OK : ST_BAD_INPUT);
		rangeset_done(&set);
	}
	assert_int_equal(
		boot_memory_from_efi((struct span){ map, 96 }, 48, &set, &err), ST_BAD_INPUT);
	assert_string_equal(err.id, "efi-map");
	assert_int_equal(set.count, 0);
	put_descriptor(map + 48, CONVENTIONAL, 0 - UINT64_C(4096), 1, CACHED);
	assert_int_equal(
		boot_memory_from_efi((struct span){ map, 96 }, 48, &set, &err), ST_BAD_INPUT);
	assert_int_equal(set.count, 0);
}

static void memory_nodes_are_read_as_the_kernel_does(void **state)
{
	struct rangeset set = RANGESET_INIT;
	struct err err = ERR_INIT;
	struct tree tree;
	struct span flat;

	(void)state;
	tree_begin(&tree);
	TREE_CELLS(&tree, "#address-cells", 2);
	TREE_CELLS(&tree, "#size-cells", 1);
	tree_node(&tree, "memory@40000000");
	tree_string(&tree, "device_type", "memory");
	TREE_CELLS(&tree, "reg", 0, 0x40000000, 0x20000000, 1, 0, 0x10000000, 7);
	tree_end(&tree);
	tree_node(&tree, "memory@80000000");
	tree_string(&tree, "device_type", "memory");
	tree_string(&tree, "status", "disabled");
	TREE_CELLS(&tree, "reg", 0, 0x80000000, 0x20000000);
	tree_end(&tree);
	tree_node(&tree, "memory@c0000000"); /* without a type: no memory */
	TREE_CELLS(&tree, "reg", 0, 0xc0000000, 0x20000000);
	tree_end(&tree);
	tree_node(&tree, "memory@200000000");
	tree_string(&tree, "device_type", "memory");
	tree_string(&tree, "status", "okay");
	TREE_CELLS(&tree, "linux,usable-memory", 2, 0x1000, 0x1000);
	TREE_CELLS(&tree, "reg", 2, 0, 0x10000000);
	tree_end(&tree);
	flat = tree_finish(&tree);
	assert_int_equal(boot_memory_from_tree(flat, &set, &err), ST_OK);
	assert_int_equal(set.count, 3);
	assert_range(&set, 0, GIB, GIB + GIB / 2);
	assert_range(&set, 1, 4 * GIB, 4 * GIB + GIB / 4);
	assert_range(&set, 2, 8 * GIB + 0x1000, 8 * GIB + 0x2000);
	assert_int_equal(boot_memory_efi(flat.data, NULL), BOOT_EFI_NONE);
	rangeset_done(&set);
}

static void broken_memory_nodes_are_refused(void **state)
{
	struct rangeset set = RANGESET_INIT;
	struct err err = ERR_INIT;
	struct tree tree;

	(void)state;
	for (uint32_t cells = 0; cells < 4; cells++) {
		tree_begin(&tree);
		TREE_CELLS(&tree, "#address-cells", cells);
		TREE_CELLS(&tree, "#size-cells", 2);
		tree_node(&tree, "memory");
		tree_string(&tree, "device_type", "memory");
		TREE_CELLS(&tree, "reg", 0xffffffff, 0xfffff000, 0, 0x1000);
		tree_end(&tree);
		assert_int_equal(boot_memory_from_tree(tree_finish(&tree), &set, &err),
			cells == 1 ? ST_OK : ST_BAD_INPUT);
		if (cells == 2)
			assert_string_equal(err.id, "fdt-memory");
		rangeset_done(&set);
	}
	assert_string_equal(err.id, "fdt-cells");
}

static struct span efi_tree(struct tree *tree, uint32_t start, uint32_t size)
{
	tree_begin(tree);
	TREE_CELLS(tree, "#address-cells", 2);
	TREE_CELLS(tree, "#size-cells", 2);
	tree_node(tree, "chosen");
	TREE_CELLS(tree, "linux,uefi-system-table", 0, 0x7ffd0018);
	TREE_CELLS(tree, "linux,uefi-mmap-start", 0, start);
	TREE_CELLS(tree, "linux,uefi-mmap-size", size);
	TREE_CELLS(tree, "linux,uefi-mmap-desc-size", 48);
	TREE_CELLS(tree, "linux,uefi-mmap-desc-ver", 1);
	tree_end(tree);
	return tree_finish(tree);
}

/* A kernel that misses one of them does without EFI, and goes by the memory nodes. */
static void every_part_of_the_way_to_the_map_counts(void **state)
{
	struct tree tree;
	void *fdt = tree.bytes;
	const char *missing = NULL;

	(void)state;
	assert_int_equal(BOOT_MEMORY_EFI_NAMES, 5);
	for (size_t i = 0; i < BOOT_MEMORY_EFI_NAMES; i++) {
		const char *name = boot_memory_efi_names[i];

		for (int kind = 0; kind < 2; kind++) {
			int chosen;

			efi_tree(&tree, 0x7c43a100, 48);
			assert_int_equal(fdt_open_into(fdt, fdt, sizeof(tree.bytes)), 0);
			chosen = fdt_path_offset(fdt, "/chosen");
			assert_int_equal(boot_memory_efi(fdt, &missing), BOOT_EFI_WHOLE);
			assert_null(missing);
			if (kind) /* there, and no number */
				assert_int_equal(fdt_setprop(fdt, chosen, name, "abc", 3), 0);
			else
				assert_int_equal(fdt_delprop(fdt, chosen, name), 0);
			assert_int_equal(boot_memory_efi(fdt, &missing),
				i || kind ? BOOT_EFI_CUT : BOOT_EFI_NONE);
			if (i || kind)
				assert_string_equal(missing, name);
			missing = NULL;
		}
	}
}

/* A core of one page at a physical address, in which a map begins at byte 0x100. */
static void put_kcore(const struct tmproot *tmp, uint64_t paddr, const uint8_t *map, size_t size)
{
	uint8_t core[8192] = { 0 };

	core_header(core, 1);
	core_phdr(core, 0, PT_LOAD, 4096, UINT64_C(0xffff000000000000), paddr, 4096);
	memcpy(core + 4096 + 0x100, map, size);
	tmproot_bytes(tmp, "/proc/kcore", core, sizeof(core));
}

static void assert_unknown(const struct tmproot *tmp, struct span tree, const char *words)
{
	struct rangeset set = RANGESET_INIT;
	struct report report = REPORT_INIT;
	struct err err = ERR_INIT;

	assert_int_equal(boot_memory_read(tmp->root, tree, &set, &report, &err), ST_OK);
	assert_int_equal(set.count, 0);
	assert_int_equal(report.count, 1);
	assert_int_equal(report.entries[0].kind, REPORT_CHOICE);
	if (!strstr(report.entries[0].text, words))
		fail_msg("\"%s\" is not in \"%s\"", words, report.entries[0].text);
	report_done(&report);
}

static void map_of_the_boot_is_read_from_memory(void **state)
{
	struct rangeset set = RANGESET_INIT;
	struct report report = REPORT_INIT;
	struct err err = ERR_INIT;
	struct tmproot tmp;
	struct tree tree;
	struct span flat = efi_tree(&tree, 0x7c43a100, 48);
	uint8_t map[48], none[48] = { 0 };

	(void)state;
	put_descriptor(map, CONVENTIONAL, 0x40000000, 0x40000, CACHED);
	tmproot_init(&tmp);
	assert_int_equal(boot_memory_efi(flat.data, NULL), BOOT_EFI_WHOLE);
	assert_unknown(&tmp, flat, "/proc/kcore");
	put_kcore(&tmp, 0x7c43a000, map, sizeof(map));
	assert_int_equal(boot_memory_read(tmp.root, flat, &set, &report, &err), ST_OK);
	assert_int_equal(set.count, 1);
	assert_range(&set, 0, GIB, 2 * GIB);
	assert_int_equal(report.count, 0);
	rangeset_done(&set);
	/* Not mapped; not a map; larger than any map; nothing at all. */
	assert_unknown(&tmp, efi_tree(&tree, 0x7c43aff0, 48), "/proc/kcore");
	put_kcore(&tmp, 0x7c43a000, none, sizeof(none));
	assert_unknown(&tmp, efi_tree(&tree, 0x7c43a100, 48), "lists none");
	assert_unknown(&tmp, efi_tree(&tree, 0x7c43a100, 0), "descriptors of 48");
	assert_unknown(&tmp, efi_tree(&tree, 0x7c43a100, 0xffffffff), "wanted at most");
	tree_begin(&tree);
	assert_unknown(&tmp, tree_finish(&tree), "no memory nodes");
	/* Where there is no tree there is nothing to say. */
	assert_int_equal(
		boot_memory_read(tmp.root, (struct span){ NULL, 0 }, &set, &report, &err), ST_OK);
	assert_int_equal(set.count + report.count, 0);
	tmproot_done(&tmp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(efi_map_lists_what_can_be_cached),
		cmocka_unit_test(impossible_efi_maps_are_refused),
		cmocka_unit_test(memory_nodes_are_read_as_the_kernel_does),
		cmocka_unit_test(broken_memory_nodes_are_refused),
		cmocka_unit_test(every_part_of_the_way_to_the_map_counts),
		cmocka_unit_test(map_of_the_boot_is_read_from_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
