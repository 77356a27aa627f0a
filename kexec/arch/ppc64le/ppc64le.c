// SPDX-License-Identifier: GPL-2.0-only
/* ppc64le: what its kernel wants where, and the table. */
#include "kexec/arch/ppc64le/ppc64le.h"

#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "kexec/plan/chosen.h"
#include "kexec/plan/edited_tree.h"
#include "kexec/plan/place.h"
#include "kexec/plan/purgatory.h"
#include "kexec/plan/tree.h"
#include "kexec/plan/words.h"
#include "lib/checked.h"
#include "purgatory/abi.h"
#include "purgatory/arch/ppc64le/abi.h"
#include "purgatory/blob.h"

#define EM_PPC64 21

/* Where kernels with 64-bit hash or radix tables have all memory (asm/page_64.h: PAGE_OFFSET). */
#define PAGE_OFFSET UINT64_C(0xc000000000000000)

/* With hashed page tables CPUs before POWER9 reach no more before they have any
 * (arch/powerpc/mm/book3s64/hash_utils.c:hash__setup_initial_memory_limit). */
#define HASH_REACH (UINT64_C(1) << 30)

#define FDT_MAGIC_BYTES "\xd0\x0d\xfe\xed"

static int kernel_layout(const struct machine *machine, struct kernel_layout *ret,
	struct report *report, struct err *err)
{
	(void)machine;
	(void)report;
	(void)err;
	*ret = (struct kernel_layout){ .linear_known = true, .linear_offset = PAGE_OFFSET };
	return ST_OK;
}

static int check_image(const struct machine *machine, const struct image *image, struct err *err)
{
	(void)machine;
	if (image->kind != IMAGE_PPC64)
		return err_set(err, ST_UNSUPPORTED, "image-foreign",
			"the kernel is for another CPU (%s), and this machine is ppc64le",
			image->kind_name);
	return ST_OK;
}

/* The parts of the crash region that are firmware's. */
static int held_in_region(const struct machine *machine, const struct rangeset *held,
	struct rangeset *ret, struct err *err)
{
	const struct rangeset *crash = &machine->iomem.crash;

	for (size_t i = 0; i < held->count; i++)
		for (size_t j = 0; j < crash->count; j++) {
			struct range part = range_clip(held->ranges[i], crash->ranges[j]);

			if (rangeset_add(ret, part.start, part.end))
				return err_no_memory(err);
		}
	rangeset_normalize(ret);
	return ST_OK;
}

/* RTAS and OPAL, which a dump needs as any memory; what else is held nobody looks at. */
static int dumped_firmware(const struct machine *machine, struct rangeset *ret, struct err *err)
{
	struct ppc64le_firmware firmware = { .rtas = { 0, 0 } };
	struct rangeset known = RANGESET_INIT;
	int status;

	if (machine->fdt.size == 0)
		return ST_OK;
	status = ppc64le_firmware_of(machine->fdt.data, &firmware, err);
	if (!status && (rangeset_add(&known, firmware.rtas.start, firmware.rtas.end) ||
			       rangeset_add(&known, firmware.opal.start, firmware.opal.end)))
		status = err_no_memory(err);
	rangeset_normalize(&known);
	if (!status)
		status = held_in_region(machine, &known, ret, err);
	rangeset_done(&known);
	ppc64le_firmware_done(&firmware);
	return status;
}

/* In whole pages, outward. ret must be empty. */
static int holes_of(const struct ppc64le_firmware *firmware, uint64_t page_size,
	struct rangeset *ret, struct err *err)
{
	for (size_t i = 0; i < firmware->held.count; i++) {
		struct range range = firmware->held.ranges[i];

		if (!align_up(range.end, page_size, &range.end))
			range.end = UINT64_MAX;
		if (rangeset_add(ret, align_down(range.start, page_size), range.end))
			return err_no_memory(err);
	}
	rangeset_normalize(ret);
	return ST_OK;
}

/* A control page and the safe copy of vmcoreinfo. And firmware's pages, which no segment takes,
 * neither can the kernel. */
static uint64_t own_pages(const struct machine *machine)
{
	struct ppc64le_firmware firmware = { .rtas = { 0, 0 } };
	struct rangeset holes = RANGESET_INIT, held = RANGESET_INIT;
	uint64_t pages = 2;

	if (machine->fdt.size == 0 ||
		ppc64le_firmware_of(machine->fdt.data, &firmware, NULL) != ST_OK)
		return pages;
	if (holes_of(&firmware, machine->page_size, &holes, NULL) == ST_OK &&
		held_in_region(machine, &holes, &held, NULL) == ST_OK)
		pages += rangeset_bytes(&held) / machine->page_size;
	rangeset_done(&holes);
	rangeset_done(&held);
	ppc64le_firmware_done(&firmware);
	return pages;
}

static int plan_cmdline(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	bool crash = plan_is_crash(plan);
	int status = ST_OK;

	if (words_chosen(inputs->request))
		status = words_join(inputs, crash, &plan->cmdline, err);
	else
		report_add(report, REPORT_CHOICE, "cmdline",
			"no --append, --command-line or --reuse-cmdline: the new kernel gets no "
			"words of the user's");
	if (status)
		return status;
	words_doubt(plan->cmdline, crash, report);
	if (!inputs->by_file)
		status = words_add_old_root(inputs, &plan->cmdline, report, err);
	if (status || !plan->cmdline)
		return status;
	return words_check_length(plan->cmdline,
		PPC64LE_CMDLINE_SIZE - 1 - (crash ? WORDS_ELFCOREHDR_MAX : 0), "ppc64le", err);
}

/* --- places ------------------------------------------------------------------------------ */

/* For a restart also off what the kernel refuses, which is on itself, and off what the new one
 * writes over when it moves itself to 0. */
static int keep_off_running(const struct image *image, const struct ppc64le_firmware *firmware,
	struct plan *plan, struct rangeset *holes, struct err *err)
{
	struct range table = firmware->hash_table;
	struct range window = { firmware->kernel_end, UINT64_MAX };

	if (image->mem_size > window.start)
		window.start = image->mem_size;
	rangeset_clip(&plan->room, window);
	if (range_size(table) && rangeset_add(holes, table.start, table.end))
		return err_no_memory(err);
	rangeset_normalize(holes);
	return ST_OK;
}

static int keep_off_firmware(const struct plan_inputs *inputs,
	const struct ppc64le_firmware *firmware, struct plan *plan, struct err *err)
{
	struct rangeset holes = RANGESET_INIT, room = RANGESET_INIT;
	int status = holes_of(firmware, plan->page_size, &holes, err);

	if (!status && !plan_is_crash(plan))
		status = keep_off_running(inputs->image, firmware, plan, &holes, err);
	if (!status && rangeset_subtract(&plan->room, &holes, &room))
		status = err_no_memory(err);
	rangeset_done(&holes);
	if (status)
		return status;
	rangeset_done(&plan->room);
	plan->room = room;
	rangeset_align_inward(&plan->room, plan->page_size);
	return ST_OK;
}

/* What the new kernel reaches as soon as it starts; where that is not known, as if its page tables
 * were hashed. */
static uint64_t reach_of(const struct machine *machine, const struct ppc64le_firmware *firmware)
{
	uint64_t reach = firmware->first_node.end;

	if (machine->cpu_mmu && strcmp(machine->cpu_mmu, "Radix") == 0)
		return UINT64_MAX;
	return reach == 0 || reach > HASH_REACH ? HASH_REACH : reach;
}

/* Has a hypervisor its page tables, in a hash table? Without one that is memory, and stays. */
static bool is_hashed_guest(const struct machine *machine)
{
	return machine->cpu_mmu && strcmp(machine->cpu_mmu, "Hash") == 0 &&
	       (!machine->platform || strcmp(machine->platform, "pSeries") == 0);
}

static uint32_t purgatory_flags(const struct machine *machine)
{
	return is_hashed_guest(machine) ? PURGATORY_HASHED : 0;
}

/* See purgatory/arch/ppc64le/tree.h; the kernel's own purgatory changes nothing there (7.3). */
static bool doubt_file_load(const struct machine *machine, bool crash, char *ret)
{
	(void)crash;
	snprintf(ret, ARCH_DOUBT_SIZE,
		"once memory has come or gone its device tree has an old size of the hash table");
	return is_hashed_guest(machine);
}

/* Is there such a piece in this load? */
static bool has_piece(
	const struct plan_inputs *inputs, const struct plan *plan, enum segment_purpose purpose)
{
	switch (purpose) {
	case SEGMENT_INITRD:
		return inputs->has_initrd;
	case SEGMENT_BACKUP:
	case SEGMENT_ELFCOREHDR:
		return plan_is_crash(plan);
	default:
		return true;
	}
}

/* Kernel and initrd at the low end, for a dump the rest at the high one, so that what is left is in
 * one piece; purgatory calls RTAS, which has 32 bits. */
static int place_all(
	const struct plan_inputs *inputs, struct plan *plan, uint64_t reach, struct err *err)
{
	enum place_end high = plan_is_crash(plan) ? PLACE_HIGH : PLACE_LOW;
	const struct span none = { .data = NULL };
	uint64_t below = reach < UINT32_MAX ? reach : UINT32_MAX;
	const struct {
		enum segment_purpose purpose;
		uint64_t size;
		struct span data;
		enum place_end end;
		uint64_t limit;
	} pieces[] = {
		{ SEGMENT_KERNEL, inputs->image->mem_size, image_segment(inputs->image), PLACE_LOW,
			reach },
		{ SEGMENT_INITRD, inputs->initrd.size, inputs->initrd, PLACE_LOW, reach },
		{ SEGMENT_PURGATORY, plan->purgatory.size, blob_span(&plan->purgatory), high,
			plan->handover.reset ? below : reach },
		{ SEGMENT_BACKUP, PPC64LE_BACKUP_SIZE, none, high, reach },
		{ SEGMENT_ELFCOREHDR, plan->core.memsz, blob_span(&plan->core.bytes), high, reach },
	};
	int status = ST_OK;

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]) && !status; i++)
		if (has_piece(inputs, plan, pieces[i].purpose))
			status = place_segment(plan,
				&(struct place_want){ pieces[i].purpose, pieces[i].size,
					PPC64LE_ALIGN, { 0, pieces[i].limit }, pieces[i].end },
				pieces[i].data, err);
	return status;
}

static struct range range_of(const struct segment *segment, uint64_t size)
{
	return segment ? (struct range){ segment->mem, segment->mem + size }
		       : (struct range){ 0, 0 };
}

/* The last segment, since it names the places of the others. */
static int place_dtb(const struct plan_inputs *inputs, struct plan *plan,
	const struct ppc64le_firmware *firmware, uint64_t reach, struct report *report,
	struct err *err)
{
	const struct segment *backup = plan_segment(plan, SEGMENT_BACKUP);
	struct span tree = plan_source_tree(inputs, plan);
	struct ppc64le_tree wanted = {
		.crash = plan_is_crash(plan),
		.region = plan->load_region,
		.elfcorehdr = range_of(plan_segment(plan, SEGMENT_ELFCOREHDR), plan->core.memsz),
		.backup = range_of(backup, PPC64LE_BACKUP_SIZE),
		.initrd = range_of(plan_segment(plan, SEGMENT_INITRD), inputs->initrd.size),
		.cmdline = plan->cmdline,
		.kaslr_seed = inputs->has_seeds ? inputs->kaslr_seed : NULL,
		.rng_seed = inputs->rng_seed,
		.crash_cma = &inputs->machine->crash_cma,
		.firmware = firmware,
	};
	uint64_t mem;
	int status;

	if (plan->hotplug) {
		wanted.edited = true;
		wanted.room = ppc64le_cpu_room(tree.data, inputs->machine->cpus.possible.count);
		report_add(report, REPORT_CHOICE, "hotplug",
			"the device tree gets 0x%" PRIx64 " bytes for the nodes of all CPUs",
			wanted.room);
	}
	status = ppc64le_build_dtb(tree, &wanted, plan, report, err);
	if (!status)
		status = place_segment(plan,
			&(struct place_want){ SEGMENT_DTB, plan->dtb.size, PPC64LE_ALIGN,
				{ 0, reach }, plan_is_crash(plan) ? PLACE_HIGH : PLACE_LOW },
			blob_span(&plan->dtb), err);
	if (status)
		return status;
	mem = plan_segment(plan, SEGMENT_DTB)->mem;
	plan->handover.handed = (struct range){ mem, mem + plan->dtb.size };
	plan->handover.record = mem + chosen_record_offset(plan->dtb.data);
	if (plan->hotplug)
		edited_tree_digest(plan->dtb.data, &plan->handover.edited);
	return ST_OK;
}

/* --- all of it --------------------------------------------------------------------------- */

/* What this version cannot do, by name. */
static int check_request(const struct plan_inputs *inputs, const struct plan *plan,
	const struct ppc64le_firmware *firmware, struct err *err)
{
	if (range_size(firmware->opal)) {
		err_set(err, ST_UNSUPPORTED, "machine-unsupported",
			"this version loads kernels below a hypervisor only (pSeries), and this "
			"machine runs on OPAL (PowerNV)");
		return err_hint(err, "kexec-tools loads one here");
	}
	if (plan_is_crash(plan) && !inputs->image->stays_where_loaded) {
		err_set(err, ST_UNSUPPORTED, "image-not-relocatable",
			"the kernel runs at address 0 only, where the crashed one is");
		return err_hint(err, "it needs CONFIG_RELOCATABLE");
	}
	/* At a hotplug event the kernel takes the first segment of that magic for the tree. */
	if (plan->hotplug &&
		span_starts_with(inputs->initrd, FDT_MAGIC_BYTES, sizeof(FDT_MAGIC_BYTES) - 1)) {
		err_set(err, ST_UNSUPPORTED, "segment-fdt-magic",
			"the initrd begins with the magic of a device tree (d0 0d fe ed): the "
			"kernel would take it for that and write over it");
		return err_hint(err, "an initrd is a cpio archive, as it is or compressed");
	}
	return ST_OK;
}

static int choose_reset(const struct plan_inputs *inputs, const struct ppc64le_firmware *firmware,
	struct plan *plan, struct err *err)
{
	if (firmware->rtas_entry) {
		plan->handover.reset = PURGATORY_RESET_RTAS;
		return ST_OK;
	}
	if (inputs->request->on_corruption != CORRUPTION_RESET)
		return ST_OK;
	err_set(err, ST_UNSUPPORTED, "no-rtas-reset",
		"--on-corruption=reset needs RTAS, and the device tree names no way to call its "
		"system-reboot");
	return err_hint(err, "use --on-corruption=halt or --on-corruption=boot");
}

/* What purgatory is told, and the beginning of the kernel in it, where the other CPUs will wait. */
static void hand_over(const struct plan_inputs *inputs, const struct ppc64le_firmware *firmware,
	struct plan *plan)
{
	uint64_t *own = plan->handover.own;

	plan->entry = plan_segment(plan, SEGMENT_PURGATORY)->mem;
	plan->handover.kernel_entry = plan_segment(plan, SEGMENT_KERNEL)->mem;
	own[PPC64LE_OWN_BACKUP] = plan_is_crash(plan) ? plan_segment(plan, SEGMENT_BACKUP)->mem : 0;
	own[PPC64LE_OWN_RTAS] = firmware->rtas.start << 32 | firmware->rtas_entry;
	own[PPC64LE_OWN_RTAS_RESET] = firmware->rtas_reboot;
	own[PPC64LE_OWN_TICK_RATE] = firmware->tick_rate;
	/* But for the first instruction, which is ours. */
	memcpy(plan->purgatory.data + 4, image_segment(inputs->image).data + 4,
		PPC64LE_BLOCK_SIZE - 4);
}

static int plan_below(const struct plan_inputs *inputs, struct plan *plan,
	const struct ppc64le_firmware *firmware, struct report *report, struct err *err)
{
	uint64_t reach = reach_of(inputs->machine, firmware);
	int status = check_request(inputs, plan, firmware, err);

	if (!status)
		status = plan_cmdline(inputs, plan, report, err);
	if (!status)
		status = choose_reset(inputs, firmware, plan, err);
	if (!status)
		status = keep_off_firmware(inputs, firmware, plan, err);
	if (!status)
		status = purgatory_prepare(inputs, plan, err);
	if (!status)
		status = place_all(inputs, plan, reach, err);
	if (!status && plan_is_crash(plan))
		status = words_add_elfcorehdr(plan, err);
	if (status)
		return status;
	if (plan_is_crash(plan))
		elfcorehdr_set_saved(&plan->core, plan_segment(plan, SEGMENT_BACKUP)->mem);
	status = place_dtb(inputs, plan, firmware, reach, report, err);
	if (!status)
		hand_over(inputs, firmware, plan);
	return status;
}

static int plan_segments(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	struct ppc64le_firmware firmware = { .rtas = { 0, 0 } };
	int status;

	if (inputs->machine->fdt.size == 0)
		return err_set(err, ST_NOT_FOUND, "fdt-missing", "No device tree available");
	status = ppc64le_firmware_of(inputs->machine->fdt.data, &firmware, err);
	if (!status)
		status = plan_below(inputs, plan, &firmware, report, err);
	ppc64le_firmware_done(&firmware);
	return status;
}

/* Its own purgatory verifies nothing, and neither calls RTAS nor prints. */
static int foretell_segments(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	struct ppc64le_firmware firmware = { .rtas = { 0, 0 } };
	int status;

	(void)report;
	if (inputs->machine->fdt.size == 0)
		return err_set(err, ST_NOT_FOUND, "fdt-missing", "No device tree available");
	status = ppc64le_firmware_of(inputs->machine->fdt.data, &firmware, err);
	if (!status)
		status = keep_off_firmware(inputs, &firmware, plan, err);
	if (!status)
		status = ppc64le_foretell(
			inputs, plan, &firmware, reach_of(inputs->machine, &firmware), err);
	ppc64le_firmware_done(&firmware);
	return status;
}

const struct arch_ops ppc64le_ops = {
	.name = "ppc64le",
	.machine = "ppc64le",
	.elf_machine = EM_PPC64,
	.kexec_arch = KEXEC_ARCH_PPC64,
	.hotplug_flag = KEXEC_CRASH_HOTPLUG_SUPPORT,
	.terminals = true,
	.saved = PPC64LE_BACKUP_SIZE,
	.handed = "device tree",
	.handed_key = "device_tree",
	.hotplug_edits_tree = true,
	.foretells_by_tree = true,
	.purgatory = purgatory_ppc64le,
	.purgatory_size = &purgatory_ppc64le_size,
	.purgatory_flags = purgatory_flags,
	.purgatory_params = PPC64LE_PARAMS_OFFSET,
	.kernel_layout = kernel_layout,
	.dumped_firmware = dumped_firmware,
	.own_pages = own_pages,
	.check_image = check_image,
	.doubt_file_load = doubt_file_load,
	.complete_tree = ppc64le_complete_tree,
	.tree_memory = ppc64le_tree_memory,
	.plan_cmdline = plan_cmdline,
	.plan_segments = plan_segments,
	.foretell_segments = foretell_segments,
};
