/* SPDX-License-Identifier: GPL-2.0-only */
/* Texts that somebody else wrote, such as names in files. */
#ifndef LIB_UTF8_H
#define LIB_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/bytes.h"

#define UTF8_SIZE_MAX 4 /* bytes of a character */

/*
 * The bytes of the UTF-8 character beyond ASCII that text, which is not empty, begins with, or 0
 * when there is none (RFC 3629). Three kinds count as none: C1 control characters, on which
 * terminals act; the separators of lines and paragraphs; and what turns the direction of text, by
 * which it reads otherwise than it is (Unicode's Bidi_Control).
 */
size_t utf8_size(struct span text);

/* Is text, which is not empty, the beginning of such a form, and ends before that does? */
bool utf8_is_cut(struct span text);

#endif
