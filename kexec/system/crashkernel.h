/* SPDX-License-Identifier: GPL-2.0-only */
/* crashkernel= on a kernel's command line, as the kernel reads it (kernel/crash_reserve.c;
 * Documentation/admin-guide/kdump/kdump.rst). */
#ifndef KEXEC_SYSTEM_CRASHKERNEL_H
#define KEXEC_SYSTEM_CRASHKERNEL_H

#include <stdint.h>

#include "lib/bytes.h"

/*
 * The value that counts: that of the last crashkernel= without ",high", ",low" or ",cma", else of
 * the last one with ",high", else of any. The kernel looks for the letters "crashkernel=", so they
 * count wherever they stand: behind "--", in quotes, at the end of another name. Borrowed from
 * line; empty when there is none.
 */
struct span crashkernel_value(const char *line);

enum crashkernel_verdict {
	CRASHKERNEL_FITS, /* nothing in the value says why it was not done */
	CRASHKERNEL_NOT_UNDERSTOOD,
	CRASHKERNEL_NO_RANGE, /* it names amounts of memory, and none is that of this machine */
	CRASHKERNEL_ZERO,
	CRASHKERNEL_TOO_LARGE, /* more than the machine has */
	CRASHKERNEL_COMPANION, /* ",low" or ",cma" alone, which only goes with another one */
};

/* What comes of value, which is not empty, on a machine with so many bytes of RAM; in ret_size what
 * it asks for there, 0 when it asks for nothing. */
enum crashkernel_verdict crashkernel_judge(struct span value, uint64_t ram, uint64_t *ret_size);

#endif
