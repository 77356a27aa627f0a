// SPDX-License-Identifier: GPL-2.0-only
#include "lib/memfd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)

/* include/uapi/linux/memfd.h, since 6.3. Kernels with vm.memfd_noexec=2 want it. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

static int create(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd;
}

static bool write_all(int fd, struct span bytes)
{
	size_t done = 0;

	while (done < bytes.size) {
		ssize_t n = write(fd, bytes.data + done, bytes.size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

int memfd_sealed(const char *name, struct span bytes, int *ret, struct err *err)
{
	int fd = create(name), status;

	if (fd >= 0 && write_all(fd, bytes) && fcntl(fd, F_ADD_SEALS, SEALS) == 0) {
		*ret = fd;
		return ST_OK;
	}
	status = err_set_errno(err, errno == ENOMEM || errno == ENOSPC ? ST_NO_MEMORY : ST_SYSTEM,
		"memfd-failed", errno, "cannot put %zu bytes into memory (%s)", bytes.size, name);
	if (fd >= 0)
		close(fd);
	return status;
}
