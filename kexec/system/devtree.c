// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/system/devtree.h"

#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/checked.h"

#define FLAT_PATH "/sys/firmware/fdt"
#define TREE_PATH "/proc/device-tree"
#define LIVE_PATH TREE_PATH "/chosen/linux,kernel-end"

/* So much is read to be able to say how large it is. */
#define FLAT_READ_MAX (64u << 20)

#define FDT_VERSION_MIN 16u

/* As deep as the kernel itself goes (FDT_MAX_DEPTH, drivers/of/fdt.c). */
#define TREE_DEPTH_MAX 64

/*
 * libfdt looks for everything from the start again, so that a tree of 2 MiB made for it keeps it
 * busy for many seconds: by a name of 1 MiB that 90000 properties share, or by 130000 memory
 * reservations. The specification has names of 31 bytes; machines have dozens of reservations.
 */
#define PROPERTY_NAME_MAX 255
#define RESERVATIONS_MAX  4096

/* Names that a root has: a handful. */
#define NAMES_MAX 64

static int too_large(struct err *err, const char *name, uint64_t size)
{
	return err_set(err, ST_NO_SPACE, "fdt-size",
		"%s: the device tree has %" PRIu64 " bytes, wanted at most %u", name, size,
		DEVTREE_SIZE_MAX);
}

static int broken(struct err *err, const char *name, int code)
{
	return err_set(err, ST_BAD_INPUT, "fdt-broken", "%s: not a sound device tree: %s", name,
		fdt_strerror(code));
}

static int beyond(struct err *err, const char *name, const char *what, int max)
{
	return err_set(err, ST_BAD_INPUT, "fdt-limit",
		"%s: the device tree has %s, wanted at most %d", name, what, max);
}

/*
 * Do the tags of the structure block lead to its end, within the limits above? libfdt 1.6.1 takes
 * the length of a property for a signed number, so one near 2^32 sends its own check back and
 * round for ever.
 */
static int check_structure(const uint8_t *fdt, const char *name, struct err *err)
{
	uint64_t at = fdt_off_dt_struct(fdt), total = fdt_totalsize(fdt), end = total, text;
	const uint8_t *name_end;
	int depth = 0;

	if (fdt_version(fdt) >= 17 && fdt_size_dt_struct(fdt) < end - at)
		end = at + fdt_size_dt_struct(fdt);
	while (at + 4 <= end) {
		uint32_t tag = load_be32(fdt + at);

		at += 4;
		switch (tag) {
		case FDT_BEGIN_NODE:
			if (++depth > TREE_DEPTH_MAX)
				return beyond(err, name, "nodes nested too deep", TREE_DEPTH_MAX);
			name_end = memchr(fdt + at, '\0', end - at);
			if (!name_end)
				return broken(err, name, -FDT_ERR_BADSTRUCTURE);
			at = (uint64_t)(name_end - fdt) + 1;
			break;
		case FDT_PROP:
			if (at + 8 > end)
				return broken(err, name, -FDT_ERR_BADSTRUCTURE);
			text = fdt_off_dt_strings(fdt) + (uint64_t)load_be32(fdt + at + 4);
			if (text < total && total - text > PROPERTY_NAME_MAX &&
				!memchr(fdt + text, '\0', PROPERTY_NAME_MAX + 1))
				return beyond(err, name, "a property with too long a name",
					PROPERTY_NAME_MAX);
			at += 8 + (uint64_t)load_be32(fdt + at);
			break;
		case FDT_END_NODE:
			depth--;
			break;
		case FDT_NOP:
			break;
		case FDT_END:
			return ST_OK;
		default:
			return broken(err, name, -FDT_ERR_BADSTRUCTURE);
		}
		at = (at + 3) & ~UINT64_C(3);
	}
	return broken(err, name, -FDT_ERR_BADSTRUCTURE);
}

static int check_aligned(const void *fdt, size_t size, const char *name, struct err *err)
{
	int status, result = fdt_check_header(fdt);

	if (result == 0 && fdt_totalsize(fdt) > DEVTREE_SIZE_MAX)
		return too_large(err, name, fdt_totalsize(fdt));
	if (result == 0 && fdt_totalsize(fdt) > size)
		return err_set(err, ST_BAD_INPUT, "fdt-truncated",
			"%s: the device tree says it has %u bytes, found %zu", name,
			fdt_totalsize(fdt), size);
	/* Older ones have not been made for twenty years, and fdt_check_full() of libfdt 1.6.1
	 * stumbles over them. */
	if (result == 0 && fdt_version(fdt) < FDT_VERSION_MIN)
		return err_set(err, ST_BAD_INPUT, "fdt-version",
			"%s: the device tree has version %u, wanted at least %u", name,
			fdt_version(fdt), FDT_VERSION_MIN);
	if (result == 0 && fdt_num_mem_rsv(fdt) > RESERVATIONS_MAX)
		return beyond(err, name, "too many memory reservations", RESERVATIONS_MAX);
	if (result == 0) {
		status = check_structure(fdt, name, err);
		if (status)
			return status;
		result = fdt_check_full(fdt, size);
	}
	return result ? broken(err, name, result) : ST_OK;
}

void devtree_view_done(struct devtree_view *view)
{
	free(view->copy);
	*view = (struct devtree_view){ .fdt = NULL };
}

int devtree_view_init(struct span tree, const char *name, struct devtree_view *ret, struct err *err)
{
	struct devtree_view view = { .fdt = tree.data };
	int status;

	if (tree.size < sizeof(struct fdt_header))
		return err_set(err, ST_BAD_INPUT, "fdt-truncated",
			"%s: found %zu bytes, wanted the %zu of a device tree header", name,
			tree.size, sizeof(struct fdt_header));
	if ((uintptr_t)tree.data % 8) {
		view.copy = malloc(tree.size);
		if (!view.copy)
			return err_no_memory(err);
		memcpy(view.copy, tree.data, tree.size);
		view.fdt = view.copy;
	}
	status = check_aligned(view.fdt, tree.size, name, err);
	if (status != ST_OK) {
		devtree_view_done(&view);
		return status;
	}
	*ret = view;
	return ST_OK;
}

int devtree_check(struct span tree, const char *name, struct err *err)
{
	struct devtree_view view = { .fdt = NULL };
	int status;

	status = devtree_view_init(tree, name, &view, err);
	if (status == ST_OK)
		devtree_view_done(&view);
	return status;
}

size_t devtree_size(struct span tree)
{
	return load_be32(tree.data + 4);
}

static int read_flat(const struct sysroot *root, struct blob *ret, struct err *err)
{
	struct blob flat = BLOB_INIT;
	int status;

	status = sysroot_read(root, FLAT_PATH, FLAT_READ_MAX, &flat, err);
	if (status == ST_OK)
		status = devtree_check(blob_span(&flat), FLAT_PATH, err);
	if (status != ST_OK) {
		blob_done(&flat);
		return status;
	}
	flat.size = fdt_totalsize(flat.data);
	*ret = flat;
	return ST_OK;
}

struct rebuild {
	const struct sysroot *root;
	void *fdt; /* DEVTREE_SIZE_MAX bytes */
	struct err *err;
};

static int check_fdt(const struct rebuild *rebuild, int result, const char *path)
{
	if (result == 0)
		return ST_OK;
	if (result == -FDT_ERR_NOSPACE)
		return err_set(rebuild->err, ST_NO_SPACE, "fdt-size",
			"%s: the device tree grows above %u bytes", path, DEVTREE_SIZE_MAX);
	return err_set(
		rebuild->err, ST_BAD_INPUT, "fdt-rebuild", "%s: %s", path, fdt_strerror(result));
}

static char *path_join(const char *folder, const char *name)
{
	size_t size = strlen(folder) + 1 + strlen(name) + 1;
	char *path = malloc(size);

	if (path)
		snprintf(path, size, "%s/%s", folder, name);
	return path;
}

static int add_property(const struct rebuild *rebuild, const char *path, const char *name)
{
	struct blob value = BLOB_INIT;
	int status;

	status = sysroot_read(rebuild->root, path, DEVTREE_SIZE_MAX, &value, rebuild->err);
	if (status != ST_OK)
		return status;
	status = check_fdt(rebuild,
		fdt_property(rebuild->fdt, name, value.size ? value.data : (const uint8_t *)"",
			(int)value.size),
		path);
	blob_done(&value);
	return status;
}

static int add_node(const struct rebuild *rebuild, const char *path, const char *name, int depth);

/* The entries of a folder that are nodes, or those that are properties. */
static int add_entries(const struct rebuild *rebuild, const char *folder, char **names,
	size_t count, bool nodes, int depth)
{
	int status = ST_OK;

	for (size_t i = 0; i < count && status == ST_OK; i++) {
		char *path = path_join(folder, names[i]);

		if (!path)
			return err_no_memory(rebuild->err);
		if (sysroot_is_dir(rebuild->root, path) != nodes)
			status = ST_OK;
		else if (nodes)
			status = add_node(rebuild, path, names[i], depth);
		else if (strcmp(names[i], "name") != 0) /* repeats the node's name */
			status = add_property(rebuild, path, names[i]);
		free(path);
	}
	return status;
}

static int add_node(const struct rebuild *rebuild, const char *path, const char *name, int depth)
{
	char **names;
	size_t count;
	int status;

	if (depth >= TREE_DEPTH_MAX)
		return err_set(rebuild->err, ST_BAD_INPUT, "fdt-depth",
			"%s: nested deeper than %d levels", path, TREE_DEPTH_MAX);
	status = sysroot_list(rebuild->root, path, &names, &count, rebuild->err);
	if (status != ST_OK)
		return status;
	status = check_fdt(rebuild, fdt_begin_node(rebuild->fdt, name), path);
	/* A flat tree has the properties of a node in front of its children. */
	if (status == ST_OK)
		status = add_entries(rebuild, path, names, count, false, depth + 1);
	if (status == ST_OK)
		status = add_entries(rebuild, path, names, count, true, depth + 1);
	if (status == ST_OK)
		status = check_fdt(rebuild, fdt_end_node(rebuild->fdt), path);
	sysroot_free_names(names, count);
	return status;
}

static int rebuild_tree(const struct rebuild *rebuild)
{
	int status;

	status = check_fdt(rebuild, fdt_create(rebuild->fdt, (int)DEVTREE_SIZE_MAX), TREE_PATH);
	if (status == ST_OK)
		status = check_fdt(rebuild, fdt_finish_reservemap(rebuild->fdt), TREE_PATH);
	if (status == ST_OK)
		status = add_node(rebuild, TREE_PATH, "", 0);
	if (status == ST_OK)
		status = check_fdt(rebuild, fdt_finish(rebuild->fdt), TREE_PATH);
	return status;
}

static int read_tree(const struct sysroot *root, struct blob *ret, struct err *err)
{
	struct rebuild rebuild = { .root = root, .err = err };
	struct blob tree = BLOB_INIT;
	int status;

	rebuild.fdt = calloc(1, DEVTREE_SIZE_MAX);
	if (!rebuild.fdt)
		return err_no_memory(err);
	status = rebuild_tree(&rebuild);
	if (status == ST_OK && blob_append(&tree, rebuild.fdt, fdt_totalsize(rebuild.fdt)) != ST_OK)
		status = err_no_memory(err);
	free(rebuild.fdt);
	if (status == ST_OK)
		status = devtree_check(blob_span(&tree), TREE_PATH, err);
	if (status != ST_OK) {
		blob_done(&tree);
		return status;
	}
	*ret = tree;
	return ST_OK;
}

int devtree_read(
	const struct sysroot *root, struct blob *ret, struct report *report, struct err *err)
{
	int status;

	if (sysroot_exists(root, LIVE_PATH)) {
		status = read_tree(root, ret, err);
		if (status == ST_OK)
			report_add(report, REPORT_CHOICE, "devtree",
				"from " TREE_PATH ", which the kernel keeps true, %zu bytes",
				ret->size);
		return status;
	}
	status = read_flat(root, ret, err);
	if (status == ST_OK)
		report_add(report, REPORT_CHOICE, "devtree", "from " FLAT_PATH ", %zu bytes",
			ret->size);
	if (status != ST_NOT_FOUND)
		return status;
	err_clear(err);
	if (!sysroot_is_dir(root, TREE_PATH))
		return err_set(err, ST_NOT_FOUND, "fdt-missing",
			"there is neither " FLAT_PATH " nor " TREE_PATH);
	status = read_tree(root, ret, err);
	if (status == ST_OK)
		report_add(report, REPORT_CHOICE, "devtree",
			"no " FLAT_PATH ": rebuilt from " TREE_PATH
			", %zu bytes, without the memory reservations of the original",
			ret->size);
	return status;
}

static int root_cells(const void *fdt, const char *name, uint32_t *ret, struct err *err)
{
	int length;
	const void *value = fdt_getprop(fdt, 0, name, &length);

	*ret = 1;
	if (!value && length == -FDT_ERR_NOTFOUND)
		return ST_OK;
	if (!value || length != 4 || fdt32_ld(value) < 1 || fdt32_ld(value) > 2)
		return err_set(err, ST_BAD_INPUT, "fdt-cells",
			"the device tree has a root whose %s is not 1 or 2", name);
	*ret = fdt32_ld(value);
	return ST_OK;
}

int devtree_root_cells(const void *fdt, struct devtree_cells *ret, struct err *err)
{
	int status = root_cells(fdt, "#address-cells", &ret->address, err);

	return status ? status : root_cells(fdt, "#size-cells", &ret->size, err);
}

uint64_t devtree_cells_at(const uint8_t *at, uint32_t cells)
{
	const void *value = at;

	return cells == 2 ? fdt64_ld(value) : fdt32_ld(value);
}

bool devtree_address(const void *fdt, int node, const char *name, uint64_t *ret)
{
	int length;
	const void *value = node < 0 ? NULL : fdt_getprop(fdt, node, name, &length);

	if (!value || (length != 4 && length != 8))
		return false;
	*ret = devtree_cells_at(value, (uint32_t)length / 4);
	return true;
}

static uint8_t *put_cells(uint8_t *at, uint32_t cells, uint64_t value)
{
	if (cells == 2)
		fdt64_st(at, value);
	else
		fdt32_st(at, (uint32_t)value);
	return at + 4 * cells;
}

int devtree_put_range(struct devtree_cells cells, const char *name, struct range range,
	uint8_t **at, struct err *err)
{
	uint64_t size = range_size(range);

	if ((cells.address == 1 && range.start > UINT32_MAX) ||
		(cells.size == 1 && size > UINT32_MAX)) {
		err_set(err, ST_BAD_INPUT, "fdt-cells",
			"[0x%" PRIx64 ", 0x%" PRIx64
			") of %s does not fit the device tree's root: its "
			"#address-cells %" PRIu32 " and #size-cells %" PRIu32,
			range.start, range.end, name, cells.address, cells.size);
		return err_hint(err, "use a tree whose root has two cells for each, or reserve "
				     "the crash region below 4 GiB");
	}
	*at = put_cells(*at, cells.address, range.start);
	*at = put_cells(*at, cells.size, size);
	return ST_OK;
}

bool devtree_take_range(
	struct devtree_cells cells, const uint8_t **at, size_t *left, struct range *ret)
{
	size_t tuple = 4 * (cells.address + cells.size);

	if (*left < tuple)
		return false;
	ret->start = devtree_cells_at(*at, cells.address);
	if (!add_u64(ret->start, devtree_cells_at(*at + 4 * cells.address, cells.size), &ret->end))
		ret->end = UINT64_MAX;
	*at += tuple;
	*left -= tuple;
	return true;
}

bool devtree_property_is(const void *fdt, int node, const char *name, const char *text)
{
	int size;
	const char *value = fdt_getprop(fdt, node, name, &size);

	return value && size == (int)strlen(text) + 1 && memcmp(value, text, (size_t)size) == 0;
}

bool devtree_is_available(const void *fdt, int node)
{
	return !fdt_getprop(fdt, node, "status", NULL) ||
	       devtree_property_is(fdt, node, "status", "okay") ||
	       devtree_property_is(fdt, node, "status", "ok");
}

/* The root's "compatible"; empty where it is missing or does not end as a text does. */
static struct span root_names(const void *fdt)
{
	int size;
	const char *value = fdt_getprop(fdt, 0, "compatible", &size);

	if (!value || size <= 0 || value[size - 1] != '\0')
		return (struct span){ .data = NULL };
	return (struct span){ (const uint8_t *)value, (size_t)size };
}

/* Step over a name of such a list. NULL at its end. */
static const char *take_name(struct span *names)
{
	const char *name = (const char *)names->data;
	size_t size;

	if (names->size == 0)
		return NULL;
	size = strlen(name) + 1;
	*names = (struct span){ names->data + size, names->size - size };
	return name;
}

static bool has_name(struct span names, const char *wanted)
{
	const char *name;

	for (int i = 0; i < NAMES_MAX && (name = take_name(&names)); i++)
		if (strcmp(name, wanted) == 0)
			return true;
	return false;
}

bool devtree_same_board(const void *one, const void *other)
{
	struct span names = root_names(one);
	const char *name;

	for (int i = 0; i < NAMES_MAX && (name = take_name(&names)); i++)
		if (*name && has_name(root_names(other), name))
			return true;
	return false;
}

bool devtree_same_names(const void *one, const void *other)
{
	struct span a = root_names(one), b = root_names(other);

	return a.size && a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

struct span devtree_board(const void *fdt)
{
	struct span names = root_names(fdt);

	if (names.size)
		names.size = strlen((const char *)names.data);
	return names;
}

/* node, or the first behind it that is a CPU. */
static int find_cpu(const void *fdt, int node)
{
	while (node >= 0) {
		const char *name = fdt_get_name(fdt, node, NULL);

		if (devtree_property_is(fdt, node, "device_type", "cpu") ||
			(name && (strcmp(name, "cpu") == 0 || strncmp(name, "cpu@", 4) == 0)))
			break;
		node = fdt_next_subnode(fdt, node);
	}
	return node;
}

int devtree_first_cpu(const void *fdt)
{
	int cpus = fdt_path_offset(fdt, "/cpus");

	return cpus < 0 ? cpus : find_cpu(fdt, fdt_first_subnode(fdt, cpus));
}

int devtree_next_cpu(const void *fdt, int node)
{
	return find_cpu(fdt, fdt_next_subnode(fdt, node));
}

bool devtree_is_overlay(const void *fdt)
{
	int node;

	fdt_for_each_subnode (node, fdt, 0)
		if (fdt_subnode_offset(fdt, node, "__overlay__") >= 0)
			return true;
	return false;
}
