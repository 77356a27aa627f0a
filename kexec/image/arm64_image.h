/* SPDX-License-Identifier: GPL-2.0-only */
/* The 64-byte header of an arm64 Image (Documentation/arch/arm64/booting.rst). */
#ifndef KEXEC_IMAGE_ARM64_IMAGE_H
#define KEXEC_IMAGE_ARM64_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"

struct arm64_image_header {
	uint64_t text_offset;
	uint64_t image_size;
	uint64_t page_size; /* 4096, 16384, 65536; 0 unspecified */
	bool big_endian;
	bool placement_anywhere;
};

#define ARM64_HEADER_SIZE 64

/* Of the beginning of an Image. ST_NOT_MINE without the magic "ARM\x64" at 56; ST_BAD_INPUT as
 * image_describe() says. */
int arm64_image_header_parse(struct span bytes, struct arm64_image_header *ret, struct err *err);

/* The same of a whole one, which is also looked at for its end: ST_BAD_INPUT for one that was
 * cut and is an EFI program, which knows how long it is. */
int arm64_image_parse(struct span bytes, struct arm64_image_header *ret, struct err *err);

/* Without the zeros behind an Image that is an EFI program. A zboot kernel is filled up with them
 * to image_size, and the check of a signature wants the file to end with the signature. */
struct span arm64_image_trim(struct span bytes);

/* The header of an Image for pages of this size (4096, 16384 or 65536) that no machine has room
 * for: kexec_file_load(2) looks at the header, and refuses it for one reason or the other. */
void arm64_image_make_probe(uint64_t page_size, uint8_t ret[ARM64_HEADER_SIZE]);

#endif
