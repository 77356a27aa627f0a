/* SPDX-License-Identifier: GPL-2.0-only */
/* An initial RAM disk, looked at before a kernel is given it, which says nothing in time. */
#ifndef KEXEC_IMAGE_INITRD_H
#define KEXEC_IMAGE_INITRD_H

#include "kexec/image/cpio.h"
#include "kexec/image/image.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/report.h"

/* By its beginning: does it have something around it that initrd_check() takes off, so that all of
 * it is wanted? */
bool initrd_is_wrapped(struct span beginning);

/*
 * file is all of it, and whole NULL; or its beginning where that is not wrapped, and whole leads to
 * the rest; name is for messages, and kernel what it is for. What cannot be one is ST_UNSUPPORTED,
 * by its name, and what is doubtful a warning. ret is what the kernel is to be given: file, or, of
 * a uImage and an Android image, the RAM disk in it. ST_UNSUPPORTED also for such a one without RAM
 * disk or of another CPU, ST_BAD_INPUT for a damaged one; ST_NO_MEMORY.
 */
int initrd_check(struct span file, const struct cpio_source *whole, const char *name,
	enum image_kind kernel, struct span *ret, struct report *report, struct err *err);

#endif
