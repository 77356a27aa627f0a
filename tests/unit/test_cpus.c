// SPDX-License-Identifier: GPL-2.0-only
#include "tests/unit/tmproot.h"

#include "kexec/system/cpus.h"

#define CPU_DIR "/sys/devices/system/cpu"

static struct span text_span(const char *text)
{
	return (struct span){ (const uint8_t *)text, strlen(text) };
}

static void assert_list(const char *text, const uint32_t *ids, size_t count)
{
	struct cpulist list;
	struct err err = ERR_INIT;

	assert_int_equal(cpulist_parse(text_span(text), &list, &err), ST_OK);
	assert_int_equal(list.count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(list.ids[i], ids[i]);
	cpulist_done(&list);
}

static void lists_are_parsed(void **state)
{
	(void)state;
	assert_list("", NULL, 0);
	assert_list("\n", NULL, 0);
	assert_list("0\n", (const uint32_t[]){ 0 }, 1);
	assert_list("0-3,8\n", (const uint32_t[]){ 0, 1, 2, 3, 8 }, 5);
	assert_list("65535", (const uint32_t[]){ 65535 }, 1);
	assert_list("4,1-2,2", (const uint32_t[]){ 1, 2, 4 }, 3);
}

static void broken_lists_are_refused(void **state)
{
	static const char *const broken[] = { "a", "0-", "-3", "0,,1", "0,", ",0", "3-1", "65536",
		"0-65536", "99999999999999999999", "0 1", "0x1", "0-1-2", "0;1" };

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct cpulist list = { .count = 77 };
		struct err err = ERR_INIT;

		assert_int_equal(cpulist_parse(text_span(broken[i]), &list, &err), ST_BAD_INPUT);
		assert_string_equal(err.id, "cpulist-syntax");
		assert_non_null(strstr(err.text, broken[i]));
		assert_int_equal(list.count, 77);
	}
}

static void put_cpu(const struct tmproot *tmp, unsigned int id, const char *notes, const char *size)
{
	char path[128];

	snprintf(path, sizeof(path), CPU_DIR "/cpu%u/crash_notes", id);
	tmproot_text(tmp, path, notes);
	snprintf(path, sizeof(path), CPU_DIR "/cpu%u/crash_notes_size", id);
	tmproot_text(tmp, path, size);
}

static void put_lists(const struct tmproot *tmp, const char *possible, const char *present)
{
	tmproot_text(tmp, CPU_DIR "/possible", possible);
	tmproot_text(tmp, CPU_DIR "/present", present);
}

static void trap16_sparse_cpus_are_all_found(void **state)
{
	struct report report = REPORT_INIT;
	struct err err = ERR_INIT;
	struct tmproot tmp;
	struct cpus cpus;

	(void)state;
	tmproot_init(&tmp);
	put_lists(&tmp, "0-2,7,100-111\n", "0,2,7,111\n");
	put_cpu(&tmp, 0, "7f000000\n", "424\n");
	put_cpu(&tmp, 2, "7f002000\n", "424\n");
	put_cpu(&tmp, 7, "7f007000\n", "424\n");
	put_cpu(&tmp, 111, "7f111000\n", "424\n");
	tmproot_mkdir(&tmp, CPU_DIR "/cpufreq");
	tmproot_mkdir(&tmp, CPU_DIR "/cpu99999999");
	assert_int_equal(cpus_read(tmp.root, &cpus, &report, &err), ST_OK);
	assert_int_equal(cpus.possible.count, 16);
	assert_int_equal(cpus.present.count, 4);
	assert_int_equal(cpus.notes_count, 4);
	assert_int_equal(cpus.notes[3].cpu, 111);
	assert_int_equal(cpus.notes[3].paddr, 0x7f111000);
	assert_int_equal(cpus.notes[3].size, 424);
	assert_int_equal(report.count, 1);
	assert_int_equal(report.entries[0].kind, REPORT_CHOICE);
	assert_non_null(strstr(report.entries[0].text, "12 of 16"));
	assert_non_null(
		strstr(report.entries[0].text, "1, 100, 101, 102, 103, 104, 105, 106, ..."));
	cpus_done(&cpus);
	report_done(&report);
	tmproot_done(&tmp);
}

static void trap17_notes_are_hex_and_their_size_decimal(void **state)
{
	struct err err = ERR_INIT;
	struct tmproot tmp;
	struct cpus cpus;

	(void)state;
	tmproot_init(&tmp);
	put_lists(&tmp, "0\n", "0\n");
	put_cpu(&tmp, 0, "10000000\n", "1000\n"); /* both readings are possible */
	assert_int_equal(cpus_read(tmp.root, &cpus, NULL, &err), ST_OK);
	assert_int_equal(cpus.notes[0].paddr, 0x10000000);
	assert_int_equal(cpus.notes[0].size, 1000);
	cpus_done(&cpus);
	put_cpu(&tmp, 0, "7f000000\n", "1a8\n");
	assert_int_equal(cpus_read(tmp.root, &cpus, NULL, &err), ST_BAD_INPUT);
	tmproot_done(&tmp);
}

static void assert_cpu_fails(const char *notes, const char *size, int status, const char *id)
{
	struct cpus cpus = { .notes_count = 77 };
	struct err err = ERR_INIT;
	struct tmproot tmp;

	tmproot_init(&tmp);
	put_lists(&tmp, "0-1\n", "0-1\n");
	/* The size is that of the first CPU with a folder. */
	if (strcmp(size, "424\n") == 0)
		put_cpu(&tmp, 0, "7f000000\n", "424\n");
	put_cpu(&tmp, 1, notes, size);
	assert_int_equal(cpus_read(tmp.root, &cpus, NULL, &err), status);
	assert_string_equal(err.id, id);
	assert_non_null(strstr(err.text, "cpu1/"));
	assert_int_equal(cpus.notes_count, 77);
	tmproot_done(&tmp);
}

static void bad_notes_are_refused(void **state)
{
	(void)state;
	assert_cpu_fails("0\n", "424\n", ST_DENIED, "cpu-notes-hidden");
	assert_cpu_fails("7f000000\n", "0\n", ST_BAD_INPUT, "cpu-notes-size");
	assert_cpu_fails("7f000000\n", "99999999\n", ST_BAD_INPUT, "cpu-notes-size");
	assert_cpu_fails("ffffffffffffffff\n", "424\n", ST_BAD_INPUT, "cpu-notes-address");
}

static void kernel_without_notes_is_unsupported(void **state)
{
	struct err err = ERR_INIT;
	struct tmproot tmp;
	struct cpus cpus;

	(void)state;
	tmproot_init(&tmp);
	put_lists(&tmp, "0-1\n", "0-1\n");
	tmproot_text(&tmp, CPU_DIR "/cpu0/crash_notes", "7f000000\n");
	assert_int_equal(cpus_read(tmp.root, &cpus, NULL, &err), ST_UNSUPPORTED);
	assert_string_equal(err.id, "cpu-notes-unsupported");
	assert_non_null(strstr(err.text, "crash_notes_size"));
	assert_non_null(strstr(err.hint, "CONFIG_CRASH_DUMP"));
	tmproot_done(&tmp);

	tmproot_init(&tmp);
	put_lists(&tmp, "0-1\n", "0-1\n");
	err_clear(&err);
	assert_int_equal(cpus_read(tmp.root, &cpus, NULL, &err), ST_UNSUPPORTED);
	assert_string_equal(err.id, "cpu-notes-none");
	tmproot_done(&tmp);
}

static void present_but_not_possible_is_doubtful(void **state)
{
	struct report report = REPORT_INIT;
	struct err err = ERR_INIT;
	struct tmproot tmp;
	struct cpus cpus;

	(void)state;
	tmproot_init(&tmp);
	put_lists(&tmp, "0\n", "0,5\n");
	put_cpu(&tmp, 0, "7f000000\n", "424\n");
	assert_int_equal(cpus_read(tmp.root, &cpus, &report, &err), ST_OK);
	assert_int_equal(cpus.present.count, 1);
	assert_int_equal(report.count, 1);
	assert_int_equal(report.entries[0].kind, REPORT_WARNING);
	cpus_done(&cpus);
	report_done(&report);
	tmproot_done(&tmp);
}

static void four_thousand_cpus_are_read(void **state)
{
	struct err err = ERR_INIT;
	struct tmproot tmp;
	struct cpus cpus;
	char notes[32];

	(void)state;
	tmproot_init(&tmp);
	put_lists(&tmp, "0-4095\n", "0-4095\n");
	for (unsigned int id = 0; id < 4096; id++) {
		snprintf(notes, sizeof(notes), "%x\n", 0x7f000000 + id * 0x1000);
		put_cpu(&tmp, id, notes, "424\n");
	}
	assert_int_equal(cpus_read(tmp.root, &cpus, NULL, &err), ST_OK);
	assert_int_equal(cpus.notes_count, 4096);
	for (unsigned int id = 0; id < 4096; id++)
		assert_int_equal(cpus.notes[id].paddr, 0x7f000000 + id * 0x1000);
	cpus_done(&cpus);
	tmproot_done(&tmp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_parsed),
		cmocka_unit_test(broken_lists_are_refused),
		cmocka_unit_test(trap16_sparse_cpus_are_all_found),
		cmocka_unit_test(trap17_notes_are_hex_and_their_size_decimal),
		cmocka_unit_test(bad_notes_are_refused),
		cmocka_unit_test(kernel_without_notes_is_unsupported),
		cmocka_unit_test(present_but_not_possible_is_doubtful),
		cmocka_unit_test(four_thousand_cpus_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
