/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SHA-256 by the SHA extensions of x86 (Intel SDM, volume 2: SHA256RNDS2, SHA256MSG1, -MSG2). In
 * the tool and in the purgatory, where purgatory/check-blob allows vector registers here only.
 */
#include <immintrin.h>

#include "sha256.h"
#include "sha256_core.h"
#include "sha256_x86_64_vector.h"

#define NEEDS __attribute__((target("sse4.1,sha")))

/* The state as the instructions want it: from the highest lane, a b e f and c d g h. */
struct halves {
	__m128i abef, cdgh;
};

NEEDS static inline struct halves halves_load(const uint32_t state[8])
{
	__m128i badc = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0xb1);
	__m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state + 4)), 0x1b);

	return (struct halves){
		.abef = _mm_alignr_epi8(badc, hgfe, 8),
		.cdgh = _mm_blend_epi16(hgfe, badc, 0xf0),
	};
}

NEEDS static inline void halves_store(struct halves halves, uint32_t state[8])
{
	__m128i abef = _mm_shuffle_epi32(halves.abef, 0x1b);
	__m128i ghcd = _mm_shuffle_epi32(halves.cdgh, 0xb1);

	_mm_storeu_si128((__m128i *)state, _mm_blend_epi16(abef, ghcd, 0xf0));
	_mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(ghcd, abef, 8));
}

/* Four rounds: twice two of them, after each of which the halves have changed their places. */
NEEDS static inline struct halves four_rounds(struct halves s, __m128i words)
{
	s.cdgh = _mm_sha256rnds2_epu32(s.cdgh, s.abef, words);
	s.abef = _mm_sha256rnds2_epu32(s.abef, s.cdgh, _mm_shuffle_epi32(words, 0x0e));
	return s;
}

/* Sixteen words of the message, which is big endian. */
NEEDS static inline void load_words(__m128i w[4], const uint8_t *data)
{
	const __m128i reverse = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);

	for (int i = 0; i < 4; i++) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(data + 16 * i));

		w[i] = _mm_shuffle_epi8(bytes, reverse);
	}
}

/* The four words of sixteen rounds later, in place of w[i]. */
NEEDS static inline void next_words(__m128i w[4], int i)
{
	__m128i last = w[(i + 3) % 4], before = w[(i + 2) % 4];
	__m128i next = _mm_sha256msg1_epu32(w[i % 4], w[(i + 1) % 4]);

	next = _mm_add_epi32(next, _mm_alignr_epi8(last, before, 4));
	w[i % 4] = _mm_sha256msg2_epu32(next, last);
}

NEEDS static void by_sha(
	uint32_t state[8], const uint8_t *data, size_t nblocks, const uint32_t constant[64])
{
	const __m128i *k = (const __m128i *)constant;
	struct halves s = halves_load(state);
	__m128i w[4];

	for (; nblocks > 0; nblocks--, data += SHA256_BLOCK_SIZE) {
		struct halves before = s;

		load_words(w, data);
#pragma GCC unroll 16
		for (int i = 0; i < 16; i++) {
			s = four_rounds(s, _mm_add_epi32(w[i % 4], _mm_load_si128(k + i)));
			if (i < 12)
				next_words(w, i);
		}
		s.abef = _mm_add_epi32(s.abef, before.abef);
		s.cdgh = _mm_add_epi32(s.cdgh, before.cdgh);
	}
	halves_store(s, state);
}

void sha256_cpu_blocks(uint32_t state[8], const uint8_t *data, size_t nblocks,
	const uint32_t constant[64], enum sha256_core core)
{
	if (core == SHA256_CPU)
		by_sha(state, data, nblocks, constant);
	else
		sha256_vector_blocks(state, data, nblocks, constant);
}
