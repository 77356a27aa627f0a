# SPDX-License-Identifier: GPL-2.0-only
#
# What is ppc64le's own in how its purgatory is compiled and linked; the rest is in
# purgatory/flags.mk. What each flag promises, check-blob verifies on the result.

# The machine: any that has run Linux little endian, with its vector registers closed.
purgatory_ppc64le_cflags := -mlittle-endian -mabi=elfv2 -mcpu=power8
purgatory_ppc64le_cflags += -msoft-float -mno-altivec -mno-vsx # facilities may be off
purgatory_ppc64le_cflags += -mcmodel=medium        # what is relative to r2 reaches all of it
purgatory_ppc64le_cflags += -fno-delete-null-pointer-checks # address 0 is memory

# Behind the bytes that the old kernel copies to address 0: see abi.h.
purgatory_ppc64le_cflags += -DPURGATORY_PARAMS_OFFSET=0x100

purgatory_ppc64le_ldflags := -mlittle-endian -mabi=elfv2

# In the order of linking.
purgatory_ppc64le_sources := \
	purgatory/arch/ppc64le/entry.S \
	$(purgatory_common_sources) \
	purgatory/arch/ppc64le/machine.c \
	purgatory/arch/ppc64le/tree.c \
	lib/sha256_ppc64le_core.c

# The one place for vector registers.
$(builddir)/purgatory/ppc64le/obj/lib/sha256_ppc64le_core.o: purgatory_ppc64le_cflags := \
	$(filter-out -msoft-float -mno-altivec,$(purgatory_ppc64le_cflags)) -maltivec

# Run once over a few KB: small is better than fast, and -Os saves registers by calls.
$(builddir)/purgatory/ppc64le/obj/purgatory/arch/ppc64le/tree.o: purgatory_ppc64le_cflags += -O1
