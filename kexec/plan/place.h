/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds room between the segments of a plan. Pure arithmetic. */
#ifndef KEXEC_PLAN_PLACE_H
#define KEXEC_PLAN_PLACE_H

#include <stdint.h>

#include "kexec/plan/plan.h"
#include "lib/err.h"
#include "lib/rangeset.h"

enum place_end { PLACE_LOW, PLACE_HIGH };

/* What a piece needs. */
struct place_want {
	enum segment_purpose purpose; /* for messages */
	uint64_t size;		      /* bytes; rounded up to whole pages */
	uint64_t align;		      /* power of two; at least the page size is used */
	struct range window;	      /* of the plan's room */
	enum place_end end;	      /* the lowest address that will do, or the highest */
};

/* A window without limits. */
#define PLACE_ANYWHERE ((struct range){ 0, UINT64_MAX })

/*
 * The lowest or the highest aligned address in the window where size bytes are in one range of
 * the plan's room and overlap no segment. Looks only at the ranges of the window. ST_NO_SPACE
 * says how much was wanted where, and what the largest hole there is; ST_BAD_INPUT when the size
 * is zero or wraps.
 */
int place(const struct plan *plan, const struct place_want *want, uint64_t *ret, struct err *err);

/* place(), and add a segment there that begins with data, which the plan borrows. ST_NO_MEMORY,
 * and errors of place(). */
int place_segment(
	struct plan *plan, const struct place_want *want, struct span data, struct err *err);

#endif
