// SPDX-License-Identifier: GPL-2.0-only
/* U-Boot's legacy image: a header of 64 bytes, big endian, and data; a CRC over each. */
#include <string.h>

#include "kexec/image/format.h"
#include "lib/crc32.h"

#define HEADER_SIZE   64
#define HEADER_CRC_AT 4
#define DATA_SIZE_AT  12
#define DATA_CRC_AT   24
#define OS_AT	      28
#define CPU_AT	      29
#define TYPE_AT	      30
#define PACKING_AT    31

/* More than any boot loader takes. */
#define FILES_MAX 16

#define OS_LINUX	   5
#define CPU_ARM		   2
#define CPU_I386	   3
#define CPU_PPC		   7
#define CPU_ARM64	   22
#define CPU_X86_64	   24
#define TYPE_KERNEL	   2
#define TYPE_RAMDISK	   3
#define TYPE_MULTI	   4
#define TYPE_KERNEL_NOLOAD 14

static int check_header(struct span bytes, struct err *err)
{
	uint8_t header[HEADER_SIZE];
	uint32_t found = load_be32(bytes.data + HEADER_CRC_AT), crc;

	memcpy(header, bytes.data, HEADER_SIZE);
	memset(header + HEADER_CRC_AT, 0, 4);
	crc = crc32_of((struct span){ header, HEADER_SIZE });
	if (crc == found)
		return ST_OK;
	return err_set(err, ST_BAD_INPUT, "uimage-crc",
		"this is a U-Boot image (uImage) with a damaged header: its CRC is 0x%08x, and "
		"that of "
		"what is there 0x%08x",
		found, crc);
}

/* By the number in the header (U-Boot, include/image.h). */
static const char *type_name(uint8_t type)
{
	static const char *const names[] = { "unknown", "standalone", "kernel", "ramdisk", "multi",
		"firmware", "script", "filesystem", "flat_dt" };

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : "unknown";
}

static int check_use(const uint8_t *header, const char *file, struct err *err)
{
	uint8_t type = header[TYPE_AT];

	if (type != TYPE_KERNEL && type != TYPE_KERNEL_NOLOAD && type != TYPE_MULTI) {
		format_refuse(err, "a U-Boot image (uImage) of type %u (%s), which is no kernel",
			type, type_name(type));
		if (type == TYPE_RAMDISK)
			err_hint(
				err, "an initrd is given next to a kernel, with --initrd=%s", file);
		else
			err_hint(err, "take out what it holds: dumpimage -p 0 -o FILE %s", file);
		return ST_UNSUPPORTED;
	}
	if (header[CPU_AT] != CPU_ARM64)
		return format_refuse(err,
			"a U-Boot image (uImage) for CPU type %u, and arm64 is %d", header[CPU_AT],
			CPU_ARM64);
	if (header[OS_AT] != OS_LINUX)
		return format_refuse(err,
			"a U-Boot image (uImage) for system type %u, and Linux is %d",
			header[OS_AT], OS_LINUX);
	return ST_OK;
}

static int take_data(struct span bytes, struct span *ret, struct err *err)
{
	uint32_t size = load_be32(bytes.data + DATA_SIZE_AT);
	uint32_t found = load_be32(bytes.data + DATA_CRC_AT), crc;
	struct span data;

	if (!span_slice(bytes, HEADER_SIZE, size, &data))
		return err_set(err, ST_BAD_INPUT, "image-truncated",
			"this is a U-Boot image (uImage) with only %zu of its %u bytes",
			bytes.size - HEADER_SIZE, size);
	crc = crc32_of(data);
	if (crc != found)
		return err_set(err, ST_BAD_INPUT, "uimage-crc",
			"this is a U-Boot image (uImage) with damaged data: its CRC is 0x%08x, and "
			"that of "
			"what is there 0x%08x",
			found, crc);
	*ret = data;
	return ST_OK;
}

/*
 * One of several files in data: their sizes in front, up to a 0, and then the files, each on a line
 * of four bytes. Empty when there are not so many.
 */
static int take_file(struct span data, unsigned int index, struct span *ret, struct err *err)
{
	uint64_t begin = 0, sizes[FILES_MAX];
	unsigned int count = 0;
	struct span field;

	for (;;) {
		if (!span_slice(data, 4 * (uint64_t)count, 4, &field) || count == FILES_MAX)
			return err_set(err, ST_BAD_INPUT, "image-truncated",
				"this is a U-Boot image (uImage) of several files whose list of "
				"sizes does not end");
		if (load_be32(field.data) == 0)
			break;
		sizes[count++] = load_be32(field.data);
	}
	*ret = (struct span){ .data = NULL };
	if (index >= count)
		return ST_OK;
	begin = 4 * ((uint64_t)count + 1);
	for (unsigned int i = 0; i < index; i++)
		begin += (sizes[i] + 3) / 4 * 4;
	if (!span_slice(data, begin, sizes[index], ret))
		return err_set(err, ST_BAD_INPUT, "image-truncated",
			"this is a U-Boot image (uImage) of several files, of which number %u "
			"lies outside",
			index);
	return ST_OK;
}

/* Kernel, RAM disk and tree, in that order. */
static int take_files(struct span data, struct image *image, struct span *ret, struct err *err)
{
	static const char *const names[] = { ".linux", ".initrd", ".dtbauto" };
	int status = format_begin_parts(image, "uImage", 3, err);

	for (unsigned int i = 0; i < 3 && !status; i++) {
		struct image_part *part = &image->parts[image->parts_count];

		status = take_file(data, i, &part->bytes, err);
		if (status || part->bytes.size == 0)
			break;
		strcpy(part->name, names[i]);
		image->parts_count++;
	}
	if (!status && image->parts_count == 0)
		return err_set(err, ST_BAD_INPUT, "image-truncated",
			"this is a U-Boot image (uImage) of several files without any");
	if (!status)
		*ret = image->parts[0].bytes;
	return status;
}

/* The CPU that a kernel of each kind runs on, and the 32-bit one whose programs it may run. */
static const struct cpu {
	uint8_t type, type_32;
	const char *name, *name_32;
} cpus[] = {
	[IMAGE_ARM64] = { CPU_ARM64, CPU_ARM, "arm64", "arm" },
	[IMAGE_BZIMAGE] = { CPU_X86_64, CPU_I386, "x86_64", "x86" },
	[IMAGE_MULTIBOOT] = { CPU_X86_64, CPU_I386, "x86_64", "x86" },
	[IMAGE_X86_VMLINUX] = { CPU_X86_64, CPU_I386, "x86_64", "x86" },
	[IMAGE_PPC64] = { CPU_PPC, CPU_PPC, "ppc", "ppc" },
};

/* What is in it is for the programs of one CPU, as a kernel is. But U-Boot takes one of 32-bit arm
 * on arm64, and headers are made carelessly for it (include/image.h: image_check_arch()). */
static int check_ramdisk_cpu(uint8_t type, const char *name, enum image_kind kernel,
	struct report *report, struct err *err)
{
	const struct cpu *cpu = &cpus[kernel];

	if (type == cpu->type)
		return ST_OK;
	if (type == cpu->type_32) {
		report_add(report, REPORT_WARNING, "initrd",
			"%s: by its header this RAM disk is for 32-bit %s: a 64-bit kernel may "
			"not run what is in it",
			name, cpu->name_32);
		return ST_OK;
	}
	err_set(err, ST_UNSUPPORTED, "initrd-kind",
		"this is a U-Boot image (uImage) with a RAM disk for CPU type %u, and %s is %d",
		type, cpu->name, cpu->type);
	err_hint(err, "where only the header is wrong, take off its %d bytes: tail -c +%d %s",
		HEADER_SIZE, HEADER_SIZE + 1, name);
	return ST_UNSUPPORTED;
}

int uimage_ramdisk(struct span file, const char *name, enum image_kind kernel, struct span *ret,
	struct report *report, struct err *err)
{
	struct span data = { .data = NULL };
	uint8_t type;
	int status;

	if (file.size < HEADER_SIZE)
		return err_set(err, ST_BAD_INPUT, "image-truncated",
			"this is a U-Boot image (uImage) that ends in its header");
	type = file.data[TYPE_AT];
	status = check_header(file, err);
	if (!status)
		status = take_data(file, &data, err);
	if (!status && type == TYPE_MULTI)
		status = take_file(data, 1, &data, err);
	if (status)
		return status;
	if ((type != TYPE_RAMDISK && type != TYPE_MULTI) || data.size == 0)
		return err_set(err, ST_UNSUPPORTED, "initrd-kind",
			"this is a U-Boot image (uImage) of type %u (%s) without RAM disk", type,
			type_name(type));
	status = check_ramdisk_cpu(file.data[CPU_AT], name, kernel, report, err);
	if (!status)
		*ret = data;
	return status;
}

int uimage_probe(struct span bytes, const char *file, struct image *image, struct unwrapped *ret,
	struct err *err)
{
	static const enum codec packings[] = { CODEC_NONE, CODEC_GZIP, CODEC_BZIP2, CODEC_LZMA,
		CODEC_LZO, CODEC_LZ4, CODEC_ZSTD };
	uint8_t packing;
	int status;

	if (bytes.size < HEADER_SIZE || !span_starts_with(bytes, "\x27\x05\x19\x56", 4))
		return ST_NOT_MINE;
	status = check_header(bytes, err);
	if (!status)
		status = check_use(bytes.data, file, err);
	if (!status)
		status = take_data(bytes, &ret->bytes, err);
	if (!status && bytes.data[TYPE_AT] == TYPE_MULTI)
		status = take_files(ret->bytes, image, &ret->bytes, err);
	if (status)
		return status;
	packing = bytes.data[PACKING_AT];
	if (packing >= sizeof(packings) / sizeof(packings[0]))
		return err_set(err, ST_UNSUPPORTED, "codec-missing",
			"this is a U-Boot image (uImage) packed in a way (%u) that this program "
			"does not "
			"know",
			packing);
	ret->codec = packings[packing];
	return ST_OK;
}
