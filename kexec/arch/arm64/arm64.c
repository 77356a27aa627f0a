// SPDX-License-Identifier: GPL-2.0-only
/* arm64: what its kernel wants where (Documentation/arch/arm64/booting.rst), and the table. */
#include "kexec/arch/arm64/arm64.h"

#include <inttypes.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/arch/arm64/tables.h"
#include "kexec/image/arm64_image.h"
#include "kexec/plan/chosen.h"
#include "kexec/plan/place.h"
#include "kexec/plan/purgatory.h"
#include "kexec/plan/tree.h"
#include "kexec/plan/words.h"
#include "lib/checked.h"
#include "lib/cursor.h"
#include "purgatory/abi.h"
#include "purgatory/arch/arm64/abi.h"
#include "purgatory/blob.h"

#define EM_AARCH64 183
#define GIGABYTE   (1ull << 30)

_Static_assert(ARCH_PROBE_SIZE == ARM64_HEADER_SIZE, "a probe is a header");

static int check_image(const struct machine *machine, const struct image *image, struct err *err)
{
	if (image->kind != IMAGE_ARM64)
		return err_set(err, ST_UNSUPPORTED, "image-foreign",
			"the kernel is for another CPU (%s), and this machine is arm64",
			image->kind_name);
	if (image->big_endian)
		return err_set(err, ST_UNSUPPORTED, "image-big-endian",
			"the kernel is big endian, and whether this CPU can run it cannot be "
			"known");
	if (!is_aligned(image->text_offset, machine->page_size))
		return err_set(err, ST_UNSUPPORTED, "image-text-offset",
			"the kernel wants to be at 0x%" PRIx64
			" behind a 2 MiB line, and the running "
			"kernel loads in whole pages of %" PRIu64 " bytes",
			image->text_offset, machine->page_size);
	return ST_OK;
}

/* /chosen/bootargs of a tree, without words that must not be reused. *ret is NULL for none. */
static int bootargs_of(struct span tree, bool crash, char **ret, struct err *err)
{
	int chosen = fdt_path_offset(tree.data, "/chosen"), length = 0;
	const char *text = chosen < 0 ? NULL : fdt_getprop(tree.data, chosen, "bootargs", &length);

	*ret = NULL;
	if (!text || length <= 1 || text[length - 1] != '\0')
		return ST_OK;
	*ret = words_reusable(text, crash);
	return *ret ? ST_OK : err_no_memory(err);
}

/* The words that the user chose; else those of the tree. */
static int chosen_words(const struct plan_inputs *inputs, const struct plan *plan, char **ret,
	struct report *report, struct err *err)
{
	bool crash = plan_is_crash(plan);

	if (words_chosen(inputs->request))
		return words_join(inputs, crash, ret, err);
	if (inputs->by_file) {
		report_add(report, REPORT_CHOICE, "cmdline",
			"no --append, --command-line or --reuse-cmdline: kexec_file_load gives the "
			"new kernel no command line");
		return ST_OK;
	}
	report_add(report, REPORT_CHOICE, "cmdline",
		"no --append, --command-line or --reuse-cmdline: the command line of the device "
		"tree%s is kept",
		crash ? ", without crashkernel=," : "");
	return bootargs_of(plan_source_tree(inputs, plan), crash, ret, err);
}

static int plan_cmdline(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	bool crash = plan_is_crash(plan);
	struct span tree = plan_source_tree(inputs, plan);
	int status = chosen_words(inputs, plan, &plan->cmdline, report, err);

	if (!status)
		words_doubt(plan->cmdline, crash, report);
	/* A tree that is not known is the running one, which on ACPI is a stub. */
	if (!status && crash && (!tree.size || firmware_fdt_is_stub(tree)))
		status = words_add_capture_defaults(inputs, &plan->cmdline, report, err);
	if (status || !plan->cmdline)
		return status;
	return words_check_length(plan->cmdline, ARM64_CMDLINE_SIZE - 1, "arm64", err);
}

/* The Image stands text_offset behind a 2 MiB line and needs image_size from there; its page
 * tables and BSS are in that size, so this, not the file's size, is what must be free. */
static int place_kernel(
	const struct image *image, struct plan *plan, struct range window, struct err *err)
{
	struct place_want want = {
		.purpose = SEGMENT_KERNEL,
		.align = ARM64_IMAGE_ALIGN,
		.window = window,
	};
	uint64_t base, memsz;
	int status;

	if (!align_up(image->mem_size, plan->page_size, &memsz) ||
		!add_u64(image->text_offset, memsz, &want.size))
		return err_set(
			err, ST_BAD_INPUT, "image-size", "the kernel has an impossible size");
	status = place(plan, &want, &base, err);
	if (status)
		return status;
	plan->handover.kernel_entry = base + image->text_offset;
	return plan_add_segment(plan, SEGMENT_KERNEL, image_segment(image),
		plan->handover.kernel_entry, memsz, err);
}

/* Where everything but the kernel may go: above it, since an old kernel cannot use what lies
 * below itself, and in the window of 32 GiB in which it looks for its initrd. */
static struct range companion_window(const struct plan *plan)
{
	const struct segment *kernel = plan_segment(plan, SEGMENT_KERNEL);
	struct range window = { kernel->mem + kernel->memsz, UINT64_MAX };

	if (!add_u64(align_down(kernel->mem, GIGABYTE), ARM64_INITRD_WINDOW, &window.end))
		window.end = UINT64_MAX;
	return window;
}

/*
 * Place a companion of the kernel and add its segment. In a crash region the initrd is behind the
 * kernel and the rest is at the other end, so that what is left is in one piece. In a normal load
 * all is close together, and each begins on a line that an entry of a page table begins on: then
 * not even segments on both sides of such lines at all levels need more than ARM64_TABLES_MAX.
 */
static int place_companion(struct plan *plan, enum segment_purpose purpose, struct span data,
	uint64_t size, uint64_t align, struct err *err)
{
	struct place_want want = {
		.purpose = purpose,
		.size = size,
		.align = align,
		.window = companion_window(plan),
		.end = plan_is_crash(plan) && purpose != SEGMENT_INITRD ? PLACE_HIGH : PLACE_LOW,
	};

	if (!plan_is_crash(plan) && align < ARM64_BLOCK_SIZE)
		want.align = ARM64_BLOCK_SIZE;
	return place_segment(plan, &want, data, err);
}

/* All but the device tree, of which no size is known before. */
static int place_around_kernel(
	const struct plan_inputs *inputs, struct plan *plan, struct range window, struct err *err)
{
	struct span purgatory = blob_span(&plan->purgatory);
	int status;

	plan->segment_count = 0;
	status = place_kernel(inputs->image, plan, window, err);
	if (!status && inputs->has_initrd)
		status = place_companion(plan, SEGMENT_INITRD, inputs->initrd, inputs->initrd.size,
			plan->page_size, err);
	if (!status && plan_is_crash(plan))
		status = place_companion(plan, SEGMENT_ELFCOREHDR, blob_span(&plan->core.bytes),
			plan->core.memsz, ARM64_CORE_ALIGN, err);
	if (!status)
		status = place_companion(
			plan, SEGMENT_PURGATORY, purgatory, purgatory.size, plan->page_size, err);
	return status;
}

/*
 * From where to look again when what lies around the kernel's place has no room for the others. By
 * at least a GiB each time, since memory may be in very many pieces. And no further try is made in
 * the same piece before one that reaches behind its end: from each line of a GiB it looks the same,
 * and a memory map may say that a piece has as many of them as addresses allow.
 */
static bool look_further(const struct plan *plan, struct range *window)
{
	uint64_t kernel = plan->segments[0].mem;
	struct range piece = plan->room.ranges[rangeset_find(&plan->room, kernel)];
	uint64_t reach = companion_window(plan).end;
	uint64_t step = GIGABYTE;

	if (window->start >= piece.start && reach <= piece.end)
		step += align_down(piece.end - reach, GIGABYTE);
	return add_u64(align_down(kernel, GIGABYTE), step, &window->start);
}

/* The lowest place for the kernel that has room for the others in reach. */
static int place_image(const struct plan_inputs *inputs, struct plan *plan, struct err *err)
{
	struct range window = PLACE_ANYWHERE;
	int status = place_around_kernel(inputs, plan, window, err);
	struct err other = ERR_INIT;
	int again = status;

	while (again == ST_NO_SPACE && plan->segment_count && look_further(plan, &window))
		again = place_around_kernel(inputs, plan, window, &other);
	if (again)
		return status;
	if (status)
		err_clear(err);
	plan->entry = plan_segment(plan, SEGMENT_PURGATORY)->mem;
	return ST_OK;
}

/* The regions of the capture kernel's memory. The first must hold our segments: reservations
 * outside it are dropped (memblock_cap_memory_range). Then the low region, for devices that
 * reach only 4 GiB, then what CMA lends. */
static int usable_ranges(const struct plan_inputs *inputs, const struct plan *plan,
	struct rangeset *ret, struct err *err)
{
	const struct machine *machine = inputs->machine;
	struct rangeset load = RANGESET_INIT, low = RANGESET_INIT;
	struct rangeset usable = RANGESET_INIT;
	int status = rangeset_add(&load, plan->load_region.start, plan->load_region.end);

	if (!status)
		status = rangeset_subtract(&machine->iomem.crash, &load, &low);
	/* Never normalized: here the order is what counts. */
	if (!status)
		status = rangeset_add(&usable, plan->load_region.start, plan->load_region.end);
	for (size_t i = 0; i < low.count && !status; i++)
		status = rangeset_add(&usable, low.ranges[i].start, low.ranges[i].end);
	for (size_t i = 0; i < machine->crash_cma.count && !status; i++)
		status = rangeset_add(&usable, machine->crash_cma.ranges[i].start,
			machine->crash_cma.ranges[i].end);
	rangeset_done(&load);
	rangeset_done(&low);
	if (status) {
		rangeset_done(&usable);
		return err_no_memory(err);
	}
	*ret = usable;
	return ST_OK;
}

/* Make the tree that says where all the others are. */
static int make_dtb(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	const struct segment *core = plan_segment(plan, SEGMENT_ELFCOREHDR);
	const struct segment *initrd = plan_segment(plan, SEGMENT_INITRD);
	struct span tree = plan_source_tree(inputs, plan);
	struct rangeset usable = RANGESET_INIT;
	struct arm64_chosen chosen = {
		.cmdline = plan->cmdline,
		.kaslr_seed = inputs->has_seeds || plan->by_kernel ? inputs->kaslr_seed : NULL,
		.rng_seed = inputs->rng_seed,
		.by_kernel = plan->by_kernel,
	};
	int status = ST_OK;

	if (initrd)
		chosen.initrd = (struct range){ initrd->mem,
			initrd->mem + inputs->initrd.size + inputs->initrd_unread };
	if (core) {
		/* The whole segment: a later rewrite by the kernel may grow into its tail. */
		chosen.elfcorehdr = (struct range){ core->mem, core->mem + core->memsz };
		status = usable_ranges(inputs, plan, &usable, err);
	}
	if (status)
		return status;
	chosen.usable = usable.ranges;
	chosen.usable_count = usable.count;
	status = arm64_build_dtb(tree, &chosen, plan, report, err);
	if (status)
		err_prefix(err, "%s", plan_source_tree_name(inputs, plan));
	rangeset_done(&usable);
	return status;
}

static int place_dtb(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	int status = make_dtb(inputs, plan, report, err);
	uint64_t mem;

	if (!status)
		status = place_companion(plan, SEGMENT_DTB, blob_span(&plan->dtb), plan->dtb.size,
			ARM64_DTB_ALIGN, err);
	if (status)
		return status;
	mem = plan_segment(plan, SEGMENT_DTB)->mem;
	plan->handover.handed = (struct range){ mem, mem + plan->dtb.size };
	plan->handover.record = mem + chosen_record_offset(plan->dtb.data);
	return ST_OK;
}

static int choose_reset(const struct plan_inputs *inputs, struct plan *plan, struct err *err)
{
	switch (inputs->machine->firmware.psci) {
	case PSCI_SMC:
		plan->handover.reset = PURGATORY_PSCI_SMC;
		break;
	case PSCI_HVC:
		plan->handover.reset = PURGATORY_PSCI_HVC;
		break;
	case PSCI_NONE:
		if (inputs->request->on_corruption != CORRUPTION_RESET)
			break;
		err_set(err, ST_UNSUPPORTED, "no-psci-reset",
			"--on-corruption=reset needs PSCI 0.2 or later, and neither the device "
			"tree nor ACPI names a way to call it");
		return err_hint(err, "use --on-corruption=halt or --on-corruption=boot");
	}
	return ST_OK;
}

static int check_tree(const struct plan_inputs *inputs, const struct plan *plan,
	struct report *report, struct err *err)
{
	const struct firmware *firmware = &inputs->machine->firmware;

	if (plan_source_tree(inputs, plan).size == 0)
		return err_set(err, ST_NOT_FOUND, "fdt-missing",
			"No device tree available: there is neither /sys/firmware/fdt nor "
			"/proc/device-tree, and no --dtb");
	if (plan->tree.size && firmware->acpi && !firmware_fdt_is_stub(blob_span(&plan->tree)))
		report_add(report, REPORT_WARNING, "dtb",
			"this machine runs on ACPI, and the tree given with --dtb turns ACPI off "
			"in the new kernel");
	return ST_OK;
}

static int plan_segments(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	const struct image *image = inputs->image;
	int status = check_tree(inputs, plan, report, err);

	if (!status)
		status = plan_cmdline(inputs, plan, report, err);
	if (!status)
		status = purgatory_prepare(inputs, plan, err);
	if (!status)
		status = place_image(inputs, plan, err);
	if (!status)
		status = place_dtb(inputs, plan, report, err);
	if (!status)
		status = choose_reset(inputs, plan, err);
	if (!status && image->page_size && image->page_size != plan->page_size)
		report_add(report, REPORT_WARNING, "kernel",
			"the kernel was built for pages of %" PRIu64
			" KiB, the running one uses %" PRIu64
			" KiB: on a CPU without that size it stops before its first message",
			image->page_size >> 10, plan->page_size >> 10);
	return status;
}

/* Where the kernel would put one of the others, high or low. It bounds only the initrd, by the
 * window in which the new kernel looks for it. */
static int foretell_companion(struct plan *plan, enum segment_purpose purpose, struct span data,
	uint64_t size, uint64_t align, struct err *err)
{
	struct place_want want = {
		.purpose = purpose,
		.size = size,
		.align = align,
		.window = companion_window(plan),
		.end = purpose == SEGMENT_INITRD ? PLACE_LOW : PLACE_HIGH,
	};

	if (purpose != SEGMENT_INITRD)
		want.window.end = UINT64_MAX;
	return place_segment(plan, &want, data, err);
}

/* Not to be had where the kernel's own tree is not known: then as large as any may be. */
static int foretell_dtb(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	uint64_t size = ARM64_DTB_SIZE_MAX;
	int status = ST_OK;

	if (plan_source_tree(inputs, plan).size) {
		status = make_dtb(inputs, plan, report, err);
		size = plan->dtb.size;
	}
	return status ? status
		      : foretell_companion(plan, SEGMENT_DTB, blob_span(&plan->dtb), size,
				ARM64_DTB_ALIGN, err);
}

/* The order of arch/arm64/kernel/machine_kexec_file.c:load_other_segments(). */
static int foretell_around_kernel(const struct plan_inputs *inputs, struct plan *plan,
	struct range window, struct report *report, struct err *err)
{
	int status;

	plan->segment_count = 0;
	status = place_kernel(inputs->image, plan, window, err);
	if (!status)
		status = foretell_companion(plan, SEGMENT_ELFCOREHDR, (struct span){ .data = NULL },
			plan->core.memsz, ARM64_CORE_ALIGN, err);
	if (!status && inputs->has_initrd)
		status = foretell_companion(plan, SEGMENT_INITRD, inputs->initrd,
			inputs->initrd.size + inputs->initrd_unread, plan->page_size, err);
	return status ? status : foretell_dtb(inputs, plan, report, err);
}

/*
 * One region, and all lies above the kernel: another place for that, which the kernel tries too,
 * is of use only where the initrd's window ends within the region. What there is room for depends
 * on where in its GiB the place is, so that tries repeat themselves at some time.
 */
static int foretell_segments(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	struct range window = PLACE_ANYWHERE;
	int status = foretell_around_kernel(inputs, plan, window, report, err);
	struct err other = ERR_INIT;
	int again = status;

	for (uint64_t tries = 0; again == ST_NO_SPACE && plan->segment_count &&
				 range_size(plan->load_region) > ARM64_INITRD_WINDOW &&
				 tries < GIGABYTE / ARM64_IMAGE_ALIGN;
		tries++) {
		window.start = plan->segments[0].mem + plan->segments[0].memsz;
		again = foretell_around_kernel(inputs, plan, window, report, &other);
	}
	if (again)
		return status;
	if (status)
		err_clear(err);
	plan->entry = plan->handover.kernel_entry;
	return ST_OK;
}

static bool has_word(const char *text, const char *name)
{
	struct span rest = { (const uint8_t *)text, strlen(text) }, word;

	while (span_take_until(&rest, ' ', &word))
		if (span_equals(word, name))
			return true;
	return span_equals(rest, name);
}

/*
 * What the kernel uses it shows to programs: without SME in the CPU, with CONFIG_ARM64_SME=n or
 * with arm64.nosme there is no "sme". In place of all these words a process with the personality of
 * a 32-bit one gets others, without "asimd", and those do not tell.
 */
static uint32_t purgatory_flags(const struct machine *machine)
{
	const char *features = machine->cpu_features;

	if (!features || !has_word(features, "asimd"))
		return 0;
	return has_word(features, "sme") ? PURGATORY_SME_USED : PURGATORY_SME_UNUSED;
}

/* The control page and the safe copy of vmcoreinfo (kimage_alloc_crash_control_pages). */
static uint64_t own_pages(const struct machine *machine)
{
	(void)machine;
	return 2;
}

const struct arch_ops arm64_ops = {
	.name = "arm64",
	.machine = "aarch64",
	.methods_stop_cpus = true,
	.elf_machine = EM_AARCH64,
	.kexec_arch = KEXEC_ARCH_AARCH64,
	.hotplug_flag = KEXEC_CRASH_HOTPLUG_SUPPORT,
	.kernel_map = true,
	.handed = "device tree",
	.handed_key = "device_tree",
	.hotplug_needs_kexec_file = true,
	.purgatory = purgatory_arm64,
	.purgatory_size = &purgatory_arm64_size,
	.purgatory_params = PURGATORY_PARAMS_OFFSET,
	.purgatory_tables_size = ARM64_TABLES_ROOM,
	.purgatory_tables = arm64_purgatory_tables,
	.purgatory_flags = purgatory_flags,
	.kernel_layout = arm64_kernel_layout,
	.own_pages = own_pages,
	.check_image = check_image,
	.make_page_size_probe = arm64_image_make_probe,
	.complete_tree = arm64_complete_tree,
	.plan_cmdline = plan_cmdline,
	.plan_segments = plan_segments,
	.foretell_segments = foretell_segments,
};
