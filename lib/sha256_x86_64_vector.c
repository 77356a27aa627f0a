/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SHA-256 (FIPS 180-4) for x86 without instructions of its own for it: the schedule in vectors of
 * four words (SSSE3), the rounds in general registers with rotations that copy (BMI2), as Intel's
 * CPUs have since 2013. In the tool and in the purgatory, for nothing here needs more than SSE's
 * registers: those of AVX are closed there, and make it one part in fifty faster.
 */
#include <immintrin.h>

#include "sha256.h"
#include "sha256_round.h"
#include "sha256_x86_64_vector.h"

#define NEEDS __attribute__((target("ssse3,bmi2")))

/* FIPS 180-4, 4.1.2: the small sigmas. */
NEEDS static inline __m128i sigma0(__m128i x)
{
	return _mm_srli_epi32(x, 7) ^ _mm_slli_epi32(x, 25) ^ _mm_srli_epi32(x, 18) ^
	       _mm_slli_epi32(x, 14) ^ _mm_srli_epi32(x, 3);
}

/* Of two words, each of which stands there twice: so a shift of both turns the lower one. */
NEEDS static inline __m128i sigma1(__m128i twice)
{
	return _mm_srli_epi64(twice, 17) ^ _mm_srli_epi64(twice, 19) ^ _mm_srli_epi32(twice, 10);
}

/* The four words of sixteen rounds later, in place of w[i]. The last two need the first two. */
NEEDS static inline void next_words(__m128i w[4], int i)
{
	const __m128i to_lower = _mm_set_epi64x(-1, 0x0b0a090803020100);
	const __m128i to_upper = _mm_set_epi64x(0x0b0a090803020100, -1);
	__m128i last = w[(i + 3) % 4];
	__m128i next = _mm_add_epi32(w[i], _mm_alignr_epi8(last, w[(i + 2) % 4], 4));
	__m128i part;

	next = _mm_add_epi32(next, sigma0(_mm_alignr_epi8(w[(i + 1) % 4], w[i], 4)));
	part = sigma1(_mm_shuffle_epi32(last, 0xfa));
	next = _mm_add_epi32(next, _mm_shuffle_epi8(part, to_lower));
	part = sigma1(_mm_shuffle_epi32(next, 0x50));
	w[i] = _mm_add_epi32(next, _mm_shuffle_epi8(part, to_upper));
}

/* The words of a block with their constants, as the rounds take them. */
struct prepared {
	uint32_t words[64] __attribute__((aligned(16)));
};

NEEDS static inline void prepare(
	struct prepared *to, int i, __m128i words, const uint32_t *constant)
{
	__m128i k = _mm_load_si128((const __m128i *)constant + i);

	_mm_store_si128((__m128i *)to->words + i, _mm_add_epi32(words, k));
}

/* All rounds of a block; four words for later every four rounds, so that the CPU does both at
 * once. */
NEEDS static inline void rounds(
	uint32_t s[8], __m128i w[4], struct prepared *prepared, const uint32_t *constant)
{
	uint32_t differ = s[1] ^ s[2];

	for (int first = 0; first < 64; first += 16) {
#pragma GCC unroll 16
		for (int i = 0; i < 16; i++) {
			if (i % 4 == 0 && first < 48) {
				next_words(w, i / 4);
				prepare(prepared, (first + 16 + i) / 4, w[i / 4], constant);
			}
			differ = sha256_round(
				s, (unsigned int)i, 0, prepared->words[first + i], differ);
		}
	}
}

NEEDS void sha256_vector_blocks(
	uint32_t state[8], const uint8_t *data, size_t nblocks, const uint32_t constant[64])
{
	const __m128i reverse = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);

	for (; nblocks > 0; nblocks--, data += SHA256_BLOCK_SIZE) {
		uint32_t s[8];
		struct prepared prepared;
		__m128i w[4];

#pragma GCC unroll 4
		for (int i = 0; i < 4; i++) {
			w[i] = _mm_loadu_si128((const __m128i *)data + i);
			w[i] = _mm_shuffle_epi8(w[i], reverse);
			prepare(&prepared, i, w[i], constant);
		}
#pragma GCC unroll 8
		for (int i = 0; i < 8; i++)
			s[i] = state[i];
		rounds(s, w, &prepared, constant);
#pragma GCC unroll 8
		for (int i = 0; i < 8; i++)
			state[i] += s[i];
	}
}
