// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the crashed arm64 kernel has its memory in virtual space. Two facts are wanted: the
 * place of the image (_text to _end) and the offset of the linear map. PHYS_OFFSET and VA_BITS
 * are never guessed from the first System RAM line or from an address: with 52-bit addresses on
 * 48-bit hardware, or with a randomised linear map, such guesses are wrong and the dump looks
 * fine all the same.
 */
#include <inttypes.h>

#include "kexec/arch/arm64/arm64.h"
#include "kexec/plan/elfcorehdr_build.h"
#include "lib/checked.h"
#include "lib/vmcoreinfo.h"

/* The image by iomem: from "Kernel code" to the end of "Kernel data". */
static struct range image_range(const struct machine *machine)
{
	const struct iomem *iomem = &machine->iomem;

	if (iomem->kernel_code.start == iomem->kernel_code.end ||
		iomem->kernel_data.end <= iomem->kernel_code.start)
		return (struct range){ 0, 0 };
	return (struct range){ iomem->kernel_code.start, iomem->kernel_data.end };
}

static bool is_ram_or_text(const struct kcore_load *load)
{
	return load->paddr != UINT64_MAX && load->size != 0 &&
	       load->size <= UINT64_MAX - load->paddr;
}

/* Some kernels name "Kernel code" from _stext on, which stands at most a segment alignment behind
 * _text (arch/arm64/kernel/vmlinux.lds.S): 64 KiB, at most 2 MiB. */
#define TEXT_HEAD_MAX (2ull << 20)

/* KCORE_TEXT covers exactly the image (what is left of its last page belongs to it). A bank of
 * RAM may end where the image ends, but does not begin with it. */
static bool is_text(const struct kcore_load *load, struct range image, uint64_t page_size)
{
	uint64_t load_end, image_end;

	return range_size(image) && align_up(load->paddr + load->size, page_size, &load_end) &&
	       align_up(image.end, page_size, &image_end) && load_end == image_end &&
	       load->paddr <= image.start && image.start - load->paddr <= TEXT_HEAD_MAX;
}

static int from_kcore(const struct machine *machine, struct kernel_layout *layout,
	struct report *report, struct err *err)
{
	const struct kcore *kcore = &machine->layout.kcore;
	struct range image = image_range(machine);

	for (size_t i = 0; i < kcore->loads_count; i++) {
		const struct kcore_load *load = &kcore->loads[i];
		uint64_t offset = load->vaddr - load->paddr;

		if (!is_ram_or_text(load))
			continue;
		if (!layout->text_known && is_text(load, image, machine->page_size)) {
			layout->text_known = true;
			layout->text_vaddr = load->vaddr;
			layout->text_paddr = load->paddr;
			layout->text_size = load->size;
			continue;
		}
		if (layout->linear_known && layout->linear_offset != offset)
			return err_set(err, ST_BAD_INPUT, "layout-contradiction",
				"/proc/kcore maps RAM at two offsets: 0x%" PRIx64
				" and, at 0x%" PRIx64 ", 0x%" PRIx64,
				layout->linear_offset, load->paddr, offset);
		layout->linear_known = true;
		layout->linear_offset = offset;
	}
	if (layout->text_known)
		report_add(report, REPORT_CHOICE, "layout", "kernel image from /proc/kcore");
	if (layout->linear_known)
		report_add(report, REPORT_CHOICE, "layout", "linear map from /proc/kcore");
	return ST_OK;
}

/* The text that the kernel publishes in a note of kcore: PAGE_OFFSET is -(1 << VA_BITS) since
 * 5.4 (arch/arm64/include/asm/memory.h), which is also when the sign of PHYS_OFFSET came to
 * matter. */
static void linear_from_vmcoreinfo(
	const struct machine *machine, struct kernel_layout *layout, struct report *report)
{
	struct span text = blob_span(&machine->layout.kcore.vmcoreinfo);
	uint64_t va_bits, phys_offset;

	if (layout->linear_known || !vmcoreinfo_number(text, "NUMBER(VA_BITS)", 10, &va_bits) ||
		va_bits < 36 || va_bits > 52 ||
		!vmcoreinfo_number(text, "NUMBER(PHYS_OFFSET)", 16, &phys_offset))
		return;
	layout->linear_known = true;
	layout->linear_offset = -(1ull << va_bits) - phys_offset;
	report_add(report, REPORT_CHOICE, "layout", "linear map from VMCOREINFO");
}

static void text_from_vmcoreinfo(
	const struct machine *machine, struct kernel_layout *layout, struct report *report)
{
	struct span text = blob_span(&machine->layout.kcore.vmcoreinfo);
	struct range image = image_range(machine);
	uint64_t voffset;

	if (layout->text_known || !range_size(image) ||
		!vmcoreinfo_number(text, "NUMBER(kimage_voffset)", 16, &voffset))
		return;
	layout->text_known = true;
	layout->text_vaddr = image.start + voffset;
	layout->text_paddr = image.start;
	layout->text_size = range_size(image);
	report_add(report, REPORT_CHOICE, "layout", "kernel image from VMCOREINFO and /proc/iomem");
}

/* Kernels that name "Kernel code" from _stext on have their _text a little before it. */
static void text_from_kallsyms(
	const struct machine *machine, struct kernel_layout *layout, struct report *report)
{
	const struct kallsyms *symbols = &machine->layout.kallsyms;
	struct range image = image_range(machine);
	uint64_t size;

	if (layout->text_known || !range_size(image) || !symbols->text ||
		symbols->end <= symbols->text)
		return;
	size = symbols->end - symbols->text;
	if (size < range_size(image) || size > image.end)
		return;
	layout->text_known = true;
	layout->text_vaddr = symbols->text;
	layout->text_paddr = image.end - size;
	layout->text_size = size;
	report_add(report, REPORT_CHOICE, "layout",
		"kernel image from /proc/kallsyms and /proc/iomem");
}

/* Every source that is there must tell the same. */
static int cross_check(
	const struct machine *machine, const struct kernel_layout *layout, struct err *err)
{
	struct span text = blob_span(&machine->layout.kcore.vmcoreinfo);
	uint64_t voffset;

	if (layout->text_known && vmcoreinfo_number(text, "NUMBER(kimage_voffset)", 16, &voffset) &&
		layout->text_vaddr - layout->text_paddr != voffset)
		return err_set(err, ST_BAD_INPUT, "layout-contradiction",
			"/proc/kcore has the kernel image at 0x%" PRIx64 " for 0x%" PRIx64
			", but its VMCOREINFO says kimage_voffset 0x%" PRIx64,
			layout->text_vaddr, layout->text_paddr, voffset);
	return ST_OK;
}

/* The newest makedumpfile that was seen to refuse a kernel built for addresses of 52 bits, but with
 * pages of 64 KiB: "VA Bits 52 not supported" (doc/dump-readers.md). */
static const uint16_t refuses_52_bits[] = { 1, 7, 8 };

static void doubt_dump_filter(const struct machine *machine, struct report *report)
{
	struct span text = blob_span(&machine->layout.kcore.vmcoreinfo);
	const struct dump_filter *filter = &machine->dump_filter;
	uint64_t bits;

	if (!filter->path || !filter->version[0] || machine->page_size == 64 << 10 ||
		!vmcoreinfo_number(text, "NUMBER(VA_BITS)", 10, &bits) || bits != 52)
		return;
	for (size_t i = 0; i < 3; i++) {
		if (filter->version[i] > refuses_52_bits[i])
			return;
		if (filter->version[i] < refuses_52_bits[i])
			break;
	}
	report_add(report, REPORT_CHOICE, "dump",
		"%s is version %u.%u.%u, which refuses dumps of this kernel: it is built for "
		"addresses of 52 bits with pages of %" PRIu64 " KiB; copy /proc/vmcore whole",
		filter->path, filter->version[0], filter->version[1], filter->version[2],
		machine->page_size >> 10);
}

int arm64_kernel_layout(const struct machine *machine, struct kernel_layout *ret,
	struct report *report, struct err *err)
{
	struct kernel_layout layout = { .text_known = false };
	int status = from_kcore(machine, &layout, report, err);

	if (status)
		return status;
	linear_from_vmcoreinfo(machine, &layout, report);
	text_from_vmcoreinfo(machine, &layout, report);
	text_from_kallsyms(machine, &layout, report);
	status = cross_check(machine, &layout, err);
	if (status)
		return status;
	elfcorehdr_doubt(&layout, report);
	doubt_dump_filter(machine, report);
	*ret = layout;
	return ST_OK;
}
