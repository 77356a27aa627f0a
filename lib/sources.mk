# SPDX-License-Identifier: GPL-2.0-only
LIB_SOURCES := \
	lib/bytes.c \
	lib/cursor.c \
	lib/decompress.c \
	lib/err.c \
	lib/pe.c \
	lib/rangeset.c \
	lib/report.c \
	lib/sha256.c \
	lib/status.c \
	lib/sysroot.c \
	lib/vmcoreinfo.c
