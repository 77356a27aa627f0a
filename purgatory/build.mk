# SPDX-License-Identifier: GPL-2.0-only
#
# The purgatories: $(builddir)/purgatory/<arch>/{purgatory.elf,purgatory.bin,blob.c} for each of
# $(PURGATORY_ARCHES). Included by the top Makefile, which sets
#
#   srcdir, builddir          where sources are, where output goes
#   PURGATORY_<ARCH>_CC       a compiler command for it, such as aarch64-linux-gnu-gcc, or
#                             clang --target=aarch64-linux-gnu -fuse-ld=lld
#   PURGATORY_<ARCH>_OBJCOPY, PURGATORY_<ARCH>_OBJDUMP, PURGATORY_<ARCH>_READELF
#                             of GNU or LLVM, for it
#   PURGATORY_WERROR          -Werror, or nothing
#   say, Q                    how a step is shown (see Makefile.in); may be unset
#
# and uses $(purgatory_blobs), C files for the host's compiler (see purgatory/blob.h). A blob that
# fails check-blob is deleted, so nothing can be built from it.

PURGATORY_ARCHES := arm64 ppc64le x86_64

purgatory_common_sources := \
	purgatory/purgatory.c \
	purgatory/console.c \
	purgatory/print.c \
	purgatory/string.c \
	lib/sha256.c

include $(srcdir)/purgatory/flags.mk
include $(PURGATORY_ARCHES:%=$(srcdir)/purgatory/arch/%/flags.mk)

purgatory_blobs := $(PURGATORY_ARCHES:%=$(builddir)/purgatory/%/blob.c)

.PHONY: purgatory
purgatory: $(purgatory_blobs)

# $(1) = the family, $(2) = its name in the variables of tools.
define purgatory_rules
purgatory_$(1)_dir := $$(builddir)/purgatory/$(1)
purgatory_$(1)_objects := \
	$$(patsubst %,$$(purgatory_$(1)_dir)/obj/%.o,$$(basename $$(purgatory_$(1)_sources)))

# When a flag changes, so does the blob.
purgatory_$(1)_made_by := $$(srcdir)/purgatory/build.mk $$(srcdir)/purgatory/flags.mk \
	$$(srcdir)/purgatory/arch/$(1)/flags.mk

$$(purgatory_$(1)_dir)/obj/%.o: $$(srcdir)/%.c $$(purgatory_$(1)_made_by)
	@mkdir -p $$(@D)
	$$(call say,CC)
	$$(Q)$$(PURGATORY_$(2)_CC) $$(strip $$(purgatory_cflags) $$(purgatory_$(1)_cflags)) \
		-I$$(srcdir) -MMD -MP -c -o $$@ $$<

$$(purgatory_$(1)_dir)/obj/%.o: $$(srcdir)/%.S $$(purgatory_$(1)_made_by)
	@mkdir -p $$(@D)
	$$(call say,CC)
	$$(Q)$$(PURGATORY_$(2)_CC) $$(strip $$(purgatory_cflags) $$(purgatory_$(1)_cflags)) \
		-I$$(srcdir) -MMD -MP -c -o $$@ $$<

$$(purgatory_$(1)_dir)/purgatory.elf: $$(purgatory_$(1)_objects) \
		$$(srcdir)/purgatory/arch/$(1)/purgatory.lds
	$$(call say,LINK)
	$$(Q)$$(PURGATORY_$(2)_CC) $$(strip $$(purgatory_ldflags) $$(purgatory_$(1)_ldflags)) \
		-Wl,-T,$$(srcdir)/purgatory/arch/$(1)/purgatory.lds -o $$@ \
		$$(purgatory_$(1)_objects)

$$(purgatory_$(1)_dir)/purgatory.bin: $$(purgatory_$(1)_dir)/purgatory.elf \
		$$(srcdir)/purgatory/check-blob
	$$(call say,BLOB)
	$$(Q)$$(PURGATORY_$(2)_OBJCOPY) -O binary $$< $$@
	$$(Q)READELF="$$(PURGATORY_$(2)_READELF)" OBJDUMP="$$(PURGATORY_$(2)_OBJDUMP)" \
		$$(srcdir)/purgatory/check-blob $(1) $$< $$@ || { rm -f $$@; exit 1; }

# Numbers, not .incbin: any compiler for any host takes them.
$$(purgatory_$(1)_dir)/blob.c: $$(purgatory_$(1)_dir)/purgatory.bin
	$$(Q){ echo '/* Made by purgatory/build.mk from purgatory.bin. */' && \
	  echo '#include "purgatory/blob.h"' && \
	  echo 'const unsigned char purgatory_$(1)[] = {' && \
	  od -An -v -tu1 $$< | sed 's/  *\([0-9][0-9]*\)/\1,/g' && \
	  echo '};' && \
	  echo 'const unsigned long purgatory_$(1)_size = sizeof(purgatory_$(1));'; \
	} > $$@.tmp && mv $$@.tmp $$@

-include $$(purgatory_$(1)_objects:.o=.d)
endef

$(eval $(call purgatory_rules,arm64,ARM64))
$(eval $(call purgatory_rules,ppc64le,PPC64LE))
$(eval $(call purgatory_rules,x86_64,X86_64))

# The C code that is true for every CPU also runs on the host, where its unit test is the
# machine. Not in libkexec.a: the tool has no use for it.
purgatory_host_sources := purgatory/purgatory.c purgatory/console.c purgatory/print.c
tests/unit/test_purgatory: $(purgatory_host_sources:%.c=obj/%.o)
# So does what looks at memory only.
tests/unit/test_ppc64le tests/fuzz/replay_ppc64le_tree tests/fuzz/fuzz_ppc64le_tree: \
	obj/purgatory/arch/ppc64le/tree.o
