/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel command lines as lists of words. A word ends at white space outside double quotes. Its
 * name is what stands in front of its first "=", or all of it; quotes around the whole word are no
 * part of either (lib/cmdline.c:next_arg in the kernel). The words behind a word "--" are init's.
 */
#ifndef KEXEC_SYSTEM_CMDLINE_H
#define KEXEC_SYSTEM_CMDLINE_H

#include <stdbool.h>

#include "lib/bytes.h"
#include "lib/err.h"

/* Is there a word of that name for the kernel, with a value or without? To the kernel "-" and "_"
 * in a name are the same. */
bool cmdline_has(const char *line, const char *name);

/* The first such word, as it stands there; empty where there is none. */
struct span cmdline_word(const char *line, const char *name);

/* A heap copy of line without the words of these names, wherever they stand (the kernel finds
 * crashkernel= behind "--" too), and without white space at its end. names ends with NULL. NULL
 * when memory is out. */
char *cmdline_without(const char *line, const char *const *names);

/*
 * One line for what a and b say, either of which may be empty or NULL: the kernel's words of both,
 * then, behind one "--", init's words of both. A quote that a leaves open is closed, as it would
 * swallow what follows. NULL when memory is out.
 */
char *cmdline_join(const char *a, const char *b);

/* Are there words for init, behind a word "--"? */
bool cmdline_has_init_words(const char *line);

/* Is there a quote that is not closed? All behind it is one word. */
bool cmdline_is_open(const char *line);

#endif
