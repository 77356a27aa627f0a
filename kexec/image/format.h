/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One format of kernel files, as image.c sees it. To add one: write its probe in a file of its
 * own, declare it here, and give it a row in the table of image.c.
 */
#ifndef KEXEC_IMAGE_FORMAT_H
#define KEXEC_IMAGE_FORMAT_H

#include "kexec/image/image.h"

/* What was found inside: bytes of the layer itself, packed or not, or bytes that were made. */
struct unwrapped {
	struct span bytes;
	enum codec codec; /* that bytes are packed with */
	struct blob made; /* owned; counts when it is not empty */
};

/*
 * Look at the bytes of a whole layer. ST_NOT_MINE: they are of some other format. ST_OK: these
 * are a kernel, and image is filled in, or they are a wrapper, and ret tells what is in it.
 * Anything else is a failure of a file of this format. file is its name, for hints.
 */
typedef int image_probe(struct span bytes, const char *file, struct image *image,
	struct unwrapped *ret, struct err *err);

image_probe packed_probe;      /* gzip, xz, zstd, lz4, lzo, and bzip2, which is refused */
image_probe packed_lzma_probe; /* lzma, which has no magic */
image_probe zboot_probe;
image_probe uki_probe;
image_probe android_probe;
image_probe arm64_image_probe;
image_probe bzimage_probe;
image_probe uimage_probe;
image_probe ppc64_image_probe;
image_probe multiboot_probe;
image_probe multiboot2_probe;
image_probe x86_vmlinux_probe;
image_probe elf_image_probe;

image_probe foreign_probe; /* recognised so that it can be refused by name */

/* The RAM disk in a U-Boot image (uImage) of that type, or the second part of several, for a kernel
 * of that kind; name is the file's. ST_BAD_INPUT for one that is damaged, ST_UNSUPPORTED without
 * one, or for one of another CPU. */
int uimage_ramdisk(struct span file, const char *name, enum image_kind kernel, struct span *ret,
	struct report *report, struct err *err);

/* "this is <fmt>; a kernel for ... is wanted". Returns ST_UNSUPPORTED. */
int format_refuse(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Room for so many parts of a file of this kind, which the caller fills in. ST_UNSUPPORTED when
 * what is around it has parts too, ST_NO_MEMORY. */
int format_begin_parts(struct image *image, const char *kind, size_t count, struct err *err);

/* The end of that sentence. */
#define FORMAT_WANTED                                                                              \
	"a kernel is wanted, for arm64 (Image, EFI zboot, UKI, Android, uImage, vmlinux), x86_64 " \
	"(bzImage, UKI, vmlinux, Multiboot) or ppc64le (vmlinux), plain or packed"

#endif
