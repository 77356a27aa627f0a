/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a file is, by its bytes, whatever it was given as: kernel, initrd or device tree. One table
 * knows them all, and for each what is to be done with it. To add one: give it a row in kind.c.
 */
#ifndef KEXEC_IMAGE_KIND_H
#define KEXEC_IMAGE_KIND_H

#include <stdbool.h>

#include "lib/bytes.h"
#include "lib/err.h"

/* What comes of it where the kernel is given it as its initrd. */
enum kind_initrd {
	KIND_NO_INITRD,	 /* certainly nothing */
	KIND_NO_ARCHIVE, /* nothing, as far as is known: a file system that no kernel looks for */
	KIND_RAM_DISK,	 /* a file system for root=/dev/ram0, where the kernel has its driver */
	KIND_INITRD,	 /* what an initrd is, packed or not */
};

#define KIND_NAME_SIZE 120

struct kind {
	char name[KIND_NAME_SIZE]; /* with its article: "a U-Boot FIT image" */
	const char *way_out;	   /* for kind_hint(); NULL when there is none; static */
	enum kind_initrd initrd;
	bool device_tree; /* the tree of a machine */
	bool guessed;	  /* by what a format has no mark of: a text, zeros */
};

/* False for what is not known. The beginning of a file, of 64 KiB or more, is as good as all of it
 * for most kinds. */
bool kind_of(struct span bytes, struct kind *ret);

/* The way out as the hint of err. file is the name that the user gave. Returns err->status, as
 * err_hint(). */
int kind_hint(struct err *err, const struct kind *kind, const char *file);

#endif
