/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The text that the kernel publishes about itself, lines of "KEY=value" such as
 * "NUMBER(VA_BITS)=48" (kernel/vmcore_info.c, Documentation/admin-guide/kdump/vmcoreinfo.rst).
 */
#ifndef LIB_VMCOREINFO_H
#define LIB_VMCOREINFO_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/bytes.h"

/* The value of key, up to the end of its line (the last line may lack its newline). The
 * first match counts; text ends at a NUL byte, if there is one. False when there is none. */
bool vmcoreinfo_find(struct span text, const char *key, struct span *ret_value);

/*
 * The first value that is a number: notes may be there twice, and one of them damaged. base is 10,
 * 16 with or without "0x", or VMCOREINFO_ANY_BASE: 16 with "0x", else 10. A leading minus sign is
 * taken as the two's complement in 64 bits, since kernels print PHYS_OFFSET and kimage_voffset
 * either way. False when the key is missing or no value is wholly a number that fits.
 */
#define VMCOREINFO_ANY_BASE 0
bool vmcoreinfo_number(struct span text, const char *key, int base, uint64_t *ret);

#endif
