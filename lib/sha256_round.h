/* SPDX-License-Identifier: GPL-2.0-only */
/* A round of SHA-256 (FIPS 180-4, 6.2.2) in general registers. */
#ifndef LIB_SHA256_ROUND_H
#define LIB_SHA256_ROUND_H

#include <stdint.h>

static inline uint32_t rotate_right(uint32_t x, unsigned int n)
{
	return x >> n | x << (32 - n);
}

/* FIPS 180-4, 4.1.2: the functions, here by the names of what they do. */
static inline uint32_t choose(uint32_t x, uint32_t y, uint32_t z)
{
	return z ^ (x & (y ^ z));
}

static inline uint32_t big_sigma0(uint32_t x)
{
	return rotate_right(x, 2) ^ rotate_right(x, 13) ^ rotate_right(x, 22);
}

static inline uint32_t big_sigma1(uint32_t x)
{
	return rotate_right(x, 6) ^ rotate_right(x, 11) ^ rotate_right(x, 25);
}

/*
 * Round i, which is a constant in unrolled code, so that every index is one. The eight working
 * variables stay where they are and change their names: s[NAME(0)] is the standard's `a` in round
 * i, s[NAME(7)] its `h`.
 *
 * The majority of a, b and c is b, unless both others differ from it. What a round computes
 * as a ^ b is b ^ c to the next one, so it is handed on: differ, in and out.
 */
static inline uint32_t sha256_round(
	uint32_t s[8], unsigned int i, uint32_t constant, uint32_t word, uint32_t differ)
{
#define NAME(n) (((n) + 16 - i % 8) % 8)
	uint32_t h = s[NAME(7)] + constant + word + big_sigma1(s[NAME(4)]) +
		     choose(s[NAME(4)], s[NAME(5)], s[NAME(6)]);
	uint32_t a_b = s[NAME(0)] ^ s[NAME(1)];

	s[NAME(3)] += h;
	s[NAME(7)] = h + big_sigma0(s[NAME(0)]) + (s[NAME(1)] ^ (a_b & differ));
	return a_b;
#undef NAME
}

#endif
