/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The functions a compiler calls of its own accord, even for freestanding code: for copying
 * and clearing structures. Nothing of ours calls them by name, so they are short rather than
 * fast. By bytes, because alignment is not promised and an unaligned access is a fault while
 * the MMU is off.
 */
#include <stddef.h>

void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int c, size_t size);

/* A compiler knows these loops, and would make each a call of the function it is in. */
#define NOT_AN_IDIOM() __asm__ volatile("" ::: "memory")

void *memcpy(void *to, const void *from, size_t size)
{
	const char *source = from;
	char *target = to;

	for (size_t i = 0; i < size; i++) {
		target[i] = source[i];
		NOT_AN_IDIOM();
	}
	return to;
}

void *memset(void *to, int c, size_t size)
{
	char *target = to;

	for (size_t i = 0; i < size; i++) {
		target[i] = (char)c;
		NOT_AN_IDIOM();
	}
	return to;
}
