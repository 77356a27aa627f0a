// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "lib/cursor.h"
#include "lib/vmcoreinfo.h"

static struct cursor lines_of(struct span text)
{
	struct span body = text;
	struct span line;

	/* Behind a NUL byte is padding of a note, not text. */
	return cursor_over(span_take_until(&body, '\0', &line) ? line : text);
}

static bool next_value(struct cursor *lines, const char *key, struct span *ret)
{
	struct span line;

	while (cursor_line(lines, &line)) {
		if (span_skip(&line, key) && span_skip(&line, "=")) {
			*ret = line;
			return true;
		}
	}
	return false;
}

bool vmcoreinfo_find(struct span text, const char *key, struct span *ret_value)
{
	struct cursor lines = lines_of(text);

	return next_value(&lines, key, ret_value);
}

static bool take_number(struct span value, int base, uint64_t *ret)
{
	uint64_t number;
	bool negative;

	value = span_trim(value);
	negative = span_skip(&value, "-");
	/* A blank behind the minus would be trimmed away by span_number(). */
	if (negative && value.size != span_trim(value).size)
		return false;
	if (base == VMCOREINFO_ANY_BASE)
		base = span_starts_with(value, "0x", 2) ? 16 : 10;
	if (!span_number(value, base, &number))
		return false;
	if (negative) {
		if (number > (uint64_t)1 << 63)
			return false;
		number = -number;
	}
	*ret = number;
	return true;
}

bool vmcoreinfo_number(struct span text, const char *key, int base, uint64_t *ret)
{
	struct cursor lines = lines_of(text);
	struct span value;

	while (next_value(&lines, key, &value))
		if (take_number(value, base, ret))
			return true;
	return false;
}
