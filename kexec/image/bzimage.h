/* SPDX-License-Identifier: GPL-2.0-only */
/* The header of a bzImage (Documentation/arch/x86/boot.rst), as far as its 64-bit entry needs it */
#ifndef KEXEC_IMAGE_BZIMAGE_H
#define KEXEC_IMAGE_BZIMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"

/* Where the header begins, in the file and in struct boot_params, and how far it may reach there:
 * what lies behind belongs to others. */
#define BZIMAGE_HEADER_START 0x1f1
#define BZIMAGE_HEADER_LIMIT 0x290

/* From the first byte that is loaded to the 64-bit entry. */
#define BZIMAGE_ENTRY_64 0x200

/* The first protocol with a 64-bit entry, and its least length: behind init_size and
 * handover_offset. */
#define BZIMAGE_PROTOCOL_64 0x20c

struct bzimage {
	struct span header;  /* as it goes into boot_params at BZIMAGE_HEADER_START */
	struct span version; /* its release and who built it; empty when it does not say */
	struct span loaded;  /* the protected mode part: what memory gets */
	uint16_t protocol;   /* such as 0x20f */
	uint8_t loadflags;
	uint16_t xloadflags;
	uint64_t pref_address;	   /* below this it would move itself to there */
	uint64_t kernel_alignment; /* a power of two */
	uint64_t init_size;	   /* bytes that it needs from where it is loaded */
	uint64_t entry;		   /* its 64-bit one, from the first byte that is loaded */
	uint32_t cmdline_size;	   /* characters of a command line, without NUL */
	bool relocatable;
	bool above_4g;	  /* it, its initrd and all else may be anywhere */
	bool five_levels; /* it can be started with five levels of page tables */
	bool efi_kexec;	  /* it takes EFI's tables from a kernel before it */
};

/*
 * Read the header. ST_NOT_MINE when the bytes are not a bzImage; ST_UNSUPPORTED for one without
 * a 64-bit entry (an older protocol, a 32-bit kernel, a zImage); ST_BAD_INPUT when it is cut short
 * or contradicts itself. The spans are parts of bytes.
 */
int bzimage_parse(struct span bytes, struct bzimage *ret, struct err *err);

#endif
