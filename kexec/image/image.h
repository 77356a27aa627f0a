/* SPDX-License-Identifier: GPL-2.0-only */
/* A kernel file, understood: what it is, where it wants to be, how much memory it takes. */
#ifndef KEXEC_IMAGE_IMAGE_H
#define KEXEC_IMAGE_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/decompress.h"
#include "lib/err.h"
#include "lib/report.h"

enum image_kind {
	IMAGE_ARM64, /* "Image": Documentation/arch/arm64/booting.rst */
};

/* Most bytes a kernel may have when unpacked: a limit on hostile input, not on kernels. */
#define IMAGE_SIZE_MAX (512u << 20)

struct image {
	enum image_kind kind;
	const char *kind_name; /* "Image"; static */
	enum codec codec;      /* how the file was packed */
	struct blob data;      /* owned: the unpacked kernel */
	uint64_t mem_size;     /* bytes it needs from its load address: image_size */
	uint64_t text_offset;  /* from a 2 MiB aligned base to its first byte */
	uint64_t page_size;    /* it was built for: 4096, 16384, 65536; 0 unspecified */
	bool big_endian;
	bool placement_anywhere; /* flag bit 3: may use memory below itself */
};

void image_done(struct image *image);

/*
 * Understand file (borrowed is not enough: its bytes are taken over, and freed when they
 * turn out to be packed). Probes run in the fixed order of the table in image.c. An
 * unpacked or packed arm64 Image is accepted; ST_UNSUPPORTED names any other format that is
 * recognised (ELF, PE without Image header, zboot, UKI, uImage, a codec not built in);
 * ST_BAD_INPUT for bytes that contradict their format (cut short, image_size 0, text_offset
 * out of range, image smaller than its header); ST_NOT_MINE when nothing is recognised;
 * ST_NO_MEMORY. On failure *file is freed too. name is for messages.
 */
int image_describe(struct blob *file, const char *name, struct image *ret, struct report *report,
	struct err *err);

#endif
