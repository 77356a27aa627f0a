// SPDX-License-Identifier: GPL-2.0-only
#include "lib/advice.h"

#include <stddef.h>
#include <string.h>

const char *advice_for(const struct err *err, const char *rows)
{
	const char *text;

	if (err->hint[0])
		return err->hint;
	if (!err->id)
		return NULL;
	for (const char *id = rows; *id; id = text + strlen(text) + 1) {
		text = id + strlen(id) + 1;
		if (strcmp(id, err->id) == 0)
			return text;
	}
	return NULL;
}
