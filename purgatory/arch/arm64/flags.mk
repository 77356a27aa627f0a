# SPDX-License-Identifier: GPL-2.0-only
#
# What is arm64's own in how its purgatory is compiled and linked; the rest is in
# purgatory/flags.mk. What each flag promises, check-blob verifies on the result.

# The machine: the MMU is off, so all memory is Device memory.
purgatory_arm64_cflags := -march=armv8-a           # any arm64 CPU, and no atomics of 8.1
purgatory_arm64_cflags += -mstrict-align           # an unaligned access is a fault
purgatory_arm64_cflags += -mgeneral-regs-only      # FP and SIMD may trap, or be streaming
purgatory_arm64_cflags += -mbranch-protection=none # no keys, no guarded pages
purgatory_arm64_cflags += -mcmodel=tiny            # one adr reaches anything below 1 MiB

# Its kernels edit no device tree.
purgatory_arm64_cflags += -DPURGATORY_TREES_EDITED=0

purgatory_arm64_ldflags :=

# In the order of linking.
purgatory_arm64_sources := \
	purgatory/arch/arm64/entry.S \
	$(purgatory_common_sources) \
	purgatory/arch/arm64/machine.c \
	purgatory/arch/arm64/mmu.c \
	purgatory/arch/arm64/mmu_switch.S \
	purgatory/arch/arm64/vector.c \
	lib/sha256_arm64_core.S
