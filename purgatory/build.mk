# SPDX-License-Identifier: GPL-2.0-only
#
# The purgatory: $(builddir)/purgatory/arm64/{purgatory.elf,purgatory.bin,blob.c}. Included
# by the top Makefile, which sets
#
#   srcdir, builddir          where sources are, where output goes
#   PURGATORY_ARM64_CC        a compiler command for arm64, such as aarch64-linux-gnu-gcc, or
#                             clang --target=aarch64-linux-gnu -fuse-ld=lld
#   PURGATORY_ARM64_OBJCOPY, PURGATORY_ARM64_OBJDUMP, PURGATORY_ARM64_READELF
#                             of GNU or LLVM, for arm64
#   PURGATORY_WERROR          -Werror, or nothing
#   say, Q                    how a step is shown (see Makefile.in); may be unset
#
# and uses $(purgatory_arm64_blob), a C file for the host's compiler (see purgatory/blob.h).
# A blob that fails check-blob is deleted, so nothing can be built from it.

include $(srcdir)/purgatory/arch/arm64/flags.mk

purgatory_arm64_dir  := $(builddir)/purgatory/arm64
purgatory_arm64_elf  := $(purgatory_arm64_dir)/purgatory.elf
purgatory_arm64_bin  := $(purgatory_arm64_dir)/purgatory.bin
purgatory_arm64_blob := $(purgatory_arm64_dir)/blob.c
purgatory_arm64_lds  := $(srcdir)/purgatory/arch/arm64/purgatory.lds

# In the order of linking.
purgatory_arm64_sources := \
	purgatory/arch/arm64/entry.S \
	purgatory/purgatory.c \
	purgatory/console.c \
	purgatory/print.c \
	purgatory/string.c \
	purgatory/arch/arm64/machine.c \
	purgatory/arch/arm64/mmu.c \
	purgatory/arch/arm64/mmu_switch.S \
	purgatory/arch/arm64/vector.c \
	lib/sha256.c \
	lib/sha256_arm64_core.S

purgatory_arm64_objects := \
	$(patsubst %,$(purgatory_arm64_dir)/obj/%.o,$(basename $(purgatory_arm64_sources)))

# When a flag changes, so does the blob.
purgatory_arm64_rules := $(srcdir)/purgatory/build.mk $(srcdir)/purgatory/arch/arm64/flags.mk

.PHONY: purgatory
purgatory: $(purgatory_arm64_blob)

define purgatory_arm64_compile
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(PURGATORY_ARM64_CC) $(strip $(purgatory_arm64_cflags)) -I$(srcdir) -MMD -MP \
		-c -o $@ $<
endef

$(purgatory_arm64_dir)/obj/%.o: $(srcdir)/%.c $(purgatory_arm64_rules)
	$(purgatory_arm64_compile)

$(purgatory_arm64_dir)/obj/%.o: $(srcdir)/%.S $(purgatory_arm64_rules)
	$(purgatory_arm64_compile)

$(purgatory_arm64_elf): $(purgatory_arm64_objects) $(purgatory_arm64_lds)
	$(call say,LINK)
	$(Q)$(PURGATORY_ARM64_CC) $(strip $(purgatory_arm64_ldflags)) \
		-Wl,-T,$(purgatory_arm64_lds) -o $@ $(purgatory_arm64_objects)

$(purgatory_arm64_bin): $(purgatory_arm64_elf) $(srcdir)/purgatory/check-blob
	$(call say,BLOB)
	$(Q)$(PURGATORY_ARM64_OBJCOPY) -O binary $< $@
	$(Q)READELF="$(PURGATORY_ARM64_READELF)" OBJDUMP="$(PURGATORY_ARM64_OBJDUMP)" \
		$(srcdir)/purgatory/check-blob $< $@ || { rm -f $@; exit 1; }

# Numbers, not .incbin: any compiler for any host takes them.
$(purgatory_arm64_blob): $(purgatory_arm64_bin)
	$(Q){ echo '/* Made by purgatory/build.mk from purgatory.bin. */' && \
	  echo '#include "purgatory/blob.h"' && \
	  echo 'const unsigned char purgatory_arm64[] = {' && \
	  od -An -v -tu1 $< | sed 's/  *\([0-9][0-9]*\)/\1,/g' && \
	  echo '};' && \
	  echo 'const unsigned long purgatory_arm64_size = sizeof(purgatory_arm64);'; \
	} > $@.tmp && mv $@.tmp $@

-include $(purgatory_arm64_objects:.o=.d)

# The C code that is true for every CPU also runs on the host, where its unit test is the
# machine. Not in libkexec.a: the tool has no use for it.
purgatory_host_sources := purgatory/purgatory.c purgatory/console.c purgatory/print.c
tests/unit/test_purgatory: $(purgatory_host_sources:%.c=obj/%.o)
