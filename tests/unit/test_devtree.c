// SPDX-License-Identifier: GPL-2.0-only
#include "tests/unit/tree.h"

#include "kexec/system/devtree.h"

static struct span small_tree(struct tree *tree)
{
	tree_begin(tree);
	TREE_CELLS(tree, "#address-cells", 2);
	tree_node(tree, "chosen");
	tree_string(tree, "bootargs", "quiet");
	tree_end(tree);
	return tree_finish(tree);
}

static void flat_tree_comes_first_and_is_cut(void **state)
{
	struct report report = REPORT_INIT;
	struct err err = ERR_INIT;
	struct blob ret = BLOB_INIT;
	struct tree tree;
	struct span flat = small_tree(&tree);
	uint8_t padded[4096] = { 0 };
	struct tmproot tmp;

	(void)state;
	tmproot_init(&tmp);
	memcpy(padded, flat.data, flat.size);
	tmproot_bytes(&tmp, "/sys/firmware/fdt", padded, sizeof(padded));
	tmproot_text(&tmp, "/proc/device-tree/model", "other");
	assert_int_equal(devtree_read(tmp.root, &ret, &report, &err), ST_OK);
	assert_int_equal(ret.size, flat.size);
	assert_memory_equal(ret.data, flat.data, flat.size);
	assert_int_equal(report.count, 1);
	assert_non_null(strstr(report.entries[0].text, "/sys/firmware/fdt"));
	blob_done(&ret);
	report_done(&report);
	tmproot_done(&tmp);
}

static void tree_is_rebuilt_from_folders(void **state)
{
	static const char base[] = "/proc/device-tree";
	struct report report = REPORT_INIT;
	struct err err = ERR_INIT;
	struct blob ret = BLOB_INIT;
	struct blob again = BLOB_INIT;
	struct tmproot tmp;
	char path[128];
	int node;
	int size;

	(void)state;
	tmproot_init(&tmp);
	assert_int_equal(devtree_read(tmp.root, &ret, &report, &err), ST_NOT_FOUND);
	assert_string_equal(err.id, "fdt-missing");
	snprintf(path, sizeof(path), "%s/#address-cells", base);
	tmproot_bytes(&tmp, path, "\0\0\0\2", 4);
	snprintf(path, sizeof(path), "%s/name", base);
	tmproot_bytes(&tmp, path, "", 1);
	snprintf(path, sizeof(path), "%s/zz-empty", base);
	tmproot_bytes(&tmp, path, "", 0);
	snprintf(path, sizeof(path), "%s/chosen/bootargs", base);
	tmproot_bytes(&tmp, path, "quiet", 6);
	snprintf(path, sizeof(path), "%s/chosen/name", base);
	tmproot_bytes(&tmp, path, "chosen", 7);
	snprintf(path, sizeof(path), "%s/memory@40000000/reg", base);
	tmproot_bytes(&tmp, path, "\0\0\0\0\x40\0\0\0\0\0\0\0\x40\0\0\0", 16);
	snprintf(path, sizeof(path), "%s/a/b/c", base);
	tmproot_mkdir(&tmp, path);
	err_clear(&err);
	assert_int_equal(devtree_read(tmp.root, &ret, &report, &err), ST_OK);
	assert_int_equal(fdt_check_full(ret.data, ret.size), 0);
	assert_int_equal(fdt_totalsize(ret.data), ret.size);
	assert_null(fdt_getprop(ret.data, 0, "name", NULL));
	assert_non_null(fdt_getprop(ret.data, 0, "zz-empty", &size));
	assert_int_equal(size, 0);
	assert_int_equal(fdt_address_cells(ret.data, 0), 2);
	node = fdt_path_offset(ret.data, "/chosen");
	assert_true(node > 0);
	assert_string_equal(fdt_getprop(ret.data, node, "bootargs", NULL), "quiet");
	assert_null(fdt_getprop(ret.data, node, "name", NULL));
	node = fdt_path_offset(ret.data, "/memory@40000000");
	assert_non_null(fdt_getprop(ret.data, node, "reg", &size));
	assert_int_equal(size, 16);
	assert_true(fdt_path_offset(ret.data, "/a/b/c") > 0);
	assert_int_equal(report.count, 1);
	assert_int_equal(report.entries[0].kind, REPORT_CHOICE);
	assert_non_null(strstr(report.entries[0].text, "without the memory reservations"));
	assert_int_equal(devtree_read(tmp.root, &again, NULL, &err), ST_OK);
	assert_int_equal(again.size, ret.size);
	assert_memory_equal(again.data, ret.data, ret.size);
	blob_done(&ret);
	blob_done(&again);
	report_done(&report);
	tmproot_done(&tmp);
}

static void address_is_of_one_cell_or_two(void **state)
{
	static const uint8_t three[3] = { 0 }, bytes[8] = { 0, 0, 0, 1, 0, 0, 0, 2 };
	uint64_t value = 7;
	struct tree tree;
	const void *fdt;
	int chosen;

	(void)state;
	tree_begin(&tree);
	tree_node(&tree, "chosen");
	assert_int_equal(fdt_property(tree.bytes, "one", bytes, 4), 0);
	assert_int_equal(fdt_property(tree.bytes, "two", bytes, 8), 0);
	assert_int_equal(fdt_property(tree.bytes, "odd", three, 3), 0);
	assert_int_equal(fdt_property(tree.bytes, "none", three, 0), 0);
	tree_end(&tree);
	fdt = tree_finish(&tree).data;
	chosen = fdt_path_offset(fdt, "/chosen");
	assert_false(devtree_address(fdt, chosen, "odd", &value));
	assert_false(devtree_address(fdt, chosen, "none", &value));
	assert_false(devtree_address(fdt, chosen, "missing", &value));
	assert_false(devtree_address(fdt, fdt_path_offset(fdt, "/else"), "one", &value));
	assert_int_equal(value, 7);
	assert_true(devtree_address(fdt, chosen, "one", &value));
	assert_int_equal(value, 1);
	assert_true(devtree_address(fdt, chosen, "two", &value));
	assert_true(value == 0x100000002);
}

static void endless_folders_are_refused(void **state)
{
	struct err err = ERR_INIT;
	struct blob ret = BLOB_INIT;
	struct tmproot tmp;
	char link[256];

	(void)state;
	tmproot_init(&tmp);
	tmproot_mkdir(&tmp, "/proc/device-tree/a");
	snprintf(link, sizeof(link), "%s/proc/device-tree/a/again", tmp.dir);
	assert_int_equal(symlink("/proc/device-tree", link), 0);
	assert_int_not_equal(devtree_read(tmp.root, &ret, NULL, &err), ST_OK);
	assert_null(ret.data);
	tmproot_done(&tmp);
}

static void trap23_too_large_a_tree_is_refused(void **state)
{
	struct err err = ERR_INIT;
	struct blob ret = BLOB_INIT;
	struct blob large = BLOB_INIT;
	struct tree tree;
	struct span flat = small_tree(&tree);
	struct tmproot tmp;

	(void)state;
	tmproot_init(&tmp);
	assert_int_equal(blob_zeroed(&large, DEVTREE_SIZE_MAX + 8), ST_OK);
	memcpy(large.data, flat.data, flat.size);
	fdt_set_totalsize(large.data, DEVTREE_SIZE_MAX);
	assert_int_equal(devtree_check(blob_span(&large), "x.dtb", &err), ST_OK);
	fdt_set_totalsize(large.data, DEVTREE_SIZE_MAX + 8);
	assert_int_equal(devtree_check(blob_span(&large), "x.dtb", &err), ST_NO_SPACE);
	assert_string_equal(err.id, "fdt-size");
	tmproot_bytes(&tmp, "/sys/firmware/fdt", large.data, large.size);
	assert_int_equal(devtree_read(tmp.root, &ret, NULL, &err), ST_NO_SPACE);
	tmproot_remove(&tmp, "/sys/firmware/fdt");
	tmproot_bytes(&tmp, "/proc/device-tree/big", large.data, DEVTREE_SIZE_MAX - 16);
	assert_int_equal(devtree_read(tmp.root, &ret, NULL, &err), ST_NO_SPACE);
	assert_null(ret.data);
	blob_done(&large);
	tmproot_done(&tmp);
}

/* A tree of DEVTREE_SIZE_MAX bytes at most, with so many reservations, nodes in one another, and
 * properties of one name of this length. */
static struct blob made_to_be_slow(int reservations, int depth, int properties, size_t name_size)
{
	struct blob blob = BLOB_INIT;
	char *name = malloc(name_size + 1);

	assert_non_null(name);
	memset(name, 'n', name_size);
	name[name_size] = '\0';
	assert_int_equal(blob_zeroed(&blob, DEVTREE_SIZE_MAX), ST_OK);
	assert_int_equal(fdt_create(blob.data, DEVTREE_SIZE_MAX), 0);
	for (int i = 0; i < reservations; i++)
		assert_int_equal(fdt_add_reservemap_entry(blob.data, 4096, 4096), 0);
	assert_int_equal(fdt_finish_reservemap(blob.data), 0);
	for (int i = 0; i < depth; i++)
		assert_int_equal(fdt_begin_node(blob.data, i ? "n" : ""), 0);
	/* The first stores the name, the others share it: looked for by libfdt, it takes long. */
	if (properties)
		assert_int_equal(fdt_property(blob.data, name, NULL, 0), 0);
	for (int i = 1; i < properties; i++) {
		uint32_t tag[3] = { cpu_to_fdt32(FDT_PROP), 0, 0 };
		int at = fdt_size_dt_struct(blob.data);

		memcpy(tag + 2, blob.data + fdt_off_dt_struct(blob.data) + at - 4,
			4); /* its offset */
		memcpy(blob.data + fdt_off_dt_struct(blob.data) + at, tag, sizeof(tag));
		fdt_set_size_dt_struct(blob.data, (uint32_t)at + (uint32_t)sizeof(tag));
	}
	for (int i = 0; i < depth; i++)
		assert_int_equal(fdt_end_node(blob.data), 0);
	assert_int_equal(fdt_finish(blob.data), 0);
	free(name);
	return blob;
}

static void trees_made_to_be_slow_are_refused(void **state)
{
	static const struct {
		int reservations, depth, properties;
		size_t name_size;
		const char *words; /* NULL: accepted */
	} rows[] = {
		{ 4096, 64, 1000, 255, NULL },
		{ 4097, 1, 0, 0, "too many memory reservations, wanted at most 4096" },
		{ 120000, 1, 0, 0, "too many memory reservations" },
		{ 0, 65, 0, 0, "nodes nested too deep, wanted at most 64" },
		{ 0, 120000, 0, 0, "nodes nested too deep" },
		{ 0, 1, 1, 256, "a property with too long a name, wanted at most 255" },
		{ 0, 1, 80000, 1 << 20, "a property with too long a name" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct blob tree = made_to_be_slow(
			rows[i].reservations, rows[i].depth, rows[i].properties, rows[i].name_size);
		struct err err = ERR_INIT;
		int status = devtree_check(blob_span(&tree), "x.dtb", &err);

		if (!rows[i].words) {
			assert_int_equal(status, ST_OK);
		} else {
			assert_int_equal(status, ST_BAD_INPUT);
			assert_string_equal(err.id, "fdt-limit");
			assert_non_null(strstr(err.text, rows[i].words));
		}
		blob_done(&tree);
	}
}

static void broken_trees_are_refused(void **state)
{
	struct err err = ERR_INIT;
	struct tree tree;
	struct span flat = small_tree(&tree);
	uint8_t *bytes = malloc(flat.size + 1);

	(void)state;
	assert_non_null(bytes);
	for (size_t size = 0; size < flat.size; size++) {
		uint8_t *exact = malloc(size ? size : 1);

		assert_non_null(exact);
		memcpy(exact, flat.data, size);
		assert_int_equal(
			devtree_check((struct span){ exact, size }, "x.dtb", &err), ST_BAD_INPUT);
		assert_non_null(strstr(err.text, "x.dtb"));
		free(exact);
	}
	memcpy(bytes, flat.data, flat.size);
	bytes[0] ^= 1;
	assert_int_equal(
		devtree_check((struct span){ bytes, flat.size }, "x.dtb", &err), ST_BAD_INPUT);
	assert_string_equal(err.id, "fdt-broken");
	/* An old version, without the slashes that names had then: libfdt 1.6.1 follows NULL. */
	memcpy(bytes, flat.data, flat.size);
	fdt_set_version(bytes, 3);
	fdt_set_last_comp_version(bytes, 2);
	assert_int_equal(
		devtree_check((struct span){ bytes, flat.size }, "x.dtb", &err), ST_BAD_INPUT);
	assert_string_equal(err.id, "fdt-version");
	/* A property that reaches back: libfdt 1.6.1 goes round for ever. */
	memcpy(bytes, flat.data, flat.size);
	memcpy(bytes + fdt_off_dt_struct(bytes) + fdt_first_property_offset(bytes, 0) + 4,
		"\xff\xff\xff\xf4", 4);
	assert_int_equal(
		devtree_check((struct span){ bytes, flat.size }, "x.dtb", &err), ST_BAD_INPUT);
	assert_string_equal(err.id, "fdt-broken");
	/* Good bytes at an odd address are good. */
	memcpy(bytes + 1, flat.data, flat.size);
	assert_int_equal(
		devtree_check((struct span){ bytes + 1, flat.size }, "x.dtb", &err), ST_OK);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flat_tree_comes_first_and_is_cut),
		cmocka_unit_test(tree_is_rebuilt_from_folders),
		cmocka_unit_test(address_is_of_one_cell_or_two),
		cmocka_unit_test(endless_folders_are_refused),
		cmocka_unit_test(trap23_too_large_a_tree_is_refused),
		cmocka_unit_test(trees_made_to_be_slow_are_refused),
		cmocka_unit_test(broken_trees_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
