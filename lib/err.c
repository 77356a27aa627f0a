// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/err.h"

/*
 * Text may quote bytes of a file that somebody else made. A control character among them
 * must not reach the terminal, nor split the line in a log. What is too long ends in "..."
 * so that the reader knows.
 */
static void text_finish(char *text, size_t size, int wanted)
{
	if (wanted < 0)
		text[0] = '\0';
	else if ((size_t)wanted >= size)
		memcpy(text + size - 4, "...", 4);
	for (char *c = text; *c; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	}
}

int err_set(struct err *err, int status, const char *id, const char *fmt, ...)
{
	char text[ERR_TEXT_SIZE]; /* the arguments may point into err */
	va_list args;

	if (!err)
		return status;
	va_start(args, fmt);
	text_finish(text, sizeof(text), vsnprintf(text, sizeof(text), fmt, args));
	va_end(args);
	memcpy(err->text, text, sizeof(text));
	err->hint[0] = '\0';
	err->status = status;
	err->id = id;
	return status;
}

int err_set_errno(struct err *err, int status, const char *id, int errnum, const char *fmt, ...)
{
	char text[ERR_TEXT_SIZE];
	va_list args;

	if (!err)
		return status;
	va_start(args, fmt);
	if (vsnprintf(text, sizeof(text), fmt, args) < 0)
		text[0] = '\0';
	va_end(args);
	return err_set(err, status, id, "%s: %s", text, strerror(errnum));
}

/* Words on top of no failure at all: a caller forgot err_set(). Saying "ok" then would turn
 * a failure into a success. */
static int told_status(struct err *err)
{
	if (!err)
		return ST_BUG;
	if (err->status == ST_OK)
		err->status = ST_BUG;
	return err->status;
}

int err_prefix(struct err *err, const char *fmt, ...)
{
	char words[ERR_TEXT_SIZE];
	char text[ERR_TEXT_SIZE];
	va_list args;
	int wanted;

	if (!err)
		return ST_BUG;
	va_start(args, fmt);
	wanted = vsnprintf(words, sizeof(words), fmt, args);
	va_end(args);
	if (wanted < 0)
		return told_status(err);
	wanted = snprintf(text, sizeof(text), "%s: %s", words, err->text);
	text_finish(text, sizeof(text), wanted);
	memcpy(err->text, text, sizeof(text));
	return told_status(err);
}

int err_hint(struct err *err, const char *fmt, ...)
{
	char hint[ERR_HINT_SIZE];
	va_list args;

	if (!err)
		return ST_BUG;
	va_start(args, fmt);
	text_finish(hint, sizeof(hint), vsnprintf(hint, sizeof(hint), fmt, args));
	va_end(args);
	memcpy(err->hint, hint, sizeof(hint));
	return told_status(err);
}

int err_no_memory(struct err *err)
{
	return err_set(err, ST_NO_MEMORY, "out-of-memory", "out of memory");
}

void err_clear(struct err *err)
{
	if (err)
		*err = (struct err)ERR_INIT;
}
