/* SPDX-License-Identifier: GPL-2.0-only */
/* The live device tree of a small machine below a hypervisor, as a fuzz target wants it too: a
 * failure in here is a fault of the test and ends the program. */
#ifndef TESTS_UNIT_POWER_TREE_H
#define TESTS_UNIT_POWER_TREE_H

#include <libfdt.h>

#include "tests/unit/plan_machine.h"

#define POWER_TREE_SIZE 16384
#define POWER_RAM	UINT64_C(0x80000000)
#define POWER_CRASH	UINT64_C(0x20000000)
#define POWER_CRASH_END UINT64_C(0x30000000)
#define POWER_RTAS	UINT64_C(0x2fff0000)
#define POWER_RTAS_SIZE 0x85cu
#define POWER_BLOCK	UINT64_C(0x10000000)

/* Eight reserved blocks, which memory@0 is, then one that was added; in rows. */
static const uint32_t power_rows[] = { 2, 8, 0, 0, 0, UINT32_MAX, 0xa0, 1, 0, 0x80000000,
	0x80000008, 0, 8 };

struct power_tree {
	uint64_t bytes[POWER_TREE_SIZE / 8];
};

static inline void power_cells(void *fdt, const char *name, const uint32_t *cells, size_t count)
{
	fdt32_t raw[64];

	pm_must(count <= sizeof(raw) / sizeof(raw[0]), "cells");
	for (size_t i = 0; i < count; i++)
		raw[i] = cpu_to_fdt32(cells[i]);
	pm_must(fdt_property(fdt, name, raw, (int)(count * sizeof(*raw))) == 0, name);
}

static inline void power_cpu(void *fdt, uint32_t id, uint32_t threads)
{
	static const uint32_t hash_table[] = { 0, 24 };
	uint32_t servers[8];
	char name[32];

	for (uint32_t i = 0; i < threads; i++)
		servers[i] = id + i;
	snprintf(name, sizeof(name), "PowerPC,POWER9@%x", id);
	pm_must(fdt_begin_node(fdt, name) == 0, name);
	power_cells(fdt, "ibm,ppc-interrupt-server#s", servers, threads);
	power_cells(fdt, "reg", &id, 1);
	power_cells(fdt, "ibm,pft-size", hash_table, 2);
	pm_must(fdt_property_u32(fdt, "timebase-frequency", 512000000) == 0, name);
	pm_must(fdt_property_string(fdt, "device_type", "cpu") == 0, name);
	pm_must(fdt_end_node(fdt) == 0, name);
}

static inline void power_chosen(void *fdt)
{
	int bad = fdt_begin_node(fdt, "chosen");

	bad |= fdt_property_string(fdt, "bootargs", "console=hvc0");
	bad |= fdt_property_string(fdt, "stdout-path", "/vdevice/vty@71000000");
	bad |= fdt_property_u64(fdt, "linux,crashkernel-base", POWER_CRASH);
	bad |= fdt_property_u64(fdt, "linux,crashkernel-size", POWER_CRASH_END - POWER_CRASH);
	bad |= fdt_property_u64(fdt, "linux,memory-limit", POWER_RAM);
	bad |= fdt_property_u64(fdt, "linux,kernel-end", 0xa00000);
	bad |= fdt_end_node(fdt);
	pm_must(!bad, "chosen");
}

static inline void power_memory(void *fdt, const uint32_t *rows, size_t count)
{
	static const uint32_t reg[] = { 0, 0, 0, (uint32_t)POWER_RAM };
	static const uint32_t size[] = { 0, (uint32_t)POWER_BLOCK };
	int bad = fdt_begin_node(fdt, "ibm,dynamic-reconfiguration-memory");

	power_cells(fdt, "ibm,lmb-size", size, 2);
	power_cells(fdt, "ibm,dynamic-memory-v2", rows, count);
	bad |= fdt_end_node(fdt);
	bad |= fdt_begin_node(fdt, "memory@0");
	bad |= fdt_property_string(fdt, "device_type", "memory");
	power_cells(fdt, "reg", reg, 4);
	bad |= fdt_end_node(fdt);
	pm_must(!bad, "memory");
}

static inline void power_rtas(void *fdt)
{
	int bad = fdt_begin_node(fdt, "rtas");

	bad |= fdt_property_u32(fdt, "linux,rtas-base", (uint32_t)POWER_RTAS);
	bad |= fdt_property_u32(fdt, "linux,rtas-entry", (uint32_t)POWER_RTAS);
	bad |= fdt_property_u32(fdt, "rtas-size", POWER_RTAS_SIZE);
	bad |= fdt_property_u32(fdt, "system-reboot", 0x2004);
	bad |= fdt_end_node(fdt);
	pm_must(!bad, "rtas");
}

/* In the order in which the kernel's folders are read. */
static inline struct span power_tree_make(struct power_tree *tree, uint32_t cores, uint32_t threads,
	const uint32_t *rows, size_t count)
{
	void *fdt = tree->bytes;
	int bad = fdt_create(fdt, POWER_TREE_SIZE);

	bad |= fdt_finish_reservemap(fdt);
	bad |= fdt_begin_node(fdt, "");
	bad |= fdt_property_u32(fdt, "#address-cells", 2);
	bad |= fdt_property_u32(fdt, "#size-cells", 2);
	power_chosen(fdt);
	bad |= fdt_begin_node(fdt, "cpus");
	bad |= fdt_property_u32(fdt, "#address-cells", 1);
	bad |= fdt_property_u32(fdt, "#size-cells", 0);
	for (uint32_t i = 0; i < cores; i++)
		power_cpu(fdt, i * threads, threads);
	bad |= fdt_end_node(fdt);
	power_memory(fdt, rows, count);
	bad |= fdt_begin_node(fdt, "pci@800000020000000");
	bad |= fdt_property_string(fdt, "device_type", "pci");
	bad |= fdt_property_u32(fdt, "linux,pci-domain", 0);
	bad |= fdt_end_node(fdt);
	power_rtas(fdt);
	bad |= fdt_end_node(fdt);
	bad |= fdt_finish(fdt);
	pm_must(!bad, "tree");
	return (struct span){ (const uint8_t *)fdt, fdt_totalsize(fdt) };
}

/* The machine of plan_machine.h as one of these. */
static inline void pm_init_ppc64le(struct plan_machine *pm)
{
	static const uint8_t first[] = { 0x48, 0, 0, 8, 1, 2, 3, 4 };
	struct power_tree tree;

	pm_init(pm);
	pm_kcore(pm, NULL, 0);
	strcpy(pm->machine.name, "ppc64le");
	pm->machine.page_size = 65536;
	pm->machine.cpu_mmu = strdup("Radix");
	pm->machine.firmware = (struct firmware){ .acpi = false };
	pm->machine.vmcoreinfo_size = 0x10024;
	pm->machine.vmcoreinfo_paddr = 0xc10000;
	pm_iomem(pm, "00000000-7fffffff : System RAM\n");
	pm->machine.iomem.crash_load = (struct range){ POWER_CRASH, POWER_CRASH_END };
	pm_must(rangeset_add(&pm->machine.iomem.crash, POWER_CRASH, POWER_CRASH_END) == ST_OK,
		"memory");
	pm_fdt(pm, power_tree_make(
			   &tree, 2, 1, power_rows, sizeof(power_rows) / sizeof(power_rows[0])));
	pm_noise(&pm->image.memory, 200001);
	memcpy(pm->image.memory.data, first, sizeof(first));
	pm->image.kind = IMAGE_PPC64;
	pm->image.kind_name = "vmlinux";
	pm->image.data = blob_span(&pm->image.memory);
	pm->image.mem_size = 0x883540;
	pm->image.stays_where_loaded = true;
	pm->inputs.arch = arch_find("ppc64le");
}

#endif
