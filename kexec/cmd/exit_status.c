// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/cmd/exit_status.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>

/* Any result code. */
#define ANY INT_MIN

/*
 * The first row that fits counts. A row with an id is an exception to what its result code
 * means elsewhere; a row without is the rule.
 */
static const struct row {
	int status;
	const char *id;
	int exit_status;
} rows[] = {
	{ ST_OK, NULL, EXIT_STATUS_OK },

	/* The command line. kexec-tools finds a missing kernel, or way back, only when it wants to
	 * load. */
	{ ST_USAGE, "kernel-missing", EXIT_STATUS_FAILED },
	{ ST_USAGE, "jump-entry-missing", EXIT_STATUS_FAILED },
	{ ST_USAGE, NULL, EXIT_STATUS_REFUSED },
	{ ST_BAD_INPUT, "option-value", EXIT_STATUS_REFUSED },
	{ ST_UNSUPPORTED, "file-load-unusable", EXIT_STATUS_FILE_LOAD },

	/* The system calls, whatever they said. */
	{ ANY, "kexec-load-failed", EXIT_STATUS_FAILED },
	{ ANY, "kexec-file-load-failed", EXIT_STATUS_FAILED },
	{ ANY, "exec-failed", EXIT_STATUS_FAILED },

	/* The machine and the files that were named, before anything is tried. */
	{ ANY, "initrd-unreadable", EXIT_STATUS_FAILED },
	{ ANY, "initrd-empty", EXIT_STATUS_REFUSED },
	{ ANY, "image-empty", EXIT_STATUS_REFUSED },
	{ ST_NO_CRASH_MEM, NULL, EXIT_STATUS_REFUSED },
	{ ST_UNSUPPORTED, "hotplug-unsupported", EXIT_STATUS_REFUSED },
	{ ST_NOT_FOUND, NULL, EXIT_STATUS_REFUSED },
	{ ST_DENIED, NULL, EXIT_STATUS_REFUSED },
	{ ST_SYSTEM, "file-error", EXIT_STATUS_REFUSED },
	{ ST_NO_MEMORY, NULL, EXIT_STATUS_REFUSED },

	/* The crash reservation. What does not fit elsewhere is a failed load. */
	{ ST_NO_SPACE, "crash-region-too-small", EXIT_STATUS_NO_ROOM },
	{ ST_NO_SPACE, "crash-region-full", EXIT_STATUS_NO_ROOM },
	{ ST_NO_SPACE, "image-half-of-ram", EXIT_STATUS_NO_ROOM },
	{ ANY, NULL, EXIT_STATUS_FAILED },
};

int exit_status(enum action action, const struct err *err)
{
	const struct row *row = rows;
	bool answers = action == ACTION_STATUS || action == ACTION_ELFCOREHDR;

	while ((row->status != ANY && row->status != err->status) ||
		(row->id && (!err->id || strcmp(row->id, err->id) != 0)))
		row++;
	return answers && row->exit_status == EXIT_STATUS_REFUSED ? EXIT_STATUS_FAILED
								  : row->exit_status;
}
