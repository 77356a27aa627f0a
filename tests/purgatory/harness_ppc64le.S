/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two neighbours of the purgatory, for QEMU's pseries: a stub that leaves the CPU the way a
 * dying kernel does, and a kernel that says how it was entered. Both print all registers that have
 * to survive, as `before NAME=VALUE` and `after NAME=VALUE`. Both are big endian.
 *
 * Assembled twice, with STUB=1 and with STUB=0. The stub is the firmware to QEMU, at address 0, and
 * to the purgatory what the crashed kernel has there. Neither has a stack or writes to memory, but
 * for the words by which another CPU is called, which are zero again in the end.
 *
 * The test fills the words at stub_config; see tests/purgatory/board_ppc64le.py. Registers r23 to
 * r27 belong to the printing.
 */
	.machine power8

#define TERMINAL_HIGH	0x7100
#define H_PUT_TERM_CHAR 0x58
#define H_SET_MODE	0x31c
#define H_RTAS		0xf000

#define SPR_JUMPED 272 /* SPRG0: when the stub did */
#define SPR_TOLD   273 /* SPRG1: what the stub was */
#define FLAG_LITTLE 1 /* exceptions come in little-endian mode */
#define FLAG_SLAVE  2 /* another CPU waits for the new kernel */
#define FLAG_OPEN   4 /* floating point and vectors are open */

#define HOLD_LOOP 0x38 /* in the block: where the others are to go */
#define HOLD_SAID 0x40 /* ... and that they did */

	.macro	load reg, value
	lis	\reg, ((\value) >> 48) & 0xffff
	ori	\reg, \reg, ((\value) >> 32) & 0xffff
	sldi	\reg, \reg, 32
	oris	\reg, \reg, ((\value) >> 16) & 0xffff
	ori	\reg, \reg, (\value) & 0xffff
	.endm

/* An instruction as a CPU in little-endian mode reads it. */
	.macro	little word
	.byte	(\word) & 0xff, ((\word) >> 8) & 0xff
	.byte	((\word) >> 16) & 0xff, ((\word) >> 24) & 0xff
	.endm

/* What is a trap that is never taken, read in little-endian order, is a branch over the next. */
	.macro	vector to
8:	tdi	0, 0, 0x48
	b	\to
	little	0x48000000 + (old_fault_little - (8b + 8))
	.balign	0x20
	.endm

	.text
	.globl	_start
_start:
#if STUB
/* The vectors of the old kernel, for either endianness. */
	.org	0x100
	vector	stub
	.rept	(0x1000 - 0x120) / 0x20
	vector	old_fault
	.endr

old_fault_little:
	little	0x7d2000a6			/* mfmsr r9 */
	little	0x792907a4			/* clrrdi r9, r9, 1 */
	little	0x7d3b03a6			/* mtsrr1 r9 */
	little	0x39400000 + (old_fault - _start)	/* li r10, old_fault */
	little	0x7d5a03a6			/* mtsrr0 r10 */
	little	0x4c000024			/* rfid */

	.org	0x1400
#else
	b	kernel
	.org	HOLD_LOOP
	.quad	0, 0
	.org	0x5c
	.ascii	"0nur"		/* as little-endian kernels have it, and no other is taken */
	.org	0x60
/* The other CPUs, at 0x60, which let the first one go first. */
1:	or	%r1, %r1, %r1
	ld	%r4, HOLD_LOOP(0)
	cmpdi	%r4, 0
	beq	1b
	mtctr	%r4
	bctr
	.org	0x100
#endif

/* Print the character in r24. Changes r3 to r12 and CTR. */
put:
	li	%r3, H_PUT_TERM_CHAR
	lis	%r4, TERMINAL_HIGH
	li	%r5, 1
	sldi	%r6, %r24, 56
	li	%r7, 0
	sc	1
	blr

/* Print the string at r25. Changes r24, r25, r27 and what put does. */
print_string:
	mflr	%r27
1:	lbz	%r24, 0(%r25)
	addi	%r25, %r25, 1
	cmpwi	%r24, 0
	beq	2f
	bl	put
	b	1b
2:	mtlr	%r27
	blr

/* Print r26 in hex and a newline. Changes r23, r24, r27 and what put does. */
print_value:
	mflr	%r27
	li	%r23, 60
1:	srd	%r24, %r26, %r23
	andi.	%r24, %r24, 15
	addi	%r24, %r24, '0'
	cmpwi	%r24, '9'
	ble	2f
	addi	%r24, %r24, 'a' - '0' - 10
2:	bl	put
	addic.	%r23, %r23, -4
	bge	1b
	li	%r24, '\n'
	bl	put
	mtlr	%r27
	blr

	.macro	say text
	bl	9f
	.asciz	"\text"
	.balign	4
9:	mflr	%r25
	bl	print_string
	.endm

	.macro	show name
#if STUB
	say	"before \name="
#else
	say	"after \name="
#endif
	bl	print_value
	.endm

	.macro	show_spr name, number
	mfspr	%r26, \number
	show	\name
	.endm

	.macro	show_registers
	show_spr CTRL, 136
	show_spr DSCR, 17
	show_spr AMR, 29
	show_spr IAMR, 61
	show_spr UAMOR, 157
	show_spr FSCR, 153
	show_spr PIR, 1023
	show_spr PVR, 287
	show_spr TAR, 815
	show_spr VRSAVE, 256
	show_spr PPR, 896
	show_spr SPRG1, 273
	show_spr SPRG2, 274
	show_spr SPRG3, 275
	show_spr DAR, 19
	show_spr DSISR, 18
	show_spr BESCR, 806
	show_spr EBBHR, 804
	show_spr EBBRR, 805
	show_spr MMCR0, 795
	show_spr MMCR2, 785
	show_spr MMCRA, 786
	show_spr PID, 48
	.endm

#if STUB

	.macro	set number, value
	load	%r9, \value
	mtspr	\number, %r9
	.endm

/* All of this an old kernel may have left. */
stub:
	ld	%r14, blob_address - _start(0)
	ld	%r15, stub_flags - _start(0)
	ld	%r16, boot_cpu - _start(0)
	or	%r2, %r2, %r2
	load	%r9, 0x0123456789abcd00
	or	%r9, %r9, %r15
	mtspr	SPR_TOLD, %r9
	set	274, 0x2222222233333333
	set	275, 0x4444444455555555
	set	19, 0xc000000012345678	/* DAR */
	set	18, 0x40000000		/* DSISR */
	set	815, 0x6666666677777777	/* TAR */
	set	256, 0x12345678		/* VRSAVE */
	load	%r17, 0x8000000000001003	/* SF, ME, RI, LE */

	andi.	%r0, %r15, FLAG_OPEN
	beq	1f
	oris	%r17, %r17, 0x0280	/* VEC, VSX */
	ori	%r17, %r17, 0x2000	/* FP */
1:	andi.	%r0, %r15, FLAG_LITTLE
	beq	1f
	li	%r3, H_SET_MODE
	li	%r4, 1
	li	%r5, 4
	li	%r6, 0
	li	%r7, 0
	sc	1
	cmpdi	%r3, 0
	bne	stub_failed
1:	andi.	%r0, %r15, FLAG_SLAVE
	beq	1f
	lis	%r3, 0
	ori	%r3, %r3, H_RTAS
	li	%r4, start_cpu - _start
	sc	1
	lwz	%r3, start_cpu_status - _start(0)
	cmpwi	%r3, 0
	bne	stub_failed

1:	mr	%r26, %r17
	show	MSR
	show_registers
	say	"before jump\n"
/* Live: r14, r16, r17. Only r3 to r5 mean something. */
	mfspr	%r9, 268
	mtspr	SPR_JUMPED, %r9
	mtsrr0	%r14
	mtsrr1	%r17
	mr	%r3, %r16
	mr	%r4, %r14
	li	%r5, 0
	mtlr	%r14
	.irp	n, 0, 1, 2, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, \
		24, 25, 26, 27, 28, 29, 30, 31
	load	%r\n, 0xbad0bad0bad0ba00 + \n
	.endr
	mtctr	%r31
	rfid

stub_failed:
	say	"the hypervisor refused\n"
	b	.

old_fault:
	say	"fault in the vectors of the old kernel\n"
	b	.

	.org	0x2000
stub_config:
blob_address:
	.quad	0
stub_flags:
	.quad	0
boot_cpu:
	.quad	0
start_cpu:	/* what RTAS is told */
	.space	24
start_cpu_status:
	.long	0
	.org	0x2100
/* The other CPU, as soon as the block is there. */
	ba	0x60

/* RTAS: of 32 bits, and, as its caller does, from where the blob enters it. */
	.org	0x3000
	mr	%r4, %r3
	lis	%r3, 0
	ori	%r3, %r3, H_RTAS
	sc	1
	blr

#else

kernel:
/* r14 = ticks since the jump; r15 to r21 what the purgatory hands over, r22 = MSR. */
	mfspr	%r14, 268
	mfspr	%r0, SPR_JUMPED
	subf	%r14, %r0, %r14
	mr	%r15, %r3
	mr	%r16, %r4
	mr	%r17, %r5
	mr	%r18, %r6
	mr	%r19, %r7
	mr	%r20, %r8
	mr	%r21, %r9
	mfmsr	%r22
	say	"kernel entered\n"
	.irp	n, 3, 4, 5, 6, 7, 8, 9
	mr	%r26, %r\n + 12
	show	r\n
	.endr
	mr	%r26, %r22
	show	MSR
	show_registers
	mr	%r26, %r14
	say	"clock TICKS="
	bl	print_value

	mfspr	%r9, SPR_TOLD
	andi.	%r0, %r9, FLAG_SLAVE
	beq	2f
	bl	1f
1:	mflr	%r9
	addi	%r9, %r9, slave - 1b
	std	%r9, HOLD_LOOP(0)
1:	or	%r1, %r1, %r1
	ld	%r9, HOLD_SAID(0)
	cmpdi	%r9, 0
	beq	1b
	li	%r9, 0
	std	%r9, HOLD_LOOP(0)
	std	%r9, HOLD_SAID(0)
2:	say	"kernel done\n"
	b	.

slave:
	mr	%r28, %r3
	mfmsr	%r29
	say	"slave R3="
	mr	%r26, %r28
	bl	print_value
	say	"slave MSR="
	mr	%r26, %r29
	bl	print_value
	li	%r9, 1
	std	%r9, HOLD_SAID(0)
	b	.
#endif
