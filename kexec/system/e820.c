// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/system/e820.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/checked.h"
#include "lib/cursor.h"

#define MEMMAP_DIR "/sys/firmware/memmap"

/* A map of boot_params and setup_data has 128 and some; each DIMM that was plugged in is one. */
#define ENTRIES_MAX 65536u
#define TYPE_MAX    64u

static const struct {
	uint32_t type;
	const char *name;
	const char *shown; /* arch/x86/kernel/e820.c:e820_type_to_string */
} types[] = {
	{ E820_RAM, "RAM", "System RAM" },
	{ E820_RESERVED, "reserved", "Reserved" },
	{ E820_ACPI, "ACPI tables", "ACPI Tables" },
	{ E820_NVS, "ACPI NVS", "ACPI Non-volatile Storage" },
	{ E820_UNUSABLE, "unusable", "Unusable memory" },
	{ E820_PMEM, "persistent", "Persistent Memory" },
	{ E820_PRAM, "persistent, old", "Persistent Memory (legacy)" },
	{ E820_SOFT_RESERVED, "soft reserved", "Soft Reserved" },
};

#define TYPES (sizeof(types) / sizeof(types[0]))

void e820_done(struct e820 *map)
{
	free(map->entries);
	*map = (struct e820){ .entries = NULL };
}

const char *e820_type_name(uint32_t type)
{
	for (size_t i = 0; i < TYPES; i++)
		if (types[i].type == type)
			return types[i].name;
	return "unknown";
}

static int make_room(struct e820 *map, size_t more)
{
	struct e820_entry *entries =
		realloc(map->entries, (map->count + more + 1) * sizeof(*entries));

	if (!entries)
		return ST_NO_MEMORY;
	map->entries = entries;
	return ST_OK;
}

int e820_add_ranges(struct e820 *map, const struct rangeset *ranges, uint32_t type)
{
	if (make_room(map, ranges->count))
		return ST_NO_MEMORY;
	for (size_t i = 0; i < ranges->count; i++)
		map->entries[map->count++] = (struct e820_entry){ ranges->ranges[i], type };
	return ST_OK;
}

int e820_add_all(struct e820 *map, const struct e820 *more)
{
	if (make_room(map, more->count))
		return ST_NO_MEMORY;
	for (size_t i = 0; i < more->count; i++)
		map->entries[map->count++] = more->entries[i];
	return ST_OK;
}

int e820_ram(const struct e820 *map, struct rangeset *ret)
{
	struct rangeset ram = RANGESET_INIT, rest = RANGESET_INIT;
	int status = ST_OK;

	for (size_t i = 0; i < map->count && !status; i++)
		status = rangeset_add(map->entries[i].type == E820_RAM ? &ram : &rest,
			map->entries[i].range.start, map->entries[i].range.end);
	rangeset_normalize(&ram);
	rangeset_normalize(&rest);
	if (!status)
		status = rangeset_subtract(&ram, &rest, ret);
	rangeset_done(&ram);
	rangeset_done(&rest);
	return status;
}

int e820_keep_ram(struct e820 *map, const struct rangeset *ram)
{
	struct rangeset all = RANGESET_INIT, gone = RANGESET_INIT, kept = RANGESET_INIT;
	struct e820 left = { .entries = NULL };
	int status = e820_ram(map, &all);

	/* What is in both: all but what is only in the one. */
	if (!status)
		status = rangeset_subtract(&all, ram, &gone);
	if (!status)
		status = rangeset_subtract(&all, &gone, &kept);
	if (!status)
		status = e820_add_ranges(&left, &kept, E820_RAM);
	if (!status)
		status = make_room(&left, map->count);
	for (size_t i = 0; i < map->count && !status; i++)
		if (map->entries[i].type != E820_RAM)
			left.entries[left.count++] = map->entries[i];
	rangeset_done(&all);
	rangeset_done(&gone);
	rangeset_done(&kept);
	if (status) {
		e820_done(&left);
		return status;
	}
	e820_done(map);
	*map = left;
	return ST_OK;
}

int e820_parse(struct span bytes, struct e820 *map, struct err *err)
{
	if (make_room(map, bytes.size / E820_ENTRY_SIZE))
		return err_no_memory(err);
	for (; bytes.size >= E820_ENTRY_SIZE;
		bytes.data += E820_ENTRY_SIZE, bytes.size -= E820_ENTRY_SIZE) {
		struct e820_entry entry = { .type = load_le32(bytes.data + 16) };
		uint64_t size = load_le64(bytes.data + 8);

		entry.range.start = load_le64(bytes.data);
		if (size && add_u64(entry.range.start, size, &entry.range.end))
			map->entries[map->count++] = entry;
	}
	return ST_OK;
}

static uint32_t type_of(struct span shown)
{
	/* As it was called before 4.20. */
	if (span_equals(shown, "reserved"))
		return E820_RESERVED;
	for (size_t i = 0; i < TYPES; i++)
		if (span_equals(shown, types[i].shown))
			return types[i].type;
	return E820_RESERVED;
}

static int read_type(const struct sysroot *root, const char *path, uint32_t *ret, struct err *err)
{
	struct blob text = BLOB_INIT;
	int status = sysroot_read_text(root, path, TYPE_MAX, &text, err);

	if (status == ST_OK)
		*ret = type_of(span_trim(blob_span(&text)));
	blob_done(&text);
	return status;
}

static int read_entry(
	const struct sysroot *root, const char *name, struct e820_entry *ret, struct err *err)
{
	char path[sizeof(MEMMAP_DIR) + NAME_MAX + 8];
	uint64_t last;
	int status;

	snprintf(path, sizeof(path), MEMMAP_DIR "/%s/start", name);
	status = sysroot_read_u64(root, path, 16, &ret->range.start, err);
	snprintf(path, sizeof(path), MEMMAP_DIR "/%s/end", name);
	if (!status)
		status = sysroot_read_u64(root, path, 16, &last, err);
	snprintf(path, sizeof(path), MEMMAP_DIR "/%s/type", name);
	if (!status)
		status = read_type(root, path, &ret->type, err);
	if (status)
		return status;
	if (last < ret->range.start || !add_u64(last, 1, &ret->range.end))
		return err_set(err, ST_BAD_INPUT, "firmware-map",
			MEMMAP_DIR "/%s is [0x%" PRIx64 ", 0x%" PRIx64
				   "], wanted an end that is not before the start",
			name, ret->range.start, last);
	return ST_OK;
}

static int by_address(const void *left, const void *right)
{
	const struct e820_entry *a = left, *b = right;

	return a->range.start < b->range.start ? -1 : a->range.start > b->range.start;
}

void e820_sort(struct e820 *map)
{
	if (map->count)
		qsort(map->entries, map->count, sizeof(*map->entries), by_address);
}

/* The folders are numbers, which count as the entries came. */
static int read_entries(
	const struct sysroot *root, char **names, size_t count, struct e820 *map, struct err *err)
{
	int status = ST_OK;

	if (make_room(map, count))
		return err_no_memory(err);
	for (size_t i = 0; i < count && !status; i++) {
		status = read_entry(root, names[i], &map->entries[map->count], err);
		/* A DIMM that was taken out meanwhile. */
		if (status == ST_NOT_FOUND) {
			err_clear(err);
			status = ST_OK;
		} else if (!status) {
			map->count++;
		}
	}
	e820_sort(map);
	return status;
}

int e820_read_firmware(const struct sysroot *root, struct e820 *ret, struct err *err)
{
	struct e820 map = { .entries = NULL };
	char **names;
	size_t count;
	int status = sysroot_list(root, MEMMAP_DIR, &names, &count, err);

	if (status)
		return status;
	if (count > ENTRIES_MAX)
		status = err_set(err, ST_BAD_INPUT, "firmware-map",
			MEMMAP_DIR " has %zu entries, wanted at most %u", count, ENTRIES_MAX);
	else
		status = read_entries(root, names, count, &map, err);
	sysroot_free_names(names, count);
	if (!status && map.count == 0)
		status = err_set(err, ST_NOT_FOUND, "firmware-map", MEMMAP_DIR " is empty");
	if (status)
		e820_done(&map);
	else
		*ret = map;
	return status;
}
