// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/image/arm64_image.h"

#include <string.h>

#include "kexec/image/format.h"
#include "lib/checked.h"
#include "lib/pe.h"

/* Offsets in the header: Documentation/arch/arm64/booting.rst, arch/arm64/include/asm/image.h */
#define TEXT_OFFSET_AT 8
#define IMAGE_SIZE_AT  16
#define FLAGS_AT       24
#define MAGIC_AT       56

#define FLAG_BIG_ENDIAN	     0x1u
#define FLAG_PAGE_SHIFT	     1
#define FLAG_PAGE_MASK	     0x3u
#define FLAG_ANYWHERE	     0x8u
#define TEXT_OFFSET_END	     ((uint64_t)2 << 20)
#define TEXT_OFFSET_MULTIPLE ((uint64_t)4096)

/* By the two bits of the flags. */
static const uint64_t page_sizes[] = { 0, 4096, 16384, 65536 };

/* A kernel with an EFI stub is also a PE file, whose section table tells how long it is. */
static int check_complete(struct span bytes, uint64_t image_size, struct err *err)
{
	struct pe pe;
	uint64_t end;
	int status;

	status = pe_parse(bytes, &pe);
	if (status == ST_NOT_MINE)
		return ST_OK;
	if (status)
		return err_set(err, ST_BAD_INPUT, "image-truncated",
			"the Image ends in its PE header, after %zu bytes", bytes.size);
	end = pe_file_end(&pe);
	if (end <= bytes.size || end > image_size)
		return ST_OK;
	return err_set(err, ST_BAD_INPUT, "image-truncated",
		"the Image has only %zu of its %llu bytes", bytes.size, (unsigned long long)end);
}

int arm64_image_header_parse(struct span bytes, struct arm64_image_header *ret, struct err *err)
{
	struct arm64_image_header header;
	struct span magic;
	uint64_t flags;

	if (!span_slice(bytes, MAGIC_AT, 4, &magic) || !span_starts_with(magic, "ARM\x64", 4))
		return ST_NOT_MINE;
	if (bytes.size < ARM64_HEADER_SIZE)
		return err_set(err, ST_BAD_INPUT, "image-truncated",
			"the Image ends in its header: %zu bytes, the header alone has %d",
			bytes.size, ARM64_HEADER_SIZE);
	header.text_offset = load_le64(bytes.data + TEXT_OFFSET_AT);
	header.image_size = load_le64(bytes.data + IMAGE_SIZE_AT);
	flags = load_le64(bytes.data + FLAGS_AT);
	header.big_endian = flags & FLAG_BIG_ENDIAN;
	header.placement_anywhere = flags & FLAG_ANYWHERE;
	header.page_size = page_sizes[flags >> FLAG_PAGE_SHIFT & FLAG_PAGE_MASK];

	if (header.image_size == 0) {
		/* Then text_offset need not be little endian either: nothing to go by. */
		err_set(err, ST_BAD_INPUT, "image-size-zero",
			"the Image does not say how much memory it needs (image_size is 0)");
		err_hint(err, "arm64 kernels before 3.17 are like that; use a newer one");
		return ST_BAD_INPUT;
	}
	if (header.image_size < ARM64_HEADER_SIZE || header.image_size > IMAGE_SIZE_MAX)
		return err_set(err, ST_BAD_INPUT, "image-size-bad",
			"the Image says that it needs %llu bytes of memory (image_size), %d to %u "
			"are possible",
			(unsigned long long)header.image_size, ARM64_HEADER_SIZE, IMAGE_SIZE_MAX);
	if (header.text_offset >= TEXT_OFFSET_END ||
		!is_aligned(header.text_offset, TEXT_OFFSET_MULTIPLE))
		return err_set(err, ST_BAD_INPUT, "image-text-offset-bad",
			"the Image has text_offset %#llx, a multiple of 4 KiB below 2 MiB is "
			"wanted",
			(unsigned long long)header.text_offset);
	*ret = header;
	return ST_OK;
}

int arm64_image_parse(struct span bytes, struct arm64_image_header *ret, struct err *err)
{
	struct arm64_image_header header;
	int status = arm64_image_header_parse(bytes, &header, err);

	if (!status)
		status = check_complete(bytes, header.image_size, err);
	if (!status)
		*ret = header;
	return status;
}

struct span arm64_image_trim(struct span bytes)
{
	size_t size = bytes.size;
	struct pe pe;
	uint64_t end;

	if (pe_parse(bytes, &pe))
		return bytes;
	end = pe_file_end(&pe);
	while (size > end && bytes.data[size - 1] == 0)
		size--;
	/* Behind the end may be something that nobody knows: then the zeros belong to it. */
	return size > end ? bytes : (struct span){ bytes.data, size };
}

int arm64_image_probe(struct span bytes, const char *file, struct image *image,
	struct unwrapped *ret, struct err *err)
{
	struct arm64_image_header header;
	int status = arm64_image_parse(bytes, &header, err);

	(void)file;
	(void)ret;
	if (status)
		return status;
	image->kind = IMAGE_ARM64;
	image->kind_name = "Image";
	image->mem_size = header.image_size;
	image->text_offset = header.text_offset;
	image->page_size = header.page_size;
	image->big_endian = header.big_endian;
	image->placement_anywhere = header.placement_anywhere;
	return ST_OK;
}

void arm64_image_make_probe(uint64_t page_size, uint8_t ret[ARM64_HEADER_SIZE])
{
	uint64_t bits = 0;

	while (bits < FLAG_PAGE_MASK && page_sizes[bits] != page_size)
		bits++;
	memset(ret, 0, ARM64_HEADER_SIZE);
	store_le64(ret + IMAGE_SIZE_AT, (uint64_t)1 << 50);
	store_le64(ret + FLAGS_AT, bits << FLAG_PAGE_SHIFT | FLAG_ANYWHERE);
	memcpy(ret + MAGIC_AT, "ARM\x64", 4);
}
