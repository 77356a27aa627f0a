// SPDX-License-Identifier: GPL-2.0-only
/* The plan for programs; the schema is doc/plan-schema.md. */
#include <stdio.h>

#include "kexec/plan/arch_ops.h"
#include "kexec/plan/dump.h"
#include "kexec/plan/elfcorehdr_build.h"
#include "lib/jsonw.h"

#define SCHEMA_VERSION 1

static struct json_object *describe_machine(
	struct jsonw *writer, const struct machine *machine, bool crash)
{
	struct json_object *object = json_object_new_object();

	jsonw_put_text(writer, object, "machine", machine->name);
	jsonw_put_text(writer, object, "release", machine->release);
	jsonw_put_number(writer, object, "page_size", machine->page_size);
	if (crash)
		jsonw_put_number(writer, object, "possible_cpus", machine->cpus.possible.count);
	jsonw_put_bool(writer, object, "acpi", machine->firmware.acpi);
	return object;
}

static struct json_object *describe_image(struct jsonw *writer, const struct image *image)
{
	struct json_object *object = json_object_new_object();

	jsonw_put_text(writer, object, "kind", image->kind_name);
	jsonw_put_text(writer, object, "compression", codec_name(image->codec));
	jsonw_put_number(writer, object, "file_size", image->data.size);
	jsonw_put_number(writer, object, "memory_size", image->mem_size);
	if (image->kind == IMAGE_ARM64)
		jsonw_put_number(writer, object, "text_offset", image->text_offset);
	return object;
}

static struct json_object *describe_region(struct jsonw *writer, const struct plan *plan)
{
	struct json_object *object = json_object_new_object();

	jsonw_put_hex(writer, object, "start", plan->load_region.start);
	jsonw_put_hex(writer, object, "end", plan->load_region.end);
	jsonw_put_number(writer, object, "free", plan->free_bytes);
	return object;
}

static struct json_object *describe_room(struct jsonw *writer, const struct plan *plan)
{
	struct json_object *object = json_object_new_object();

	jsonw_put_number(writer, object, "ranges", plan->room.count);
	jsonw_put_number(writer, object, "bytes", rangeset_bytes(&plan->room));
	return object;
}

static struct json_object *describe_hotplug(struct jsonw *writer, const struct plan *plan)
{
	struct json_object *object = json_object_new_object();

	jsonw_put_bool(writer, object, "enabled", plan->hotplug);
	jsonw_put_number(writer, object, "size_asked", plan->hotplug_asked);
	jsonw_put_number(writer, object, "size_needed", plan->hotplug_needed);
	return object;
}

static struct json_object *describe_segment(struct jsonw *writer, const struct segment *segment)
{
	struct json_object *object = json_object_new_object();
	char digest[2 * SHA256_DIGEST_SIZE + 1];

	jsonw_put_text(writer, object, "purpose", segment_purpose_name(segment->purpose));
	jsonw_put_hex(writer, object, "mem", segment->mem);
	jsonw_put_number(writer, object, "bufsz", segment->data.size);
	jsonw_put_number(writer, object, "memsz", segment->memsz);
	jsonw_put_bool(writer, object, "digest", segment->digested);
	if (segment->digested) {
		for (size_t i = 0; i < SHA256_DIGEST_SIZE; i++)
			snprintf(digest + 2 * i, 3, "%02x", segment->sha256[i]);
		jsonw_put_text(writer, object, "sha256", digest);
	}
	return object;
}

static struct json_object *describe_entry(struct jsonw *writer, const void *context, size_t index)
{
	const struct plan *plan = context;
	const struct core_entry *entry = &plan->core.entries[index];
	struct json_object *object = json_object_new_object();
	char what[32];

	jsonw_put_number(writer, object, "index", index);
	jsonw_put_text(
		writer, object, "type", core_entry_type(entry) == PT_NOTE ? "PT_NOTE" : "PT_LOAD");
	jsonw_put_hex(writer, object, "offset", entry->offset);
	jsonw_put_hex(writer, object, "vaddr", entry->vaddr);
	jsonw_put_hex(writer, object, "paddr", entry->paddr);
	jsonw_put_number(writer, object, "filesz", entry->size);
	jsonw_put_number(writer, object, "memsz", entry->size);
	jsonw_put_number(writer, object, "flags", core_entry_flags(entry));
	jsonw_put_text(writer, object, "what", core_entry_describe(entry, what, sizeof(what)));
	return object;
}

static struct json_object *describe_edit(struct jsonw *writer, const struct dt_edit *edit)
{
	struct json_object *object = json_object_new_object();

	jsonw_put_text(writer, object, "action", edit->action);
	jsonw_put_text(writer, object, "path", edit->path);
	jsonw_put_text(writer, object, "name", edit->name);
	if (edit->value)
		jsonw_put_text(writer, object, "value", edit->value);
	if (edit->reason)
		jsonw_put_text(writer, object, "reason", edit->reason);
	return object;
}

static struct json_object *describe_report(
	struct jsonw *writer, const struct report *report, enum report_kind kind)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < report->count; i++) {
		struct json_object *object;

		if (report->entries[i].kind != kind)
			continue;
		object = json_object_new_object();
		jsonw_put_text(writer, object, "area", report->entries[i].area);
		jsonw_put_text(writer, object, "text", report->entries[i].text);
		jsonw_append(writer, array, object);
	}
	return array;
}

static struct json_object *describe_plan(struct jsonw *writer, const struct plan *plan,
	const struct plan_inputs *inputs, const struct report *report)
{
	bool crash = plan_is_crash(plan);
	struct json_object *object = json_object_new_object();
	struct json_object *segments = json_object_new_array();
	struct json_object *edits = json_object_new_array();

	for (size_t i = 0; i < plan->segment_count; i++)
		jsonw_append(writer, segments, describe_segment(writer, &plan->segments[i]));
	for (size_t i = 0; i < plan->edits_count; i++)
		jsonw_append(writer, edits, describe_edit(writer, &plan->edits[i]));

	jsonw_put_text(writer, object, "schema", "kexec-plan");
	jsonw_put_number(writer, object, "version", SCHEMA_VERSION);
	jsonw_put_text(writer, object, "arch", plan->arch->name);
	jsonw_put_text(writer, object, "action", crash ? "load-crash" : "load");
	if (plan->by_kernel)
		jsonw_put_text(writer, object, "call", "kexec_file_load");
	jsonw_put(writer, object, "running", describe_machine(writer, inputs->machine, crash));
	jsonw_put(writer, object, "image", describe_image(writer, inputs->image));
	if (crash)
		jsonw_put(writer, object, "load_region", describe_region(writer, plan));
	else
		jsonw_put(writer, object, "room", describe_room(writer, plan));
	jsonw_put_hex(writer, object, "entry", plan->entry);
	jsonw_put_hex(writer, object, "flags", plan->flags);
	if (crash)
		jsonw_put(writer, object, "hotplug", describe_hotplug(writer, plan));
	jsonw_put(writer, object, "segments", segments);
	if (crash)
		jsonw_put(writer, object, "program_headers",
			jsonw_array(writer, describe_entry, plan, plan->core.count));
	jsonw_put(writer, object, plan_handed_key(plan), edits);
	if (plan->cmdline)
		jsonw_put_text(writer, object, "command_line", plan->cmdline);
	jsonw_put(writer, object, "choices", describe_report(writer, report, REPORT_CHOICE));
	jsonw_put(writer, object, "warnings", describe_report(writer, report, REPORT_WARNING));
	return object;
}

int plan_dump_json(const struct plan *plan, const struct plan_inputs *inputs,
	const struct report *report, struct blob *ret)
{
	struct jsonw writer = { .failed = false };
	struct json_object *object = describe_plan(&writer, plan, inputs, report);

	return jsonw_finish(&writer, object, ret);
}
