# SPDX-License-Identifier: GPL-2.0-only
CMD_SOURCES := \
	kexec/cmd/choose.c \
	kexec/cmd/cmd_io.c \
	kexec/cmd/coverage.c \
	kexec/cmd/elfcorehdr.c \
	kexec/cmd/embedded.c \
	kexec/cmd/exec.c \
	kexec/cmd/exit_status.c \
	kexec/cmd/file_load.c \
	kexec/cmd/files.c \
	kexec/cmd/identify.c \
	kexec/cmd/jsonout.c \
	kexec/cmd/load.c \
	kexec/cmd/modules.c \
	kexec/cmd/option_table.c \
	kexec/cmd/options.c \
	kexec/cmd/page_size.c \
	kexec/cmd/signals.c \
	kexec/cmd/status.c \
	kexec/cmd/timeline.c \
	kexec/cmd/unload.c \
	kexec/cmd/usage.c \
	kexec/cmd/verify.c \
	kexec/cmd/way_back.c
