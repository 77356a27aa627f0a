/* SPDX-License-Identifier: GPL-2.0-only */
/* ELF cores for tests, as an arm64 kernel shows them: 64 bits, little-endian, the table of program
 * headers behind the ELF header. test_elfcore.c has its own, of every shape. */
#ifndef TESTS_UNIT_CORE_H
#define TESTS_UNIT_CORE_H

#include <elf.h>
#include <stdint.h>
#include <string.h>

#include "lib/bytes.h"

#define CORE_HEADERS(count) (64 + (count)*56)

__attribute__((unused)) static void core_header(uint8_t *core, uint16_t phdrs)
{
	memset(core, 0, CORE_HEADERS((size_t)phdrs));
	memcpy(core, "\177ELF\2\1\1", 7);
	store_le16(core + 16, ET_CORE);
	store_le16(core + 18, EM_AARCH64);
	store_le32(core + 20, EV_CURRENT);
	store_le64(core + 32, 64);
	store_le16(core + 52, 64);
	store_le16(core + 54, 56);
	store_le16(core + 56, phdrs);
}

__attribute__((unused)) static void core_phdr(uint8_t *core, unsigned int index, uint32_t type,
	uint64_t offset, uint64_t vaddr, uint64_t paddr, uint64_t size)
{
	uint8_t *phdr = core + CORE_HEADERS((size_t)index);

	store_le32(phdr, type);
	store_le64(phdr + 8, offset);
	store_le64(phdr + 16, vaddr);
	store_le64(phdr + 24, paddr);
	store_le64(phdr + 32, size);
	store_le64(phdr + 40, size);
}

#endif
