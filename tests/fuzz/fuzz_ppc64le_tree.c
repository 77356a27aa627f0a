// SPDX-License-Identifier: GPL-2.0-only
/*
 * A crash load from the device tree of a ppc64le machine: memory in blocks, firmware's places, the
 * room for CPUs. The input is a tree, or, where it is none, the numbers of
 * ibm,dynamic-memory-v2 in one that is good.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/arch/ppc64le/drconf.h"
#include "kexec/arch/ppc64le/ppc64le.h"
#include "kexec/plan/edited_tree.h"
#include "kexec/system/devtree.h"
#include "purgatory/arch/ppc64le/tree.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/power_tree.h"

#define ROWS_MAX 48

static void check_blocks(const void *fdt)
{
	struct drconf drconf;
	struct drconf_block block;
	uint32_t count = 0;

	if (drconf_begin(fdt, &drconf, NULL) != ST_OK || drconf.node < 0)
		return;
	while (drconf_next(&drconf, &block)) {
		assert(range_size(block.range) == drconf.size);
		count++;
	}
	assert(count == drconf.count && count <= DRCONF_BLOCKS_MAX);
}

/* What the handed tree says of blocks, read as the kernel does, adds up. */
static void check_counters(const void *fdt, struct range region)
{
	struct drconf drconf;
	struct drconf_block block;
	const uint8_t *at;
	int length;

	if (drconf_begin(fdt, &drconf, NULL) != ST_OK || drconf.node < 0)
		return;
	at = fdt_getprop(fdt, drconf.node, "linux,drconf-usable-memory", &length);
	assert(at);
	while (drconf_next(&drconf, &block)) {
		uint64_t count;

		if (!block.used)
			continue;
		assert(length >= 8);
		count = devtree_cells_at(at, 2);
		for (at += 8, length -= 8; count--; at += 16, length -= 16) {
			uint64_t start, size;

			assert(length >= 16);
			start = devtree_cells_at(at, 2);
			size = devtree_cells_at(at + 8, 2);
			assert(size && start >= block.range.start &&
				start + size <= block.range.end);
			assert(start < region.end || start + size > region.end);
		}
	}
	assert(length == 0);
}

/* A node as the kernel puts it in: all properties of the live one, which has a "name" too. */
static int put_cpu(void *fdt, const void *running, int cpu, uint32_t number)
{
	char name[256];
	const char *own = fdt_get_name(running, cpu, NULL);
	int base = (int)strcspn(own, "@"), node, property, code;

	assert(base < 200);
	snprintf(name, sizeof(name), "%.*s@%x", base, own, number);
	node = fdt_add_subnode(fdt, fdt_path_offset(fdt, "/cpus"), name);
	if (node < 0)
		return node;
	name[base] = '\0';
	code = fdt_setprop_string(fdt, node, "name", name);
	fdt_for_each_property_offset (property, running, cpu) {
		const char *which;
		int length;
		const void *value = fdt_getprop_by_offset(running, property, &which, &length);

		if (!code && value && strcmp(which, "name") != 0)
			code = fdt_setprop(fdt, node, which, value, length);
	}
	return code;
}

/* The kernel has room for as many CPUs as there can ever be, and what it leaves of the tree is what
 * the digest is of. Of a tree with one CPU, so that all are as large. */
static void check_rewrite(const struct plan_machine *pm)
{
	const struct purgatory_edited *edited = &pm->plan.handover.edited;
	const void *running = pm->machine.fdt.data;
	uint8_t *fdt = pm->plan.dtb.data;
	uint32_t cores, threads = 1, size = fdt_totalsize(fdt);
	int length, cpu = devtree_first_cpu(running);
	struct purgatory_edited now;

	if (devtree_next_cpu(running, cpu) >= 0 || fdt_getprop(running, cpu, "name", NULL))
		return;
	if (fdt_getprop(running, cpu, "ibm,ppc-interrupt-server#s", &length) && length >= 4)
		threads = (uint32_t)length / 4;
	cores = ((uint32_t)pm->machine.cpus.possible.count + threads - 1) / threads;
	assert(fdt_del_node(fdt, devtree_first_cpu(fdt)) == 0);
	for (uint32_t i = 0; i < cores; i++)
		assert(put_cpu(fdt, running, cpu, UINT32_MAX - i) == 0);
	assert(fdt_totalsize(fdt) == size);
	edited_tree_digest(fdt, &now);
	assert(now.front == edited->front && now.back == edited->back &&
		now.strings >= edited->strings);
}

static void check_plan(const struct plan_machine *pm)
{
	struct ppc64le_firmware firmware = { .rtas = { 0, 0 } };
	const struct plan *plan = &pm->plan;

	assert(ppc64le_firmware_of(pm->machine.fdt.data, &firmware, NULL) == ST_OK);
	for (size_t i = 0; i < plan->segment_count; i++) {
		const struct segment *segment = &plan->segments[i];
		struct range range = { segment->mem, segment->mem + segment->memsz };

		for (size_t j = 0; j < firmware.held.count; j++)
			assert(!range_overlaps(range, firmware.held.ranges[j]));
	}
	ppc64le_firmware_done(&firmware);
	assert(fdt_check_full(plan->dtb.data, plan->dtb.size) == 0);
	check_counters(plan->dtb.data, plan->load_region);
	check_rewrite(pm);
}

static void try_tree(struct span tree)
{
	struct plan_machine pm;

	pm_init_ppc64le(&pm);
	pm.request.append = "console=hvc0";
	pm.request.hotplug = HOTPLUG_ON;
	pm.machine.state.crash_elfcorehdr_size = 459096;
	pm_fdt(&pm, tree);
	pm.machine.fdt.size = fdt_totalsize(pm.machine.fdt.data);
	check_blocks(pm.machine.fdt.data);
	assert(ppc64le_cpu_room(pm.machine.fdt.data, 65536) < UINT64_C(1) << 40);
	if (pm_plan(&pm) == ST_OK)
		check_plan(&pm);
	else
		assert(pm.err.id && pm.err.text[0] && pm.err.status != ST_BUG);
	pm_done(&pm);
}

/* What purgatory writes into any bytes, however they lead about, is in there. */
static void try_purgatory(struct span input)
{
	uint32_t *copy = malloc((input.size / 4 + 1) * sizeof(*copy));

	assert(copy);
	memcpy(copy, input.data, input.size / 4 * 4);
	ppc64le_tell_boot_cpu((uintptr_t)copy, input.size / 4 * 4, 0x12345);
	ppc64le_tell_hash_table((uintptr_t)copy, input.size / 4 * 4, 22);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = { data, size };
	struct power_tree tree;
	uint32_t rows[ROWS_MAX];
	size_t count = size / 4 < ROWS_MAX ? size / 4 : ROWS_MAX;

	try_purgatory(input);
	if (devtree_check(input, "input", NULL) == ST_OK) {
		try_tree(input);
		return 0;
	}
	for (size_t i = 0; i < count; i++)
		rows[i] = load_be32(data + 4 * i);
	try_tree(power_tree_make(&tree, 2, 4, rows, count));
	return 0;
}
