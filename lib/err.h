/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One failure, told in words. Lives in a fixed buffer at the caller, so that reporting a
 * failure cannot itself fail. The innermost function sets the fact; each caller may put
 * words in front, so that the user reads
 *
 *   cannot read the machine: /proc/iomem line 17: end before start
 *
 * Text that is too long is cut and ends in "...", never lost from the front. Control
 * characters become '?': text may quote a hostile file.
 */
#ifndef LIB_ERR_H
#define LIB_ERR_H

#include "lib/status.h"

/* Bytes for the words and for the advice, each with its NUL. */
#define ERR_TEXT_SIZE 768
#define ERR_HINT_SIZE 512

struct err {
	int status;	/* enum status; ST_OK in a fresh struct */
	const char *id; /* stable message id such as "iomem-hidden"; static; NULL when fresh */
	char text[ERR_TEXT_SIZE];
	char hint[ERR_HINT_SIZE]; /* what the user can do about it; may be empty */
};

#define ERR_INIT                                                                                   \
	{                                                                                          \
		.status = ST_OK                                                                    \
	}

/* Record a failure, replacing what was there. id is a static string, lower case with dashes.
 * Returns status, so that `return err_set(...)` reads as one statement. err may be NULL. */
int err_set(struct err *err, int status, const char *id, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The same, with ": " and the text of errnum behind. */
int err_set_errno(struct err *err, int status, const char *id, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* Put "words: " in front of the text. Returns err->status; ST_BUG when err is NULL or holds no
 * failure, so that a forgotten err_set() cannot come out as success. */
int err_prefix(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Say what to do about it, replacing an earlier hint. Returns err->status as above. */
int err_hint(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The one failure that needs no words. Returns ST_NO_MEMORY. */
int err_no_memory(struct err *err);

/* Forget a failure that the caller has dealt with. */
void err_clear(struct err *err);

#endif
