// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/system/boot_memory.h"

#include <inttypes.h>
#include <libfdt.h>
#include <string.h>

#include "kexec/system/devtree.h"
#include "kexec/system/kcore.h"
#include "lib/checked.h"

/* UEFI 2.10, 7.2.3: EFI_MEMORY_DESCRIPTOR and its attributes. */
#define DESCRIPTOR_START      8
#define DESCRIPTOR_PAGES      24
#define DESCRIPTOR_ATTRIBUTES 32
#define DESCRIPTOR_MIN	      40
#define EFI_PAGE_SIZE	      4096
#define EFI_MEMORY_CACHED     0xeull /* write combining, through or back */

/* A map has a hundred descriptors of 48 bytes. */
#define EFI_MAP_MAX (1u << 20)

/* What /chosen of an EFI machine says of the map (drivers/firmware/efi/fdtparams.c). */
struct efi_map {
	uint64_t start;
	uint64_t size;
	uint64_t descriptor_size;
};

const char *const boot_memory_efi_names[BOOT_MEMORY_EFI_NAMES] = { "linux,uefi-system-table",
	"linux,uefi-mmap-start", "linux,uefi-mmap-size", "linux,uefi-mmap-desc-size",
	"linux,uefi-mmap-desc-ver" };

enum boot_efi boot_memory_efi(const void *fdt, const char **ret_missing)
{
	int chosen = fdt_path_offset(fdt, "/chosen");
	uint64_t value;

	if (chosen < 0 || !fdt_getprop(fdt, chosen, boot_memory_efi_names[0], NULL))
		return BOOT_EFI_NONE;
	for (size_t i = 0; i < BOOT_MEMORY_EFI_NAMES; i++) {
		if (devtree_address(fdt, chosen, boot_memory_efi_names[i], &value))
			continue;
		if (ret_missing)
			*ret_missing = boot_memory_efi_names[i];
		return BOOT_EFI_CUT;
	}
	return BOOT_EFI_WHOLE;
}

static bool find_efi_map(const void *fdt, struct efi_map *ret)
{
	int chosen = fdt_path_offset(fdt, "/chosen");

	return boot_memory_efi(fdt, NULL) == BOOT_EFI_WHOLE &&
	       devtree_address(fdt, chosen, "linux,uefi-mmap-start", &ret->start) &&
	       devtree_address(fdt, chosen, "linux,uefi-mmap-size", &ret->size) &&
	       devtree_address(fdt, chosen, "linux,uefi-mmap-desc-size", &ret->descriptor_size);
}

static int find_memory_node(const void *fdt, int node)
{
	while (node >= 0 && !(devtree_property_is(fdt, node, "device_type", "memory") &&
				    devtree_is_available(fdt, node)))
		node = fdt_next_subnode(fdt, node);
	return node;
}

int boot_memory_first_node(const void *fdt)
{
	return find_memory_node(fdt, fdt_first_subnode(fdt, 0));
}

int boot_memory_next_node(const void *fdt, int node)
{
	return find_memory_node(fdt, fdt_next_subnode(fdt, node));
}

static int add_node(const void *fdt, int node, struct devtree_cells cells, struct rangeset *ret,
	struct err *err)
{
	struct range range;
	const uint8_t *at;
	size_t left;
	int length;

	at = fdt_getprop(fdt, node, "linux,usable-memory", &length);
	if (!at)
		at = fdt_getprop(fdt, node, "reg", &length);
	if (!at)
		return ST_OK;
	left = (size_t)length;
	while (devtree_take_range(cells, &at, &left, &range)) {
		if (range.end == UINT64_MAX)
			return err_set(err, ST_BAD_INPUT, "fdt-memory",
				"the device tree has memory at 0x%" PRIx64
				" that leaves the 64-bit space",
				range.start);
		if (rangeset_add(ret, range.start, range.end))
			return err_no_memory(err);
	}
	return ST_OK;
}

int boot_memory_from_tree(struct span tree, struct rangeset *ret, struct err *err)
{
	struct devtree_cells cells;
	int node, status = devtree_root_cells(tree.data, &cells, err);

	for (node = boot_memory_first_node(tree.data); node >= 0 && !status;
		node = boot_memory_next_node(tree.data, node))
		status = add_node(tree.data, node, cells, ret, err);
	if (status)
		rangeset_done(ret);
	rangeset_normalize(ret);
	return status;
}

int boot_memory_from_efi(
	struct span map, uint64_t descriptor_size, struct rangeset *ret, struct err *err)
{
	int status = ST_OK;

	if (descriptor_size < DESCRIPTOR_MIN || descriptor_size > map.size)
		return err_set(err, ST_BAD_INPUT, "efi-map",
			"%zu bytes of EFI memory map in descriptors of %" PRIu64
			", wanted one at least, of %d or more",
			map.size, descriptor_size, DESCRIPTOR_MIN);
	for (size_t at = 0; map.size - at >= descriptor_size && !status; at += descriptor_size) {
		const uint8_t *descriptor = map.data + at;
		uint64_t start = load_le64(descriptor + DESCRIPTOR_START), size, end;

		if (!(load_le64(descriptor + DESCRIPTOR_ATTRIBUTES) & EFI_MEMORY_CACHED))
			continue;
		if (!mul_u64(load_le64(descriptor + DESCRIPTOR_PAGES), EFI_PAGE_SIZE, &size) ||
			!add_u64(start, size, &end))
			status = err_set(err, ST_BAD_INPUT, "efi-map",
				"EFI memory map: memory at 0x%" PRIx64
				" that leaves the 64-bit space",
				start);
		else if (rangeset_add(ret, start, end))
			status = err_no_memory(err);
	}
	if (status)
		rangeset_done(ret);
	rangeset_normalize(ret);
	return status;
}

static int read_efi_map(
	const struct sysroot *root, struct efi_map map, struct rangeset *ret, struct err *err)
{
	struct blob bytes = BLOB_INIT;
	int status;

	if (map.size > EFI_MAP_MAX)
		return err_set(err, ST_BAD_INPUT, "efi-map",
			"an EFI memory map of 0x%" PRIx64 " bytes, wanted at most 0x%x", map.size,
			EFI_MAP_MAX);
	if (blob_zeroed(&bytes, map.size))
		return err_no_memory(err);
	status = kcore_read_memory(root, map.start, bytes.data, bytes.size, err);
	if (!status)
		status = boot_memory_from_efi(blob_span(&bytes), map.descriptor_size, ret, err);
	blob_done(&bytes);
	return status;
}

int boot_memory_read(const struct sysroot *root, struct span tree, struct rangeset *ret,
	struct report *report, struct err *err)
{
	struct err why = ERR_INIT;
	struct efi_map map;
	bool efi;
	int status;

	if (tree.size == 0)
		return ST_OK;
	efi = find_efi_map(tree.data, &map);
	status = efi ? read_efi_map(root, map, ret, &why) : boot_memory_from_tree(tree, ret, &why);
	if (status == ST_NO_MEMORY)
		return err_no_memory(err);
	if (ret->count == 0)
		report_add(report, REPORT_CHOICE, "memory", "memory of the boot not known: %s",
			status ? why.text
			: efi  ? "the EFI memory map lists none"
			       : "the device tree has no memory nodes");
	return ST_OK;
}
