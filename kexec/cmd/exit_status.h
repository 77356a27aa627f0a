/* SPDX-License-Identifier: GPL-2.0-only */
/* From a result code to what the shell sees. Scripts know these numbers from kexec-tools. */
#ifndef KEXEC_CMD_EXIT_STATUS_H
#define KEXEC_CMD_EXIT_STATUS_H

#include "kexec/request.h"
#include "lib/err.h"

#define EXIT_STATUS_OK	      0
#define EXIT_STATUS_REFUSED   1	  /* usage, or this machine cannot do it: nothing was tried */
#define EXIT_STATUS_FILE_LOAD 253 /* -s, and kexec_file_load(2) cannot be used */
#define EXIT_STATUS_NO_ROOM   254 /* does not fit into the crash reservation */
#define EXIT_STATUS_FAILED    255 /* loading or unloading failed */

/* The exit status for a failure of action, or EXIT_STATUS_OK when err holds none. Where 1 is an
 * answer (-S: loaded; --elfcorehdr: gaps) no failure is 1. */
int exit_status(enum action action, const struct err *err);

#endif
