// SPDX-License-Identifier: GPL-2.0-only
#include "lib/sysroot_hold.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>

/* include/uapi/asm-generic/mman-common.h, since 5.14. */
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

/* What a file system must be for a lease to mean something: nobody else's. The numbers are those
 * of include/uapi/linux/magic.h and of the file systems' own headers. */
static const uint32_t own_file_systems[] = {
	0x0000ef53, /* ext2, ext3, ext4 */
	0x58465342, /* xfs */
	0x9123683e, /* btrfs */
	0xf2f52010, /* f2fs */
	0x01021994, /* tmpfs */
	0x858458f6, /* ramfs: the initramfs */
	0x00004d44, /* vfat: the EFI system partition */
	0x2011bab0, /* exfat */
	0x73717368, /* squashfs */
	0xe0f5e1e2, /* erofs */
	0x00009660, /* iso9660 */
	0xca451a4e, /* bcachefs */
};

static bool is_own(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs))
		return false;
	for (size_t i = 0; i < sizeof(own_file_systems) / sizeof(own_file_systems[0]); i++)
		if ((uint32_t)fs.f_type == own_file_systems[i])
			return true;
	return false;
}

/* A break is told by a signal, which would be SIGIO, and end the program. One that is ignored
 * unless somebody asks for it does as well: it is looked for, not waited for. */
static int take_lease(int fd)
{
	if (!is_own(fd))
		return EOPNOTSUPP;
	if (fcntl(fd, F_SETSIG, SIGURG) || fcntl(fd, F_SETLEASE, F_RDLCK))
		return errno;
	return 0;
}

/* Returns 0 or an errno. An empty file has nothing to map. What cannot be read shows here, and is
 * read in the other way then, which says more; later it would be a signal. */
static int map(int fd, size_t max, struct held *held)
{
	struct stat st;
	int errnum;
	void *at;

	/* Only from here on it stays as large as it is. */
	if (fstat(fd, &st))
		return errno;
	if (st.st_size <= 0 || (uint64_t)st.st_size > max)
		return EINVAL;
	at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return errno;
	if (madvise(at, (size_t)st.st_size, MADV_POPULATE_READ)) {
		errnum = errno;
		munmap(at, (size_t)st.st_size);
		return errnum;
	}
	held->map = at;
	held->bytes = (struct span){ at, (size_t)st.st_size };
	return 0;
}

static bool hold_by_lease(int fd, size_t max, struct held *held)
{
	int errnum = take_lease(fd);

	if (errnum) {
		/* EINVAL: a kernel without CONFIG_FILE_LOCKING, or a file system without leases. */
		snprintf(held->why_copied, sizeof(held->why_copied), "no read lease: %s",
			errnum == EINVAL ? "there are none here" : strerror(errnum));
		return false;
	}
	errnum = map(fd, max, held);
	if (errnum) {
		fcntl(fd, F_SETLEASE, F_UNLCK);
		snprintf(held->why_copied, sizeof(held->why_copied), "it cannot be mapped: %s",
			strerror(errnum));
		return false;
	}
	held->lease = fd;
	return true;
}

int sysroot_hold(
	struct sysroot_file *file, size_t max, bool copy, struct held *ret, struct err *err)
{
	struct held held = HELD_INIT;
	int status;

	if (copy)
		strcpy(held.why_copied, "asked for");
	else if (hold_by_lease(sysroot_fd(file), max, &held)) {
		*ret = held;
		return ST_OK;
	}
	status = sysroot_file_read(file, max, &held.copy, err);
	if (status)
		return status;
	held.bytes = blob_span(&held.copy);
	*ret = held;
	return ST_OK;
}

bool held_is_asked_for(const struct held *held)
{
	/* A lease that is being broken, or is broken, reads as what it is to become. */
	return held->lease >= 0 && fcntl(held->lease, F_GETLEASE) != F_RDLCK;
}

void held_done(struct held *held)
{
	if (held->lease >= 0) {
		munmap(held->map, held->bytes.size);
		fcntl(held->lease, F_SETLEASE, F_UNLCK);
	}
	blob_done(&held->copy);
	*held = (struct held)HELD_INIT;
}
