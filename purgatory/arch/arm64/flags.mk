# SPDX-License-Identifier: GPL-2.0-only
#
# How the arm64 purgatory is compiled and linked, by gcc or clang. Fixed: what a user or a
# distribution puts into CFLAGS is for programs that have an operating system under them.
# What each flag promises, check-blob verifies on the result.

purgatory_arm64_cflags := -std=gnu11
purgatory_arm64_cflags += -O2 # the digest stands between a crash and its dump
purgatory_arm64_cflags += -Wall -Wextra $(PURGATORY_WERROR) -Wshadow -Wvla -Wmissing-prototypes
purgatory_arm64_cflags += -Wundef -Wcast-qual -Wwrite-strings
purgatory_arm64_cflags += -Wno-unused-command-line-argument # the command may name a linker

# The machine: the MMU is off, so all memory is Device memory.
purgatory_arm64_cflags += -march=armv8-a           # any arm64 CPU, and no atomics of 8.1
purgatory_arm64_cflags += -mstrict-align           # an unaligned access is a fault
purgatory_arm64_cflags += -mgeneral-regs-only      # FP and SIMD may trap, or be streaming
purgatory_arm64_cflags += -mbranch-protection=none # no keys, no guarded pages

# The place: one flat blob that nobody relocates.
purgatory_arm64_cflags += -fpie                    # runs where it is loaded
purgatory_arm64_cflags += -mcmodel=tiny            # one adr reaches anything below 1 MiB
purgatory_arm64_cflags += -fvisibility=hidden      # every symbol is ours: no GOT
purgatory_arm64_cflags += -fno-jump-tables         # tables of addresses need relocation
purgatory_arm64_cflags += -fno-common              # two definitions are an error

# The surroundings: no library, no loader, nobody who looks at the stack.
purgatory_arm64_cflags += -ffreestanding           # no C library ...
purgatory_arm64_cflags += -fno-builtin             # ... and no calls of it that we did not write
purgatory_arm64_cflags += -fno-stack-protector     # its canary lives in the library
purgatory_arm64_cflags += -fno-sanitize=all        # so do the reports of the sanitizers
purgatory_arm64_cflags += -fomit-frame-pointer     # x29 is worth more to the digest
purgatory_arm64_cflags += -fno-unwind-tables -fno-asynchronous-unwind-tables

# The bytes: the same in every directory on every day.
purgatory_arm64_cflags += -g0 -fno-ident           # no paths, no compiler version
purgatory_arm64_cflags += -fno-lto                 # a file becomes what that file says
purgatory_arm64_cflags += -ffunction-sections      # so that what nobody calls is left out

purgatory_arm64_ldflags := -nostdlib
purgatory_arm64_ldflags += -pie                    # a relocation that is left would show
purgatory_arm64_ldflags += -Wl,--no-dynamic-linker # there is none
purgatory_arm64_ldflags += -Wl,--no-undefined -Wl,--fatal-warnings
purgatory_arm64_ldflags += -Wl,--orphan-handling=error  # purgatory.lds names every section
purgatory_arm64_ldflags += -Wl,--gc-sections       # see -ffunction-sections
purgatory_arm64_ldflags += -Wl,--build-id=none     # kexec, which holds the blob, has one
purgatory_arm64_ldflags += -Wl,-z,max-page-size=4096    # PURGATORY_ALIGN
purgatory_arm64_ldflags += -Wl,-z,noexecstack -Wl,-z,norelro # nobody maps this file
