// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/system/cpus.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/checked.h"
#include "lib/cursor.h"

#define CPU_DIR "/sys/devices/system/cpu"

#define CPU_ID_MAX   65535u
#define CPU_LIST_MAX (1u << 20) /* bytes of text */

/* The capture kernel allocates one note area in one piece (fs/proc/vmcore.c); the real ones
 * are a few hundred bytes. */
#define CPU_NOTE_MAX (1u << 20)

/* One bit for each id that there can be. */
struct cpumask {
	uint64_t words[CPU_ID_MAX / 64 + 1];
};

static bool mask_has(const struct cpumask *mask, uint32_t id)
{
	return mask->words[id / 64] >> (id % 64) & 1;
}

static void mask_set(struct cpumask *mask, uint32_t id)
{
	mask->words[id / 64] |= UINT64_C(1) << (id % 64);
}

static size_t mask_count(const struct cpumask *mask)
{
	size_t count = 0;

	for (size_t i = 0; i <= CPU_ID_MAX / 64; i++)
		count += (size_t)__builtin_popcountll(mask->words[i]);
	return count;
}

static int mask_to_list(const struct cpumask *mask, struct cpulist *ret, struct err *err)
{
	size_t count = mask_count(mask);
	uint32_t *ids = malloc((count ? count : 1) * sizeof(*ids));

	if (!ids)
		return err_no_memory(err);
	*ret = (struct cpulist){ .ids = ids };
	for (uint32_t i = 0; i <= CPU_ID_MAX / 64; i++)
		for (uint64_t left = mask->words[i]; left; left &= left - 1)
			ids[ret->count++] = i * 64 + (uint32_t)__builtin_ctzll(left);
	return ST_OK;
}

static struct cpumask mask_of_list(const struct cpulist *list)
{
	struct cpumask mask = { .words = { 0 } };

	for (size_t i = 0; i < list->count; i++)
		mask_set(&mask, list->ids[i]);
	return mask;
}

void cpulist_done(struct cpulist *list)
{
	free(list->ids);
	*list = (struct cpulist){ .ids = NULL };
}

static int bad_list(struct err *err, struct span text, const char *wanted)
{
	return err_set(err, ST_BAD_INPUT, "cpulist-syntax",
		"found \"%.*s\", wanted a list of CPUs such as 0-3,8: %s",
		text.size > 120 ? 120 : (int)text.size, text.data ? (const char *)text.data : "",
		wanted);
}

/* "N" or "N-M". */
static const char *take_cpu_range(struct span *rest, struct cpumask *mask)
{
	uint64_t first;
	uint64_t last;

	if (!span_take_number(rest, 10, &first))
		return "a number is missing or too large";
	last = first;
	if (span_skip(rest, "-") && !span_take_number(rest, 10, &last))
		return "the end of a range is missing or too large";
	if (last < first)
		return "a range ends before it starts";
	if (last > CPU_ID_MAX)
		return "a CPU is above 65535";
	for (uint64_t id = first; id <= last; id++)
		mask_set(mask, (uint32_t)id);
	return NULL;
}

int cpulist_parse(struct span text, struct cpulist *ret, struct err *err)
{
	struct cpumask mask = { .words = { 0 } };
	struct span rest = span_trim(text);
	const char *wrong;

	if (rest.size == 0)
		return mask_to_list(&mask, ret, err);
	do {
		wrong = take_cpu_range(&rest, &mask);
		if (wrong)
			return bad_list(err, text, wrong);
	} while (span_skip(&rest, ","));
	if (rest.size)
		return bad_list(err, text, "something else is behind a number");
	return mask_to_list(&mask, ret, err);
}

static int read_list(
	const struct sysroot *root, const char *path, struct cpulist *ret, struct err *err)
{
	struct blob text = BLOB_INIT;
	int status;

	status = sysroot_read_text(root, path, CPU_LIST_MAX, &text, err);
	if (status != ST_OK)
		return status;
	status = cpulist_parse(blob_span(&text), ret, err);
	if (status != ST_OK && status != ST_NO_MEMORY)
		err_prefix(err, "%s", path);
	blob_done(&text);
	return status;
}

/* Which CPUs have a folder. One look at the directory, instead of one for each CPU. */
static int read_folders(const struct sysroot *root, struct cpumask *ret, struct err *err)
{
	struct cpumask mask = { .words = { 0 } };
	char **names;
	size_t count;
	uint64_t id;
	int status;

	status = sysroot_list(root, CPU_DIR, &names, &count, err);
	if (status != ST_OK)
		return status;
	for (size_t i = 0; i < count; i++) {
		struct span name = { (const uint8_t *)names[i], strlen(names[i]) };

		if (span_skip(&name, "cpu") && span_take_number(&name, 10, &id) && name.size == 0 &&
			id <= CPU_ID_MAX)
			mask_set(&mask, (uint32_t)id);
	}
	sysroot_free_names(names, count);
	*ret = mask;
	return ST_OK;
}

/* A note file that is not there: either the CPU went away while we looked, which is fine,
 * or the kernel has no crash dumps. */
static int missing_note(const struct sysroot *root, uint32_t cpu, const char *path, struct err *err)
{
	char folder[64];

	snprintf(folder, sizeof(folder), CPU_DIR "/cpu%" PRIu32, cpu);
	if (!sysroot_is_dir(root, folder)) {
		err_clear(err);
		return ST_NOT_MINE;
	}
	err_set(err, ST_UNSUPPORTED, "cpu-notes-unsupported",
		"%s is missing: the running kernel keeps no crash notes", path);
	return err_hint(err, "a kernel with CONFIG_CRASH_DUMP and CONFIG_KEXEC_CORE has them");
}

/* One number of a CPU. ST_NOT_MINE when the CPU has gone. */
static int read_note_number(const struct sysroot *root, uint32_t cpu, const char *name, int base,
	uint64_t *ret, struct err *err)
{
	char path[96];
	int status;

	snprintf(path, sizeof(path), CPU_DIR "/cpu%" PRIu32 "/%s", cpu, name);
	status = sysroot_read_u64(root, path, base, ret, err);
	if (status == ST_NOT_FOUND)
		return missing_note(root, cpu, path, err);
	if (status == ST_DENIED)
		err_hint(err, "run as root");
	return status;
}

/* size is that of a note where it is known, else 0: the file is there for each CPU, but the kernel
 * prints the same constant into all (drivers/base/cpu.c), and with thousands of CPUs each file
 * that is opened counts. */
static int read_note(const struct sysroot *root, uint32_t cpu, uint64_t size, struct cpu_notes *ret,
	struct err *err)
{
	struct cpu_notes note = { .cpu = cpu, .size = size };
	uint64_t end;
	int status;

	/* The address is "%llx", the size "%zu". */
	status = read_note_number(root, cpu, "crash_notes", 16, &note.paddr, err);
	if (status == ST_OK && size == 0)
		status = read_note_number(root, cpu, "crash_notes_size", 10, &note.size, err);
	if (status != ST_OK)
		return status;
	if (note.paddr == 0) {
		err_set(err, ST_DENIED, "cpu-notes-hidden",
			CPU_DIR "/cpu%" PRIu32 "/crash_notes reads 0: the kernel hides the address",
			cpu);
		return err_hint(err, "run as root, in the initial user namespace");
	}
	if (note.size == 0 || note.size > CPU_NOTE_MAX)
		return err_set(err, ST_BAD_INPUT, "cpu-notes-size",
			CPU_DIR "/cpu%" PRIu32 "/crash_notes_size: found %" PRIu64
				", wanted 1 to %u bytes",
			cpu, note.size, CPU_NOTE_MAX);
	if (!add_u64(note.paddr, note.size, &end))
		return err_set(err, ST_BAD_INPUT, "cpu-notes-address",
			CPU_DIR "/cpu%" PRIu32 "/crash_notes: 0x%" PRIx64 " and %" PRIu64
				" bytes from there leave the 64-bit space",
			cpu, note.paddr, note.size);
	*ret = note;
	return ST_OK;
}

/* The CPUs that a report has no room for are counted. */
#define SAMPLE_IDS 8

struct sample {
	size_t count;
	size_t length;
	char text[SAMPLE_IDS * 7 + 8]; /* "65535, " each, then "..." */
};

static void sample_add(struct sample *sample, uint32_t id)
{
	char *at = sample->text + sample->length;
	size_t room = sizeof(sample->text) - sample->length;

	if (sample->count < SAMPLE_IDS)
		sample->length +=
			(size_t)snprintf(at, room, "%s%" PRIu32, sample->count ? ", " : "", id);
	else if (sample->count == SAMPLE_IDS)
		sample->length += (size_t)snprintf(at, room, ", ...");
	sample->count++;
}

static int read_notes(
	const struct sysroot *root, struct cpus *cpus, struct report *report, struct err *err)
{
	struct sample skipped = { .count = 0 };
	struct cpumask folders;
	int status;

	status = read_folders(root, &folders, err);
	if (status != ST_OK)
		return status;
	cpus->notes = calloc(cpus->possible.count ? cpus->possible.count : 1, sizeof(*cpus->notes));
	if (!cpus->notes)
		return err_no_memory(err);
	for (size_t i = 0; i < cpus->possible.count; i++) {
		uint32_t id = cpus->possible.ids[i];

		status = ST_NOT_MINE;
		if (mask_has(&folders, id))
			status = read_note(root, id, cpus->notes_count ? cpus->notes[0].size : 0,
				&cpus->notes[cpus->notes_count], err);
		if (status == ST_OK)
			cpus->notes_count++;
		else if (status == ST_NOT_MINE)
			sample_add(&skipped, id);
		else
			return status;
	}
	if (cpus->notes_count == 0) {
		err_set(err, ST_UNSUPPORTED, "cpu-notes-none",
			CPU_DIR ": no folder for any of the %zu CPUs that " CPU_DIR
				"/possible lists, so no crash notes",
			cpus->possible.count);
		return err_hint(err, "is /sys mounted, and all of it visible here?");
	}
	if (skipped.count)
		report_add(report, REPORT_CHOICE, "cpus",
			"%zu of %zu possible CPUs have no folder in " CPU_DIR
			" and so no note we can name: %s",
			skipped.count, cpus->possible.count, skipped.text);
	return ST_OK;
}

/* present is a subset of possible by promise; what is not, is said and dropped. */
static void drop_impossible(struct cpus *cpus, struct report *report)
{
	struct cpumask possible = mask_of_list(&cpus->possible);
	struct sample dropped = { .count = 0 };
	size_t kept = 0;

	for (size_t i = 0; i < cpus->present.count; i++) {
		uint32_t id = cpus->present.ids[i];

		if (mask_has(&possible, id))
			cpus->present.ids[kept++] = id;
		else
			sample_add(&dropped, id);
	}
	cpus->present.count = kept;
	if (dropped.count)
		report_add(report, REPORT_WARNING, "cpus",
			"%zu CPUs are present but not possible, left out: %s", dropped.count,
			dropped.text);
}

void cpus_done(struct cpus *cpus)
{
	cpulist_done(&cpus->possible);
	cpulist_done(&cpus->present);
	free(cpus->notes);
	*cpus = (struct cpus){ .notes = NULL };
}

int cpus_read(const struct sysroot *root, struct cpus *ret, struct report *report, struct err *err)
{
	struct cpus cpus = { .notes = NULL };
	int status;

	status = read_list(root, CPU_DIR "/possible", &cpus.possible, err);
	if (status == ST_OK)
		status = read_list(root, CPU_DIR "/present", &cpus.present, err);
	if (status == ST_OK) {
		drop_impossible(&cpus, report);
		status = read_notes(root, &cpus, report, err);
	}
	if (status != ST_OK) {
		cpus_done(&cpus);
		return status;
	}
	*ret = cpus;
	return ST_OK;
}
