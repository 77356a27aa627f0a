// SPDX-License-Identifier: GPL-2.0-only
/* Tells the new kernel, at the end of its command line, how it comes back to the old one. */
#include "way_back.h"

#include <stdbool.h>
#include <stddef.h>

#include "../../abi.h"
#include "abi.h"
#include "state.h"

typedef uint64_t __attribute__((may_alias)) memory_word;

/* The room that the planner left, inside of what is handed over and as it was left; or NULL. */
static char *tail_at(const struct purgatory_params *params)
{
	char *at = (char *)(uintptr_t)params->own[PURGATORY_OWN_TAIL];
	uint64_t offset = params->own[PURGATORY_OWN_TAIL] - params->handed;

	if (offset > params->handed_size || params->handed_size - offset < PURGATORY_TAIL_SIZE)
		return NULL;
	for (size_t i = 0; i < PURGATORY_TAIL_SIZE; i++)
		if (at[i] != '\0')
			return NULL;
	return at;
}

static void put_hex(char *at, uint64_t value)
{
	int shift = 60;

	while (shift > 0 && value >> shift == 0)
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		*at++ = "0123456789abcdef"[value >> shift & 0xf];
}

_Static_assert(sizeof(PURGATORY_TAIL) + 16 <= PURGATORY_TAIL_SIZE, "abi");

void machine_tell_way_back(const struct purgatory_params *params)
{
	static const char word[] = PURGATORY_TAIL;
	uint64_t back;
	char *at;

	/* Only once, whatever comes of it: a fault leads here again. */
	if (params->own[PURGATORY_OWN_TAIL] == 0 || cpu_state.entered == CPU_ENTERED)
		return;
	cpu_state.entered = CPU_ENTERED;
	/* Zero of a kernel that does not wait. */
	back = *(const memory_word *)(uintptr_t)cpu_state.stack;
	at = tail_at(params);
	if (back == 0 || !at)
		return;
	for (size_t i = 0; i < sizeof(word) - 1; i++)
		at[i] = word[i];
	put_hex(at + sizeof(word) - 1, back);
}
