// SPDX-License-Identifier: GPL-2.0-only
/* In a kernel that was jumped to: what is asked of it, and what it is told, before the way back is
 * loaded. */
#include <errno.h>

#include "tests/unit/tmproot.h"

#include "kexec/cmd/exit_status.h"
#include "kexec/cmd/way_back.h"
#include "kexec/plan/plan.h"
#include "purgatory/abi.h"
#include "tests/unit/no_calls.h"

#define LOADED "/sys/kernel/kexec/loaded"

struct session {
	struct tmproot tmp;
	struct request request;
	int errnum; /* that the kernel answers with */
	size_t loads;
	uint64_t entry; /* of the last one */
	uint64_t flags;
	struct err err;
};

static int fake_load(void *context, uint64_t entry, size_t count,
	const struct kexec_segment_abi *segments, uint64_t flags)
{
	struct session *session = context;
	const uint8_t *blob = (const void *)(uintptr_t)segments[0].buf;

	assert_int_equal(count, 1);
	assert_int_equal(entry, segments[0].mem);
	session->entry = load_le64(blob + PURGATORY_PARAMS_OFFSET + PURGATORY_PARAMS_ENTRY);
	session->flags = flags;
	session->loads++;
	if (!session->errnum)
		tmproot_text(&session->tmp, LOADED, "1\n");
	return session->errnum;
}

static void begin(struct session *session, const char *cmdline)
{
	*session = (struct session){ .err = ERR_INIT };
	session->request =
		(struct request){ .action = ACTION_LOAD_WAY_BACK, .load_way_back = true };
	tmproot_init(&session->tmp);
	tmproot_text(&session->tmp, "/facts", "machine=x86_64\nrelease=7.3.4\npage_size=4096\n");
	tmproot_text(&session->tmp, "/proc/iomem",
		"00001000-0009efff : System RAM\n00100000-1fffffff : System RAM\n"
		"  01000000-01ffffff : Kernel code\n");
	tmproot_text(&session->tmp, "/proc/meminfo", "MemTotal:        500000 kB\n");
	tmproot_text(&session->tmp, "/proc/cpuinfo", "flags\t\t: fpu\n");
	tmproot_text(&session->tmp, "/proc/cmdline", cmdline);
	tmproot_text(&session->tmp, LOADED, "0\n");
	tmproot_reopen(&session->tmp);
}

static int run(struct session *session)
{
	struct syscall_ops ops = no_calls;
	FILE *null = fopen("/dev/null", "w");
	struct cmd_io io = { .out = null, .err = null, .syscalls = &ops };
	int status;

	assert_non_null(null);
	ops.kexec_load = fake_load;
	ops.context = session;
	session->loads = 0;
	err_clear(&session->err);
	status = load_way_back_from(&session->request, session->tmp.root, &io, &session->err);
	fclose(null);
	assert_int_equal(session->err.status, status);
	return status;
}

static void assert_refused(struct session *session, const char *id, int code, const char *words)
{
	assert_int_equal(run(session), ST_USAGE);
	assert_int_equal(session->loads, 0);
	assert_string_equal(session->err.id, id);
	if (!strstr(session->err.text, words))
		fail_msg("\"%s\" is not in \"%s\"", words, session->err.text);
	assert_int_equal(exit_status(ACTION_LOAD_WAY_BACK, &session->err), code);
}

/* The option goes before the word that purgatory has written. */
static void it_leads_where_the_other_kernel_waits(void **state)
{
	struct session session;

	(void)state;
	begin(&session, "quiet kexec_jump_back_entry=0x2fe01042\n");
	assert_int_equal(run(&session), ST_OK);
	assert_int_equal(session.loads, 1);
	assert_int_equal(session.entry, 0x2fe01042);
	assert_int_equal(session.flags, KEXEC_ARCH_X86_64 | KEXEC_PRESERVE_CONTEXT);
	tmproot_text(&session.tmp, LOADED, "0\n");
	session.request.way_back = 0x30001042;
	assert_int_equal(run(&session), ST_OK);
	assert_int_equal(session.entry, 0x30001042);
	tmproot_done(&session.tmp);
}

static void where_none_waits_nothing_is_loaded(void **state)
{
	static const char *const lines[] = { "quiet\n", "kexec_jump_back_entry\n",
		"kexec_jump_back_entry=\n", "kexec_jump_back_entry=0\n",
		"kexec_jump_back_entry=here\n", "kexec_jump_back_entry=0x2fe01042,1\n",
		"kexec_jump_back_entry=0x0000000000000000000000000000002fe01042\n" };
	struct session session;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		begin(&session, lines[i]);
		assert_refused(&session, "jump-entry-missing", 255, "kexec_jump_back_entry");
		tmproot_done(&session.tmp);
	}
	begin(&session, "kexec_jump_back_entry=0x1fe01042\n");
	assert_refused(&session, "jump-entry", 1, "0x1fe01042");
	tmproot_done(&session.tmp);
}

/* In the kernel that waits one is, and would be lost. */
static void what_is_loaded_is_not_replaced(void **state)
{
	struct session session;

	(void)state;
	begin(&session, "kexec_jump_back_entry=0x2fe01042\n");
	tmproot_text(&session.tmp, LOADED, "1\n");
	assert_refused(&session, "jump-loaded", 1, "make sure you are in kexeced kernel");
	tmproot_done(&session.tmp);
}

static void a_refusal_of_the_kernel_is_explained(void **state)
{
	struct session session;

	(void)state;
	begin(&session, "kexec_jump_back_entry=0x2fe01042\n");
	session.errnum = EINVAL;
	assert_int_equal(run(&session), ST_SYSTEM);
	assert_string_equal(session.err.id, "kexec-load-failed");
	assert_non_null(strstr(session.err.hint, "CONFIG_KEXEC_JUMP"));
	assert_int_equal(exit_status(ACTION_LOAD_WAY_BACK, &session.err), 255);
	tmproot_done(&session.tmp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_leads_where_the_other_kernel_waits),
		cmocka_unit_test(where_none_waits_nothing_is_loaded),
		cmocka_unit_test(what_is_loaded_is_not_replaced),
		cmocka_unit_test(a_refusal_of_the_kernel_is_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
