// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/system/dump_filter.h"

#include <string.h>

#include "lib/cursor.h"

/* Debian's has 500 KB, and links its libraries dynamically. */
#define PROGRAM_MAX (16u << 20)

void dump_filter_parse(struct span program, struct dump_filter *ret)
{
	/* What it prints for -v. */
	static const char words[] = "makedumpfile: version ";
	const uint8_t *found = memmem(program.data, program.size, words, sizeof(words) - 1);
	struct span rest = { .data = found };
	uint64_t number;

	memset(ret->version, 0, sizeof(ret->version));
	if (!found)
		return;
	rest.size = program.size - (size_t)(found - program.data);
	span_skip(&rest, words);
	for (size_t i = 0; i < 3; i++) {
		if ((i && !span_skip(&rest, ".")) || !span_take_number(&rest, 10, &number) ||
			number > UINT16_MAX) {
			memset(ret->version, 0, sizeof(ret->version));
			return;
		}
		ret->version[i] = (uint16_t)number;
	}
}

int dump_filter_read(const struct sysroot *root, struct dump_filter *ret, struct err *err)
{
	static const char *const paths[] = { "/usr/bin/makedumpfile", "/usr/sbin/makedumpfile" };

	*ret = (struct dump_filter){ .path = NULL };
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct blob program = BLOB_INIT;
		int status = sysroot_read(root, paths[i], PROGRAM_MAX, &program, NULL);

		if (status == ST_NO_MEMORY)
			return err_no_memory(err);
		if (status)
			continue;
		ret->path = paths[i];
		dump_filter_parse(blob_span(&program), ret);
		blob_done(&program);
		return ST_OK;
	}
	return ST_OK;
}
