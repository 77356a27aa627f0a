// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kexec/syscall/kexec_load.h"
#include "tests/unit/fake_kernel.h"
#include "tests/unit/plan_machine.h"

static void plan_some(struct plan_machine *pm, enum hotplug_mode hotplug)
{
	pm_init(pm);
	pm_initrd(pm, 12345);
	pm->request.hotplug = hotplug;
	pm->machine.state.crash_elfcorehdr_size = 459152;
	assert_int_equal(pm_plan(pm), ST_OK);
}

static void assert_passed(enum hotplug_mode hotplug, uint64_t flags)
{
	struct kernel kernel = { .calls = 0 };
	struct syscall_ops ops = ops_of(&kernel);
	struct plan_machine pm;
	struct err err = ERR_INIT;

	plan_some(&pm, hotplug);
	assert_int_equal(kexec_load_plan(&ops, &pm.plan, &no_state, &err), ST_OK);
	assert_int_equal(kernel.calls, 1);
	assert_int_equal(kernel.slept_ms, 0);
	assert_int_equal(kernel.flags[0], flags);
	assert_int_equal(kernel.entry, pm.plan.entry);
	assert_int_equal(kernel.count, 5);
	for (size_t i = 0; i < kernel.count; i++) {
		const struct segment *segment = &pm.plan.segments[i];

		assert_int_equal(kernel.segments[i].buf, (uintptr_t)segment->data.data);
		assert_int_equal(kernel.segments[i].bufsz, segment->data.size);
		assert_int_equal(kernel.segments[i].mem, segment->mem);
		assert_int_equal(kernel.segments[i].memsz, segment->memsz);
		assert_true(i == 0 || kernel.segments[i - 1].mem < kernel.segments[i].mem);
	}
	pm_done(&pm);
}

static void plan_is_passed_as_it_is(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct kexec_segment_abi), 32);
	assert_passed(HOTPLUG_OFF, 0x00b70001);
	assert_passed(HOTPLUG_ON, 0x00b70009);
}

static void trap33_only_known_flags_are_passed(void **state)
{
	static const enum hotplug_mode modes[] = { HOTPLUG_OFF, HOTPLUG_ON, HOTPLUG_AUTO };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct kernel kernel = { .calls = 0 };
		struct syscall_ops ops = ops_of(&kernel);
		struct plan_machine pm;
		struct err err = ERR_INIT;

		pm_init(&pm);
		pm.request.hotplug = modes[i];
		pm.request.debug = true; /* sends nothing to the kernel */
		pm.request.no_checks = true;
		pm.machine.state.crash_elfcorehdr_size = 459152;
		assert_int_equal(pm_plan(&pm), ST_OK);
		assert_int_equal(kexec_load_plan(&ops, &pm.plan, &no_state, &err), ST_OK);
		assert_int_equal(kernel.flags[0] & ~UINT64_C(0x8), 0x00b70001);
		pm_done(&pm);
	}
}

static void busy_kernel_is_asked_again(void **state)
{
	struct kernel kernel = { .answers = { EBUSY, EBUSY, EBUSY, 0 } };
	struct syscall_ops ops = ops_of(&kernel);
	struct plan_machine pm;
	struct err err = ERR_INIT;

	(void)state;
	plan_some(&pm, HOTPLUG_OFF);
	assert_int_equal(kexec_load_plan(&ops, &pm.plan, &no_state, &err), ST_OK);
	assert_int_equal(kernel.calls, 4);
	assert_int_equal(kernel.slept_ms, 300);
	assert_int_equal(err.status, ST_OK);
	pm_done(&pm);
}

static void busy_kernel_is_given_up(void **state)
{
	struct kernel kernel = { .answers = { EBUSY, EBUSY, EBUSY, EBUSY } };
	struct syscall_ops ops = ops_of(&kernel);
	struct plan_machine pm;
	struct err err = ERR_INIT;

	(void)state;
	plan_some(&pm, HOTPLUG_OFF);
	assert_int_equal(kexec_load_plan(&ops, &pm.plan, &no_state, &err), ST_SYSTEM);
	assert_int_equal(kernel.calls, 50);
	assert_int_equal(kernel.slept_ms, 4900);
	assert_string_equal(err.id, "kexec-load-failed");
	assert_non_null(strstr(err.text, strerror(EBUSY)));
	assert_non_null(strstr(err.hint, "for 5 seconds"));
	pm_done(&pm);
}

static void another_error_ends_the_retries(void **state)
{
	struct kernel kernel = { .answers = { EBUSY, EINVAL } };
	struct syscall_ops ops = ops_of(&kernel);
	struct plan_machine pm;
	struct err err = ERR_INIT;

	(void)state;
	plan_some(&pm, HOTPLUG_OFF);
	assert_int_equal(kexec_load_plan(&ops, &pm.plan, &no_state, &err), ST_SYSTEM);
	assert_int_equal(kernel.calls, 2);
	pm_done(&pm);
}

static void assert_explained(
	const struct kexec_state *now, int errnum, int status, const char *hint)
{
	struct kernel kernel = { .answers = { errnum, errnum, errnum, errnum } };
	struct syscall_ops ops = ops_of(&kernel);
	struct plan_machine pm;
	struct err err = ERR_INIT;

	plan_some(&pm, HOTPLUG_OFF);
	assert_int_equal(kexec_load_plan(&ops, &pm.plan, now, &err), status);
	assert_int_equal(err.status, status);
	assert_string_equal(err.id, "kexec-load-failed");
	assert_ptr_equal(strstr(err.text, "kexec_load failed: "), err.text);
	assert_string_equal(err.text + strlen("kexec_load failed: "), strerror(errnum));
	if (!strstr(err.hint, hint))
		fail_msg("%s: \"%s\" has no \"%s\"", strerror(errnum), err.hint, hint);
	assert_int_equal(kernel.calls, errnum == EBUSY ? 50 : 1);
	pm_done(&pm);
}

static void trap45_every_errno_is_explained(void **state)
{
	(void)state;
	assert_explained(&no_state, ENOSYS, ST_UNSUPPORTED, "CONFIG_SUSPEND");
	assert_explained(&no_state, EADDRNOTAVAIL, ST_SYSTEM, "kexec_crash_size");
	assert_explained(&no_state, ENOMEM, ST_SYSTEM, "crashkernel=");
	assert_explained(&no_state, EINVAL, ST_SYSTEM, "flags");
	assert_explained(&no_state, EFAULT, ST_SYSTEM, "segments");
	assert_explained(&no_state, EBUSY, ST_SYSTEM, "hotplug event");
	assert_explained(&no_state, EIO, ST_SYSTEM, "kernel log");
}

static void denial_names_its_likely_cause(void **state)
{
	struct kexec_state now = no_state;

	(void)state;
	assert_explained(&now, EPERM, ST_DENIED, "CAP_SYS_BOOT");
	assert_explained(&now, EACCES, ST_DENIED, "security module");
	assert_explained(&now, EACCES, ST_DENIED, "-s"); /* IMA appraises files */
	assert_explained(&now, EPERM, ST_DENIED, "udev rules");
	strcpy(now.lockdown, "none");
	assert_explained(&now, EPERM, ST_DENIED, "CAP_SYS_BOOT");
	strcpy(now.lockdown, "integrity");
	assert_explained(&now, EPERM, ST_DENIED, "locked down (integrity)");
	assert_explained(&now, EPERM, ST_DENIED, "to unload by it (-s)");
	strcpy(now.lockdown, "confidentiality");
	assert_explained(&now, EPERM, ST_DENIED, "locked down (confidentiality)");
	now.load_limit_panic = 0; /* counted before lockdown is looked at */
	assert_explained(&now, EPERM, ST_DENIED, "kexec_load_limit_panic is 0");
	assert_explained(&now, EPERM, ST_DENIED, "an unload counts as one");
	now.load_limit_reboot = 0; /* says nothing about a crash load */
	now.load_limit_panic = 1;
	assert_explained(&now, EPERM, ST_DENIED, "locked down");
	now.load_disabled = 1;
	assert_explained(&now, EPERM, ST_DENIED, "kexec_load_disabled is 1");
}

/* What is left under lockdown is named where it is there. */
static void denied_unload_names_the_way_that_is_left(void **state)
{
	struct kernel kernel = { .answers = { EPERM } };
	struct syscall_ops ops = ops_of(&kernel);
	struct kexec_state now = no_state;
	struct err err = ERR_INIT;

	(void)state;
	strcpy(now.lockdown, "integrity");
	kexec_load_unload(&ops, true, &now, &err);
	assert_non_null(strstr(err.hint, "to unload by it (-s)"));
	err_clear(&err);
	kernel = (struct kernel){ .answers = { EPERM }, .lacks_file_load = true };
	kexec_load_unload(&ops, true, &now, &err);
	assert_non_null(strstr(err.hint, "lacks the one call that this leaves"));
	assert_null(strstr(err.hint, "-s"));
	/* Where the question counts as a load it is not made. */
	err_clear(&err);
	kernel = (struct kernel){ .answers = { EPERM }, .lacks_file_load = true };
	now.load_limit_reboot = 1;
	kexec_load_unload(&ops, true, &now, &err);
	assert_non_null(strstr(err.hint, "(-s)"));
}

static void unload_passes_no_segments(void **state)
{
	struct kernel kernel = { .calls = 0 };
	struct syscall_ops ops = ops_of(&kernel);
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(kexec_load_unload(&ops, true, &no_state, &err), ST_OK);
	assert_int_equal(kernel.calls, 1);
	assert_int_equal(kernel.entry, 0);
	assert_int_equal(kernel.count, 0);
	assert_true(kernel.no_array);
	assert_int_equal(kernel.flags[0], 1);
	assert_int_equal(kexec_load_unload(&ops, false, &no_state, &err), ST_OK);
	assert_int_equal(kernel.flags[1], 0);
}

static void failed_unload_is_explained(void **state)
{
	struct kernel kernel = { .answers = { EBUSY, EPERM } };
	struct syscall_ops ops = ops_of(&kernel);
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(kexec_load_unload(&ops, true, &no_state, &err), ST_DENIED);
	assert_int_equal(kernel.calls, 2);
	assert_ptr_equal(strstr(err.text, "kexec unload failed: "), err.text);
	assert_non_null(strstr(err.hint, "CAP_SYS_BOOT"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plan_is_passed_as_it_is),
		cmocka_unit_test(trap33_only_known_flags_are_passed),
		cmocka_unit_test(busy_kernel_is_asked_again),
		cmocka_unit_test(busy_kernel_is_given_up),
		cmocka_unit_test(another_error_ends_the_retries),
		cmocka_unit_test(trap45_every_errno_is_explained),
		cmocka_unit_test(denial_names_its_likely_cause),
		cmocka_unit_test(denied_unload_names_the_way_that_is_left),
		cmocka_unit_test(unload_passes_no_segments),
		cmocka_unit_test(failed_unload_is_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
