// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/system/purgatory_record.h"

#include <inttypes.h>
#include <libfdt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "kexec/system/devtree.h"
#include "kexec/system/setup_data.h"
#include "lib/checked.h"
#include "lib/crc32.h"

#define CHOSEN	      "/proc/device-tree/chosen"
#define PATH	      CHOSEN "/" PURGATORY_RECORD_PROPERTY
#define PATH_MAX_SIZE 4096

#define CELL(field)  offsetof(struct purgatory_record_cells, field)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const results[] = {
	[PURGATORY_RESULT_NONE] = "none",
	[PURGATORY_RESULT_VERIFIED] = "verified",
	[PURGATORY_RESULT_SKIPPED] = "skipped",
	[PURGATORY_RESULT_CORRUPT] = "corrupt",
	[PURGATORY_RESULT_FAULT] = "fault",
};

static const char *const caches[] = {
	[PURGATORY_CACHES_NONE] = "none",
	[PURGATORY_CACHES_ON] = "on",
	[PURGATORY_CACHES_NO_TABLES] = "no-tables",
	[PURGATORY_CACHES_NO_GRANULE] = "no-granule",
	[PURGATORY_CACHES_MMU_ON] = "mmu-on",
};

static const char *const cores[] = {
	[PURGATORY_CORE_NONE] = "none",
	[PURGATORY_CORE_PLAIN] = "plain",
	[PURGATORY_CORE_CPU] = "cpu",
	[PURGATORY_CORE_VECTOR] = "vector",
};

static int bad(struct err *err, const char *what)
{
	return err_set(err, ST_BAD_INPUT, "purgatory-record",
		"/chosen/" PURGATORY_RECORD_PROPERTY " of the device tree: %s", what);
}

/* Nothing in it may say what a result of this kind has not. */
static bool agrees(const struct purgatory_record *record)
{
	bool checked = record->caches != PURGATORY_CACHES_NONE;

	if ((record->core != PURGATORY_CORE_NONE) != checked || (record->bytes && !checked))
		return false;
	if ((record->bad_name[0] != '\0') != (record->bad_count > 0))
		return false;
	switch (record->result) {
	case PURGATORY_RESULT_VERIFIED:
		return checked && record->bad_count == 0;
	case PURGATORY_RESULT_CORRUPT:
		return record->bad_count > 0;
	case PURGATORY_RESULT_FAULT:
		return true;
	default:
		return !checked && record->bad_count == 0;
	}
}

static bool is_printable(const char *name)
{
	for (size_t i = 0; i < PURGATORY_NAME_SIZE; i++) {
		if (name[i] == '\0')
			return true;
		if (name[i] < ' ' || name[i] > '~')
			return false;
	}
	return false;
}

int purgatory_record_parse(struct span bytes, struct purgatory_record *ret, struct err *err)
{
	struct purgatory_record record = { .result = PURGATORY_RESULT_NONE };
	const uint8_t *at = bytes.data;

	if (bytes.size < CELL(result) || load_uint(at, 8, true) != PURGATORY_RECORD_MAGIC)
		return bad(err, "not a record of purgatory");
	if (load_be32(at + CELL(version)) != PURGATORY_RECORD_VERSION)
		return err_set(err, ST_UNSUPPORTED, "purgatory-record-version",
			"/chosen/" PURGATORY_RECORD_PROPERTY
			" of the device tree: found version %" PRIu32 ", wanted %d",
			load_be32(at + CELL(version)), PURGATORY_RECORD_VERSION);
	if (bytes.size != sizeof(struct purgatory_record_cells) ||
		load_be32(at + CELL(size)) != bytes.size)
		return bad(err, "not of its size");
	record.result = load_be32(at + CELL(result));
	record.caches = load_be32(at + CELL(caches));
	record.core = load_be32(at + CELL(core));
	record.tick_rate = load_be32(at + CELL(tick_rate));
	/* The counter may have gone past its end in between. */
	record.ticks = load_uint(at + CELL(left), 8, true) - load_uint(at + CELL(entered), 8, true);
	record.bytes = load_uint(at + CELL(bytes), 8, true);
	record.bad_count = load_be32(at + CELL(bad_count));
	memcpy(record.bad_name, at + CELL(bad_name), sizeof(record.bad_name));
	if (record.result >= COUNT(results) || record.caches >= COUNT(caches) ||
		record.core >= COUNT(cores) || !is_printable(record.bad_name) || !agrees(&record))
		return bad(err, "contradicts itself");
	*ret = record;
	return ST_OK;
}

static int not_found(struct err *err)
{
	return err_set(err, ST_NOT_FOUND, "purgatory-record-missing",
		"/chosen of the device tree has no " PURGATORY_RECORD_PROPERTY);
}

/* The mark is a sum, so that the order of the properties is nothing to it. */
static uint32_t mark_property(const char *name, struct span value)
{
	/* "name" is not in a flat tree, and the seeds are not in a running one, in which powerpc's
	 * kernels write about their own memory (arch/powerpc/kexec/core.c). */
	static const char *const left_out[] = { "name", "kaslr-seed", "rng-seed",
		PURGATORY_RECORD_PROPERTY, "linux,kernel-end", "linux,memory-limit",
		"linux,crashkernel-base", "linux,crashkernel-size", "linux,htab-base",
		"linux,htab-size" };
	const struct span text = { (const uint8_t *)name, strlen(name) };

	for (size_t i = 0; i < COUNT(left_out); i++)
		if (strcmp(name, left_out[i]) == 0)
			return 0;
	return (crc32_of(text) * 0x9e3779b1u ^ crc32_of(value)) * 0x85ebca6bu;
}

uint32_t purgatory_record_mark(const void *fdt, int chosen)
{
	uint32_t mark = 0;
	int at;

	fdt_for_each_property_offset (at, fdt, chosen) {
		const char *name;
		int size;
		const void *value = fdt_getprop_by_offset(fdt, at, &name, &size);

		if (value)
			mark += mark_property(name, (struct span){ value, (size_t)size });
	}
	return mark;
}

/* The same of the folder that the kernel makes of it. */
static int mark_of_folder(const struct sysroot *root, uint32_t *ret, struct err *err)
{
	struct blob value = BLOB_INIT;
	char **names, path[sizeof(CHOSEN) + NAME_MAX + 1];
	size_t count;
	int status = sysroot_list(root, CHOSEN, &names, &count, err);

	*ret = 0;
	if (status)
		return status;
	for (size_t i = 0; i < count && !status; i++) {
		snprintf(path, sizeof(path), CHOSEN "/%s", names[i]);
		if (sysroot_is_dir(root, path))
			continue;
		status = sysroot_read(root, path, DEVTREE_SIZE_MAX, &value, err);
		if (!status)
			*ret += mark_property(names[i], blob_span(&value));
	}
	blob_done(&value);
	sysroot_free_names(names, count);
	return status;
}

/* The whole property, in a /chosen of this mark. */
static int check(struct span bytes, uint32_t mark, struct purgatory_record *ret, struct err *err)
{
	const size_t size = sizeof(struct purgatory_record_cells);
	struct purgatory_record record;
	int status;

	if (bytes.size != size + PURGATORY_RECORD_MARK_SIZE)
		return bad(err, "not of its size");
	status = purgatory_record_parse((struct span){ bytes.data, size }, &record, err);
	if (status)
		return status;
	if (load_be32(bytes.data + size) != mark)
		return err_set(err, ST_CHANGED, "purgatory-record-old",
			"the record in the device tree is of an earlier start: the rest of /chosen "
			"is not what purgatory handed on");
	*ret = record;
	return ST_OK;
}

static int read_flat(const struct sysroot *root, struct purgatory_record *ret, struct err *err)
{
	struct blob tree = BLOB_INIT;
	struct report report = REPORT_INIT;
	int status = devtree_read(root, &tree, &report, err);
	const void *value;
	int chosen, size;

	report_done(&report);
	if (status)
		return status == ST_NOT_FOUND ? not_found(err) : status;
	chosen = fdt_path_offset(tree.data, "/chosen");
	value = fdt_getprop(tree.data, chosen, PURGATORY_RECORD_PROPERTY, &size);
	status = value ? check((struct span){ value, (size_t)size },
				 purgatory_record_mark(tree.data, chosen), ret, err)
		       : not_found(err);
	blob_done(&tree);
	return status;
}

static bool is_record(uint64_t type)
{
	return type == PURGATORY_RECORD_SETUP_DATA;
}

/* The node of that type. Nobody hands it on to a third kernel, so it needs no mark. */
static int read_node(const struct sysroot *root, struct purgatory_record *ret, struct err *err)
{
	struct setup_data list = { .count = 0 };
	int status = setup_data_read(root, is_record, PATH_MAX_SIZE, &list, err);

	if (!status)
		status = list.count
				 ? purgatory_record_parse(blob_span(&list.nodes[0].data), ret, err)
				 : not_found(err);
	setup_data_done(&list);
	return status;
}

static int read_devtree(const struct sysroot *root, struct purgatory_record *ret, struct err *err)
{
	struct blob bytes = BLOB_INIT;
	uint32_t mark;
	int status = sysroot_read(root, PATH, PATH_MAX_SIZE, &bytes, err);

	if (status == ST_OK)
		status = mark_of_folder(root, &mark, err);
	if (status == ST_OK)
		status = check(blob_span(&bytes), mark, ret, err);
	blob_done(&bytes);
	if (status != ST_NOT_FOUND)
		return status;
	/* Only root may read the flat tree, so it is not asked where there is no need. */
	if (sysroot_is_dir(root, CHOSEN))
		return not_found(err);
	err_clear(err);
	return read_flat(root, ret, err);
}

int purgatory_record_read(const struct sysroot *root, struct purgatory_record *ret, struct err *err)
{
	if (sysroot_is_dir(root, SETUP_DATA_DIR))
		return read_node(root, ret, err);
	return read_devtree(root, ret, err);
}

bool purgatory_record_nanoseconds(const struct purgatory_record *record, uint64_t *ret)
{
	const uint64_t second = 1000000000;
	uint64_t whole;

	if (record->result == PURGATORY_RESULT_NONE || record->tick_rate == 0 ||
		!mul_u64(record->ticks / record->tick_rate, second, &whole))
		return false;
	return add_u64(whole, record->ticks % record->tick_rate * second / record->tick_rate, ret);
}

const char *purgatory_record_result(const struct purgatory_record *record)
{
	return results[record->result];
}

const char *purgatory_record_caches(const struct purgatory_record *record)
{
	return caches[record->caches];
}

const char *purgatory_record_core(const struct purgatory_record *record)
{
	return cores[record->core];
}

/* " in 0.412345 s", as far as that is known. */
static void time_text(const struct purgatory_record *record, char *ret, size_t size)
{
	uint64_t nanoseconds;

	if (purgatory_record_nanoseconds(record, &nanoseconds))
		snprintf(ret, size, " in %" PRIu64 ".%06" PRIu64 " s", nanoseconds / 1000000000,
			nanoseconds / 1000 % 1000000);
	else
		snprintf(ret, size, " in %" PRIu64 " ticks", record->ticks);
}

/* ", 123 bytes in 0.412345 s, caches on, SHA-256 by CPU instructions"; empty when nothing was
 * read. */
static void path_text(const struct purgatory_record *record, char *ret, size_t size)
{
	static const char *const by_caches[] = {
		[PURGATORY_CACHES_ON] = "on",
		[PURGATORY_CACHES_NO_TABLES] = "off (no page tables)",
		[PURGATORY_CACHES_NO_GRANULE] = "off (no granule of 4 KiB)",
		[PURGATORY_CACHES_MMU_ON] = "off (the MMU was on)",
	};
	static const char *const by_core[] = {
		[PURGATORY_CORE_PLAIN] = "plain code",
		[PURGATORY_CORE_CPU] = "CPU instructions",
		[PURGATORY_CORE_VECTOR] = "vector code",
	};
	char took[64];

	ret[0] = '\0';
	if (record->caches == PURGATORY_CACHES_NONE)
		return;
	time_text(record, took, sizeof(took));
	snprintf(ret, size, ", %" PRIu64 " bytes%s, caches %s, SHA-256 by %s", record->bytes, took,
		by_caches[record->caches], by_core[record->core]);
}

void purgatory_record_text(
	const struct purgatory_record *record, char ret[PURGATORY_RECORD_TEXT_SIZE])
{
	const size_t size = PURGATORY_RECORD_TEXT_SIZE;
	char path[160];

	path_text(record, path, sizeof(path));
	switch (record->result) {
	case PURGATORY_RESULT_VERIFIED:
		snprintf(ret, size, "image verified%s", path);
		break;
	case PURGATORY_RESULT_SKIPPED:
		snprintf(ret, size, "image not verified: loaded with --no-checks");
		break;
	case PURGATORY_RESULT_CORRUPT:
		snprintf(ret, size,
			"image corrupt and booted all the same: %" PRIu32 " bad, %s%s%s",
			record->bad_count, record->bad_count > 1 ? "the first is " : "",
			record->bad_name, path);
		break;
	case PURGATORY_RESULT_FAULT:
		snprintf(ret, size, "image not verified and booted all the same: a fault%s%s%s",
			record->bad_count ? " in " : "", record->bad_name, path);
		break;
	default:
		snprintf(ret, size, "image not verified: purgatory wrote nothing");
		break;
	}
}
