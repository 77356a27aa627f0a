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

	if (image->kind == IMAGE_MULTIBOOT)
		return ST_OK;
	if (image->kind != IMAGE_BZIMAGE && image->kind != IMAGE_X86_VMLINUX)
		return err_set(err, ST_UNSUPPORTED, "image-foreign",
			"the kernel is for another CPU (%s), and this machine is x86_64",
			image->kind_name);
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

/* What only a vmlinux has no part in. */
static int check_vmlinux(const struct plan_inputs *inputs, struct report *report, struct err *err)
{
	if (inputs->image->kind != IMAGE_X86_VMLINUX)
		return ST_OK;
	if (inputs->by_file) {
		err_set(err, ST_UNSUPPORTED, "file-load-unusable",
			"on x86_64 kexec_file_load takes a bzImage, and no vmlinux");
		return err_hint(err, "use -c: kexec_load");
	}
	if (inputs->request->args != ARGS_LINUX) {
		err_set(err, ST_UNSUPPORTED, "args-unsupported",
			"a Linux kernel finds its command line, its initrd and its memory by "
			"boot_params, which --args-%s leaves out",
			inputs->request->args == ARGS_ELF ? "elf" : "none");
		return err_hint(err, "leave the option out, or give --args-linux");
	}
	if (inputs->machine->x86_boot.five_levels)
		report_add(report, REPORT_WARNING, "image",
			"the running kernel uses five levels of page tables, and a vmlinux does "
			"not "
			"say whether it can be started so: one of before 5.0, or without "
			"CONFIG_X86_5LEVEL, cannot");
	return ST_OK;
}

/* A bzImage that wants to be at one address, or has to be below 4 GiB, can be there for a restart:
 * an old kernel, or a program that only looks like one, such as memtest86+. */
static int check_place(const struct plan_inputs *inputs, bool crash, struct err *err)
{
	const struct bzimage *kernel = &inputs->image->bzimage;

	if (inputs->image->kind != IMAGE_BZIMAGE || (kernel->relocatable && kernel->above_4g) ||
		!(crash || inputs->by_file))
		return ST_OK;
	err_set(err, ST_UNSUPPORTED, crash ? "image-not-relocatable" : "file-load-unusable",
		"%sthe kernel %s: its header says relocatable_kernel %d, "
		"XLF_CAN_BE_LOADED_ABOVE_4G %d",
		crash ? "" : "kexec_file_load does not take ",
		kernel->relocatable ? "has to be below 4 GiB" : "runs at one address only",
		kernel->relocatable, kernel->above_4g);
	return err_hint(err, crash ? "it needs CONFIG_RELOCATABLE" : "use -c: kexec_load");
}

/* It starts as after a boot loader, of the whole machine, and with modules only. */
static int check_multiboot(const struct plan_inputs *inputs, bool crash, struct err *err)
{
	if (inputs->image->kind != IMAGE_MULTIBOOT)
		return ST_OK;
	if (inputs->request->preserve)
		return err_set(err, ST_UNSUPPORTED, "jump-image",
			"a Multiboot kernel cannot be waited for: it is entered in 32-bit mode, "
			"from which there is no way back");
	if (crash) {
		err_set(err, ST_UNSUPPORTED, "multiboot-crash",
			"a Multiboot kernel cannot be loaded for a panic: it knows no elfcorehdr, "
			"and would take memory that is to be dumped");
		return err_hint(err, "load a Linux kernel to make the dump");
	}
	if (inputs->has_initrd) {
		err_set(err, ST_USAGE, "multiboot-initrd",
			"a Multiboot kernel takes no initrd, but modules");
		return err_hint(err, "give it with --module=, behind the kernel that it is for");
	}
	if (inputs->by_file) {
		err_set(err, ST_UNSUPPORTED, "file-load-unusable",
			"on x86_64 kexec_file_load takes a bzImage, and no Multiboot kernel");
		return err_hint(err, "use -c: kexec_load");
	}
	return ST_OK;
}

/* A tree goes into setup_data, which neither finds. */
static int check_dtb(const struct plan_inputs *inputs, struct err *err)
{
	bool real_mode = inputs->request->entry == ENTRY_16;

	if (!inputs->dtb.size || !(real_mode || inputs->image->kind == IMAGE_MULTIBOOT))
		return ST_OK;
	err_set(err, ST_UNSUPPORTED, "dtb-unusable", "a %s takes no device tree: %s",
		real_mode ? "kernel that is entered in real mode" : "Multiboot kernel",
		inputs->dtb_name);
	return err_hint(err, "leave --dtb out");
}

/* Purgatory writes the way back behind it, as a word for the kernel. */
static int check_end_of_line(const char *line, struct err *err)
{
	bool open = cmdline_is_open(line);

	if (!open && !cmdline_has_init_words(line))
		return ST_OK;
	err_set(err, ST_USAGE, "jump-cmdline",
		"the way back is written behind the command line, where it would be %s",
		open ? "inside of a quote that is not closed" : "init's: there is a word --");
	return err_hint(err, open ? "close the quote" : "leave -- and the words behind it out");
}

static int plan_cmdline(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	bool crash = plan_is_crash(plan);
	uint64_t most = inputs->image->bzimage.cmdline_size;
	/* kexec_file_load(2) keeps the room for any load, and counts the NUL too. */
	uint64_t reserved = WORDS_ELFCOREHDR_MAX + (inputs->by_file ? 1 : 0);
	int status = check_vmlinux(inputs, report, err);

	if (!status)
		status = check_multiboot(inputs, crash, err);
	if (!status)
		status = check_place(inputs, crash, err);
	if (!status)
		status = check_dtb(inputs, err);
	if (status)
		return status;
	if (words_chosen(inputs->request))
		status = words_join(inputs, crash, &plan->cmdline, err);
	else
		report_add(report, REPORT_CHOICE, "cmdline",
			"no --append, --command-line or --reuse-cmdline: the new kernel gets no "
			"words");
	if (!status)
		words_doubt(plan->cmdline, crash, report);
	/* What it adds is as good as what boot_params has: arch/x86/kernel/e820.c. */
	if (!status && crash && plan->cmdline && cmdline_has(plan->cmdline, "memmap"))
		report_add(report, REPORT_WARNING, "cmdline",
			"memmap= on the capture kernel's command line changes the memory that it "
			"is given: it can lose its own, or write over what is to be dumped");
	if (!status && (crash || inputs->request->preserve))
		status = words_add_capture_defaults(inputs, &plan->cmdline, report, err);
	if (status || !plan->cmdline || inputs->image->kind == IMAGE_MULTIBOOT)
		return status;
	if (inputs->request->preserve) {
		status = check_end_of_line(plan->cmdline, err);
		reserved = PURGATORY_TAIL_SIZE;
	}
	if (status)
		return status;
	if (crash || inputs->by_file || inputs->request->preserve)
		most = most < reserved ? 0 : most - reserved;
	return words_check_length(plan->cmdline, most,
		inputs->by_file ? "kexec_file_load, of this kernel," : "this kernel", err);
}

/* Where things have to be that a kernel finds which is entered in this mode. */
struct reach {
	uint64_t kernel; /* the end of each */
	uint64_t initrd;
	uint64_t purgatory;
	uint64_t handed;
};

static struct reach reach_of(const struct plan_inputs *inputs)
{
	const struct bzimage *kernel = &inputs->image->bzimage;
	uint64_t initrd = (uint64_t)kernel->initrd_addr_max + 1;

	switch (inputs->request->entry) {
	case ENTRY_16:
		return (struct reach){ X86_64_32_BITS, initrd, X86_64_LOW_MEMORY,
			X86_64_LOW_MEMORY };
	case ENTRY_32:
		return (struct reach){ X86_64_32_BITS, initrd, X86_64_32_BITS, X86_64_32_BITS };
	case ENTRY_64:
		if (!kernel->above_4g)
			return (struct reach){ X86_64_32_BITS, initrd, UINT64_MAX, X86_64_32_BITS };
		break;
	}
	return (struct reach){ UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX };
}

/* The other entries are a bzImage's, and of another machine than a capture kernel finds. */
static int check_entry(const struct plan_inputs *inputs, bool crash, struct err *err)
{
	const struct request *request = inputs->request;
	const char *mode = request->entry == ENTRY_16 ? "real mode" : "32-bit mode";
	const uint8_t *running = inputs->machine->x86_boot.params.data;

	if (request->entry == ENTRY_64 ||
		(request->entry == ENTRY_32 && inputs->image->kind == IMAGE_MULTIBOOT))
		return ST_OK;
	if (request->preserve)
		err_set(err, ST_UNSUPPORTED, "entry-unsupported",
			"a kernel that is to come back cannot be entered in %s: the one that waits "
			"is called in 64-bit mode",
			mode);
	else if (crash)
		err_set(err, ST_UNSUPPORTED, "entry-unsupported",
			"a crash kernel cannot be entered in %s: %s", mode,
			request->entry == ENTRY_16
				? "the BIOS would tell it of all memory, the dump's too, and may "
				  "be in the middle of something"
				: "it would have no room above 4 GiB, where the crash region may "
				  "be");
	else if (inputs->image->kind != IMAGE_BZIMAGE)
		err_set(err, ST_UNSUPPORTED, "entry-unsupported",
			"a %s kernel has no entry for %s, a bzImage has", inputs->image->kind_name,
			mode);
	else if (request->entry == ENTRY_16 && running &&
		 load_le32(running + BOOT_PARAMS_EFI_INFO) != 0)
		err_set(err, ST_UNSUPPORTED, "entry-unsupported",
			"the machine was booted by UEFI, and in real mode a kernel asks a BIOS");
	else
		return ST_OK;
	err_hint(err, "leave --%s out", request->entry == ENTRY_16 ? "real-mode" : "entry-32bit");
	return ST_UNSUPPORTED;
}

int x86_64_place_at(struct plan *plan, struct range range, struct span data, struct err *err)
{
	uint64_t end;

	if (range.start < range.end && align_up(range.end, X86_64_PAGE, &end) &&
		is_aligned(range.start, X86_64_PAGE) &&
		rangeset_contains(&plan->room, range.start, end))
		return plan_add_segment(
			plan, SEGMENT_KERNEL, data, range.start, end - range.start, err);
	err_set(err, ST_NO_SPACE, "kernel-address",
		"the kernel has to be at [0x%" PRIx64 ", 0x%" PRIx64
		"), where not all is memory that can be loaded to",
		range.start, range.end);
	return err_hint(err,
		"see /proc/iomem: it is reserved, was added since the boot, or is no RAM%s",
		plan->room_bounded ? ", or --mem-min and --mem-max leave it out" : "");
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
	struct reach reach = reach_of(inputs);
	struct range window = { kernel->pref_address, reach.kernel };
	int status;

	if (window.start < X86_64_KERNEL_FLOOR)
		window.start = X86_64_KERNEL_FLOOR;
	if (kernel->relocatable)
		status = place_segment(plan,
			&(struct place_want){ SEGMENT_KERNEL, kernel->init_size,
				kernel->kernel_alignment, window, PLACE_LOW },
			image_segment(inputs->image), err);
	else
		status = x86_64_place_at(plan,
			(struct range){
				kernel->pref_address, kernel->pref_address + kernel->init_size },
			image_segment(inputs->image), err);
	if (status)
		return status;
	plan->handover.kernel_entry = plan_segment(plan, SEGMENT_KERNEL)->mem;
	if (inputs->request->entry == ENTRY_64)
		plan->handover.kernel_entry += kernel->entry;
	window = (struct range){ X86_64_INITRD_FLOOR, reach.initrd };
	if (inputs->has_initrd)
		status = place_segment(plan,
			&(struct place_want){ SEGMENT_INITRD, inputs->initrd.size, X86_64_PAGE,
				window, PLACE_LOW },
			inputs->initrd, err);
	window = (struct range){ X86_64_LINE_FLOOR, reach.purgatory };
	if (!status && plan_is_crash(plan))
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
		.efi = running->efi.count && !inputs->request->no_efi &&
				       inputs->image->bzimage.efi_kexec
			       ? &running->efi
			       : NULL,
		.memory = memory,
		.whole = plan_is_crash(plan) ? &running->memory : NULL,
		.inherited = plan_is_crash(plan) ? NULL : &running->setup_data,
		.initrd = range_of(plan_segment(plan, SEGMENT_INITRD), inputs->initrd.size),
		.cmdline = plan->cmdline ? plan->cmdline : "",
		.tail = plan_comes_back(plan) ? PURGATORY_TAIL_SIZE : 0,
		.rng_seed = inputs->has_seeds ? inputs->rng_seed : NULL,
		.tree = inputs->dtb,
	};
	struct place_want want = { SEGMENT_BOOT_PARAMS, boot_params_size(&wish), X86_64_PAGE,
		{ X86_64_LINE_FLOOR, reach_of(inputs).handed }, PLACE_HIGH };
	bool real_mode = inputs->request->entry == ENTRY_16;
	uint64_t base;
	int status;

	if (real_mode && !cmdline_has(wish.cmdline, "edd"))
		report_add(report, REPORT_WARNING, "firmware",
			"in real mode the kernel asks the BIOS for its disks, which hangs where "
			"Linux has taken them over: edd=off on the command line leaves that out");
	if (real_mode)
		want.size = REAL_MODE_SIZE;
	else if (wish.acpi_rsdp == 0)
		report_add(report, REPORT_WARNING, "firmware",
			"where ACPI's tables begin is known neither from "
			"/sys/kernel/boot_params/data nor from /sys/firmware/efi/systab: on a "
			"machine with UEFI the new kernel will not find them");
	if (running->efi.count && inputs->request->no_efi)
		report_add(report, REPORT_CHOICE, "firmware",
			"--noefi: the new kernel gets nothing of EFI, and finds ACPI's tables by "
			"acpi_rsdp_addr");
	else if (running->efi.count && !wish.efi)
		report_add(report, REPORT_CHOICE, "firmware",
			"the new kernel takes no EFI from a kernel before it (XLF_EFI_KEXEC), and "
			"gets none");
	status = place(plan, &want, &base, err);
	if (!status && real_mode)
		status = real_mode_build(&wish, base, plan->handover.kernel_entry, plan,
			&plan->handover.record, err);
	else if (!status)
		status = boot_params_build(&wish, base, plan, &plan->handover.record, err);
	if (status)
		return status;
	if (real_mode)
		plan->handover.kernel_entry = base + REAL_MODE_ENTRY;
	plan->handover.handed = (struct range){ base, base + plan->boot_params.size };
	if (plan_comes_back(plan))
		plan->handover.own[PURGATORY_OWN_TAIL] =
			base + BOOT_PARAMS_LINE + strlen(wish.cmdline);
	return place_segment(plan, &want, blob_span(&plan->boot_params), err);
}

static bool is_capture_kernel(const struct machine *machine)
{
	return machine->cmdline && cmdline_has(machine->cmdline, "elfcorehdr");
}

static int make_map(const struct plan_inputs *inputs, const struct plan *plan, struct e820 *ret,
	struct report *report, struct err *err)
{
	const struct machine *machine = inputs->machine;
	const struct segment *core = plan_segment(plan, SEGMENT_ELFCOREHDR);

	if (!core && is_capture_kernel(machine) && !machine->x86_boot.whole_told)
		report_add(report, REPORT_WARNING, "memory",
			"this is a capture kernel that was not told of the machine's memory but "
			"for its own, 0x%" PRIx64 " bytes, and the new kernel will have no more",
			rangeset_bytes(&machine->boot_memory));
	if (plan_comes_back(plan))
		return e820_for_jump(
			&machine->x86_boot, &machine->iomem.ram, &plan->room, ret, err);
	return core ? e820_for_crash(&machine->iomem, &machine->crash_cma,
			      range_of(core, core->memsz), ret, err)
		    : e820_for_restart(&machine->x86_boot, ret, err);
}

/* In 32-bit mode, whatever was asked for. */
static int plan_multiboot(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	const uint8_t *running = inputs->machine->x86_boot.params.data;
	struct e820 memory = { .entries = NULL };
	int status = make_map(inputs, plan, &memory, report, err);

	if (running && load_le32(running + BOOT_PARAMS_EFI_INFO) != 0)
		report_add(report, REPORT_WARNING, "firmware",
			"the machine was booted by UEFI: a Multiboot kernel that needs what a BIOS "
			"leaves in memory, as Xen does, stays silent there");
	e820_sort(&memory);
	if (!status)
		status = multiboot_plan(inputs, &memory, plan, err);
	e820_done(&memory);
	return status;
}

static int plan_segments(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	static const uint64_t modes[] = { [ENTRY_64] = PURGATORY_MODE_64,
		[ENTRY_32] = PURGATORY_MODE_32,
		[ENTRY_16] = PURGATORY_MODE_16 };
	struct e820 memory = { .entries = NULL };
	int status = check_entry(inputs, plan_is_crash(plan), err);

	if (!status)
		status = plan_cmdline(inputs, plan, report, err);
	if (!status)
		status = purgatory_prepare(inputs, plan, err);
	if (!status && inputs->image->kind == IMAGE_MULTIBOOT)
		return plan_multiboot(inputs, plan, report, err);
	if (!status)
		status = place_all(inputs, plan, err);
	if (!status && plan_is_crash(plan))
		status = words_add_elfcorehdr(plan, err);
	if (!status)
		status = make_map(inputs, plan, &memory, report, err);
	if (!status)
		status = add_boot_params(inputs, plan, &memory, report, err);
	e820_done(&memory);
	plan->handover.reset = PURGATORY_RESET_PC;
	plan->handover.own[PURGATORY_OWN_MODE] = modes[inputs->request->entry];
	if (inputs->request->entry == ENTRY_16)
		plan->handover.own[PURGATORY_OWN_STACK] = REAL_MODE_STACK;
	return status;
}

/* Tables lead to the kernel that waits, since those of this one map its own memory only. */
static int plan_back(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	struct place_want want = { SEGMENT_PURGATORY, 0, X86_64_PAGE,
		{ X86_64_LINE_FLOOR, UINT64_MAX }, PLACE_HIGH };
	uint64_t at = inputs->request->way_back;
	unsigned int bits = inputs->machine->x86_boot.five_levels ? 52 : 46;
	int status;

	(void)report;
	if (at >> bits)
		return err_set(err, ST_USAGE, "jump-entry",
			"no other kernel waits at 0x%" PRIx64 ": memory ends at 2^%u", at, bits);
	status = purgatory_prepare(inputs, plan, err);
	want.size = plan->purgatory.size;
	if (!status)
		status = place_segment(plan, &want, blob_span(&plan->purgatory), err);
	if (status)
		return status;
	plan->entry = plan_segment(plan, SEGMENT_PURGATORY)->mem;
	plan->handover.kernel_entry = inputs->request->way_back;
	plan->handover.reset = PURGATORY_RESET_PC;
	plan->handover.own[PURGATORY_OWN_MODE] = PURGATORY_MODE_BACK;
	return ST_OK;
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
	return WORDS_ELFCOREHDR_MAX + map + 112 + 32 + 48 + 48;
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
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]) && !status; i++) {
		enum segment_purpose purpose = pieces[i].want.purpose;

		if ((purpose == SEGMENT_INITRD && !inputs->has_initrd) ||
			(purpose == SEGMENT_ELFCOREHDR && !plan_is_crash(plan)))
			continue;
		status = place_segment(plan, &pieces[i].want, pieces[i].data, err);
	}
	if (!status)
		plan->entry = plan_segment(plan, SEGMENT_KERNEL)->mem + kernel->entry;
	return status;
}

/* What was plugged in since the boot, without what a driver brought, which no call loads to. */
static bool hot_added(const struct machine *machine, struct rangeset *ret)
{
	struct rangeset known = RANGESET_INIT;
	int status = ST_OK;

	if (machine->boot_memory.count == 0)
		return false;
	status = rangeset_add_all(&known, &machine->boot_memory);
	if (!status)
		status = rangeset_add_all(&known, &machine->iomem.ram_driver_managed);
	rangeset_normalize(&known);
	if (!status)
		status = rangeset_subtract(&machine->iomem.ram, &known, ret);
	rangeset_done(&known);
	return !status && ret->count;
}

/* What the kernel's own loader writes into the memory map of a capture kernel, of which it forgets
 * the rest (arch/x86/kernel/crash.c:crash_setup_memmap_entries). */
static size_t kernels_entries(const struct iomem *iomem)
{
	size_t low = rangeset_find(&iomem->ram, X86_64_LOW_MEMORY) + 1;

	return low + iomem->acpi_tables.count + iomem->acpi_nvs.count +
	       iomem->firmware_reserved.count + iomem->crash.count + 1;
}

/*
 * The kernel's own loader takes the highest memory first, and that may be what was hot-added, which
 * is not in the map that it hands on (seen with 7.3); and of a map it hands on what fits into
 * boot_params.
 */
static bool doubt_file_load(const struct machine *machine, bool crash, char *ret)
{
	size_t entries = crash ? kernels_entries(&machine->iomem) : machine->x86_boot.memory.count;
	struct rangeset added = RANGESET_INIT;
	bool part = !crash && machine->x86_boot.whole_told;
	bool doubt = part || (!crash && hot_added(machine, &added));

	if (part)
		snprintf(ret, ARCH_DOUBT_SIZE,
			"it gives the new kernel no more memory than this capture kernel has");
	else if (doubt)
		snprintf(ret, ARCH_DOUBT_SIZE,
			"it may put the initrd into memory that was hot-added (from 0x%" PRIx64
			" on), where the new kernel has none",
			added.ranges[0].start);
	else if (entries > E820_IN_PARAMS)
		snprintf(ret, ARCH_DOUBT_SIZE, "it hands on %d ranges of a memory map that has %zu",
			E820_IN_PARAMS, entries);
	rangeset_done(&added);
	return doubt || entries > E820_IN_PARAMS;
}

static int read_for_image(const struct sysroot *root, const struct image *image,
	struct machine *machine, struct report *report, struct err *err)
{
	if (image->kind != IMAGE_MULTIBOOT || image->multiboot.version != 2)
		return ST_OK;
	return x86_boot_read_rsdp(root, &machine->x86_boot, report, err);
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
	.screen = true,
	.entries = true,
	.dump_from = X86_64_LOW_MEMORY,
	.handed = "boot_params",
	.handed_key = "boot_params",
	.purgatory = purgatory_x86_64,
	.purgatory_size = &purgatory_x86_64_size,
	.purgatory_params = PURGATORY_PARAMS_OFFSET,
	.purgatory_tables_size = X86_64_TABLES_ROOM,
	.purgatory_tables_for_console = true,
	.purgatory_tables = x86_64_purgatory_tables,
	.kernel_layout = x86_64_kernel_layout,
	.own_pages = own_pages,
	.read_for_image = read_for_image,
	.check_image = check_image,
	.doubt_file_load = doubt_file_load,
	.foretells_restart = true,
	.plan_cmdline = plan_cmdline,
	.plan_segments = plan_segments,
	.plan_way_back = plan_back,
	.low_memory = X86_64_LOW_MEMORY,
	.foretell_segments = foretell_segments,
};
