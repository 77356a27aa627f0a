/* SPDX-License-Identifier: GPL-2.0-only */
/* Which core on a ppc64le machine; the core itself is lib/sha256_ppc64le_core.c. */
#include <sys/auxv.h>

#include "sha256.h"

/* PPC_FEATURE2_VEC_CRYPTO, Documentation/arch/powerpc/elf_hwcaps.rst */
#define HWCAP2_VECTOR_CRYPTO 0x02000000ul

enum sha256_core sha256_best_core(void)
{
	return getauxval(AT_HWCAP2) & HWCAP2_VECTOR_CRYPTO ? SHA256_CPU : SHA256_PLAIN;
}
