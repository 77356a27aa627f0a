/* SPDX-License-Identifier: GPL-2.0-only */
/* Can this CPU run a kernel with other pages than the running one has? */
#ifndef KEXEC_CMD_PAGE_SIZE_H
#define KEXEC_CMD_PAGE_SIZE_H

#include "kexec/image/image.h"
#include "kexec/syscall/syscall_ops.h"
#include "kexec/system/machine.h"
#include "lib/err.h"

/*
 * A CPU without the page size of an arm64 kernel stops in that kernel's first instructions. User
 * space may not read the register that tells, but the kernel's kexec_file_load(2) looks there. So
 * it is offered an image that it refuses in any case, for one reason or the other. Nothing is
 * changed, and nothing is asked when the page size is that of the running kernel or when loads
 * are counted. ST_UNSUPPORTED when the CPU lacks the size; ST_OK also when that cannot be told.
 */
int check_page_size(const struct machine *machine, const struct image *image,
	const struct syscall_ops *ops, struct err *err);

#endif
