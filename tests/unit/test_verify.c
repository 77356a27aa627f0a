// SPDX-License-Identifier: GPL-2.0-only
/* What is looked at after the system call, in a sysroot that changes while it is looked at. */
#include "tests/unit/tmproot.h"

#include "kexec/cmd/verify.h"
#include "tests/unit/no_calls.h"

#define CPU_DIR	   "/sys/devices/system/cpu"
#define LOADED	   "/sys/kernel/kexec/crash_loaded"
#define CPU_HOT	   CPU_DIR "/crash_hotplug"
#define MEMORY_HOT "/sys/devices/system/memory/crash_hotplug"
#define TRIES	   40
#define WAIT_MS	   50
#define IOMEM_LINES                                                                                \
	"40000000-bfffffff : System RAM\n"                                                         \
	"  40200000-41cfffff : Kernel code\n"                                                      \
	"  42680000-42c4ffff : Kernel data\n"                                                      \
	"  a0000000-afffffff : Crash kernel\n"

/* A file that changes in the nth sleep. */
struct change {
	struct tmproot *tmp;
	const char *path;
	const char *text;
	unsigned int at;
	unsigned int sleeps;
	unsigned int slept_ms;
};

static void change_sleep(void *context, unsigned int ms)
{
	struct change *change = context;

	change->slept_ms += ms;
	if (++change->sleeps == change->at)
		tmproot_text(change->tmp, change->path, change->text);
}

static int look(struct tmproot *tmp, bool hotplug, struct change *change, struct err *err)
{
	struct syscall_ops ops = no_calls;

	ops.sleep_ms = change_sleep;
	ops.context = change;
	err_clear(err);
	return verify_armed(tmp->root, true, hotplug, &ops, err);
}

/* A machine with everything armed. */
static void start(struct tmproot *tmp)
{
	tmproot_init(tmp);
	tmproot_text(tmp, "/facts", "machine=aarch64\nrelease=7.3.4\npage_size=4096\n");
	tmproot_text(tmp, "/proc/iomem", IOMEM_LINES "100000000-13fffffff : System RAM\n");
	tmproot_text(tmp, CPU_DIR "/possible", "0-3\n");
	tmproot_text(tmp, CPU_DIR "/present", "0-1\n");
	tmproot_text(tmp, CPU_DIR "/cpu0/crash_notes", "7fb00000\n");
	tmproot_text(tmp, CPU_DIR "/cpu0/crash_notes_size", "424\n");
	tmproot_text(tmp, CPU_DIR "/cpu1/crash_notes", "7fb10000\n");
	tmproot_text(tmp, CPU_DIR "/cpu1/crash_notes_size", "424\n");
	tmproot_text(tmp, "/sys/kernel/vmcoreinfo", "0x0000000044d2c000 1024\n");
	tmproot_text(tmp, LOADED, "1\n");
	tmproot_text(tmp, CPU_HOT, "1\n");
	tmproot_text(tmp, MEMORY_HOT, "1\n");
	tmproot_reopen(tmp);
}

static void armed_is_seen_at_once(void **state)
{
	struct change change = { .at = 0 };
	struct err err = ERR_INIT;
	struct tmproot tmp;

	(void)state;
	start(&tmp);
	assert_int_equal(look(&tmp, false, &change, &err), ST_OK);
	assert_int_equal(look(&tmp, true, &change, &err), ST_OK);
	assert_int_equal(change.sleeps, 0);
	/* The older name. */
	tmproot_remove(&tmp, LOADED);
	tmproot_text(&tmp, "/sys/kernel/kexec_crash_loaded", "1\n");
	assert_int_equal(look(&tmp, true, &change, &err), ST_OK);
	tmproot_done(&tmp);
}

/* This file reads 0 at first, and 1 after some sleeps. */
static void assert_retried(const char *path, bool hotplug, unsigned int sleeps, int status)
{
	struct err err = ERR_INIT;
	struct tmproot tmp;
	struct change change = { .tmp = &tmp, .path = path, .text = "1\n", .at = sleeps };

	start(&tmp);
	tmproot_text(&tmp, path, "0\n");
	assert_int_equal(look(&tmp, hotplug, &change, &err), status);
	assert_int_equal(change.sleeps, status == ST_OK ? sleeps : TRIES);
	assert_int_equal(change.slept_ms, change.sleeps * WAIT_MS);
	assert_int_equal(err.status, status);
	tmproot_done(&tmp);
}

static void trap31_zero_is_read_again(void **state)
{
	static const char *const paths[] = { LOADED, CPU_HOT, MEMORY_HOT };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_retried(paths[i], true, 1, ST_OK);
		assert_retried(paths[i], true, TRIES - 1, ST_OK);
		assert_retried(paths[i], true, TRIES, ST_SYSTEM); /* too late */
	}
	assert_retried(LOADED, false, 3, ST_OK);
}

static void zero_that_stays_is_an_error(void **state)
{
	struct change change = { .at = 0 };
	struct err err = ERR_INIT;
	struct tmproot tmp;

	(void)state;
	start(&tmp);
	tmproot_text(&tmp, MEMORY_HOT, "0\n");
	assert_int_equal(look(&tmp, true, &change, &err), ST_SYSTEM);
	assert_string_equal(err.id, "hotplug-not-armed");
	assert_non_null(strstr(err.text, CPU_HOT " reads 1 and " MEMORY_HOT " reads 0"));
	assert_int_equal(change.slept_ms, 2000);
	/* It is of no interest without --hotplug. */
	assert_int_equal(look(&tmp, false, &change, &err), ST_OK);
	tmproot_text(&tmp, LOADED, "0\n");
	assert_int_equal(look(&tmp, true, &change, &err), ST_SYSTEM);
	assert_string_equal(err.id, "not-armed");
	assert_int_equal(look(&tmp, false, &change, &err), ST_SYSTEM);
	assert_string_equal(err.id, "not-armed");
	assert_string_equal(err.text, "the call succeeded, but " LOADED " reads 0");
	tmproot_done(&tmp);
}

/* Waiting brings no file into being, and no sense into one. */
static void silence_is_told_at_once(void **state)
{
	struct change change = { .at = 0 };
	struct err err = ERR_INIT;
	struct tmproot tmp;

	(void)state;
	start(&tmp);
	tmproot_remove(&tmp, LOADED);
	assert_int_equal(look(&tmp, false, &change, &err), ST_SYSTEM);
	assert_string_equal(err.id, "not-armed");
	assert_non_null(strstr(err.text, "/sys/kernel/kexec_crash_loaded cannot be read"));
	assert_non_null(strstr(err.hint, "/sys mounted"));
	tmproot_text(&tmp, LOADED, "2\n");
	assert_int_equal(look(&tmp, false, &change, &err), ST_BAD_INPUT);
	assert_string_equal(err.text,
		"it is not known whether the call took: " LOADED ": found 2, wanted 0 or 1");
	assert_int_equal(change.sleeps, 0);
	tmproot_done(&tmp);
}

static void each_image_has_its_own_file(void **state)
{
	struct syscall_ops ops = no_calls;
	struct change change = { .at = 0 };
	struct err err = ERR_INIT;
	struct tmproot tmp;

	(void)state;
	start(&tmp);
	ops.sleep_ms = change_sleep;
	ops.context = &change;
	tmproot_text(&tmp, "/sys/kernel/kexec_loaded", "0\n");
	assert_int_equal(verify_armed(tmp.root, false, false, &ops, &err), ST_SYSTEM);
	assert_string_equal(err.id, "not-armed");
	assert_non_null(strstr(err.text, "/sys/kernel/kexec_loaded"));
	tmproot_text(&tmp, "/sys/kernel/kexec_loaded", "1\n");
	tmproot_text(&tmp, LOADED, "0\n");
	err_clear(&err);
	assert_int_equal(verify_armed(tmp.root, false, false, &ops, &err), ST_OK);
	tmproot_done(&tmp);
}

static void trap01_hotplug_must_be_confirmed(void **state)
{
	struct change change = { .at = 0 };
	struct err err = ERR_INIT;
	struct tmproot tmp;

	(void)state;
	start(&tmp);
	/* A kernel without one of the two kinds lacks its file. */
	tmproot_remove(&tmp, MEMORY_HOT);
	assert_int_equal(look(&tmp, true, &change, &err), ST_OK);
	tmproot_remove(&tmp, CPU_HOT);
	assert_int_equal(look(&tmp, true, &change, &err), ST_SYSTEM);
	assert_string_equal(err.id, "hotplug-not-armed");
	assert_non_null(strstr(err.text, CPU_HOT " is not known and " MEMORY_HOT " is not known"));
	tmproot_text(&tmp, MEMORY_HOT, "1\n");
	assert_int_equal(look(&tmp, true, &change, &err), ST_OK);
	tmproot_text(&tmp, CPU_HOT, "0\n");
	assert_int_equal(look(&tmp, true, &change, &err), ST_SYSTEM);
	assert_non_null(strstr(err.hint, "--hotplug"));
	tmproot_done(&tmp);
}

/* The machine is read, then this file changes (or goes, with text NULL). */
static void assert_verdict(const char *path, const char *text, int status, const char *what)
{
	struct machine machine = { .cmdline = NULL };
	struct err err = ERR_INIT;
	struct tmproot tmp;

	start(&tmp);
	if (machine_read(tmp.root, true, &machine, NULL, &err))
		fail_msg("%s", err.text);
	assert_int_equal(verify_unchanged(tmp.root, &machine, &err), ST_OK);
	if (text)
		tmproot_text(&tmp, path, text);
	else
		tmproot_remove(&tmp, path);
	assert_int_equal(verify_unchanged(tmp.root, &machine, &err), status);
	if (status == ST_CHANGED) {
		assert_string_equal(err.id, "machine-changed");
		assert_ptr_equal(strstr(err.text, what), err.text);
	}
	machine_done(&machine);
	tmproot_done(&tmp);
}

static void trap30_memory_that_changed_is_seen(void **state)
{
	static const char map[] = "/proc/iomem";

	(void)state;
	/* Added, removed, grown by a page; of a driver; in the same place by another name. */
	assert_verdict(map,
		IOMEM_LINES "100000000-13fffffff : System RAM\n140000000-147ffffff : System RAM\n",
		ST_CHANGED, "the memory map");
	assert_verdict(map, IOMEM_LINES, ST_CHANGED, "the memory map");
	assert_verdict(map, IOMEM_LINES "100000000-140000fff : System RAM\n", ST_CHANGED,
		"the memory map");
	assert_verdict(map,
		IOMEM_LINES "100000000-13fffffff : System RAM\n"
			    "200000000-20fffffff : System RAM (kmem)\n",
		ST_CHANGED, "the memory map");
	assert_verdict(map,
		"40000000-bfffffff : System RAM\n  a0000000-a7ffffff : Crash kernel\n"
		"100000000-13fffffff : System RAM\n",
		ST_CHANGED, "the crash region");
	assert_verdict(map, "40000000-bfffffff : System RAM\n100000000-13fffffff : System RAM\n",
		ST_CHANGED, "the crash region");
	/* Devices may come and go, and ranges may be told in pieces. */
	assert_verdict(map,
		"09000000-09000fff : pl011@9000000\n" IOMEM_LINES
		"100000000-11fffffff : System RAM\n120000000-13fffffff : System RAM\n",
		ST_OK, NULL);
	assert_verdict(map, "", ST_BAD_INPUT, NULL);
	assert_verdict(map, NULL, ST_NOT_FOUND, NULL);
}

static void trap30_cpus_that_changed_are_seen(void **state)
{
	(void)state;
	assert_verdict(CPU_DIR "/present", "0\n", ST_CHANGED, "the set of CPUs");
	assert_verdict(CPU_DIR "/present", "0-2\n", ST_CHANGED, "the set of CPUs");
	assert_verdict(CPU_DIR "/present", "0,2\n", ST_CHANGED, "the set of CPUs");
	assert_verdict(CPU_DIR "/possible", "0-4\n", ST_CHANGED, "the set of CPUs");
	assert_verdict(CPU_DIR "/cpu1/crash_notes", "7fb20000\n", ST_CHANGED, "the set of CPUs");
	assert_verdict(CPU_DIR "/cpu0/crash_notes_size", "425\n", ST_CHANGED, "the set of CPUs");
	assert_verdict(CPU_DIR "/present", "0-1\n", ST_OK, NULL);
	assert_verdict(CPU_DIR "/online", "0\n", ST_OK, NULL); /* still in the header */
	assert_verdict(CPU_DIR "/present", "what\n", ST_BAD_INPUT, NULL);
}

static void trap30_new_cpu_folder_is_seen(void **state)
{
	struct machine machine = { .cmdline = NULL };
	struct err err = ERR_INIT;
	struct tmproot tmp;

	(void)state;
	start(&tmp);
	assert_int_equal(machine_read(tmp.root, true, &machine, NULL, &err), ST_OK);
	tmproot_text(&tmp, CPU_DIR "/cpu2/crash_notes_size", "424\n");
	tmproot_text(&tmp, CPU_DIR "/cpu2/crash_notes", "7fb20000\n");
	assert_int_equal(verify_unchanged(tmp.root, &machine, &err), ST_CHANGED);
	machine_done(&machine);
	tmproot_done(&tmp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(armed_is_seen_at_once),
		cmocka_unit_test(trap31_zero_is_read_again),
		cmocka_unit_test(zero_that_stays_is_an_error),
		cmocka_unit_test(silence_is_told_at_once),
		cmocka_unit_test(each_image_has_its_own_file),
		cmocka_unit_test(trap01_hotplug_must_be_confirmed),
		cmocka_unit_test(trap30_memory_that_changed_is_seen),
		cmocka_unit_test(trap30_cpus_that_changed_are_seen),
		cmocka_unit_test(trap30_new_cpu_folder_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
