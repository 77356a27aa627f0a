// SPDX-License-Identifier: GPL-2.0-only
/*
 * The planner's page tables, for the emulated tests: make_tables PLACE CONSOLE SHIFT SCREEN WAITS
 * {START SIZE}... writes those for segments there to standard output, and to standard error the
 * size of a set. CONSOLE is 0 for none, SCREEN is 1 for VGA's text as well, WAITS is where another
 * kernel does, or 0.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "kexec/arch/x86_64/tables.h"

static uint8_t memory[X86_64_TABLES_ROOM];

static uint64_t number(const char *text)
{
	return strtoull(text, NULL, 0);
}

int main(int argc, char **argv)
{
	struct machine machine = { .page_size = 4096 };
	struct request request = { .way_back = 0 };
	struct plan_inputs inputs = { .machine = &machine, .request = &request };
	struct plan plan = { .segment_count = 0 };
	struct purgatory_layout layout = { .start = 0 };
	struct range sets[2];
	const char *problem;

	if (argc < 6 || argc % 2 != 0 || argc / 2 - 3 > KEXEC_SEGMENT_MAX)
		return 2;
	layout.tables = number(argv[1]);
	inputs.console = (struct console){ .type = number(argv[2]) ? CONSOLE_8250 : CONSOLE_NONE,
		.base = number(argv[2]),
		.reg_shift = (uint32_t)number(argv[3]),
		.reg_width = 1 };
	inputs.screen = number(argv[4]) != 0;
	request.way_back = number(argv[5]);
	for (int i = 6; i < argc; i += 2)
		plan.segments[plan.segment_count++] =
			(struct segment){ .mem = number(argv[i]), .memsz = number(argv[i + 1]) };
	problem = x86_64_purgatory_tables(&inputs, &plan, &layout, memory, sets);
	if (problem) {
		fprintf(stderr, "%s\n", problem);
		return 1;
	}
	fprintf(stderr, "%" PRIu64 "\n", range_size(sets[0]));
	return fwrite(memory, 1, 2 * range_size(sets[0]), stdout) != 2 * range_size(sets[0]);
}
