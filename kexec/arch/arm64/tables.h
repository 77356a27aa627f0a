/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Page tables for purgatory, so that it can verify with the caches on: what is listed is mapped
 * to itself, and nothing else is. Stage 1, granule 4 KiB, 48 bits (Arm ARM, DDI 0487, D8.3).
 */
#ifndef KEXEC_ARCH_ARM64_TABLES_H
#define KEXEC_ARCH_ARM64_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kexec/plan/arch_ops.h"
#include "lib/rangeset.h"

#define ARM64_TABLE_SIZE 4096

/* A plan takes about ten tables for each of two regimes; see purgatory/abi.h for the limit. */
#define ARM64_TABLES_MAX   16
#define ARM64_MAPPINGS_MAX (KEXEC_SEGMENT_MAX + 16)
#define ARM64_TABLES_ROOM  (2ull * ARM64_TABLES_MAX * ARM64_TABLE_SIZE)

enum arm64_access {
	ARM64_CODE,   /* Normal memory: read and execute */
	ARM64_READ,   /* Normal memory: read */
	ARM64_WRITE,  /* Normal memory: read and write */
	ARM64_DEVICE, /* Device-nGnRnE: read and write */
};

struct arm64_mapping {
	struct range range; /* whole pages of 4 KiB */
	enum arm64_access access;
};

/* For whom: the formats differ in who is below. */
enum arm64_regime {
	ARM64_WITH_EL0, /* EL1, and EL2 with E2H */
	ARM64_EL2_ONLY, /* EL2 without E2H */
};

/*
 * Make the tables that have their root at physical address base, into count tables of memory,
 * which is zero. NULL and *ret_used tables from the front on; or why there are none, in words
 * that follow "because": too many are needed, an address is beyond 48 bits or not in whole
 * pages, or two mappings overlap. At most ARM64_MAPPINGS_MAX of them.
 */
const char *arm64_tables_build(const struct arm64_mapping *mappings, size_t mapping_count,
	enum arm64_regime regime, uint64_t base, uint8_t *memory, size_t count, size_t *ret_used);

/* See struct arch_ops. */
const char *arm64_purgatory_tables(const struct plan_inputs *inputs, const struct plan *plan,
	const struct purgatory_layout *layout, uint8_t *memory, struct range *ret_sets);

#endif
