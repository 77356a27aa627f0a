// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/cmd/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/cmd/option_table.h"
#include "lib/checked.h"

/* What getopt_long() returns for the row with index 0; above all letters. */
#define ROW_BASE 256

/* A table with room to grow; options_parse() fails loudly when it has outgrown this. */
#define ROWS_MAX 128

_Static_assert(sizeof(enum hotplug_mode) == sizeof(int), "EFFECT_WORD stores an int");
_Static_assert(sizeof(enum corruption_policy) == sizeof(int), "EFFECT_WORD stores an int");
_Static_assert(sizeof(enum args_form) == sizeof(int), "EFFECT_WORD stores an int");
_Static_assert(sizeof(enum entry_mode) == sizeof(int), "EFFECT_WORD stores an int");
_Static_assert(sizeof(enum dry_run) == sizeof(int), "EFFECT_WORD stores an int");
_Static_assert(sizeof(enum identify_form) == sizeof(int), "EFFECT_WORD stores an int");
_Static_assert(sizeof(enum status_form) == sizeof(int), "EFFECT_WORD stores an int");
_Static_assert(sizeof(enum elfcorehdr_form) == sizeof(int), "EFFECT_WORD stores an int");
_Static_assert(sizeof(enum syscall_choice) == sizeof(int), "EFFECT_WORD stores an int");

/* What has been met so far, beside what already stands in the request. */
struct parse {
	struct request *request;
	struct report *report;
	char action; /* the letter of the last of -l -p -u -e -f; 0 when there was none */
	bool crash;  /* -p was there: sticks */
	bool unload; /* -u was there: sticks, until an -l */
	bool load;   /* -l was there: sticks */
	bool exec;   /* -e was there: sticks */
	bool status; /* -S */
	bool ended;  /* nothing behind counts */
	const struct option_row *refused;    /* the first option that cannot be followed */
	const struct option_row *needs_load; /* one that asks for kexec_load(2) */
	/* By row: has it a value that still counts, and which? */
	struct {
		bool given;
		const char *value;
	} values[ROWS_MAX];
};

/* Would it be lost with the other call? */
static bool must_have_load(const struct option_row *row)
{
	return (row->paths & (WITH_BOTH | DISPENSABLE)) == WITH_LOAD;
}

/* Options that would be lost go before those that can be done without. */
static void note_needs(struct parse *parse, const struct option_row *row)
{
	if (row->effect == EFFECT_NOTHING ||
		((row->paths & WITH_BOTH) != WITH_LOAD && !(row->paths & BETTER_WITH_LOAD)))
		return;
	if (!parse->needs_load || must_have_load(row))
		parse->needs_load = row;
}

/* Do both set the same to a value, of which the last one counts? */
static bool is_same_thing(const struct option_row *one, const struct option_row *other)
{
	switch (one->effect) {
	case EFFECT_SEED:
		return one == other;
	case EFFECT_STRING:
	case EFFECT_WORD:
	case EFFECT_SIZE:
	case EFFECT_ADDRESS:
	case EFFECT_NOT_0:
		return one->effect == other->effect && one->field == other->field;
	default:
		return false;
	}
}

static bool is_same_text(const char *one, const char *other)
{
	return one && other ? strcmp(one, other) == 0 : one == other;
}

/* What of a value is shown. */
#define VALUE_SHOWN 60

/* Scripts add options to those of a configuration, so the last one counts, as in kexec-tools. That
 * a file or a text is left out is said. */
static void note_value(struct parse *parse, const struct option_row *row, const char *value)
{
	for (size_t i = 0; i < option_table_count; i++) {
		const struct option_row *other = &option_table[i];
		const char *old = parse->values[i].value;

		if (!parse->values[i].given || !is_same_thing(row, other))
			continue;
		parse->values[i].given = false;
		if (is_same_text(old, value) && (row == other || row->effect == EFFECT_STRING))
			continue;
		report_add(parse->report,
			row->effect == EFFECT_WORD ? REPORT_CHOICE : REPORT_WARNING, "options",
			"--%s%s%.*s has no effect: of several the last one counts, --%s%s%.*s",
			other->name, old ? "=" : "", VALUE_SHOWN, old ? old : "", row->name,
			value ? "=" : "", VALUE_SHOWN, value ? value : "");
	}
	parse->values[row - option_table].given = true;
	parse->values[row - option_table].value = value;
}

static int bad_value(const struct option_row *row, const char *value, struct err *err)
{
	return err_set(
		err, ST_BAD_INPUT, "option-value", "Bad option value in --%s=%s", row->name, value);
}

/* A number in C syntax, without sign or white space. *ret_rest is what follows the digits. */
static bool parse_number(const char *text, uint64_t *ret, const char **ret_rest)
{
	unsigned long long number;
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	number = strtoull(text, &end, 0);
	if (errno)
		return false;
	*ret = number;
	*ret_rest = end;
	return true;
}

static bool parse_size(const char *text, uint64_t *ret)
{
	const char *rest;
	uint64_t number;
	uint64_t unit = 1;

	if (!parse_number(text, &number, &rest))
		return false;
	switch (*rest) {
	case 'k':
	case 'K':
		unit = UINT64_C(1) << 10;
		break;
	case 'm':
	case 'M':
		unit = UINT64_C(1) << 20;
		break;
	case 'g':
	case 'G':
		unit = UINT64_C(1) << 30;
		break;
	}
	if (unit != 1)
		rest++;
	return *rest == '\0' && number != 0 && mul_u64(number, unit, ret);
}

static const struct option_word *find_word(const struct option_word *words, const char *text)
{
	for (; words->value != -1; words++) {
		if (!text || !words->text) {
			if (text == words->text)
				return words;
		} else if (strcmp(text, words->text) == 0) {
			return words;
		}
	}
	return NULL;
}

static void note_action(struct parse *parse, char letter)
{
	switch (letter) {
	case 'p':
		parse->crash = true;
		break;
	case 'u':
		parse->unload = true;
		break;
	case 'l':
		parse->unload = false;
		parse->load = true;
		break;
	case 'e':
		parse->exec = true;
		break;
	}
	parse->action = letter;
}

static int add_initrd(struct request *request, const char *value, struct err *err)
{
	size_t count = 0;

	if (!request->initrd) {
		request->initrd = value;
		return ST_OK;
	}
	while (count < INITRDS_MAX - 1 && request->more_initrds[count])
		count++;
	if (count == INITRDS_MAX - 1)
		return err_set(err, ST_USAGE, "initrd-count",
			"more than %d initrds: %s is one too many", INITRDS_MAX, value);
	request->more_initrds[count] = value;
	return ST_OK;
}

static int add_module(struct request *request, const char *value, struct err *err)
{
	size_t count = 0;

	while (request->modules[count])
		count++;
	if (count == MODULES_MAX)
		return err_set(err, ST_USAGE, "module-count",
			"more than %d modules: %s is one too many", MODULES_MAX, value);
	request->modules[count] = value;
	return ST_OK;
}

/* Let one option do what its row says. value is NULL when there is none. */
static int apply(
	struct parse *parse, const struct option_row *row, const char *value, struct err *err)
{
	char *field = (char *)parse->request + row->field;
	const struct option_word *word;
	const char *rest;
	uint64_t number;

	switch (row->effect) {
	case EFFECT_ACTION:
		note_action(parse, row->letter);
		return ST_OK;
	case EFFECT_AT_ONCE:
		parse->request->action = (enum action)row->words[0].value;
		parse->ended = true;
		return ST_OK;
	case EFFECT_FLAG:
		*(bool *)field = true;
		return ST_OK;
	case EFFECT_STRING:
		memcpy(field, &value, sizeof(value));
		return ST_OK;
	case EFFECT_WORD:
		word = find_word(row->words, value);
		if (!word)
			return bad_value(row, value, err);
		memcpy(field, &word->value, sizeof(word->value));
		parse->status |= row->letter == 'S';
		return ST_OK;
	case EFFECT_SIZE:
		if (!parse_size(value, &number))
			return bad_value(row, value, err);
		memcpy(field, &number, sizeof(number));
		return ST_OK;
	case EFFECT_ADDRESS:
	case EFFECT_NOT_0:
		if (!parse_number(value, &number, &rest) || *rest ||
			(number == 0 && row->effect == EFFECT_NOT_0))
			return bad_value(row, value, err);
		memcpy(field, &number, sizeof(number));
		return ST_OK;
	case EFFECT_INITRD:
		return add_initrd(parse->request, value, err);
	case EFFECT_MODULE:
		return add_module(parse->request, value, err);
	case EFFECT_SEED:
		if (!parse_number(value, &number, &rest) || *rest)
			return bad_value(row, value, err);
		parse->request->seed = number;
		parse->request->has_seed = true;
		return ST_OK;
	case EFFECT_NOTHING:
		if (value && strcmp(row->value_name, "STRING") != 0 &&
			(!parse_number(value, &number, &rest) || *rest))
			return bad_value(row, value, err);
		report_add(parse->report, REPORT_CHOICE, "options", "--%s has no effect here%s%s",
			row->name, row->more ? ". " : "", row->more ? row->more : "");
		return ST_OK;
	case EFFECT_REFUSED:
		if (!parse->refused)
			parse->refused = row;
		return ST_OK;
	}
	return err_set(err, ST_BUG, "option-table", "--%s: no such effect", row->name);
}

/* It is no load of a file, and nothing else is done with it. */
static int choose_way_back(const struct parse *parse, struct err *err)
{
	if (parse->request->kernel || (parse->action && parse->action != 'l')) {
		err_set(err, ST_USAGE, "jump-action",
			"--load-jump-back-helper loads the way back and nothing else: not with "
			"-%c or a file",
			parse->action && parse->action != 'l' ? parse->action : 'l');
		return err_hint(err, "kexec --load-jump-back-helper; then kexec -e goes there");
	}
	parse->request->action = ACTION_LOAD_WAY_BACK;
	return ST_OK;
}

/* What all action options together mean. The last one wins, with two exceptions that stick:
 * -p says which image it is about, and -u is not undone by a -p behind it. */
static int choose_action(const struct parse *parse, struct err *err)
{
	struct request *request = parse->request;

	request->crash = parse->crash;
	if (request->identify) {
		request->action = ACTION_IDENTIFY;
		return ST_OK;
	}
	if (request->elfcorehdr) {
		request->action = ACTION_ELFCOREHDR;
		return ST_OK;
	}
	if (parse->status) {
		request->action = ACTION_STATUS;
		request->crash = parse->crash || !parse->load;
		return ST_OK;
	}
	if (request->load_way_back)
		return choose_way_back(parse, err);
	switch (parse->action) {
	case 'u':
		request->action = ACTION_UNLOAD;
		return ST_OK;
	case 'p':
		request->action = parse->unload ? ACTION_UNLOAD : ACTION_LOAD;
		return ST_OK;
	case 'l':
		request->action = ACTION_LOAD;
		return ST_OK;
	case 'e':
		request->action = ACTION_EXEC;
		return ST_OK;
	case 'f':
		/* petitboot's last resort: what is loaded, whatever else fails */
		if (parse->exec && !request->kernel) {
			request->action = ACTION_EXEC;
			request->no_ifdown = true;
			return ST_OK;
		}
		if (parse->crash) {
			err_set(err, ST_USAGE, "force-crash",
				"-f starts the kernel that it loads, and with -p only a panic "
				"does");
			return err_hint(err, "leave one of the two out");
		}
		request->action = ACTION_LOAD_AND_EXEC;
		return ST_OK;
	default:
		request->action = ACTION_LOAD_AND_SHUTDOWN;
		return ST_OK;
	}
}

/* A load by which call? Options that only kexec_load(2) can follow say so in the request; with
 * -s they are refused, or done without. */
static int choose_syscall(const struct parse *parse, struct err *err)
{
	const struct option_row *row = parse->needs_load;

	if (!row)
		return ST_OK;
	if (parse->request->syscall != SYSCALL_FILE_LOAD) {
		if (must_have_load(row))
			parse->request->needs_load = row->name;
		else
			parse->request->prefers_load = row->name;
		return ST_OK;
	}
	if (row->paths & BETTER_WITH_LOAD)
		return ST_OK;
	if (row->paths & DISPENSABLE) {
		report_add(parse->report, REPORT_WARNING, "options",
			"--%s has no effect with kexec_file_load", row->name);
		return ST_OK;
	}
	err_set(err, ST_USAGE, "file-load-option", "--%s is not possible with kexec_file_load (-s)",
		row->name);
	return err_hint(err, "leave -s out, or use -c");
}

/* As kexec-tools takes them: what a PC's UART divides its clock to. */
static int check_baud(uint64_t baud, struct err *err)
{
	if (baud == 0 || (baud >= 9600 && baud <= 115200 && 115200 % baud == 0))
		return ST_OK;
	err_set(err, ST_BAD_INPUT, "option-value", "Bad serial port baud rate '%" PRIu64 "'", baud);
	return err_hint(err, "one of 9600, 14400, 19200, 38400, 57600 and 115200 is usual");
}

/* After the last option: what only the whole command line can tell. */
static int settle(const struct parse *parse, struct err *err)
{
	struct request *request = parse->request;
	bool loads;
	int status;

	if (parse->refused)
		return err_set(err, ST_USAGE, "option-not-here", "--%s is not possible: %s",
			parse->refused->name, parse->refused->more);
	status = check_baud(request->serial_baud, err);
	if (!status)
		status = choose_action(parse, err);
	if (status)
		return status;
	loads = request->action == ACTION_LOAD || request->action == ACTION_LOAD_AND_EXEC ||
		request->action == ACTION_LOAD_AND_SHUTDOWN;
	if (request->hotplug_size && request->hotplug == HOTPLUG_OFF)
		request->hotplug = HOTPLUG_ON;
	if (request->dry_run && !loads) {
		err_set(err, ST_USAGE, "dry-run-action", "--dry-run can only be used with a load");
		return err_hint(err, "kexec -p --dry-run KERNEL");
	}
	if (request->action == ACTION_IDENTIFY && !request->kernel) {
		err_set(err, ST_USAGE, "identify-file-missing", "--identify needs a file");
		return err_hint(err, "kexec --identify FILE");
	}
	if (loads && !request->kernel) {
		err_set(err, ST_USAGE, "kernel-missing", "No kernel specified");
		return err_hint(err, "kexec -l KERNEL, kexec -p KERNEL; see kexec --help");
	}
	if (request->way_back && !request->load_way_back)
		report_add(parse->report, REPORT_CHOICE, "options",
			"--entry has no effect without --load-jump-back-helper");
	if (request->action == ACTION_LOAD_WAY_BACK)
		return choose_syscall(parse, err);
	if (!loads)
		return ST_OK;
	if (request->preserve && request->crash) {
		err_set(err, ST_USAGE, "jump-crash",
			"--load-preserve-context is for a restart (-l), not for a panic (-p), from "
			"which no kernel comes back");
		return err_hint(err, "leave one of the two out");
	}
	if (request->hotplug != HOTPLUG_OFF && !request->crash)
		report_add(parse->report, REPORT_WARNING, "options",
			"--hotplug has no effect without -p: only for a crash kernel is there a "
			"list of memory to be kept up to date");
	if (request->reuse_initrd && request->initrd)
		report_add(parse->report, REPORT_WARNING, "options",
			"--reuseinitrd has no effect with --initrd=%s", request->initrd);
	if (request->console && request->serial)
		report_add(parse->report, REPORT_WARNING, "options",
			"--serial=%s has no effect with --console=%s", request->serial,
			request->console);
	return choose_syscall(parse, err);
}

/* More words than the kernel's name: an initrd without its option, or a command line without
 * quotes, of which the rest is missing in the new kernel. kexec-tools takes them without a word,
 * and there are scripts that are armed by such a line. */
static void check_rest(const struct parse *parse, char **rest)
{
	const char *kernel = parse->request->kernel;

	for (; *rest; rest++)
		if (strcmp(*rest, kernel) != 0)
			report_add(parse->report, REPORT_WARNING, "options",
				"%.*s has no effect: one file is taken, which is %.*s; an initrd "
				"is given with --initrd=, and a command line of several words in "
				"quotes",
				VALUE_SHOWN, *rest, VALUE_SHOWN, kernel);
}

/* How many rows a shortened long option could mean; text is what stands behind the "--". */
static size_t count_matches(const char *text)
{
	size_t length = strcspn(text, "=");
	size_t matches = 0;

	for (size_t i = 0; i < option_table_count; i++)
		if (strncmp(option_table[i].name, text, length) == 0)
			matches++;
	return matches;
}

/* The row that getopt_long() found, by letter or by ROW_BASE plus index. */
static const struct option_row *find_row(int found)
{
	for (size_t i = 0; i < option_table_count; i++)
		if (found == option_table[i].letter || found == ROW_BASE + (int)i)
			return &option_table[i];
	return NULL;
}

/* Words for what getopt_long() did not like. word is the argument it stood in. */
static int refuse(int found, int option, const char *word, struct err *err)
{
	if (found == ':' && option >= ROW_BASE)
		err_set(err, ST_USAGE, "option-value", "option '--%s' requires an argument",
			option_table[option - ROW_BASE].name);
	else if (found == ':')
		err_set(err, ST_USAGE, "option-value", "option requires an argument -- '%c'",
			option);
	else if (option >= ROW_BASE)
		err_set(err, ST_USAGE, "option-value", "option '--%s' doesn't allow an argument",
			option_table[option - ROW_BASE].name);
	else if (option)
		err_set(err, ST_USAGE, "option-unknown", "invalid option -- '%c'", option);
	else if (count_matches(word + 2) > 1)
		err_set(err, ST_USAGE, "option-unknown", "option '%s' is ambiguous", word);
	else
		err_set(err, ST_USAGE, "option-unknown", "unrecognized option '%s'", word);
	return err_hint(err, "try 'kexec --help'");
}

/* The table as getopt_long() wants it. letters has room for ":" and two per row. */
static void fill_getopt(struct option *longs, char *letters)
{
	static const int has_arg[] = {
		[ARGUMENT_NONE] = no_argument,
		[ARGUMENT_REQUIRED] = required_argument,
		[ARGUMENT_OPTIONAL] = optional_argument,
	};

	*letters++ = ':'; /* tell a missing value from an unknown option */
	for (size_t i = 0; i < option_table_count; i++) {
		const struct option_row *row = &option_table[i];

		longs[i] = (struct option){
			.name = row->name,
			.has_arg = has_arg[row->argument],
			.val = ROW_BASE + (int)i,
		};
		if (!row->letter)
			continue;
		*letters++ = row->letter;
		if (row->argument == ARGUMENT_REQUIRED)
			*letters++ = ':';
	}
	longs[option_table_count] = (struct option){ .name = NULL };
	*letters = '\0';
}

int options_parse(
	int argc, char **argv, struct request *ret, struct report *report, struct err *err)
{
	struct request request = { .action = ACTION_HELP };
	struct parse parse = { .request = &request, .report = report };
	struct option longs[ROWS_MAX + 1];
	char letters[2 * ROWS_MAX + 2];
	int found;
	int status;

	if (option_table_count > ROWS_MAX)
		return err_set(err, ST_BUG, "option-table", "the option table is too long");
	fill_getopt(longs, letters);

	opterr = 0;
	optind = 0; /* start anew, in glibc and musl */
	for (;;) {
		const struct option_row *row;

		optopt = 0;
		found = getopt_long(argc, argv, letters, longs, NULL);
		if (found == -1)
			break;
		if (found == '?' || found == ':')
			return refuse(found, optopt, argv[optind - 1], err);
		row = find_row(found);
		if (!row)
			return err_set(
				err, ST_BUG, "option-table", "option %d without a row", found);
		status = apply(&parse, row, optarg, err);
		if (status)
			return status;
		if (parse.ended) {
			*ret = request;
			return ST_OK;
		}
		note_needs(&parse, row);
		note_value(&parse, row, optarg);
	}
	if (optind < argc)
		request.kernel = argv[optind];
	status = settle(&parse, err);
	if (!status && optind < argc)
		check_rest(&parse, &argv[optind + 1]);
	if (status)
		return status;
	*ret = request;
	return ST_OK;
}
