# SPDX-License-Identifier: GPL-2.0-only
IMAGE_SOURCES := \
	kexec/image/arm64_image.c \
	kexec/image/image.c
