/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine of plan_machine.h as one for x86_64, with a bzImage to load. What memory it has, and
 * where its kernel is, is for the test to say. */
#ifndef TESTS_UNIT_X86_MACHINE_H
#define TESTS_UNIT_X86_MACHINE_H

#include "tests/unit/bzimage.h"
#include "tests/unit/plan_machine.h"

/* Take the kernel in file, which bzimage_parse() accepts or not; what it says is the answer. */
__attribute__((unused)) static int pm_bzimage(
	struct plan_machine *pm, const uint8_t *file, size_t size)
{
	struct image image = { .kind = IMAGE_BZIMAGE, .kind_name = "bzImage" };
	int status;

	image_done(&pm->image);
	pm_must(blob_append(&image.memory, file, size) == ST_OK, "memory");
	status = bzimage_parse(blob_span(&image.memory), &image.bzimage, &pm->err);
	image.file = blob_span(&image.memory);
	image.data = image.bzimage.loaded;
	image.mem_size = image.bzimage.init_size;
	pm->image = image;
	return status;
}

/* As pm_init() does. */
__attribute__((unused)) static void pm_init_x86_64(struct plan_machine *pm)
{
	uint8_t file[TEST_FILE_SIZE];

	pm_init(pm);
	blob_done(&pm->machine.fdt);
	pm_kcore(pm, NULL, 0);
	strcpy(pm->machine.name, "x86_64");
	pm->machine.firmware = (struct firmware){ .acpi = true, .acpi_memory_devices = true };
	pm_must(blob_zeroed(&pm->machine.x86_boot.params, BOOT_PARAMS_SIZE) == ST_OK, "memory");
	memset(pm->machine.x86_boot.params.data, 0xee, BOOT_PARAMS_SIZE);
	make_bzimage(file);
	pm_must(pm_bzimage(pm, file, sizeof(file)) == ST_OK, "bzImage");
	pm->inputs.arch = arch_find("x86_64");
}

/* The firmware lists such memory, too. */
__attribute__((unused)) static void pm_know(
	struct plan_machine *pm, uint64_t start, uint64_t end, uint32_t type)
{
	struct rangeset one = RANGESET_INIT;
	struct e820 *map = &pm->machine.x86_boot.memory;

	pm_must(rangeset_add(&one, start, end) == ST_OK, "memory");
	pm_must(e820_add_ranges(map, &one, type) == ST_OK, "memory");
	rangeset_done(&one);
	rangeset_done(&pm->machine.boot_memory);
	pm_must(e820_ram(map, &pm->machine.boot_memory) == ST_OK, "memory");
}

#endif
