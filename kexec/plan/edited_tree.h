/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device tree that its kernel keeps true while it is loaded: when a CPU comes it takes the nodes
 * of all CPUs out of /cpus and puts those of now in, by libfdt (arch/powerpc/kexec/core_64.c:
 * update_cpus_node). All else stays as it is, and moves only as one piece. So it has a digest: see
 * struct purgatory_edited.
 */
#ifndef KEXEC_PLAN_EDITED_TREE_H
#define KEXEC_PLAN_EDITED_TREE_H

#include "lib/err.h"
#include "purgatory/abi.h"

/*
 * Bring a checked tree into an order in which what changes is in one piece: the nodes of CPUs first
 * in /cpus, where the kernel puts new ones, and /chosen, in which purgatory writes, in front of
 * that. ST_NO_MEMORY; ST_BAD_INPUT ("fdt-no-cpus") for a tree without any.
 */
int edited_tree_arrange(void *fdt, struct err *err);

/* What stays of a tree that was arranged and packed since, and its digest. */
void edited_tree_digest(const void *fdt, struct purgatory_edited *ret);

#endif
