// SPDX-License-Identifier: GPL-2.0-only
/* x86_64: what its kernel wants where (Documentation/arch/x86/boot.rst), and the table. */
#include "kexec/arch/x86_64/tables.h"
#include "kexec/arch/x86_64/x86_64.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/plan/place.h"
#include "kexec/plan/purgatory.h"
#include "kexec/plan/words.h"
#include "kexec/system/cmdline.h"
#include "lib/checked.h"
#include "purgatory/abi.h"
#include "purgatory/arch/x86_64/abi.h"
#include "purgatory/blob.h"

#define EM_X86_64 62
#define GIBIBYTE  (UINT64_C(1) << 30)

static int check_image(const struct machine *machine, const struct image *image, struct err *err)
{
	const struct bzimage *kernel = &image->bzimage;

	if (image->kind != IMAGE_BZIMAGE)
		return err_set(err, ST_UNSUPPORTED, "image-foreign",
			"the kernel is for another CPU (%s), and this machine is x86_64",
			image->kind_name);
	if (!kernel->relocatable || !kernel->above_4g) {
		err_set(err, ST_UNSUPPORTED, "image-not-relocatable",
			"the kernel %s: its header says relocatable_kernel %d, "
			"XLF_CAN_BE_LOADED_ABOVE_4G %d",
			kernel->relocatable ? "has to be below 4 GiB" : "runs at one address only",
			kernel->relocatable, kernel->above_4g);
		return err_hint(err, "it needs CONFIG_RELOCATABLE");
	}
	if (machine->x86_boot.five_levels && !kernel->five_levels) {
		err_set(err, ST_UNSUPPORTED, "image-four-levels",
			"the running kernel uses five levels of page tables (la57 in "
			"/proc/cpuinfo), and the kernel to load cannot be started so");
		return err_hint(err, "boot the running kernel with no5lvl, or load one that is "
				     "5.0 or later");
	}
	return ST_OK;
}

/*
 * What machine_kexec_prepare() and its like take, page by page: the control page, a table of each
 * of the upper levels for each 512 GiB, one of the last for each GiB that cannot be mapped as a
 * whole, and the safe copy of vmcoreinfo (arch/x86/kernel/machine_kexec_64.c:init_pgtable).
 */
static uint64_t own_pages(const struct machine *machine)
{
	const struct rangeset *ram = &machine->iomem.ram;
	uint64_t end = ram->count ? ram->ranges[ram->count - 1].end : 0;
	uint64_t gibibytes = end / GIBIBYTE + 1;
	uint64_t halves = gibibytes / 512 + 1;

	if (!machine->x86_boot.gibibyte_pages)
		return 8 + 2 * halves + gibibytes;
	return 8 + 2 * halves + (2 * ram->count < gibibytes ? 2 * ram->count : gibibytes);
}

/* elfcorehdr= is added when its place is known; room for it is kept from the start. */
#define ELFCOREHDR_WORD_MAX 30 /* with its blank, as kexec_file_load(2) reckons */

static int plan_cmdline(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	bool crash = plan_is_crash(plan);
	uint64_t most = inputs->image->bzimage.cmdline_size;
	int status = ST_OK;

	if (words_chosen(inputs->request))
		status = words_join(inputs, crash, &plan->cmdline, err);
	else
		report_add(report, REPORT_CHOICE, "cmdline",
			"no --append, --command-line or --reuse-cmdline: the new kernel gets no "
			"words");
	if (!status)
		words_doubt(plan->cmdline, crash, report);
	if (!status && crash)
		status = words_add_capture_defaults(inputs, &plan->cmdline, report, err);
	if (status || !plan->cmdline)
		return status;
	if (crash || inputs->by_file)
		most = most < ELFCOREHDR_WORD_MAX ? 0 : most - ELFCOREHDR_WORD_MAX;
	return words_check_length(plan->cmdline, most, "this kernel", err);
}

/* In front of the user's words: where a line is cut it is cut at its end. */
static int add_elfcorehdr(struct plan *plan, struct err *err)
{
	char word[ELFCOREHDR_WORD_MAX];
	char *joined;

	snprintf(word, sizeof(word), "elfcorehdr=0x%" PRIx64,
		plan_segment(plan, SEGMENT_ELFCOREHDR)->mem);
	joined = cmdline_join(word, plan->cmdline);
	if (!joined)
		return err_no_memory(err);
	free(plan->cmdline);
	plan->cmdline = joined;
	return ST_OK;
}

/*
 * init_size, not the file's size, is what the kernel needs: it unpacks itself in there. Below
 * pref_address it would move up to it, over whatever is there. Kernel and initrd are at the low
 * end, the rest at the high one, so that what is left is in one piece.
 */
static int place_all(const struct plan_inputs *inputs, struct plan *plan, struct err *err)
{
	const struct bzimage *kernel = &inputs->image->bzimage;
	struct span purgatory = blob_span(&plan->purgatory);
	struct range window = { kernel->pref_address, UINT64_MAX };
	int status;

	if (window.start < X86_64_KERNEL_FLOOR)
		window.start = X86_64_KERNEL_FLOOR;
	status = place_segment(plan,
		&(struct place_want){ SEGMENT_KERNEL, kernel->init_size, kernel->kernel_alignment,
			window, PLACE_LOW },
		image_segment(inputs->image), err);
	if (status)
		return status;
	plan->handover.kernel_entry = plan_segment(plan, SEGMENT_KERNEL)->mem + BZIMAGE_ENTRY_64;
	window.start = X86_64_INITRD_FLOOR;
	if (inputs->has_initrd)
		status = place_segment(plan,
			&(struct place_want){ SEGMENT_INITRD, inputs->initrd.size, X86_64_PAGE,
				window, PLACE_LOW },
			inputs->initrd, err);
	window.start = X86_64_LINE_FLOOR;
	if (!status)
		status = place_segment(plan,
			&(struct place_want){ SEGMENT_ELFCOREHDR, plan->core.memsz, X86_64_PAGE,
				window, PLACE_HIGH },
			blob_span(&plan->core.bytes), err);
	if (!status)
		status = place_segment(plan,
			&(struct place_want){ SEGMENT_PURGATORY, purgatory.size, X86_64_PAGE,
				window, PLACE_HIGH },
			purgatory, err);
	if (!status)
		plan->entry = plan_segment(plan, SEGMENT_PURGATORY)->mem;
	return status;
}

static struct range range_of(const struct segment *segment, uint64_t size)
{
	return segment ? (struct range){ segment->mem, segment->mem + size }
		       : (struct range){ 0, 0 };
}

/* The last segment, since it names the places of the others. */
static int add_boot_params(const struct plan_inputs *inputs, struct plan *plan,
	const struct e820 *memory, struct report *report, struct err *err)
{
	const struct x86_boot *running = &inputs->machine->x86_boot;
	struct boot_params_wish wish = {
		.image = &inputs->image->bzimage,
		.running = blob_span(&running->params),
		.acpi_rsdp = running->acpi_rsdp,
		.efi = running->efi.count && inputs->image->bzimage.efi_kexec ? &running->efi
									      : NULL,
		.memory = memory,
		.initrd = range_of(plan_segment(plan, SEGMENT_INITRD), inputs->initrd.size),
		.cmdline = plan->cmdline,
		.rng_seed = inputs->has_seeds ? inputs->rng_seed : NULL,
	};
	struct place_want want = { SEGMENT_BOOT_PARAMS, boot_params_size(&wish), X86_64_PAGE,
		{ X86_64_LINE_FLOOR, UINT64_MAX }, PLACE_HIGH };
	uint64_t base;
	int status;

	if (wish.acpi_rsdp == 0)
		report_add(report, REPORT_WARNING, "firmware",
			"where ACPI's tables begin is known neither from "
			"/sys/kernel/boot_params/data nor from /sys/firmware/efi/systab: on a "
			"machine with UEFI the new kernel will not find them");
	if (running->efi.count && !wish.efi)
		report_add(report, REPORT_CHOICE, "firmware",
			"the new kernel takes no EFI from a kernel before it (XLF_EFI_KEXEC), and "
			"gets none");
	status = place(plan, &want, &base, err);
	if (!status)
		status = boot_params_build(&wish, base, plan, &plan->handover.record, err);
	if (status)
		return status;
	plan->handover.handed = (struct range){ base, base + plan->boot_params.size };
	return place_segment(plan, &want, blob_span(&plan->boot_params), err);
}

static int plan_segments(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	const struct machine *machine = inputs->machine;
	struct e820 memory = { .entries = NULL };
	const struct segment *core;
	int status;

	if (!plan_is_crash(plan)) {
		err_set(err, ST_UNSUPPORTED, "normal-load-unsupported",
			"this version loads kernels on x86_64 for a panic only");
		return err_hint(err, "-s loads one for a restart by kexec_file_load");
	}
	status = plan_cmdline(inputs, plan, report, err);
	if (!status)
		status = purgatory_prepare(inputs, plan, err);
	if (!status)
		status = place_all(inputs, plan, err);
	if (!status)
		status = add_elfcorehdr(plan, err);
	if (status)
		return status;
	core = plan_segment(plan, SEGMENT_ELFCOREHDR);
	status = e820_for_crash(
		&machine->iomem, &machine->crash_cma, range_of(core, core->memsz), &memory, err);
	if (!status)
		status = add_boot_params(inputs, plan, &memory, report, err);
	e820_done(&memory);
	plan->handover.reset = PURGATORY_RESET_PC;
	return status;
}

/* The kernel's own purgatory, which is linked for no more (arch/x86/purgatory). */
#define KERNELS_PURGATORY_SIZE (5u * X86_64_PAGE)

/* What it puts behind boot_params and the command line: EFI's map in the firmware's descriptors,
 * and room for nodes of EFI, IMA, KHO and a seed, whether it uses them or not. */
static uint64_t kernels_setup_data(const struct x86_boot *running)
{
	uint64_t map = running->efi.count;

	if (map)
		map *= load_le32(running->params.data + BOOT_PARAMS_EFI_MEMDESC_SIZE);
	return ELFCOREHDR_WORD_MAX + map + 112 + 32 + 48 + 48;
}

/* The order and the floors of arch/x86/kernel/kexec-bzimage64.c:bzImage64_load(). */
static int foretell_segments(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	const struct bzimage *kernel = &inputs->image->bzimage;
	uint64_t floor = kernel->pref_address > X86_64_KERNEL_FLOOR ? kernel->pref_address
								    : X86_64_KERNEL_FLOOR;
	size_t line = plan->cmdline ? strlen(plan->cmdline) + 1 : 1;
	const struct x86_boot *running = &inputs->machine->x86_boot;
	const struct {
		struct place_want want;
		struct span data;
	} pieces[] = {
		{ { SEGMENT_ELFCOREHDR, plan->core.memsz, X86_64_PAGE, PLACE_ANYWHERE, PLACE_LOW },
			{ NULL, 0 } },
		{ { SEGMENT_PURGATORY, KERNELS_PURGATORY_SIZE, X86_64_PAGE,
			  { X86_64_LINE_FLOOR, UINT64_MAX }, PLACE_HIGH },
			{ NULL, 0 } },
		{ { SEGMENT_BOOT_PARAMS, BOOT_PARAMS_SIZE + line + kernels_setup_data(running),
			  X86_64_PAGE, { X86_64_LINE_FLOOR, UINT64_MAX }, PLACE_HIGH },
			{ NULL, 0 } },
		{ { SEGMENT_KERNEL, kernel->init_size, kernel->kernel_alignment,
			  { floor, UINT64_MAX }, PLACE_HIGH },
			image_segment(inputs->image) },
		{ { SEGMENT_INITRD, inputs->initrd.size + inputs->initrd_unread, X86_64_PAGE,
			  { X86_64_INITRD_FLOOR, UINT64_MAX }, PLACE_HIGH },
			inputs->initrd },
	};
	int status = ST_OK;

	(void)report;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]) && !status; i++)
		if (pieces[i].want.purpose != SEGMENT_INITRD || inputs->has_initrd)
			status = place_segment(plan, &pieces[i].want, pieces[i].data, err);
	if (!status)
		plan->entry = plan_segment(plan, SEGMENT_KERNEL)->mem + BZIMAGE_ENTRY_64;
	return status;
}

const struct arch_ops x86_64_ops = {
	.name = "x86_64",
	.machine = "x86_64",
	.elf_machine = EM_X86_64,
	.kexec_arch = KEXEC_ARCH_X86_64,
	/* Known since 6.6, where crash hotplug began; the other one, since 6.10 only, does the same
	 * here (arch/x86/kernel/crash.c:arch_crash_hotplug_support). */
	.hotplug_flag = KEXEC_UPDATE_ELFCOREHDR,
	.kernel_map = true,
	.ports = true,
	.dump_from = X86_64_LOW_MEMORY,
	.handed = "boot_params",
	.handed_key = "boot_params",
	.purgatory = purgatory_x86_64,
	.purgatory_size = &purgatory_x86_64_size,
	.purgatory_tables_size = X86_64_TABLES_ROOM,
	.purgatory_tables_for_console = true,
	.purgatory_tables = x86_64_purgatory_tables,
	.kernel_layout = x86_64_kernel_layout,
	.own_pages = own_pages,
	.check_image = check_image,
	.plan_cmdline = plan_cmdline,
	.plan_segments = plan_segments,
	.foretell_segments = foretell_segments,
};
