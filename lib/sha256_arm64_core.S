/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * void sha256_cpu_blocks(uint32_t state[8], const uint8_t *data, size_t nblocks,
 *			  const uint32_t constant[64], enum sha256_core core);
 *
 * SHA-256 by the instructions of FEAT_SHA256; see lib/sha256_core.h. For a little endian CPU.
 * There is no other core, so the last argument is not looked at.
 * In the tool and in the purgatory, where purgatory/check-blob allows FP and SIMD registers in
 * this section only. Data is read as bytes and state as words, so that no access is unaligned
 * when there is no MMU that would forgive it.
 *
 * Sixteen quads of rounds make a block. Each quad needs a copy of abcd, because either half of
 * it replaces its own operand; the first quad keeps its copy, to be added at the end. So a
 * block is 96 instructions, and two of loop for each two blocks.
 */
	.arch	armv8-a+crypto

	.section .text.sha256_cpu_blocks, "ax"
	.globl	sha256_cpu_blocks
	.hidden	sha256_cpu_blocks
	.type	sha256_cpu_blocks, %function
	.balign	16

/* Four rounds: v8 = words + constants; v9 = abcd before. */
	.macro	rounds words, constants
	add	v8.4s, \words\().4s, \constants\().4s
	mov	v9.16b, v0.16b
	sha256h	q0, q1, v8.4s
	sha256h2 q1, q9, v8.4s
	.endm

/* The same, and then the four words of sixteen rounds later in place of these. */
	.macro	rounds_schedule w0, w1, w2, w3, constants
	rounds	\w0, \constants
	sha256su0 \w0\().4s, \w1\().4s
	sha256su1 \w0\().4s, \w2\().4s, \w3\().4s
	.endm

/* v0 = abcd, v1 = efgh, v4-v7 = sixteen words, v16-v31 = constant. */
	.macro	block
	ld1	{v4.16b-v7.16b}, [x1], #64
	rev32	v4.16b, v4.16b
	rev32	v5.16b, v5.16b
	rev32	v6.16b, v6.16b
	rev32	v7.16b, v7.16b

/* The first quad, in full; v2 = abcd, v3 = efgh before the block. */
	add	v8.4s, v4.4s, v16.4s
	mov	v2.16b, v0.16b
	mov	v3.16b, v1.16b
	sha256h	q0, q1, v8.4s
	sha256h2 q1, q2, v8.4s
	sha256su0 v4.4s, v5.4s
	sha256su1 v4.4s, v6.4s, v7.4s

	rounds_schedule v5, v6, v7, v4, v17
	rounds_schedule v6, v7, v4, v5, v18
	rounds_schedule v7, v4, v5, v6, v19
	rounds_schedule v4, v5, v6, v7, v20
	rounds_schedule v5, v6, v7, v4, v21
	rounds_schedule v6, v7, v4, v5, v22
	rounds_schedule v7, v4, v5, v6, v23
	rounds_schedule v4, v5, v6, v7, v24
	rounds_schedule v5, v6, v7, v4, v25
	rounds_schedule v6, v7, v4, v5, v26
	rounds_schedule v7, v4, v5, v6, v27
	rounds	v4, v28
	rounds	v5, v29
	rounds	v6, v30
	rounds	v7, v31

	add	v0.4s, v0.4s, v2.4s
	add	v1.4s, v1.4s, v3.4s
	.endm

/* x0 = state, x1 = data, x2 = nblocks, x3 = constant. */
sha256_cpu_blocks:
	hint	#34			/* bti c, where the tool is built with it */
	cbz	x2, 3f
	stp	d8, d9, [sp, #-16]!	/* these belong to the caller */
	ld1	{v16.4s-v19.4s}, [x3], #64
	ld1	{v20.4s-v23.4s}, [x3], #64
	ld1	{v24.4s-v27.4s}, [x3], #64
	ld1	{v28.4s-v31.4s}, [x3]
	ld1	{v0.4s-v1.4s}, [x0]

/* An odd number begins with the second of two. */
	add	x2, x2, #1
	tbz	x2, #0, 2f
	sub	x2, x2, #1
1:	block
2:	block
	sub	x2, x2, #2
	cbnz	x2, 1b

	st1	{v0.4s-v1.4s}, [x0]
	ldp	d8, d9, [sp], #16
3:	ret
	.size	sha256_cpu_blocks, . - sha256_cpu_blocks

	.section .note.GNU-stack, "", %progbits
