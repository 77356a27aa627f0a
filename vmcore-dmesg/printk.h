/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's log in a crashed kernel's memory. Which of the three layouts it has, and where
 * each field is, comes from VMCOREINFO alone; the kernel's version counts only where the rest does
 * not tell what a field means. Nothing in memory is trusted: what contradicts the layout is told as
 * damage in its place, and the walk goes on behind it to the newest message.
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
	/* So much in a row is damaged, with what was found first. A record that follows may be
	 * what was left of it. */
	int (*damaged)(void *context, uint64_t count, const struct err *why, struct err *err);
	void *context;
};

/*
 * Hand the whole log to sink. When any of it was damaged, or not in the image, the error has the
 * status and the id of the first such thing, and how many there were. Without anything handed on:
 * ST_BAD_INPUT with the id log-size; ST_NOT_FOUND with the id log-missing when VMCOREINFO
 * describes no log, or log-vmcoreinfo when not all of it; errors of vmcore_read(). Errors of the
 * sink end the walk.
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

/* The damage that a walk has met. What comes in a row is told to the sink as one, so that a hole
 * of any size, which a small image can claim, is one line. */
struct printk_damage {
	const struct printk_sink *sink; /* borrowed */
	uint64_t count;
	uint64_t untold;	 /* of these, not yet handed on */
	struct err first, begin; /* of all, and of those not handed on */
};

/* One more. Returns where the words for it go, or NULL where they are not wanted, as err_set()
 * takes it. */
struct err *printk_damaged(struct printk_damage *damage);

/* The same with words that are there already. */
void printk_damaged_by(struct printk_damage *damage, const struct err *why);

/* To be called before anything else is handed on: tell what was not told. Errors of the sink. */
int printk_tell_damage(struct printk_damage *damage, struct err *err);

/* The end of a walk that no sink has ended: tell the rest, and fail if there was any. */
int printk_sum_up(struct printk_damage *damage, struct err *err);

#endif
