// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory map of the new kernel. It is all that it knows of memory: what is no RAM here it never
 * allocates, and what is RAM here it may write over, so the elfcorehdr has to be cut out of that of
 * a capture kernel, to the last byte that the running kernel may fill.
 */
#include "kexec/arch/x86_64/x86_64.h"
#include "lib/checked.h"

/*
 * What does not fit into boot_params goes into one node of setup_data, and of that the new kernel's
 * early code maps NR_FIX_BTMAPS pages at most, in which the node may begin anywhere
 * (arch/x86/include/asm/fixmap.h, mm/early_ioremap.c); a longer one kills it before it can print.
 */
#define NODE_PAGES_MAX 64
#define ENTRIES_MAX    ((NODE_PAGES_MAX - 1) * X86_64_PAGE / E820_ENTRY_SIZE)

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

/* RAM is first in it, for the kernel's early code looks at what is in boot_params only. */
static int finish(struct e820 *map, int status, struct e820 *ret, struct err *err)
{
	size_t reserved = 0;

	for (size_t i = 0; i < map->count; i++)
		reserved += map->entries[i].type == E820_RESERVED;
	if (!status && map->count > ENTRIES_MAX)
		status = err_set(err, ST_UNSUPPORTED, "e820-too-long",
			"the memory map for the new kernel has %zu ranges, of which %zu are "
			"reserved: it takes at most %u",
			map->count, reserved, ENTRIES_MAX);
	if (status)
		e820_done(map);
	else
		*ret = *map;
	return status;
}

int e820_for_crash(const struct iomem *iomem, const struct rangeset *cma, struct range keep_off,
	struct e820 *ret, struct err *err)
{
	struct rangeset ram = RANGESET_INIT;
	struct e820 map = { .entries = NULL };
	int status = usable(iomem, cma, keep_off, &ram);
	bool any = ram.count != 0;

	if (!status)
		status = e820_add_ranges(&map, &ram, E820_RAM);
	if (!status)
		status = e820_add_ranges(&map, &iomem->acpi_tables, E820_ACPI);
	if (!status)
		status = e820_add_ranges(&map, &iomem->acpi_nvs, E820_NVS);
	if (!status)
		status = e820_add_ranges(&map, &iomem->firmware_reserved, E820_RESERVED);
	rangeset_done(&ram);
	if (status)
		err_no_memory(err);
	else if (!any)
		status = err_set(err, ST_BAD_INPUT, "crash-region-taken",
			"no page of the crash region is left to the capture kernel");
	return finish(&map, status, ret, err);
}

static int check_known(const struct e820 *known, struct err *err)
{
	if (known->count)
		return ST_OK;
	err_set(err, ST_NOT_FOUND, "firmware-map-missing",
		"the firmware's memory map is known neither from /sys/firmware/memmap nor "
		"from /sys/kernel/boot_params/data");
	return err_hint(err, "a kernel with CONFIG_FIRMWARE_MEMMAP has it; is /sys mounted?");
}

int e820_for_restart(const struct x86_boot *running, struct e820 *ret, struct err *err)
{
	const struct e820 *known = &running->memory;
	struct e820 map = { .entries = NULL };
	int status = check_known(known, err);

	if (status)
		return status;
	return finish(&map, e820_add_all(&map, known) ? err_no_memory(err) : ST_OK, ret, err);
}

static int add_others(const struct e820 *known, struct e820 *map)
{
	int status = ST_OK;

	for (size_t i = 0; i < known->count && !status; i++) {
		struct e820 one = { .entries = &known->entries[i], .count = 1 };

		if (known->entries[i].type != E820_RAM)
			status = e820_add_all(map, &one);
	}
	return status;
}

/* What nobody lists is a place where the new kernel may put devices. */
int e820_for_jump(const struct x86_boot *running, const struct rangeset *room, struct e820 *ret,
	struct err *err)
{
	const struct e820 *known = &running->memory;
	struct rangeset ram = RANGESET_INIT, kept = RANGESET_INIT;
	struct e820 map = { .entries = NULL };
	int status = check_known(known, err);

	if (status)
		return status;
	status = e820_ram(known, &ram);
	if (!status)
		status = rangeset_subtract(&ram, room, &kept);
	if (!status)
		status = e820_add_ranges(&map, room, E820_RAM);
	if (!status)
		status = e820_add_ranges(&map, &kept, E820_RESERVED);
	if (!status)
		status = add_others(known, &map);
	rangeset_done(&ram);
	rangeset_done(&kept);
	return finish(&map, status ? err_no_memory(err) : ST_OK, ret, err);
}
