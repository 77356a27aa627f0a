// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/system/crashkernel.h"

#include <string.h>

#include "lib/checked.h"
#include "lib/cursor.h"

/* What firmware kept for itself is made up for so, before ranges are looked at. */
#define RAM_ROUNDED_TO ((uint64_t)128 << 20)

enum suffix { PLAIN, HIGH, LOW, CMA, SUFFIXES };
static const char *const suffixes[SUFFIXES] = {
	[PLAIN] = "", [HIGH] = ",high", [LOW] = ",low", [CMA] = ",cma"
};

static enum suffix suffix_of(struct span value)
{
	for (enum suffix i = HIGH; i < SUFFIXES; i++) {
		size_t size = strlen(suffixes[i]);

		if (value.size >= size &&
			memcmp(value.data + value.size - size, suffixes[i], size) == 0)
			return i;
	}
	return PLAIN;
}

struct span crashkernel_value(const char *line)
{
	static const char name[] = "crashkernel=";
	struct span last[SUFFIXES] = { { .data = NULL } };

	while ((line = strstr(line, name))) {
		struct span value;

		line += sizeof(name) - 1;
		value = (struct span){ (const uint8_t *)line, strcspn(line, " ") };
		last[suffix_of(value)] = value;
	}
	for (enum suffix i = PLAIN; i < SUFFIXES; i++)
		if (last[i].size)
			return last[i];
	return (struct span){ .data = NULL };
}

/* A number with one of the letters of the kernel's memparse() behind it. */
static bool take_size(struct span *text, uint64_t *ret)
{
	static const char letters[] = "kmgtpe";
	bool hex = span_skip(text, "0x") || span_skip(text, "0X");
	const char *letter;
	unsigned int shift;

	if (!span_take_number(text, hex ? 16 : 10, ret))
		return false;
	letter = text->size && text->data[0] ? strchr(letters, text->data[0] | 0x20) : NULL;
	if (!letter)
		return true;
	shift = 10 * (unsigned int)(letter - letters + 1);
	if (*ret > UINT64_MAX >> shift)
		return false;
	*ret <<= shift;
	*text = (struct span){ text->data + 1, text->size - 1 };
	return true;
}

static bool take_offset(struct span *text)
{
	uint64_t offset;

	return !span_skip(text, "@") || take_size(text, &offset);
}

/* "1G-4G:160M,4G-:256M@OFFSET". */
static enum crashkernel_verdict judge_ranges(struct span value, uint64_t ram, uint64_t *ret_size)
{
	bool found = false;

	if (!align_up(ram, RAM_ROUNDED_TO, &ram))
		ram = UINT64_MAX;
	do {
		uint64_t start, end = UINT64_MAX, size;

		if (!take_size(&value, &start) || !span_skip(&value, "-"))
			return CRASHKERNEL_NOT_UNDERSTOOD;
		if (!span_skip(&value, ":") &&
			(!take_size(&value, &end) || end <= start || !span_skip(&value, ":")))
			return CRASHKERNEL_NOT_UNDERSTOOD;
		if (!take_size(&value, &size))
			return CRASHKERNEL_NOT_UNDERSTOOD;
		if (!found && ram >= start && ram < end) {
			*ret_size = size;
			found = true;
		}
	} while (!found && span_skip(&value, ","));
	return found ? CRASHKERNEL_FITS : CRASHKERNEL_NO_RANGE;
}

enum crashkernel_verdict crashkernel_judge(struct span value, uint64_t ram, uint64_t *ret_size)
{
	enum suffix suffix = suffix_of(value);
	enum crashkernel_verdict verdict = CRASHKERNEL_FITS;
	uint64_t size = 0;

	*ret_size = 0;
	if (suffix == PLAIN && memchr(value.data, ':', value.size)) {
		verdict = judge_ranges(value, ram, &size);
	} else {
		value.size -= strlen(suffixes[suffix]);
		if (!take_size(&value, &size) || !take_offset(&value) || value.size)
			verdict = CRASHKERNEL_NOT_UNDERSTOOD;
	}
	if (verdict != CRASHKERNEL_FITS)
		return verdict;
	*ret_size = size;
	if (suffix == LOW || suffix == CMA)
		return CRASHKERNEL_COMPANION;
	if (size == 0)
		return CRASHKERNEL_ZERO;
	return size >= ram ? CRASHKERNEL_TOO_LARGE : CRASHKERNEL_FITS;
}
