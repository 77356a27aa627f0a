// SPDX-License-Identifier: GPL-2.0-only
/*
 * A bzImage from its beginning, as a boot loader starts it (Documentation/arch/x86/boot.rst, "The
 * real-mode kernel"): its setup code runs in the first MiB, asks the BIOS for memory, disks and
 * screen, and makes boot_params of what it finds, so nothing of the running kernel's is handed on.
 */
#include <string.h>

#include "kexec/arch/x86_64/x86_64.h"
#include "lib/checked.h"
#include "purgatory/abi.h"

/* Offsets in the setup code; see boot_params.c. */
enum {
	TYPE_OF_LOADER = 0x210,
	LOADFLAGS = 0x211,
	CODE32_START = 0x214,
	RAMDISK_IMAGE = 0x218,
	RAMDISK_SIZE = 0x21c,
	HEAP_END_PTR = 0x224,
	CMD_LINE_PTR = 0x228,
	SETUP_DATA_PTR = 0x250,
};

#define LOADER_KEXEC 0xd0
#define CAN_USE_HEAP 0x80
#define HEAP_BIAS    0x200 /* the protocol counts from the entry */

/* Behind the stack. No command line is longer than what lies between. */
#define LINE_AT	  REAL_MODE_STACK
#define NODE_AT	  0xf800u
#define RECORD_AT (NODE_AT + 16)

int real_mode_build(const struct boot_params_wish *wish, uint64_t base, uint64_t loaded,
	struct plan *plan, uint64_t *ret_record, struct err *err)
{
	struct span setup = wish->image->setup;
	size_t line = strlen(wish->cmdline);
	uint8_t *segment;

	if (setup.size > REAL_MODE_CODE_MAX)
		return err_set(err, ST_UNSUPPORTED, "entry-unsupported",
			"the bzImage has 0x%zx bytes of real mode code, 0x%x at most can be "
			"started",
			setup.size, REAL_MODE_CODE_MAX);
	if (line >= NODE_AT - LINE_AT)
		return err_set(err, ST_NO_SPACE, "cmdline-too-long",
			"the command line has %zu characters, a kernel in real mode takes %u", line,
			NODE_AT - LINE_AT - 1);
	if (blob_zeroed(&plan->boot_params, RECORD_AT + sizeof(struct purgatory_record_cells)))
		return err_no_memory(err);
	segment = plan->boot_params.data;
	memcpy(segment, setup.data, setup.size);
	memcpy(segment + LINE_AT, wish->cmdline, line);
	segment[TYPE_OF_LOADER] = LOADER_KEXEC;
	segment[LOADFLAGS] |= CAN_USE_HEAP;
	store_le16(segment + HEAP_END_PTR, REAL_MODE_STACK - HEAP_BIAS);
	store_le32(segment + CODE32_START, (uint32_t)loaded);
	store_le32(segment + CMD_LINE_PTR, (uint32_t)(base + LINE_AT));
	store_le32(segment + RAMDISK_IMAGE, (uint32_t)wish->initrd.start);
	store_le32(segment + RAMDISK_SIZE, (uint32_t)range_size(wish->initrd));
	store_le64(segment + SETUP_DATA_PTR, base + NODE_AT);
	store_le32(segment + NODE_AT + 8, PURGATORY_RECORD_SETUP_DATA);
	store_le32(segment + NODE_AT + 12, sizeof(struct purgatory_record_cells));
	boot_params_put_record(segment + RECORD_AT);
	*ret_record = base + RECORD_AT;
	return plan_note_edit(
		plan, "set", "hdr", "code32_start", err, "0x%llx", (unsigned long long)loaded);
}
