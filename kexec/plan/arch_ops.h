/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Everything that is true for one CPU family only, behind one table: what the planner asks, and
 * kexec/arch/<arch>/ answers.
 *
 * Porting guide. A new architecture is a folder kexec/arch/<arch>/ with one constant `struct
 * arch_ops`, listed in kexec/arch/arch.c, and a purgatory/arch/<arch>/. Every architecture is
 * compiled into every build, so use fixed-width types only: the planner of a 64-bit target runs on
 * 32-bit and on big-endian hosts. To plan a load fill all fields but those marked optional. Then
 * add a fixture under tests/fixtures/ and a row in doc/architecture.md. The functions have no
 * state; what they decide that could have gone another way they add to the report.
 */
#ifndef KEXEC_PLAN_ARCH_OPS_H
#define KEXEC_PLAN_ARCH_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kexec/image/image.h"
#include "kexec/plan/plan.h"
#include "kexec/system/machine.h"
#include "lib/err.h"
#include "lib/report.h"

/* How the crashed kernel's addresses are made; see struct arch_ops.kernel_layout. */
struct kernel_layout {
	bool text_known; /* the kernel image gets its own program header */
	uint64_t text_vaddr;
	uint64_t text_paddr;
	uint64_t text_size;
	bool linear_known;	/* else the RAM program headers carry no virtual address */
	uint64_t linear_offset; /* vaddr = paddr + linear_offset, modulo 2^64 */
};

#define ARCH_PROBE_SIZE 64
#define ARCH_DOUBT_SIZE 160

/* The purgatory's segment, where it will be. */
struct purgatory_layout {
	uint64_t start;
	uint64_t stack;	 /* the end of its code, and of what is only read */
	uint64_t end;	 /* of what it needs to run at all */
	uint64_t tables; /* and room behind that, to the end of the segment */
};

struct arch_ops {
	const char *name;	/* "arm64" */
	const char *machine;	/* uname -m: "aarch64" */
	uint16_t elf_machine;	/* EM_* of its vmcores */
	uint32_t kexec_arch;	/* KEXEC_ARCH_* of include/uapi/linux/kexec.h */
	uint32_t hotplug_flag;	/* what asks its kernel to keep the elfcorehdr true */
	bool kernel_map;	/* the elfcorehdr has a PT_LOAD for the kernel image */
	bool methods_stop_cpus; /* a restart needs firmware's method to stop each CPU, which its
				 * device tree names (kexec/system/cpu_methods.h) */
	bool ports;		/* its CPUs have I/O ports, at which a console may be */
	bool terminals;		/* its hypervisors have terminals: purgatory prints to those only */
	uint64_t dump_from;	/* its kernels never dump what is below */
	uint64_t saved;		/* so much from 0 on is dumped from a copy: SEGMENT_BACKUP */
	bool screen;		/* its machines may have VGA's text screen */
	bool entries;		/* its kernels may have entries for real and for 32-bit mode */
	const char *handed;	/* what the new kernel is handed: "device tree", "boot_params" */
	const char *handed_key; /* the same as a key of the plan's JSON */
	/* Its kernel's rewrite of the elfcorehdr works only with CONFIG_KEXEC_FILE. */
	bool hotplug_needs_kexec_file;
	/* With hotplug_flag its kernel keeps the device tree true, too: see edited_tree.h. */
	bool hotplug_edits_tree;
	bool foretells_by_tree;		      /* foretell_segments() needs the machine's tree */
	const unsigned char *const purgatory; /* the blob, and its size */
	const unsigned long *const purgatory_size;
	uint64_t purgatory_params; /* where in it struct purgatory_params is */

	/* Bytes behind the purgatory that purgatory_tables() may fill; 0 without it. */
	uint64_t purgatory_tables_size;

	/* They are made for a console in memory only, without which purgatory has the caches on by
	 * the tables of the old kernel, by which it does not reach one. */
	bool purgatory_tables_for_console;

	/*
	 * Optional: make page tables by which the purgatory can verify with the caches on. They map
	 * what it verifies, itself and the console, and nothing else. memory is what will be at
	 * layout->tables, purgatory_tables_size bytes, zero. NULL and ret_sets, the addresses of
	 * each of the PURGATORY_TABLES_SETS sets; or why it has to do without, in words that
	 * follow "because".
	 */
	const char *(*purgatory_tables)(const struct plan_inputs *inputs, const struct plan *plan,
		const struct purgatory_layout *layout, uint8_t *memory, struct range *ret_sets);

	/* Optional: purgatory_params.flags by which the purgatory knows what it may touch of this
	 * machine. */
	uint32_t (*purgatory_flags)(const struct machine *machine);

	/* Work out struct kernel_layout from what the machine has. Missing sources lead to
	 * fields that are not known, with a REPORT_WARNING, never to a guess. ST_BAD_INPUT
	 * when sources contradict each other. */
	int (*kernel_layout)(const struct machine *machine, struct kernel_layout *ret,
		struct report *report, struct err *err);

	/* Optional: what of the crash region is firmware's and dumped all the same; exact, not in
	 * pages. ret is empty, and normalized then. ST_BAD_INPUT, ST_NO_MEMORY. */
	int (*dumped_firmware)(
		const struct machine *machine, struct rangeset *ret, struct err *err);

	/* Pages that the kernel takes for itself from what a crash load leaves of the region. */
	uint64_t (*own_pages)(const struct machine *machine);

	/* Optional: read of the machine what only this kind of image is told, once the rest is
	 * complete. What is missing is in the report. ST_NO_MEMORY. */
	int (*read_for_image)(const struct sysroot *root, const struct image *image,
		struct machine *machine, struct report *report, struct err *err);

	/* Can this CPU and kernel run the image at all? ST_UNSUPPORTED. */
	int (*check_image)(
		const struct machine *machine, const struct image *image, struct err *err);

	/* Optional: an image for pages of this size that its kernel's kexec_file_load(2) refuses in
	 * any case: with EINVAL when the CPU lacks that size, and with another answer else. ret has
	 * ARCH_PROBE_SIZE bytes. */
	void (*make_page_size_probe)(uint64_t page_size, uint8_t *ret);

	/*
	 * Optional: fill into a device tree that is not the running one what firmware put into that
	 * for this CPU family: how CPUs are started and firmware is called. fdt has room to grow.
	 * Edits go to plan. Without it trees do not describe a machine, and go as they are.
	 * ST_BAD_INPUT, ST_NO_SPACE, ST_NO_MEMORY.
	 */
	int (*complete_tree)(const void *running, void *fdt, struct plan *plan,
		struct report *report, struct err *err);

	/* Optional: memory that a kernel of this family finds in a checked tree besides the memory
	 * nodes. Added to ret, not normalized. ST_BAD_INPUT, ST_NO_MEMORY. */
	int (*tree_memory)(const void *fdt, struct rangeset *ret, struct err *err);

	/*
	 * Optional: why an image that kexec_file_load(2) takes may not start on this machine all
	 * the same, in words that follow "since", in ret of ARCH_DOUBT_SIZE bytes. False when
	 * nothing is known that would speak against that call. Of the machine only what that call
	 * needs is read. Lack of memory is no doubt.
	 */
	bool (*doubt_file_load)(const struct machine *machine, bool crash, char *ret);

	/* Its kernel's kexec_file_load(2) places a load for a restart as foretell_segments() does,
	 * in any memory, but hands on only that of the boot (machine->boot_memory). */
	bool foretells_restart;

	/* The command line of the new kernel, and what is doubtful about it: sets plan->cmdline,
	 * to NULL for none. Of the plan only flags are read. ST_NOT_FOUND, ST_NO_SPACE,
	 * ST_NO_MEMORY. */
	int (*plan_cmdline)(const struct plan_inputs *inputs, struct plan *plan,
		struct report *report, struct err *err);

	/*
	 * Place all segments in plan->room, build what the new kernel is handed (device tree,
	 * command line), and set plan->entry and plan->handover. For a crash load the
	 * elfcorehdr's bytes and memsz are ready in plan->core.
	 * ST_NO_SPACE, ST_BAD_INPUT, ST_UNSUPPORTED, ST_NO_MEMORY.
	 */
	int (*plan_segments)(const struct plan_inputs *inputs, struct plan *plan,
		struct report *report, struct err *err);

	/*
	 * Optional: place in plan->room the purgatory that leads back to the kernel that waits at
	 * inputs->request->way_back, and set plan->entry and plan->handover. Without it kernels of
	 * this family do not come back (KEXEC_PRESERVE_CONTEXT). ST_NO_SPACE, ST_NO_MEMORY.
	 */
	int (*plan_way_back)(const struct plan_inputs *inputs, struct plan *plan,
		struct report *report, struct err *err);

	/* A kernel that another one waits for needs all memory below this besides what it is
	 * given. */
	uint64_t low_memory;

	/*
	 * Place in plan->room the segments of a load by kexec_file_load(2) as the kernel does: the
	 * same holes, in the same order. Of the elfcorehdr of a crash load only plan->core.memsz is
	 * ready, and plan->cmdline. It is about a load for a restart only with foretells_restart.
	 * Errors as plan_segments().
	 */
	int (*foretell_segments)(const struct plan_inputs *inputs, struct plan *plan,
		struct report *report, struct err *err);
};

#endif
