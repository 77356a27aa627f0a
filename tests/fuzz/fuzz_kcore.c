// SPDX-License-Identifier: GPL-2.0-only
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "kexec/system/kcore.h"
#include "lib/elfcore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = { data, size };
	struct elfcore_source source = elfcore_from_span(&bytes);
	struct kcore kcore;
	struct err err = ERR_INIT;

	if (kcore_take(&source, &kcore, &err) != ST_OK) {
		assert(err.id && err.text[0]);
		return 0;
	}
	assert(kcore.loads_count * 32 <= size && kcore.vmcoreinfo.size < size);
	kcore_done(&kcore);
	return 0;
}
