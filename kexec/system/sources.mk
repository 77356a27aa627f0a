# SPDX-License-Identifier: GPL-2.0-only
SYSTEM_SOURCES := \
	kexec/system/armed_core.c \
	kexec/system/boot_memory.c \
	kexec/system/cmdline.c \
	kexec/system/console.c \
	kexec/system/cpu_methods.c \
	kexec/system/cpus.c \
	kexec/system/crash_region.c \
	kexec/system/crashkernel.c \
	kexec/system/devtree.c \
	kexec/system/dump_filter.c \
	kexec/system/e820.c \
	kexec/system/efi_runtime.c \
	kexec/system/firmware.c \
	kexec/system/iomem.c \
	kexec/system/kallsyms.c \
	kexec/system/kconfig.c \
	kexec/system/kcore.c \
	kexec/system/kexec_state.c \
	kexec/system/machine.c \
	kexec/system/purgatory_record.c \
	kexec/system/reserved_memory.c \
	kexec/system/setup_data.c \
	kexec/system/x86_boot.c
