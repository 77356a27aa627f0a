// SPDX-License-Identifier: GPL-2.0-only
/* The plan as tables for people. */
#include <inttypes.h>

#include "kexec/plan/arch_ops.h"
#include "kexec/plan/dump.h"
#include "kexec/plan/elfcorehdr_build.h"
#include "lib/printer.h"

static void print_head(
	struct printer *printer, const struct plan *plan, const struct plan_inputs *inputs)
{
	const struct machine *machine = inputs->machine;

	print(printer, "machine: %s, kernel %s, pages of %" PRIu64 " KiB\n", machine->name,
		machine->release, plan->page_size >> 10);
	print(printer, "image: %s (%s), 0x%" PRIx64 " bytes in memory\n", inputs->image->kind_name,
		codec_name(inputs->image->codec), inputs->image->mem_size);
	if (plan_is_crash(plan))
		print(printer,
			"crash region: [0x%" PRIx64 ", 0x%" PRIx64 "), 0x%" PRIx64
			" bytes left free for the capture kernel\n",
			plan->load_region.start, plan->load_region.end, plan->free_bytes);
	else
		print(printer, "memory that can be loaded to: 0x%" PRIx64 " bytes in %zu ranges\n",
			rangeset_bytes(&plan->room), plan->room.count);
	if (plan->by_kernel)
		print(printer, "kexec_file_load: the kernel places and makes these itself%s\n",
			plan->hotplug ? " (crash hotplug)" : "");
	else
		print(printer, "kexec_load: entry = 0x%" PRIx64 " flags = 0x%" PRIx64 "%s\n",
			plan->entry, plan->flags, plan->hotplug ? " (crash hotplug)" : "");
}

static void print_segments(struct printer *printer, const struct plan *plan)
{
	print(printer, "\nsegments:\n  %-10s  %-18s  %-18s  %-12s  %-12s  %s\n", "purpose", "start",
		"end", "bufsz", "memsz", "digest");
	for (size_t i = 0; i < plan->segment_count; i++) {
		const struct segment *segment = &plan->segments[i];

		print(printer,
			"  %-10s  0x%016" PRIx64 "  0x%016" PRIx64 "  0x%-10zx  0x%-10" PRIx64
			"  %s\n",
			segment_purpose_name(segment->purpose), segment->mem,
			segment->mem + segment->memsz, segment->data.size, segment->memsz,
			segment->digested ? "sha256" : "-");
	}
}

static void print_entries(struct printer *printer, const struct plan *plan)
{
	char what[32];

	print(printer,
		"\nprogram headers of the elfcorehdr:\n  %5s  %-7s  %-18s  %-18s  %-18s  %-12s  "
		"%-5s  %s\n",
		"index", "type", "offset", "virtual", "physical", "size", "flags", "what");
	for (size_t i = 0; i < plan->core.count; i++) {
		const struct core_entry *entry = &plan->core.entries[i];

		print(printer,
			"  %5zu  %-7s  0x%016" PRIx64 "  0x%016" PRIx64 "  0x%016" PRIx64
			"  0x%-10" PRIx64 "  %-5s  %s\n",
			i, core_entry_type(entry) == PT_NOTE ? "PT_NOTE" : "PT_LOAD", entry->offset,
			entry->vaddr, entry->paddr, entry->size,
			core_entry_flags(entry) == PF_RWX ? "RWX" : "-",
			core_entry_describe(entry, what, sizeof(what)));
	}
}

static void print_edits(struct printer *printer, const struct plan *plan)
{
	print(printer, "\n%s:\n", plan_handed(plan));
	for (size_t i = 0; i < plan->edits_count; i++) {
		const struct dt_edit *edit = &plan->edits[i];

		print(printer, "  %-6s  %s/%s%s%s%s%s\n", edit->action, edit->path, edit->name,
			edit->value && *edit->value ? " = " : "", edit->value ? edit->value : "",
			edit->reason ? ": " : "", edit->reason ? edit->reason : "");
	}
}

static void print_report(struct printer *printer, const struct report *report,
	enum report_kind kind, const char *title)
{
	bool any = false;

	for (size_t i = 0; i < report->count; i++) {
		const struct report_entry *entry = &report->entries[i];

		if (entry->kind != kind)
			continue;
		if (!any)
			print(printer, "\n%s:\n", title);
		any = true;
		print(printer, "  %s: %s\n", entry->area, entry->text);
	}
}

int plan_dump_text(const struct plan *plan, const struct plan_inputs *inputs,
	const struct report *report, struct blob *ret)
{
	struct printer printer = { .out = ret };

	print_head(&printer, plan, inputs);
	print_segments(&printer, plan);
	if (plan->core.count)
		print_entries(&printer, plan);
	print_edits(&printer, plan);
	print(&printer, "\ncommand line: %s\n", plan->cmdline ? plan->cmdline : "(none)");
	print_report(&printer, report, REPORT_CHOICE, "choices");
	print_report(&printer, report, REPORT_WARNING, "warnings");
	return printer.status;
}
