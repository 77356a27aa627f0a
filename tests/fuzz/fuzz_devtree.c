// SPDX-License-Identifier: GPL-2.0-only
/* All that walks a device tree, on bytes that claim to be one. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "kexec/system/boot_memory.h"
#include "kexec/system/console.h"
#include "kexec/system/cpu_methods.h"
#include "kexec/system/devtree.h"
#include "kexec/system/firmware.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_memory(struct span tree)
{
	struct rangeset set = RANGESET_INIT;
	struct devtree_view view;
	struct err err = ERR_INIT;

	assert(devtree_view_init(tree, "tree", &view, &err) == ST_OK);
	tree.data = view.fdt;
	boot_memory_is_efi(tree);
	if (boot_memory_from_tree(tree, &set, &err) != ST_OK)
		assert(err.id && set.count == 0);
	rangeset_done(&set);
	devtree_view_done(&view);
}

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
	cpu_methods_from_tree(tree);
	console_from_fdt(tree, &console, &err);
	check_memory(tree);
	return 0;
}
