/* SPDX-License-Identifier: GPL-2.0-only */
/* A kernel that any Multiboot loader starts, such as Xen: what its header says ("Multiboot
 * Specification version 0.6.96" and "Multiboot2 Specification version 2.0", "OS image format"). */
#ifndef KEXEC_IMAGE_MULTIBOOT_H
#define KEXEC_IMAGE_MULTIBOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"

struct multiboot {
	unsigned int version; /* of the specification: 1 or 2 */
	uint64_t address;     /* where its first byte has to be, below 4 GiB as all of it */
	uint64_t entry;	      /* its 32-bit one, from there */

	/* Of version 2: it may be elsewhere, at a multiple of alignment, a power of two, with no
	 * byte in front of min_address or behind max_address. */
	bool relocatable;
	bool prefers_high;
	uint64_t min_address, max_address;
	uint64_t alignment;
};

/* Is there a header of that version, whose sum is right? Then *ret_at is where, and all of its
 * magic, and 12 bytes more of version 2, or 8 of version 1, are there. */
bool multiboot_find(struct span bytes, unsigned int version, size_t *ret_at);

#endif
