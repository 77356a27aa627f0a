# SPDX-License-Identifier: GPL-2.0-only
UNIT_SOURCES := \
	tests/unit/test_arm64_dtb.c \
	tests/unit/test_arm64_layout.c \
	tests/unit/test_arm64_tables.c \
	tests/unit/test_bytes.c \
	tests/unit/test_cmdline.c \
	tests/unit/test_console.c \
	tests/unit/test_cpus.c \
	tests/unit/test_cursor.c \
	tests/unit/test_decompress.c \
	tests/unit/test_devtree.c \
	tests/unit/test_elfcore.c \
	tests/unit/test_elfcorehdr.c \
	tests/unit/test_err.c \
	tests/unit/test_exit_status.c \
	tests/unit/test_firmware.c \
	tests/unit/test_image.c \
	tests/unit/test_iomem.c \
	tests/unit/test_kallsyms.c \
	tests/unit/test_kconfig.c \
	tests/unit/test_kcore.c \
	tests/unit/test_kexec_load.c \
	tests/unit/test_kexec_state.c \
	tests/unit/test_load.c \
	tests/unit/test_machine.c \
	tests/unit/test_options.c \
	tests/unit/test_place.c \
	tests/unit/test_plan.c \
	tests/unit/test_plan_purgatory.c \
	tests/unit/test_purgatory.c \
	tests/unit/test_rangeset.c \
	tests/unit/test_report.c \
	tests/unit/test_sha256.c \
	tests/unit/test_sysroot.c \
	tests/unit/test_verify.c \
	tests/unit/test_vmcoreinfo.c
