// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device tree of the new kernel: the running kernel's live one. For a dump memory is narrowed
 * to what a capture kernel may use. That begins at 0 and ends with the crash region, since the
 * kernel needs the beginning of memory; all between 64 KiB and the region is reserved.
 */
#include <inttypes.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/arch/ppc64le/drconf.h"
#include "kexec/arch/ppc64le/ppc64le.h"
#include "kexec/plan/chosen.h"
#include "kexec/plan/edited_tree.h"
#include "kexec/system/boot_memory.h"
#include "kexec/system/devtree.h"
#include "lib/checked.h"
#include "purgatory/arch/ppc64le/abi.h"

/* What a usable range takes in a property: two numbers, and one for how many there are. */
#define NUMBER 8u

/* Nodes from which a property is taken out, each by a search from the start. */
#define DOMAINS_MAX 4096

/* What only the running kernel's own memory has made true (arch/powerpc/kexec/core.c). */
static int delete_running(struct chosen *editor)
{
	static const char *const names[] = { "linux,crashkernel-base", "linux,crashkernel-size",
		"linux,memory-limit", "linux,kernel-end", "linux,htab-base", "linux,htab-size" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int status = chosen_delete(editor, names[i]);

		if (status)
			return status;
	}
	return ST_OK;
}

/* Each kernel numbers them itself. */
static int delete_domains(struct chosen *editor)
{
	static const char name[] = "linux,pci-domain";
	int count = 0;

	for (int node = 0; node >= 0; node = fdt_next_node(editor->fdt, node, NULL)) {
		int code = fdt_delprop(editor->fdt, node, name);

		if (code == -FDT_ERR_NOTFOUND)
			continue;
		if (code)
			return chosen_failed(editor, name, code);
		if (++count > DOMAINS_MAX)
			return err_set(editor->err, ST_BAD_INPUT, "fdt-limit",
				"the device tree has \"%s\" in more than %d nodes", name,
				DOMAINS_MAX);
	}
	return ST_OK;
}

static int edit_chosen(struct chosen *editor, const struct ppc64le_tree *wanted)
{
	int status = chosen_drop_stale(editor);

	if (!status)
		status = chosen_delete_leftovers(editor);
	if (!status)
		status = delete_running(editor);
	if (!status)
		status = chosen_set_ranges(
			editor, "linux,elfcorehdr", &wanted->elfcorehdr, wanted->crash ? 1 : 0);
	if (!status)
		status = chosen_set_initrd(editor, wanted->initrd);
	if (!status)
		status = chosen_set_bootargs(editor, wanted->cmdline);
	if (!status)
		status = chosen_set_seeds(editor, wanted->kaslr_seed, wanted->rng_seed);
	if (!status)
		status = chosen_set(editor, "linux,booted-from-kexec", "", 0, "");
	return status ? status : chosen_reserve_record(editor);
}

static int reserve_all(struct chosen *editor, const struct ppc64le_tree *wanted)
{
	const struct range others = { wanted->crash ? PPC64LE_BACKUP_SIZE : 0,
		wanted->region.start };
	const struct range ours[] = { others, wanted->backup, wanted->elfcorehdr, wanted->initrd };
	const struct rangeset *held = &wanted->firmware->held;
	int status = ST_OK;

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]) && !status; i++)
		status = chosen_reserve(editor, ours[i]);
	for (size_t i = 0; i < held->count && !status; i++)
		status = chosen_reserve(editor, held->ranges[i]);
	return status;
}

/* --- memory ----------------------------------------------------------------------------- */

static int add_outward(
	struct rangeset *set, struct range range, uint64_t page_size, struct err *err)
{
	uint64_t end;

	if (range_size(range) == 0)
		return ST_OK;
	if (!align_up(range.end, page_size, &end))
		end = UINT64_MAX;
	return rangeset_add(set, align_down(range.start, page_size), end) ? err_no_memory(err)
									  : ST_OK;
}

static int usable_memory(const struct ppc64le_tree *wanted, uint64_t page_size,
	struct rangeset *ret, struct err *err)
{
	int status =
		rangeset_add(ret, 0, wanted->region.end) || rangeset_add_all(ret, wanted->crash_cma)
			? err_no_memory(err)
			: ST_OK;

	if (!status)
		status = add_outward(ret, wanted->firmware->rtas, page_size, err);
	if (!status)
		status = add_outward(ret, wanted->firmware->opal, page_size, err);
	rangeset_normalize(ret);
	return status;
}

/* A property that is made: numbers of 8 bytes, or pairs in the root's cells. */
struct value {
	struct blob bytes; /* owned */
	struct chosen *editor;
};

static int put_number(struct value *value, uint64_t number)
{
	uint8_t bytes[NUMBER];

	store_be64(bytes, number);
	return blob_append(&value->bytes, bytes, sizeof(bytes)) ? err_no_memory(value->editor->err)
								: ST_OK;
}

static int put_range(struct value *value, struct range range)
{
	uint8_t bytes[DEVTREE_TUPLE_MAX], *at = bytes;
	int status = devtree_put_range(
		value->editor->cells, "usable memory", range, &at, value->editor->err);

	if (!status && blob_append(&value->bytes, bytes, (size_t)(at - bytes)))
		status = err_no_memory(value->editor->err);
	return status;
}

/* What of a range may be used; ret_count of them. */
static int put_usable(
	struct value *value, const struct rangeset *usable, struct range range, uint64_t *ret_count)
{
	int status = ST_OK;

	*ret_count = 0;
	for (size_t i = rangeset_find(usable, range.start); i < usable->count && !status; i++) {
		struct range part = range_clip(usable->ranges[i], range);

		if (usable->ranges[i].start >= range.end)
			break;
		if (range_size(part) == 0)
			continue;
		++*ret_count;
		status = put_range(value, part);
	}
	return status;
}

static int set_on(struct chosen *editor, int node, const char *name, struct value *value)
{
	int code = fdt_setprop(editor->fdt, node, name, value->bytes.data, (int)value->bytes.size);

	return code ? chosen_failed(editor, name, code) : ST_OK;
}

/* A memory node: what is named in "linux,usable-memory" counts in place of its reg. */
static int narrow_node(struct chosen *editor, int node, const struct rangeset *usable)
{
	static const char name[] = "linux,usable-memory";
	struct value value = { .bytes = BLOB_INIT, .editor = editor };
	int length, status = ST_OK;
	const uint8_t *at = fdt_getprop(editor->fdt, node, "reg", &length);
	size_t left = at ? (size_t)length : 0;
	uint64_t count = 0, all = 0;
	struct range range;

	if (!at)
		return ST_OK;
	while (!status && devtree_take_range(editor->cells, &at, &left, &range)) {
		status = put_usable(&value, usable, range, &count);
		all += count;
	}
	/* None at all is said by a range of nothing. */
	if (!status && all == 0)
		status = put_range(&value, (struct range){ 0, 0 });
	if (!status)
		status = set_on(editor, node, name, &value);
	blob_done(&value.bytes);
	if (status)
		return status;
	return plan_note_edit(
		editor->plan, "set", "/memory", name, editor->err, "%" PRIu64 " ranges", all);
}

/*
 * Blocks that come and go: for each one how many ranges of it may be used, and these. The kernel
 * passes over those that it does not use before it reads a number (arch/powerpc/kernel/prom.c:
 * early_init_drmem_lmb), so there is none for them.
 */
static int narrow_blocks(struct chosen *editor, const struct rangeset *usable)
{
	static const char name[] = "linux,drconf-usable-memory";
	struct value value = { .bytes = BLOB_INIT, .editor = editor };
	struct drconf_block block;
	struct drconf drconf;
	uint64_t used = 0, count;
	int status = drconf_begin(editor->fdt, &drconf, editor->err);

	if (status || drconf.node < 0)
		return status;
	while (!status && drconf_next(&drconf, &block)) {
		size_t at = value.bytes.size;

		if (!block.used)
			continue;
		used++;
		status = put_number(&value, 0);
		if (!status)
			status = put_usable(&value, usable, block.range, &count);
		if (!status)
			store_be64(value.bytes.data + at, count);
	}
	if (!status)
		status = set_on(editor, drconf.node, name, &value);
	blob_done(&value.bytes);
	if (status)
		return status;
	return plan_note_edit(editor->plan, "set", "/ibm,dynamic-reconfiguration-memory", name,
		editor->err, "of %" PRIu64 " blocks", used);
}

/* A capture kernel's memory is narrow, and the kernel that it starts has all of it again. */
static int widen(struct chosen *editor, int node, const char *path, const char *name)
{
	int code = fdt_delprop(editor->fdt, node, name);

	if (code == -FDT_ERR_NOTFOUND)
		return ST_OK;
	if (code)
		return chosen_failed(editor, name, code);
	return plan_note_edit(editor->plan, "delete", path, name, editor->err, NULL);
}

static int widen_memory(struct chosen *editor)
{
	static const char blocks[] = "/ibm,dynamic-reconfiguration-memory";
	int status = ST_OK, node;

	for (node = boot_memory_first_node(editor->fdt); node >= 0 && !status;
		node = boot_memory_next_node(editor->fdt, node))
		status = widen(editor, node, "/memory", "linux,usable-memory");
	node = fdt_path_offset(editor->fdt, blocks);
	return status || node < 0 ? status
				  : widen(editor, node, blocks, "linux,drconf-usable-memory");
}

static int narrow_memory(struct chosen *editor, const struct rangeset *usable)
{
	int status = ST_OK;

	for (int node = boot_memory_first_node(editor->fdt); node >= 0 && !status;
		node = boot_memory_next_node(editor->fdt, node))
		status = narrow_node(editor, node, usable);
	return status ? status : narrow_blocks(editor, usable);
}

/* --- all of it -------------------------------------------------------------------------- */

static int edit(struct chosen *editor, const struct ppc64le_tree *wanted)
{
	struct rangeset usable = RANGESET_INIT;
	int status = edit_chosen(editor, wanted);

	if (!status)
		status = reserve_all(editor, wanted);
	if (!status && !wanted->crash)
		status = widen_memory(editor);
	if (!status && wanted->crash)
		status = usable_memory(wanted, editor->plan->page_size, &usable, editor->err);
	if (!status && wanted->crash)
		status = narrow_memory(editor, &usable);
	rangeset_done(&usable);
	if (!status)
		status = delete_domains(editor);
	return status || !wanted->edited ? status : edited_tree_arrange(editor->fdt, editor->err);
}

/* So that all that is free in it is at its end, and a part of the tree: libfdt goes by its size. */
static int finish(struct chosen *editor, uint64_t room, struct blob *dtb)
{
	int code = fdt_pack(editor->fdt);
	uint64_t packed = fdt_totalsize(editor->fdt), size;

	if (code)
		return chosen_failed(editor, "pack it", code);
	if (!align_up(packed + room, editor->plan->page_size, &size) || size > dtb->size ||
		size > DEVTREE_SIZE_MAX)
		return err_set(editor->err, ST_NO_SPACE, "fdt-too-big",
			"the device tree for the new kernel has %" PRIu64
			" bytes and needs %" PRIu64 " more, wanted at most %u",
			packed, room, DEVTREE_SIZE_MAX);
	memset(dtb->data + packed, 0, (size_t)(size - packed));
	fdt_set_totalsize(editor->fdt, (uint32_t)size);
	dtb->size = (size_t)size;
	return devtree_check(blob_span(dtb), "the edited tree", editor->err);
}

/* At most, while it is worked on. */
static int size_of_all(
	struct span tree, const struct ppc64le_tree *wanted, uint64_t *ret, struct err *err)
{
	uint64_t ranges = wanted->crash_cma->count + wanted->firmware->held.count + 8;
	struct drconf drconf;
	int status = drconf_begin(tree.data, &drconf, err);

	if (status)
		return status;
	*ret = tree.size + CHOSEN_EDIT_ROOM + (wanted->cmdline ? strlen(wanted->cmdline) : 0) +
	       wanted->room + wanted->firmware->held.count * 16;
	/* Each range that is named may be cut by each border of what is usable. */
	*ret += (tree.size / 8 + 2 * ranges) * DEVTREE_TUPLE_MAX;
	if (drconf.node >= 0)
		*ret += drconf.count * (uint64_t)(NUMBER + DEVTREE_TUPLE_MAX);
	*ret += 2 * PPC64LE_ALIGN;
	return ST_OK;
}

int ppc64le_build_dtb(struct span tree, const struct ppc64le_tree *wanted, struct plan *plan,
	struct report *report, struct err *err)
{
	struct blob dtb = BLOB_INIT;
	struct chosen editor = { .plan = plan, .report = report, .err = err };
	uint64_t size;
	int status = size_of_all(tree, wanted, &size, err);

	if (status)
		return status;
	if (blob_zeroed(&dtb, (size_t)size))
		return err_no_memory(err);
	editor.fdt = dtb.data;
	status = chosen_open(tree, (size_t)size, &editor);
	if (!status)
		status = edit(&editor, wanted);
	if (!status)
		status = finish(&editor, wanted->room, &dtb);
	if (status) {
		blob_done(&dtb);
		return status;
	}
	plan->dtb = blob_take(&dtb);
	return ST_OK;
}
