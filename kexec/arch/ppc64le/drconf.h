/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /ibm,dynamic-reconfiguration-memory: memory that comes and goes in logical memory blocks of one
 * size (Linux on Power Architecture Reference, 13.5). Two formats: an entry for each block, or one
 * for each row of blocks that follow each other.
 */
#ifndef KEXEC_ARCH_PPC64LE_DRCONF_H
#define KEXEC_ARCH_PPC64LE_DRCONF_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/err.h"
#include "lib/rangeset.h"

/* Limits on hostile input: 64 TiB have so many blocks of the smallest size, 64 MiB. */
#define DRCONF_BLOCKS_MAX (1u << 20)

struct drconf {
	int node;      /* negative when the tree has none */
	uint64_t size; /* of each block */
	uint32_t count;
	/* The way through them: */
	const uint8_t *at;
	bool rows;     /* the format of rows */
	uint32_t left; /* entries behind the one of now */
	uint32_t row;  /* blocks of that which have not been seen */
	uint64_t next; /* where the first of these is */
	uint32_t flags;
};

struct drconf_block {
	struct range range;
	bool used; /* the kernel takes it for memory: it is assigned, and not reserved */
};

/* Of a checked tree, at the first block. ST_BAD_INPUT when sizes, numbers and cells do not fit
 * together, or a block would be beyond all addresses. */
int drconf_begin(const void *fdt, struct drconf *ret, struct err *err);

/* The next block. False at the end. */
bool drconf_next(struct drconf *drconf, struct drconf_block *ret);

#endif
