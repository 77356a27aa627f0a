// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/image/cpio.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/decompress.h"

/* "070701" or "070702", and thirteen numbers of eight hexadecimal digits. */
#define HEADER_SIZE 110u
#define NUMBERS	    13u
#define FILE_SIZE   6u
#define NAME_SIZE   11u

#define TRAILER "TRAILER!!!"

/* Longer ones a kernel skips (PATH_MAX). */
#define NAME_MAX_SHOWN 64u

/* Files in an initrd: thousands. What has more is not walked to its end. */
#define ENTRIES_MAX (1u << 20)

/* What a kernel tells packing by. */
#define CODEC_LOOK 16u

struct walk {
	const struct cpio_source *source;
	const char *name;
	struct report *report;
	uint64_t at;
	char file[NAME_MAX_SHOWN + 1]; /* the last one, and where its header is */
	uint64_t header;
};

static int read_span(void *context, uint64_t offset, void *buf, size_t size, struct err *err)
{
	const struct span *span = context;

	(void)err;
	memcpy(buf, span->data + offset, size);
	return ST_OK;
}

struct cpio_source cpio_from_span(struct span *span)
{
	return (struct cpio_source){ read_span, span, span->size };
}

static uint64_t left(const struct walk *walk)
{
	return walk->source->size - walk->at;
}

int cpio_of_nothing(struct blob *blob)
{
	static const uint8_t fill[4];
	size_t begin = blob->size;
	char number[9];
	int status = blob_append(blob, "070701", 6);

	for (unsigned int i = 0; i < NUMBERS && !status; i++) {
		snprintf(number, sizeof(number), "%08zx", i == NAME_SIZE ? sizeof(TRAILER) : 0);
		status = blob_append(blob, number, 8);
	}
	if (!status)
		status = blob_append(blob, TRAILER, sizeof(TRAILER));
	return status ? status : blob_append(blob, fill, -(blob->size - begin) % sizeof(fill));
}

/* Of what is at walk->at, size bytes or what is left. */
static bool look(struct walk *walk, void *buf, size_t size, size_t *ret)
{
	*ret = left(walk) < size ? (size_t)left(walk) : size;
	return walk->source->read(walk->source->context, walk->at, buf, *ret, NULL) == ST_OK;
}

static void warn(struct walk *walk, const char *what)
{
	report_add(walk->report, REPORT_WARNING, "initrd",
		"%s: the archive in it %s: at 0x%" PRIx64 " of 0x%" PRIx64
		" bytes%s%s; a kernel unpacks what is before that",
		walk->name, what, walk->header, walk->source->size, walk->file[0] ? ", file " : "",
		walk->file);
}

/* Kernels read as far as there are digits, which is no way to find the next header. */
static bool take_numbers(const uint8_t *header, uint32_t *numbers)
{
	for (unsigned int i = 0; i < NUMBERS; i++) {
		numbers[i] = 0;
		for (unsigned int digit = 0; digit < 8; digit++) {
			uint8_t c = header[6 + 8 * i + digit];

			if (!isxdigit(c))
				return false;
			numbers[i] = numbers[i] << 4 |
				     (uint32_t)(isdigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
		}
	}
	return true;
}

static bool is_magic(const uint8_t *bytes, size_t size)
{
	return size >= 6 && memcmp(bytes, "07070", 5) == 0 && (bytes[5] == '1' || bytes[5] == '2');
}

enum step { STEP_ON, STEP_TRAILER, STEP_END };

/* One file, from its header to where the next one is. Sizes have 32 bits, so nothing wraps. */
static enum step take_entry(struct walk *walk)
{
	uint8_t bytes[HEADER_SIZE + NAME_MAX_SHOWN];
	uint32_t numbers[NUMBERS];
	uint64_t data, next;
	size_t size;

	walk->header = walk->at;
	walk->file[0] = '\0';
	if (!look(walk, bytes, sizeof(bytes), &size))
		return STEP_END;
	if (size == 0) {
		warn(walk, "ends without \"" TRAILER "\", so it may be cut short");
		return STEP_END;
	}
	if (size < HEADER_SIZE && memcmp(bytes, "070701", size < 6 ? size : 5) == 0) {
		warn(walk, "is cut short");
		return STEP_END;
	}
	if (!is_magic(bytes, size) || !take_numbers(bytes, numbers)) {
		warn(walk, "is damaged");
		return STEP_END;
	}
	size -= HEADER_SIZE;
	if (size > numbers[NAME_SIZE])
		size = numbers[NAME_SIZE];
	memcpy(walk->file, bytes + HEADER_SIZE, size);
	walk->file[size] = '\0';
	data = (HEADER_SIZE + (uint64_t)numbers[NAME_SIZE] + 3) & ~UINT64_C(3);
	next = (data + numbers[FILE_SIZE] + 3) & ~UINT64_C(3);
	/* Nobody needs what fills up the last one. */
	if (HEADER_SIZE + (uint64_t)numbers[NAME_SIZE] > left(walk) ||
		(numbers[FILE_SIZE] && data + numbers[FILE_SIZE] > left(walk))) {
		warn(walk, "is cut short");
		return STEP_END;
	}
	walk->at += next < left(walk) ? next : left(walk);
	return strcmp(walk->file, TRAILER) == 0 && numbers[NAME_SIZE] == sizeof(TRAILER)
		       ? STEP_TRAILER
		       : STEP_ON;
}

/* One archive. */
static bool take_archive(struct walk *walk, unsigned int *entries)
{
	enum step step;

	do
		step = take_entry(walk);
	while (step == STEP_ON && ++*entries < ENTRIES_MAX);
	return step == STEP_TRAILER;
}

static bool skip_zeros(struct walk *walk)
{
	uint8_t bytes[512];
	size_t size, zeros;

	do {
		if (!look(walk, bytes, sizeof(bytes), &size))
			return false;
		for (zeros = 0; zeros < size && bytes[zeros] == 0; zeros++)
			walk->at++;
	} while (zeros && zeros == size);
	return true;
}

void cpio_walk(const struct cpio_source *source, const char *name, uint64_t *ret_packed,
	struct report *report)
{
	struct walk walk = { .source = source, .name = name, .report = report };
	uint8_t bytes[CODEC_LOOK];
	unsigned int entries = 0;
	bool first = true;
	size_t size;

	*ret_packed = 0;
	while (skip_zeros(&walk) && left(&walk) && look(&walk, bytes, sizeof(bytes), &size)) {
		if (is_magic(bytes, size) && walk.at % 4 == 0) {
			if (!take_archive(&walk, &entries))
				return;
			first = false;
			continue;
		}
		/* What the whole thing is, others say. */
		if (first)
			return;
		*ret_packed = walk.at;
		if (codec_detect((struct span){ bytes, size }) == CODEC_NONE)
			report_add(report, REPORT_WARNING, "initrd",
				"%s: behind its archives, at 0x%" PRIx64 " of 0x%" PRIx64
				" bytes, is neither another one, on a line of 4 bytes, nor "
				"anything packed: a kernel stops there",
				name, walk.at, source->size);
		return;
	}
}
