/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between lib/sha256.c and the core made of a CPU's own instructions. Each build has exactly
 * one of those: lib/sha256_<target>.c for the tool, the assembly of arm64 for its purgatory.
 */
#ifndef LIB_SHA256_CORE_H
#define LIB_SHA256_CORE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Take nblocks whole blocks at data into state, by instructions that the caller knows are
 * there and not trapped. constant is FIPS 180-4's K, in memory aligned to 16 bytes.
 */
void sha256_cpu_blocks(
	uint32_t state[8], const uint8_t *data, size_t nblocks, const uint32_t constant[64]);

#endif
