// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/plan/plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/plan/arch_ops.h"

void plan_done(struct plan *plan)
{
	if (!plan)
		return;
	rangeset_done(&plan->room);
	rangeset_done(&plan->reserved);
	blob_done(&plan->tree);
	elfcorehdr_done(&plan->core);
	blob_done(&plan->dtb);
	blob_done(&plan->boot_params);
	blob_done(&plan->purgatory);
	for (size_t i = 0; i < plan->edits_count; i++) {
		free(plan->edits[i].path);
		free(plan->edits[i].value);
	}
	free(plan->edits);
	free(plan->cmdline);
	*plan = (struct plan){ .arch = NULL };
}

const char *segment_purpose_name(enum segment_purpose purpose)
{
	switch (purpose) {
	case SEGMENT_KERNEL:
		return "kernel";
	case SEGMENT_INITRD:
		return "initrd";
	case SEGMENT_ELFCOREHDR:
		return "elfcorehdr";
	case SEGMENT_PURGATORY:
		return "purgatory";
	case SEGMENT_DTB:
		return "dtb";
	case SEGMENT_BOOT_PARAMS:
		return "boot_params";
	case SEGMENT_MULTIBOOT:
		return "multiboot";
	case SEGMENT_MODULE:
		return "module";
	case SEGMENT_BACKUP:
		return "backup";
	case SEGMENT_MEMORY:
		return "memory";
	}
	return "segment";
}

int plan_add_segment(struct plan *plan, enum segment_purpose purpose, struct span data,
	uint64_t mem, uint64_t memsz, struct err *err)
{
	if (plan->segment_count == KEXEC_SEGMENT_MAX)
		return err_set(err, ST_NO_SPACE, "segment-count",
			"more than the %d segments that the kernel takes", KEXEC_SEGMENT_MAX);
	plan->segments[plan->segment_count++] = (struct segment){
		.purpose = purpose,
		.data = data,
		.mem = mem,
		.memsz = memsz,
	};
	return ST_OK;
}

const struct segment *plan_segment(const struct plan *plan, enum segment_purpose purpose)
{
	for (size_t i = 0; i < plan->segment_count; i++)
		if (plan->segments[i].purpose == purpose)
			return &plan->segments[i];
	return NULL;
}

const char *plan_handed(const struct plan *plan)
{
	return plan_segment(plan, SEGMENT_MULTIBOOT) ? "Multiboot information" : plan->arch->handed;
}

const char *plan_handed_key(const struct plan *plan)
{
	return plan_segment(plan, SEGMENT_MULTIBOOT) ? "multiboot" : plan->arch->handed_key;
}

/* The list doubles at each power of two: a memory map can be thousands of entries. */
static bool room_for_edit(struct plan *plan)
{
	size_t count = plan->edits_count;
	struct dt_edit *edits;

	if (count & (count - 1))
		return true;
	edits = realloc(plan->edits, (count ? 2 * count : 1) * sizeof(*edits));
	if (edits)
		plan->edits = edits;
	return edits != NULL;
}

int plan_note_edit(struct plan *plan, const char *action, const char *path, const char *name,
	struct err *err, const char *fmt, ...)
{
	char *value = NULL, *copy = strdup(path);

	if (!copy || !room_for_edit(plan)) {
		free(copy);
		return err_no_memory(err);
	}
	if (fmt) {
		va_list args;
		int length;

		va_start(args, fmt);
		length = vasprintf(&value, fmt, args);
		va_end(args);
		if (length < 0) {
			free(copy);
			return err_no_memory(err);
		}
	}
	plan->edits[plan->edits_count++] =
		(struct dt_edit){ .action = action, .path = copy, .name = name, .value = value };
	return ST_OK;
}

int plan_edit_because(struct plan *plan, int status, const char *reason)
{
	if (!status)
		plan->edits[plan->edits_count - 1].reason = reason;
	return status;
}

bool plan_has_edit(const struct plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->edits_count; i++)
		if (strcmp(plan->edits[i].path, "/chosen") == 0 &&
			strcmp(plan->edits[i].name, name) == 0)
			return true;
	return false;
}
