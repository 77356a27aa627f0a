// SPDX-License-Identifier: GPL-2.0-only
/* The command lines of both programs: the words of the input are those between its NUL bytes. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/cmd/options.h"
#include "lib/bytes.h"
#include "tests/fuzz/fuzz.h"
#include "vmcore-dmesg/options.h"

#define WORDS_MAX 64

struct words {
	char *text;
	int argc;
	char *argv[WORDS_MAX + 2];
};

static char program[] = "program";

/* Each parser gets words of its own: it may put them in another order. */
static struct words cut(struct span input)
{
	struct words words = { .text = malloc(input.size + 1), .argc = 1, .argv = { program } };
	char *at = words.text;

	assert(at);
	memcpy(at, input.data, input.size);
	at[input.size] = '\0';
	while (input.size && words.argc <= WORDS_MAX && at <= words.text + input.size) {
		words.argv[words.argc++] = at;
		at += strlen(at) + 1;
	}
	return words;
}

/* Is it one of the words, or the end of one? */
static void check_borrowed(const struct words *words, const char *text)
{
	bool found = !text;

	for (int i = 1; i < words->argc && !found; i++)
		found = text >= words->argv[i] && text <= words->argv[i] + strlen(words->argv[i]);
	assert(found);
}

static bool is_load(enum action action)
{
	return action == ACTION_LOAD || action == ACTION_LOAD_AND_EXEC ||
	       action == ACTION_LOAD_AND_SHUTDOWN;
}

static void check_request(const struct words *words, const struct request *request)
{
	const char *const borrowed[] = { request->kernel, request->initrd, request->dtb,
		request->append, request->type, request->console, request->serial,
		request->sysroot };

	for (size_t i = 0; i < sizeof(borrowed) / sizeof(borrowed[0]); i++)
		check_borrowed(words, borrowed[i]);
	if (is_load(request->action) || request->action == ACTION_IDENTIFY)
		assert(request->kernel);
	if (request->dry_run != DRY_RUN_OFF)
		assert(is_load(request->action) || request->action == ACTION_HELP ||
			request->action == ACTION_VERSION || request->action == ACTION_CRASH_SIZE);
	if (is_load(request->action) && request->syscall == SYSCALL_FILE_LOAD)
		assert(!request->needs_load && !request->prefers_load);
}

static void try_kexec(struct span input)
{
	struct words words = cut(input);
	struct report report = REPORT_INIT;
	struct err err = ERR_INIT;
	struct request request;
	int status = options_parse(words.argc, words.argv, &request, &report, &err);

	if (status == ST_OK)
		check_request(&words, &request);
	else
		assert((status == ST_USAGE || status == ST_BAD_INPUT) && err.id && err.text[0]);
	report_done(&report);
	free(words.text);
}

static void try_vmcore_dmesg(struct span input)
{
	struct words words = cut(input);
	struct err err = ERR_INIT;
	struct options options;

	if (vmcore_options_parse(words.argc, words.argv, &options, &err) != ST_OK) {
		assert(err.status == ST_USAGE && err.id && err.text[0]);
	} else {
		assert(options.path || options.help || options.version);
		check_borrowed(&words, options.path);
	}
	free(words.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = { data, size };

	try_kexec(input);
	try_vmcore_dmesg(input);
	return 0;
}
