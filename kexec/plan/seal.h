/* SPDX-License-Identifier: GPL-2.0-only */
/* The last checks, before which a plan is only a proposal. */
#ifndef KEXEC_PLAN_SEAL_H
#define KEXEC_PLAN_SEAL_H

#include "kexec/plan/plan.h"
#include "lib/err.h"

/* Read data once more, and say what its digest is. The bytes stay the caller's, and must not
 * change as long as the result is in use. */
struct known_digest digest_of(struct span data);

/* Decide which segments purgatory verifies, and take their digests from the inputs or compute
 * them. Must come before purgatory_fill(), which carries them. */
void plan_digest(const struct plan_inputs *inputs, struct plan *plan);

/*
 * Sort the segments and hold the plan against every rule that the kernel applies after it
 * has already freed the armed image (kernel/kexec_core.c:sanity_check_segment_list,
 * kimage_load_crash_segment), and those that it does not apply but that lead to a dead
 * capture kernel: whole pages inside plan->room, disjoint, none above half of RAM; for a crash
 * load also room for the kernel's own pages, and exactly one segment that begins with ELF magic.
 * ram_total in bytes, 0 when not known. ST_NO_SPACE, ST_UNSUPPORTED, ST_BAD_INPUT, ST_BUG.
 */
int plan_seal(struct plan *plan, uint64_t ram_total, struct err *err);

/* The kernel allows neither a segment nor all of them together more than half of its RAM, also for
 * a crash load, whose memory is not part of that RAM. ram_total as above. ST_NO_SPACE. */
int plan_check_amount(uint64_t bytes, uint64_t ram_total, struct err *err);

/*
 * Has the machine memory for the load? For a restart the kernel keeps all segments in pages of its
 * own; by kexec_file_load(2) it takes in the files besides, in one piece each, and what it cannot
 * read from a file lies in memory for it. Known too late, that ends with the death of some program.
 * ST_NO_SPACE.
 */
int plan_check_memory(const struct plan_inputs *inputs, const struct plan *plan, struct err *err);

/* The part of it that is about the files, of so many bytes, before they are read: available as
 * machine_read_available() says it. ST_NO_SPACE. */
int plan_check_files(uint64_t bytes, uint64_t available, struct err *err);

/* Refuse what the kernel would take for the elfcorehdr of a hotplug load. ST_UNSUPPORTED. */
int plan_not_elf(enum segment_purpose purpose, struct span data, struct err *err);

#endif
