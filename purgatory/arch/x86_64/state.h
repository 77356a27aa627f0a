/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the purgatory changes of the CPU's state, as it was found. It stands above the stack, zero
 * until written, where the way out finds it, also when it leads through a fault, and so does the
 * old kernel that comes again.
 */
#ifndef PURGATORY_ARCH_X86_64_STATE_H
#define PURGATORY_ARCH_X86_64_STATE_H

#define CPU_STATE_FAULT_DEPTH 0
#define CPU_STATE_CR3	      8
#define CPU_STATE_CR4	      16
#define CPU_STATE_VECTORS     24
#define CPU_STATE_STACK	      32
#define CPU_STATE_ENTERED     40
#define CPU_STATE_SIZE	      48 /* a multiple of 16: the stack begins below */

/* cpu_state.entered: a word that no bit makes of another. */
#define CPU_ENTERED 0x4b455845544e5452

/* Selectors: those that the boot protocol wants (Documentation/arch/x86/boot.rst). */
#define CODE_SELECTOR 0x10
#define DATA_SELECTOR 0x18

/* ... and for the way down to real mode, from the purgatory's first byte on. */
#define CODE_16_SELECTOR 0x20
#define DATA_16_SELECTOR 0x28

#define CR0_PE	   0x1
#define CR0_PG	   0x80000000
#define MSR_EFER   0xc0000080
#define EFER_LME   0x100
#define CR4_MCE	   0x40
#define CR4_OSFXSR 0x200
#define CR4_LA57   0x1000

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

struct cpu_state {
	uint64_t fault_depth; /* exceptions so far */
	uint64_t cr3;
	uint64_t cr4;
	uint64_t vectors; /* the vector registers were opened, and hold the image's words */
	uint64_t stack;	  /* the old kernel's, at which it says where it waits */
	uint64_t entered; /* CPU_ENTERED: the new kernel was entered, which may come back */
};

/* Hidden: of a symbol that might be elsewhere the compiler would ask the GOT. */
extern struct cpu_state cpu_state __attribute__((visibility("hidden")));

_Static_assert(offsetof(struct cpu_state, fault_depth) == CPU_STATE_FAULT_DEPTH, "state");
_Static_assert(offsetof(struct cpu_state, cr3) == CPU_STATE_CR3, "state");
_Static_assert(offsetof(struct cpu_state, cr4) == CPU_STATE_CR4, "state");
_Static_assert(offsetof(struct cpu_state, vectors) == CPU_STATE_VECTORS, "state");
_Static_assert(offsetof(struct cpu_state, stack) == CPU_STATE_STACK, "state");
_Static_assert(offsetof(struct cpu_state, entered) == CPU_STATE_ENTERED, "state");
_Static_assert(sizeof(struct cpu_state) == CPU_STATE_SIZE, "state");

#endif /* __ASSEMBLER__ */
#endif
