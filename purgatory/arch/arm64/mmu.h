/* SPDX-License-Identifier: GPL-2.0-only */
/* The switch itself; see mmu_switch.S. */
#ifndef PURGATORY_ARCH_ARM64_MMU_H
#define PURGATORY_ARCH_ARM64_MMU_H

#include <stdint.h>

/* Turn MMU and caches on, with these values in the registers of the current level. */
void mmu_on(uint64_t ttbr0, uint64_t tcr, uint64_t mair, uint64_t sctlr);

#endif
