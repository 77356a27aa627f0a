/* SPDX-License-Identifier: GPL-2.0-only */
/* The list by which a boot loader tells an x86 kernel more than fits into boot_params, as that
 * kernel shows it: a folder for each node (arch/x86/kernel/ksysfs.c). */
#ifndef KEXEC_SYSTEM_SETUP_DATA_H
#define KEXEC_SYSTEM_SETUP_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/sysroot.h"

#define SETUP_DATA_DIR "/sys/kernel/boot_params/setup_data"

/* arch/x86/include/uapi/asm/setup_data.h */
enum setup_data_type {
	SETUP_E820_EXT = 1,
	SETUP_DTB = 2,
	SETUP_PCI = 3,
	SETUP_EFI = 4,
	SETUP_APPLE_PROPERTIES = 5,
	SETUP_JAILHOUSE = 6,
	SETUP_CC_BLOB = 7,
	SETUP_RNG_SEED = 9,
	/* Ours, which kernels pass over: purgatory's record is PURGATORY_RECORD_SETUP_DATA, and
	 * this is "KEXM", the memory map of the whole machine for a capture kernel that is given
	 * a part of it, in the form of SETUP_E820_EXT. */
	SETUP_WHOLE_MAP = 0x4b45584d,
};

struct setup_node {
	uint32_t type;
	struct blob data; /* owned */
};

struct setup_data {
	struct setup_node *nodes; /* owned; in the order of the folders' names */
	size_t count;
};

void setup_data_done(struct setup_data *list);

/*
 * Read the nodes whose type is wanted, each of at most max bytes. None is no error, and neither is
 * a kernel without such a list. ST_BAD_INPUT when a node is larger, or there are more of them than
 * any machine has; ST_DENIED, ST_SYSTEM, ST_NO_MEMORY. ret must be empty, and stays so on failure.
 */
int setup_data_read(const struct sysroot *root, bool (*wanted)(uint64_t type), size_t max,
	struct setup_data *ret, struct err *err);

#endif
