// SPDX-License-Identifier: GPL-2.0-only
/* What purgatory left behind, read back. */
#include "tests/unit/tmproot.h"

#include <libfdt.h>

#include "kexec/system/purgatory_record.h"

#define PATH "/proc/device-tree/chosen/kexec,purgatory"
#define SIZE 76

/* Written down by hand: byte for byte what purgatory writes on any host. */
struct bytes {
	uint8_t at[SIZE];
};

static void put32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static struct bytes unused_record(void)
{
	struct bytes bytes = { "KEXECREC" };

	put32(bytes.at + 8, 1);
	put32(bytes.at + 12, SIZE);
	return bytes;
}

/* 65 MHz, 6.5e6 + 65 ticks across the end of 32 bits. */
static struct bytes good_record(void)
{
	struct bytes bytes = unused_record();

	put32(bytes.at + 16, PURGATORY_RESULT_VERIFIED);
	put32(bytes.at + 20, PURGATORY_CACHES_ON);
	put32(bytes.at + 24, PURGATORY_CORE_CPU);
	put32(bytes.at + 28, 65000000);
	put32(bytes.at + 32, 7);
	put32(bytes.at + 36, 0xffffffff);
	put32(bytes.at + 40, 8);
	put32(bytes.at + 44, 6500064);
	put32(bytes.at + 48, 1);
	put32(bytes.at + 52, 5);
	return bytes;
}

static struct bytes corrupt_record(const char *name, uint32_t count)
{
	struct bytes bytes = good_record();

	put32(bytes.at + 16, PURGATORY_RESULT_CORRUPT);
	put32(bytes.at + 20, PURGATORY_CACHES_NO_GRANULE);
	put32(bytes.at + 24, PURGATORY_CORE_PLAIN);
	put32(bytes.at + 56, count);
	memcpy(bytes.at + 60, name, strlen(name));
	return bytes;
}

static struct purgatory_record parse(struct bytes bytes)
{
	struct purgatory_record record;
	struct err err = ERR_INIT;

	if (purgatory_record_parse((struct span){ bytes.at, SIZE }, &record, &err))
		fail_msg("%s", err.text);
	return record;
}

static void assert_text(struct bytes bytes, const char *wanted)
{
	struct purgatory_record record = parse(bytes);
	char text[PURGATORY_RECORD_TEXT_SIZE];

	purgatory_record_text(&record, text);
	assert_string_equal(text, wanted);
}

static void good(void **state)
{
	struct purgatory_record record = parse(good_record());
	uint64_t nanoseconds;

	(void)state;
	assert_int_equal(record.result, PURGATORY_RESULT_VERIFIED);
	assert_int_equal(record.bytes, 0x100000005);
	assert_true(purgatory_record_nanoseconds(&record, &nanoseconds));
	assert_int_equal(nanoseconds, 100001000);
	assert_string_equal(purgatory_record_result(&record), "verified");
	assert_string_equal(purgatory_record_caches(&record), "on");
	assert_string_equal(purgatory_record_core(&record), "cpu");
	assert_text(good_record(), "image verified, 4294967301 bytes in 0.100001 s, caches on, "
				   "SHA-256 by CPU instructions");
}

static void other_results(void **state)
{
	struct bytes bytes = unused_record();

	(void)state;
	assert_text(bytes, "image not verified: purgatory wrote nothing");
	put32(bytes.at + 16, PURGATORY_RESULT_SKIPPED);
	assert_text(bytes, "image not verified: loaded with --no-checks");
	assert_text(corrupt_record("initrd", 1),
		"image corrupt and booted all the same: 1 bad, initrd, 4294967301 bytes in "
		"0.100001 s, caches off (no granule of 4 KiB), SHA-256 by plain code");
	assert_text(corrupt_record("kernel", 3),
		"image corrupt and booted all the same: 3 bad, the first is kernel, 4294967301 "
		"bytes in 0.100001 s, caches off (no granule of 4 KiB), SHA-256 by plain code");
	/* A bad parameter: nothing was read. */
	bytes = unused_record();
	put32(bytes.at + 16, PURGATORY_RESULT_CORRUPT);
	put32(bytes.at + 56, 1);
	memcpy(bytes.at + 60, "purgatory", 9);
	assert_text(bytes, "image corrupt and booted all the same: 1 bad, purgatory");
	put32(bytes.at + 16, PURGATORY_RESULT_FAULT);
	assert_text(bytes, "image not verified and booted all the same: a fault in purgatory");
	bytes = unused_record();
	put32(bytes.at + 16, PURGATORY_RESULT_FAULT);
	assert_text(bytes, "image not verified and booted all the same: a fault");
}

static void time_that_is_not_known(void **state)
{
	struct bytes bytes = good_record();
	struct purgatory_record record;
	uint64_t nanoseconds;

	(void)state;
	put32(bytes.at + 28, 0);
	record = parse(bytes);
	assert_false(purgatory_record_nanoseconds(&record, &nanoseconds));
	assert_text(bytes, "image verified, 4294967301 bytes in 6500065 ticks, caches on, "
			   "SHA-256 by CPU instructions");
	put32(bytes.at + 24, PURGATORY_CORE_VECTOR);
	assert_string_equal(
		purgatory_record_core(&(struct purgatory_record){ .core = PURGATORY_CORE_VECTOR }),
		"vector");
	assert_text(bytes, "image verified, 4294967301 bytes in 6500065 ticks, caches on, "
			   "SHA-256 by vector code");
	put32(bytes.at + 28, 1); /* 2^63 seconds are more nanoseconds than there are numbers */
	put32(bytes.at + 40, 0x80000007);
	record = parse(bytes);
	assert_false(purgatory_record_nanoseconds(&record, &nanoseconds));
	put32(bytes.at + 28, 0xffffffff);
	record = parse(bytes);
	assert_true(purgatory_record_nanoseconds(&record, &nanoseconds));
}

static void assert_refused(struct bytes bytes, size_t size, int status, const char *id)
{
	struct purgatory_record record;
	struct err err = ERR_INIT;

	assert_int_equal(
		purgatory_record_parse((struct span){ bytes.at, size }, &record, &err), status);
	assert_string_equal(err.id, id);
}

static void broken(void **state)
{
	static const struct {
		size_t offset;
		uint32_t value;
	} changes[] = {
		{ 0, 0 }, { 4, 0 },		  /* magic */
		{ 12, SIZE - 4 },		  /* size */
		{ 16, 0 }, { 16, 2 }, { 16, 5 },  /* result */
		{ 16, PURGATORY_RESULT_CORRUPT }, /* with nothing bad */
		{ 20, 0 }, { 20, 5 }, { 20, 0xffffffff }, { 24, 0 }, { 24, 4 }, { 24, 0xffffffff },
		{ 56, 1 },	    /* verified, and one bad */
		{ 60, 0x61000000 }, /* a name, and none bad */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct bytes bytes = good_record();

		put32(bytes.at + changes[i].offset, changes[i].value);
		assert_refused(bytes, SIZE, ST_BAD_INPUT, "purgatory-record");
	}
	for (size_t size = 0; size < SIZE; size++)
		assert_refused(good_record(), size, ST_BAD_INPUT, "purgatory-record");
	assert_refused(corrupt_record("in\x1bitrd", 1), SIZE, ST_BAD_INPUT, "purgatory-record");
	assert_refused(
		corrupt_record("sixteen letters.", 1), SIZE, ST_BAD_INPUT, "purgatory-record");
}

static void later_version(void **state)
{
	struct bytes bytes = good_record();

	(void)state;
	put32(bytes.at + 8, 2);
	assert_refused(bytes, SIZE, ST_UNSUPPORTED, "purgatory-record-version");
}

/* The property: a record, and the mark of a /chosen. */
struct property {
	uint8_t at[SIZE + 4];
};

static struct property marked(struct bytes bytes, uint32_t mark)
{
	struct property property;

	memcpy(property.at, bytes.at, SIZE);
	put32(property.at + SIZE, mark);
	return property;
}

/* A tree whose /chosen has these. */
static int make_tree(void *tree, int size, const char *bootargs, uint64_t initrd)
{
	int chosen;

	assert_int_equal(fdt_create_empty_tree(tree, size), 0);
	chosen = fdt_add_subnode(tree, 0, "chosen");
	assert_true(chosen > 0);
	assert_int_equal(fdt_setprop_string(tree, chosen, "bootargs", bootargs), 0);
	assert_int_equal(fdt_setprop_u64(tree, chosen, "linux,initrd-start", initrd), 0);
	return chosen;
}

static uint32_t mark_of(const char *bootargs, uint64_t initrd)
{
	uint64_t tree[128];
	int chosen = make_tree(tree, sizeof(tree), bootargs, initrd);

	return purgatory_record_mark(tree, chosen);
}

static void mark_is_of_all_but_what_changes_by_itself(void **state)
{
	static const uint8_t seed[64] = { 1, 2, 3 };
	uint32_t mark = mark_of("quiet", 0x48000000);
	uint64_t tree[128];
	int chosen = make_tree(tree, sizeof(tree), "quiet", 0x48000000);

	(void)state;
	assert_int_not_equal(mark_of("quiet", 0x48200000), mark);
	assert_int_not_equal(mark_of("quieu", 0x48000000), mark);
	assert_int_equal(fdt_setprop_u64(tree, chosen, "kaslr-seed", 7), 0);
	assert_int_equal(fdt_setprop(tree, chosen, "rng-seed", seed, sizeof(seed)), 0);
	assert_int_equal(fdt_setprop(tree, chosen, "kexec,purgatory", seed, sizeof(seed)), 0);
	assert_int_equal(purgatory_record_mark(tree, chosen), mark);
	/* One more, as of a kernel for a panic; and the order is the loader's own affair. */
	assert_int_equal(fdt_setprop_u64(tree, chosen, "linux,elfcorehdr", 7), 0);
	assert_int_not_equal(purgatory_record_mark(tree, chosen), mark);
	assert_int_equal(fdt_delprop(tree, chosen, "linux,elfcorehdr"), 0);
	assert_int_equal(fdt_delprop(tree, chosen, "bootargs"), 0);
	assert_int_not_equal(purgatory_record_mark(tree, chosen), mark);
	assert_int_equal(fdt_setprop_string(tree, chosen, "bootargs", "quiet"), 0);
	assert_int_equal(purgatory_record_mark(tree, chosen), mark);
}

static void read_from_the_live_tree(void **state)
{
	struct property property = marked(good_record(), mark_of("quiet", 0x48000000));
	struct purgatory_record record;
	struct err err = ERR_INIT;
	struct tmproot tmp;

	(void)state;
	tmproot_init(&tmp);
	assert_int_equal(purgatory_record_read(tmp.root, &record, &err), ST_NOT_FOUND);
	assert_string_equal(err.id, "purgatory-record-missing");
	err_clear(&err);
	/* With a live tree the flat one is not asked: only root may read it. */
	tmproot_mkdir(&tmp, "/proc/device-tree/chosen");
	tmproot_text(&tmp, "/sys/firmware/fdt", "broken");
	assert_int_equal(purgatory_record_read(tmp.root, &record, &err), ST_NOT_FOUND);
	err_clear(&err);
	tmproot_bytes(&tmp, "/proc/device-tree/chosen/bootargs", "quiet", 6);
	tmproot_bytes(&tmp, "/proc/device-tree/chosen/linux,initrd-start", "\0\0\0\0\x48\0\0", 8);
	tmproot_bytes(&tmp, "/proc/device-tree/chosen/name", "chosen", 7);
	tmproot_bytes(&tmp, "/proc/device-tree/chosen/kaslr-seed", "\0\0\0\0\0\0\0", 8);
	tmproot_mkdir(&tmp, "/proc/device-tree/chosen/framebuffer");
	tmproot_bytes(&tmp, PATH, property.at, sizeof(property.at));
	assert_int_equal(purgatory_record_read(tmp.root, &record, &err), ST_OK);
	assert_int_equal(record.result, PURGATORY_RESULT_VERIFIED);
	tmproot_bytes(&tmp, PATH, property.at, sizeof(property.at) - 1);
	assert_int_equal(purgatory_record_read(tmp.root, &record, &err), ST_BAD_INPUT);
	tmproot_done(&tmp);
}

/* Another loader has handed the tree on, with what it had to say of its own. */
static void record_of_an_earlier_start_is_told_apart(void **state)
{
	struct property property = marked(good_record(), mark_of("quiet", 0x48000000));
	struct purgatory_record record = { .result = PURGATORY_RESULT_NONE };
	struct err err = ERR_INIT;
	struct tmproot tmp;

	(void)state;
	tmproot_init(&tmp);
	tmproot_bytes(&tmp, "/proc/device-tree/chosen/bootargs", "quiet", 6);
	tmproot_bytes(&tmp, "/proc/device-tree/chosen/linux,initrd-start", "\0\0\0\0\x48\x01\0", 8);
	tmproot_bytes(&tmp, PATH, property.at, sizeof(property.at));
	assert_int_equal(purgatory_record_read(tmp.root, &record, &err), ST_CHANGED);
	assert_string_equal(err.id, "purgatory-record-old");
	assert_int_equal(record.result, PURGATORY_RESULT_NONE);
	tmproot_done(&tmp);
}

/* A machine on ACPI has the flat tree only. */
static void read_from_the_flat_tree(void **state)
{
	struct property property = marked(corrupt_record("dtb", 1), mark_of("quiet", 0x48000000));
	struct purgatory_record record;
	struct err err = ERR_INIT;
	struct tmproot tmp;
	uint64_t tree[128];
	int chosen;

	(void)state;
	tmproot_init(&tmp);
	assert_int_equal(fdt_create_empty_tree(tree, sizeof(tree)), 0);
	tmproot_bytes(&tmp, "/sys/firmware/fdt", tree, sizeof(tree));
	assert_int_equal(purgatory_record_read(tmp.root, &record, &err), ST_NOT_FOUND);
	err_clear(&err);
	chosen = make_tree(tree, sizeof(tree), "quiet", 0x48000000);
	tmproot_bytes(&tmp, "/sys/firmware/fdt", tree, sizeof(tree));
	assert_int_equal(purgatory_record_read(tmp.root, &record, &err), ST_NOT_FOUND);
	assert_string_equal(err.id, "purgatory-record-missing");
	err_clear(&err);
	assert_int_equal(
		fdt_setprop(tree, chosen, "kexec,purgatory", property.at, sizeof(property.at)), 0);
	tmproot_bytes(&tmp, "/sys/firmware/fdt", tree, sizeof(tree));
	assert_int_equal(purgatory_record_read(tmp.root, &record, &err), ST_OK);
	assert_int_equal(record.result, PURGATORY_RESULT_CORRUPT);
	assert_string_equal(record.bad_name, "dtb");
	assert_int_equal(fdt_setprop_u64(tree, chosen, "linux,elfcorehdr", 0x50000000), 0);
	tmproot_bytes(&tmp, "/sys/firmware/fdt", tree, sizeof(tree));
	assert_int_equal(purgatory_record_read(tmp.root, &record, &err), ST_CHANGED);
	tree[0] = 0;
	tmproot_bytes(&tmp, "/sys/firmware/fdt", tree, sizeof(tree));
	assert_int_equal(purgatory_record_read(tmp.root, &record, &err), ST_BAD_INPUT);
	tmproot_done(&tmp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(other_results),
		cmocka_unit_test(time_that_is_not_known),
		cmocka_unit_test(broken),
		cmocka_unit_test(later_version),
		cmocka_unit_test(mark_is_of_all_but_what_changes_by_itself),
		cmocka_unit_test(read_from_the_live_tree),
		cmocka_unit_test(record_of_an_earlier_start_is_told_apart),
		cmocka_unit_test(read_from_the_flat_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
