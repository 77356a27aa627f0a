/* SPDX-License-Identifier: GPL-2.0-only */
/* Which core on an arm64 machine; the core itself is lib/sha256_arm64_core.S. */
#include <sys/auxv.h>

#include "sha256.h"

#define HWCAP_SHA256 (1ul << 6) /* HWCAP_SHA2, Documentation/arch/arm64/elf_hwcaps.rst */

enum sha256_core sha256_best_core(void)
{
	if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && getauxval(AT_HWCAP) & HWCAP_SHA256)
		return SHA256_CPU;
	return SHA256_PLAIN;
}
