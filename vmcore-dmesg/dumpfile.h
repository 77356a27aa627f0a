/* SPDX-License-Identifier: GPL-2.0-only */
/* Dumps that makedumpfile has compressed, by libkdumpfile, in builds that have it. */
#ifndef VMCORE_DMESG_DUMPFILE_H
#define VMCORE_DMESG_DUMPFILE_H

#include "vmcore-dmesg/vmcore.h"

struct dumpfile;

/*
 * Set dump, word_size and big_endian of core. ST_NOT_MINE, without a message, when the file
 * does not begin like such a dump; ST_UNSUPPORTED with the id dumpfile-missing when it does
 * and this build cannot read it; ST_BAD_INPUT with the id dumpfile and what the library says;
 * ST_NO_MEMORY. The file must outlive the use of the dump, which itself lasts as long as the
 * process, once for each call.
 */
int dumpfile_open(struct sysroot_file *file, struct vmcore *core, struct err *err);

enum dumpfile_space { DUMPFILE_VIRTUAL, DUMPFILE_PHYSICAL };

/* Append the text of VMCOREINFO; copy memory at a kernel or physical address. ST_BAD_INPUT with
 * the id dumpfile and what the library says; ST_NO_MEMORY. */
int dumpfile_vmcoreinfo(struct dumpfile *dump, struct blob *ret, struct err *err);
int dumpfile_read(struct dumpfile *dump, enum dumpfile_space space, uint64_t address, void *buf,
	size_t size, struct err *err);

#endif
