/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the dying kernel to the C code, and from there to the new kernel.
 *
 * How we are entered (kexec_sequence in arch/powerpc/kernel/misc_64.S): by one CPU, little endian
 * as the old kernel was, in real mode with the caches on, interrupts off; r3 is the hardware's
 * number of this CPU. Stack and TOC are the old kernel's and of no use. All other CPUs wait in the
 * copy of our first 0x100 bytes at address 0, big endian: in code of the new kernel, which the
 * planner has put there. How the kernel wants to be entered (arch/powerpc/kernel/head_64.S): real
 * mode, big endian, as its first instructions find out themselves; r3 the device tree, r4 where it
 * is, r5 zero.
 *
 * Every address is taken relative to the PC: the blob runs where it was loaded.
 */
#include "../../abi.h"
#include "../../purgatory.h"
#include "abi.h"
#include "state.h"

	.abiversion 2

/* Two pages, with what stands above. */
#define STACK_SIZE (8192 - CPU_STATE_SIZE - PURGATORY_OUTCOME_SIZE)

/* Below a frame of its own a function may use so much (ELFv2 ABI, 2.2.3). */
#define FRAME_MIN 32

	.macro	address reg, symbol
	addis	\reg, %r2, \symbol@toc@ha
	addi	\reg, \reg, \symbol@toc@l
	.endm

/* r2, by which all else is found; takes r12 and the link register. */
	.macro	make_toc
	bcl	20, 31, 99f
99:	mflr	%r12
	addis	%r2, %r12, (.TOC. - 99b)@ha
	addi	%r2, %r2, (.TOC. - 99b)@l
	.endm

/* An instruction as a CPU in big-endian mode reads it. */
	.macro	big word
	.byte	((\word) >> 24) & 0xff, ((\word) >> 16) & 0xff
	.byte	((\word) >> 8) & 0xff, (\word) & 0xff
	.endm

/* ------------------------------------------------------------------ head, at byte 0 */

	.section .head.entry, "ax"
	.globl	purgatory_start
purgatory_start:
	b	start

	.org	PURGATORY_PARAMS_OFFSET
	.globl	purgatory_params
	.hidden	purgatory_params
purgatory_params:
	.quad	PURGATORY_MAGIC
	.long	PURGATORY_VERSION
	.long	PURGATORY_PARAMS_SIZE

	/* Here purgatory.lds puts mem_size, which only the linker knows. */

	.section .head.params, "ax"
	.space	PURGATORY_PARAMS_SIZE - 24
	.globl	purgatory_params_end
purgatory_params_end:

/* For the assertions of purgatory.lds, which cannot read abi.h. */
	.globl	abi_params_offset, abi_params_size
	.set	abi_params_offset, PURGATORY_PARAMS_OFFSET
	.set	abi_params_size, PURGATORY_PARAMS_SIZE

/* ----------------------------------------------------------------------- the stack */

	.section .stack, "aw", @nobits
	.balign	4096
	.globl	stack_start
stack_start:
	.space	STACK_SIZE
	.globl	cpu_state
	.hidden	cpu_state
cpu_state:
	.space	CPU_STATE_SIZE
outcome:
	.space	PURGATORY_OUTCOME_SIZE

/* ------------------------------------------------------------------- in, check, out */

	.section .entry, "ax"
	.balign	16

/* Live: r3. */
start:
	make_toc
	address	%r9, cpu_state
	std	%r3, CPU_STATE_ID(%r9)
	mfmsr	%r4
	std	%r4, CPU_STATE_MSR(%r9)
	mfspr	%r4, SPRG2
	std	%r4, CPU_STATE_SCRATCH(%r9)
	address	%r4, fault
	mtspr	SPRG2, %r4
	li	%r0, 0
	std	%r0, CPU_STATE_STACK(%r9)
	std	%r0, CPU_STATE_DEPTH(%r9)
	std	%r0, CPU_STATE_RESUME(%r9)
	std	%r0, CPU_STATE_VECTORS(%r9)
	std	%r0, CPU_STATE_STEP(%r9)
	addi	%r1, %r9, -FRAME_MIN
	std	%r0, 0(%r1)

	address	%r3, purgatory_params
	bl	ppc64le_take_vectors
	address	%r3, purgatory_params
	address	%r4, outcome
	bl	purgatory_main

/* Live: r1, r2. C has decided that the kernel is to be entered. */
enter_kernel:
	address	%r3, purgatory_params
	address	%r4, outcome
	bl	purgatory_record
	address	%r3, purgatory_params
	bl	ppc64le_hand_over

/* CPUs that are slow to leave the old kernel's code get a moment before it is written over. */
	lis	%r0, 1
	mtctr	%r0
1:	or	%r1, %r1, %r1
	bdnz	1b
	or	%r2, %r2, %r2

/* What was stored is seen by everybody; then away, into big-endian mode. */
	sync
	isync
	address	%r9, purgatory_params
	ld	%r3, PURGATORY_PARAMS_HANDED(%r9)
	ld	%r4, PURGATORY_PARAMS_ENTRY(%r9)
	address	%r9, cpu_state
	ld	%r10, CPU_STATE_SCRATCH(%r9)
	mtspr	SPRG2, %r10
	ld	%r10, CPU_STATE_MSR(%r9)
	rldicr	%r10, %r10, 0, 62 - MSR_LE
	mtsrr0	%r4
	mtsrr1	%r10
	li	%r5, 0
	li	%r6, 0
	li	%r7, 0
	li	%r8, 0
	li	%r9, 0
	rfid

/* ---------------------------------------------------------------------- exceptions */

/*
 * What is interrupted will not go on where it was, so all registers but the stack are free. These
 * two run where they are copied to; ppc64le_take_vectors() makes the vectors themselves, which call
 * one or the other: the link register says which vector it was. r11 = where it came, r10 = why.
 */
	.globl	from_vectors
	.hidden	from_vectors
	.balign	8
from_vectors:
/* Here we are in big-endian mode: mfsrr0 r11; mfsrr1 r10; mfspr r12,SPRG2; mfmsr r9;
 * ori r9,r9,1; mtsrr0 r12; mtsrr1 r9; rfid. */
	big	0x7d7a02a6
	big	0x7d5b02a6
	big	0x7d9242a6
	big	0x7d2000a6
	big	0x61290001
	big	0x7d9a03a6
	big	0x7d3b03a6
	big	0x4c000024

	.org	from_vectors + VECTOR_TARGET_SIZE
	mfsrr0	%r11
	mfsrr1	%r10
	mfspr	%r12, SPRG2
	mtctr	%r12
	bctr
	.org	from_vectors + 2 * VECTOR_TARGET_SIZE

/*
 * Live: r11, r10, lr. A fault in the handler comes back here with a greater depth, and C gives up
 * by degrees. The MSR becomes what it was at the entry, which takes an rfid: else a machine check
 * would be taken no more.
 */
fault:
	mflr	%r6
	make_toc
	address	%r9, cpu_state
	ld	%r0, CPU_STATE_MSR(%r9)
	mtsrr1	%r0
	address	%r12, 1f
	mtsrr0	%r12
	rfid
1:	ld	%r0, CPU_STATE_RESUME(%r9)
	cmpdi	%r0, 0
	bne	1f

	addi	%r1, %r9, -FRAME_MIN
	std	%r0, 0(%r1)
	ld	%r5, CPU_STATE_DEPTH(%r9)
	addi	%r5, %r5, 1
	std	%r5, CPU_STATE_DEPTH(%r9)
	address	%r3, purgatory_params
	address	%r4, outcome
	rldicr	%r6, %r6, 0, 63 - 5
	mr	%r7, %r11
	mr	%r8, %r10
	bl	ppc64le_fault
	b	enter_kernel

1:	mtctr	%r0
	li	%r3, 0
	bctr

	.section .simd.has_sha256, "ax"
	.globl	ppc64le_has_sha256
	.hidden	ppc64le_has_sha256
	.type	ppc64le_has_sha256, @function
ppc64le_has_sha256:
	mflr	%r0
	std	%r0, 16(%r1)
	address	%r9, cpu_state
	address	%r10, 1f
	std	%r10, CPU_STATE_RESUME(%r9)
	mfmsr	%r10
	oris	%r10, %r10, 1 << (MSR_VEC - 16)
	mtmsrd	%r10
	isync
	vshasigmaw %v0, %v0, 0, 0
	li	%r3, 1
1:	address	%r9, cpu_state
	li	%r0, 0
	std	%r0, CPU_STATE_RESUME(%r9)
	ld	%r0, 16(%r1)
	mtlr	%r0
	blr

	.section .entry

/* ---------------------------------------------------------------------------- RTAS */

#define FRAME	    256
#define FRAME_CR    32
#define FRAME_SAVED 48

/*
 * ppc64le_rtas(arguments, entry, base): firmware of 32 bits and big endian, which keeps of the
 * registers of its caller only the lower halves (PAPR, 7.2).
 */
	.globl	ppc64le_rtas
	.hidden	ppc64le_rtas
	.type	ppc64le_rtas, @function
ppc64le_rtas:
	mflr	%r0
	std	%r0, 16(%r1)
	stdu	%r1, -FRAME(%r1)
	mfcr	%r0
	std	%r0, FRAME_CR(%r1)
	.irp	n, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	std	%r\n, FRAME_SAVED + 8 * (\n - 14)(%r1)
	.endr
	mr	%r10, %r4
	make_toc
	address	%r9, cpu_state
	std	%r1, CPU_STATE_STACK(%r9)
	ld	%r11, CPU_STATE_MSR(%r9)
	address	%r9, from_rtas
	mtlr	%r9
	li	%r0, 1
	rldicr	%r0, %r0, MSR_HV, 63 - MSR_HV
	and	%r11, %r11, %r0
	ori	%r11, %r11, (1 << MSR_ME) | (1 << MSR_RI)
	mtsrr0	%r10
	mtsrr1	%r11
	mr	%r4, %r5
	sync
	rfid

/* Here we are in big-endian mode: bcl 20,31,.+4; mflr r10; addi r10,r10,44; mfmsr r11;
 * ori r11,r11,1; li r12,1; rldicr r12,r12,63,0; or r11,r11,r12; mtsrr0 r10; mtsrr1 r11; rfid. */
from_rtas:
	big	0x429f0005
1:	big	0x7d4802a6
	big	0x394a0000 + (2f - 1b)
	big	0x7d6000a6
	big	0x616b0001
	big	0x39800001
	big	0x798cf806
	big	0x7d6b6378
	big	0x7d5a03a6
	big	0x7d7b03a6
	big	0x4c000024

/* And here in ours again. */
2:	make_toc
	address	%r9, cpu_state
	ld	%r1, CPU_STATE_STACK(%r9)
	.irp	n, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	ld	%r\n, FRAME_SAVED + 8 * (\n - 14)(%r1)
	.endr
	ld	%r0, FRAME_CR(%r1)
	mtcrf	0xff, %r0
	addi	%r1, %r1, FRAME
	ld	%r0, 16(%r1)
	mtlr	%r0
	blr

	.section .note.GNU-stack, "", @progbits
