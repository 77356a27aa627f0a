// SPDX-License-Identifier: GPL-2.0-only
/* Command lines: two of them, with a NUL between. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/system/cmdline.h"
#include "kexec/system/crashkernel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_space(unsigned char c)
{
	return c == ' ' || (c >= 9 && c <= 13) || c == 0xa0;
}

/* The kernel's words, counted by a walk over single characters. All of them where none is a "--"
 * that could be in quotes. */
static unsigned int count_words(const char *line)
{
	unsigned int words = 0;
	bool inside = false, quoted = false;

	for (; *line; line++) {
		bool gap = is_space((unsigned char)*line) && !quoted;

		words += !gap && !inside;
		inside = !gap;
		quoted ^= *line == '"';
	}
	return words;
}

static void check_without(const char *line)
{
	static const char *const names[] = { "crashkernel", "BOOT_IMAGE", NULL };
	char *without = cmdline_without(line, names);

	if (!without)
		return;
	assert(strlen(without) <= strlen(line));
	assert(!cmdline_has(without, "crashkernel"));
	assert(!cmdline_has(without, "BOOT-IMAGE"));
	assert(cmdline_has(without, "quiet") == cmdline_has(line, "quiet"));
	assert(count_words(without) <= count_words(line));
	free(without);
}

static void check_joined(const char *a, const char *b)
{
	char *joined = cmdline_join(a, b);

	if (!joined)
		return;
	assert(strlen(joined) <= strlen(a) + strlen(b) + 6);
	assert(cmdline_has(joined, "quiet") ==
		(cmdline_has(a, "quiet") || cmdline_has(b, "quiet")));
	if (!strstr(a, "--") || !strstr(b, "--"))
		assert(count_words(joined) == count_words(a) + count_words(b));
	free(joined);
}

static void check_crashkernel(const char *line)
{
	struct span value = crashkernel_value(line);
	uint64_t size;

	if (!strstr(line, "crashkernel="))
		assert(value.size == 0);
	if (value.size == 0)
		return;
	assert(value.data > (const uint8_t *)line && value.data[-1] == '=');
	if (crashkernel_judge(value, (uint64_t)1 << 30, &size) == CRASHKERNEL_FITS)
		assert(size && size < (uint64_t)1 << 30);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span all = { data, size };
	char *line = malloc(size + 2);

	if (!line)
		return 0;
	if (all.size)
		memcpy(line, data, size);
	line[size] = line[size + 1] = '\0';
	check_without(line);
	check_joined(line, strlen(line) < size ? line + strlen(line) + 1 : "quiet");
	check_crashkernel(line);
	free(line);
	return 0;
}
