/* SPDX-License-Identifier: GPL-2.0-only */
/* System registers from C, by the names of Arm's manual (DDI 0487, D19.2). */
#ifndef PURGATORY_ARCH_ARM64_REGS_H
#define PURGATORY_ARCH_ARM64_REGS_H

#include <stdbool.h>
#include <stdint.h>

#define STRING_OF(name) #name

#define REG_READ(name)                                                                             \
	({                                                                                         \
		uint64_t value_;                                                                   \
		__asm__ volatile("mrs %0, " STRING_OF(name) : "=r"(value_) : : "memory");          \
		value_;                                                                            \
	})

#define REG_WRITE(name, value)                                                                     \
	__asm__ volatile("msr " STRING_OF(name) ", %0" ::"r"(value) : "memory")

/* What was written to registers counts for the instructions after this one. */
static inline void reg_sync(void)
{
	__asm__ volatile("isb" ::: "memory");
}

/* A field of an ID register: four bits from there. */
static inline unsigned int id_field(uint64_t id, unsigned int shift)
{
	return id >> shift & 0xf;
}

static inline bool at_el2(void)
{
	return REG_READ(CurrentEL) >> 2 == 2;
}

#define HCR_EL2_E2H (1ul << 34)

/* Whether the CPU is at EL2 and its registers there have the formats of EL1. */
static inline bool at_el2_e2h(void)
{
	return at_el2() && (REG_READ(HCR_EL2) & HCR_EL2_E2H) != 0;
}

#endif
