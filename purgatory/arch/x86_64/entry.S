/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the dying kernel to the C code, and from there to the capture kernel.
 *
 * How we are entered (x86 relocate_kernel): in 64-bit mode, with paging and caches on, by tables
 * that map all RAM and our segments to themselves; interrupts off; flat segments; no SSE
 * (CR4.OSFXSR is clear); a stack of the kernel's, of which little is left. The old kernel's
 * descriptor tables may be empty or lead nowhere, so an exception would end in a reset without a
 * word: ours come first. How the capture kernel wants to be entered at its 64-bit entry
 * (Documentation/arch/x86/boot.rst): the same, with boot_params in rsi, and with a descriptor table
 * that has flat segments at the two selectors that we have them at, too. Its other entries, in
 * 32-bit and in real mode, are reached by going down from there.
 *
 * Every address is taken relative to the PC: the blob runs where it was loaded.
 */
#include "../../abi.h"
#include "../../purgatory.h"
#include "abi.h"
#include "state.h"

#define GATE_SIZE  16
#define VECTORS	   32 /* exceptions, and NMI, which is number 2 */
#define IDT_SIZE   (VECTORS * GATE_SIZE)
#define GATE_64	   0x8e00 /* present, ring 0, interrupt gate */
#define STUB_SIZE  16

#define CPUID1_EDX_MCE 0x80

#define OWN(n) PURGATORY_PARAMS_OWN + 8 * (n)

/* Two pages, with what stands above: the deepest path takes below 2 KiB, tests/purgatory measures
 * it. */
#define STACK_SIZE (8192 - IDT_SIZE - CPU_STATE_SIZE - PURGATORY_OUTCOME_SIZE)

/* ------------------------------------------------------------------ head, at byte 0 */

	.section .head.entry, "ax"
	.globl	purgatory_start
purgatory_start:
	jmp	start

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
/* Written at entry; the fault handler finds them here when no register can be trusted. */
	.globl	cpu_state
	.hidden	cpu_state
cpu_state:
	.space	CPU_STATE_SIZE
outcome:
	.space	PURGATORY_OUTCOME_SIZE
idt:
	.space	IDT_SIZE

/* ------------------------------------------------------------------- in, check, out */

	.section .entry, "ax"
	.balign	16

/* The descriptors have their accessed bits set already, or the CPU would write here. */
	.balign	16
gdt:
	.quad	0
	.quad	0
	.quad	0x00af9b000000ffff	/* CODE_SELECTOR: 64-bit code */
	.quad	0x00cf93000000ffff	/* DATA_SELECTOR: flat data */
gdt_end:

/* Live: rsp = the old kernel's stack. */
start:
	cli
	cld
	movq	%rsp, %rax
	leaq	cpu_state(%rip), %rsp

/* The state but for `entered`: zero, then what is found. */
	movq	%rax, CPU_STATE_STACK(%rsp)
	xorl	%eax, %eax
	movq	%rax, CPU_STATE_FAULT_DEPTH(%rsp)
	movq	%rax, CPU_STATE_VECTORS(%rsp)
	movq	%cr3, %rax
	movq	%rax, CPU_STATE_CR3(%rsp)
	movq	%cr4, %rax
	movq	%rax, CPU_STATE_CR4(%rsp)

/* Our descriptors; what the segment registers hold has come from equal ones. */
	subq	$16, %rsp
	leaq	gdt(%rip), %rax
	movw	$(gdt_end - gdt - 1), (%rsp)
	movq	%rax, 2(%rsp)
	lgdt	(%rsp)
	leaq	1f(%rip), %rax
	pushq	$CODE_SELECTOR
	pushq	%rax
	lretq
1:	movl	$DATA_SELECTOR, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	%eax, %fs
	movl	%eax, %gs

/* A gate for each exception: rdi = the gate, rax = its stub. */
	leaq	idt(%rip), %rdi
	leaq	stubs(%rip), %rax
	movl	$VECTORS, %ecx
2:	movw	%ax, 0(%rdi)
	movw	$CODE_SELECTOR, 2(%rdi)
	movw	$GATE_64, 4(%rdi)
	movq	%rax, %rdx
	shrq	$16, %rdx
	movw	%dx, 6(%rdi)
	shrq	$16, %rdx
	movq	%rdx, 8(%rdi)
	addq	$GATE_SIZE, %rdi
	addq	$STUB_SIZE, %rax
	decl	%ecx
	jnz	2b
	leaq	idt(%rip), %rax
	movw	$(IDT_SIZE - 1), (%rsp)
	movq	%rax, 2(%rsp)
	lidt	(%rsp)
	addq	$16, %rsp

/* Now that somebody takes them, machine checks too: while they are closed (CR4.MCE), memory that
 * cannot be read makes a CPU shut down. */
	movl	$1, %eax
	cpuid
	testl	$CPUID1_EDX_MCE, %edx
	jz	3f
	movq	%cr4, %rax
	orq	$CR4_MCE, %rax
	movq	%rax, %cr4
3:

/* Live: rsp. What has run already is not as it was loaded. */
	cmpq	$0, purgatory_params+OWN(PURGATORY_OWN_TAIL)(%rip)
	je	4f
	movabsq	$CPU_ENTERED, %rax
	cmpq	%rax, CPU_STATE_ENTERED(%rsp)
	je	enter_kernel
4:	leaq	purgatory_params(%rip), %rdi
	leaq	outcome(%rip), %rsi
	call	purgatory_main

/* Live: nothing. C has decided that the kernel is to be entered. */
enter_kernel:
	leaq	cpu_state(%rip), %rsp
	leaq	purgatory_params(%rip), %rdi
	leaq	outcome(%rip), %rsi
	call	purgatory_record
	leaq	purgatory_params(%rip), %rdi
	call	machine_tell_way_back

	cmpq	$0, CPU_STATE_VECTORS(%rsp)
	je	1f
	call	vectors_clear
1:	movq	CPU_STATE_CR4(%rsp), %rax
	movq	%rax, %cr4
	movq	CPU_STATE_CR3(%rsp), %rax
	movq	%rax, %cr3

/* rsi = boot_params. Until the kernel has its own, exceptions come to us, and an NMI returns. */
	movq	purgatory_params+PURGATORY_PARAMS_HANDED(%rip), %rsi
	movq	purgatory_params+PURGATORY_PARAMS_ENTRY(%rip), %rdi
	xorl	%eax, %eax
	xorl	%ebx, %ebx
	xorl	%ecx, %ecx
	xorl	%edx, %edx
	xorl	%ebp, %ebp
	.irp	n, 8, 9, 10, 11, 12, 13, 14, 15
	xorl	%r\n\()d, %r\n\()d
	.endr
	cmpl	$PURGATORY_MODE_64, purgatory_params+OWN(PURGATORY_OWN_MODE)(%rip)
	jne	leave_64
	cmpq	$0, purgatory_params+OWN(PURGATORY_OWN_TAIL)(%rip)
	je	2f
	movq	cpu_state+CPU_STATE_STACK(%rip), %rsp
2:	jmpq	*%rdi

/*
 * Live: rdi = where another kernel waits. It takes the address that the call leaves on the stack
 * for where it calls when it wants this one again. That is by its tables, which map all memory that
 * this one has, and on its stack, which is left for good: on ours is where to return to.
 */
	.section .text.go_back, "ax"
go_back:
	leaq	purgatory_params+PURGATORY_PARAMS_TABLES(%rip), %rax
	testl	$CR4_LA57, cpu_state+CPU_STATE_CR4(%rip)
	jz	1f
	addq	$PURGATORY_TABLES_STRIDE, %rax
1:	movq	(%rax), %rax
	movq	%rax, %cr3
	xorl	%eax, %eax
	callq	*%rdi
	movq	cpu_state+CPU_STATE_CR3(%rip), %rax
	movq	%rax, %cr3
	movq	cpu_state+CPU_STATE_STACK(%rip), %rsp
	ret

/*
 * To 32-bit mode and, from there, to real mode. All is below 4 GiB and mapped to itself, so each
 * mode goes on where the last one ended. What is needed on the way stands on the stack:
 */
#define DOWN_GDT	0  /* six descriptors */
#define DOWN_GDTR	48
#define DOWN_IDTR	58 /* of real mode: the BIOS's vectors, at 0 */
#define DOWN_16		64 /* far pointers: offset, selector; to 16-bit protected mode */
#define DOWN_REAL	72 /* to real mode */
#define DOWN_KERNEL	76
#define DOWN_STACK	80 /* offset of the kernel's */
#define DOWN_EAX	84 /* what is in eax then, in 32-bit mode */
#define DOWN_SIZE	96

	.section .text.leave_64, "ax"
	.code64
leave_64:
	cmpl	$PURGATORY_MODE_BACK, purgatory_params+OWN(PURGATORY_OWN_MODE)(%rip)
	je	go_back
	subq	$DOWN_SIZE, %rsp
	leaq	purgatory_start(%rip), %rax
	movq	%rsp, %rbx
	subq	%rax, %rbx		/* from the first byte on, below 64 KiB */

	movq	$0, DOWN_GDT(%rsp)
	movq	$0, DOWN_GDT + 8(%rsp)
	movabsq	$0x00cf9b000000ffff, %rcx
	movq	%rcx, DOWN_GDT + CODE_SELECTOR(%rsp)
	movabsq	$0x00cf93000000ffff, %rcx
	movq	%rcx, DOWN_GDT + DATA_SELECTOR(%rsp)
	movl	%eax, %edx
	andl	$0xffffff, %edx
	shlq	$16, %rdx
	movabsq	$0x00009b000000ffff, %rcx
	orq	%rdx, %rcx
	movq	%rcx, DOWN_GDT + CODE_16_SELECTOR(%rsp)
	movabsq	$0x000093000000ffff, %rcx
	orq	%rdx, %rcx
	movq	%rcx, DOWN_GDT + DATA_16_SELECTOR(%rsp)
	movw	$(DOWN_GDTR - DOWN_GDT - 1), DOWN_GDTR(%rsp)
	movq	%rsp, DOWN_GDTR + 2(%rsp)
	movw	$0x3ff, DOWN_IDTR(%rsp)
	movl	$0, DOWN_IDTR + 2(%rsp)

	leaq	at_16(%rip), %rcx
	subq	%rax, %rcx
	movl	%ecx, DOWN_16(%rsp)
	movw	$CODE_16_SELECTOR, DOWN_16 + 4(%rsp)
	leaq	at_real(%rip), %rcx
	subq	%rax, %rcx
	movw	%cx, DOWN_REAL(%rsp)
	shrl	$4, %eax
	movw	%ax, DOWN_REAL + 2(%rsp)
	movw	$0, DOWN_KERNEL(%rsp)
	movl	%edi, %eax
	shrl	$4, %eax
	movw	%ax, DOWN_KERNEL + 2(%rsp)
	movq	purgatory_params+OWN(PURGATORY_OWN_STACK)(%rip), %rax
	movw	%ax, DOWN_STACK(%rsp)
	movq	purgatory_params+OWN(PURGATORY_OWN_EAX)(%rip), %rax
	movl	%eax, DOWN_EAX(%rsp)
	movl	purgatory_params+OWN(PURGATORY_OWN_MODE)(%rip), %ebp

	leaq	at_32(%rip), %rax
	lgdt	DOWN_GDTR(%rsp)
	pushq	$CODE_SELECTOR
	pushq	%rax
	lretq

/* Live: esp = what stands there, ebx = its offset, ebp = the mode, esi = handed, edi = entry.
 * Paging goes first: nothing else of it may change while it is on. */
	.code32
at_32:
	movl	%cr0, %eax
	andl	$~CR0_PG, %eax
	movl	%eax, %cr0
	movl	$MSR_EFER, %ecx
	rdmsr
	andl	$~EFER_LME, %eax
	wrmsr
	xorl	%eax, %eax
	movl	%eax, %cr4
	cmpl	$PURGATORY_MODE_16, %ebp
	je	1f
	movl	$DATA_SELECTOR, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	%eax, %fs
	movl	%eax, %gs
	xorl	%ebx, %ebx
	movl	DOWN_EAX(%esp), %eax
	testl	%eax, %eax
	jz	2f
	movl	%esi, %ebx
2:	pushl	%edi
	xorl	%ecx, %ecx
	xorl	%edx, %edx
	xorl	%edi, %edi
	xorl	%ebp, %ebp
	ret

/* Segments of 64 KiB, which real mode keeps the limits of. */
1:	lidtl	DOWN_IDTR(%esp)
	movl	%esp, %ecx
	movl	$DATA_16_SELECTOR, %eax
	movl	%eax, %es
	movl	%eax, %ss
	movl	%eax, %fs
	movl	%eax, %gs
	ljmpl	*DOWN_16(%ecx)

	.code16
at_16:
	movl	$DATA_16_SELECTOR, %eax
	movl	%eax, %ds
	movl	%cr0, %eax
	andb	$~CR0_PE, %al
	movl	%eax, %cr0
	ljmpw	*DOWN_REAL(%bx)

/* As Documentation/arch/x86/boot.rst wants it: all segments those of the setup code, but cs. */
at_real:
	shrl	$4, %esi
	movw	%si, %ds
	movw	%si, %es
	movw	%si, %fs
	movw	%si, %gs
	movw	%si, %ss
	movw	%cs:DOWN_STACK(%bx), %sp
	ljmpw	*%cs:DOWN_KERNEL(%bx)
	.code64

/* What the vector registers hold is the image's, and was the user's before. */
	.section .text.vectors_clear, "ax"
vectors_clear:
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	pxor	%xmm\n, %xmm\n
	.endr
	ret

/* ------------------------------------------------------------------------- faults */

/*
 * An exception that nobody takes is a reset through the firmware, without a word and without a
 * dump. An NMI may be a watchdog's or somebody's who pressed a button: neither must cost the
 * dump. A fault in the handler comes back here with a greater depth, and C gives up by degrees.
 */
	.section .entry
	.balign	STUB_SIZE
stubs:
	.set	vector, 0
	.rept	VECTORS
	.balign	STUB_SIZE
	.if	vector == 2
	iretq
	.else
	/* The CPU pushes an error code of its own for these, and for the others we do. */
	.if	!(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || \
		  vector == 29 || vector == 30)
	pushq	$0
	.endif
	pushq	$vector
	jmp	fault
	.endif
	.set	vector, vector + 1
	.endr
	.balign	STUB_SIZE

/* What was interrupted will not go on, so its stack is free when the three words are taken. */
fault:
	popq	%rcx			/* vector */
	popq	%rax			/* error code */
	popq	%r8			/* pc */
	shlq	$32, %rcx
	movl	%eax, %eax
	orq	%rax, %rcx
	movq	%cr2, %r9
	leaq	cpu_state(%rip), %rsp
	movq	CPU_STATE_FAULT_DEPTH(%rsp), %rdx
	incq	%rdx
	movq	%rdx, CPU_STATE_FAULT_DEPTH(%rsp)
	cld

/* rdi = params, rsi = outcome, rdx = depth, rcx = vector and error code, r8 = pc, r9 = address. */
	leaq	purgatory_params(%rip), %rdi
	leaq	outcome(%rip), %rsi
	call	purgatory_fault
	jmp	enter_kernel

	.section .note.GNU-stack, "", @progbits
