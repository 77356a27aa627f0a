/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The section table of a PE file, which is what EFI programs are: a kernel with an EFI stub,
 * a self-unpacking kernel (zboot), a unified kernel image. (Microsoft PE/COFF
 * specification; every field is little endian.)
 */
#ifndef LIB_PE_H
#define LIB_PE_H

#include <stdint.h>

#include "lib/bytes.h"

struct pe {
	struct span bytes; /* borrowed: the whole file */
	uint16_t machine;  /* PE_MACHINE_ARM64, ... */
	uint16_t section_count;
	uint64_t section_table; /* offset in bytes; all of the table is inside */
	uint64_t signature_end; /* where the table of certificates ends; 0 without one */
};

#define PE_MACHINE_ARM64  0xaa64
#define PE_MACHINE_X86_64 0x8664

struct pe_section {
	char name[9];	      /* with a NUL behind */
	uint32_t memory_size; /* bytes in memory */
	uint32_t file_size;   /* bytes in the file */
	uint32_t file_offset; /* not checked: may lie outside the file */
};

/* ST_NOT_MINE without "MZ" and "PE"; ST_BAD_INPUT when the headers do not fit the file. */
int pe_parse(struct span bytes, struct pe *ret);

/* index < section_count. */
struct pe_section pe_section(const struct pe *pe, unsigned int index);

/* First byte behind the contents of all sections, and behind the certificates: a shorter file was
 * cut. */
uint64_t pe_file_end(const struct pe *pe);

/* "arm64", "x86_64", ..., "an unknown CPU". Static. */
const char *pe_machine_name(uint16_t machine);

#endif
