// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kexec/syscall/kexec_file_load.h"
#include "tests/unit/fake_kernel.h"

static int load(struct kernel *kernel, const struct file_load *what,
	const struct kexec_state *state, struct report *report, struct err *err)
{
	struct syscall_ops ops = ops_of(kernel);

	return kexec_file_load(&ops, what, state, report, err);
}

static void all_is_passed_as_it_is(void **state)
{
	struct kernel kernel = { .calls = 0 };
	struct file_load what = { .kernel = 5, .initrd = 6, .cmdline = "quiet" };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(load(&kernel, &what, &no_state, NULL, &err), ST_OK);
	assert_int_equal(kernel.calls, 1);
	assert_int_equal(kernel.kernel_fd, 5);
	assert_int_equal(kernel.initrd_fd, 6);
	assert_int_equal(kernel.cmdline_size, 6); /* with the NUL */
	assert_ptr_equal(kernel.cmdline, what.cmdline);
	assert_int_equal(kernel.flags[0], 0);

	what = (struct file_load){ .kernel = 5, .initrd = -1, .crash = true, .no_cma = true };
	assert_int_equal(load(&kernel, &what, &no_state, NULL, &err), ST_OK);
	assert_int_equal(kernel.cmdline_size, 0);
	assert_null(kernel.cmdline);
	assert_int_equal(kernel.flags[1], 0x16);

	what.cmdline = "";
	assert_int_equal(load(&kernel, &what, &no_state, NULL, &err), ST_OK);
	assert_int_equal(kernel.cmdline_size, 1);
}

/* "should change": the debug bit was sent once, and a kernel before 6.8 then loaded nothing. */
static void debug_is_left_out_where_it_is_not_known(void **state)
{
	struct kernel kernel = { .unknown_flags = KEXEC_FILE_DEBUG };
	struct file_load what = { .kernel = 5, .initrd = 6, .debug = true };
	struct kexec_state counted = no_state;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(load(&kernel, &what, &no_state, NULL, &err), ST_OK);
	assert_int_equal(kernel.calls, 2);
	assert_int_equal(kernel.flags[0], 0x08);
	assert_int_equal(kernel.flags[1], 0x00);
	/* Where loads are counted not even that is tried. */
	kernel.calls = 0;
	counted.load_limit_reboot = 1;
	assert_int_equal(load(&kernel, &what, &counted, NULL, &err), ST_OK);
	assert_int_equal(kernel.calls, 1);
	assert_int_equal(kernel.flags[0], 0x00);
}

static void no_cma_is_left_out_with_a_warning(void **state)
{
	struct kernel kernel = { .unknown_flags = KEXEC_FILE_NO_CMA | KEXEC_FILE_DEBUG };
	struct file_load what = { .kernel = 5, .initrd = 6, .debug = true, .no_cma = true };
	struct report report = REPORT_INIT;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(load(&kernel, &what, &no_state, &report, &err), ST_OK);
	assert_int_equal(kernel.calls, 3);
	assert_int_equal(kernel.flags[2], 0);
	assert_int_equal(report.count, 2);
	assert_int_equal(report.entries[1].kind, REPORT_WARNING);
	assert_non_null(strstr(report.entries[1].text, "--no-cma"));
	report_done(&report);
}

static void assert_answer(
	int errnum, const struct kexec_state *now, int status, const char *id, const char *hint)
{
	struct kernel kernel = { .answers = { errnum, errnum, errnum, errnum } };
	struct file_load what = { .kernel = 5, .initrd = 6, .crash = true };
	struct err err = ERR_INIT;
	char text[200];

	assert_int_equal(load(&kernel, &what, now, NULL, &err), status);
	assert_int_equal(err.status, status);
	assert_string_equal(err.id, id);
	/* "must stay": self tests of the kernel look for these words */
	snprintf(text, sizeof(text), "kexec_file_load failed: %s", strerror(errnum));
	assert_string_equal(err.text, text);
	if (!strstr(err.hint, hint))
		fail_msg("%s: \"%s\" has no \"%s\"", strerror(errnum), err.hint, hint);
	assert_int_equal(kernel.calls, errnum == EBUSY ? 50 : 1);
}

/* "must stay": these and no others lead to kexec_load(2). */
static void four_answers_mean_the_other_call(void **state)
{
	static const int errnums[] = { ENOSYS, EINVAL, ENOEXEC, ENOTSUP };

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_answer(errnums[i], &no_state, ST_UNSUPPORTED, "file-load-unusable",
			i ? "does not take this image" : "CONFIG_KEXEC_FILE");
}

static void every_other_answer_is_final_and_explained(void **state)
{
	static const struct {
		int errnum;
		const char *hint;
	} answers[] = {
		{ ENOKEY, "keyrings" },
		{ EKEYREJECTED, "signature is not valid" },
		{ EKEYEXPIRED, "none that the kernel trusts" },
		{ EBADMSG, "signature" },
		{ ENODATA, "no signature" },
		{ ELIBBAD, "signature" },
		{ ENOPKG, "algorithm" },
		{ EADDRNOTAVAIL, "does not fit" },
		{ EBUSY, "hotplug event" },
		{ ENOMEM, "memory" },
		{ E2BIG, "larger" },
		{ EMSGSIZE, "larger" },
		{ EFBIG, "larger" },
		{ ETXTBSY, "open for writing" },
		{ EIO, "kernel log" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		assert_answer(answers[i].errnum, &no_state, ST_SYSTEM, "kexec-file-load-failed",
			answers[i].hint);
}

static const char *hint_of(
	struct kernel *kernel, bool crash, const struct kexec_state *now, struct err *err)
{
	struct file_load what = { .kernel = 5, .initrd = 6, .crash = crash };

	err_clear(err);
	load(kernel, &what, now, NULL, err);
	return err->hint;
}

/* What is signed as a whole has lost that with its wrapper. */
static void signature_of_a_wrapper_does_not_count(void **state)
{
	static const int errnums[] = { ENOKEY, EKEYREJECTED, ENODATA, EADDRNOTAVAIL };
	struct file_load what = { .kernel = 5, .initrd = 6, .wrapper = "UKI" };
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(errnums) / sizeof(errnums[0]); i++) {
		struct kernel kernel = { .answers = { errnums[i] } };
		struct kexec_state now = no_state;

		err_clear(&err);
		load(&kernel, &what, &now, NULL, &err);
		assert_non_null(strstr(err.hint, "A signature of the UKI does not count"));
		strcpy(now.lockdown, "integrity");
		kernel.calls = 0;
		err_clear(&err);
		load(&kernel, &what, &now, NULL, &err);
		assert_non_null(strstr(err.hint, "needs one of its own"));
		assert_null(strstr(hint_of(&kernel, false, &now, &err), "does not count"));
	}
}

/* ... also where the kernel enforces none, and is locked down; not where that is not the reason. */
static void lockdown_misses_the_signature_of_a_wrapper(void **state)
{
	struct file_load what = { .kernel = 5, .initrd = 6, .wrapper = "UKI" };
	struct err err = ERR_INIT;

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct kernel kernel = { .answers = { EPERM } };
		struct kexec_state now = no_state;

		if (i != 0)
			strcpy(now.lockdown, "integrity");
		if (i == 1)
			now.load_disabled = 1;
		if (i == 2)
			now.load_limit_reboot = 0;
		err_clear(&err);
		load(&kernel, &what, &now, NULL, &err);
		assert_int_equal(
			strstr(err.hint, "A signature of the UKI does not count") != NULL, i == 3);
		assert_int_equal(strstr(err.hint, "locked down (integrity)") != NULL, i == 3);
	}
}

/* Root may load without a signature where nothing is locked down, if the kernel has that call. */
static void refused_signature_has_a_way_out_where_there_is_one(void **state)
{
	static const int errnums[] = { ENOKEY, EKEYREJECTED, EKEYEXPIRED, EKEYREVOKED, EBADMSG,
		ENODATA, ELIBBAD, ENOPKG, EADDRNOTAVAIL };
	static const char way[] = "-c loads it by kexec_load(2), which asks for no signature";
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(errnums) / sizeof(errnums[0]); i++) {
		struct kernel kernel = { .answers = { errnums[i] } };
		struct kexec_state now = no_state;

		for (int crash = 0; crash < 2; crash++) {
			now = no_state;
			kernel.calls = 0;
			assert_non_null(strstr(hint_of(&kernel, crash, &now, &err),
				"where the kernel is not locked down -c loads it"));
			strcpy(now.lockdown, "none");
			kernel.calls = 0;
			assert_non_null(strstr(hint_of(&kernel, crash, &now, &err), way));
			assert_null(strstr(err.hint, "where the kernel is not locked down"));
			kernel.calls = 0;
			kernel.lacks_load = true;
			assert_null(strstr(hint_of(&kernel, crash, &now, &err), way));
			kernel.lacks_load = false;
			strcpy(now.lockdown, "integrity");
			kernel.calls = 0;
			assert_null(strstr(hint_of(&kernel, crash, &now, &err), way));
		}
		/* Where the question whether there is one would cost a load it is not made. */
		strcpy(now.lockdown, "none");
		now.load_limit_reboot = 2;
		kernel.calls = 0;
		kernel.lacks_load = true;
		assert_non_null(strstr(hint_of(&kernel, true, &now, &err), way));
	}
}

/* Once the kernel has taken the files it is about their place, and before that it is not. */
static void cause_depends_on_the_moment(void **state)
{
	struct kexec_state armed = no_state;
	struct kernel kernel;
	struct err err = ERR_INIT;

	(void)state;
	armed.crash_loaded = 1;
	kernel = (struct kernel){ .answers = { EADDRNOTAVAIL } };
	assert_non_null(strstr(hint_of(&kernel, true, &armed, &err), "not signed"));
	assert_null(strstr(err.hint, "fit"));
	kernel = (struct kernel){ .answers = { EFAULT, EADDRNOTAVAIL } };
	assert_non_null(strstr(hint_of(&kernel, true, &armed, &err), "does not fit"));
	assert_null(strstr(err.hint, "sign"));
	kernel = (struct kernel){ .answers = { ENOMEM } };
	assert_non_null(strstr(hint_of(&kernel, true, &armed, &err), "no memory for a copy"));
	assert_null(strstr(err.hint, "crash region"));
	kernel = (struct kernel){ .answers = { EFAULT, ENOMEM } };
	assert_non_null(strstr(hint_of(&kernel, true, &armed, &err), "crash region"));
	kernel = (struct kernel){ .answers = { EFAULT, EINVAL, EINVAL, EINVAL } };
	assert_non_null(strstr(hint_of(&kernel, true, &armed, &err), "device tree"));
	assert_null(strstr(err.hint, "page size"));
}

/* Of a load for a restart EBUSY can be for good. */
static void busy_names_each_cause_that_fits(void **state)
{
	struct kernel kernel = { .answers = { EBUSY, EBUSY, EBUSY, EBUSY } };
	struct kexec_state now = no_state;
	struct err err = ERR_INIT;

	(void)state;
	assert_non_null(strstr(hint_of(&kernel, false, &now, &err), "the kernel's lock for 5"));
	assert_non_null(strstr(err.hint, "firmware with PSCI"));
	now.cpus_stop = CPUS_STOP_YES;
	kernel.calls = 0;
	assert_non_null(strstr(hint_of(&kernel, false, &now, &err), "kvm-arm.mode=protected"));
	assert_null(strstr(err.hint, "PSCI"));
	now.cpus_stop = CPUS_STOP_UNKNOWN;
	kernel.calls = 0;
	assert_null(strstr(hint_of(&kernel, true, &now, &err), "PSCI"));
}

static void denial_names_its_likely_cause(void **state)
{
	struct kexec_state now = no_state;

	(void)state;
	assert_answer(EPERM, &now, ST_DENIED, "kexec-file-load-failed", "CAP_SYS_BOOT");
	assert_answer(EACCES, &now, ST_DENIED, "kexec-file-load-failed", "security module");
	strcpy(now.lockdown, "integrity");
	assert_answer(EACCES, &now, ST_DENIED, "kexec-file-load-failed", "security.ima");
	assert_answer(EPERM, &now, ST_DENIED, "kexec-file-load-failed", "signed with a key");
	now.load_limit_panic = 0;
	assert_answer(EPERM, &now, ST_DENIED, "kexec-file-load-failed", "load_limit_panic is 0");
	now.load_disabled = 1;
	assert_answer(EPERM, &now, ST_DENIED, "kexec-file-load-failed", "load_disabled is 1");
}

static void unload_passes_no_files(void **state)
{
	struct kernel kernel = { .calls = 0 };
	struct syscall_ops ops = ops_of(&kernel);
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(kexec_file_unload(&ops, true, &no_state, &err), ST_OK);
	assert_int_equal(kexec_file_unload(&ops, false, &no_state, &err), ST_OK);
	assert_int_equal(kernel.flags[0], 0x3);
	assert_int_equal(kernel.flags[1], 0x1);
	assert_int_equal(kernel.kernel_fd, -1);
	assert_int_equal(kernel.initrd_fd, -1);
	assert_null(kernel.cmdline);
}

static void failed_unload_is_explained(void **state)
{
	static const struct {
		int errnum, status;
		const char *id;
	} answers[] = {
		{ ENOSYS, ST_UNSUPPORTED, "file-load-unusable" },
		{ EINVAL, ST_SYSTEM, "kexec-file-load-failed" },
		{ EPERM, ST_DENIED, "kexec-file-load-failed" },
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct kernel kernel = { .answers = { answers[i].errnum } };
		struct syscall_ops ops = ops_of(&kernel);
		struct err err = ERR_INIT;

		assert_int_equal(kexec_file_unload(&ops, true, &no_state, &err), answers[i].status);
		assert_string_equal(err.id, answers[i].id);
		assert_ptr_equal(strstr(err.text, "kexec_file_load(unload) failed: "), err.text);
	}
}

/* "no image is lost": what the kernel thinks of the file is known before it frees the old one. */
static void file_is_asked_about_before_the_armed_image_is_freed(void **state)
{
	static const int refusals[] = { EINVAL, ENOEXEC, EKEYREJECTED, ENOKEY, EPERM };
	struct kexec_state armed = no_state;
	struct file_load what = {
		.kernel = 5, .initrd = 6, .cmdline = "quiet", .crash = true, .debug = true
	};
	struct kernel kernel = { .answers = { EFAULT } };
	struct report report = REPORT_INIT;
	struct err err = ERR_INIT;

	(void)state;
	armed.crash_loaded = 1;
	assert_int_equal(load(&kernel, &what, &armed, &report, &err), ST_OK);
	assert_int_equal(kernel.calls, 2);
	assert_int_equal(kernel.flags[0], 0); /* for a restart, with no command line to read */
	assert_int_equal(kernel.flags[1], KEXEC_FILE_ON_CRASH | KEXEC_FILE_DEBUG);
	assert_int_equal(kernel.kernel_fd, 5);
	assert_int_equal(kernel.initrd_fd, 6);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		kernel = (struct kernel){ .answers = { refusals[i] } };
		load(&kernel, &what, &armed, &report, &err);
		assert_int_equal(kernel.calls, 1);
		assert_int_equal(kernel.initrd_fd, 6);
		assert_null(kernel.cmdline);
		assert_int_equal(kernel.cmdline_size, 6);
		assert_string_equal(
			err.id, i < 2 ? "file-load-unusable" : "kexec-file-load-failed");
		assert_non_null(strstr(err.text, strerror(refusals[i])));
	}
	/* A load that frees nothing, or where loads are counted, asks nothing. */
	kernel = (struct kernel){ .calls = 0 };
	what.crash = false;
	assert_int_equal(load(&kernel, &what, &armed, &report, &err), ST_OK);
	assert_int_equal(kernel.calls, 1);
	kernel = (struct kernel){ .calls = 0 };
	what.crash = true;
	armed.load_limit_reboot = 7;
	assert_int_equal(load(&kernel, &what, &armed, &report, &err), ST_OK);
	assert_int_equal(kernel.calls, 1);
	report_done(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file_is_asked_about_before_the_armed_image_is_freed),
		cmocka_unit_test(all_is_passed_as_it_is),
		cmocka_unit_test(debug_is_left_out_where_it_is_not_known),
		cmocka_unit_test(no_cma_is_left_out_with_a_warning),
		cmocka_unit_test(four_answers_mean_the_other_call),
		cmocka_unit_test(every_other_answer_is_final_and_explained),
		cmocka_unit_test(signature_of_a_wrapper_does_not_count),
		cmocka_unit_test(lockdown_misses_the_signature_of_a_wrapper),
		cmocka_unit_test(refused_signature_has_a_way_out_where_there_is_one),
		cmocka_unit_test(cause_depends_on_the_moment),
		cmocka_unit_test(busy_names_each_cause_that_fits),
		cmocka_unit_test(denial_names_its_likely_cause),
		cmocka_unit_test(unload_passes_no_files),
		cmocka_unit_test(failed_unload_is_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
