// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/cmd/verify.h"

#include <string.h>

#define STATE_TRIES   40
#define STATE_WAIT_MS 50

int verify_armed(const struct sysroot *root, bool crash, bool hotplug,
	const struct syscall_ops *ops, struct err *err)
{
	bool loaded = false;

	for (int i = 0; i < STATE_TRIES; i++) {
		struct kexec_state state;

		kexec_state_read(root, &state, NULL);
		loaded = (crash ? state.crash_loaded : state.loaded) == 1;
		if (loaded && (!hotplug || kexec_state_hotplug_armed(&state)))
			return ST_OK;
		ops->sleep_ms(ops->context, STATE_WAIT_MS);
	}
	if (!loaded) {
		err_set(err, ST_SYSTEM, "not-armed",
			"the call succeeded, but /sys/kernel/kexec_%s does not read 1",
			crash ? "crash_loaded" : "loaded");
		return err_hint(err, "another program may have unloaded the kernel: load again");
	}
	err_set(err, ST_SYSTEM, "hotplug-not-armed",
		"the crash kernel is loaded, but /sys/devices/system/{cpu,memory}/crash_hotplug do "
		"not "
		"read 1: the kernel will not keep its elfcorehdr true");
	return err_hint(err, "load without --hotplug and let udev reload, or use a kernel with "
			     "crash hotplug for this architecture");
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
