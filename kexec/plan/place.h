/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds room between the segments of a plan. Pure arithmetic; changes nothing. */
#ifndef KEXEC_PLAN_PLACE_H
#define KEXEC_PLAN_PLACE_H

#include <stdint.h>

#include "kexec/plan/plan.h"
#include "lib/err.h"
#include "lib/rangeset.h"

/* What a piece needs. */
struct place_want {
	enum segment_purpose purpose; /* for messages */
	uint64_t size;		      /* bytes; rounded up to whole pages */
	uint64_t align;		      /* power of two; at least the page size is used */
	struct range window;	      /* intersected with the plan's load region */
};

/*
 * The lowest or the highest aligned address in the window where size bytes overlap no
 * segment. ST_NO_SPACE says how much was wanted and what the largest hole is; ST_BAD_INPUT
 * when the size is zero or wraps.
 */
int place_low(
	const struct plan *plan, const struct place_want *want, uint64_t *ret, struct err *err);
int place_high(
	const struct plan *plan, const struct place_want *want, uint64_t *ret, struct err *err);

/* The parts of the load region that no segment takes: ascending, at most one more than there
 * are segments. Returns how many were written to holes. */
size_t place_holes(const struct plan *plan, struct range holes[KEXEC_SEGMENT_MAX + 1]);

/* A window without limits. */
#define PLACE_ANYWHERE ((struct range){ 0, UINT64_MAX })

#endif
