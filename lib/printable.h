/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The door to the terminal. What the tools print quotes files that anybody may have made: a folder
 * that came by mail, a kernel, the log of a crashed machine. All text for people goes through such
 * a stream, whatever it is made from, so that nobody has to think of it where it is printed.
 */
#ifndef LIB_PRINTABLE_H
#define LIB_PRINTABLE_H

#include <stdio.h>

/*
 * A new stream that passes on to the stream to, line by line, what is written to it. A byte that a
 * terminal would obey, and one of a character that makes text look like another, comes out as \xNN:
 * control characters but newline and tab, what utf8_size() does not take for a character, and so
 * all that is no UTF-8.
 *
 * to stays the caller's, and outlives it. fclose() flushes to as well, and fails when anything
 * could not be written. NULL when memory is out.
 */
FILE *printable_open(FILE *to);

#endif
