// SPDX-License-Identifier: GPL-2.0-only
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/system/cmdline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool quotes_are_even(const char *line)
{
	bool even = true;

	for (; *line; line++)
		if (*line == '"')
			even = !even;
	return even;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "crashkernel", "BOOT_IMAGE", NULL };
	char *line = malloc(size + 1);
	char *without;
	char *added;

	if (!line)
		return 0;
	if (size)
		memcpy(line, data, size);
	line[size] = '\0';
	cmdline_has(line, "quiet");
	without = cmdline_without(line, names);
	added = cmdline_add_option(line, "quiet");
	if (without) {
		assert(strlen(without) <= strlen(line));
		assert(!cmdline_has(without, "crashkernel"));
		assert(!cmdline_has(without, "BOOT-IMAGE"));
	}
	if (added) {
		assert(strlen(added) >= strlen(line));
		assert(!quotes_are_even(line) || cmdline_has(added, "quiet"));
	}
	free(added);
	free(without);
	free(line);
	return 0;
}
