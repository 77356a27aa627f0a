/* SPDX-License-Identifier: GPL-2.0-only */
/* Not part of the tools: option tables in the language of manual pages, for make update-docs. */
#ifndef LIB_ROFF_H
#define LIB_ROFF_H

#include <stdio.h>

/* Write text; a sentence begins on a new line. */
void roff_put(FILE *out, const char *text);

/* Write what an option does: the line of --help as a sentence, and behind it more, which may be
 * NULL. */
void roff_put_help(FILE *out, const char *help, const char *more);

#endif
