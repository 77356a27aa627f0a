// SPDX-License-Identifier: GPL-2.0-only
#include "tests/unit/core.h"
#include "tests/unit/tmproot.h"

#include "kexec/system/kcore.h"
#include "lib/elfcore.h"

#define PHDRS 4
#define NOTES CORE_HEADERS(PHDRS)

static const char vmcoreinfo[] = "OSRELEASE=7.3.4\nNUMBER(VA_BITS)=48\n";

static void put_note(struct blob *out, const char *name, const void *desc, size_t size)
{
	static const uint8_t zeros[4];
	uint8_t header[12] = { 0 };
	size_t name_size = strlen(name) + 1;

	store_le32(header, (uint32_t)name_size);
	store_le32(header + 4, (uint32_t)size);
	assert_int_equal(blob_append(out, header, sizeof(header)), ST_OK);
	assert_int_equal(blob_append(out, name, name_size), ST_OK);
	assert_int_equal(blob_append(out, zeros, -name_size % 4), ST_OK);
	assert_int_equal(blob_append(out, desc, size), ST_OK);
	assert_int_equal(blob_append(out, zeros, -size % 4), ST_OK);
}

/* What an arm64 kernel shows: notes, the kernel's image, a module area, memory. */
static struct blob make_head(void)
{
	struct blob head = BLOB_INIT;
	uint8_t prstatus[30] = { 1 };

	assert_int_equal(blob_zeroed(&head, NOTES), ST_OK);
	core_header(head.data, PHDRS);
	put_note(&head, "CORE", prstatus, sizeof(prstatus));
	put_note(&head, "VMCOREINFO", vmcoreinfo, sizeof(vmcoreinfo) - 1);
	core_phdr(head.data, 0, PT_NOTE, NOTES, 0, 0, head.size - NOTES);
	core_phdr(head.data, 1, PT_LOAD, 0x7fff80001000, 0xffff800080000000, 0x40200000, 0x2a50000);
	core_phdr(
		head.data, 2, PT_LOAD, 0x7fff00001000, 0xffff800000000000, UINT64_MAX, 0x80000000);
	core_phdr(head.data, 3, PT_LOAD, 0x1000, 0xffff000000000000, 0x40000000, 0x40000000);
	return head;
}

static int take(struct span bytes, struct kcore *ret, struct err *err)
{
	struct elfcore_source source = elfcore_from_span(&bytes);

	return kcore_take(&source, ret, err);
}

static void loads_and_vmcoreinfo_are_taken(void **state)
{
	struct blob head = make_head();
	struct err err = ERR_INIT;
	struct kcore kcore;

	(void)state;
	assert_int_equal(take(blob_span(&head), &kcore, &err), ST_OK);
	assert_int_equal(kcore.loads_count, 3);
	assert_int_equal(kcore.loads[0].vaddr, 0xffff800080000000);
	assert_int_equal(kcore.loads[0].paddr, 0x40200000);
	assert_int_equal(kcore.loads[0].size, 0x2a50000);
	assert_int_equal(kcore.loads[1].paddr, UINT64_MAX);
	assert_int_equal(kcore.vmcoreinfo.size, sizeof(vmcoreinfo) - 1);
	assert_string_equal((const char *)kcore.vmcoreinfo.data, vmcoreinfo);
	kcore_done(&kcore);
	blob_done(&head);
}

/* Cut anywhere, the head is refused, and nothing is read behind it. */
static void every_truncation_is_refused(void **state)
{
	struct blob head = make_head();

	(void)state;
	/* The last byte only pads the last note. */
	for (size_t size = 0; size < head.size - 1; size++) {
		uint8_t *exact = malloc(size ? size : 1);
		struct kcore kcore = { .loads_count = 77 };
		struct err err = ERR_INIT;

		assert_non_null(exact);
		memcpy(exact, head.data, size);
		assert_int_equal(take((struct span){ exact, size }, &kcore, &err), ST_BAD_INPUT);
		assert_int_equal(kcore.loads_count, 77);
		free(exact);
	}
	blob_done(&head);
}

static void assert_broken(size_t offset, const void *bytes, size_t size, const char *id)
{
	struct blob head = make_head();
	struct err err = ERR_INIT;
	struct kcore kcore;

	memcpy(head.data + offset, bytes, size);
	assert_int_equal(take(blob_span(&head), &kcore, &err), ST_BAD_INPUT);
	assert_string_equal(err.id, id);
	blob_done(&head);
}

static void hostile_fields_are_refused(void **state)
{
	static const uint8_t ones[8] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	(void)state;
	/* What else can be wrong with a core is tested in test_elfcore.c. */
	assert_broken(0, "\0", 1, "elfcore-magic");
	assert_broken(NOTES + 52, ones, 4, "elfcore-note");
	assert_broken(64 + 56 + 40, ones, 8, "kcore-load");
}

static void zeros_end_the_notes(void **state)
{
	struct blob head = make_head();
	struct err err = ERR_INIT;
	struct kcore kcore;

	(void)state;
	memset(head.data + NOTES, 0, head.size - NOTES);
	assert_int_equal(take(blob_span(&head), &kcore, &err), ST_OK);
	assert_int_equal(kcore.vmcoreinfo.size, 0);
	kcore_done(&kcore);
	blob_done(&head);
}

/* Memory that is plugged: so many reads of the program headers find other ones than the last. */
struct changing {
	struct blob head;
	unsigned int changes;
};

static int read_changing(void *context, uint64_t offset, void *buf, size_t size, struct err *err)
{
	struct changing *changing = context;

	if (offset == 64 && changing->changes) {
		changing->changes--;
		store_le64(changing->head.data + 64 + 56 + 32, 0x1000 + changing->changes);
	}
	if (offset > changing->head.size || size > changing->head.size - offset)
		return err_set(err, ST_BAD_INPUT, "file-short", "too short");
	memcpy(buf, changing->head.data + offset, size);
	return ST_OK;
}

static void changes_meanwhile_are_seen(void **state)
{
	struct changing changing = { .head = make_head() };
	struct elfcore_source source = { read_changing, &changing };
	struct err err = ERR_INIT;
	struct kcore kcore;

	(void)state;
	for (unsigned int changes = 0; changes < 7; changes++) {
		changing.changes = changes;
		if (kcore_take(&source, &kcore, &err) == ST_OK) {
			assert_true(changes <= 5);
			assert_int_equal(kcore.loads_count, 3);
			kcore_done(&kcore);
		} else {
			assert_int_equal(changes, 6);
			assert_string_equal(err.id, "kcore-changed");
		}
	}
	blob_done(&changing.head);
}

static void read_takes_only_the_head(void **state)
{
	struct blob head = make_head();
	struct err err = ERR_INIT;
	struct tmproot tmp;
	struct kcore kcore;

	(void)state;
	tmproot_init(&tmp);
	assert_int_equal(kcore_read(tmp.root, &kcore, &err), ST_NOT_FOUND);
	/* The file ends with the notes: a read of anything behind would fail. */
	tmproot_bytes(&tmp, "/proc/kcore", head.data, head.size);
	assert_int_equal(kcore_read(tmp.root, &kcore, &err), ST_OK);
	assert_int_equal(kcore.loads_count, 3);
	assert_int_equal(kcore.vmcoreinfo.size, sizeof(vmcoreinfo) - 1);
	kcore_done(&kcore);
	tmproot_bytes(&tmp, "/proc/kcore", head.data, head.size - 2);
	err_clear(&err);
	assert_int_equal(kcore_read(tmp.root, &kcore, &err), ST_BAD_INPUT);
	assert_non_null(strstr(err.text, "/proc/kcore"));
	tmproot_done(&tmp);
	blob_done(&head);
}

static void read_is_bounded(void **state)
{
	struct blob head = make_head();
	struct err err = ERR_INIT;
	struct tmproot tmp;
	struct kcore kcore;

	(void)state;
	tmproot_init(&tmp);
	store_le64(head.data + 32, UINT64_MAX - 8);
	tmproot_bytes(&tmp, "/proc/kcore", head.data, head.size);
	assert_int_equal(kcore_read(tmp.root, &kcore, &err), ST_BAD_INPUT);
	assert_string_equal(err.id, "elfcore-phoff");
	tmproot_done(&tmp);
	blob_done(&head);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loads_and_vmcoreinfo_are_taken),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(hostile_fields_are_refused),
		cmocka_unit_test(zeros_end_the_notes),
		cmocka_unit_test(changes_meanwhile_are_seen),
		cmocka_unit_test(read_takes_only_the_head),
		cmocka_unit_test(read_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
