// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/cmd/verify.h"

#include <string.h>

#define STATE_TRIES   40
#define STATE_WAIT_MS 50

static int not_armed(const char *path, int loaded, struct err *err)
{
	if (loaded == STATE_UNKNOWN) {
		err_set(err, ST_SYSTEM, "not-armed",
			"the call succeeded, but %s cannot be read to see whether the image is "
			"loaded",
			path);
		return err_hint(err, "is /sys mounted?");
	}
	err_set(err, ST_SYSTEM, "not-armed", "the call succeeded, but %s reads 0", path);
	return err_hint(err, "another program may have unloaded the kernel: load again");
}

static const char *what_it_reads(int flag)
{
	return flag == STATE_UNKNOWN ? "is not known" : flag ? "reads 1" : "reads 0";
}

static int hotplug_not_armed(const struct kexec_state *state, struct err *err)
{
	err_set(err, ST_SYSTEM, "hotplug-not-armed",
		"the crash kernel is loaded, but /sys/devices/system/cpu/crash_hotplug %s and "
		"/sys/devices/system/memory/crash_hotplug %s: the kernel will not keep its "
		"elfcorehdr true",
		what_it_reads(state->cpu_hotplug), what_it_reads(state->memory_hotplug));
	return err_hint(err,
		"--hotplug=auto accepts that, and then udev has to reload; or use a kernel "
		"with crash hotplug for this architecture");
}

int verify_armed(const struct sysroot *root, bool crash, bool hotplug,
	const struct syscall_ops *ops, struct err *err)
{
	struct kexec_state state = { .cpu_hotplug = STATE_UNKNOWN };
	const char *path;
	int loaded = 0;

	for (int i = 0; i < STATE_TRIES && loaded != STATE_UNKNOWN; i++) {
		if (kexec_state_loaded(root, crash, &loaded, &path, err))
			return err_prefix(err, "it is not known whether the call took");
		if (hotplug)
			kexec_state_read(root, &state, NULL);
		if (loaded == 1 && (!hotplug || kexec_state_hotplug_armed(&state)))
			return ST_OK;
		if (loaded != STATE_UNKNOWN)
			ops->sleep_ms(ops->context, STATE_WAIT_MS);
	}
	return loaded == 1 ? hotplug_not_armed(&state, err) : not_armed(path, loaded, err);
}

static bool same_list(const struct cpulist *a, const struct cpulist *b)
{
	return a->count == b->count &&
	       (a->count == 0 || memcmp(a->ids, b->ids, a->count * sizeof(a->ids[0])) == 0);
}

static bool same_notes(const struct cpus *a, const struct cpus *b)
{
	if (a->notes_count != b->notes_count)
		return false;
	for (size_t i = 0; i < a->notes_count; i++)
		if (a->notes[i].cpu != b->notes[i].cpu || a->notes[i].paddr != b->notes[i].paddr ||
			a->notes[i].size != b->notes[i].size)
			return false;
	return true;
}

static int changed(struct err *err, const char *what)
{
	return err_set(err, ST_CHANGED, "machine-changed", "%s changed during the load", what);
}

static int memory_unchanged(
	const struct sysroot *root, const struct machine *before, struct err *err)
{
	struct iomem now;
	bool ram, crash;
	int status = iomem_read(root, &now, err);

	if (status)
		return status;
	ram = rangeset_equal(&now.ram, &before->iomem.ram);
	crash = rangeset_equal(&now.crash, &before->iomem.crash);
	iomem_done(&now);
	if (!crash)
		return changed(err, "the crash region");
	return ram ? ST_OK : changed(err, "the memory map");
}

static int cpus_unchanged(const struct sysroot *root, const struct machine *before, struct err *err)
{
	struct cpus now;
	bool same;
	int status = cpus_read(root, &now, NULL, err);

	if (status)
		return status;
	same = same_list(&now.possible, &before->cpus.possible) &&
	       same_list(&now.present, &before->cpus.present) && same_notes(&now, &before->cpus);
	cpus_done(&now);
	return same ? ST_OK : changed(err, "the set of CPUs");
}

int verify_unchanged(const struct sysroot *root, const struct machine *before, struct err *err)
{
	int status = memory_unchanged(root, before, err);

	return status ? status : cpus_unchanged(root, before, err);
}
