// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bytes describe an x86_64 machine, a kernel and a request. What the new kernel is handed must
 * be true to the last byte: it believes all of it, and boots before it can say anything. Checked
 * without the code that makes it.
 */
#include <assert.h>

#include "purgatory/abi.h"
#include "purgatory/arch/x86_64/abi.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/stream.h"
#include "tests/unit/x86_machine.h"

#define PAGE 4096
#define MIB  (UINT64_C(1) << 20)

#define E820_IN_PARAMS 128
#define ENTRY_SIZE     20
#define RAM	       1

/* What parse_setup_data() maps at once: NR_FIX_BTMAPS pages (arch/x86/include/asm/fixmap.h). */
#define MAPPED_MAX (64 * PAGE)

/* Many small ranges, as many firmwares reserve. */
static void take_many(struct stream *stream, struct rangeset *set)
{
	size_t count = take(stream, 1) % 16 == 15 ? take(stream, 2) % 5000 : take(stream, 1) % 4;
	uint64_t at = take_amount(stream), size = take_amount(stream) % (16 * MIB) + 1;
	uint64_t step = take_amount(stream) % (16 * MIB) + 1;

	rangeset_done(set);
	for (; count && at < UINT64_MAX - size - step; count--, at += size + step)
		assert(rangeset_add(set, at, at + size) == ST_OK);
	rangeset_normalize(set);
}

static void take_memory(struct stream *stream, struct iomem *iomem)
{
	uint64_t start;

	take_ranges(stream, 6, &iomem->ram);
	if (take(stream, 1) % 4 != 3) {
		assert(rangeset_add(&iomem->ram, take(stream, 1), 0x9fc00) == ST_OK);
		assert(rangeset_add(&iomem->ram, MIB, 0xc0000000) == ST_OK);
		rangeset_normalize(&iomem->ram);
	}
	take_many(stream, &iomem->acpi_tables);
	take_many(stream, &iomem->acpi_nvs);
	take_many(stream, &iomem->firmware_reserved);
	rangeset_done(&iomem->crash);
	if (take(stream, 1) % 4 == 3) {
		start = take_amount(stream) % (UINT64_C(1) << 40);
		assert(rangeset_add(&iomem->crash, start, start + take(stream, 3) + 1) == ST_OK);
	}
	start = take(stream, 1) % 4 == 3 ? take_amount(stream) % (UINT64_C(1) << 46) / PAGE * PAGE
					 : 0x20000000;
	iomem->crash_load =
		(struct range){ start, start + ((1024 - take(stream, 2) % 1024) << 18) };
	assert(rangeset_add(&iomem->crash, start, iomem->crash_load.end) == ST_OK);
	rangeset_normalize(&iomem->crash);
}

static void take_kernel(struct stream *stream, uint8_t *file)
{
	make_bzimage(file);
	if (take(stream, 1) % 4 == 3)
		store_le64(file + 0x258, take_amount(stream));
	if (take(stream, 1) % 4 == 3)
		store_le32(file + 0x260, (uint32_t)take_amount(stream));
	if (take(stream, 1) % 4 == 3)
		store_le32(file + 0x230, UINT32_C(1) << take(stream, 1) % 32);
	if (take(stream, 1) % 4 == 3)
		store_le32(file + 0x238, (uint32_t)take(stream, 4));
	if (take(stream, 1) % 4 == 3)
		file[0x201] = (uint8_t)take(stream, 1);
	if (take(stream, 1) % 4 == 3)
		store_le16(file + 0x236, (uint16_t)take(stream, 2));
}

static void take_request(struct stream *stream, struct plan_machine *pm, char *words, size_t most)
{
	size_t length = take(stream, 2) % most;

	memset(words, 'x', length);
	words[length] = '\0';
	pm->request.append = length % 4 == 3 ? NULL : words;
	pm->request.hotplug = (take(stream, 1) + HOTPLUG_ON) % 3;
	pm->machine.state.crash_elfcorehdr_size =
		take(stream, 1) % 4 == 3 ? take_amount(stream) : 462448;
	pm->inputs.has_seeds = take(stream, 1) % 2;
	if (take(stream, 1) % 4 != 3)
		pm_initrd(pm, take(stream, 2) + 1);
	pm->machine.x86_boot.acpi_rsdp = take_amount(stream);
	if (take(stream, 1) % 4 == 3)
		blob_done(&pm->machine.x86_boot.params);
	pm->machine.x86_boot.five_levels = take(stream, 1) % 4 == 3;
	pm->machine.x86_boot.gibibyte_pages = take(stream, 1) % 2;
	pm->machine.ram_total = 0;
}

/* What the machine was booted with: for a restart, or for one from the capture kernel. */
static void take_known(struct stream *stream, struct plan_machine *pm)
{
	struct x86_boot *boot = &pm->machine.x86_boot;
	size_t count, nodes;
	uint64_t at, size, step;

	pm->request.crash = take(stream, 1) % 4 != 3;
	count = take(stream, 1);
	at = take_amount(stream);
	size = take_amount(stream) % (UINT64_C(1) << 34) + 1;
	step = take_amount(stream) % (UINT64_C(1) << 34) + 1;
	boot->memory.entries = calloc(count + 1, sizeof(*boot->memory.entries));
	assert(boot->memory.entries);
	/* No parser lets through an entry that ends behind all addresses. */
	for (uint32_t type = (uint32_t)take(stream, 1);
		boot->memory.count < count && at < UINT64_MAX - size - step;
		at += size + step, type = (uint32_t)take(stream, 1) % 8)
		boot->memory.entries[boot->memory.count++] =
			(struct e820_entry){ { at, at + size }, type };
	assert(e820_ram(&boot->memory, &pm->machine.boot_memory) == ST_OK);
	if (pm->machine.boot_memory.count)
		assert(e820_keep_ram(&boot->memory, &pm->machine.boot_memory) == ST_OK);
	nodes = take(stream, 1) % 8;
	boot->setup_data.nodes = calloc(nodes + 1, sizeof(*boot->setup_data.nodes));
	assert(boot->setup_data.nodes);
	for (size_t i = 0; i < nodes; i++) {
		struct setup_node *node = &boot->setup_data.nodes[i];

		node->type = (uint32_t)take(stream, 1) % 8;
		pm_noise(&node->data, take(stream, 2) % 3000);
	}
	boot->setup_data.count = nodes;
	if (pm->request.crash)
		rangeset_done(&pm->machine.boot_memory);
}

/* An entry of the map that the new kernel is given, wherever it is. */
struct entry {
	struct range range;
	uint32_t type;
};

struct map {
	struct entry entries[64 * 1024];
	size_t count;
};

/* The segment, as the new kernel follows it from its beginning. */
struct handed {
	struct span bytes;
	uint64_t base;
	struct map *map;
	bool map_goes_on;
	const uint8_t *seed;
	const uint8_t *record;
	struct span whole;
	const struct setup_data *inherited;
	size_t inherited_seen;
};

static const uint8_t *at(const struct handed *handed, uint64_t address, uint64_t size)
{
	assert(address >= handed->base && size <= handed->bytes.size);
	assert(address - handed->base <= handed->bytes.size - size);
	return handed->bytes.data + (address - handed->base);
}

static void take_entries(struct map *map, const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++, bytes += ENTRY_SIZE) {
		uint64_t start = load_le64(bytes), size = load_le64(bytes + 8), end;

		assert(size && add_u64(start, size, &end));
		assert(map->count < sizeof(map->entries) / sizeof(map->entries[0]));
		map->entries[map->count++] =
			(struct entry){ { start, end }, load_le32(bytes + 16) };
	}
}

/* A node of the running kernel, as it was, and in its order; those that are not true any more are
 * left out. */
static void check_inherited(struct handed *handed, uint32_t type, struct span content)
{
	const struct setup_data *list = handed->inherited;
	size_t i = handed->inherited_seen;

	while (i < list->count && (list->nodes[i].type < 2 || list->nodes[i].type == 4))
		i++;
	assert(i < list->count && list->nodes[i].type == type);
	assert(content.size == list->nodes[i].data.size);
	assert(!content.size || memcmp(content.data, list->nodes[i].data.data, content.size) == 0);
	handed->inherited_seen = i + 1;
}

/* The list of setup_data: each node at most once, apart, and what it says it is. */
static void follow(struct handed *handed)
{
	uint64_t seen_to = handed->base + BOOT_PARAMS_SIZE;

	for (uint64_t node = load_le64(handed->bytes.data + 0x250); node;) {
		const uint8_t *head = at(handed, node, 16);
		uint32_t type = load_le32(head + 8), size = load_le32(head + 12);
		const uint8_t *content = at(handed, node + 16, size);

		assert(node >= seen_to && node % 8 == 0);
		seen_to = node + 16 + size;
		if (type == 1) {
			assert(!handed->map_goes_on && size && size % ENTRY_SIZE == 0);
			assert(handed->map->count == E820_IN_PARAMS);
			assert(node % PAGE + 16 + size <= MAPPED_MAX);
			handed->map_goes_on = true;
			take_entries(handed->map, content, size / ENTRY_SIZE);
		} else if (type == 9) {
			assert(!handed->seed && size == 32);
			handed->seed = content;
		} else if (type == SETUP_WHOLE_MAP) {
			assert(!handed->whole.size && size);
			handed->whole = (struct span){ content, size };
		} else if (type < 8) {
			check_inherited(handed, type, (struct span){ content, size });
		} else {
			assert(type == PURGATORY_RECORD_SETUP_DATA && !handed->record);
			assert(size == sizeof(struct purgatory_record_cells));
			handed->record = content;
		}
		node = load_le64(head);
	}
}

static bool page_in(const struct rangeset *set, uint64_t page)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->ranges[i].start < page + PAGE && page < set->ranges[i].end)
			return true;
	return false;
}

/* May the new kernel write over this page? */
static bool page_free(const struct plan_machine *pm, uint64_t page)
{
	const struct iomem *iomem = &pm->machine.iomem;
	const struct segment *core = plan_segment(&pm->plan, SEGMENT_ELFCOREHDR);
	bool low = page < MIB && rangeset_contains(&iomem->ram, page, page + PAGE);

	return page >= PAGE && (low || rangeset_contains(&iomem->crash, page, page + PAGE)) &&
	       !(page >= core->mem && page < core->mem + core->memsz) &&
	       !page_in(&iomem->acpi_tables, page) && !page_in(&iomem->acpi_nvs, page) &&
	       !page_in(&iomem->firmware_reserved, page);
}

static bool is_ram(const struct map *map, uint64_t page)
{
	for (size_t i = 0; i < map->count && map->entries[i].type == RAM; i++)
		if (map->entries[i].range.start <= page && page < map->entries[i].range.end)
			return true;
	return false;
}

/* RAM comes first, in order, in whole pages. */
static size_t check_ram(const struct map *map)
{
	uint64_t end = 0;
	size_t i;

	for (i = 0; i < map->count && map->entries[i].type == RAM; i++) {
		struct range range = map->entries[i].range;

		assert(range.start % PAGE == 0 && range.end % PAGE == 0 && range.start >= PAGE);
		assert(i == 0 || range.start >= end);
		end = range.end;
	}
	assert(i);
	return i;
}

static void check_edges(
	const struct plan_machine *pm, const struct map *map, const struct rangeset *set)
{
	size_t step = set->count > 4 ? set->count / 4 : 1;

	for (size_t i = 0; i < set->count; i += step)
		for (int side = 0; side < 2; side++) {
			uint64_t edge = side ? set->ranges[i].end : set->ranges[i].start;

			for (uint64_t page = edge / PAGE * PAGE - PAGE, n = 0; n < 3;
				n++, page += PAGE)
				if (page < page + PAGE)
					assert(page_free(pm, page) == is_ram(map, page));
		}
}

/* What firmware owns is all there, as it was. */
static size_t check_firmware(
	const struct map *map, size_t next, const struct rangeset *set, uint32_t type)
{
	for (size_t i = 0; i < set->count; i++, next++) {
		assert(next < map->count && map->entries[next].type == type);
		assert(map->entries[next].range.start == set->ranges[i].start);
		assert(map->entries[next].range.end == set->ranges[i].end);
	}
	return next;
}

static void check_map(const struct plan_machine *pm, const struct map *map)
{
	const struct iomem *iomem = &pm->machine.iomem;
	size_t next = check_ram(map);

	next = check_firmware(map, next, &iomem->acpi_tables, 3);
	next = check_firmware(map, next, &iomem->acpi_nvs, 4);
	next = check_firmware(map, next, &iomem->firmware_reserved, 2);
	assert(next == map->count);
	check_edges(pm, map, &iomem->crash);
	check_edges(pm, map, &iomem->ram);
	check_edges(pm, map, &iomem->acpi_tables);
	check_edges(pm, map, &iomem->firmware_reserved);
}

static bool same_entry(const struct entry *entry, const struct e820_entry *wanted)
{
	return entry->type == wanted->type && entry->range.start == wanted->range.start &&
	       entry->range.end == wanted->range.end;
}

/* The whole machine: to a kernel for a restart all that there is, to a capture kernel on the
 * side. */
static void check_whole(const struct plan_machine *pm, const struct handed *handed)
{
	static struct map whole;
	const struct e820 *memory = &pm->machine.x86_boot.memory;
	const struct map *map = handed->map;

	whole.count = 0;
	if (pm->request.crash) {
		assert(handed->whole.size == memory->count * ENTRY_SIZE);
		take_entries(&whole, handed->whole.data, memory->count);
		map = &whole;
	} else {
		assert(!handed->whole.size);
	}
	assert(map->count == memory->count);
	for (size_t i = 0; i < memory->count; i++)
		assert(same_entry(&map->entries[i], &memory->entries[i]));
}

static uint64_t halves(const uint8_t *params, size_t low, size_t high)
{
	return load_le32(params + low) | (uint64_t)load_le32(params + high) << 32;
}

static void check_header(const struct plan_machine *pm, const struct handed *handed)
{
	const struct bzimage *kernel = &pm->image.bzimage;
	const struct segment *initrd = plan_segment(&pm->plan, SEGMENT_INITRD);
	const uint8_t *params = handed->bytes.data;
	const char *words = pm->plan.cmdline ? pm->plan.cmdline : "";
	size_t length = strlen(words);
	uint64_t line = halves(params, 0x228, 0x0c8);

	assert(params[0x1ef] == 0 && params[0x210] == 0xd0 && params[0x1e8]);
	assert(load_le32(params + 0x202) == 0x53726448);
	assert(halves(params, 0x218, 0x0c0) == (initrd ? initrd->mem : 0));
	assert(halves(params, 0x21c, 0x0c4) == (initrd ? initrd->data.size : 0));
	assert(memcmp(at(handed, line, length + 1), words, length + 1) == 0);
	assert(length <= kernel->cmdline_size);
	assert((strncmp(words, "elfcorehdr=0x", 13) == 0) == pm->request.crash);
	assert(load_le64(params + 0x070) == pm->machine.x86_boot.acpi_rsdp);
	/* Behind the header nothing of the file is left, up to what the running kernel says. */
	for (size_t i = 0x1f1 + kernel->header.size; i < 0x290; i++)
		assert(params[i] == 0 || (i >= 0x250 && i < 0x258));
}

static void check(const struct plan_machine *pm)
{
	static struct map map;
	const struct plan *plan = &pm->plan;
	const struct iomem *iomem = &pm->machine.iomem;
	const struct segment *segment = plan_segment(plan, SEGMENT_BOOT_PARAMS);
	const struct segment *kernel = plan_segment(plan, SEGMENT_KERNEL);
	struct handed handed = { .bytes = segment->data,
		.base = segment->mem,
		.map = &map,
		.inherited = &pm->machine.x86_boot.setup_data };

	map.count = 0;
	for (size_t i = 0; i < plan->segment_count; i++) {
		const struct segment *one = &plan->segments[i];

		assert(one->mem % PAGE == 0 && one->memsz % PAGE == 0 && one->memsz);
		if (pm->request.crash) {
			assert(one->mem >= iomem->crash_load.start);
			assert(one->mem + one->memsz <= iomem->crash_load.end);
		} else {
			assert(rangeset_contains(&iomem->ram, one->mem, one->mem + one->memsz));
			assert(!page_in(&iomem->crash, one->mem));
			assert(pm->machine.boot_memory.count == 0 ||
				rangeset_contains(
					&pm->machine.boot_memory, one->mem, one->mem + one->memsz));
		}
		assert(i == 0 ||
			plan->segments[i - 1].mem + plan->segments[i - 1].memsz <= one->mem);
	}
	if (pm->image.bzimage.relocatable) {
		assert(kernel->mem % pm->image.bzimage.kernel_alignment == 0);
		assert(kernel->mem >= pm->image.bzimage.pref_address);
	} else {
		assert(kernel->mem == pm->image.bzimage.pref_address && !pm->request.crash);
	}
	if (!pm->image.bzimage.above_4g)
		assert(kernel->mem + kernel->memsz <= (uint64_t)1 << 32 &&
			segment->mem + segment->memsz <= (uint64_t)1 << 32);
	assert(kernel->memsz >= pm->image.bzimage.init_size);
	assert(plan->handover.kernel_entry == kernel->mem + 0x200);
	assert(plan->handover.handed.start == segment->mem);
	assert(plan->handover.handed.end == segment->mem + segment->data.size);

	assert(handed.bytes.size > BOOT_PARAMS_SIZE && handed.bytes.data[0x1e8] <= E820_IN_PARAMS);
	take_entries(&map, handed.bytes.data + 0x2d0, handed.bytes.data[0x1e8]);
	follow(&handed);
	if (pm->request.crash)
		check_map(pm, &map);
	check_whole(pm, &handed);
	check_header(pm, &handed);
	assert(!handed.seed == !pm->inputs.has_seeds);
	assert(handed.record == at(&handed, plan->handover.record, 8));
	assert(memcmp(handed.record, "KEXECREC", 8) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stream stream = { data, size };
	uint8_t file[TEST_FILE_SIZE];
	struct plan_machine pm;
	char words[3000];
	int status;

	pm_init_x86_64(&pm);
	take_memory(&stream, &pm.machine.iomem);
	take_kernel(&stream, file);
	take_request(&stream, &pm, words, sizeof(words));
	take_known(&stream, &pm);
	if (pm_bzimage(&pm, file, sizeof(file)) == ST_OK) {
		status = pm_plan(&pm);
		if (status == ST_OK) {
			check(&pm);
		} else {
			assert(status != ST_BUG && status == pm.err.status);
			assert(pm.err.id && pm.err.text[0]);
		}
	}
	pm_done(&pm);
	return 0;
}
