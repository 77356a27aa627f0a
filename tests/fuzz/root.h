/* SPDX-License-Identifier: GPL-2.0-only */
/* A sysroot in a temporary folder, for targets about what reads the files of a machine. Made at
 * the first use, gone when the program ends. */
#ifndef TESTS_FUZZ_ROOT_H
#define TESTS_FUZZ_ROOT_H

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/bytes.h"
#include "lib/err.h"

static char root[] = "/tmp/kexec-fuzz-XXXXXX";

static void root_remove(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	assert(system(command) == 0);
}

/* True the first time: then there is nothing in it yet. */
static bool root_make(void)
{
	if (root[sizeof(root) - 2] != 'X')
		return false;
	assert(mkdtemp(root));
	atexit(root_remove);
	return true;
}

static void root_put(const char *path, const void *data, size_t size)
{
	char full[128];
	FILE *file;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (char *at = full + strlen(root) + 1; (at = strchr(at, '/')); *at++ = '/') {
		*at = '\0';
		mkdir(full, 0755);
	}
	file = fopen(full, "wb");
	assert(file);
	assert(fwrite(data, 1, size, file) == size);
	fclose(file);
}

__attribute__((unused)) static void root_text(const char *path, const char *text)
{
	root_put(path, text, strlen(text));
}

__attribute__((unused)) static void root_drop(const char *path)
{
	char full[128];

	snprintf(full, sizeof(full), "%s%s", root, path);
	unlink(full);
}

#define ROOT_PIECES_MAX 16

/*
 * Cut the input at its NUL bytes: the first piece is the first file, and so on. An empty piece
 * and one that is not there mean that the file is missing. Most of an input is as in the one
 * before, and so most files are left alone.
 */
__attribute__((unused)) static void root_put_pieces(
	const char *const *paths, size_t count, struct span input)
{
	static struct blob written[ROOT_PIECES_MAX];

	assert(count <= ROOT_PIECES_MAX);
	for (size_t i = 0; i < count; i++) {
		const uint8_t *nul = input.size ? memchr(input.data, 0, input.size) : NULL;
		size_t size = nul ? (size_t)(nul - input.data) : input.size;
		struct blob *last = &written[i];

		if (size != last->size || (size && memcmp(last->data, input.data, size) != 0)) {
			if (size)
				root_put(paths[i], input.data, size);
			else
				root_drop(paths[i]);
			blob_done(last);
			assert(blob_append(last, input.data, size) == ST_OK);
		}
		input.data += size;
		input.size -= size;
		if (nul) {
			input.data++;
			input.size--;
		}
	}
}

#endif
