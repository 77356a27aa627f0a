// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/plan/page_tables.h"

#include "kexec/system/console.h"
#include "lib/bytes.h"
#include "lib/checked.h"

#define ENTRIES	      512
#define ENTRY_SIZE    8
#define ADDRESS_LIMIT (1ull << PAGE_TABLES_ADDRESS_BITS)
#define ADDRESS_MASK  (ADDRESS_LIMIT - PAGE_TABLE_SIZE)

struct tables {
	const struct page_tables_format *format;
	uint64_t base;
	uint8_t *memory;
	size_t count, used;
};

static const char too_many[] = "too many page tables are needed";
static const char too_far[] = "an address is beyond 48 bits";
static const char overlap[] = "two of its mappings overlap";

/* Bytes that an entry covers, so many levels above the last. */
static uint64_t entry_covers(unsigned int level)
{
	return (uint64_t)PAGE_TABLE_SIZE << 9 * level;
}

static uint8_t *entry_at(const struct tables *tables, size_t table, uint64_t index)
{
	return tables->memory + table * PAGE_TABLE_SIZE + index * ENTRY_SIZE;
}

/* The table that an entry leads to, made if it leads nowhere; or what is wrong. */
static const char *child_of(struct tables *tables, uint8_t *entry, size_t *ret)
{
	uint64_t descriptor = load_le64(entry);

	if (descriptor == 0) {
		if (tables->used == tables->count)
			return too_many;
		*ret = tables->used++;
		store_le64(entry, (tables->base + *ret * PAGE_TABLE_SIZE) | tables->format->table);
		return NULL;
	}
	if ((descriptor ^ tables->format->table) & tables->format->kind)
		return overlap;
	*ret = (size_t)(((descriptor & ADDRESS_MASK) - tables->base) / PAGE_TABLE_SIZE);
	return NULL;
}

/* Map range, which this table covers, at this level and, where that is too coarse, below. */
static const char *map(
	struct tables *tables, size_t table, unsigned int level, struct range range, uint64_t bits)
{
	const struct page_tables_format *format = tables->format;
	uint64_t covered = entry_covers(level);

	for (uint64_t at = range.start, end; at < range.end; at = end) {
		uint8_t *entry = entry_at(tables, table, at / covered % ENTRIES);
		const char *problem;
		size_t child;

		end = align_down(at, covered) + covered;
		if (end > range.end)
			end = range.end;
		if (level <= format->largest && end - at == covered) {
			if (load_le64(entry) != 0)
				return overlap;
			store_le64(entry, at | bits | (level == 0 ? format->page : format->block));
			continue;
		}
		problem = child_of(tables, entry, &child);
		if (!problem)
			problem = map(tables, child, level - 1, (struct range){ at, end }, bits);
		if (problem)
			return problem;
	}
	return NULL;
}

static const char *check(struct range range)
{
	if (range.end > ADDRESS_LIMIT || range.start > range.end)
		return too_far;
	if (!is_aligned(range.start, PAGE_TABLE_SIZE) || !is_aligned(range.end, PAGE_TABLE_SIZE))
		return "a mapping is not in whole pages";
	return NULL;
}

const char *page_tables_build(const struct page_tables_format *format,
	const struct page_mapping *mappings, size_t mapping_count, uint64_t base, uint8_t *memory,
	size_t count, size_t *ret_used)
{
	struct tables tables = {
		.format = format, .base = base, .memory = memory, .count = count, .used = 1
	};
	const char *problem = NULL;
	uint64_t end;

	if (count == 0)
		return too_many;
	if (!is_aligned(base, PAGE_TABLE_SIZE) || !mul_u64(count, PAGE_TABLE_SIZE, &end) ||
		!add_u64(base, end, &end) || end > ADDRESS_LIMIT)
		return too_far;
	for (size_t i = 0; i < mapping_count && !problem; i++) {
		problem = check(mappings[i].range);
		if (!problem)
			problem = map(&tables, 0, format->levels - 1, mappings[i].range,
				mappings[i].bits);
	}
	if (!problem)
		*ret_used = tables.used;
	return problem;
}

/* Eight registers of an 8250, and a PL011's are below 0x48. */
struct range console_pages(const struct console *console)
{
	unsigned int shift = console->type == CONSOLE_8250 ? console->reg_shift : 4;
	struct range range = { align_down(console->base, PAGE_TABLE_SIZE), UINT64_MAX };

	if (shift < 32 && add_u64(console->base, 8ull << shift, &range.end) &&
		align_up(range.end, PAGE_TABLE_SIZE, &range.end))
		return range;
	range.end = UINT64_MAX;
	return range;
}
