# SPDX-License-Identifier: GPL-2.0-only
#
# What is x86_64's own in how its purgatory is compiled and linked; the rest is in
# purgatory/flags.mk. What each flag promises, check-blob verifies on the result.

# The machine: any that has long mode, with its vector registers closed.
purgatory_x86_64_cflags := -m64 -march=x86-64
purgatory_x86_64_cflags += -mgeneral-regs-only     # SSE is an invalid opcode as we are entered
purgatory_x86_64_cflags += -mno-red-zone           # an NMI comes on our own stack
purgatory_x86_64_cflags += -fcf-protection=none    # nobody tracks our branches
purgatory_x86_64_cflags += -mcmodel=small          # one lea reaches all of it

# Its kernels edit no device tree.
purgatory_x86_64_cflags += -DPURGATORY_TREES_EDITED=0

# Its instructions begin at any byte.
purgatory_x86_64_cflags += -DPURGATORY_ENTRY_ALIGN=1

purgatory_x86_64_ldflags := -m64

# In the order of linking.
purgatory_x86_64_sources := \
	purgatory/arch/x86_64/entry.S \
	$(purgatory_common_sources) \
	purgatory/arch/x86_64/machine.c \
	purgatory/arch/x86_64/way_back.c \
	lib/sha256_x86_64_core.c \
	lib/sha256_x86_64_vector.c

# The one place for vector registers.
$(builddir)/purgatory/x86_64/obj/lib/sha256_x86_64_core.o \
$(builddir)/purgatory/x86_64/obj/lib/sha256_x86_64_vector.o: purgatory_x86_64_cflags := \
	$(filter-out -mgeneral-regs-only,$(purgatory_x86_64_cflags))

# Nobody waits for what prints, or writes a word.
$(builddir)/purgatory/x86_64/obj/purgatory/console.o \
$(builddir)/purgatory/x86_64/obj/purgatory/print.o \
$(builddir)/purgatory/x86_64/obj/purgatory/arch/x86_64/way_back.o: purgatory_x86_64_cflags += -Os
