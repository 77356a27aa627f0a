// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/plan/seal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/plan/arch_ops.h"
#include "lib/checked.h"

struct known_digest digest_of(struct span data)
{
	struct known_digest digest = { .data = data };
	struct sha256 ctx;

	sha256_init(&ctx, sha256_best_core());
	sha256_update(&ctx, data.data, data.size);
	sha256_final(&ctx, digest.sha256);
	return digest;
}

static struct known_digest known_or_made(const struct plan_inputs *inputs, struct span data)
{
	for (size_t i = 0; i < inputs->digests_count; i++)
		if (inputs->digests[i].data.data == data.data &&
			inputs->digests[i].data.size == data.size)
			return inputs->digests[i];
	return digest_of(data);
}

/* Purgatory holds the digests, and writes the backup; what the kernel will rewrite has none, nor
 * has memory with nothing in it. */
static bool is_digested(const struct plan *plan, enum segment_purpose purpose)
{
	switch (purpose) {
	case SEGMENT_PURGATORY:
	case SEGMENT_BACKUP:
	case SEGMENT_MEMORY:
		return false;
	case SEGMENT_ELFCOREHDR:
		return !plan->hotplug;
	case SEGMENT_DTB:
		return !plan->hotplug || !plan->arch->hotplug_edits_tree;
	case SEGMENT_KERNEL:
	case SEGMENT_INITRD:
	case SEGMENT_BOOT_PARAMS:
	case SEGMENT_MULTIBOOT:
	case SEGMENT_MODULE:
		break;
	}
	return true;
}

void plan_digest(const struct plan_inputs *inputs, struct plan *plan)
{
	for (size_t i = 0; i < plan->segment_count; i++) {
		struct segment *segment = &plan->segments[i];
		struct known_digest digest;

		if (!is_digested(plan, segment->purpose))
			continue;
		digest = known_or_made(inputs, segment->data);
		segment->digested = true;
		memcpy(segment->sha256, digest.sha256, SHA256_DIGEST_SIZE);
	}
}

static int by_address(const void *left, const void *right)
{
	const struct segment *a = left, *b = right;

	return a->mem < b->mem ? -1 : a->mem > b->mem;
}

/* Our own arithmetic put these segments there, so a fault is ours. */
static int check_geometry(const struct plan *plan, struct err *err)
{
	uint64_t taken_to = 0;

	for (size_t i = 0; i < plan->segment_count; i++) {
		const struct segment *segment = &plan->segments[i];
		const char *name = segment_purpose_name(segment->purpose);
		uint64_t end;

		if (!add_u64(segment->mem, segment->memsz, &end) ||
			!rangeset_contains(&plan->room, segment->mem, end))
			return err_set(err, ST_BUG, "segment-outside",
				"the %s at 0x%" PRIx64 " is outside the memory for it", name,
				segment->mem);
		if (!is_aligned(segment->mem, plan->page_size) ||
			!is_aligned(segment->memsz, plan->page_size))
			return err_set(err, ST_BUG, "segment-unaligned",
				"the %s at 0x%" PRIx64 " is not in whole pages", name,
				segment->mem);
		if (segment->data.size > segment->memsz)
			return err_set(err, ST_BUG, "segment-overfull",
				"the %s has more bytes than memory", name);
		if (segment->mem < taken_to)
			return err_set(err, ST_BUG, "segment-overlap",
				"the %s at 0x%" PRIx64 " overlaps the segment before it", name,
				segment->mem);
		taken_to = end;
	}
	if (!rangeset_contains(&plan->room, plan->entry, plan->entry + 1))
		return err_set(err, ST_BUG, "entry-outside",
			"the entry 0x%" PRIx64 " is outside the memory for it", plan->entry);
	return ST_OK;
}

static uint64_t taken(const struct plan *plan)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < plan->segment_count; i++)
		sum += plan->segments[i].memsz;
	return sum;
}

int plan_check_amount(uint64_t bytes, uint64_t ram_total, struct err *err)
{
	if (ram_total == 0 || bytes <= ram_total / 2)
		return ST_OK;
	err_set(err, ST_NO_SPACE, "image-half-of-ram",
		"the segments take 0x%" PRIx64
		" bytes, and the kernel allows half of its 0x%" PRIx64 " bytes of RAM",
		bytes, ram_total);
	return err_hint(err, "load a smaller kernel and initrd");
}

/* Room for either sentence below. */
#define WANTS_SIZE     160
#define SMALLER_INITRD "load a smaller initrd"

static int memory_short(
	uint64_t available, const char wants[WANTS_SIZE], const char *smaller, struct err *err)
{
	err_set(err, ST_NO_SPACE, "memory-short",
		"%s, and 0x%" PRIx64
		" bytes can be had (MemAvailable and SwapFree of /proc/meminfo)",
		wants, available);
	return err_hint(err,
		"%s, or give memory back first; kexec -u frees a kernel that is loaded for a "
		"restart",
		smaller);
}

int plan_check_files(uint64_t bytes, uint64_t available, struct err *err)
{
	char wants[WANTS_SIZE];

	if (available == 0 || bytes <= available)
		return ST_OK;
	snprintf(wants, sizeof(wants), "to read the files takes 0x%" PRIx64 " bytes", bytes);
	return memory_short(available, wants, SMALLER_INITRD, err);
}

int plan_check_memory(const struct plan_inputs *inputs, const struct plan *plan, struct err *err)
{
	const struct image *image = inputs->image;
	uint64_t available = inputs->machine->ram_available, initrd, read = 0, kept = 0;
	char wants[WANTS_SIZE];

	initrd = inputs->initrd.size + inputs->initrd_unread;
	if (inputs->by_file)
		read = image->file.size * (image->as_is ? 1 : 2) + initrd;
	if (!plan_is_crash(plan))
		kept = inputs->by_file ? image->mem_size + initrd : taken(plan);
	if (available == 0 || read + kept <= available)
		return ST_OK;
	snprintf(wants, sizeof(wants),
		"the kernel takes 0x%" PRIx64 " bytes of memory for this load (0x%" PRIx64
		" while it reads the files, 0x%" PRIx64 " for the segments)",
		read + kept, read, kept);
	return memory_short(available, wants,
		plan_comes_back(plan) ? "give the new kernel less with --mem-max" : SMALLER_INITRD,
		err);
}

/* For a crash load only: otherwise the kernel has all of its memory to take its own pages from. */
static int check_own_pages(struct plan *plan, struct err *err)
{
	uint64_t pages;

	plan->free_bytes = range_size(plan->load_region) - taken(plan);
	pages = plan->free_bytes / plan->page_size;
	if (pages < plan->own_pages) {
		err_set(err, ST_NO_SPACE, "crash-region-full",
			"the segments leave %" PRIu64 " free pages in the crash region [0x%" PRIx64
			", 0x%" PRIx64 "), and the kernel needs %" PRIu64 " for itself",
			pages, plan->load_region.start, plan->load_region.end, plan->own_pages);
		return err_hint(err, "reserve more with crashkernel= on the command line of the "
				     "running kernel");
	}
	return ST_OK;
}

int plan_not_elf(enum segment_purpose purpose, struct span data, struct err *err)
{
	if (!span_starts_with(data, "\177ELF", 4))
		return ST_OK;
	err_set(err, ST_UNSUPPORTED, "segment-elf-magic",
		"the %s begins with ELF magic (7f 45 4c 46): the kernel would take it for the "
		"elfcorehdr and write over it",
		segment_purpose_name(purpose));
	return err_hint(err, "an initrd is a cpio archive, as it is or compressed");
}

/* At a hotplug event the kernel takes the last segment that begins with ELF magic for the
 * elfcorehdr, looks at nothing else, and writes over it (kernel/crash_core.c). */
static int check_elf_magic(const struct plan *plan, struct err *err)
{
	const struct segment *core = NULL;

	for (size_t i = 0; i < plan->segment_count; i++) {
		const struct segment *segment = &plan->segments[i];

		if (!span_starts_with(segment->data, "\177ELF", 4))
			continue;
		if (segment->purpose != SEGMENT_ELFCOREHDR)
			return plan_not_elf(segment->purpose, segment->data, err);
		core = segment;
	}
	if (!core)
		return err_set(err, ST_BUG, "elfcorehdr-missing", "no segment is an elfcorehdr");
	return ST_OK;
}

int plan_seal(struct plan *plan, uint64_t ram_total, struct err *err)
{
	int status;

	qsort(plan->segments, plan->segment_count, sizeof(plan->segments[0]), by_address);
	status = check_geometry(plan, err);
	if (!status)
		status = plan_check_amount(taken(plan), ram_total, err);
	if (!status && plan_is_crash(plan)) {
		status = check_own_pages(plan, err);
		if (!status && !plan->by_kernel)
			status = check_elf_magic(plan, err);
	}
	return status;
}
