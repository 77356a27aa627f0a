/* SPDX-License-Identifier: GPL-2.0-only */
/* kexec --elfcorehdr: what a dump holds, and whether that is all. */
#ifndef KEXEC_CMD_ELFCOREHDR_H
#define KEXEC_CMD_ELFCOREHDR_H

#include "kexec/cmd/cmd_io.h"
#include "kexec/request.h"
#include "lib/err.h"

/* *ret_answer, for monitoring: everything is there and was looked at, something is not there, or
 * neither can be told. */
#define COVERAGE_COMPLETE 0
#define COVERAGE_GAPS	  1
#define COVERAGE_UNKNOWN  2

/*
 * Print the program headers of the file request->kernel, else of /proc/vmcore where there is
 * one, else of the armed image, each explained, and what they cover of the memory map
 * (doc/elfcorehdr-schema.md is the JSON). What cannot be read or told is an answer as well, with
 * the reason. ST_NO_MEMORY.
 */
int show_elfcorehdr(
	const struct request *request, const struct cmd_io *io, int *ret_answer, struct err *err);

#endif
