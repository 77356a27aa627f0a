/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parameters (purgatory/abi.h) mean on x86_64, to the planner and to the purgatory. */
#ifndef PURGATORY_ARCH_X86_64_ABI_H
#define PURGATORY_ARCH_X86_64_ABI_H

/*
 * purgatory_params.reset. With a port it is that of the reset register of ACPI's FADT, to which
 * value is written first; after that, and without, come the ways that every PC has: the chipset's
 * register at 0xcf9, the keyboard controller, and at last a triple fault.
 */
#define PURGATORY_RESET_PC		1u
#define PURGATORY_RESET_BY(port, value) (PURGATORY_RESET_PC | (value) << 8 | (uint32_t)(port) << 16)

/* purgatory_params.console_base: below this it is an I/O port, else an address of memory. */
#define PURGATORY_PORTS_END 0x10000

/* VGA's text, of PURGATORY_SCREEN: 80 columns, 25 lines of two bytes each. */
#define PURGATORY_SCREEN_START 0xb8000
#define PURGATORY_SCREEN_END   0xb9000

/*
 * Two sets of page tables, for CPUs with four levels and with five (CR4.LA57). By the tables that
 * it is entered with purgatory reaches all RAM but no device, and no RAM that the old kernel has
 * not, so these are made only for a console in memory and for the way back; what is in memory is
 * mapped by large pages, writable throughout.
 */
#define PURGATORY_TABLES_4_LEVELS 0
#define PURGATORY_TABLES_5_LEVELS 1

/*
 * purgatory_params.own: the mode that the kernel is entered in, and, in real mode, its stack.
 * Below 64-bit mode the purgatory has to be where that mode reaches it: below 4 GiB or 1 MiB; what
 * is handed over then, in real mode, is the setup code, 64 KiB from a multiple of 16 on, in which
 * the entry is at offset 0x200. In 32-bit mode a kernel may want a word in eax by which it knows
 * its loader: then what is handed over is in ebx, else, where Linux has a zero, in esi only.
 *
 * The fourth mode is the way back of KEXEC_PRESERVE_CONTEXT (arch/x86/kernel/relocate_kernel_64.S):
 * the entry is where another kernel waits to be called, on this stack, by tables of the planner's
 * that map that place; nothing else is loaded, so nothing is verified. The kernel that is left is
 * entered again by the return.
 */
#define PURGATORY_OWN_MODE  0
#define PURGATORY_OWN_STACK 1
#define PURGATORY_OWN_EAX   2
#define PURGATORY_MODE_64   0
#define PURGATORY_MODE_32   32
#define PURGATORY_MODE_16   16
#define PURGATORY_MODE_BACK 1

/*
 * Where the command line ends that is handed over, with PURGATORY_TAIL_SIZE bytes of zeros from
 * there on, if the old kernel is to be come back to; else 0. They are verified like all that is
 * handed over; then the place that the old kernel waits at is written there, as the word
 * PURGATORY_TAIL and a number in hex. The new kernel is entered on the old kernel's stack, so that
 * one that only returns is back; and when it is entered here once more, in memory that it has
 * changed since, nothing is verified.
 */
#define PURGATORY_OWN_TAIL  3
#define PURGATORY_TAIL	    " kexec_jump_back_entry=0x"
#define PURGATORY_TAIL_SIZE 64

#endif
