// SPDX-License-Identifier: GPL-2.0-only
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kexec/system/iomem.h"
#include "lib/cursor.h"

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

static void check_parsed(struct span text)
{
	struct iomem iomem;
	struct err err = ERR_INIT;

	if (iomem_parse(text, &iomem, &err) != ST_OK) {
		assert(err.id && err.text[0]);
		return;
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
}

/* As the bytes are, and as the file would be read. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct blob text = BLOB_INIT;

	check_parsed((struct span){ data, size });
	assert(blob_append(&text, data, size) == ST_OK);
	if (text_clean(&text, NULL) == ST_OK) {
		assert(text.size <= size && (!text.data || strlen((char *)text.data) == text.size));
		check_parsed(blob_span(&text));
	}
	blob_done(&text);
	return 0;
}
