/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * JSON that is written as it comes, for what may have a million elements: json-c makes a tree of it
 * first. To the same effect as lib/jsonw.h: indented, addresses as strings in hexadecimal. It has a
 * buffer of its own, since stdio takes most of the time when it is called for each token.
 */
#ifndef KEXEC_CMD_JSONOUT_H
#define KEXEC_CMD_JSONOUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct jsonout {
	FILE *file; /* borrowed; its errors are the caller's to look for */
	unsigned int level;
	bool has_member; /* what is open has one, which wants a comma */
	size_t used;	 /* of buf: what file does not have yet */
	char buf[16384];
};

/* Open and close an object ('{') or an array ('['). In an object everything has a key, which needs
 * no escapes; in an array, and at the top, it is NULL. Behind the last close comes a newline,
 * and then file has all of it. */
void jsonout_open(struct jsonout *out, const char *key, char bracket);
void jsonout_close(struct jsonout *out, char bracket);

/* A text of NULL is null; a byte that is no UTF-8 comes out as \xNN. */
void jsonout_text(struct jsonout *out, const char *key, const char *text);
void jsonout_hex(struct jsonout *out, const char *key, uint64_t value);
void jsonout_number(struct jsonout *out, const char *key, uint64_t value);
void jsonout_bool(struct jsonout *out, const char *key, bool value);

#endif
