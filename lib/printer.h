/* SPDX-License-Identifier: GPL-2.0-only */
/* Text that grows in a blob. The first failure sticks and is asked for once, at the end. */
#ifndef LIB_PRINTER_H
#define LIB_PRINTER_H

#include "lib/bytes.h"
#include "lib/status.h"

struct printer {
	struct blob *out; /* the caller's */
	int status;	  /* ST_OK, or ST_NO_MEMORY when something is missing */
};

/* Append to printer->out. */
void print(struct printer *printer, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
