/* SPDX-License-Identifier: GPL-2.0-only */
#include "sha256.h"

#include "sha256_core.h"
#include "sha256_round.h"

/* FIPS 180-4, 4.2.2: fractional parts of the cube roots of the first 64 primes. */
/* clang-format off */
static const uint32_t round_constant[64] __attribute__((aligned(16))) = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5,
	0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
	0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
	0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5,
	0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};
/* clang-format on */

static inline uint32_t small_sigma0(uint32_t x)
{
	return rotate_right(x, 7) ^ rotate_right(x, 18) ^ x >> 3;
}

static inline uint32_t small_sigma1(uint32_t x)
{
	return rotate_right(x, 17) ^ rotate_right(x, 19) ^ x >> 10;
}

static inline uint64_t from_be64(uint64_t x)
{
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_bswap64(x) : x;
}

static inline uint32_t load_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The bytes of a message have no type of their own. */
typedef uint64_t __attribute__((may_alias)) message_word;

/*
 * The first 16 words of the schedule. With the MMU off each load is a transaction on the
 * bus that nothing caches, so aligned data is taken eight bytes at a time; the addresses of
 * segments are aligned. Data that is not must be taken by bytes: there an unaligned load is
 * a fault.
 */
static inline void load_block(uint32_t w[16], const uint8_t *data)
{
	const message_word *pair = (const void *)data;

	if ((uintptr_t)data % sizeof(*pair) == 0) {
#pragma GCC unroll 8
		for (int i = 0; i < 8; i++) {
			uint64_t both = from_be64(pair[i]);

			w[2 * i] = (uint32_t)(both >> 32);
			w[2 * i + 1] = (uint32_t)both;
		}
	} else {
#pragma GCC unroll 16
		for (int i = 0; i < 16; i++)
			w[i] = load_be32(data + 4 * i);
	}
}

/* Sixteen rounds. Unrolled, so that both arrays are registers, not memory: with the MMU off the
 * stack is as slow as the data. */
static inline uint32_t sixteen_rounds(
	uint32_t s[8], const uint32_t w[16], const uint32_t *constant, uint32_t differ)
{
#pragma GCC unroll 16
	for (unsigned int i = 0; i < 16; i++)
		differ = sha256_round(s, i, constant[i], w[i], differ);
	return differ;
}

/* The next sixteen words of the schedule, in place of the last sixteen. */
static inline void next_words(uint32_t w[16])
{
#pragma GCC unroll 16
	for (int i = 0; i < 16; i++)
		w[i] += small_sigma1(w[(i + 14) % 16]) + w[(i + 9) % 16] +
			small_sigma0(w[(i + 1) % 16]);
}

/*
 * The plain core, for every CPU and with the MMU off. 20 instructions of arm64 for a round and
 * 9 for a word of the schedule; doc/purgatory.md says why it is not fewer.
 */
static void plain_blocks(uint32_t state[8], const uint8_t *data, size_t nblocks)
{
	uint32_t s[8], w[16], differ;

	for (; nblocks > 0; nblocks--, data += SHA256_BLOCK_SIZE) {
		load_block(w, data);
#pragma GCC unroll 8
		for (int i = 0; i < 8; i++)
			s[i] = state[i];
		differ = s[1] ^ s[2];
		for (int first = 0;; first += 16) {
			differ = sixteen_rounds(s, w, round_constant + first, differ);
			if (first == 48)
				break;
			next_words(w);
		}
#pragma GCC unroll 8
		for (int i = 0; i < 8; i++)
			state[i] += s[i];
	}
}

/* No pointer to a function: in the purgatory its address would have to be relocated. */
static void take_blocks(struct sha256 *ctx, const uint8_t *data, size_t nblocks)
{
	if (ctx->core == SHA256_PLAIN)
		plain_blocks(ctx->state, data, nblocks);
	else
		sha256_cpu_blocks(ctx->state, data, nblocks, round_constant, ctx->core);
}

void sha256_init(struct sha256 *ctx, enum sha256_core core)
{
	/* FIPS 180-4, 5.3.3: fractional parts of the square roots of the first 8 primes. */
	ctx->state[0] = 0x6a09e667;
	ctx->state[1] = 0xbb67ae85;
	ctx->state[2] = 0x3c6ef372;
	ctx->state[3] = 0xa54ff53a;
	ctx->state[4] = 0x510e527f;
	ctx->state[5] = 0x9b05688c;
	ctx->state[6] = 0x1f83d9ab;
	ctx->state[7] = 0x5be0cd19;
	ctx->length = 0;
	ctx->core = core;
}

/* Put size bytes behind the used ones of ctx->block, which has room for them. */
static void keep(struct sha256 *ctx, const uint8_t *data, size_t size)
{
	size_t used = ctx->length % SHA256_BLOCK_SIZE;

	for (size_t i = 0; i < size; i++)
		ctx->block[used + i] = data[i];
	ctx->length += size;
}

void sha256_update(struct sha256 *ctx, const void *data, size_t size)
{
	size_t used = ctx->length % SHA256_BLOCK_SIZE;
	const uint8_t *next = data;
	size_t whole;

	if (used > 0) {
		size_t part = SHA256_BLOCK_SIZE - used;

		if (part > size)
			part = size;
		keep(ctx, next, part);
		next += part;
		size -= part;
		if (used + part < SHA256_BLOCK_SIZE)
			return;
		take_blocks(ctx, ctx->block, 1);
	}

	whole = size - size % SHA256_BLOCK_SIZE;
	take_blocks(ctx, next, whole / SHA256_BLOCK_SIZE);
	ctx->length += whole;
	keep(ctx, next + whole, size - whole);
}

/* FIPS 180-4, 5.1.1: a one bit, zeros, and the length in bits, to the end of a block. */
static void pad(struct sha256 *ctx)
{
	static const uint8_t zero[SHA256_BLOCK_SIZE];
	static const uint8_t one = 0x80;
	uint64_t bits = ctx->length * 8;
	uint8_t length[8];

	for (int i = 0; i < 8; i++)
		length[i] = (uint8_t)(bits >> (56 - 8 * i));
	sha256_update(ctx, &one, 1);
	sha256_update(ctx, zero,
		(2 * SHA256_BLOCK_SIZE - sizeof(length) - ctx->length) % SHA256_BLOCK_SIZE);
	sha256_update(ctx, length, sizeof(length));
}

void sha256_final(struct sha256 *ctx, uint8_t ret_digest[SHA256_DIGEST_SIZE])
{
	pad(ctx);
	for (int i = 0; i < SHA256_DIGEST_SIZE; i++)
		ret_digest[i] = (uint8_t)(ctx->state[i / 4] >> (24 - 8 * (i % 4)));
}
