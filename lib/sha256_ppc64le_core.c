/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SHA-256 (FIPS 180-4) by POWER8's vector instructions: vshasigmaw makes a sigma of each of four
 * words, vsel chooses. In the tool and in the purgatory, where purgatory/check-blob allows vector
 * registers here only. No VSX: the registers that floating point shares stay closed there.
 */
#include <altivec.h>

#include "sha256.h"
#include "sha256_core.h"

typedef __vector unsigned int words;
typedef __vector unsigned char octets;

/* FIPS 180-4, 4.1.2: one of the four sigmas (Power ISA 2.07, 6.10.3). Not by the compilers' names,
 * which they have together with VSX only. */
#define SIGMA(x, is_big, number)                                                                   \
	({                                                                                         \
		words sigma_;                                                                      \
		__asm__("vshasigmaw %0, %1, %2, %3"                                                \
			: "=v"(sigma_)                                                             \
			: "v"(x), "i"(is_big), "i"((number) ? 15 : 0));                            \
		sigma_;                                                                            \
	})

/* Four words from number n, of low's four and, behind them, high's. The first is the rightmost in
 * the register, from where the instruction counts. */
#define FROM(low, high, n) vec_sld(high, low, 16 - 4 * (n))

/* The four words of sixteen rounds later, in place of w[i]. The last two need the first two. */
static inline void next_words(words w[4], unsigned int i)
{
	const words none = vec_splat_u32(0);
	words last = w[(i + 3) % 4];
	words next =
		w[i] + SIGMA(FROM(w[i], w[(i + 1) % 4], 1), 0, 0) + FROM(w[(i + 2) % 4], last, 1);

	next += FROM(SIGMA(last, 0, 1), none, 2);
	w[i] = next + FROM(none, SIGMA(next, 0, 1), 2);
}

/* A round, as lib/sha256_round.h has it, in the first word of each vector; what becomes of the
 * others does not matter. prepared is a word of the schedule with its constant. */
static inline void take_round(words s[8], unsigned int i, words prepared)
{
#define NAME(n) s[((n) + 16 - i % 8) % 8]
	words h = NAME(7) + prepared + SIGMA(NAME(4), 1, 1) + vec_sel(NAME(6), NAME(5), NAME(4));

	NAME(3) += h;
	/* Where a and b differ, the majority is c's. */
	NAME(7) = h + SIGMA(NAME(0), 1, 0) + vec_sel(NAME(1), NAME(2), NAME(0) ^ NAME(1));
#undef NAME
}

/* All rounds of a block; four words for later every four rounds. */
static inline void rounds(words s[8], words w[4], const uint32_t *constant)
{
	for (int first = 0; first < 64; first += 16) {
#pragma GCC unroll 4
		for (unsigned int i = 0; i < 4; i++) {
			words prepared = w[i] + vec_ld(16 * (int)i, constant + first);

#pragma GCC unroll 4
			for (unsigned int j = 0; j < 4; j++) {
				take_round(s, 4 * i + j, prepared);
				prepared = FROM(prepared, prepared, 1);
			}
			if (first < 48)
				next_words(w, i);
		}
	}
}

/* A block of the message, which is big endian, in memory aligned as vectors are. */
static inline void load_words(words w[4], const uint8_t *block)
{
	const octets reverse = { 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12 };

#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		octets quad = vec_ld(16 * i, block);

		w[i] = (words)vec_perm(quad, quad, reverse);
	}
}

/* That block, which may be anywhere, where vectors can be loaded from. */
static inline const uint8_t *aligned(const uint8_t *data, uint64_t copy[8])
{
	typedef uint64_t __attribute__((may_alias, aligned(1))) word_anywhere;

	if ((uintptr_t)data % 16 == 0)
		return data;
#pragma GCC unroll 8
	for (int i = 0; i < 8; i++)
		copy[i] = ((const word_anywhere *)data)[i];
	return (const uint8_t *)copy;
}

void sha256_cpu_blocks(uint32_t state[8], const uint8_t *data, size_t nblocks,
	const uint32_t constant[64], enum sha256_core core)
{
	uint64_t copy[8] __attribute__((aligned(16)));
	words sum[8], s[8], w[4];

	(void)core; /* there is one */
#pragma GCC unroll 8
	for (int i = 0; i < 8; i++) {
		const words first = { state[i] };

		sum[i] = s[i] = first;
	}
	for (; nblocks > 0; nblocks--, data += SHA256_BLOCK_SIZE) {
		load_words(w, aligned(data, copy));
		rounds(s, w, constant);
#pragma GCC unroll 8
		for (int i = 0; i < 8; i++)
			sum[i] = s[i] = sum[i] + s[i];
	}
#pragma GCC unroll 8
	for (int i = 0; i < 8; i++)
		state[i] = vec_extract(sum[i], 0);
}
