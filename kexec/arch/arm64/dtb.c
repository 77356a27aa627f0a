// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device tree of the new kernel: the running kernel's own, with /chosen edited as the
 * kernel does it for its own loads (drivers/of/kexec.c:of_kexec_alloc_and_setup_fdt).
 * Nothing but /chosen is touched: on an ACPI machine any other child of the root would turn
 * ACPI off (arch/arm64/kernel/acpi.c:dt_is_stub).
 */
#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "kexec/arch/arm64/arm64.h"
#include "kexec/system/boot_memory.h"
#include "kexec/system/devtree.h"
#include "kexec/system/purgatory_record.h"
#include "kexec/system/reserved_memory.h"
#include "purgatory/abi.h"

/* Room for the edits on top of the tree and the command line: the node, sixteen properties,
 * their names and the longest values, with a good margin. */
#define EDIT_ROOM 8192u

/* usable-memory-range takes two crash regions and four CMA ranges
 * (drivers/of/fdt.c:MAX_USABLE_RANGES). */
#define USABLE_RANGES_MAX 6

/* Properties of one name that are still deleted one by one, each by a search from the start. */
#define SAME_NAME_MAX 16

/* What is worked on: the tree, where its /chosen is, and where the edits are noted. */
struct editor {
	void *fdt;
	int chosen;
	struct devtree_cells cells;
	struct plan *plan;
	struct report *report;
	struct err *err;
};

static int fdt_failed(const struct editor *editor, const char *what, int code)
{
	return err_set(editor->err, ST_BAD_INPUT, "fdt-edit", "device tree: cannot %s: %s", what,
		fdt_strerror(code));
}

static int note_set(struct editor *editor, const char *name, const char *value)
{
	return plan_note_edit(editor->plan, "set", "/chosen", name, editor->err, "%s", value);
}

/* Set a property of /chosen; text says for people what it means. */
static int set_property(
	struct editor *editor, const char *name, const void *value, size_t size, const char *text)
{
	int code = fdt_setprop(editor->fdt, editor->chosen, name, value, (int)size);

	if (code)
		return fdt_failed(editor, name, code);
	return note_set(editor, name, text);
}

/* Each one of that name: a second one would come into force with the first one gone. None should
 * have a second one at all. */
static int delete_property(struct editor *editor, const char *name)
{
	int code, deleted = 0;

	while ((code = fdt_delprop(editor->fdt, editor->chosen, name)) == 0)
		if (++deleted == SAME_NAME_MAX)
			return err_set(editor->err, ST_BAD_INPUT, "fdt-limit",
				"the device tree has \"%s\" in /chosen %d times, wanted one", name,
				deleted);
	if (code != -FDT_ERR_NOTFOUND)
		return fdt_failed(editor, name, code);
	if (deleted == 0)
		return ST_OK;
	return plan_note_edit(editor->plan, "delete", "/chosen", name, editor->err, NULL);
}

/* No ranges, no property. */
static int set_ranges(
	struct editor *editor, const char *name, const struct range *ranges, size_t count)
{
	uint8_t value[DEVTREE_TUPLE_MAX * USABLE_RANGES_MAX];
	char text[48 * USABLE_RANGES_MAX] = "";
	uint8_t *at = value;
	size_t used = 0;

	if (count == 0)
		return delete_property(editor, name);
	if (count > USABLE_RANGES_MAX)
		return err_set(editor->err, ST_UNSUPPORTED, "usable-ranges",
			"the crash kernel has %zu regions of memory, and its kernel takes at most "
			"%d",
			count, USABLE_RANGES_MAX);
	for (size_t i = 0; i < count; i++) {
		int status = devtree_put_range(editor->cells, name, ranges[i], &at, editor->err);

		if (status)
			return status;
		used += (size_t)snprintf(text + used, sizeof(text) - used,
			"%s[0x%" PRIx64 ", 0x%" PRIx64 ")", i ? " " : "", ranges[i].start,
			ranges[i].end);
	}
	return set_property(editor, name, value, (size_t)(at - value), text);
}

static int set_address(struct editor *editor, const char *name, uint64_t address)
{
	uint8_t value[8];
	char text[24];

	fdt64_st(value, address);
	snprintf(text, sizeof(text), "0x%" PRIx64, address);
	return set_property(editor, name, value, sizeof(value), text);
}

/* What is only reserved for the kernel that was started with the tree is free again. */
static int drop_reservations(struct editor *editor)
{
	struct stale_memory stale = stale_memory_of(editor->fdt);

	for (int i = fdt_num_mem_rsv(editor->fdt); i-- > 0;) {
		struct range entry;
		int code;

		if (!reserved_memory_entry(editor->fdt, i, &entry) ||
			!stale_memory_has(&stale, entry, editor->plan->page_size))
			continue;
		code = fdt_del_mem_rsv(editor->fdt, i);
		if (code)
			return fdt_failed(editor, "delete a memory reservation", code);
	}
	return ST_OK;
}

static int reserve(struct editor *editor, struct range range)
{
	int code = 0;

	if (range_size(range))
		code = fdt_add_mem_rsv(editor->fdt, range.start, range_size(range));
	return code ? fdt_failed(editor, "add a memory reservation", code) : ST_OK;
}

static int edit_initrd(struct editor *editor, struct range initrd)
{
	int status;

	if (range_size(initrd) == 0) {
		status = delete_property(editor, "linux,initrd-start");
		return status ? status : delete_property(editor, "linux,initrd-end");
	}
	status = set_address(editor, "linux,initrd-start", initrd.start);
	return status ? status : set_address(editor, "linux,initrd-end", initrd.end);
}

static int edit_seeds(struct editor *editor, const struct arm64_chosen *chosen)
{
	int status;

	if (!chosen->kaslr_seed) {
		status = delete_property(editor, "kaslr-seed");
		return status ? status : delete_property(editor, "rng-seed");
	}
	status = set_property(editor, "kaslr-seed", chosen->kaslr_seed, KASLR_SEED_SIZE, "new");
	return status ? status
		      : set_property(editor, "rng-seed", chosen->rng_seed, RNG_SEED_SIZE, "new");
}

static int edit_bootargs(struct editor *editor, const char *cmdline)
{
	if (!cmdline)
		return delete_property(editor, "bootargs");
	return set_property(editor, "bootargs", cmdline, strlen(cmdline) + 1, cmdline);
}

/* Room for purgatory, which will say there what it did. The last of the edits, since its mark is
 * of all the others. */
static int reserve_record(struct editor *editor)
{
	const size_t size = sizeof(struct purgatory_record_cells);
	uint8_t value[sizeof(struct purgatory_record_cells) + PURGATORY_RECORD_MARK_SIZE] = { 0 };

	fdt64_st(value + offsetof(struct purgatory_record_cells, magic), PURGATORY_RECORD_MAGIC);
	fdt32_st(
		value + offsetof(struct purgatory_record_cells, version), PURGATORY_RECORD_VERSION);
	fdt32_st(value + offsetof(struct purgatory_record_cells, size), (uint32_t)size);
	fdt32_st(value + size, purgatory_record_mark(editor->fdt, editor->chosen));
	return set_property(editor, PURGATORY_RECORD_PROPERTY, value, sizeof(value), "reserved");
}

/* What another handover left behind is not true for the new kernel. */
static int delete_leftovers(struct editor *editor)
{
	static const char *const names[] = { "linux,kho-fdt", "linux,kho-scratch",
		"linux,ima-kexec-buffer", "linux,dmcryptkeys" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int status = delete_property(editor, names[i]);

		if (status)
			return status;
	}
	return ST_OK;
}

static int keep_property(struct editor *editor, const char *name)
{
	if (plan_has_edit(editor->plan, name) ||
		!fdt_getprop(editor->fdt, editor->chosen, name, NULL))
		return ST_OK;
	return plan_note_edit(editor->plan, "keep", "/chosen", name, editor->err, NULL);
}

/* The EFI stub's properties carry the memory map and the way to ACPI. They stay as they are. Some
 * distributions' kernels insist on one more, which others' stubs do not write: 0 is what a stub
 * writes that could not find out. */
static int keep_uefi(struct editor *editor)
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
		status = keep_property(editor, boot_memory_efi_names[i]);
	if (status)
		return status;
	if (efi == BOOT_EFI_CUT ||
		fdt_getprop(editor->fdt, editor->chosen, BOOT_MEMORY_EFI_SECURE_BOOT, NULL))
		return keep_property(editor, BOOT_MEMORY_EFI_SECURE_BOOT);
	status = set_property(editor, BOOT_MEMORY_EFI_SECURE_BOOT, unset, sizeof(unset), "0x0");
	return plan_edit_because(editor->plan, status,
		"unset; some kernels do without EFI, and so without memory, where it is missing");
}

static int edit_chosen(struct editor *editor, const struct arm64_chosen *chosen)
{
	int status = drop_reservations(editor);

	if (!status)
		status = delete_leftovers(editor);
	if (!status)
		status = set_ranges(editor, "linux,elfcorehdr", &chosen->elfcorehdr,
			range_size(chosen->elfcorehdr) ? 1 : 0);
	if (!status)
		status = set_ranges(
			editor, "linux,usable-memory-range", chosen->usable, chosen->usable_count);
	if (!status)
		status = edit_initrd(editor, chosen->initrd);
	if (!status)
		status = edit_bootargs(editor, chosen->cmdline);
	if (!status)
		status = edit_seeds(editor, chosen);
	if (!status)
		status = set_property(editor, "linux,booted-from-kexec", "", 0, "");
	if (!status && !chosen->by_kernel)
		status = reserve_record(editor);
	if (!status && chosen->by_kernel)
		status = reserve(editor, chosen->elfcorehdr);
	if (!status && chosen->by_kernel)
		status = reserve(editor, chosen->initrd);
	return status ? status : keep_uefi(editor);
}

static int open_editor(struct span tree, size_t room, struct editor *editor)
{
	int code = fdt_open_into(tree.data, editor->fdt, (int)(tree.size + room));
	int status;

	if (code)
		return fdt_failed(editor, "open it", code);
	status = devtree_root_cells(editor->fdt, &editor->cells, editor->err);
	if (status)
		return status;
	editor->chosen = fdt_path_offset(editor->fdt, "/chosen");
	if (editor->chosen == -FDT_ERR_NOTFOUND)
		editor->chosen = fdt_add_subnode(editor->fdt, 0, "chosen");
	if (editor->chosen < 0)
		return fdt_failed(editor, "find or make /chosen", editor->chosen);
	return ST_OK;
}

/* Pack the tree, and look at it once more as at one from outside: a tree whose parts overlap can
 * be sound before an edit and broken by it. */
static int finish(struct editor *editor, struct blob *dtb)
{
	int code = fdt_pack(editor->fdt);

	if (code)
		return fdt_failed(editor, "pack it", code);
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
	size_t room = EDIT_ROOM + (chosen->cmdline ? strlen(chosen->cmdline) : 0);
	struct blob dtb = BLOB_INIT;
	struct editor editor = { .plan = plan, .report = report, .err = err };
	int status;

	/* Trees are checked against the same limit when they are read. */
	if (tree.size > ARM64_DTB_SIZE_MAX)
		return err_set(err, ST_NO_SPACE, "fdt-too-big",
			"the device tree has %zu bytes, and arm64 takes at most %u", tree.size,
			ARM64_DTB_SIZE_MAX);
	if (blob_zeroed(&dtb, tree.size + room))
		return err_no_memory(err);
	editor.fdt = dtb.data;
	status = open_editor(tree, room, &editor);
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
