/* SPDX-License-Identifier: GPL-2.0-only */
/* What the user wants, as options.c understood it. Read only from then on. */
#ifndef KEXEC_REQUEST_H
#define KEXEC_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

enum action {
	ACTION_HELP,
	ACTION_VERSION,
	ACTION_LOAD,		  /* -l KERNEL, -p KERNEL */
	ACTION_LOAD_AND_EXEC,	  /* -f KERNEL */
	ACTION_LOAD_AND_SHUTDOWN, /* KERNEL alone */
	ACTION_LOAD_WAY_BACK,	  /* --load-jump-back-helper */
	ACTION_UNLOAD,		  /* -u, -p -u */
	ACTION_EXEC,		  /* -e */
	ACTION_STATUS,		  /* -S */
	ACTION_CRASH_SIZE,	  /* --print-ckr-size */
	ACTION_IDENTIFY,	  /* --identify FILE */
	ACTION_ELFCOREHDR,	  /* --elfcorehdr */
};

enum hotplug_mode {
	HOTPLUG_OFF,
	HOTPLUG_ON,   /* --hotplug, --hotplug-size=: refuse where the kernel cannot */
	HOTPLUG_AUTO, /* --hotplug=auto: load all the same, and say so, where the kernel cannot */
};

enum corruption_policy { CORRUPTION_HALT, CORRUPTION_RESET, CORRUPTION_BOOT };

/* -a, -c, -s: the last one given */
enum syscall_choice { SYSCALL_AUTO, SYSCALL_LOAD, SYSCALL_FILE_LOAD };

enum dry_run { DRY_RUN_OFF, DRY_RUN_TEXT, DRY_RUN_JSON, DRY_RUN_SVG };

enum status_form { STATUS_QUIET, STATUS_TEXT, STATUS_JSON };

/* How an ELF program is told what it is to do. */
enum args_form { ARGS_LINUX, ARGS_ELF, ARGS_NONE };

/* The mode that the new kernel is entered in, on x86. */
enum entry_mode { ENTRY_64, ENTRY_32, ENTRY_16 };

enum identify_form { IDENTIFY_OFF, IDENTIFY_TEXT, IDENTIFY_JSON };
/* What a boot entry may have of them and more. */
#define INITRDS_MAX 32

/* Files for a Multiboot kernel: one segment each, beside kernel, information and purgatory. */
#define MODULES_MAX 13

enum elfcorehdr_form { ELFCOREHDR_OFF, ELFCOREHDR_TEXT, ELFCOREHDR_JSON };

/* Strings are borrowed from argv, or NULL when not given. */
struct request {
	enum action action;
	bool crash;	/* it is about the image for a panic, not about the one for a restart */
	bool no_ifdown; /* -x */
	bool no_sync;	/* -y */
	enum status_form status;
	enum identify_form identify;
	enum elfcorehdr_form elfcorehdr;
	enum syscall_choice syscall;
	/* An option that asks for kexec_load(2), without its dashes: one that would be lost with
	 * the other call, else one that can be done without, or done by less. */
	const char *needs_load;
	const char *prefers_load;
	const char *kernel;		       /* the file to load, or to look at */
	const char *initrd;		       /* the first one given */
	const char *more_initrds[INITRDS_MAX]; /* to be joined behind it; up to a NULL */
	const char *modules[MODULES_MAX + 1];  /* --module: "FILE words"; up to a NULL */
	const char *dtb;
	const char *append; /* --append, --command-line: the last one given; "" is a value */
	const char *type;   /* -t: what the file has to be */
	bool reuse_initrd;  /* take the initrd that the running kernel kept */
	bool reuse_cmdline; /* put the running command line, filtered, in front of it */
	uint64_t mem_min;   /* lowest address for segments */
	uint64_t mem_max;   /* highest, inclusive; 0 when not given */
	bool load_way_back; /* --load-jump-back-helper */
	bool preserve;	    /* --load-preserve-context: the running kernel comes back later */
	uint64_t way_back;  /* --entry: where the other kernel waits; 0 when not given */
	bool no_cma;	    /* keep off memory that was lent to CMA */
	bool no_checks;	    /* -i */
	bool debug;	    /* -d */
	bool no_capture_defaults;
	bool no_old_root; /* --dt-no-old-root, on ppc64le */
	enum hotplug_mode hotplug;
	uint64_t hotplug_size; /* bytes; 0 when not given */
	enum args_form args;   /* --args-linux, --args-elf, --args-none: the last one given */
	enum entry_mode entry; /* --entry-32bit, --real-mode: the last one given */
	bool no_efi;	       /* --noefi: nothing of EFI for the new kernel, on x86 */
	bool screen;	       /* --console-vga: purgatory prints there, too, on x86 */
	const char *console;   /* --console: earlycon syntax or "none" */
	const char *serial;    /* --serial: a tty name, or an I/O port */
	bool console_serial;   /* --console-serial: a serial line, the first one if none is known */
	uint64_t serial_baud;  /* --serial-baud: its speed; 0 when not given */
	enum corruption_policy on_corruption;
	const char *sysroot;
	enum dry_run dry_run;
	bool has_seed; /* --seed: a test option that makes the plan wholly repeatable */
	uint64_t seed;
};

#endif
