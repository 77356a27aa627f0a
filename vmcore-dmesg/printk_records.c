// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records of variable length in a ring of bytes, 3.5 to 5.9
 * (Documentation/admin-guide/kdump/vmcoreinfo.rst). Each begins with a header that has its
 * length; a length of zero says that the next one is at the start.
 */
#include <inttypes.h>

#include "lib/cursor.h"
#include "lib/vmcoreinfo.h"
#include "vmcore-dmesg/printk.h"
#include "vmcore-dmesg/window.h"

struct records {
	const struct vmcore *core;
	uint64_t header_size, ts_nsec, len, text_len, dict_len;
	bool has_level, has_caller;
	uint64_t size;	      /* of the buffer */
	uint64_t first, next; /* where the oldest record is, and where the next one would go */
	struct window buffer;
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

/* The structure was called log before 3.11. */
static int read_layout(struct records *records, struct err *err)
{
	const struct vmcore *core = records->core;
	uint64_t size;
	bool is_old = !vmcore_info_number(core, "SIZE(printk_log)", &size);
	const struct printk_number numbers[] = {
		{ is_old ? "SIZE(log)" : "SIZE(printk_log)", &records->header_size },
		{ is_old ? "OFFSET(log.ts_nsec)" : "OFFSET(printk_log.ts_nsec)",
			&records->ts_nsec },
		{ is_old ? "OFFSET(log.len)" : "OFFSET(printk_log.len)", &records->len },
		{ is_old ? "OFFSET(log.text_len)" : "OFFSET(printk_log.text_len)",
			&records->text_len },
	};
	const char *dict_len = is_old ? "OFFSET(log.dict_len)" : "OFFSET(printk_log.dict_len)";
	int status = printk_numbers(core, numbers, sizeof(numbers) / sizeof(numbers[0]), err);

	if (vmcore_info_number(core, dict_len, &records->dict_len) && records->header_size >= 4 &&
		records->dict_len <= records->header_size - 4)
		records->has_level = knows_level(core);
	/* The caller came in 5.1; before 3.11 only what somebody else has added can stand there. */
	records->has_caller = records->has_level && !is_old && records->header_size >= 8 &&
			      records->dict_len <= records->header_size - 8;
	if (status == ST_OK)
		status = printk_check_field(
			"ts_nsec", records->ts_nsec, 8, records->header_size, err);
	if (status == ST_OK)
		status = printk_check_field("len", records->len, 2, records->header_size, err);
	if (status == ST_OK)
		status = printk_check_field(
			"text_len", records->text_len, 2, records->header_size, err);
	return status;
}

static int open_buffer(struct records *records, struct err *err)
{
	const struct vmcore *core = records->core;
	uint64_t address;
	int status;

	status = printk_read_pointer(core, "log_buf", &address, err);
	if (status == ST_OK)
		status = printk_read_u32(core, "log_buf_len", &records->size, err);
	if (status == ST_OK)
		status = printk_read_u32(core, "log_first_idx", &records->first, err);
	if (status == ST_OK)
		status = printk_read_u32(core, "log_next_idx", &records->next, err);
	if (status != ST_OK)
		return status;
	if (records->size > PRINTK_LOG_MAX)
		return err_set(err, ST_BAD_INPUT, "log-size",
			"the log has %" PRIu64 " bytes, wanted at most %" PRIu64, records->size,
			PRINTK_LOG_MAX);
	return window_init(&records->buffer, core, address, records->size, err);
}

/* The header at index, which is all inside the buffer. */
static int header_at(struct records *records, uint64_t index, const uint8_t **ret, struct err *err)
{
	if (index > records->size || records->header_size > records->size - index)
		return err_set(err, ST_BAD_INPUT, "log-index",
			"a record is said to be at %" PRIu64 " of %" PRIu64 " bytes", index,
			records->size);
	return window_at(&records->buffer, index, records->header_size, ret, err);
}

static int dump_record(struct records *records, uint64_t index, uint64_t *ret_length,
	const struct printk_sink *sink, struct err *err)
{
	const struct vmcore *core = records->core;
	struct printk_record record = { .has_seq = false };
	uint64_t level = records->dict_len + 2;
	uint64_t length, text_length;
	const uint8_t *header;
	int status;

	status = header_at(records, index, &header, err);
	if (status != ST_OK)
		return status;
	length = vmcore_load(core, header + records->len, 2);
	text_length = vmcore_load(core, header + records->text_len, 2);
	if (length < records->header_size + text_length || length > records->size - index)
		return err_set(err, ST_BAD_INPUT, "log-record",
			"the record at %" PRIu64 " of %" PRIu64 " bytes has %" PRIu64
			" bytes, of which %" PRIu64 " are text",
			index, records->size, length, text_length);
	status = window_at(&records->buffer, index, length, &header, err);
	if (status != ST_OK)
		return status;
	record.ns = vmcore_load(core, header + records->ts_nsec, 8);
	if (records->has_level)
		printk_take_level(core, header + level, &record);
	if (records->has_caller) {
		record.has_caller = true;
		record.caller = (uint32_t)vmcore_load(core, header + level + 2, 4);
	}
	record.text = (struct span){ header + records->header_size, (size_t)text_length };
	*ret_length = length;
	return sink->record(sink->context, &record, err);
}

static int walk(struct records *records, const struct printk_sink *sink, struct err *err)
{
	uint64_t index = records->first;
	bool wrapped = false;
	const uint8_t *header;
	uint64_t length = 0;
	int status;

	while (index != records->next) {
		status = header_at(records, index, &header, err);
		if (status != ST_OK)
			return status;
		if (vmcore_load(records->core, header + records->len, 2) == 0) {
			if (wrapped)
				return err_set(err, ST_BAD_INPUT, "log-loop",
					"the log goes round a second time at %" PRIu64, index);
			wrapped = true;
			index = 0;
			continue;
		}
		if (wrapped && index >= records->first)
			return err_set(err, ST_BAD_INPUT, "log-loop",
				"the log comes round to its first record, at %" PRIu64
				", but should end at %" PRIu64,
				records->first, records->next);
		status = dump_record(records, index, &length, sink, err);
		if (status != ST_OK)
			return status;
		index += length;
	}
	return ST_OK;
}

int printk_records_dump(const struct vmcore *core, const struct printk_sink *sink, struct err *err)
{
	struct records records = { .core = core };
	int status;

	status = read_layout(&records, err);
	if (status == ST_OK)
		status = open_buffer(&records, err);
	if (status == ST_OK)
		status = walk(&records, sink, err);
	window_done(&records.buffer);
	return status;
}
