// SPDX-License-Identifier: GPL-2.0-only
/* What is only ppc64le's of a plan: memory in blocks, firmware in the crash region, the room for
 * CPUs in the tree, the beginning of memory. */
#include "tests/unit/tree.h"

#include "kexec/arch/ppc64le/drconf.h"
#include "kexec/arch/ppc64le/ppc64le.h"
#include "kexec/system/crash_region.h"
#include "kexec/system/devtree.h"
#include "purgatory/abi.h"
#include "purgatory/arch/ppc64le/abi.h"
#include "purgatory/arch/ppc64le/tree.h"
#include "tests/unit/power_tree.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- memory in blocks -------------------------------------------------------------------- */

/* A tree with nothing but the node; name may be NULL. */
static struct span blocks_tree(
	struct tree *tree, uint64_t size, const char *name, const uint32_t *cells, size_t count)
{
	tree_begin(tree);
	tree_cells(tree, "#address-cells", 1, (const uint32_t[]){ 2 });
	tree_cells(tree, "#size-cells", 1, (const uint32_t[]){ 2 });
	tree_node(tree, "ibm,dynamic-reconfiguration-memory");
	tree_cells(tree, "ibm,lmb-size", 2,
		(const uint32_t[]){ (uint32_t)(size >> 32), (uint32_t)size });
	if (name)
		tree_cells(tree, name, count, cells);
	tree_end(tree);
	return tree_finish(tree);
}

static void assert_block(struct drconf *drconf, uint64_t start, bool used)
{
	struct drconf_block block;

	assert_true(drconf_next(drconf, &block));
	assert_int_equal(block.range.start, start);
	assert_int_equal(block.range.end, start + drconf->size);
	assert_int_equal(block.used, used);
}

static void test_rows(void **state)
{
	static const uint32_t rows[] = { 2, 2, 0, 0, 0, 0, 0xa0, 1, 1, 0x80000000, 2, 0, 8 };
	struct drconf_block block;
	struct drconf drconf;
	struct tree tree;

	(void)state;
	blocks_tree(&tree, POWER_BLOCK, "ibm,dynamic-memory-v2", rows, COUNT(rows));
	assert_int_equal(drconf_begin(tree.bytes, &drconf, NULL), ST_OK);
	assert_int_equal(drconf.count, 3);
	assert_block(&drconf, 0, false);
	assert_block(&drconf, POWER_BLOCK, false);
	assert_block(&drconf, 0x180000000, true);
	assert_false(drconf_next(&drconf, &block));
}

/* The other format, and each combination of the two flags that count. */
static void test_entries(void **state)
{
	static const uint32_t flags[] = { 0, 8, 0x80, 0x88, 0x108 };
	static const bool used[] = { false, true, false, false, true };
	struct drconf drconf;
	struct tree tree;

	(void)state;
	for (size_t i = 0; i < COUNT(flags); i++) {
		const uint32_t entries[] = { 1, 2, 0x10000000, 9, 0, 7, flags[i] };

		blocks_tree(&tree, POWER_BLOCK, "ibm,dynamic-memory", entries, COUNT(entries));
		assert_int_equal(drconf_begin(tree.bytes, &drconf, NULL), ST_OK);
		assert_int_equal(drconf.count, 1);
		assert_block(&drconf, 0x210000000, used[i]);
	}
}

static void assert_odd(uint64_t size, const uint32_t *cells, size_t count, const char *words)
{
	struct err err = ERR_INIT;
	struct drconf drconf;
	struct tree tree;

	blocks_tree(&tree, size, "ibm,dynamic-memory-v2", cells, count);
	assert_int_equal(drconf_begin(tree.bytes, &drconf, &err), ST_BAD_INPUT);
	assert_string_equal(err.id, "drconf-odd");
	assert_non_null(strstr(err.text, words));
}

static void test_odd_blocks(void **state)
{
	static const uint32_t good[] = { 1, 1, 0, 0, 0, 0, 8 };
	static const uint32_t cut[] = { 2, 1, 0, 0, 0, 0, 8 };
	static const uint32_t wraps[] = { 1, 2, UINT32_MAX, 0xf0000000, 0, 0, 8 };
	static const uint32_t many[] = { 1, DRCONF_BLOCKS_MAX + 1, 0, 0, 0, 0, 8 };

	(void)state;
	assert_odd(0, good, COUNT(good), "no power of two");
	assert_odd(3 << 20, good, COUNT(good), "no power of two");
	assert_odd(POWER_BLOCK, cut, COUNT(cut), "shorter than");
	assert_odd(POWER_BLOCK, wraps, COUNT(wraps), "beyond the last address");
	assert_odd(POWER_BLOCK, many, COUNT(many), "more blocks");
}

static void test_no_blocks(void **state)
{
	struct drconf drconf;
	struct tree tree;

	(void)state;
	tree_begin(&tree);
	tree_finish(&tree);
	assert_int_equal(drconf_begin(tree.bytes, &drconf, NULL), ST_OK);
	assert_true(drconf.node < 0);
	blocks_tree(&tree, POWER_BLOCK, NULL, NULL, 0);
	assert_int_equal(drconf_begin(tree.bytes, &drconf, NULL), ST_OK);
	assert_true(drconf.node < 0);
}

/* --- firmware ---------------------------------------------------------------------------- */

static void test_firmware(void **state)
{
	struct ppc64le_firmware firmware = { .rtas = { 0, 0 } };
	struct power_tree tree;

	(void)state;
	power_tree_make(&tree, 2, 1, power_rows, COUNT(power_rows));
	assert_int_equal(ppc64le_firmware_of(tree.bytes, &firmware, NULL), ST_OK);
	assert_int_equal(firmware.rtas.start, POWER_RTAS);
	assert_int_equal(firmware.rtas.end, POWER_RTAS + POWER_RTAS_SIZE);
	assert_int_equal(firmware.rtas_entry, POWER_RTAS);
	assert_int_equal(firmware.rtas_reboot, 0x2004);
	assert_int_equal(range_size(firmware.opal), 0);
	assert_int_equal(firmware.first_node.end, POWER_RAM);
	assert_int_equal(firmware.tick_rate, 512000000);
	assert_int_equal(firmware.held.count, 1);
	ppc64le_firmware_done(&firmware);
}

/* One property on one node, which may be the root (""). */
static int firmware_with(const char *node, const char *type, const char *name,
	const uint32_t *cells, size_t count, struct ppc64le_firmware *ret, struct err *err)
{
	static const uint32_t two[] = { 2 };
	struct tree tree;

	tree_begin(&tree);
	tree_cells(&tree, "#address-cells", 1, two);
	tree_cells(&tree, "#size-cells", 1, two);
	if (*node)
		tree_node(&tree, node);
	if (type)
		tree_string(&tree, "device_type", type);
	tree_cells(&tree, name, count, cells);
	if (strcmp(name, "opal-base-address") == 0)
		tree_cells(&tree, "opal-runtime-size", 2, (const uint32_t[]){ 0, 0x2000000 });
	if (strcmp(name, "linux,tce-base") == 0)
		tree_cells(&tree, "linux,tce-size", 1, (const uint32_t[]){ 0x1000 });
	if (*node)
		tree_end(&tree);
	tree_finish(&tree);
	return ppc64le_firmware_of(tree.bytes, ret, err);
}

static void assert_held(const char *node, const char *type, const char *name, const uint32_t *cells,
	size_t count, uint64_t start, uint64_t end)
{
	struct ppc64le_firmware firmware = { .rtas = { 0, 0 } };

	assert_int_equal(firmware_with(node, type, name, cells, count, &firmware, NULL), ST_OK);
	assert_int_equal(firmware.held.count, 1);
	assert_int_equal(firmware.held.ranges[0].start, start);
	assert_int_equal(firmware.held.ranges[0].end, end);
	ppc64le_firmware_done(&firmware);
}

static void test_held(void **state)
{
	static const uint32_t base[] = { 0, 0x30000000 };
	static const uint32_t ranges[] = { 0, 0x1000, 0, 0x1000, 0, 0x2000, 0, 0x500 };

	(void)state;
	assert_held("ibm,opal", NULL, "opal-base-address", base, 2, 0x30000000, 0x32000000);
	assert_held("pci@1", "pci", "linux,tce-base", base, 2, 0x30000000, 0x30001000);
	assert_held("", NULL, "reserved-ranges", ranges, 8, 0x1000, 0x2500);
}

static void test_odd_firmware(void **state)
{
	static const uint32_t top[] = { UINT32_MAX, UINT32_MAX };
	static const uint32_t cut[] = { 0, 0x1000, 0 };
	static const struct {
		const char *node, *type, *name;
		const uint32_t *cells;
		size_t count;
	} cases[] = {
		{ "ibm,opal", NULL, "opal-base-address", top, 2 },
		{ "ibm,opal", NULL, "opal-base-address", cut, 3 },
		{ "pci@1", "pci", "linux,tce-base", top, 2 },
		{ "rtas", NULL, "linux,rtas-base", cut, 1 },
		{ "", NULL, "reserved-ranges", cut, 3 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ppc64le_firmware firmware = { .rtas = { 0, 0 } };
		struct err err = ERR_INIT;

		assert_int_equal(firmware_with(cases[i].node, cases[i].type, cases[i].name,
					 cases[i].cells, cases[i].count, &firmware, &err),
			ST_BAD_INPUT);
		assert_string_equal(err.id, "firmware-odd");
		assert_null(firmware.held.ranges);
	}
}

/* --- the room for CPUs ------------------------------------------------------------------- */

/* As the kernel puts one CPU in, with the "name" that a flat tree does not have. */
static int put_cpu(void *fdt, uint32_t id, uint32_t threads)
{
	uint32_t servers[8] = { 0 };
	char name[32];
	int cpus = fdt_path_offset(fdt, "/cpus"), node, code;

	snprintf(name, sizeof(name), "PowerPC,POWER9@%x", id);
	node = fdt_add_subnode(fdt, cpus, name);
	if (node < 0)
		return node;
	code = fdt_setprop(fdt, node, "ibm,ppc-interrupt-server#s", servers, (int)threads * 4);
	if (!code)
		code = fdt_setprop_u32(fdt, node, "reg", id);
	if (!code)
		code = fdt_setprop_u64(fdt, node, "ibm,pft-size", 24);
	if (!code)
		code = fdt_setprop_u32(fdt, node, "timebase-frequency", 512000000);
	if (!code)
		code = fdt_setprop_string(fdt, node, "device_type", "cpu");
	return code ? code : fdt_setprop_string(fdt, node, "name", "PowerPC,POWER9");
}

/* The kernel's rewrite for so many cores, in a tree of that room; what libfdt says. */
static int rewrite(struct span source, uint64_t room, uint32_t cores, uint32_t threads)
{
	size_t size = source.size + room;
	void *fdt = calloc(1, size);
	int node, code;

	assert_non_null(fdt);
	assert_int_equal(fdt_open_into(source.data, fdt, (int)size), 0);
	while ((node = fdt_node_offset_by_prop_value(fdt, -1, "device_type", "cpu", 4)) >= 0)
		assert_int_equal(fdt_del_node(fdt, node), 0);
	code = 0;
	/* From the top, whose numbers are the longest. */
	for (uint32_t i = cores; i-- > 0 && !code;)
		code = put_cpu(fdt, UINT32_MAX - i * threads, threads);
	free(fdt);
	return code;
}

static void test_cpu_room(void **state)
{
	static const uint32_t cases[][3] = { { 2, 2, 1 }, { 2, 4, 1 }, { 1, 64, 1 }, { 3, 40, 8 },
		{ 2, 192, 8 } };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint32_t cores = cases[i][1], threads = cases[i][2];
		struct power_tree tree;
		struct span source =
			power_tree_make(&tree, cases[i][0], threads, power_rows, COUNT(power_rows));
		uint64_t room = ppc64le_cpu_room(tree.bytes, (uint64_t)cores * threads), spare;

		assert_int_equal(rewrite(source, room, cores, threads), 0);
		/* And it is counted: but for the names and properties that a CPU may bring which
		 * none has now, and for the longest number in its name, nothing is too much. */
		spare = 256 + cores * (64 + 4) + 12;
		if (room > spare)
			assert_int_equal(
				rewrite(source, room - spare, cores, threads), -FDT_ERR_NOSPACE);
	}
}

/* --- the CPU that crashed ---------------------------------------------------------------- */

static void tell_boot_cpu(void *fdt, uint32_t id)
{
	ppc64le_tell_boot_cpu((uintptr_t)fdt, fdt_totalsize(fdt), id);
	assert_int_equal(fdt_boot_cpuid_phys(fdt), id);
	assert_int_equal(fdt_check_full(fdt, fdt_totalsize(fdt)), 0);
}

/* In which node of /cpus, from 0, a kernel finds the CPU of that number; negative for none. */
static int cpu_index(const void *fdt, uint32_t id, uint32_t *ret_reg)
{
	int index = 0, length;

	for (int node = devtree_first_cpu(fdt); node >= 0;
		node = devtree_next_cpu(fdt, node), index++) {
		const fdt32_t *servers =
			fdt_getprop(fdt, node, "ibm,ppc-interrupt-server#s", &length);

		for (int i = 0; i < length / 4; i++)
			if (fdt32_ld(&servers[i]) == id) {
				*ret_reg = fdt32_ld(fdt_getprop(fdt, node, "reg", NULL));
				return index;
			}
	}
	return -1;
}

/* One that is in the tree changes nothing but the header. */
static void test_boot_cpu(void **state)
{
	static uint8_t before[POWER_TREE_SIZE];
	struct power_tree tree;
	uint32_t reg;

	(void)state;
	power_tree_make(&tree, 3, 4, power_rows, COUNT(power_rows));
	memcpy(before, tree.bytes, sizeof(before));
	for (uint32_t id = 0; id < 12; id++) {
		tell_boot_cpu(tree.bytes, id);
		assert_int_equal(cpu_index(tree.bytes, id, &reg), id / 4);
		memset((uint8_t *)tree.bytes + 28, 0, 4);
		assert_memory_equal(tree.bytes, before, sizeof(before));
	}
}

/* One that came after the load takes the last node, with its whole core. */
static void test_boot_cpu_came_later(void **state)
{
	static const uint32_t ids[] = { 12, 13, 0x1ff, 0x10000 };
	struct power_tree tree;
	uint32_t reg;

	(void)state;
	for (size_t i = 0; i < COUNT(ids); i++) {
		power_tree_make(&tree, 3, 4, power_rows, COUNT(power_rows));
		tell_boot_cpu(tree.bytes, ids[i]);
		assert_int_equal(cpu_index(tree.bytes, ids[i], &reg), 2);
		assert_int_equal(reg, ids[i] / 4 * 4);
		for (uint32_t sibling = reg; sibling < reg + 4; sibling++)
			assert_int_equal(cpu_index(tree.bytes, sibling, &reg), 2);
		assert_int_equal(cpu_index(tree.bytes, 7, &reg), 1);
		assert_int_equal(cpu_index(tree.bytes, 8, &reg), -1);
	}
}

/* Nothing is written to what is no tree, or leads out of it. */
static void test_boot_cpu_of_no_tree(void **state)
{
	static const struct {
		size_t cell;
		uint32_t value;
	} wrong[] = { { 0, 0xd00dfeec }, { 1, POWER_TREE_SIZE + 4 }, { 5, 1 } };
	static uint8_t before[POWER_TREE_SIZE];
	struct power_tree tree;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		power_tree_make(&tree, 3, 4, power_rows, COUNT(power_rows));
		store_be32((uint8_t *)tree.bytes + 4 * wrong[i].cell, wrong[i].value);
		memcpy(before, tree.bytes, sizeof(before));
		ppc64le_tell_boot_cpu((uintptr_t)tree.bytes, POWER_TREE_SIZE, 20);
		ppc64le_tell_hash_table((uintptr_t)tree.bytes, POWER_TREE_SIZE, 22);
		assert_memory_equal(tree.bytes, before, sizeof(before));
	}
}

/* Of each CPU the size, and nothing else. */
static void test_hash_table(void **state)
{
	static const uint8_t wanted[] = { 0, 0, 0, 0, 0, 0, 0, 22 };
	struct power_tree tree, told;
	int length, cpus = 0;

	(void)state;
	power_tree_make(&tree, 3, 4, power_rows, COUNT(power_rows));
	told = tree;
	ppc64le_tell_hash_table((uintptr_t)told.bytes, fdt_totalsize(told.bytes), 22);
	for (int node = devtree_first_cpu(told.bytes); node >= 0;
		node = devtree_next_cpu(told.bytes, node), cpus++) {
		const void *size = fdt_getprop(told.bytes, node, "ibm,pft-size", &length);

		assert_int_equal(length, sizeof(wanted));
		assert_memory_equal(size, wanted, sizeof(wanted));
	}
	assert_int_equal(cpus, 3);
	ppc64le_tell_hash_table((uintptr_t)told.bytes, fdt_totalsize(told.bytes), 24);
	assert_memory_equal(&told, &tree, sizeof(tree));
}

/* A value of another size is something else. */
static void test_hash_table_of_one_cell(void **state)
{
	struct power_tree tree, told;

	(void)state;
	power_tree_make(&tree, 1, 4, power_rows, COUNT(power_rows));
	assert_int_equal(
		fdt_setprop_u32(tree.bytes, devtree_first_cpu(tree.bytes), "ibm,pft-size", 24), 0);
	told = tree;
	ppc64le_tell_hash_table((uintptr_t)told.bytes, fdt_totalsize(told.bytes), 22);
	assert_memory_equal(&told, &tree, sizeof(tree));
}

/* --- the crash region -------------------------------------------------------------------- */

static int region_of(const char *base, const char *size, size_t length, uint64_t now,
	struct range *ret, struct err *err)
{
	return crash_region_parse((struct span){ (const uint8_t *)base, 8 },
		(struct span){ (const uint8_t *)size, length }, now, ret, err);
}

static void test_crash_region(void **state)
{
	static const char base[] = "\0\0\0\0\x20\0\0\0", size[] = "\0\0\0\0\x10\0\0\0";
	static const char top[] = "\xff\xff\xff\xff\xff\xff\xff\xff";
	struct range range = { 1, 2 };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(region_of(base, size, 8, UINT64_MAX, &range, &err), ST_OK);
	assert_int_equal(range.start, 0x20000000);
	assert_int_equal(range.end, 0x30000000);
	/* Shrunk, of which the tree does not know; and grown, which cannot be. */
	assert_int_equal(region_of(base, size, 8, 0x8000000, &range, &err), ST_OK);
	assert_int_equal(range.end, 0x28000000);
	assert_int_equal(region_of(base, size, 8, 0x18000000, &range, &err), ST_OK);
	assert_int_equal(range.end, 0x30000000);
	assert_int_equal(region_of(base, size, 8, 0, &range, &err), ST_OK);
	assert_int_equal(range_size(range), 0);
	assert_int_equal(region_of(base, size, 4, 0, &range, &err), ST_BAD_INPUT);
	assert_string_equal(err.id, "crash-region-tree");
	err_clear(&err);
	assert_int_equal(region_of(base, top, 8, UINT64_MAX, &range, &err), ST_BAD_INPUT);
}

static void test_crash_region_of_a_machine(void **state)
{
	static const char base[] = "/proc/device-tree/chosen/linux,crashkernel-base";
	static const char size[] = "/proc/device-tree/chosen/linux,crashkernel-size";
	struct iomem iomem = { .ram = RANGESET_INIT };
	struct tmproot root;

	(void)state;
	tmproot_init(&root);
	tmproot_text(&root, "/proc/iomem", "00000000-7fffffff : System RAM\n");
	tmproot_bytes(&root, base, "\0\0\0\0\x20\0\0\0", 8);
	tmproot_bytes(&root, size, "\0\0\0\0\x10\0\0\0", 8);
	tmproot_text(&root, "/sys/kernel/kexec_crash_size", "134217728\n");
	assert_int_equal(iomem_read(root.root, &iomem, NULL), ST_OK);
	assert_int_equal(iomem.crash_load.start, 0x20000000);
	assert_int_equal(iomem.crash_load.end, 0x28000000);
	assert_int_equal(iomem.crash.count, 1);
	iomem_done(&iomem);
	/* What the file lists counts. */
	tmproot_text(&root, "/proc/iomem",
		"00000000-7fffffff : System RAM\n  40000000-4fffffff : Crash kernel\n");
	assert_int_equal(iomem_read(root.root, &iomem, NULL), ST_OK);
	assert_int_equal(iomem.crash_load.start, 0x40000000);
	iomem_done(&iomem);
	tmproot_done(&root);
}

/* --- the plan ---------------------------------------------------------------------------- */

static struct plan_machine pm;

static int setup(void **state)
{
	(void)state;
	pm_init_ppc64le(&pm);
	pm.request.append = "console=hvc0";
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pm_done(&pm);
	return 0;
}

static void assert_planned(void)
{
	if (pm_plan(&pm) != ST_OK)
		fail_msg("%s", pm.err.text);
}

static void assert_refused(int status, const char *id)
{
	assert_int_equal(pm_plan(&pm), status);
	assert_string_equal(pm.err.id, id);
	assert_true(pm.err.hint[0] != '\0');
}

static const struct core_entry *entry_of(enum core_entry_kind kind)
{
	for (size_t i = 0; i < pm.plan.core.count; i++)
		if (pm.plan.core.entries[i].kind == kind)
			return &pm.plan.core.entries[i];
	fail_msg("no such program header");
	return NULL;
}

static uint64_t own(size_t number)
{
	return load_le64(pm.plan.purgatory.data + PPC64LE_PARAMS_OFFSET +
			 offsetof(struct purgatory_params, own) + 8 * number);
}

static uint32_t flags(void)
{
	return load_le32(pm.plan.purgatory.data + PPC64LE_PARAMS_OFFSET +
			 offsetof(struct purgatory_params, flags));
}

/* Firmware lies at the end of the region, where segments would go. */
static void test_nothing_on_firmware(void **state)
{
	struct range page = { POWER_RTAS, POWER_RTAS + 65536 };

	(void)state;
	assert_planned();
	for (size_t i = 0; i < pm.plan.segment_count; i++) {
		const struct segment *segment = &pm.plan.segments[i];

		assert_false(range_overlaps(
			page, (struct range){ segment->mem, segment->mem + segment->memsz }));
	}
	assert_int_equal(entry_of(CORE_FIRMWARE)->paddr, POWER_RTAS);
	assert_int_equal(entry_of(CORE_FIRMWARE)->size, POWER_RTAS_SIZE);
}

static void test_beginning_of_memory(void **state)
{
	const struct core_entry *saved;
	const struct segment *backup;
	const uint8_t *phdr;

	(void)state;
	assert_planned();
	backup = plan_segment(&pm.plan, SEGMENT_BACKUP);
	saved = entry_of(CORE_SAVED);
	assert_int_equal(backup->memsz, 65536);
	assert_false(backup->digested);
	assert_int_equal(saved->paddr, 0);
	assert_int_equal(saved->size, 65536);
	assert_int_equal(saved->offset, backup->mem);
	assert_int_equal(saved->vaddr, UINT64_C(0xc000000000000000));
	phdr = pm.plan.core.bytes.data + 64 + 56 * (saved - pm.plan.core.entries);
	assert_int_equal(load_le64(phdr + 8), backup->mem);
	assert_int_equal(own(PPC64LE_OWN_BACKUP), backup->mem);
	/* The first with that address is what the kernel looks for, notes included. */
	for (const struct core_entry *entry = pm.plan.core.entries; entry < saved; entry++)
		assert_int_not_equal(entry->paddr, 0);
}

static void test_block_is_the_kernels(void **state)
{
	const uint8_t *block;

	(void)state;
	assert_planned();
	block = pm.plan.purgatory.data;
	assert_memory_equal(block, pm.inputs.arch->purgatory, 4);
	assert_memory_equal(block + 4, pm.image.data.data + 4, PPC64LE_BLOCK_SIZE - 4);
	assert_int_equal(pm.plan.entry, plan_segment(&pm.plan, SEGMENT_PURGATORY)->mem);
}

/* Numbers for exactly the blocks that the kernel reads them for. */
static void test_usable_memory(void **state)
{
	static const uint8_t drconf[] = { 0, 0, 0, 0, 0, 0, 0, 0 };
	static const uint8_t node[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x30, 0, 0, 0 };
	const void *tree, *value;
	int length;

	(void)state;
	assert_planned();
	tree = pm.plan.dtb.data;
	value = fdt_getprop(tree, fdt_path_offset(tree, "/ibm,dynamic-reconfiguration-memory"),
		"linux,drconf-usable-memory", &length);
	assert_int_equal(length, sizeof(drconf));
	assert_memory_equal(value, drconf, sizeof(drconf));
	value = fdt_getprop(
		tree, fdt_path_offset(tree, "/memory@0"), "linux,usable-memory", &length);
	assert_int_equal(length, sizeof(node));
	assert_memory_equal(value, node, sizeof(node));
}

/* Without the property all of a node would be memory. */
static void test_memory_of_which_nothing_is_usable(void **state)
{
	static const uint8_t reg[] = { 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0 };
	static const uint8_t none[sizeof(reg)];
	struct power_tree tree;
	const void *value;
	int length, node;

	(void)state;
	power_tree_make(&tree, 2, 1, power_rows, COUNT(power_rows));
	assert_int_equal(fdt_open_into(tree.bytes, tree.bytes, sizeof(tree.bytes)), 0);
	node = fdt_add_subnode(tree.bytes, 0, "memory@100000000");
	assert_int_equal(fdt_setprop_string(tree.bytes, node, "device_type", "memory"), 0);
	assert_int_equal(fdt_setprop(tree.bytes, node, "reg", reg, sizeof(reg)), 0);
	pm_fdt(&pm, (struct span){ (const uint8_t *)tree.bytes, fdt_totalsize(tree.bytes) });
	assert_planned();
	value = fdt_getprop(pm.plan.dtb.data,
		fdt_path_offset(pm.plan.dtb.data, "/memory@100000000"), "linux,usable-memory",
		&length);
	assert_int_equal(length, sizeof(none));
	assert_memory_equal(value, none, sizeof(none));
}

static void assert_reserved(uint64_t start, uint64_t size)
{
	for (int i = 0; i < fdt_num_mem_rsv(pm.plan.dtb.data); i++) {
		uint64_t at, bytes;

		assert_int_equal(fdt_get_mem_rsv(pm.plan.dtb.data, i, &at, &bytes), 0);
		assert_int_not_equal(bytes, 0);
		if (at == start && bytes == size)
			return;
	}
	fail_msg("0x%llx is not reserved", (unsigned long long)start);
}

static void test_reserved(void **state)
{
	const struct segment *core;

	(void)state;
	pm_initrd(&pm, 100001);
	pm.request.hotplug = HOTPLUG_ON;
	pm.machine.state.crash_elfcorehdr_size = 459096;
	assert_planned();
	core = plan_segment(&pm.plan, SEGMENT_ELFCOREHDR);
	assert_reserved(65536, POWER_CRASH - 65536);
	assert_reserved(core->mem, core->memsz);
	assert_true(core->memsz >= 459096);
	assert_reserved(plan_segment(&pm.plan, SEGMENT_BACKUP)->mem, 65536);
	assert_reserved(plan_segment(&pm.plan, SEGMENT_INITRD)->mem, 100001);
	assert_reserved(POWER_RTAS, POWER_RTAS_SIZE);
}

/* With the hotplug flag the kernel edits header and tree, and neither has a digest. */
static void test_hotplug(void **state)
{
	const struct segment *tree;

	(void)state;
	assert_planned();
	assert_true(plan_segment(&pm.plan, SEGMENT_DTB)->digested);
	assert_int_equal(flags() & PURGATORY_HANDED_EDITED, 0);
	pm.request.hotplug = HOTPLUG_ON;
	pm.machine.state.crash_elfcorehdr_size = 459096;
	assert_planned();
	tree = plan_segment(&pm.plan, SEGMENT_DTB);
	assert_int_equal(pm.plan.flags, 0x150009);
	assert_false(tree->digested);
	assert_false(plan_segment(&pm.plan, SEGMENT_ELFCOREHDR)->digested);
	assert_int_equal(flags() & PURGATORY_HANDED_EDITED, PURGATORY_HANDED_EDITED);
	/* The room is in the tree, not behind it. */
	assert_int_equal(tree->data.size, tree->memsz);
	assert_int_equal(fdt_totalsize(tree->data.data), tree->memsz);
	/* What purgatory writes there does not move when CPUs come: it stands in front of them. */
	assert_true(fdt_path_offset(tree->data.data, "/chosen") <
		    fdt_path_offset(tree->data.data, "/cpus"));
}

/* The digest of what the kernel's edits leave, of a tree in which they may have moved it. */
static void edited_digest(const uint8_t *fdt, const struct purgatory_edited *edited, uint8_t *ret)
{
	uint32_t end = fdt_off_dt_struct(fdt) + fdt_size_dt_struct(fdt);
	struct sha256 ctx;

	sha256_init(&ctx, SHA256_PLAIN);
	sha256_update(&ctx, fdt, 12);
	sha256_update(&ctx, fdt + 16, 12);
	sha256_update(&ctx, fdt + 40, edited->front - 40);
	sha256_update(&ctx, fdt + end - edited->back, edited->back);
	sha256_update(&ctx, fdt + fdt_off_dt_strings(fdt), edited->strings);
	sha256_final(&ctx, ret);
}

/* As the kernel does it when CPUs come or, with fewer than there are, have gone. */
static void exchange_cpus(void *fdt, uint32_t cores)
{
	int node;

	while ((node = fdt_node_offset_by_prop_value(fdt, -1, "device_type", "cpu", 4)) >= 0)
		assert_int_equal(fdt_del_node(fdt, node), 0);
	for (uint32_t i = 0; i < cores; i++)
		assert_int_equal(put_cpu(fdt, i, 1), 0);
}

/* What the kernel writes is left out of the digest, exactly: caches stay among the CPUs, and
 * whatever the order of the running tree, purgatory's record does not move. */
static void test_edited_tree(void **state)
{
	static const uint32_t counts[] = { 2, 1, 4, 0, 3 };
	const struct purgatory_edited *edited = &pm.plan.handover.edited;
	uint8_t *running = calloc(1, 2 * POWER_TREE_SIZE), sha256[SHA256_DIGEST_SIZE];
	const uint8_t *param;
	uint64_t record;
	int cpus, last;

	(void)state;
	assert_non_null(running);
	assert_int_equal(fdt_open_into(pm.machine.fdt.data, running, 2 * POWER_TREE_SIZE), 0);
	/* libfdt puts new nodes first. */
	cpus = fdt_path_offset(running, "/cpus");
	assert_int_equal(fdt_setprop_u32(running, fdt_add_subnode(running, cpus, "l2-cache@20"),
				 "cache-size", 0x80000),
		0);
	last = fdt_add_subnode(running, 0, "another");
	assert_true(last >= 0 && fdt_add_subnode(running, last, "below") >= 0);
	pm_fdt(&pm, (struct span){ running, 2 * POWER_TREE_SIZE });
	free(running);
	pm.request.hotplug = HOTPLUG_ON;
	pm.machine.state.crash_elfcorehdr_size = 459096;
	pm.machine.cpus.possible.count = 4;
	assert_planned();

	param = pm.plan.purgatory.data + PPC64LE_PARAMS_OFFSET;
	assert_int_equal(
		load_le64(param + offsetof(struct purgatory_params, edited)), edited->front);
	record = load_le64(param + offsetof(struct purgatory_params, record)) -
		 load_le64(param + offsetof(struct purgatory_params, handed));
	assert_true(record + sizeof(struct purgatory_record_cells) <= edited->front);
	for (size_t i = 0; i < COUNT(counts); i++) {
		exchange_cpus(pm.plan.dtb.data, counts[i]);
		edited_digest(pm.plan.dtb.data, edited, sha256);
		assert_memory_equal(sha256, edited->sha256, sizeof(sha256));
		assert_memory_equal(pm.plan.dtb.data + record, "KEXECREC", 8);
		assert_true(fdt_path_offset(pm.plan.dtb.data, "/cpus/l2-cache@20") > 0);
	}
	/* And there is nothing else that it could be. */
	assert_int_equal(fdt_setprop_inplace_u32(pm.plan.dtb.data,
				 fdt_path_offset(pm.plan.dtb.data, "/cpus/l2-cache@20"),
				 "cache-size", 0x80001),
		0);
	edited_digest(pm.plan.dtb.data, edited, sha256);
	assert_memory_not_equal(sha256, edited->sha256, sizeof(sha256));
}

static void test_tree_without_cpus(void **state)
{
	(void)state;
	exchange_cpus(pm.machine.fdt.data, 0);
	pm.request.hotplug = HOTPLUG_ON;
	pm.machine.state.crash_elfcorehdr_size = 459096;
	assert_int_equal(pm_plan(&pm), ST_BAD_INPUT);
	assert_string_equal(pm.err.id, "fdt-no-cpus");
}

static void test_stale_is_gone(void **state)
{
	static const char *const names[] = { "linux,crashkernel-base", "linux,crashkernel-size",
		"linux,memory-limit", "linux,kernel-end" };
	const void *tree;

	(void)state;
	assert_planned();
	tree = pm.plan.dtb.data;
	for (size_t i = 0; i < COUNT(names); i++)
		assert_null(fdt_getprop(tree, fdt_path_offset(tree, "/chosen"), names[i], NULL));
	assert_null(fdt_getprop(
		tree, fdt_path_offset(tree, "/pci@800000020000000"), "linux,pci-domain", NULL));
	assert_non_null(fdt_getprop(tree, fdt_path_offset(tree, "/chosen"), "stdout-path", NULL));
}

/* With hashed tables nothing is where the new kernel does not reach it. */
static void test_reach(void **state)
{
	(void)state;
	strcpy(pm.machine.cpu_mmu, "Hash");
	assert_planned();
	pm.machine.iomem.crash_load = (struct range){ 0x38000000, 0x48000000 };
	pm.machine.iomem.crash.ranges[0] = pm.machine.iomem.crash_load;
	assert_planned();
	for (size_t i = 0; i < pm.plan.segment_count; i++)
		assert_true(pm.plan.segments[i].mem + pm.plan.segments[i].memsz <= 0x40000000);
	pm.machine.iomem.crash_load = (struct range){ 0x40000000, 0x50000000 };
	pm.machine.iomem.crash.ranges[0] = pm.machine.iomem.crash_load;
	assert_refused(ST_NO_SPACE, "crash-region-too-small");
	strcpy(pm.machine.cpu_mmu, "Radi");
	assert_refused(ST_NO_SPACE, "crash-region-too-small");
	free(pm.machine.cpu_mmu);
	pm.machine.cpu_mmu = strdup("Radix");
	assert_planned();
}

/* Purgatory asks how large the hash table is; kexec_file_load's does not. Where no hypervisor has
 * it both is otherwise. */
static void test_hashed_guest(void **state)
{
	static const struct {
		const char *mmu, *platform;
		bool hashed;
	} cases[] = { { "Hash", "pSeries", true }, { "Hash", NULL, true },
		{ "Hash", "PowerNV", false }, { "Radix", "pSeries", false },
		{ NULL, "pSeries", false } };
	char words[ARCH_DOUBT_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		free(pm.machine.cpu_mmu);
		free(pm.machine.platform);
		pm.machine.cpu_mmu = cases[i].mmu ? strdup(cases[i].mmu) : NULL;
		pm.machine.platform = cases[i].platform ? strdup(cases[i].platform) : NULL;
		assert_planned();
		assert_int_equal(
			flags() & PURGATORY_HASHED, cases[i].hashed ? PURGATORY_HASHED : 0);
		assert_int_equal(
			pm.inputs.arch->doubt_file_load(&pm.machine, true, words), cases[i].hashed);
		assert_int_equal(pm.inputs.arch->doubt_file_load(&pm.machine, false, words),
			cases[i].hashed);
	}
}

static void test_refusals(void **state)
{
	static const uint8_t magic[] = { 0xd0, 0x0d, 0xfe, 0xed };

	(void)state;
	pm.image.stays_where_loaded = false;
	assert_refused(ST_UNSUPPORTED, "image-not-relocatable");
	pm.image.stays_where_loaded = true;
	pm.image.kind = IMAGE_ARM64;
	assert_int_equal(pm_plan(&pm), ST_UNSUPPORTED);
	assert_string_equal(pm.err.id, "image-foreign");
	pm.image.kind = IMAGE_PPC64;
	/* For a restart it may move. */
	pm.image.stays_where_loaded = false;
	pm.request.crash = false;
	assert_planned();
	pm.image.stays_where_loaded = true;
	pm.request.crash = true;
	pm_initrd(&pm, 1000);
	memcpy(pm.initrd.data, magic, sizeof(magic));
	assert_planned();
	pm.request.hotplug = HOTPLUG_ON;
	pm.machine.state.crash_elfcorehdr_size = 459096;
	assert_refused(ST_UNSUPPORTED, "segment-fdt-magic");
}

/* Where the firmware dumps there is no crash region, whatever crashkernel= says. */
static void test_fadump(void **state)
{
	(void)state;
	rangeset_done(&pm.machine.iomem.crash);
	pm.machine.cmdline = strdup("fadump=on crashkernel=1G");
	pm.machine.state.fadump = 1;
	assert_refused(ST_NO_CRASH_MEM, "crash-region-missing");
	assert_non_null(strstr(pm.err.hint, "fadump is enabled"));
	pm.machine.state.fadump = STATE_UNKNOWN;
	assert_refused(ST_NO_CRASH_MEM, "crash-region-missing");
	assert_null(strstr(pm.err.hint, "fadump"));
}

/* Without a way to call RTAS there is no reset, and who insists on one is told. */
static void test_reset(void **state)
{
	int rtas;

	(void)state;
	pm.request.on_corruption = CORRUPTION_RESET;
	assert_planned();
	assert_int_equal(own(PPC64LE_OWN_RTAS), POWER_RTAS << 32 | POWER_RTAS);
	assert_int_equal(own(PPC64LE_OWN_RTAS_RESET), 0x2004);
	rtas = fdt_path_offset(pm.machine.fdt.data, "/rtas");
	assert_int_equal(fdt_nop_property(pm.machine.fdt.data, rtas, "system-reboot"), 0);
	assert_refused(ST_UNSUPPORTED, "no-rtas-reset");
	pm.request.on_corruption = CORRUPTION_HALT;
	assert_planned();
	assert_int_equal(pm.plan.handover.reset, PURGATORY_RESET_NONE);
}

/* --- for a restart ----------------------------------------------------------------------- */

static void assert_within(uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < pm.plan.segment_count; i++) {
		const struct segment *segment = &pm.plan.segments[i];

		assert_true(segment->mem >= start && segment->mem + segment->memsz <= end);
		assert_false(segment->mem < POWER_RTAS + 65536 &&
			     segment->mem + segment->memsz > POWER_RTAS);
	}
}

static void restart_machine(void)
{
	pm.request.crash = false;
	pm_initrd(&pm, 100001);
	assert_int_equal(rangeset_add(&pm.machine.boot_memory, 0, POWER_RAM), ST_OK);
	rangeset_normalize(&pm.machine.boot_memory);
	assert_planned();
}

/* Off the running kernel, and off where the new one moves itself to. */
static void test_restart(void **state)
{
	const uint8_t *params;

	(void)state;
	restart_machine();
	/* linux,kernel-end */
	assert_within(0xa00000, POWER_CRASH);
	assert_int_equal(pm.plan.segment_count, 4);
	assert_null(plan_segment(&pm.plan, SEGMENT_BACKUP));
	assert_int_equal(own(PPC64LE_OWN_BACKUP), 0);
	for (size_t i = 0; i < pm.plan.segment_count; i++)
		assert_int_equal(pm.plan.segments[i].digested,
			pm.plan.segments[i].purpose != SEGMENT_PURGATORY);
	params = pm.plan.purgatory.data + PPC64LE_PARAMS_OFFSET;
	for (size_t i = 0; i < sizeof(struct purgatory_edited); i++)
		assert_int_equal(params[offsetof(struct purgatory_params, edited) + i], 0);
	assert_string_equal(pm.plan.cmdline, "console=hvc0");
	pm.image.mem_size = 0x4000000;
	assert_planned();
	assert_within(0x4000000, POWER_CRASH);
}

/* Its tree has all memory, also where the running kernel is a capture kernel; RTAS stays. */
static void test_restart_tree(void **state)
{
	uint8_t *running = calloc(1, 2 * POWER_TREE_SIZE);
	const void *tree;
	int node;

	(void)state;
	assert_non_null(running);
	assert_int_equal(fdt_open_into(pm.machine.fdt.data, running, 2 * POWER_TREE_SIZE), 0);
	node = fdt_path_offset(running, "/memory@0");
	assert_int_equal(fdt_setprop_u64(running, node, "linux,usable-memory", 0), 0);
	node = fdt_path_offset(running, "/ibm,dynamic-reconfiguration-memory");
	assert_int_equal(fdt_setprop_u64(running, node, "linux,drconf-usable-memory", 0), 0);
	node = fdt_path_offset(running, "/chosen");
	assert_int_equal(fdt_setprop_u64(running, node, "linux,elfcorehdr", 0), 0);
	pm_fdt(&pm, (struct span){ running, 2 * POWER_TREE_SIZE });
	free(running);
	restart_machine();
	tree = pm.plan.dtb.data;
	assert_null(
		fdt_getprop(tree, fdt_path_offset(tree, "/memory@0"), "linux,usable-memory", NULL));
	assert_null(fdt_getprop(tree, fdt_path_offset(tree, "/ibm,dynamic-reconfiguration-memory"),
		"linux,drconf-usable-memory", NULL));
	assert_null(fdt_getprop(tree, fdt_path_offset(tree, "/chosen"), "linux,elfcorehdr", NULL));
	assert_int_equal(fdt_num_mem_rsv(tree), 2);
	assert_reserved(POWER_RTAS, POWER_RTAS_SIZE);
}

/* Blocks that are assigned are memory of the boot, others are not. */
static void test_restart_in_blocks(void **state)
{
	(void)state;
	rangeset_done(&pm.machine.iomem.ram);
	pm_iomem(&pm, "00000000-01ffffff : System RAM\n80000000-9fffffff : System RAM\n");
	pm.request.mem_min = 0x2000000;
	restart_machine();
	assert_within(0x80000000, 0x90000000);
	pm.request.mem_min = 0x90000000;
	assert_refused(ST_NO_SPACE, "memory-too-small");
	/* Out of reach before there are page tables. */
	pm.request.mem_min = 0x2000000;
	strcpy(pm.machine.cpu_mmu, "Hash");
	assert_refused(ST_NO_SPACE, "memory-too-small");
}

static void test_old_root(void **state)
{
	static const struct {
		const char *running, *append, *expected;
		bool no_old_root;
	} cases[] = {
		{ "a root=/dev/x b", "c", "c root=/dev/x", false },
		{ "a root=/dev/x b", "c -- init", "c root=/dev/x -- init", false },
		{ "root=UUID=1", NULL, "root=UUID=1", false },
		{ "a root=/dev/x b", "root=/dev/y", "root=/dev/y", false },
		{ "a root=/dev/x b", "c", "c", true },
		{ "a -- root=/dev/x", "c", "c", false },
		{ "rootwait nfsroot=q", "c", "c", false },
	};

	(void)state;
	restart_machine();
	for (size_t i = 0; i < COUNT(cases); i++) {
		free(pm.machine.cmdline);
		pm.machine.cmdline = strdup(cases[i].running);
		pm.request.append = cases[i].append;
		pm.request.no_old_root = cases[i].no_old_root;
		assert_planned();
		assert_string_equal(pm.plan.cmdline, cases[i].expected);
	}
}

/* Another tree gets what only firmware knows. */
static void test_other_tree(void **state)
{
	static uint8_t other[2 * POWER_TREE_SIZE];
	const void *tree;
	int chosen;

	(void)state;
	chosen = fdt_path_offset(pm.machine.fdt.data, "/chosen");
	assert_int_equal(fdt_open_into(pm.machine.fdt.data, other, sizeof(other)), 0);
	assert_int_equal(fdt_delprop(other, chosen, "stdout-path"), 0);
	assert_int_equal(
		fdt_delprop(other, fdt_path_offset(other, "/rtas"), "linux,rtas-entry"), 0);
	pm.inputs.dtb = (struct span){ other, fdt_totalsize(other) };
	pm.inputs.dtb_name = "other.dtb";
	assert_planned();
	tree = pm.plan.dtb.data;
	assert_non_null(fdt_getprop(tree, fdt_path_offset(tree, "/chosen"), "stdout-path", NULL));
	assert_int_equal(fdt32_ld(fdt_getprop(
				 tree, fdt_path_offset(tree, "/rtas"), "linux,rtas-entry", NULL)),
		POWER_RTAS);
}

/* As the kernel places them, from both ends and off firmware. */
static void test_foretold(void **state)
{
	(void)state;
	pm_initrd(&pm, 100001);
	pm.inputs.by_file = true;
	pm.machine.state.crash_elfcorehdr_size = 459096;
	if (plan_file(&pm.inputs, &pm.plan, &pm.report, &pm.err) != ST_OK)
		fail_msg("%s", pm.err.text);
	assert_within(POWER_CRASH, POWER_CRASH_END);
	assert_int_equal(pm.plan.segment_count, 6);
	assert_int_equal(plan_segment(&pm.plan, SEGMENT_KERNEL)->mem, POWER_CRASH);
	assert_int_equal(plan_segment(&pm.plan, SEGMENT_PURGATORY)->mem, POWER_RTAS - 65536);
	assert_true(plan_segment(&pm.plan, SEGMENT_BACKUP)->mem <
		    plan_segment(&pm.plan, SEGMENT_ELFCOREHDR)->mem);
	assert_true(plan_segment(&pm.plan, SEGMENT_DTB)->mem >
		    plan_segment(&pm.plan, SEGMENT_INITRD)->mem);
	assert_string_equal(pm.plan.cmdline, "console=hvc0");
	plan_done(&pm.plan);
	pm.plan = (struct plan){ .arch = NULL };
}

#define PLAN_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_odd_blocks),
		cmocka_unit_test(test_no_blocks),
		cmocka_unit_test(test_firmware),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_odd_firmware),
		cmocka_unit_test(test_cpu_room),
		cmocka_unit_test(test_boot_cpu),
		cmocka_unit_test(test_boot_cpu_came_later),
		cmocka_unit_test(test_boot_cpu_of_no_tree),
		cmocka_unit_test(test_hash_table),
		cmocka_unit_test(test_hash_table_of_one_cell),
		cmocka_unit_test(test_crash_region),
		cmocka_unit_test(test_crash_region_of_a_machine),
		PLAN_TEST(test_nothing_on_firmware),
		PLAN_TEST(test_beginning_of_memory),
		PLAN_TEST(test_block_is_the_kernels),
		PLAN_TEST(test_usable_memory),
		PLAN_TEST(test_memory_of_which_nothing_is_usable),
		PLAN_TEST(test_reserved),
		PLAN_TEST(test_hotplug),
		PLAN_TEST(test_edited_tree),
		PLAN_TEST(test_tree_without_cpus),
		PLAN_TEST(test_stale_is_gone),
		PLAN_TEST(test_reach),
		PLAN_TEST(test_hashed_guest),
		PLAN_TEST(test_refusals),
		PLAN_TEST(test_fadump),
		PLAN_TEST(test_reset),
		PLAN_TEST(test_restart),
		PLAN_TEST(test_restart_tree),
		PLAN_TEST(test_restart_in_blocks),
		PLAN_TEST(test_old_root),
		PLAN_TEST(test_other_tree),
		PLAN_TEST(test_foretold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
