/* SPDX-License-Identifier: GPL-2.0-only */
/* Which core on an x86_64 machine; those are in sha256_x86_64_core.c and _vector.c. */
#include <cpuid.h>

#include "sha256.h"

/* Intel SDM, volume 2, CPUID. */
#define LEAF1_ECX_SSSE3 (1u << 9)
#define LEAF1_ECX_SSE41 (1u << 19)
#define LEAF7_EBX_BMI2	(1u << 8)
#define LEAF7_EBX_SHA	(1u << 29)

enum sha256_core sha256_best_core(void)
{
	unsigned int a, b, c, d, ecx;

	if (!__get_cpuid(1, &a, &b, &ecx, &d) || !(ecx & LEAF1_ECX_SSSE3))
		return SHA256_PLAIN;
	if (!__get_cpuid_count(7, 0, &a, &b, &c, &d))
		return SHA256_PLAIN;
	if (ecx & LEAF1_ECX_SSE41 && b & LEAF7_EBX_SHA)
		return SHA256_CPU;
	return b & LEAF7_EBX_BMI2 ? SHA256_VECTOR : SHA256_PLAIN;
}
