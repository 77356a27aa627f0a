// SPDX-License-Identifier: GPL-2.0-only
/*
 * hash CORE: CPU seconds that the digest of a MiB takes by this core of lib/sha256.h, the least of
 * many, and the digest.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/sha256.h"

#define SIZE  ((size_t)1 << 20)
#define TIMES 200

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	uint8_t *data = malloc(SIZE);
	struct sha256 ctx;
	double took, least = 1e9;

	if (argc != 2 || !data)
		return 1;
	memset(data, 0x5a, SIZE);
	for (int i = 0; i < TIMES; i++) {
		took = now();
		sha256_init(&ctx, (enum sha256_core)atoi(argv[1]));
		sha256_update(&ctx, data, SIZE);
		sha256_final(&ctx, digest);
		took = now() - took;
		least = took < least ? took : least;
	}
	printf("%.9f ", least);
	for (size_t i = 0; i < sizeof(digest); i++)
		printf("%02x", digest[i]);
	printf("\n");
	free(data);
	return 0;
}
