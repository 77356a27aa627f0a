// SPDX-License-Identifier: GPL-2.0-only
/*
 * A crash load as the kernel makes it itself (arch/powerpc/kexec/elf_64.c:elf64_load,
 * file_load_64.c:setup_new_fdt_ppc64): the same pieces in the same order, from the same ends. What
 * it cannot place it finds out when the armed image is gone.
 */
#include <libfdt.h>
#include <string.h>

#include "kexec/arch/ppc64le/drconf.h"
#include "kexec/arch/ppc64le/ppc64le.h"
#include "kexec/plan/place.h"
#include "kexec/plan/tree.h"
#include "purgatory/arch/ppc64le/abi.h"

/* What the kernel adds for the properties that it sets itself. */
#define TREE_EXTRA 0x1000u

/* The tree that it starts from, and what it adds: numbers for all blocks of memory, an entry for
 * each range that is held, room for CPUs. */
static int tree_size(const struct plan_inputs *inputs, const struct plan *plan,
	const struct ppc64le_firmware *firmware, uint64_t *ret, struct err *err)
{
	struct span tree = plan_source_tree(inputs, plan);
	struct drconf drconf;
	int status = drconf_begin(tree.data, &drconf, err);

	if (status)
		return status;
	*ret = tree.size + TREE_EXTRA + (plan->cmdline ? strlen(plan->cmdline) : 0) +
	       16 * firmware->held.count +
	       ppc64le_cpu_room(tree.data, inputs->machine->cpus.possible.count);
	if (drconf.node >= 0)
		*ret += 8 * (drconf.count + 2 * range_size(plan->load_region) / drconf.size);
	return ST_OK;
}

int ppc64le_foretell(const struct plan_inputs *inputs, struct plan *plan,
	const struct ppc64le_firmware *firmware, uint64_t reach, struct err *err)
{
	uint64_t dtb = 0, page = plan->page_size;
	int status = tree_size(inputs, plan, firmware, &dtb, err);
	const struct {
		enum segment_purpose purpose;
		uint64_t size, align;
		struct span data;
		enum place_end end;
	} pieces[] = {
		{ SEGMENT_KERNEL, inputs->image->mem_size, PPC64LE_ALIGN,
			image_segment(inputs->image), PLACE_LOW },
		{ SEGMENT_PURGATORY, page, page, { .data = NULL }, PLACE_HIGH },
		{ SEGMENT_BACKUP, PPC64LE_BACKUP_SIZE, PPC64LE_ALIGN, { .data = NULL }, PLACE_LOW },
		{ SEGMENT_ELFCOREHDR, plan->core.memsz, PPC64LE_ALIGN, { .data = NULL },
			PLACE_LOW },
		{ SEGMENT_INITRD, inputs->initrd.size + inputs->initrd_unread, page, inputs->initrd,
			PLACE_LOW },
		{ SEGMENT_DTB, dtb, page, { .data = NULL }, PLACE_HIGH },
	};

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]) && !status; i++)
		if (pieces[i].purpose != SEGMENT_INITRD || inputs->has_initrd)
			status = place_segment(plan,
				&(struct place_want){ pieces[i].purpose, pieces[i].size,
					pieces[i].align, { 0, reach }, pieces[i].end },
				pieces[i].data, err);
	if (!status)
		plan->entry = plan_segment(plan, SEGMENT_PURGATORY)->mem;
	return status;
}
