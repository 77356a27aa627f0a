/* SPDX-License-Identifier: GPL-2.0-only */
/* ppc64le, inside its folder. Everyone else sees ppc64le_ops through arch_find() only. */
#ifndef KEXEC_ARCH_PPC64LE_PPC64LE_H
#define KEXEC_ARCH_PPC64LE_PPC64LE_H

#include "kexec/plan/arch_ops.h"

extern const struct arch_ops ppc64le_ops;

#define PPC64LE_ALIGN	     (64ull << 10) /* the larger page size, of whatever kernel comes */
#define PPC64LE_CMDLINE_SIZE 2048	   /* COMMAND_LINE_SIZE, with the NUL */

/* What the firmware has, by the running tree. */
struct ppc64le_firmware {
	struct range rtas;	 /* empty when there is none */
	uint32_t rtas_entry;	 /* 0 where it cannot be called */
	uint32_t rtas_reboot;	 /* its number for "system-reboot" */
	struct range opal;	 /* empty when there is none: below a hypervisor */
	struct rangeset held;	 /* both, and what else nobody may write to; exact, normalized */
	struct range first_node; /* the memory node at 0; empty when there is none */
	struct range hash_table; /* of a machine without a hypervisor; empty when there is none */
	uint64_t kernel_end;	 /* of the running kernel; 0 when not known */
	uint64_t tick_rate;	 /* of the timebase, in Hz; 0 when not known */
};

void ppc64le_firmware_done(struct ppc64le_firmware *firmware);

/* Of a checked tree. ret must be zero, and is left so on failure. ST_BAD_INPUT for a number that is
 * none and for a range that wraps; ST_NO_MEMORY. */
int ppc64le_firmware_of(const void *fdt, struct ppc64le_firmware *ret, struct err *err);

/*
 * Bytes by which a kernel that does crash hotplug may let a tree grow when it puts the nodes of all
 * CPUs in again (arch/powerpc/kexec/core_64.c:update_cpus_node), for so many possible CPUs. 0 for
 * a tree without CPUs.
 */
uint64_t ppc64le_cpu_room(const void *fdt, uint64_t possible);

/* What goes into the new kernel's tree. */
struct ppc64le_tree {
	bool crash;
	struct range region; /* the crash region; of a load for a restart these three are empty */
	struct range elfcorehdr;
	struct range backup;
	struct range initrd; /* empty for none */
	const char *cmdline;
	const uint8_t *kaslr_seed; /* NULL to leave the seeds out */
	const uint8_t *rng_seed;
	const struct rangeset *crash_cma;
	const struct ppc64le_firmware *firmware;
	bool edited;   /* the kernel will keep it true */
	uint64_t room; /* bytes that stay free in it then, see ppc64le_cpu_room() */
};

/*
 * Make plan->dtb from tree (checked), in whole pages and with the room in them, and note every edit
 * of /chosen. ST_BAD_INPUT when a value does not fit the root's cells or the tree is broken;
 * ST_NO_SPACE above DEVTREE_SIZE_MAX; ST_NO_MEMORY.
 */
int ppc64le_build_dtb(struct span tree, const struct ppc64le_tree *wanted, struct plan *plan,
	struct report *report, struct err *err);

/* Memory in blocks that is in use; see struct arch_ops. */
int ppc64le_tree_memory(const void *fdt, struct rangeset *ret, struct err *err);

/* What firmware put into the running tree; see struct arch_ops. */
int ppc64le_complete_tree(
	const void *running, void *fdt, struct plan *plan, struct report *report, struct err *err);

/* The places of a load by kexec_file_load(2); see struct arch_ops. reach is where they end. */
int ppc64le_foretell(const struct plan_inputs *inputs, struct plan *plan,
	const struct ppc64le_firmware *firmware, uint64_t reach, struct err *err);

#endif
