# SPDX-License-Identifier: GPL-2.0-only
ARCH_SOURCES := \
	kexec/arch/arch.c \
	kexec/arch/arm64/arm64.c \
	kexec/arch/arm64/dtb.c \
	kexec/arch/arm64/firmware_tree.c \
	kexec/arch/arm64/layout.c \
	kexec/arch/arm64/tables.c
