// SPDX-License-Identifier: GPL-2.0-only
#include "lib/crc32.h"

#define POLYNOMIAL UINT32_C(0xedb88320)

uint32_t crc32_of(struct span bytes)
{
	uint32_t table[256];
	uint32_t crc = UINT32_MAX;

	for (uint32_t i = 0; i < 256; i++) {
		table[i] = i;
		for (int bit = 0; bit < 8; bit++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? POLYNOMIAL : 0);
	}
	for (size_t i = 0; i < bytes.size; i++)
		crc = crc >> 8 ^ table[(crc ^ bytes.data[i]) & 0xff];
	return ~crc;
}
