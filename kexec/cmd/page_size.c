// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/cmd/page_size.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "kexec/arch/arch.h"
#include "kexec/syscall/kexec_file_load.h"
#include "lib/memfd.h"

/* The answer to an image with such pages; 0 when it could not be offered. */
static int offer(const struct arch_ops *arch, uint64_t page_size, const struct syscall_ops *ops)
{
	uint8_t image[ARCH_PROBE_SIZE];
	const struct span bytes = { image, sizeof(image) };
	int fd, errnum;

	arch->make_page_size_probe(page_size, image);
	if (memfd_sealed("probe", bytes, &fd, NULL))
		return 0;
	errnum = kexec_file_probe(ops, fd);
	close(fd);
	return errnum;
}

int check_page_size(const struct machine *machine, const struct image *image,
	const struct syscall_ops *ops, struct err *err)
{
	const struct arch_ops *arch = arch_find(machine->name);

	if (!image->page_size || image->page_size == machine->page_size || !arch ||
		!arch->make_page_size_probe || machine->state.load_limit_reboot != LOAD_LIMIT_NONE)
		return ST_OK;
	/* EINVAL has many reasons: the same image with pages that the CPU does have tells whether
	 * it is this one. */
	if (offer(arch, image->page_size, ops) != EINVAL ||
		offer(arch, machine->page_size, ops) != EADDRNOTAVAIL)
		return ST_OK;
	err_set(err, ST_UNSUPPORTED, "image-page-size",
		"the kernel was built for pages of %" PRIu64 " KiB, which this CPU does not have",
		image->page_size >> 10);
	return err_hint(err, "use a kernel for pages of %" PRIu64 " KiB, as the running one",
		machine->page_size >> 10);
}
