/* SPDX-License-Identifier: GPL-2.0-only */
/* The closed list of result codes. Zero is success; failures are negative, one per thing a
 * caller can do about it. What happened in detail stands in struct err (lib/err.h). */
#ifndef LIB_STATUS_H
#define LIB_STATUS_H

enum status {
	ST_OK = 0,
	ST_NOT_MINE = -1,     /* a probe: these bytes are of another kind, try the next */
	ST_NOT_FOUND = -2,    /* the file, property or record is not there */
	ST_BAD_INPUT = -3,    /* bytes or text that contradict their format */
	ST_UNSUPPORTED = -4,  /* well formed, but this kernel, CPU or build cannot do it */
	ST_NO_SPACE = -5,     /* does not fit: crash region, limit of a format, given buffer */
	ST_NO_CRASH_MEM = -6, /* no memory is reserved for a crash kernel */
	ST_DENIED = -7,	      /* the system refuses: privilege, lockdown, a sysctl */
	ST_NO_MEMORY = -8,    /* malloc failed */
	ST_SYSTEM = -9,	      /* a system call failed otherwise */
	ST_CHANGED = -10,     /* the machine changed under us */
	ST_USAGE = -11,	      /* the command line makes no sense */
	ST_BUG = -12,	      /* our own promise is broken; never caused by input */
};

#endif
