/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory that a kernel finds when it is started with a device tree: what the EFI memory map
 * lists, to which the tree of an EFI machine leads, or else what the tree's memory nodes list.
 * Hot-added memory is in neither, though /proc/iomem shows it like any other.
 */
#ifndef KEXEC_SYSTEM_BOOT_MEMORY_H
#define KEXEC_SYSTEM_BOOT_MEMORY_H

#include <stdbool.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/rangeset.h"
#include "lib/report.h"
#include "lib/sysroot.h"

/* What of /chosen leads a kernel to the EFI memory map (drivers/firmware/efi/fdtparams.c): all of
 * these, or it goes by the memory nodes. */
#define BOOT_MEMORY_EFI_NAMES 5
extern const char *const boot_memory_efi_names[BOOT_MEMORY_EFI_NAMES];

/* What some distributions' kernels want in addition: without it they do without EFI. */
#define BOOT_MEMORY_EFI_SECURE_BOOT "linux,uefi-secure-boot"

enum boot_efi {
	BOOT_EFI_NONE,	/* no tree of an EFI machine */
	BOOT_EFI_CUT,	/* one, but a part is missing or is no number: no kernel can use the rest */
	BOOT_EFI_WHOLE, /* it leads to the map */
};

/* Of a checked tree. ret_missing (may be NULL) is set for BOOT_EFI_CUT: the first missing part. */
enum boot_efi boot_memory_efi(const void *fdt, const char **ret_missing);

/* The first memory node that is in use, and the next one; negative when there is none. */
int boot_memory_first_node(const void *fdt);
int boot_memory_next_node(const void *fdt, int node);

/* The memory nodes of a checked tree, normalized. ST_BAD_INPUT when the cells of its root or a
 * property make no sense; ST_NO_MEMORY. ret must be empty, and stays so on failure. */
int boot_memory_from_tree(struct span tree, struct rangeset *ret, struct err *err);

/* An EFI memory map of descriptors of this size: all that can be used as memory by its attributes,
 * whoever has it now. ST_BAD_INPUT, ST_NO_MEMORY; ret as above. */
int boot_memory_from_efi(
	struct span map, uint64_t descriptor_size, struct rangeset *ret, struct err *err);

/*
 * That of the machine's own tree. The EFI map is still where the tree says, for the next kernel,
 * and is read through /proc/kcore. Where that cannot be, or nothing is listed, ret is empty, with
 * a REPORT_CHOICE that says why. ST_NO_MEMORY.
 */
int boot_memory_read(const struct sysroot *root, struct span tree, struct rangeset *ret,
	struct report *report, struct err *err);

#endif
