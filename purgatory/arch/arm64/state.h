/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The registers that the purgatory changes, as they were found. They stand above the stack,
 * zero until written, where the way out finds them, also when it leads through a fault.
 */
#ifndef PURGATORY_ARCH_ARM64_STATE_H
#define PURGATORY_ARCH_ARM64_STATE_H

#define CPU_STATE_VBAR	      0
#define CPU_STATE_FAULT_DEPTH 8
#define CPU_STATE_FP_TRAP     16
#define CPU_STATE_SVCR	      24
#define CPU_STATE_SCTLR	      32
#define CPU_STATE_TCR	      40
#define CPU_STATE_MAIR	      48
#define CPU_STATE_TTBR0	      56
#define CPU_STATE_TCR2	      64
#define CPU_STATE_CACHED      72
#define CPU_STATE_SIZE	      80 /* a multiple of 16: the stack begins below */

/* SME's streaming mode and its array, by number: older assemblers do not know the name. */
#define SVCR S3_3_C4_C2_2

/* What FEAT_TCR2 added, by number for the same reason, and where it is said to be there. */
#define TCR2_EL1	 S3_0_C2_C0_3
#define TCR2_EL2	 S3_4_C2_C0_3
#define ID_AA64MMFR3_EL1 S3_0_C0_C7_3

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

struct cpu_state {
	uint64_t vbar;	      /* VBAR_EL1 or VBAR_EL2 */
	uint64_t fault_depth; /* exceptions so far */
	uint64_t fp_trap;     /* CPACR_EL1 or CPTR_EL2 */
	uint64_t svcr;	      /* when streaming mode was left, else 0 */
	/* Of EL1 or EL2, and valid when cached. */
	uint64_t sctlr;
	uint64_t tcr;
	uint64_t mair;
	uint64_t ttbr0;
	uint64_t tcr2;	 /* where it was touched */
	uint64_t cached; /* MMU and caches were turned on */
};

/* Hidden: of a symbol that might be elsewhere the compiler would ask the GOT. */
extern struct cpu_state cpu_state __attribute__((visibility("hidden")));

_Static_assert(offsetof(struct cpu_state, vbar) == CPU_STATE_VBAR, "state");
_Static_assert(offsetof(struct cpu_state, fault_depth) == CPU_STATE_FAULT_DEPTH, "state");
_Static_assert(offsetof(struct cpu_state, fp_trap) == CPU_STATE_FP_TRAP, "state");
_Static_assert(offsetof(struct cpu_state, svcr) == CPU_STATE_SVCR, "state");
_Static_assert(offsetof(struct cpu_state, sctlr) == CPU_STATE_SCTLR, "state");
_Static_assert(offsetof(struct cpu_state, tcr) == CPU_STATE_TCR, "state");
_Static_assert(offsetof(struct cpu_state, mair) == CPU_STATE_MAIR, "state");
_Static_assert(offsetof(struct cpu_state, ttbr0) == CPU_STATE_TTBR0, "state");
_Static_assert(offsetof(struct cpu_state, tcr2) == CPU_STATE_TCR2, "state");
_Static_assert(offsetof(struct cpu_state, cached) == CPU_STATE_CACHED, "state");
_Static_assert(sizeof(struct cpu_state) == CPU_STATE_SIZE, "state");

#endif /* __ASSEMBLER__ */
#endif
