/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was decided and what is doubtful, collected on the way from reading the machine to
 * the sealed plan. Nothing below kexec/cmd/ prints: it adds a line here, and -d, the dry
 * run and the warnings on stderr are all made from the same list.
 */
#ifndef LIB_REPORT_H
#define LIB_REPORT_H

#include <stdbool.h>
#include <stddef.h>

enum report_kind {
	REPORT_CHOICE,	/* could have gone another way; shown by -d and --dry-run */
	REPORT_WARNING, /* shown always */
};

struct report_entry {
	enum report_kind kind;
	const char *area; /* static: "memory", "cpus", "elfcorehdr", "cmdline", ... */
	char *text;	  /* owned; one line, without newline */
};

struct report {
	struct report_entry *entries; /* owned, in the order they were added */
	size_t count;
	size_t capacity;
	bool truncated; /* memory ran out: lines are missing */
};

#define REPORT_INIT                                                                                \
	{                                                                                          \
		.entries = NULL                                                                    \
	}

void report_done(struct report *report);

/* Add one line, unless it is there already: what is done again says the same again. A NULL report
 * takes nothing. Cannot fail: see truncated. */
void report_add(struct report *report, enum report_kind kind, const char *area, const char *fmt,
	...) __attribute__((format(printf, 4, 5)));

/* Append every line of from to report. */
void report_copy(struct report *report, const struct report *from);

#endif
