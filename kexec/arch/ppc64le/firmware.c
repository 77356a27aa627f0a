// SPDX-License-Identifier: GPL-2.0-only
/*
 * What firmware has in memory. On nearly every machine RTAS lies in the crash region, since the
 * kernel puts it below 768 MiB at boot and the region begins at 512 MiB.
 */
#include <inttypes.h>
#include <libfdt.h>
#include <string.h>

#include "kexec/arch/ppc64le/ppc64le.h"
#include "kexec/system/boot_memory.h"
#include "kexec/system/devtree.h"
#include "lib/checked.h"

/* Nodes of PCI bridges that are looked at for a table of DMA windows, and entries of the root's
 * list: limits on hostile input. */
#define BRIDGES_MAX 4096
#define RANGES_MAX  4096

void ppc64le_firmware_done(struct ppc64le_firmware *firmware)
{
	rangeset_done(&firmware->held);
	*firmware = (struct ppc64le_firmware){ .rtas = { 0, 0 } };
}

static int odd(struct err *err, const char *path, const char *name, const char *what)
{
	return err_set(
		err, ST_BAD_INPUT, "firmware-odd", "device tree: %s/%s %s", path, name, what);
}

/* A range that two properties name; empty when the first is not there. */
static int range_of(const void *fdt, int node, const char *path, const char *const names[2],
	struct range *ret, struct err *err)
{
	uint64_t size;

	*ret = (struct range){ 0, 0 };
	if (!fdt_getprop(fdt, node, names[0], NULL))
		return ST_OK;
	if (!devtree_address(fdt, node, names[0], &ret->start))
		return odd(err, path, names[0], "is no number");
	if (!devtree_address(fdt, node, names[1], &size))
		return odd(err, path, names[1], "is missing or no number");
	if (!add_u64(ret->start, size, &ret->end))
		return odd(err, path, names[1], "leads beyond the last address");
	return ST_OK;
}

static int hold(struct ppc64le_firmware *firmware, struct range range, struct err *err)
{
	return rangeset_add(&firmware->held, range.start, range.end) ? err_no_memory(err) : ST_OK;
}

static int read_rtas(const void *fdt, struct ppc64le_firmware *firmware, struct err *err)
{
	static const char *const names[2] = { "linux,rtas-base", "rtas-size" };
	int node = fdt_path_offset(fdt, "/rtas"), status;
	uint64_t entry, reboot;

	if (node < 0)
		return ST_OK;
	status = range_of(fdt, node, "/rtas", names, &firmware->rtas, err);
	if (status)
		return status;
	/* It runs with 32 bits. */
	if (firmware->rtas.end <= UINT32_MAX &&
		devtree_address(fdt, node, "linux,rtas-entry", &entry) && entry <= UINT32_MAX &&
		devtree_address(fdt, node, "system-reboot", &reboot) && reboot <= UINT32_MAX) {
		firmware->rtas_entry = (uint32_t)entry;
		firmware->rtas_reboot = (uint32_t)reboot;
	}
	return hold(firmware, firmware->rtas, err);
}

static int read_opal(const void *fdt, struct ppc64le_firmware *firmware, struct err *err)
{
	static const char *const names[2] = { "opal-base-address", "opal-runtime-size" };
	int node = fdt_path_offset(fdt, "/ibm,opal"), status;

	if (node < 0)
		return ST_OK;
	status = range_of(fdt, node, "/ibm,opal", names, &firmware->opal, err);
	return status ? status : hold(firmware, firmware->opal, err);
}

static int read_reserved_ranges(const void *fdt, struct ppc64le_firmware *firmware, struct err *err)
{
	struct devtree_cells cells;
	struct range range;
	int length, status = devtree_root_cells(fdt, &cells, err);
	const uint8_t *at = status ? NULL : fdt_getprop(fdt, 0, "reserved-ranges", &length);
	size_t left = at ? (size_t)length : 0;

	if (left > RANGES_MAX * DEVTREE_TUPLE_MAX)
		return odd(err, "", "reserved-ranges", "has more ranges than any machine");
	while (!status && devtree_take_range(cells, &at, &left, &range))
		status = hold(firmware, range, err);
	if (!status && left)
		return odd(err, "", "reserved-ranges", "is cut short");
	return status;
}

/* Bare machines without a hypervisor have tables for DMA that the old kernel made. */
static int read_tce(const void *fdt, struct ppc64le_firmware *firmware, struct err *err)
{
	static const char type[] = "pci";
	static const char *const names[2] = { "linux,tce-base", "linux,tce-size" };
	int count = 0, status = ST_OK, node = -1;

	while (!status && ++count <= BRIDGES_MAX &&
		(node = fdt_node_offset_by_prop_value(
			 fdt, node, "device_type", type, sizeof(type))) >= 0) {
		struct range range;

		status = range_of(fdt, node, "a PCI bridge", names, &range, err);
		if (!status)
			status = hold(firmware, range, err);
	}
	return status;
}

/* What a kernel with hashed page tables reaches before it has any is the node at 0. */
static int read_first_node(const void *fdt, struct ppc64le_firmware *firmware, struct err *err)
{
	struct devtree_cells cells;
	int node, status = devtree_root_cells(fdt, &cells, err);

	if (status)
		return status;
	for (node = boot_memory_first_node(fdt); node >= 0;
		node = boot_memory_next_node(fdt, node)) {
		struct range range;
		int length;
		const uint8_t *at = fdt_getprop(fdt, node, "reg", &length);
		size_t left = at ? (size_t)length : 0;

		while (devtree_take_range(cells, &at, &left, &range))
			if (range.start == 0 && range.end > firmware->first_node.end)
				firmware->first_node = range;
	}
	return ST_OK;
}

/* What only a load for a restart has to keep off. */
static int read_running(const void *fdt, struct ppc64le_firmware *firmware, struct err *err)
{
	static const char *const names[2] = { "linux,htab-base", "linux,htab-size" };
	int chosen = fdt_path_offset(fdt, "/chosen");

	if (chosen < 0)
		return ST_OK;
	if (fdt_getprop(fdt, chosen, "linux,kernel-end", NULL) &&
		!devtree_address(fdt, chosen, "linux,kernel-end", &firmware->kernel_end))
		return odd(err, "/chosen", "linux,kernel-end", "is no number");
	return range_of(fdt, chosen, "/chosen", names, &firmware->hash_table, err);
}

static void read_tick_rate(const void *fdt, struct ppc64le_firmware *firmware)
{
	uint64_t rate;
	int cpu = devtree_first_cpu(fdt);

	if (devtree_address(fdt, cpu, "timebase-frequency", &rate) && rate <= UINT32_MAX)
		firmware->tick_rate = rate;
}

int ppc64le_firmware_of(const void *fdt, struct ppc64le_firmware *ret, struct err *err)
{
	struct ppc64le_firmware firmware = { .rtas = { 0, 0 } };
	int status = read_rtas(fdt, &firmware, err);

	if (!status)
		status = read_opal(fdt, &firmware, err);
	if (!status)
		status = read_reserved_ranges(fdt, &firmware, err);
	if (!status)
		status = read_tce(fdt, &firmware, err);
	if (!status)
		status = read_first_node(fdt, &firmware, err);
	if (!status)
		status = read_running(fdt, &firmware, err);
	if (status) {
		ppc64le_firmware_done(&firmware);
		return status;
	}
	rangeset_normalize(&firmware.held);
	read_tick_rate(fdt, &firmware);
	*ret = firmware;
	return ST_OK;
}
