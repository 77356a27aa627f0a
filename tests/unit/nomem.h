/* SPDX-License-Identifier: GPL-2.0-only */
/* Sizes that malloc() refuses, for tests of what happens then. Under the address sanitizer
 * such a request ends the program unless it is told to return NULL, as it is here. */
#ifndef TESTS_UNIT_NOMEM_H
#define TESTS_UNIT_NOMEM_H

#include <stdint.h>

/* Too much for any address space, yet not so much that adding to it wraps. */
#define TOO_MUCH ((size_t)(SIZE_MAX / 4))

const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

#endif
