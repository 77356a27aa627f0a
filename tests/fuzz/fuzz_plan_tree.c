// SPDX-License-Identifier: GPL-2.0-only
/*
 * Completes one hostile device tree from another. Four bytes say how long the first one is, the
 * machine's own, and what kind of load it is; the rest is the other one.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/plan/tree.h"
#include "kexec/system/boot_memory.h"
#include "kexec/system/devtree.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/plan_machine.h"

#define HEAD 4

/* What is not refused has CPUs and memory, or is a stub with the way to the EFI map. */
static void check_made(const struct plan_inputs *inputs, const struct plan *plan)
{
	struct span tree = blob_span(&plan->tree);
	bool stub = firmware_fdt_is_stub(tree);
	bool efi = boot_memory_efi(tree.data, NULL) == BOOT_EFI_WHOLE;
	struct rangeset memory = RANGESET_INIT;

	assert(devtree_check(tree, "made", NULL) == ST_OK);
	assert(!devtree_is_overlay(tree.data));
	assert(stub ? inputs->machine->firmware.acpi : devtree_first_cpu(tree.data) >= 0);
	assert(!stub || efi);
	if (!efi) {
		assert(boot_memory_from_tree(tree, &memory, NULL) == ST_OK);
		assert(memory.count);
		for (size_t i = 0; i < inputs->machine->iomem.crash.count && plan_is_crash(plan);
			i++)
			assert(rangeset_contains(&memory,
				inputs->machine->iomem.crash.ranges[i].start,
				inputs->machine->iomem.crash.ranges[i].end));
	}
	rangeset_done(&memory);
}

static void make(struct plan_machine *pm, struct span running, struct span other, bool crash)
{
	struct plan plan = {
		.arch = arch_find("aarch64"),
		.page_size = 4096,
		.flags = crash ? KEXEC_ON_CRASH : 0,
	};
	int status;

	pm_fdt(pm, running);
	pm->inputs.dtb = other;
	pm->inputs.dtb_name = "other.dtb";
	status = plan_tree(&pm->inputs, &plan, &pm->report, &pm->err);
	if (status == ST_OK)
		check_made(&pm->inputs, &plan);
	else
		assert(status == pm->err.status && status != ST_BUG && pm->err.id);
	plan_done(&plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct plan_machine pm;
	struct span running, other;
	size_t length;

	if (size < HEAD || size > 1u << 20)
		return 0;
	length = load_le16(data);
	if (length > size - HEAD)
		length = size - HEAD;
	running = (struct span){ data + HEAD, length };
	other = (struct span){ data + HEAD + length, size - HEAD - length };
	if (devtree_check(other, "other", NULL) ||
		(length && devtree_check(running, "running", NULL)))
		return 0;
	pm_init(&pm);
	pm.machine.firmware.acpi = data[2] & 1;
	make(&pm, running, other, data[2] & 2);
	pm_done(&pm);
	return 0;
}
