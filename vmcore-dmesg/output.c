// SPDX-License-Identifier: GPL-2.0-only
#include "vmcore-dmesg/output.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/printable.h"
#include "lib/utf8.h"

#define NS_PER_SECOND	   1000000000u
#define NS_PER_MICROSECOND 1000u
#define CALLER_IS_CPU	   0x80000000u

static int cannot_write(int errnum, struct err *err)
{
	return err_set_errno(err, ST_SYSTEM, "output", errnum, "cannot write the log");
}

static int check_file(struct output *output, int errnum, struct err *err)
{
	return ferror(output->file) ? cannot_write(errnum, err) : ST_OK;
}

/* --- text ----------------------------------------------------------------------------- */

/* The stream takes care of what a terminal would obey. */
static void write_text(struct output *output, struct span text)
{
	while (text.size) {
		size_t size = 0;

		while (size < text.size && (text.data[size] < 0x80 || output->options->utf8))
			size++;
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

/* How much from the start of text stands for itself in a string (RFC 8259). */
static size_t plain_size(struct span text)
{
	size_t at = 0;

	while (at < text.size) {
		uint8_t byte = text.data[at];
		size_t size = byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\';

		if (byte >= 0x80)
			size = utf8_size((struct span){ text.data + at, text.size - at });
		if (size == 0)
			break;
		at += size;
	}
	return at;
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
		size_t size = plain_size(text);

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

int output_open(const struct options *options, FILE *to, struct output *ret, struct err *err)
{
	*ret = (struct output){ .options = options, .file = printable_open(to) };
	return ret->file ? ST_OK : err_no_memory(err);
}

int output_close(struct output *output, struct err *err)
{
	FILE *file = output->file;

	output->file = NULL;
	errno = 0;
	return fclose(file) == 0 ? ST_OK : cannot_write(errno, err);
}
