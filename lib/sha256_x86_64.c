/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether this x86_64 machine has the instructions of sha256_x86_64_core.c. */
#include <cpuid.h>

#include "sha256.h"

/* Intel SDM, volume 2, CPUID. */
#define LEAF1_ECX_SSSE3 (1u << 9)
#define LEAF1_ECX_SSE41 (1u << 19)
#define LEAF7_EBX_SHA	(1u << 29)

enum sha256_core sha256_best_core(void)
{
	const unsigned int sse = LEAF1_ECX_SSSE3 | LEAF1_ECX_SSE41;
	unsigned int a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || (c & sse) != sse)
		return SHA256_PLAIN;
	if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & LEAF7_EBX_SHA))
		return SHA256_PLAIN;
	return SHA256_CPU;
}
