/* SPDX-License-Identifier: GPL-2.0-only */
/* Which of the two system calls a load is made with, and whether the other one follows. */
#ifndef KEXEC_CMD_CHOOSE_H
#define KEXEC_CMD_CHOOSE_H

#include <stdbool.h>

#include "kexec/request.h"
#include "kexec/system/kexec_state.h"
#include "lib/err.h"
#include "lib/report.h"

enum load_call { CALL_NONE, CALL_LOAD, CALL_FILE_LOAD };

/* What the choice is made from, and how far it has come. */
struct choice {
	const struct request *request;	 /* borrowed */
	const struct kexec_state *state; /* before any call; borrowed */
	const char *option; /* of the request, without dashes: it means something on this machine,
			     * to kexec_load(2) only; or NULL */
	bool dtb_in_image;  /* a device tree that kexec_file_load(2) cannot use */
	const char *doubt;  /* why what that loads may not start here; NULL for none; borrowed */
	bool in_place_of_file; /* kexec_load(2) is made, and nothing of the request asks for it */
	bool second;	       /* one call has failed, and this is the other */
};

/* Does why say, before the call, that the image has no room as that call places it, or its command
 * line? The other one places it in another way, and has something more or less to place. */
bool choose_does_not_fit(const struct err *why);

/* The call to begin with; never CALL_NONE. What decides it, and what it may cost, goes to
 * report. */
enum load_call choose_first(struct choice *choice, struct report *report);

/*
 * The call to make after that one failed with why, or CALL_NONE. lost: an image was armed before,
 * and the failed call has freed it. Then the other call is made whatever the answer was, unless it
 * was ruled out by the user. What is tried and why goes to report.
 */
enum load_call choose_next(struct choice *choice, enum load_call failed, const struct err *why,
	bool lost, struct report *report);

#endif
