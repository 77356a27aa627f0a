/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every option of the command line, in one table of constants: those that work, those of
 * x86 and ppc64, which do nothing, and those that ask for what is not done here, which
 * are refused by name. Parsing (options.c), --help (usage.c), the option list of
 * kexec.8 and the shell completions (option_docs.c) are all made from it.
 *
 * To add an option, add a row, and a field to struct request; then `make update-docs`.
 */
#ifndef KEXEC_CMD_OPTION_TABLE_H
#define KEXEC_CMD_OPTION_TABLE_H

#include <stddef.h>

/* In the order of --help and of the manual. */
enum option_group {
	GROUP_ACTION,
	GROUP_RESTART,
	GROUP_KERNEL,
	GROUP_HOTPLUG,
	GROUP_PURGATORY,
	GROUP_SYSCALL,
	GROUP_PLAN,
	GROUP_GENERAL,
	GROUP_NO_EFFECT, /* accepted, so that old scripts keep working */
	GROUP_REFUSED,	 /* known from kexec-tools, not possible here */
};
#define OPTION_GROUPS (GROUP_REFUSED + 1)

enum option_argument {
	ARGUMENT_NONE,
	ARGUMENT_REQUIRED, /* --name=value or --name value */
	ARGUMENT_OPTIONAL, /* --name or --name=value */
};

/* What kind of value it is, for the completions. */
enum option_value { VALUE_OTHER, VALUE_FILE, VALUE_DIRECTORY, VALUE_TTY };

/* What an option does to struct request. "field" is the offset of the one it sets. */
enum option_effect {
	EFFECT_ACTION,	/* takes part in choosing the action; none */
	EFFECT_AT_ONCE, /* the action, and nothing behind it counts; its words give it; none */
	EFFECT_FLAG,	/* bool: true */
	EFFECT_STRING,	/* const char *: the value */
	EFFECT_WORD,	/* an enum: that of the value in words */
	EFFECT_SIZE,	/* uint64_t: bytes, with an optional k, M or G; not zero */
	EFFECT_ADDRESS, /* uint64_t: a number in C syntax */
	EFFECT_NOT_0,	/* the same, but zero is no value */
	EFFECT_INITRD,	/* one more initrd; none */
	EFFECT_MODULE,	/* one more module; none */
	EFFECT_SEED,	/* the seed, a number in C syntax, and that there is one; none */
	EFFECT_NOTHING, /* none; noted under -d */
	EFFECT_REFUSED, /* none; refused by name, its "more" says why */
};

#define ON_ARM64 0x1
#define ON_X86	 0x2
#define ON_PPC64 0x4
#define ON_ALL	 (ON_ARM64 | ON_X86 | ON_PPC64)

#define WITH_LOAD      0x1 /* kexec_load(2) */
#define WITH_FILE_LOAD 0x2 /* kexec_file_load(2) */
#define WITH_BOTH      (WITH_LOAD | WITH_FILE_LOAD)
/* Of those that mean something for one call only: the other one can do without, with a warning.
 * Without this bit an option is refused where it would be lost. */
#define DISPENSABLE 0x4
/* Of those that mean something for both calls: kexec_load does more of it, so try that first. */
#define BETTER_WITH_LOAD 0x8

/* One value that an EFFECT_WORD takes. A NULL text stands for "no value given". The list
 * ends with a value of -1. */
struct option_word {
	const char *text;
	int value;
};

struct option_row {
	const char *name; /* the long name; never NULL */
	char letter;	  /* or 0 */
	enum option_argument argument;
	const char *value_name; /* what --help calls the value; NULL without argument */
	enum option_value value_kind;
	enum option_group group;
	unsigned int arches; /* where kexec-tools has it: ON_* */
	unsigned int paths;  /* the system calls for which it means something */
	enum option_effect effect;
	size_t field;
	const struct option_word *words;
	const char *help; /* one line of at most 52 characters */
	const char *more; /* what the manual says after the help text; may be NULL */
};

extern const struct option_row option_table[];
extern const size_t option_table_count;

/* The heading of a group, such as "Actions". Static. */
const char *option_group_title(enum option_group group);

#endif
