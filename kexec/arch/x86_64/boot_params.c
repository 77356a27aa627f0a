// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an x86 kernel is handed (Documentation/arch/x86/boot.rst and zero-page.rst): struct
 * boot_params, and behind it, in one segment, what it points to. The new kernel finds its memory,
 * its command line, its initrd and ACPI by this and by nothing else.
 */
#include <inttypes.h>
#include <string.h>

#include "kexec/arch/x86_64/x86_64.h"
#include "lib/checked.h"
#include "purgatory/abi.h"
#include "purgatory/arch/x86_64/abi.h"

/* arch/x86/include/uapi/asm/bootparam.h: offsets in struct boot_params. */
enum {
	SCREEN_INFO = 0x000,
	SCREEN_INFO_SIZE = 0x40,
	EXT_MEM_K = 0x002,
	EXT_RAMDISK_IMAGE = 0x0c0,
	EXT_RAMDISK_SIZE = 0x0c4,
	EXT_CMD_LINE_PTR = 0x0c8,
	ALT_MEM_K = 0x1e0,
	EDDBUF_ENTRIES = 0x1e9,
	EDD_MBR_SIG_BUF_ENTRIES = 0x1ea,
	SECURE_BOOT = 0x1ec,
	VID_MODE = 0x1fa,
	TYPE_OF_LOADER = 0x210,
	LOADFLAGS = 0x211,
	RAMDISK_IMAGE = 0x218,
	RAMDISK_SIZE = 0x21c,
	CMD_LINE_PTR = 0x228,
	HARDWARE_SUBARCH = 0x23c,
	SETUP_DATA = 0x250,
	EDD_MBR_SIG_BUFFER = 0x290,
	EDD_MBR_SIG_BUFFER_SIZE = 0x40,
	EDDBUF = 0xd00,
	EDDBUF_SIZE = 6 * 82,
};

#define LOADER_KEXEC	 0xd0 /* kexec is loader 0xd */
#define EXT_MEM_K_MAX	 0xfc00u
#define NODE_HEADER_SIZE 16 /* struct setup_data: next, type, len */
#define NODE_ALIGN	 8

/* efi_memory_desc_t, and struct efi_setup_data (arch/x86/include/asm/efi.h) of 12 numbers. */
#define EFI_REGION_SIZE	 40
#define EFI_REGION_ALIGN 16
#define EFI_SETUP_SIZE	 96

/* A node of setup_data, by where it begins in the segment. */
struct node {
	uint32_t type;
	size_t size; /* of its data; 0 for a node that is left out */
	size_t at;
};

enum { NODE_MAP, NODE_EFI, NODE_SEED, NODE_RECORD, NODE_WHOLE, NODE_TREE, NODES };

/* What is behind boot_params and the command line. */
struct layout {
	size_t efi_map; /* where it begins, if there is one */
	struct node nodes[NODES];
	size_t inherited; /* nodes of the running kernel begin there, or behind */
	size_t end;
};

static size_t extra_entries(const struct e820 *map)
{
	return map->count > E820_IN_PARAMS ? map->count - E820_IN_PARAMS : 0;
}

static size_t round_up(size_t at, size_t align)
{
	return (at + align - 1) / align * align;
}

/* Where a node begins that has so much data, and then where it ends. */
static size_t take_node(size_t *at, size_t size)
{
	size_t begin = round_up(*at, NODE_ALIGN);

	*at = begin + NODE_HEADER_SIZE + size;
	return begin;
}

/* The next one, from *next on, that the new kernel gets too; NULL behind the last. */
static const struct setup_node *next_inherited(const struct boot_params_wish *wish, size_t *next)
{
	const struct setup_data *list = wish->inherited;

	while (list && *next < list->count) {
		const struct setup_node *node = &list->nodes[(*next)++];

		switch (node->type) {
		case SETUP_DTB:
			if (wish->tree.size)
				break;
			return node;
		case SETUP_PCI:
		case SETUP_APPLE_PROPERTIES:
		case SETUP_JAILHOUSE:
		case SETUP_CC_BLOB:
			return node;
		default:
			break;
		}
	}
	return NULL;
}

static struct layout lay_out(const struct boot_params_wish *wish)
{
	size_t at = round_up(
		BOOT_PARAMS_LINE + strlen(wish->cmdline) + 1 + wish->tail, EFI_REGION_ALIGN);
	struct layout layout = {
		.efi_map = at,
		.nodes = {
			[NODE_MAP] = { SETUP_E820_EXT,
				extra_entries(wish->memory) * E820_ENTRY_SIZE, 0 },
			[NODE_EFI] = { SETUP_EFI, wish->efi ? EFI_SETUP_SIZE : 0, 0 },
			[NODE_SEED] = { SETUP_RNG_SEED, wish->rng_seed ? X86_64_SEED_SIZE : 0, 0 },
			[NODE_RECORD] = { PURGATORY_RECORD_SETUP_DATA,
				sizeof(struct purgatory_record_cells), 0 },
			[NODE_WHOLE] = { SETUP_WHOLE_MAP,
				wish->whole ? wish->whole->count * E820_ENTRY_SIZE : 0, 0 },
			[NODE_TREE] = { SETUP_DTB, wish->tree.size, 0 },
		},
	};
	const struct setup_node *node;
	size_t next = 0;

	if (wish->efi)
		at += wish->efi->count * EFI_REGION_SIZE;
	for (size_t i = 0; i < NODES; i++)
		if (layout.nodes[i].size)
			layout.nodes[i].at = take_node(&at, layout.nodes[i].size);
	layout.inherited = at;
	while ((node = next_inherited(wish, &next)))
		take_node(&at, node->data.size);
	layout.end = at;
	return layout;
}

size_t boot_params_size(const struct boot_params_wish *wish)
{
	return lay_out(wish).end;
}

static void put_entries(const struct e820_entry *entries, size_t count, uint8_t *at)
{
	for (size_t i = 0; i < count; i++, at += E820_ENTRY_SIZE) {
		store_le64(at, entries[i].range.start);
		store_le64(at + 8, range_size(entries[i].range));
		store_le32(at + 16, entries[i].type);
	}
}

/* KiB from 1 MiB on of the RAM that is there, as old interfaces say it. */
static uint64_t extended_memory(const struct e820 *map)
{
	for (size_t i = 0; i < map->count; i++) {
		struct range range = map->entries[i].range;

		if (map->entries[i].type == E820_RAM && range.start <= X86_64_LOW_MEMORY &&
			range.end > X86_64_LOW_MEMORY)
			return (range.end - X86_64_LOW_MEMORY) >> 10;
	}
	return 0;
}

static void put_memory(const struct boot_params_wish *wish, uint8_t *params)
{
	const struct e820 *map = wish->memory;
	size_t count = map->count - extra_entries(map);
	uint64_t extended = extended_memory(map);

	put_entries(map->entries, count, params + BOOT_PARAMS_E820_TABLE);
	params[BOOT_PARAMS_E820_ENTRIES] = (uint8_t)count;
	store_le32(params + ALT_MEM_K, extended > UINT32_MAX ? UINT32_MAX : (uint32_t)extended);
	store_le16(params + EXT_MEM_K,
		(uint16_t)(extended > EXT_MEM_K_MAX ? EXT_MEM_K_MAX : extended));
}

/* What only the running kernel knows: the screen, the disks as the BIOS saw them. */
static void put_inherited(struct span running, uint8_t *params)
{
	static const struct {
		uint16_t at, size;
	} parts[] = {
		{ SCREEN_INFO, SCREEN_INFO_SIZE },
		{ EDDBUF_ENTRIES, 1 },
		{ EDD_MBR_SIG_BUF_ENTRIES, 1 },
		{ EDD_MBR_SIG_BUFFER, EDD_MBR_SIG_BUFFER_SIZE },
		{ EDDBUF, EDDBUF_SIZE },
	};

	if (running.size != BOOT_PARAMS_SIZE)
		return;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		memcpy(params + parts[i].at, running.data + parts[i].at, parts[i].size);
}

static void put_header(const struct boot_params_wish *wish, uint64_t base, uint8_t *params)
{
	uint64_t line = base + BOOT_PARAMS_LINE;
	uint64_t initrd = wish->initrd.start, size = range_size(wish->initrd);

	memcpy(params + BZIMAGE_HEADER_START, wish->image->header.data, wish->image->header.size);
	/* Of the real mode part nothing runs, so none of its flags is true. */
	params[LOADFLAGS] = 0;
	params[TYPE_OF_LOADER] = LOADER_KEXEC;
	if (wish->running.size == BOOT_PARAMS_SIZE)
		memcpy(params + HARDWARE_SUBARCH, wish->running.data + HARDWARE_SUBARCH, 4);
	store_le32(params + CMD_LINE_PTR, (uint32_t)line);
	store_le32(params + EXT_CMD_LINE_PTR, (uint32_t)(line >> 32));
	store_le32(params + RAMDISK_IMAGE, (uint32_t)initrd);
	store_le32(params + EXT_RAMDISK_IMAGE, (uint32_t)(initrd >> 32));
	store_le32(params + RAMDISK_SIZE, (uint32_t)size);
	store_le32(params + EXT_RAMDISK_SIZE, (uint32_t)(size >> 32));
}

/*
 * Where the firmware's tables are and where it is mapped. The map is ours, with descriptors that
 * have no room for what is not known; the rest of efi_info is the running kernel's.
 */
static void put_efi(const struct boot_params_wish *wish, const struct layout *layout, uint64_t base,
	uint8_t *segment)
{
	const struct efi_runtime *efi = wish->efi;
	const uint8_t *running = wish->running.data;
	uint64_t map = base + layout->efi_map;
	uint8_t *node = segment + layout->nodes[NODE_EFI].at + NODE_HEADER_SIZE;

	memcpy(segment + BOOT_PARAMS_EFI_INFO, running + BOOT_PARAMS_EFI_INFO,
		BOOT_PARAMS_EFI_INFO_SIZE);
	segment[SECURE_BOOT] = running[SECURE_BOOT];
	store_le32(segment + BOOT_PARAMS_EFI_MEMDESC_SIZE, EFI_REGION_SIZE);
	store_le32(segment + BOOT_PARAMS_EFI_MEMMAP, (uint32_t)map);
	store_le32(segment + BOOT_PARAMS_EFI_MEMMAP_HI, (uint32_t)(map >> 32));
	store_le32(segment + BOOT_PARAMS_EFI_MEMMAP_SIZE, (uint32_t)(efi->count * EFI_REGION_SIZE));
	for (size_t i = 0; i < efi->count; i++) {
		const struct efi_region *region = &efi->regions[i];
		uint8_t *at = segment + layout->efi_map + i * EFI_REGION_SIZE;

		store_le32(at, (uint32_t)region->type);
		store_le64(at + 8, region->phys);
		store_le64(at + 16, region->virt);
		store_le64(at + 24, region->pages);
		store_le64(at + 32, region->attribute);
	}
	store_le64(node, efi->fw_vendor);
	store_le64(node + 16, efi->tables);
	store_le64(node + 24, efi->smbios);
}

/* One node more behind the one that *link is in. */
static void put_node(
	uint32_t type, size_t size, size_t at, uint64_t base, uint8_t *segment, size_t *link)
{
	store_le64(segment + *link, base + at);
	*link = at;
	store_le64(segment + at, 0);
	store_le32(segment + at + 8, type);
	store_le32(segment + at + 12, (uint32_t)size);
}

/* The list, in the order of the table; what a node of that holds is the caller's. */
static void put_nodes(const struct boot_params_wish *wish, const struct layout *layout,
	uint64_t base, uint8_t *segment)
{
	size_t link = SETUP_DATA, at = layout->inherited, next = 0;
	const struct setup_node *old;

	store_le64(segment + link, 0);
	for (size_t i = 0; i < NODES; i++) {
		const struct node *node = &layout->nodes[i];

		if (node->size)
			put_node(node->type, node->size, node->at, base, segment, &link);
	}
	while ((old = next_inherited(wish, &next))) {
		size_t begin = take_node(&at, old->data.size);

		put_node(old->type, old->data.size, begin, base, segment, &link);
		if (old->data.size)
			memcpy(segment + begin + NODE_HEADER_SIZE, old->data.data, old->data.size);
	}
}

void boot_params_put_record(uint8_t *at)
{
	store_be64(at, PURGATORY_RECORD_MAGIC);
	store_be32(at + 8, PURGATORY_RECORD_VERSION);
	store_be32(at + 12, sizeof(struct purgatory_record_cells));
}

static int note(const struct boot_params_wish *wish, struct plan *plan, struct err *err)
{
	const struct setup_node *node;
	size_t next = 0;
	int status = ST_OK;

	for (size_t i = 0; i < wish->memory->count && !status; i++) {
		const struct e820_entry *entry = &wish->memory->entries[i];

		status = plan_note_edit(plan, "set", "e820", "", err,
			"[0x%" PRIx64 ", 0x%" PRIx64 ") %s", entry->range.start, entry->range.end,
			e820_type_name(entry->type));
	}
	if (!status && range_size(wish->initrd))
		status = plan_note_edit(
			plan, "set", "hdr", "ramdisk_image", err, "0x%" PRIx64, wish->initrd.start);
	if (!status && wish->acpi_rsdp)
		status = plan_note_edit(
			plan, "keep", "", "acpi_rsdp_addr", err, "0x%" PRIx64, wish->acpi_rsdp);
	if (!status && wish->running.size)
		status = plan_note_edit(plan, "keep", "", "screen_info", err, NULL);
	if (!status && wish->efi)
		status = plan_note_edit(plan, "keep", "", "efi_info", err,
			"(%zu regions of runtime services)", wish->efi->count);
	if (!status && wish->rng_seed)
		status = plan_note_edit(
			plan, "set", "setup_data", "rng_seed", err, "(%d bytes)", X86_64_SEED_SIZE);
	if (!status)
		status = plan_note_edit(plan, "set", "setup_data", "purgatory", err,
			"(%zu bytes for what purgatory will find)",
			sizeof(struct purgatory_record_cells));
	if (!status && wish->whole && wish->whole->count)
		status = plan_note_edit(plan, "set", "setup_data", "whole_map", err,
			"(%zu ranges, for a restart from the capture kernel)", wish->whole->count);
	if (!status && wish->tree.size)
		status = plan_note_edit(plan, "set", "setup_data", "dtb", err,
			"(%zu bytes, for a kernel with CONFIG_OF)", wish->tree.size);
	while (!status && (node = next_inherited(wish, &next)))
		status = plan_note_edit(plan, "keep", "setup_data", "inherited", err,
			"(type %u, %zu bytes)", node->type, node->data.size);
	return status;
}

int boot_params_build(const struct boot_params_wish *wish, uint64_t base, struct plan *plan,
	uint64_t *ret_record, struct err *err)
{
	const struct layout layout = lay_out(wish);
	const struct node *nodes = layout.nodes;
	const struct e820 *map = wish->memory;
	uint8_t *segment;

	if (blob_zeroed(&plan->boot_params, layout.end))
		return err_no_memory(err);
	segment = plan->boot_params.data;
	put_inherited(wish->running, segment);
	put_header(wish, base, segment);
	put_memory(wish, segment);
	store_le64(segment + BOOT_PARAMS_ACPI_RSDP, wish->acpi_rsdp);
	memcpy(segment + BOOT_PARAMS_LINE, wish->cmdline, strlen(wish->cmdline));
	put_nodes(wish, &layout, base, segment);
	if (wish->efi)
		put_efi(wish, &layout, base, segment);
	put_entries(map->entries + E820_IN_PARAMS, extra_entries(map),
		segment + nodes[NODE_MAP].at + NODE_HEADER_SIZE);
	if (wish->whole)
		put_entries(wish->whole->entries, wish->whole->count,
			segment + nodes[NODE_WHOLE].at + NODE_HEADER_SIZE);
	if (wish->rng_seed)
		memcpy(segment + nodes[NODE_SEED].at + NODE_HEADER_SIZE, wish->rng_seed,
			X86_64_SEED_SIZE);
	if (wish->tree.size)
		memcpy(segment + nodes[NODE_TREE].at + NODE_HEADER_SIZE, wish->tree.data,
			wish->tree.size);
	boot_params_put_record(segment + nodes[NODE_RECORD].at + NODE_HEADER_SIZE);
	*ret_record = base + nodes[NODE_RECORD].at + NODE_HEADER_SIZE;
	return note(wish, plan, err);
}
