# SPDX-License-Identifier: GPL-2.0-only
FUZZ_SOURCES := \
	tests/fuzz/fuzz_boot_memory.c \
	tests/fuzz/fuzz_boot_params.c \
	tests/fuzz/fuzz_bzimage.c \
	tests/fuzz/fuzz_cmdline.c \
	tests/fuzz/fuzz_console.c \
	tests/fuzz/fuzz_cpulist.c \
	tests/fuzz/fuzz_decompress.c \
	tests/fuzz/fuzz_devtree.c \
	tests/fuzz/fuzz_dtb_edit.c \
	tests/fuzz/fuzz_e820.c \
	tests/fuzz/fuzz_efi_runtime.c \
	tests/fuzz/fuzz_elfcore.c \
	tests/fuzz/fuzz_image.c \
	tests/fuzz/fuzz_iomem.c \
	tests/fuzz/fuzz_kallsyms.c \
	tests/fuzz/fuzz_kconfig.c \
	tests/fuzz/fuzz_kcore.c \
	tests/fuzz/fuzz_kexec_state.c \
	tests/fuzz/fuzz_machine.c \
	tests/fuzz/fuzz_multiboot.c \
	tests/fuzz/fuzz_options.c \
	tests/fuzz/fuzz_plan.c \
	tests/fuzz/fuzz_plan_tree.c \
	tests/fuzz/fuzz_ppc64le_tree.c \
	tests/fuzz/fuzz_printable.c \
	tests/fuzz/fuzz_printk.c \
	tests/fuzz/fuzz_purgatory_record.c \
	tests/fuzz/fuzz_rangeset.c \
	tests/fuzz/fuzz_show_elfcorehdr.c \
	tests/fuzz/fuzz_vmcoreinfo.c \
	tests/fuzz/fuzz_x86_boot.c
