/* SPDX-License-Identifier: GPL-2.0-only */
/* The device tree of the running kernel. */
#ifndef KEXEC_SYSTEM_DEVTREE_H
#define KEXEC_SYSTEM_DEVTREE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/rangeset.h"
#include "lib/report.h"
#include "lib/sysroot.h"

/* The largest tree arm64 takes (MAX_FDT_SIZE, arch/arm64/include/asm/boot.h). */
#define DEVTREE_SIZE_MAX (2u << 20)

/*
 * A flat tree in ret: /sys/firmware/fdt as it is, or, where that is missing, rebuilt from
 * /proc/device-tree (with a REPORT_CHOICE that memory reservations are lost). A kernel that names
 * its own end in there (linux,kernel-end, arch/powerpc/kexec/core.c) keeps that tree true when
 * CPUs and memory come and go, and not the flat one: then it is rebuilt, too. The result
 * has passed fdt_check_full(). ST_NOT_FOUND when there is neither; ST_BAD_INPUT;
 * ST_NO_SPACE above DEVTREE_SIZE_MAX; errors of the sysroot.
 */
int devtree_read(
	const struct sysroot *root, struct blob *ret, struct report *report, struct err *err);

/* The checks on a tree from outside, as --dtb gives it. name is for messages. ST_BAD_INPUT,
 * ST_NO_SPACE above DEVTREE_SIZE_MAX, ST_NO_MEMORY. */
int devtree_check(struct span tree, const char *name, struct err *err);

/* How many 32-bit cells the root's children have for an address and for a size: 1 or 2 each. */
struct devtree_cells {
	uint32_t address;
	uint32_t size;
};

/* The kernel takes a missing one for 1 (OF_ROOT_NODE_ADDR_CELLS_DEFAULT), where libfdt's own
 * helper takes 2. ST_BAD_INPUT. */
int devtree_root_cells(const void *fdt, struct devtree_cells *ret, struct err *err);

/* The number in one cell or two. */
uint64_t devtree_cells_at(const uint8_t *at, uint32_t cells);

/* A tuple is at most an address and a size of two cells each. */
#define DEVTREE_TUPLE_MAX 16u

/*
 * Put range at *at as an address and a size, and step over it. A value that was cut to one cell
 * would send the new kernel to the wrong memory: ST_BAD_INPUT, with name for the message.
 */
int devtree_put_range(struct devtree_cells cells, const char *name, struct range range,
	uint8_t **at, struct err *err);

/* Step over the tuple at *at, of *left bytes: true with its range, which ends at the end of the
 * address space where its size leads beyond that. False, with nothing stepped over, at the end. */
bool devtree_take_range(
	struct devtree_cells cells, const uint8_t **at, size_t *left, struct range *ret);

/* Is the node in use, by its "status"? */
bool devtree_is_available(const void *fdt, int node);

/* Does the node have this property with this text, and nothing else? */
bool devtree_property_is(const void *fdt, int node, const char *name, const char *text);

/* Do the two roots have a "compatible" name in common, of the first 64 each? */
bool devtree_same_board(const void *one, const void *other);

/* Is the "compatible" of the two roots the same, name by name? False where there is none. */
bool devtree_same_names(const void *one, const void *other);

/* The first "compatible" name of the root; empty when it does not say. */
struct span devtree_board(const void *fdt);

/* The first node of /cpus that describes a CPU, and the next one; negative when there is none. */
int devtree_first_cpu(const void *fdt);
int devtree_next_cpu(const void *fdt, int node);

/* Is it an overlay: changes for another tree, not the tree of a machine? */
bool devtree_is_overlay(const void *fdt);

/* An address in a property, as the kernel reads those of /chosen: of one cell or two, by the
 * property's own size. False, with ret left alone, when node (which may be an error of libfdt) has
 * no such property or it is neither. */
bool devtree_address(const void *fdt, int node, const char *name, uint64_t *ret);

/*
 * A tree as libfdt wants it: checked as above, at an address that is a multiple of 8. Bytes
 * that lie elsewhere are copied. Lives no longer than the bytes of tree.
 */
struct devtree_view {
	const void *fdt;
	void *copy; /* owned; NULL when there was no need */
};

int devtree_view_init(
	struct span tree, const char *name, struct devtree_view *ret, struct err *err);
void devtree_view_done(struct devtree_view *view);

/* Of bytes that devtree_check() has found good: those of the tree. */
size_t devtree_size(struct span tree);

#endif
