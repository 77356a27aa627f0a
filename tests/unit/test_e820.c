// SPDX-License-Identifier: GPL-2.0-only
/* What memory an x86 machine had when it was booted, by all that tells of it. */
#include "tests/unit/tmproot.h"

#include "kexec/system/x86_boot.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

struct machine_files {
	struct tmproot tmp;
	uint8_t params[BOOT_PARAMS_SIZE];
	int folders;
	struct x86_boot boot;
	struct report report;
	struct err err;
};

static void put_entry(uint8_t *at, uint64_t start, uint64_t size, uint32_t type)
{
	store_le64(at, start);
	store_le64(at + 8, size);
	store_le32(at + 16, type);
}

static void tell_boot(struct machine_files *files, uint64_t start, uint64_t size, uint32_t type)
{
	uint8_t *count = &files->params[0x1e8];

	put_entry(files->params + 0x2d0 + 20 * (*count)++, start, size, type);
}

static void tell_firmware(
	struct machine_files *files, const char *start, const char *last, const char *type)
{
	const char *const values[] = { start, last, type };
	static const char *const names[] = { "start", "end", "type" };
	char path[100];

	for (size_t i = 0; i < 3; i++) {
		snprintf(
			path, sizeof(path), "/sys/firmware/memmap/%d/%s", files->folders, names[i]);
		tmproot_text(&files->tmp, path, values[i]);
	}
	files->folders++;
}

static void tell_node(
	struct machine_files *files, int number, const char *type, const void *data, size_t size)
{
	char path[100];

	snprintf(path, sizeof(path), "/sys/kernel/boot_params/setup_data/%d/type", number);
	tmproot_text(&files->tmp, path, type);
	snprintf(path, sizeof(path), "/sys/kernel/boot_params/setup_data/%d/data", number);
	tmproot_bytes(&files->tmp, path, data, size);
}

/* 1 GiB with a hole, of which firmware keeps a page. */
static int setup(void **state)
{
	struct machine_files *files = calloc(1, sizeof(*files));

	assert_non_null(files);
	tmproot_init(&files->tmp);
	tell_boot(files, 0, 0x9fc00, 1);
	tell_boot(files, MIB, GIB - MIB, 1);
	tell_boot(files, 0xfee00000, 0x1000, 2);
	tell_firmware(files, "0x100000\n", "0x3fffffff\n", "System RAM\n");
	tell_firmware(files, "0xfee00000\n", "0xfee00fff\n", "Reserved\n");
	tell_firmware(files, "0x0\n", "0x9fbff\n", "System RAM\n");
	*state = files;
	return 0;
}

static int teardown(void **state)
{
	struct machine_files *files = *state;

	x86_boot_done(&files->boot);
	report_done(&files->report);
	tmproot_done(&files->tmp);
	free(files);
	return 0;
}

static const struct e820 *read_it(struct machine_files *files)
{
	x86_boot_done(&files->boot);
	report_done(&files->report);
	if (files->params[0x1e8])
		tmproot_bytes(&files->tmp, "/sys/kernel/boot_params/data", files->params,
			sizeof(files->params));
	assert_int_equal(
		x86_boot_read(files->tmp.root, &files->boot, &files->report, &files->err), ST_OK);
	assert_int_equal(
		x86_boot_read_memory(files->tmp.root, &files->boot, &files->report, &files->err),
		ST_OK);
	return &files->boot.memory;
}

static void assert_entry(
	const struct e820 *map, size_t index, uint64_t start, uint64_t end, uint32_t type)
{
	assert_true(index < map->count);
	assert_int_equal(map->entries[index].range.start, start);
	assert_int_equal(map->entries[index].range.end, end);
	assert_int_equal(map->entries[index].type, type);
}

static void assert_usual(const struct e820 *map)
{
	assert_int_equal(map->count, 3);
	assert_entry(map, 0, 0, 0x9fc00, E820_RAM);
	assert_entry(map, 1, MIB, GIB, E820_RAM);
	assert_entry(map, 2, 0xfee00000, 0xfee01000, E820_RESERVED);
}

static void ram_comes_first(void **state)
{
	struct machine_files *files = *state;

	assert_usual(read_it(files));
	assert_int_equal(files->report.count, 0);
}

/* The firmware's map has it as memory, as large as it is; and it may touch other memory. */
static void hot_added_memory_is_left_out(void **state)
{
	struct machine_files *files = *state;

	tell_firmware(files, "0x40000000", "0x7fffffff", "System RAM");
	tell_firmware(files, "0x100000000", "0x13fffffff", "System RAM");
	assert_usual(read_it(files));
}

static void each_type_is_kept(void **state)
{
	static const struct {
		const char *shown;
		uint32_t type;
	} types[] = {
		{ "ACPI Tables\n", 3 },
		{ "ACPI Non-volatile Storage\n", 4 },
		{ "Unusable memory\n", 5 },
		{ "Persistent Memory\n", 7 },
		{ "Persistent Memory (legacy)\n", 12 },
		{ "Soft Reserved\n", 0xefffffff },
		{ "reserved\n", 2 },
		{ "Unknown E820 type\n", 2 },
	};
	struct machine_files *files = *state;
	const struct e820 *map;
	char start[32], last[32];

	for (unsigned int i = 0; i < 8; i++) {
		snprintf(start, sizeof(start), "0x%x", 0xc0000000 + i * 0x10000);
		snprintf(last, sizeof(last), "0x%x", 0xc000ffff + i * 0x10000);
		tell_firmware(files, start, last, types[i].shown);
	}
	map = read_it(files);
	assert_int_equal(map->count, 11);
	for (unsigned int i = 0; i < 8; i++)
		assert_entry(map, 2 + i, 0xc0000000 + i * 0x10000, 0xc0010000 + i * 0x10000,
			types[i].type);
	assert_string_equal(e820_type_name(0xefffffff), "soft reserved");
	assert_string_equal(e820_type_name(99), "unknown");
}

/* Each is enough, and with neither nothing is known. */
static void one_source_will_do(void **state)
{
	struct machine_files *files = *state;
	char command[128];

	files->params[0x1e8] = 0;
	assert_usual(read_it(files));
	snprintf(command, sizeof(command), "rm -r %s/sys/firmware/memmap", files->tmp.dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(read_it(files)->count, 0);
	files->params[0x1e8] = 3;
	assert_usual(read_it(files));
	assert_int_equal(files->report.count, 0);
}

static void what_makes_no_sense_is_doubted(void **state)
{
	static const char *const wrong[][3] = {
		{ "0x2000", "0x1000", "System RAM" },
		{ "0x2000", "0xffffffffffffffff", "System RAM" },
		{ "two", "0x1000", "System RAM" },
	};
	struct machine_files *files = *state;

	for (size_t i = 0; i < 3; i++) {
		files->folders = 3;
		tell_firmware(files, wrong[i][0], wrong[i][1], wrong[i][2]);
		assert_usual(read_it(files)); /* by boot_params */
		assert_int_equal(files->report.count, 1);
		assert_int_equal(files->report.entries[0].kind, REPORT_WARNING);
		assert_non_null(strstr(files->report.entries[0].text, "memmap/3"));
	}
}

/* More than 128 entries go on in setup_data; what is empty or wraps is none. */
static void setup_data_goes_on(void **state)
{
	struct machine_files *files = *state;
	uint8_t more[60];

	tell_firmware(files, "0x100000000", "0x17fffffff", "System RAM");
	put_entry(more, 4 * GIB, GIB, 1);
	put_entry(more + 20, 5 * GIB, 0, 1);
	put_entry(more + 40, UINT64_MAX - 10, 100, 1);
	tell_node(files, 0, "0x9\n", "", 0);
	tell_node(files, 1, "0x1\n", more, sizeof(more));
	assert_entry(read_it(files), 2, 4 * GIB, 5 * GIB, E820_RAM);
	assert_int_equal(files->boot.memory.count, 4);
}

/* Of a capture kernel, whose own map is of a part only. What two entries have is no RAM. */
static void the_whole_machine_is_told_to_a_capture_kernel(void **state)
{
	struct machine_files *files = *state;
	uint8_t whole[40];

	put_entry(whole, MIB, 8 * GIB, 1);
	put_entry(whole + 20, 0xc0000000, 0x1000, 3);
	tell_node(files, 0, "0x4b45584d\n", whole, sizeof(whole));
	assert_entry(read_it(files), 0, MIB, 0xc0000000, E820_RAM);
	assert_entry(&files->boot.memory, 1, 0xc0001000, 8 * GIB + MIB, E820_RAM);
	assert_entry(&files->boot.memory, 2, 0xc0000000, 0xc0001000, E820_ACPI);
	assert_int_equal(files->boot.memory.count, 3);
}

static void only_what_may_be_handed_on_is_read(void **state)
{
	static const char *const types[] = { "0x2", "0x3", "0x4", "0x5", "0x6", "0x7", "0x8", "0x9",
		"0xa", "0x80000000", "0x4b455852", "none" };
	struct machine_files *files = *state;

	for (int i = 0; i < 12; i++)
		tell_node(files, i, types[i], "content", 7);
	read_it(files);
	assert_int_equal(files->boot.setup_data.count, 5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(files->boot.setup_data.nodes[i].data.size, 7);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ram_comes_first),
		TEST(hot_added_memory_is_left_out),
		TEST(each_type_is_kept),
		TEST(one_source_will_do),
		TEST(what_makes_no_sense_is_doubted),
		TEST(setup_data_goes_on),
		TEST(the_whole_machine_is_told_to_a_capture_kernel),
		TEST(only_what_may_be_handed_on_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
