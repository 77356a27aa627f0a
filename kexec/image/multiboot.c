// SPDX-License-Identifier: GPL-2.0-only
/*
 * Headers of Multiboot, of both versions: a mark near the beginning of a file, by which a loader
 * knows what the kernel asks for and, when it is no ELF program or would not be loaded as one,
 * where its bytes go. It is entered in 32-bit mode, and its addresses are physical ones.
 */
#include "kexec/image/multiboot.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "kexec/image/elf_loads.h"
#include "kexec/image/format.h"
#include "lib/checked.h"

#define LOOK_1	8192
#define LOOK_2	32768
#define MAGIC_1 0x1badb002u
#define MAGIC_2 0xe85250d6u

/* Flags of version 1: what is required is in the lower half. */
#define REQUIRED_1	0xffffu
#define ALIGN_MODULES	0x1u
#define MEMORY_INFO	0x2u
#define VIDEO_MODE	0x4u
#define ADDRESSES	0x10000u
#define ADDRESSES_AT	12u
#define ADDRESSES_END_1 32u

/* Tags of version 2: type, flags, size, and what is their own. */
#define HEADER_SIZE_2 16u
#define TAG_SIZE      8u
#define TAG_ALIGN     8u
#define TAG_OPTIONAL  0x1u
#define ARCH_I386     0u

enum {
	TAG_END = 0,
	TAG_INFORMATION = 1,
	TAG_ADDRESS = 2,
	TAG_ENTRY = 3,
	TAG_CONSOLE = 4,
	TAG_FRAMEBUFFER = 5,
	TAG_MODULE_ALIGN = 6,
	TAG_EFI_SERVICES = 7,
	TAG_ENTRY_EFI_32 = 8,
	TAG_ENTRY_EFI_64 = 9,
	TAG_RELOCATABLE = 10,
};

/* Types of information, which a kernel asks for by number. */
enum {
	TOLD_BOOT_DEVICE = 5,
	TOLD_VBE = 7,
	TOLD_FRAMEBUFFER = 8,
	TOLD_EFI_32 = 11,
	TOLD_EFI_64 = 12,
	TOLD_EFI_MEMORY = 17,
	TOLD_EFI_SERVICES = 18,
	TOLD_EFI_IMAGE_32 = 19,
	TOLD_EFI_IMAGE_64 = 20,
};

/* Whoever says this loads from the first byte of the file on. */
#define FROM_BEGINNING UINT32_MAX

#define CONSOLE_REQUIRED 0x1u
#define PREFER_HIGH	 2u

#define END_OF_32_BITS (UINT64_C(1) << 32)

#define PAGE 4096u

/* What a header says, before the bytes that it is about are looked at. */
struct header {
	struct multiboot *multiboot;
	size_t at;
	bool by_addresses;
	uint32_t header, load, load_end, bss_end;
	bool has_entry;
	uint32_t entry;
};

static bool sum_is_right(const uint8_t *p, unsigned int words)
{
	uint32_t sum = 0;

	for (unsigned int i = 0; i < words; i++)
		sum += load_le32(p + 4 * (size_t)i);
	return sum == 0;
}

bool multiboot_find(struct span bytes, unsigned int version, size_t *ret_at)
{
	size_t look = version == 1 ? LOOK_1 : LOOK_2, step = version == 1 ? 4 : 8;
	unsigned int words = version == 1 ? 3 : 4;
	uint32_t magic = version == 1 ? MAGIC_1 : MAGIC_2;

	if (look > bytes.size)
		look = bytes.size;
	for (size_t at = 0; at + 4 * (size_t)words <= look; at += step)
		if (load_le32(bytes.data + at) == magic && sum_is_right(bytes.data + at, words)) {
			*ret_at = at;
			return true;
		}
	return false;
}

static const char *name_of(const struct header *header)
{
	return header->multiboot->version == 1 ? "Multiboot" : "Multiboot 2";
}

__attribute__((format(printf, 3, 4))) static int malformed(
	const struct header *header, struct err *err, const char *fmt, ...)
{
	char what[200];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	return err_set(err, ST_BAD_INPUT, "image-multiboot", "this is a %s kernel %s",
		name_of(header), what);
}

/* What it cannot do without, and is not to be had here. */
__attribute__((format(printf, 3, 4))) static int asks_too_much(
	const struct header *header, struct err *err, const char *fmt, ...)
{
	char what[200];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	return err_set(err, ST_UNSUPPORTED, "multiboot-requirement",
		"this %s kernel, by its header at 0x%zx, does not start without %s",
		name_of(header), header->at, what);
}

static void take_addresses(const uint8_t *p, struct header *header)
{
	header->by_addresses = true;
	header->header = load_le32(p);
	header->load = load_le32(p + 4);
	header->load_end = load_le32(p + 8);
	header->bss_end = load_le32(p + 12);
}

static void take_entry(const uint8_t *p, struct header *header)
{
	header->has_entry = true;
	header->entry = load_le32(p);
}

static int read_1(struct span bytes, struct header *header, struct err *err)
{
	uint32_t flags = load_le32(bytes.data + header->at + 4);
	struct span whole;

	if (flags & VIDEO_MODE)
		return asks_too_much(header, err,
			"a video mode, which is not set here (bit 2 of its flags, 0x%" PRIx32 ")",
			flags);
	if (flags & REQUIRED_1 & ~(ALIGN_MODULES | MEMORY_INFO))
		return asks_too_much(header, err,
			"what the flags 0x%" PRIx32
			" mean: the ones that are known of the lower half are 0x3",
			flags);
	if (!(flags & ADDRESSES))
		return ST_OK;
	if (!span_slice(bytes, header->at, ADDRESSES_END_1, &whole))
		return malformed(
			header, err, "that ends in its header, after %zu bytes", bytes.size);
	take_addresses(whole.data + ADDRESSES_AT, header);
	take_entry(whole.data + ADDRESSES_AT + 16, header);
	return ST_OK;
}

/* What is asked for and not told, and why. What EFI's boot loaders tell of it is of no use to
 * anybody after Linux: the firmware was moved to virtual addresses of that kernel's, once and for
 * all (UEFI 2.10, 8.4, SetVirtualAddressMap()), and its tables point there. */
static const char *not_told(uint32_t type)
{
	switch (type) {
	case TOLD_BOOT_DEVICE:
		return ", the BIOS's number of a disk that it was started from";
	case TOLD_VBE:
	case TOLD_FRAMEBUFFER:
		return ", of a video mode, which is not set here";
	case TOLD_EFI_32:
	case TOLD_EFI_64:
	case TOLD_EFI_MEMORY:
		return ", of EFI, whose tables are for the addresses of the Linux that was first";
	case TOLD_EFI_SERVICES:
	case TOLD_EFI_IMAGE_32:
	case TOLD_EFI_IMAGE_64:
		return ", of EFI's boot services, which end before Linux starts";
	default:
		return ", which is not told here";
	}
}

/* Of what may be asked for, all is told that this machine has. */
static int check_information(
	const struct header *header, struct span data, bool optional, struct err *err)
{
	static const uint32_t told[] = { 1, 2, 3, 4, 6, 14, 15, 21 };

	for (size_t at = 0; !optional && at + 4 <= data.size; at += 4) {
		uint32_t type = load_le32(data.data + at);
		size_t i = 0;

		while (i < sizeof(told) / sizeof(told[0]) && told[i] != type)
			i++;
		if (i == sizeof(told) / sizeof(told[0]))
			return asks_too_much(header, err, "information of type %" PRIu32 "%s", type,
				not_told(type));
	}
	return ST_OK;
}

static int take_relocation(struct header *header, const uint8_t *p, struct err *err)
{
	struct multiboot *multiboot = header->multiboot;

	multiboot->relocatable = true;
	multiboot->min_address = load_le32(p);
	multiboot->max_address = load_le32(p + 4);
	multiboot->alignment = load_le32(p + 8);
	multiboot->prefers_high = load_le32(p + 12) == PREFER_HIGH;
	if (multiboot->alignment == 0)
		multiboot->alignment = 1;
	if (!is_power_of_two(multiboot->alignment))
		return malformed(header, err,
			"that wants an alignment of 0x%" PRIx64 ", which is no power of two",
			multiboot->alignment);
	return ST_OK;
}

/* data is what the tag has behind its size. */
static int take_tag(
	struct header *header, unsigned int type, bool optional, struct span data, struct err *err)
{
	static const size_t sizes[] = {
		[TAG_ADDRESS] = 16, [TAG_ENTRY] = 4, [TAG_CONSOLE] = 4, [TAG_RELOCATABLE] = 16
	};

	if (type < sizeof(sizes) / sizeof(sizes[0]) && data.size < sizes[type])
		return malformed(header, err, "with a tag of type %u that has %zu bytes, not %zu",
			type, data.size, sizes[type]);
	switch (type) {
	case TAG_INFORMATION:
		return check_information(header, data, optional, err);
	case TAG_ADDRESS:
		take_addresses(data.data, header);
		return ST_OK;
	case TAG_ENTRY:
		take_entry(data.data, header);
		return ST_OK;
	case TAG_RELOCATABLE:
		return take_relocation(header, data.data, err);
	case TAG_CONSOLE:
		if (optional || !(load_le32(data.data) & CONSOLE_REQUIRED))
			return ST_OK;
		return asks_too_much(header, err, "a screen, of which nothing is told here");
	case TAG_FRAMEBUFFER:
		return optional ? ST_OK
				: asks_too_much(header, err,
					  "a video mode, which is not set here (tag 5)");
	case TAG_EFI_SERVICES:
		return optional ? ST_OK
				: asks_too_much(header, err,
					  "EFI's boot services, which end before Linux starts");
	case TAG_MODULE_ALIGN:
	case TAG_ENTRY_EFI_32: /* where EFI's boot services still are */
	case TAG_ENTRY_EFI_64:
		return ST_OK;
	default:
		return optional ? ST_OK
				: asks_too_much(header, err,
					  "what a tag of type %u means, which is not known here",
					  type);
	}
}

static int read_2(struct span bytes, struct header *header, struct err *err)
{
	struct span whole, tag;
	size_t at = HEADER_SIZE_2;
	int status = ST_OK;

	if (load_le32(bytes.data + header->at + 4) != ARCH_I386)
		return format_refuse(err,
			"a Multiboot 2 kernel for architecture %" PRIu32 ", where x86 is 0",
			load_le32(bytes.data + header->at + 4));
	if (!span_slice(bytes, header->at, load_le32(bytes.data + header->at + 8), &whole) ||
		header->at + whole.size > LOOK_2)
		return malformed(header, err, "with a header of %" PRIu32 " bytes at 0x%zx",
			load_le32(bytes.data + header->at + 8), header->at);
	while (!status && span_slice(whole, at, TAG_SIZE, &tag)) {
		unsigned int type = load_le16(tag.data), flags = load_le16(tag.data + 2);
		uint32_t size = load_le32(tag.data + 4);

		if (type == TAG_END)
			return ST_OK;
		if (size < TAG_SIZE || !span_slice(whole, at, size, &tag))
			return malformed(header, err,
				"with a tag of %" PRIu32 " bytes at 0x%zx of a header of %zu", size,
				at, whole.size);
		tag = (struct span){ tag.data + TAG_SIZE, tag.size - TAG_SIZE };
		status = take_tag(header, type, flags & TAG_OPTIONAL, tag, err);
		at += (size + (size_t)TAG_ALIGN - 1) / TAG_ALIGN * TAG_ALIGN;
	}
	return status;
}

/* What is loaded, and from where to where, is told by the header. */
static int load_by_addresses(
	struct span bytes, struct header *header, struct image *image, struct err *err)
{
	uint64_t load = header->load, front, size, end;

	if (header->load == FROM_BEGINNING && header->multiboot->version == 2)
		load = (uint64_t)header->header - header->at;
	front = header->header - load;
	if (load > header->header || front > header->at)
		return malformed(header, err,
			"whose header, at 0x%zx of the file, cannot be at 0x%" PRIx32
			" when it is loaded from 0x%" PRIx64 " on",
			header->at, header->header, load);
	front = header->at - front;
	size = bytes.size - front;
	if (header->load_end)
		size = header->load_end - load;
	end = load + size;
	if (header->bss_end)
		end = header->bss_end;
	if ((header->load_end && header->load_end < load) || end < load + size)
		return malformed(header, err,
			"loaded to [0x%" PRIx64 ", 0x%" PRIx32 "), with a BSS up to 0x%" PRIx32,
			load, header->load_end, header->bss_end);
	if (!span_slice(bytes, front, size, &image->loaded))
		return err_set(err, ST_BAD_INPUT, "image-truncated",
			"the %s kernel has only %zu of 0x%" PRIx64 " bytes", name_of(header),
			bytes.size, front + size);
	header->multiboot->address = load;
	image->mem_size = end - load;
	return ST_OK;
}

/* What a linker says is a virtual address, unless it was told of a physical one. */
static uint64_t physical(const struct elf_loads *loads, uint64_t address)
{
	for (size_t i = 0; i < loads->count; i++)
		if (address - loads->loads[i].vaddr < loads->loads[i].memory_size)
			return address - loads->loads[i].vaddr + loads->loads[i].paddr;
	return address;
}

static int load_elf(struct span bytes, struct header *header, struct image *image,
	uint64_t *ret_entry, struct err *err)
{
	bool is_32 = elf_is_program32(bytes, EM_386);
	struct elf_loads loads;
	int status;

	if (!is_32 && !elf_is_program(bytes, EM_X86_64))
		return malformed(header, err,
			"that is no ELF program for x86, and does not say where it is loaded");
	status = elf_loads_read(bytes, is_32 ? "i386" : "x86_64", ELF_BY_PADDR, &loads, err);
	if (!status)
		status = elf_loads_lay_out(&loads, &image->laid_out, &image->loaded, err);
	if (status)
		return status;
	header->multiboot->address = loads.start;
	image->mem_size = loads.end - loads.start;
	*ret_entry = physical(&loads, loads.entry);
	return ST_OK;
}

/* A segment is in whole pages. What is in front of the kernel in its first one nobody has. */
static int fill_page(struct multiboot *multiboot, struct image *image, struct err *err)
{
	size_t front = multiboot->address % PAGE;
	struct blob whole = BLOB_INIT;

	if (multiboot->relocatable || front == 0)
		return ST_OK;
	if (blob_zeroed(&whole, front) ||
		blob_append(&whole, image->loaded.data, image->loaded.size)) {
		blob_done(&whole);
		return err_no_memory(err);
	}
	blob_done(&image->laid_out);
	image->laid_out = whole;
	image->loaded = blob_span(&whole);
	image->mem_size += front;
	multiboot->address -= front;
	return ST_OK;
}

static int check_places(
	const struct header *header, uint64_t entry, const struct image *image, struct err *err)
{
	const struct multiboot *multiboot = header->multiboot;
	uint64_t first = multiboot->relocatable ? multiboot->min_address : multiboot->address;
	uint64_t end = multiboot->relocatable ? multiboot->max_address + 1 : END_OF_32_BITS;

	if (image->mem_size == 0 || image->mem_size > IMAGE_SIZE_MAX)
		return malformed(header, err,
			"that takes 0x%" PRIx64 " bytes, 0x1 to 0x%x are possible", image->mem_size,
			IMAGE_SIZE_MAX);
	if (first >= END_OF_32_BITS || end < first || image->mem_size > end - first)
		return malformed(header, err,
			"of 0x%" PRIx64 " bytes for [0x%" PRIx64 ", 0x%" PRIx64
			"), in which it has no room; all has to be below 4 GiB",
			image->mem_size, first, end);
	if (entry - multiboot->address >= image->loaded.size)
		return malformed(header, err,
			"entered at 0x%" PRIx64 ", which is outside of its [0x%" PRIx64
			", 0x%" PRIx64 ")",
			entry, multiboot->address, multiboot->address + image->loaded.size);
	return ST_OK;
}

static int look(
	struct span bytes, unsigned int version, size_t at, struct image *image, struct err *err)
{
	struct multiboot multiboot = { .version = version };
	struct header header = { .multiboot = &multiboot, .at = at };
	uint64_t entry = 0;
	int status = version == 1 ? read_1(bytes, &header, err) : read_2(bytes, &header, err);

	if (status)
		return status;
	if (header.by_addresses && !header.has_entry)
		return malformed(&header, err, "that does not say where it is entered");
	status = header.by_addresses ? load_by_addresses(bytes, &header, image, err)
				     : load_elf(bytes, &header, image, &entry, err);
	if (header.has_entry)
		entry = header.entry;
	if (!status)
		status = check_places(&header, entry, image, err);
	if (!status)
		status = fill_page(&multiboot, image, err);
	if (status)
		return status;
	multiboot.entry = entry - multiboot.address;
	image->multiboot = multiboot;
	image->kind = IMAGE_MULTIBOOT;
	image->kind_name = version == 1 ? "Multiboot" : "Multiboot 2";
	return ST_OK;
}

static int probe(struct span bytes, unsigned int version, struct image *image, struct err *err)
{
	size_t at;

	return multiboot_find(bytes, version, &at) ? look(bytes, version, at, image, err)
						   : ST_NOT_MINE;
}

int multiboot_probe(struct span bytes, const char *file, struct image *image, struct unwrapped *ret,
	struct err *err)
{
	(void)file;
	(void)ret;
	return probe(bytes, 1, image, err);
}

int multiboot2_probe(struct span bytes, const char *file, struct image *image,
	struct unwrapped *ret, struct err *err)
{
	(void)file;
	(void)ret;
	return probe(bytes, 2, image, err);
}
