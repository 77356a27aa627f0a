// SPDX-License-Identifier: GPL-2.0-only
#include "vmcore-dmesg/printk.h"

#include <inttypes.h>

int printk_numbers(const struct vmcore *core, const struct printk_number *numbers, size_t count,
	struct err *err)
{
	for (size_t i = 0; i < count; i++)
		if (!vmcore_info_number(core, numbers[i].key, numbers[i].to))
			return err_set(err, ST_NOT_FOUND, "log-vmcoreinfo",
				"VMCOREINFO has no number for %s", numbers[i].key);
	return ST_OK;
}

int printk_check_field(
	const char *name, uint64_t offset, uint64_t size, uint64_t in, struct err *err)
{
	if (in > PRINTK_STRUCT_MAX)
		return err_set(err, ST_BAD_INPUT, "log-vmcoreinfo",
			"VMCOREINFO has %" PRIu64 " bytes for the structure with %s, wanted at "
			"most %u",
			in, name, PRINTK_STRUCT_MAX);
	if (offset > in || size > in - offset)
		return err_set(err, ST_BAD_INPUT, "log-vmcoreinfo",
			"VMCOREINFO has %s at %" PRIu64 " of a structure of %" PRIu64 " bytes",
			name, offset, in);
	return ST_OK;
}

static int read_variable(const struct vmcore *core, const char *name, bool is_pointer,
	uint64_t *ret, struct err *err)
{
	size_t size = is_pointer ? core->word_size : 4;
	struct err why = ERR_INIT;
	uint64_t address;
	int status;

	if (!vmcore_symbol(core, name, &address))
		return err_set(err, ST_NOT_FOUND, "log-vmcoreinfo",
			"VMCOREINFO has no address of %s", name);
	status = vmcore_read_uint(core, address, size, ret, &why);
	if (status == ST_OK)
		return ST_OK;
	/* The image has the address, but the file does not have the bytes. */
	if (status != ST_NOT_FOUND)
		return err_set(err, status, is_pointer ? "log-pointer" : "log-number", "%s: %s",
			name, why.text);
	*err = why;
	return err_prefix(err, "%s", name);
}

int printk_read_pointer(const struct vmcore *core, const char *name, uint64_t *ret, struct err *err)
{
	return read_variable(core, name, true, ret, err);
}

int printk_read_u32(const struct vmcore *core, const char *name, uint64_t *ret, struct err *err)
{
	return read_variable(core, name, false, ret, err);
}

/* A byte of facility, and one of which the compiler gives the first five bits to the flags and
 * the next three to the level, from the bottom or from the top. */
void printk_take_level(
	const struct vmcore *core, const uint8_t *bytes, struct printk_record *record)
{
	record->has_level = true;
	record->facility = bytes[0];
	record->level = core->big_endian ? bytes[1] & 7 : bytes[1] >> 5;
}

/* --- damage --------------------------------------------------------------------------- */

struct err *printk_damaged(struct printk_damage *damage)
{
	damage->count++;
	return damage->untold++ ? NULL : &damage->begin;
}

void printk_damaged_by(struct printk_damage *damage, const struct err *why)
{
	struct err *words = printk_damaged(damage);

	if (words)
		*words = *why;
}

int printk_tell_damage(struct printk_damage *damage, struct err *err)
{
	uint64_t count = damage->untold;

	if (count == 0)
		return ST_OK;
	if (damage->count == count)
		damage->first = damage->begin;
	damage->untold = 0;
	return damage->sink->damaged(damage->sink->context, count, &damage->begin, err);
}

int printk_sum_up(struct printk_damage *damage, struct err *err)
{
	int status = printk_tell_damage(damage, err);

	if (status != ST_OK || damage->count == 0)
		return status;
	*err = damage->first;
	if (damage->count == 1)
		return err_prefix(err, "the log is damaged in one place, which is marked");
	return err_prefix(err,
		"the log is damaged in %" PRIu64 " places, which are marked; the first",
		damage->count);
}

/* --- the layouts ---------------------------------------------------------------------- */

int printk_dump(const struct vmcore *core, const struct printk_sink *sink, struct err *err)
{
	uint64_t address;

	if (vmcore_symbol(core, "prb", &address))
		return printk_ring_dump(core, sink, err);
	if (vmcore_symbol(core, "log_first_idx", &address))
		return printk_records_dump(core, sink, err);
	if (vmcore_symbol(core, "log_buf", &address))
		return printk_text_dump(core, sink, err);
	return err_set(err, ST_NOT_FOUND, "log-missing",
		"VMCOREINFO has none of the symbols prb, log_first_idx and log_buf");
}
