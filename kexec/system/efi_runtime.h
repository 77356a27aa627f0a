/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a kernel has to know to use the firmware's runtime services after another kernel did. They
 * are told once per boot where they are mapped (SetVirtualAddressMap), so the next kernel maps them
 * at the same addresses; and what the firmware has turned into virtual addresses then is handed on
 * by its physical ones (arch/x86/platform/efi/efi.c:kexec_enter_virtual_mode).
 */
#ifndef KEXEC_SYSTEM_EFI_RUNTIME_H
#define KEXEC_SYSTEM_EFI_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/sysroot.h"

#define EFI_SYSTAB_PATH "/sys/firmware/efi/systab"
#define EFI_SYSTAB_MAX	(1u << 16)

/* A line of /sys/firmware/efi/runtime-map, an efi_memory_desc_t. */
struct efi_region {
	uint64_t type; /* 32 bits of it */
	uint64_t phys, virt;
	uint64_t pages; /* of 4 KiB */
	uint64_t attribute;
};

struct efi_runtime {
	uint64_t fw_vendor, tables; /* physical addresses */
	uint64_t smbios;	    /* the same; 0 where the firmware has no such table */
	struct efi_region *regions; /* owned */
	size_t count;		    /* of regions; 0 when nothing can be handed on */
};

void efi_runtime_done(struct efi_runtime *runtime);

/*
 * The physical address that a line of the text of systab (drivers/firmware/efi/efi.c:systab_show)
 * gives behind name, such as "SMBIOS=0x". ST_NOT_FOUND, ST_BAD_INPUT.
 */
int efi_systab_address(struct span text, const char *name, uint64_t *ret, struct err *err);

/*
 * Read the runtime map, fw_vendor, config_table and systab below /sys/firmware/efi. All of it or
 * nothing: a kernel that has only a part would call SetVirtualAddressMap again. ST_NOT_FOUND when
 * the running kernel has no runtime services or shows none; ST_BAD_INPUT when what it shows makes
 * no sense; ST_DENIED, ST_SYSTEM, ST_NO_MEMORY.
 */
int efi_runtime_read(const struct sysroot *root, struct efi_runtime *ret, struct err *err);

#endif
