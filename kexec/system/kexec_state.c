// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/system/kexec_state.h"

#include <string.h>

#include "lib/bytes.h"
#include "lib/checked.h"
#include "lib/cursor.h"

#define STATE_TEXT_MAX (64u << 10)

/* The files have moved: the new name is tried first, the old one is NULL where there is none. */
struct place {
	const char *path;
	const char *old_path;
};

static int read_number(
	const struct sysroot *root, struct place place, uint64_t *ret, struct err *err)
{
	int status;

	status = sysroot_read_u64(root, place.path, 10, ret, err);
	if (status == ST_NOT_FOUND && place.old_path) {
		err_clear(err);
		status = sysroot_read_u64(root, place.old_path, 10, ret, err);
	}
	return status;
}

/* A file that says 0 or 1, or whose silence is no failure. */
static int read_flag(const struct sysroot *root, struct place place, int *ret, struct err *err)
{
	uint64_t value;
	int status;

	status = read_number(root, place, &value, err);
	if (status == ST_NOT_FOUND || status == ST_DENIED || status == ST_SYSTEM) {
		err_clear(err);
		*ret = STATE_UNKNOWN;
		return ST_OK;
	}
	if (status != ST_OK)
		return status;
	if (value > 1)
		return err_set(err, ST_BAD_INPUT, "kexec-state-flag",
			"%s: found %llu, wanted 0 or 1", place.path, (unsigned long long)value);
	*ret = (int)value;
	return ST_OK;
}

static int read_flags(const struct sysroot *root, struct kexec_state *state, struct err *err)
{
	static const char cpu[] = "/sys/devices/system/cpu/crash_hotplug";
	static const char memory[] = "/sys/devices/system/memory/crash_hotplug";
	const struct {
		struct place place;
		int *flag;
	} flags[] = {
		{ { "/sys/kernel/kexec/loaded", "/sys/kernel/kexec_loaded" }, &state->loaded },
		{ { "/sys/kernel/kexec/crash_loaded", "/sys/kernel/kexec_crash_loaded" },
			&state->crash_loaded },
		{ { cpu, NULL }, &state->cpu_hotplug },
		{ { memory, NULL }, &state->memory_hotplug },
		{ { "/proc/sys/kernel/kexec_load_disabled", NULL }, &state->load_disabled },
	};
	int status = ST_OK;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]) && status == ST_OK; i++)
		status = read_flag(root, flags[i].place, flags[i].flag, err);
	return status;
}

static int read_elfcorehdr_size(const struct sysroot *root, uint64_t *ret, struct err *err)
{
	struct place place = { "/sys/kernel/kexec/crash_elfcorehdr_size",
		"/sys/kernel/crash_elfcorehdr_size" };
	int status;

	status = read_number(root, place, ret, err);
	if (status == ST_NOT_FOUND) {
		err_clear(err);
		*ret = 0;
		return ST_OK;
	}
	return status;
}

/* A file whose absence is no failure: the blob stays empty then. */
static int read_optional(
	const struct sysroot *root, const char *path, struct blob *ret, struct err *err)
{
	int status;

	status = sysroot_read(root, path, STATE_TEXT_MAX, ret, err);
	if (status == ST_NOT_FOUND || status == ST_DENIED || status == ST_SYSTEM) {
		err_clear(err);
		return ST_OK;
	}
	return status;
}

static int parse_cma(struct span text, const char *path, struct rangeset *ret, struct err *err)
{
	struct cursor cursor = cursor_over(text);
	struct rangeset set = RANGESET_INIT;
	struct span line;

	while (cursor_line(&cursor, &line)) {
		struct span rest = line = span_trim(line);
		uint64_t first;
		uint64_t last;
		uint64_t end;

		if (line.size == 0)
			continue;
		if (!span_take_number(&rest, 16, &first) || !span_skip(&rest, "-") ||
			!span_take_number(&rest, 16, &last) || rest.size || last < first ||
			!add_u64(last, 1, &end)) {
			rangeset_done(&set);
			return err_set(err, ST_BAD_INPUT, "crash-cma-line",
				"%s line %zu: found \"%.*s\", wanted \"START-END\" in hexadecimal",
				path, cursor.line, line.size > 80 ? 80 : (int)line.size,
				line.data ? (const char *)line.data : "");
		}
		if (rangeset_add(&set, first, end) != ST_OK) {
			rangeset_done(&set);
			return err_no_memory(err);
		}
	}
	rangeset_normalize(&set);
	*ret = set;
	return ST_OK;
}

/*
 * A kernel that has the file and does not let us read it would leave us with CMA memory in
 * the dump that changes underneath, so that this, unlike a flag, is a failure.
 */
static int read_cma(const struct sysroot *root, struct rangeset *ret, struct err *err)
{
	static const char *const paths[] = { "/sys/kernel/kexec/crash_cma_ranges",
		"/sys/kernel/kexec_crash_cma_ranges" };
	struct blob text = BLOB_INIT;
	int status = ST_OK;

	for (size_t i = 0; i < 2; i++) {
		status = sysroot_read(root, paths[i], STATE_TEXT_MAX, &text, err);
		if (status == ST_OK)
			status = parse_cma(blob_span(&text), paths[i], ret, err);
		blob_done(&text);
		if (status != ST_NOT_FOUND)
			return status;
		err_clear(err);
	}
	return ST_OK;
}

static int read_limit(const struct sysroot *root, const char *path, int64_t *ret, struct err *err)
{
	struct blob text = BLOB_INIT;
	struct span line;
	uint64_t value;
	int status;

	*ret = -1;
	status = read_optional(root, path, &text, err);
	line = span_trim(blob_span(&text));
	if (status == ST_OK && line.size && !span_equals(line, "-1")) {
		if (span_number(line, 10, &value) && value <= INT64_MAX)
			*ret = (int64_t)value;
		else
			status = err_set(err, ST_BAD_INPUT, "kexec-state-limit",
				"%s: found \"%.*s\", wanted -1 or a number", path,
				line.size > 80 ? 80 : (int)line.size, (const char *)line.data);
	}
	blob_done(&text);
	return status;
}

/* "none [integrity] confidentiality": the bracket marks the current one
 * (security/lockdown/lockdown.c). */
static int read_lockdown(const struct sysroot *root, char *ret, size_t ret_size, struct err *err)
{
	static const char path[] = "/sys/kernel/security/lockdown";
	struct blob text = BLOB_INIT;
	struct span rest;
	struct span word;
	int status;

	status = read_optional(root, path, &text, err);
	rest = span_trim(blob_span(&text));
	if (status == ST_OK && rest.size) {
		if (span_take_until(&rest, '[', &word) && span_take_until(&rest, ']', &word) &&
			word.size && word.size < ret_size) {
			memcpy(ret, word.data, word.size);
			ret[word.size] = '\0';
		} else {
			rest = span_trim(blob_span(&text));
			status = err_set(err, ST_BAD_INPUT, "lockdown-syntax",
				"%s: found \"%.*s\", wanted words with one in brackets", path,
				rest.size > 80 ? 80 : (int)rest.size, (const char *)rest.data);
		}
	}
	blob_done(&text);
	return status;
}

void kexec_state_done(struct kexec_state *state)
{
	rangeset_done(&state->crash_cma);
	*state = (struct kexec_state){ .crash_cma = RANGESET_INIT };
}

int kexec_state_read(const struct sysroot *root, struct kexec_state *ret, struct err *err)
{
	struct kexec_state state = { .crash_cma = RANGESET_INIT };
	int status;

	status = read_flags(root, &state, err);
	if (status == ST_OK)
		status = read_elfcorehdr_size(root, &state.crash_elfcorehdr_size, err);
	if (status == ST_OK)
		status = read_cma(root, &state.crash_cma, err);
	if (status == ST_OK)
		status = read_limit(root, "/proc/sys/kernel/kexec_load_limit_panic",
			&state.load_limit_panic, err);
	if (status == ST_OK)
		status = read_limit(root, "/proc/sys/kernel/kexec_load_limit_reboot",
			&state.load_limit_reboot, err);
	if (status == ST_OK)
		status = read_lockdown(root, state.lockdown, sizeof(state.lockdown), err);
	if (status != ST_OK) {
		kexec_state_done(&state);
		return status;
	}
	*ret = state;
	return ST_OK;
}

/* A missing crash_hotplug file is fine as long as the other one says yes: each exists only
 * where its kind of hotplug does (drivers/base/cpu.c, drivers/base/memory.c). */
bool kexec_state_hotplug_armed(const struct kexec_state *state)
{
	return state->cpu_hotplug != 0 && state->memory_hotplug != 0 &&
	       (state->cpu_hotplug == 1 || state->memory_hotplug == 1);
}

bool kexec_state_locked_down(const struct kexec_state *state)
{
	return strcmp(state->lockdown, "integrity") == 0 ||
	       strcmp(state->lockdown, "confidentiality") == 0;
}
