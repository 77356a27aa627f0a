// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/checked.h"
#include "lib/report.h"

void report_done(struct report *report)
{
	if (!report)
		return;
	for (size_t i = 0; i < report->count; i++)
		free(report->entries[i].text);
	free(report->entries);
	*report = (struct report)REPORT_INIT;
}

static bool report_grow(struct report *report)
{
	struct report_entry *entries;
	size_t capacity, bytes;

	if (report->count < report->capacity)
		return true;
	if (!mul_size(report->capacity ? report->capacity : 8, 2, &capacity) ||
		!mul_size(capacity, sizeof(*entries), &bytes))
		return false;
	entries = realloc(report->entries, bytes);
	if (!entries)
		return false;
	report->entries = entries;
	report->capacity = capacity;
	return true;
}

static bool report_has(
	const struct report *report, enum report_kind kind, const char *area, const char *text)
{
	for (size_t i = 0; i < report->count; i++)
		if (report->entries[i].kind == kind && strcmp(report->entries[i].area, area) == 0 &&
			strcmp(report->entries[i].text, text) == 0)
			return true;
	return false;
}

void report_add(
	struct report *report, enum report_kind kind, const char *area, const char *fmt, ...)
{
	va_list args;
	char *text;
	int length;

	if (!report)
		return;
	va_start(args, fmt);
	length = vasprintf(&text, fmt, args);
	va_end(args);
	if (length < 0) {
		report->truncated = true;
		return;
	}
	/* One line, and nothing that a terminal would obey: text may quote a file. */
	for (char *c = text; *c; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	}
	if (!report_grow(report)) {
		free(text);
		report->truncated = true;
		return;
	}
	if (report_has(report, kind, area, text)) {
		free(text);
		return;
	}
	report->entries[report->count++] =
		(struct report_entry){ .kind = kind, .area = area, .text = text };
}

void report_copy(struct report *report, const struct report *from)
{
	for (size_t i = 0; i < from->count; i++)
		report_add(report, from->entries[i].kind, from->entries[i].area, "%s",
			from->entries[i].text);
	report->truncated |= from->truncated;
}
