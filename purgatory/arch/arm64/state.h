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
#define CPU_STATE_SIZE	      32

/* SME's streaming mode and its array, by number: older assemblers do not know the name. */
#define SVCR S3_3_C4_C2_2

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

struct cpu_state {
	uint64_t vbar;	      /* VBAR_EL1 or VBAR_EL2 */
	uint64_t fault_depth; /* exceptions so far */
	uint64_t fp_trap;     /* CPACR_EL1 or CPTR_EL2 */
	uint64_t svcr;	      /* when streaming mode was left, else 0 */
};

/* Hidden: of a symbol that might be elsewhere the compiler would ask the GOT. */
extern struct cpu_state cpu_state __attribute__((visibility("hidden")));

_Static_assert(offsetof(struct cpu_state, vbar) == CPU_STATE_VBAR, "state");
_Static_assert(offsetof(struct cpu_state, fault_depth) == CPU_STATE_FAULT_DEPTH, "state");
_Static_assert(offsetof(struct cpu_state, fp_trap) == CPU_STATE_FP_TRAP, "state");
_Static_assert(offsetof(struct cpu_state, svcr) == CPU_STATE_SVCR, "state");
_Static_assert(sizeof(struct cpu_state) == CPU_STATE_SIZE, "state");

#endif /* __ASSEMBLER__ */
#endif
