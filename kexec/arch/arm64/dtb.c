// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device tree of the new kernel: the running kernel's own, with /chosen edited.
 * Nothing but /chosen is touched: on an ACPI machine any other child of the root would turn
 * ACPI off (arch/arm64/kernel/acpi.c:dt_is_stub).
 */
#include <libfdt.h>
#include <string.h>

#include "kexec/arch/arm64/arm64.h"
#include "kexec/plan/chosen.h"
#include "kexec/system/boot_memory.h"
#include "kexec/system/devtree.h"

/* The EFI stub's properties carry the memory map and the way to ACPI. They stay as they are. Some
 * distributions' kernels insist on one more, which others' stubs do not write: 0 is what a stub
 * writes that could not find out. */
static int keep_uefi(struct chosen *editor)
{
	static const uint8_t unset[4];
	const char *missing;
	enum boot_efi efi = boot_memory_efi(editor->fdt, &missing);
	int status = ST_OK;

	if (efi == BOOT_EFI_NONE)
		return ST_OK;
	if (efi == BOOT_EFI_CUT)
		report_add(editor->report, REPORT_WARNING, "dtb",
			"/chosen has linux,uefi-system-table but no good %s: the new kernel will "
			"find no memory map",
			missing);
	for (size_t i = 0; i < BOOT_MEMORY_EFI_NAMES && !status; i++)
		status = chosen_keep(editor, boot_memory_efi_names[i]);
	if (status)
		return status;
	if (efi == BOOT_EFI_CUT ||
		fdt_getprop(editor->fdt, editor->chosen, BOOT_MEMORY_EFI_SECURE_BOOT, NULL))
		return chosen_keep(editor, BOOT_MEMORY_EFI_SECURE_BOOT);
	status = chosen_set(editor, BOOT_MEMORY_EFI_SECURE_BOOT, unset, sizeof(unset), "0x0");
	return plan_edit_because(editor->plan, status,
		"unset; some kernels do without EFI, and so without memory, where it is missing");
}

static int edit_chosen(struct chosen *editor, const struct arm64_chosen *chosen)
{
	int status = chosen_drop_stale(editor);

	if (!status)
		status = chosen_delete_leftovers(editor);
	if (!status)
		status = chosen_set_ranges(editor, "linux,elfcorehdr", &chosen->elfcorehdr,
			range_size(chosen->elfcorehdr) ? 1 : 0);
	if (!status)
		status = chosen_set_ranges(
			editor, "linux,usable-memory-range", chosen->usable, chosen->usable_count);
	if (!status)
		status = chosen_set_initrd(editor, chosen->initrd);
	if (!status)
		status = chosen_set_bootargs(editor, chosen->cmdline);
	if (!status)
		status = chosen_set_seeds(editor, chosen->kaslr_seed, chosen->rng_seed);
	if (!status)
		status = chosen_set(editor, "linux,booted-from-kexec", "", 0, "");
	if (!status && !chosen->by_kernel)
		status = chosen_reserve_record(editor);
	if (!status && chosen->by_kernel)
		status = chosen_reserve(editor, chosen->elfcorehdr);
	if (!status && chosen->by_kernel)
		status = chosen_reserve(editor, chosen->initrd);
	return status ? status : keep_uefi(editor);
}

/* Pack the tree, and look at it once more as at one from outside: a tree whose parts overlap can
 * be sound before an edit and broken by it. */
static int finish(struct chosen *editor, struct blob *dtb)
{
	int code = fdt_pack(editor->fdt);

	if (code)
		return chosen_failed(editor, "pack it", code);
	dtb->size = fdt_totalsize(editor->fdt);
	if (dtb->size > ARM64_DTB_SIZE_MAX)
		return err_set(editor->err, ST_NO_SPACE, "fdt-too-big",
			"the device tree with the edits for the new kernel has %zu bytes, and "
			"arm64 takes at most %u",
			dtb->size, ARM64_DTB_SIZE_MAX);
	return devtree_check(blob_span(dtb), "the edited tree", editor->err);
}

int arm64_build_dtb(struct span tree, const struct arm64_chosen *chosen, struct plan *plan,
	struct report *report, struct err *err)
{
	size_t room =
		tree.size + CHOSEN_EDIT_ROOM + (chosen->cmdline ? strlen(chosen->cmdline) : 0);
	struct blob dtb = BLOB_INIT;
	struct chosen editor = { .plan = plan, .report = report, .err = err };
	int status;

	/* Trees are checked against the same limit when they are read. */
	if (tree.size > ARM64_DTB_SIZE_MAX)
		return err_set(err, ST_NO_SPACE, "fdt-too-big",
			"the device tree has %zu bytes, and arm64 takes at most %u", tree.size,
			ARM64_DTB_SIZE_MAX);
	if (blob_zeroed(&dtb, room))
		return err_no_memory(err);
	editor.fdt = dtb.data;
	status = chosen_open(tree, room, &editor);
	if (!status)
		status = edit_chosen(&editor, chosen);
	if (!status)
		status = finish(&editor, &dtb);
	if (status) {
		blob_done(&dtb);
		return status;
	}
	plan->dtb = blob_take(&dtb);
	return ST_OK;
}
