// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/cmd/jsonout.h"

#include <assert.h>
#include <string.h>

#include "lib/bytes.h"
#include "lib/utf8.h"

/* No deeper than anything that is written here. */
static const char indent[] = "\n                ";

static void flush(struct jsonout *out)
{
	fwrite(out->buf, 1, out->used, out->file);
	out->used = 0;
}

static void put(struct jsonout *out, const void *data, size_t size)
{
	if (size > sizeof(out->buf) - out->used)
		flush(out);
	if (size > sizeof(out->buf)) {
		fwrite(data, 1, size, out->file);
		return;
	}
	memcpy(out->buf + out->used, data, size);
	out->used += size;
}

static void put_string(struct jsonout *out, const char *string)
{
	put(out, string, strlen(string));
}

static void put_char(struct jsonout *out, char c)
{
	if (out->used == sizeof(out->buf))
		flush(out);
	out->buf[out->used++] = c;
}

static void put_line(struct jsonout *out)
{
	size_t size = 1 + 2 * (size_t)out->level;

	assert(size < sizeof(indent));
	put(out, indent, size);
}

static void put_key(struct jsonout *out, const char *key)
{
	if (out->has_member)
		put_char(out, ',');
	if (out->level)
		put_line(out);
	out->has_member = true;
	if (!key)
		return;
	put_char(out, '"');
	put_string(out, key);
	put_string(out, "\": ");
}

void jsonout_open(struct jsonout *out, const char *key, char bracket)
{
	put_key(out, key);
	put_char(out, bracket);
	out->level++;
	out->has_member = false;
}

void jsonout_close(struct jsonout *out, char bracket)
{
	out->level--;
	if (out->has_member)
		put_line(out);
	put_char(out, bracket == '{' ? '}' : ']');
	out->has_member = true;
	if (out->level)
		return;
	put_char(out, '\n');
	flush(out);
}

/* What stands for itself in a string (RFC 8259). */
static bool is_plain(uint8_t byte)
{
	return byte >= ' ' && byte < 0x7f && byte != '"' && byte != '\\';
}

static void put_byte(struct jsonout *out, uint8_t byte)
{
	static const char controls[] = "\b\f\n\r\t";
	const char *control = byte ? strchr(controls, byte) : NULL;
	char text[8];

	if (byte == '"' || byte == '\\')
		snprintf(text, sizeof(text), "\\%c", byte);
	else if (control)
		snprintf(text, sizeof(text), "\\%c", "bfnrt"[control - controls]);
	else if (byte < ' ')
		snprintf(text, sizeof(text), "\\u%04x", byte);
	else
		snprintf(text, sizeof(text), "\\\\x%02x", byte);
	put_string(out, text);
}

void jsonout_text(struct jsonout *out, const char *key, const char *text)
{
	struct span rest = { (const uint8_t *)text, text ? strlen(text) : 0 };

	put_key(out, key);
	if (!text) {
		put_string(out, "null");
		return;
	}
	put_char(out, '"');
	while (rest.size) {
		size_t size = 0;

		while (size < rest.size && is_plain(rest.data[size]))
			size++;
		if (size == 0)
			size = utf8_size(rest);
		if (size)
			put(out, rest.data, size);
		else
			put_byte(out, rest.data[0]);
		size += size == 0;
		rest.data += size;
		rest.size -= size;
	}
	put_char(out, '"');
}

static void put_number(struct jsonout *out, uint64_t value, unsigned int base)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[base == 16 ? value & 15 : value % 10];
		value = base == 16 ? value >> 4 : value / 10;
	} while (value);
	put(out, digits + at, sizeof(digits) - at);
}

void jsonout_hex(struct jsonout *out, const char *key, uint64_t value)
{
	put_key(out, key);
	put_string(out, "\"0x");
	put_number(out, value, 16);
	put_char(out, '"');
}

void jsonout_number(struct jsonout *out, const char *key, uint64_t value)
{
	put_key(out, key);
	put_number(out, value, 10);
}

void jsonout_bool(struct jsonout *out, const char *key, bool value)
{
	put_key(out, key);
	put_string(out, value ? "true" : "false");
}
