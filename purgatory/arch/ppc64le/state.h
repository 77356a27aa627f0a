/* SPDX-License-Identifier: GPL-2.0-only */
/* How the purgatory was entered. It stands above the stack, where the way out finds it. */
#ifndef PURGATORY_ARCH_PPC64LE_STATE_H
#define PURGATORY_ARCH_PPC64LE_STATE_H

#define CPU_STATE_ID	  0
#define CPU_STATE_MSR	  8
#define CPU_STATE_STACK	  16
#define CPU_STATE_SCRATCH 24
#define CPU_STATE_DEPTH	  32
#define CPU_STATE_RESUME  40
#define CPU_STATE_VECTORS 48
#define CPU_STATE_STEP	  56
#define CPU_STATE_SIZE	  64 /* a multiple of 16: the stack begins below */

/* The register that says where the vectors lead: of the four that no hardware looks at one that no
 * kernel lets programs read (Power ISA 3.0B, book III, 3.3.1). */
#define SPRG2 274

/* Bytes of what a vector leads to, for each endianness. */
#define VECTOR_TARGET_SIZE 32

/* Bits of the MSR (Power ISA 3.0B, book III, 4.2.1), by number from the lowest. */
#define MSR_LE	0
#define MSR_RI	1
#define MSR_ME	12
#define MSR_VEC 25
#define MSR_HV	60
#define MSR_SF	63

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

struct purgatory_outcome;
struct purgatory_params;

struct cpu_state {
	uint64_t id; /* the hardware's number of this CPU */
	uint64_t msr;
	uint64_t stack;	  /* r1, while RTAS runs */
	uint64_t scratch; /* SPRG2 */
	uint64_t depth;	  /* exceptions so far */
	uint64_t resume;  /* where to go on after one that is no fault, with r3 = 0; else 0 */
	uint64_t vectors; /* they are ours */
	uint64_t step;	  /* of handing over, which is the next */
};

/* Hidden: of a symbol that might be elsewhere the compiler would ask the GOT. */
extern struct cpu_state cpu_state __attribute__((visibility("hidden")));

_Static_assert(offsetof(struct cpu_state, id) == CPU_STATE_ID, "state");
_Static_assert(offsetof(struct cpu_state, msr) == CPU_STATE_MSR, "state");
_Static_assert(offsetof(struct cpu_state, stack) == CPU_STATE_STACK, "state");
_Static_assert(offsetof(struct cpu_state, scratch) == CPU_STATE_SCRATCH, "state");
_Static_assert(offsetof(struct cpu_state, depth) == CPU_STATE_DEPTH, "state");
_Static_assert(offsetof(struct cpu_state, resume) == CPU_STATE_RESUME, "state");
_Static_assert(offsetof(struct cpu_state, vectors) == CPU_STATE_VECTORS, "state");
_Static_assert(offsetof(struct cpu_state, step) == CPU_STATE_STEP, "state");
_Static_assert(sizeof(struct cpu_state) == CPU_STATE_SIZE, "state");

/* From entry.S, before anything is looked at: let exceptions lead here, where the parameters are as
 * planned, so that it is known where to save what the vectors are written over. */
void ppc64le_take_vectors(const struct purgatory_params *params);

/* From entry.S: an exception came by that vector, the depth-th; srr1 says why. */
void ppc64le_fault(const struct purgatory_params *params, struct purgatory_outcome *outcome,
	uint64_t depth, uint64_t vector, uint64_t pc, uint64_t srr1);

/* From entry.S, when all is verified and recorded: save the beginning of memory, and tell the new
 * kernel which CPU it starts on and, for a dump, to stay where it is. After an exception in one of
 * these it goes on with the next. */
void ppc64le_hand_over(const struct purgatory_params *params);

/* In entry.S: call RTAS, all addresses below 4 GiB. Returns when RTAS does. */
void ppc64le_rtas(uint64_t arguments, uint64_t entry, uint64_t base);

/* In entry.S, and copied to where the vectors lead, which is not far from them: what goes on to the
 * purgatory after an exception in big-endian mode, and behind it that for little-endian mode. */
extern const uint64_t from_vectors[2 * VECTOR_TARGET_SIZE / 8]
	__attribute__((visibility("hidden")));

/* In entry.S: open the vector registers and try the instructions that SHA-256 takes. 0 where they
 * are an exception. Only with vectors that are ours. */
int ppc64le_has_sha256(void);

#endif /* __ASSEMBLER__ */
#endif
