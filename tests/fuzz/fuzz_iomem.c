// SPDX-License-Identifier: GPL-2.0-only
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "kexec/system/iomem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_set(const struct rangeset *set)
{
	for (size_t i = 0; i < set->count; i++) {
		assert(set->ranges[i].start < set->ranges[i].end);
		assert(i == 0 || set->ranges[i - 1].end < set->ranges[i].start);
	}
}

static void check_inside(const struct rangeset *inner, const struct rangeset *outer)
{
	check_set(inner);
	for (size_t i = 0; i < inner->count; i++)
		assert(rangeset_contains(outer, inner->ranges[i].start, inner->ranges[i].end));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct iomem iomem;
	struct err err = ERR_INIT;

	if (iomem_parse((struct span){ data, size }, &iomem, &err) != ST_OK) {
		assert(err.id && err.text[0]);
		return 0;
	}
	check_set(&iomem.ram);
	check_set(&iomem.reserved);
	check_set(&iomem.crash);
	check_inside(&iomem.ram_driver_managed, &iomem.ram);
	if (iomem.crash.count) {
		assert(iomem.crash_load.end == iomem.crash.ranges[iomem.crash.count - 1].end);
		assert(rangeset_contains(
			&iomem.crash, iomem.crash_load.start, iomem.crash_load.end));
	} else {
		assert(iomem.crash_load.end == 0);
	}
	iomem_done(&iomem);
	return 0;
}
