/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/sha256.h"

/* Whether this build has a core and this CPU runs it. The one by vectors is chosen on CPUs without
 * SHA instructions only, and those that have them mostly have what it takes as well. */
static bool core_runs(enum sha256_core core)
{
	if (core == SHA256_PLAIN || core == sha256_best_core())
		return true;
#ifdef __x86_64__
	return core == SHA256_VECTOR && __builtin_cpu_supports("ssse3") &&
	       __builtin_cpu_supports("bmi2");
#else
	return false;
#endif
}

/* A test's state says which core it is for. */
static enum sha256_core core_of(void **state)
{
	enum sha256_core core = *(const enum sha256_core *)*state;

	if (!core_runs(core)) {
		print_message("# no such instructions on this CPU, or no code of ours for them\n");
		skip();
	}
	return core;
}

static void digest_of(enum sha256_core core, const void *data, size_t size,
	uint8_t ret_digest[SHA256_DIGEST_SIZE])
{
	struct sha256 ctx;

	sha256_init(&ctx, core);
	sha256_update(&ctx, data, size);
	sha256_final(&ctx, ret_digest);
}

static void assert_digest(const uint8_t digest[SHA256_DIGEST_SIZE], const char *hex)
{
	char text[2 * SHA256_DIGEST_SIZE + 1];

	for (size_t i = 0; i < SHA256_DIGEST_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	assert_string_equal(text, hex);
}

static void assert_digest_of(enum sha256_core core, const void *data, size_t size, const char *hex)
{
	uint8_t digest[SHA256_DIGEST_SIZE];

	digest_of(core, data, size, digest);
	assert_digest(digest, hex);
}

/* The examples that NIST publishes with FIPS 180-4. */
static void test_fips_examples(void **state)
{
	static const struct {
		const char *message, *digest;
	} example[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
			"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
		{ "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopq"
		  "klmnopqrlmnopqrsmnopqrstnopqrstu",
			"cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
	};

	for (size_t i = 0; i < sizeof(example) / sizeof(example[0]); i++)
		assert_digest_of(core_of(state), example[i].message, strlen(example[i].message),
			example[i].digest);
}

/* The same byte many times: NIST's additional examples, around the padding's edges. */
static void test_repeated_byte(void **state)
{
	static const struct {
		int byte;
		size_t count;
		const char *digest;
	} example[] = {
		{ 0x00, 55, "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7" },
		{ 0x00, 56, "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb" },
		{ 0x00, 57, "65a16cb7861335d5ace3c60718b5052e44660726da4cd13bb745381b235a1785" },
		{ 0x00, 64, "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b" },
		{ 0x00, 1000, "541b3e9daa09b20bf85fa273e5cbd3e80185aa4ec298e765db87742b70138a53" },
		{ 'A', 1000, "c2e686823489ced2017f6059b8b239318b6364f6dcd835d0a519105a1eadd6e4" },
		{ 'U', 1005, "f4d62ddec0f3dd90ea1380fa16a5ff8dc4c54b21740650f24afc4120903552b0" },
		{ 'a', 1000000,
			"cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" },
		{ 0x00, 1000000,
			"d29751f2649b32ff572b5e0a9f541ea660a50f94ff0beedfb0b692b924cc8025" },
	};

	for (size_t i = 0; i < sizeof(example) / sizeof(example[0]); i++) {
		uint8_t *message = malloc(example[i].count);

		assert_non_null(message);
		memset(message, example[i].byte, example[i].count);
		assert_digest_of(core_of(state), message, example[i].count, example[i].digest);
		free(message);
	}
}

/* NIST's CAVP response files, as Debian's python3-cryptography-vectors has them. */
#define CAVP "/usr/lib/python3/dist-packages/cryptography_vectors/hashes/SHA2"

static FILE *open_cavp(const char *name)
{
	const char *folder = getenv("CAVP_SHA2") ? getenv("CAVP_SHA2") : CAVP;
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "r");
	if (!file)
		fail_msg("%s: missing; it is in the package python3-cryptography-vectors, or "
			 "wherever $CAVP_SHA2 says",
			path);
	return file;
}

/* The value behind "NAME = ", or NULL when the line is another one. */
static char *value_of(char *line, const char *name)
{
	size_t length = strlen(name);

	line[strcspn(line, "\r\n")] = '\0';
	if (strncmp(line, name, length) != 0 || strncmp(line + length, " = ", 3) != 0)
		return NULL;
	return line + length + 3;
}

static void from_hex(const char *text, uint8_t *ret, size_t size)
{
	assert_true(strlen(text) >= 2 * size);
	for (size_t i = 0; i < size; i++) {
		unsigned int byte;

		assert_int_equal(sscanf(text + 2 * i, "%2x", &byte), 1);
		ret[i] = (uint8_t)byte;
	}
}

static void assert_all_of(enum sha256_core core, const char *name, size_t wanted)
{
	static char line[16384];
	static uint8_t message[8192];
	FILE *file = open_cavp(name);
	size_t count = 0, size = 0;
	const char *value;

	while (fgets(line, sizeof(line), file)) {
		if ((value = value_of(line, "Len"))) {
			size = strtoul(value, NULL, 10) / 8;
			assert_in_range(size, 0, sizeof(message));
		} else if ((value = value_of(line, "Msg"))) {
			from_hex(value, message, size);
		} else if ((value = value_of(line, "MD"))) {
			/* Copied, so that a sanitizer sees any access beyond it. */
			uint8_t *copy = malloc(size ? size : 1);

			assert_non_null(copy);
			memcpy(copy, message, size);
			assert_digest_of(core, copy, size, value);
			free(copy);
			count++;
		}
	}
	fclose(file);
	assert_int_equal(count, wanted);
}

static void test_cavp_messages(void **state)
{
	assert_all_of(core_of(state), "SHA256ShortMsg.rsp", 65);
	assert_all_of(core_of(state), "SHA256LongMsg.rsp", 64);
}

/* A thousand digests, each of the three before it; the last one is the next seed. */
static void monte_carlo(enum sha256_core core, uint8_t seed[SHA256_DIGEST_SIZE])
{
	uint8_t last[3][SHA256_DIGEST_SIZE];

	for (int i = 0; i < 3; i++)
		memcpy(last[i], seed, SHA256_DIGEST_SIZE);
	for (int i = 0; i < 1000; i++) {
		digest_of(core, last, sizeof(last), seed);
		memmove(last[0], last[1], sizeof(last) - sizeof(last[0]));
		memcpy(last[2], seed, SHA256_DIGEST_SIZE);
	}
}

static void test_cavp_monte_carlo(void **state)
{
	uint8_t seed[SHA256_DIGEST_SIZE] = { 0 };
	FILE *file = open_cavp("SHA256Monte.rsp");
	const char *value;
	char line[256];
	int count = 0;

	while (fgets(line, sizeof(line), file)) {
		if ((value = value_of(line, "Seed"))) {
			from_hex(value, seed, sizeof(seed));
		} else if ((value = value_of(line, "MD"))) {
			monte_carlo(core_of(state), seed);
			assert_digest(seed, value);
			count++;
		}
	}
	fclose(file);
	assert_int_equal(count, 100);
}

/*
 * The digest of the digests of all messages of 0 to 200 bytes, byte i being 7 * i + 3. From
 * Python:  a = hashlib.sha256()
 *          for n in range(201): a.update(sha256(bytes((7*i+3) & 255 for i in range(n))).digest())
 */
#define ALL_LENGTHS "3275febb4612d86d586eb9f11cd21e648a9fc7d95e0f6b8d362786e28c9c5b79"

/* Each message at this distance from an aligned address, taken in by parts of this size. */
static void assert_all_lengths(enum sha256_core core, size_t offset, size_t part)
{
	struct sha256 all, ctx;
	uint8_t digest[SHA256_DIGEST_SIZE];

	sha256_init(&all, core);
	for (size_t size = 0; size <= 200; size++) {
		uint8_t *buffer = malloc(offset + size + 1);

		assert_non_null(buffer);
		for (size_t i = 0; i < size; i++)
			buffer[offset + i] = (uint8_t)(7 * i + 3);
		sha256_init(&ctx, core);
		for (size_t i = 0; i < size; i += part)
			sha256_update(&ctx, buffer + offset + i, size - i < part ? size - i : part);
		sha256_final(&ctx, digest);
		sha256_update(&all, digest, sizeof(digest));
		free(buffer);
	}
	sha256_final(&all, digest);
	assert_digest(digest, ALL_LENGTHS);
}

static void test_all_lengths(void **state)
{
	assert_all_lengths(core_of(state), 0, 200);
}

/* With UBSan an access that is not naturally aligned ends the test. */
static void test_misaligned(void **state)
{
	for (size_t offset = 1; offset < 16; offset++)
		assert_all_lengths(core_of(state), offset, 200);
}

static void test_in_parts(void **state)
{
	static const size_t part[] = { 1, 3, 8, 55, 63, 64, 65, 128, 129 };

	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++)
		assert_all_lengths(core_of(state), i % 8, part[i]);
}

int main(void)
{
	static enum sha256_core plain = SHA256_PLAIN, cpu = SHA256_CPU, vector = SHA256_VECTOR;
#define WITH(core, test)                                                                           \
	{                                                                                          \
		.name = #test " " #core, .test_func = test, .initial_state = &core                 \
	}
#define ALL(core)                                                                                  \
	WITH(core, test_fips_examples), WITH(core, test_repeated_byte),                            \
		WITH(core, test_cavp_messages), WITH(core, test_cavp_monte_carlo),                 \
		WITH(core, test_all_lengths), WITH(core, test_misaligned),                         \
		WITH(core, test_in_parts)
	const struct CMUnitTest tests[] = { ALL(plain), ALL(cpu), ALL(vector) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
