/* SPDX-License-Identifier: GPL-2.0-only */
/* A verb on a machine in a folder: what is asked for, and what came of it. */
#ifndef TESTS_UNIT_SESSION_H
#define TESTS_UNIT_SESSION_H

#include "tests/unit/tmproot.h"

#include "kexec/cmd/cmd_io.h"
#include "kexec/request.h"
#include "lib/printable.h"
#include "tests/unit/no_calls.h"

struct session {
	struct tmproot tmp;
	struct request request; /* of the folder */
	char *out;		/* what was printed */
	char *said;		/* and to stderr */
	int answer;		/* by the exit status, of verbs that have one */
	struct err err;
	size_t out_size, said_size;
	FILE *behind_out, *behind_err;
};

__attribute__((unused)) static void session_begin(struct session *session)
{
	*session = (struct session){ .err = ERR_INIT };
	tmproot_init(&session->tmp);
	session->request.sysroot = session->tmp.dir;
}

__attribute__((unused)) static void session_end(struct session *session)
{
	free(session->out);
	free(session->said);
	tmproot_done(&session->tmp);
}

/* Where the next verb talks to, which may make no system call. */
static struct cmd_io session_listen(struct session *session)
{
	struct cmd_io io = { .syscalls = &no_calls };

	free(session->out);
	free(session->said);
	session->behind_out = open_memstream(&session->out, &session->out_size);
	session->behind_err = open_memstream(&session->said, &session->said_size);
	assert_non_null(session->behind_out);
	assert_non_null(session->behind_err);
	io.out = printable_open(session->behind_out);
	io.err = printable_open(session->behind_err);
	assert_non_null(io.out);
	assert_non_null(io.err);
	session->answer = -1;
	err_clear(&session->err);
	return io;
}

/* The result of that verb, when it is through. */
static int session_heard(const struct session *session, const struct cmd_io *io, int status)
{
	assert_int_equal(fclose(io->out), 0);
	assert_int_equal(fclose(io->err), 0);
	assert_int_equal(fclose(session->behind_out), 0);
	assert_int_equal(fclose(session->behind_err), 0);
	assert_int_equal(session->err.status, status);
	return status;
}

#endif
