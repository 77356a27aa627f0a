// SPDX-License-Identifier: GPL-2.0-only
/* Copies /proc/vmcore, its standard input, to a disk of zeros, its standard output, without what is
 * zeros: of a machine that has had memory added that is nearly all. It is mapped, since to read it
 * the kernel maps page after page, which is slow where the CPU is emulated.
 */
#include <err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	WINDOW = 16 << 20,
	BLOCK = 64 << 10,
};

static bool is_zero(const unsigned long *words, size_t size)
{
	unsigned long seen = 0;

	for (size_t i = 0; i < size / sizeof(*words); i++)
		seen |= words[i];
	return !seen;
}

static void copy(const char *window, size_t size, off_t at)
{
	for (size_t from = 0; from < size; from += BLOCK) {
		size_t count = size - from < BLOCK ? size - from : BLOCK;

		if (is_zero((const void *)(window + from), count))
			continue;
		if (pwrite(STDOUT_FILENO, window + from, count, at + from) != (ssize_t)count)
			err(EXIT_FAILURE, "write at %lld", (long long)at + from);
	}
}

int main(void)
{
	struct stat st;

	if (fstat(STDIN_FILENO, &st))
		err(EXIT_FAILURE, "standard input");
	for (off_t at = 0; at < st.st_size; at += WINDOW) {
		size_t size = st.st_size - at < WINDOW ? st.st_size - at : WINDOW;
		void *window = mmap(NULL, size, PROT_READ, MAP_PRIVATE, STDIN_FILENO, at);

		if (window == MAP_FAILED)
			err(EXIT_FAILURE, "map at %lld", (long long)at);
		copy(window, size, at);
		munmap(window, size);
	}
	if (fsync(STDOUT_FILENO))
		err(EXIT_FAILURE, "standard output");
}
