/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What MMU and caches are turned on with. The instructions that do it are in mmu_switch.S; so
 * is the way back, because it may begin in a fault.
 */
#include "mmu.h"

#include "../../abi.h"
#include "../../arch.h"
#include "abi.h"
#include "regs.h"
#include "state.h"

/* ID_AA64MMFR0_EL1 and ID_AA64MMFR3_EL1: where the fields begin. */
#define MMFR0_PARANGE	  0
#define MMFR0_TGRAN4	  28
#define MMFR0_TGRAN4_NONE 0xf
#define MMFR3_TCRX	  0
#define MMFR3_S1PIE	  8
#define MMFR3_S1POE	  16
#define MMFR3_D128	  32

/* The longest output address that tables without LPA2 can hold: 48 bits. */
#define PARANGE_48 5u

#define SCTLR_M	  (1ul << 0)
#define SCTLR_C	  (1ul << 2)
#define SCTLR_I	  (1ul << 12)
#define SCTLR_WXN (1ul << 19)

/* Attribute 0: Normal, write-back, allocating. Attribute 1: Device-nGnRnE. */
#define MAIR_VALUE 0x00fful

/*
 * TCR_EL1, TCR_EL2 with E2H and TCR_EL2 without: 48 bits of address from TTBR0; walks through
 * the caches, inner shareable; granule 4 KiB. What is not named is 0: no LPA2 (DS), no
 * updates by hardware (HA, HD), no ignored top byte.
 */
#define TCR_T0SZ_48 16ul
#define TCR_WALK    (1ul << 8 | 1ul << 10 | 3ul << 12) /* IRGN0, ORGN0, SH0 */

/* With EL0: nothing from TTBR1 (EPD1), whose other fields have to make sense all the same. */
#define TCR_EPD1      (1ul << 23)
#define TCR_T1SZ_48   (16ul << 16)
#define TCR_TG1_4K    (2ul << 30)
#define TCR_IPS_SHIFT 32

/* Without. */
#define TCR_EL2_RES1	 (1ul << 31 | 1ul << 23)
#define TCR_EL2_PS_SHIFT 16

static uint64_t tcr_value(void)
{
	uint64_t range = id_field(REG_READ(ID_AA64MMFR0_EL1), MMFR0_PARANGE);
	uint64_t tcr = TCR_T0SZ_48 | TCR_WALK;

	if (range > PARANGE_48)
		range = PARANGE_48;
	if (machine_tables_set() == PURGATORY_TABLES_EL2_ONLY)
		return tcr | TCR_EL2_RES1 | range << TCR_EL2_PS_SHIFT;
	return tcr | TCR_EPD1 | TCR_T1SZ_48 | TCR_TG1_4K | range << TCR_IPS_SHIFT;
}

static void save(void)
{
	cpu_state.tcr2 = 0;
	if (at_el2()) {
		cpu_state.sctlr = REG_READ(SCTLR_EL2);
		cpu_state.tcr = REG_READ(TCR_EL2);
		cpu_state.mair = REG_READ(MAIR_EL2);
		cpu_state.ttbr0 = REG_READ(TTBR0_EL2);
	} else {
		cpu_state.sctlr = REG_READ(SCTLR_EL1);
		cpu_state.tcr = REG_READ(TCR_EL1);
		cpu_state.mair = REG_READ(MAIR_EL1);
		cpu_state.ttbr0 = REG_READ(TTBR0_EL1);
	}
}

/*
 * The old kernel may have given permission bits another meaning (PIE, POE), or descriptors another
 * size (D128). A CPU with none of these is left alone: firmware that does not know TCR2 has left
 * it closed, and touching it would end there. With them, kernels touch it themselves.
 */
static void clear_tcr2(void)
{
	uint64_t mmfr3 = REG_READ(ID_AA64MMFR3_EL1);

	if (id_field(mmfr3, MMFR3_TCRX) == 0 ||
		(id_field(mmfr3, MMFR3_S1PIE) == 0 && id_field(mmfr3, MMFR3_S1POE) == 0 &&
			id_field(mmfr3, MMFR3_D128) == 0))
		return;
	if (at_el2()) {
		cpu_state.tcr2 = REG_READ(TCR2_EL2);
		REG_WRITE(TCR2_EL2, 0ul);
	} else {
		cpu_state.tcr2 = REG_READ(TCR2_EL1);
		REG_WRITE(TCR2_EL1, 0ul);
	}
}

unsigned int machine_tables_set(void)
{
	return at_el2() && !at_el2_e2h() ? PURGATORY_TABLES_EL2_ONLY : PURGATORY_TABLES_WITH_EL0;
}

uint32_t machine_cache_on(const struct purgatory_tables *tables)
{
	if (tables->size == 0)
		return PURGATORY_CACHES_NO_TABLES;
	if (id_field(REG_READ(ID_AA64MMFR0_EL1), MMFR0_TGRAN4) == MMFR0_TGRAN4_NONE)
		return PURGATORY_CACHES_NO_GRANULE;
	save();
	if (cpu_state.sctlr & SCTLR_M)
		return PURGATORY_CACHES_MMU_ON;
	cpu_state.cached = 1;
	clear_tcr2();
	mmu_on(tables->root, tcr_value(), MAIR_VALUE,
		(cpu_state.sctlr | SCTLR_M | SCTLR_C | SCTLR_I) & ~SCTLR_WXN);
	return PURGATORY_CACHES_ON;
}

/* CTR_EL0.DminLine: the smallest line of all caches, as a power of two of words. */
static uint64_t line_size(void)
{
	return 4ul << id_field(REG_READ(CTR_EL0), 16);
}

void machine_cache_clean(uint64_t start, uint64_t size)
{
	uint64_t line = line_size();

	for (uint64_t at = start & ~(line - 1); at < start + size; at += line)
		__asm__ volatile("dc civac, %0" ::"r"(at) : "memory");
	__asm__ volatile("dsb sy" ::: "memory");
}
