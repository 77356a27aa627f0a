// SPDX-License-Identifier: GPL-2.0-only
/*
 * Edits a hostile device tree for a capture kernel. The first bytes choose what is written;
 * what follows is a tree, or, by the first bit, orders for making one.
 */
#include <assert.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/arch/arm64/arm64.h"
#include "kexec/system/devtree.h"
#include "kexec/system/reserved_memory.h"
#include "tests/fuzz/fuzz.h"

#define HEAD 8

static const uint8_t seeds[RNG_SEED_SIZE] = { 1, 2, 3 };

/* Names that the editing is about, and some others. */
static const char *const names[] = { "linux,elfcorehdr", "linux,usable-memory-range",
	"linux,initrd-start", "linux,initrd-end", "bootargs", "kaslr-seed", "rng-seed",
	"linux,kho-fdt", "linux,kho-scratch", "linux,ima-kexec-buffer", "linux,dmcryptkeys",
	"linux,uefi-system-table", "linux,uefi-mmap-size", "linux,booted-from-kexec",
	"#address-cells", "#size-cells" };
static const char *const nodes[] = { "chosen", "chosen@0", "memory@40000000", "psci" };

/* A tree by orders: what to make, which one, a length, then bytes of a value. */
static size_t build_tree(struct span orders, void *fdt, size_t room)
{
	int depth = 1;
	size_t at = 0;

	fdt_create(fdt, (int)room);
	for (; at + 17 <= orders.size && orders.data[at] % 4 == 0; at += 17)
		fdt_add_reservemap_entry(
			fdt, load_le64(orders.data + at + 1), load_le64(orders.data + at + 9));
	fdt_finish_reservemap(fdt);
	fdt_begin_node(fdt, "");
	while (at + 3 <= orders.size) {
		uint8_t which = orders.data[at + 1];
		size_t size = orders.data[at + 2] % 32;

		switch (orders.data[at] % 4) {
		case 0:
		case 1:
			at += 3;
			if (size > orders.size - at)
				size = orders.size - at;
			fdt_property(fdt, names[which % 16], orders.data + at, (int)size);
			at += size;
			break;
		case 2:
			at += 2;
			if (depth < 4 && fdt_begin_node(fdt, nodes[which % 4]) == 0)
				depth++;
			break;
		case 3:
			at++;
			if (depth > 1 && fdt_end_node(fdt) == 0)
				depth--;
			break;
		}
	}
	while (depth-- > 0)
		fdt_end_node(fdt);
	return fdt_finish(fdt) == 0 ? fdt_totalsize(fdt) : 0;
}

/* The cells at *at as a number. */
static uint64_t take_cells(const uint8_t **at, uint32_t cells)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < cells * 4; i++)
		value = value << 8 | *(*at)++;
	return value;
}

static uint32_t root_cells(const void *fdt, const char *name)
{
	int size;
	const void *value = fdt_getprop(fdt, 0, name, &size);

	return value ? fdt32_ld(value) : 1;
}

/* Is the property these ranges, and no more? */
static void check_ranges(
	const void *fdt, const char *name, const struct range *ranges, size_t count)
{
	uint32_t address = root_cells(fdt, "#address-cells");
	uint32_t size_cells = root_cells(fdt, "#size-cells");
	int size;
	const uint8_t *at = fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), name, &size);

	assert(at && (size_t)size == count * 4 * (address + size_cells));
	for (size_t i = 0; i < count; i++) {
		assert(take_cells(&at, address) == ranges[i].start);
		assert(take_cells(&at, size_cells) == range_size(ranges[i]));
	}
}

static void check_tree(const struct blob *dtb, const struct arm64_chosen *chosen)
{
	const void *fdt = dtb->data;
	int node = fdt_path_offset(fdt, "/chosen");

	assert(dtb->size <= ARM64_DTB_SIZE_MAX && fdt_totalsize(fdt) == dtb->size);
	assert(fdt_check_full(fdt, dtb->size) == 0);
	assert(node > 0);
	check_ranges(fdt, "linux,elfcorehdr", &chosen->elfcorehdr, 1);
	check_ranges(fdt, "linux,usable-memory-range", chosen->usable, chosen->usable_count);
	for (size_t i = 7; i < 11; i++)
		assert(!fdt_getprop(fdt, node, names[i], NULL));
	assert(!fdt_getprop(fdt, node, "linux,initrd-start", NULL) ==
		(range_size(chosen->initrd) == 0));
	assert(!fdt_getprop(fdt, node, "bootargs", NULL) == !chosen->cmdline);
	assert(!fdt_getprop(fdt, node, "kaslr-seed", NULL) == !chosen->kaslr_seed);
}

/* No plan has segments where its tree reserves memory. */
static bool reserves_in(const void *fdt, struct range load)
{
	struct range entry;

	for (int i = fdt_num_mem_rsv(fdt); i-- > 0;)
		if (reserved_memory_entry(fdt, i, &entry) && range_overlaps(entry, load))
			return true;
	return false;
}

/* Edit, check, and edit the result: nothing may be left to do. */
static void edit_tree(struct span tree, const struct arm64_chosen *chosen, struct range load)
{
	struct plan plan = { .page_size = 4096, .load_region = load };
	struct plan again = plan;
	struct report report = REPORT_INIT;
	struct err err = ERR_INIT;
	int status = arm64_build_dtb(tree, chosen, &plan, &report, &err);

	if (status == ST_OK && reserves_in(plan.dtb.data, load)) {
		check_tree(&plan.dtb, chosen);
	} else if (status == ST_OK) {
		check_tree(&plan.dtb, chosen);
		status = arm64_build_dtb(blob_span(&plan.dtb), chosen, &again, &report, &err);
		assert(status == ST_OK);
		check_tree(&again.dtb, chosen);
		assert(again.dtb.size == plan.dtb.size);
		assert(memcmp(again.dtb.data, plan.dtb.data, plan.dtb.size) == 0);
	} else {
		assert(status != ST_BUG && status == err.status && err.id && err.text[0]);
		assert(!plan.dtb.data);
	}
	plan_done(&plan);
	plan_done(&again);
	report_done(&report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct range usable[6];
	struct arm64_chosen chosen = { .usable = usable };
	struct span rest = { data + HEAD, size - HEAD };
	struct range load;
	uint64_t *tree;
	size_t room = 65536;

	if (size < HEAD || size > 1u << 20)
		return 0;
	load.start = (uint64_t)load_le32(data + 4) << 12;
	load.end = load.start + ((uint64_t)data[3] + 1) * 65536;
	chosen.elfcorehdr = (struct range){ load.end - 8192, load.end - 4096 };
	chosen.usable_count = 1 + data[2] % 6;
	for (size_t i = 0; i < chosen.usable_count; i++)
		usable[i] = (struct range){ load.start + i * 65536, load.end + i * 131072 };
	usable[0] = load;
	if (data[0] & 2)
		chosen.initrd = (struct range){ load.start + 4096, load.start + 4096 + data[1] };
	if (data[0] & 4)
		chosen.cmdline = "quiet nr_cpus=1";
	if (data[0] & 8) {
		chosen.kaslr_seed = seeds;
		chosen.rng_seed = seeds;
	}
	if (rest.size > room)
		room = rest.size;
	tree = calloc(1, room);
	if (!tree)
		return 0;
	if (data[0] & 1)
		rest.size = build_tree(rest, tree, room);
	else
		memcpy(tree, rest.data, rest.size);
	rest.data = (const uint8_t *)tree;
	if (rest.size && devtree_check(rest, "tree", NULL) == ST_OK)
		edit_tree(rest, &chosen, load);
	free(tree);
	return 0;
}
