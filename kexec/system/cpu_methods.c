// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/system/cpu_methods.h"

#include <libfdt.h>
#include <string.h>

#include "kexec/system/cpus.h"
#include "kexec/system/devtree.h"

#define POSSIBLE_PATH "/sys/devices/system/cpu/possible"
#define POSSIBLE_MAX  (1u << 20)

enum cpus_stop cpu_methods_from_tree(struct span fdt)
{
	static const char type[] = "cpu", psci[] = "psci";
	size_t with_psci = 0, without = 0;
	struct devtree_view view;
	int node = -1;

	if (fdt.size == 0 || devtree_view_init(fdt, "device tree", &view, NULL) != ST_OK)
		return CPUS_STOP_UNKNOWN;
	while ((node = fdt_node_offset_by_prop_value(
			view.fdt, node, "device_type", type, sizeof(type))) >= 0) {
		int size;
		const char *method = fdt_getprop(view.fdt, node, "enable-method", &size);

		if (method && size >= (int)sizeof(psci) && memcmp(method, psci, sizeof(psci)) == 0)
			with_psci++;
		else
			without++;
	}
	devtree_view_done(&view);
	if (with_psci == 0 && without == 0)
		return CPUS_STOP_UNKNOWN;
	if (with_psci && without)
		return CPUS_STOP_UNKNOWN;
	return with_psci ? CPUS_STOP_YES : CPUS_STOP_NO;
}

/* 0 when that is not known. */
static size_t count_possible(const struct sysroot *root)
{
	struct cpulist list = { .ids = NULL };
	struct blob text = BLOB_INIT;
	size_t count = 0;

	if (sysroot_read(root, POSSIBLE_PATH, POSSIBLE_MAX, &text, NULL) == ST_OK &&
		cpulist_parse(blob_span(&text), &list, NULL) == ST_OK)
		count = list.count;
	cpulist_done(&list);
	blob_done(&text);
	return count;
}

enum cpus_stop cpu_methods_read(const struct sysroot *root, struct span fdt,
	const struct firmware *firmware, const struct kconfig *config)
{
	size_t possible = count_possible(root);

	if (possible <= 1)
		return possible ? CPUS_STOP_YES : CPUS_STOP_UNKNOWN;
	if (kconfig_enabled(config, "HOTPLUG_CPU") == TRI_NO)
		return CPUS_STOP_NO;
	if (!firmware->acpi)
		return cpu_methods_from_tree(fdt);
	/* A table that cannot be read looks like one without PSCI. */
	return firmware->psci == PSCI_NONE ? CPUS_STOP_UNKNOWN : CPUS_STOP_YES;
}

enum cpus_stop cpu_methods_look(const struct sysroot *root)
{
	const struct firmware firmware = { .acpi = false };
	const struct kconfig config = { .source = NULL };
	enum cpus_stop answer = CPUS_STOP_UNKNOWN;
	struct blob fdt = BLOB_INIT;

	if (devtree_read(root, &fdt, NULL, NULL) == ST_OK)
		answer = cpu_methods_read(root, blob_span(&fdt), &firmware, &config);
	blob_done(&fdt);
	return answer;
}
