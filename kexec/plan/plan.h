/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The plan: which bytes go where, and why. Made from a machine, an image and a request;
 * after plan_crash() or plan_normal() has returned it is sealed and nobody writes to it. The
 * system call and the dump take only a finished plan.
 */
#ifndef KEXEC_PLAN_PLAN_H
#define KEXEC_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kexec/request.h"
#include "kexec/image/image.h"
#include "kexec/plan/elfcorehdr.h"
#include "kexec/system/machine.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/rangeset.h"
#include "lib/report.h"
#include "lib/sha256.h"
#include "purgatory/abi.h"

/* include/uapi/linux/kexec.h, include/linux/kexec.h */
#define KEXEC_SEGMENT_MAX 16

#define KEXEC_ON_CRASH		    0x00000001
#define KEXEC_PRESERVE_CONTEXT	    0x00000002
#define KEXEC_UPDATE_ELFCOREHDR	    0x00000004
#define KEXEC_CRASH_HOTPLUG_SUPPORT 0x00000008
#define KEXEC_ARCH_PPC64	    (21u << 16)
#define KEXEC_ARCH_X86_64	    (62u << 16)
#define KEXEC_ARCH_AARCH64	    (183u << 16)

#define KASLR_SEED_SIZE 8
#define RNG_SEED_SIZE	128

struct arch_ops;

enum segment_purpose {
	SEGMENT_KERNEL,
	SEGMENT_INITRD,
	SEGMENT_ELFCOREHDR,
	SEGMENT_PURGATORY,
	SEGMENT_DTB,
	SEGMENT_BOOT_PARAMS, /* with what they lead to: command line, setup_data */
	SEGMENT_MULTIBOOT,   /* what a Multiboot kernel is told, in place of boot_params */
	SEGMENT_MODULE,	     /* of a Multiboot kernel */
	SEGMENT_BACKUP,	     /* purgatory saves the beginning of memory there */
	SEGMENT_MEMORY,	     /* free memory of a new kernel that the old one waits for */
};

struct segment {
	enum segment_purpose purpose;
	struct span data; /* borrowed from the inputs or from the plan: its size is bufsz */
	uint64_t mem;
	uint64_t memsz; /* whole pages; the kernel zeroes what lies behind data */
	bool digested;	/* purgatory verifies it */
	uint8_t sha256[SHA256_DIGEST_SIZE]; /* of data, when digested */
};

/* One property of the device tree that differs from the tree it was made from. */
struct dt_edit {
	const char *action; /* "set", "delete", "keep"; static */
	char *path;	    /* owned: "/chosen" */
	const char *name;   /* static */
	char *value;	    /* owned; as text for people; NULL for a deletion */
	const char *reason; /* why, where it does not go without saying; static, or NULL */
};

/* What purgatory is told; filled by the arch code, used by plan/purgatory.c. */
struct plan_handover {
	uint64_t kernel_entry;
	struct range handed; /* what the kernel finds all else by: a device tree, or boot_params */
	uint64_t record;     /* a struct purgatory_record_cells in there */
	uint32_t reset;	     /* how the machine is reset, PURGATORY_RESET_NONE for no way */
	uint64_t own[PURGATORY_OWN]; /* what only this CPU family's purgatory is told */
	/* Of a device tree that the kernel keeps true; all zero else. */
	struct purgatory_edited edited;
};

/* Bytes that many plans carry, and their digest, made once. */
struct known_digest {
	struct span data;
	uint8_t sha256[SHA256_DIGEST_SIZE];
};

/* A file for a Multiboot kernel. */
struct plan_module {
	const char *words; /* the file's name and, behind a blank, what the kernel is told of it */
	struct span bytes;
};

/* All that a plan is made from. Everything is borrowed and must outlive the plan. */
struct plan_inputs {
	const struct arch_ops *arch; /* of the machine; NULL when none is known by its name */
	const struct request *request;
	const struct machine *machine;
	const struct image *image;
	struct span initrd;	/* empty when none was given */
	uint64_t initrd_unread; /* bytes behind those, for kexec_file_load(2), which reads it */
	bool has_initrd;
	const struct plan_module *modules; /* in this order */
	size_t modules_count;
	bool by_file; /* kexec_file_load(2): the kernel makes the plan, but for the command line */
	const struct known_digest *digests; /* for segments of exactly these bytes */
	size_t digests_count;
	/* A tree that is not the machine's own (checked), and what to call it; else empty. */
	struct span dtb;
	const char *dtb_name;
	struct console console;	 /* where purgatory prints; CONSOLE_NONE for nowhere */
	bool screen;		 /* purgatory prints on VGA's text screen as well */
	enum tristate file_load; /* has the kernel kexec_file_load(2)? */
	bool has_seeds;		 /* else the seeds are left out of the tree */
	uint8_t kaslr_seed[KASLR_SEED_SIZE];
	uint8_t rng_seed[RNG_SEED_SIZE];
};

struct plan {
	const struct arch_ops *arch;
	uint64_t page_size;
	uint64_t own_pages;	  /* that a crash load has to leave to the running kernel */
	struct rangeset room;	  /* owned: where segments may be; normalized, in whole pages */
	bool room_bounded;	  /* --mem-min and --mem-max left some out */
	uint64_t room_reserved;	  /* bytes of it that were left out for the reservations below */
	struct range load_region; /* the crash region that is for a crash load; else empty */
	struct segment segments[KEXEC_SEGMENT_MAX]; /* ascending by address once sealed */
	size_t segment_count;
	uint64_t entry;
	uint64_t flags; /* for kexec_load(2) */
	/* A plan that the kernel will make itself, for kexec_file_load(2): sizes and places are
	 * foretold, and of the bytes only those that the kernel does not make. */
	bool by_kernel;

	bool hotplug;		/* the kernel is to keep the elfcorehdr true */
	uint64_t hotplug_asked; /* bytes the kernel asks for; 0 when it does not say */
	uint64_t
		hotplug_needed; /* bytes of a header for every possible CPU and the ranges of now */
	struct elfcorehdr core;
	const char *no_tables; /* why purgatory has to do without those it wants; static, or NULL */

	struct blob tree; /* owned: another tree with what only this machine knows; else empty */
	struct rangeset reserved; /* owned: what the new kernel's tree reserves; normalized */
	struct blob dtb;	  /* owned: the tree that is loaded */
	struct blob boot_params;  /* owned: the segment of that purpose, or SEGMENT_MULTIBOOT */
	struct dt_edit *edits;	  /* owned */
	size_t edits_count;
	char *cmdline; /* owned: of the capture kernel; NULL when it has none */

	struct plan_handover handover;
	struct blob purgatory; /* owned */
	uint64_t free_bytes;   /* of the load region, left for the capture kernel */
};

void plan_done(struct plan *plan);

/*
 * Make and seal the plan of a crash load. ret is filled on success only. What was decided
 * and what is doubtful goes to report. Nothing of the machine is changed.
 * ST_NO_CRASH_MEM, ST_NO_SPACE, ST_UNSUPPORTED, ST_BAD_INPUT, ST_USAGE, ST_NO_MEMORY, ST_BUG.
 */
int plan_crash(
	const struct plan_inputs *inputs, struct plan *ret, struct report *report, struct err *err);

/*
 * The same for a load that a reboot starts. Segments are in RAM that the machine had when it was
 * booted and that nothing is known to have reserved: only that will be RAM to the new kernel.
 * Where the request says that this kernel is to be come back to, the new one has the memory that
 * the segments take and no more. Errors as above, without ST_NO_CRASH_MEM, and ST_USAGE.
 */
int plan_normal(
	const struct plan_inputs *inputs, struct plan *ret, struct report *report, struct err *err);

/* Can the running kernel wait, and be come back to? Else ST_USAGE, naming an option, on a machine
 * whose kernels do not, and ST_UNSUPPORTED for one that was built without. */
int plan_check_jump(const struct plan_inputs *inputs, const char *option, struct err *err);

/*
 * The same for the way back to the kernel that waits at inputs->request->way_back, from one that
 * it has jumped to: purgatory alone. Of the inputs no image and no console counts. ST_USAGE on a
 * machine whose kernels do not come back, ST_UNSUPPORTED, and errors as above.
 */
int plan_way_back(
	const struct plan_inputs *inputs, struct plan *ret, struct report *report, struct err *err);

/*
 * The same for a load by kexec_file_load(2), with inputs->by_file set. The kernel makes the plan,
 * and this one foretells it: a crash load is placed as the kernel will place it, since it would
 * refuse what does not fit only after it has freed the armed image; of a normal load only arch,
 * page_size, flags and cmdline are filled, and one is refused (ST_UNSUPPORTED) that the kernel
 * would put where the next one has no memory. Nothing is digested, and there is no purgatory. Where
 * the machine's tree is not known, the new one is taken to be as large as any may be. Errors as
 * above.
 */
int plan_file(
	const struct plan_inputs *inputs, struct plan *ret, struct report *report, struct err *err);

/* Is it for a panic, not for a reboot? */
static inline bool plan_is_crash(const struct plan *plan)
{
	return plan->flags & KEXEC_ON_CRASH;
}

/* Does the running kernel wait, to be come back to? */
static inline bool plan_comes_back(const struct plan *plan)
{
	return plan->flags & KEXEC_PRESERVE_CONTEXT;
}

/* "kernel", "initrd", "elfcorehdr", "purgatory", "dtb", "boot_params", "multiboot", "module",
 * "backup", "memory". Static. */
const char *segment_purpose_name(enum segment_purpose purpose);

/* What the new kernel is handed, in words and as a key of the plan's JSON: "device tree", that of
 * the architecture, or "Multiboot information". Static. */
const char *plan_handed(const struct plan *plan);
const char *plan_handed_key(const struct plan *plan);

/* Append a segment; used while planning. ST_NO_SPACE beyond KEXEC_SEGMENT_MAX. */
int plan_add_segment(struct plan *plan, enum segment_purpose purpose, struct span data,
	uint64_t mem, uint64_t memsz, struct err *err);

/* The segment with this purpose, or NULL. */
const struct segment *plan_segment(const struct plan *plan, enum segment_purpose purpose);

/* Record an edit of the device tree; value may be NULL, and is formatted text otherwise. The edit
 * has no reason yet. ST_NO_MEMORY. */
int plan_note_edit(struct plan *plan, const char *action, const char *path, const char *name,
	struct err *err, const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/* Say why of the last edit, if status, which is returned, is that of recording it. */
int plan_edit_because(struct plan *plan, int status, const char *reason);

/* Is an edit of this property of /chosen recorded? */
bool plan_has_edit(const struct plan *plan, const char *name);

#endif
