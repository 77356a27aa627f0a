// SPDX-License-Identifier: GPL-2.0-only
/* The verbs, as far as they go without a machine of their own: a sysroot that is not the live
 * root gets no system call, whatever happens. */
#include "tests/unit/load_machine.h"

#include "kexec/cmd/load.h"
#include "kexec/cmd/unload.h"
#include "tests/unit/session.h"

static void start(struct session *session)
{
	*session = (struct session){ .err = ERR_INIT };
	lm_init(&session->tmp);
	session->request = (struct request){
		.action = ACTION_LOAD,
		.crash = true,
		.kernel = "/boot/Image",
		.initrd = "/boot/initrd",
		.sysroot = session->tmp.dir,
		.dry_run = DRY_RUN_TEXT,
		.syscall = SYSCALL_LOAD,
		.has_seed = true,
		.seed = 1,
	};
}

static int run(struct session *session,
	int (*verb)(const struct request *, const struct cmd_io *, struct err *))
{
	struct cmd_io io = session_listen(session);

	return session_heard(session, &io, verb(&session->request, &io, &session->err));
}

static void run_well(struct session *session)
{
	if (run(session, load_kernel) != ST_OK)
		fail_msg("%s: %s", session->err.id, session->err.text);
}

static void assert_refused(struct session *session, int status, const char *id, const char *words)
{
	assert_int_equal(run(session, load_kernel), status);
	assert_string_equal(session->err.id, id);
	if (!strstr(session->err.text, words))
		fail_msg("\"%s\" is not in \"%s\"", words, session->err.text);
	assert_string_equal(session->out, ""); /* no plan */
}

static void dry_run_prints_the_plan_and_calls_nothing(void **state)
{
	static const char *const words[] = { "kernel", "initrd", "elfcorehdr", "purgatory", "dtb",
		"linux,usable-memory-range", "root=/dev/vda" };
	struct session session;

	(void)state;
	start(&session);
	run_well(&session);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strstr(session.out, words[i]))
			fail_msg("no %s in the plan", words[i]);
	session.request.dry_run = DRY_RUN_JSON;
	run_well(&session);
	assert_int_equal(session.out[0], '{');
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strstr(session.out, words[i]))
			fail_msg("no %s in the plan", words[i]);
	session_end(&session);
}

static void same_seed_gives_the_same_plan(void **state)
{
	struct session session;
	char *first;

	(void)state;
	start(&session);
	session.request.dry_run = DRY_RUN_JSON;
	run_well(&session);
	first = session.out;
	session.out = NULL;
	run_well(&session);
	assert_string_equal(session.out, first);
	session.request.seed = 2; /* the tree's digest is another */
	run_well(&session);
	assert_string_not_equal(session.out, first);
	free(first);
	session_end(&session);
}

static void sysroot_that_is_not_live_is_never_loaded_into(void **state)
{
	struct session session;

	(void)state;
	start(&session);
	session.request.dry_run = DRY_RUN_OFF;
	assert_refused(&session, ST_USAGE, "sysroot-not-live", "only --dry-run");
	/* Before anything is read. */
	session.request.kernel = "/no/such/file";
	assert_refused(&session, ST_USAGE, "sysroot-not-live", "only --dry-run");
	assert_int_equal(run(&session, unload_kernel), ST_USAGE);
	assert_string_equal(session.err.id, "sysroot-not-live");
	session_end(&session);
}

static void live_root_refuses_a_missing_file_before_any_call(void **state)
{
	struct session session;
	char path[128];

	(void)state;
	start(&session);
	session.request.sysroot = NULL;
	session.request.dry_run = DRY_RUN_OFF;
	session.request.kernel = "/no/such/file";
	assert_int_equal(run(&session, load_kernel), ST_NOT_FOUND);
	assert_ptr_equal(strstr(session.err.text, "kernel: "), session.err.text);
	snprintf(path, sizeof(path), "%s/boot/Image", session.tmp.dir);
	session.request.kernel = path;
	session.request.initrd = "/no/such/file";
	assert_int_equal(run(&session, load_kernel), ST_NOT_FOUND);
	assert_ptr_equal(strstr(session.err.text, "initrd: "), session.err.text);
	session_end(&session);
}

static void files_are_checked(void **state)
{
	struct session session;

	(void)state;
	start(&session);
	tmproot_text(&session.tmp, "/boot/empty", "");
	tmproot_text(&session.tmp, "/boot/text",
		"this is neither a kernel nor a device tree, but "
		"long enough for the head of each of them\n");
	session.request.initrd = "/boot/empty";
	assert_refused(&session, ST_BAD_INPUT, "initrd-empty", "Empty ramdisk file: /boot/empty");
	session.request.initrd = NULL;
	session.request.dtb = "/boot/text";
	assert_refused(&session, ST_UNSUPPORTED, "dtb-kind",
		"--dtb: /boot/text: this is a text; the blob of a device tree is wanted");
	tmproot_bytes(&session.tmp, "/boot/random",
		"\x5a\xa5\xff\xfe"
		"anything\xff",
		13);
	session.request.dtb = "/boot/random";
	assert_refused(&session, ST_UNSUPPORTED, "dtb-kind", "it begins with 5a a5 ff fe");
	tmproot_bytes(&session.tmp, "/boot/zeros", (uint8_t[64]){ 0 }, 64);
	session.request.dtb = "/boot/zeros";
	assert_refused(&session, ST_UNSUPPORTED, "dtb-kind", "this is nothing but zeros");
	tmproot_bytes(&session.tmp, "/boot/short", "\xd0\x0d", 2);
	session.request.dtb = "/boot/short";
	assert_refused(&session, ST_BAD_INPUT, "fdt-truncated", "--dtb: /boot/short: found 2");
	tmproot_text(&session.tmp, "/boot/dts", "/dts-v1/;\n/ { };\n");
	session.request.dtb = "/boot/dts";
	assert_refused(&session, ST_UNSUPPORTED, "dtb-kind",
		"--dtb: /boot/dts: this is the source of a device tree; the blob of a device tree");
	assert_non_null(strstr(session.err.hint, "dtc -O dtb -o TREE.dtb /boot/dts"));
	session.request.dtb = "/boot/Image";
	assert_refused(&session, ST_UNSUPPORTED, "dtb-kind", "this is an arm64 kernel (Image)");
	session.request.dtb = "/boot/none";
	assert_int_equal(run(&session, load_kernel), ST_NOT_FOUND);
	assert_ptr_equal(strstr(session.err.text, "--dtb: "), session.err.text);
	session.request.dtb = NULL;
	session.request.kernel = "/boot/text";
	assert_refused(&session, ST_NOT_MINE, "image-format-unknown", "/boot/text");
	session.request.kernel = "/boot/empty";
	assert_refused(&session, ST_BAD_INPUT, "image-empty", "/boot/empty");
	session_end(&session);
}

static void trap05_elf_initrd_is_refused_by_the_dry_run(void **state)
{
	struct session session;

	(void)state;
	start(&session);
	tmproot_text(&session.tmp, "/boot/initrd", "\177ELF and so on");
	assert_refused(&session, ST_UNSUPPORTED, "initrd-kind",
		"initrd: /boot/initrd: this is an ELF file");
	session_end(&session);
}

static void trap12_hidden_memory_map_is_refused(void **state)
{
	struct session session;

	(void)state;
	start(&session);
	tmproot_text(&session.tmp, "/proc/iomem",
		"00000000-00000000 : System RAM\n  00000000-00000000 : Crash kernel\n");
	assert_refused(&session, ST_DENIED, "iomem-hidden", "cannot read the machine: /proc/iomem");
	session_end(&session);
}

static void warnings_and_the_plan_go_to_stderr(void **state)
{
	struct session session;

	(void)state;
	start(&session);
	session.request.append = "mem=128M";
	run_well(&session);
	assert_non_null(strstr(session.said, "kexec: warning: cmdline: mem="));
	assert_null(strstr(session.said, session.out));
	session.request.debug = true;
	run_well(&session);
	assert_non_null(strstr(session.said, session.out)); /* -d shows the same plan */
	assert_non_null(strstr(session.said, "\ntime in ms: read "));
	session_end(&session);
}

static void console_is_chosen_or_done_without(void **state)
{
	struct session session;

	(void)state;
	start(&session);
	session.request.serial = "ttyAMA9";
	run_well(&session);
	assert_non_null(strstr(session.said, "No valid console found for ttyAMA9"));
	session.request.console = "pl011,0x9000000"; /* more exact than --serial */
	run_well(&session);
	assert_null(strstr(session.said, "No valid console"));
	assert_non_null(strstr(session.out, "0x9000000"));
	session.request.console = "none";
	run_well(&session);
	assert_null(strstr(session.out, "0x9000000"));
	/* On a machine without ports, and without a console that would do. */
	session.request.console = session.request.serial = NULL;
	session.request.console_serial = true;
	run_well(&session);
	assert_null(strstr(session.out, "0x3f8"));
	session.request.console = "pl011,0x9000000";
	session.request.serial_baud = 9600;
	run_well(&session);
	assert_non_null(strstr(session.said, "--serial-baud has no effect: the pl011"));
	session.request.console = "telegraph";
	assert_int_equal(run(&session, load_kernel), ST_USAGE);
	session_end(&session);
}

static void trap01_hotplug_without_the_kernel_is_refused(void **state)
{
	struct session session;

	(void)state;
	start(&session);
	session.request.hotplug = HOTPLUG_ON; /* asks no system call either */
	assert_refused(&session, ST_UNSUPPORTED, "hotplug-unsupported", "7.3.4");
	session.request.hotplug = HOTPLUG_AUTO;
	run_well(&session);
	assert_non_null(strstr(session.said, "loading without --hotplug"));
	tmproot_text(&session.tmp, "/sys/kernel/crash_elfcorehdr_size", "459152\n");
	session.request.hotplug = HOTPLUG_ON;
	run_well(&session);
	assert_null(strstr(session.said, "hotplug"));
	session_end(&session);
}

static void trap41_configuration_without_kexec_file_is_seen(void **state)
{
	struct session session;

	(void)state;
	start(&session);
	tmproot_text(&session.tmp, "/sys/kernel/crash_elfcorehdr_size", "459152\n");
	session.request.hotplug = HOTPLUG_ON;
	run_well(&session);
	tmproot_text(&session.tmp, "/boot/config-7.3.4", "CONFIG_KEXEC_FILE=y\n");
	run_well(&session);
	tmproot_text(&session.tmp, "/boot/config-7.3.4", "# CONFIG_KEXEC_FILE is not set\n");
	assert_refused(&session, ST_UNSUPPORTED, "hotplug-unsupported", "CONFIG_KEXEC_FILE");
	session_end(&session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dry_run_prints_the_plan_and_calls_nothing),
		cmocka_unit_test(same_seed_gives_the_same_plan),
		cmocka_unit_test(sysroot_that_is_not_live_is_never_loaded_into),
		cmocka_unit_test(live_root_refuses_a_missing_file_before_any_call),
		cmocka_unit_test(files_are_checked),
		cmocka_unit_test(trap05_elf_initrd_is_refused_by_the_dry_run),
		cmocka_unit_test(trap12_hidden_memory_map_is_refused),
		cmocka_unit_test(warnings_and_the_plan_go_to_stderr),
		cmocka_unit_test(console_is_chosen_or_done_without),
		cmocka_unit_test(trap01_hotplug_without_the_kernel_is_refused),
		cmocka_unit_test(trap41_configuration_without_kexec_file_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
