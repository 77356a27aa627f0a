// SPDX-License-Identifier: GPL-2.0-only
/* What a machine shows of EFI's runtime services: the texts of the files, each up to a NUL; two
 * regions of the map are enough. */
#include <assert.h>

#include "kexec/system/efi_runtime.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/root.h"

#define EFI    "/sys/firmware/efi/"
#define REGION EFI "runtime-map/"

static const char *const paths[] = {
	EFI_SYSTAB_PATH,
	EFI "fw_vendor",
	EFI "config_table",
	REGION "0/type",
	REGION "0/phys_addr",
	REGION "0/virt_addr",
	REGION "0/num_pages",
	REGION "0/attribute",
	REGION "1/type",
	REGION "1/phys_addr",
	REGION "1/virt_addr",
	REGION "1/num_pages",
	REGION "1/attribute",
};

/* What is handed on is one that the next kernel can map, whole. */
static void check(const struct efi_runtime *runtime)
{
	assert(runtime->count == 1 || runtime->count == 2);
	assert(runtime->fw_vendor && runtime->tables);
	for (size_t i = 0; i < runtime->count; i++) {
		const struct efi_region *region = &runtime->regions[i];

		assert(region->virt && region->pages && region->type <= UINT32_MAX);
		assert((region->phys | region->virt) % 4096 == 0);
		assert(region->pages <= (UINT64_MAX - region->phys) / 4096);
		assert(region->pages - 1 <= (UINT64_MAX - region->virt) / 4096);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct efi_runtime runtime = { .count = 0 };
	struct err err = ERR_INIT;
	struct sysroot *files;
	int status;

	root_put_pieces(paths, sizeof(paths) / sizeof(paths[0]), (struct span){ data, size });
	assert(sysroot_new(ROOT, &files, &err) == ST_OK);
	status = efi_runtime_read(files, &runtime, &err);
	if (status == ST_OK)
		check(&runtime);
	else
		assert(err.id && err.text[0] && !runtime.regions && runtime.count == 0);
	efi_runtime_done(&runtime);
	sysroot_free(files);
	return 0;
}
