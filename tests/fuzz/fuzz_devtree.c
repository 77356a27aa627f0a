// SPDX-License-Identifier: GPL-2.0-only
/* All that walks a device tree, on bytes that claim to be one. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "kexec/system/console.h"
#include "kexec/system/devtree.h"
#include "kexec/system/firmware.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span tree = { data, size };
	struct console console;
	struct err err = ERR_INIT;

	if (devtree_check(tree, "tree", &err) != ST_OK) {
		assert(err.id && err.text[0]);
		assert(!firmware_fdt_is_stub(tree));
		assert(firmware_psci_from_fdt(tree) == PSCI_NONE);
		return 0;
	}
	firmware_fdt_is_stub(tree);
	firmware_psci_from_fdt(tree);
	console_from_fdt(tree, &console, &err);
	return 0;
}
