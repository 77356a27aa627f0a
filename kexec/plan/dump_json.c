// SPDX-License-Identifier: GPL-2.0-only
/* The plan for programs; the schema is doc/plan-schema.md. Addresses are strings, since JSON's
 * numbers lose bits above 2^53; sizes are numbers. */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "kexec/arch/arch.h"
#include "kexec/plan/dump.h"
#include "kexec/plan/elfcorehdr_build.h"

#define SCHEMA_VERSION 1

/* Objects under construction; json-c returns NULL or an error when memory is out, and the first
 * failure sticks. */
struct writer {
	bool failed;
};

static void put(struct writer *writer, struct json_object *object, const char *key,
	struct json_object *value)
{
	if (!object || !value || json_object_object_add(object, key, value)) {
		json_object_put(value);
		writer->failed = true;
	}
}

static void append(struct writer *writer, struct json_object *array, struct json_object *value)
{
	if (!array || !value || json_object_array_add(array, value)) {
		json_object_put(value);
		writer->failed = true;
	}
}

static void put_text(
	struct writer *writer, struct json_object *object, const char *key, const char *text)
{
	put(writer, object, key, json_object_new_string(text));
}

static void put_hex(
	struct writer *writer, struct json_object *object, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	put_text(writer, object, key, text);
}

static void put_number(
	struct writer *writer, struct json_object *object, const char *key, uint64_t value)
{
	put(writer, object, key, json_object_new_uint64(value));
}

static void put_bool(struct writer *writer, struct json_object *object, const char *key, bool value)
{
	put(writer, object, key, json_object_new_boolean(value));
}

static struct json_object *describe_machine(struct writer *writer, const struct machine *machine)
{
	struct json_object *object = json_object_new_object();

	put_text(writer, object, "machine", machine->name);
	put_text(writer, object, "release", machine->release);
	put_number(writer, object, "page_size", machine->page_size);
	put_number(writer, object, "possible_cpus", machine->cpus.possible.count);
	put_bool(writer, object, "acpi", machine->firmware.acpi);
	return object;
}

static struct json_object *describe_image(struct writer *writer, const struct image *image)
{
	struct json_object *object = json_object_new_object();

	put_text(writer, object, "kind", image->kind_name);
	put_text(writer, object, "compression", codec_name(image->codec));
	put_number(writer, object, "file_size", image->data.size);
	put_number(writer, object, "memory_size", image->mem_size);
	put_number(writer, object, "text_offset", image->text_offset);
	return object;
}

static struct json_object *describe_region(struct writer *writer, const struct plan *plan)
{
	struct json_object *object = json_object_new_object();

	put_hex(writer, object, "start", plan->load_region.start);
	put_hex(writer, object, "end", plan->load_region.end);
	put_number(writer, object, "free", plan->free_bytes);
	return object;
}

static struct json_object *describe_hotplug(struct writer *writer, const struct plan *plan)
{
	struct json_object *object = json_object_new_object();

	put_bool(writer, object, "enabled", plan->hotplug);
	put_number(writer, object, "size_asked", plan->hotplug_asked);
	put_number(writer, object, "size_needed", plan->hotplug_needed);
	return object;
}

static struct json_object *describe_segment(struct writer *writer, const struct segment *segment)
{
	struct json_object *object = json_object_new_object();
	char digest[2 * SHA256_DIGEST_SIZE + 1];

	put_text(writer, object, "purpose", segment_purpose_name(segment->purpose));
	put_hex(writer, object, "mem", segment->mem);
	put_number(writer, object, "bufsz", segment->data.size);
	put_number(writer, object, "memsz", segment->memsz);
	put_bool(writer, object, "digest", segment->digested);
	if (segment->digested) {
		for (size_t i = 0; i < SHA256_DIGEST_SIZE; i++)
			snprintf(digest + 2 * i, 3, "%02x", segment->sha256[i]);
		put_text(writer, object, "sha256", digest);
	}
	return object;
}

static struct json_object *describe_entry(
	struct writer *writer, const struct core_entry *entry, size_t index)
{
	struct json_object *object = json_object_new_object();
	char what[32];

	put_number(writer, object, "index", index);
	put_text(writer, object, "type", core_entry_type(entry) == PT_NOTE ? "PT_NOTE" : "PT_LOAD");
	put_hex(writer, object, "offset", entry->paddr);
	put_hex(writer, object, "vaddr", entry->vaddr);
	put_hex(writer, object, "paddr", entry->paddr);
	put_number(writer, object, "filesz", entry->size);
	put_number(writer, object, "memsz", entry->size);
	put_number(writer, object, "flags", core_entry_flags(entry));
	put_text(writer, object, "what", core_entry_describe(entry, what, sizeof(what)));
	return object;
}

static struct json_object *describe_edit(struct writer *writer, const struct dt_edit *edit)
{
	struct json_object *object = json_object_new_object();

	put_text(writer, object, "action", edit->action);
	put_text(writer, object, "path", edit->path);
	put_text(writer, object, "name", edit->name);
	if (edit->value)
		put_text(writer, object, "value", edit->value);
	return object;
}

static struct json_object *describe_report(
	struct writer *writer, const struct report *report, enum report_kind kind)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < report->count; i++) {
		struct json_object *object;

		if (report->entries[i].kind != kind)
			continue;
		object = json_object_new_object();
		put_text(writer, object, "area", report->entries[i].area);
		put_text(writer, object, "text", report->entries[i].text);
		append(writer, array, object);
	}
	return array;
}

static struct json_object *describe_plan(struct writer *writer, const struct plan *plan,
	const struct plan_inputs *inputs, const struct report *report)
{
	struct json_object *object = json_object_new_object();
	struct json_object *segments = json_object_new_array();
	struct json_object *entries = json_object_new_array();
	struct json_object *edits = json_object_new_array();

	for (size_t i = 0; i < plan->segment_count; i++)
		append(writer, segments, describe_segment(writer, &plan->segments[i]));
	for (size_t i = 0; i < plan->core.count; i++)
		append(writer, entries, describe_entry(writer, &plan->core.entries[i], i));
	for (size_t i = 0; i < plan->edits_count; i++)
		append(writer, edits, describe_edit(writer, &plan->edits[i]));

	put_text(writer, object, "schema", "kexec-plan");
	put_number(writer, object, "version", SCHEMA_VERSION);
	put_text(writer, object, "arch", plan->arch->name);
	put_text(writer, object, "action", "load-crash");
	put(writer, object, "running", describe_machine(writer, inputs->machine));
	put(writer, object, "image", describe_image(writer, inputs->image));
	put(writer, object, "load_region", describe_region(writer, plan));
	put_hex(writer, object, "entry", plan->entry);
	put_hex(writer, object, "flags", plan->flags);
	put(writer, object, "hotplug", describe_hotplug(writer, plan));
	put(writer, object, "segments", segments);
	put(writer, object, "program_headers", entries);
	put(writer, object, "device_tree", edits);
	if (plan->cmdline)
		put_text(writer, object, "command_line", plan->cmdline);
	put(writer, object, "choices", describe_report(writer, report, REPORT_CHOICE));
	put(writer, object, "warnings", describe_report(writer, report, REPORT_WARNING));
	return object;
}

int plan_dump_json(const struct plan *plan, const struct plan_inputs *inputs,
	const struct report *report, struct blob *ret)
{
	struct writer writer = { .failed = false };
	struct json_object *object = describe_plan(&writer, plan, inputs, report);
	const char *text = NULL;
	int status = ST_NO_MEMORY;

	if (!writer.failed)
		text = json_object_to_json_string_ext(
			object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
					JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text && blob_append(ret, text, strlen(text)) == ST_OK &&
		blob_append(ret, "\n", 1) == ST_OK)
		status = ST_OK;
	json_object_put(object);
	return status;
}
