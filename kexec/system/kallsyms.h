/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses of symbols from /proc/kallsyms: those of the image for kernels without a usable
 * kcore. */
#ifndef KEXEC_SYSTEM_KALLSYMS_H
#define KEXEC_SYSTEM_KALLSYMS_H

#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/sysroot.h"

struct kallsyms {
	uint64_t text;	/* _text; 0 when not listed */
	uint64_t stext; /* _stext */
	uint64_t end;	/* _end */
	/* kexec_crash_image, a pointer to what is armed. Kernels without CONFIG_KALLSYMS_ALL list
	 * no variables. */
	uint64_t crash_image;
};

/* Symbols of modules (a "[name]" behind) are not taken. ST_DENIED when all addresses are zero
 * (kptr_restrict); ST_BAD_INPUT. */
int kallsyms_parse(struct span text, struct kallsyms *ret, struct err *err);

/* Errors of the sysroot and of kallsyms_parse(). */
int kallsyms_read(const struct sysroot *root, struct kallsyms *ret, struct err *err);

#endif
