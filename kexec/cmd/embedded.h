/* SPDX-License-Identifier: GPL-2.0-only */
/* What a kernel file brings along, which is so of a UKI, an Android boot image and a
 * uImage of several files, and when it counts: the user's options
 * win over it, part by part. */
#ifndef KEXEC_CMD_EMBEDDED_H
#define KEXEC_CMD_EMBEDDED_H

#include "kexec/request.h"
#include "kexec/image/image.h"
#include "lib/err.h"
#include "lib/report.h"

/*
 * The command line, where the image has one and neither --append nor --reuse-cmdline was given:
 * on the heap, without crashkernel= in a crash load. NULL where there is none that counts.
 * ST_BAD_INPUT for one that is no text, ST_NO_MEMORY.
 */
int embedded_cmdline(const struct image *image, const struct request *request, char **ret,
	struct report *report, struct err *err);

/*
 * The initrd, where the image has one and none was given; else ret stays as it is, and the report
 * says what is left out. ret is in the image. ST_UNSUPPORTED for what cannot be one, and else as
 * initrd_check().
 */
int embedded_initrd(const struct image *image, const struct request *request, struct span *ret,
	struct report *report, struct err *err);

/* Has the image a device tree, be it for this machine or not? */
bool embedded_has_dtb(const struct image *image);

/*
 * The device tree that takes the place of the running one, the machine's own; else ret and
 * ret_name, which is static and for messages, stay as they are. The image's tree is the first
 * ".dtbauto" for the machine that running is for (by the first of its "compatible" names), else
 * the one in ".dtb"; but neither on a machine whose own tree names no machine: it runs on ACPI,
 * which another tree would turn off. Where all the names are the same the running tree serves as
 * well and knows more, and where none is the other cannot: both times the running one stays, and
 * the report says so. A tree that is broken or too large is left out with a warning, as boot
 * stubs do it (systemd-stub(7)). Errors are those of devtree_view_init() about running;
 * ST_NO_MEMORY.
 */
int embedded_dtb(const struct image *image, struct span running, struct span *ret,
	const char **ret_name, struct report *report, struct err *err);

#endif
