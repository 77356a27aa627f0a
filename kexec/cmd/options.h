/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line, read once: argv in, struct request out. Nobody else sees argv. */
#ifndef KEXEC_CMD_OPTIONS_H
#define KEXEC_CMD_OPTIONS_H

#include "kexec/request.h"
#include "lib/err.h"
#include "lib/report.h"

/*
 * Options may stand anywhere, also behind the kernel; "--" ends them; long ones may be cut
 * as long as they stay clear. The kernel is the first argument that is no option, and
 * further ones are ignored. --help, --version and --print-ckr-size count as soon as they are
 * met; otherwise the last of several options about the same thing counts.
 *
 * argv is permuted, and ret borrows from it. Options that were accepted but do nothing are
 * noted in report. ST_USAGE: an unknown or contradictory option, or one that arm64 cannot
 * follow. ST_BAD_INPUT: a value that is none.
 */
int options_parse(
	int argc, char **argv, struct request *ret, struct report *report, struct err *err);

#endif
