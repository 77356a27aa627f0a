# SPDX-License-Identifier: GPL-2.0-only
VMCORE_SOURCES := \
	vmcore-dmesg/dumpfile.c \
	vmcore-dmesg/exit_status.c \
	vmcore-dmesg/options.c \
	vmcore-dmesg/output.c \
	vmcore-dmesg/printk.c \
	vmcore-dmesg/printk_records.c \
	vmcore-dmesg/printk_ring.c \
	vmcore-dmesg/printk_text.c \
	vmcore-dmesg/ring.c \
	vmcore-dmesg/ring_layout.c \
	vmcore-dmesg/vmcore.c \
	vmcore-dmesg/window.c
