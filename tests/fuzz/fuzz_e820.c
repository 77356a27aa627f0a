// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an x86 machine shows of its memory. The input is the texts of three entries of the
 * firmware's map and of the types of two nodes of setup_data, each up to a NUL; a byte for the size
 * of the first node, its bytes, those of the second up to a NUL, and the memory map of boot_params
 * in what is left.
 */
#include <assert.h>

#include "kexec/system/x86_boot.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/root.h"

#define MEMMAP "/sys/firmware/memmap/"

static const char *const paths[] = {
	MEMMAP "0/start",
	MEMMAP "0/end",
	MEMMAP "0/type",
	MEMMAP "1/start",
	MEMMAP "1/end",
	MEMMAP "1/type",
	MEMMAP "2/start",
	MEMMAP "2/end",
	MEMMAP "2/type",
	SETUP_DATA_DIR "/0/type",
	SETUP_DATA_DIR "/1/type",
	SETUP_DATA_DIR "/1/data",
};

#define PATHS (sizeof(paths) / sizeof(paths[0]))

static struct span take_bytes(struct span *input, size_t size)
{
	struct span taken = { input->data, size < input->size ? size : input->size };

	input->data += taken.size;
	input->size -= taken.size;
	return taken;
}

/* Behind the texts. */
static struct span behind(struct span input)
{
	for (size_t i = 0; i < PATHS && input.size; i++) {
		const uint8_t *nul = memchr(input.data, 0, input.size);

		take_bytes(&input, nul ? (size_t)(nul - input.data) + 1 : input.size);
	}
	return input;
}

static void put_rest(struct span input)
{
	uint8_t params[BOOT_PARAMS_SIZE] = { 0 };
	struct span size = take_bytes(&input, 1);
	struct span node = take_bytes(&input, size.size ? size.data[0] : 0);
	struct span count = take_bytes(&input, 1);
	struct span map = take_bytes(&input, (size_t)128 * E820_ENTRY_SIZE);

	root_put(SETUP_DATA_DIR "/0/data", node.data, node.size);
	params[0x1e8] = count.size ? count.data[0] : 0;
	if (map.size)
		memcpy(params + 0x2d0, map.data, map.size);
	root_put("/sys/kernel/boot_params/data", params, sizeof(params));
}

/* RAM first, in order and apart; and nothing is empty. */
static void check(const struct x86_boot *boot)
{
	const struct e820 *map = &boot->memory;
	bool ram = true;

	for (size_t i = 0; i < map->count; i++) {
		const struct e820_entry *entry = &map->entries[i];

		assert(entry->range.start < entry->range.end);
		assert(e820_type_name(entry->type)[0]);
		assert(ram || entry->type != E820_RAM);
		ram = entry->type == E820_RAM;
		assert(!ram || i == 0 || map->entries[i - 1].range.end < entry->range.start);
	}
	for (size_t i = 0; i < boot->setup_data.count; i++)
		assert(boot->setup_data.nodes[i].type != SETUP_RNG_SEED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct x86_boot boot = { .acpi_rsdp = 0 };
	struct span input = { data, size };
	struct report report = REPORT_INIT;
	struct rangeset ram = RANGESET_INIT;
	struct err err = ERR_INIT;
	struct sysroot *files;

	root_put_pieces(paths, PATHS, input);
	put_rest(behind(input));
	assert(sysroot_new(ROOT, &files, &err) == ST_OK);
	assert(x86_boot_read(files, &boot, &report, &err) == ST_OK);
	assert(x86_boot_read_memory(files, &boot, &report, &err) == ST_OK);
	check(&boot);
	assert(e820_ram(&boot.memory, &ram) == ST_OK);
	rangeset_done(&ram);
	x86_boot_done(&boot);
	report_done(&report);
	sysroot_free(files);
	return 0;
}
