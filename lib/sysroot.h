/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only door to the file system. Paths are written as on a real machine
 * ("/proc/iomem"); a sysroot says where that machine is. With the live root they are opened
 * as they stand. With any other folder every component, every symbolic link (absolute ones
 * too) and every ".." is resolved inside that folder: there is no way out. A relative path
 * is taken from the root of the folder.
 *
 * Facts that are not files (machine name, page size, kernel release) come from the running
 * system for the live root, and else from the text file "facts" in the folder, lines of
 * "name=value"; a missing fact is an error, never the host's value.
 */
#ifndef LIB_SYSROOT_H
#define LIB_SYSROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"

struct sysroot;

/* Open dir as the root; NULL or "/" means the live system. Free with sysroot_free().
 * ST_NOT_FOUND, ST_DENIED, ST_SYSTEM, ST_NO_MEMORY; ST_BAD_INPUT for a malformed "facts". */
int sysroot_new(const char *dir, struct sysroot **ret, struct err *err);
void sysroot_free(struct sysroot *root);

bool sysroot_is_live(const struct sysroot *root);

/*
 * Read a whole file into ret (an empty blob). Works for regular files and for the
 * generated ones of /proc and /sys, of which stat() says nothing or too much; anything else (a
 * FIFO, a device, a directory) and a file with more than max bytes to read are ST_BAD_INPUT.
 * ST_NOT_FOUND, ST_DENIED, ST_SYSTEM, ST_NO_MEMORY.
 */
int sysroot_read(const struct sysroot *root, const char *path, size_t max, struct blob *ret,
	struct err *err);

/* The same for a text, which text_clean() has looked at: ST_BAD_INPUT also when it is none. */
int sysroot_read_text(const struct sysroot *root, const char *path, size_t max, struct blob *ret,
	struct err *err);

/*
 * A file of which only parts are wanted (/proc/kcore), or that is wanted again and has to be the
 * same one then. sysroot_pread() reads exactly size bytes at offset, or fails with ST_BAD_INPUT
 * when the file ends before. Close with sysroot_close(); NULL is fine. Errors as sysroot_read().
 * sysroot_open_dump() also takes a block device of the live system: a partition that a dump was
 * written to. sysroot_open_memory() opens /dev/mem, of the live system the device: of physical
 * memory it shows at least what is not RAM.
 */
struct sysroot_file;
int sysroot_open(
	const struct sysroot *root, const char *path, struct sysroot_file **ret, struct err *err);
int sysroot_open_dump(
	const struct sysroot *root, const char *path, struct sysroot_file **ret, struct err *err);
int sysroot_open_memory(const struct sysroot *root, struct sysroot_file **ret, struct err *err);
int sysroot_pread(
	struct sysroot_file *file, uint64_t offset, void *buf, size_t size, struct err *err);
void sysroot_close(struct sysroot_file *file);

/* Read all of it, from its beginning, as sysroot_read() does. */
int sysroot_file_read(struct sysroot_file *file, size_t max, struct blob *ret, struct err *err);

/*
 * The same, but keep only its first bytes, 64 KiB or all: for a file that the kernel is going to
 * read, which then is known to be readable, and in the kernel's cache. *ret_size is how many bytes
 * it has in all.
 */
int sysroot_file_skim(struct sysroot_file *file, size_t max, struct blob *ret, uint64_t *ret_size,
	struct err *err);

/* Its descriptor, for a library or a system call that wants one. It stays the file's. */
int sysroot_fd(const struct sysroot_file *file);

/*
 * The names in a directory, without "." and "..", sorted by bytes. *ret is an owned array
 * of owned strings; free with sysroot_free_names(). Errors as sysroot_read().
 */
int sysroot_list(const struct sysroot *root, const char *path, char ***ret, size_t *ret_count,
	struct err *err);
void sysroot_free_names(char **names, size_t count);

/* Does path lead to anything? No error: what cannot be looked up is not there. */
bool sysroot_exists(const struct sysroot *root, const char *path);
bool sysroot_is_dir(const struct sysroot *root, const char *path);

/*
 * One line of text as a number. The whole line must be the number, with optional white
 * space around it; base is 10 or 16 (with or without 0x). ST_BAD_INPUT names the path and
 * what was found. Otherwise errors as sysroot_read().
 */
int sysroot_read_u64(
	const struct sysroot *root, const char *path, int base, uint64_t *ret, struct err *err);

/*
 * A fact. Known names: "machine" (uname -m), "release" (uname -r), "page_size" (bytes).
 * *ret is owned by the root and lives as long. ST_NOT_FOUND when the fixture lacks it.
 */
int sysroot_fact(const struct sysroot *root, const char *name, const char **ret, struct err *err);

#endif
