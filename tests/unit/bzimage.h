/* SPDX-License-Identifier: GPL-2.0-only */
/* A bzImage in memory, by offsets written down a second time (Documentation/arch/x86/boot.rst). */
#ifndef TESTS_UNIT_BZIMAGE_H
#define TESTS_UNIT_BZIMAGE_H

#include <stdint.h>
#include <string.h>

#include "lib/bytes.h"

#define TEST_SETUP_SECTS 3
#define TEST_SETUP_SIZE	 ((TEST_SETUP_SECTS + 1) * 512)
#define TEST_LOADED_SIZE 8000 /* a multiple of 16, not of a page */
#define TEST_FILE_SIZE	 (TEST_SETUP_SIZE + TEST_LOADED_SIZE)

/* One that all is well with: protocol 2.15, at any 2 MiB from 16 MiB on, 10 MiB in memory. */
__attribute__((unused)) static void make_bzimage(uint8_t file[TEST_FILE_SIZE])
{
	for (size_t i = 0; i < TEST_FILE_SIZE; i++)
		file[i] = (uint8_t)(i * 31 >> 3);
	memset(file + 0x1ef, 0xff, 2); /* the sentinel, which must not be copied */
	file[0x1f1] = TEST_SETUP_SECTS;
	store_le32(file + 0x1f4, TEST_LOADED_SIZE / 16);
	store_le16(file + 0x1fa, 0xffff);
	store_le16(file + 0x1fe, 0xaa55);
	file[0x200] = 0xeb;
	file[0x201] = 0x6a; /* the header ends at 0x26c */
	memcpy(file + 0x202, "HdrS", 4);
	store_le16(file + 0x206, 0x020f);
	store_le16(file + 0x20e, 0x400); /* where its release is, from 0x200 on */
	strcpy((char *)file + 0x600, "6.1.0-13-amd64 (builder@somewhere) #1 SMP");
	file[0x211] = 0x01;
	store_le32(file + 0x22c, 0x7fffffff);
	store_le32(file + 0x230, 0x200000);
	file[0x234] = 1;
	store_le16(file + 0x236, 0x73);
	store_le32(file + 0x238, 2047);
	store_le64(file + 0x250, 0);
	store_le64(file + 0x258, 0x1000000);
	store_le32(file + 0x260, 0xa56000);
}

#endif
