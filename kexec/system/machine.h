/* SPDX-License-Identifier: GPL-2.0-only */
/* One snapshot of the running machine (or of a fixture), taken once and read only from then. */
#ifndef KEXEC_SYSTEM_MACHINE_H
#define KEXEC_SYSTEM_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "kexec/system/cpus.h"
#include "kexec/system/dump_filter.h"
#include "kexec/system/firmware.h"
#include "kexec/system/iomem.h"
#include "kexec/system/kallsyms.h"
#include "kexec/system/kconfig.h"
#include "kexec/system/kcore.h"
#include "kexec/system/kexec_state.h"
#include "kexec/system/x86_boot.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/report.h"
#include "lib/sysroot.h"

/* What the arch code works the kernel's addresses out from; parts may be missing. */
struct layout_sources {
	struct kcore kcore; /* no loads when there is no kcore */
	struct kallsyms kallsyms;
};

struct machine {
	char name[65];		/* uname -m: "aarch64" */
	char release[65];	/* uname -r */
	uint64_t page_size;	/* of the running kernel; a power of two */
	uint64_t ram_total;	/* MemTotal of /proc/meminfo in bytes: the kernel's totalram_pages;
			       0 when not known */
	uint64_t ram_available; /* what can be had now, see machine_read_available() */
	uint64_t cma_total;	/* CmaTotal in there: memory that is lent until somebody needs a
				 * large piece; 0 where there is none */
	struct iomem iomem;
	/* For a crash load only, else empty: */
	struct cpus cpus;
	uint64_t vmcoreinfo_paddr; /* the note, from /sys/kernel/vmcoreinfo */
	uint64_t vmcoreinfo_size;
	struct layout_sources layout;
	struct dump_filter dump_filter; /* where there are kernels that it may not know */
	struct rangeset crash_cma;	/* what of the reservation is lent to CMA; normalized */

	struct blob fdt; /* checked; empty when the machine has none */
	/* For a normal load only, else empty: what a kernel will find with that tree (see
	 * boot_memory.h); also empty when not known. */
	struct rangeset boot_memory;
	struct x86_boot x86_boot;
	struct firmware firmware;
	struct kconfig config;
	struct kexec_state state;
	bool complete;	    /* see machine_read_for_files() */
	char *cmdline;	    /* /proc/cmdline without its newline; NULL when it cannot be read */
	char *cpu_features; /* the words of "Features" in /proc/cpuinfo; NULL likewise */
	char *cpu_mmu;	    /* the word of "MMU" in there; NULL likewise */
	char *platform;	    /* the word of "platform" in there; NULL likewise */
};

void machine_done(struct machine *machine);

/* The text of /sys/kernel/vmcoreinfo. ST_DENIED when the address is 0; ST_BAD_INPUT. */
int machine_parse_vmcoreinfo(
	struct span text, uint64_t *ret_paddr, uint64_t *ret_size, struct err *err);

/* Where the note is, from that file. ST_UNSUPPORTED when there is none; errors as above and of the
 * sysroot. */
int machine_read_vmcoreinfo(
	const struct sysroot *root, uint64_t *ret_paddr, uint64_t *ret_size, struct err *err);

/* Bytes that programs and the kernel can have before something is killed: MemAvailable and SwapFree
 * of /proc/meminfo; 0 when not known. */
uint64_t machine_read_available(const struct sysroot *root);

/* The page size of the running kernel, as in struct machine. ST_BAD_INPUT, ST_NOT_FOUND. */
int machine_read_page_size(const struct sysroot *root, uint64_t *ret, struct err *err);

/*
 * Read everything that a load needs, with crash a crash load. What is merely missing (kcore,
 * kallsyms, config) is left empty, with a REPORT_CHOICE that says why. ST_NOT_FOUND, ST_DENIED,
 * ST_BAD_INPUT, ST_UNSUPPORTED, ST_NO_MEMORY, ST_SYSTEM: the error names the file. ST_CHANGED when
 * kcore is there and fails while it is read, which is to be tried again.
 */
int machine_read(const struct sysroot *root, bool crash, struct machine *ret, struct report *report,
	struct err *err);

/*
 * The same, but only what a load by kexec_file_load(2) needs: without layout, fdt, boot_memory and
 * config, and of firmware only what concerns memory, since under a policy that confines kexec each
 * open file is one to be allowed. machine_complete() reads the rest of one that is not complete;
 * machine_read_tree() only fdt, and no tree is no error. Errors as above.
 */
int machine_read_for_files(const struct sysroot *root, bool crash, struct machine *ret,
	struct report *report, struct err *err);
int machine_complete(const struct sysroot *root, bool crash, struct machine *machine,
	struct report *report, struct err *err);
int machine_read_tree(const struct sysroot *root, struct machine *machine, struct report *report,
	struct err *err);

#endif
