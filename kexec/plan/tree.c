// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/plan/tree.h"

#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/plan/arch_ops.h"
#include "kexec/system/boot_memory.h"
#include "kexec/system/devtree.h"
#include "kexec/system/reserved_memory.h"

/* libfdt moves the rest of the tree for each edit, so there is an end to their number: of memory
 * nodes that make way for one, and of reservations that are taken over. Machines have a few. */
#define MEMORY_NODES_MAX 64
#define RESERVED_MAX	 256

/* Bytes that all edits but the list of memory need at most, the CPUs' included. */
#define EDIT_ROOM (256u << 10)

/* Bytes of a name from a tree that are shown. */
#define NAME_SHOWN 64

/* Properties of the running /chosen that are looked at. */
#define CHOSEN_MAX 64

#define BECAUSE_RUNNING "as in the running tree: only firmware knows it"

/* What is worked on, and what from. */
struct maker {
	const struct plan_inputs *inputs;
	const void *running; /* the machine's own tree; NULL where it has none */
	void *fdt;	     /* the other one, with room to grow */
	bool stub;	     /* it is only a vehicle for /chosen, on a machine that runs on ACPI */
	struct devtree_cells cells;
	struct plan *plan;
	struct report *report;
	struct err *err;
};

struct span plan_source_tree(const struct plan_inputs *inputs, const struct plan *plan)
{
	return plan->tree.size ? blob_span(&plan->tree) : blob_span(&inputs->machine->fdt);
}

const char *plan_source_tree_name(const struct plan_inputs *inputs, const struct plan *plan)
{
	return plan->tree.size ? inputs->dtb_name : "the running tree";
}

/* How to load with the machine's own tree in place of this one. */
static const char *way_to_running(const struct maker *maker)
{
	return maker->inputs->request->dtb ? "leave --dtb out to use the running one"
					   : "--dtb=/sys/firmware/fdt uses the running one";
}

static int edit_failed(const struct maker *maker, const char *what, int code)
{
	return err_set(maker->err, code == -FDT_ERR_NOSPACE ? ST_NO_SPACE : ST_BAD_INPUT,
		code == -FDT_ERR_NOSPACE ? "fdt-too-big" : "fdt-edit", "%s: cannot %s: %s",
		maker->inputs->dtb_name, what, fdt_strerror(code));
}

/* --- is it for this machine? ------------------------------------------------------------ */

struct board_name {
	char text[NAME_SHOWN + 3];
};

/* In quotes, or the words for none. */
static const char *board_of(const void *fdt, struct board_name *name)
{
	struct span board = fdt ? devtree_board(fdt) : (struct span){ .data = NULL };

	if (board.size == 0)
		return "no board by name";
	snprintf(name->text, sizeof(name->text), "\"%.*s\"",
		board.size > NAME_SHOWN ? NAME_SHOWN : (int)board.size, (const char *)board.data);
	return name->text;
}

static int check_kind(struct maker *maker)
{
	bool overlay = devtree_is_overlay(maker->fdt);

	maker->stub = firmware_fdt_is_stub(maker->inputs->dtb);
	if (!overlay && (!maker->stub || maker->inputs->machine->firmware.acpi))
		return ST_OK;
	err_set(maker->err, ST_BAD_INPUT, "fdt-no-machine",
		"%s is not the device tree of a machine: %s", maker->inputs->dtb_name,
		overlay ? "it is an overlay" : "it has no nodes that describe one");
	return err_hint(maker->err, "%s, or %s",
		overlay ? "apply it to the board's tree, as with fdtoverlay(1), and use the result"
			: "use the tree of the board",
		way_to_running(maker));
}

static int check_board(struct maker *maker)
{
	struct board_name other, own;

	if (!maker->running || devtree_board(maker->running).size == 0) {
		if (!maker->stub)
			report_add(maker->report, REPORT_WARNING, "dtb",
				"%s is for %s, and whether that is this machine cannot be known: "
				"its own tree does not say",
				maker->inputs->dtb_name, board_of(maker->fdt, &other));
		return ST_OK;
	}
	if (devtree_same_board(maker->running, maker->fdt))
		return ST_OK;
	err_set(maker->err, ST_BAD_INPUT, "fdt-other-board",
		"%s is for %s, and this machine is %s: no name in the \"compatible\" of the two "
		"roots is the same",
		maker->inputs->dtb_name, board_of(maker->fdt, &other),
		board_of(maker->running, &own));
	return err_hint(maker->err,
		"%s; to a tree that is right all the same add %s as a name of the root",
		way_to_running(maker), own.text);
}

static int check_cpus(struct maker *maker)
{
	if (maker->stub || devtree_first_cpu(maker->fdt) >= 0)
		return ST_OK;
	err_set(maker->err, ST_BAD_INPUT, "fdt-no-cpus", "%s has no CPU below /cpus",
		maker->inputs->dtb_name);
	return err_hint(maker->err, "use the whole tree of the board, not a part of one; %s",
		way_to_running(maker));
}

/* --- memory ----------------------------------------------------------------------------- */

/* What this machine has: as its firmware listed it, or else what is plain RAM now; and whatever is
 * known to be memory. Both must be empty. */
static int machine_memory(
	struct maker *maker, struct rangeset *ret_listed, struct rangeset *ret_all)
{
	const struct machine *machine = maker->inputs->machine;
	const struct iomem *iomem = &machine->iomem;
	int status = ST_OK;

	if (maker->running && boot_memory_from_tree(blob_span(&machine->fdt), ret_listed,
				      maker->err) == ST_NO_MEMORY)
		return ST_NO_MEMORY;
	err_clear(maker->err);
	if (ret_listed->count == 0)
		status = rangeset_subtract(&iomem->ram, &iomem->ram_driver_managed, ret_listed);
	if (!status)
		status = rangeset_add_all(ret_all, ret_listed);
	if (!status)
		status = rangeset_add_all(ret_all, &iomem->ram);
	rangeset_normalize(ret_all);
	return status ? err_no_memory(maker->err) : ST_OK;
}

static int delete_memory_nodes(struct maker *maker)
{
	int node, count = 0;

	while ((node = boot_memory_first_node(maker->fdt)) >= 0) {
		int code = fdt_del_node(maker->fdt, node);

		if (code)
			return edit_failed(maker, "delete a memory node", code);
		if (++count > MEMORY_NODES_MAX)
			return err_set(maker->err, ST_BAD_INPUT, "fdt-limit",
				"%s has more than %d memory nodes", maker->inputs->dtb_name,
				MEMORY_NODES_MAX);
	}
	return ST_OK;
}

/* Find or make a node below another one. Negative after an error. */
static int node_below(struct maker *maker, int parent, const char *name)
{
	int node = fdt_subnode_offset(maker->fdt, parent, name);

	if (node == -FDT_ERR_NOTFOUND)
		node = fdt_add_subnode(maker->fdt, parent, name);
	if (node < 0)
		edit_failed(maker, name, node);
	return node;
}

static int put(struct maker *maker, int node, const char *name, const void *value, size_t size)
{
	int code = fdt_setprop(maker->fdt, node, name, value, (int)size);

	return code ? edit_failed(maker, name, code) : ST_OK;
}

static int put_range(struct maker *maker, const char *name, struct range range, uint8_t **at)
{
	int status = devtree_put_range(maker->cells, name, range, at, maker->err);

	return status ? err_prefix(maker->err, "%s", maker->inputs->dtb_name) : ST_OK;
}

static int put_ranges(struct maker *maker, int node, const struct rangeset *ranges)
{
	uint8_t *value = malloc(ranges->count * DEVTREE_TUPLE_MAX), *at = value;
	int status = value ? ST_OK : err_no_memory(maker->err);

	for (size_t i = 0; i < ranges->count && !status; i++)
		status = put_range(maker, "memory", ranges->ranges[i], &at);
	if (!status)
		status = put(maker, node, "reg", value, (size_t)(at - value));
	free(value);
	return status;
}

/* One node for all, as boot loaders do it. */
static int put_memory(struct maker *maker, const struct rangeset *memory, const char *reason)
{
	char path[32];
	int node, status = delete_memory_nodes(maker);

	if (status)
		return status;
	snprintf(path, sizeof(path), "/memory@%" PRIx64, memory->ranges[0].start);
	node = node_below(maker, 0, path + 1);
	if (node < 0)
		return maker->err->status;
	/* A node of that name may be there that is not in use. */
	fdt_delprop(maker->fdt, node, "status");
	fdt_delprop(maker->fdt, node, "linux,usable-memory");
	status = put(maker, node, "device_type", "memory", sizeof("memory"));
	if (!status)
		status = put_ranges(maker, node, memory);
	if (!status)
		status = plan_note_edit(maker->plan, "set", path, "reg", maker->err,
			"[0x%" PRIx64 ", 0x%" PRIx64 ")%s", memory->ranges[0].start,
			memory->ranges[0].end, memory->count > 1 ? " and more" : "");
	return plan_edit_because(maker->plan, status, reason);
}

static int memory_elsewhere(
	struct maker *maker, const struct rangeset *listed, const struct rangeset *machine)
{
	struct board_name other, own;

	err_set(maker->err, ST_BAD_INPUT, "fdt-memory-elsewhere",
		"the memory of %s is not this machine's: it lists 0x%" PRIx64
		" bytes from 0x%" PRIx64 ", and here are 0x%" PRIx64 " from 0x%" PRIx64
		"; it is for %s, and this machine is %s",
		maker->inputs->dtb_name, rangeset_bytes(listed), listed->ranges[0].start,
		rangeset_bytes(machine), machine->ranges[0].start, board_of(maker->fdt, &other),
		board_of(maker->running, &own));
	return err_hint(maker->err,
		"use the tree of this board, without memory nodes to have them filled in; or %s",
		way_to_running(maker));
}

/* Is all that a capture kernel lives in in the set? */
static bool has_crash_regions(const struct maker *maker, const struct rangeset *set)
{
	const struct rangeset *crash = &maker->inputs->machine->iomem.crash;

	for (size_t i = 0; i < crash->count && plan_is_crash(maker->plan); i++)
		if (!rangeset_contains(set, crash->ranges[i].start, crash->ranges[i].end))
			return false;
	return true;
}

/* listed is the tree's, outside what of it the machine does not have, own the machine's. */
static int choose_memory(struct maker *maker, const struct rangeset *listed,
	const struct rangeset *outside, const struct rangeset *own)
{
	const char *name = maker->inputs->dtb_name;

	if (own->count == 0 || !has_crash_regions(maker, own)) {
		if (listed->count && outside->count == 0 && has_crash_regions(maker, listed))
			return ST_OK;
		return err_set(maker->err, ST_NOT_FOUND, "fdt-no-memory",
			"%s lists no memory that the new kernel could live in, and neither does "
			"the running tree",
			name);
	}
	if (listed->count == 0)
		return put_memory(maker, own,
			"the tree lists no memory, which firmware fills in: the running machine's");
	if (outside->count) {
		report_add(maker->report, REPORT_WARNING, "dtb",
			"%s lists memory that this machine has not, the first at 0x%" PRIx64
			": the new kernel gets the memory of the running one",
			name, outside->ranges[0].start);
		return put_memory(maker, own, "the tree lists memory that this machine has not");
	}
	if (!has_crash_regions(maker, listed)) {
		report_add(maker->report, REPORT_WARNING, "dtb",
			"the memory that %s lists leaves out a crash region: the new kernel gets "
			"that of the running one",
			name);
		return put_memory(maker, own, "the tree's memory leaves out a crash region");
	}
	if (rangeset_bytes(listed) < rangeset_bytes(own))
		report_add(maker->report, REPORT_WARNING, "dtb",
			"%s lists 0x%" PRIx64 " bytes of memory, and this machine has 0x%" PRIx64
			": the new kernel will have no more than it lists",
			name, rangeset_bytes(listed), rangeset_bytes(own));
	return ST_OK;
}

/* In order of what says most about a wrong tree: memory elsewhere, then another board. */
static int complete_memory(struct maker *maker)
{
	struct rangeset listed = RANGESET_INIT, own = RANGESET_INIT, all = RANGESET_INIT;
	struct rangeset outside = RANGESET_INIT;
	struct span tree = { maker->fdt, fdt_totalsize(maker->fdt) };
	int status = boot_memory_from_tree(tree, &listed, maker->err);

	if (status)
		err_prefix(maker->err, "%s", maker->inputs->dtb_name);
	if (!status)
		status = machine_memory(maker, &own, &all);
	if (!status && rangeset_subtract(&listed, &all, &outside))
		status = err_no_memory(maker->err);
	if (!status && listed.count && rangeset_bytes(&outside) == rangeset_bytes(&listed))
		status = memory_elsewhere(maker, &listed, &all);
	if (!status)
		status = check_board(maker);
	if (!status)
		status = choose_memory(maker, &listed, &outside, &own);
	rangeset_done(&listed);
	rangeset_done(&own);
	rangeset_done(&all);
	rangeset_done(&outside);
	return status;
}

/* --- EFI -------------------------------------------------------------------------------- */

static int chosen_node(struct maker *maker)
{
	return node_below(maker, 0, "chosen");
}

static int take_over(struct maker *maker, const char *name)
{
	int length, node, from = fdt_path_offset(maker->running, "/chosen"), status;
	const void *value = fdt_getprop(maker->running, from, name, &length);
	uint64_t number = 0;

	if (!value)
		return ST_OK;
	node = chosen_node(maker);
	if (node < 0)
		return maker->err->status;
	status = put(maker, node, name, value, (size_t)length);
	devtree_address(maker->running, from, name, &number);
	if (!status)
		status = plan_note_edit(
			maker->plan, "set", "/chosen", name, maker->err, "0x%" PRIx64, number);
	return plan_edit_because(maker->plan, status, BECAUSE_RUNNING);
}

/* What another boot left in it leads to memory that is now anything. */
static int forget(struct maker *maker, const char *name)
{
	int status, node = fdt_path_offset(maker->fdt, "/chosen");

	if (node < 0 || fdt_delprop(maker->fdt, node, name))
		return ST_OK;
	status = plan_note_edit(maker->plan, "delete", "/chosen", name, maker->err, NULL);
	return plan_edit_because(
		maker->plan, status, "of another boot: this machine was not started by EFI");
}

/* ret: does the machine go by the EFI memory map? */
static int complete_efi(struct maker *maker, bool *ret)
{
	const char *missing = NULL;
	enum boot_efi efi =
		maker->running ? boot_memory_efi(maker->running, &missing) : BOOT_EFI_NONE;
	int (*step)(struct maker *, const char *) = efi == BOOT_EFI_WHOLE ? take_over : forget;
	int status = ST_OK;

	if (efi == BOOT_EFI_CUT)
		return err_set(maker->err, ST_NOT_FOUND, "fdt-efi-map",
			"%s cannot be given what leads to the EFI memory map: the running tree "
			"has no good %s",
			maker->inputs->dtb_name, missing);
	for (size_t i = 0; i < BOOT_MEMORY_EFI_NAMES && !status; i++)
		status = step(maker, boot_memory_efi_names[i]);
	if (!status)
		status = step(maker, BOOT_MEMORY_EFI_SECURE_BOOT);
	*ret = efi == BOOT_EFI_WHOLE;
	return status;
}

/* --- what firmware reserved --------------------------------------------------------------- */

static int reserved_memory_node(struct maker *maker)
{
	int node = fdt_path_offset(maker->fdt, "/reserved-memory");
	uint32_t cells[2] = { cpu_to_fdt32(maker->cells.address), cpu_to_fdt32(maker->cells.size) };

	if (node != -FDT_ERR_NOTFOUND)
		return node;
	node = node_below(maker, 0, "reserved-memory");
	if (node < 0)
		return node;
	if (put(maker, node, "ranges", NULL, 0) || put(maker, node, "#size-cells", &cells[1], 4) ||
		put(maker, node, "#address-cells", &cells[0], 4))
		return -1;
	return node;
}

static int reserve_unmapped(struct maker *maker, struct range range)
{
	uint8_t value[DEVTREE_TUPLE_MAX], *at = value;
	char path[64];
	int node, parent = reserved_memory_node(maker), status;

	if (parent < 0)
		return maker->err->status ? maker->err->status
					  : edit_failed(maker, "find /reserved-memory", parent);
	snprintf(path, sizeof(path), "/reserved-memory/firmware@%" PRIx64, range.start);
	node = node_below(maker, parent, strrchr(path, '/') + 1);
	if (node < 0)
		return maker->err->status;
	status = put_range(maker, "reserved memory", range, &at);
	if (!status)
		status = put(maker, node, "no-map", NULL, 0);
	if (!status)
		status = put(maker, node, "reg", value, (size_t)(at - value));
	if (!status)
		status = plan_note_edit(maker->plan, "set", path, "reg", maker->err,
			"[0x%" PRIx64 ", 0x%" PRIx64 ") no-map", range.start, range.end);
	return plan_edit_because(maker->plan, status, BECAUSE_RUNNING);
}

static int reserve_kept(struct maker *maker, struct range range)
{
	int status, code = fdt_add_mem_rsv(maker->fdt, range.start, range_size(range));

	if (code)
		return edit_failed(maker, "add a memory reservation", code);
	status = plan_note_edit(maker->plan, "set", "/memreserve", "entry", maker->err,
		"[0x%" PRIx64 ", 0x%" PRIx64 ")", range.start, range.end);
	return plan_edit_because(maker->plan, status, BECAUSE_RUNNING);
}

/* What of wanted is not in there. */
static int reserve_missing(struct maker *maker, const struct rangeset *wanted,
	const struct rangeset *there, int (*reserve)(struct maker *maker, struct range range))
{
	struct rangeset missing = RANGESET_INIT;
	int status = rangeset_subtract(wanted, there, &missing) ? err_no_memory(maker->err) : ST_OK;

	if (missing.count > RESERVED_MAX)
		status = err_set(maker->err, ST_BAD_INPUT, "fdt-limit",
			"the running tree reserves %zu pieces of memory that %s does not, wanted "
			"at most %d",
			missing.count, maker->inputs->dtb_name, RESERVED_MAX);
	for (size_t i = 0; i < missing.count && !status; i++)
		status = reserve(maker, missing.ranges[i]);
	rangeset_done(&missing);
	return status;
}

/* The secure world's memory, tables that CPUs spin on: what nobody may touch under this kernel,
 * nobody may under the next. */
static int complete_reserved(struct maker *maker)
{
	struct reserved_memory running = { .kept = RANGESET_INIT }, other = running;
	struct span tree = { maker->fdt, fdt_totalsize(maker->fdt) };
	struct rangeset there = RANGESET_INIT;
	int status = reserved_memory_of(blob_span(&maker->inputs->machine->fdt),
		maker->plan->page_size, &running, NULL, maker->err);

	if (!status)
		status = reserved_memory_of(
			tree, maker->plan->page_size, &other, maker->report, maker->err);
	if (!status)
		status = reserved_memory_all(&other, &there, maker->err);
	if (!status)
		status = reserve_missing(
			maker, &running.unmapped, &other.unmapped, reserve_unmapped);
	if (!status)
		status = reserve_missing(maker, &running.kept, &there, reserve_kept);
	rangeset_done(&there);
	reserved_memory_done(&running);
	reserved_memory_done(&other);
	return status;
}

/* --- the rest ----------------------------------------------------------------------------- */

/* What a load sets itself, or deletes. */
static bool is_known(const char *name)
{
	static const char *const names[] = { "bootargs", "linux,initrd-start", "linux,initrd-end",
		"kaslr-seed", "rng-seed", "linux,elfcorehdr", "linux,usable-memory-range",
		"linux,kho-fdt", "linux,kho-scratch", "linux,ima-kexec-buffer", "linux,dmcryptkeys",
		"linux,booted-from-kexec", "kexec,purgatory", "phandle", "name", "#address-cells",
		"#size-cells", "ranges" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* What they mean nobody but firmware and that kernel may know. */
static void tell_of_chosen(struct maker *maker)
{
	int from = fdt_path_offset(maker->running, "/chosen"), property, count = 0;
	int to = fdt_path_offset(maker->fdt, "/chosen");
	char names[256] = "";
	size_t used = 0;

	fdt_for_each_property_offset (property, maker->running, from) {
		const char *name;

		if (++count > CHOSEN_MAX ||
			!fdt_getprop_by_offset(maker->running, property, &name, NULL) ||
			is_known(name) || fdt_getprop(maker->fdt, to, name, NULL))
			continue;
		if (used + strlen(name) + 2 < sizeof(names))
			used += (size_t)sprintf(names + used, "%s%s", used ? ", " : "", name);
	}
	if (used)
		report_add(maker->report, REPORT_WARNING, "dtb",
			"of the running tree's /chosen the new kernel will not get: %s", names);
}

static int root_cells(struct maker *maker)
{
	int status = devtree_root_cells(maker->fdt, &maker->cells, maker->err);

	return status ? err_prefix(maker->err, "%s", maker->inputs->dtb_name) : ST_OK;
}

static int complete(struct maker *maker)
{
	bool efi = false;
	int status = check_kind(maker);

	if (!status)
		status = root_cells(maker);
	if (!status)
		status = complete_efi(maker, &efi);
	if (!status && maker->stub && !efi)
		status = err_set(maker->err, ST_NOT_FOUND, "fdt-no-memory",
			"%s lists no memory, and the running tree does not lead to the EFI memory "
			"map",
			maker->inputs->dtb_name);
	if (!status)
		status = efi ? check_board(maker) : complete_memory(maker);
	if (!status)
		status = check_cpus(maker);
	if (status || !maker->running)
		return status;
	status = complete_reserved(maker);
	if (!status && !maker->stub)
		status = maker->plan->arch->complete_tree(
			maker->running, maker->fdt, maker->plan, maker->report, maker->err);
	if (!status)
		tell_of_chosen(maker);
	return status;
}

static int make(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	const struct machine *machine = inputs->machine;
	struct maker maker = {
		.inputs = inputs,
		.running = machine->fdt.data,
		.plan = plan,
		.report = report,
		.err = err,
	};
	size_t ranges = machine->fdt.size / 8 + machine->iomem.ram.count;
	size_t room = inputs->dtb.size + EDIT_ROOM + ranges * DEVTREE_TUPLE_MAX;
	struct blob tree = BLOB_INIT;
	struct devtree_view view;
	int code, status = devtree_view_init(inputs->dtb, inputs->dtb_name, &view, err);

	if (status)
		return status;
	if (blob_zeroed(&tree, room)) {
		devtree_view_done(&view);
		return err_no_memory(err);
	}
	maker.fdt = tree.data;
	code = fdt_open_into(view.fdt, tree.data, (int)room);
	devtree_view_done(&view);
	status = code ? edit_failed(&maker, "open it", code) : complete(&maker);
	if (!status) {
		fdt_pack(tree.data);
		tree.size = fdt_totalsize(tree.data);
		status = devtree_check(blob_span(&tree), inputs->dtb_name, err);
	}
	if (status) {
		blob_done(&tree);
		return status;
	}
	plan->tree = blob_take(&tree);
	return ST_OK;
}

static int read_reserved(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	struct reserved_memory reserved = { .kept = RANGESET_INIT };
	int status = reserved_memory_of(
		plan_source_tree(inputs, plan), plan->page_size, &reserved, report, err);

	if (status)
		err_prefix(err, "%s", plan_source_tree_name(inputs, plan));
	else
		status = reserved_memory_all(&reserved, &plan->reserved, err);
	reserved_memory_done(&reserved);
	return status;
}

int plan_tree(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	int status;

	if (!plan->arch->complete_tree)
		return ST_OK;
	status = inputs->dtb.size ? make(inputs, plan, report, err) : ST_OK;
	if (status || plan_source_tree(inputs, plan).size == 0)
		return status;
	return read_reserved(inputs, plan, report, err);
}
