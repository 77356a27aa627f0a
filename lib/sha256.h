/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SHA-256 (FIPS 180-4). Freestanding: the same source is built into the host tool, which
 * makes the digests, and into the purgatory, which checks them. It needs no library and makes
 * only naturally aligned accesses, so that it is safe with the MMU off.
 */
#ifndef LIB_SHA256_H
#define LIB_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_DIGEST_SIZE 32
#define SHA256_BLOCK_SIZE  64

/* Who does the rounds. */
enum sha256_core {
	SHA256_PLAIN = 1,  /* C: runs anywhere, and touches no floating point or vector register */
	SHA256_CPU = 2,	   /* instructions of the CPU, which has them; takes vector registers */
	SHA256_VECTOR = 3, /* the schedule by vectors of general use: x86_64 */
};

struct sha256 {
	uint32_t state[8];
	uint64_t length; /* bytes taken in so far */
	enum sha256_core core;
	uint8_t block[SHA256_BLOCK_SIZE] __attribute__((aligned(8)));
};

/* The fastest core that this machine can run. Only in the tool: purgatory has no one to ask. */
enum sha256_core sha256_best_core(void);

/* Begin a message. */
void sha256_init(struct sha256 *ctx, enum sha256_core core);

/* Take in size bytes at data, which may have any alignment. Cannot fail. */
void sha256_update(struct sha256 *ctx, const void *data, size_t size);

/* End the message and write its digest. The context must not be used again before init. */
void sha256_final(struct sha256 *ctx, uint8_t ret_digest[SHA256_DIGEST_SIZE]);

#endif
