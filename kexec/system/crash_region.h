/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The crash region of a machine whose /proc/iomem does not list it: powerpc's kernels name it in
 * the live device tree (arch/powerpc/kexec/core.c:export_crashk_values) and nowhere else.
 */
#ifndef KEXEC_SYSTEM_CRASH_REGION_H
#define KEXEC_SYSTEM_CRASH_REGION_H

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/rangeset.h"
#include "lib/sysroot.h"

/*
 * Out of the two properties of /chosen, of 8 bytes each, and the size that the kernel says now:
 * the tree is not told when the region shrinks. ret is empty where nothing is left. ST_BAD_INPUT.
 */
int crash_region_parse(
	struct span base, struct span size, uint64_t now, struct range *ret, struct err *err);

/* Those of the machine; ret is empty where it has none. ST_BAD_INPUT; errors of the sysroot. */
int crash_region_read(const struct sysroot *root, struct range *ret, struct err *err);

#endif
