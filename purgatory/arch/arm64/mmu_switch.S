/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MMU and caches on, and off again. All is mapped to itself, so the PC goes on as if nothing
 * had happened; what needs care is memory that is written on one side and read on the other.
 * That is stack and state, one page. Neither routine stores anything.
 */
#include "state.h"

#define CURRENT_EL_2 (2 << 2)

/*
 * Clean and invalidate stack and state, to the point of coherency. Before the switch on, the
 * caches can have nothing newer than memory, but lines from before we wrote there; before the
 * switch off, memory has nothing newer than the caches.
 *
 * x9 = line to do, x10 = end, x11 = bytes of a line; flags change.
 */
	.macro	clean_own_memory
	adr	x9, stack_start
	adr	x10, own_memory_end
	mrs	x12, ctr_el0
	ubfx	x12, x12, #16, #4	/* DminLine */
	mov	x11, #4
	lsl	x11, x11, x12
.Lline\@:
	dc	civac, x9
	add	x9, x9, x11
	cmp	x9, x10
	b.lo	.Lline\@
	dsb	sy
	.endm

/* Z = at EL2. Changes x12. */
	.macro	test_el2
	mrs	x12, CurrentEL
	cmp	x12, #CURRENT_EL_2
	.endm

/* Instructions from now on see new tables: no old translations, no old instructions. */
	.macro	forget tlbi_what
	tlbi	\tlbi_what
	ic	iallu
	dsb	sy
	isb
	.endm

	.section .text.mmu, "ax"
	.balign	4

/* To be called before the first store: a line that the old kernel left dirty would be written
 * over what we store past the caches. No stack yet; live: x30, and x9 to x12 change. */
	.globl	own_memory_clean
own_memory_clean:
	clean_own_memory
	ret

/* x0 = TTBR0, x1 = TCR, x2 = MAIR, x3 = SCTLR; x9 to x12 change. */
	.globl	mmu_on
mmu_on:
	clean_own_memory
	test_el2
	b.eq	1f
	msr	ttbr0_el1, x0
	msr	tcr_el1, x1
	msr	mair_el1, x2
	isb
	forget	vmalle1
	msr	sctlr_el1, x3
	isb
	ret
	/* By these names they are the registers of EL2 whether E2H is set or not. */
1:	msr	ttbr0_el2, x0
	msr	tcr_el2, x1
	msr	mair_el2, x2
	isb
	forget	alle2
	msr	sctlr_el2, x3
	isb
	ret

/*
 * If they are on: MMU and caches off, and all their registers as they were found.
 * x0 = TTBR0, x1 = TCR, x2 = MAIR, x3 = SCTLR, x4 = TCR2 as found, 0 where it was not touched or
 * is 0 still; x9 to x12 change.
 *
 * Qualcomm's Falkor, by its erratum 1041, may fetch speculatively across the write that clears
 * SCTLR.M and see a wrong address for it. An ISB right before the write prevents that, and costs
 * nothing elsewhere.
 */
	.globl	mmu_off
mmu_off:
	adr	x9, cpu_state
	ldr	x10, [x9, #CPU_STATE_CACHED]
	cbz	x10, 4f
	ldp	x3, x1, [x9, #CPU_STATE_SCTLR]
	ldp	x2, x0, [x9, #CPU_STATE_MAIR]
	ldr	x4, [x9, #CPU_STATE_TCR2]
	clean_own_memory
	test_el2
	b.eq	2f

	isb	/* see above */
	msr	sctlr_el1, x3
	isb
	msr	ttbr0_el1, x0
	msr	tcr_el1, x1
	msr	mair_el1, x2
	cbz	x4, 1f
	msr	TCR2_EL1, x4
1:	isb
	forget	vmalle1
	ret

2:	isb
	msr	sctlr_el2, x3
	isb
	msr	ttbr0_el2, x0
	msr	tcr_el2, x1
	msr	mair_el2, x2
	cbz	x4, 3f
	msr	TCR2_EL2, x4
3:	isb
	forget	alle2
4:	ret

	.section .note.GNU-stack, "", %progbits
