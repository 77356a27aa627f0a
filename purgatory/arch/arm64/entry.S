/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the dying kernel to the C code, and from there to the capture kernel.
 *
 * How we are entered (arm64 machine_kexec): at EL1, EL2, or EL2 with E2H, MMU and caches off,
 * interrupts masked, no stack; x0-x3 are zero and nothing else is defined. How the capture
 * kernel wants to be entered (Documentation/arch/arm64/booting.rst): the same, with the
 * device tree in x0. So the exception level stays as it is, and what is changed of the system
 * registers is kept in cpu_state (state.h) and put back.
 *
 * Every address is taken relative to the PC: the blob runs where it was loaded.
 */
#include "../../abi.h"
#include "../../purgatory.h"
#include "state.h"

#define CURRENT_EL_2 (2 << 2)

/* With what stands above it one page, which is mapped for writing when the MMU is on. The deepest
 * path, digest and report, takes below 1 KiB; tests/purgatory measures it. */
#define STACK_SIZE (4096 - CPU_STATE_SIZE - PURGATORY_OUTCOME_SIZE)

/* ------------------------------------------------------------------ head, at byte 0 */

	.section .head.entry, "ax"
	.globl	purgatory_start
purgatory_start:
	b	start

	.org	PURGATORY_PARAMS_OFFSET
	.globl	purgatory_params
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

	.section .stack, "aw", %nobits
	.balign	4096
	.globl	stack_start
stack_start:
	.space	STACK_SIZE
/* Written at entry; the fault handler finds them here when no register can be trusted. */
	.globl	cpu_state
cpu_state:
	.space	CPU_STATE_SIZE
outcome:
	.space	PURGATORY_OUTCOME_SIZE
	.globl	own_memory_end
own_memory_end:

/* ------------------------------------------------------------------- in, check, out */

	.section .entry, "ax"
	.balign	4
/* Live: nothing. */
start:
	/* Masked already, by contract; the kernel insists on it, so make it certain. */
	msr	daifset, #0xf

	bl	own_memory_clean

/* x9 = cpu_state and top of the stack, x10 = our vectors; as found: x11 = VBAR_ELx,
 * x13 = CPACR_EL1 or CPTR_EL2. */
	adr	x9, cpu_state
	mov	sp, x9
	adr	x10, vectors
	mrs	x12, CurrentEL
	cmp	x12, #CURRENT_EL_2
	b.eq	1f
	mrs	x11, vbar_el1
	mrs	x13, cpacr_el1
	msr	vbar_el1, x10
	b	2f
	/* By these names they are the registers of EL2 whether E2H is set or not. */
1:	mrs	x11, vbar_el2
	mrs	x13, cptr_el2
	msr	vbar_el2, x10
2:	isb
	stp	x11, xzr, [x9, #CPU_STATE_VBAR]		/* and fault_depth */
	stp	x13, xzr, [x9, #CPU_STATE_FP_TRAP]	/* and svcr */
	str	xzr, [x9, #CPU_STATE_CACHED]

/* Live: sp. */
	adr	x0, purgatory_params
	adr	x1, outcome
	bl	purgatory_main

/* Live: sp. C has decided that the kernel is to be entered. */
enter_kernel:
	bl	mmu_off
	adr	x0, purgatory_params
	adr	x1, outcome
	bl	purgatory_record

/* x9 = cpu_state; to be put back: x11 = VBAR_ELx, x13 = CPACR_EL1 or CPTR_EL2, x14 = SVCR. */
	adr	x9, cpu_state
	ldr	x11, [x9, #CPU_STATE_VBAR]
	ldp	x13, x14, [x9, #CPU_STATE_FP_TRAP]
	cbz	x14, 3f
	msr	SVCR, x14	/* while it is not trapped: back to streaming mode */
3:	mrs	x12, CurrentEL
	cmp	x12, #CURRENT_EL_2
	b.eq	1f
	msr	vbar_el1, x11
	msr	cpacr_el1, x13
	b	2f
1:	msr	vbar_el2, x11
	msr	cptr_el2, x13
2:
/* x0 = device tree, x1-x3 = 0 (reserved by the boot protocol), x9 = kernel. */
	adr	x10, purgatory_params
	ldr	x9, [x10, #PURGATORY_PARAMS_ENTRY]
	ldr	x0, [x10, #PURGATORY_PARAMS_HANDED]
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	/* The kernel's bytes came in as data: the I-cache may hold what was there before. */
	dsb	sy
	ic	iallu
	dsb	sy
	isb
	br	x9

/* ------------------------------------------------------------------------- faults */

/*
 * An exception that nobody takes is a machine that hangs without a word, and there are
 * honest reasons for one: memory with an error that the bus reports on reading, a console
 * address that is none. All sixteen vectors end in the same place. A fault in the handler
 * comes back here with a greater depth, and C gives up by degrees.
 */
	.section .vectors, "ax"
vectors:
	.rept	16
	.balign	128
	b	fault
	.endr
	.balign	128

	.section .entry
/* Live: nothing; what was interrupted will not go on, so its stack is free. */
fault:
	adr	x9, cpu_state
	mov	sp, x9
	adr	x0, purgatory_params
	adr	x1, outcome
	ldr	x2, [x9, #CPU_STATE_FAULT_DEPTH]
	add	x2, x2, #1
	str	x2, [x9, #CPU_STATE_FAULT_DEPTH]

/* x0 = params, x1 = outcome, x2 = depth; to fill: x3 = syndrome, x4 = pc, x5 = address. */
	mrs	x12, CurrentEL
	cmp	x12, #CURRENT_EL_2
	b.eq	1f
	mrs	x3, esr_el1
	mrs	x4, elr_el1
	mrs	x5, far_el1
	b	2f
1:	mrs	x3, esr_el2
	mrs	x4, elr_el2
	mrs	x5, far_el2
2:	bl	purgatory_fault
	b	enter_kernel

	.section .note.GNU-stack, "", %progbits
