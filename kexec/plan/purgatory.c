// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/plan/purgatory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kexec/plan/arch_ops.h"
#include "lib/checked.h"
#include "purgatory/abi.h"

/* The offset of a parameter among them. */
#define PARAM(field)  offsetof(struct purgatory_params, field)
#define REGION(field) offsetof(struct purgatory_region, field)
#define TABLES(field) offsetof(struct purgatory_tables, field)
#define EDITED(field) offsetof(struct purgatory_edited, field)

/* More than this is no purgatory of ours. */
#define MEM_SIZE_MAX (1u << 20)

static uint8_t *params_of(const struct plan *plan)
{
	return plan->purgatory.data + plan->arch->purgatory_params;
}

/* The blob in pages: what is loaded and read, stack and state, room for tables. As offsets, from
 * what the blob says of itself (purgatory/abi.h). */
static bool layout_of(const struct plan *plan, struct purgatory_layout *ret)
{
	uint64_t size = *plan->arch->purgatory_size;
	uint64_t mem_size = load_le64(params_of(plan) + PARAM(mem_size));

	ret->start = 0;
	ret->end = mem_size;
	return mem_size >= size && align_up(size, PURGATORY_ALIGN, &ret->stack) &&
	       align_up(mem_size, PURGATORY_ALIGN, &ret->tables);
}

/* Bytes of room for tables. */
static uint64_t tables_room(const struct plan_inputs *inputs, const struct arch_ops *arch)
{
	const struct console *console = &inputs->console;

	if (arch->purgatory_tables_for_console && !inputs->request->load_way_back &&
		(console->type == CONSOLE_NONE || console->port))
		return 0;
	return arch->purgatory_tables_size;
}

int purgatory_prepare(const struct plan_inputs *inputs, struct plan *plan, struct err *err)
{
	size_t size = *plan->arch->purgatory_size, whole;
	struct purgatory_layout layout;
	const uint8_t *params;

	if (size < plan->arch->purgatory_params + sizeof(struct purgatory_params))
		return err_set(err, ST_BUG, "purgatory-blob", "the purgatory is cut short");
	if (blob_append(&plan->purgatory, plan->arch->purgatory, size))
		return err_no_memory(err);
	params = params_of(plan);
	if (load_le64(params + PARAM(magic)) != PURGATORY_MAGIC ||
		load_le32(params + PARAM(version)) != PURGATORY_VERSION ||
		load_le32(params + PARAM(size)) != sizeof(struct purgatory_params) ||
		!layout_of(plan, &layout) || layout.tables > MEM_SIZE_MAX)
		return err_set(err, ST_BUG, "purgatory-blob",
			"the purgatory was built for another version of its parameters");
	whole = layout.tables + tables_room(inputs, plan->arch);
	if (blob_reserve(&plan->purgatory, whole))
		return err_no_memory(err);
	memset(plan->purgatory.data + size, 0, whole - size);
	plan->purgatory.size = whole;
	return ST_OK;
}

static uint32_t console_type(enum console_type type)
{
	switch (type) {
	case CONSOLE_PL011:
		return PURGATORY_CONSOLE_PL011;
	case CONSOLE_8250:
		return PURGATORY_CONSOLE_8250;
	case CONSOLE_HVTERM:
		return PURGATORY_CONSOLE_HVTERM;
	case CONSOLE_NONE:
		break;
	}
	return PURGATORY_CONSOLE_NONE;
}

static uint32_t policy(enum corruption_policy on_corruption)
{
	switch (on_corruption) {
	case CORRUPTION_RESET:
		return PURGATORY_RESET;
	case CORRUPTION_BOOT:
		return PURGATORY_BOOT;
	case CORRUPTION_HALT:
		break;
	}
	return PURGATORY_HALT;
}

static void fill_region(const struct segment *segment, uint8_t *region)
{
	store_le64(region + REGION(start), segment->mem);
	store_le64(region + REGION(data_size), segment->data.size);
	store_le64(region + REGION(mem_size), segment->memsz);
	memcpy(region + REGION(sha256), segment->sha256, SHA256_DIGEST_SIZE);
	snprintf((char *)region + REGION(name), PURGATORY_NAME_SIZE, "%s",
		segment_purpose_name(segment->purpose));
}

static void fill_edited(const struct purgatory_edited *edited, uint8_t *param)
{
	store_le64(param + EDITED(front), edited->front);
	store_le64(param + EDITED(back), edited->back);
	store_le64(param + EDITED(strings), edited->strings);
	memcpy(param + EDITED(sha256), edited->sha256, SHA256_DIGEST_SIZE);
}

static uint64_t sum_of(const uint8_t *words, uint64_t size)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < size; i += 8)
		sum = purgatory_sum(sum, load_le64(words + i));
	return sum;
}

static void fill_set(uint8_t *set, struct range range, const uint8_t *tables)
{
	store_le64(set + TABLES(root), range.start);
	store_le64(set + TABLES(size), range_size(range));
	store_le64(set + TABLES(sum), sum_of(tables, range_size(range)));
}

static void report_tables(const struct plan_inputs *inputs, const struct arch_ops *arch,
	const struct range *sets, const char *why, struct report *report)
{
	if (!arch->purgatory_tables_for_console && why)
		report_add(report, REPORT_WARNING, "purgatory",
			"purgatory will verify with the caches off, which is slow, because %s",
			why);
	else if (why)
		report_add(report, REPORT_WARNING, "purgatory",
			"purgatory will print nothing to the %s at 0x%" PRIx64 ", because %s",
			console_type_name(inputs->console.type), inputs->console.base, why);
	else if (arch->purgatory_tables_for_console)
		report_add(report, REPORT_CHOICE, "purgatory",
			"purgatory reaches the %s at 0x%" PRIx64
			" by page tables of its own, at [0x%" PRIx64 ", 0x%" PRIx64 ")",
			console_type_name(inputs->console.type), inputs->console.base,
			sets[0].start, sets[PURGATORY_TABLES_SETS - 1].end);
}

/* Tables are for speed or for a console: without them the purgatory verifies all the same. */
static void fill_tables(const struct plan_inputs *inputs, struct plan *plan, struct report *report)
{
	const struct arch_ops *arch = plan->arch;
	uint8_t *memory;
	struct range sets[PURGATORY_TABLES_SETS];
	struct purgatory_layout layout;
	const char *why;

	if (tables_room(inputs, arch) == 0 || !layout_of(plan, &layout))
		return;
	memory = plan->purgatory.data + layout.tables;
	layout.start += plan->entry;
	layout.stack += plan->entry;
	layout.end += plan->entry;
	layout.tables += plan->entry;
	why = arch->purgatory_tables(inputs, plan, &layout, memory, sets);
	plan->no_tables = why;
	if (!inputs->request->load_way_back)
		report_tables(inputs, arch, sets, why, report);
	if (why) {
		memset(memory, 0, arch->purgatory_tables_size);
		return;
	}
	for (size_t i = 0; i < PURGATORY_TABLES_SETS; i++)
		fill_set(params_of(plan) + PARAM(tables) + i * sizeof(struct purgatory_tables),
			sets[i], memory + (sets[i].start - layout.tables));
}

void purgatory_fill(const struct plan_inputs *inputs, struct plan *plan, struct report *report)
{
	const struct request *request = inputs->request;
	uint8_t *params = params_of(plan);
	uint32_t flags = 0, count = 0;

	if (request->console || request->serial || request->console_serial || inputs->screen)
		flags |= PURGATORY_VERBOSE;
	if (inputs->screen)
		flags |= PURGATORY_SCREEN;
	if (plan->arch->purgatory_flags)
		flags |= plan->arch->purgatory_flags(inputs->machine);

	if (plan->hotplug && plan->arch->hotplug_edits_tree)
		flags |= PURGATORY_HANDED_EDITED;

	for (size_t i = 0; i < plan->segment_count; i++)
		if (plan->segments[i].digested)
			fill_region(&plan->segments[i],
				params + PARAM(regions) +
					count++ * sizeof(struct purgatory_region));

	/* A way back has nothing to be verified. */
	if (request->no_checks || count == 0)
		flags |= PURGATORY_SKIP_CHECK;

	store_le64(params + PARAM(kernel_entry), plan->handover.kernel_entry);
	store_le64(params + PARAM(handed), plan->handover.handed.start);
	store_le64(params + PARAM(handed_size), range_size(plan->handover.handed));
	store_le64(params + PARAM(record), plan->handover.record);
	store_le32(params + PARAM(flags), flags);
	store_le32(params + PARAM(on_corruption), policy(request->on_corruption));
	store_le32(params + PARAM(reset), plan->handover.reset);
	store_le32(params + PARAM(console_type), console_type(inputs->console.type));
	store_le64(params + PARAM(console_base), inputs->console.base);
	store_le32(params + PARAM(console_reg_shift), inputs->console.reg_shift);
	store_le32(params + PARAM(console_reg_width), inputs->console.reg_width);
	store_le32(params + PARAM(console_divisor), inputs->console.divisor);
	store_le32(params + PARAM(region_count), count);
	for (size_t i = 0; i < PURGATORY_OWN; i++)
		store_le64(params + PARAM(own) + 8 * i, plan->handover.own[i]);
	fill_edited(&plan->handover.edited, params + PARAM(edited));
	if (!request->no_checks || plan->arch->purgatory_tables_for_console)
		fill_tables(inputs, plan, report);
	store_le64(params + PARAM(sum),
		sum_of(params + PARAM(magic), offsetof(struct purgatory_params, sum)));
}
