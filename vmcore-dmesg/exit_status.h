/* SPDX-License-Identifier: GPL-2.0-only */
/* From a failure to what the shell sees. The numbers are those of kexec-tools. */
#ifndef VMCORE_DMESG_EXIT_STATUS_H
#define VMCORE_DMESG_EXIT_STATUS_H

#include "lib/err.h"

/* What was being done when it failed. */
enum stage { STAGE_OPTIONS, STAGE_OPEN, STAGE_HEADERS, STAGE_NOTES, STAGE_LOG };

/* 0 when err holds no failure. */
int vmcore_exit_status(enum stage stage, const struct err *err);

#endif
