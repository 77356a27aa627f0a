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

#define OS_LINUX	   5
#define CPU_ARM64	   22
#define TYPE_KERNEL	   2
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

static int check_use(const uint8_t *header, const char *file, struct err *err)
{
	if (header[TYPE_AT] != TYPE_KERNEL && header[TYPE_AT] != TYPE_KERNEL_NOLOAD) {
		format_refuse(err, "a U-Boot image (uImage) of type %u, which is no kernel",
			header[TYPE_AT]);
		err_hint(err, "take out what it holds: dumpimage -T multi -p 0 -o Image %s", file);
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

int uimage_probe(struct span bytes, const char *file, struct image *image, struct unwrapped *ret,
	struct err *err)
{
	static const enum codec packings[] = { CODEC_NONE, CODEC_GZIP, CODEC_BZIP2, CODEC_LZMA,
		CODEC_LZO, CODEC_LZ4, CODEC_ZSTD };
	uint8_t packing;
	int status;

	(void)image;
	if (bytes.size < HEADER_SIZE || !span_starts_with(bytes, "\x27\x05\x19\x56", 4))
		return ST_NOT_MINE;
	status = check_header(bytes, err);
	if (!status)
		status = check_use(bytes.data, file, err);
	if (!status)
		status = take_data(bytes, &ret->bytes, err);
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
