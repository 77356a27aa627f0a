// SPDX-License-Identifier: GPL-2.0-only
/* Two bytes of descriptor size, then an EFI memory map. */
#include <assert.h>

#include "kexec/system/boot_memory.h"
#include "tests/fuzz/fuzz.h"

/* Is the page of this descriptor in the set, if it has one? */
static void check_descriptor(const uint8_t *descriptor, const struct rangeset *set)
{
	uint64_t start = load_le64(descriptor + 8), pages = load_le64(descriptor + 24);

	if ((load_le64(descriptor + 32) & 0xe) && pages)
		assert(rangeset_contains(set, start, start + pages * 4096));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rangeset set = RANGESET_INIT;
	struct err err = ERR_INIT;
	struct span map;
	uint64_t each;

	if (size < 2)
		return 0;
	each = load_le16(data);
	map = (struct span){ data + 2, size - 2 };
	if (boot_memory_from_efi(map, each, &set, &err) != ST_OK) {
		assert(err.id && err.text[0] && set.count == 0);
		return 0;
	}
	for (size_t i = 1; i < set.count; i++)
		assert(set.ranges[i - 1].end < set.ranges[i].start);
	for (size_t at = 0; map.size - at >= each; at += each)
		check_descriptor(map.data + at, &set);
	rangeset_done(&set);
	return 0;
}
