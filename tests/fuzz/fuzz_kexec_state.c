// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel says about kexec: each file of it a piece of the input. */
#include <assert.h>

#include "kexec/cmd/status.h"
#include "kexec/system/kexec_state.h"
#include "lib/printable.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/heard.h"
#include "tests/fuzz/root.h"

static const char *const paths[] = {
	"/sys/kernel/kexec/crash_cma_ranges",
	"/sys/kernel/kexec_crash_cma_ranges",
	"/sys/kernel/security/lockdown",
	"/proc/sys/kernel/kexec_load_limit_panic",
	"/proc/sys/kernel/kexec_load_limit_reboot",
	"/proc/sys/kernel/kexec_load_disabled",
	"/sys/devices/system/cpu/crash_hotplug",
	"/sys/devices/system/memory/crash_hotplug",
	"/sys/kernel/kexec/crash_elfcorehdr_size",
	"/sys/kernel/crash_elfcorehdr_size",
	"/sys/kernel/kexec/loaded",
	"/sys/kernel/kexec_loaded",
	"/sys/kernel/kexec/crash_loaded",
	"/sys/kernel/kexec_crash_loaded",
};

static bool is_flag(int flag)
{
	return flag == 0 || flag == 1 || flag == STATE_UNKNOWN;
}

static void check_state(const struct kexec_state *state)
{
	assert(is_flag(state->loaded) && is_flag(state->crash_loaded));
	assert(is_flag(state->cpu_hotplug) && is_flag(state->memory_hotplug));
	assert(is_flag(state->load_disabled));
	assert(state->load_limit_panic >= LOAD_LIMIT_UNKNOWN);
	assert(state->load_limit_reboot >= LOAD_LIMIT_UNKNOWN);
	assert(strlen(state->lockdown) < sizeof(state->lockdown));
	assert(!state->lockdown_odd || !state->lockdown[0]);
	if (kexec_state_hotplug_armed(state))
		assert(state->cpu_hotplug == 1 || state->memory_hotplug == 1);
	if (kexec_state_locked_down(state))
		assert(state->lockdown[0]);
}

static void check_loaded(const struct sysroot *files, bool crash)
{
	const char *path = NULL;
	struct err err = ERR_INIT;
	int flag;

	if (kexec_state_loaded(files, crash, &flag, &path, &err) == ST_OK)
		assert(is_flag(flag));
	else
		assert(err.id && err.text[0]);
	assert(path);
}

static void check_cma(const struct sysroot *files)
{
	struct rangeset cma = RANGESET_INIT;
	struct err err = ERR_INIT;

	if (kexec_state_read_cma(files, &cma, &err) != ST_OK)
		assert(err.id && err.text[0] && cma.count == 0);
	for (size_t i = 0; i < cma.count; i++) {
		assert(cma.ranges[i].start < cma.ranges[i].end);
		assert(i == 0 || cma.ranges[i - 1].end < cma.ranges[i].start);
	}
	rangeset_done(&cma);
}

/* As --status shows it. */
static void check_shown(void)
{
	const struct request request = {
		.action = ACTION_STATUS, .status = STATUS_TEXT, .sysroot = ROOT
	};
	struct cmd_io io = { .syscalls = NULL };
	struct err err = ERR_INIT;
	struct heard heard;
	int answer;

	io.out = io.err = printable_open(heard_open(&heard));
	assert(io.out);
	if (show_status(&request, &io, &answer, &err) != ST_OK)
		fprintf(io.err, "%s\n%s\n", err.text, err.hint);
	assert(fclose(io.out) == 0);
	heard_done(&heard);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct report report = REPORT_INIT;
	struct err err = ERR_INIT;
	struct kexec_state state;
	struct sysroot *files;

	root_put_pieces(paths, sizeof(paths) / sizeof(paths[0]), (struct span){ data, size });
	assert(sysroot_new(ROOT, &files, &err) == ST_OK);
	kexec_state_read(files, &state, &report);
	check_state(&state);
	check_loaded(files, false);
	check_loaded(files, true);
	check_cma(files);
	check_shown();
	report_done(&report);
	sysroot_free(files);
	return 0;
}
