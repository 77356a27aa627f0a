# SPDX-License-Identifier: GPL-2.0-only
LIB_SOURCES := \
	lib/advice.c \
	lib/bytes.c \
	lib/crc32.c \
	lib/cursor.c \
	lib/decompress.c \
	lib/elfcore.c \
	lib/err.c \
	lib/jsonw.c \
	lib/memfd.c \
	lib/pe.c \
	lib/printable.c \
	lib/printer.c \
	lib/rangeset.c \
	lib/report.c \
	lib/roff.c \
	lib/sha256.c \
	lib/sha256_arm64.c \
	lib/sha256_other.c \
	lib/sha256_ppc64le.c \
	lib/sha256_ppc64le_core.c \
	lib/sha256_x86_64.c \
	lib/sha256_x86_64_core.c \
	lib/sha256_x86_64_vector.c \
	lib/sysroot.c \
	lib/sysroot_hold.c \
	lib/sysroot_place.c \
	lib/unpack_gzip.c \
	lib/unpack_lz4.c \
	lib/unpack_lzo.c \
	lib/unpack_xz.c \
	lib/unpack_zstd.c \
	lib/utf8.c \
	lib/vmcoreinfo.c

# Of the cores of SHA-256 that are made of a CPU's own instructions, the one of this machine.
not_here := $(filter-out $(TARGET),arm64 other ppc64le x86_64)
LIB_SOURCES := $(filter-out $(not_here:%=lib/sha256_%.%) \
	$(not_here:%=lib/sha256_%_core.%) $(not_here:%=lib/sha256_%_vector.%),$(LIB_SOURCES))
LIB_SOURCES += $(if $(filter arm64,$(TARGET)),lib/sha256_arm64_core.S)
