/* SPDX-License-Identifier: GPL-2.0-only */
#include "print.h"

#include "console.h"

#define STRING_MAX 128

void print_name(struct console *console, const char *s, size_t size)
{
	for (size_t i = 0; i < size && s[i] != '\0'; i++)
		console_put(console, s[i] < ' ' || s[i] > '~' ? '?' : s[i]);
}

void print(struct console *console, const char *s)
{
	for (size_t i = 0; i < STRING_MAX && s[i] != '\0'; i++) {
		if (s[i] == '\n')
			console_put(console, '\r');
		console_put(console, s[i]);
	}
}

/* The lowest `digits` hexadecimal digits of value. */
static void print_digits(struct console *console, uint64_t value, unsigned int digits)
{
	while (digits-- > 0) {
		unsigned int digit = value >> (4 * digits) & 0xf;

		console_put(console, (char)(digit < 10 ? '0' + digit : 'a' + digit - 10));
	}
}

void print_hex(struct console *console, uint64_t value)
{
	unsigned int digits = 1;

	while (digits < 16 && value >> (4 * digits) != 0)
		digits++;
	print(console, "0x");
	print_digits(console, value, digits);
}

void print_bytes(struct console *console, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		print_digits(console, bytes[i], 2);
}
