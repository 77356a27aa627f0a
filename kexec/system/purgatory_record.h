/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What purgatory did on the way into the kernel that runs now: whether the image was verified,
 * how, and how long it took. Purgatory leaves it in what it hands over (purgatory/abi.h), /chosen
 * of the device tree or setup_data, so this is for the user space of a capture kernel.
 */
#ifndef KEXEC_SYSTEM_PURGATORY_RECORD_H
#define KEXEC_SYSTEM_PURGATORY_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/sysroot.h"
#include "purgatory/abi.h"

struct purgatory_record {
	uint32_t result;    /* PURGATORY_RESULT_*; NONE when purgatory wrote nothing */
	uint32_t caches;    /* PURGATORY_CACHES_* */
	uint32_t core;	    /* PURGATORY_CORE_* */
	uint32_t tick_rate; /* Hz; 0 when the firmware did not say */
	uint64_t ticks;	    /* from the entry of purgatory to the writing of the record */
	uint64_t bytes;	    /* hashed */
	uint32_t bad_count; /* segments that were not as loaded */
	char bad_name[PURGATORY_NAME_SIZE]; /* the first of them, printable; "" for none */
};

/* Long enough for any text of purgatory_record_text(), with its NUL. */
#define PURGATORY_RECORD_TEXT_SIZE 256

/*
 * Who hands the tree on without our purgatory, as kexec_file_load(2) does, hands on a record that
 * is there. So the planner writes, behind what purgatory fills in, a mark of everything else in
 * /chosen but the seeds, which the kernel wipes: the addresses of initrd and elfcorehdr, the
 * command line. Where the mark is not that of /chosen, the record is of an earlier start. It is
 * four bytes, big endian; chosen is the offset of that node.
 */
#define PURGATORY_RECORD_MARK_SIZE 4
uint32_t purgatory_record_mark(const void *fdt, int chosen);

/* What purgatory fills in, without the mark. ST_BAD_INPUT when the bytes are no record, or
 * contradict themselves; ST_UNSUPPORTED for another version. */
int purgatory_record_parse(struct span bytes, struct purgatory_record *ret, struct err *err);

/*
 * That of the running kernel: /proc/device-tree/chosen/kexec,purgatory, or on ACPI machines, which
 * have no such folder, from /sys/firmware/fdt; on x86 a node of setup_data. ST_NOT_FOUND when it
 * was not started by a purgatory that leaves one; ST_CHANGED when the record is of an earlier
 * start; else as above, and errors of the sysroot and of the tree.
 */
int purgatory_record_read(
	const struct sysroot *root, struct purgatory_record *ret, struct err *err);

/* How long it took. False when that is not known. */
bool purgatory_record_nanoseconds(const struct purgatory_record *record, uint64_t *ret);

/* Words for programs: "none", "verified", "skipped", "corrupt", "fault"; "none", "on",
 * "no-tables", "no-granule", "mmu-on"; "none", "plain", "cpu". Static. */
const char *purgatory_record_result(const struct purgatory_record *record);
const char *purgatory_record_caches(const struct purgatory_record *record);
const char *purgatory_record_core(const struct purgatory_record *record);

/* All of it in one line for people, without a newline. */
void purgatory_record_text(
	const struct purgatory_record *record, char ret[PURGATORY_RECORD_TEXT_SIZE]);

#endif
