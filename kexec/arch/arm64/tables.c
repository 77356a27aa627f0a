// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/arch/arm64/tables.h"

#include "kexec/plan/page_tables.h"
#include "purgatory/abi.h"
#include "purgatory/arch/arm64/abi.h"

/* Descriptors: DDI 0487, D8.3.1 and D8.3.2. */
#define VALID	    (1ull << 0)
#define TABLE	    (1ull << 1) /* a table; in a table of the last level, a page */
#define ATTR_DEVICE (1ull << 2) /* AttrIndx 1; 0 is Normal memory */
#define AP_1	    (1ull << 6) /* EL0 may, too; where there is no EL0, always one */
#define AP_2_READ   (1ull << 7) /* no writes */
#define SH_INNER    (3ull << 8)
#define ACCESSED    (1ull << 10)
#define PXN	    (1ull << 53) /* not to be executed by ourselves; where there is no EL0, zero */
#define UXN	    (1ull << 54) /* not at EL0; where there is no EL0, not at all */

static const struct page_tables_format format = {
	.levels = 4, .largest = 2, .table = VALID | TABLE, .kind = TABLE, .page = TABLE
};

/* All bits of a leaf but those of its address and level. */
static uint64_t leaf_bits(enum arm64_access access, enum arm64_regime regime)
{
	uint64_t bits = VALID | ACCESSED;

	bits |= access == ARM64_DEVICE ? ATTR_DEVICE : SH_INNER;
	if (access == ARM64_CODE || access == ARM64_READ)
		bits |= AP_2_READ;
	if (regime == ARM64_EL2_ONLY)
		return bits | AP_1 | (access == ARM64_CODE ? 0 : UXN);
	return bits | UXN | (access == ARM64_CODE ? 0 : PXN);
}

const char *arm64_tables_build(const struct arm64_mapping *mappings, size_t mapping_count,
	enum arm64_regime regime, uint64_t base, uint8_t *memory, size_t count, size_t *ret_used)
{
	struct page_mapping mapped[ARM64_MAPPINGS_MAX];

	if (mapping_count > ARM64_MAPPINGS_MAX)
		return "there are too many mappings";
	for (size_t i = 0; i < mapping_count; i++)
		mapped[i] = (struct page_mapping){ mappings[i].range,
			leaf_bits(mappings[i].access, regime) };
	return page_tables_build(&format, mapped, mapping_count, base, memory, count, ret_used);
}

/* All that purgatory touches while the MMU is on. */
static size_t list_mappings(const struct plan_inputs *inputs, const struct plan *plan,
	const struct purgatory_layout *layout, struct arm64_mapping *mappings)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->segment_count; i++) {
		const struct segment *segment = &plan->segments[i];

		if (segment->digested)
			mappings[count++] = (struct arm64_mapping){
				{ segment->mem, segment->mem + segment->memsz }, ARM64_READ
			};
	}
	mappings[count++] = (struct arm64_mapping){ { layout->start, layout->stack }, ARM64_CODE };
	mappings[count++] =
		(struct arm64_mapping){ { layout->stack, layout->tables }, ARM64_WRITE };
	if (inputs->console.type != CONSOLE_NONE)
		mappings[count++] =
			(struct arm64_mapping){ console_pages(&inputs->console), ARM64_DEVICE };
	return count;
}

_Static_assert(ARM64_TABLES_MAX *ARM64_TABLE_SIZE <= PURGATORY_TABLES_SIZE_MAX, "abi");
_Static_assert((int)ARM64_WITH_EL0 == PURGATORY_TABLES_WITH_EL0, "abi");
_Static_assert((int)ARM64_EL2_ONLY == PURGATORY_TABLES_EL2_ONLY, "abi");

const char *arm64_purgatory_tables(const struct plan_inputs *inputs, const struct plan *plan,
	const struct purgatory_layout *layout, uint8_t *memory, struct range *ret_sets)
{
	struct arm64_mapping mappings[ARM64_MAPPINGS_MAX];
	size_t count = list_mappings(inputs, plan, layout, mappings);
	uint64_t at = layout->tables;

	for (int set = ARM64_WITH_EL0; set <= ARM64_EL2_ONLY; set++) {
		size_t used;
		const char *problem = arm64_tables_build(mappings, count, (enum arm64_regime)set,
			at, memory + (at - layout->tables), ARM64_TABLES_MAX, &used);

		if (problem)
			return problem;
		ret_sets[set] = (struct range){ at, at + used * ARM64_TABLE_SIZE };
		at = ret_sets[set].end;
	}
	return NULL;
}
