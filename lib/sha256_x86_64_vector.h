/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LIB_SHA256_X86_64_VECTOR_H
#define LIB_SHA256_X86_64_VECTOR_H

#include <stddef.h>
#include <stdint.h>

/* sha256_cpu_blocks() by SSSE3 and BMI2. */
void sha256_vector_blocks(
	uint32_t state[8], const uint8_t *data, size_t nblocks, const uint32_t constant[64]);

#endif
