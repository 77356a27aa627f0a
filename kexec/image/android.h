/* SPDX-License-Identifier: GPL-2.0-only */
/* Android's boot images: boot and init_boot ("ANDROID!"), vendor_boot ("VNDRBOOT"). */
#ifndef KEXEC_IMAGE_ANDROID_H
#define KEXEC_IMAGE_ANDROID_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"

/* All spans lie in the file; one that there is nothing of is empty. */
struct android_image {
	bool vendor; /* a vendor_boot, which has no kernel */
	uint32_t version;
	struct span kernel;
	struct span ramdisk;
	struct span trees;	/* device trees, one behind the other */
	struct span cmdline[2]; /* text up to a NUL; the second goes on where the first ends */
};

/* ST_NOT_MINE without one of the magics; ST_UNSUPPORTED for a version of the header that is not
 * known; ST_BAD_INPUT for one that makes no sense or has a part outside the file. */
int android_parse(struct span file, struct android_image *ret, struct err *err);

#endif
