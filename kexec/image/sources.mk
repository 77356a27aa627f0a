# SPDX-License-Identifier: GPL-2.0-only
IMAGE_SOURCES := \
	kexec/image/android.c \
	kexec/image/arm64_image.c \
	kexec/image/bzimage.c \
	kexec/image/cpio.c \
	kexec/image/elf_image.c \
	kexec/image/elf_loads.c \
	kexec/image/foreign.c \
	kexec/image/image.c \
	kexec/image/initrd.c \
	kexec/image/kind.c \
	kexec/image/multiboot.c \
	kexec/image/packed.c \
	kexec/image/ppc64_image.c \
	kexec/image/uimage.c \
	kexec/image/uki.c \
	kexec/image/x86_vmlinux.c \
	kexec/image/zboot.c
