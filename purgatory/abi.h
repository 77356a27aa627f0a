/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contract between the planner (kexec/plan/purgatory.c), the purgatory's C code and
 * its entry assembly. Three readers, one file: the offsets below are constants for the
 * assembler, and are asserted against the struct for both C sides.
 *
 * The purgatory is a flat blob, position independent, entered at its first byte. At
 * PURGATORY_PARAMS_OFFSET stands a struct purgatory_params. In the blob as built it holds
 * magic, version, size and mem_size; the planner refuses a blob in which they are not what
 * this header says, fills the rest in its own copy, and loads that. What the file holds is
 * only read at run time; stack and state begin on the page behind it and end at mem_size.
 * On the page behind that begin the tables, where there are any.
 *
 * All fields are little endian. The blob may be loaded at any address that is a multiple of
 * PURGATORY_ALIGN. It touches nothing outside [load address, load address + mem_size) but
 * the regions and the tables (read only), the record, the console and, to reset, the firmware.
 */
#ifndef PURGATORY_ABI_H
#define PURGATORY_ABI_H

#define PURGATORY_MAGIC	  0x314752555058454b /* the bytes "KEXPURG1" */
#define PURGATORY_VERSION 7
#define PURGATORY_ALIGN	  4096

/* Where the first bytes are somebody else's the family's flags.mk says another. */
#ifndef PURGATORY_PARAMS_OFFSET
#define PURGATORY_PARAMS_OFFSET 64
#endif

/* Size of struct purgatory_params and offsets inside it, for the assembly and the linker. */
#define PURGATORY_PARAMS_SIZE	1392
#define PURGATORY_PARAMS_ENTRY	24
#define PURGATORY_PARAMS_HANDED 32
#define PURGATORY_PARAMS_TABLES 1240
#define PURGATORY_TABLES_STRIDE 24
#define PURGATORY_PARAMS_OWN	1296

/* A family whose kernels edit no tree says 0 in its flags.mk, and its blob is the smaller. */
#ifndef PURGATORY_TREES_EDITED
#define PURGATORY_TREES_EDITED 1
#endif

/* A family whose instructions may begin at any byte says 1. */
#ifndef PURGATORY_ENTRY_ALIGN
#define PURGATORY_ENTRY_ALIGN 4
#endif

#define PURGATORY_REGIONS_MAX 16
#define PURGATORY_NAME_SIZE   16

/* purgatory_params.flags */
#define PURGATORY_SKIP_CHECK 0x1 /* --no-checks: go to the kernel without looking at anything */
#define PURGATORY_VERBOSE    0x2 /* a console was named by the user: say also that all is well */
/*
 * Whether the old kernel uses SME, arm64's matrices. Where it does not, firmware may have left it
 * closed, and a look at its registers would end in the firmware, for ever; where it does, the CPU
 * may be in a mode in which SHA-256 is undefined. With none of the two (nobody knows) a CPU that
 * has SME is left alone, and the digests are made without its instructions.
 */
#define PURGATORY_SME_USED   0x4
#define PURGATORY_SME_UNUSED 0x8
#define PURGATORY_SCREEN     0x10 /* x86: say all on VGA's text screen as well */
/* What is handed over is a device tree that the old kernel keeps true: see purgatory_edited. */
#define PURGATORY_HANDED_EDITED 0x20
/* Likewise a tree: the page tables are a hash table of the hypervisor's, whose size may change. */
#define PURGATORY_HASHED 0x40

/* purgatory_params.on_corruption: words, so that a bit that changed does not make one another */
#define PURGATORY_HALT                                                                             \
	0x68616c74 /* report, then wait for ever: a watchdog or an operator decides */
#define PURGATORY_RESET                                                                            \
	0x72736574 /* report, then reset the machine; halts where nothing comes of it */
#define PURGATORY_BOOT 0x626f6f74 /* report, then enter the capture kernel all the same */

/* purgatory_params.console_type */
#define PURGATORY_CONSOLE_NONE	 0
#define PURGATORY_CONSOLE_PL011	 1 /* Arm PrimeCell UART, also the SBSA generic UART */
#define PURGATORY_CONSOLE_8250	 2 /* 16550 family */
#define PURGATORY_CONSOLE_HVTERM 3 /* the hypervisor's terminal of that number */

/* purgatory_params.reset: no way to do it; else a number of the CPU family's own. */
#define PURGATORY_RESET_NONE 0

/* Words that mean something to one CPU family only: arch/<arch>/abi.h. Zero elsewhere. */
#define PURGATORY_OWN 4

/* Sets of page tables, for the modes that a CPU may be in; which is which each family says. */
#define PURGATORY_TABLES_SETS 2

/* At most so many bytes of tables in a set: each word of them is looked at before they count. */
#define PURGATORY_TABLES_SIZE_MAX 65536

/* Where the new kernel has a struct purgatory_record_cells: in this property of /chosen, on a
 * machine with a device tree. */
#define PURGATORY_RECORD_PROPERTY "kexec,purgatory"
/* ... in a node of setup_data of this type, on x86. */
#define PURGATORY_RECORD_SETUP_DATA 0x4b455852	       /* "KEXR" */
#define PURGATORY_RECORD_MAGIC	    0x4b45584543524543 /* the bytes "KEXECREC" */
#define PURGATORY_RECORD_VERSION    1

/* purgatory_record_cells.result */
#define PURGATORY_RESULT_NONE	  0 /* as planned: nobody has written it */
#define PURGATORY_RESULT_VERIFIED 1
#define PURGATORY_RESULT_SKIPPED  2 /* PURGATORY_SKIP_CHECK */
#define PURGATORY_RESULT_CORRUPT  3 /* entered all the same: PURGATORY_BOOT */
#define PURGATORY_RESULT_FAULT	  4 /* an exception ended the check; entered all the same */

/* purgatory_record_cells.caches: how memory was read, or why not through the caches */
#define PURGATORY_CACHES_NONE	    0 /* it was not read */
#define PURGATORY_CACHES_ON	    1
#define PURGATORY_CACHES_NO_TABLES  2 /* the planner made none */
#define PURGATORY_CACHES_NO_GRANULE 3 /* the CPU has no granule of 4 KiB */
#define PURGATORY_CACHES_MMU_ON	    4 /* somebody else's tables are in use */

/* purgatory_record_cells.core: who made the digests */
#define PURGATORY_CORE_NONE   0
#define PURGATORY_CORE_PLAIN  1
#define PURGATORY_CORE_CPU    2 /* the CPU's SHA-256 instructions */
#define PURGATORY_CORE_VECTOR 3 /* its vectors, for the schedule */

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

/*
 * What the purgatory did, for the user space of the kernel that it entered. The planner reserves
 * it in what the kernel is handed, with magic, version and size in it and zeros behind; it is a
 * part of what is verified, and is written when all is done. Big endian, as all numbers of a
 * device tree, which is where most families have it; its address is a multiple of 4, so 64 bits
 * are two cells.
 */
struct purgatory_record_cells {
	uint32_t magic[2];
	uint32_t version;
	uint32_t size;	     /* sizeof(struct purgatory_record_cells) */
	uint32_t result;     /* PURGATORY_RESULT_* */
	uint32_t caches;     /* PURGATORY_CACHES_* */
	uint32_t core;	     /* PURGATORY_CORE_* */
	uint32_t tick_rate;  /* of the counter, in Hz; 0 where the firmware did not say */
	uint32_t entered[2]; /* what the counter was when the purgatory was entered */
	uint32_t left[2];    /* ... and when the record was written */
	uint32_t bytes[2];   /* of data that was hashed */
	uint32_t bad_count;  /* segments that were not as loaded */
	char bad_name[PURGATORY_NAME_SIZE]; /* the first of them; NUL terminated */
};

/*
 * One loaded segment to verify: [start, start + data_size) must have this SHA-256, and
 * [start + data_size, start + mem_size) must be zero, as the kernel left it. start and
 * mem_size are multiples of the running kernel's page size; data_size is any number.
 */
struct purgatory_region {
	uint64_t start;
	uint64_t data_size;
	uint64_t mem_size;
	uint8_t sha256[32];
	char name[PURGATORY_NAME_SIZE]; /* what to call it in the report; NUL terminated */
};

/*
 * Page tables that map the regions, the blob and the console to themselves, in the format that
 * the CPU family says. The second set follows the first and has its size. All zero where the
 * planner made none.
 */
struct purgatory_tables {
	uint64_t root; /* physical address of the table that all begins with */
	uint64_t size; /* bytes from there; whole pages */
	uint64_t sum;  /* of all words, by purgatory_sum() */
};

/*
 * A device tree in which the old kernel exchanges the nodes of CPUs when one comes, by libfdt: what
 * stays as it was loaded, wherever it moves to. The digest is of all this, in this order:
 *
 *  magic, totalsize, off_dt_struct; off_mem_rsvmap, version, last_comp_version;
 *  from the end of the header to the first byte that changes;
 *  the end of the structure block, behind the last such node;
 *  the beginning of the strings, of which there may be more.
 *
 * All zero where the tree has a digest like any segment.
 */
struct purgatory_edited {
	uint64_t front;	  /* offset in the tree of the first byte that changes */
	uint64_t back;	  /* bytes of the end of the structure block */
	uint64_t strings; /* bytes of the beginning of the strings */
	uint8_t sha256[32];
};

/* Bytes of a tree's header (Devicetree Specification 0.4, 5.2), and of what is digested of it. */
#define PURGATORY_EDITED_HEADER	  40
#define PURGATORY_EDITED_DIGESTED 24

/*
 * What all words of tables or parameters come to, each taken in turn, beginning with 0: a
 * difference in one word always shows, since no two sums become one, and in several all but
 * certainly. High bits come down, or a line of the data bus that is stuck could hide itself.
 */
static inline uint64_t purgatory_sum(uint64_t sum, uint64_t word)
{
	uint64_t product = (sum ^ word) * 0x9e3779b97f4a7c15u; /* odd */

	return product ^ product >> 32;
}

/*
 * What the purgatory checks of this block at run time, so that a bit that changed in it does
 * not pass for a good image; a failure is treated as corruption of a segment `purgatory`:
 *
 *  always: magic, version, size; no unknown flag; on_corruption one of the three;
 *	region_count at most PURGATORY_REGIONS_MAX;
 *  unless PURGATORY_SKIP_CHECK: region_count at least 1; all entries after the last region
 *	zero; each region page aligned, 0 < mem_size, data_size <= mem_size, no wrap past
 *	2^64, name terminated; kernel_entry (PURGATORY_ENTRY_ALIGN) and handed (8-byte aligned) each
 *	inside the data of a region, for what nobody verified must not be entered, or, of
 *	PURGATORY_HANDED_EDITED, a device tree of handed_size bytes by its header; tables where
 *	they have to be, and the set that this CPU would use with the sum that it should have;
 *
 *  always, and last, so that the field is named where it can be: the sum.
 *
 * A console that cannot be used as described is no console, not a corruption. A record that is
 * not inside of what is handed over, or is not an unused one, is none.
 */
struct purgatory_params {
	uint64_t magic;
	uint32_t version;
	uint32_t size;	       /* sizeof(struct purgatory_params) */
	uint64_t mem_size;     /* bytes the blob needs at run time, with stack and bss */
	uint64_t kernel_entry; /* physical address of the kernel's first instruction */
	uint64_t handed;       /* what it is told about: a device tree, or boot_params */
	uint64_t handed_size;  /* bytes of that */
	uint32_t flags;
	uint32_t on_corruption;
	uint32_t reset; /* PURGATORY_RESET_NONE or a number of the CPU family's */
	uint32_t console_type;
	uint64_t console_base;	    /* physical address of the first register; the terminal */
	uint32_t console_reg_shift; /* log2 of the distance between registers (8250) */
	uint32_t console_reg_width; /* bytes of an access: 1, 2 or 4 */
	uint32_t region_count;
	uint32_t console_divisor; /* of an 8250's clock, 16 bits; 0 leaves its line alone */
	struct purgatory_region regions[PURGATORY_REGIONS_MAX];
	struct purgatory_tables tables[PURGATORY_TABLES_SETS];
	uint64_t record; /* physical address of the struct purgatory_record_cells */
	uint64_t own[PURGATORY_OWN];
	struct purgatory_edited edited;
	uint64_t sum; /* of all words before this one, by purgatory_sum() */
};

_Static_assert(offsetof(struct purgatory_params, magic) == 0, "abi");
_Static_assert(offsetof(struct purgatory_params, version) == 8, "abi");
_Static_assert(offsetof(struct purgatory_params, size) == 12, "abi");
_Static_assert(offsetof(struct purgatory_params, mem_size) == 16, "abi");
_Static_assert(offsetof(struct purgatory_params, kernel_entry) == PURGATORY_PARAMS_ENTRY, "abi");
_Static_assert(offsetof(struct purgatory_params, handed) == PURGATORY_PARAMS_HANDED, "abi");
_Static_assert(offsetof(struct purgatory_params, flags) == 48, "abi");
_Static_assert(offsetof(struct purgatory_params, on_corruption) == 52, "abi");
_Static_assert(offsetof(struct purgatory_params, reset) == 56, "abi");
_Static_assert(offsetof(struct purgatory_params, console_type) == 60, "abi");
_Static_assert(offsetof(struct purgatory_params, console_base) == 64, "abi");
_Static_assert(offsetof(struct purgatory_params, console_reg_shift) == 72, "abi");
_Static_assert(offsetof(struct purgatory_params, console_reg_width) == 76, "abi");
_Static_assert(offsetof(struct purgatory_params, region_count) == 80, "abi");
_Static_assert(offsetof(struct purgatory_params, regions) == 88, "abi");
_Static_assert(sizeof(struct purgatory_region) == 72, "abi");
_Static_assert(offsetof(struct purgatory_params, tables) == PURGATORY_PARAMS_TABLES, "abi");
_Static_assert(sizeof(struct purgatory_tables) == PURGATORY_TABLES_STRIDE, "abi");
_Static_assert(offsetof(struct purgatory_params, record) == 1288, "abi");
_Static_assert(offsetof(struct purgatory_params, own) == PURGATORY_PARAMS_OWN, "abi");
_Static_assert(offsetof(struct purgatory_params, edited) == 1328, "abi");
_Static_assert(sizeof(struct purgatory_edited) == 56, "abi");
_Static_assert(offsetof(struct purgatory_params, sum) == PURGATORY_PARAMS_SIZE - 8, "abi");
_Static_assert(offsetof(struct purgatory_record_cells, result) == 16, "abi");
_Static_assert(offsetof(struct purgatory_record_cells, entered) == 32, "abi");
_Static_assert(offsetof(struct purgatory_record_cells, bad_name) == 60, "abi");
_Static_assert(sizeof(struct purgatory_record_cells) == 76, "abi");
_Static_assert(sizeof(struct purgatory_params) == PURGATORY_PARAMS_SIZE, "abi");

#endif /* __ASSEMBLER__ */
#endif
