// SPDX-License-Identifier: GPL-2.0-only
#include "lib/sysroot_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The C library knows the number where the kernel's headers are new enough to have this one. */
#ifdef SYS_openat2
#include <linux/openat2.h>
#endif

/* As many as the kernel follows (MAXSYMLINKS in include/linux/namei.h). */
#define LINKS_MAX 40
/* Each folder on the way down is one open descriptor. */
#define DEPTH_MAX 128
/* How often openat2() may say that something was renamed while it looked at a "..". */
#define AGAIN_MAX 16

/* What the kernel finds inside the folder root_fd, "/" and ".." at its top being itself. */
static int open_inside(int root_fd, const char *path, int flags)
{
#ifdef SYS_openat2
	struct open_how how = {
		/* As the C library does for openat() on 32 bits; with O_PATH it is refused. */
		.flags = (uint64_t)(flags & O_PATH ? flags : flags | O_LARGEFILE),
		/* A link of /proc that is more than its text leads anywhere. */
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd = -1;

	for (int i = 0; i < AGAIN_MAX; i++) {
		fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return (int)fd;
#else
	(void)root_fd;
	(void)path;
	(void)flags;
	errno = ENOSYS;
	return -1;
#endif
}

enum place_finder place_finder(int root_fd)
{
	int fd = open_inside(root_fd, ".", O_PATH | O_CLOEXEC);

	if (fd < 0)
		return PLACE_WALK;
	close(fd);
	return PLACE_KERNEL;
}

/* The folders from the root of the sysroot down to where the walk is; fds[0] is borrowed. */
struct trail {
	int fds[DEPTH_MAX];
	size_t depth;
};

static void trail_up(struct trail *trail)
{
	if (trail->depth)
		close(trail->fds[trail->depth--]);
}

static void trail_to_root(struct trail *trail)
{
	while (trail->depth)
		trail_up(trail);
}

static int trail_down(struct trail *trail, int fd)
{
	if (trail->depth + 1 == DEPTH_MAX) {
		close(fd);
		return ENAMETOOLONG;
	}
	trail->fds[++trail->depth] = fd;
	return 0;
}

/* Put the target of the link fd in front of what is left to walk (a tail of buf). */
static int splice_link(int fd, char buf[PATH_MAX], const char *left)
{
	char target[PATH_MAX];
	size_t left_size = strlen(left) + 1;
	ssize_t n = readlinkat(fd, "", target, sizeof(target));

	if (n < 0)
		return errno;
	if (n == 0)
		return ENOENT;
	if ((size_t)n + left_size > PATH_MAX)
		return ENAMETOOLONG;
	memmove(buf + n, left, left_size);
	memcpy(buf, target, (size_t)n);
	return 0;
}

/*
 * Walk path inside the sysroot. Only this function decides what a name means: the kernel is
 * asked for one component at a time, never follows a link, and never sees "..", so that a
 * folder moved away under us cannot lead outside either. Returns 0 or an errno.
 */
static int walk(struct trail *trail, const char *path, struct place *ret)
{
	char buf[PATH_MAX];
	char *left = buf;
	unsigned int links = 0;
	struct stat st;
	int errnum, fd;
	size_t size;

	if (path[0] == '\0')
		return ENOENT;
	if (strlen(path) >= sizeof(buf))
		return ENAMETOOLONG;
	strcpy(buf, path);
	for (;;) {
		left += strspn(left, "/");
		size = strcspn(left, "/");
		if (size == 0) {
			strcpy(ret->buf, ".");
			return 0;
		}
		if (size > NAME_MAX)
			return ENAMETOOLONG;
		memcpy(ret->buf, left, size);
		ret->buf[size] = '\0';
		left += size;
		if (strcmp(ret->buf, ".") == 0)
			continue;
		if (strcmp(ret->buf, "..") == 0) {
			trail_up(trail);
			continue;
		}
		fd = openat(trail->fds[trail->depth], ret->buf, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return errno;
		if (fstat(fd, &st)) {
			errnum = errno;
			close(fd);
			return errnum;
		}
		if (S_ISDIR(st.st_mode)) {
			errnum = trail_down(trail, fd);
			if (errnum)
				return errnum;
			continue;
		}
		if (!S_ISLNK(st.st_mode)) {
			close(fd);
			return *left ? ENOTDIR : 0;
		}
		errnum = ++links > LINKS_MAX ? ELOOP : splice_link(fd, buf, left);
		close(fd);
		if (errnum)
			return errnum;
		left = buf;
		if (buf[0] == '/')
			trail_to_root(trail);
	}
}

static int find_by_walk(int root_fd, const char *path, struct place *ret)
{
	struct trail trail;
	int errnum;

	ret->finder = PLACE_WALK;
	ret->name = ret->buf;
	trail.fds[0] = root_fd;
	trail.depth = 0;
	errnum = walk(&trail, path, ret);
	if (errnum == 0) {
		ret->dirfd = trail.fds[trail.depth];
		if (trail.depth) {
			trail.depth--;
			ret->owned = true;
		}
	}
	trail_to_root(&trail);
	return errnum;
}

int place_find(enum place_finder finder, int root_fd, const char *path, struct place *ret)
{
	*ret = (struct place){ .finder = finder, .dirfd = AT_FDCWD, .name = path, .fd = -1 };
	if (finder == PLACE_LIVE)
		return 0;
	if (finder == PLACE_WALK)
		return find_by_walk(root_fd, path, ret);
	ret->dirfd = root_fd;
	ret->fd = open_inside(root_fd, path, O_PATH | O_CLOEXEC);
	if (ret->fd >= 0)
		return 0;
	if (errno == ENOENT || errno == ENOTDIR || errno == EACCES)
		return errno;
	/* To the kernel a magic link is an error. It is text here, as it is in a copy of /proc. */
	return find_by_walk(root_fd, path, ret);
}

void place_done(struct place *place)
{
	if (place->owned)
		close(place->dirfd);
	if (place->fd >= 0)
		close(place->fd);
	place->owned = false;
	place->fd = -1;
}

int place_stat(const struct place *place, struct stat *ret)
{
	if (place->finder == PLACE_KERNEL)
		return fstat(place->fd, ret);
	return fstatat(place->dirfd, place->name, ret,
		place->finder == PLACE_WALK ? AT_SYMLINK_NOFOLLOW : 0);
}

int place_open(const struct place *place, int flags)
{
	if (place->finder == PLACE_KERNEL)
		return open_inside(place->dirfd, place->name, flags);
	return openat(
		place->dirfd, place->name, flags | (place->finder == PLACE_WALK ? O_NOFOLLOW : 0));
}

int place_list(const struct place *place, place_name_fn *take, void *context)
{
	int fd = place_open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int errnum = 0;

	if (!dir) {
		errnum = errno;
		if (fd >= 0)
			close(fd);
		return errnum;
	}
	while (!errnum) {
		errno = 0;
		entry = readdir(dir);
		if (!entry) {
			errnum = errno;
			break;
		}
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			errnum = take(context, entry->d_name);
	}
	closedir(dir);
	return errnum;
}
