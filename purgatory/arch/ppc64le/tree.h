/* SPDX-License-Identifier: GPL-2.0-only */
/* What of the new kernel's device tree is known only when it is handed over. */
#ifndef PURGATORY_ARCH_PPC64LE_TREE_H
#define PURGATORY_ARCH_PPC64LE_TREE_H

#include <stdint.h>

/*
 * Write the hardware's number of this CPU into the header of the tree at an address, of at most
 * size bytes. The kernel looks for itself among the CPUs by it, and stops without a word where it
 * is not there (arch/powerpc/kernel/prom.c:early_init_dt_scan_cpus). A CPU that came after the load
 * is in no node, unless the old kernel keeps the tree true: then the last one becomes that of this
 * core, and the core which that was is not used. What is no tree stays as it is.
 */
void ppc64le_tell_boot_cpu(uint64_t tree, uint64_t size, uint32_t id);

/*
 * Write into each CPU of that tree how large the hash table is, as a power of two of its bytes. A
 * kernel has the hypervisor resize it as memory comes and goes, and leaves the tree alone
 * (arch/powerpc/platforms/pseries/lpar.c:pseries_lpar_resize_hpt); the next one believes the tree.
 * Behind the end of a smaller table its first entries are refused, before it has a console. What is
 * no tree, or has no such property of two cells, stays as it is.
 */
void ppc64le_tell_hash_table(uint64_t tree, uint64_t size, uint32_t shift);

#endif
