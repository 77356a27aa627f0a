# SPDX-License-Identifier: GPL-2.0-only
#
# How every purgatory is compiled and linked, by gcc or clang. Fixed: what a user or a
# distribution puts into CFLAGS is for programs that have an operating system under them.
# purgatory/arch/<arch>/flags.mk has what is for one CPU family only.

purgatory_cflags := -std=gnu11
purgatory_cflags += -O2 # the digest stands between a crash and its dump
purgatory_cflags += -Wall -Wextra $(PURGATORY_WERROR) -Wshadow -Wvla -Wmissing-prototypes
purgatory_cflags += -Wundef -Wcast-qual -Wwrite-strings
purgatory_cflags += -Wno-unused-command-line-argument # the command may name a linker

# The place: one flat blob that nobody relocates.
purgatory_cflags += -fpie                    # runs where it is loaded
purgatory_cflags += -fvisibility=hidden      # every symbol is ours: no GOT
purgatory_cflags += -fno-jump-tables         # tables of addresses need relocation
purgatory_cflags += -fno-common              # two definitions are an error

# The surroundings: no library, no loader, nobody who looks at the stack.
purgatory_cflags += -ffreestanding           # no C library ...
purgatory_cflags += -fno-builtin             # ... and no calls of it that we did not write
purgatory_cflags += -fno-stack-protector     # its canary lives in the library
purgatory_cflags += -fno-sanitize=all        # so do the reports of the sanitizers
purgatory_cflags += -fomit-frame-pointer     # a register more for the digest
purgatory_cflags += -fno-unwind-tables -fno-asynchronous-unwind-tables

# The bytes: the same in every directory on every day.
purgatory_cflags += -g0 -fno-ident           # no paths, no compiler version
purgatory_cflags += -fno-lto                 # a file becomes what that file says
purgatory_cflags += -ffunction-sections      # so that what nobody calls is left out

purgatory_ldflags := -nostdlib
purgatory_ldflags += -pie                    # a relocation that is left would show
purgatory_ldflags += -Wl,--no-dynamic-linker # there is none
purgatory_ldflags += -Wl,--no-undefined -Wl,--fatal-warnings
purgatory_ldflags += -Wl,--orphan-handling=error  # purgatory.lds names every section
purgatory_ldflags += -Wl,--gc-sections       # see -ffunction-sections
purgatory_ldflags += -Wl,--build-id=none     # kexec, which holds the blob, has one
purgatory_ldflags += -Wl,-z,max-page-size=4096    # PURGATORY_ALIGN
purgatory_ldflags += -Wl,-z,noexecstack -Wl,-z,norelro # nobody maps this file
