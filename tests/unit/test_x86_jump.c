// SPDX-License-Identifier: GPL-2.0-only
/* Plans for x86_64 of a load that the running kernel waits for: there, and the way back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "purgatory/abi.h"
#include "purgatory/arch/x86_64/abi.h"
#include "tests/unit/plan_asserts.h"
#include "tests/unit/x86_machine.h"

#define MIB (UINT64_C(1) << 20)

#define IOMEM                                                                                      \
	"00000000-00000fff : Reserved\n"                                                           \
	"00001000-0009fbff : System RAM\n"                                                         \
	"00100000-3ffdffff : System RAM\n"                                                         \
	"  1b800000-1ba9e027 : Kernel code\n"                                                      \
	"  1be00000-1bec623f : Kernel data\n"                                                      \
	"  2f000000-3effffff : Crash kernel\n"                                                     \
	"3ffe0000-3ffeffff : ACPI Tables\n"

static struct plan_machine pm;

static int setup(void **state)
{
	(void)state;
	pm_init_x86_64(&pm);
	pm_iomem(&pm, IOMEM);
	pm_initrd(&pm, 100001);
	pm.request.crash = false;
	pm.request.append = "quiet";
	pm.request.no_capture_defaults = true;
	pm.request.preserve = true;
	pm.request.mem_max = 0x1fffffff;
	pm.machine.ram_total = 1024 * MIB;
	pm_know(&pm, 0, 0x9fc00, E820_RAM);
	pm_know(&pm, MIB, 0x3ffe0000, E820_RAM);
	pm_know(&pm, 0x3ffe0000, 0x3fff0000, E820_ACPI);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pm_done(&pm);
	return 0;
}

/* All that is of a segment; they are apart. */
static struct rangeset exchanged(void)
{
	struct rangeset set = RANGESET_INIT;
	uint64_t bytes = 0;

	for (size_t i = 0; i < pm.plan.segment_count; i++) {
		const struct segment *segment = &pm.plan.segments[i];

		pm_must(rangeset_add(&set, segment->mem, segment->mem + segment->memsz) == ST_OK,
			"memory");
		bytes += segment->memsz;
	}
	rangeset_normalize(&set);
	assert_int_equal(rangeset_bytes(&set), bytes);
	return set;
}

/* What the new kernel is told. */
static struct rangeset told(uint32_t type)
{
	const uint8_t *params = segment(&pm, SEGMENT_BOOT_PARAMS)->data.data;
	struct rangeset set = RANGESET_INIT;

	for (size_t i = 0; i < params[0x1e8]; i++) {
		const uint8_t *at = params + 0x2d0 + 20 * i;
		uint64_t start = load_le64(at);

		if (load_le32(at + 16) == type)
			pm_must(rangeset_add(&set, start, start + load_le64(at + 8)) == ST_OK,
				"memory");
	}
	rangeset_normalize(&set);
	return set;
}

static void assert_ranges(struct rangeset *found, const struct range *wanted, size_t count)
{
	assert_int_equal(found->count, count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(found->ranges[i].start, wanted[i].start);
		assert_int_equal(found->ranges[i].end, wanted[i].end);
	}
	rangeset_done(found);
}

/* Not a page is written to that is not kept, and the rest is nothing to the new kernel. */
static void all_that_the_new_kernel_has_is_exchanged(void **state)
{
	static const struct range low[] = { { 0x1000, 0x9f000 }, { MIB, 512 * MIB } };
	static const struct range kept[] = { { 0, 0x1000 }, { 0x9f000, 0x9fc00 },
		{ 512 * MIB, 0x3ffe0000 } };
	static const struct range high[] = { { 0x1000, 0x9f000 }, { 256 * MIB, 512 * MIB } };
	struct rangeset set;

	(void)state;
	plan_well(&pm);
	assert_int_equal(pm.plan.flags, KEXEC_ARCH_X86_64 | KEXEC_PRESERVE_CONTEXT);
	set = exchanged();
	assert_ranges(&set, low, 2);
	set = told(E820_RAM);
	assert_ranges(&set, low, 2);
	set = told(E820_RESERVED);
	assert_ranges(&set, kept, 3);
	for (size_t i = 0; i < pm.plan.segment_count; i++) {
		const struct segment *one = &pm.plan.segments[i];

		assert_int_equal(one->digested,
			one->purpose != SEGMENT_MEMORY && one->purpose != SEGMENT_PURGATORY);
		assert_int_equal(one->data.size == 0, one->purpose == SEGMENT_MEMORY);
	}
	assert_true(pm_said(&pm.report, REPORT_CHOICE, "memory", "until it comes back"));

	pm.request.mem_min = 256 * MIB;
	plan_well(&pm);
	set = exchanged();
	assert_ranges(&set, high, 2);
	assert_int_equal(rangeset_bytes(&pm.plan.room), 256 * MIB + 0x9e000);
}

/* Nor what a panic would need, or what is reserved. */
static void nothing_that_is_taken_is_exchanged(void **state)
{
	static const struct range wanted[] = { { 0x1000, 0x9f000 }, { MIB, 0x2f000000 } };
	struct rangeset set;

	(void)state;
	pm.machine.ram_total = 2048 * MIB;
	pm.request.mem_max = UINT64_MAX;
	plan_well(&pm);
	set = exchanged();
	rangeset_clip(&set, (struct range){ 0, 0x3f000000 });
	assert_ranges(&set, wanted, 2);
}

/* Not by ACPI either, nor by a driver; and where it came to is no place for a device. */
static void memory_that_came_later_is_left_alone(void **state)
{
	struct rangeset set;

	(void)state;
	pm_iomem(&pm, IOMEM "100000000-10fffffff : System RAM\n"
			    "140000000-147ffffff : System RAM (kmem)\n");
	plan_well(&pm);
	assert_true(pm_said(&pm.report, REPORT_WARNING, "cmdline", "is the running one's"));
	assert_true(
		pm_said(&pm.report, REPORT_WARNING, "memory", "drivers have brought 0x8000000"));
	set = told(E820_RESERVED);
	assert_true(rangeset_contains(&set, 0x100000000, 0x110000000));
	assert_true(rangeset_contains(&set, 0x140000000, 0x148000000));
	rangeset_done(&set);
	pm.request.no_capture_defaults = false;
	plan_well(&pm);
	assert_string_equal(pm.plan.cmdline, "quiet acpi_no_memhotplug");
	assert_true(pm_said(&pm.report, REPORT_CHOICE, "cmdline", "whose memory the new kernel"));
}

/* Purgatory finds room for the word behind the line, and verifies that it is empty before. */
static void the_line_has_room_for_where_to_come_back(void **state)
{
	char line[2048];
	const struct segment *params;
	uint64_t tail;

	(void)state;
	plan_well(&pm);
	params = segment(&pm, SEGMENT_BOOT_PARAMS);
	tail = pm.plan.handover.own[PURGATORY_OWN_TAIL];
	assert_int_equal(tail, params->mem + 4096 + strlen("quiet"));
	for (size_t i = 0; i < PURGATORY_TAIL_SIZE; i++)
		assert_int_equal(params->data.data[tail - params->mem + i], 0);
	assert_true(load_le64(params->data.data + 0x250) >= tail + PURGATORY_TAIL_SIZE);
	assert_true(tail + PURGATORY_TAIL_SIZE <= pm.plan.handover.handed.end);
	assert_true(params->digested);

	memset(line, 'x', sizeof(line));
	line[2047 - PURGATORY_TAIL_SIZE] = '\0';
	pm.request.append = line;
	plan_well(&pm);
	line[2047 - PURGATORY_TAIL_SIZE] = 'x';
	line[2048 - PURGATORY_TAIL_SIZE] = '\0';
	assert_refused(&pm, ST_NO_SPACE, "cmdline-too-long", NULL);
	pm.request.append = NULL;
	plan_well(&pm);
	assert_int_equal(pm.plan.handover.own[PURGATORY_OWN_TAIL],
		segment(&pm, SEGMENT_BOOT_PARAMS)->mem + 4096);

	pm.request.preserve = false;
	plan_well(&pm);
	assert_int_equal(pm.plan.handover.own[PURGATORY_OWN_TAIL], 0);
	assert_null(plan_segment(&pm.plan, SEGMENT_MEMORY));
}

/* Where this one waited for is no business of the next. */
static void the_word_is_not_reused(void **state)
{
	(void)state;
	pm.machine.cmdline = strdup("root=/dev/vda kexec_jump_back_entry=0x7fe01042");
	pm.request.reuse_cmdline = true;
	plan_well(&pm);
	assert_string_equal(pm.plan.cmdline, "root=/dev/vda quiet");
	pm.request.preserve = false;
	plan_well(&pm);
	assert_string_equal(pm.plan.cmdline, "root=/dev/vda quiet");
}

static void there_is_refused(void **state)
{
	(void)state;
	pm.request.mem_max = 0;
	assert_refused(&pm, ST_USAGE, "jump-range", "--mem-max");
	pm.request.mem_max = 0x17fffff;
	assert_refused(&pm, ST_NO_SPACE, "memory-too-small", NULL);
	assert_non_null(strstr(pm.err.hint, "give it more with --mem-min and --mem-max"));
	/* None at all. */
	pm.request.mem_min = 64 * MIB;
	assert_refused(&pm, ST_NO_SPACE, "memory-too-small", NULL);
	pm.request.mem_min = 0;
	pm.request.mem_max = 0x23ffffff;
	assert_refused(&pm, ST_NO_SPACE, "image-half-of-ram", NULL);
	pm.request.mem_max = 0x1fffffff;
	pm.machine.ram_available = 128 * MIB;
	assert_refused(&pm, ST_NO_SPACE, "memory-short", NULL);
	assert_non_null(strstr(pm.err.hint, "--mem-max"));
	pm.machine.ram_available = 0;
	pm.request.entry = ENTRY_32;
	assert_refused(&pm, ST_UNSUPPORTED, "entry-unsupported", "come back");
	pm.request.entry = ENTRY_64;
	pm_config(&pm, "CONFIG_KEXEC=y\n# CONFIG_KEXEC_JUMP is not set\n");
	assert_refused(&pm, ST_UNSUPPORTED, "jump-unsupported", "CONFIG_KEXEC_JUMP");
	pm.inputs.arch = arch_find("aarch64");
	assert_refused(&pm, ST_USAGE, "option-not-here",
		"--load-preserve-context is not possible: Only x86");
}

/* A kernel takes sixteen pieces. */
static void memory_in_pieces_is_refused(void **state)
{
	char text[2048] = "00001000-0009fbff : System RAM\n";

	(void)state;
	for (unsigned int i = 1; i <= 12; i++)
		sprintf(text + strlen(text), "%08x-%08x : System RAM\n", i << 24,
			(i << 24) + 0xefffff);
	pm_iomem(&pm, text);
	pm.request.mem_max = 0x9ffffff;
	plan_well(&pm);
	assert_in_range(pm.plan.segment_count, 12, 16);
	pm.request.mem_max = 0xfffffff;
	assert_refused(&pm, ST_NO_SPACE, "segment-count", NULL);
	assert_non_null(strstr(pm.err.hint, "--mem-max"));
}

/* ------------------------------------------------------------------------- back again */

static int plan_back(uint64_t where)
{
	int status;

	plan_done(&pm.plan);
	report_done(&pm.report);
	err_clear(&pm.err);
	pm.plan = (struct plan){ .arch = NULL };
	pm.inputs.image = NULL;
	pm.inputs.initrd = (struct span){ NULL, 0 };
	pm.inputs.has_initrd = false;
	pm.request = (struct request){ .load_way_back = true, .way_back = where };
	status = plan_way_back(&pm.inputs, &pm.plan, &pm.report, &pm.err);
	assert_int_equal(pm.err.status, status);
	return status;
}

static uint64_t param(size_t offset)
{
	return load_le64(
		segment(&pm, SEGMENT_PURGATORY)->data.data + PURGATORY_PARAMS_OFFSET + offset);
}

/* The entry that maps an address to itself, by the set for so many levels. */
static uint64_t walk(unsigned int levels, uint64_t address)
{
	const struct segment *blob = segment(&pm, SEGMENT_PURGATORY);
	uint64_t table = param(offsetof(struct purgatory_params, tables) +
			       (levels - 4) * sizeof(struct purgatory_tables));

	for (unsigned int level = levels - 1;; level--) {
		uint64_t entry = load_le64(blob->data.data + (table - blob->mem) +
					   8 * (address >> (12 + 9 * level) & 511));

		if (level == 1 || entry == 0)
			return entry;
		table = entry & ~UINT64_C(0xfff);
	}
}

/* By tables that map both sides, since those of the kernel do not. */
static void the_way_back_is_purgatory_alone(void **state)
{
	const uint64_t where = 0x7fe01042;
	const struct segment *blob;

	(void)state;
	assert_int_equal(plan_back(where), ST_OK);
	assert_int_equal(pm.plan.flags, KEXEC_ARCH_X86_64 | KEXEC_PRESERVE_CONTEXT);
	assert_int_equal(pm.plan.segment_count, 1);
	blob = segment(&pm, SEGMENT_PURGATORY);
	assert_int_equal(pm.plan.entry, blob->mem);
	assert_true(rangeset_contains(&pm.machine.iomem.ram, blob->mem, blob->mem + blob->memsz));
	assert_int_equal(param(offsetof(struct purgatory_params, kernel_entry)), where);
	assert_int_equal(param(offsetof(struct purgatory_params, own) + 8 * PURGATORY_OWN_MODE),
		PURGATORY_MODE_BACK);
	assert_int_equal(param(offsetof(struct purgatory_params, own) + 8 * PURGATORY_OWN_TAIL), 0);
	assert_int_equal(
		param(offsetof(struct purgatory_params, flags)) & 0xffffffff, PURGATORY_SKIP_CHECK);
	for (unsigned int levels = 4; levels <= 5; levels++) {
		assert_int_equal(walk(levels, where), 0x7fe000e3);
		for (uint64_t at = blob->mem; at < blob->mem + blob->memsz; at += 4096)
			assert_int_equal(
				walk(levels, at) & ~UINT64_C(0x1fffff), at & ~UINT64_C(0x1fffff));
		assert_int_equal(walk(levels, 0x40000000), 0);
		assert_int_equal(walk(levels, 0), 0);
	}
}

static void the_way_back_is_refused(void **state)
{
	(void)state;
	assert_int_equal(plan_back(0x1234567), ST_USAGE);
	assert_string_equal(pm.err.id, "jump-entry");
	assert_non_null(strstr(pm.err.text, "0x1234567"));
	assert_int_equal(plan_back(UINT64_C(1) << 46), ST_USAGE);
	assert_string_equal(pm.err.id, "jump-entry");
	assert_int_equal(plan_back(UINT64_MAX), ST_USAGE);
	assert_int_equal(plan_back((UINT64_C(1) << 46) - 8), ST_OK);
	pm.machine.x86_boot.five_levels = true;
	assert_int_equal(plan_back(UINT64_C(1) << 46), ST_OK);
	assert_int_equal(plan_back(UINT64_C(1) << 52), ST_USAGE);
	pm.machine.x86_boot.encrypted_guest = true;
	assert_int_equal(plan_back(0x7fe01042), ST_UNSUPPORTED);
	assert_string_equal(pm.err.id, "jump-unsupported");
	assert_non_null(strstr(pm.err.text, "encrypted"));
	pm.machine.x86_boot.encrypted_guest = false;
	pm_config(&pm, "CONFIG_KEXEC=y\n");
	assert_int_equal(plan_back(0x7fe01042), ST_UNSUPPORTED);
	assert_string_equal(pm.err.id, "jump-unsupported");
	pm.inputs.arch = arch_find("ppc64le");
	assert_int_equal(plan_back(0x7fe01042), ST_USAGE);
	assert_string_equal(pm.err.id, "option-not-here");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			all_that_the_new_kernel_has_is_exchanged, setup, teardown),
		cmocka_unit_test_setup_teardown(
			nothing_that_is_taken_is_exchanged, setup, teardown),
		cmocka_unit_test_setup_teardown(
			memory_that_came_later_is_left_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(
			the_line_has_room_for_where_to_come_back, setup, teardown),
		cmocka_unit_test_setup_teardown(the_word_is_not_reused, setup, teardown),
		cmocka_unit_test_setup_teardown(there_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(memory_in_pieces_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(the_way_back_is_purgatory_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(the_way_back_is_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
