// SPDX-License-Identifier: GPL-2.0-only
/* Loads with a device tree that is not the running one: what is filled in, and what is refused. */
#include "tests/unit/tree.h"

#include "kexec/plan/tree.h"
#include "kexec/system/boot_memory.h"
#include "kexec/system/devtree.h"
#include "kexec/system/firmware.h"
#include "tests/unit/plan_machine.h"

#define BOARD "test,board\0test,soc"

/* The machine of plan_machine.h, with a tree of its own and another one. */
struct bench {
	struct plan_machine pm;
	uint64_t running[2048];
	uint64_t other[2048];
};

static int node(void *fdt, const char *path)
{
	int at = 0;

	while (*path) {
		const char *name = path + 1;
		size_t length = strcspn(name, "/");
		int next = fdt_subnode_offset_namelen(fdt, at, name, (int)length);

		if (next == -FDT_ERR_NOTFOUND)
			next = fdt_add_subnode_namelen(fdt, at, name, (int)length);
		assert_true(next >= 0);
		at = next;
		path = name + length;
	}
	return at;
}

static void put(void *fdt, const char *path, const char *name, const void *value, size_t size)
{
	assert_int_equal(fdt_setprop(fdt, node(fdt, path), name, value, (int)size), 0);
}

static void put_text(void *fdt, const char *path, const char *name, const char *value)
{
	put(fdt, path, name, value, strlen(value) + 1);
}

static void put_u32(void *fdt, const char *path, const char *name, uint32_t value)
{
	assert_int_equal(fdt_setprop_u32(fdt, node(fdt, path), name, value), 0);
}

static void put_u64(void *fdt, const char *path, const char *name, uint64_t value)
{
	assert_int_equal(fdt_setprop_u64(fdt, node(fdt, path), name, value), 0);
}

static void put_reg(void *fdt, const char *path, uint64_t start, uint64_t size)
{
	uint8_t value[16];

	fdt64_st(value, start);
	fdt64_st(value + 8, size);
	put(fdt, path, "reg", value, sizeof(value));
}

static void drop(void *fdt, const char *path)
{
	assert_int_equal(fdt_del_node(fdt, node(fdt, path)), 0);
}

static void put_memory(void *fdt, const char *path, uint64_t start, uint64_t size)
{
	put_text(fdt, path, "device_type", "memory");
	put_reg(fdt, path, start, size);
}

static void put_cpu(void *fdt, const char *path, uint32_t id, const char *method)
{
	put_text(fdt, path, "device_type", "cpu");
	put_u32(fdt, path, "reg", id);
	if (method)
		put_text(fdt, path, "enable-method", method);
}

/* All but memory. */
static void put_board(void *fdt, size_t room)
{
	assert_int_equal(fdt_create_empty_tree(fdt, (int)room), 0);
	put_u32(fdt, "", "#address-cells", 2);
	put_u32(fdt, "", "#size-cells", 2);
	put(fdt, "", "compatible", BOARD, sizeof(BOARD));
	put_cpu(fdt, "/cpus/cpu@0", 0, "psci");
	put_cpu(fdt, "/cpus/cpu@1", 1, "psci");
	put_text(fdt, "/psci", "compatible", "arm,psci-1.0");
	put_text(fdt, "/psci", "method", "hvc");
	put_text(fdt, "/chosen", "stdout-path", "/serial");
}

static void put_efi(void *fdt, uint32_t address)
{
	put_u64(fdt, "/chosen", "linux,uefi-system-table", address);
	put_u64(fdt, "/chosen", "linux,uefi-mmap-start", address + 0x1000);
	put_u32(fdt, "/chosen", "linux,uefi-mmap-size", 0x690);
	put_u32(fdt, "/chosen", "linux,uefi-mmap-desc-size", 0x30);
	put_u32(fdt, "/chosen", "linux,uefi-mmap-desc-ver", 1);
}

static void bench_init(struct bench *bench)
{
	pm_init(&bench->pm);
	put_board(bench->running, sizeof(bench->running));
	put_memory(bench->running, "/memory@40000000", 0x40000000, 0x80000000);
	put_board(bench->other, sizeof(bench->other));
}

static int plan(struct bench *bench)
{
	struct plan_machine *pm = &bench->pm;

	pm_fdt(pm, (struct span){ (uint8_t *)bench->running, fdt_totalsize(bench->running) });
	pm->inputs.dtb = (struct span){ (uint8_t *)bench->other, fdt_totalsize(bench->other) };
	pm->inputs.dtb_name = "board.dtb";
	return pm_plan(pm);
}

static void plan_well(struct bench *bench)
{
	if (plan(bench) != ST_OK)
		fail_msg("%s: %s", bench->pm.err.id, bench->pm.err.text);
	assert_int_equal(devtree_check(blob_span(&bench->pm.plan.dtb), "made", NULL), ST_OK);
}

/* For a panic and for a restart alike, with a way out. */
static void assert_refused(struct bench *bench, int status, const char *id, const char *words)
{
	struct plan_machine *pm = &bench->pm;

	for (int crash = 0; crash < 2; crash++) {
		pm->request.crash = crash;
		if (plan(bench) == ST_OK)
			fail_msg("not refused: %s", id);
		if (strcmp(pm->err.id, id) != 0 || !strstr(pm->err.text, words))
			fail_msg("[%s] %s, wanted [%s] with \"%s\"", pm->err.id, pm->err.text, id,
				words);
		assert_int_equal(pm->err.status, status);
		assert_null(pm->plan.arch);
	}
}

static bool warned(const struct bench *bench, const char *words)
{
	return pm_said(&bench->pm.report, REPORT_WARNING, "dtb", words);
}

/* The edit of a property; each has a reason. */
static const struct dt_edit *edit_of(const struct bench *bench, const char *path, const char *name)
{
	for (size_t i = 0; i < bench->pm.plan.edits_count; i++) {
		const struct dt_edit *edit = &bench->pm.plan.edits[i];

		if (strcmp(edit->path, path) == 0 && strcmp(edit->name, name) == 0)
			return edit;
	}
	return NULL;
}

static void assert_edit(
	const struct bench *bench, const char *path, const char *name, const char *value)
{
	const struct dt_edit *edit = edit_of(bench, path, name);

	if (!edit)
		fail_msg("no edit of %s/%s", path, name);
	assert_string_equal(edit->action, value ? "set" : "delete");
	if (value)
		assert_string_equal(edit->value, value);
	assert_non_null(edit->reason);
}

/* The memory that the new kernel finds by its tree's nodes. */
static void assert_memory(const struct bench *bench, uint64_t start, uint64_t end)
{
	struct rangeset set = RANGESET_INIT;

	assert_int_equal(boot_memory_from_tree(blob_span(&bench->pm.plan.dtb), &set, NULL), ST_OK);
	assert_int_equal(set.count, 1);
	assert_int_equal(set.ranges[0].start, start);
	assert_int_equal(set.ranges[0].end, end);
	rangeset_done(&set);
}

static const void *get(const struct bench *bench, const char *path, const char *name, int *size)
{
	const void *fdt = bench->pm.plan.dtb.data;

	return fdt_getprop(fdt, fdt_path_offset(fdt, path), name, size);
}

/* --- memory --------------------------------------------------------------------------- */

static void memory_is_filled_in_as_firmware_does(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench);
	for (int crash = 0; crash < 2; crash++) {
		bench.pm.request.crash = crash;
		plan_well(&bench);
		assert_memory(&bench, 0x40000000, 0xc0000000);
		assert_edit(&bench, "/memory@40000000", "reg", "[0x40000000, 0xc0000000)");
		assert_false(warned(&bench, ""));
		assert_false(pm_said(&bench.pm.report, REPORT_WARNING, "memory", ""));
	}
	/* Of no size, in nodes of any name; and in one that is not in use. */
	put_memory(bench.other, "/memory@80000000", 0x80000000, 0);
	put_memory(bench.other, "/ram@0", 0, 0);
	plan_well(&bench);
	assert_memory(&bench, 0x40000000, 0xc0000000);
	assert_true(fdt_path_offset(bench.pm.plan.dtb.data, "/ram@0") < 0);
	put_memory(bench.other, "/memory@40000000", 0x40000000, 0x1000);
	put_text(bench.other, "/memory@40000000", "status", "disabled");
	plan_well(&bench);
	assert_memory(&bench, 0x40000000, 0xc0000000);
	/* Where the running tree does not list it, what is plain RAM now. */
	drop(bench.running, "/memory@40000000");
	bench.pm.request.crash = false;
	pm_iomem(&bench.pm, "40000000-bfffffff : System RAM\n  a0000000-afffffff : Crash kernel\n"
			    "c0000000-cfffffff : System RAM (kmem)\n");
	plan_well(&bench);
	assert_memory(&bench, 0x40000000, 0xc0000000);
	pm_done(&bench.pm);
}

static void memory_in_pieces_is_one_node(void **state)
{
	struct rangeset set = RANGESET_INIT;
	struct bench bench;

	(void)state;
	bench_init(&bench);
	put_memory(bench.running, "/memory@180000000", 0x180000000, 0x40000000);
	plan_well(&bench);
	assert_edit(&bench, "/memory@40000000", "reg", "[0x40000000, 0xc0000000) and more");
	assert_int_equal(boot_memory_from_tree(blob_span(&bench.pm.plan.dtb), &set, NULL), ST_OK);
	assert_int_equal(set.count, 2);
	assert_int_equal(set.ranges[1].start, 0x180000000);
	rangeset_done(&set);
	/* Of cells that do not hold it nothing is cut. */
	put_u32(bench.other, "", "#address-cells", 1);
	assert_refused(&bench, ST_BAD_INPUT, "fdt-cells", "memory");
	pm_done(&bench.pm);
}

static void memory_of_another_machine_is_refused(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench);
	put_memory(bench.other, "/memory@80000000", 0x100000000, 0x40000000);
	assert_refused(&bench, ST_BAD_INPUT, "fdt-memory-elsewhere",
		"lists 0x40000000 bytes from 0x100000000, and here are 0x80000000 from 0x40000000; "
		"it is for \"test,board\"");
	assert_non_null(strstr(bench.pm.err.hint, "tree of this board"));
	/* Under another name it is said of both. */
	put_text(bench.other, "", "compatible", "test,else");
	assert_refused(&bench, ST_BAD_INPUT, "fdt-memory-elsewhere",
		"for \"test,else\", and this machine is \"test,board\"");
	pm_done(&bench.pm);
}

/* The placeholder of many boards' source: more than there is, or too little for this load. */
static void memory_that_is_not_there_is_not_believed(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench);
	put_memory(bench.other, "/memory@40000000", 0x40000000, 0x100000000);
	for (int crash = 0; crash < 2; crash++) {
		bench.pm.request.crash = crash;
		plan_well(&bench);
		assert_memory(&bench, 0x40000000, 0xc0000000);
		assert_true(warned(&bench, "memory that this machine has not, the first at "
					   "0xc0000000"));
	}
	/* Without the crash region, which begins at 0xa0000000. */
	put_memory(bench.other, "/memory@40000000", 0x40000000, 0x68000000);
	plan_well(&bench);
	assert_memory(&bench, 0x40000000, 0xc0000000);
	assert_true(warned(&bench, "leaves out a crash region"));
	/* A restart can do with less, and goes there only. */
	bench.pm.request.crash = false;
	put_memory(bench.other, "/memory@40000000", 0x60000000, 0x20000000);
	plan_well(&bench);
	assert_memory(&bench, 0x60000000, 0x80000000);
	assert_true(warned(&bench, "lists 0x20000000 bytes of memory, and this machine has "
				   "0x80000000"));
	assert_null(edit_of(&bench, "/memory@40000000", "reg"));
	for (size_t i = 0; i < bench.pm.plan.segment_count; i++)
		assert_true(bench.pm.plan.segments[i].mem >= 0x60000000 &&
			    bench.pm.plan.segments[i].mem < 0x80000000);
	pm_done(&bench.pm);
}

/* --- what is no tree of this machine ---------------------------------------------------- */

static void another_board_is_refused(void **state)
{
	static const char names[] = "vendor,board\0test,soc";
	struct bench bench;

	(void)state;
	bench_init(&bench);
	put_text(bench.other, "", "compatible", "test,boar");
	assert_refused(&bench, ST_BAD_INPUT, "fdt-other-board",
		"board.dtb is for \"test,boar\", and this machine is \"test,board\"");
	assert_non_null(strstr(bench.pm.err.hint, "add \"test,board\""));
	assert_int_equal(fdt_delprop(bench.other, 0, "compatible"), 0);
	assert_refused(&bench, ST_BAD_INPUT, "fdt-other-board", "for no board by name");
	/* One name is enough, in any place. */
	put(bench.other, "", "compatible", names, sizeof(names));
	plan_well(&bench);
	assert_false(warned(&bench, ""));
	/* Where the running tree has no name nothing can be said for sure. */
	assert_int_equal(fdt_delprop(bench.running, 0, "compatible"), 0);
	plan_well(&bench);
	assert_true(warned(&bench, "whether that is this machine cannot be known"));
	pm_done(&bench.pm);
}

static void what_describes_no_machine_is_refused(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench);
	put_text(bench.other, "/fragment@0/__overlay__", "status", "okay");
	assert_refused(&bench, ST_BAD_INPUT, "fdt-no-machine", "it is an overlay");
	assert_non_null(strstr(bench.pm.err.hint, "fdtoverlay"));
	assert_int_equal(fdt_create_empty_tree(bench.other, sizeof(bench.other)), 0);
	assert_refused(&bench, ST_BAD_INPUT, "fdt-no-machine", "no nodes that describe one");
	put(bench.other, "", "compatible", BOARD, sizeof(BOARD));
	put_text(bench.other, "/chosen", "bootargs", "quiet");
	assert_refused(&bench, ST_BAD_INPUT, "fdt-no-machine", "no nodes that describe one");
	put_board(bench.other, sizeof(bench.other));
	drop(bench.other, "/cpus");
	assert_refused(&bench, ST_BAD_INPUT, "fdt-no-cpus", "no CPU below /cpus");
	put_u32(bench.other, "/cpus", "#address-cells", 1);
	put_text(bench.other, "/cpus/idle-states", "entry-method", "psci");
	assert_refused(&bench, ST_BAD_INPUT, "fdt-no-cpus", "no CPU below /cpus");
	pm_done(&bench.pm);
}

/* --- EFI ---------------------------------------------------------------------------------- */

static void the_way_to_the_efi_map_is_taken_over(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench);
	put_efi(bench.running, 0x7ffd0000);
	drop(bench.running, "/memory@40000000");
	put_efi(bench.other, 0x5550000);	    /* of another boot */
	put_memory(bench.other, "/memory@0", 0, 0); /* does not count */
	for (int crash = 0; crash < 2; crash++) {
		int size;

		bench.pm.request.crash = crash;
		plan_well(&bench);
		for (size_t i = 0; i < BOOT_MEMORY_EFI_NAMES; i++) {
			const char *name = boot_memory_efi_names[i];
			const void *wanted = fdt_getprop(
				bench.running, node(bench.running, "/chosen"), name, &size);
			int found;
			const void *value = get(&bench, "/chosen", name, &found);

			assert_int_equal(found, size);
			assert_memory_equal(value, wanted, (size_t)size);
		}
		assert_edit(&bench, "/chosen", "linux,uefi-mmap-start", "0x7ffd1000");
		assert_edit(&bench, "/chosen", "linux,uefi-secure-boot", "0x0");
		assert_null(edit_of(&bench, "/memory@0", "reg"));
		assert_int_equal(boot_memory_efi(bench.pm.plan.dtb.data, NULL), BOOT_EFI_WHOLE);
	}
	put_u32(bench.running, "/chosen", "linux,uefi-secure-boot", 2);
	plan_well(&bench);
	assert_edit(&bench, "/chosen", "linux,uefi-secure-boot", "0x2");
	pm_done(&bench.pm);
}

static void half_a_way_to_the_efi_map_is_none(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench);
	for (size_t i = 1; i < BOOT_MEMORY_EFI_NAMES; i++) {
		put_efi(bench.running, 0x7ffd0000);
		assert_int_equal(fdt_delprop(bench.running, node(bench.running, "/chosen"),
					 boot_memory_efi_names[i]),
			0);
		assert_refused(&bench, ST_NOT_FOUND, "fdt-efi-map", boot_memory_efi_names[i]);
	}
	pm_done(&bench.pm);
}

/* A copy of the running tree from a boot by EFI, used after one without. */
static void efi_of_another_boot_is_forgotten(void **state)
{
	struct bench bench;
	int size;

	(void)state;
	bench_init(&bench);
	put_efi(bench.other, 0x5550000);
	put_u32(bench.other, "/chosen", "linux,uefi-secure-boot", 2);
	plan_well(&bench);
	assert_memory(&bench, 0x40000000, 0xc0000000);
	for (size_t i = 0; i < BOOT_MEMORY_EFI_NAMES; i++) {
		assert_null(get(&bench, "/chosen", boot_memory_efi_names[i], &size));
		assert_edit(&bench, "/chosen", boot_memory_efi_names[i], NULL);
	}
	assert_null(get(&bench, "/chosen", "linux,uefi-secure-boot", &size));
	pm_done(&bench.pm);
}

static void acpi_machine_can_be_given_a_tree(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench);
	assert_int_equal(fdt_create_empty_tree(bench.running, sizeof(bench.running)), 0);
	put_efi(bench.running, 0x7ffd0000);
	bench.pm.machine.firmware.acpi = true;
	plan_well(&bench);
	assert_true(warned(&bench, "turns ACPI off"));
	assert_true(warned(&bench, "cannot be known"));
	assert_int_equal(boot_memory_efi(bench.pm.plan.dtb.data, NULL), BOOT_EFI_WHOLE);
	/* A stub, as copied from another boot: it stays one, and goes by this boot's map. */
	assert_int_equal(fdt_create_empty_tree(bench.other, sizeof(bench.other)), 0);
	put_efi(bench.other, 0x5550000);
	assert_int_equal(fdt_add_mem_rsv(bench.running, 0x50000000, 0x1000), 0);
	plan_well(&bench);
	assert_false(warned(&bench, ""));
	assert_true(firmware_fdt_is_stub(blob_span(&bench.pm.plan.dtb)));
	assert_edit(&bench, "/chosen", "linux,uefi-mmap-start", "0x7ffd1000");
	/* Without it there is no memory for it, since a memory node would turn ACPI off. */
	assert_int_equal(fdt_create_empty_tree(bench.running, sizeof(bench.running)), 0);
	put_text(bench.running, "/chosen", "bootargs", "");
	assert_refused(&bench, ST_NOT_FOUND, "fdt-no-memory", "lists no memory");
	pm_done(&bench.pm);
}

/* --- reservations ------------------------------------------------------------------------ */

static void put_reserved(
	void *fdt, const char *path, uint64_t start, uint64_t size, const char *property)
{
	put_u32(fdt, "/reserved-memory", "#address-cells", 2);
	put_u32(fdt, "/reserved-memory", "#size-cells", 2);
	put(fdt, "/reserved-memory", "ranges", NULL, 0);
	put_reg(fdt, path, start, size);
	if (property)
		put(fdt, path, property, NULL, 0);
}

static void assert_off(const struct bench *bench, uint64_t start, uint64_t end)
{
	const struct plan *made = &bench->pm.plan;

	for (size_t i = 0; i < made->segment_count; i++)
		if (made->segments[i].mem < end &&
			made->segments[i].mem + made->segments[i].memsz > start)
			fail_msg("%s at 0x%llx", segment_purpose_name(made->segments[i].purpose),
				(unsigned long long)made->segments[i].mem);
}

/* A load for a restart, on a machine whose running kernel is nowhere in the way. */
static void plan_restart(struct bench *bench)
{
	bench->pm.machine.iomem.kernel_code = (struct range){ 0, 0 };
	bench->pm.machine.iomem.kernel_data = (struct range){ 0, 0 };
	bench->pm.request.crash = false;
	plan_well(bench);
}

static void what_the_tree_reserves_is_kept_off(void **state)
{
	static const char *const properties[] = { "no-map", "reusable", NULL };
	struct bench bench;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		bench_init(&bench);
		put_reserved(bench.other, "/reserved-memory/firmware@40000000", 0x40000000,
			0x1000000, properties[i]);
		assert_int_equal(fdt_add_mem_rsv(bench.other, 0x41000000, 0x200000), 0);
		put_reserved(bench.other, "/reserved-memory/off@41200000", 0x41200000, 0x10000000,
			"no-map");
		put_text(bench.other, "/reserved-memory/off@41200000", "status", "disabled");
		plan_restart(&bench);
		assert_off(&bench, 0x40000000, 0x41200000);
		assert_int_equal(plan_segment(&bench.pm.plan, SEGMENT_KERNEL)->mem, 0x41200000);
		/* The running tree's own count as well. */
		bench.pm.inputs.dtb = (struct span){ .data = NULL };
		pm_fdt(&bench.pm,
			(struct span){ (uint8_t *)bench.other, fdt_totalsize(bench.other) });
		assert_int_equal(pm_plan(&bench.pm), ST_OK);
		assert_off(&bench, 0x40000000, 0x41200000);
		pm_done(&bench.pm);
	}
}

static void a_crash_region_with_holes_is_used_around_them(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench);
	put_reserved(
		bench.other, "/reserved-memory/firmware@a0000000", 0xa0000000, 0x1000000, "no-map");
	assert_int_equal(fdt_add_mem_rsv(bench.other, 0xafe00800, 0x1000), 0);
	plan_well(&bench);
	assert_off(&bench, 0xa0000000, 0xa1000000);
	assert_off(&bench, 0xafe00000, 0xafe02000);
	/* In pages that are whole. */
	assert_int_equal(bench.pm.plan.room.count, 2);
	assert_int_equal(bench.pm.plan.room.ranges[0].end, 0xafe00000);
	assert_int_equal(bench.pm.plan.room.ranges[1].start, 0xafe02000);
	assert_int_equal(fdt_num_mem_rsv(bench.pm.plan.dtb.data), 1);
	assert_true(warned(&bench, "reserves 0x1001000 bytes of the crash region, the first at "
				   "[0xa0000000, 0xa1000000)"));
	/* Nothing is left. */
	put_reg(bench.other, "/reserved-memory/firmware@a0000000", 0x90000000, 0x20000000);
	assert_int_equal(plan(&bench), ST_NO_SPACE);
	assert_string_equal(bench.pm.err.id, "crash-region-too-small");
	pm_done(&bench.pm);
}

static void reservations_of_the_kernel_that_runs_are_no_ones(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench);
	put_u64(bench.running, "/chosen", "linux,initrd-start", 0x40000000);
	put_u64(bench.running, "/chosen", "linux,initrd-end", 0x44000000);
	assert_int_equal(fdt_add_mem_rsv(bench.running, 0x40000000, 0x4000000), 0);
	plan_restart(&bench);
	assert_int_equal(plan_segment(&bench.pm.plan, SEGMENT_KERNEL)->mem, 0x40000000);
	assert_int_equal(fdt_num_mem_rsv(bench.pm.plan.dtb.data), 0);
	pm_done(&bench.pm);
}

static void what_firmware_reserved_is_taken_over(void **state)
{
	struct bench bench;
	int size;

	(void)state;
	bench_init(&bench);
	put_reserved(
		bench.running, "/reserved-memory/secmon@48000000", 0x48000000, 0x200000, "no-map");
	put_reserved(
		bench.running, "/reserved-memory/cma@50000000", 0x50000000, 0x1000000, "reusable");
	put_reserved(bench.running, "/reserved-memory/log@60000000", 0x60000000, 0x1000, NULL);
	assert_int_equal(fdt_add_mem_rsv(bench.running, 0x40000000, 0x10000), 0);
	plan_well(&bench);
	assert_edit(&bench, "/reserved-memory/firmware@48000000", "reg",
		"[0x48000000, 0x48200000) no-map");
	assert_non_null(get(&bench, "/reserved-memory/firmware@48000000", "no-map", &size));
	assert_non_null(get(&bench, "/reserved-memory", "ranges", &size));
	assert_int_equal(fdt_num_mem_rsv(bench.pm.plan.dtb.data), 2);
	bench.pm.request.crash = false;
	plan_well(&bench);
	assert_off(&bench, 0x40000000, 0x40010000);
	assert_off(&bench, 0x48000000, 0x48200000);
	/* What the other tree reserves as well is left as it is there. */
	put_reserved(bench.other, "/reserved-memory/tee@48000000", 0x48000000, 0x200000, "no-map");
	put_reserved(bench.other, "/reserved-memory/log@60000000", 0x60000000, 0x1000, NULL);
	plan_well(&bench);
	assert_null(edit_of(&bench, "/reserved-memory/firmware@48000000", "reg"));
	assert_int_equal(fdt_num_mem_rsv(bench.pm.plan.dtb.data), 1);
	/* In cells that a kernel would not read: said. */
	put_u32(bench.other, "/reserved-memory", "#size-cells", 1);
	plan_well(&bench);
	assert_true(warned(&bench, "will use all that /reserved-memory"));
	pm_done(&bench.pm);
}

/* Nobody's tree, and an edit for each would take long. */
static void reservations_without_end_are_refused(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench);
	for (uint64_t i = 0; i < 257; i++)
		assert_int_equal(
			fdt_add_mem_rsv(bench.running, 0x60000000 + i * 0x2000, 0x1000), 0);
	assert_refused(&bench, ST_BAD_INPUT, "fdt-limit", "257 pieces");
	assert_int_equal(fdt_del_mem_rsv(bench.running, 0), 0);
	bench.pm.request.crash = true;
	plan_well(&bench);
	assert_int_equal(fdt_num_mem_rsv(bench.pm.plan.dtb.data), 256);
	for (int i = 0; i < 66; i++) {
		char path[32];

		snprintf(path, sizeof(path), "/memory@%x", i);
		put_memory(bench.other, path, 0, 0);
	}
	assert_refused(&bench, ST_BAD_INPUT, "fdt-limit", "more than 64 memory nodes");
	pm_done(&bench.pm);
}

/* --- CPUs -------------------------------------------------------------------------------- */

static void cpus_are_started_as_firmware_has_it(void **state)
{
	struct bench bench;
	int size;

	(void)state;
	bench_init(&bench);
	/* The board's source knows nothing of it; the order is another one. */
	drop(bench.other, "/cpus");
	drop(bench.other, "/psci");
	put_cpu(bench.other, "/cpus/cpu@1", 1, NULL);
	put_cpu(bench.other, "/cpus/cpu@0", 0, "spin-table");
	put_cpu(bench.other, "/cpus/cpu@7", 7, "spin-table");
	plan_well(&bench);
	assert_edit(&bench, "/cpus/cpu@0", "enable-method", "psci");
	assert_edit(&bench, "/cpus/cpu@1", "enable-method", "psci");
	assert_null(edit_of(&bench, "/cpus/cpu@7", "enable-method"));
	assert_string_equal(get(&bench, "/cpus/cpu@1", "enable-method", &size), "psci");
	assert_edit(&bench, "/psci", "compatible", "copied");
	assert_string_equal(get(&bench, "/psci", "method", &size), "hvc");
	assert_false(warned(&bench, ""));

	put_text(bench.other, "/psci", "compatible", "arm,psci-0.2");
	put_text(bench.other, "/psci", "method", "smc");
	plan_well(&bench);
	assert_edit(&bench, "/psci", "method", "hvc");

	put_cpu(bench.running, "/cpus/cpu@1", 1, "spin-table");
	put_u64(bench.running, "/cpus/cpu@1", "cpu-release-addr", 0x8000fff8);
	put_u64(bench.other, "/cpus/cpu@1", "cpu-release-addr", 0);
	plan_well(&bench);
	assert_edit(&bench, "/cpus/cpu@1", "enable-method", "spin-table");
	assert_edit(&bench, "/cpus/cpu@1", "cpu-release-addr", "0x8000fff8");
	assert_int_equal(
		fdt64_ld(get(&bench, "/cpus/cpu@1", "cpu-release-addr", &size)), 0x8000fff8);

	drop(bench.other, "/cpus/cpu@0");
	drop(bench.other, "/cpus/cpu@1");
	plan_well(&bench);
	assert_true(warned(&bench, "none of the CPUs"));
	put_text(bench.other, "/psci", "status", "disabled");
	plan_well(&bench);
	assert_true(warned(&bench, "/psci that is not in use"));
	pm_done(&bench.pm);
}

static void what_else_only_firmware_knows_is_named(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench);
	put_text(bench.running, "/chosen", "bootargs", "quiet");
	put_u64(bench.running, "/chosen", "kaslr-seed", 5);
	put_text(bench.running, "/chosen", "vendor,token", "x");
	put_u32(bench.running, "/chosen", "linux,pci-probe-only", 1);
	plan_well(&bench);
	assert_true(warned(&bench, "will not get: linux,pci-probe-only, vendor,token"));
	put_text(bench.other, "/chosen", "vendor,token", "y");
	put_u32(bench.other, "/chosen", "linux,pci-probe-only", 0);
	plan_well(&bench);
	assert_false(warned(&bench, ""));
	pm_done(&bench.pm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_filled_in_as_firmware_does),
		cmocka_unit_test(memory_in_pieces_is_one_node),
		cmocka_unit_test(memory_of_another_machine_is_refused),
		cmocka_unit_test(memory_that_is_not_there_is_not_believed),
		cmocka_unit_test(another_board_is_refused),
		cmocka_unit_test(what_describes_no_machine_is_refused),
		cmocka_unit_test(the_way_to_the_efi_map_is_taken_over),
		cmocka_unit_test(half_a_way_to_the_efi_map_is_none),
		cmocka_unit_test(efi_of_another_boot_is_forgotten),
		cmocka_unit_test(acpi_machine_can_be_given_a_tree),
		cmocka_unit_test(what_the_tree_reserves_is_kept_off),
		cmocka_unit_test(a_crash_region_with_holes_is_used_around_them),
		cmocka_unit_test(reservations_of_the_kernel_that_runs_are_no_ones),
		cmocka_unit_test(what_firmware_reserved_is_taken_over),
		cmocka_unit_test(reservations_without_end_are_refused),
		cmocka_unit_test(cpus_are_started_as_firmware_has_it),
		cmocka_unit_test(what_else_only_firmware_knows_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
