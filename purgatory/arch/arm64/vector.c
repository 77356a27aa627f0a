/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The vector registers, for the CPU's SHA-256. The old kernel may have left them trapped, and
 * the CPU in streaming mode, where most of their instructions are undefined. Opened here,
 * closed by entry.S on the way out.
 */
#include "../../abi.h"
#include "../../arch.h"
#include "regs.h"
#include "state.h"

/* ID_AA64ISAR0_EL1, ID_AA64PFR0_EL1, ID_AA64PFR1_EL1: where the fields begin. */
#define ISAR0_SHA2   12
#define PFR0_FP	     16
#define PFR0_ADVSIMD 20
#define PFR0_NONE    0xf
#define PFR1_SME     24

/* CPACR_EL1, and CPTR_EL2 with E2H: two bits each, 3 being access from everywhere. */
#define CPACR_FPEN (3ul << 20)
#define CPACR_SMEN (3ul << 24)

/* CPTR_EL2 without E2H: one bit each, 1 being a trap. */
#define CPTR_TFP (1ul << 10)
#define CPTR_TSM (1ul << 12) /* RES1 without SME */

#define SVCR_SM 1ul

static bool has_sha256(void)
{
	uint64_t pfr0 = REG_READ(ID_AA64PFR0_EL1);

	return id_field(REG_READ(ID_AA64ISAR0_EL1), ISAR0_SHA2) != 0 &&
	       id_field(pfr0, PFR0_FP) != PFR0_NONE && id_field(pfr0, PFR0_ADVSIMD) != PFR0_NONE;
}

static bool has_sme(void)
{
	return id_field(REG_READ(ID_AA64PFR1_EL1), PFR1_SME) != 0;
}

static void open_traps(bool sme)
{
	uint64_t open = CPACR_FPEN | (sme ? CPACR_SMEN : 0);
	uint64_t traps = CPTR_TFP | (sme ? CPTR_TSM : 0);

	if (!at_el2())
		REG_WRITE(CPACR_EL1, cpu_state.fp_trap | open);
	else if (at_el2_e2h())
		REG_WRITE(CPTR_EL2, cpu_state.fp_trap | open);
	else
		REG_WRITE(CPTR_EL2, cpu_state.fp_trap & ~traps);
	reg_sync();
}

/* Leaving the mode clears the vector registers, which nobody counts on any more. */
static void leave_streaming_mode(void)
{
	uint64_t svcr = REG_READ(SVCR);

	if (!(svcr & SVCR_SM))
		return;
	cpu_state.svcr = svcr;
	REG_WRITE(SVCR, svcr & ~SVCR_SM);
	reg_sync();
}

enum sha256_core machine_sha256_core(uint32_t flags)
{
	bool sme = has_sme() && !(flags & PURGATORY_SME_UNUSED);

	if (!has_sha256() || (sme && !(flags & PURGATORY_SME_USED)))
		return SHA256_PLAIN;
	open_traps(sme);
	if (sme)
		leave_streaming_mode();
	return SHA256_CPU;
}
