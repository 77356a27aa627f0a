// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory map of a capture kernel. It is all that the new kernel knows of memory: what is no
 * RAM here it never allocates, and what is RAM here it may write over, so the elfcorehdr has to be
 * cut out of it, to the last byte that the running kernel may fill.
 */
#include <stdlib.h>

#include "kexec/arch/x86_64/x86_64.h"
#include "lib/checked.h"

/*
 * What does not fit into boot_params goes into one node of setup_data, and of that the new kernel's
 * early code maps NR_FIX_BTMAPS pages at most, in which the node may begin anywhere
 * (arch/x86/include/asm/fixmap.h, mm/early_ioremap.c); a longer one kills it before it can print.
 */
#define NODE_PAGES_MAX 64
#define ENTRIES_MAX    ((NODE_PAGES_MAX - 1) * X86_64_PAGE / 20)

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

/* Low RAM, the crash regions and what CMA lends, in whole pages; without keep_off, and without what
 * firmware owns: where the new kernel unpacks itself is chosen by the RAM in the map alone. */
static int usable(const struct iomem *iomem, const struct rangeset *cma, struct range keep_off,
	struct rangeset *ret)
{
	struct rangeset all = RANGESET_INIT, taken = RANGESET_INIT;
	const struct rangeset *const firmware[] = { &iomem->acpi_tables, &iomem->acpi_nvs,
		&iomem->firmware_reserved };
	int status = rangeset_add_all(&all, &iomem->ram);

	rangeset_clip(&all, (struct range){ 0, X86_64_LOW_MEMORY });
	if (!status)
		status = rangeset_add_all(&all, &iomem->crash);
	if (!status)
		status = rangeset_add_all(&all, cma);
	if (!status)
		status = rangeset_add(&taken, keep_off.start, keep_off.end);
	for (size_t i = 0; i < sizeof(firmware) / sizeof(firmware[0]) && !status; i++)
		status = rangeset_add_all(&taken, firmware[i]);
	rangeset_normalize(&all);
	/* The first page is the BIOS's, whatever is said of it. */
	rangeset_clip(&all, (struct range){ X86_64_PAGE, UINT64_MAX });
	rangeset_normalize(&taken);
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
	if (status)
		err_no_memory(err);
	else if (!any)
		status = err_set(err, ST_BAD_INPUT, "crash-region-taken",
			"no page of the crash region is left to the capture kernel");
	else if (map.count > ENTRIES_MAX)
		status = err_set(err, ST_UNSUPPORTED, "e820-too-long",
			"the memory map for the new kernel has %zu ranges, of which /proc/iomem "
			"has %zu as reserved: it takes at most %u",
			map.count, iomem->firmware_reserved.count, ENTRIES_MAX);
	if (status) {
		e820_done(&map);
		return status;
	}
	*ret = map;
	return ST_OK;
}
