/* SPDX-License-Identifier: GPL-2.0-only */
/* The files of a load: found, opened, read, understood and hashed, before the machine is looked
 * at and once for all rounds of loading. */
#ifndef KEXEC_CMD_FILES_H
#define KEXEC_CMD_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "kexec/request.h"
#include "kexec/cmd/modules.h"
#include "kexec/cmd/timeline.h"
#include "kexec/image/image.h"
#include "kexec/plan/plan.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/report.h"
#include "lib/sysroot.h"
#include "lib/sysroot_hold.h"

/* What the user named and what the kernel file brought along, read, unpacked and hashed once,
 * however often it takes to load it. */
struct files {
	struct timeline timeline; /* where the time of the load went */
	bool for_plan; /* to be read and hashed whole; else the kernel reads them itself */
	bool copy;     /* somebody wants to write to what was mapped: only copies from now on */
	/* Open, so that kexec_file_load(2) gets the very files that were looked at; NULL where none
	 * was named, and where several initrds are joined. */
	struct sysroot_file *kernel_open;
	struct sysroot_file *initrd_open;
	const char *initrd_name; /* borrowed from the request, or static; the first of several */
	struct held kernel_held; /* empty when the image was made from it and is elsewhere */
	struct held initrd_held;
	struct image image;
	struct blob initrd_made; /* several, joined, or the beginning of one */
	struct span initrd;	 /* in one of these, or a part of the image */
	bool initrd_inner;	 /* it is what was in the file that is open, not the file */
	uint64_t initrd_unread;
	uint64_t bytes, available; /* of the files so far, and of memory that can be had */
	struct modules modules;
	struct blob dtb;
	char *cmdline; /* owned: of the image; NULL when there is none that counts */
	struct known_digest digests[2];
	size_t digests_count;
	struct report report;
};

/*
 * Read what request names. files is to be cleared by files_done() whatever comes of it. What was
 * decided goes to files->report. Errors are those of reading and of image_describe(); ST_NOT_FOUND
 * for --reuseinitrd where the running kernel kept none.
 */
int files_read(const struct request *request, const struct sysroot *root, struct files *files,
	struct err *err);

void files_done(struct files *files);

/*
 * Is anybody waiting to write to a file whose bytes are mapped here? Then what was planned with
 * them is to be thrown away, and files_copy() makes copies, describes and hashes again. Errors as
 * files_read(); also when the file is another by now.
 */
bool files_are_asked_for(const struct files *files);
int files_copy(const struct request *request, const struct sysroot *root, struct files *files,
	struct err *err);

/* For -d: which are mapped, and which were copied and why. */
void files_say(const struct files *files, FILE *out);

/* All of an initrd of which only the beginning was read: for kexec_load(2), where
 * kexec_file_load(2) was to read it and cannot. files->initrd_unread is 0 afterwards. */
int files_read_initrd(struct files *files, struct err *err);

#endif
