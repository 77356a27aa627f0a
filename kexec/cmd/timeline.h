/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the time of a load goes, for -d. */
#ifndef KEXEC_CMD_TIMELINE_H
#define KEXEC_CMD_TIMELINE_H

#include <stdint.h>
#include <stdio.h>

enum phase {
	PHASE_READ,	  /* the files that the user named */
	PHASE_DECOMPRESS, /* the kernel, and look at what it is */
	PHASE_HASH,	  /* what does not change from round to round */
	PHASE_MACHINE,
	PHASE_PLAN,
	PHASE_PRINT,
	PHASE_CALL,
	PHASE_VERIFY, /* and wait for the machine to settle */
	PHASE_COUNT,
};

struct timeline {
	uint64_t since; /* end of the last phase, in nanoseconds of a clock that only runs */
	uint64_t spent[PHASE_COUNT];
};

/* All phases at 0, and the clock runs. */
struct timeline timeline_begin(void);

/* Add the time since the last call, or since the beginning, to this phase. */
void timeline_spent(struct timeline *timeline, enum phase phase);

/* One line with all phases in milliseconds. */
void timeline_print(const struct timeline *timeline, FILE *out);

#endif
