// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/cmd/jsonout.h"

#include <assert.h>
#include <string.h>

#include "lib/bytes.h"
#include "lib/utf8.h"

/* No deeper than anything that is written here. */
static const char indent[] = "\n                ";

static void put_line(const struct jsonout *out)
{
	size_t size = 1 + 2 * (size_t)out->level;

	assert(size < sizeof(indent));
	fwrite_unlocked(indent, 1, size, out->file);
}

static void put_key(struct jsonout *out, const char *key)
{
	if (out->has_member)
		putc_unlocked(',', out->file);
	if (out->level)
		put_line(out);
	out->has_member = true;
	if (!key)
		return;
	putc_unlocked('"', out->file);
	fputs_unlocked(key, out->file);
	fputs_unlocked("\": ", out->file);
}

void jsonout_open(struct jsonout *out, const char *key, char bracket)
{
	put_key(out, key);
	putc_unlocked(bracket, out->file);
	out->level++;
	out->has_member = false;
}

void jsonout_close(struct jsonout *out, char bracket)
{
	out->level--;
	if (out->has_member)
		put_line(out);
	putc_unlocked(bracket == '{' ? '}' : ']', out->file);
	out->has_member = true;
	if (out->level == 0)
		putc_unlocked('\n', out->file);
}

/* What stands for itself in a string (RFC 8259). */
static bool is_plain(uint8_t byte)
{
	return byte >= ' ' && byte < 0x7f && byte != '"' && byte != '\\';
}

static void put_byte(FILE *file, uint8_t byte)
{
	static const char controls[] = "\b\f\n\r\t";
	const char *control = byte ? strchr(controls, byte) : NULL;

	if (byte == '"' || byte == '\\')
		fprintf(file, "\\%c", byte);
	else if (control)
		fprintf(file, "\\%c", "bfnrt"[control - controls]);
	else if (byte < ' ')
		fprintf(file, "\\u%04x", byte);
	else
		fprintf(file, "\\\\x%02x", byte);
}

void jsonout_text(struct jsonout *out, const char *key, const char *text)
{
	struct span rest = { (const uint8_t *)text, text ? strlen(text) : 0 };

	put_key(out, key);
	if (!text) {
		fputs_unlocked("null", out->file);
		return;
	}
	putc_unlocked('"', out->file);
	while (rest.size) {
		size_t size = 0;

		while (size < rest.size && is_plain(rest.data[size]))
			size++;
		if (size == 0)
			size = utf8_size(rest);
		if (size)
			fwrite_unlocked(rest.data, 1, size, out->file);
		else
			put_byte(out->file, rest.data[0]);
		size += size == 0;
		rest.data += size;
		rest.size -= size;
	}
	putc_unlocked('"', out->file);
}

/* printf() takes half the time of a long list. */
static void put_number(FILE *file, uint64_t value, unsigned int base)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[base == 16 ? value & 15 : value % 10];
		value = base == 16 ? value >> 4 : value / 10;
	} while (value);
	fwrite_unlocked(digits + at, 1, sizeof(digits) - at, file);
}

void jsonout_hex(struct jsonout *out, const char *key, uint64_t value)
{
	put_key(out, key);
	fputs_unlocked("\"0x", out->file);
	put_number(out->file, value, 16);
	putc_unlocked('"', out->file);
}

void jsonout_number(struct jsonout *out, const char *key, uint64_t value)
{
	put_key(out, key);
	put_number(out->file, value, 10);
}

void jsonout_bool(struct jsonout *out, const char *key, bool value)
{
	put_key(out, key);
	fputs_unlocked(value ? "true" : "false", out->file);
}
