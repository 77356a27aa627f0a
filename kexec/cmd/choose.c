// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/cmd/choose.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kexec/syscall/kexec_file_load.h"

#define WHY_SIZE 64

/* Of a load by either call: the option that asks for kexec_load(2), without dashes, or NULL. */
static const char *option_for_plan(const struct choice *choice)
{
	const struct request *request = choice->request;

	if (request->needs_load)
		return request->needs_load;
	return request->prefers_load ? request->prefers_load : choice->option;
}

/* The same in words, of an option or of what is in the file; NULL for nothing that asks. */
static const char *needs_plan(const struct choice *choice, char *text)
{
	const char *option = option_for_plan(choice);

	if (!option)
		return choice->dtb_in_image ? "the device tree in the image" : NULL;
	snprintf(text, WHY_SIZE, "--%s", option);
	return text;
}

/* An image is armed that kexec_file_load(2) frees before it looks at the files, and it cannot be
 * asked before what it thinks of them. */
static bool is_blind(const struct choice *choice)
{
	return choice->request->crash && choice->state->crash_loaded != 0 &&
	       !kexec_file_can_ask(choice->state);
}

static void say_blind(const struct choice *choice, enum load_call call, struct report *report)
{
	char limit[32] = "is no number";

	if (choice->state->load_limit_reboot >= 0)
		snprintf(limit, sizeof(limit), "is %" PRId64, choice->state->load_limit_reboot);
	report_add(report, REPORT_WARNING, "syscall",
		"%s: the sysctl kernel.kexec_load_limit_reboot %s, so that kexec_file_load cannot "
		"be asked whether it takes the files before it frees the armed image",
		call == CALL_LOAD ? "kexec_load is tried first, which can be checked before"
				  : "if this load fails, no crash kernel is armed any more",
		limit);
}

static enum load_call by_file(const struct choice *choice, struct report *report)
{
	if (is_blind(choice))
		say_blind(choice, CALL_FILE_LOAD, report);
	if (choice->doubt)
		report_add(report, REPORT_WARNING, "syscall",
			"what kexec_file_load loads may not start here, since %s", choice->doubt);
	return CALL_FILE_LOAD;
}

static enum load_call by_file_without(
	const struct choice *choice, const char *why, const char *reason, struct report *report)
{
	report_add(report, REPORT_WARNING, "syscall",
		"%s asks for kexec_load, and only kexec_file_load is left: %s", why, reason);
	return by_file(choice, report);
}

/* By kexec_file_load(2), unless something needs the other call, or the armed image would be risked,
 * or what that call loads may not start.
 * Lockdown is known before: its EPERM would be no answer to go on from. */
enum load_call choose_first(struct choice *choice, struct report *report)
{
	const struct request *request = choice->request;
	bool locked = kexec_state_locked_down(choice->state);
	char text[WHY_SIZE];
	const char *why;

	if (request->syscall == SYSCALL_LOAD)
		return CALL_LOAD;
	if (request->syscall == SYSCALL_FILE_LOAD) {
		if (choice->dtb_in_image)
			report_add(report, REPORT_WARNING, "syscall",
				"the device tree in the image has no effect with kexec_file_load");
		return by_file(choice, report);
	}
	why = needs_plan(choice, text);
	if (why && locked && !request->needs_load)
		return by_file_without(choice, why, "the kernel is locked down", report);
	if (why) {
		/* The user named his options; what is in the file he may not know. */
		report_add(report, option_for_plan(choice) ? REPORT_CHOICE : REPORT_WARNING,
			"syscall", "kexec_load, for %s", why);
		return CALL_LOAD;
	}
	choice->in_place_of_file = (choice->doubt || is_blind(choice)) && !locked;
	if (!choice->in_place_of_file)
		return by_file(choice, report);
	if (choice->doubt)
		report_add(report, REPORT_CHOICE, "syscall", "kexec_load, since %s", choice->doubt);
	else
		say_blind(choice, CALL_LOAD, report);
	return CALL_LOAD;
}

/* The answer was that this call is not for this kernel, or not for this image; or it was not even
 * made, for want of files in memory, which the other call needs none of. */
static bool other_call_may_do(const struct err *err)
{
	return (err->status == ST_UNSUPPORTED &&
		       (strcmp(err->id, "file-load-unusable") == 0 ||
			       strcmp(err->id, "kexec-load-failed") == 0)) ||
	       strcmp(err->id, "memfd-failed") == 0;
}

bool choose_does_not_fit(const struct err *err)
{
	static const char *const ids[] = { "crash-region-too-small", "crash-region-full",
		"image-half-of-ram", "cmdline-too-long" };
	bool found = false;

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		found = found || strcmp(err->id, ids[i]) == 0;
	return err->status == ST_NO_SPACE && found;
}

static void say_lost(
	enum load_call failed, enum load_call next, const struct err *why, struct report *report)
{
	static const char *const names[] = {
		[CALL_LOAD] = "kexec_load", [CALL_FILE_LOAD] = "kexec_file_load"
	};

	report_add(report, REPORT_WARNING, "syscall",
		"the armed image is gone with a %s that failed, %s is tried: %s", names[failed],
		names[next], why->text);
}

static enum load_call after_file_load(
	struct choice *choice, const struct err *why, bool lost, struct report *report)
{
	bool locked = kexec_state_locked_down(choice->state);

	if (other_call_may_do(why) || (choose_does_not_fit(why) && !locked))
		report_add(report, REPORT_CHOICE, "syscall", "falling back to kexec_load: %s",
			why->text);
	else if (!lost || locked)
		return CALL_NONE;
	/* Of what was lost a crash load may leave nothing out that it had. */
	choice->in_place_of_file = lost;
	if (lost)
		say_lost(CALL_FILE_LOAD, CALL_LOAD, why, report);
	return CALL_LOAD;
}

static enum load_call after_load(
	struct choice *choice, const struct err *why, bool lost, struct report *report)
{
	char text[WHY_SIZE];
	const char *wanted = needs_plan(choice, text);

	if (choice->request->needs_load)
		return CALL_NONE;
	if (lost) {
		say_lost(CALL_LOAD, CALL_FILE_LOAD, why, report);
		return CALL_FILE_LOAD;
	}
	if ((other_call_may_do(why) || choose_does_not_fit(why)) && wanted)
		return by_file_without(choice, wanted, why->text, report);
	/* Nobody asked for that call, and its denial may be a lockdown that cannot be seen. */
	if (!wanted && (choose_does_not_fit(why) ||
			       (strcmp(why->id, "kexec-load-failed") == 0 &&
				       (other_call_may_do(why) || why->status == ST_DENIED)))) {
		report_add(report, REPORT_CHOICE, "syscall", "falling back to kexec_file_load: %s",
			why->text);
		return by_file(choice, report);
	}
	return CALL_NONE;
}

enum load_call choose_next(struct choice *choice, enum load_call failed, const struct err *why,
	bool lost, struct report *report)
{
	enum load_call next;

	if (choice->second || choice->request->syscall != SYSCALL_AUTO)
		return CALL_NONE;
	next = failed == CALL_FILE_LOAD ? after_file_load(choice, why, lost, report)
					: after_load(choice, why, lost, report);
	choice->second = next != CALL_NONE;
	return next;
}
