// SPDX-License-Identifier: GPL-2.0-only
/*
 * Holds one page of memory, filled from stdin, and says where it is physically.
 *
 *     own-page <marker >where & ; the address is in where; ends with the machine
 *
 * A marker in a page that somebody owns is still there when the machine panics, wherever in
 * memory that page happens to be.
 */

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGEMAP_PRESENT (UINT64_C(1) << 63)
#define PAGEMAP_PFN	((UINT64_C(1) << 55) - 1)

int main(void)
{
	long size = sysconf(_SC_PAGESIZE);
	char *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int pagemap = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry = 0;

	if (page == MAP_FAILED || read(STDIN_FILENO, page, size) <= 0 || mlock(page, size))
		return 1;
	if (pread(pagemap, &entry, sizeof(entry), (uintptr_t)page / size * sizeof(entry)) !=
		sizeof(entry))
		return 1;
	if (!(entry & PAGEMAP_PRESENT) || !(entry & PAGEMAP_PFN))
		return 1;
	printf("%ju\n", (uintmax_t)((entry & PAGEMAP_PFN) * size));
	fflush(stdout);
	pause();
	return 0;
}
