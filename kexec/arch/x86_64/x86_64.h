/* SPDX-License-Identifier: GPL-2.0-only */
/* x86_64, inside its folder. Everyone else sees x86_64_ops through arch_find() only. */
#ifndef KEXEC_ARCH_X86_64_X86_64_H
#define KEXEC_ARCH_X86_64_X86_64_H

#include "kexec/plan/arch_ops.h"
#include "kexec/system/e820.h"
#include "kexec/system/setup_data.h"

extern const struct arch_ops x86_64_ops;

#define X86_64_PAGE	  4096u
#define X86_64_32_BITS	  (UINT64_C(1) << 32) /* what is reached without 64-bit mode */
#define X86_64_LOW_MEMORY (UINT64_C(1) << 20) /* no kernel hands it out, or dumps it */
#define X86_64_KERNEL_FLOOR                                                                        \
	(UINT64_C(1) << 20) /* arch/x86/kernel/kexec-bzimage64.c: MIN_KERNEL_LOAD_ADDR */
#define X86_64_INITRD_FLOOR (UINT64_C(16) << 20) /* ... MIN_INITRD_LOAD_ADDR */
#define X86_64_LINE_FLOOR   UINT64_C(0x3000)	 /* ... MIN_BOOTPARAM_ADDR */

/* See struct arch_ops. */
int x86_64_kernel_layout(const struct machine *machine, struct kernel_layout *ret,
	struct report *report, struct err *err);

/*
 * The map of a capture kernel: as RAM what is usable below 1 MiB, which trampolines need, and the
 * crash regions and CMA's without the pages of keep_off, which nothing else would protect, and of
 * firmware's; and what firmware owns. ST_NO_MEMORY; ST_BAD_INPUT when no RAM is left;
 * ST_UNSUPPORTED when it is longer than the new kernel can read.
 */
int e820_for_crash(const struct iomem *iomem, const struct rangeset *cma, struct range keep_off,
	struct e820 *ret, struct err *err);

/*
 * The map of a kernel for a restart: that of the firmware, all of the machine, RAM first.
 * ST_NO_MEMORY; ST_NOT_FOUND when it is not known; ST_UNSUPPORTED as above.
 */
int e820_for_restart(const struct x86_boot *running, struct e820 *ret, struct err *err);

/* The same of a kernel that the running one waits for: RAM is what is in the room, and else that of
 * the running kernel, which has come to it since the boot or not, is reserved. Errors as above. */
int e820_for_jump(const struct x86_boot *running, const struct rangeset *ram,
	const struct rangeset *room, struct e820 *ret, struct err *err);

/* What goes into the segment of that name, beside the map. */
struct boot_params_wish {
	const struct bzimage *image;
	struct span running;	       /* boot_params of the running kernel; empty when not known */
	uint64_t acpi_rsdp;	       /* 0 when not known */
	const struct efi_runtime *efi; /* NULL for none */
	const struct e820 *memory;
	const struct e820 *whole; /* what a kernel after that finds; NULL where it is the same */
	const struct setup_data *inherited; /* of the running kernel; NULL for none of it */
	struct range initrd;		    /* empty for none */
	const char *cmdline;		    /* "" for none */
	size_t tail;			    /* bytes of room for more behind it */
	const uint8_t *rng_seed;	    /* X86_64_SEED_SIZE bytes, or NULL for none */
	struct span tree;		    /* a device tree in place of an inherited one */
};

#define X86_64_SEED_SIZE 32 /* RNG_SEED_LENGTH of arch/x86/kernel/kexec-bzimage64.c */

#define BOOT_PARAMS_LINE BOOT_PARAMS_SIZE /* where in that segment the command line begins */

/* Bytes of the segment for that wish. */
size_t boot_params_size(const struct boot_params_wish *wish);

/*
 * Fill plan->boot_params, of boot_params_size() bytes, to lie at base: boot_params, the command
 * line, EFI's runtime map, and setup_data with more of the map than boot_params holds, what EFI's
 * tables are found by, a seed, purgatory's record, whose address goes to *ret_record, the whole
 * map, a device tree, and what is inherited and still true: firmware's tables and ROMs, but no seed
 * that was used, and no address of memory that is free now. What is set is noted in the plan.
 * ST_NO_MEMORY.
 */
int boot_params_build(const struct boot_params_wish *wish, uint64_t base, struct plan *plan,
	uint64_t *ret_record, struct err *err);

/* An unused record, as the purgatory looks for it: nothing else is ever written over. */
void boot_params_put_record(uint8_t *at);

/* What a kernel is handed that is entered in real mode: its own setup code, and behind its stack
 * and heap the command line and purgatory's record. One real mode segment, all of it. */
#define REAL_MODE_SIZE	   0x10000u
#define REAL_MODE_CODE_MAX 0x8000u /* as much as its setup code may have */
#define REAL_MODE_STACK	   0xe000u
#define REAL_MODE_ENTRY	   0x200u

/*
 * Fill plan->boot_params for a segment of REAL_MODE_SIZE bytes at base, below 1 MiB. Of wish the
 * image, the initrd and the command line count; loaded is where the kernel is. ST_UNSUPPORTED and
 * ST_NO_SPACE for setup code and a command line that are too long, ST_NO_MEMORY.
 */
int real_mode_build(const struct boot_params_wish *wish, uint64_t base, uint64_t loaded,
	struct plan *plan, uint64_t *ret_record, struct err *err);

/* Place the kernel there, at a page and not elsewhere. ST_NO_SPACE when that cannot be. */
int x86_64_place_at(struct plan *plan, struct range range, struct span data, struct err *err);

/*
 * Place a Multiboot kernel, inputs->modules, the purgatory and, in plan->boot_params, what such a
 * kernel is told: its command line behind the name of its file, the modules, and that memory,
 * sorted by address. Sets plan->entry and plan->handover; plan->purgatory is prepared.
 * ST_NO_SPACE, ST_NO_MEMORY.
 */
int multiboot_plan(const struct plan_inputs *inputs, const struct e820 *memory, struct plan *plan,
	struct err *err);

#endif
