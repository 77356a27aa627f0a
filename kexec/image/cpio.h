/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The archives at the beginning of an initrd, each as long as it says: one that ends before that
 * was cut, and a kernel tells nobody but its log. Documentation/driver-api/early-userspace/
 * buffer-format.rst; how a kernel reads them is in init/initramfs.c.
 */
#ifndef KEXEC_IMAGE_CPIO_H
#define KEXEC_IMAGE_CPIO_H

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/report.h"

/* All of an initrd, wherever it lies. read fills buf with bytes that are below size; not ST_OK ends
 * the walk. */
struct cpio_source {
	int (*read)(void *context, uint64_t offset, void *buf, size_t size, struct err *err);
	void *context;
	uint64_t size;
};

/* Append an archive without files to blob: nothing but its end. ST_NO_MEMORY. */
int cpio_of_nothing(struct blob *blob);

/* span has to stay. */
struct cpio_source cpio_from_span(struct span *span);

/*
 * Walk plain archives, one behind the other, and the zeros around them, up to the end or to what is
 * packed. What is cut or damaged is a warning with the name of the file in it; name is the
 * initrd's. *ret_packed is where something packed begins behind the first archive, else 0.
 */
void cpio_walk(const struct cpio_source *source, const char *name, uint64_t *ret_packed,
	struct report *report);

#endif
