// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/system/efi_runtime.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/checked.h"
#include "lib/cursor.h"

#define EFI_DIR	  "/sys/firmware/efi"
#define MAP_DIR	  EFI_DIR "/runtime-map"
#define PAGE_SIZE 4096u

/* Some dozens are usual. */
#define REGIONS_MAX 1024u

void efi_runtime_done(struct efi_runtime *runtime)
{
	free(runtime->regions);
	*runtime = (struct efi_runtime){ .count = 0 };
}

int efi_systab_address(struct span text, const char *name, uint64_t *ret, struct err *err)
{
	struct cursor cursor = cursor_over(text);
	struct span line;
	uint64_t address;

	while (cursor_line(&cursor, &line)) {
		if (!span_skip(&line, name))
			continue;
		if (span_number(span_trim(line), 16, &address) && address != 0) {
			*ret = address;
			return ST_OK;
		}
		return err_set(err, ST_BAD_INPUT, "efi-systab",
			EFI_SYSTAB_PATH " line %zu: wanted \"%sADDRESS\"", cursor.line, name);
	}
	return err_set(
		err, ST_NOT_FOUND, "efi-systab", EFI_SYSTAB_PATH " has no line \"%s\"", name);
}

static int check_region(size_t number, const struct efi_region *region, struct err *err)
{
	uint64_t size, end;

	if (region->virt == 0)
		return err_set(err, ST_NOT_FOUND, "efi-runtime",
			MAP_DIR "/%zu has no virtual address: the running kernel has not entered "
				"EFI's virtual mode",
			number);
	if (region->type > UINT32_MAX || region->pages == 0 ||
		!is_aligned(region->phys | region->virt, PAGE_SIZE) ||
		!mul_u64(region->pages, PAGE_SIZE, &size) || !add_u64(region->phys, size, &end) ||
		!add_u64(region->virt, size - 1, &end))
		return err_set(err, ST_BAD_INPUT, "efi-runtime",
			MAP_DIR "/%zu makes no sense: 0x%" PRIx64 " pages at 0x%" PRIx64
				", virtual 0x%" PRIx64 ", type 0x%" PRIx64,
			number, region->pages, region->phys, region->virt, region->type);
	return ST_OK;
}

static int read_region(
	const struct sysroot *root, size_t number, struct efi_region *ret, struct err *err)
{
	const struct {
		const char *name;
		uint64_t *ret;
	} parts[] = {
		{ "type", &ret->type },
		{ "phys_addr", &ret->phys },
		{ "virt_addr", &ret->virt },
		{ "num_pages", &ret->pages },
		{ "attribute", &ret->attribute },
	};
	char path[sizeof(MAP_DIR) + 40];
	int status = ST_OK;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && !status; i++) {
		snprintf(path, sizeof(path), MAP_DIR "/%zu/%s", number, parts[i].name);
		status = sysroot_read_u64(root, path, 16, parts[i].ret, err);
	}
	return status ? status : check_region(number, ret, err);
}

/* By their numbers, which count from 0: the directory has them in another order. */
static int read_map(const struct sysroot *root, struct efi_runtime *runtime, struct err *err)
{
	char **names;
	size_t count;
	int status = sysroot_list(root, MAP_DIR, &names, &count, err);

	if (status)
		return status;
	sysroot_free_names(names, count);
	if (count == 0 || count > REGIONS_MAX)
		return err_set(err, count ? ST_BAD_INPUT : ST_NOT_FOUND, "efi-runtime",
			MAP_DIR " has %zu regions, 1 to %u are possible", count, REGIONS_MAX);
	runtime->regions = calloc(count, sizeof(*runtime->regions));
	if (!runtime->regions)
		return err_no_memory(err);
	for (size_t i = 0; i < count && !status; i++)
		status = read_region(root, i, &runtime->regions[i], err);
	runtime->count = count;
	return status;
}

static int read_tables(const struct sysroot *root, struct efi_runtime *runtime, struct err *err)
{
	struct blob systab = BLOB_INIT;
	int status = sysroot_read_u64(root, EFI_DIR "/fw_vendor", 16, &runtime->fw_vendor, err);

	if (!status)
		status = sysroot_read_u64(root, EFI_DIR "/config_table", 16, &runtime->tables, err);
	if (!status && (runtime->fw_vendor == 0 || runtime->tables == 0))
		status = err_set(err, ST_BAD_INPUT, "efi-runtime",
			EFI_DIR "/fw_vendor and config_table are 0x%" PRIx64 " and 0x%" PRIx64
				", wanted addresses",
			runtime->fw_vendor, runtime->tables);
	if (!status)
		status = sysroot_read_text(root, EFI_SYSTAB_PATH, EFI_SYSTAB_MAX, &systab, err);
	if (!status) {
		status = efi_systab_address(blob_span(&systab), "SMBIOS=0x", &runtime->smbios, err);
		if (status == ST_NOT_FOUND)
			status = ST_OK;
	}
	blob_done(&systab);
	return status;
}

int efi_runtime_read(const struct sysroot *root, struct efi_runtime *ret, struct err *err)
{
	struct efi_runtime runtime = { .count = 0 };
	int status = read_map(root, &runtime, err);

	if (!status)
		status = read_tables(root, &runtime, err);
	if (status)
		efi_runtime_done(&runtime);
	else
		*ret = runtime;
	return status;
}
