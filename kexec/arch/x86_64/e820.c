// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory map of a capture kernel. It is all that the new kernel knows of memory: what is no
 * RAM here it never allocates, and what is RAM here it may write over, so the elfcorehdr has to be
 * cut out of it, to the last byte that the running kernel may fill.
 */
#include <stdlib.h>

#include "kexec/arch/x86_64/x86_64.h"
#include "lib/checked.h"

void e820_done(struct e820 *map)
{
	free(map->entries);
	*map = (struct e820){ .entries = NULL };
}

const char *e820_type_name(enum e820_type type)
{
	switch (type) {
	case E820_RAM:
		return "RAM";
	case E820_RESERVED:
		return "reserved";
	case E820_ACPI:
		return "ACPI tables";
	case E820_NVS:
		return "ACPI NVS";
	}
	return "unknown";
}

static int add_all(struct e820 *map, const struct rangeset *ranges, enum e820_type type)
{
	struct e820_entry *entries =
		realloc(map->entries, (map->count + ranges->count + 1) * sizeof(*entries));

	if (!entries)
		return ST_NO_MEMORY;
	map->entries = entries;
	for (size_t i = 0; i < ranges->count; i++)
		entries[map->count++] = (struct e820_entry){ ranges->ranges[i], type };
	return ST_OK;
}

/* Low RAM, the crash regions and what CMA lends, in whole pages and without keep_off. */
static int usable(const struct iomem *iomem, const struct rangeset *cma, struct range keep_off,
	struct rangeset *ret)
{
	struct rangeset all = RANGESET_INIT, taken = RANGESET_INIT;
	const struct range low = { X86_64_PAGE, X86_64_LOW_MEMORY };
	const struct rangeset *const given[] = { &iomem->crash, cma };
	int status = ST_OK;

	for (size_t i = 0; i < iomem->ram.count && !status; i++) {
		struct range range = range_clip(iomem->ram.ranges[i], low);

		if (range.start < range.end)
			status = rangeset_add(&all, range.start, range.end);
	}
	for (size_t set = 0; set < sizeof(given) / sizeof(given[0]); set++)
		for (size_t i = 0; i < given[set]->count && !status; i++)
			status = rangeset_add(
				&all, given[set]->ranges[i].start, given[set]->ranges[i].end);
	if (!status && keep_off.start < keep_off.end)
		status = rangeset_add(&taken, keep_off.start, keep_off.end);
	rangeset_normalize(&all);
	if (!status)
		status = rangeset_subtract(&all, &taken, ret);
	rangeset_align_inward(ret, X86_64_PAGE);
	rangeset_done(&all);
	rangeset_done(&taken);
	return status;
}

int e820_for_crash(const struct iomem *iomem, const struct rangeset *cma, struct range keep_off,
	struct e820 *ret, struct err *err)
{
	struct rangeset ram = RANGESET_INIT;
	struct e820 map = { .entries = NULL };
	int status = usable(iomem, cma, keep_off, &ram);
	bool any = ram.count != 0;

	/* First, for the kernel's early code looks at what is in boot_params only. */
	if (!status)
		status = add_all(&map, &ram, E820_RAM);
	if (!status)
		status = add_all(&map, &iomem->acpi_tables, E820_ACPI);
	if (!status)
		status = add_all(&map, &iomem->acpi_nvs, E820_NVS);
	if (!status)
		status = add_all(&map, &iomem->firmware_reserved, E820_RESERVED);
	rangeset_done(&ram);
	if (status || !any) {
		e820_done(&map);
		return status ? err_no_memory(err)
			      : err_set(err, ST_BAD_INPUT, "crash-region-taken",
					"no page of the crash region is left to the capture "
					"kernel");
	}
	*ret = map;
	return ST_OK;
}
