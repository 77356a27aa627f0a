/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two neighbours of the purgatory, for QEMU's virt board: a stub that leaves the CPU the
 * way a dying kernel does, and a kernel that says how it was entered. Both print all system
 * registers that have to survive, as `before NAME=VALUE` and `after NAME=VALUE`.
 *
 * Assembled twice, with STUB=1 and with STUB=0. Neither has a stack or writes to memory, so
 * that a test can hold all of RAM against what it was.
 *
 * The test fills the words at stub_config; see tests/purgatory/emulator.py.
 */
#define PL011_DR 0x09000000

/* Registers x19 to x28 belong to the printing. */

	.text
#if STUB
	.globl	_start
_start:
	b	stub

	.org	16
stub_config:
blob_address:
	.quad	0
stub_flags:
	.quad	0
#define FLAG_E2H_BIT  0
#define FLAG_UART_BIT 1 /* give the 16550 on PCI an address */
#define FLAG_STREAMING_BIT 2 /* a user of SME was interrupted in streaming mode */
#else
	.globl	_start
_start:
	b	kernel
#endif

/* Print the string at x21. Changes x19, x21, x22. */
print_string:
	ldr	x19, =PL011_DR
1:	ldrb	w22, [x21], #1
	cbz	w22, 2f
	str	w22, [x19]
	b	1b
2:	ret

/* Print x20 in hex and a newline. Changes x19, x22, x23. */
print_value:
	ldr	x19, =PL011_DR
	mov	x23, #60
1:	lsr	x22, x20, x23
	and	x22, x22, #0xf
	add	x22, x22, #'0'
	cmp	x22, #'9'
	b.ls	2f
	add	x22, x22, #('a' - '0' - 10)
2:	str	w22, [x19]
	subs	x23, x23, #4
	b.pl	1b
	mov	w22, #'\n'
	str	w22, [x19]
	ret

	.macro	say text
	adr	x21, 8f
	bl	print_string
	b	9f
8:	.asciz	"\text"
	.balign	4
9:
	.endm

#if STUB
	.macro	show name
	say	"before \name="
	bl	print_value
	.endm
#else
	.macro	show name
	say	"after \name="
	bl	print_value
	.endm
#endif

	.macro	show_register name
	mrs	x20, \name
	show	\name
	.endm

#define PAN_BIT	 S3_0_C4_C2_3 /* PSTATE.PAN */
#define SVCR	 S3_3_C4_C2_2
#define SMCR_EL1 S3_0_C1_C2_6
#define SMCR_EL2 S3_4_C1_C2_6

/* x20 = not 0 where the CPU has it. */
	.macro	has_pan
	mrs	x20, ID_AA64MMFR1_EL1
	ubfx	x20, x20, #20, #4
	.endm

	.macro	has_sme
	mrs	x20, ID_AA64PFR1_EL1
	ubfx	x20, x20, #24, #4
	.endm

/* Those of SME are apart: they can only be read once open_sme has opened them. */
	.macro	show_registers
	show_register CurrentEL
	show_register DAIF
	.irp	name, SCTLR_EL1, VBAR_EL1, TTBR0_EL1, TTBR1_EL1, TCR_EL1, MAIR_EL1, CPACR_EL1, \
		TPIDR_EL0, TPIDR_EL1, CONTEXTIDR_EL1, CNTKCTL_EL1, MDSCR_EL1, SP_EL0, ELR_EL1, \
		SPSR_EL1, ID_AA64MMFR1_EL1, ID_AA64PFR1_EL1
	show_register \name
	.endr
	has_pan
	cbz	x20, show_registers_el2
	mrs	x20, PAN_BIT
	show	PAN
show_registers_el2:
	mrs	x20, CurrentEL
	cmp	x20, #8
	b.ne	show_registers_end
	.irp	name, HCR_EL2, SCTLR_EL2, VBAR_EL2, TTBR0_EL2, TCR_EL2, MAIR_EL2, CPTR_EL2, \
		TPIDR_EL2, CNTHCTL_EL2, CNTVOFF_EL2, VTTBR_EL2, VTCR_EL2, MDCR_EL2, HSTR_EL2, \
		VPIDR_EL2, VMPIDR_EL2, SP_EL1, ELR_EL2, SPSR_EL2
	show_register \name
	.endr
show_registers_end:
	.endm

	.macro	set name, value
	ldr	x19, =\value
	msr	\name, x19
	.endm

/* Let SVCR be read and written; changes x19 and x20. */
	.macro	open_sme
	mrs	x20, CurrentEL
	cmp	x20, #8
	b.eq	7f
	set	CPACR_EL1, 0x03300000
	b	9f
7:	mrs	x20, HCR_EL2
	tbnz	x20, #34, 8f
	set	CPTR_EL2, 0x23ff
	b	9f
8:	set	CPTR_EL2, 0x03300000
9:	isb
	.endm

/* The length of vectors, of this level. */
	.macro	show_smcr
	mrs	x20, CurrentEL
	cmp	x20, #8
	b.eq	7f
	mrs	x20, SMCR_EL1
	b	8f
7:	mrs	x20, SMCR_EL2
8:	show	SMCR
	.endm

#if STUB

stub:
	msr	daifset, #0xf
	ldr	x19, stub_flags
	tbz	x19, #FLAG_UART_BIT, 1f

/* PCI slot 1: BAR 0 = I/O port 0x1000, I/O decoding on. ECAM is where highmem=off has it. */
	ldr	x20, =0x3f008000
	mov	w21, #0x1000
	str	w21, [x20, #0x10]
	mov	w21, #1
	strh	w21, [x20, #4]

1:	has_sme
	cbz	x20, 1f
	open_sme
	mrs	x20, CurrentEL
	cmp	x20, #8
	b.eq	2f
	set	SMCR_EL1, 1
	b	3f
2:	set	SMCR_EL2, 1
3:	show_smcr
	ldr	x19, stub_flags
	tbz	x19, #FLAG_STREAMING_BIT, 1f
	set	SVCR, 1

1:	mrs	x19, CurrentEL
	cmp	x19, #8
	b.ne	at_el1

/*
 * Everything below is what an old kernel may have left: tables and attributes that mean
 * nothing any more, FP and SIMD trapped, and vectors that lead nowhere. TCR has LPA2 (DS) and
 * updates by hardware (HA, HD) on, and SCTLR has WXN: all that would spoil tables of ours.
 * SCTLR has M, C and I off as the contract says, and A on: QEMU does not know that memory is
 * Device memory while the MMU is off, and so will report an unaligned access all the same.
 */
at_el2:
	ldr	x19, stub_flags
	tbnz	x19, #FLAG_E2H_BIT, with_e2h
	set	CPTR_EL2, 0x37ff	/* RES1, and TFP: trap FP and SIMD */
	set	SCTLR_EL2, 0x30cd083a	/* RES1, WXN, SA, A */
	set	TCR_EL2, 0x180e23518	/* RES1, DS, HD, HA */
	b	el2_common
with_e2h:
	mrs	x19, HCR_EL2
	orr	x19, x19, #(1 << 34)	/* E2H */
	orr	x19, x19, #(1 << 27)	/* TGE */
	msr	HCR_EL2, x19
	isb
	set	CPTR_EL2, 0		/* the format of CPACR: FPEN = 0, trap */
	set	SCTLR_EL2, 0x3058080a	/* as a VHE kernel leaves it, and WXN, SA, A */
	set	TCR_EL2, 0x080001b2b5193519	/* DS, HD, HA */
el2_common:
	set	TTBR0_EL2, 0x41234000
	set	MAIR_EL2, 0x00bbff440c0400ff
	set	TPIDR_EL2, 0x2222222233333333
	set	CNTVOFF_EL2, 0x123456
	set	VTTBR_EL2, 0x43210000
	set	ELR_EL2, 0x4444444455555554
	set	SPSR_EL2, 0x3c9
	adr	x19, old_vectors
	msr	VBAR_EL2, x19
	isb
	b	go

at_el1:
	set	SCTLR_EL1, 0x3058080a
	set	TTBR0_EL1, 0x41234000
	set	TTBR1_EL1, 0x41235000
	set	TCR_EL1, 0x080001b2b5193519
	set	MAIR_EL1, 0x00bbff440c0400ff
	set	CPACR_EL1, 0
	set	TPIDR_EL1, 0x2222222233333333
	set	CONTEXTIDR_EL1, 0x77
	set	ELR_EL1, 0x4444444455555554
	set	SPSR_EL1, 0x3c5
	adr	x19, old_vectors
	msr	VBAR_EL1, x19
	isb

go:
	has_pan
	cbz	x20, 1f
	set	PAN_BIT, 0x400000	/* as kernels run */
1:	show_registers
	say	"before jump\n"
	ldr	x30, blob_address
	mrs	x19, CNTPCT_EL0
	msr	TPIDRRO_EL0, x19	/* which nobody uses: the kernel reads it */
	/* Only x0 to x3 are defined. */
	.irp	n, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, \
		25, 26, 27, 28, 29
	ldr	x\n, =0xbad0bad0bad0ba\n
	.endr
	mov	sp, x29
	mov	x0, xzr
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	br	x30

	.ltorg

old_fault:
	say	"fault in the vectors of the old kernel\n"
1:	wfi
	b	1b

	.balign	2048
old_vectors:
	.rept	16
	.balign	128
	b	old_fault
	.endr
	.balign	128

#else

kernel:
/* x0 to x3 are what the purgatory hands over; x24 = ticks of the counter since the jump. */
	mrs	x24, CNTPCT_EL0
	mrs	x25, TPIDRRO_EL0
	sub	x24, x24, x25
	say	"kernel entered\n"
	.irp	n, 0, 1, 2, 3
	mov	x20, x\n
	show	x\n
	.endr
	show_registers
/* Opens what show_registers has shown; and only where there is SME. */
	has_sme
	cbz	x20, 1f
	open_sme
	show_smcr
	mrs	x20, SVCR
	say	"svcr SVCR="
	bl	print_value
1:	mov	x20, x24
	say	"clock TICKS="
	bl	print_value
	say	"kernel done\n"
1:	wfi
	b	1b

	.ltorg
#endif
