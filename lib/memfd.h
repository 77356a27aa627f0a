/* SPDX-License-Identifier: GPL-2.0-only */
/* Bytes as a descriptor, for system calls that take nothing else. */
#ifndef LIB_MEMFD_H
#define LIB_MEMFD_H

#include "lib/bytes.h"
#include "lib/err.h"

/* A file in memory with these bytes, which nobody can change any more; name is for
 * /proc/PID/fd. Close *ret with close(). ST_NO_MEMORY, ST_SYSTEM. */
int memfd_sealed(const char *name, struct span bytes, int *ret, struct err *err);

#endif
