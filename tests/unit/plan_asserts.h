/* SPDX-License-Identifier: GPL-2.0-only */
/* What tests of planning ask of the machine of plan_machine.h. Behind cmocka.h. */
#ifndef TESTS_UNIT_PLAN_ASSERTS_H
#define TESTS_UNIT_PLAN_ASSERTS_H

#include "tests/unit/plan_machine.h"

__attribute__((unused)) static void plan_well(struct plan_machine *pm)
{
	if (pm_plan(pm) != ST_OK)
		fail_msg("%s: %s", pm->err.id, pm->err.text);
}

/* The plan is refused; with words NULL whatever the text. */
__attribute__((unused)) static void assert_refused(
	struct plan_machine *pm, int status, const char *id, const char *words)
{
	assert_int_equal(pm_plan(pm), status);
	assert_int_equal(pm->err.status, status);
	assert_string_equal(pm->err.id, id);
	if (words && !strstr(pm->err.text, words))
		fail_msg("\"%s\" is not in \"%s\"", words, pm->err.text);
	assert_null(pm->plan.arch); /* untouched */
}

__attribute__((unused)) static const struct segment *segment(
	const struct plan_machine *pm, enum segment_purpose purpose)
{
	const struct segment *found = plan_segment(&pm->plan, purpose);

	assert_non_null(found);
	return found;
}

#endif
