/* SPDX-License-Identifier: GPL-2.0-only */
/* The words of the new kernel's command line, before an architecture adds its own. */
#ifndef KEXEC_PLAN_WORDS_H
#define KEXEC_PLAN_WORDS_H

#include "kexec/plan/plan.h"
#include "lib/err.h"
#include "lib/report.h"

/* What words_add_elfcorehdr() adds at most, with its blank, as kexec_file_load(2) reckons. Room for
 * it is kept from the start. */
#define WORDS_ELFCOREHDR_MAX 30

/* The word by which a kernel that was jumped to knows where the one before it waits. */
#define WORDS_WAY_BACK "kexec_jump_back_entry"

/* Did the user choose any, by --reuse-cmdline, --append or --command-line? */
bool words_chosen(const struct request *request);

/* Words of a command line that exists, without those that must not be reused, on the heap; for a
 * crash load that is crashkernel= too, which would take away most of what little memory there is.
 * NULL when memory is out. */
char *words_reusable(const char *line, bool crash);

/*
 * The words that the user chose: those of --reuse-cmdline that may be reused, then those of
 * --append. ST_NOT_FOUND when the running command line is asked for and not known; ST_NO_MEMORY.
 */
int words_join(const struct plan_inputs *inputs, bool crash, char **ret, struct err *err);

/*
 * A capture kernel on ACPI finds hot-added DIMMs through ACPI and adds them to its own RAM, past
 * what it was given: it would write over the memory that it should dump. Add the word that keeps
 * it from that to *line where this machine has ACPI memory devices, or warn that it is left out.
 * ST_NO_MEMORY.
 */
int words_add_capture_defaults(
	const struct plan_inputs *inputs, char **line, struct report *report, struct err *err);

/* Add the running command line's root= where *line has none, or is NULL, as kexec-tools does it for
 * some families; the request may forbid it. ST_NO_MEMORY. */
int words_add_old_root(
	const struct plan_inputs *inputs, char **line, struct report *report, struct err *err);

/* Refuse a line of more than most characters; machine is for the message. ST_NO_SPACE. */
int words_check_length(const char *line, size_t most, const char *machine, struct err *err);

/* Warn of a quote that is open, and of words that make no sense to a capture kernel. Before words
 * are added: that closes the quote. line may be NULL. */
void words_doubt(const char *line, bool crash, struct report *report);

/* Add elfcorehdr= for the segment of that purpose, in front of the other words: where a line is cut
 * it is cut at its end. ST_NO_MEMORY. */
int words_add_elfcorehdr(struct plan *plan, struct err *err);

#endif
