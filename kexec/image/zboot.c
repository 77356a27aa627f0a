// SPDX-License-Identifier: GPL-2.0-only
/* A kernel that unpacks itself, as an EFI program: vmlinuz.efi
 * (drivers/firmware/efi/libstub/zboot-header.S, Makefile.zboot). */
#include <string.h>

#include "kexec/image/format.h"
#include "lib/pe.h"

#define HEADER_SIZE	  64
#define PAYLOAD_OFFSET_AT 8
#define PAYLOAD_SIZE_AT	  12
#define CODEC_NAME_AT	  24
#define CODEC_NAME_SIZE	  32

/* By the beginning of the name in the header: "zstd22" and "xzkern" are names too. */
static enum codec codec_named(const char *name)
{
	static const enum codec codecs[] = { CODEC_GZIP, CODEC_LZ4, CODEC_LZMA, CODEC_LZO, CODEC_XZ,
		CODEC_ZSTD };

	for (size_t i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++)
		if (strncmp(name, codec_name(codecs[i]), strlen(codec_name(codecs[i]))) == 0)
			return codecs[i];
	return CODEC_NONE;
}

int zboot_probe(struct span bytes, const char *file, struct image *image, struct unwrapped *ret,
	struct err *err)
{
	char name[CODEC_NAME_SIZE + 1] = "";
	uint32_t offset, size;
	struct pe pe;

	(void)file;
	(void)image;
	if (bytes.size < HEADER_SIZE || !span_starts_with(bytes, "MZ\0\0zimg", 8))
		return ST_NOT_MINE;
	if (pe_parse(bytes, &pe) == ST_OK && pe.machine != PE_MACHINE_ARM64)
		return format_refuse(
			err, "an EFI zboot kernel for %s", pe_machine_name(pe.machine));
	offset = load_le32(bytes.data + PAYLOAD_OFFSET_AT);
	size = load_le32(bytes.data + PAYLOAD_SIZE_AT);
	if (!span_slice(bytes, offset, size, &ret->bytes))
		return err_set(err, ST_BAD_INPUT, "image-truncated",
			"this is an EFI zboot kernel whose payload of %u bytes at %u lies outside "
			"the file "
			"of %zu bytes",
			size, offset, bytes.size);
	memcpy(name, bytes.data + CODEC_NAME_AT, CODEC_NAME_SIZE);
	ret->codec = codec_named(name);
	if (ret->codec == CODEC_NONE)
		return err_set(err, ST_UNSUPPORTED, "codec-missing",
			"this is an EFI zboot kernel packed with \"%s\", which this program does "
			"not know",
			name);
	return ST_OK;
}
