# SPDX-License-Identifier: GPL-2.0-only
SYSCALL_SOURCES := \
	kexec/syscall/kexec_load.c \
	kexec/syscall/linux.c
