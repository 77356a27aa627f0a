/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A machine whose files are in memory, for targets about what reads the files of a machine: no
 * file system makes them slow, and none is left behind. It takes the place of
 * lib/sysroot_place.c, all else of lib/sysroot.c is what runs everywhere. A file is a memfd, so
 * that reading it is what it is elsewhere; there are no links, and a folder is what files lie in.
 */
#ifndef TESTS_FUZZ_ROOT_H
#define TESTS_FUZZ_ROOT_H

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/sysroot_place.h"

/* The sysroot's folder. There has to be one; nothing in it is looked at. */
#define ROOT "."

#define ROOT_FILES_MAX 32

/* A file that was there once keeps its descriptor. */
struct root_file {
	const char *path; /* of the target, for ever; begins with "/" */
	size_t length;	  /* of path */
	int fd;
	bool there;
	struct blob content; /* what is in it, to leave alone what stays the same */
};

static struct root_file root_files[ROOT_FILES_MAX];
static size_t root_count;

/* By their lengths first: most of what is looked for is not there, and where strings are compared
 * the fuzzer takes notes. */
static struct root_file *root_find(const char *path)
{
	size_t slash = path[0] == '/' ? 0 : 1;
	size_t length = strlen(path) + slash;

	for (size_t i = 0; i < root_count; i++)
		if (root_files[i].length == length && strcmp(root_files[i].path + slash, path) == 0)
			return &root_files[i];
	return NULL;
}

/* Behind the folder in path when it lies in there, else NULL. */
static const char *root_inside(const struct root_file *file, const char *folder, size_t length)
{
	return file->there && file->length > length && file->path[length] == '/' &&
			       strncmp(file->path, folder, length) == 0
		       ? file->path + length + 1
		       : NULL;
}

static bool root_is_folder(const char *path)
{
	size_t length = strlen(path);

	for (size_t i = 0; i < root_count; i++)
		if (root_inside(&root_files[i], path, length))
			return true;
	return false;
}

/* True the first time: then there is nothing in it yet. */
__attribute__((unused)) static bool root_make(void)
{
	return root_count == 0;
}

static void root_put(const char *path, const void *data, size_t size)
{
	struct root_file *file = root_find(path);

	if (!file) {
		assert(root_count < ROOT_FILES_MAX);
		file = &root_files[root_count++];
		*file = (struct root_file){
			.path = path, .length = strlen(path), .fd = memfd_create(path, MFD_CLOEXEC)
		};
		assert(file->fd >= 0);
	}
	file->there = true;
	if (size == file->content.size && (!size || !memcmp(data, file->content.data, size)))
		return;
	file->content.size = 0;
	assert(blob_append(&file->content, data, size) == ST_OK);
	assert(pwrite(file->fd, data, size, 0) == (ssize_t)size);
	assert(ftruncate(file->fd, (off_t)size) == 0);
}

__attribute__((unused)) static void root_text(const char *path, const char *text)
{
	root_put(path, text, strlen(text));
}

__attribute__((unused)) static void root_drop(const char *path)
{
	struct root_file *file = root_find(path);

	if (file)
		file->there = false;
}

/*
 * Cut the input at its NUL bytes: the first piece is the first file, and so on. An empty piece
 * and one that is not there mean that the file is missing.
 */
__attribute__((unused)) static void root_put_pieces(
	const char *const *paths, size_t count, struct span input)
{
	for (size_t i = 0; i < count; i++) {
		const uint8_t *nul = input.size ? memchr(input.data, 0, input.size) : NULL;
		size_t size = nul ? (size_t)(nul - input.data) : input.size;

		if (size)
			root_put(paths[i], input.data, size);
		else
			root_drop(paths[i]);
		input.data += size;
		input.size -= size;
		if (nul) {
			input.data++;
			input.size--;
		}
	}
}

/* --- in the place of lib/sysroot_place.c ------------------------------------------------ */

enum place_finder place_finder(int root_fd)
{
	(void)root_fd;
	return PLACE_WALK;
}

int place_find(enum place_finder finder, int root_fd, const char *path, struct place *ret)
{
	const struct root_file *file = root_find(path);

	*ret = (struct place){ .finder = finder, .dirfd = root_fd, .name = path, .fd = -1 };
	if (!file || !file->there)
		return root_is_folder(path) ? 0 : ENOENT;
	ret->fd = file->fd;
	return 0;
}

void place_done(struct place *place)
{
	place->fd = -1;
}

int place_stat(const struct place *place, struct stat *ret)
{
	*ret = (struct stat){ .st_mode = place->fd < 0 ? S_IFDIR | 0755 : S_IFREG | 0644 };
	return 0;
}

/* They share where they are in the file. lib/sysroot.c reads a file from its beginning to its end
 * in one go, or with pread(). */
int place_open(const struct place *place, int flags)
{
	(void)flags;
	if (place->fd < 0) {
		errno = EISDIR;
		return -1;
	}
	if (lseek(place->fd, 0, SEEK_SET) < 0)
		return -1;
	return fcntl(place->fd, F_DUPFD_CLOEXEC, 0);
}

int place_list(const struct place *place, place_name_fn *take, void *context)
{
	size_t length = strlen(place->name);
	char name[NAME_MAX + 1];
	int errnum = 0;

	if (place->fd >= 0)
		return ENOTDIR;
	for (size_t i = 0; i < root_count && !errnum; i++) {
		const char *rest = root_inside(&root_files[i], place->name, length);
		bool seen = false;

		if (!rest)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(rest, "/"), rest);
		/* A folder with several files in it is one name. */
		for (size_t j = 0; j < i && !seen; j++) {
			rest = root_inside(&root_files[j], place->name, length);
			seen = rest && strcspn(rest, "/") == strlen(name) &&
			       strncmp(rest, name, strlen(name)) == 0;
		}
		if (!seen)
			errnum = take(context, name);
	}
	return errnum;
}

#endif
