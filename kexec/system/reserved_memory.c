// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/system/reserved_memory.h"

#include <libfdt.h>

#include "kexec/system/devtree.h"
#include "lib/checked.h"

void reserved_memory_done(struct reserved_memory *reserved)
{
	rangeset_done(&reserved->unmapped);
	rangeset_done(&reserved->kept);
	rangeset_done(&reserved->lent);
}

/* A range that /chosen names as one tuple of root cells. Empty when there is none. */
static struct range chosen_tuple(const void *fdt, int chosen, const char *name)
{
	struct range range = { 0, 0 };
	struct devtree_cells cells;
	const uint8_t *at;
	size_t left;
	int length;

	at = chosen < 0 ? NULL : fdt_getprop(fdt, chosen, name, &length);
	if (!at || devtree_root_cells(fdt, &cells, NULL))
		return range;
	left = (size_t)length;
	if (left == 4 * (cells.address + cells.size))
		devtree_take_range(cells, &at, &left, &range);
	return range;
}

static struct range chosen_initrd(const void *fdt, int chosen)
{
	struct range initrd;

	if (!devtree_address(fdt, chosen, "linux,initrd-start", &initrd.start) ||
		!devtree_address(fdt, chosen, "linux,initrd-end", &initrd.end) ||
		initrd.end < initrd.start)
		return (struct range){ 0, 0 };
	return initrd;
}

/* Is entry the reservation of range, exactly or in whole pages? */
static bool reserves(struct range entry, struct range range, uint64_t page)
{
	uint64_t end;

	if (range_size(range) == 0)
		return false;
	if (entry.start == range.start && entry.end == range.end)
		return true;
	return entry.start == align_down(range.start, page) && align_up(range.end, page, &end) &&
	       entry.end == end;
}

struct stale_memory stale_memory_of(const void *fdt)
{
	int chosen = fdt_path_offset(fdt, "/chosen");

	return (struct stale_memory){ {
		chosen_initrd(fdt, chosen),
		chosen_tuple(fdt, chosen, "linux,ima-kexec-buffer"),
		chosen_tuple(fdt, chosen, "linux,elfcorehdr"),
	} };
}

bool stale_memory_has(const struct stale_memory *stale, struct range entry, uint64_t page_size)
{
	for (size_t i = 0; i < sizeof(stale->ranges) / sizeof(stale->ranges[0]); i++)
		if (reserves(entry, stale->ranges[i], page_size))
			return true;
	return false;
}

bool reserved_memory_entry(const void *fdt, int index, struct range *ret)
{
	uint64_t size;

	if (fdt_get_mem_rsv(fdt, index, &ret->start, &size))
		return false;
	if (!add_u64(ret->start, size, &ret->end))
		ret->end = UINT64_MAX;
	return true;
}

static int add_entries(const void *fdt, uint64_t page_size, struct rangeset *ret)
{
	struct stale_memory stale = stale_memory_of(fdt);
	int count = fdt_num_mem_rsv(fdt), status = ST_OK;

	for (int i = 0; i < count && !status; i++) {
		struct range entry;

		if (reserved_memory_entry(fdt, i, &entry) &&
			!stale_memory_has(&stale, entry, page_size))
			status = rangeset_add(ret, entry.start, entry.end);
	}
	return status;
}

static int add_node(
	const void *fdt, int node, struct devtree_cells cells, struct reserved_memory *ret)
{
	struct rangeset *set = &ret->kept;
	struct range range;
	const uint8_t *at;
	int length, status = ST_OK;
	size_t left;

	if (!devtree_is_available(fdt, node))
		return ST_OK;
	at = fdt_getprop(fdt, node, "reg", &length);
	if (!at)
		return ST_OK; /* the kernel chooses a place that is free */
	if (fdt_getprop(fdt, node, "no-map", NULL))
		set = &ret->unmapped;
	else if (fdt_getprop(fdt, node, "reusable", NULL))
		set = &ret->lent;
	left = (size_t)length;
	while (!status && devtree_take_range(cells, &at, &left, &range))
		status = rangeset_add(set, range.start, range.end);
	return status;
}

static bool has_cells(const void *fdt, int node, const char *name, uint32_t wanted)
{
	int length;
	const void *value = fdt_getprop(fdt, node, name, &length);

	return value && length == 4 && fdt32_ld(value) == wanted;
}

static int add_nodes(const void *fdt, struct devtree_cells cells, struct reserved_memory *ret,
	struct report *report)
{
	int parent = fdt_path_offset(fdt, "/reserved-memory"), node, status = ST_OK;

	if (parent < 0 || fdt_first_subnode(fdt, parent) < 0)
		return ST_OK;
	if (!has_cells(fdt, parent, "#address-cells", cells.address) ||
		!has_cells(fdt, parent, "#size-cells", cells.size) ||
		!fdt_getprop(fdt, parent, "ranges", NULL)) {
		report_add(report, REPORT_WARNING, "dtb",
			"the new kernel will use all that /reserved-memory of the device tree "
			"keeps: the node has no \"ranges\", or other cells than the root");
		return ST_OK;
	}
	fdt_for_each_subnode (node, fdt, parent)
		if (!status)
			status = add_node(fdt, node, cells, ret);
	return status;
}

int reserved_memory_of(struct span tree, uint64_t page_size, struct reserved_memory *ret,
	struct report *report, struct err *err)
{
	struct devtree_cells cells;
	int status = devtree_root_cells(tree.data, &cells, err);

	if (status)
		return status;
	status = add_entries(tree.data, page_size, &ret->kept);
	if (!status)
		status = add_nodes(tree.data, cells, ret, report);
	if (status) {
		reserved_memory_done(ret);
		return err_no_memory(err);
	}
	rangeset_normalize(&ret->unmapped);
	rangeset_normalize(&ret->kept);
	rangeset_normalize(&ret->lent);
	return ST_OK;
}

int reserved_memory_all(
	const struct reserved_memory *reserved, struct rangeset *ret, struct err *err)
{
	const struct rangeset *const sets[] = { &reserved->unmapped, &reserved->kept,
		&reserved->lent };
	int status = ST_OK;

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]) && !status; i++)
		status = rangeset_add_all(ret, sets[i]);
	rangeset_normalize(ret);
	if (!status)
		return ST_OK;
	rangeset_done(ret);
	return err_no_memory(err);
}
