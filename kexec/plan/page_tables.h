/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Page tables for purgatory: what is listed is mapped to itself, and nothing else is. Pages of
 * 4 KiB and tables of 512 entries, as several CPU families have them; which bits mean what is the
 * architecture's.
 */
#ifndef KEXEC_PLAN_PAGE_TABLES_H
#define KEXEC_PLAN_PAGE_TABLES_H

#include <stddef.h>
#include <stdint.h>

#include "lib/rangeset.h"

#define PAGE_TABLE_SIZE 4096

/* At most so many bits of an address, by tables of any number of levels. */
#define PAGE_TABLES_ADDRESS_BITS 48

struct page_tables_format {
	unsigned int levels; /* 4 or 5 */
	unsigned int
		largest; /* an entry can map 4 KiB, at least; from 1 on 2 MiB, from 2 on 1 GiB */
	uint64_t table;	 /* an entry that leads to a table has these bits */
	uint64_t kind;	 /* by which a table differs from a block, where both can be */
	uint64_t block, page; /* further bits of what maps more than a page, and of a page */
};

struct page_mapping {
	struct range range; /* whole pages */
	uint64_t bits;	    /* of each entry that maps it */
};

/*
 * Make the tables that have their root at physical address base, into count tables of memory,
 * which is zero. NULL and *ret_used tables from the front on; or why there are none, in words
 * that follow "because": too many are needed, an address is beyond 48 bits or not in whole
 * pages, or two mappings overlap.
 */
const char *page_tables_build(const struct page_tables_format *format,
	const struct page_mapping *mappings, size_t mapping_count, uint64_t base, uint8_t *memory,
	size_t count, size_t *ret_used);

struct console;

/* The pages that hold the registers of a console in memory. One that leaves the address space ends
 * where no mapping may. */
struct range console_pages(const struct console *console);

#endif
