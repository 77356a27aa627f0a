/* SPDX-License-Identifier: GPL-2.0-only */
/* Signals and broken output decide nothing about what is loaded: between the moment at which the
 * kernel frees the armed image and that at which the new one is seen to be right, nothing but
 * SIGKILL ends this program. */
#ifndef KEXEC_CMD_SIGNALS_H
#define KEXEC_CMD_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

/* From here on a line that cannot be printed is lost, and no more: SIGPIPE (nobody reads) and
 * SIGXFSZ (the file has no room) are caught, and the write fails. A program that this one becomes
 * has them as they were. */
void signals_outlive_output(void);

/* What was blocked before. */
struct signals_held {
	sigset_t mask;
};

/* From here on every signal waits that can. The stop signals do, too: whoever stops the program in
 * between leaves a machine that looks armed. */
void signals_hold(struct signals_held *ret);

/* Which signal waits that asks the program to end (SIGINT, SIGQUIT or SIGTERM), or 0. That of a
 * lost terminal, SIGHUP, asks for nothing: nobody has decided anything. */
int signals_end_asked(void);

/* What has waited is forgotten: the program ends by itself, and has something to say before. */
void signals_forget(void);

/* What has waited since signals_hold() takes effect now. */
void signals_release(const struct signals_held *held);

#endif
