// SPDX-License-Identifier: GPL-2.0-only
#include "tests/unit/tmproot.h"

#include "kexec/system/kexec_state.h"

static void nothing_there_is_no_error(void **state)
{
	struct kexec_state kexec;
	struct tmproot tmp;

	(void)state;
	tmproot_init(&tmp);
	kexec_state_read(tmp.root, &kexec, NULL);
	assert_int_equal(kexec.loaded, STATE_UNKNOWN);
	assert_int_equal(kexec.crash_loaded, STATE_UNKNOWN);
	assert_int_equal(kexec.crash_elfcorehdr_size, 0);
	assert_int_equal(kexec.cpu_hotplug, STATE_UNKNOWN);
	assert_int_equal(kexec.memory_hotplug, STATE_UNKNOWN);
	assert_false(kexec.crash_elfcorehdr_size_odd);
	assert_int_equal(kexec.load_disabled, STATE_UNKNOWN);
	assert_int_equal(kexec.fadump, STATE_UNKNOWN);
	assert_int_equal(kexec.load_limit_panic, LOAD_LIMIT_NONE);
	assert_string_equal(kexec.lockdown, "");
	tmproot_done(&tmp);
}

static void trap1_new_names_come_before_old(void **state)
{
	struct kexec_state kexec;
	struct tmproot tmp;

	(void)state;
	tmproot_init(&tmp);
	tmproot_text(&tmp, "/sys/kernel/kexec_loaded", "0\n");
	tmproot_text(&tmp, "/sys/kernel/kexec_crash_loaded", "1\n");
	tmproot_text(&tmp, "/sys/kernel/crash_elfcorehdr_size", "459376\n");
	tmproot_text(&tmp, "/sys/devices/system/cpu/crash_hotplug", "1\n");
	tmproot_text(&tmp, "/sys/devices/system/memory/crash_hotplug", "0\n");
	tmproot_text(&tmp, "/proc/sys/kernel/kexec_load_disabled", "1\n");
	tmproot_text(&tmp, "/sys/kernel/fadump_enabled", "1\n");
	tmproot_text(&tmp, "/proc/sys/kernel/kexec_load_limit_panic", "3\n");
	kexec_state_read(tmp.root, &kexec, NULL);
	assert_int_equal(kexec.loaded, 0);
	assert_int_equal(kexec.crash_loaded, 1);
	assert_int_equal(kexec.crash_elfcorehdr_size, 459376);
	assert_int_equal(kexec.cpu_hotplug, 1);
	assert_int_equal(kexec.memory_hotplug, 0);
	assert_int_equal(kexec.load_disabled, 1);
	assert_int_equal(kexec.fadump, 1);
	assert_int_equal(kexec.load_limit_panic, 3);

	tmproot_text(&tmp, "/sys/kernel/kexec/crash_loaded", "0\n");
	tmproot_text(&tmp, "/sys/kernel/kexec/crash_elfcorehdr_size", "1000\n");
	tmproot_text(&tmp, "/proc/sys/kernel/kexec_load_limit_panic", "-1\n");
	kexec_state_read(tmp.root, &kexec, NULL);
	assert_int_equal(kexec.crash_loaded, 0);
	assert_int_equal(kexec.crash_elfcorehdr_size, 1000);
	assert_int_equal(kexec.load_limit_panic, LOAD_LIMIT_NONE);

	/* "should change": kexec-tools reads seven characters of it */
	tmproot_text(&tmp, "/sys/kernel/kexec/crash_elfcorehdr_size", "123456789012\n");
	kexec_state_read(tmp.root, &kexec, NULL);
	assert_int_equal(kexec.crash_elfcorehdr_size, 123456789012);
	tmproot_done(&tmp);
}

static void assert_cma(const struct tmproot *tmp, size_t count, uint64_t start, uint64_t end)
{
	struct rangeset cma = RANGESET_INIT;
	struct err err = ERR_INIT;

	assert_int_equal(kexec_state_read_cma(tmp->root, &cma, &err), ST_OK);
	assert_int_equal(err.status, ST_OK);
	assert_int_equal(cma.count, count);
	if (count) {
		assert_int_equal(cma.ranges[0].start, start);
		assert_int_equal(cma.ranges[count - 1].end, end);
	}
	rangeset_done(&cma);
}

static void trap14_cma_ranges_are_inclusive_hex(void **state)
{
	struct tmproot tmp;

	(void)state;
	tmproot_init(&tmp);
	assert_cma(&tmp, 0, 0, 0);
	tmproot_text(&tmp, "/sys/kernel/kexec_crash_cma_ranges", "10000000-1fffffff\n");
	assert_cma(&tmp, 1, 0x10000000, 0x20000000);
	tmproot_text(&tmp, "/sys/kernel/kexec/crash_cma_ranges",
		"200000000-20fffffff\n60000000-6fffffff\n");
	assert_cma(&tmp, 2, 0x60000000, 0x210000000);
	tmproot_text(&tmp, "/sys/kernel/kexec/crash_cma_ranges", "");
	assert_cma(&tmp, 0, 0, 0);
	tmproot_done(&tmp);
}

static void trap15_nonsense_is_refused(void **state)
{
	static const char path[] = "/sys/kernel/kexec/crash_cma_ranges";
	static const char *const texts[] = { "10000000\n", "20000000-1fffffff\n",
		"10000000-1fffffff x\n", "0-ffffffffffffffff\n" };
	struct tmproot tmp;

	(void)state;
	tmproot_init(&tmp);
	for (size_t i = 0; i < 4; i++) {
		struct rangeset cma = RANGESET_INIT;
		struct err err = ERR_INIT;

		tmproot_text(&tmp, path, texts[i]);
		assert_int_equal(kexec_state_read_cma(tmp.root, &cma, &err), ST_BAD_INPUT);
		assert_non_null(strstr(err.text, path));
		assert_int_equal(cma.count, 0);
	}
	tmproot_done(&tmp);
}

/* Of all files this one holds something else, and all others what they should. */
static void assert_odd(const char *path, const char *text, struct kexec_state *kexec)
{
	struct report report = REPORT_INIT;
	struct tmproot tmp;

	tmproot_init(&tmp);
	tmproot_text(&tmp, "/sys/kernel/kexec/loaded", "1\n");
	tmproot_text(&tmp, "/sys/kernel/kexec/crash_loaded", "1\n");
	tmproot_text(&tmp, "/sys/kernel/kexec/crash_elfcorehdr_size", "1000\n");
	tmproot_text(&tmp, "/proc/sys/kernel/kexec_load_limit_panic", "3\n");
	tmproot_text(&tmp, "/sys/kernel/security/lockdown", "[none] integrity\n");
	tmproot_text(&tmp, path, text);
	kexec_state_read(tmp.root, kexec, &report);
	assert_int_equal(report.count, 1);
	assert_int_equal(report.entries[0].kind, REPORT_WARNING);
	if (!strstr(report.entries[0].text, path))
		fail_msg("%s is not named in: %s", path, report.entries[0].text);
	assert_int_equal(kexec->loaded, 1);
	report_done(&report);
	tmproot_done(&tmp);
}

static void nonsense_is_told_and_not_known(void **state)
{
	struct kexec_state kexec;

	(void)state;
	assert_odd("/sys/kernel/kexec/crash_loaded", "2\n", &kexec);
	assert_int_equal(kexec.crash_loaded, STATE_UNKNOWN);
	assert_int_equal(kexec.crash_elfcorehdr_size, 1000);
	assert_int_equal(kexec.load_limit_panic, 3);
	assert_string_equal(kexec.lockdown, "none");
	assert_odd("/sys/kernel/kexec/crash_loaded", "\n", &kexec);
	assert_int_equal(kexec.crash_loaded, STATE_UNKNOWN);
	assert_odd("/sys/devices/system/cpu/crash_hotplug", "yes\n", &kexec);
	assert_int_equal(kexec.cpu_hotplug, STATE_UNKNOWN);
	assert_odd("/sys/kernel/kexec/crash_elfcorehdr_size", "0x1000\n", &kexec);
	assert_int_equal(kexec.crash_elfcorehdr_size, 0);
	assert_true(kexec.crash_elfcorehdr_size_odd);
	assert_odd("/proc/sys/kernel/kexec_load_limit_panic", "-2\n", &kexec);
	assert_int_equal(kexec.load_limit_panic, LOAD_LIMIT_UNKNOWN);
	assert_odd("/sys/kernel/security/lockdown", "none integrity\n", &kexec);
	assert_string_equal(kexec.lockdown, "");
	assert_true(kexec.lockdown_odd);
	assert_odd("/sys/kernel/security/lockdown", "[]\n", &kexec);
	assert_odd(
		"/sys/kernel/security/lockdown", "[a-word-that-is-far-too-long-for-it]\n", &kexec);
	assert_string_equal(kexec.lockdown, "");
}

static void one_image_is_asked_about_alone(void **state)
{
	struct err err = ERR_INIT;
	struct tmproot tmp;
	const char *path;
	int loaded;

	(void)state;
	tmproot_init(&tmp);
	assert_int_equal(kexec_state_loaded(tmp.root, true, &loaded, &path, &err), ST_OK);
	assert_int_equal(loaded, STATE_UNKNOWN);
	assert_string_equal(path, "/sys/kernel/kexec_crash_loaded");
	tmproot_text(&tmp, "/sys/kernel/kexec_crash_loaded", "1\n");
	tmproot_text(&tmp, "/sys/kernel/kexec_loaded", "0\n");
	assert_int_equal(kexec_state_loaded(tmp.root, true, &loaded, &path, &err), ST_OK);
	assert_int_equal(loaded, 1);
	assert_int_equal(kexec_state_loaded(tmp.root, false, &loaded, &path, &err), ST_OK);
	assert_int_equal(loaded, 0);
	tmproot_text(&tmp, "/sys/kernel/kexec/crash_loaded", "yes\n");
	assert_int_equal(kexec_state_loaded(tmp.root, true, &loaded, &path, &err), ST_BAD_INPUT);
	assert_int_equal(loaded, STATE_UNKNOWN);
	assert_string_equal(path, "/sys/kernel/kexec/crash_loaded");
	tmproot_done(&tmp);
}

static void lockdown_level_is_in_brackets(void **state)
{
	static const char *const lines[][2] = {
		{ "[none] integrity confidentiality\n", "none" },
		{ "none [integrity] confidentiality\n", "integrity" },
		{ "none integrity [confidentiality]\n", "confidentiality" },
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct kexec_state kexec;
		struct tmproot tmp;

		tmproot_init(&tmp);
		tmproot_text(&tmp, "/sys/kernel/security/lockdown", lines[i][0]);
		kexec_state_read(tmp.root, &kexec, NULL);
		assert_string_equal(kexec.lockdown, lines[i][1]);
		tmproot_done(&tmp);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_there_is_no_error),
		cmocka_unit_test(trap1_new_names_come_before_old),
		cmocka_unit_test(trap14_cma_ranges_are_inclusive_hex),
		cmocka_unit_test(trap15_nonsense_is_refused),
		cmocka_unit_test(nonsense_is_told_and_not_known),
		cmocka_unit_test(one_image_is_asked_about_alone),
		cmocka_unit_test(lockdown_level_is_in_brackets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
