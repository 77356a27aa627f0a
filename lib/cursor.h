/* SPDX-License-Identifier: GPL-2.0-only */
/* Walks text line by line, for the many line oriented files of /proc and /sys. */
#ifndef LIB_CURSOR_H
#define LIB_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"

struct cursor {
	struct span rest; /* not yet taken */
	size_t line;	  /* number of the line last taken, from 1 */
};

static inline struct cursor cursor_over(struct span text)
{
	return (struct cursor){ .rest = text };
}

/*
 * Undo in a whole file what mail and editors do to a text: a byte order mark goes, and a carriage
 * return in front of a newline or of the end. ST_BAD_INPUT, id text-binary, when it is no text any
 * more, since there are NUL bytes in it, as in UTF-16.
 */
int text_clean(struct blob *text, struct err *err);

/* Take the next line, without its newline. False at the end. */
bool cursor_line(struct cursor *cursor, struct span *ret_line);

/* Text helpers on spans, none of which look behind the end. */
struct span span_trim(struct span text); /* white space off both ends */
bool span_equals(struct span text, const char *word);
bool span_skip(struct span *text, const char *prefix); /* drop prefix if it is there */

/* What stands before the first stop; stop itself is dropped too. False, and text unchanged,
 * when there is no stop. */
bool span_take_until(struct span *text, char stop, struct span *ret);

/* Leading digits of text as a number, moved past them. base 10 or 16 (no 0x). False when
 * there is no digit or the value does not fit 64 bits; text is then unchanged. */
bool span_take_number(struct span *text, int base, uint64_t *ret);

/* The whole of text, trimmed, as a number; base 16 allows 0x. */
bool span_number(struct span text, int base, uint64_t *ret);

/* A heap copy with a NUL behind, for messages; NULL when memory is out. */
char *span_strdup(struct span text);

#endif
