// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "lib/cursor.h"
#include "lib/vmcoreinfo.h"

bool vmcoreinfo_find(struct span text, const char *key, struct span *ret_value)
{
	struct cursor cursor;
	struct span line, body;

	/* Behind a NUL byte is padding of a note, not text. */
	body = text;
	if (span_take_until(&body, '\0', &line))
		text = line;
	cursor = cursor_over(text);
	while (cursor_line(&cursor, &line)) {
		if (span_skip(&line, key) && span_skip(&line, "=")) {
			*ret_value = line;
			return true;
		}
	}
	return false;
}

bool vmcoreinfo_number(struct span text, const char *key, int base, uint64_t *ret)
{
	struct span value;
	uint64_t number;
	bool negative;

	if (!vmcoreinfo_find(text, key, &value))
		return false;
	value = span_trim(value);
	negative = span_skip(&value, "-");
	/* A blank behind the minus would be trimmed away by span_number(). */
	if (negative && value.size != span_trim(value).size)
		return false;
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
