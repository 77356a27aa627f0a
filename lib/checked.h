/* SPDX-License-Identifier: GPL-2.0-only */
/* Arithmetic that reports instead of wrapping. True means the result is good. */
#ifndef LIB_CHECKED_H
#define LIB_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool add_u64(uint64_t a, uint64_t b, uint64_t *ret)
{
	return !__builtin_add_overflow(a, b, ret);
}

static inline bool sub_u64(uint64_t a, uint64_t b, uint64_t *ret)
{
	return !__builtin_sub_overflow(a, b, ret);
}

static inline bool mul_u64(uint64_t a, uint64_t b, uint64_t *ret)
{
	return !__builtin_mul_overflow(a, b, ret);
}

static inline bool add_size(size_t a, size_t b, size_t *ret)
{
	return !__builtin_add_overflow(a, b, ret);
}

static inline bool mul_size(size_t a, size_t b, size_t *ret)
{
	return !__builtin_mul_overflow(a, b, ret);
}

/* align is a power of two in all of these. */
static inline bool is_aligned(uint64_t value, uint64_t align)
{
	return (value & (align - 1)) == 0;
}

static inline uint64_t align_down(uint64_t value, uint64_t align)
{
	return value & ~(align - 1);
}

static inline bool align_up(uint64_t value, uint64_t align, uint64_t *ret)
{
	uint64_t up;

	if (!add_u64(value, align - 1, &up))
		return false;
	*ret = align_down(up, align);
	return true;
}

static inline bool is_power_of_two(uint64_t value)
{
	return value && (value & (value - 1)) == 0;
}

#endif
