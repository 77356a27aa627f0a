/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two neighbours of the purgatory, for QEMU's PCs: a stub that leaves the CPU the way
 * relocate_kernel does, and a kernel that says how it was entered. Both print all registers that
 * have to survive, as `before NAME=VALUE` and `after NAME=VALUE`.
 *
 * Assembled twice, with STUB=1 and with STUB=0. The stub takes the place of the BIOS, at the end of
 * the first 4 GiB. Both have their stack in the first page of memory, and write to nothing else, so
 * that a test can hold the RAM that it uses against what it was.
 *
 * The test fills the words at stub_config; see tests/purgatory/x86_64.py.
 */
#define COM1	0x3f8
#define STACK	0x2000
#define SCRATCH 0x1000 /* for what instructions can only store */

#define MSR_PAT		   0x277
#define MSR_EFER	   0xc0000080
#define MSR_STAR	   0xc0000081 /* nobody makes a system call: has the time of the jump */
#define MSR_LSTAR	   0xc0000082
#define MSR_FS_BASE	   0xc0000100
#define MSR_GS_BASE	   0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102

#define CR4_PAE	    0x20
#define CR4_OSFXSR  0x200
#define CR4_LA57    0x1000
#define CR4_OSXSAVE 0x40000

	.text
	.code64
#if STUB
	.globl	_start
_start:
	.quad	0, 0
	.org	16
stub_config:
blob_address:
	.quad	0
tables:
	.quad	0
old_stack:
	.quad	0
device:
	.quad	0			/* where edu's registers shall be; or 0 */
stub_flags:
	.quad	0
#define FLAG_LA57 1
#define FLAG_TEXT 2
#else
	.globl	_start
_start:
	jmp	kernel
#endif

/* Print the string at rsi. Changes rax, rdx, rsi. */
print_string:
	movl	$COM1, %edx
1:	lodsb
	testb	%al, %al
	jz	2f
	outb	%al, %dx
	jmp	1b
2:	ret

/* Print rbx in hex and a newline. Changes rax, rcx, rdx. */
print_value:
	movl	$COM1, %edx
	movl	$60, %ecx
1:	movq	%rbx, %rax
	shrq	%cl, %rax
	andl	$0xf, %eax
	addl	$'0', %eax
	cmpl	$'9', %eax
	jbe	2f
	addl	$('a' - '0' - 10), %eax
2:	outb	%al, %dx
	subl	$4, %ecx
	jns	1b
	movb	$'\n', %al
	outb	%al, %dx
	ret

	.macro	say text
	leaq	8f(%rip), %rsi
	call	print_string
	jmp	9f
8:	.asciz	"\text"
9:
	.endm

/* rbx, under that name. */
	.macro	show name
#if STUB
	say	"before \name="
#else
	say	"after \name="
#endif
	call	print_value
	.endm

	.macro	show_msr name, number
	movl	$\number, %ecx
	rdmsr
	shlq	$32, %rdx
	movl	%eax, %ebx
	orq	%rdx, %rbx
	show	\name
	.endm

/* All that the CPU has for itself; SSE and XSAVE are opened to be looked at. */
show_registers:
	.irp	name, cr0, cr3, cr4, cr8, dr7
	movq	%\name, %rbx
	show	\name
	.endr
	.irp	name, cs, ds, es, ss, fs, gs
	xorl	%ebx, %ebx
	movw	%\name, %bx
	show	\name
	.endr
	xorl	%ebx, %ebx
	sldt	%bx
	show	ldt
	xorl	%ebx, %ebx
	str	%bx
	show	tr
	show_msr efer, MSR_EFER
	show_msr pat, MSR_PAT
	show_msr lstar, MSR_LSTAR
	show_msr fs_base, MSR_FS_BASE
	show_msr gs_base, MSR_GS_BASE
	show_msr kernel_gs_base, MSR_KERNEL_GS_BASE
	movq	%cr4, %r8
	movq	%r8, %rax
	orq	$CR4_OSFXSR, %rax
	movq	%rax, %cr4
	stmxcsr	SCRATCH
	movl	SCRATCH, %ebx
	show	mxcsr
	movl	$0, SCRATCH
	fnstcw	SCRATCH
	movl	SCRATCH, %ebx
	show	fcw
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movq	%xmm\n, %rbx
	show	xmm\n
	.endr
	movl	$1, %eax
	cpuid
	btl	$26, %ecx
	jnc	1f
	movq	%r8, %rax
	orq	$CR4_OSXSAVE, %rax
	movq	%rax, %cr4
	xorl	%ecx, %ecx
	xgetbv
	movl	%eax, %ebx
	show	xcr0
1:	movq	%r8, %cr4
	ret

#if STUB

/* Where relocate_kernel has these selectors, and with them accessed already. */
	.balign	16
gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* 0x08: 32-bit code */
	.quad	0x00af9b000000ffff	/* 0x10: 64-bit code */
	.quad	0x00cf93000000ffff	/* 0x18: data */
gdt_end:
gdt_pointer:
	.word	gdt_end - gdt - 1
	.quad	gdt
idt_pointer:
	.word	16 * 16 - 1
	.quad	idt

/* As the kernel has: for the first 16 vectors. */
	.balign	16
idt:
	.rept	16
	.word	old_fault_low, 0x10, 0x8f00, 0xffff
	.quad	0
	.endr

old_fault:
	movl	$STACK, %esp
	say	"fault in the vectors of the old kernel\n"
1:	hlt
	jmp	1b

	.code32
at_32_bits:
	movl	$0x18, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	%eax, %fs
	movl	%eax, %gs

/* Virtual wire: the local APIC is on, and its second line is the NMI. */
	movl	$0x10f, 0xfee000f0
	movl	$0x400, 0xfee00360

/* PCI slot 3: BAR 0 at `device`, memory decoding on; a register that reads like an idle line. */
	movl	device, %ecx
	jecxz	1f
	movl	$0x80001810, %eax
	movl	$0xcf8, %edx
	outl	%eax, %dx
	movl	%ecx, %eax
	movl	$0xcfc, %edx
	outl	%eax, %dx
	movl	$0x80001804, %eax
	movl	$0xcf8, %edx
	outl	%eax, %dx
	movl	$2, %eax
	movl	$0xcfc, %edx
	outl	%eax, %dx
	movl	$0x60, 0x80(%ecx)

/* VGA at 0xb8000, letters in one of its planes and colours in another, as a BIOS leaves text. */
1:	testl	$FLAG_TEXT, stub_flags
	jz	3f
	movl	$0x3c4, %edx
	movl	$0x0302, %eax		/* both planes are written */
	outw	%ax, %dx
	movl	$0x3ce, %edx
	movl	$0x0004, %eax
	outw	%ax, %dx
	movl	$0x1005, %eax		/* even and odd */
	outw	%ax, %dx
	movl	$0x0e06, %eax		/* 32 KiB from 0xb8000 */
	outw	%ax, %dx
3:	movl	$CR4_PAE, %eax
	testl	$FLAG_LA57, stub_flags
	jz	2f
	orl	$CR4_LA57, %eax
2:	movl	%eax, %cr4
	movl	tables, %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	movl	$0x901, %eax		/* SCE, LME, NXE */
	xorl	%edx, %edx
	wrmsr
	movl	$0x80000033, %eax	/* PG, NE, ET, MP, PE */
	movl	%eax, %cr0
	ljmpl	$0x10, $stub

	.macro	set_msr number, value
	movl	$\number, %ecx
	movl	$(\value & 0xffffffff), %eax
	movl	$(\value >> 32), %edx
	wrmsr
	.endm

	.code64
stub:
	movl	$STACK, %esp
	lidt	idt_pointer(%rip)
	set_msr	MSR_LSTAR, 0x00007ff012345678
	set_msr	MSR_KERNEL_GS_BASE, 0x00007ff087654321

/* What the last user left: exceptions of SSE and x87 that are not masked, one of them pending. */
	movq	%cr4, %r8
	movq	%r8, %rax
	orq	$CR4_OSFXSR, %rax
	movq	%rax, %cr4
	movl	$0, SCRATCH
	ldmxcsr	SCRATCH
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movabsq	$(0xbad0bad0bad0ba00 + \n), %rax
	movq	%rax, %xmm\n
	.endr
	movq	%r8, %cr4
	fninit
	movl	$0x340, SCRATCH
	fldcw	SCRATCH
	fld1
	fldz
	fdivrp

	call	show_registers
	say	"before jump\n"
	movl	$MSR_STAR, %ecx
	rdtsc
	wrmsr
	movq	blob_address(%rip), %rax
	movq	old_stack(%rip), %rsp
	pushq	%rax
	xorl	%eax, %eax
	xorl	%ebx, %ebx
	xorl	%ecx, %ecx
	xorl	%edx, %edx
	xorl	%esi, %esi
	xorl	%edi, %edi
	xorl	%ebp, %ebp
	.irp	n, 8, 9, 10, 11, 12, 13, 14, 15
	xorl	%r\n\()d, %r\n\()d
	.endr
	ret

/* Where a CPU begins. Its segment is the last 64 KiB, until it loads another one. */
	.org	0xffc0
	.code16
at_16_bits:
	cli
	lgdtl	%cs:(gdt_pointer - _start)
	movl	%cr0, %eax
	orb	$1, %al
	movl	%eax, %cr0
	ljmpl	$8, $at_32_bits
	.org	0xfff0
	jmp	at_16_bits
	.org	0x10000
	.globl	old_fault_low
	.set	old_fault_low, old_fault - _start

#else

	.macro	show_pushed name, number
	movq	STACK - 8 - 8 * \number, %rbx
	show	\name
	.endm

kernel:
	movq	%rsp, SCRATCH
	movl	$STACK, %esp
	pushq	%rax
	pushq	%rbx
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%rbp
	.irp	n, 8, 9, 10, 11, 12, 13, 14, 15
	pushq	%r\n
	.endr
	pushfq
	pushq	SCRATCH
	rdtsc
	shlq	$32, %rdx
	movl	%eax, %ebx
	orq	%rdx, %rbx
	movl	$MSR_STAR, %ecx
	rdmsr
	shlq	$32, %rdx
	movl	%eax, %eax
	orq	%rdx, %rax
	subq	%rax, %rbx
	movq	%rbx, %r9		/* ticks since the jump */

	say	"kernel entered\n"
	show_pushed rax, 0
	show_pushed rbx, 1
	show_pushed rcx, 2
	show_pushed rdx, 3
	show_pushed rsi, 4
	show_pushed rdi, 5
	show_pushed rbp, 6
	.irp	n, 8, 9, 10, 11, 12, 13, 14, 15
	show_pushed r\n, (\n - 1)
	.endr
	show_pushed rflags, 15
	show_pushed rsp, 16

/* The two selectors of the boot protocol, by the table that is in use. */
	sgdt	SCRATCH
	movzwl	SCRATCH, %ebx
	show	gdt_limit
	movq	SCRATCH + 2, %r10
	movq	0x10(%r10), %rbx
	show	gdt_code
	movq	0x18(%r10), %rbx
	show	gdt_data
	movq	%r10, %rbx
	show	gdt
	sidt	SCRATCH
	movzwl	SCRATCH, %ebx
	show	idt_limit
	movq	SCRATCH + 2, %rbx
	show	idt
	call	show_registers
	movq	%r9, %rbx
	say	"clock TICKS="
	call	print_value
	say	"kernel done\n"
1:	hlt
	jmp	1b
#endif
