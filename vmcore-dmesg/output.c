// SPDX-License-Identifier: GPL-2.0-only
#include "vmcore-dmesg/output.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/utf8.h"

#define NS_PER_SECOND	   1000000000u
#define NS_PER_MICROSECOND 1000u
#define CALLER_IS_CPU	   0x80000000u

static int check_file(struct output *output, int errnum, struct err *err)
{
	if (!ferror(output->file))
		return ST_OK;
	return err_set_errno(err, ST_SYSTEM, "output", errnum, "cannot write the log");
}

/* --- text ----------------------------------------------------------------------------- */

/* What the C locale prints or takes for white space. */
static bool is_plain(uint8_t byte)
{
	return (byte >= ' ' && byte <= '~') || (byte >= '\t' && byte <= '\r');
}

/* How much from the start of text can be written as it is. */
static size_t plain_size(struct span text, bool utf8, bool (*is_plain_byte)(uint8_t))
{
	size_t at = 0;

	while (at < text.size) {
		size_t size = is_plain_byte(text.data[at]);

		if (size == 0 && utf8)
			size = utf8_size((struct span){ text.data + at, text.size - at });
		if (size == 0)
			break;
		at += size;
	}
	return at;
}

static void write_text(struct output *output, struct span text)
{
	while (text.size) {
		size_t size = plain_size(text, output->options->utf8, is_plain);

		if (size == 0)
			fprintf(output->file, "\\x%02x", text.data[0]);
		else
			fwrite(text.data, 1, size, output->file);
		size += size == 0;
		text.data += size;
		text.size -= size;
	}
}

/* As the kernel prints them: T and the number of a thread, C and that of a CPU. */
static void format_caller(uint32_t caller, char text[16])
{
	snprintf(text, 16, "%c%" PRIu32, caller & CALLER_IS_CPU ? 'C' : 'T',
		caller & ~CALLER_IS_CPU);
}

static void write_line(struct output *output, const struct printk_record *record)
{
	char caller[16];

	if (output->options->level && record->has_level)
		fprintf(output->file, "<%u>", record->facility * 8u + record->level);
	fprintf(output->file, "[%5" PRIu64 ".%06" PRIu64 "]", record->ns / NS_PER_SECOND,
		record->ns % NS_PER_SECOND / NS_PER_MICROSECOND);
	if (output->options->caller && record->has_caller) {
		format_caller(record->caller, caller);
		fprintf(output->file, "[%6s]", caller);
	}
	putc(' ', output->file);
	write_text(output, record->text);
	putc('\n', output->file);
}

/* --- JSON ----------------------------------------------------------------------------- */

/* What stands for itself in a string (RFC 8259). */
static bool is_json_plain(uint8_t byte)
{
	return byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\';
}

/* Bytes that are no UTF-8 come out as in the text form; JSON has no bytes. */
static void write_json_byte(FILE *file, uint8_t byte)
{
	if (byte == '"' || byte == '\\')
		fprintf(file, "\\%c", byte);
	else if (byte == '\n')
		fputs("\\n", file);
	else if (byte == '\t')
		fputs("\\t", file);
	else if (byte < 0x80)
		fprintf(file, "\\u%04x", byte);
	else
		fprintf(file, "\\\\x%02x", byte);
}

static void write_json_string(FILE *file, struct span text)
{
	putc('"', file);
	while (text.size) {
		size_t size = plain_size(text, true, is_json_plain);

		if (size == 0)
			write_json_byte(file, text.data[0]);
		else
			fwrite(text.data, 1, size, file);
		size += size == 0;
		text.data += size;
		text.size -= size;
	}
	putc('"', file);
}

static void write_json(struct output *output, const struct printk_record *record)
{
	FILE *file = output->file;
	char caller[16];

	fprintf(file, "{\"time\":%" PRIu64 ".%09" PRIu64, record->ns / NS_PER_SECOND,
		record->ns % NS_PER_SECOND);
	if (record->has_seq)
		fprintf(file, ",\"seq\":%" PRIu64, record->seq);
	if (record->has_level)
		fprintf(file, ",\"facility\":%u,\"level\":%u", record->facility, record->level);
	if (record->has_caller) {
		format_caller(record->caller, caller);
		fprintf(file, ",\"caller\":\"%s\"", caller);
	}
	fputs(",\"text\":", file);
	write_json_string(file, record->text);
	fputs("}\n", file);
}

/* --- the sink ------------------------------------------------------------------------- */

static int take_record(void *context, const struct printk_record *record, struct err *err)
{
	struct output *output = context;

	errno = 0;
	output->level_missing |= output->options->level && !record->has_level;
	output->caller_missing |= output->options->caller && !record->has_caller;
	if (output->options->json)
		write_json(output, record);
	else
		write_line(output, record);
	return check_file(output, errno, err);
}

static int take_text(void *context, struct span text, struct err *err)
{
	struct output *output = context;

	if (output->options->json)
		return err_set(err, ST_UNSUPPORTED, "log-plain",
			"this kernel logged plain text, of which --json cannot tell the messages");
	errno = 0;
	output->caller_missing |= output->options->caller;
	fwrite(text.data, 1, text.size, output->file);
	return check_file(output, errno, err);
}

/* Words are of this program, and quote nothing of the log. */
static int take_damaged(void *context, uint64_t count, const struct err *why, struct err *err)
{
	struct output *output = context;

	errno = 0;
	if (output->options->json) {
		fprintf(output->file, "{\"damaged\":%" PRIu64 ",\"reason\":", count);
		write_json_string(output->file,
			(struct span){ (const uint8_t *)why->text, strlen(why->text) });
		fputs("}\n", output->file);
	} else if (count == 1) {
		fprintf(output->file, "-- damaged: %s --\n", why->text);
	} else {
		fprintf(output->file, "-- damaged %" PRIu64 " times: %s --\n", count, why->text);
	}
	return check_file(output, errno, err);
}

struct printk_sink output_sink(struct output *output)
{
	return (struct printk_sink){ take_record, take_text, take_damaged, output };
}

int output_flush(struct output *output, struct err *err)
{
	errno = 0;
	fflush(output->file);
	return check_file(output, errno, err);
}
