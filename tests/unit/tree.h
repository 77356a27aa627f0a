/* SPDX-License-Identifier: GPL-2.0-only */
/* Device trees for tests, made with libfdt's sequential writer. */
#ifndef TESTS_UNIT_TREE_H
#define TESTS_UNIT_TREE_H

#include <libfdt.h>

#include "tests/unit/tmproot.h"

struct tree {
	uint64_t bytes[2048]; /* aligned as libfdt wants it */
};

__attribute__((unused)) static void tree_begin(struct tree *tree)
{
	assert_int_equal(fdt_create(tree->bytes, sizeof(tree->bytes)), 0);
	assert_int_equal(fdt_finish_reservemap(tree->bytes), 0);
	assert_int_equal(fdt_begin_node(tree->bytes, ""), 0);
}

__attribute__((unused)) static struct span tree_finish(struct tree *tree)
{
	assert_int_equal(fdt_end_node(tree->bytes), 0);
	assert_int_equal(fdt_finish(tree->bytes), 0);
	return (struct span){ (const uint8_t *)tree->bytes, fdt_totalsize(tree->bytes) };
}

__attribute__((unused)) static void tree_node(struct tree *tree, const char *name)
{
	assert_int_equal(fdt_begin_node(tree->bytes, name), 0);
}

__attribute__((unused)) static void tree_end(struct tree *tree)
{
	assert_int_equal(fdt_end_node(tree->bytes), 0);
}

__attribute__((unused)) static void tree_string(
	struct tree *tree, const char *name, const char *text)
{
	assert_int_equal(fdt_property_string(tree->bytes, name, text), 0);
}

__attribute__((unused)) static void tree_bytes(
	struct tree *tree, const char *name, const void *bytes, size_t size)
{
	assert_int_equal(fdt_property(tree->bytes, name, bytes, (int)size), 0);
}

__attribute__((unused)) static void tree_cells(
	struct tree *tree, const char *name, size_t count, const uint32_t *cells)
{
	fdt32_t raw[16];

	assert_true(count <= 16);
	for (size_t i = 0; i < count; i++)
		raw[i] = cpu_to_fdt32(cells[i]);
	tree_bytes(tree, name, raw, count * 4);
}

#define TREE_CELLS(tree, name, ...)                                                                \
	tree_cells(tree, name, sizeof((uint32_t[]){ __VA_ARGS__ }) / 4,                            \
		(const uint32_t[]){ __VA_ARGS__ })

#endif
