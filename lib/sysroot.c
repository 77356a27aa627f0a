// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lib/checked.h"
#include "lib/cursor.h"
#include "lib/sysroot.h"
#include "lib/sysroot_place.h"

/* The generated files do not say how long they are; ask for a lot at once. */
#define READ_CHUNK ((size_t)64 << 10)
/* Of a file that is copied and has so many bytes, the kernel's cache need not keep a second copy:
 * it is told so each time that another piece has been read. */
#define DROP_BEHIND ((size_t)64 << 20)
#define READ_PIECE  ((size_t)8 << 20)
#define FACTS_MAX   ((size_t)64 << 10)
#define NUMBER_MAX  ((size_t)4096)

struct fact {
	const char *name; /* both point into facts_text */
	const char *value;
};

struct sysroot {
	int fd;	   /* of dir; -1 when live */
	char *dir; /* as the user wrote it; NULL when live */
	enum place_finder finder;
	struct blob facts_text;
	struct fact *facts;
	size_t fact_count;
};

struct sysroot_file {
	int fd;
	char *shown;
};

/* A path as the user would write it, for messages. */
struct shown {
	char text[400];
};

static struct shown show(const struct sysroot *root, const char *path)
{
	struct shown shown;

	if (root->dir)
		snprintf(shown.text, sizeof(shown.text), "%.200s (in sysroot %.150s)", path,
			root->dir);
	else
		snprintf(shown.text, sizeof(shown.text), "%.380s", path);
	return shown;
}

static int fail_shown(const char *verb, const char *shown, int errnum, struct err *err)
{
	switch (errnum) {
	case ENOENT:
	case ENOTDIR:
		return err_set_errno(
			err, ST_NOT_FOUND, "file-not-found", errnum, "cannot %s %s", verb, shown);
	case EACCES:
	case EPERM:
		return err_set_errno(
			err, ST_DENIED, "file-denied", errnum, "cannot %s %s", verb, shown);
	case ENOMEM:
		return err_set_errno(
			err, ST_NO_MEMORY, "out-of-memory", errnum, "cannot %s %s", verb, shown);
	default:
		return err_set_errno(
			err, ST_SYSTEM, "file-error", errnum, "cannot %s %s", verb, shown);
	}
}

static int fail(
	const struct sysroot *root, const char *verb, const char *path, int errnum, struct err *err)
{
	int status = fail_shown(verb, show(root, path).text, errnum, err);

	if (status == ST_DENIED && err && sysroot_is_live(root) && geteuid() != 0)
		err_hint(err, "run as root");
	return status;
}

static const char *type_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return "a directory";
	case S_IFIFO:
		return "a FIFO";
	case S_IFSOCK:
		return "a socket";
	case S_IFCHR:
		return "a character device";
	case S_IFBLK:
		return "a block device";
	default:
		return "no regular file";
	}
}

/* What will do beside a regular file. */
enum device { DEVICE_NONE, DEVICE_BLOCK, DEVICE_MEMORY };

static int check_type(const struct sysroot *root, const char *path, mode_t mode, enum device device,
	struct err *err)
{
	struct shown shown;

	if (S_ISREG(mode) || (device == DEVICE_BLOCK && S_ISBLK(mode)) ||
		(device == DEVICE_MEMORY && S_ISCHR(mode)))
		return ST_OK;
	shown = show(root, path);
	return err_set(err, ST_BAD_INPUT, "file-type",
		"cannot read %s: it is %s, a regular file%s is wanted", shown.text, type_name(mode),
		device == DEVICE_BLOCK ? " or a block device" : "");
}

static int open_file(const struct sysroot *root, const char *path, enum device device, int *ret_fd,
	off_t *ret_size, struct err *err)
{
	struct place place;
	struct stat st;
	int errnum, status;
	int fd = -1;

	errnum = place_find(root->finder, root->fd, path, &place);
	/* Look before opening: opening alone does things to some devices (a watchdog). */
	if (!errnum && place_stat(&place, &st))
		errnum = errno;
	if (!errnum) {
		status = check_type(root, path, st.st_mode, device, err);
		if (status) {
			place_done(&place);
			return status;
		}
		fd = place_open(&place, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (fd < 0)
			errnum = errno;
	}
	place_done(&place);
	if (errnum)
		return fail(root, "open", path, errnum, err);
	/* And again: it may be another file by now. */
	if (fstat(fd, &st)) {
		status = fail(root, "open", path, errno, err);
		close(fd);
		return status;
	}
	status = check_type(root, path, st.st_mode, device, err);
	if (status) {
		close(fd);
		return status;
	}
	*ret_fd = fd;
	*ret_size = st.st_size;
	return ST_OK;
}

/*
 * A way to take in an open file of about so many bytes, 0 when that is not known. *ret_size is how
 * many there were, and more than max as soon as that is known. Returns 0 or an errno.
 */
typedef int reader_fn(int fd, size_t expected, size_t max, struct blob *blob, uint64_t *ret_size);

/* Read to the end, which only a read of nothing shows. The bytes are a private copy, which does
 * not change with the file; lib/sysroot_hold.c maps, where that does not either. */
static int read_all(int fd, size_t expected, size_t max, struct blob *blob, uint64_t *ret_size)
{
	size_t room_max, want;
	ssize_t n;

	/* One byte behind the limit tells a file of max bytes from a larger one. */
	if (!add_size(max, 1, &room_max))
		room_max = max;
	if (!add_size(expected, 1, &want) || want < READ_CHUNK)
		want = READ_CHUNK;
	for (;;) {
		if (want > room_max)
			want = room_max;
		if (blob_reserve(blob, want))
			return ENOMEM;
		n = read(fd, blob->data + blob->size,
			want - blob->size < READ_PIECE ? want - blob->size : READ_PIECE);
		if (n < 0) {
			if (errno == EINTR)
				continue;
			return errno;
		}
		if (n == 0)
			break;
		blob->size += (size_t)n;
		if (expected >= DROP_BEHIND)
			posix_fadvise(fd, 0, (off_t)blob->size, POSIX_FADV_DONTNEED);
		if (blob->size > max)
			break;
		if (blob->size == want && (want == room_max || !mul_size(want, 2, &want)))
			break;
	}
	*ret_size = blob->size;
	return 0;
}

/* The first chunk stays, all others come to the same place behind it. */
static int skim_all(int fd, size_t expected, size_t max, struct blob *blob, uint64_t *ret_size)
{
	ssize_t n;

	(void)expected;
	*ret_size = 0;
	if (blob_reserve(blob, 2 * READ_CHUNK))
		return ENOMEM;
	while (*ret_size <= max) {
		n = read(fd, blob->data + blob->size,
			blob->size < READ_CHUNK ? READ_CHUNK - blob->size : READ_CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (n == 0)
			break;
		*ret_size += (uint64_t)n;
		if (blob->size < READ_CHUNK)
			blob->size += (size_t)n;
	}
	return 0;
}

/* Count the bytes that there are to read, at most a few more than max, and keep none of them. */
static int count_all(int fd, size_t max, uint64_t *ret_size)
{
	struct blob head = BLOB_INIT;
	int errnum = skim_all(fd, 0, max, &head, ret_size);

	blob_done(&head);
	if (!errnum && lseek(fd, 0, SEEK_SET) < 0)
		errnum = errno;
	return errnum;
}

/*
 * said is how many bytes stat() says it has; shown is the path for messages. The bytes count, not
 * what is said of them: an attribute of sysfs claims a page, be it of 64 KiB for two digits.
 */
static int take_in(int fd, off_t said, const char *shown, size_t max, reader_fn *reader,
	struct blob *ret, uint64_t *ret_size, struct err *err)
{
	struct blob blob = BLOB_INIT;
	uint64_t size = said > 0 ? (uint64_t)said : 0;
	int errnum = 0;

	if (size > max)
		errnum = count_all(fd, max, &size);
	if (!errnum && size <= max)
		errnum = reader(fd, (size_t)size, max, &blob, &size);
	if (errnum || size > max)
		blob_done(&blob);
	if (errnum)
		return fail_shown("read", shown, errnum, err);
	if (size > max)
		return err_set(err, ST_BAD_INPUT, "file-too-large",
			"cannot read %s: it has more than the %zu bytes allowed", shown, max);
	blob.data[blob.size] = 0;
	blob_trim(&blob);
	blob_done(ret);
	*ret = blob;
	*ret_size = size;
	return ST_OK;
}

int sysroot_read(
	const struct sysroot *root, const char *path, size_t max, struct blob *ret, struct err *err)
{
	uint64_t size;
	off_t said;
	int fd, status = open_file(root, path, DEVICE_NONE, &fd, &said, err);

	if (status)
		return status;
	status = take_in(fd, said, show(root, path).text, max, read_all, ret, &size, err);
	close(fd);
	return status;
}

static int open_parts(const struct sysroot *root, const char *path, enum device device,
	struct sysroot_file **ret, struct err *err)
{
	struct sysroot_file *file;
	off_t size;
	int fd, status = open_file(root, path, device, &fd, &size, err);

	if (status)
		return status;
	file = malloc(sizeof(*file));
	if (file)
		file->shown = strdup(show(root, path).text);
	if (!file || !file->shown) {
		free(file);
		close(fd);
		return err_no_memory(err);
	}
	file->fd = fd;
	*ret = file;
	return ST_OK;
}

int sysroot_open(
	const struct sysroot *root, const char *path, struct sysroot_file **ret, struct err *err)
{
	return open_parts(root, path, DEVICE_NONE, ret, err);
}

/* A device in the folder of a sysroot would be one of this machine: a way out. */
int sysroot_open_dump(
	const struct sysroot *root, const char *path, struct sysroot_file **ret, struct err *err)
{
	return open_parts(root, path, sysroot_is_live(root) ? DEVICE_BLOCK : DEVICE_NONE, ret, err);
}

int sysroot_open_memory(const struct sysroot *root, struct sysroot_file **ret, struct err *err)
{
	return open_parts(
		root, "/dev/mem", sysroot_is_live(root) ? DEVICE_MEMORY : DEVICE_NONE, ret, err);
}

static int take_in_anew(struct sysroot_file *file, size_t max, reader_fn *reader, struct blob *ret,
	uint64_t *ret_size, struct err *err)
{
	struct stat st;

	if (lseek(file->fd, 0, SEEK_SET) < 0 || fstat(file->fd, &st))
		return fail_shown("read", file->shown, errno, err);
	return take_in(file->fd, st.st_size, file->shown, max, reader, ret, ret_size, err);
}

int sysroot_file_read(struct sysroot_file *file, size_t max, struct blob *ret, struct err *err)
{
	uint64_t size;

	return take_in_anew(file, max, read_all, ret, &size, err);
}

int sysroot_file_skim(struct sysroot_file *file, size_t max, struct blob *ret, uint64_t *ret_size,
	struct err *err)
{
	return take_in_anew(file, max, skim_all, ret, ret_size, err);
}

int sysroot_pread(
	struct sysroot_file *file, uint64_t offset, void *buf, size_t size, struct err *err)
{
	uint8_t *to = buf;
	size_t done = 0;
	uint64_t end;
	ssize_t n = 0;

	if (!add_u64(offset, size, &end) || end > INT64_MAX)
		return err_set(err, ST_BAD_INPUT, "file-short",
			"%s: no file has bytes at offset %#llx", file->shown,
			(unsigned long long)offset);
	while (done < size) {
		n = pread(file->fd, to + done, size - done, (off_t)(offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	if (done == size)
		return ST_OK;
	if (n == 0)
		return err_set(err, ST_BAD_INPUT, "file-short",
			"%s ends at offset %#llx, %zu bytes at %#llx are wanted", file->shown,
			(unsigned long long)(offset + done), size, (unsigned long long)offset);
	return err_set_errno(err, errno == EACCES || errno == EPERM ? ST_DENIED : ST_SYSTEM,
		errno == EACCES || errno == EPERM ? "file-denied" : "file-error", errno,
		"cannot read %s at offset %#llx", file->shown, (unsigned long long)offset);
}

void sysroot_close(struct sysroot_file *file)
{
	if (!file)
		return;
	close(file->fd);
	free(file->shown);
	free(file);
}

int sysroot_fd(const struct sysroot_file *file)
{
	return file->fd;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct names {
	char **names;
	size_t count;
	size_t capacity;
};

static int names_add(void *context, const char *name)
{
	struct names *list = context;
	size_t capacity, bytes;
	char **names;

	if (list->count == list->capacity) {
		if (!mul_size(list->capacity ? list->capacity : 16, 2, &capacity) ||
			!mul_size(capacity, sizeof(*names), &bytes))
			return ENOMEM;
		names = realloc(list->names, bytes);
		if (!names)
			return ENOMEM;
		list->names = names;
		list->capacity = capacity;
	}
	list->names[list->count] = strdup(name);
	if (!list->names[list->count])
		return ENOMEM;
	list->count++;
	return 0;
}

int sysroot_list(const struct sysroot *root, const char *path, char ***ret, size_t *ret_count,
	struct err *err)
{
	struct names list = { .names = NULL };
	struct place place;
	int errnum;

	errnum = place_find(root->finder, root->fd, path, &place);
	if (!errnum)
		errnum = place_list(&place, names_add, &list);
	place_done(&place);
	if (errnum) {
		sysroot_free_names(list.names, list.count);
		return fail(root, "list", path, errnum, err);
	}
	if (list.count)
		qsort(list.names, list.count, sizeof(*list.names), compare_names);
	*ret = list.names;
	*ret_count = list.count;
	return ST_OK;
}

void sysroot_free_names(char **names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

static bool stat_path(const struct sysroot *root, const char *path, struct stat *ret_st)
{
	struct place place;
	bool found;

	found = place_find(root->finder, root->fd, path, &place) == 0 &&
		place_stat(&place, ret_st) == 0;
	place_done(&place);
	return found;
}

bool sysroot_exists(const struct sysroot *root, const char *path)
{
	struct stat st;

	return stat_path(root, path, &st);
}

bool sysroot_is_dir(const struct sysroot *root, const char *path)
{
	struct stat st;

	return stat_path(root, path, &st) && S_ISDIR(st.st_mode);
}

int sysroot_read_text(
	const struct sysroot *root, const char *path, size_t max, struct blob *ret, struct err *err)
{
	int status = sysroot_read(root, path, max, ret, err);
	struct shown shown;

	if (status)
		return status;
	status = text_clean(ret, err);
	if (status) {
		shown = show(root, path);
		err_prefix(err, "%s", shown.text);
		blob_done(ret);
	}
	return status;
}

int sysroot_read_u64(
	const struct sysroot *root, const char *path, int base, uint64_t *ret, struct err *err)
{
	struct blob text = BLOB_INIT;
	struct shown shown;
	struct span line;
	uint64_t value;
	int status;

	status = sysroot_read_text(root, path, NUMBER_MAX, &text, err);
	if (status)
		return status;
	line = span_trim(blob_span(&text));
	if (span_number(line, base, &value)) {
		*ret = value;
	} else {
		shown = show(root, path);
		status = err_set(err, ST_BAD_INPUT, "file-number",
			"%s holds \"%.*s\"%s, a %s number of at most 64 bits is wanted", shown.text,
			(int)(line.size > 40 ? 40 : line.size),
			line.size ? (const char *)line.data : "", line.size > 40 ? "..." : "",
			base == 16 ? "hexadecimal" : "decimal");
	}
	blob_done(&text);
	return status;
}

static int facts_bad(const struct sysroot *root, size_t line, const char *what, struct err *err)
{
	struct shown shown = show(root, "facts");

	return err_set(
		err, ST_BAD_INPUT, "facts-malformed", "%s line %zu: %s", shown.text, line, what);
}

static const char *facts_find(const struct sysroot *root, const char *name)
{
	for (size_t i = 0; i < root->fact_count; i++) {
		if (strcmp(root->facts[i].name, name) == 0)
			return root->facts[i].value;
	}
	return NULL;
}

/* Make a C string of a part of the facts, in place: a separator stood behind it. */
static const char *facts_string(struct sysroot *root, struct span text)
{
	char *string = (char *)root->facts_text.data + (text.data - root->facts_text.data);

	string[text.size] = '\0';
	return string;
}

static int facts_parse(struct sysroot *root, struct err *err)
{
	struct cursor cursor = cursor_over(blob_span(&root->facts_text));
	struct span line, name, rest;
	struct fact *facts;

	while (cursor_line(&cursor, &line)) {
		rest = span_trim(line);
		if (rest.size == 0 || rest.data[0] == '#')
			continue;
		if (!span_take_until(&rest, '=', &name) || span_trim(name).size == 0)
			return facts_bad(root, cursor.line, "\"name=value\" is wanted", err);
		facts = realloc(root->facts, (root->fact_count + 1) * sizeof(*facts));
		if (!facts)
			return err_no_memory(err);
		root->facts = facts;
		name = span_trim(name);
		rest = span_trim(rest);
		facts[root->fact_count].name = facts_string(root, name);
		facts[root->fact_count].value = rest.size ? facts_string(root, rest) : "";
		if (facts_find(root, facts[root->fact_count].name))
			return facts_bad(root, cursor.line, "this name was given before", err);
		root->fact_count++;
	}
	return ST_OK;
}

/* The facts of the running system, written as the file would say them. */
static int facts_of_host(struct blob *ret, struct err *err)
{
	struct utsname uts;
	long page_size;
	char text[256];
	int length;

	page_size = sysconf(_SC_PAGESIZE);
	if (uname(&uts) || page_size <= 0)
		return err_set_errno(err, ST_SYSTEM, "uname-failed", errno,
			"cannot tell machine, release and page size");
	length = snprintf(text, sizeof(text), "machine=%s\nrelease=%s\npage_size=%ld\n",
		uts.machine, uts.release, page_size);
	if (blob_append(ret, text, (size_t)length))
		return err_no_memory(err);
	return ST_OK;
}

int sysroot_new(const char *dir, struct sysroot **ret, struct err *err)
{
	struct sysroot *root = calloc(1, sizeof(*root));
	struct err quiet = ERR_INIT;
	int status;

	if (!root)
		return err_no_memory(err);
	root->fd = -1;
	root->finder = PLACE_LIVE;
	if (!dir || strcmp(dir, "/") == 0) {
		status = facts_of_host(&root->facts_text, err);
	} else {
		root->fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (root->fd < 0) {
			status = fail(root, "open sysroot", dir, errno, err);
			goto failed;
		}
		root->finder = place_finder(root->fd);
		root->dir = strdup(dir);
		if (!root->dir) {
			status = err_no_memory(err);
			goto failed;
		}
		status = sysroot_read_text(root, "facts", FACTS_MAX, &root->facts_text, &quiet);
		if (status == ST_NOT_FOUND)
			status = ST_OK;
		else if (status && err)
			*err = quiet;
	}
	if (!status)
		status = facts_parse(root, err);
	if (status)
		goto failed;
	*ret = root;
	return ST_OK;

failed:
	sysroot_free(root);
	return status;
}

void sysroot_free(struct sysroot *root)
{
	if (!root)
		return;
	if (root->fd >= 0)
		close(root->fd);
	free(root->dir);
	free(root->facts);
	blob_done(&root->facts_text);
	free(root);
}

bool sysroot_is_live(const struct sysroot *root)
{
	return root->fd < 0;
}

int sysroot_fact(const struct sysroot *root, const char *name, const char **ret, struct err *err)
{
	const char *value = facts_find(root, name);

	if (!value) {
		struct shown shown = show(root, "facts");

		err_set(err, ST_NOT_FOUND, "fact-missing", "%s does not say \"%s\"", shown.text,
			name);
		if (err && root->dir)
			err_hint(err, "add a line \"%s=VALUE\" to %s/facts", name, root->dir);
		return ST_NOT_FOUND;
	}
	*ret = value;
	return ST_OK;
}
