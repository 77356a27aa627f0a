/* SPDX-License-Identifier: GPL-2.0-only */
#include "purgatory.h"

#include <stddef.h>

#include "abi.h"
#include "arch.h"
#include "console.h"
#include "lib/sha256.h"
#include "print.h"

#define KNOWN_FLAGS                                                                                \
	(PURGATORY_SKIP_CHECK | PURGATORY_VERBOSE | PURGATORY_SME_USED | PURGATORY_SME_UNUSED |    \
		PURGATORY_SCREEN |                                                                 \
		(PURGATORY_TREES_EDITED ? PURGATORY_HANDED_EDITED | PURGATORY_HASHED : 0))

_Static_assert((int)SHA256_PLAIN == PURGATORY_CORE_PLAIN, "abi");
_Static_assert((int)SHA256_CPU == PURGATORY_CORE_CPU, "abi");
_Static_assert((int)SHA256_VECTOR == PURGATORY_CORE_VECTOR, "abi");

/* Target addresses are numbers; here, and only here, they become memory. */
static const void *memory_at(uint64_t address)
{
	return (const void *)(uintptr_t)address;
}

/* Memory that has no type yet, by eight bytes. */
typedef uint64_t __attribute__((may_alias)) memory_word;

static uint64_t address_of(const void *memory)
{
	return (uintptr_t)memory;
}

static bool in_data(const struct purgatory_region *region, uint64_t address)
{
	return address >= region->start && address - region->start < region->data_size;
}

static bool in_memory(const struct purgatory_region *region, uint64_t address)
{
	return address >= region->start && address - region->start < region->mem_size;
}

#define LINE 64

/* Whether the LINE bytes at an address, a multiple of eight, are zero. */
static bool line_is_zero(uint64_t address)
{
	const memory_word *word = memory_at(address);

	return (word[0] | word[1] | word[2] | word[3] | word[4] | word[5] | word[6] | word[7]) == 0;
}

/* The first byte of [start, end) that is not zero; end if there is none. By lines, but for
 * where it may be. */
static uint64_t first_nonzero(uint64_t start, uint64_t end)
{
	uint64_t at = start;

	while (at < end && at % sizeof(memory_word) != 0 && *(const uint8_t *)memory_at(at) == 0)
		at++;
	if (at % sizeof(memory_word) == 0)
		while (end - at >= LINE && line_is_zero(at))
			at += LINE;
	while (at < end && *(const uint8_t *)memory_at(at) == 0)
		at++;
	return at;
}

/* What is wrong with the block as such, or NULL. */
static const char *header_problem(const struct purgatory_params *params)
{
	if (params->magic != PURGATORY_MAGIC)
		return "magic";
	if (params->version != PURGATORY_VERSION)
		return "version";
	if (params->size != sizeof(*params))
		return "size";
	if ((params->flags & ~(uint32_t)KNOWN_FLAGS) != 0)
		return "flags";
	if (params->on_corruption != PURGATORY_HALT && params->on_corruption != PURGATORY_RESET &&
		params->on_corruption != PURGATORY_BOOT)
		return "on_corruption";
	if (params->region_count > PURGATORY_REGIONS_MAX)
		return "region_count";
	return NULL;
}

static bool name_terminated(const struct purgatory_region *region)
{
	for (size_t i = 0; i < PURGATORY_NAME_SIZE; i++)
		if (region->name[i] == '\0')
			return true;
	return false;
}

static const char *region_problem(const struct purgatory_region *region)
{
	if (region->start % PURGATORY_ALIGN != 0)
		return "region start";
	if (region->mem_size == 0 || region->start + region->mem_size < region->start)
		return "region mem_size";
	if (region->data_size > region->mem_size)
		return "region data_size";
	if (!name_terminated(region))
		return "region name";
	return NULL;
}

/* Whether address is aligned, and inside of what the digests cover. */
static bool is_covered(const struct purgatory_params *params, uint64_t address, uint64_t align)
{
	if (address % align != 0)
		return false;
	for (uint32_t i = 0; i < params->region_count; i++)
		if (in_data(&params->regions[i], address))
			return true;
	return false;
}

/* Device trees are big endian. */
static uint32_t cell(uint32_t value)
{
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_bswap32(value) : value;
}

/* A tree's header (Devicetree Specification 0.4, 5.2), as cells. */
#define FDT_MAGIC 0xd00dfeed
enum fdt_header {
	FDT_TOTALSIZE = 1,
	FDT_OFF_STRUCT,
	FDT_OFF_STRINGS,
	FDT_OFF_RESERVED,
	FDT_SIZE_STRINGS = 8,
	FDT_SIZE_STRUCT,
};

typedef uint32_t __attribute__((may_alias)) memory_cell;

/* Is what is handed over kept true by the old kernel? */
static bool is_edited(const struct purgatory_params *params)
{
	return PURGATORY_TREES_EDITED && (params->flags & PURGATORY_HANDED_EDITED);
}

/* Whether what the old kernel kept true is what it was loaded as, as far as that can be said: a
 * tree of that size, in no region. */
static bool edited_tree_is_good(const struct purgatory_params *params)
{
	const memory_cell *header = memory_at(params->handed);

	return params->handed % 8 == 0 && params->handed_size >= PURGATORY_EDITED_HEADER &&
	       cell(header[0]) == FDT_MAGIC && cell(header[FDT_TOTALSIZE]) == params->handed_size;
}

/* What is wrong with the list of regions and the two addresses into it, or NULL. */
static const char *regions_problem(const struct purgatory_params *params)
{
	uint64_t unused = address_of(&params->regions[params->region_count]);
	uint64_t end = address_of(&params->regions[PURGATORY_REGIONS_MAX]);

	/* No region would be verified: that is not what a good image looks like. */
	if (params->region_count == 0)
		return "region_count";
	/* A count that lost a bit would leave regions unverified, but it leaves them here. */
	if (first_nonzero(unused, end) != end)
		return "region_count";
	for (uint32_t i = 0; i < params->region_count; i++) {
		const char *problem = region_problem(&params->regions[i]);

		if (problem)
			return problem;
	}
	if (!is_covered(params, params->kernel_entry, PURGATORY_ENTRY_ALIGN))
		return "kernel_entry";
	if (is_edited(params) ? !edited_tree_is_good(params)
			      : !is_covered(params, params->handed, 8))
		return "handed";
	return NULL;
}

static uint64_t page_up(uint64_t address)
{
	return (address + PURGATORY_ALIGN - 1) & ~(uint64_t)(PURGATORY_ALIGN - 1);
}

/* Behind the blob and behind each other is where the planner puts the sets. They map the same
 * things, so they are of the same size. */
static bool tables_in_place(const struct purgatory_params *params)
{
	uint64_t at = page_up(address_of(params) - PURGATORY_PARAMS_OFFSET + params->mem_size);
	uint64_t size = params->tables[0].size;

	if (size % PURGATORY_ALIGN != 0 || size == 0 || size > PURGATORY_TABLES_SIZE_MAX)
		return false;
	for (unsigned int i = 0; i < PURGATORY_TABLES_SETS; i++, at += size)
		if (params->tables[i].root != at || params->tables[i].size != size)
			return false;
	return true;
}

static uint64_t sum_of(uint64_t start, uint64_t size)
{
	const memory_word *word = memory_at(start);
	uint64_t sum = 0;

	for (size_t i = 0; i < size / sizeof(*word); i++)
		sum = purgatory_sum(sum, word[i]);
	return sum;
}

bool purgatory_is_as_planned(const struct purgatory_params *params)
{
	return sum_of(address_of(params), offsetof(struct purgatory_params, sum)) == params->sum;
}

static const char *tables_problem(const struct purgatory_params *params)
{
	const struct purgatory_tables *tables = &params->tables[machine_tables_set()];
	uint64_t start = address_of(params->tables);

	if (first_nonzero(start, start + sizeof(params->tables)) == start + sizeof(params->tables))
		return NULL;
	if (!tables_in_place(params) || sum_of(tables->root, tables->size) != tables->sum)
		return "tables";
	return NULL;
}

/* What is wrong with the parameters and with what they lead to, or NULL. */
static const char *params_problem(const struct purgatory_params *params)
{
	const char *problem = header_problem(params);

	if (!problem && !(params->flags & PURGATORY_SKIP_CHECK)) {
		problem = regions_problem(params);
		if (!problem)
			problem = tables_problem(params);
	}
	if (!problem && !purgatory_is_as_planned(params))
		problem = "sum";
	return problem;
}

/* "purgatory: digest mismatch: NAME [0xSTART, 0xEND)": tests and people look for it. */
static void report_mismatch(
	struct console *console, const char *name, uint64_t start, uint64_t size)
{
	print(console, "purgatory: digest mismatch: ");
	print_name(console, name, PURGATORY_NAME_SIZE);
	print(console, " [");
	print_hex(console, start);
	print(console, ", ");
	print_hex(console, start + size);
	print(console, ")");
}

static void report_region(struct console *console, const struct purgatory_region *region)
{
	report_mismatch(console, region->name, region->start, region->mem_size);
}

static void report_params(
	struct console *console, const struct purgatory_params *params, const char *problem)
{
	report_mismatch(console, "purgatory", address_of(params), sizeof(*params));
	print(console, " bad parameter: ");
	print(console, problem);
	print(console, "\n");
}

static void report_digest(struct console *console, const char *label, const uint8_t *digest)
{
	print(console, label);
	print_bytes(console, digest, SHA256_DIGEST_SIZE);
	print(console, "\n");
}

static bool digest_equal(const uint8_t *a, const uint8_t *b)
{
	for (size_t i = 0; i < SHA256_DIGEST_SIZE; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

static bool data_is_good(
	struct console *console, const struct purgatory_region *region, enum sha256_core core)
{
	uint8_t found[SHA256_DIGEST_SIZE];
	struct sha256 ctx;

	sha256_init(&ctx, core);
	sha256_update(&ctx, memory_at(region->start), region->data_size);
	sha256_final(&ctx, found);
	if (digest_equal(found, region->sha256))
		return true;

	report_region(console, region);
	print(console, "\n");
	report_digest(console, "purgatory:   expected ", region->sha256);
	report_digest(console, "purgatory:   found    ", found);
	return false;
}

static bool tail_is_zero(struct console *console, const struct purgatory_region *region)
{
	uint64_t end = region->start + region->mem_size;
	uint64_t at = first_nonzero(region->start + region->data_size, end);

	if (at == end)
		return true;

	report_region(console, region);
	print(console, " tail not zero at ");
	print_hex(console, at);
	print(console, "\n");
	return false;
}

/* Count a bad segment; the first one's name is kept. */
static void note_bad(struct purgatory_outcome *outcome, const char *name)
{
	if (outcome->bad_count++ > 0)
		return;
	for (size_t i = 0; i < PURGATORY_NAME_SIZE - 1 && name[i] != '\0'; i++)
		outcome->bad_name[i] = name[i];
}

/* Of a good tree as edited_tree_is_good() sees it: whether what was loaded can still be in there,
 * as libfdt moves it. Nothing overflows: sizes are of 32 bits, and the parameters have a sum. */
static bool edited_tree_holds(const struct purgatory_params *params)
{
	const struct purgatory_edited *edited = &params->edited;
	const memory_cell *header = memory_at(params->handed);
	uint64_t structure = cell(header[FDT_OFF_STRUCT]);
	uint64_t strings = cell(header[FDT_OFF_STRINGS]);

	return edited->front >= PURGATORY_EDITED_HEADER && structure <= edited->front &&
	       edited->front + edited->back <= strings &&
	       structure + cell(header[FDT_SIZE_STRUCT]) == strings &&
	       edited->strings <= cell(header[FDT_SIZE_STRINGS]) &&
	       strings + cell(header[FDT_SIZE_STRINGS]) <= params->handed_size;
}

static void digest_edited(
	const struct purgatory_params *params, enum sha256_core core, uint8_t *found)
{
	const struct purgatory_edited *edited = &params->edited;
	const memory_cell *header = memory_at(params->handed);
	uint64_t strings = params->handed + cell(header[FDT_OFF_STRINGS]);
	struct sha256 ctx;

	sha256_init(&ctx, core);
	sha256_update(&ctx, header, FDT_OFF_STRINGS * sizeof(*header));
	sha256_update(&ctx, header + FDT_OFF_RESERVED,
		PURGATORY_EDITED_DIGESTED - FDT_OFF_STRINGS * sizeof(*header));
	sha256_update(&ctx, memory_at(params->handed + PURGATORY_EDITED_HEADER),
		edited->front - PURGATORY_EDITED_HEADER);
	sha256_update(&ctx, memory_at(strings - edited->back), edited->back);
	sha256_update(&ctx, memory_at(strings), edited->strings);
	sha256_final(&ctx, found);
}

/* All of a tree that the old kernel keeps true but what it writes there. */
static void check_edited_tree(struct console *console, const struct purgatory_params *params,
	struct purgatory_outcome *outcome)
{
	const struct purgatory_edited *edited = &params->edited;
	bool holds = edited_tree_holds(params);
	uint8_t found[SHA256_DIGEST_SIZE];

	if (holds) {
		digest_edited(params, (enum sha256_core)outcome->core, found);
		outcome->bytes += PURGATORY_EDITED_DIGESTED - PURGATORY_EDITED_HEADER +
				  edited->front + edited->back + edited->strings;
		if (outcome->caches == PURGATORY_CACHES_ON)
			machine_cache_clean(params->handed, params->handed_size);
		if (digest_equal(found, edited->sha256))
			return;
	}
	note_bad(outcome, "dtb");
	report_mismatch(console, "dtb", params->handed, params->handed_size);
	print(console, holds ? "\n" : " bad header\n");
	if (!holds)
		return;
	report_digest(console, "purgatory:   expected ", edited->sha256);
	report_digest(console, "purgatory:   found    ", found);
}

/* All regions are looked at even when the first is bad: the reader wants the whole damage. */
static void check_regions(struct console *console, const struct purgatory_params *params,
	struct purgatory_outcome *outcome)
{
	for (uint32_t i = 0; i < params->region_count; i++) {
		const struct purgatory_region *region = &params->regions[i];
		bool good = data_is_good(console, region, (enum sha256_core)outcome->core);

		good &= tail_is_zero(console, region);
		if (!good)
			note_bad(outcome, region->name);
		outcome->bytes += region->data_size;
		/* What was read is what the kernel will find, also with its caches off. */
		if (outcome->caches == PURGATORY_CACHES_ON)
			machine_cache_clean(region->start, region->mem_size);
	}
	if (is_edited(params))
		check_edited_tree(console, params, outcome);
}

static void report_caches(struct console *console, uint32_t caches)
{
	/* Not pointers, which would have to be relocated. */
	static const char words[][24] = {
		[PURGATORY_CACHES_ON] = "on",
		[PURGATORY_CACHES_NO_TABLES] = "off: no tables",
		[PURGATORY_CACHES_NO_GRANULE] = "off: no granule of 4 KiB",
		[PURGATORY_CACHES_MMU_ON] = "off: the MMU is on",
	};

	print(console, "purgatory: caches ");
	print_name(console, words[caches], sizeof(words[0]));
	print(console, "\n");
}

static void report_pace(struct console *console, const struct purgatory_params *params,
	const struct purgatory_outcome *outcome)
{
	print(console, "purgatory: checking ");
	print_hex(console, params->region_count);
	print(console, " segments\n");
	report_caches(console, outcome->caches);
	print(console, "purgatory: SHA-256 by ");
	if (outcome->core == PURGATORY_CORE_CPU)
		print(console, "CPU instructions\n");
	else if (outcome->core == PURGATORY_CORE_VECTOR)
		print(console, "vector code\n");
	else
		print(console, "plain code\n");
}

/* See whether all is as the planner left it, or at least nobody wants to know. */
static void check_image(struct console *console, const struct purgatory_params *params,
	struct purgatory_outcome *outcome)
{
	const char *problem = params_problem(params);
	bool verbose = params->flags & PURGATORY_VERBOSE;
	uint32_t caches;

	outcome->result = PURGATORY_RESULT_CORRUPT;
	if (problem) {
		report_params(console, params, problem);
		note_bad(outcome, "purgatory");
		return;
	}
	if (params->flags & PURGATORY_SKIP_CHECK) {
		if (verbose)
			print(console, "purgatory: check skipped\n");
		outcome->result = PURGATORY_RESULT_SKIPPED;
		return;
	}

	/* As fast as this CPU and the planner's tables allow. */
	caches = machine_cache_on(&params->tables[machine_tables_set()]);
	outcome->core = machine_sha256_core(params->flags);
	outcome->caches = caches;
	if (verbose)
		report_pace(console, params, outcome);
	check_regions(console, params, outcome);
	if (outcome->bad_count > 0)
		return;
	outcome->result = PURGATORY_RESULT_VERIFIED;
	if (verbose)
		print(console, "purgatory: image verified\n");
}

static void reset(struct console *console, const struct purgatory_params *params)
{
	print(console, "purgatory: on-corruption=reset\n");
	console_flush(console);
	machine_reset(params->reset);
	print(console, "purgatory: no reset came, halting\n");
}

/* What the user wants done about a bad image. Returns when that is to boot it. */
static void follow_policy(struct console *console, const struct purgatory_params *params)
{
	if (params->on_corruption == PURGATORY_BOOT) {
		print(console, "purgatory: on-corruption=boot\n");
		return;
	}
	if (params->on_corruption == PURGATORY_RESET)
		reset(console, params);
	else
		print(console, "purgatory: on-corruption=halt\n");
	console_flush(console);
	machine_halt();
}

/* The console may be where only our own tables lead; with bad ones nothing is said. */
static void reach_console(const struct purgatory_params *params)
{
	if (!machine_reaches(params->console_base) && !tables_problem(params))
		machine_cache_on(&params->tables[machine_tables_set()]);
}

void purgatory_main(const struct purgatory_params *params, struct purgatory_outcome *outcome)
{
	struct console console;

	*outcome = (struct purgatory_outcome){ .entered = machine_ticks() };
	reach_console(params);
	console_init(&console, params);
	check_image(&console, params, outcome);
	if (outcome->result == PURGATORY_RESULT_CORRUPT)
		follow_policy(&console, params);
	console_flush(&console);
}

static void report_fault(struct console *console, const struct purgatory_params *params,
	struct purgatory_outcome *outcome, uint64_t syndrome, uint64_t pc, uint64_t address)
{
	print(console, "purgatory: fault ");
	print_hex(console, syndrome);
	print(console, " at ");
	print_hex(console, pc);
	print(console, " address ");
	print_hex(console, address);
	print(console, "\n");

	for (uint32_t i = 0; i < params->region_count && i < PURGATORY_REGIONS_MAX; i++) {
		if (!in_memory(&params->regions[i], address))
			continue;
		note_bad(outcome, params->regions[i].name);
		report_region(console, &params->regions[i]);
		print(console, " unreadable at ");
		print_hex(console, address);
		print(console, "\n");
	}
}

void purgatory_fault(const struct purgatory_params *params, struct purgatory_outcome *outcome,
	uint64_t depth, uint64_t syndrome, uint64_t pc, uint64_t address)
{
	struct console console = { .type = PURGATORY_CONSOLE_NONE };

	if (outcome->recording)
		return;
	if (depth > 2)
		machine_halt();
	outcome->result = PURGATORY_RESULT_FAULT;
	if (depth == 1) {
		console_init(&console, params);
		report_fault(&console, params, outcome, syndrome, pc, address);
	}
	follow_policy(&console, params);
	console_flush(&console);
}

static void put_u64(uint32_t cells[2], uint64_t value)
{
	cells[0] = cell((uint32_t)(value >> 32));
	cells[1] = cell((uint32_t)value);
}

/* The record as what it says, and as what it is read and written by. */
union record {
	struct purgatory_record_cells say;
	uint32_t cells[sizeof(struct purgatory_record_cells) / sizeof(uint32_t)];
};
#define RECORD_CELLS (sizeof(union record) / sizeof(uint32_t))

/* Memory of the record; each access is one cell. */
typedef volatile uint32_t __attribute__((may_alias)) record_cell;

/* A record as the planner left it. */
static void record_init(union record *record)
{
	*record = (union record){
		.say.version = cell(PURGATORY_RECORD_VERSION),
		.say.size = cell(sizeof(*record)),
	};
	put_u64(record->say.magic, PURGATORY_RECORD_MAGIC);
}

/*
 * Where the record goes; NULL for nowhere. Inside of what the kernel is handed, and on top of an
 * unused record: whatever became of the parameters, nothing else is overwritten.
 */
static record_cell *record_at(const struct purgatory_params *params)
{
	record_cell *at = (record_cell *)(uintptr_t)params->record;
	uint64_t offset = params->record - params->handed;
	union record unused;

	if (params->record % sizeof(*at) != 0 || offset > params->handed_size ||
		sizeof(unused) > params->handed_size - offset)
		return NULL;
	record_init(&unused);
	for (size_t i = 0; i < RECORD_CELLS; i++)
		if (at[i] != unused.cells[i])
			return NULL;
	return at;
}

void purgatory_record(const struct purgatory_params *params, struct purgatory_outcome *outcome)
{
	union record record;
	record_cell *at;

	if (outcome->recording)
		return;
	outcome->recording = 1;
	at = record_at(params);
	if (!at)
		return;

	record_init(&record);
	record.say.result = cell(outcome->result);
	record.say.caches = cell(outcome->caches);
	record.say.core = cell(outcome->core);
	record.say.tick_rate = cell(machine_tick_rate());
	put_u64(record.say.entered, outcome->entered);
	put_u64(record.say.left, machine_ticks());
	put_u64(record.say.bytes, outcome->bytes);
	record.say.bad_count = cell(outcome->bad_count);
	for (size_t i = 0; i < PURGATORY_NAME_SIZE; i++)
		record.say.bad_name[i] = outcome->bad_name[i];

	/* A line that is dirty would be written over the record later, one that was read ahead
	 * would hide it from the kernel. */
	machine_cache_clean(params->record, sizeof(record));
	for (size_t i = 0; i < RECORD_CELLS; i++)
		at[i] = record.cells[i];
	machine_cache_clean(params->record, sizeof(record));
}
