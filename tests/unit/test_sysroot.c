// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/sysroot.h"
#include "tests/unit/nomem.h"

#ifndef SYS_openat2
#define SYS_openat2 437
#endif

/* So many calls of openat2(2) from now on fail. Every test runs with none and with all. */
static unsigned int openat2_fails;
static int openat2_errno;
static unsigned int openat2_calls;

/* In front of the C library's own, by which the sysroot asks. */
long syscall(long number, ...)
{
	long (*real)(long, ...);
	long words[6];
	va_list list;

	va_start(list, number);
	for (size_t i = 0; i < 6; i++)
		words[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_openat2) {
		openat2_calls++;
		if (openat2_fails) {
			openat2_fails--;
			errno = openat2_errno;
			return -1;
		}
	}
	*(void **)&real = dlsym(RTLD_NEXT, "syscall");
	return real(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}

/* What fstat(2) says is in a file of so many bytes, 0 for the truth. */
static off_t claimed;

int fstat(int fd, struct stat *ret)
{
	int (*real)(int, struct stat *);
	int status;

	*(void **)&real = dlsym(RTLD_NEXT, "fstat");
	status = real(fd, ret);
	if (status == 0 && claimed)
		ret->st_size = claimed;
	return status;
}

/* Is there a kernel behind all this that resolves paths? */
static bool kernel_resolves(void)
{
	uint64_t how[3] = { O_PATH | O_CLOEXEC, 0, 0 };
	long fd = syscall(SYS_openat2, AT_FDCWD, "/", how, sizeof(how));

	if (fd < 0)
		return false;
	close((int)fd);
	return true;
}

/*
 * A folder with a sysroot in "root", and "outside" next to it, which no path may reach:
 *
 *   base/outside          "secret"
 *   base/root/...
 */
struct world {
	char base[512];
	char top[600]; /* base/root */
	struct sysroot *root;
	char *link_text; /* an absolute path to outside, as the host sees it */
};

static char *join(char *buf, size_t size, const char *dir, const char *path)
{
	if ((size_t)snprintf(buf, size, "%s/%s", dir, path) >= size)
		fail_msg("path too long");
	return buf;
}

static void put(const struct world *world, const char *path, const char *content)
{
	char full[1200];
	FILE *file = fopen(join(full, sizeof(full), world->top, path), "w");

	assert_non_null(file);
	assert_int_equal(fwrite(content, 1, strlen(content), file), strlen(content));
	assert_int_equal(fclose(file), 0);
}

static void folder(const struct world *world, const char *path)
{
	char full[1200];

	assert_int_equal(mkdir(join(full, sizeof(full), world->top, path), 0755), 0);
}

static void link_to(const struct world *world, const char *path, const char *target)
{
	char full[1200];

	assert_int_equal(symlink(target, join(full, sizeof(full), world->top, path)), 0);
}

static void reopen(struct world *world)
{
	struct err err = ERR_INIT;

	sysroot_free(world->root);
	world->root = NULL;
	if (sysroot_new(world->top, &world->root, &err))
		fail_msg("%s", err.text);
}

static int setup(void **state)
{
	const char *tmp = getenv("TMPDIR");
	struct world *world = calloc(1, sizeof(*world));
	FILE *file;
	char path[1200];

	assert_non_null(world);
	join(world->base, sizeof(world->base), tmp && *tmp ? tmp : "/tmp", "sysroot-XXXXXX");
	assert_non_null(mkdtemp(world->base));
	join(world->top, sizeof(world->top), world->base, "root");
	assert_int_equal(mkdir(world->top, 0755), 0);
	file = fopen(join(path, sizeof(path), world->base, "outside"), "w");
	assert_non_null(file);
	fputs("secret", file);
	assert_int_equal(fclose(file), 0);
	world->link_text = strdup(path);
	folder(world, "proc");
	folder(world, "a");
	folder(world, "a/b");
	put(world, "proc/iomem", "0-1 : System RAM\n");
	put(world, "a/b/deep", "deep");
	put(world, "top", "top");
	put(world, "facts", "machine=aarch64\n");
	reopen(world);
	*state = world;
	return 0;
}

/* As under a kernel before 5.6, or a seccomp filter that knows no openat2(). */
static int setup_walk(void **state)
{
	openat2_errno = EPERM;
	openat2_fails = UINT_MAX;
	return setup(state);
}

static void remove_tree(const char *path)
{
	struct dirent *entry;
	struct stat st;
	char full[4400];
	DIR *dir;

	if (lstat(path, &st) || !S_ISDIR(st.st_mode)) {
		unlink(path);
		return;
	}
	chmod(path, 0755);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			remove_tree(join(full, sizeof(full), path, entry->d_name));
	}
	if (dir)
		closedir(dir);
	rmdir(path);
}

static unsigned int open_descriptors(void)
{
	unsigned int count = 0;

	for (int fd = 0; fd < 512; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static int teardown(void **state)
{
	struct world *world = *state;

	openat2_fails = 0;
	sysroot_free(world->root);
	remove_tree(world->base);
	free(world->link_text);
	free(world);
	return 0;
}

/* What path holds, and that no descriptor stays open. */
static void assert_reads(const struct sysroot *root, const char *path, const char *wanted)
{
	unsigned int before = open_descriptors();
	struct blob blob = BLOB_INIT;
	struct err err = ERR_INIT;

	if (sysroot_read(root, path, 100000, &blob, &err))
		fail_msg("%s: %s", path, err.text);
	if (blob.size != strlen(wanted) || memcmp(blob.data, wanted, blob.size + 1))
		fail_msg("%s holds \"%s\", not \"%s\"", path, (char *)blob.data, wanted);
	blob_done(&blob);
	assert_int_equal(open_descriptors(), before);
	assert_true(sysroot_exists(root, path));
	assert_false(sysroot_is_dir(root, path));
	assert_int_equal(open_descriptors(), before);
}

static void assert_fails(
	const struct sysroot *root, const char *path, int status, const char *words)
{
	unsigned int before = open_descriptors();
	struct blob blob = BLOB_INIT;
	struct sysroot_file *file = NULL;
	struct err err = ERR_INIT;
	int got = sysroot_read(root, path, 100000, &blob, &err);

	if (got != status)
		fail_msg("%s: %d (%s), wanted %d", path, got, err.text, status);
	assert_int_equal(err.status, status);
	assert_non_null(err.id);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" is not in \"%s\"", words, err.text);
	assert_null(blob.data);
	err_clear(&err);
	assert_int_equal(sysroot_open(root, path, &file, &err), status);
	assert_null(file);
	assert_int_equal(open_descriptors(), before);
	assert_int_equal(sysroot_read(root, path, 100000, &blob, NULL), status);
}

static void files_are_read(void **state)
{
	struct world *world = *state;

	assert_false(sysroot_is_live(world->root));
	assert_reads(world->root, "/proc/iomem", "0-1 : System RAM\n");
	assert_reads(world->root, "proc/iomem", "0-1 : System RAM\n");
	assert_reads(world->root, "//a/./b///deep", "deep");
	put(world, "empty", "");
	assert_reads(world->root, "/empty", "");
}

static void what_is_missing_is_said_as_the_user_writes_it(void **state)
{
	struct world *world = *state;
	struct blob blob = BLOB_INIT;
	struct err err = ERR_INIT;
	char wanted[1200];

	assert_int_equal(sysroot_read(world->root, "/proc/nothing", 10, &blob, &err), ST_NOT_FOUND);
	snprintf(wanted, sizeof(wanted),
		"cannot open /proc/nothing (in sysroot %.150s): No such file or directory",
		world->top);
	assert_string_equal(err.text, wanted);
	assert_string_equal(err.id, "file-not-found");
	assert_fails(world->root, "", ST_NOT_FOUND, "No such file");
	assert_fails(world->root, "/nowhere/x", ST_NOT_FOUND, "No such file");
	assert_fails(world->root, "/top/x", ST_NOT_FOUND, "Not a directory");
	assert_fails(world->root, "/top/", ST_NOT_FOUND, "Not a directory");
	assert_fails(world->root, "/top/.", ST_NOT_FOUND, "Not a directory");
	assert_fails(world->root, "/top/../a/b/deep", ST_NOT_FOUND, "Not a directory");
	assert_false(sysroot_exists(world->root, "/proc/nothing"));
	assert_false(sysroot_exists(world->root, ""));
}

static void dot_dot_stops_at_the_top(void **state)
{
	struct world *world = *state;

	assert_fails(world->root, "/../outside", ST_NOT_FOUND, "No such file");
	assert_fails(world->root, "../outside", ST_NOT_FOUND, "No such file");
	assert_fails(world->root, "/a/../../outside", ST_NOT_FOUND, "No such file");
	assert_reads(world->root, "/../../../../top", "top");
	assert_reads(world->root, "/a/b/../../top", "top");
	assert_reads(world->root, "/a/b/../b/deep", "deep");
	assert_true(sysroot_is_dir(world->root, "/.."));
	assert_true(sysroot_is_dir(world->root, "/a/.."));
}

static void links_stay_inside(void **state)
{
	struct world *world = *state;

	link_to(world, "relative", "a/b/deep");
	link_to(world, "absolute", "/a/b/deep");
	link_to(world, "folder", "/a/b");
	link_to(world, "a/b/up", "../../top");
	link_to(world, "a/b/far-up", "../../../../../../top");
	link_to(world, "chain", "folder/up");
	assert_reads(world->root, "/relative", "deep");
	assert_reads(world->root, "/absolute", "deep");
	assert_reads(world->root, "/folder/deep", "deep");
	assert_reads(world->root, "/folder/../b/deep", "deep"); /* ".." of where it leads */
	assert_reads(world->root, "/a/b/up", "top");
	assert_reads(world->root, "/a/b/far-up", "top");
	assert_reads(world->root, "/chain", "top");
	assert_true(sysroot_is_dir(world->root, "/folder"));
	assert_true(sysroot_is_dir(world->root, "/folder/"));
	assert_fails(world->root, "/relative/", ST_NOT_FOUND, "Not a directory");
}

static void links_do_not_lead_outside(void **state)
{
	struct world *world = *state;
	struct blob blob = BLOB_INIT;

	link_to(world, "out", world->link_text);
	link_to(world, "out-relative", "../outside");
	link_to(world, "a/b/out", "../../../outside");
	link_to(world, "passwd", "/etc/passwd");
	link_to(world, "slash", "/");
	link_to(world, "parent", "..");
	assert_int_equal(access(world->link_text, R_OK), 0); /* it is there to be stolen */
	assert_int_equal(access("/etc/passwd", R_OK), 0);
	assert_fails(world->root, "/out", ST_NOT_FOUND, "No such file");
	assert_fails(world->root, "/out-relative", ST_NOT_FOUND, "No such file");
	assert_fails(world->root, "/a/b/out", ST_NOT_FOUND, "No such file");
	assert_fails(world->root, "/passwd", ST_NOT_FOUND, "No such file");
	assert_fails(world->root, "/slash/etc/passwd", ST_NOT_FOUND, "No such file");
	assert_fails(world->root, "/parent/outside", ST_NOT_FOUND, "No such file");
	assert_reads(world->root, "/slash/parent/slash/top", "top");
	assert_false(sysroot_exists(world->root, "/passwd"));
	assert_false(sysroot_exists(world->root, "/out"));
	assert_null(blob.data);
	/* With a file of that name inside, that one is meant. */
	folder(world, "etc");
	put(world, "etc/passwd", "ours");
	assert_reads(world->root, "/passwd", "ours");
}

static void link_loops_end(void **state)
{
	struct world *world = *state;
	char name[16], target[16];

	link_to(world, "self", "self");
	link_to(world, "ping", "pong");
	link_to(world, "pong", "/ping");
	link_to(world, "longer", "longer/longer");
	assert_fails(world->root, "/self", ST_SYSTEM, "Too many levels of symbolic links");
	assert_fails(world->root, "/ping", ST_SYSTEM, "Too many levels");
	assert_fails(world->root, "/longer", ST_SYSTEM, "Too many levels");
	assert_false(sysroot_exists(world->root, "/self"));
	/* 40 are followed, as the kernel does, and 41 are not. */
	for (int i = 0; i <= 41; i++) {
		snprintf(name, sizeof(name), "link%d", i);
		snprintf(target, sizeof(target), "link%d", i - 1);
		link_to(world, name, i ? target : "top");
	}
	assert_reads(world->root, "/link39", "top");
	assert_fails(world->root, "/link40", ST_SYSTEM, "Too many levels");
}

static void magic_links_are_only_text(void **state)
{
	struct world *world = *state;
	struct sysroot *proc;
	struct err err = ERR_INIT;
	struct blob blob = BLOB_INIT;

	/* /proc itself as a sysroot: "self/root" reads "/", which is /proc again here, whereas
	 * following it would lead to the real root. */
	assert_int_equal(sysroot_new("/proc", &proc, &err), ST_OK);
	assert_int_equal(sysroot_read(proc, "/self/root/version", 4096, &blob, &err), ST_OK);
	assert_true(blob.size > 10);
	blob_done(&blob);
	assert_fails(proc, "/self/root/etc/passwd", ST_NOT_FOUND, "No such file");
	assert_fails(proc, "/self/cwd/passwd", ST_NOT_FOUND, "No such file");
	assert_fails(proc, "/self/exe", ST_NOT_FOUND, "No such file");
	assert_fails(proc, "/self/fd/0", ST_NOT_FOUND, "No such file");
	sysroot_free(proc);
	(void)world;
}

static void nothing_blocks(void **state)
{
	struct world *world = *state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct sysroot *live;
	struct sysroot_file *file;
	struct err err = ERR_INIT;
	char path[1200];
	int fd;

	assert_int_equal(mkfifo(join(path, sizeof(path), world->top, "fifo"), 0644), 0);
	link_to(world, "to-fifo", "fifo");
	assert_fails(world->root, "/fifo", ST_BAD_INPUT, "it is a FIFO");
	assert_fails(world->root, "/to-fifo", ST_BAD_INPUT, "it is a FIFO");
	assert_true(sysroot_exists(world->root, "/fifo"));
	assert_int_equal(sysroot_new(NULL, &live, &err), ST_OK);
	assert_fails(live, path, ST_BAD_INPUT, "it is a FIFO");
	assert_fails(live, "/dev/zero", ST_BAD_INPUT, "it is a character device");
	/* A dump may be on a block device, which only tests with a machine of their own have. */
	assert_int_equal(sysroot_open_dump(live, path, &file, &err), ST_BAD_INPUT);
	assert_int_equal(sysroot_open_dump(live, "/dev/zero", &file, &err), ST_BAD_INPUT);
	assert_non_null(strstr(err.text, "a regular file or a block device is wanted"));
	sysroot_free(live);
	/* A bound socket; its name is short, so bind from inside. */
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_true(fd >= 0);
	assert_int_equal(chdir(world->top), 0);
	strcpy(address.sun_path, "socket");
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(chdir("/"), 0);
	assert_fails(world->root, "/socket", ST_BAD_INPUT, "it is a socket");
	close(fd);
}

static void a_folder_is_no_file_and_the_reverse(void **state)
{
	struct world *world = *state;
	struct err err = ERR_INIT;
	char **names;
	size_t count;

	assert_fails(world->root, "/proc", ST_BAD_INPUT, "it is a directory");
	assert_fails(world->root, "/", ST_BAD_INPUT, "it is a directory");
	assert_int_equal(sysroot_list(world->root, "/top", &names, &count, &err), ST_NOT_FOUND);
	assert_non_null(strstr(err.text, "cannot list /top (in sysroot"));
	assert_true(sysroot_is_dir(world->root, "/"));
	assert_true(sysroot_is_dir(world->root, "/a"));
	assert_false(sysroot_is_dir(world->root, "/top"));
	assert_false(sysroot_is_dir(world->root, "/nothing"));
}

static void the_limit_is_exact(void **state)
{
	struct world *world = *state;
	struct blob blob = BLOB_INIT;
	struct err err = ERR_INIT;
	char path[1200];

	put(world, "ten", "0123456789");
	assert_int_equal(sysroot_read(world->root, "/ten", 10, &blob, &err), ST_OK);
	assert_int_equal(blob.size, 10);
	assert_string_equal((char *)blob.data, "0123456789");
	blob_done(&blob);
	assert_int_equal(sysroot_read(world->root, "/ten", 9, &blob, &err), ST_BAD_INPUT);
	assert_string_equal(err.id, "file-too-large");
	assert_non_null(strstr(err.text, "/ten (in sysroot"));
	assert_non_null(strstr(err.text, "9 bytes"));
	assert_null(blob.data);
	assert_int_equal(sysroot_read(world->root, "/ten", SIZE_MAX, &blob, &err), ST_OK);
	blob_done(&blob);
	/* A hole of a terabyte: not read beyond the limit. */
	assert_int_equal(truncate(join(path, sizeof(path), world->top, "ten"), 1LL << 40), 0);
	assert_int_equal(sysroot_read(world->root, "/ten", 1 << 20, &blob, &err), ST_BAD_INPUT);
	assert_string_equal(err.id, "file-too-large");
	put(world, "empty", "");
	assert_int_equal(sysroot_read(world->root, "/empty", 0, &blob, &err), ST_OK);
	assert_int_equal(blob.size, 0);
	blob_done(&blob);
}

static void files_of_unknown_size_are_read_to_the_end(void **state)
{
	struct sysroot *live;
	struct blob blob = BLOB_INIT;
	struct err err = ERR_INIT;
	struct stat st;

	(void)state;
	/* Longer than any page, and of size 0 for stat(). */
	if (stat("/proc/kallsyms", &st)) {
		print_message("# this kernel has no /proc/kallsyms\n");
		skip();
	}
	assert_int_equal(st.st_size, 0);
	assert_int_equal(sysroot_new("/", &live, &err), ST_OK);
	assert_true(sysroot_is_live(live));
	if (sysroot_read(live, "/proc/kallsyms", 64 << 20, &blob, &err))
		fail_msg("%s", err.text);
	assert_true(blob.size > 65536);
	assert_int_equal(blob.data[blob.size - 1], '\n');
	assert_int_equal(blob.data[blob.size], 0);
	blob_done(&blob);
	/* The limit holds for these too. */
	assert_int_equal(sysroot_read(live, "/proc/kallsyms", 65536, &blob, &err), ST_BAD_INPUT);
	assert_string_equal(err.id, "file-too-large");
	assert_int_equal(sysroot_read(live, "/proc/kallsyms", 100, &blob, &err), ST_BAD_INPUT);
	sysroot_free(live);
}

/* An attribute of sysfs says that it has a page, of 64 KiB on some kernels. */
static void the_bytes_count_and_not_what_stat_says(void **state)
{
	static const off_t claims[] = { 1, 10, 11, 4096, 65536, 1LL << 47, INT64_MAX };
	struct world *world = *state;
	struct sysroot_file *file;
	struct sysroot *live;
	struct blob blob = BLOB_INIT;
	struct err err = ERR_INIT;
	struct stat st;
	uint64_t value;

	put(world, "ten", "1234567890");
	assert_int_equal(sysroot_open(world->root, "/ten", &file, &err), ST_OK);
	for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
		claimed = claims[i];
		assert_reads(world->root, "/ten", "1234567890");
		assert_int_equal(sysroot_read_u64(world->root, "/ten", 10, &value, &err), ST_OK);
		assert_int_equal(value, 1234567890);
		for (size_t max = 9; max <= 12; max++) {
			int wanted = max < 10 ? ST_BAD_INPUT : ST_OK;

			assert_int_equal(
				sysroot_read(world->root, "/ten", max, &blob, &err), wanted);
			assert_int_equal(sysroot_file_read(file, max, &blob, &err), wanted);
			assert_int_equal(sysroot_file_skim(file, max, &blob, &value, &err), wanted);
			if (wanted)
				assert_string_equal(err.id, "file-too-large");
			else
				assert_int_equal(value, 10);
		}
	}
	claimed = 0;
	sysroot_close(file);
	blob_done(&blob);
	/* And one of this machine, with a limit that lies between the two. A chroot to build in may
	 * have no /sys. */
	if (stat("/sys/kernel/uevent_seqnum", &st))
		return;
	assert_true(st.st_size >= 4096);
	assert_int_equal(sysroot_new("/", &live, &err), ST_OK);
	if (sysroot_read(live, "/sys/kernel/uevent_seqnum", 100, &blob, &err))
		fail_msg("%s", err.text);
	assert_true(blob.size > 1 && blob.size <= 21);
	assert_int_equal(
		sysroot_read(live, "/sys/kernel/uevent_seqnum", 1, &blob, &err), ST_BAD_INPUT);
	blob_done(&blob);
	sysroot_free(live);
}

static void skimming_keeps_the_head_only(void **state)
{
	static const size_t sizes[] = { 0, 1, 65535, 65536, 65537, 300000 };
	struct world *world = *state;
	struct blob blob = BLOB_INIT;
	struct err err = ERR_INIT;
	uint8_t bytes[300000];
	char path[1200];
	struct sysroot_file *opened;
	uint64_t size;
	FILE *file;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 31 ^ i >> 8);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t head = sizes[i] < 65536 ? sizes[i] : 65536;

		file = fopen(join(path, sizeof(path), world->top, "skimmed"), "w");
		assert_non_null(file);
		assert_int_equal(fwrite(bytes, 1, sizes[i], file), sizes[i]);
		assert_int_equal(fclose(file), 0);
		assert_int_equal(sysroot_open(world->root, "/skimmed", &opened, &err), ST_OK);
		assert_int_equal(sysroot_file_skim(opened, sizes[i], &blob, &size, &err), ST_OK);
		assert_int_equal(size, sizes[i]);
		assert_int_equal(blob.size, head);
		assert_memory_equal(blob.data, bytes, head);
		assert_int_equal(blob.data[head], 0);
		assert_int_equal(sysroot_file_read(opened, sizes[i], &blob, &err), ST_OK);
		assert_int_equal(blob.size, sizes[i]);
		assert_memory_equal(blob.data, bytes, sizes[i]);
		blob_done(&blob);
		sysroot_close(opened);
	}
	assert_int_equal(sysroot_open(world->root, "/skimmed", &opened, &err), ST_OK);
	assert_int_equal(sysroot_file_skim(opened, 299999, &blob, &size, &err), ST_BAD_INPUT);
	assert_string_equal(err.id, "file-too-large");
	assert_int_equal(sysroot_file_read(opened, 299999, &blob, &err), ST_BAD_INPUT);
	assert_string_equal(err.id, "file-too-large");
	assert_null(blob.data);
	sysroot_close(opened);
}

/* A file is what was opened, whatever its name leads to by now. */
static void an_open_file_stays_the_same(void **state)
{
	struct world *world = *state;
	struct blob blob = BLOB_INIT;
	struct err err = ERR_INIT;
	struct sysroot_file *file;
	char from[1200], to[1200];

	put(world, "first", "first");
	put(world, "second", "second");
	assert_int_equal(sysroot_open(world->root, "/first", &file, &err), ST_OK);
	assert_int_equal(rename(join(from, sizeof(from), world->top, "second"),
				 join(to, sizeof(to), world->top, "first")),
		0);
	assert_int_equal(sysroot_file_read(file, 100, &blob, &err), ST_OK);
	assert_string_equal((const char *)blob.data, "first");
	/* What it holds is what it holds now. */
	assert_int_equal(sysroot_read(world->root, "/first", 100, &blob, &err), ST_OK);
	assert_string_equal((const char *)blob.data, "second");
	sysroot_close(file);
	assert_int_equal(sysroot_open(world->root, "/first", &file, &err), ST_OK);
	assert_int_equal(truncate(to, 3), 0);
	assert_int_equal(sysroot_file_read(file, 100, &blob, &err), ST_OK);
	assert_string_equal((const char *)blob.data, "sec");
	sysroot_close(file);
	blob_done(&blob);
}

static void large_files_are_whole(void **state)
{
	struct world *world = *state;
	size_t size = 3 * 1024 * 1024 + 17;
	struct blob blob = BLOB_INIT;
	struct err err = ERR_INIT;
	uint8_t *bytes = malloc(size);
	char path[1200];
	FILE *file;

	assert_non_null(bytes);
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(i * 31 ^ i >> 8);
	file = fopen(join(path, sizeof(path), world->top, "large"), "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(sysroot_read(world->root, "large", size, &blob, &err), ST_OK);
	assert_int_equal(blob.size, size);
	assert_memory_equal(blob.data, bytes, size);
	blob_done(&blob);
	free(bytes);
}

static void parts_are_read_exactly(void **state)
{
	struct world *world = *state;
	struct sysroot_file *file;
	struct err err = ERR_INIT;
	char buf[8] = "";

	put(world, "ten", "0123456789");
	assert_int_equal(sysroot_open(world->root, "/ten", &file, &err), ST_OK);
	assert_int_equal(sysroot_pread(file, 3, buf, 4, &err), ST_OK);
	assert_string_equal(buf, "3456");
	assert_int_equal(sysroot_pread(file, 6, buf, 4, &err), ST_OK);
	assert_string_equal(buf, "6789");
	assert_int_equal(sysroot_pread(file, 10, buf, 0, &err), ST_OK);
	assert_int_equal(sysroot_pread(file, 7, buf, 4, &err), ST_BAD_INPUT);
	assert_string_equal(err.id, "file-short");
	assert_non_null(strstr(err.text, "/ten (in sysroot"));
	assert_non_null(strstr(err.text, "ends at offset 0xa, 4 bytes at 0x7 are wanted"));
	assert_int_equal(sysroot_pread(file, 1000, buf, 1, &err), ST_BAD_INPUT);
	assert_int_equal(sysroot_pread(file, (uint64_t)INT64_MAX, buf, 1, &err), ST_BAD_INPUT);
	assert_int_equal(sysroot_pread(file, UINT64_MAX, buf, 1, &err), ST_BAD_INPUT);
	assert_int_equal(sysroot_pread(file, UINT64_MAX, buf, 2, &err), ST_BAD_INPUT);
	sysroot_close(file);
	sysroot_close(NULL);
}

static void lists_are_sorted(void **state)
{
	struct world *world = *state;
	struct err err = ERR_INIT;
	unsigned int before;
	char **names;
	char name[32];
	size_t count;

	folder(world, "cpus");
	for (int i = 99; i >= 0; i--) {
		snprintf(name, sizeof(name), "cpus/cpu%02d", i);
		folder(world, name);
	}
	put(world, "cpus/.hidden", "");
	link_to(world, "to-cpus", "/cpus");
	before = open_descriptors();
	assert_int_equal(sysroot_list(world->root, "/to-cpus", &names, &count, &err), ST_OK);
	assert_int_equal(open_descriptors(), before);
	assert_int_equal(count, 101);
	assert_string_equal(names[0], ".hidden");
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "cpu%02d", i);
		assert_string_equal(names[i + 1], name);
	}
	sysroot_free_names(names, count);
	folder(world, "none");
	assert_int_equal(sysroot_list(world->root, "/none", &names, &count, &err), ST_OK);
	assert_int_equal(count, 0);
	sysroot_free_names(names, count);
	assert_int_equal(sysroot_list(world->root, "/nothing", &names, &count, &err), ST_NOT_FOUND);
	link_to(world, "etc-outside", "/etc");
	assert_int_equal(
		sysroot_list(world->root, "/etc-outside", &names, &count, &err), ST_NOT_FOUND);
	assert_int_equal(sysroot_list(world->root, "/..", &names, &count, &err), ST_OK);
	for (size_t i = 0; i < count; i++)
		assert_string_not_equal(names[i], "outside");
	sysroot_free_names(names, count);
}

static void numbers(void **state)
{
	struct world *world = *state;
	struct err err = ERR_INIT;
	uint64_t value = 7;

	put(world, "size", "4194304\n");
	assert_int_equal(sysroot_read_u64(world->root, "/size", 10, &value, &err), ST_OK);
	assert_int_equal(value, 4194304);
	put(world, "size", "8000000");
	assert_int_equal(sysroot_read_u64(world->root, "/size", 16, &value, &err), ST_OK);
	assert_int_equal(value, 0x8000000);
	put(world, "size", " 0x10 \n");
	assert_int_equal(sysroot_read_u64(world->root, "/size", 16, &value, &err), ST_OK);
	assert_int_equal(value, 16);
	value = 7;
	put(world, "size", "12 apples and pears and plums and more of them\n");
	assert_int_equal(sysroot_read_u64(world->root, "/size", 10, &value, &err), ST_BAD_INPUT);
	assert_string_equal(err.id, "file-number");
	assert_non_null(strstr(err.text, "/size (in sysroot"));
	assert_non_null(strstr(err.text, "\"12 apples and pears and plums and more o\"..."));
	assert_non_null(strstr(err.text, "a decimal number"));
	put(world, "size", "");
	assert_int_equal(sysroot_read_u64(world->root, "/size", 16, &value, &err), ST_BAD_INPUT);
	assert_non_null(strstr(err.text, "a hexadecimal number"));
	put(world, "size", "1\n2\n");
	assert_int_equal(sysroot_read_u64(world->root, "/size", 10, &value, &err), ST_BAD_INPUT);
	assert_int_equal(sysroot_read_u64(world->root, "/none", 10, &value, &err), ST_NOT_FOUND);
	assert_int_equal(value, 7);
}

static void facts_of_a_fixture(void **state)
{
	struct world *world = *state;
	struct err err = ERR_INIT;
	const char *value = "untouched";

	put(world, "facts",
		"# a comment\n\n  machine = aarch64 \nrelease=6.12.0=x\nempty=\n"
		"page_size=65536");
	reopen(world);
	assert_int_equal(sysroot_fact(world->root, "machine", &value, &err), ST_OK);
	assert_string_equal(value, "aarch64");
	assert_int_equal(sysroot_fact(world->root, "release", &value, &err), ST_OK);
	assert_string_equal(value, "6.12.0=x");
	assert_int_equal(sysroot_fact(world->root, "page_size", &value, &err), ST_OK);
	assert_string_equal(value, "65536");
	assert_int_equal(sysroot_fact(world->root, "empty", &value, &err), ST_OK);
	assert_string_equal(value, "");
}

static void a_missing_fact_is_never_the_hosts(void **state)
{
	struct world *world = *state;
	struct err err = ERR_INIT;
	const char *value = "untouched";
	char path[1200];

	assert_int_equal(sysroot_fact(world->root, "release", &value, &err), ST_NOT_FOUND);
	assert_string_equal(err.id, "fact-missing");
	assert_non_null(strstr(err.text, "does not say \"release\""));
	assert_non_null(strstr(err.hint, "release=VALUE"));
	assert_int_equal(unlink(join(path, sizeof(path), world->top, "facts")), 0);
	reopen(world);
	assert_int_equal(sysroot_fact(world->root, "machine", &value, &err), ST_NOT_FOUND);
	assert_int_equal(sysroot_fact(world->root, "machine", &value, NULL), ST_NOT_FOUND);
	assert_string_equal(value, "untouched");
}

static void malformed_facts_are_refused(void **state)
{
	static const struct {
		const char *text;
		const char *words;
	} cases[] = {
		{ "machine=a\nrelease\n", "line 2: \"name=value\" is wanted" },
		{ "=x\n", "line 1: \"name=value\" is wanted" },
		{ "a=1\n#\na=2\n", "line 3: this name was given before" },
	};
	struct world *world = *state;
	struct sysroot *root = NULL;
	struct err err = ERR_INIT;
	char path[1200];
	FILE *file;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put(world, "facts", cases[i].text);
		assert_int_equal(sysroot_new(world->top, &root, &err), ST_BAD_INPUT);
		assert_string_equal(err.id, "facts-malformed");
		if (!strstr(err.text, cases[i].words))
			fail_msg("\"%s\" is not in \"%s\"", cases[i].words, err.text);
	}
	file = fopen(join(path, sizeof(path), world->top, "facts"), "w");
	fwrite("a=1\0b\n", 1, 6, file);
	fclose(file);
	assert_int_equal(sysroot_new(world->top, &root, &err), ST_BAD_INPUT);
	unlink(path);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(sysroot_new(world->top, &root, &err), ST_BAD_INPUT);
	assert_int_equal(sysroot_new(world->top, &root, NULL), ST_BAD_INPUT);
	assert_null(root);
}

static void the_live_root_is_the_host(void **state)
{
	struct world *world = *state;
	struct sysroot *live;
	struct utsname uts;
	struct err err = ERR_INIT;
	const char *value;
	char page_size[32];

	assert_int_equal(sysroot_new("/", &live, &err), ST_OK);
	assert_true(sysroot_is_live(live));
	assert_int_equal(uname(&uts), 0);
	assert_int_equal(sysroot_fact(live, "machine", &value, &err), ST_OK);
	assert_string_equal(value, uts.machine);
	assert_int_equal(sysroot_fact(live, "release", &value, &err), ST_OK);
	assert_string_equal(value, uts.release);
	snprintf(page_size, sizeof(page_size), "%ld", sysconf(_SC_PAGESIZE));
	assert_int_equal(sysroot_fact(live, "page_size", &value, &err), ST_OK);
	assert_string_equal(value, page_size);
	assert_reads(live, world->link_text, "secret");
	/* Relative to where the user stands, and links go where they go. */
	link_to(world, "out", world->link_text);
	assert_int_equal(chdir(world->top), 0);
	assert_reads(live, "a/b/deep", "deep");
	assert_reads(live, "../outside", "secret");
	assert_reads(live, "out", "secret");
	assert_fails(live, "/nowhere/at/all", ST_NOT_FOUND,
		"cannot open /nowhere/at/all: No such file or directory");
	assert_true(sysroot_is_dir(live, "a"));
	assert_int_equal(chdir("/"), 0);
	sysroot_free(live);
}

static void a_root_must_be_a_folder(void **state)
{
	struct world *world = *state;
	struct sysroot *root = NULL;
	struct err err = ERR_INIT;
	char path[1200];

	assert_int_equal(sysroot_new("/nowhere/at/all", &root, &err), ST_NOT_FOUND);
	assert_string_equal(
		err.text, "cannot open sysroot /nowhere/at/all: No such file or directory");
	assert_int_equal(sysroot_new(join(path, sizeof(path), world->top, "top"), &root, &err),
		ST_NOT_FOUND);
	assert_int_equal(sysroot_new("", &root, &err), ST_NOT_FOUND);
	assert_null(root);
	sysroot_free(NULL);
}

/* Paths of 4096 bytes and names of 256: errors, not overflows. So are folders deeper than we go,
 * and links that do not fit, which the kernel knows how to follow. */
static void long_paths_are_refused(void **state)
{
	struct world *world = *state;
	char path[6000];
	int at = open(world->top, O_RDONLY | O_DIRECTORY);

	memset(path, 'x', sizeof(path));
	path[256] = '\0';
	assert_fails(world->root, path, ST_SYSTEM, "File name too long");
	memset(path, '/', sizeof(path));
	path[5000] = '\0';
	assert_fails(world->root, path, ST_SYSTEM, "File name too long");
	path[4096] = '\0';
	assert_fails(world->root, path, ST_SYSTEM, "File name too long");
	path[4095] = '\0'; /* all slashes: the top */
	assert_fails(world->root, path, ST_BAD_INPUT, "it is a directory");
	path[0] = '\0';
	for (int i = 0; i < 130; i++) {
		int next;

		assert_int_equal(mkdirat(at, "d", 0755), 0);
		next = openat(at, "d", O_RDONLY | O_DIRECTORY);
		assert_true(next >= 0);
		close(at);
		at = next;
		strcat(path, "/d");
		if (i == 99)
			assert_true(sysroot_is_dir(world->root, path));
	}
	close(at);
	if (kernel_resolves())
		assert_fails(world->root, path, ST_BAD_INPUT, "it is a directory");
	else
		assert_fails(world->root, path, ST_SYSTEM, "File name too long");
	/* A link whose target and rest do not fit together. */
	memset(path, 'y', sizeof(path));
	for (int i = 0; i < 4000; i += 100)
		path[i] = '/';
	path[4000] = '\0';
	link_to(world, "long", path);
	memset(path, '/', 200);
	memcpy(path, "/long", 5);
	path[200] = '\0';
	if (kernel_resolves())
		assert_fails(world->root, path, ST_NOT_FOUND, "No such file");
	else
		assert_fails(world->root, path, ST_SYSTEM, "File name too long");
}

static void denied_is_told_apart(void **state)
{
	struct world *world = *state;
	struct err err = ERR_INIT;
	struct blob blob = BLOB_INIT;
	char path[1200];
	bool root = geteuid() == 0;

	put(world, "locked", "x");
	assert_int_equal(chmod(world->base, 0755), 0);
	assert_int_equal(chmod(join(path, sizeof(path), world->top, "locked"), 0), 0);
	/* Nothing is closed to root: be somebody else for a moment. */
	if (root)
		assert_int_equal(seteuid(65534), 0);
	assert_int_equal(sysroot_read(world->root, "/locked", 10, &blob, &err), ST_DENIED);
	assert_string_equal(err.id, "file-denied");
	assert_non_null(strstr(err.text, "Permission denied"));
	if (root)
		assert_int_equal(seteuid(0), 0);
	assert_null(blob.data);
}

static void lack_of_descriptors_is_told(void **state)
{
	struct world *world = *state;
	struct rlimit limit, low;
	struct err err = ERR_INIT;
	struct blob blob = BLOB_INIT;
	unsigned int before = open_descriptors();
	int status;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	for (rlim_t n = 0; n < 20; n++) {
		low = limit;
		low.rlim_cur = n;
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
		status = sysroot_read(world->root, "/a/b/deep", 10, &blob, &err);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
		assert_int_equal(open_descriptors(), before);
		if (status == ST_OK) {
			assert_true(n > 3);
			blob_done(&blob);
			return;
		}
		assert_int_equal(status, ST_SYSTEM);
		assert_non_null(strstr(err.text, "Too many open files"));
	}
	fail_msg("it never worked");
}

/* One call to find a file and one to open it, however deep it lies. */
static void the_kernel_is_asked_where_it_answers(void **state)
{
	struct world *world = *state;
	bool asked = kernel_resolves();
	unsigned int before = openat2_calls;

	link_to(world, "a/b/up", "../../a/b/deep");
	assert_reads(world->root, "/a/b/up", "deep");
	/* Read, exists, is_dir. */
	assert_int_equal(openat2_calls - before, asked ? 2 + 1 + 1 : 0);
}

/* A rename anywhere on the machine makes the kernel give up on "..". */
static void renames_meanwhile_are_waited_out(void **state)
{
	struct world *world = *state;

	for (unsigned int fails = 0; fails < 12; fails++) {
		if (kernel_resolves()) {
			openat2_errno = EAGAIN;
			openat2_fails = fails;
		}
		assert_reads(world->root, "/a/b/../b/deep", "deep");
	}
}

int main(void)
{
#define TEST(name)                                                                                 \
	cmocka_unit_test_setup_teardown(name, setup, teardown),                                    \
	{                                                                                          \
		"walk_" #name, name, setup_walk, teardown, NULL                                    \
	}
	const struct CMUnitTest tests[] = {
		TEST(files_are_read),
		TEST(what_is_missing_is_said_as_the_user_writes_it),
		TEST(dot_dot_stops_at_the_top),
		TEST(links_stay_inside),
		TEST(links_do_not_lead_outside),
		TEST(link_loops_end),
		TEST(magic_links_are_only_text),
		TEST(nothing_blocks),
		TEST(a_folder_is_no_file_and_the_reverse),
		TEST(the_limit_is_exact),
		TEST(files_of_unknown_size_are_read_to_the_end),
		TEST(the_bytes_count_and_not_what_stat_says),
		TEST(skimming_keeps_the_head_only),
		TEST(an_open_file_stays_the_same),
		TEST(large_files_are_whole),
		TEST(parts_are_read_exactly),
		TEST(lists_are_sorted),
		TEST(numbers),
		TEST(facts_of_a_fixture),
		TEST(a_missing_fact_is_never_the_hosts),
		TEST(malformed_facts_are_refused),
		TEST(the_live_root_is_the_host),
		TEST(a_root_must_be_a_folder),
		TEST(long_paths_are_refused),
		TEST(denied_is_told_apart),
		TEST(lack_of_descriptors_is_told),
		TEST(the_kernel_is_asked_where_it_answers),
		TEST(renames_meanwhile_are_waited_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
