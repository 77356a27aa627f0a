// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/cmd/timeline.h"

#include <time.h>

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

struct timeline timeline_begin(void)
{
	return (struct timeline){ .since = now() };
}

void timeline_spent(struct timeline *timeline, enum phase phase)
{
	uint64_t time = now();

	timeline->spent[phase] += time - timeline->since;
	timeline->since = time;
}

void timeline_print(const struct timeline *timeline, FILE *out)
{
	static const char *const names[PHASE_COUNT] = {
		[PHASE_READ] = "read",
		[PHASE_DECOMPRESS] = "decompress",
		[PHASE_HASH] = "hash",
		[PHASE_MACHINE] = "machine",
		[PHASE_PLAN] = "plan",
		[PHASE_PRINT] = "print",
		[PHASE_CALL] = "system call",
		[PHASE_VERIFY] = "verify",
	};

	fputs("time in ms:", out);
	for (int i = 0; i < PHASE_COUNT; i++)
		fprintf(out, "%s %s %.2f", i ? "," : "", names[i],
			(double)timeline->spent[i] / 1e6);
	fputc('\n', out);
}
