// SPDX-License-Identifier: GPL-2.0-only
/*
 * A Multiboot kernel, its modules, and what a boot loader tells it ("Multiboot Specification
 * version 0.6.96", 3.3; "Multiboot2 Specification version 2.0", 3.6). It is entered in 32-bit mode,
 * and all is below 4 GiB, by addresses that a kernel without page tables reaches.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/arch/x86_64/x86_64.h"
#include "kexec/plan/place.h"
#include "kexec/plan/purgatory.h"
#include "kexec/system/cmdline.h"
#include "lib/checked.h"
#include "purgatory/arch/x86_64/abi.h"

/* In eax, by which the kernel knows who has started it. */
#define LOADER_1 0x2badb002u
#define LOADER_2 0x36d76289u

/* Not "GRUB": those that start with that leave the name of the file out of the command lines. */
static const char loader_name[] = "kexec";

/* struct multiboot_info of version 1, and what is in it by its flags. */
enum {
	INFO_FLAGS = 0,
	INFO_MEM_LOWER = 4,
	INFO_MEM_UPPER = 8,
	INFO_CMDLINE = 16,
	INFO_MODS_COUNT = 20,
	INFO_MODS = 24,
	INFO_MMAP_LENGTH = 44,
	INFO_MMAP = 48,
	INFO_LOADER_NAME = 64,
	INFO_SIZE = 120, /* of 116 bytes, so that what follows is aligned */
};
#define HAS_MEMORY	0x001u
#define HAS_CMDLINE	0x004u
#define HAS_MODULES	0x008u
#define HAS_MMAP	0x040u
#define HAS_LOADER_NAME 0x200u

/* Of that version's lists. */
#define MODULE_SIZE    16u
#define MMAP_SIZE_1    24u
#define MMAP_SIZE_SELF 4u /* an entry does not count its own size */

/* Tags of version 2. */
enum {
	TAG_END = 0,
	TAG_CMDLINE = 1,
	TAG_LOADER_NAME = 2,
	TAG_MODULE = 3,
	TAG_MEMORY = 4,
	TAG_MMAP = 6,
	TAG_RSDP_1 = 14,
	TAG_RSDP_2 = 15,
	TAG_LOAD_BASE = 21,
};
#define TAG_ALIGN   8u
#define MMAP_SIZE_2 24u

#define LOWER_MAX 640u /* KiB; what is there above is no RAM to a PC */

/* The information, put together for the place where it will be. Once something has failed nothing
 * more is done. */
struct info {
	struct blob *blob;
	uint64_t base;
	int status;
};

/* Append it, and zeros up to a multiple of 8; returns its address. */
static uint32_t put(struct info *info, const void *data, size_t size)
{
	static const uint8_t fill[TAG_ALIGN];
	uint64_t at = info->base + info->blob->size;

	if (!info->status)
		info->status = blob_append(info->blob, data, size);
	if (!info->status)
		info->status = blob_append(info->blob, fill, -size % TAG_ALIGN);
	return (uint32_t)at;
}

static uint32_t put_text(struct info *info, const char *text)
{
	return put(info, text, strlen(text) + 1);
}

/* Of a map that was sorted. */
static uint64_t ram_from(const struct e820 *map, uint64_t start)
{
	uint64_t end = start;

	for (size_t i = 0; i < map->count; i++)
		if (map->entries[i].type == E820_RAM && map->entries[i].range.start <= end &&
			map->entries[i].range.end > end)
			end = map->entries[i].range.end;
	return end - start;
}

static uint32_t kib(uint64_t bytes, uint32_t most)
{
	return bytes >> 10 > most ? most : (uint32_t)(bytes >> 10);
}

static uint32_t memory_lower(const struct e820 *map)
{
	return kib(ram_from(map, 0), LOWER_MAX);
}

static uint32_t memory_upper(const struct e820 *map)
{
	return kib(ram_from(map, X86_64_LOW_MEMORY), UINT32_MAX);
}

/* Kinds of memory that only Linux has numbers for are none to others. */
static uint32_t type_of(const struct e820_entry *entry)
{
	return entry->type <= E820_UNUSABLE ? entry->type : E820_RESERVED;
}

static void fill_mmap(const struct e820 *map, uint8_t *at, size_t step)
{
	for (size_t i = 0; i < map->count; i++, at += step) {
		store_le64(at, map->entries[i].range.start);
		store_le64(at + 8, range_size(map->entries[i].range));
		store_le32(at + 16, type_of(&map->entries[i]));
	}
}

/* The module of that number, in the order given, which is that of the segments. */
static struct range module_range(
	const struct plan_inputs *inputs, const struct plan *plan, size_t number)
{
	size_t found = 0, i = 0;

	while (plan->segments[i].purpose != SEGMENT_MODULE || found++ < number)
		i++;
	return (struct range){ plan->segments[i].mem,
		plan->segments[i].mem + inputs->modules[number].bytes.size };
}

/* --- version 1 --------------------------------------------------------------------------- */

static int build_1(const struct plan_inputs *inputs, const struct plan *plan,
	const struct e820 *memory, struct info *info)
{
	size_t modules_size = inputs->modules_count * MODULE_SIZE;
	size_t mmap_size = memory->count * MMAP_SIZE_1;
	uint8_t head[INFO_SIZE] = { 0 }, *lists = calloc(1, modules_size + mmap_size);

	if (!lists)
		return ST_NO_MEMORY;
	put(info, head, sizeof(head));
	store_le32(head + INFO_FLAGS,
		HAS_MEMORY | HAS_CMDLINE | HAS_MODULES | HAS_MMAP | HAS_LOADER_NAME);
	store_le32(head + INFO_MEM_LOWER, memory_lower(memory));
	store_le32(head + INFO_MEM_UPPER, memory_upper(memory));
	store_le32(head + INFO_CMDLINE, put_text(info, plan->cmdline));
	store_le32(head + INFO_LOADER_NAME, put_text(info, loader_name));
	for (size_t i = 0; i < inputs->modules_count; i++) {
		struct range range = module_range(inputs, plan, i);

		store_le32(lists + i * MODULE_SIZE, (uint32_t)range.start);
		store_le32(lists + i * MODULE_SIZE + 4, (uint32_t)range.end);
		store_le32(lists + i * MODULE_SIZE + 8, put_text(info, inputs->modules[i].words));
	}
	for (size_t i = 0; i < memory->count; i++)
		store_le32(lists + modules_size + i * MMAP_SIZE_1, MMAP_SIZE_1 - MMAP_SIZE_SELF);
	fill_mmap(memory, lists + modules_size + MMAP_SIZE_SELF, MMAP_SIZE_1);
	store_le32(head + INFO_MODS_COUNT, (uint32_t)inputs->modules_count);
	store_le32(head + INFO_MODS, put(info, lists, modules_size));
	store_le32(head + INFO_MMAP_LENGTH, (uint32_t)mmap_size);
	store_le32(head + INFO_MMAP, put(info, lists + modules_size, mmap_size));
	free(lists);
	if (!info->status)
		memcpy(info->blob->data, head, sizeof(head));
	return info->status;
}

/* --- version 2 --------------------------------------------------------------------------- */

/* In two parts, of which the second may be empty. */
static void put_tag(struct info *info, uint32_t type, const void *front, size_t front_size,
	const void *back, size_t back_size)
{
	size_t size = 8 + front_size + back_size;
	uint8_t *tag = calloc(1, size);

	if (!tag) {
		info->status = ST_NO_MEMORY;
		return;
	}
	store_le32(tag, type);
	store_le32(tag + 4, (uint32_t)size);
	if (front_size)
		memcpy(tag + 8, front, front_size);
	if (back_size)
		memcpy(tag + 8 + front_size, back, back_size);
	put(info, tag, size);
	free(tag);
}

static void put_numbers(
	struct info *info, uint32_t type, uint32_t first, uint32_t second, const char *text)
{
	uint8_t numbers[8];

	store_le32(numbers, first);
	store_le32(numbers + 4, second);
	put_tag(info, type, numbers, sizeof(numbers), text, text ? strlen(text) + 1 : 0);
}

static void put_mmap(struct info *info, const struct e820 *memory)
{
	size_t size = memory->count * MMAP_SIZE_2;
	uint8_t shape[8], *entries = calloc(1, size + 1);

	if (!entries) {
		info->status = ST_NO_MEMORY;
		return;
	}
	store_le32(shape, MMAP_SIZE_2);
	store_le32(shape + 4, 0); /* its version */
	fill_mmap(memory, entries, MMAP_SIZE_2);
	put_tag(info, TAG_MMAP, shape, sizeof(shape), entries, size);
	free(entries);
}

static int build_2(const struct plan_inputs *inputs, const struct plan *plan,
	const struct e820 *memory, struct info *info)
{
	struct span rsdp = blob_span(&inputs->machine->x86_boot.rsdp);
	uint8_t head[8] = { 0 }, base[4];

	put(info, head, sizeof(head));
	put_tag(info, TAG_CMDLINE, plan->cmdline, strlen(plan->cmdline) + 1, NULL, 0);
	put_tag(info, TAG_LOADER_NAME, loader_name, sizeof(loader_name), NULL, 0);
	for (size_t i = 0; i < inputs->modules_count; i++) {
		struct range range = module_range(inputs, plan, i);

		put_numbers(info, TAG_MODULE, (uint32_t)range.start, (uint32_t)range.end,
			inputs->modules[i].words);
	}
	put_numbers(info, TAG_MEMORY, memory_lower(memory), memory_upper(memory), NULL);
	put_mmap(info, memory);
	if (rsdp.size)
		put_tag(info, rsdp.size < X86_RSDP_SIZE ? TAG_RSDP_1 : TAG_RSDP_2, rsdp.data,
			rsdp.size, NULL, 0);
	if (inputs->image->multiboot.relocatable) {
		store_le32(base, (uint32_t)plan_segment(plan, SEGMENT_KERNEL)->mem);
		put_tag(info, TAG_LOAD_BASE, base, sizeof(base), NULL, 0);
	}
	put_tag(info, TAG_END, NULL, 0, NULL, 0);
	if (!info->status)
		store_le32(info->blob->data, (uint32_t)info->blob->size);
	return info->status;
}

/* --- the plan ---------------------------------------------------------------------------- */

/* For that place: it is as long for any. */
static int build(const struct plan_inputs *inputs, const struct e820 *memory, uint64_t base,
	struct plan *plan, struct err *err)
{
	struct info info = { .blob = &plan->boot_params, .base = base };
	int status;

	blob_done(info.blob);
	status = inputs->image->multiboot.version == 1 ? build_1(inputs, plan, memory, &info)
						       : build_2(inputs, plan, memory, &info);
	return status ? err_no_memory(err) : ST_OK;
}

static int place_kernel(const struct plan_inputs *inputs, struct plan *plan, struct err *err)
{
	const struct multiboot *kernel = &inputs->image->multiboot;
	uint64_t size = inputs->image->mem_size;

	if (!kernel->relocatable)
		return x86_64_place_at(plan,
			(struct range){ kernel->address, kernel->address + size },
			image_segment(inputs->image), err);
	return place_segment(plan,
		&(struct place_want){ SEGMENT_KERNEL, size, kernel->alignment,
			{ kernel->min_address, kernel->max_address + 1 },
			kernel->prefers_high ? PLACE_HIGH : PLACE_LOW },
		image_segment(inputs->image), err);
}

static int place_all(const struct plan_inputs *inputs, struct plan *plan, struct err *err)
{
	const struct range window = { X86_64_KERNEL_FLOOR, X86_64_32_BITS };
	struct span purgatory = blob_span(&plan->purgatory);
	int status = place_kernel(inputs, plan, err);

	for (size_t i = 0; i < inputs->modules_count && !status; i++)
		status = place_segment(plan,
			&(struct place_want){ SEGMENT_MODULE, inputs->modules[i].bytes.size,
				X86_64_PAGE, window, PLACE_LOW },
			inputs->modules[i].bytes, err);
	if (!status)
		status = place_segment(plan,
			&(struct place_want){ SEGMENT_PURGATORY, purgatory.size, X86_64_PAGE,
				window, PLACE_HIGH },
			purgatory, err);
	return status;
}

static int note(const struct plan_inputs *inputs, const struct e820 *memory, struct plan *plan,
	struct err *err)
{
	const struct x86_boot *boot = &inputs->machine->x86_boot;
	int status = ST_OK;

	for (size_t i = 0; i < memory->count && !status; i++)
		status = plan_note_edit(plan, "set", "mmap", "", err,
			"[0x%" PRIx64 ", 0x%" PRIx64 ") %s", memory->entries[i].range.start,
			memory->entries[i].range.end, e820_type_name(type_of(&memory->entries[i])));
	if (!status && inputs->image->multiboot.version == 2 && boot->rsdp.size)
		status = plan_note_edit(
			plan, "keep", "", "rsdp", err, "(%zu bytes)", boot->rsdp.size);
	for (size_t i = 0; i < inputs->modules_count && !status; i++) {
		struct range range = module_range(inputs, plan, i);

		status = plan_note_edit(plan, "set", "mods", "", err,
			"[0x%" PRIx64 ", 0x%" PRIx64 ") %s", range.start, range.end,
			inputs->modules[i].words);
	}
	return status;
}

int multiboot_plan(const struct plan_inputs *inputs, const struct e820 *memory, struct plan *plan,
	struct err *err)
{
	const struct multiboot *kernel = &inputs->image->multiboot;
	struct place_want want = { SEGMENT_MULTIBOOT, 0, X86_64_PAGE,
		{ X86_64_KERNEL_FLOOR, X86_64_32_BITS }, PLACE_LOW };
	struct plan_handover *handover = &plan->handover;
	char *line = cmdline_join(inputs->request->kernel, plan->cmdline);
	uint64_t base;
	int status;

	if (!line)
		return err_no_memory(err);
	free(plan->cmdline);
	plan->cmdline = line;
	status = place_all(inputs, plan, err);
	if (!status)
		status = build(inputs, memory, 0, plan, err);
	want.size = plan->boot_params.size;
	if (!status)
		status = place(plan, &want, &base, err);
	if (!status)
		status = build(inputs, memory, base, plan, err);
	if (!status)
		status = place_segment(plan, &want, blob_span(&plan->boot_params), err);
	if (!status)
		status = note(inputs, memory, plan, err);
	if (status)
		return status;
	plan->entry = plan_segment(plan, SEGMENT_PURGATORY)->mem;
	handover->kernel_entry = plan_segment(plan, SEGMENT_KERNEL)->mem + kernel->entry;
	handover->handed = (struct range){ base, base + plan->boot_params.size };
	handover->reset = PURGATORY_RESET_PC;
	handover->own[PURGATORY_OWN_MODE] = PURGATORY_MODE_32;
	handover->own[PURGATORY_OWN_EAX] = kernel->version == 1 ? LOADER_1 : LOADER_2;
	return ST_OK;
}
