/* SPDX-License-Identifier: GPL-2.0-only */
/* What a dump holds, or would hold, and whether that is all: what kexec --elfcorehdr prints. */
#ifndef KEXEC_CMD_COVERAGE_H
#define KEXEC_CMD_COVERAGE_H

#include "kexec/request.h"
#include "kexec/system/armed_core.h"
#include "kexec/system/cpus.h"
#include "lib/elfcore.h"
#include "lib/err.h"
#include "lib/rangeset.h"
#include "lib/sysroot.h"

/* What is in the notes of one program header. */
struct core_notes {
	uint32_t registers; /* of CPUs that had run when the machine crashed */
	bool vmcoreinfo;
};

struct coverage {
	const char *file;	    /* its name; NULL for the armed image */
	struct sysroot_file *open;  /* owned: it, open */
	struct elfcore file_core;   /* owned: its headers, not held */
	struct armed_core *armed;   /* owned: the armed image otherwise */
	const struct elfcore *core; /* one of the two; NULL when there is none */
	bool is_dump;		    /* notes and memory are in it, not only a header */
	size_t kernel;		    /* the entry of the kernel image; SIZE_MAX when not known */

	uint64_t saved;	  /* so much of the machine's memory, from 0 on, is dumped from a copy */
	bool has_machine; /* the rest is of the machine that the header is for */
	struct cpus cpus; /* no notes when they cannot be read; by address */
	uint64_t vmcoreinfo_paddr; /* its note; 0 when not known */
	uint64_t vmcoreinfo_size;
	struct rangeset dumped;	      /* what a dump should hold */
	struct rangeset missing;      /* of that, what no program header has */
	struct rangeset surplus;      /* what program headers have besides: it is gone */
	struct cpulist missing_notes; /* CPUs without a note of the right size */

	bool lacks_vmcoreinfo; /* no note describes the kernel: nothing reads such a dump */
	bool lacks_registers;  /* a dump that has them of no CPU */
	uint64_t unreadable;   /* ranges of a dump whose first or last page cannot be read */
	struct err unreadable_why;
	struct err notes_error;	 /* why the notes could not be looked at to their end */
	struct err not_compared; /* why there is no machine to compare with */
	struct err unknown;	 /* why not all could be judged */
};

/*
 * Look at the file request->kernel, else at /proc/vmcore where there is one, else at the armed
 * image. What cannot be read or told is an answer as well: unknown. coverage_done() it in any
 * case. ST_NO_MEMORY.
 */
int coverage_read(const struct request *request, const struct sysroot *root, struct coverage *ret,
	struct err *err);
void coverage_done(struct coverage *coverage);

/* COVERAGE_* of elfcorehdr.h: what is known to be bad goes before what is not known. */
int coverage_judge(const struct coverage *coverage);

/* Whose notes a program header is for; NULL when of none that is known. */
const struct cpu_notes *coverage_cpu(
	const struct coverage *coverage, const struct elfcore_phdr *phdr);

/* Looks at the notes of program headers, of each at most once. */
struct notes_pass {
	const struct elfcore *core; /* borrowed */
	struct elfcore_note note;   /* the last one */
	struct err error;	    /* why the rest of them is not told */
};
struct core_notes notes_pass_of(struct notes_pass *pass, size_t index);

#endif
