// SPDX-License-Identifier: GPL-2.0-only
#include "tests/unit/tmproot.h"

#include "kexec/system/kexec_state.h"

static void nothing_there_is_no_error(void **state)
{
	struct kexec_state kexec;
	struct err err = ERR_INIT;
	struct tmproot tmp;

	(void)state;
	tmproot_init(&tmp);
	assert_int_equal(kexec_state_read(tmp.root, &kexec, &err), ST_OK);
	assert_int_equal(err.status, ST_OK);
	assert_int_equal(kexec.loaded, STATE_UNKNOWN);
	assert_int_equal(kexec.crash_loaded, STATE_UNKNOWN);
	assert_int_equal(kexec.crash_elfcorehdr_size, 0);
	assert_int_equal(kexec.cpu_hotplug, STATE_UNKNOWN);
	assert_int_equal(kexec.memory_hotplug, STATE_UNKNOWN);
	assert_int_equal(kexec.crash_cma.count, 0);
	assert_int_equal(kexec.load_disabled, STATE_UNKNOWN);
	assert_int_equal(kexec.load_limit_panic, -1);
	assert_string_equal(kexec.lockdown, "");
	kexec_state_done(&kexec);
	tmproot_done(&tmp);
}

static void trap1_new_names_come_before_old(void **state)
{
	struct kexec_state kexec;
	struct err err = ERR_INIT;
	struct tmproot tmp;

	(void)state;
	tmproot_init(&tmp);
	tmproot_text(&tmp, "/sys/kernel/kexec_loaded", "0\n");
	tmproot_text(&tmp, "/sys/kernel/kexec_crash_loaded", "1\n");
	tmproot_text(&tmp, "/sys/kernel/crash_elfcorehdr_size", "459376\n");
	tmproot_text(&tmp, "/sys/devices/system/cpu/crash_hotplug", "1\n");
	tmproot_text(&tmp, "/sys/devices/system/memory/crash_hotplug", "0\n");
	tmproot_text(&tmp, "/proc/sys/kernel/kexec_load_disabled", "1\n");
	tmproot_text(&tmp, "/proc/sys/kernel/kexec_load_limit_panic", "3\n");
	assert_int_equal(kexec_state_read(tmp.root, &kexec, &err), ST_OK);
	assert_int_equal(kexec.loaded, 0);
	assert_int_equal(kexec.crash_loaded, 1);
	assert_int_equal(kexec.crash_elfcorehdr_size, 459376);
	assert_int_equal(kexec.cpu_hotplug, 1);
	assert_int_equal(kexec.memory_hotplug, 0);
	assert_int_equal(kexec.load_disabled, 1);
	assert_int_equal(kexec.load_limit_panic, 3);
	kexec_state_done(&kexec);

	tmproot_text(&tmp, "/sys/kernel/kexec/crash_loaded", "0\n");
	tmproot_text(&tmp, "/sys/kernel/kexec/crash_elfcorehdr_size", "1000\n");
	tmproot_text(&tmp, "/proc/sys/kernel/kexec_load_limit_panic", "-1\n");
	assert_int_equal(kexec_state_read(tmp.root, &kexec, &err), ST_OK);
	assert_int_equal(kexec.crash_loaded, 0);
	assert_int_equal(kexec.crash_elfcorehdr_size, 1000);
	assert_int_equal(kexec.load_limit_panic, -1);
	kexec_state_done(&kexec);

	/* "should change": kexec-tools reads seven characters of it */
	tmproot_text(&tmp, "/sys/kernel/kexec/crash_elfcorehdr_size", "123456789012\n");
	assert_int_equal(kexec_state_read(tmp.root, &kexec, &err), ST_OK);
	assert_int_equal(kexec.crash_elfcorehdr_size, 123456789012);
	kexec_state_done(&kexec);
	tmproot_done(&tmp);
}

static void trap14_cma_ranges_are_inclusive_hex(void **state)
{
	struct kexec_state kexec;
	struct err err = ERR_INIT;
	struct tmproot tmp;

	(void)state;
	tmproot_init(&tmp);
	tmproot_text(&tmp, "/sys/kernel/kexec_crash_cma_ranges", "10000000-1fffffff\n");
	assert_int_equal(kexec_state_read(tmp.root, &kexec, &err), ST_OK);
	assert_int_equal(kexec.crash_cma.count, 1);
	assert_int_equal(kexec.crash_cma.ranges[0].start, 0x10000000);
	assert_int_equal(kexec.crash_cma.ranges[0].end, 0x20000000);
	kexec_state_done(&kexec);
	tmproot_text(&tmp, "/sys/kernel/kexec/crash_cma_ranges",
		"200000000-20fffffff\n60000000-6fffffff\n");
	assert_int_equal(kexec_state_read(tmp.root, &kexec, &err), ST_OK);
	assert_int_equal(kexec.crash_cma.count, 2);
	assert_int_equal(kexec.crash_cma.ranges[0].start, 0x60000000);
	assert_int_equal(kexec.crash_cma.ranges[1].end, 0x210000000);
	kexec_state_done(&kexec);
	tmproot_text(&tmp, "/sys/kernel/kexec/crash_cma_ranges", "");
	assert_int_equal(kexec_state_read(tmp.root, &kexec, &err), ST_OK);
	assert_int_equal(kexec.crash_cma.count, 0);
	kexec_state_done(&kexec);
	tmproot_done(&tmp);
}

static void assert_broken(const char *path, const char *text)
{
	struct kexec_state kexec = { .loaded = 77 };
	struct err err = ERR_INIT;
	struct tmproot tmp;

	tmproot_init(&tmp);
	tmproot_text(&tmp, path, text);
	assert_int_equal(kexec_state_read(tmp.root, &kexec, &err), ST_BAD_INPUT);
	if (!strstr(err.text, path))
		fail_msg("%s is not named in: %s", path, err.text);
	assert_int_equal(kexec.loaded, 77);
	tmproot_done(&tmp);
}

static void trap15_nonsense_is_refused(void **state)
{
	static const char cma[] = "/sys/kernel/kexec/crash_cma_ranges";

	(void)state;
	assert_broken(cma, "10000000\n");
	assert_broken(cma, "20000000-1fffffff\n");
	assert_broken(cma, "10000000-1fffffff x\n");
	assert_broken(cma, "0-ffffffffffffffff\n");
	assert_broken("/sys/kernel/kexec/crash_loaded", "2\n");
	assert_broken("/sys/kernel/kexec/crash_loaded", "\n");
	assert_broken("/sys/kernel/kexec/crash_elfcorehdr_size", "0x1000\n");
	assert_broken("/proc/sys/kernel/kexec_load_limit_panic", "-2\n");
	assert_broken("/sys/kernel/security/lockdown", "none integrity\n");
	assert_broken("/sys/kernel/security/lockdown", "[]\n");
	assert_broken("/sys/kernel/security/lockdown", "[a-word-that-is-far-too-long-for-it]\n");
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
		struct err err = ERR_INIT;
		struct tmproot tmp;

		tmproot_init(&tmp);
		tmproot_text(&tmp, "/sys/kernel/security/lockdown", lines[i][0]);
		assert_int_equal(kexec_state_read(tmp.root, &kexec, &err), ST_OK);
		assert_string_equal(kexec.lockdown, lines[i][1]);
		kexec_state_done(&kexec);
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
		cmocka_unit_test(lockdown_level_is_in_brackets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
