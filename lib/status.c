// SPDX-License-Identifier: GPL-2.0-only
#include "lib/status.h"

const char *status_name(int status)
{
	/* No default: the compiler then names the code that was forgotten here. */
	switch ((enum status)status) {
	case ST_OK:
		return "ok";
	case ST_NOT_MINE:
		return "not-mine";
	case ST_NOT_FOUND:
		return "not-found";
	case ST_BAD_INPUT:
		return "bad-input";
	case ST_UNSUPPORTED:
		return "unsupported";
	case ST_NO_SPACE:
		return "no-space";
	case ST_NO_CRASH_MEM:
		return "no-crash-mem";
	case ST_DENIED:
		return "denied";
	case ST_NO_MEMORY:
		return "no-memory";
	case ST_SYSTEM:
		return "system";
	case ST_CHANGED:
		return "changed";
	case ST_USAGE:
		return "usage";
	case ST_BUG:
		return "bug";
	}
	return "unknown";
}
