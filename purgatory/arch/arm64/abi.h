/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parameters (purgatory/abi.h) mean on arm64, to the planner and to the purgatory. */
#ifndef PURGATORY_ARCH_ARM64_ABI_H
#define PURGATORY_ARCH_ARM64_ABI_H

/* purgatory_params.reset: how PSCI's SYSTEM_RESET is called (Arm DEN0022). */
#define PURGATORY_PSCI_SMC 1
#define PURGATORY_PSCI_HVC 2

/*
 * Two sets of page tables, since descriptors differ in a regime that has EL0 below it (EL1, EL2
 * with E2H) and in one that has not (EL2 without). Granule 4 KiB, 48 bits, Normal memory by
 * attribute 0 and Device memory by attribute 1. Where there are none the MMU stays off.
 */
#define PURGATORY_TABLES_WITH_EL0 0
#define PURGATORY_TABLES_EL2_ONLY 1

#endif
