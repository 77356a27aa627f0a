/* SPDX-License-Identifier: GPL-2.0-only */
/* Text for people: strings and hexadecimal, nothing else. A newline goes out as CR LF. */
#ifndef PURGATORY_PRINT_H
#define PURGATORY_PRINT_H

#include <stddef.h>
#include <stdint.h>

struct console;

/* At most size bytes of s, up to its NUL; what is not printable ASCII becomes '?'. */
void print_name(struct console *console, const char *s, size_t size);

/* A string of ours, at most 128 bytes of it. */
void print(struct console *console, const char *s);

/* 0x and as many digits as it takes. */
void print_hex(struct console *console, uint64_t value);

/* Two digits for each byte. */
void print_bytes(struct console *console, const uint8_t *bytes, size_t size);

#endif
