/* SPDX-License-Identifier: GPL-2.0-only */
/* arm64, inside its folder. Everyone else sees arm64_ops through arch_find() only. */
#ifndef KEXEC_ARCH_ARM64_ARM64_H
#define KEXEC_ARCH_ARM64_ARM64_H

#include "kexec/plan/arch_ops.h"

extern const struct arch_ops arm64_ops;

#define ARM64_IMAGE_ALIGN   (2ull << 20)  /* MIN_KIMG_ALIGN, Documentation/arch/arm64/booting.rst */
#define ARM64_DTB_ALIGN	    (2ull << 20)  /* 8 is the rule now; kernels before 4.2 wanted this */
#define ARM64_DTB_SIZE_MAX  (2u << 20)	  /* MAX_FDT_SIZE */
#define ARM64_BLOCK_SIZE    (2ull << 20)  /* what one entry maps above the last level of tables */
#define ARM64_CORE_ALIGN    (64ull << 10) /* the largest page: what kexec_file_load uses too */
#define ARM64_INITRD_WINDOW (32ull << 30)
#define ARM64_CMDLINE_SIZE  2048 /* COMMAND_LINE_SIZE, with the NUL */

/* See struct arch_ops. */
int arm64_kernel_layout(const struct machine *machine, struct kernel_layout *ret,
	struct report *report, struct err *err);

/* See struct arch_ops. */
int arm64_complete_tree(
	const void *running, void *fdt, struct plan *plan, struct report *report, struct err *err);

/* What goes into the new kernel's /chosen. */
struct arm64_chosen {
	struct range elfcorehdr;    /* the whole segment; empty for none */
	const struct range *usable; /* the load region first; none for all memory */
	size_t usable_count;
	struct range initrd;	   /* empty for none */
	const char *cmdline;	   /* NULL for none */
	const uint8_t *kaslr_seed; /* KASLR_SEED_SIZE bytes, or NULL to leave the seeds out */
	const uint8_t *rng_seed;   /* RNG_SEED_SIZE bytes; with kaslr_seed */
	/* The tree that the kernel makes itself for kexec_file_load(2): with reservations for what
	 * it has placed, and without a record of purgatory's. */
	bool by_kernel;
};

/*
 * Make plan->dtb from tree (checked), and note every edit. ST_BAD_INPUT when a value does not
 * fit the root's cells or the tree is broken; ST_NO_SPACE above ARM64_DTB_SIZE_MAX;
 * ST_NO_MEMORY.
 */
int arm64_build_dtb(struct span tree, const struct arm64_chosen *chosen, struct plan *plan,
	struct report *report, struct err *err);

#endif
