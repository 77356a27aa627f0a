/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The /chosen of the tree that the new kernel is handed, edited as the kernel does it for its own
 * loads (drivers/of/kexec.c:of_kexec_alloc_and_setup_fdt), with a note in the plan of each edit.
 * What is true for all architectures with a device tree is here; which edits there are, and in
 * which order, says each.
 *
 * All functions return ST_BAD_INPUT ("fdt-edit", "fdt-limit", "fdt-cells") when the tree does not
 * allow it, and ST_NO_MEMORY.
 */
#ifndef KEXEC_PLAN_CHOSEN_H
#define KEXEC_PLAN_CHOSEN_H

#include "kexec/plan/plan.h"
#include "kexec/system/devtree.h"
#include "lib/err.h"
#include "lib/rangeset.h"
#include "lib/report.h"

/* Room for the edits on top of the tree and the command line: the node, sixteen properties,
 * their names and the longest values, with a good margin. */
#define CHOSEN_EDIT_ROOM 8192u

/* A list of ranges: two crash regions and four CMA ranges (drivers/of/fdt.c:MAX_USABLE_RANGES). */
#define CHOSEN_RANGES_MAX 6

/* What is worked on: the tree, where its /chosen is, and where the edits are noted. */
struct chosen {
	void *fdt; /* has room to grow */
	int chosen;
	struct devtree_cells cells;
	struct plan *plan;
	struct report *report;
	struct err *err;
};

/* Copy the tree (checked) to editor->fdt, size bytes that are zero, and find or make /chosen. The
 * other fields of editor are the caller's. */
int chosen_open(struct span tree, size_t size, struct chosen *editor);

/* An error of libfdt; what completes "cannot". */
int chosen_failed(const struct chosen *editor, const char *what, int code);

/* Set a property; text says for people what it means. */
int chosen_set(
	struct chosen *editor, const char *name, const void *value, size_t size, const char *text);

/* Delete it, where it is there. */
int chosen_delete(struct chosen *editor, const char *name);

/* Note that it stays, where it is there. */
int chosen_keep(struct chosen *editor, const char *name);

/* Set it to a list of at most CHOSEN_RANGES_MAX ranges; with none, delete it. ST_UNSUPPORTED. */
int chosen_set_ranges(
	struct chosen *editor, const char *name, const struct range *ranges, size_t count);

/* Drop from /memreserve/ what was only reserved for the kernel that was started with the tree. */
int chosen_drop_stale(struct chosen *editor);

/* Reserve a range, if it is not empty; no edit is noted. */
int chosen_reserve(struct chosen *editor, struct range range);

/* Delete what another handover left behind, which is not true for the new kernel. */
int chosen_delete_leftovers(struct chosen *editor);

/* No initrd is an empty range; no command line, and no seeds, are NULL. */
int chosen_set_initrd(struct chosen *editor, struct range initrd);
int chosen_set_bootargs(struct chosen *editor, const char *cmdline);
int chosen_set_seeds(struct chosen *editor, const uint8_t *kaslr_seed, const uint8_t *rng_seed);

/* Make room for purgatory, which will say there what it did. The last of the edits, since its mark
 * is of all the others. */
int chosen_reserve_record(struct chosen *editor);

/* Where in the tree that room is. */
uint64_t chosen_record_offset(const void *fdt);

#endif
