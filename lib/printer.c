// SPDX-License-Identifier: GPL-2.0-only
#include "lib/printer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void print(struct printer *printer, const char *fmt, ...)
{
	va_list args;
	char *text;
	int length;

	va_start(args, fmt);
	length = vasprintf(&text, fmt, args);
	va_end(args);
	if (length < 0) {
		printer->status = ST_NO_MEMORY;
		return;
	}
	if (blob_append(printer->out, text, (size_t)length))
		printer->status = ST_NO_MEMORY;
	free(text);
}
