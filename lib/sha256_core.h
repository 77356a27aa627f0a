/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between lib/sha256.c and the cores made of a CPU's own instructions. Each build has exactly one
 * such function: that of lib/sha256_<target>_core.* or, where nobody wrote one, of sha256_other.c.
 */
#ifndef LIB_SHA256_CORE_H
#define LIB_SHA256_CORE_H

#include <stddef.h>
#include <stdint.h>

#include "sha256.h"

/*
 * Take nblocks whole blocks at data into state, by instructions that the caller knows are
 * there and not trapped: those of core, which is not SHA256_PLAIN. constant is FIPS 180-4's K, in
 * memory aligned to 16 bytes.
 */
void sha256_cpu_blocks(uint32_t state[8], const uint8_t *data, size_t nblocks,
	const uint32_t constant[64], enum sha256_core core);

#endif
