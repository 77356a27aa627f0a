/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernels as the linker leaves them, in memory, by offsets written down a second time (elf(5)). */
#ifndef TESTS_UNIT_VMLINUX_H
#define TESTS_UNIT_VMLINUX_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/bytes.h"
#include "lib/status.h"

#define POWER_FILE 0x3000
#define X86_FILE   0x4000
__attribute__((unused)) static void put_power_load(struct blob *blob, unsigned int index,
	uint64_t paddr, uint64_t offset, uint64_t file_size, uint64_t memory_size)
{
	uint8_t *phdr = blob->data + 64 + (size_t)index * 56;

	store_le32(phdr, 1);
	store_le64(phdr + 8, offset);
	store_le64(phdr + 16, UINT64_C(0xc000000000000000) + paddr);
	store_le64(phdr + 24, paddr);
	store_le64(phdr + 32, file_size);
	store_le64(phdr + 40, memory_size);
}

/* One with a note in front and, if parts is 2, its data apart. */
__attribute__((unused)) static struct blob power_vmlinux(unsigned int parts)
{
	struct blob blob = BLOB_INIT;

	assert_int_equal(blob_zeroed(&blob, POWER_FILE), ST_OK);
	memcpy(blob.data, "\177ELF\2\1", 6);
	store_le16(blob.data + 16, 2);
	store_le16(blob.data + 18, 21);
	store_le64(blob.data + 24, UINT64_C(0xc000000000000000));
	store_le64(blob.data + 32, 64);
	store_le16(blob.data + 54, 56);
	store_le16(blob.data + 56, (uint16_t)(parts + 1));
	put_power_load(&blob, 0, 0x40, 0x40, 16, 16);
	store_le32(blob.data + 64, 4);
	put_power_load(&blob, 1, 0x10000, 0x1000, 0x1000, parts == 2 ? 0x1000 : 0x5000);
	if (parts == 2)
		put_power_load(&blob, 2, 0x14000, 0x2000, 0x800, 0x1000);
	memcpy(blob.data + 0x1000, "\x48\0\0\x08", 4);
	store_le32(blob.data + 0x105c, 0x72756e30);
	memset(blob.data + 0x2000, 0x77, 0x800);
	return blob;
}

/* One that is linked for 16 MiB, with a note, data apart that begins with what is per CPU, at
 * virtual 0 as in old kernels, BSS behind it, and the entry in there. */
__attribute__((unused)) static struct blob x86_vmlinux(void)
{
	static const struct {
		uint32_t type;
		uint64_t vaddr, paddr, offset, file_size, memory_size;
	} parts[] = {
		{ 1, UINT64_C(0xffffffff81000000), 0x1000000, 0x1000, 0x1000, 0x1000 },
		{ 4, UINT64_C(0xffffffff81000100), 0x1000100, 0x1100, 0x40, 0x40 },
		{ 1, 0, 0x1200000, 0x2000, 0x1000, 0x1000 },
		{ 1, UINT64_C(0xffffffff81201000), 0x1201000, 0x3000, 0x800, 0x30000 },
	};
	struct blob blob = BLOB_INIT;

	assert_int_equal(blob_zeroed(&blob, X86_FILE), ST_OK);
	memcpy(blob.data, "\177ELF\2\1", 6);
	store_le16(blob.data + 16, 2);
	store_le16(blob.data + 18, 62);
	store_le64(blob.data + 24, 0x1201010);
	store_le64(blob.data + 32, 64);
	store_le16(blob.data + 54, 56);
	store_le16(blob.data + 56, 4);
	for (unsigned int i = 0; i < 4; i++) {
		uint8_t *phdr = blob.data + 64 + (size_t)i * 56;

		store_le32(phdr, parts[i].type);
		store_le64(phdr + 8, parts[i].offset);
		store_le64(phdr + 16, parts[i].vaddr);
		store_le64(phdr + 24, parts[i].paddr);
		store_le64(phdr + 32, parts[i].file_size);
		store_le64(phdr + 40, parts[i].memory_size);
	}
	memset(blob.data + 0x1000, 0x11, 0x1000);
	memset(blob.data + 0x2000, 0x22, 0x1000);
	memset(blob.data + 0x3000, 0x33, 0x800);
	strcpy((char *)blob.data + 0x1200, "Linux version 7.3.4-rig (builder@here)");
	return blob;
}

#endif
