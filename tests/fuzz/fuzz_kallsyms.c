// SPDX-License-Identifier: GPL-2.0-only
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "kexec/system/kallsyms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kallsyms symbols;
	struct err err = ERR_INIT;

	if (kallsyms_parse((struct span){ data, size }, &symbols, &err) != ST_OK)
		assert(err.id && err.text[0]);
	return 0;
}
