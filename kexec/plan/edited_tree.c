// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/plan/edited_tree.h"

#include <assert.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/system/devtree.h"
#include "lib/sha256.h"

static uint8_t *structure_at(void *fdt, int offset)
{
	return (uint8_t *)fdt + fdt_off_dt_struct(fdt) + offset;
}

/* Behind a node. */
static int node_end(const void *fdt, int node)
{
	int depth = 0, next = node;

	do {
		int at = next;
		uint32_t tag = fdt_next_tag(fdt, at, &next);

		if (tag == FDT_BEGIN_NODE)
			depth++;
		else if (tag == FDT_END_NODE)
			depth--;
	} while (depth > 0 && next >= 0);
	return next;
}

static bool is_chosen(const void *fdt, int node)
{
	return strcmp(fdt_get_name(fdt, node, NULL), "chosen") == 0;
}

/* As the kernel looks for them. */
static bool is_cpu(const void *fdt, int node)
{
	return devtree_property_is(fdt, node, "device_type", "cpu");
}

/* Copy the children of a node that are wanted, or all that lies between and behind these. */
static size_t copy_children(const void *fdt, int parent, int first,
	bool (*wanted)(const void *fdt, int node), bool others, uint8_t *to)
{
	const uint8_t *structure = (const uint8_t *)fdt + fdt_off_dt_struct(fdt);
	size_t size = 0;
	int node, behind = first;

	fdt_for_each_subnode (node, fdt, parent) {
		int end = node_end(fdt, node), from = node, to_end = end;

		if (others) {
			from = behind;
			to_end = wanted(fdt, node) ? node : end;
		}
		if (others || wanted(fdt, node)) {
			memcpy(to + size, structure + from, (size_t)(to_end - from));
			size += (size_t)(to_end - from);
		}
		behind = end;
	}
	return size;
}

/* The children that are wanted first, each part in its order. */
static int bring_forward(
	void *fdt, int parent, bool (*wanted)(const void *fdt, int node), struct err *err)
{
	int first = fdt_first_subnode(fdt, parent);
	uint8_t *copy;
	size_t size;

	if (first < 0)
		return ST_OK;
	copy = malloc(fdt_size_dt_struct(fdt));
	if (!copy)
		return err_no_memory(err);
	size = copy_children(fdt, parent, first, wanted, false, copy);
	size += copy_children(fdt, parent, first, wanted, true, copy + size);
	memcpy(structure_at(fdt, first), copy, size);
	free(copy);
	return ST_OK;
}

int edited_tree_arrange(void *fdt, struct err *err)
{
	int status, cpus = fdt_path_offset(fdt, "/cpus");

	status = cpus < 0 ? ST_OK : bring_forward(fdt, cpus, is_cpu, err);
	if (!status && (cpus < 0 || !is_cpu(fdt, fdt_first_subnode(fdt, cpus))))
		status = err_set(err, ST_BAD_INPUT, "fdt-no-cpus", "the device tree has no CPUs");
	return status ? status : bring_forward(fdt, 0, is_chosen, err);
}

void edited_tree_digest(const void *fdt, struct purgatory_edited *ret)
{
	const uint8_t *header = fdt;
	int node = fdt_first_subnode(fdt, fdt_path_offset(fdt, "/cpus"));
	size_t front = fdt_off_dt_struct(fdt) + (size_t)node;
	size_t strings = fdt_off_dt_strings(fdt), back = 0;
	struct sha256 ctx;

	while (node >= 0 && is_cpu(fdt, node)) {
		back = (size_t)node_end(fdt, node);
		node = fdt_next_subnode(fdt, node);
	}
	back = fdt_size_dt_struct(fdt) - back;
	/* As libfdt packs it. */
	assert(fdt_off_dt_struct(fdt) + fdt_size_dt_struct(fdt) == strings);

	*ret = (struct purgatory_edited){
		.front = front,
		.back = back,
		.strings = fdt_size_dt_strings(fdt),
	};
	sha256_init(&ctx, sha256_best_core());
	sha256_update(&ctx, header, 12);
	sha256_update(&ctx, header + 16, 12);
	sha256_update(&ctx, header + PURGATORY_EDITED_HEADER, front - PURGATORY_EDITED_HEADER);
	sha256_update(&ctx, header + strings - back, back);
	sha256_update(&ctx, header + strings, ret->strings);
	sha256_final(&ctx, ret->sha256);
}
