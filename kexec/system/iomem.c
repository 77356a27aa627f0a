// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/system/iomem.h"

#include <stdlib.h>

#include "kexec/system/crash_region.h"
#include "lib/checked.h"
#include "lib/cursor.h"

/* 60,000 memory ranges are about 3 MiB of text. */
#define IOMEM_TEXT_MAX (256u << 20)

/* Two blanks for each level; the kernel shows all that lies deeper as if it were here. */
#define INDENT_MAX 16

enum kind {
	KIND_OTHER,
	KIND_ACPI_TABLES, /* "ACPI Tables" */
	KIND_ACPI_NVS,	  /* "ACPI Non-volatile Storage" */
	KIND_RESERVED,	  /* "Reserved", before 4.20 "reserved": by firmware, or by the kernel */
	/* The others mean something to kexec as memory. */
	KIND_RAM,	  /* exactly "System RAM" */
	KIND_RAM_DRIVER,  /* "System RAM (virtio_mem)", "System RAM (kmem)", ... */
	KIND_CRASH,	  /* "Crash kernel" */
	KIND_KERNEL_CODE, /* "Kernel code" */
	KIND_KERNEL_DATA, /* "Kernel data" */
};

struct line {
	size_t indent;
	struct range range;
	bool wraps; /* ends at the top of the 64-bit space: the range cannot be said */
	bool zero;  /* 0-0 */
	enum kind kind;
	struct span name;
};

/* A resource that the lines behind it may lie in. */
struct level {
	size_t indent;
	struct range range;
	bool in_ram; /* children of this are in plain System RAM and in no exception from it */
};

struct nest {
	struct level *levels; /* owned; ascending indent */
	size_t count;
	size_t capacity;
};

static enum kind kind_of(struct span name)
{
	static const char driver_prefix[] = "System RAM (";

	if (span_equals(name, "System RAM"))
		return KIND_RAM;
	if (span_starts_with(name, driver_prefix, sizeof(driver_prefix) - 1))
		return KIND_RAM_DRIVER;
	if (span_equals(name, "Crash kernel"))
		return KIND_CRASH;
	if (span_equals(name, "Kernel code"))
		return KIND_KERNEL_CODE;
	if (span_equals(name, "Kernel data"))
		return KIND_KERNEL_DATA;
	if (span_equals(name, "ACPI Tables"))
		return KIND_ACPI_TABLES;
	if (span_equals(name, "ACPI Non-volatile Storage"))
		return KIND_ACPI_NVS;
	if (span_equals(name, "Reserved") || span_equals(name, "reserved"))
		return KIND_RESERVED;
	return KIND_OTHER;
}

static int bad_line(struct err *err, size_t number, struct span text, const char *wanted)
{
	return err_set(err, ST_BAD_INPUT, "iomem-line", "line %zu: found \"%.*s\", wanted %s",
		number, text.size > 120 ? 120 : (int)text.size,
		text.data ? (const char *)text.data : "", wanted);
}

static bool has_control(struct span text)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] < ' ' || text.data[i] == 0x7f)
			return true;
	return false;
}

static int parse_line(struct span text, size_t number, struct line *ret, struct err *err)
{
	struct line line = { .indent = 0 };
	struct span rest = text;
	uint64_t last;

	while (span_skip(&rest, " "))
		line.indent++;
	if (!span_take_number(&rest, 16, &line.range.start) || !span_skip(&rest, "-") ||
		!span_take_number(&rest, 16, &last) || !span_skip(&rest, " : "))
		return bad_line(err, number, text, "\"START-END : NAME\" in hexadecimal");
	if (last < line.range.start)
		return bad_line(err, number, text, "an end that is not before the start");

	rest = span_trim(rest);
	if (has_control(rest))
		return bad_line(err, number, text, "a name without control characters");

	line.name = rest;
	line.kind = kind_of(rest);
	line.zero = line.range.start == 0 && last == 0;
	if (!add_u64(last, 1, &line.range.end)) {
		line.wraps = true;
		line.range.end = last;
	}
	*ret = line;
	return ST_OK;
}

/* Leave the resources that a line with this indent does not lie in. */
static void nest_leave(struct nest *nest, size_t indent)
{
	while (nest->count && nest->levels[nest->count - 1].indent >= indent)
		nest->count--;
}

static bool nest_in_ram(const struct nest *nest)
{
	return nest->count && nest->levels[nest->count - 1].in_ram;
}

/*
 * The line in front has this one within it, and yet is not where this one lies in: the blanks in
 * front of the lines were lost. The kernel goes only so deep (kernel/resource.c), and what is there
 * twice, since the map changed while it was read, is no such thing.
 */
static bool nest_is_flat(const struct nest *nest, const struct line *line)
{
	const struct level *before;

	if (nest->count == 0 || line->zero || line->indent >= INDENT_MAX)
		return false;
	before = &nest->levels[nest->count - 1];
	return before->indent >= line->indent &&
	       range_size(before->range) > range_size(line->range) &&
	       before->range.start <= line->range.start && line->range.end <= before->range.end;
}

static int nest_enter(struct nest *nest, const struct line *line, bool in_ram, struct err *err)
{
	if (nest->count == nest->capacity) {
		size_t capacity = nest->capacity ? nest->capacity * 2 : 16;
		struct level *levels = realloc(nest->levels, capacity * sizeof(*levels));

		if (!levels)
			return err_no_memory(err);
		nest->levels = levels;
		nest->capacity = capacity;
	}
	nest->levels[nest->count++] = (struct level){ line->indent, line->range, in_ram };
	return ST_OK;
}

/* In plain RAM it is a reservation, whatever it is called. */
static bool is_reservation(enum kind kind)
{
	return kind < KIND_RAM;
}

static void keep_first(struct range *range, struct range value)
{
	if (range->start == range->end)
		*range = value;
}

/* Sort one line into the sets. in_ram: it is a child of plain System RAM. */
static int take_line(struct iomem *iomem, const struct line *line, bool in_ram)
{
	struct range range = line->range;
	int status = ST_OK;

	switch (line->kind) {
	case KIND_RAM:
		return rangeset_add(&iomem->ram, range.start, range.end);
	case KIND_RAM_DRIVER:
		status = rangeset_add(&iomem->ram, range.start, range.end);
		if (status == ST_OK)
			status = rangeset_add(&iomem->ram_driver_managed, range.start, range.end);
		return status;
	case KIND_CRASH:
		if (range.end > iomem->crash_load.end)
			iomem->crash_load = range;
		return rangeset_add(&iomem->crash, range.start, range.end);
	case KIND_KERNEL_CODE:
		keep_first(&iomem->kernel_code, range);
		return ST_OK;
	case KIND_KERNEL_DATA:
		keep_first(&iomem->kernel_data, range);
		return ST_OK;
	case KIND_ACPI_TABLES:
		status = rangeset_add(&iomem->acpi_tables, range.start, range.end);
		break;
	case KIND_ACPI_NVS:
		status = rangeset_add(&iomem->acpi_nvs, range.start, range.end);
		break;
	case KIND_RESERVED:
		status = rangeset_add(&iomem->firmware_reserved, range.start, range.end);
		break;
	case KIND_OTHER:
		break;
	}
	if (in_ram && status == ST_OK)
		status = rangeset_add(&iomem->reserved, range.start, range.end);
	return status;
}

/* A line and its place in the tree. */
static int visit_line(struct iomem *iomem, struct nest *nest, const struct line *line,
	struct span text, size_t number, struct err *err)
{
	bool in_ram;

	if (nest_is_flat(nest, line)) {
		bad_line(err, number, text, "blanks in front, as it lies within the line before");
		return err_hint(err, "blanks at the beginning of lines tell which resource lies in "
				     "which: take the file from the machine again");
	}
	nest_leave(nest, line->indent);
	in_ram = nest_in_ram(nest);
	if (line->wraps && (!is_reservation(line->kind) || in_ram))
		return bad_line(err, number, text, "an end below the top of the 64-bit space");
	if (take_line(iomem, line, in_ram) != ST_OK)
		return err_no_memory(err);
	/* What lies in the kernel, in the crash region or in a driver's memory is no
	 * reservation of its own. */
	return nest_enter(
		nest, line, line->kind == KIND_RAM || (in_ram && is_reservation(line->kind)), err);
}

static int parse_lines(struct span text, struct iomem *iomem, struct nest *nest, struct err *err)
{
	struct cursor cursor = cursor_over(text);
	struct line line = { .indent = 0 };
	struct span line_text;
	bool seen = false;
	size_t lines = 0;
	int status;

	while (cursor_line(&cursor, &line_text)) {
		if (span_trim(line_text).size == 0)
			continue;
		lines++;
		status = parse_line(line_text, cursor.line, &line, err);
		if (status == ST_OK)
			status = visit_line(iomem, nest, &line, line_text, cursor.line, err);
		if (status != ST_OK)
			return status;
		if (!line.zero)
			seen = true;
	}
	if (lines == 0)
		return err_set(err, ST_BAD_INPUT, "iomem-empty",
			"the file is empty, wanted lines \"START-END : NAME\"");
	if (!seen) {
		err_set(err, ST_DENIED, "iomem-hidden",
			"all %zu lines read 00000000-00000000: the kernel hides the addresses",
			lines);
		return err_hint(err, "run as root, with CAP_SYS_ADMIN in the initial user "
				     "namespace (not in a container)");
	}
	return ST_OK;
}

void iomem_done(struct iomem *iomem)
{
	rangeset_done(&iomem->ram);
	rangeset_done(&iomem->ram_driver_managed);
	rangeset_done(&iomem->crash);
	rangeset_done(&iomem->reserved);
	rangeset_done(&iomem->acpi_tables);
	rangeset_done(&iomem->acpi_nvs);
	rangeset_done(&iomem->firmware_reserved);
	*iomem = (struct iomem){ .ram = RANGESET_INIT };
}

int iomem_parse(struct span text, struct iomem *ret, struct err *err)
{
	struct iomem iomem = { .ram = RANGESET_INIT };
	struct nest nest = { .levels = NULL };
	int status;

	status = parse_lines(text, &iomem, &nest, err);
	free(nest.levels);
	if (status != ST_OK) {
		iomem_done(&iomem);
		return status;
	}
	rangeset_normalize(&iomem.ram);
	rangeset_normalize(&iomem.ram_driver_managed);
	rangeset_normalize(&iomem.crash);
	rangeset_normalize(&iomem.reserved);
	rangeset_normalize(&iomem.acpi_tables);
	rangeset_normalize(&iomem.acpi_nvs);
	rangeset_normalize(&iomem.firmware_reserved);
	*ret = iomem;
	return ST_OK;
}

int iomem_read(const struct sysroot *root, struct iomem *ret, struct err *err)
{
	static const char path[] = "/proc/iomem";
	struct blob text = BLOB_INIT;
	int status;

	status = sysroot_read_text(root, path, IOMEM_TEXT_MAX, &text, err);
	if (status != ST_OK)
		return status;
	status = iomem_parse(blob_span(&text), ret, err);
	if (status != ST_OK && status != ST_NO_MEMORY)
		err_prefix(err, "%s", path);
	blob_done(&text);
	if (status != ST_OK || ret->crash.count)
		return status;
	status = crash_region_read(root, &ret->crash_load, err);
	if (status == ST_OK &&
		rangeset_add(&ret->crash, ret->crash_load.start, ret->crash_load.end) != ST_OK)
		status = err_no_memory(err);
	if (status != ST_OK)
		iomem_done(ret);
	return status;
}

int iomem_dumped(const struct iomem *iomem, const struct rangeset *crash_cma, uint64_t from,
	uint64_t page_size, struct rangeset *ret, struct err *err)
{
	struct rangeset without_crash = RANGESET_INIT, without_cma = RANGESET_INIT;
	int status = rangeset_subtract(&iomem->ram, &iomem->crash, &without_crash);

	if (!status)
		status = rangeset_subtract(&without_crash, crash_cma, &without_cma);
	rangeset_done(&without_crash);
	if (status)
		return err_no_memory(err);
	rangeset_clip(&without_cma, (struct range){ from, UINT64_MAX });
	rangeset_align_inward(&without_cma, page_size);
	if (without_cma.count == 0) {
		rangeset_done(&without_cma);
		return err_set(err, ST_BAD_INPUT, "no-ram",
			"/proc/iomem lists no System RAM besides the crash region");
	}
	*ret = without_cma;
	return ST_OK;
}
