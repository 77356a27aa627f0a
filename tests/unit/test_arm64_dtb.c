// SPDX-License-Identifier: GPL-2.0-only
#include "tests/unit/tree.h"

#include "kexec/arch/arm64/arm64.h"
#include "kexec/system/firmware.h"
#include "kexec/system/purgatory_record.h"

#define CRASH_START UINT64_C(0xa0000000)
#define CRASH_END   UINT64_C(0xb0000000)

/* One edit of one tree. */
struct edit {
	uint64_t source[1024];
	struct range usable[8];
	struct arm64_chosen chosen;
	struct plan plan;
	struct report report;
	struct err err;
	uint8_t kaslr_seed[KASLR_SEED_SIZE];
	uint8_t rng_seed[RNG_SEED_SIZE];
};

static void edit_init(struct edit *edit)
{
	*edit = (struct edit){
		.usable = { { CRASH_START, CRASH_END } },
		.chosen = {
			.elfcorehdr = { 0xaff70000, 0xaffe1000 },
			.usable_count = 1,
			.initrd = { 0xa4000000, 0xa5234567 },
			.cmdline = "console=ttyAMA0 nr_cpus=1",
		},
		.plan = { .page_size = 4096, .load_region = { CRASH_START, CRASH_END } },
	};
	memset(edit->kaslr_seed, 0x5a, sizeof(edit->kaslr_seed));
	memset(edit->rng_seed, 0xa5, sizeof(edit->rng_seed));
	edit->chosen.usable = edit->usable;
	edit->chosen.kaslr_seed = edit->kaslr_seed;
	edit->chosen.rng_seed = edit->rng_seed;
	/* A tree that can grow. */
	assert_int_equal(fdt_create_empty_tree(edit->source, sizeof(edit->source)), 0);
}

static void edit_done(struct edit *edit)
{
	plan_done(&edit->plan);
	report_done(&edit->report);
}

static int node(struct edit *edit, const char *path)
{
	int offset = fdt_path_offset(edit->source, path);

	if (offset == -FDT_ERR_NOTFOUND)
		offset = fdt_add_subnode(edit->source, 0, path + 1);
	assert_true(offset >= 0);
	return offset;
}

static void put(struct edit *edit, const char *path, const char *name, const void *value, int size)
{
	assert_int_equal(fdt_setprop(edit->source, node(edit, path), name, value, size), 0);
}

static void put_u32(struct edit *edit, const char *path, const char *name, uint32_t value)
{
	assert_int_equal(fdt_setprop_u32(edit->source, node(edit, path), name, value), 0);
}

static void put_u64(struct edit *edit, const char *path, const char *name, uint64_t value)
{
	assert_int_equal(fdt_setprop_u64(edit->source, node(edit, path), name, value), 0);
}

static void put_cells(struct edit *edit, uint32_t address, uint32_t size)
{
	put_u32(edit, "/", "#address-cells", address);
	put_u32(edit, "/", "#size-cells", size);
}

/* The machine's tree: two cells, a memory node, /chosen with what a boot leaves behind. */
static void put_machine(struct edit *edit)
{
	static const uint8_t reg[16] = { 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0 };

	put_cells(edit, 2, 2);
	put(edit, "/", "compatible", "linux,dummy-virt", 17);
	put(edit, "/memory@40000000", "device_type", "memory", 7);
	put(edit, "/memory@40000000", "reg", reg, sizeof(reg));
	put(edit, "/psci", "method", "hvc", 4);
	put(edit, "/chosen", "stdout-path", "/pl011@9000000", 15);
	put(edit, "/chosen", "bootargs", "root=/dev/vda crashkernel=256M", 31);
	put_u32(edit, "/chosen", "linux,initrd-start", 0x48000000);
	put_u32(edit, "/chosen", "linux,initrd-end", 0x49abcdef);
	put_u64(edit, "/chosen", "kaslr-seed", 0x0123456789abcdef);
}

static int run(struct edit *edit)
{
	struct span tree = { (const uint8_t *)edit->source, fdt_totalsize(edit->source) };
	int status;

	plan_done(&edit->plan);
	edit->plan.page_size = 4096;
	edit->plan.load_region = (struct range){ CRASH_START, CRASH_END };
	err_clear(&edit->err);
	status = arm64_build_dtb(tree, &edit->chosen, &edit->plan, &edit->report, &edit->err);
	if (status == ST_OK) {
		const void *fdt = edit->plan.dtb.data;

		assert_int_equal(fdt_check_full(fdt, edit->plan.dtb.size), 0);
		assert_int_equal(fdt_totalsize(fdt), edit->plan.dtb.size);
		assert_int_equal(fdt_magic(fdt), 0xd00dfeed);
	} else {
		assert_null(edit->plan.dtb.data);
	}
	return status;
}

static void run_well(struct edit *edit)
{
	if (run(edit) != ST_OK)
		fail_msg("%s: %s", edit->err.id, edit->err.text);
}

static void assert_refused(struct edit *edit, int status, const char *id, const char *words)
{
	assert_int_equal(run(edit), status);
	assert_string_equal(edit->err.id, id);
	if (!strstr(edit->err.text, words))
		fail_msg("\"%s\" is not in \"%s\"", words, edit->err.text);
}

static const void *get(const struct edit *edit, const char *name, int *ret_size)
{
	const void *fdt = edit->plan.dtb.data;

	return fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), name, ret_size);
}

static void assert_absent(const struct edit *edit, const char *name)
{
	int size;

	assert_null(get(edit, name, &size));
	assert_int_equal(size, -FDT_ERR_NOTFOUND);
}

static void assert_bytes(
	const struct edit *edit, const char *name, const void *expected, size_t expected_size)
{
	int size;
	const void *value = get(edit, name, &size);

	if (!value)
		fail_msg("no %s", name);
	assert_int_equal(size, expected_size);
	if (expected_size)
		assert_memory_equal(value, expected, expected_size);
}

/* The whole value as big-endian cells. */
static void assert_cells(
	const struct edit *edit, const char *name, size_t count, const uint32_t *cells)
{
	fdt32_t raw[32];

	assert_true(count <= 32);
	for (size_t i = 0; i < count; i++)
		raw[i] = cpu_to_fdt32(cells[i]);
	assert_bytes(edit, name, raw, count * 4);
}

#define ASSERT_CELLS(edit, name, ...)                                                              \
	assert_cells(edit, name, sizeof((uint32_t[]){ __VA_ARGS__ }) / 4,                          \
		(const uint32_t[]){ __VA_ARGS__ })

/* Is there such an edit among those that were noted? With value NULL any will do. */
static bool noted(const struct edit *edit, const char *action, const char *name, const char *value)
{
	for (size_t i = 0; i < edit->plan.edits_count; i++) {
		const struct dt_edit *one = &edit->plan.edits[i];

		if (strcmp(one->action, action) == 0 && strcmp(one->name, name) == 0 &&
			strcmp(one->path, "/chosen") == 0 &&
			(!value || (one->value && strcmp(one->value, value) == 0)))
			return true;
	}
	return false;
}

/* Everything but /chosen, and the reservations, as one string of bytes. */
static struct blob others(const void *fdt)
{
	struct blob out = BLOB_INIT;
	int chosen_depth = -1;
	int depth = 0;

	for (int i = 0; i < fdt_num_mem_rsv(fdt); i++) {
		uint64_t entry[2];

		assert_int_equal(fdt_get_mem_rsv(fdt, i, &entry[0], &entry[1]), 0);
		assert_int_equal(blob_append(&out, entry, sizeof(entry)), ST_OK);
	}
	for (int at = 0; at >= 0 && depth >= 0; at = fdt_next_node(fdt, at, &depth)) {
		const char *name = fdt_get_name(fdt, at, NULL);
		int property;

		if (chosen_depth >= 0 && depth > chosen_depth)
			continue;
		chosen_depth = -1;
		if (depth == 1 && strcmp(name, "chosen") == 0) {
			chosen_depth = depth;
			continue;
		}
		assert_int_equal(blob_append(&out, &depth, sizeof(depth)), ST_OK);
		assert_int_equal(blob_append(&out, name, strlen(name) + 1), ST_OK);
		fdt_for_each_property_offset (property, fdt, at) {
			const char *key;
			int size;
			const void *value = fdt_getprop_by_offset(fdt, property, &key, &size);

			assert_int_equal(blob_append(&out, key, strlen(key) + 1), ST_OK);
			assert_int_equal(blob_append(&out, &size, sizeof(size)), ST_OK);
			assert_int_equal(blob_append(&out, value, (size_t)size), ST_OK);
		}
	}
	return out;
}

static void assert_rest_unchanged(const struct edit *edit)
{
	struct blob before = others(edit->source);
	struct blob after = others(edit->plan.dtb.data);

	assert_true(before.size > 8);
	assert_int_equal(after.size, before.size);
	assert_memory_equal(after.data, before.data, before.size);
	blob_done(&before);
	blob_done(&after);
}

static void every_property_is_set(void **state)
{
	struct edit edit;

	(void)state;
	edit_init(&edit);
	put_machine(&edit);
	put_u64(&edit, "/chosen", "linux,elfcorehdr", 0x11111111); /* stale, of another size */
	put_u64(&edit, "/chosen", "linux,usable-memory-range", 0x22222222);
	put_u32(&edit, "/chosen", "rng-seed", 5);
	run_well(&edit);
	ASSERT_CELLS(&edit, "linux,elfcorehdr", 0, 0xaff70000, 0, 0x71000);
	ASSERT_CELLS(&edit, "linux,usable-memory-range", 0, 0xa0000000, 0, 0x10000000);
	/* u64 each, the end behind the last byte of the file, not of its last page. */
	ASSERT_CELLS(&edit, "linux,initrd-start", 0, 0xa4000000);
	ASSERT_CELLS(&edit, "linux,initrd-end", 0, 0xa5234567);
	assert_bytes(&edit, "bootargs", "console=ttyAMA0 nr_cpus=1", 26);
	assert_bytes(&edit, "kaslr-seed", edit.kaslr_seed, 8);
	assert_bytes(&edit, "rng-seed", edit.rng_seed, 128);
	assert_bytes(&edit, "linux,booted-from-kexec", NULL, 0);
	assert_bytes(&edit, "stdout-path", "/pl011@9000000", 15);
	assert_true(noted(&edit, "set", "linux,elfcorehdr", "[0xaff70000, 0xaffe1000)"));
	assert_true(noted(&edit, "set", "linux,usable-memory-range", "[0xa0000000, 0xb0000000)"));
	assert_true(noted(&edit, "set", "linux,initrd-end", "0xa5234567"));
	assert_true(noted(&edit, "set", "bootargs", "console=ttyAMA0 nr_cpus=1"));
	assert_true(noted(&edit, "set", "linux,booted-from-kexec", NULL));
	assert_rest_unchanged(&edit);
	edit_done(&edit);
}

static void what_is_not_wanted_is_deleted(void **state)
{
	struct edit edit;

	(void)state;
	edit_init(&edit);
	put_machine(&edit);
	put_u32(&edit, "/chosen", "rng-seed", 5);
	edit.chosen.initrd = (struct range){ 0, 0 };
	edit.chosen.cmdline = NULL;
	edit.chosen.kaslr_seed = edit.chosen.rng_seed = NULL;
	run_well(&edit);
	assert_absent(&edit, "linux,initrd-start");
	assert_absent(&edit, "linux,initrd-end");
	assert_absent(&edit, "bootargs");
	assert_absent(&edit, "kaslr-seed");
	assert_absent(&edit, "rng-seed");
	assert_true(noted(&edit, "delete", "linux,initrd-start", NULL));
	assert_true(noted(&edit, "delete", "linux,initrd-end", NULL));
	assert_true(noted(&edit, "delete", "bootargs", NULL));
	assert_true(noted(&edit, "delete", "kaslr-seed", NULL));
	assert_true(noted(&edit, "delete", "rng-seed", NULL));
	assert_rest_unchanged(&edit);
	/* What was not there is not deleted. */
	assert_int_equal(fdt_delprop(edit.source, node(&edit, "/chosen"), "rng-seed"), 0);
	run_well(&edit);
	assert_false(noted(&edit, "delete", "rng-seed", NULL));
	edit_done(&edit);
}

static void empty_command_line_is_a_value(void **state)
{
	struct edit edit;

	(void)state;
	edit_init(&edit);
	put_machine(&edit);
	edit.chosen.cmdline = "";
	run_well(&edit);
	assert_bytes(&edit, "bootargs", "", 1);
	edit_done(&edit);
}

static void trap04_elfcorehdr_is_one_tuple_of_the_whole_segment(void **state)
{
	static const uint64_t sizes[] = { 0x1000, 0x71000, 0x74000, 0x80000 };
	struct edit edit;

	(void)state;
	edit_init(&edit);
	put_machine(&edit);
	for (size_t i = 0; i < 4; i++) {
		edit.chosen.elfcorehdr = (struct range){ 0xa8000000, 0xa8000000 + sizes[i] };
		run_well(&edit);
		ASSERT_CELLS(&edit, "linux,elfcorehdr", 0, 0xa8000000, 0, (uint32_t)sizes[i]);
	}
	edit_done(&edit);
}

static void trap07_regions_stand_in_the_order_given(void **state)
{
	struct edit edit;

	(void)state;
	edit_init(&edit);
	put_machine(&edit);
	edit.usable[0] = (struct range){ 0x280000000, 0x290000000 };
	edit.usable[1] = (struct range){ 0x78000000, 0x80000000 };
	edit.chosen.usable_count = 2;
	run_well(&edit);
	ASSERT_CELLS(&edit, "linux,usable-memory-range", 2, 0x80000000, 0, 0x10000000, 0,
		0x78000000, 0, 0x8000000);
	assert_true(noted(&edit, "set", "linux,usable-memory-range",
		"[0x280000000, 0x290000000) [0x78000000, 0x80000000)"));
	edit_done(&edit);
}

static void six_tuples_and_no_more(void **state)
{
	struct edit edit;

	(void)state;
	edit_init(&edit);
	put_machine(&edit);
	for (size_t i = 1; i < 7; i++) /* the widest that there is, for the text too */
		edit.usable[i] = (struct range){ 0xfffffff000000000 + i * 0x10000000,
			0xfffffff000000000 + i * 0x10000000 + 0x1000 };
	edit.chosen.usable_count = 6;
	run_well(&edit);
	ASSERT_CELLS(&edit, "linux,usable-memory-range", 0, 0xa0000000, 0, 0x10000000, 0xfffffff0,
		0x10000000, 0, 0x1000, 0xfffffff0, 0x20000000, 0, 0x1000, 0xfffffff0, 0x30000000, 0,
		0x1000, 0xfffffff0, 0x40000000, 0, 0x1000, 0xfffffff0, 0x50000000, 0, 0x1000);
	edit.chosen.usable_count = 7;
	assert_refused(&edit, ST_UNSUPPORTED, "usable-ranges", "7 regions");
	edit_done(&edit);
}

static void trap21_values_that_do_not_fit_their_cells_are_refused(void **state)
{
	static const struct {
		uint32_t address, size;
		struct range load, core;
		int status;
	} cases[] = {
		{ 1, 1, { 0xa0000000, 0xb0000000 }, { 0xa8000000, 0xa8001000 }, ST_OK },
		{ 1, 1, { 0xffffe000, 0x100000000 }, { 0xffffe000, 0xfffff000 }, ST_OK },
		{ 1, 2, { 0xa0000000, 0xb0000000 }, { 0xa8000000, 0xa8001000 }, ST_OK },
		{ 2, 1, { 0x2a0000000, 0x2b0000000 }, { 0x2a8000000, 0x2a8001000 }, ST_OK },
		{ 1, 1, { 0x280000000, 0x290000000 }, { 0x280000000, 0x280001000 }, ST_BAD_INPUT },
		{ 1, 2, { 0x280000000, 0x290000000 }, { 0x280000000, 0x280001000 }, ST_BAD_INPUT },
		{ 1, 1, { 0xa0000000, 0xb0000000 }, { 0x280000000, 0x280001000 }, ST_BAD_INPUT },
		{ 1, 1, { 0x280000000, 0x290000000 }, { 0xa8000000, 0xa8001000 }, ST_BAD_INPUT },
		{ 2, 1, { 0x280000000, 0x380000000 }, { 0x280000000, 0x280001000 }, ST_BAD_INPUT },
		{ 1, 1, { 0, 0x100000000 }, { 0xa8000000, 0xa8001000 }, ST_BAD_INPUT },
		{ 1, 1, { 1, 0x100000000 }, { 0xa8000000, 0xa8001000 }, ST_OK },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct edit edit;

		edit_init(&edit);
		put_cells(&edit, cases[i].address, cases[i].size);
		edit.usable[0] = cases[i].load;
		edit.chosen.elfcorehdr = cases[i].core;
		if (cases[i].status != ST_OK) {
			assert_refused(&edit, cases[i].status, "fdt-cells", "does not fit");
			assert_non_null(strstr(edit.err.hint, "two cells"));
		} else {
			run_well(&edit);
		}
		edit_done(&edit);
	}
}

static void tuples_have_the_roots_cells(void **state)
{
	struct edit edit;

	(void)state;
	edit_init(&edit);
	put_cells(&edit, 1, 1);
	run_well(&edit);
	ASSERT_CELLS(&edit, "linux,elfcorehdr", 0xaff70000, 0x71000);
	ASSERT_CELLS(&edit, "linux,usable-memory-range", 0xa0000000, 0x10000000);
	/* These are u64 whatever the cells are. */
	ASSERT_CELLS(&edit, "linux,initrd-start", 0, 0xa4000000);
	put_cells(&edit, 2, 1);
	run_well(&edit);
	ASSERT_CELLS(&edit, "linux,elfcorehdr", 0, 0xaff70000, 0x71000);
	put_cells(&edit, 1, 2);
	run_well(&edit);
	ASSERT_CELLS(&edit, "linux,elfcorehdr", 0xaff70000, 0, 0x71000);
	edit_done(&edit);
}

static void missing_cells_are_one(void **state)
{
	struct edit edit;

	(void)state;
	edit_init(&edit); /* an empty root */
	run_well(&edit);
	ASSERT_CELLS(&edit, "linux,elfcorehdr", 0xaff70000, 0x71000);
	edit.usable[0] = (struct range){ 0x280000000, 0x290000000 };
	assert_refused(&edit, ST_BAD_INPUT, "fdt-cells", "#address-cells 1 and #size-cells 1");
	put_u32(&edit, "/", "#address-cells", 2);
	run_well(&edit);
	ASSERT_CELLS(&edit, "linux,usable-memory-range", 2, 0x80000000, 0x10000000);
	edit_done(&edit);
}

static void strange_cells_are_refused(void **state)
{
	struct edit edit;

	(void)state;
	edit_init(&edit);
	put_cells(&edit, 3, 2);
	assert_refused(&edit, ST_BAD_INPUT, "fdt-cells", "#address-cells");
	put_cells(&edit, 2, 0);
	assert_refused(&edit, ST_BAD_INPUT, "fdt-cells", "#size-cells");
	put_cells(&edit, 2, 2);
	put_u64(&edit, "/", "#size-cells", 2);
	assert_refused(&edit, ST_BAD_INPUT, "fdt-cells", "#size-cells");
	edit_done(&edit);
}

static void chosen_is_made_where_there_is_none(void **state)
{
	struct edit edit;

	(void)state;
	edit_init(&edit);
	put_cells(&edit, 2, 2);
	put(&edit, "/psci", "method", "hvc", 4);
	run_well(&edit);
	ASSERT_CELLS(&edit, "linux,elfcorehdr", 0, 0xaff70000, 0, 0x71000);
	assert_rest_unchanged(&edit);
	edit_done(&edit);
}

static void put_stub(struct edit *edit)
{
	put_cells(edit, 2, 2);
	put(edit, "/chosen", "bootargs", "root=/dev/vda", 14);
	put_u64(edit, "/chosen", "linux,uefi-system-table", 0x7fffe018);
	put_u64(edit, "/chosen", "linux,uefi-mmap-start", 0x7fffa018);
	put_u32(edit, "/chosen", "linux,uefi-mmap-size", 0x690);
	put_u32(edit, "/chosen", "linux,uefi-mmap-desc-size", 0x30);
	put_u32(edit, "/chosen", "linux,uefi-mmap-desc-ver", 1);
}

static void trap18_stub_tree_stays_a_stub(void **state)
{
	struct edit edit;
	const void *fdt;
	int child, children = 0;

	(void)state;
	edit_init(&edit);
	put_stub(&edit);
	run_well(&edit);
	assert_true(firmware_fdt_is_stub(blob_span(&edit.plan.dtb)));
	fdt = edit.plan.dtb.data;
	fdt_for_each_subnode (child, fdt, 0)
		children++;
	assert_int_equal(children, 1);
	/* An empty one gets /chosen and nothing else. */
	edit_done(&edit);
	edit_init(&edit);
	put_cells(&edit, 2, 2);
	run_well(&edit);
	assert_true(firmware_fdt_is_stub(blob_span(&edit.plan.dtb)));
	edit_done(&edit);
}

static void trap19_uefi_properties_are_kept(void **state)
{
	static const char *const names[] = { "linux,uefi-system-table", "linux,uefi-mmap-start",
		"linux,uefi-mmap-size", "linux,uefi-mmap-desc-size", "linux,uefi-mmap-desc-ver" };
	struct edit edit;

	(void)state;
	edit_init(&edit);
	put_stub(&edit);
	put_u32(&edit, "/chosen", "linux,uefi-secure-boot", 2);
	run_well(&edit);
	for (size_t i = 0; i < 5; i++) {
		int size;
		const void *old = fdt_getprop(
			edit.source, fdt_path_offset(edit.source, "/chosen"), names[i], &size);

		assert_bytes(&edit, names[i], old, (size_t)size);
		assert_true(noted(&edit, "keep", names[i], NULL));
	}
	ASSERT_CELLS(&edit, "linux,uefi-secure-boot", 2);
	assert_true(noted(&edit, "keep", "linux,uefi-secure-boot", NULL));
	assert_int_equal(edit.report.count, 0);
	edit_done(&edit);
}

static void trap19_missing_uefi_property_is_a_warning(void **state)
{
	struct edit edit;

	(void)state;
	edit_init(&edit);
	put_stub(&edit);
	assert_int_equal(
		fdt_delprop(edit.source, node(&edit, "/chosen"), "linux,uefi-mmap-desc-size"), 0);
	run_well(&edit);
	assert_int_equal(edit.report.count, 1);
	assert_int_equal(edit.report.entries[0].kind, REPORT_WARNING);
	assert_non_null(strstr(edit.report.entries[0].text, "linux,uefi-mmap-desc-size"));
	edit_done(&edit);
}

/* Some distributions' kernels insist on it, and others' stubs do not write it. */
static void trap19_secure_boot_is_added_where_it_is_missing(void **state)
{
	struct edit edit;

	(void)state;
	edit_init(&edit);
	put_stub(&edit);
	run_well(&edit);
	ASSERT_CELLS(&edit, "linux,uefi-secure-boot", 0);
	assert_true(noted(&edit, "set", "linux,uefi-secure-boot", "0x0"));
	for (size_t i = 0; i < edit.plan.edits_count; i++)
		assert_int_equal(strcmp(edit.plan.edits[i].name, "linux,uefi-secure-boot") != 0,
			!edit.plan.edits[i].reason);
	assert_int_equal(edit.report.count, 0);
	edit_done(&edit);
	/* Not on a machine that has nothing to do with EFI. */
	edit_init(&edit);
	put_machine(&edit);
	run_well(&edit);
	assert_absent(&edit, "linux,uefi-secure-boot");
	edit_done(&edit);
}

static void trap20_leftovers_are_deleted(void **state)
{
	static const char *const names[] = { "linux,kho-fdt", "linux,kho-scratch",
		"linux,ima-kexec-buffer", "linux,dmcryptkeys" };
	struct edit edit;

	(void)state;
	edit_init(&edit);
	put_machine(&edit);
	for (size_t i = 0; i < 4; i++)
		put(&edit, "/chosen", names[i], "\0\0\0\0\x41\0\0\0\0\0\0\0\0\0\x10\0", 16);
	run_well(&edit);
	for (size_t i = 0; i < 4; i++) {
		assert_absent(&edit, names[i]);
		assert_true(noted(&edit, "delete", names[i], NULL));
	}
	assert_rest_unchanged(&edit);
	edit_done(&edit);
}

/* Unused, whatever the purgatory before us wrote into its own. */
static void room_for_the_record_of_purgatory(void **state)
{
	static const uint8_t unused[76 + 4] = { 'K', 'E', 'X', 'E', 'C', 'R', 'E', 'C', 0, 0, 0, 1,
		0, 0, 0, 76 };
	struct edit edit;
	const void *value;
	int size;

	(void)state;
	edit_init(&edit);
	put_machine(&edit);
	put(&edit, "/chosen", "kexec,purgatory", "of another version", 19);
	run_well(&edit);
	value = get(&edit, "kexec,purgatory", &size);
	assert_int_equal(size, sizeof(unused));
	assert_memory_equal(value, unused, 76);
	assert_int_equal(load_be32((const uint8_t *)value + 76),
		purgatory_record_mark(
			edit.plan.dtb.data, fdt_path_offset(edit.plan.dtb.data, "/chosen")));
	assert_true(noted(&edit, "set", "kexec,purgatory", "reserved"));
	assert_rest_unchanged(&edit);
	edit_done(&edit);
}

/* Reservations before and after, as address and size. */
static void assert_reservations(struct edit *edit, size_t before_count, const uint64_t (*before)[2],
	size_t after_count, const uint64_t (*after)[2])
{
	while (fdt_num_mem_rsv(edit->source))
		assert_int_equal(fdt_del_mem_rsv(edit->source, 0), 0);
	for (size_t i = 0; i < before_count; i++)
		assert_int_equal(fdt_add_mem_rsv(edit->source, before[i][0], before[i][1]), 0);
	run_well(edit);
	assert_int_equal(fdt_num_mem_rsv(edit->plan.dtb.data), after_count);
	for (size_t i = 0; i < after_count; i++) {
		uint64_t address, size;

		assert_int_equal(fdt_get_mem_rsv(edit->plan.dtb.data, (int)i, &address, &size), 0);
		assert_int_equal(address, after[i][0]);
		assert_int_equal(size, after[i][1]);
	}
}

#define ENTRIES(...)                                                                               \
	sizeof((const uint64_t[][2]){ __VA_ARGS__ }) / 16, (const uint64_t[][2])                   \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}

static void trap20_reservation_of_the_old_initrd_is_dropped(void **state)
{
	struct edit edit;

	(void)state;
	edit_init(&edit);
	put_machine(&edit); /* its initrd is at 0x48000000, 0x1abcdef bytes, in cells of 32 bits */
	assert_reservations(&edit,
		ENTRIES({ 0x80000000, 0x1000 }, { 0x48000000, 0x1abcdef }, { 0x50000000, 1 }),
		ENTRIES({ 0x80000000, 0x1000 }, { 0x50000000, 1 }));
	/* In whole pages. */
	assert_reservations(&edit, ENTRIES({ 0x48000000, 0x1abd000 }, { 0x50000000, 0x1000 }),
		ENTRIES({ 0x50000000, 0x1000 }));
	/* In cells of 64 bits. */
	put_u64(&edit, "/chosen", "linux,initrd-start", 0x148000800);
	put_u64(&edit, "/chosen", "linux,initrd-end", 0x148001801);
	assert_reservations(&edit, ENTRIES({ 0x148000000, 0x2000 }, { 0x148000000, 0x1000 }),
		ENTRIES({ 0x148000000, 0x1000 }));
	/* Near it is not it. */
	assert_reservations(&edit, ENTRIES({ 0x148000000, 0x3000 }, { 0x148000800, 0x1002 }),
		ENTRIES({ 0x148000000, 0x3000 }, { 0x148000800, 0x1002 }));
	/* An initrd that ends before it begins is none. */
	put_u64(&edit, "/chosen", "linux,initrd-end", 0x148000000);
	assert_reservations(
		&edit, ENTRIES({ 0x148000000, 0x2000 }), ENTRIES({ 0x148000000, 0x2000 }));
	edit_done(&edit);
}

static void trap20_reservation_of_ima_is_dropped(void **state)
{
	struct edit edit;

	(void)state;
	edit_init(&edit);
	put_machine(&edit);
	put(&edit, "/chosen", "linux,ima-kexec-buffer", "\0\0\0\0\x41\0\0\0\0\0\0\0\0\0\x10\0", 16);
	assert_reservations(&edit, ENTRIES({ 0x41000000, 0x1000 }, { 0x42000000, 0x1000 }),
		ENTRIES({ 0x42000000, 0x1000 }));
	edit_done(&edit);
}

/* One that an elfcorehdr of the kernel that runs had, for a restart out of a capture kernel. */
static void reservation_of_the_old_elfcorehdr_is_dropped(void **state)
{
	struct edit edit;

	(void)state;
	edit_init(&edit);
	put_machine(&edit);
	put(&edit, "/chosen", "linux,elfcorehdr", "\0\0\0\0\x41\0\0\0\0\0\0\0\0\0\x10\0", 16);
	assert_reservations(&edit, ENTRIES({ 0x41000000, 0x1000 }, { 0x42000000, 0x1000 }),
		ENTRIES({ 0x42000000, 0x1000 }));
	edit_done(&edit);
}

/* They may be firmware's: the segments keep off them. */
static void reservations_in_the_crash_region_stay(void **state)
{
	struct edit edit;

	(void)state;
	edit_init(&edit);
	put_machine(&edit);
	assert_reservations(&edit,
		ENTRIES({ 0xa0000000, 0x1000 }, { 0xafffffff, 1 }, { 0x90000000, UINT64_MAX }),
		ENTRIES({ 0xa0000000, 0x1000 }, { 0xafffffff, 1 }, { 0x90000000, UINT64_MAX }));
	assert_int_equal(edit.report.count, 0);
	edit_done(&edit);
}

static void trap23_more_than_2_mib_is_refused(void **state)
{
	const size_t room = (2u << 20) + 65536;
	uint8_t *filler = calloc(1, 2u << 20);
	uint64_t *tree = calloc(1, room);
	struct arm64_chosen chosen;
	struct edit edit;
	uint32_t size = (2u << 20) - 65536;
	size_t largest = 0;

	(void)state;
	assert_non_null(filler);
	assert_non_null(tree);
	edit_init(&edit);
	chosen = edit.chosen;
	/* Grow a property until the result is just too big. */
	for (;;) {
		struct span span = { (const uint8_t *)tree, 0 };
		int status;

		assert_int_equal(fdt_create_empty_tree(tree, (int)room), 0);
		assert_int_equal(fdt_setprop(tree, 0, "filler", filler, (int)size), 0);
		assert_int_equal(fdt_pack(tree), 0);
		span.size = fdt_totalsize(tree);
		plan_done(&edit.plan);
		err_clear(&edit.err);
		status = arm64_build_dtb(span, &chosen, &edit.plan, &edit.report, &edit.err);
		if (status) {
			assert_int_equal(status, ST_NO_SPACE);
			assert_string_equal(edit.err.id, "fdt-too-big");
			assert_true(span.size < 2u << 20); /* too big only with the edits */
			assert_null(edit.plan.dtb.data);
			break;
		}
		largest = edit.plan.dtb.size;
		assert_true(largest <= 2u << 20);
		assert_int_equal(fdt_check_full(edit.plan.dtb.data, edit.plan.dtb.size), 0);
		size += largest + 4 > 2u << 20 ? 4 : ((2u << 20) - (uint32_t)largest) & ~3u;
	}
	assert_true(largest + 4 > 2u << 20);
	/* And one that was too big to begin with. */
	assert_int_equal(fdt_create_empty_tree(tree, (int)room), 0);
	assert_int_equal(arm64_build_dtb((struct span){ (const uint8_t *)tree, room }, &chosen,
				 &edit.plan, &edit.report, &edit.err),
		ST_NO_SPACE);
	edit_done(&edit);
	free(filler);
	free(tree);
}

static void longest_command_line_has_room(void **state)
{
	struct edit edit;
	char line[65536];

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	edit_init(&edit);
	edit.chosen.cmdline = line;
	edit.chosen.usable_count = 6;
	run_well(&edit);
	assert_bytes(&edit, "bootargs", line, sizeof(line));
	edit_done(&edit);
}

/* Each would take a search from the start. */
static void one_name_again_and_again_is_refused(void **state)
{
	struct edit edit;

	(void)state;
	for (int count = 15; count <= 16; count++) {
		edit_init(&edit);
		assert_int_equal(fdt_create(edit.source, sizeof(edit.source)), 0);
		assert_int_equal(fdt_finish_reservemap(edit.source), 0);
		assert_int_equal(fdt_begin_node(edit.source, ""), 0);
		assert_int_equal(fdt_property_u32(edit.source, "#address-cells", 2), 0);
		assert_int_equal(fdt_property_u32(edit.source, "#size-cells", 2), 0);
		assert_int_equal(fdt_begin_node(edit.source, "chosen"), 0);
		for (int i = 0; i < count; i++)
			assert_int_equal(fdt_property(edit.source, "linux,kho-fdt", NULL, 0), 0);
		assert_int_equal(fdt_end_node(edit.source), 0);
		assert_int_equal(fdt_end_node(edit.source), 0);
		assert_int_equal(fdt_finish(edit.source), 0);
		if (count < 16)
			run_well(&edit);
		else
			assert_refused(&edit, ST_BAD_INPUT, "fdt-limit", "linux,kho-fdt");
		edit_done(&edit);
	}
}

static void editing_twice_is_editing_once(void **state)
{
	struct edit edit;
	struct blob once;

	(void)state;
	edit_init(&edit);
	put_machine(&edit);
	run_well(&edit);
	once = blob_take(&edit.plan.dtb);
	assert_true(once.size <= sizeof(edit.source));
	memcpy(edit.source, once.data, once.size);
	run_well(&edit);
	assert_int_equal(edit.plan.dtb.size, once.size);
	assert_memory_equal(edit.plan.dtb.data, once.data, once.size);
	blob_done(&once);
	edit_done(&edit);
}

static void broken_tree_is_refused(void **state)
{
	struct edit edit;

	(void)state;
	edit_init(&edit);
	fdt_set_magic(edit.source, 0x1234);
	assert_refused(&edit, ST_BAD_INPUT, "fdt-edit", "device tree: cannot");
	edit_done(&edit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_property_is_set),
		cmocka_unit_test(what_is_not_wanted_is_deleted),
		cmocka_unit_test(empty_command_line_is_a_value),
		cmocka_unit_test(trap04_elfcorehdr_is_one_tuple_of_the_whole_segment),
		cmocka_unit_test(trap07_regions_stand_in_the_order_given),
		cmocka_unit_test(six_tuples_and_no_more),
		cmocka_unit_test(trap21_values_that_do_not_fit_their_cells_are_refused),
		cmocka_unit_test(tuples_have_the_roots_cells),
		cmocka_unit_test(missing_cells_are_one),
		cmocka_unit_test(strange_cells_are_refused),
		cmocka_unit_test(chosen_is_made_where_there_is_none),
		cmocka_unit_test(trap18_stub_tree_stays_a_stub),
		cmocka_unit_test(trap19_uefi_properties_are_kept),
		cmocka_unit_test(trap19_missing_uefi_property_is_a_warning),
		cmocka_unit_test(trap19_secure_boot_is_added_where_it_is_missing),
		cmocka_unit_test(trap20_leftovers_are_deleted),
		cmocka_unit_test(room_for_the_record_of_purgatory),
		cmocka_unit_test(trap20_reservation_of_the_old_initrd_is_dropped),
		cmocka_unit_test(trap20_reservation_of_ima_is_dropped),
		cmocka_unit_test(reservation_of_the_old_elfcorehdr_is_dropped),
		cmocka_unit_test(reservations_in_the_crash_region_stay),
		cmocka_unit_test(trap23_more_than_2_mib_is_refused),
		cmocka_unit_test(longest_command_line_has_room),
		cmocka_unit_test(one_name_again_and_again_is_refused),
		cmocka_unit_test(editing_twice_is_editing_once),
		cmocka_unit_test(broken_tree_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
