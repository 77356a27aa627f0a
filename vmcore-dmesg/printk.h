/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's log in a crashed kernel's memory. Which of the three layouts it has, and where
 * each field is, comes from VMCOREINFO alone; the kernel's version counts only where the rest does
 * not tell what a field means. Nothing in memory is trusted: at the first thing that contradicts
 * the layout the walk ends with an error, and what came before has been handed on.
 */
#ifndef VMCORE_DMESG_PRINTK_H
#define VMCORE_DMESG_PRINTK_H

#include "vmcore-dmesg/vmcore.h"

/* One message. What the kernel did not record is marked as missing. */
struct printk_record {
	struct span text; /* good during the call only */
	uint64_t ns;	  /* since boot */
	bool has_seq;
	uint64_t seq;
	bool has_level;
	uint8_t facility;
	uint8_t level;
	bool has_caller;
	uint32_t caller; /* a thread, or with the top bit a CPU */
};

/* Who gets the log, from the oldest record on. An error of theirs ends the walk. */
struct printk_sink {
	int (*record)(void *context, const struct printk_record *record, struct err *err);
	/* A piece of the oldest layout, which is plain text. */
	int (*text)(void *context, struct span text, struct err *err);
	void *context;
};

/*
 * Hand the whole log to sink. ST_BAD_INPUT with an id of log-*; ST_NOT_FOUND with the id
 * log-missing when VMCOREINFO describes no log, or log-vmcoreinfo when not all of it; errors
 * of vmcore_read() and of the sink.
 */
int printk_dump(const struct vmcore *core, const struct printk_sink *sink, struct err *err);

/* The layouts: the lockless ring of 5.10 and later, the records of 3.5 to 5.9, and the text
 * before that. */
int printk_ring_dump(const struct vmcore *core, const struct printk_sink *sink, struct err *err);
int printk_records_dump(const struct vmcore *core, const struct printk_sink *sink, struct err *err);
int printk_text_dump(const struct vmcore *core, const struct printk_sink *sink, struct err *err);

/* --- for the layouts ------------------------------------------------------------------ */

/* Logs are at most 2 GiB; structures of the kernel have at most so many bytes. */
#define PRINTK_LOG_MAX	  (UINT64_C(1) << 31)
#define PRINTK_STRUCT_MAX 1024u

/* A number that VMCOREINFO must have. */
struct printk_number {
	const char *key;
	uint64_t *to;
};

/* Read them all. ST_NOT_FOUND with the id log-vmcoreinfo names the first that is missing. */
int printk_numbers(const struct vmcore *core, const struct printk_number *numbers, size_t count,
	struct err *err);

/* Where a field of size bytes at offset ends must be within a structure of in bytes. Else
 * ST_BAD_INPUT with the id log-vmcoreinfo. */
int printk_check_field(
	const char *name, uint64_t offset, uint64_t size, uint64_t in, struct err *err);

/* The variable of this name. ST_NOT_FOUND with the id log-vmcoreinfo, or elfcore-address of
 * vmcore_read(), whose other errors get the id log-pointer or log-number. */
int printk_read_pointer(
	const struct vmcore *core, const char *name, uint64_t *ret, struct err *err);
int printk_read_u32(const struct vmcore *core, const char *name, uint64_t *ret, struct err *err);

/* The two bytes that hold facility, flags and level: VMCOREINFO does not say where, but they
 * stand together in every kernel that has records. */
void printk_take_level(
	const struct vmcore *core, const uint8_t *bytes, struct printk_record *record);

#endif
