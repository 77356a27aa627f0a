/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parameters (purgatory/abi.h) mean on ppc64le, to the planner and to the purgatory. */
#ifndef PURGATORY_ARCH_PPC64LE_ABI_H
#define PURGATORY_ARCH_PPC64LE_ABI_H

/*
 * The old kernel copies so many bytes from the entry to address 0, where all CPUs but one then wait
 * for the new kernel (kexec_sequence in arch/powerpc/kernel/misc_64.S). So these are the beginning
 * of the new kernel, but for the first instruction, and the parameters stand behind them.
 */
#define PPC64LE_BLOCK_SIZE    0x100
#define PPC64LE_PARAMS_OFFSET PPC64LE_BLOCK_SIZE

/* The beginning of memory, which every kernel needs for itself (asm/crashdump-ppc64.h). */
#define PPC64LE_BACKUP_SIZE 0x10000

/* A word of the kernel: as built it moves itself to 0, with this in it it stays where it is. */
#define PPC64LE_RUN_AT_LOAD 0x5c
#define PPC64LE_RUN_AT_0    0x72756e30 /* "run0" */
#define PPC64LE_RUN_HERE    1

/* purgatory_params.own, by number: */
#define PPC64LE_OWN_BACKUP     0 /* where the beginning of memory is saved to; 0 for not at all */
#define PPC64LE_OWN_RTAS       1 /* where RTAS is entered, and, in the upper half, its base */
#define PPC64LE_OWN_RTAS_RESET 2 /* its number for "system-reboot" */
#define PPC64LE_OWN_TICK_RATE  3 /* of the timebase, in Hz */

/* purgatory_params.reset */
#define PURGATORY_RESET_RTAS 1u

#endif
