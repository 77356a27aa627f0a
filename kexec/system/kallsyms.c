// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/system/kallsyms.h"

#include <stdbool.h>

#include "lib/cursor.h"

#define KALLSYMS_PATH "/proc/kallsyms"

/* A large kernel with all its modules makes some 20 MiB. */
#define KALLSYMS_TEXT_MAX (256u << 20)

static int bad_line(struct err *err, size_t number, struct span text)
{
	return err_set(err, ST_BAD_INPUT, "kallsyms-line",
		"line %zu: found \"%.*s\", wanted \"ADDRESS TYPE NAME\"", number,
		text.size > 120 ? 120 : (int)text.size, text.data ? (const char *)text.data : "");
}

static void keep_first(uint64_t *symbol, uint64_t address)
{
	if (*symbol == 0)
		*symbol = address;
}

static void take_symbol(struct kallsyms *symbols, struct span name, uint64_t address)
{
	/* A symbol of a module has "\t[module]" behind its name, and so equals none. */
	if (span_equals(name, "_text"))
		keep_first(&symbols->text, address);
	else if (span_equals(name, "_stext"))
		keep_first(&symbols->stext, address);
	else if (span_equals(name, "_end"))
		keep_first(&symbols->end, address);
	else if (span_equals(name, "kexec_crash_image"))
		keep_first(&symbols->crash_image, address);
}

int kallsyms_parse(struct span text, struct kallsyms *ret, struct err *err)
{
	struct cursor cursor = cursor_over(text);
	struct kallsyms symbols = { .text = 0 };
	bool shown = false;
	struct span line;

	while (cursor_line(&cursor, &line)) {
		struct span rest = line;
		uint64_t address;

		if (span_trim(line).size == 0)
			continue;
		if (!span_take_number(&rest, 16, &address) || !span_skip(&rest, " ") ||
			rest.size < 3 || rest.data[1] != ' ')
			return bad_line(err, cursor.line, line);
		if (address == 0)
			continue;
		shown = true;
		take_symbol(&symbols, span_trim((struct span){ rest.data + 2, rest.size - 2 }),
			address);
	}
	if (cursor.line && !shown) {
		err_set(err, ST_DENIED, "kallsyms-hidden", "all addresses are zero");
		return err_hint(err, "run as root with CAP_SYSLOG, with the sysctl "
				     "kernel.kptr_restrict at 0 or 1");
	}
	*ret = symbols;
	return ST_OK;
}

int kallsyms_read(const struct sysroot *root, struct kallsyms *ret, struct err *err)
{
	struct blob text = BLOB_INIT;
	int status;

	status = sysroot_read_text(root, KALLSYMS_PATH, KALLSYMS_TEXT_MAX, &text, err);
	if (status != ST_OK)
		return status;
	status = kallsyms_parse(blob_span(&text), ret, err);
	if (status != ST_OK)
		err_prefix(err, KALLSYMS_PATH);
	blob_done(&text);
	return status;
}
