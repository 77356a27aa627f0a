// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/arch/x86_64/tables.h"

#include "lib/checked.h"
#include "lib/vmcoreinfo.h"
#include "purgatory/abi.h"
#include "purgatory/arch/x86_64/abi.h"

/* Bits of an entry. With A and D set the CPU never writes to the tables, which are sealed. */
#define PRESENT	   (1ull << 0)
#define WRITABLE   (1ull << 1)
#define PWT	   (1ull << 3)
#define PCD	   (1ull << 4)
#define ACCESSED   (1ull << 5)
#define DIRTY	   (1ull << 6)
#define LARGE	   (1ull << 7)
#define MEMORY	   (PRESENT | WRITABLE | ACCESSED | DIRTY)
#define DEVICE	   (MEMORY | PWT | PCD) /* entry 3 of the PAT: uncached, also as Linux sets it */
#define LARGE_SIZE (2ull << 20)

/* Segments come to far fewer pieces than there are of them; a device cuts one of them in two. */
#define MAPPINGS_MAX (KEXEC_SEGMENT_MAX + 4)

/*
 * All segments, to whole entries of 2 MiB: so the kernel maps them, too, and that an access behind
 * one is not to memory is for the CPU's own ranges of types (MTRR) to say. Without devices. On the
 * way back also where the other kernel waits, who comes by its own tables at once.
 */
static int list_memory(const struct plan *plan, uint64_t way_back, const struct rangeset *devices,
	struct rangeset *ret)
{
	struct rangeset all = RANGESET_INIT;
	uint64_t waits = align_down(way_back, LARGE_SIZE);
	int status = way_back ? rangeset_add(&all, waits, waits + LARGE_SIZE) : ST_OK;

	for (size_t i = 0; i < plan->segment_count && !status; i++) {
		const struct segment *segment = &plan->segments[i];
		uint64_t end = segment->mem + segment->memsz;

		status = rangeset_add(&all, align_down(segment->mem, LARGE_SIZE),
			align_down(end - 1, LARGE_SIZE) + LARGE_SIZE);
	}
	rangeset_normalize(&all);
	if (!status)
		status = rangeset_subtract(&all, devices, ret);
	rangeset_done(&all);
	return status;
}

/* By the kernel's own word, which also knows an encryption that firmware set up. */
static bool memory_is_encrypted(const struct machine *machine)
{
	uint64_t mask;

	return machine->x86_boot.encrypted_guest ||
	       (vmcoreinfo_number(blob_span(&machine->layout.kcore.vmcoreinfo), "NUMBER(sme_mask)",
			10, &mask) &&
		       mask != 0);
}

/* Both sets of the same size, as purgatory wants them. */
static const char *build_sets(const struct page_mapping *mappings, size_t count, uint64_t at,
	uint8_t *memory, struct range *ret_sets)
{
	struct page_tables_format format = {
		.levels = 4, .largest = 1, .table = MEMORY & ~DIRTY, .kind = LARGE, .block = LARGE
	};
	size_t used, size;
	const char *problem = page_tables_build(
		&format, mappings, count, at, memory, X86_64_TABLES_MAX - 1, &used);

	if (problem)
		return problem;
	/* The lower half of the addresses of five levels is that of four, and one table above. */
	size = (used + 1) * PAGE_TABLE_SIZE;
	ret_sets[PURGATORY_TABLES_4_LEVELS] = (struct range){ at, at + size };
	ret_sets[PURGATORY_TABLES_5_LEVELS] = (struct range){ at + size, at + 2 * size };
	format.levels = 5;
	return page_tables_build(
		&format, mappings, count, at + size, memory + size, used + 1, &used);
}

_Static_assert(X86_64_TABLES_MAX *PAGE_TABLE_SIZE <= PURGATORY_TABLES_SIZE_MAX, "abi");

/* The console, and the screen where it is asked for, by ascending address. */
static int list_devices(const struct plan_inputs *inputs, struct rangeset *ret)
{
	bool none = inputs->console.type == CONSOLE_NONE;
	struct range console = none ? (struct range){ 0, 0 } : console_pages(&inputs->console);
	int status = rangeset_add(ret, console.start, console.end);

	if (!status && inputs->screen)
		status = rangeset_add(ret, PURGATORY_SCREEN_START, PURGATORY_SCREEN_END);
	rangeset_normalize(ret);
	return status;
}

static size_t add_mappings(
	const struct rangeset *ranges, uint64_t bits, struct page_mapping *mappings, size_t count)
{
	for (size_t i = 0; i < ranges->count; i++)
		mappings[count++] = (struct page_mapping){ ranges->ranges[i], bits };
	return count;
}

const char *x86_64_purgatory_tables(const struct plan_inputs *inputs, const struct plan *plan,
	const struct purgatory_layout *layout, uint8_t *memory, struct range *ret_sets)
{
	struct page_mapping mappings[MAPPINGS_MAX];
	struct rangeset devices = RANGESET_INIT, segments = RANGESET_INIT;
	const char *problem = "there is no memory to make them in";
	size_t count;

	if (memory_is_encrypted(inputs->machine))
		return "this machine's memory is encrypted, and devices are reached by more than "
		       "tables";
	if (list_devices(inputs, &devices) == ST_OK &&
		list_memory(plan, inputs->request->way_back, &devices, &segments) == ST_OK &&
		segments.count + devices.count <= MAPPINGS_MAX) {
		count = add_mappings(&segments, MEMORY, mappings, 0);
		count = add_mappings(&devices, DEVICE, mappings, count);
		problem = build_sets(mappings, count, layout->tables, memory, ret_sets);
	}
	rangeset_done(&devices);
	rangeset_done(&segments);
	return problem;
}
