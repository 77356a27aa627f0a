// SPDX-License-Identifier: GPL-2.0-only
#include "lib/roff.h"

#include <ctype.h>

void roff_put(FILE *out, const char *text)
{
	for (char before = 0; *text; before = *text++) {
		if (*text == '-')
			fputs("\\-", out);
		else if (*text == '\\')
			fputs("\\e", out);
		else if (*text == ' ' && before == '.')
			putc('\n', out);
		else
			putc(*text, out);
	}
}

void roff_put_help(FILE *out, const char *help, const char *more)
{
	putc(toupper((unsigned char)help[0]), out);
	roff_put(out, help + 1);
	fputs(".\n", out);
	if (more) {
		roff_put(out, more);
		putc('\n', out);
	}
}
