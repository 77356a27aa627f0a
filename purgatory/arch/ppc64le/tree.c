/* SPDX-License-Identifier: GPL-2.0-only */
#include "tree.h"

#include <stdbool.h>
#include <stddef.h>

/* Memory of the tree, by cells; they are big endian (Devicetree Specification 0.4, 5). */
typedef volatile uint32_t __attribute__((may_alias)) memory_cell;

#define FDT_MAGIC  0xd00dfeed
#define FDT_CELLS  10
#define BEGIN_NODE 1
#define END_NODE   2
#define PROPERTY   3
#define NOTHING	   4

/* A number that no CPU has. */
#define NO_CPU UINT32_MAX

enum fdt_header {
	FDT_TOTALSIZE = 1,
	FDT_OFF_STRUCT,
	FDT_OFF_STRINGS,
	FDT_VERSION = 5,
	FDT_BOOT_CPUID_PHYS = 7,
	FDT_SIZE_STRINGS,
	FDT_SIZE_STRUCT,
};

struct value {
	memory_cell *cells; /* NULL for none */
	uint32_t count;
};

/* A way through the structure block, and what it has met. */
struct walk {
	uint64_t at, end;
	uint32_t hash_table; /* how large to say that it is; 0 for what is there */
	uint64_t strings, strings_end;
	struct value reg;	     /* of this node */
	struct value servers;	     /* likewise: the numbers of its threads */
	struct value last, last_reg; /* of the last node that has some */
};

static uint32_t cell(uint32_t value)
{
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_bswap32(value) : value;
}

static memory_cell *cells_at(uint64_t address)
{
	return (memory_cell *)(uintptr_t)address;
}

static bool name_is(const struct walk *walk, uint32_t offset, const char *wanted)
{
	uint64_t at = walk->strings + offset;

	do
		if (at >= walk->strings_end || *(const volatile char *)(uintptr_t)at++ != *wanted)
			return false;
	while (*wanted++ != '\0');
	return true;
}

/* Behind the name of a node, and what fills it up. */
static void skip_name(struct walk *walk)
{
	while (walk->at < walk->end && *(const volatile char *)(uintptr_t)walk->at != '\0')
		walk->at++;
	walk->at = (walk->at + 4) & ~(uint64_t)3;
}

/* False where it is cut short. */
static bool take_property(struct walk *walk)
{
	struct value value;
	uint32_t size, name;

	if (walk->end - walk->at < 8)
		return false;
	size = cell(cells_at(walk->at)[0]);
	name = cell(cells_at(walk->at)[1]);
	walk->at += 8;
	if (size > walk->end - walk->at)
		return false;
	value = (struct value){ cells_at(walk->at), size / 4 };
	if (name_is(walk, name, "reg"))
		walk->reg = value;
	else if (name_is(walk, name, "ibm,ppc-interrupt-server#s"))
		walk->servers = value;
	else if (walk->hash_table && value.count == 2 && name_is(walk, name, "ibm,pft-size"))
		value.cells[1] = cell(walk->hash_table);
	walk->at += ((uint64_t)size + 3) & ~(uint64_t)3;
	return true;
}

static bool has(const struct value *servers, uint32_t id)
{
	for (uint32_t i = 0; i < servers->count; i++)
		if (cell(servers->cells[i]) == id)
			return true;
	return false;
}

/* The properties of a node stand in front of its children, so that it has all of them by then. */
static bool end_properties(struct walk *walk, uint32_t id)
{
	bool found = has(&walk->servers, id);

	if (walk->servers.count) {
		walk->last = walk->servers;
		walk->last_reg = walk->reg;
	}
	walk->servers.count = 0;
	walk->reg.count = 0;
	return found;
}

/* Is this CPU in there? To the end if not, where all that was met is good. */
static bool find(struct walk *walk, uint32_t id)
{
	while (walk->at < walk->end && walk->end - walk->at >= 4) {
		uint32_t tag = cell(*cells_at(walk->at));

		walk->at += 4;
		if ((tag == BEGIN_NODE || tag == END_NODE) && end_properties(walk, id))
			return true;
		if (tag == BEGIN_NODE)
			skip_name(walk);
		else if (tag == PROPERTY ? !take_property(walk) : tag != END_NODE && tag != NOTHING)
			break;
	}
	return false;
}

/* Its threads are numbered one after the other, from a multiple of how many they are. */
static void take_last(struct walk *walk, uint32_t id)
{
	uint32_t first;

	if (walk->last.count == 0)
		return;
	first = id - id % walk->last.count;
	for (uint32_t i = 0; i < walk->last.count; i++)
		walk->last.cells[i] = cell(first + i);
	if (walk->last_reg.count == 1)
		*walk->last_reg.cells = cell(first);
}

/* False where it is none, or one that cannot be walked through. */
static bool begin(struct walk *walk, uint64_t tree, uint64_t size)
{
	memory_cell *header = cells_at(tree);

	*walk = (struct walk){ .at = tree };
	if (tree % 4 != 0 || size < FDT_CELLS * sizeof(*header) || cell(header[0]) != FDT_MAGIC ||
		cell(header[FDT_TOTALSIZE]) > size || cell(header[FDT_VERSION]) < 17)
		return false;
	size = cell(header[FDT_TOTALSIZE]);
	walk->at += cell(header[FDT_OFF_STRUCT]);
	walk->end = walk->at + cell(header[FDT_SIZE_STRUCT]);
	walk->strings = tree + cell(header[FDT_OFF_STRINGS]);
	walk->strings_end = walk->strings + cell(header[FDT_SIZE_STRINGS]);
	return walk->at % 4 == 0 && walk->end <= tree + size && walk->strings_end <= tree + size;
}

void ppc64le_tell_boot_cpu(uint64_t tree, uint64_t size, uint32_t id)
{
	struct walk walk;

	if (!begin(&walk, tree, size))
		return;
	cells_at(tree)[FDT_BOOT_CPUID_PHYS] = cell(id);
	if (!find(&walk, id))
		take_last(&walk, id);
}

void ppc64le_tell_hash_table(uint64_t tree, uint64_t size, uint32_t shift)
{
	struct walk walk;

	if (!begin(&walk, tree, size))
		return;
	walk.hash_table = shift;
	find(&walk, NO_CPU);
}
