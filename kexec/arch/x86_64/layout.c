// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the crashed x86_64 kernel has its memory in virtual space: the image in the kernel map, RAM
 * in the direct map, whose beginning is random (CONFIG_RANDOMIZE_MEMORY) and is never assumed.
 */
#include <inttypes.h>

#include "kexec/arch/x86_64/x86_64.h"
#include "kexec/plan/elfcorehdr_build.h"
#include "lib/checked.h"
#include "lib/vmcoreinfo.h"

/* __START_KERNEL_map, and what lies before the modules (Documentation/arch/x86/x86_64/mm.rst). */
#define KERNEL_MAP	UINT64_C(0xffffffff80000000)
#define KERNEL_MAP_SIZE (UINT64_C(1) << 30)

static bool in_kernel_map(uint64_t vaddr)
{
	return vaddr >= KERNEL_MAP && vaddr - KERNEL_MAP < KERNEL_MAP_SIZE;
}

/* KCORE_TEXT: the image from _text to _end. Older kernels give it no physical address; what
 * iomem calls "Kernel code" begins where it does. */
static void take_text(
	const struct machine *machine, const struct kcore_load *load, struct kernel_layout *layout)
{
	uint64_t paddr = load->paddr;

	if (paddr == UINT64_MAX)
		paddr = machine->iomem.kernel_code.start;
	if (layout->text_known || paddr == 0)
		return;
	layout->text_known = true;
	layout->text_vaddr = load->vaddr;
	layout->text_paddr = paddr;
	layout->text_size = load->size;
}

static int take_ram(const struct kcore_load *load, struct kernel_layout *layout, struct err *err)
{
	uint64_t offset = load->vaddr - load->paddr;

	if (layout->linear_known && layout->linear_offset != offset)
		return err_set(err, ST_BAD_INPUT, "layout-contradiction",
			"/proc/kcore maps RAM at two offsets: 0x%" PRIx64 " and, at 0x%" PRIx64
			", 0x%" PRIx64,
			layout->linear_offset, load->paddr, offset);
	layout->linear_known = true;
	layout->linear_offset = offset;
	return ST_OK;
}

static int from_kcore(const struct machine *machine, struct kernel_layout *layout,
	struct report *report, struct err *err)
{
	const struct kcore *kcore = &machine->layout.kcore;
	int status = ST_OK;

	for (size_t i = 0; i < kcore->loads_count && !status; i++) {
		const struct kcore_load *load = &kcore->loads[i];

		if (load->size == 0)
			continue;
		/* The first in there is the image; modules come behind it. */
		if (in_kernel_map(load->vaddr))
			take_text(machine, load, layout);
		else if (load->paddr != UINT64_MAX)
			status = take_ram(load, layout, err);
	}
	if (layout->text_known)
		report_add(report, REPORT_CHOICE, "layout", "kernel image from /proc/kcore");
	if (layout->linear_known)
		report_add(report, REPORT_CHOICE, "layout", "direct map from /proc/kcore");
	return status;
}

/* "NUMBER(phys_base)=%ld", which is below zero where the kernel was loaded below the address that
 * it was linked for. */
static bool phys_base(struct span text, uint64_t *ret)
{
	return vmcoreinfo_number(text, "NUMBER(phys_base)", 10, ret);
}

static void text_from_vmcoreinfo(
	const struct machine *machine, struct kernel_layout *layout, struct report *report)
{
	struct span text = blob_span(&machine->layout.kcore.vmcoreinfo);
	const struct iomem *iomem = &machine->iomem;
	uint64_t base, code = iomem->kernel_code.start;

	if (layout->text_known || code == 0 || iomem->kernel_data.end <= code ||
		!phys_base(text, &base))
		return;
	layout->text_known = true;
	layout->text_paddr = code;
	layout->text_vaddr = code - base + KERNEL_MAP;
	layout->text_size = iomem->kernel_data.end - code;
	report_add(report, REPORT_CHOICE, "layout", "kernel image from VMCOREINFO and /proc/iomem");
}

/* Every source that is there must tell the same. */
static int cross_check(
	const struct machine *machine, const struct kernel_layout *layout, struct err *err)
{
	struct span text = blob_span(&machine->layout.kcore.vmcoreinfo);
	uint64_t base;

	if (layout->text_known && phys_base(text, &base) &&
		layout->text_vaddr - KERNEL_MAP + base != layout->text_paddr)
		return err_set(err, ST_BAD_INPUT, "layout-contradiction",
			"/proc/kcore has the kernel image at 0x%" PRIx64 " for 0x%" PRIx64
			", but its VMCOREINFO says phys_base 0x%" PRIx64,
			layout->text_vaddr, layout->text_paddr, base);
	return ST_OK;
}

int x86_64_kernel_layout(const struct machine *machine, struct kernel_layout *ret,
	struct report *report, struct err *err)
{
	struct kernel_layout layout = { .text_known = false };
	int status = from_kcore(machine, &layout, report, err);

	if (status)
		return status;
	text_from_vmcoreinfo(machine, &layout, report);
	status = cross_check(machine, &layout, err);
	if (status)
		return status;
	elfcorehdr_doubt(&layout, report);
	*ret = layout;
	return ST_OK;
}
