/* SPDX-License-Identifier: GPL-2.0-only */
/* /proc/iomem: the kernel's resource tree as text (kernel/resource.c:r_show). */
#ifndef KEXEC_SYSTEM_IOMEM_H
#define KEXEC_SYSTEM_IOMEM_H

#include <stdbool.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/rangeset.h"
#include "lib/sysroot.h"

/*
 * What kexec wants to know of it. The sets are normalized; ranges are byte exact as the
 * file has them, not rounded to pages.
 */
struct iomem {
	/* "System RAM" and every "System RAM (...)": all that a dump should hold. */
	struct rangeset ram;
	/* The "System RAM (...)" part of it: owned by a driver (virtio_mem, kmem), dumped but
	 * never loaded into. */
	struct rangeset ram_driver_managed;
	/* "Crash kernel", one or two regions; or that of the device tree (crash_region.h). */
	struct rangeset crash;
	/* The line of them that segments go to: the highest. Not the same as the last range of
	 * the set, which merges the two where they touch. Empty when there is none. */
	struct range crash_load;
	/* All children of plain System RAM but "Kernel code", "Kernel data" and "Crash kernel":
	 * a normal (not crash) load must keep off them. */
	struct rangeset reserved;
	/* What firmware calls so, at any depth; of the last also what the kernel has added. */
	struct rangeset acpi_tables;
	struct rangeset acpi_nvs;
	struct rangeset firmware_reserved;
	struct range kernel_code; /* empty when there is none */
	struct range kernel_data;
};

void iomem_done(struct iomem *iomem);

/*
 * Parse the text: any nesting, any number of lines. ST_BAD_INPUT names the line (not hex, end
 * before start, RAM or something in it that ends at the top of the 64-bit space) or says that
 * there is none; ST_DENIED with id
 * "iomem-hidden" when every address is zero, which is what a reader without CAP_SYS_ADMIN
 * gets; ST_NO_MEMORY. *ret is untouched on failure.
 */
int iomem_parse(struct span text, struct iomem *ret, struct err *err);

/* With the crash region of the device tree where the file lists none. Errors of sysroot_read(), of
 * iomem_parse() and of crash_region_read(). */
int iomem_read(const struct sysroot *root, struct iomem *ret, struct err *err);

/*
 * What a dump of the machine should hold: all RAM from this address on but what the capture kernel
 * itself lives in, the crash regions and crash_cma, in whole pages. ret must be empty.
 * ST_BAD_INPUT when nothing is left; ST_NO_MEMORY.
 */
int iomem_dumped(const struct iomem *iomem, const struct rangeset *crash_cma, uint64_t from,
	uint64_t page_size, struct rangeset *ret, struct err *err);

#endif
