// SPDX-License-Identifier: GPL-2.0-only
/* What a purgatory, or anybody, may have left in the device tree. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kexec/system/purgatory_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct purgatory_record record;
	struct err err = ERR_INIT;
	char text[PURGATORY_RECORD_TEXT_SIZE];
	uint64_t nanoseconds;

	if (purgatory_record_parse((struct span){ data, size }, &record, &err) != ST_OK) {
		assert(err.id && err.text[0]);
		return 0;
	}
	purgatory_record_nanoseconds(&record, &nanoseconds);
	purgatory_record_text(&record, text);
	assert(strncmp(text, "image ", 6) == 0);
	assert(strlen(text) < sizeof(text) - 1); /* nothing was cut off */
	assert(purgatory_record_result(&record)[0] && purgatory_record_caches(&record)[0] &&
		purgatory_record_core(&record)[0]);
	return 0;
}
