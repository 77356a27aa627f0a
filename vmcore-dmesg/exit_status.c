// SPDX-License-Identifier: GPL-2.0-only
#include "vmcore-dmesg/exit_status.h"

#include <stddef.h>
#include <string.h>

/* The first row that fits counts. A row without an id is for whatever else goes wrong then. */
static const struct row {
	enum stage stage;
	const char *id;
	int exit_status;
} rows[] = {
	{ STAGE_OPTIONS, NULL, 1 },
	{ STAGE_OPEN, NULL, 2 },

	{ STAGE_HEADERS, "elfcore-empty", 3 },
	{ STAGE_HEADERS, "elfcore-magic", 4 },
	{ STAGE_HEADERS, "dumpfile-missing", 4 },
	{ STAGE_HEADERS, "elfcore-version", 5 },
	{ STAGE_HEADERS, "elfcore-class", 6 },
	{ STAGE_HEADERS, "elfcore-data", 7 },
	{ STAGE_HEADERS, "elfcore-type", 11 },
	{ STAGE_HEADERS, "elfcore-phentsize", 12 },
	{ STAGE_HEADERS, "elfcore-phnum", 13 },
	{ STAGE_HEADERS, "out-of-memory", 14 },
	{ STAGE_HEADERS, "elfcore-phoff", 16 },
	{ STAGE_HEADERS, NULL, 10 },

	{ STAGE_NOTES, "elfcore-vmcoreinfo", 20 },
	{ STAGE_NOTES, "out-of-memory", 21 },
	{ STAGE_NOTES, NULL, 22 },

	{ STAGE_LOG, "elfcore-address", 30 },
	{ STAGE_LOG, "log-pointer", 40 },
	{ STAGE_LOG, "log-number", 41 },
	{ STAGE_LOG, "log-missing", 50 },
	{ STAGE_LOG, "log-chars", 51 },
	{ STAGE_LOG, "log-plain", 52 },
	{ STAGE_LOG, "output", 54 },
	{ STAGE_LOG, "log-vmcoreinfo", 60 },
	{ STAGE_LOG, "log-size", 61 },
	{ STAGE_LOG, "out-of-memory", 64 },
	{ STAGE_LOG, "log-block", 66 },
	{ STAGE_LOG, "log-record", 67 },
	{ STAGE_LOG, "log-ids", 68 },
	{ STAGE_LOG, "log-loop", 68 },
	{ STAGE_LOG, "log-index", 69 },
	{ STAGE_LOG, NULL, 65 },
};

int vmcore_exit_status(enum stage stage, const struct err *err)
{
	const struct row *row = rows;

	if (err->status == ST_OK)
		return 0;
	while (row->stage != stage || (row->id && (!err->id || strcmp(row->id, err->id) != 0)))
		row++;
	return row->exit_status;
}
