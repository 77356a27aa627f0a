// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bytes describe a machine, an image and a request; what comes out as a plan must keep
 * every promise of a plan, checked here without the code that makes them.
 */
#include <assert.h>

#include "kexec/plan/dump.h"
#include "lib/printable.h"
#include "purgatory/abi.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/heard.h"
#include "tests/fuzz/stream.h"
#include "tests/unit/plan_machine.h"

/* Zeros choose the usual way here and below, so that most inputs become a plan. */
static void take_memory(struct stream *stream, struct iomem *iomem)
{
	take_ranges(stream, 12, &iomem->ram);
	if (take(stream, 1) % 8 != 7)
		rangeset_add(&iomem->ram, MACHINE_RAM, 2 * MACHINE_RAM);
	rangeset_done(&iomem->crash);
	if (take(stream, 1) % 4 == 3) {
		take_ranges(stream, 3, &iomem->crash);
		iomem->crash_load = (struct range){ 0, 0 };
		if (iomem->crash.count)
			iomem->crash_load = iomem->crash.ranges[iomem->crash.count - 1];
	} else {
		uint64_t start = take(stream, 3) << 21;
		struct range low = { start, start + (take(stream, 1) << 21) };

		start = low.end + (take(stream, 2) << 20);
		iomem->crash_load =
			(struct range){ start, start + ((1024 - take(stream, 2) % 1024) << 18) };
		rangeset_add(&iomem->crash, low.start, low.end);
		rangeset_add(&iomem->crash, iomem->crash_load.start, iomem->crash_load.end);
		rangeset_normalize(&iomem->crash);
	}
	for (size_t i = 0; i < iomem->crash.count && take(stream, 1) % 4 != 3; i++)
		rangeset_add(&iomem->ram, iomem->crash.ranges[i].start, iomem->crash.ranges[i].end);
	rangeset_normalize(&iomem->ram);
}

static void take_machine(struct stream *stream, struct plan_machine *pm)
{
	static const char ranges[] = "CONFIG_CRASH_HOTPLUG=y\nCONFIG_MEMORY_HOTPLUG=y\n"
				     "CONFIG_CRASH_MAX_MEMORY_RANGES=99\n";
	static const char *const configs[] = { "", "CONFIG_CRASH_HOTPLUG=y\n", ranges,
		"CONFIG_CRASH_HOTPLUG=y\nCONFIG_MEMORY_HOTPLUG=y\n" };
	struct machine *machine = &pm->machine;
	struct kcore_load loads[4];
	size_t count = take(stream, 1) % 5;
	size_t possible = 1 + take(stream, 1);
	uint64_t limit;

	machine->page_size = UINT64_C(4096) << take(stream, 1) % 3 * 2;
	machine->ram_total = take(stream, 1) % 2 ? take_amount(stream) : 0;
	take_memory(stream, &machine->iomem);
	take_ranges(stream, 4, &machine->crash_cma);
	machine->state.crash_elfcorehdr_size =
		take(stream, 1) % 4 == 3 ? take_amount(stream) : 4096;
	pm_config(pm, configs[take(stream, 1) % 4]);
	pm_cpus(pm, possible, 1 + take(stream, 1) % possible);
	machine->firmware.acpi = take(stream, 1) % 2;
	machine->firmware.acpi_memory_devices = take(stream, 1) % 2;
	machine->firmware.psci = take(stream, 1) % 3;
	for (size_t i = 0; i < count; i++) {
		loads[i].vaddr = take_amount(stream);
		loads[i].paddr = take_amount(stream);
		loads[i].size = take_amount(stream);
	}
	if (take(stream, 1) % 4 == 3)
		pm_kcore(pm, loads, count);
	limit = take(stream, 2);
	if (limit % 2)
		pm_default_fdt(pm, limit & 2, limit & 4 ? "root=/dev/vda crashkernel=1G" : NULL);
}

static void take_request(struct stream *stream, struct plan_machine *pm, char *words)
{
	pm->request.hotplug = (take(stream, 1) + HOTPLUG_ON) % 3;
	pm->request.hotplug_size = take(stream, 1) % 4 == 3 ? take_amount(stream) : 0;
	pm->request.no_checks = take(stream, 1) % 8 == 7;
	pm->request.no_capture_defaults = take(stream, 1) % 8 == 7;
	pm->request.on_corruption = take(stream, 1) % 3;
	pm->request.reuse_cmdline = take(stream, 1) % 4 == 3;
	if (take(stream, 1) % 8 != 7)
		pm->machine.cmdline = strdup("root=/dev/vdb crashkernel=1G -- single");
	if (take(stream, 1) % 2) {
		size_t length = take(stream, 2) % 3000;

		/* Any byte now and then: it is shown. */
		memset(words, length % 4 == 3 ? (int)(length / 4 % 256) : 'x', length);
		words[length] = '\0';
		pm->request.append = words;
	}
	pm->image.mem_size = take(stream, 1) % 2 ? take(stream, 4) % IMAGE_SIZE_MAX + 64 : 0x30000;
	pm_noise(&pm->image.memory, take(stream, 2) % 5000 + 64);
	pm->image.data = blob_span(&pm->image.memory);
	pm->image.text_offset = take(stream, 1) % 4 == 3 ? take(stream, 2) % 512 * 4096 : 0;
	pm->image.big_endian = take(stream, 1) == 255;
	if (take(stream, 1) % 4 != 3) {
		uint64_t size = take(stream, 2) % 8192 ^ 0x1000;

		pm_initrd(pm, size);
		if (take(stream, 1) == 7 && size >= 4)
			memcpy(pm->initrd.data, "\177ELF", 4);
	}
	pm->inputs.file_load = (take(stream, 1) + TRI_YES) % 3;
	pm->inputs.has_seeds = take(stream, 1) % 2;
	if (take(stream, 1) % 4 == 3)
		pm->request.mem_min = take_amount(stream);
	if (take(stream, 1) % 4 == 3)
		pm->request.mem_max = take_amount(stream);
}

/* What only a normal load looks at. */
static void take_normal(struct stream *stream, struct plan_machine *pm)
{
	pm->request.crash = take(stream, 1) % 4 != 3;
	take_ranges(stream, 40, &pm->machine.iomem.reserved);
	take_ranges(stream, 6, &pm->machine.iomem.ram_driver_managed);
	take_ranges(stream, 6, &pm->machine.boot_memory);
	pm->inputs.console.type = take(stream, 1) % 3;
	pm->inputs.console.base = take_amount(stream);
	if (pm->inputs.console.type == CONSOLE_8250) {
		pm->inputs.console.reg_shift = take(stream, 1) % 4;
		pm->inputs.console.reg_width = 1;
	}
}

static bool overlaps_any(const struct rangeset *set, struct range range)
{
	for (size_t i = 0; i < set->count; i++)
		if (range_overlaps(set->ranges[i], range))
			return true;
	return false;
}

/* May a segment be here? */
static bool allowed(const struct plan_machine *pm, struct range range)
{
	const struct iomem *iomem = &pm->machine.iomem;
	const struct rangeset *boot = &pm->machine.boot_memory;

	if (range.start < pm->request.mem_min ||
		(pm->request.mem_max && range.end - 1 > pm->request.mem_max))
		return false;
	if (pm->request.crash)
		return range.start >= iomem->crash_load.start && range.end <= iomem->crash_load.end;
	return rangeset_contains(&iomem->ram, range.start, range.end) &&
	       (boot->count == 0 || rangeset_contains(boot, range.start, range.end)) &&
	       !overlaps_any(&iomem->reserved, range) &&
	       !overlaps_any(&iomem->ram_driver_managed, range) &&
	       !overlaps_any(&iomem->crash, range);
}

static void check_segments(const struct plan_machine *pm)
{
	const struct plan *plan = &pm->plan;
	uint64_t page = pm->machine.page_size;
	uint64_t taken = 0;
	size_t elf = 0;

	assert(plan->segment_count >= 3 && plan->segment_count <= KEXEC_SEGMENT_MAX);
	for (size_t i = 0; i < plan->segment_count; i++) {
		const struct segment *segment = &plan->segments[i];

		assert(segment->mem % page == 0 && segment->memsz % page == 0 && segment->memsz);
		assert(segment->data.size <= segment->memsz);
		assert(segment->mem + segment->memsz > segment->mem);
		assert(allowed(pm, (struct range){ segment->mem, segment->mem + segment->memsz }));
		for (size_t j = 0; j < i; j++)
			assert(plan->segments[j].mem + plan->segments[j].memsz <= segment->mem);
		if (pm->request.crash && span_starts_with(segment->data, "\177ELF", 4)) {
			assert(segment->purpose == SEGMENT_ELFCOREHDR);
			elf++;
		}
		taken += segment->memsz;
	}
	assert(elf == (pm->request.crash ? 1 : 0));
	assert(!pm->machine.ram_total || taken <= pm->machine.ram_total / 2);
	if (!pm->request.crash)
		return;
	assert((range_size(plan->load_region) - taken) / page >= 2);
	assert(plan->free_bytes == range_size(plan->load_region) - taken);
}

static void check_rules(const struct plan_machine *pm)
{
	const struct plan *plan = &pm->plan;
	const struct segment *kernel = plan_segment(plan, SEGMENT_KERNEL);
	const struct segment *initrd = plan_segment(plan, SEGMENT_INITRD);
	const struct segment *core = plan_segment(plan, SEGMENT_ELFCOREHDR);
	const struct segment *dtb = plan_segment(plan, SEGMENT_DTB);
	const struct segment *purgatory = plan_segment(plan, SEGMENT_PURGATORY);
	uint64_t window = kernel->mem >> 30 << 30;
	uint64_t hotplug = plan->hotplug ? KEXEC_CRASH_HOTPLUG_SUPPORT : 0;

	assert((kernel->mem - pm->image.text_offset) % (2u << 20) == 0);
	assert(kernel->memsz >= pm->image.mem_size);
	assert(!initrd == !pm->inputs.has_initrd);
	if (initrd)
		assert(initrd->mem > kernel->mem &&
			initrd->mem + initrd->memsz - window <= UINT64_C(32) << 30);
	assert(!core == !pm->request.crash);
	assert(!core || (core->mem % 65536 == 0 && core->memsz >= plan->core.bytes.size));
	assert(dtb->mem && dtb->mem % (2u << 20) == 0 && dtb->data.size <= 2u << 20);
	assert(fdt_check_full(dtb->data.data, dtb->data.size) == 0);
	assert(plan->entry == purgatory->mem);
	assert(plan->flags == (UINT64_C(0x00b70000) | (core ? 1 : 0) | hotplug));
	if (plan->hotplug) {
		assert(pm->request.hotplug != HOTPLUG_OFF);
		assert(pm->inputs.file_load != TRI_NO);
		assert(core->memsz >= plan->hotplug_needed);
		assert(pm->request.hotplug_size || core->memsz >= plan->hotplug_asked);
	}
	assert(!plan->cmdline || strlen(plan->cmdline) < 2048);
}

static bool page_in(const struct rangeset *set, uint64_t at, uint64_t page)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->ranges[i].start < at + page && at < set->ranges[i].end)
			return true;
	return false;
}

/* Is the page that begins here wholly in RAM, and nothing that a dump leaves out? */
static bool page_wanted(const struct plan_machine *pm, uint64_t at)
{
	uint64_t page = pm->machine.page_size, end;

	return add_u64(at, page, &end) && rangeset_contains(&pm->machine.iomem.ram, at, end) &&
	       !page_in(&pm->machine.iomem.crash, at, page) &&
	       !page_in(&pm->machine.crash_cma, at, page);
}

static bool page_dumped(const struct plan *plan, uint64_t at, uint64_t page)
{
	for (size_t i = 0; i < plan->core.count; i++) {
		const struct core_entry *entry = &plan->core.entries[i];

		if (entry->kind == CORE_RAM && entry->paddr <= at &&
			at + page <= entry->paddr + entry->size)
			return true;
	}
	return false;
}

/* Around each end of these ranges, a page is in the dump when it should be, and only then. */
static void check_edges(const struct plan_machine *pm, const struct rangeset *set)
{
	uint64_t page = pm->machine.page_size;

	for (size_t i = 0; i < 2 * set->count; i++) {
		uint64_t edge = i % 2 ? set->ranges[i / 2].end : set->ranges[i / 2].start;

		for (int step = -1; step <= 1; step++) {
			uint64_t at = align_down(edge, page) + (uint64_t)step * page;

			if (at + page > at)
				assert(page_wanted(pm, at) == page_dumped(&pm->plan, at, page));
		}
	}
}

static void check_header(const struct plan_machine *pm)
{
	const struct elfcorehdr *core = &pm->plan.core;
	const uint8_t *ehdr = core->bytes.data;
	uint64_t ram_end = 0;

	assert(core->bytes.size == 64 + 56 * core->count && load_le16(ehdr + 56) == core->count);
	assert(memcmp(ehdr, "\177ELF\2\1\1", 7) == 0 && load_le16(ehdr + 16) == 4);
	assert(load_le16(ehdr + 18) == 183 && load_le64(ehdr + 32) == 64);
	assert(load_le16(ehdr + 52) == 64 && load_le16(ehdr + 54) == 56);
	for (size_t i = 0; i < core->count; i++) {
		const struct core_entry *entry = &core->entries[i];
		const uint8_t *phdr = ehdr + 64 + 56 * i;
		bool load = entry->kind == CORE_KERNEL || entry->kind == CORE_RAM;

		assert(load_le32(phdr) == (load ? 1 : 4) && load_le32(phdr + 4) == (load ? 7 : 0));
		assert(load_le64(phdr + 8) == entry->paddr);
		assert(load_le64(phdr + 16) == entry->vaddr);
		assert(load_le64(phdr + 24) == entry->paddr);
		assert(load_le64(phdr + 32) == entry->size && load_le64(phdr + 40) == entry->size);
		assert(load_le64(phdr + 48) == 0);
		assert(i == 0 || core->entries[i - 1].kind <= entry->kind);
		if (entry->kind != CORE_RAM)
			continue;
		assert(entry->paddr >= ram_end && entry->size);
		ram_end = entry->paddr + entry->size;
		assert(ram_end > entry->paddr);
	}
	check_edges(pm, &pm->machine.iomem.ram);
	check_edges(pm, &pm->machine.iomem.crash);
	check_edges(pm, &pm->machine.crash_cma);
}

/* The parameters as purgatory reads them, against the segments. */
static void check_digests(const struct plan_machine *pm)
{
	const struct plan *plan = &pm->plan;
	const uint8_t *params = plan->purgatory.data + PURGATORY_PARAMS_OFFSET;
	const uint8_t *regions = params + offsetof(struct purgatory_params, regions);
	uint32_t count = load_le32(params + offsetof(struct purgatory_params, region_count));
	uint32_t flags = load_le32(params + offsetof(struct purgatory_params, flags));
	uint32_t wanted = 0;

	assert(!(flags & PURGATORY_SKIP_CHECK) == !pm->request.no_checks);
	for (size_t i = 0; i < plan->segment_count; i++) {
		const struct segment *segment = &plan->segments[i];
		uint8_t digest[SHA256_DIGEST_SIZE];
		struct sha256 ctx;
		bool digested = !pm->request.no_checks && segment->purpose != SEGMENT_PURGATORY &&
				!(segment->purpose == SEGMENT_ELFCOREHDR && plan->hotplug);
		bool found = false;

		assert(segment->digested == digested);
		if (!digested)
			continue;
		wanted++;
		sha256_init(&ctx, SHA256_PLAIN);
		sha256_update(&ctx, segment->data.data, segment->data.size);
		sha256_final(&ctx, digest);
		for (uint32_t j = 0; j < count; j++) {
			const uint8_t *region = regions + j * sizeof(struct purgatory_region);

			if (load_le64(region) != segment->mem)
				continue;
			found = true;
			assert(load_le64(region + 8) == segment->data.size);
			assert(load_le64(region + 16) == segment->memsz);
			assert(memcmp(region + 24, digest, sizeof(digest)) == 0);
		}
		assert(found);
	}
	assert(count == wanted);
	assert(load_le64(params + PURGATORY_PARAMS_ENTRY) ==
		plan_segment(plan, SEGMENT_KERNEL)->mem);
	assert(load_le64(params + PURGATORY_PARAMS_HANDED) == plan_segment(plan, SEGMENT_DTB)->mem);
}

/* As --dry-run shows it. */
static void check_text(struct plan_machine *pm)
{
	struct blob text = BLOB_INIT;
	struct heard heard;
	FILE *door = printable_open(heard_open(&heard));

	assert(plan_dump_text(&pm->plan, &pm->inputs, &pm->report, &text) == ST_OK);
	assert(fwrite(text.data, 1, text.size, door) == text.size);
	assert(fclose(door) == 0);
	heard_done(&heard);
	blob_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stream stream = { data, size };
	struct plan_machine pm;
	char words[3001];
	int status;

	pm_init(&pm);
	take_machine(&stream, &pm);
	take_request(&stream, &pm, words);
	take_normal(&stream, &pm);
	status = pm_plan(&pm);
	if (status == ST_OK) {
		check_segments(&pm);
		check_rules(&pm);
		if (pm.request.crash)
			check_header(&pm);
		check_digests(&pm);
		check_text(&pm);
	} else {
		assert(status != ST_BUG && status == pm.err.status);
		assert(pm.err.id && pm.err.text[0]);
		assert(!pm.plan.arch && !pm.plan.dtb.data);
	}
	pm_done(&pm);
	return 0;
}
