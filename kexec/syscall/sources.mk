# SPDX-License-Identifier: GPL-2.0-only
SYSCALL_SOURCES := \
	kexec/syscall/ifdown.c \
	kexec/syscall/kexec_file_load.c \
	kexec/syscall/kexec_load.c \
	kexec/syscall/linux.c \
	kexec/syscall/refusal.c
