/* SPDX-License-Identifier: GPL-2.0-only */
/* A sysroot in a temporary folder, for tests of whatever reads the machine. Every failure in
 * here fails the test that runs. */
#ifndef TESTS_UNIT_TMPROOT_H
#define TESTS_UNIT_TMPROOT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/sysroot.h"

struct tmproot {
	char dir[64];
	struct sysroot *root;
};

__attribute__((unused)) static void tmproot_init(struct tmproot *tmp)
{
	struct err err = ERR_INIT;

	snprintf(tmp->dir, sizeof(tmp->dir), "/tmp/kexec-test-XXXXXX");
	assert_non_null(mkdtemp(tmp->dir));
	assert_int_equal(sysroot_new(tmp->dir, &tmp->root, &err), ST_OK);
}

__attribute__((unused)) static void tmproot_done(struct tmproot *tmp)
{
	char command[128];

	sysroot_free(tmp->root);
	snprintf(command, sizeof(command), "rm -rf '%s'", tmp->dir);
	assert_int_equal(system(command), 0);
}

/* Take note of facts that were written since: they are read when the root is opened. */
__attribute__((unused)) static void tmproot_reopen(struct tmproot *tmp)
{
	struct err err = ERR_INIT;

	sysroot_free(tmp->root);
	tmp->root = NULL;
	assert_int_equal(sysroot_new(tmp->dir, &tmp->root, &err), ST_OK);
}

/* Make path and all folders it lies in; path begins with "/". */
__attribute__((unused)) static void tmproot_mkdir(const struct tmproot *tmp, const char *path)
{
	char full[640];

	for (const char *at = path; at; at = strchr(at + 1, '/')) {
		snprintf(full, sizeof(full), "%s%.*s", tmp->dir, (int)(at - path), path);
		mkdir(full, 0755);
	}
	snprintf(full, sizeof(full), "%s%s", tmp->dir, path);
	mkdir(full, 0755);
}

__attribute__((unused)) static void tmproot_bytes(
	const struct tmproot *tmp, const char *path, const void *data, size_t size)
{
	char folder[512];
	char full[640];
	FILE *file;

	snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path), path);
	tmproot_mkdir(tmp, folder);
	snprintf(full, sizeof(full), "%s%s", tmp->dir, path);
	file = fopen(full, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

__attribute__((unused)) static void tmproot_text(
	const struct tmproot *tmp, const char *path, const char *text)
{
	tmproot_bytes(tmp, path, text, strlen(text));
}

__attribute__((unused)) static void tmproot_remove(const struct tmproot *tmp, const char *path)
{
	char full[640];

	snprintf(full, sizeof(full), "%s%s", tmp->dir, path);
	assert_int_equal(remove(full), 0);
}

#endif
