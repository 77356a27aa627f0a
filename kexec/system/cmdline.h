/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel command lines as lists of words. A word ends at white space outside double quotes
 * (lib/cmdline.c:next_arg in the kernel). */
#ifndef KEXEC_SYSTEM_CMDLINE_H
#define KEXEC_SYSTEM_CMDLINE_H

#include <stdbool.h>

#include "lib/bytes.h"
#include "lib/err.h"

/* Is there a word that is exactly name, or begins with name and "="? The kernel takes "-"
 * and "_" in a name for the same, and gives all behind a word "--" to init: that does not
 * count. */
bool cmdline_has(const char *line, const char *name);

/* A heap copy of line, cut at its first newline, without the words named (each exactly
 * "name" or "name=...", "-" and "_" being the same), wherever they stand: the kernel finds
 * crashkernel= behind "--" too. names ends with NULL. NULL when memory is out. */
char *cmdline_without(const char *line, const char *const *names);

/* "a b" from a and b, either of which may be empty or NULL. NULL when memory is out. */
char *cmdline_join(const char *a, const char *b);

/* The line with words where the kernel takes them for its own: in front of a word "--", else at
 * the end. line may be NULL. NULL when memory is out. */
char *cmdline_add_option(const char *line, const char *words);

#endif
