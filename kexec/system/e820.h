/* SPDX-License-Identifier: GPL-2.0-only */
/* The memory map by which an x86 kernel knows its memory (arch/x86/include/uapi/asm/e820.h), and
 * what the firmware of this machine said in it when it was booted. */
#ifndef KEXEC_SYSTEM_E820_H
#define KEXEC_SYSTEM_E820_H

#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/rangeset.h"
#include "lib/sysroot.h"

#define E820_RAM	   1u
#define E820_RESERVED	   2u
#define E820_ACPI	   3u
#define E820_NVS	   4u
#define E820_UNUSABLE	   5u
#define E820_PMEM	   7u
#define E820_PRAM	   12u
#define E820_SOFT_RESERVED 0xefffffffu

#define E820_ENTRY_SIZE 20  /* address, size and type */
#define E820_IN_PARAMS	128 /* so many fit into boot_params */

struct e820_entry {
	struct range range;
	uint32_t type;
};

struct e820 {
	struct e820_entry *entries; /* owned */
	size_t count;
};

void e820_done(struct e820 *map);

/* "RAM", "reserved", "ACPI tables", "ACPI NVS", ...; "unknown" for a type that has no name here.
 * Static. */
const char *e820_type_name(uint32_t type);

/* Append every range of the set, or every entry of more. ST_NO_MEMORY leaves the map as it was. */
int e820_add_ranges(struct e820 *map, const struct rangeset *ranges, uint32_t type);
int e820_add_all(struct e820 *map, const struct e820 *more);

/* By where the ranges begin. */
void e820_sort(struct e820 *map);

/* The RAM in it, without what an entry of another type has too: to a kernel that is no RAM
 * (arch/x86/kernel/e820.c:e820__update_table). ret must be empty, and is normalized. ST_NO_MEMORY.
 */
int e820_ram(const struct e820 *map, struct rangeset *ret);

/* Take away all RAM that is not in the set, which is normalized. ST_NO_MEMORY leaves the map as it
 * was. */
int e820_keep_ram(struct e820 *map, const struct rangeset *ram);

/* Append the entries that are in these bytes as kernels have them. Those that are empty or wrap are
 * passed over, as kernels do. ST_NO_MEMORY. */
int e820_parse(struct span bytes, struct e820 *map, struct err *err);

/*
 * Read /sys/firmware/memmap (drivers/firmware/memmap.c): the whole of the firmware's map, whatever
 * mem= left of it to the running kernel, and in it as RAM the memory that was hot-added since.
 * Types that the kernel has no words for are reserved. ret must be empty, and stays so on failure:
 * ST_NOT_FOUND when the kernel shows none; ST_BAD_INPUT when an entry makes no sense, or there are
 * too many; ST_DENIED, ST_SYSTEM, ST_NO_MEMORY.
 */
int e820_read_firmware(const struct sysroot *root, struct e820 *ret, struct err *err);

#endif
