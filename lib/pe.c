// SPDX-License-Identifier: GPL-2.0-only
#include <assert.h>
#include <string.h>

#include "lib/pe.h"
#include "lib/status.h"

#define PE_OFFSET_AT 60 /* in the DOS header */
#define COFF_SIZE    24 /* "PE\0\0" and the COFF header */
#define SECTION_SIZE 40

/* The optional header of 64-bit files, and where it tells of the table of certificates: unlike
 * all other directories by its place in the file. */
#define PE32_PLUS	0x20b
#define DIRECTORIES_AT	108
#define CERTIFICATES_AT 144
#define CERTIFICATES	4 /* its index */

/* The optional header stands in front of the section table. */
static uint64_t signature_end(const struct pe *pe, uint16_t size)
{
	const uint8_t *optional = pe->bytes.data + pe->section_table - size;

	if (size < CERTIFICATES_AT + 8 || load_le16(optional) != PE32_PLUS ||
		load_le32(optional + DIRECTORIES_AT) <= CERTIFICATES ||
		load_le32(optional + CERTIFICATES_AT + 4) == 0)
		return 0;
	return (uint64_t)load_le32(optional + CERTIFICATES_AT) +
	       load_le32(optional + CERTIFICATES_AT + 4);
}

int pe_parse(struct span bytes, struct pe *ret)
{
	struct pe pe = { .bytes = bytes };
	struct span coff, table;

	if (bytes.size < PE_OFFSET_AT + 4 || !span_starts_with(bytes, "MZ", 2))
		return ST_NOT_MINE;
	if (!span_slice(bytes, load_le32(bytes.data + PE_OFFSET_AT), 4, &coff) ||
		!span_starts_with(coff, "PE\0", 4))
		return ST_NOT_MINE;
	if (!span_slice(bytes, load_le32(bytes.data + PE_OFFSET_AT), COFF_SIZE, &coff))
		return ST_BAD_INPUT;
	pe.machine = load_le16(coff.data + 4);
	pe.section_count = load_le16(coff.data + 6);
	/* The table follows the optional header, whose size the COFF header tells. */
	pe.section_table = (uint64_t)load_le32(bytes.data + PE_OFFSET_AT) + COFF_SIZE +
			   load_le16(coff.data + 20);
	if (!span_slice(bytes, pe.section_table, (uint64_t)pe.section_count * SECTION_SIZE, &table))
		return ST_BAD_INPUT;
	pe.signature_end = signature_end(&pe, load_le16(coff.data + 20));
	*ret = pe;
	return ST_OK;
}

struct pe_section pe_section(const struct pe *pe, unsigned int index)
{
	struct pe_section section = { .name = "" };
	const uint8_t *at;

	assert(index < pe->section_count);
	at = pe->bytes.data + pe->section_table + (size_t)index * SECTION_SIZE;
	memcpy(section.name, at, 8);
	section.memory_size = load_le32(at + 8);
	section.file_size = load_le32(at + 16);
	section.file_offset = load_le32(at + 20);
	return section;
}

uint64_t pe_file_end(const struct pe *pe)
{
	uint64_t end = pe->section_table + (uint64_t)pe->section_count * SECTION_SIZE;

	for (unsigned int i = 0; i < pe->section_count; i++) {
		struct pe_section section = pe_section(pe, i);
		uint64_t behind = (uint64_t)section.file_offset + section.file_size;

		if (section.file_size && behind > end)
			end = behind;
	}
	return pe->signature_end > end ? pe->signature_end : end;
}

const char *pe_machine_name(uint16_t machine)
{
	static const struct {
		uint16_t machine;
		const char *name;
	} names[] = {
		{ PE_MACHINE_ARM64, "arm64" },
		{ 0x8664, "x86_64" },
		{ 0x014c, "i386" },
		{ 0x01c0, "arm" },
		{ 0x01c2, "arm" },
		{ 0x5064, "riscv64" },
		{ 0x5032, "riscv32" },
		{ 0x6264, "loongarch64" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].machine == machine)
			return names[i].name;
	return "an unknown CPU";
}
