/* SPDX-License-Identifier: GPL-2.0-only */
/* The plan for people and for programs. Same plan, same bytes. */
#ifndef KEXEC_PLAN_DUMP_H
#define KEXEC_PLAN_DUMP_H

#include "kexec/plan/plan.h"
#include "lib/bytes.h"
#include "lib/report.h"

/* Append the plan as text (tables), as JSON (doc/plan-schema.md), or as an SVG picture of the
 * memory that it uses. ST_NO_MEMORY. */
int plan_dump_text(const struct plan *plan, const struct plan_inputs *inputs,
	const struct report *report, struct blob *ret);
int plan_dump_json(const struct plan *plan, const struct plan_inputs *inputs,
	const struct report *report, struct blob *ret);
int plan_dump_svg(const struct plan *plan, const struct plan_inputs *inputs, struct blob *ret);

#endif
