/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ELF core header of the crash image that is armed now, as it lies in the crash region: made
 * by whoever loaded the image, or rewritten by the kernel since. The kernel does not say where it
 * is, so the region is searched as the kernel itself searches the segments
 * (kernel/crash_core.c:crash_handle_hotplug_event), through /proc/kcore, which shows physical
 * memory by its linear map. Those of images that were loaded before may still be there: then the
 * kernel's own list of segments tells (struct kimage, include/linux/kexec.h), or the device tree
 * for the capture kernel, which names its header.
 */
#ifndef KEXEC_SYSTEM_ARMED_CORE_H
#define KEXEC_SYSTEM_ARMED_CORE_H

#include <stdint.h>

#include "lib/elfcore.h"
#include "lib/err.h"
#include "lib/rangeset.h"
#include "lib/sysroot.h"

struct armed_core {
	uint64_t address; /* physical, of the header */
	/* Its notes and memory are read from the running kernel's memory. */
	struct elfcore core;
	struct sysroot_file *file; /* owned: /proc/kcore */
	struct elfcore memory;	   /* owned: what /proc/kcore shows */
	uint64_t base;		   /* added to offsets while the header itself is read */
};

void armed_core_free(struct armed_core *armed);

/*
 * Look for it in region, at whole pages. ST_NOT_FOUND with the id armed-core-none when it is not
 * there or this kernel does not show it; ST_UNSUPPORTED with armed-core-several when there are
 * more and nothing tells which counts; errors of the sysroot and
 * of elfcore_read(); ST_NO_MEMORY. Says nothing about whether an image is armed at all.
 */
int armed_core_new(const struct sysroot *root, struct range region, uint64_t page_size,
	struct armed_core **ret, struct err *err);

#endif
