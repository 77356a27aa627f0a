// SPDX-License-Identifier: GPL-2.0-only
/* Each answer of both calls at each moment at which it can come, while an image is armed: what
 * becomes of that, and what the user is told. doc/errno.md says the same for people. */
#include "tests/unit/load_session.h"

/* The moments in the kernel's order. */
enum moment {
	AT_CALL,
	AT_PERMIT,
	AT_FLAGS,
	AT_LIST, /* of segments */
	AT_LOCK,
	FREED, /* the armed image, by a load for a panic */
	AT_KERNEL,
	AT_KIND,
	AT_SIGNATURE,
	AT_INITRD,
	AT_CMDLINE,
	AT_PLACE,
	AT_COPY,
	DONE,
};

enum outcome { KEPT, LOST };

static const struct row {
	enum { FILE_LOAD, LOAD } call;
	enum moment moment;
	int errnum;
	enum outcome outcome; /* where this call is the only one */
	int exit_status;
} rows[] = {
	{ FILE_LOAD, AT_CALL, ENOSYS, KEPT, 253 },
	{ FILE_LOAD, AT_PERMIT, EPERM, KEPT, 255 },
	{ FILE_LOAD, AT_FLAGS, EINVAL, KEPT, 0 },
	{ FILE_LOAD, AT_LOCK, EBUSY, KEPT, 255 },
	{ FILE_LOAD, AT_KERNEL, EACCES, KEPT, 255 },
	{ FILE_LOAD, AT_KERNEL, EBADF, KEPT, 255 },
	{ FILE_LOAD, AT_KERNEL, EFBIG, KEPT, 255 },
	{ FILE_LOAD, AT_KERNEL, EINTR, KEPT, 255 },
	{ FILE_LOAD, AT_KERNEL, EINVAL, KEPT, 253 },
	{ FILE_LOAD, AT_KERNEL, EIO, KEPT, 255 },
	{ FILE_LOAD, AT_KERNEL, ENOMEM, KEPT, 255 },
	{ FILE_LOAD, AT_KERNEL, EPERM, KEPT, 255 },
	{ FILE_LOAD, AT_KERNEL, ETXTBSY, KEPT, 255 },
	{ FILE_LOAD, AT_KIND, EINVAL, KEPT, 253 },
	{ FILE_LOAD, AT_KIND, ENOEXEC, KEPT, 253 },
	{ FILE_LOAD, AT_KIND, ENOTSUP, KEPT, 253 },
	{ FILE_LOAD, AT_SIGNATURE, EADDRNOTAVAIL, KEPT, 255 },
	{ FILE_LOAD, AT_SIGNATURE, EBADMSG, KEPT, 255 },
	{ FILE_LOAD, AT_SIGNATURE, EINVAL, KEPT, 253 },
	{ FILE_LOAD, AT_SIGNATURE, EKEYEXPIRED, KEPT, 255 },
	{ FILE_LOAD, AT_SIGNATURE, EKEYREJECTED, KEPT, 255 },
	{ FILE_LOAD, AT_SIGNATURE, EKEYREVOKED, KEPT, 255 },
	{ FILE_LOAD, AT_SIGNATURE, ELIBBAD, KEPT, 255 },
	{ FILE_LOAD, AT_SIGNATURE, EMSGSIZE, KEPT, 255 },
	{ FILE_LOAD, AT_SIGNATURE, ENODATA, KEPT, 255 },
	{ FILE_LOAD, AT_SIGNATURE, ENOKEY, KEPT, 255 },
	{ FILE_LOAD, AT_SIGNATURE, ENOMEM, KEPT, 255 },
	{ FILE_LOAD, AT_SIGNATURE, ENOPKG, KEPT, 255 },
	{ FILE_LOAD, AT_SIGNATURE, EPERM, KEPT, 255 },
	{ FILE_LOAD, AT_INITRD, EACCES, KEPT, 255 },
	{ FILE_LOAD, AT_INITRD, EBADF, KEPT, 255 },
	{ FILE_LOAD, AT_INITRD, EFBIG, KEPT, 255 },
	{ FILE_LOAD, AT_INITRD, EINTR, KEPT, 255 },
	{ FILE_LOAD, AT_INITRD, EINVAL, KEPT, 253 },
	{ FILE_LOAD, AT_INITRD, EIO, KEPT, 255 },
	{ FILE_LOAD, AT_INITRD, ENOMEM, KEPT, 255 },
	{ FILE_LOAD, AT_INITRD, EPERM, KEPT, 255 },
	{ FILE_LOAD, AT_INITRD, ETXTBSY, KEPT, 255 },
	{ FILE_LOAD, AT_CMDLINE, ENOMEM, KEPT, 255 },
	{ FILE_LOAD, AT_PLACE, EADDRNOTAVAIL, LOST, 255 },
	{ FILE_LOAD, AT_PLACE, EINVAL, LOST, 253 },
	{ FILE_LOAD, AT_PLACE, ENOMEM, LOST, 255 },
	{ FILE_LOAD, AT_COPY, EFAULT, LOST, 255 },
	{ FILE_LOAD, AT_COPY, ENOMEM, LOST, 255 },
	{ LOAD, AT_CALL, ENOSYS, KEPT, 255 },
	{ LOAD, AT_PERMIT, EACCES, KEPT, 255 },
	{ LOAD, AT_PERMIT, EPERM, KEPT, 255 },
	{ LOAD, AT_FLAGS, EINVAL, KEPT, 255 },
	{ LOAD, AT_LIST, EFAULT, KEPT, 255 },
	{ LOAD, AT_LIST, ENOMEM, KEPT, 255 },
	{ LOAD, AT_LOCK, EBUSY, KEPT, 255 },
	{ LOAD, AT_PLACE, EADDRNOTAVAIL, LOST, 255 },
	{ LOAD, AT_PLACE, EINVAL, LOST, 255 },
	{ LOAD, AT_COPY, EFAULT, LOST, 255 },
	{ LOAD, AT_COPY, ENOMEM, LOST, 255 },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* The row that is played, and the session it is played in. */
struct play {
	struct session session;
	const struct row *row;
	unsigned int calls[2]; /* by enum call, but for questions */
	bool asked;
};

/* Go through the moments up to the one that fails. */
static int go(struct play *play, int call, uint64_t flags, bool crash, bool readable_cmdline)
{
	const struct row *row = play->row;

	for (enum moment now = AT_CALL; now != DONE; now++) {
		if (now == FREED && crash)
			set_armed(&play->session, false);
		if (call == (int)row->call && now == row->moment &&
			(call == LOAD || now != AT_FLAGS || flags & KEXEC_FILE_NO_CMA))
			return row->errnum;
		if (now == AT_CMDLINE && !readable_cmdline)
			return EFAULT;
	}
	if (crash)
		set_armed(&play->session, true);
	return 0;
}

static int play_file_load(void *context, int kernel, int initrd, size_t cmdline_size,
	const char *cmdline, uint64_t flags)
{
	struct play *play = context;

	assert_true(kernel >= 0 && initrd >= 0);
	assert_true(cmdline_size > 0);
	if (cmdline)
		play->calls[FILE_LOAD]++;
	else
		play->asked = true;
	return go(play, FILE_LOAD, flags, flags & KEXEC_FILE_ON_CRASH, cmdline);
}

static int play_load(void *context, uint64_t entry, size_t count,
	const struct kexec_segment_abi *segments, uint64_t flags)
{
	struct play *play = context;

	(void)entry;
	(void)count;
	(void)segments;
	play->calls[LOAD]++;
	return go(play, LOAD, flags, flags & KEXEC_ON_CRASH, true);
}

static int play_has_call(void *context)
{
	(void)context;
	return 1;
}

static void begin(struct play *play, const struct row *row)
{
	*play = (struct play){ .row = row };
	start(&play->session);
	play->session.armed = true;
	play->session.request.no_cma = row->call == FILE_LOAD && row->moment == AT_FLAGS;
	play->session.ops.kexec_file_load = play_file_load;
	play->session.ops.kexec_load = play_load;
	play->session.ops.has_load = play_has_call;
	play->session.ops.context = play;
}

static void assert_outcome(struct play *play, enum outcome outcome, int exit_status_wanted)
{
	struct session *session = &play->session;
	const struct row *row = play->row;
	const char *path;
	int armed, code = exit_status(ACTION_LOAD, &session->err);

	assert_int_equal(
		kexec_state_loaded(session->tmp.root, true, &armed, &path, &session->err), ST_OK);
	if (armed != (outcome == KEPT) || code != exit_status_wanted)
		fail_msg("call %d, moment %d, %s: armed %d, exit status %d: %s", (int)row->call,
			(int)row->moment, strerror(row->errnum), armed, code, session->err.text);
	if (!session->err.status)
		return;
	assert_non_null(strstr(session->err.text, strerror(row->errnum)));
	assert_non_null(strstr(session->err.text,
		outcome == KEPT ? "the crash kernel armed before is still armed: "
				: "NO CRASH KERNEL IS ARMED NOW, the one armed before is gone: "));
	assert_true(session->err.hint[0]);
}

static void each_answer_when_the_call_is_the_only_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		struct play play;

		begin(&play, &rows[i]);
		play.session.request.syscall =
			rows[i].call == LOAD ? SYSCALL_LOAD : SYSCALL_FILE_LOAD;
		run(&play.session);
		assert_outcome(&play, rows[i].outcome, rows[i].exit_status);
		assert_int_equal(play.asked, rows[i].call == FILE_LOAD);
		/* What is answered to the question is not asked for again. */
		if (rows[i].call == FILE_LOAD && rows[i].moment != AT_FLAGS)
			assert_int_equal(play.calls[FILE_LOAD] > 0, rows[i].outcome == LOST);
		assert_int_equal(play.calls[rows[i].call == LOAD ? FILE_LOAD : LOAD], 0);
		end(&play.session);
	}
}

/* Whatever one call says, what is lost by it the other makes good. */
static void each_answer_when_the_other_call_is_left(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];
		bool other =
			row->outcome == LOST || row->errnum == ENOSYS || row->exit_status == 253;
		struct play play;

		begin(&play, row);
		/* What makes that call the first one, and leaves the other to follow. */
		play.session.request.prefers_load = row->call == LOAD ? "mem-min" : NULL;
		run(&play.session);
		assert_outcome(&play, KEPT, other ? 0 : row->exit_status);
		assert_int_equal(play.calls[row->call == LOAD ? FILE_LOAD : LOAD], other);
		assert_int_equal(strstr(play.session.said,
					 "warning: syscall: the armed image is gone") != NULL,
			row->outcome == LOST);
		end(&play.session);
	}
}

/* Where nothing can be asked the default does not begin with the call that loses the image; the
 * user who insists on it is warned. */
static void each_answer_when_nothing_can_be_asked(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];
		struct play play;

		if (row->call != FILE_LOAD)
			continue;
		begin(&play, row);
		tmproot_text(&play.session.tmp, "/proc/sys/kernel/kexec_load_limit_reboot", "0\n");
		assert_int_equal(run(&play.session), ST_OK);
		assert_int_equal(play.calls[FILE_LOAD], 0);
		assert_false(play.asked);
		play.session.request.syscall = SYSCALL_FILE_LOAD;
		run(&play.session);
		assert_false(play.asked);
		assert_non_null(strstr(play.session.said, "if this load fails, no crash kernel"));
		assert_outcome(&play, row->moment < FREED ? KEPT : LOST, row->exit_status);
		end(&play.session);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_answer_when_the_call_is_the_only_one),
		cmocka_unit_test(each_answer_when_the_other_call_is_left),
		cmocka_unit_test(each_answer_when_nothing_can_be_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
