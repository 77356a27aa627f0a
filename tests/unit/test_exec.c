// SPDX-License-Identifier: GPL-2.0-only
/* Leaving the running kernel: which calls, in which order. */
#include <errno.h>
#include <signal.h>

#include "tests/unit/tree.h"

#include "kexec/cmd/exec.h"
#include "kexec/syscall/ifdown.h"
#include "tests/unit/no_calls.h"

#define LOADED "/sys/kernel/kexec_loaded"

/* A kernel that writes down what it is asked for, and answers. */
struct kernel {
	char log[512];
	const char *const *interfaces; /* ends with NULL */
	int list_errno;
	int down_errno;
	int exec_errno;
	size_t execs;
	unsigned int busy; /* so many calls find the kernel's lock taken */
	bool comes_back;
	unsigned int sleeps;
	int raises; /* a signal, when an interface goes down */
};

static void note(struct kernel *kernel, const char *what, const char *name)
{
	size_t used = strlen(kernel->log);

	snprintf(kernel->log + used, sizeof(kernel->log) - used, "%s%s%s", used ? " " : "", what,
		name);
}

static void fake_sync(void *context)
{
	note(context, "sync", "");
}

static int fake_list(void *context, char ***ret, size_t *ret_count)
{
	struct kernel *kernel = context;
	size_t count = 0;

	if (kernel->list_errno)
		return kernel->list_errno;
	while (kernel->interfaces[count])
		count++;
	*ret = calloc(count + 1, sizeof(**ret));
	assert_non_null(*ret);
	for (size_t i = 0; i < count; i++)
		(*ret)[i] = strdup(kernel->interfaces[i]);
	*ret_count = count;
	return 0;
}

static int fake_down(void *context, const char *name)
{
	note(context, "down:", name);
	if (((struct kernel *)context)->raises)
		raise(((struct kernel *)context)->raises);
	return ((struct kernel *)context)->down_errno;
}

static int fake_reboot(void *context)
{
	struct kernel *kernel = context;

	note(kernel, "reboot", "");
	if (!kernel->busy)
		return kernel->comes_back ? 0 : EINVAL;
	kernel->busy--;
	return EBUSY;
}

static void fake_sleep(void *context, unsigned int ms)
{
	assert_in_range(ms, 1, 1000);
	((struct kernel *)context)->sleeps++;
}

static int fake_exec(void *context, const char *path, const char *const *argv)
{
	struct kernel *kernel = context;

	note(kernel, "exec:", path);
	assert_string_equal(argv[0], "shutdown");
	assert_string_equal(argv[1], "-r");
	assert_string_equal(argv[2], "now");
	assert_null(argv[3]);
	return kernel->execs++ == 0 ? ENOENT : kernel->exec_errno;
}

static struct syscall_ops ops_of(struct kernel *kernel)
{
	struct syscall_ops ops = no_calls;

	ops.sync = fake_sync;
	ops.list_interfaces = fake_list;
	ops.interface_down = fake_down;
	ops.reboot_kexec = fake_reboot;
	ops.exec = fake_exec;
	ops.sleep_ms = fake_sleep;
	ops.context = kernel;
	return ops;
}

static const char *const some[] = { "lo", "eth0", "shaper0", "eth0:1", "wlan0", NULL };

static void interfaces_go_down_in_order(void **state)
{
	struct kernel kernel = { .interfaces = some };
	struct syscall_ops ops = ops_of(&kernel);
	struct report report = REPORT_INIT;

	(void)state;
	interfaces_down(&ops, &report);
	assert_string_equal(kernel.log, "down:shaper0 down:eth0 down:wlan0");
	assert_int_equal(report.count, 0);
	report_done(&report);
}

static void interfaces_that_stay_up_are_no_obstacle(void **state)
{
	struct kernel kernel = { .interfaces = some, .down_errno = EPERM };
	struct syscall_ops ops = ops_of(&kernel);
	struct report report = REPORT_INIT;

	(void)state;
	interfaces_down(&ops, &report);
	assert_string_equal(kernel.log, "down:shaper0 down:eth0 down:wlan0");
	assert_int_equal(report.count, 3);
	assert_int_equal(report.entries[1].kind, REPORT_WARNING);
	assert_string_equal(report.entries[1].text, "eth0 stays up: Operation not permitted");
	kernel.list_errno = ENOMEM;
	kernel.log[0] = '\0';
	interfaces_down(&ops, &report);
	assert_string_equal(kernel.log, "");
	assert_int_equal(report.count, 4);
	report_done(&report);
}

/* root is NULL for kexec -e that looks for it itself; a load has been done before. */
static int run(const struct request *request, const struct sysroot *root, struct kernel *kernel,
	struct err *err)
{
	struct syscall_ops ops = ops_of(kernel);
	FILE *null = fopen("/dev/null", "w");
	struct cmd_io io = { .out = null, .err = null, .syscalls = &ops };
	int status;

	assert_non_null(null);
	kernel->log[0] = '\0';
	err_clear(err);
	if (request->action != ACTION_EXEC)
		status = exec_after_load(request, &io, err);
	else if (root)
		status = exec_from(request, root, &io, err);
	else
		status = exec_kernel(request, &io, err);
	fclose(null);
	assert_int_equal(status, err->status);
	return status;
}

static void exec_syncs_then_takes_the_network_down_then_leaves(void **state)
{
	static const struct {
		bool no_sync, no_ifdown;
		const char *log;
	} cases[] = {
		{ false, false, "sync down:shaper0 down:eth0 down:wlan0 reboot" },
		{ true, false, "down:shaper0 down:eth0 down:wlan0 reboot" },
		{ false, true, "sync reboot" },
		{ true, true, "reboot" },
	};

	struct tmproot tmp;

	(void)state;
	tmproot_init(&tmp);
	tmproot_text(&tmp, LOADED, "1\n");
	for (size_t i = 0; i < 4; i++) {
		struct kernel kernel = { .interfaces = some };
		struct request request = { .action = ACTION_EXEC,
			.no_sync = cases[i].no_sync,
			.no_ifdown = cases[i].no_ifdown };
		struct err err = ERR_INIT;

		assert_int_equal(run(&request, tmp.root, &kernel, &err), ST_SYSTEM);
		assert_string_equal(err.id, "exec-failed");
		assert_string_equal(err.text, "kexec failed: Invalid argument");
		assert_string_equal(kernel.log, cases[i].log);
	}
	tmproot_done(&tmp);
}

/* From a kernel that was loaded for that. Who has loaded it in the same breath keeps the network
 * up. */
static void exec_comes_back(void **state)
{
	struct kernel kernel = { .interfaces = some, .comes_back = true };
	struct request request = { .action = ACTION_EXEC };
	struct err err = ERR_INIT;
	struct tmproot tmp;

	(void)state;
	tmproot_init(&tmp);
	tmproot_text(&tmp, LOADED, "1\n");
	assert_int_equal(run(&request, tmp.root, &kernel, &err), ST_OK);
	assert_string_equal(kernel.log, "sync down:shaper0 down:eth0 down:wlan0 reboot");
	request.action = ACTION_LOAD_AND_EXEC;
	request.preserve = true;
	assert_int_equal(run(&request, tmp.root, &kernel, &err), ST_OK);
	assert_string_equal(kernel.log, "sync reboot");
	tmproot_done(&tmp);
}

static void exec_stays_only_where_nothing_is_loaded_for_sure(void **state)
{
	struct kernel kernel = { .interfaces = some };
	struct request request = { .action = ACTION_EXEC, .no_ifdown = true };
	struct err err = ERR_INIT;
	struct tmproot tmp;

	(void)state;
	tmproot_init(&tmp);
	tmproot_text(&tmp, LOADED, "0\n");
	tmproot_text(&tmp, "/sys/kernel/kexec_crash_loaded", "1\n"); /* waits for a panic */
	assert_int_equal(run(&request, tmp.root, &kernel, &err), ST_NOT_FOUND);
	assert_string_equal(err.id, "nothing-loaded");
	assert_string_equal(err.text, "Nothing has been loaded!");
	assert_string_equal(kernel.log, "");
	tmproot_text(&tmp, LOADED, "what\n");
	assert_int_equal(run(&request, tmp.root, &kernel, &err), ST_SYSTEM);
	assert_string_equal(kernel.log, "sync reboot");
	/* A kernel without kexec, told from a /sys that is not mounted. */
	tmproot_remove(&tmp, LOADED);
	assert_int_equal(run(&request, tmp.root, &kernel, &err), ST_NOT_FOUND);
	assert_string_equal(err.id, "nothing-loaded");
	assert_non_null(strstr(err.hint, "no kexec"));
	assert_string_equal(kernel.log, "");
	tmproot_done(&tmp);
	tmproot_init(&tmp);
	assert_int_equal(run(&request, tmp.root, &kernel, &err), ST_SYSTEM);
	assert_string_equal(kernel.log, "sync reboot");
	tmproot_done(&tmp);
}

static void exec_waits_for_the_lock(void **state)
{
	struct kernel kernel = { .interfaces = some, .busy = 3 };
	struct request request = { .action = ACTION_EXEC, .no_ifdown = true, .no_sync = true };
	struct err err = ERR_INIT;
	struct tmproot tmp;

	(void)state;
	tmproot_init(&tmp);
	tmproot_text(&tmp, LOADED, "1\n");
	assert_int_equal(run(&request, tmp.root, &kernel, &err), ST_SYSTEM);
	assert_string_equal(kernel.log, "reboot reboot reboot reboot");
	assert_int_equal(kernel.sleeps, 3);
	assert_string_equal(err.text, "kexec failed: Invalid argument");
	/* But not for ever. */
	kernel = (struct kernel){ .interfaces = some, .busy = 1000 };
	assert_int_equal(run(&request, tmp.root, &kernel, &err), ST_SYSTEM);
	assert_in_range(kernel.sleeps, 10, 999);
	assert_string_equal(err.text, "kexec failed: Device or resource busy");
	assert_non_null(strstr(err.hint, "lock"));
	assert_non_null(strstr(err.hint, "PSCI"));
	tmproot_done(&tmp);
}

/* Where no load can have worked, to load first is no advice. */
static void exec_where_cpus_cannot_stop_says_so(void **state)
{
	struct kernel kernel = { .interfaces = some };
	struct request request = { .action = ACTION_EXEC };
	struct err err = ERR_INIT;
	struct tmproot tmp;
	struct tree tree;
	struct span fdt;

	(void)state;
	tmproot_init(&tmp);
	tmproot_text(&tmp, "/facts", "machine=aarch64\n");
	tmproot_reopen(&tmp);
	tmproot_text(&tmp, LOADED, "0\n");
	assert_int_equal(run(&request, tmp.root, &kernel, &err), ST_NOT_FOUND);
	assert_non_null(strstr(err.hint, "kexec -l KERNEL"));
	tree_begin(&tree);
	tree_node(&tree, "cpu@0");
	tree_string(&tree, "device_type", "cpu");
	tree_string(&tree, "enable-method", "spin-table");
	tree_end(&tree);
	fdt = tree_finish(&tree);
	tmproot_bytes(&tmp, "/sys/firmware/fdt", fdt.data, fdt.size);
	tmproot_text(&tmp, "/sys/devices/system/cpu/possible", "0-3\n");
	assert_int_equal(run(&request, tmp.root, &kernel, &err), ST_NOT_FOUND);
	assert_string_equal(err.id, "nothing-loaded");
	assert_non_null(strstr(err.hint, "PSCI"));
	tmproot_done(&tmp);
}

/* Who has lost his terminal with the network has not decided to stay. */
static void signal_between_network_and_restart_waits(void **state)
{
	struct kernel kernel = { .interfaces = some, .raises = SIGHUP };
	struct request request = { .action = ACTION_EXEC, .no_sync = true };
	struct err err = ERR_INIT;
	struct tmproot tmp;

	(void)state;
	tmproot_init(&tmp);
	tmproot_text(&tmp, LOADED, "1\n");
	assert_int_equal(run(&request, tmp.root, &kernel, &err), ST_SYSTEM);
	assert_string_equal(kernel.log, "down:shaper0 down:eth0 down:wlan0 reboot");
	tmproot_done(&tmp);
}

static void exec_is_about_this_machine_only(void **state)
{
	struct kernel kernel = { .interfaces = some };
	struct request request = { .action = ACTION_EXEC };
	struct err err = ERR_INIT;
	struct tmproot tmp;

	(void)state;
	tmproot_init(&tmp);
	tmproot_text(&tmp, LOADED, "1\n");
	request.sysroot = tmp.dir;
	assert_int_equal(run(&request, NULL, &kernel, &err), ST_USAGE);
	assert_string_equal(err.id, "sysroot-not-live");
	assert_non_null(strstr(err.hint, "leave --sysroot out"));
	assert_string_equal(kernel.log, "");
	tmproot_done(&tmp);
}

static void load_alone_writes_out_file_systems_for_a_restart_only(void **state)
{
	static const struct {
		bool crash, no_sync;
		enum dry_run dry_run;
		const char *log;
	} cases[] = {
		{ false, false, DRY_RUN_OFF, "sync" },
		{ false, true, DRY_RUN_OFF, "" },
		{ false, false, DRY_RUN_TEXT, "" },
		{ true, false, DRY_RUN_OFF, "" },
		{ true, true, DRY_RUN_OFF, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct kernel kernel = { .interfaces = some };
		struct request request = { .action = ACTION_LOAD,
			.crash = cases[i].crash,
			.no_sync = cases[i].no_sync,
			.dry_run = cases[i].dry_run };
		struct err err = ERR_INIT;

		assert_int_equal(run(&request, NULL, &kernel, &err), ST_OK);
		assert_string_equal(kernel.log, cases[i].log);
	}
}

/* -f leaves as -e does, and needs not look again at what the load has seen. */
static void force_leaves_after_the_load(void **state)
{
	static const struct {
		bool no_sync, no_ifdown;
		const char *log;
	} cases[] = {
		{ false, false, "sync down:shaper0 down:eth0 down:wlan0 reboot" },
		{ true, true, "reboot" },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct kernel kernel = { .interfaces = some };
		struct request request = { .action = ACTION_LOAD_AND_EXEC,
			.no_sync = cases[i].no_sync,
			.no_ifdown = cases[i].no_ifdown };
		struct err err = ERR_INIT;

		assert_int_equal(run(&request, NULL, &kernel, &err), ST_SYSTEM);
		assert_string_equal(err.id, "exec-failed");
		assert_string_equal(kernel.log, cases[i].log);
		request.dry_run = DRY_RUN_TEXT;
		assert_int_equal(run(&request, NULL, &kernel, &err), ST_OK);
		assert_string_equal(kernel.log, "");
	}
}

static void shutdown_is_tried_in_three_places(void **state)
{
	struct kernel kernel = { .exec_errno = ENOENT };
	struct request request = { .action = ACTION_LOAD_AND_SHUTDOWN };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(run(&request, NULL, &kernel, &err), ST_SYSTEM);
	assert_string_equal(err.id, "shutdown-failed");
	assert_string_equal(
		kernel.log, "exec:/sbin/shutdown exec:/etc/shutdown exec:/bin/shutdown");
	/* One that is there and cannot be run ends the search. */
	kernel = (struct kernel){ .exec_errno = EACCES };
	assert_int_equal(run(&request, NULL, &kernel, &err), ST_SYSTEM);
	assert_string_equal(kernel.log, "exec:/sbin/shutdown exec:/etc/shutdown");
	assert_non_null(strstr(err.text, "Permission denied"));
	assert_non_null(strstr(err.hint, "systemctl kexec"));
	request.dry_run = DRY_RUN_TEXT;
	assert_int_equal(run(&request, NULL, &kernel, &err), ST_OK);
	assert_string_equal(kernel.log, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interfaces_go_down_in_order),
		cmocka_unit_test(interfaces_that_stay_up_are_no_obstacle),
		cmocka_unit_test(exec_syncs_then_takes_the_network_down_then_leaves),
		cmocka_unit_test(exec_comes_back),
		cmocka_unit_test(exec_stays_only_where_nothing_is_loaded_for_sure),
		cmocka_unit_test(exec_waits_for_the_lock),
		cmocka_unit_test(exec_where_cpus_cannot_stop_says_so),
		cmocka_unit_test(signal_between_network_and_restart_waits),
		cmocka_unit_test(exec_is_about_this_machine_only),
		cmocka_unit_test(load_alone_writes_out_file_systems_for_a_restart_only),
		cmocka_unit_test(force_leaves_after_the_load),
		cmocka_unit_test(shutdown_is_tried_in_three_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
