// SPDX-License-Identifier: GPL-2.0-only
/*
 * When a CPU comes the kernel takes all nodes of CPUs out of the tree that is loaded and puts those
 * of its own live tree in, by libfdt and inside the size of the tree. When that is not enough it
 * leaves a tree without CPUs, with which no capture kernel starts. So the room is counted as libfdt
 * takes it, for the most nodes that can ever be.
 */
#include <libfdt.h>
#include <string.h>

#include "kexec/arch/ppc64le/ppc64le.h"
#include "kexec/system/devtree.h"

/* A node: two tags around its name and all else. A property: tag, size, name's place, value. */
#define NODE_BYTES     8u
#define PROPERTY_BYTES 12u

/* The number in the name of a node, behind '@', and the NUL: of a CPU of 32 bits at most. */
#define NUMBER_MAX 10u

/* Names of properties that the nodes of now do not have, such as "name", which a flat tree leaves
 * out and the live one has; and what a node that came later may have besides. */
#define NEW_NAMES   256u
#define NEW_PER_CPU 64u

static uint64_t padded(uint64_t size)
{
	return (size + 3) / 4 * 4;
}

/* What a node takes in the tree. */
static uint64_t node_bytes(const void *fdt, int node)
{
	int length, property;
	const char *name = fdt_get_name(fdt, node, &length);
	uint64_t bytes = NODE_BYTES + (name ? padded((uint64_t)length + 1) : 0);

	fdt_for_each_property_offset (property, fdt, node) {
		if (!fdt_getprop_by_offset(fdt, property, NULL, &length))
			break;
		bytes += PROPERTY_BYTES + padded((uint64_t)length);
	}
	return bytes;
}

/* ... and what it takes when the kernel puts it in, whatever its number. */
static uint64_t added_bytes(const void *fdt, int node)
{
	int length;
	const char *name = fdt_get_name(fdt, node, &length);
	const char *at = name ? memchr(name, '@', (size_t)length) : NULL;
	uint64_t base = at ? (uint64_t)(at - name) : name ? (uint64_t)length : 0;
	uint64_t bytes = node_bytes(fdt, node);

	if (name)
		bytes += padded(base + NUMBER_MAX) - padded((uint64_t)length + 1);
	if (!fdt_getprop(fdt, node, "name", NULL))
		bytes += PROPERTY_BYTES + padded(base + 1);
	return bytes + NEW_PER_CPU;
}

/* CPUs to Linux, of one node: threads. */
static uint64_t threads_of(const void *fdt, int node)
{
	int length;

	return fdt_getprop(fdt, node, "ibm,ppc-interrupt-server#s", &length) && length >= 4
		       ? (uint64_t)length / 4
		       : 1;
}

uint64_t ppc64le_cpu_room(const void *fdt, uint64_t possible)
{
	uint64_t there = 0, largest = 0, threads = UINT64_MAX, cores, all;

	for (int node = devtree_first_cpu(fdt); node >= 0; node = devtree_next_cpu(fdt, node)) {
		uint64_t bytes = added_bytes(fdt, node), own = threads_of(fdt, node);

		there += node_bytes(fdt, node);
		if (bytes > largest)
			largest = bytes;
		if (own < threads)
			threads = own;
	}
	if (largest == 0)
		return 0;
	cores = possible / threads + (possible % threads ? 1 : 0);
	all = cores * largest;
	return NEW_NAMES + (all > there ? all - there : 0);
}
