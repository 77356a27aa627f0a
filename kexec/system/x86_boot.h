/* SPDX-License-Identifier: GPL-2.0-only */
/* What an x86 kernel knows from its boot loader, and what its CPU can do, as far as the next kernel
 * is told of it. Empty on every other machine, which is no error: there the files are missing. */
#ifndef KEXEC_SYSTEM_X86_BOOT_H
#define KEXEC_SYSTEM_X86_BOOT_H

#include <stdbool.h>
#include <stdint.h>

#include "kexec/system/e820.h"
#include "kexec/system/efi_runtime.h"
#include "kexec/system/setup_data.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/report.h"
#include "lib/sysroot.h"

/* sizeof(struct boot_params): arch/x86/include/uapi/asm/bootparam.h */
#define BOOT_PARAMS_SIZE 4096

/* Where in there ACPI's root pointer is. */
#define BOOT_PARAMS_ACPI_RSDP 0x070

/* ... and the memory map, which goes on in setup_data. */
#define BOOT_PARAMS_E820_ENTRIES 0x1e8
#define BOOT_PARAMS_E820_TABLE	 0x2d0

/* ... and struct efi_info, which is all zero where no EFI was. */
enum {
	BOOT_PARAMS_EFI_INFO = 0x1c0,
	BOOT_PARAMS_EFI_INFO_SIZE = 32,
	BOOT_PARAMS_EFI_SYSTAB = 0x1c4,
	BOOT_PARAMS_EFI_MEMDESC_SIZE = 0x1c8,
	BOOT_PARAMS_EFI_MEMDESC_VERSION = 0x1cc,
	BOOT_PARAMS_EFI_MEMMAP = 0x1d0,
	BOOT_PARAMS_EFI_MEMMAP_SIZE = 0x1d4,
	BOOT_PARAMS_EFI_SYSTAB_HI = 0x1d8,
	BOOT_PARAMS_EFI_MEMMAP_HI = 0x1dc,
};

struct x86_boot {
	struct blob
		params; /* of the running kernel, BOOT_PARAMS_SIZE bytes; empty when not known */
	uint64_t acpi_rsdp;	/* physical address of ACPI's root pointer; 0 when not known */
	struct blob rsdp;	/* that pointer itself; see x86_boot_read_rsdp() */
	struct efi_runtime efi; /* owned; empty where the next kernel cannot be given EFI */
	bool framebuffer;	/* a driver draws on the screen (/sys/class/graphics/fb0) */
	bool gibibyte_pages;	/* the CPU has pages of 1 GiB (pdpe1gb) */
	bool encrypted_guest;	/* a hypervisor that cannot read its memory (SEV, TDX) runs it */
	bool five_levels;	/* the running kernel uses five levels of page tables (la57) */
	/* See x86_boot_read_memory(); empty before. */
	struct e820 memory;	      /* RAM first */
	bool whole_told;	      /* it is from SETUP_WHOLE_MAP */
	struct setup_data setup_data; /* what has to do with memory, or may be handed on */
};

void x86_boot_done(struct x86_boot *boot);

/* What the screen shows: letters at 0xb8000, 80 in a line, or why not. */
enum x86_screen {
	X86_SCREEN_TEXT,
	X86_SCREEN_UNKNOWN, /* boot_params are not known */
	X86_SCREEN_EFI,	    /* the firmware's framebuffer (VIDEO_TYPE_EFI) */
	X86_SCREEN_VESA,    /* one that the boot loader asked for (VIDEO_TYPE_VLFB) */
	X86_SCREEN_DRIVER,  /* one of a driver's */
	X86_SCREEN_NONE,    /* neither: no VGA, or a mode that is another one */
};
enum x86_screen x86_boot_screen(const struct x86_boot *boot);

/* Of one that is no X86_SCREEN_TEXT, in words that follow "the screen, which". Static. */
const char *x86_boot_screen_words(enum x86_screen screen);

/* The physical address behind "ACPI20=", else "ACPI=", in the text of /sys/firmware/efi/systab
 * (drivers/firmware/efi/efi.c:systab_show). ST_NOT_FOUND, ST_BAD_INPUT. */
int x86_boot_parse_systab(struct span text, uint64_t *ret_rsdp, struct err *err);

/* Is the word among the "flags" of the first CPU in the text of /proc/cpuinfo? */
bool x86_boot_cpu_has(struct span cpuinfo, const char *flag);

/*
 * Read /sys/kernel/boot_params/data, /sys/firmware/efi, /sys/class/graphics and /proc/cpuinfo.
 * What is missing leaves its field empty; what is there and makes no sense is also a
 * REPORT_WARNING. That a machine with EFI has nothing of it for the next kernel is a REPORT_CHOICE.
 * ST_NO_MEMORY.
 */
int x86_boot_read(
	const struct sysroot *root, struct x86_boot *ret, struct report *report, struct err *err);

/*
 * Read setup_data, and work out from it, from boot_params and from /sys/firmware/memmap what memory
 * the machine had when it was booted: all of it, whatever the running kernel was left with, and
 * without what was hot-added since. In a capture kernel that is known only where the kernel before
 * it has said so (SETUP_WHOLE_MAP). What is missing leaves memory empty; what is there and makes no
 * sense is a REPORT_WARNING. ST_NO_MEMORY.
 */
int x86_boot_read_memory(
	const struct sysroot *root, struct x86_boot *boot, struct report *report, struct err *err);

/* ACPI's root pointer in these bytes: 20 of version 1, else X86_RSDP_SIZE. ST_BAD_INPUT when they
 * are none, by its mark or by its sums. (ACPI 6.5, 5.2.5.3.) */
#define X86_RSDP_SIZE 36u
int x86_boot_parse_rsdp(struct span bytes, struct span *ret, struct err *err);

/* Read it, for a kernel that is handed a copy, from /dev/mem. Where it cannot be read
 * that is a REPORT_WARNING, or a REPORT_CHOICE where it is the BIOS's, and boot->rsdp stays empty,
 * as it does where its place is not known. ST_NO_MEMORY. */
int x86_boot_read_rsdp(
	const struct sysroot *root, struct x86_boot *boot, struct report *report, struct err *err);

#endif
