/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A whole machine, kernel image and request in memory, for tests of planning. It starts as an
 * arm64 machine on a device tree with 2 GiB of RAM, a crash region of 256 MiB and 4 CPUs; a
 * test changes what it is about and then makes the plan, of a crash load unless request.crash says
 * otherwise. A failure in here is a fault of the
 * test and ends the program, so that fuzz targets can use it too.
 */
#ifndef TESTS_UNIT_PLAN_MACHINE_H
#define TESTS_UNIT_PLAN_MACHINE_H

#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/arch/arch.h"
#include "kexec/plan/plan.h"

#define MACHINE_RAM    UINT64_C(0x40000000)
#define MACHINE_CRASH  UINT64_C(0xa0000000)
#define MACHINE_LINEAR (UINT64_C(0xffff000000000000) - MACHINE_RAM) /* 48-bit addresses */
#define MACHINE_IOMEM                                                                              \
	"40000000-bfffffff : System RAM\n"                                                         \
	"  40200000-41cfffff : Kernel code\n"                                                      \
	"  42680000-42c4ffff : Kernel data\n"                                                      \
	"  a0000000-afffffff : Crash kernel\n"

struct plan_machine {
	struct request request;
	struct machine machine;
	struct image image;
	struct blob initrd;
	struct plan_inputs inputs;
	struct report report;
	struct err err;
	struct plan plan;
};

static inline void pm_must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "plan_machine.h: %s\n", what);
	abort();
}

__attribute__((unused)) static void pm_iomem(struct plan_machine *pm, const char *text)
{
	struct span span = { (const uint8_t *)text, strlen(text) };

	iomem_done(&pm->machine.iomem);
	pm_must(iomem_parse(span, &pm->machine.iomem, NULL) == ST_OK, "iomem");
}

/* CPUs 0 to possible - 1, of which the first `folders` have notes. */
__attribute__((unused)) static void pm_cpus(
	struct plan_machine *pm, size_t possible, size_t folders)
{
	struct cpus cpus = { .notes = NULL };

	cpus_done(&pm->machine.cpus);
	cpus.possible.ids = calloc(possible, sizeof(*cpus.possible.ids));
	cpus.present.ids = calloc(possible, sizeof(*cpus.present.ids));
	cpus.notes = calloc(possible, sizeof(*cpus.notes));
	pm_must(cpus.possible.ids && cpus.present.ids && cpus.notes, "memory");
	cpus.possible.count = possible;
	cpus.present.count = cpus.notes_count = folders;
	for (size_t i = 0; i < possible; i++) {
		cpus.possible.ids[i] = (uint32_t)i;
		if (i >= folders)
			continue;
		cpus.present.ids[i] = (uint32_t)i;
		cpus.notes[i] =
			(struct cpu_notes){ (uint32_t)i, UINT64_C(0x7fb00000) + i * 512, 424 };
	}
	pm->machine.cpus = cpus;
}

__attribute__((unused)) static void pm_config(struct plan_machine *pm, const char *text)
{
	blob_done(&pm->machine.config.text);
	pm_must(blob_append(&pm->machine.config.text, text, strlen(text)) == ST_OK, "memory");
	pm->machine.config.source = "/proc/config.gz";
}

__attribute__((unused)) static void pm_fdt(struct plan_machine *pm, struct span tree)
{
	blob_done(&pm->machine.fdt);
	pm_must(blob_append(&pm->machine.fdt, tree.data, tree.size) == ST_OK, "memory");
}

__attribute__((unused)) static void pm_kcore(
	struct plan_machine *pm, const struct kcore_load *loads, size_t count)
{
	struct kcore *kcore = &pm->machine.layout.kcore;

	free(kcore->loads);
	kcore->loads = calloc(count ? count : 1, sizeof(*loads));
	pm_must(kcore->loads, "memory");
	if (count)
		memcpy(kcore->loads, loads, count * sizeof(*loads));
	kcore->loads_count = count;
}

/* What the note of kcore says. */
__attribute__((unused)) static void pm_vmcoreinfo(struct plan_machine *pm, const char *text)
{
	blob_done(&pm->machine.layout.kcore.vmcoreinfo);
	pm_must(blob_append(&pm->machine.layout.kcore.vmcoreinfo, text, strlen(text)) == ST_OK,
		"memory");
}

/* Bytes that are no format at all, the same each time. */
__attribute__((unused)) static void pm_noise(struct blob *blob, size_t size)
{
	blob_done(blob);
	pm_must(blob_zeroed(blob, size) == ST_OK, "memory");
	for (size_t i = 0; i < size && i < 256; i++)
		blob->data[i] = (uint8_t)(i * 2654435761u >> 13 | 1);
	for (size_t done = 256; done < size; done *= 2)
		memcpy(blob->data + done, blob->data, size - done < done ? size - done : done);
}

__attribute__((unused)) static void pm_initrd(struct plan_machine *pm, size_t size)
{
	pm_noise(&pm->initrd, size);
	if (size >= 6)
		memcpy(pm->initrd.data, "070701", 6);
	pm->inputs.initrd = blob_span(&pm->initrd);
	pm->inputs.has_initrd = true;
}

/* The tree of a machine that runs on it, or, with stub, of one that runs on ACPI. */
__attribute__((unused)) static void pm_default_fdt(
	struct plan_machine *pm, bool stub, const char *bootargs)
{
	size_t room = 8192 + (bootargs ? strlen(bootargs) : 0);
	void *fdt = calloc(1, room);
	int bad = 0;

	pm_must(fdt != NULL, "memory");
	bad |= fdt_create(fdt, (int)room);
	bad |= fdt_finish_reservemap(fdt);
	bad |= fdt_begin_node(fdt, "");
	bad |= fdt_property_u32(fdt, "#address-cells", 2);
	bad |= fdt_property_u32(fdt, "#size-cells", 2);
	bad |= fdt_begin_node(fdt, "chosen");
	if (bootargs)
		bad |= fdt_property_string(fdt, "bootargs", bootargs);
	if (stub) {
		bad |= fdt_property_u64(fdt, "linux,uefi-system-table", 0x7fffe018);
		bad |= fdt_property_u64(fdt, "linux,uefi-mmap-start", 0x7fffa018);
		bad |= fdt_property_u32(fdt, "linux,uefi-mmap-size", 0x690);
		bad |= fdt_property_u32(fdt, "linux,uefi-mmap-desc-size", 0x30);
		bad |= fdt_property_u32(fdt, "linux,uefi-mmap-desc-ver", 1);
	}
	bad |= fdt_end_node(fdt);
	if (!stub) {
		bad |= fdt_begin_node(fdt, "psci");
		bad |= fdt_property_string(fdt, "compatible", "arm,psci-1.0");
		bad |= fdt_property_string(fdt, "method", "hvc");
		bad |= fdt_end_node(fdt);
	}
	bad |= fdt_end_node(fdt);
	bad |= fdt_finish(fdt);
	pm_must(!bad, "device tree");
	pm_fdt(pm, (struct span){ fdt, fdt_totalsize(fdt) });
	free(fdt);
}

__attribute__((unused)) static void pm_init(struct plan_machine *pm)
{
	static const struct kcore_load loads[] = {
		{ UINT64_C(0xffff800080000000), 0x40200000, 0x42c50000 - 0x40200000 },
		{ UINT64_C(0xffff800000000000), UINT64_MAX, 0x80000000 },
		{ UINT64_C(0xffff000000000000), 0x40000000, 0x80000000 },
	};

	*pm = (struct plan_machine){ .err = ERR_INIT };
	pm->request.action = ACTION_LOAD;
	pm->request.crash = true;
	pm->request.kernel = "Image";
	strcpy(pm->machine.name, "aarch64");
	strcpy(pm->machine.release, "7.3.4");
	pm->machine.page_size = 4096;
	pm->machine.ram_total = UINT64_C(1800) << 20;
	pm->machine.vmcoreinfo_paddr = 0x44d2c000;
	pm->machine.vmcoreinfo_size = 0x1024;
	pm->machine.firmware.psci = PSCI_HVC;
	pm->machine.state.loaded = STATE_UNKNOWN;
	pm->machine.state.load_limit_panic = pm->machine.state.load_limit_reboot = -1;
	pm_iomem(pm, MACHINE_IOMEM);
	pm_cpus(pm, 4, 4);
	pm_kcore(pm, loads, 3);
	pm_default_fdt(pm, false, NULL);

	pm->image.kind = IMAGE_ARM64;
	pm->image.kind_name = "Image";
	pm_noise(&pm->image.memory, 10001);
	memcpy(pm->image.memory.data, "MZ\x40\xfa", 4);
	pm->image.data = blob_span(&pm->image.memory);
	pm->image.mem_size = 0x2a50000;
	pm->image.page_size = 4096;
	pm->image.placement_anywhere = true;

	pm->inputs = (struct plan_inputs){
		.arch = arch_find("aarch64"),
		.request = &pm->request,
		.machine = &pm->machine,
		.image = &pm->image,
		.file_load = TRI_YES,
		.has_seeds = true,
	};
	memset(pm->inputs.kaslr_seed, 0x5a, sizeof(pm->inputs.kaslr_seed));
	memset(pm->inputs.rng_seed, 0xa5, sizeof(pm->inputs.rng_seed));
}

__attribute__((unused)) static void pm_done(struct plan_machine *pm)
{
	plan_done(&pm->plan);
	machine_done(&pm->machine);
	image_done(&pm->image);
	blob_done(&pm->initrd);
	report_done(&pm->report);
}

/* Make the plan anew, with a fresh report. */
__attribute__((unused)) static int pm_plan(struct plan_machine *pm)
{
	plan_done(&pm->plan);
	report_done(&pm->report);
	err_clear(&pm->err);
	if (pm->request.crash)
		return plan_crash(&pm->inputs, &pm->plan, &pm->report, &pm->err);
	return plan_normal(&pm->inputs, &pm->plan, &pm->report, &pm->err);
}

__attribute__((unused)) static bool pm_said(
	const struct report *report, enum report_kind kind, const char *area, const char *words)
{
	for (size_t i = 0; i < report->count; i++)
		if (report->entries[i].kind == kind && strcmp(report->entries[i].area, area) == 0 &&
			strstr(report->entries[i].text, words))
			return true;
	return false;
}

#endif
