// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/plan/chosen.h"

#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "kexec/system/purgatory_record.h"
#include "kexec/system/reserved_memory.h"
#include "purgatory/abi.h"

/* Properties of one name that are still deleted one by one, each by a search from the start. */
#define SAME_NAME_MAX 16

int chosen_failed(const struct chosen *editor, const char *what, int code)
{
	return err_set(editor->err, ST_BAD_INPUT, "fdt-edit", "device tree: cannot %s: %s", what,
		fdt_strerror(code));
}

static int note_set(struct chosen *editor, const char *name, const char *value)
{
	return plan_note_edit(editor->plan, "set", "/chosen", name, editor->err, "%s", value);
}

/* Set a property of /chosen; text says for people what it means. */
int chosen_set(
	struct chosen *editor, const char *name, const void *value, size_t size, const char *text)
{
	int code = fdt_setprop(editor->fdt, editor->chosen, name, value, (int)size);

	if (code)
		return chosen_failed(editor, name, code);
	return note_set(editor, name, text);
}

/* Each one of that name: a second one would come into force with the first one gone. None should
 * have a second one at all. */
int chosen_delete(struct chosen *editor, const char *name)
{
	int code, deleted = 0;

	while ((code = fdt_delprop(editor->fdt, editor->chosen, name)) == 0)
		if (++deleted == SAME_NAME_MAX)
			return err_set(editor->err, ST_BAD_INPUT, "fdt-limit",
				"the device tree has \"%s\" in /chosen %d times, wanted one", name,
				deleted);
	if (code != -FDT_ERR_NOTFOUND)
		return chosen_failed(editor, name, code);
	if (deleted == 0)
		return ST_OK;
	return plan_note_edit(editor->plan, "delete", "/chosen", name, editor->err, NULL);
}

/* No ranges, no property. */
int chosen_set_ranges(
	struct chosen *editor, const char *name, const struct range *ranges, size_t count)
{
	uint8_t value[DEVTREE_TUPLE_MAX * CHOSEN_RANGES_MAX];
	char text[48 * CHOSEN_RANGES_MAX] = "";
	uint8_t *at = value;
	size_t used = 0;

	if (count == 0)
		return chosen_delete(editor, name);
	if (count > CHOSEN_RANGES_MAX)
		return err_set(editor->err, ST_UNSUPPORTED, "usable-ranges",
			"the crash kernel has %zu regions of memory, and its kernel takes at most "
			"%d",
			count, CHOSEN_RANGES_MAX);
	for (size_t i = 0; i < count; i++) {
		int status = devtree_put_range(editor->cells, name, ranges[i], &at, editor->err);

		if (status)
			return status;
		used += (size_t)snprintf(text + used, sizeof(text) - used,
			"%s[0x%" PRIx64 ", 0x%" PRIx64 ")", i ? " " : "", ranges[i].start,
			ranges[i].end);
	}
	return chosen_set(editor, name, value, (size_t)(at - value), text);
}

static int set_address(struct chosen *editor, const char *name, uint64_t address)
{
	uint8_t value[8];
	char text[24];

	fdt64_st(value, address);
	snprintf(text, sizeof(text), "0x%" PRIx64, address);
	return chosen_set(editor, name, value, sizeof(value), text);
}

/* What is only reserved for the kernel that was started with the tree is free again. */
int chosen_drop_stale(struct chosen *editor)
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
			return chosen_failed(editor, "delete a memory reservation", code);
	}
	return ST_OK;
}

int chosen_reserve(struct chosen *editor, struct range range)
{
	int code = 0;

	if (range_size(range))
		code = fdt_add_mem_rsv(editor->fdt, range.start, range_size(range));
	return code ? chosen_failed(editor, "add a memory reservation", code) : ST_OK;
}

int chosen_set_initrd(struct chosen *editor, struct range initrd)
{
	int status;

	if (range_size(initrd) == 0) {
		status = chosen_delete(editor, "linux,initrd-start");
		return status ? status : chosen_delete(editor, "linux,initrd-end");
	}
	status = set_address(editor, "linux,initrd-start", initrd.start);
	return status ? status : set_address(editor, "linux,initrd-end", initrd.end);
}

int chosen_set_seeds(struct chosen *editor, const uint8_t *kaslr_seed, const uint8_t *rng_seed)
{
	int status;

	if (!kaslr_seed) {
		status = chosen_delete(editor, "kaslr-seed");
		return status ? status : chosen_delete(editor, "rng-seed");
	}
	status = chosen_set(editor, "kaslr-seed", kaslr_seed, KASLR_SEED_SIZE, "new");
	return status ? status : chosen_set(editor, "rng-seed", rng_seed, RNG_SEED_SIZE, "new");
}

int chosen_set_bootargs(struct chosen *editor, const char *cmdline)
{
	if (!cmdline)
		return chosen_delete(editor, "bootargs");
	return chosen_set(editor, "bootargs", cmdline, strlen(cmdline) + 1, cmdline);
}

/* Room for purgatory, which will say there what it did. The last of the edits, since its mark is
 * of all the others. */
int chosen_reserve_record(struct chosen *editor)
{
	const size_t size = sizeof(struct purgatory_record_cells);
	uint8_t value[sizeof(struct purgatory_record_cells) + PURGATORY_RECORD_MARK_SIZE] = { 0 };

	fdt64_st(value + offsetof(struct purgatory_record_cells, magic), PURGATORY_RECORD_MAGIC);
	fdt32_st(
		value + offsetof(struct purgatory_record_cells, version), PURGATORY_RECORD_VERSION);
	fdt32_st(value + offsetof(struct purgatory_record_cells, size), (uint32_t)size);
	fdt32_st(value + size, purgatory_record_mark(editor->fdt, editor->chosen));
	return chosen_set(editor, PURGATORY_RECORD_PROPERTY, value, sizeof(value), "reserved");
}

/* What another handover left behind is not true for the new kernel. */
int chosen_delete_leftovers(struct chosen *editor)
{
	static const char *const names[] = { "linux,kho-fdt", "linux,kho-scratch",
		"linux,ima-kexec-buffer", "linux,dmcryptkeys" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int status = chosen_delete(editor, names[i]);

		if (status)
			return status;
	}
	return ST_OK;
}

int chosen_keep(struct chosen *editor, const char *name)
{
	if (plan_has_edit(editor->plan, name) ||
		!fdt_getprop(editor->fdt, editor->chosen, name, NULL))
		return ST_OK;
	return plan_note_edit(editor->plan, "keep", "/chosen", name, editor->err, NULL);
}

int chosen_open(struct span tree, size_t size, struct chosen *editor)
{
	int code = fdt_open_into(tree.data, editor->fdt, (int)size);
	int status;

	if (code)
		return chosen_failed(editor, "open it", code);
	status = devtree_root_cells(editor->fdt, &editor->cells, editor->err);
	if (status)
		return status;
	editor->chosen = fdt_path_offset(editor->fdt, "/chosen");
	if (editor->chosen == -FDT_ERR_NOTFOUND)
		editor->chosen = fdt_add_subnode(editor->fdt, 0, "chosen");
	if (editor->chosen < 0)
		return chosen_failed(editor, "find or make /chosen", editor->chosen);
	return ST_OK;
}

uint64_t chosen_record_offset(const void *fdt)
{
	const uint8_t *record =
		fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), PURGATORY_RECORD_PROPERTY, NULL);

	return (uint64_t)(record - (const uint8_t *)fdt);
}
