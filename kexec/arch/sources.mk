# SPDX-License-Identifier: GPL-2.0-only
ARCH_SOURCES := \
	kexec/arch/arch.c \
	kexec/arch/arm64/arm64.c \
	kexec/arch/arm64/dtb.c \
	kexec/arch/arm64/firmware_tree.c \
	kexec/arch/arm64/layout.c \
	kexec/arch/arm64/tables.c \
	kexec/arch/ppc64le/cpu_room.c \
	kexec/arch/ppc64le/drconf.c \
	kexec/arch/ppc64le/dtb.c \
	kexec/arch/ppc64le/firmware.c \
	kexec/arch/ppc64le/foretell.c \
	kexec/arch/ppc64le/ppc64le.c \
	kexec/arch/ppc64le/tree_firmware.c \
	kexec/arch/x86_64/boot_params.c \
	kexec/arch/x86_64/e820.c \
	kexec/arch/x86_64/layout.c \
	kexec/arch/x86_64/multiboot.c \
	kexec/arch/x86_64/real_mode.c \
	kexec/arch/x86_64/tables.c \
	kexec/arch/x86_64/x86_64.c
