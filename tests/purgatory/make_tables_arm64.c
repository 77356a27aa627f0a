// SPDX-License-Identifier: GPL-2.0-only
/*
 * The planner's page tables, for the emulated tests: make_tables REGIME BASE {START END ACCESS}...
 * writes the tables to standard output. Numbers as in kexec/arch/arm64/tables.h.
 */
#include <stdio.h>
#include <stdlib.h>

#include "kexec/arch/arm64/tables.h"

#define MAPPINGS_MAX 32

static uint8_t memory[ARM64_TABLES_MAX * ARM64_TABLE_SIZE];

static uint64_t number(const char *text)
{
	return strtoull(text, NULL, 0);
}

int main(int argc, char **argv)
{
	struct arm64_mapping mappings[MAPPINGS_MAX];
	size_t count = 0, used;
	const char *problem;

	if (argc < 3 || argc % 3 != 0 || argc / 3 - 1 > MAPPINGS_MAX)
		return 2;
	for (int i = 3; i < argc; i += 3)
		mappings[count++] = (struct arm64_mapping){
			{ number(argv[i]), number(argv[i + 1]) },
			(enum arm64_access)number(argv[i + 2]),
		};
	problem = arm64_tables_build(mappings, count, (enum arm64_regime)number(argv[1]),
		number(argv[2]), memory, ARM64_TABLES_MAX, &used);
	if (problem) {
		fprintf(stderr, "%s\n", problem);
		return 1;
	}
	return fwrite(memory, ARM64_TABLE_SIZE, used, stdout) != used;
}
