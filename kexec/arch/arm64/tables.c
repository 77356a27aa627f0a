// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/arch/arm64/tables.h"

#include "lib/bytes.h"
#include "lib/checked.h"
#include "purgatory/abi.h"
#include "purgatory/arch/arm64/abi.h"

#define ENTRIES	      512
#define ENTRY_SIZE    8
#define LEVEL_LAST    3
#define LEVEL_BLOCKS  1 /* from here on an entry can map all it covers: 1 GiB, 2 MiB */
#define ADDRESS_LIMIT (1ull << 48)

/* Descriptors: DDI 0487, D8.3.1 and D8.3.2. */
#define VALID	     (1ull << 0)
#define TABLE	     (1ull << 1) /* a table; in a table of the last level, a page */
#define ATTR_DEVICE  (1ull << 2) /* AttrIndx 1; 0 is Normal memory */
#define AP_1	     (1ull << 6) /* EL0 may, too; where there is no EL0, always one */
#define AP_2_READ    (1ull << 7) /* no writes */
#define SH_INNER     (3ull << 8)
#define ACCESSED     (1ull << 10)
#define PXN	     (1ull << 53) /* not to be executed by ourselves; where there is no EL0, zero */
#define UXN	     (1ull << 54) /* not at EL0; where there is no EL0, not at all */
#define ADDRESS_MASK 0x0000fffffffff000ull

struct tables {
	uint64_t base;
	uint8_t *memory;
	size_t count, used;
};

static const char too_many[] = "too many page tables are needed";

/* Address bits below those that choose an entry at this level. */
static unsigned int level_shift(unsigned int level)
{
	return 12 + 9 * (LEVEL_LAST - level);
}

/* All bits of a leaf but those of its address and level. */
static uint64_t leaf_bits(enum arm64_access access, enum arm64_regime regime)
{
	uint64_t bits = VALID | ACCESSED;

	bits |= access == ARM64_DEVICE ? ATTR_DEVICE : SH_INNER;
	if (access == ARM64_CODE || access == ARM64_READ)
		bits |= AP_2_READ;
	if (regime == ARM64_EL2_ONLY)
		return bits | AP_1 | (access == ARM64_CODE ? 0 : UXN);
	return bits | UXN | (access == ARM64_CODE ? 0 : PXN);
}

static uint8_t *entry_at(const struct tables *tables, size_t table, uint64_t index)
{
	return tables->memory + table * ARM64_TABLE_SIZE + index * ENTRY_SIZE;
}

/* The table that an entry leads to, made if it leads nowhere; or what is wrong. */
static const char *child_of(struct tables *tables, uint8_t *entry, size_t *ret)
{
	uint64_t descriptor = load_le64(entry);

	if (descriptor == 0) {
		if (tables->used == tables->count)
			return too_many;
		*ret = tables->used++;
		store_le64(entry, (tables->base + *ret * ARM64_TABLE_SIZE) | VALID | TABLE);
		return NULL;
	}
	if (!(descriptor & TABLE))
		return "two of its mappings overlap";
	*ret = (size_t)(((descriptor & ADDRESS_MASK) - tables->base) / ARM64_TABLE_SIZE);
	return NULL;
}

/* Map range, which this table covers, at this level and, where that is too coarse, below. */
static const char *map(
	struct tables *tables, size_t table, unsigned int level, struct range range, uint64_t leaf)
{
	uint64_t covered = 1ull << level_shift(level);

	for (uint64_t at = range.start, end; at < range.end; at = end) {
		uint8_t *entry = entry_at(tables, table, at / covered % ENTRIES);
		const char *problem;
		size_t child;

		end = align_down(at, covered) + covered;
		if (end > range.end)
			end = range.end;
		if (level >= LEVEL_BLOCKS && end - at == covered) {
			if (load_le64(entry) != 0)
				return "two of its mappings overlap";
			store_le64(entry, at | leaf | (level == LEVEL_LAST ? TABLE : 0));
			continue;
		}
		problem = child_of(tables, entry, &child);
		if (!problem)
			problem = map(tables, child, level + 1, (struct range){ at, end }, leaf);
		if (problem)
			return problem;
	}
	return NULL;
}

static const char *check(const struct arm64_mapping *mapping)
{
	struct range range = mapping->range;

	if (range.end > ADDRESS_LIMIT || range.start > range.end)
		return "an address is beyond 48 bits";
	if (!is_aligned(range.start, ARM64_TABLE_SIZE) || !is_aligned(range.end, ARM64_TABLE_SIZE))
		return "a mapping is not in whole pages";
	return NULL;
}

const char *arm64_tables_build(const struct arm64_mapping *mappings, size_t mapping_count,
	enum arm64_regime regime, uint64_t base, uint8_t *memory, size_t count, size_t *ret_used)
{
	struct tables tables = { .base = base, .memory = memory, .count = count, .used = 1 };
	const char *problem = NULL;
	uint64_t end;

	if (count == 0)
		return too_many;
	if (!is_aligned(base, ARM64_TABLE_SIZE) || !mul_u64(count, ARM64_TABLE_SIZE, &end) ||
		!add_u64(base, end, &end) || end > ADDRESS_LIMIT)
		return "an address is beyond 48 bits";
	for (size_t i = 0; i < mapping_count && !problem; i++) {
		problem = check(&mappings[i]);
		if (!problem)
			problem = map(&tables, 0, 0, mappings[i].range,
				leaf_bits(mappings[i].access, regime));
	}
	if (!problem)
		*ret_used = tables.used;
	return problem;
}

/* The pages that hold the registers: eight of an 8250, and a PL011's are below 0x48. */
static struct range console_range(const struct console *console)
{
	unsigned int shift = console->type == CONSOLE_8250 ? console->reg_shift : 4;
	struct range range = { align_down(console->base, ARM64_TABLE_SIZE), UINT64_MAX };

	/* What cannot be is beyond 48 bits, and is refused as such. */
	if (shift < 32 && add_u64(console->base, 8ull << shift, &range.end) &&
		align_up(range.end, ARM64_TABLE_SIZE, &range.end))
		return range;
	range.end = UINT64_MAX;
	return range;
}

/* All that purgatory touches while the MMU is on. */
static size_t list_mappings(const struct plan_inputs *inputs, const struct plan *plan,
	const struct purgatory_layout *layout, struct arm64_mapping *mappings)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->segment_count; i++) {
		const struct segment *segment = &plan->segments[i];

		if (segment->digested)
			mappings[count++] = (struct arm64_mapping){
				{ segment->mem, segment->mem + segment->memsz }, ARM64_READ
			};
	}
	mappings[count++] = (struct arm64_mapping){ { layout->start, layout->stack }, ARM64_CODE };
	mappings[count++] =
		(struct arm64_mapping){ { layout->stack, layout->tables }, ARM64_WRITE };
	if (inputs->console.type != CONSOLE_NONE)
		mappings[count++] =
			(struct arm64_mapping){ console_range(&inputs->console), ARM64_DEVICE };
	return count;
}

_Static_assert(ARM64_TABLES_MAX *ARM64_TABLE_SIZE <= PURGATORY_TABLES_SIZE_MAX, "abi");
_Static_assert((int)ARM64_WITH_EL0 == PURGATORY_TABLES_WITH_EL0, "abi");
_Static_assert((int)ARM64_EL2_ONLY == PURGATORY_TABLES_EL2_ONLY, "abi");

const char *arm64_purgatory_tables(const struct plan_inputs *inputs, const struct plan *plan,
	const struct purgatory_layout *layout, uint8_t *memory, struct range *ret_sets)
{
	struct arm64_mapping mappings[KEXEC_SEGMENT_MAX + 3];
	size_t count = list_mappings(inputs, plan, layout, mappings);
	uint64_t at = layout->tables;

	for (int set = ARM64_WITH_EL0; set <= ARM64_EL2_ONLY; set++) {
		size_t used;
		const char *problem = arm64_tables_build(mappings, count, (enum arm64_regime)set,
			at, memory + (at - layout->tables), ARM64_TABLES_MAX, &used);

		if (problem)
			return problem;
		ret_sets[set] = (struct range){ at, at + used * ARM64_TABLE_SIZE };
		at = ret_sets[set].end;
	}
	return NULL;
}
