/* SPDX-License-Identifier: GPL-2.0-only */
/* Writes a log for people and scripts, as it comes. */
#ifndef VMCORE_DMESG_OUTPUT_H
#define VMCORE_DMESG_OUTPUT_H

#include <stdio.h>

#include "vmcore-dmesg/options.h"
#include "vmcore-dmesg/printk.h"

struct output {
	const struct options *options; /* borrowed */
	FILE *file;		       /* owned; a door of lib/printable.h */
	bool level_missing;	       /* was asked for, and the kernel has not recorded it */
	bool caller_missing;
};

/*
 * A sink that writes to output->file in the form that the options ask for. It fails with
 * ST_SYSTEM and the id output when nothing more can be written, and with ST_UNSUPPORTED and
 * the id log-plain when JSON is asked for and there are no records.
 */
struct printk_sink output_sink(struct output *output);

/* An output in the form that the options ask for, to a stream that stays the caller's; both outlive
 * it. End it with output_close(). ST_NO_MEMORY. */
int output_open(const struct options *options, FILE *to, struct output *ret, struct err *err);

/* Write out what is buffered, here and by the stream behind. ST_SYSTEM with the id output when it,
 * or anything before it, could not be written. */
int output_close(struct output *output, struct err *err);

#endif
