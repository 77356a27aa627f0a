// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records of variable length in a ring of bytes, 3.5 to 5.9
 * (Documentation/admin-guide/kdump/vmcoreinfo.rst). Each begins with a header that has its
 * length; a length of zero says that the next one is at the start. Where that chain is broken, the
 * next record is found by its header, whose three lengths have to agree.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "lib/cursor.h"
#include "lib/vmcoreinfo.h"
#include "vmcore-dmesg/printk.h"
#include "vmcore-dmesg/window.h"

struct records {
	const struct vmcore *core;
	uint64_t header_size, ts_nsec, len, text_len, dict_len;
	bool has_dict, has_level, has_caller;
	uint64_t size;	      /* of the buffer */
	uint64_t first, next; /* where the oldest record is, and where the next one would go */
	struct window buffer;
	struct printk_damage damage;
	struct err why;	  /* why something could not be read */
	uint64_t last_ns; /* of the last record that was sound */
};

/*
 * Facility, flags and level follow the last of the lengths, in two bytes. But in the first kernels
 * that had records, on the way to 3.5, those were one number, which nothing but the release tells.
 */
static bool knows_level(const struct vmcore *core)
{
	struct span release;

	if (!vmcoreinfo_find(blob_span(&core->vmcoreinfo), "OSRELEASE", &release) ||
		!span_skip(&release, "3.5"))
		return true;
	return release.size && release.data[0] >= '0' && release.data[0] <= '9';
}

/* Where each is in the kernels that are known. */
#define KNOWN_TS_NSEC  0u
#define KNOWN_LEN      8u
#define KNOWN_TEXT_LEN 10u
#define KNOWN_DICT_LEN 12u
/* Without the caller, and with it, where the CPU wants no alignment and where it does. */
static const uint64_t known_sizes[] = { 16, 20, 24 };

/* What follows from the rest. The caller came in 5.1; before 3.11 only what somebody else has added
 * can stand there. */
static void settle_layout(struct records *records, bool is_old)
{
	records->has_dict =
		records->header_size >= 4 && records->dict_len <= records->header_size - 4;
	records->has_level = records->has_dict && knows_level(records->core);
	records->has_caller = records->has_level && !is_old && records->header_size >= 8 &&
			      records->dict_len <= records->header_size - 8;
}

/* A number of VMCOREINFO, or what is known where it has none or one that is not possible. */
static void take_field(
	struct records *records, const char *key, uint64_t size, uint64_t known, uint64_t *ret)
{
	uint64_t most = records->header_size ? records->header_size : PRINTK_STRUCT_MAX;

	if (vmcore_info_number(records->core, key, ret) && *ret <= most && size <= most - *ret)
		return;
	*ret = known;
	err_set(printk_damaged(&records->damage), ST_NOT_FOUND, "log-vmcoreinfo",
		"VMCOREINFO has no possible number for %s: %" PRIu64
		" is taken, as in the kernels that are known",
		key, known);
}

/* The structure was called log before 3.11. */
static int read_layout(struct records *records, bool *ret_is_old, struct err *err)
{
	static const char *const keys[][5] = {
		{ "SIZE(printk_log)", "OFFSET(printk_log.ts_nsec)", "OFFSET(printk_log.len)",
			"OFFSET(printk_log.text_len)", "OFFSET(printk_log.dict_len)" },
		{ "SIZE(log)", "OFFSET(log.ts_nsec)", "OFFSET(log.len)", "OFFSET(log.text_len)",
			"OFFSET(log.dict_len)" },
	};
	size_t found[2] = { 0 };
	const char *const *key;
	uint64_t number;

	for (size_t i = 0; i < 10; i++)
		found[i / 5] += vmcore_info_number(records->core, keys[i / 5][i % 5], &number);
	if (found[0] + found[1] == 0)
		return err_set(err, ST_NOT_FOUND, "log-vmcoreinfo",
			"VMCOREINFO has no number for %s", keys[0][0]);
	*ret_is_old = found[1] > found[0];
	key = keys[*ret_is_old];
	take_field(records, key[0], 1, known_sizes[0], &records->header_size);
	if (records->header_size < known_sizes[0])
		records->header_size = known_sizes[0];
	take_field(records, key[1], 8, KNOWN_TS_NSEC, &records->ts_nsec);
	take_field(records, key[2], 2, KNOWN_LEN, &records->len);
	take_field(records, key[3], 2, KNOWN_TEXT_LEN, &records->text_len);
	/* Nobody needs this one. */
	if (!vmcore_info_number(records->core, key[4], &records->dict_len))
		records->dict_len = UINT64_MAX;
	settle_layout(records, *ret_is_old);
	return ST_OK;
}

static int read_numbers(struct records *records, uint64_t *ret_address, struct err *err)
{
	const struct vmcore *core = records->core;
	int status = printk_read_pointer(core, "log_buf", ret_address, err);

	if (status == ST_OK)
		status = printk_read_u32(core, "log_buf_len", &records->size, err);
	if (status == ST_OK)
		status = printk_read_u32(core, "log_first_idx", &records->first, err);
	if (status == ST_OK)
		status = printk_read_u32(core, "log_next_idx", &records->next, err);
	return status;
}

static int open_buffer(struct records *records, uint64_t address, struct err *err)
{
	if (records->size > PRINTK_LOG_MAX)
		return err_set(err, ST_BAD_INPUT, "log-size",
			"the log has %" PRIu64 " bytes, wanted at most %" PRIu64, records->size,
			PRINTK_LOG_MAX);
	window_done(&records->buffer);
	return window_init(&records->buffer, records->core, address, records->size, err);
}

/* --- headers -------------------------------------------------------------------------- */

/* Records begin at multiples of four bytes at least, and are filled up to eight at most. */
#define ALIGN_MIN 4u
#define ALIGN_MAX 8u

struct header {
	uint64_t index;
	uint64_t length; /* of the record, with what fills it up */
	uint64_t text;	 /* of it */
	uint64_t used;	 /* by header, text and dictionary */
	uint64_t ns;
	bool is_empty; /* all zeros */
};

static bool is_zero(const uint8_t *bytes, size_t size)
{
	while (size && *bytes == 0) {
		bytes++;
		size--;
	}
	return size == 0;
}

/* False when there is no room for one at index, or it cannot be read: records->why says it. */
static bool read_header(struct records *records, uint64_t index, struct header *ret)
{
	const struct vmcore *core = records->core;
	const uint8_t *bytes;

	if (index > records->size || records->header_size > records->size - index) {
		err_set(&records->why, ST_BAD_INPUT, "log-index",
			"a record is said to be at %" PRIu64 " of %" PRIu64 " bytes", index,
			records->size);
		return false;
	}
	if (window_at(&records->buffer, index, records->header_size, &bytes, &records->why) !=
		ST_OK)
		return false;
	*ret = (struct header){
		.index = index,
		.length = vmcore_load(core, bytes + records->len, 2),
		.text = vmcore_load(core, bytes + records->text_len, 2),
		.ns = vmcore_load(core, bytes + records->ts_nsec, 8),
		.is_empty = is_zero(bytes, records->header_size),
	};
	ret->used = records->header_size + ret->text;
	if (records->has_dict)
		ret->used += vmcore_load(core, bytes + records->dict_len, 2);
	return true;
}

/* Do the lengths of a record agree? */
static bool is_sound(const struct records *records, const struct header *header)
{
	return header->length % ALIGN_MIN == 0 && header->length >= header->used &&
	       header->length <= records->size - header->index &&
	       (!records->has_dict || header->length - header->used < ALIGN_MAX);
}

/* Can a record end here: is there another one, the end of the log, or the way to its start? */
static bool is_border(struct records *records, uint64_t index)
{
	struct header header;

	return index == records->next || (read_header(records, index, &header) &&
						 (header.is_empty || is_sound(records, &header)));
}

static uint64_t next_place(uint64_t index)
{
	return index / ALIGN_MIN * ALIGN_MIN + ALIGN_MIN;
}

/* The first place behind index, and below end, with a sound header behind whose record there can be
 * another one. Returns end when there is none. */
static uint64_t search(struct records *records, uint64_t index, uint64_t end)
{
	struct header header;

	index = next_place(index);
	while (index < end && records->header_size <= records->size - index) {
		if (!read_header(records, index, &header)) {
			index = next_place(window_behind_hole(&records->buffer, index) - 1);
			continue;
		}
		if (is_sound(records, &header) && is_border(records, index + header.length))
			return index;
		index += ALIGN_MIN;
	}
	return end;
}

/* --- records -------------------------------------------------------------------------- */

/* Room for the text was looked at. */
static int dump_record(struct records *records, const struct header *header, struct err *err)
{
	const struct vmcore *core = records->core;
	const struct printk_sink *sink = records->damage.sink;
	struct printk_record record = { .has_seq = false };
	size_t size = (size_t)(records->header_size + header->text);
	uint64_t level = records->dict_len + 2;
	const uint8_t *bytes;
	int status;

	if (window_at(&records->buffer, header->index, size, &bytes, &records->why) != ST_OK) {
		printk_damaged_by(&records->damage, &records->why);
		return ST_OK;
	}
	record.ns = header->ns;
	if (records->has_level)
		printk_take_level(core, bytes + level, &record);
	if (records->has_caller) {
		record.has_caller = true;
		record.caller = (uint32_t)vmcore_load(core, bytes + level + 2, 4);
	}
	record.text = (struct span){ bytes + records->header_size, (size_t)header->text };
	status = printk_tell_damage(&records->damage, err);
	return status == ST_OK ? sink->record(sink->context, &record, err) : status;
}

static void bad_record(struct records *records, const struct header *header)
{
	err_set(printk_damaged(&records->damage), ST_BAD_INPUT, "log-record",
		"the record at %" PRIu64 " of %" PRIu64 " bytes has %" PRIu64
		" bytes, of which %" PRIu64 " are text",
		header->index, records->size, header->length, header->text);
}

/* Where a record ends whose lengths do not agree: where its own or the others lead to a border, the
 * nearer of two, behind which nothing is skipped. 0 when neither does. */
static uint64_t find_border(struct records *records, const struct header *header)
{
	uint64_t least = (header->used + ALIGN_MIN - 1) / ALIGN_MIN * ALIGN_MIN;
	const uint64_t lengths[] = { header->length, least, least + ALIGN_MIN };
	uint64_t nearest = 0;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		uint64_t border = header->index + lengths[i];

		if (lengths[i] >= records->header_size && lengths[i] % ALIGN_MIN == 0 &&
			(!nearest || border < nearest) && is_border(records, border))
			nearest = border;
	}
	return nearest;
}

/* A record whose lengths do not agree. *index moves on to the next one that is found, or to end. */
static int dump_damaged(struct records *records, const struct header *header, uint64_t end,
	uint64_t *index, struct err *err)
{
	uint64_t border = find_border(records, header);
	struct header cut = *header;

	bad_record(records, header);
	*index = border && border <= end ? border : search(records, header->index, end);
	if (!border || border > records->size)
		return ST_OK;
	if (cut.text > border - header->index - records->header_size)
		cut.text = border - header->index - records->header_size;
	return dump_record(records, &cut, err);
}

/* Does a length of zero at this place say that the log goes on at the start? The kernel goes there
 * when it has no room for a record and another header. */
static bool is_way_to_start(struct records *records, const struct header *header)
{
	uint64_t left = records->size - header->index;
	struct header first;

	if (!header->is_empty || left > UINT16_MAX + records->header_size)
		return false;
	return !read_header(records, 0, &first) || !is_sound(records, &first) ||
	       first.length + records->header_size > left;
}

/*
 * Go on from *index to end, or to where the log goes on at the start, or into a record across end.
 * *index says where that was.
 */
static int walk(struct records *records, uint64_t end, uint64_t *index, struct err *err)
{
	struct header header;
	int status = ST_OK;

	while (*index < end && records->header_size <= records->size - *index && status == ST_OK) {
		if (!read_header(records, *index, &header)) {
			printk_damaged_by(&records->damage, &records->why);
			*index = search(records, *index, end);
			continue;
		}
		if (header.length == 0 && end == records->size && is_way_to_start(records, &header))
			return ST_OK;
		if (header.length == 0 || !is_sound(records, &header)) {
			status = dump_damaged(records, &header, end, index, err);
			continue;
		}
		status = dump_record(records, &header, err);
		records->last_ns = header.ns;
		*index += header.length;
	}
	return status;
}

/* Are there newer records where the log is said to end? Old ones may be, if two laps have a border
 * in common; but they are not later. */
static bool goes_on(struct records *records, uint64_t index, uint64_t end)
{
	uint64_t ns = records->last_ns;
	struct header header;

	for (unsigned int found = 0; found < 2; found++) {
		if (index >= end || !read_header(records, index, &header) || header.length == 0 ||
			!is_sound(records, &header) || header.ns < ns)
			return false;
		ns = header.ns;
		index += header.length;
	}
	return true;
}

/* The log from start to where the next record would go, or as far as there are records. */
static int walk_around(struct records *records, uint64_t start, struct err *err)
{
	uint64_t ends[] = { records->size, start };
	size_t last = records->next > start && records->next <= records->size ? 0 : 1;
	uint64_t index = start;
	int status = ST_OK;

	if (records->next <= records->size)
		ends[last] = records->next;
	for (size_t lap = 0; lap < 2 && status == ST_OK; lap++, index = 0) {
		status = walk(records, ends[lap], &index, err);
		if (status != ST_OK || lap != last)
			continue;
		if (records->next <= records->size && index <= records->next &&
			!goes_on(records, records->next, lap ? start : records->size))
			break;
		err_set(printk_damaged(&records->damage), ST_BAD_INPUT, "log-loop",
			"the log is said to end at %" PRIu64 ", but does not", records->next);
		status = walk(records, lap ? start : records->size, &index, err);
	}
	return status;
}

static int dump_log(struct records *records, struct err *err)
{
	/* Where the oldest records are in any case. */
	uint64_t behind_newest = records->next < records->size ? records->next : 0;
	uint64_t start = records->first;
	struct header header;
	int status;

	if (start == records->next)
		return ST_OK;
	if (!read_header(records, start, &header)) {
		printk_damaged_by(&records->damage, &records->why);
		start = behind_newest;
	} else if (!is_sound(records, &header)) {
		err_set(printk_damaged(&records->damage), ST_BAD_INPUT, "log-index",
			"the oldest record is said to be at %" PRIu64 " of %" PRIu64
			" bytes, where none is",
			start, records->size);
		start = behind_newest;
	}
	status = walk_around(records, start, err);
	return status == ST_OK ? printk_sum_up(&records->damage, err) : status;
}

/* --- damaged descriptions -------------------------------------------------------------- */

/* Records that a description is tried on; one that leads to the newest is better than any other. */
#define TRIED	  1024u
#define TO_NEWEST (2u * TRIED)

/* How many records there are in a row from index on. */
static uint64_t fit_from(struct records *records, uint64_t index)
{
	uint64_t count = 0;
	bool around = false;
	struct header header;

	for (; count < TRIED; count++) {
		if (index == records->next && (count || around))
			return count + TO_NEWEST;
		if (!read_header(records, index, &header))
			return count;
		if (header.length == 0 && header.is_empty && !around) {
			around = true;
			index = 0;
			if (index == records->next)
				return count + TO_NEWEST;
			if (!read_header(records, index, &header))
				return count;
		}
		if (header.length == 0 || !is_sound(records, &header))
			return count;
		index += header.length;
	}
	return count;
}

/* From the oldest on, or, if that is not where it is said to be, from the start. */
static uint64_t fit_of(struct records *records)
{
	uint64_t oldest = fit_from(records, records->first), start = fit_from(records, 0);

	return oldest > start ? oldest : start;
}

/* Logs are a power of two, of which one bit may be another (kernel/printk/printk.c:
 * log_buf_len_update()). */
static bool is_possible_size(const struct records *records, uint64_t size)
{
	return size >= records->header_size && size <= PRINTK_LOG_MAX && (size & (size - 1)) == 0 &&
	       records->first < size && records->next <= size;
}

struct attempt {
	uint64_t header_size, size, fit;
	bool known; /* the fields are as they are known */
};

static int open_attempt(struct records *records, const struct attempt *attempt, uint64_t address,
	bool is_old, struct err *err)
{
	records->header_size = attempt->header_size;
	records->size = attempt->size;
	if (attempt->known) {
		records->ts_nsec = KNOWN_TS_NSEC;
		records->len = KNOWN_LEN;
		records->text_len = KNOWN_TEXT_LEN;
		records->dict_len = KNOWN_DICT_LEN;
	}
	settle_layout(records, is_old);
	return open_buffer(records, address, err);
}

static void try(struct records *records, struct attempt attempt, uint64_t address, bool is_old,
	struct attempt *best)
{
	struct err why = ERR_INIT;

	if (open_attempt(records, &attempt, address, is_old, &why) != ST_OK)
		return;
	attempt.fit = fit_of(records);
	if (attempt.fit > best->fit)
		*best = attempt;
}

/* As said, unless that leads nowhere and something else does. */
static int choose_layout(struct records *records, struct err *err)
{
	struct attempt said = { .fit = 0 }, best;
	uint64_t address, before;
	struct records as_said;
	bool is_old = false;
	int status = read_layout(records, &is_old, err);

	if (status == ST_OK)
		status = read_numbers(records, &address, err);
	if (status != ST_OK)
		return status;
	said.header_size = records->header_size;
	said.size = before = records->size;
	as_said = *records;
	status = open_buffer(records, address, err);
	if (status == ST_NO_MEMORY || (status == ST_OK && records->first == records->next))
		return status;
	if (status == ST_OK)
		said.fit = fit_of(records);
	best = said;
	if (best.fit < TO_NEWEST) {
		for (size_t i = 0; i < 3; i++)
			try(records, (struct attempt){ known_sizes[i], before, 0, true }, address,
				is_old, &best);
		records->ts_nsec = as_said.ts_nsec;
		records->len = as_said.len;
		records->text_len = as_said.text_len;
		records->dict_len = as_said.dict_len;
		for (uint64_t size = 1;
			size <= PRINTK_LOG_MAX && !is_possible_size(&as_said, before); size <<= 1)
			if (is_possible_size(&as_said, size))
				try(records, (struct attempt){ said.header_size, size, 0, false },
					address, is_old, &best);
	}
	if (status != ST_OK && best.fit == 0)
		return status;
	err_clear(err);
	status = open_attempt(records, &best, address, is_old, err);
	if (status == ST_OK && (best.known || best.header_size != said.header_size))
		err_set(printk_damaged(&records->damage), ST_BAD_INPUT, "log-vmcoreinfo",
			"what VMCOREINFO says of records leads to none: they are taken for those "
			"of %" PRIu64 " bytes of the kernels that are known",
			best.header_size);
	if (status == ST_OK && best.size != before)
		err_set(printk_damaged(&records->damage), ST_BAD_INPUT, "log-size",
			"the log is said to have %" PRIu64 " bytes, and by its records it has "
			"%" PRIu64,
			before, best.size);
	return status;
}

int printk_records_dump(const struct vmcore *core, const struct printk_sink *sink, struct err *err)
{
	struct records *records = calloc(1, sizeof(*records));
	int status;

	if (!records)
		return err_no_memory(err);
	records->core = core;
	records->damage.sink = sink;
	status = choose_layout(records, err);
	if (status == ST_OK)
		status = dump_log(records, err);
	window_done(&records->buffer);
	free(records);
	return status;
}
