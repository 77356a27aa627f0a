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

static const struct place loaded_place = { "/sys/kernel/kexec/loaded", "/sys/kernel/kexec_loaded" };
static const struct place crash_loaded_place = { "/sys/kernel/kexec/crash_loaded",
	"/sys/kernel/kexec_crash_loaded" };

/* Documentation/arch/powerpc/firmware-assisted-dump.rst */
static const struct place fadump_place = { "/sys/kernel/fadump/enabled",
	"/sys/kernel/fadump_enabled" };

/* The name that leads to a file; the old one when neither does. */
static const char *find(const struct sysroot *root, struct place place)
{
	return place.old_path && !sysroot_exists(root, place.path) ? place.old_path : place.path;
}

/* A file that is not there, or not for everybody: its silence is no failure. Nonsense is, and a
 * read that fails. */
static bool is_silent(int status, struct err *err)
{
	if (status != ST_NOT_FOUND && status != ST_DENIED)
		return false;
	err_clear(err);
	return true;
}

static int read_flag(const struct sysroot *root, const char *path, int *ret, struct err *err)
{
	uint64_t value;
	int status = sysroot_read_u64(root, path, 10, &value, err);

	*ret = STATE_UNKNOWN;
	if (is_silent(status, err))
		return ST_OK;
	if (status != ST_OK)
		return status;
	if (value > 1)
		return err_set(err, ST_BAD_INPUT, "kexec-state-flag",
			"%s: found %llu, wanted 0 or 1", path, (unsigned long long)value);
	*ret = (int)value;
	return ST_OK;
}

/* What makes no sense or cannot be read is told, and not known. */
static bool is_odd(int status, struct err *why, struct report *report)
{
	if (status != ST_OK)
		report_add(report, REPORT_WARNING, "state", "%s", why->text);
	err_clear(why);
	return status != ST_OK;
}

static void read_flags(const struct sysroot *root, struct kexec_state *state, struct report *report)
{
	static const char cpu[] = "/sys/devices/system/cpu/crash_hotplug";
	static const char memory[] = "/sys/devices/system/memory/crash_hotplug";
	const struct {
		const char *path;
		int *flag;
	} flags[] = {
		{ find(root, loaded_place), &state->loaded },
		{ find(root, crash_loaded_place), &state->crash_loaded },
		{ cpu, &state->cpu_hotplug },
		{ memory, &state->memory_hotplug },
		{ "/proc/sys/kernel/kexec_load_disabled", &state->load_disabled },
		{ find(root, fadump_place), &state->fadump },
	};
	struct err why = ERR_INIT;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		is_odd(read_flag(root, flags[i].path, flags[i].flag, &why), &why, report);
}

int kexec_state_loaded(
	const struct sysroot *root, bool crash, int *ret, const char **ret_path, struct err *err)
{
	*ret_path = find(root, crash ? crash_loaded_place : loaded_place);
	return read_flag(root, *ret_path, ret, err);
}

static void read_elfcorehdr_size(
	const struct sysroot *root, struct kexec_state *state, struct report *report)
{
	static const struct place place = { "/sys/kernel/kexec/crash_elfcorehdr_size",
		"/sys/kernel/crash_elfcorehdr_size" };
	struct err why = ERR_INIT;
	int status =
		sysroot_read_u64(root, find(root, place), 10, &state->crash_elfcorehdr_size, &why);

	if (status != ST_NOT_FOUND)
		state->crash_elfcorehdr_size_odd = is_odd(status, &why, report);
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

int kexec_state_read_cma(const struct sysroot *root, struct rangeset *ret, struct err *err)
{
	static const struct place place = { "/sys/kernel/kexec/crash_cma_ranges",
		"/sys/kernel/kexec_crash_cma_ranges" };
	const char *path = find(root, place);
	struct blob text = BLOB_INIT;
	int status = sysroot_read_text(root, path, STATE_TEXT_MAX, &text, err);

	if (status == ST_NOT_FOUND) {
		err_clear(err);
		return ST_OK;
	}
	if (status == ST_OK)
		status = parse_cma(blob_span(&text), path, ret, err);
	blob_done(&text);
	return status;
}

static int read_limit(const struct sysroot *root, const char *path, int64_t *ret, struct err *err)
{
	struct blob text = BLOB_INIT;
	struct span line;
	uint64_t value;
	int status = sysroot_read_text(root, path, STATE_TEXT_MAX, &text, err);

	*ret = LOAD_LIMIT_NONE;
	if (is_silent(status, err))
		return ST_OK;
	line = span_trim(blob_span(&text));
	if (status == ST_OK && line.size && !span_equals(line, "-1")) {
		if (span_number(line, 10, &value) && value <= INT64_MAX)
			*ret = (int64_t)value;
		else
			status = err_set(err, ST_BAD_INPUT, "kexec-state-limit",
				"%s: found \"%.*s\", wanted -1 or a number", path,
				line.size > 80 ? 80 : (int)line.size, (const char *)line.data);
	}
	if (status != ST_OK)
		*ret = LOAD_LIMIT_UNKNOWN;
	blob_done(&text);
	return status;
}

/* "none [integrity] confidentiality": the bracket marks the current one
 * (security/lockdown/lockdown.c). */
static int read_lockdown(const struct sysroot *root, char *ret, size_t ret_size, struct err *err)
{
	static const char path[] = "/sys/kernel/security/lockdown";
	struct blob text = BLOB_INIT;
	struct span line, rest, word;
	int status = sysroot_read_text(root, path, STATE_TEXT_MAX, &text, err);

	if (is_silent(status, err))
		return ST_OK;
	rest = line = span_trim(blob_span(&text));
	if (status == ST_OK && line.size) {
		if (span_take_until(&rest, '[', &word) && span_take_until(&rest, ']', &word) &&
			word.size && word.size < ret_size) {
			memcpy(ret, word.data, word.size);
			ret[word.size] = '\0';
		} else {
			status = err_set(err, ST_BAD_INPUT, "lockdown-syntax",
				"%s: found \"%.*s\", wanted words with one in brackets", path,
				line.size > 80 ? 80 : (int)line.size, (const char *)line.data);
		}
	}
	blob_done(&text);
	return status;
}

void kexec_state_read(const struct sysroot *root, struct kexec_state *ret, struct report *report)
{
	struct kexec_state state = { .lockdown = "" };
	struct err why = ERR_INIT;

	read_flags(root, &state, report);
	read_elfcorehdr_size(root, &state, report);
	is_odd(read_limit(root, "/proc/sys/kernel/kexec_load_limit_panic", &state.load_limit_panic,
		       &why),
		&why, report);
	is_odd(read_limit(root, "/proc/sys/kernel/kexec_load_limit_reboot",
		       &state.load_limit_reboot, &why),
		&why, report);
	state.lockdown_odd = is_odd(
		read_lockdown(root, state.lockdown, sizeof(state.lockdown), &why), &why, report);
	*ret = state;
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
