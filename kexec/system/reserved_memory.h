/* SPDX-License-Identifier: GPL-2.0-only */
/* The memory that a device tree keeps from the kernel that is started with it: the nodes of
 * /reserved-memory that have a place, and the entries of /memreserve/. */
#ifndef KEXEC_SYSTEM_RESERVED_MEMORY_H
#define KEXEC_SYSTEM_RESERVED_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/rangeset.h"
#include "lib/report.h"

/* Each set is normalized. */
struct reserved_memory {
	struct rangeset unmapped; /* "no-map": firmware's, and the CPU must not even look at it */
	struct rangeset kept;	  /* the kernel leaves it alone, or gives it to one driver */
	struct rangeset lent;	  /* "reusable": the kernel's own until a driver wants it */
};

void reserved_memory_done(struct reserved_memory *reserved);

/*
 * Of a checked tree, as the kernel reads it (drivers/of/of_reserved_mem.c), without entries for
 * stale_memory_of() it. Nodes that the kernel would leave
 * out since their cells are not those of the root are left out here, with a REPORT_WARNING.
 * ret must be empty, and stays so on failure: ST_BAD_INPUT for odd cells of the root, ST_NO_MEMORY.
 */
int reserved_memory_of(struct span tree, uint64_t page_size, struct reserved_memory *ret,
	struct report *report, struct err *err);

/* All three together, normalized. ret must be empty. ST_NO_MEMORY. */
int reserved_memory_all(
	const struct reserved_memory *reserved, struct rangeset *ret, struct err *err);

/* What /chosen names and the next kernel will not have: the initrd, IMA's list and the elfcorehdr
 * of the kernel that was started with the tree. Empty where there is none. */
struct stale_memory {
	struct range ranges[3];
};

struct stale_memory stale_memory_of(const void *fdt);

/* Is an entry of /memreserve/ only there for one of them: exactly, or in whole pages? */
bool stale_memory_has(const struct stale_memory *stale, struct range entry, uint64_t page_size);

/* An entry of /memreserve/. False when it cannot be read. */
bool reserved_memory_entry(const void *fdt, int index, struct range *ret);

#endif
