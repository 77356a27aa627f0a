/* SPDX-License-Identifier: GPL-2.0-only */
/* How the purgatory was entered. It stands above the stack, where the way out finds it. */
#ifndef PURGATORY_ARCH_PPC64LE_STATE_H
#define PURGATORY_ARCH_PPC64LE_STATE_H

#define CPU_STATE_ID	0
#define CPU_STATE_MSR	8
#define CPU_STATE_STACK 16
#define CPU_STATE_SIZE	32 /* a multiple of 16: the stack begins below */

/* Bits of the MSR (Power ISA 3.0B, book III, 4.2.1), by number from the lowest. */
#define MSR_LE 0
#define MSR_RI 1
#define MSR_ME 12
#define MSR_HV 60
#define MSR_SF 63

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

struct purgatory_params;

struct cpu_state {
	uint64_t id; /* the hardware's number of this CPU */
	uint64_t msr;
	uint64_t stack; /* r1, while RTAS runs */
	uint64_t unused;
};

/* Hidden: of a symbol that might be elsewhere the compiler would ask the GOT. */
extern struct cpu_state cpu_state __attribute__((visibility("hidden")));

_Static_assert(offsetof(struct cpu_state, id) == CPU_STATE_ID, "state");
_Static_assert(offsetof(struct cpu_state, msr) == CPU_STATE_MSR, "state");
_Static_assert(offsetof(struct cpu_state, stack) == CPU_STATE_STACK, "state");
_Static_assert(sizeof(struct cpu_state) == CPU_STATE_SIZE, "state");

/* From entry.S, when all is verified and recorded: save the beginning of memory, and tell the new
 * kernel which CPU it starts on and, for a dump, to stay where it is. */
void ppc64le_hand_over(const struct purgatory_params *params);

/* In entry.S: call RTAS, all addresses below 4 GiB. Returns when RTAS does. */
void ppc64le_rtas(uint64_t arguments, uint64_t entry, uint64_t base);

#endif /* __ASSEMBLER__ */
#endif
