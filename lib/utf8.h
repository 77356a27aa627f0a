/* SPDX-License-Identifier: GPL-2.0-only */
/* Texts that somebody else wrote, such as names in files. */
#ifndef LIB_UTF8_H
#define LIB_UTF8_H

#include <stddef.h>

#include "lib/bytes.h"

/*
 * The bytes of the UTF-8 character beyond ASCII that text, which is not empty, begins with, or 0
 * when there is none (RFC 3629). A C1 control character counts as none: terminals act on it.
 */
size_t utf8_size(struct span text);

#endif
