/* SPDX-License-Identifier: GPL-2.0-only */
/* A Multiboot kernel: an ELF program for i386 of one part, with a header of either version. */
#ifndef TESTS_UNIT_MULTIBOOT_H
#define TESTS_UNIT_MULTIBOOT_H

#include <string.h>

#include "lib/bytes.h"

#define MB_FRONT   0x1000u	   /* bytes of the file in front of what is loaded */
#define MB_AT	   (MB_FRONT + 16) /* the header */
#define MB_LOADED  0x2100u
#define MB_MEMORY  0x5000u
#define MB_ADDRESS 0x200000u
#define MB_ENTRY   0x123u /* from there: any byte will do */

/* The sum over so many words of the header in the middle of the fourth or third. */
__attribute__((unused)) static void mb_sum(uint8_t *header, unsigned int words)
{
	uint32_t sum = 0;

	for (unsigned int i = 0; i + 1 < words; i++)
		sum += load_le32(header + 4 * i);
	store_le32(header + 4 * (words - 1), 0u - sum);
}

/* Of version 1, with those flags. */
__attribute__((unused)) static void mb_header_1(uint8_t *file, uint32_t flags)
{
	store_le32(file + MB_AT, 0x1badb002);
	store_le32(file + MB_AT + 4, flags);
	mb_sum(file + MB_AT, 3);
}

/* Of version 2, with those words as its tags. */
__attribute__((unused)) static void mb_header_2(uint8_t *file, const uint32_t *words, size_t count)
{
	store_le32(file + MB_AT, 0xe85250d6);
	store_le32(file + MB_AT + 4, 0);
	store_le32(file + MB_AT + 8, (uint32_t)(16 + 4 * count));
	for (size_t i = 0; i < count; i++)
		store_le32(file + MB_AT + 16 + 4 * i, words[i]);
	mb_sum(file + MB_AT, 4);
}

/* The program, without a header yet. The caller frees it. NULL bytes when memory is out. */
__attribute__((unused)) static struct blob mb_program(void)
{
	struct blob file = BLOB_INIT;
	uint8_t *phdr;

	if (blob_zeroed(&file, MB_FRONT + MB_LOADED))
		return file;
	memcpy(file.data, "\177ELF\1\1\1", 7);
	store_le16(file.data + 16, 2); /* ET_EXEC */
	store_le16(file.data + 18, 3); /* EM_386 */
	store_le32(file.data + 24, MB_ADDRESS + MB_ENTRY);
	store_le32(file.data + 28, 52);
	store_le16(file.data + 42, 32);
	store_le16(file.data + 44, 1);
	phdr = file.data + 52;
	store_le32(phdr, 1);
	store_le32(phdr + 4, MB_FRONT);
	store_le32(phdr + 8, MB_ADDRESS);
	store_le32(phdr + 12, MB_ADDRESS);
	store_le32(phdr + 16, MB_LOADED);
	store_le32(phdr + 20, MB_MEMORY);
	for (size_t i = MB_FRONT; i < file.size; i++)
		file.data[i] = (uint8_t)(i * 5 + (i >> 8));
	return file;
}

/* Xen's tags: an information request of two, alignment, relocatable to anywhere but the lowest 2
 * MiB, at the end; three more that are optional. */
#define MB_RELOCATABLE                                                                             \
	1, 16, 4, 6, 6, 8, 0x1000a, 24, 0x200000, 0xffffffff, 0x200000, 2, 0x10004, 12, 2, 0,      \
		0x10005, 20, 0, 0, 0, 0, 0x10007, 8, 0x10009, 12, 0x12345, 0, 0, 8

#endif
