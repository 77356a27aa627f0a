// SPDX-License-Identifier: GPL-2.0-only
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kexec/system/kconfig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "CRASH_HOTPLUG", "CRASH_MAX_MEMORY_RANGES", "A" };
	struct kconfig config = { .text = BLOB_INIT };
	uint64_t number;

	if (blob_append(&config.text, data, size) != ST_OK)
		return 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		kconfig_enabled(&config, names[i]);
		kconfig_number(&config, names[i], &number);
	}
	kconfig_done(&config);
	return 0;
}
