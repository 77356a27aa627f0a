// SPDX-License-Identifier: GPL-2.0-only
#include "tests/unit/tmproot.h"

#include <time.h>

#include "kexec/system/iomem.h"

static struct span text_span(const char *text)
{
	return (struct span){ (const uint8_t *)text, strlen(text) };
}

static void parse(const char *text, struct iomem *ret)
{
	struct err err = ERR_INIT;
	int status = iomem_parse(text_span(text), ret, &err);

	if (status != ST_OK)
		fail_msg("%s: %s", err.id, err.text);
}

static void assert_set(const struct rangeset *set, const struct range *wanted, size_t count)
{
	assert_int_equal(set->count, count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(set->ranges[i].start, wanted[i].start);
		assert_int_equal(set->ranges[i].end, wanted[i].end);
	}
}

#define ASSERT_SET(set, ...)                                                                       \
	do {                                                                                       \
		const struct range wanted_[] = { __VA_ARGS__ };                                    \
		assert_set(set, wanted_, sizeof(wanted_) / sizeof(wanted_[0]));                    \
	} while (0)

static void assert_bad(const char *text, int status, const char *id, const char *words)
{
	struct iomem iomem = { .kernel_code = { 7, 9 } };
	struct err err = ERR_INIT;

	assert_int_equal(iomem_parse(text_span(text), &iomem, &err), status);
	assert_string_equal(err.id, id);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" is not in \"%s\"", words, err.text);
	assert_int_equal(iomem.kernel_code.start, 7); /* untouched */
}

static const char virt_machine[] = "09000000-09000fff : pl011@9000000\n"
				   "  09000000-09000fff : 9000000.pl011 pl011@9000000\n"
				   "40000000-7fffffff : System RAM\n"
				   "  40210000-41d0ffff : Kernel code\n"
				   "  41d10000-4268ffff : reserved\n"
				   "  42690000-42c4ffff : Kernel data\n"
				   "  48000000-48008fff : reserved\n"
				   "  6fa00000-7f9fffff : Crash kernel\n"
				   "100000000-10fffffff : System RAM\n"
				   "4010000000-401fffffff : PCI ECAM\n";

static void virt_machine_is_understood(void **state)
{
	struct iomem iomem;

	(void)state;
	parse(virt_machine, &iomem);
	ASSERT_SET(&iomem.ram, { 0x40000000, 0x80000000 }, { 0x100000000, 0x110000000 });
	assert_int_equal(iomem.ram_driver_managed.count, 0);
	ASSERT_SET(&iomem.crash, { 0x6fa00000, 0x7fa00000 });
	assert_int_equal(iomem.crash_load.start, 0x6fa00000);
	assert_int_equal(iomem.crash_load.end, 0x7fa00000);
	ASSERT_SET(&iomem.reserved, { 0x41d10000, 0x42690000 }, { 0x48000000, 0x48009000 });
	assert_int_equal(iomem.kernel_code.start, 0x40210000);
	assert_int_equal(iomem.kernel_code.end, 0x41d10000);
	assert_int_equal(iomem.kernel_data.start, 0x42690000);
	assert_int_equal(iomem.kernel_data.end, 0x42c50000);
	iomem_done(&iomem);
}

static void trap12_hidden_addresses_are_denied(void **state)
{
	struct iomem iomem;
	struct err err = ERR_INIT;

	(void)state;
	assert_bad("00000000-00000000 : System RAM\n  00000000-00000000 : Kernel code\n", ST_DENIED,
		"iomem-hidden", "all 2 lines");
	assert_int_equal(iomem_parse(text_span("00000000-00000000 : System RAM\n"), &iomem, &err),
		ST_DENIED);
	assert_non_null(strstr(err.hint, "CAP_SYS_ADMIN"));
	/* One line at address 0 is no hiding. */
	parse("00000000-00000000 : pci\n00001000-00001fff : System RAM\n", &iomem);
	ASSERT_SET(&iomem.ram, { 0x1000, 0x2000 });
	iomem_done(&iomem);
}

static void trap13_driver_managed_ram_is_dumped(void **state)
{
	struct iomem iomem;

	(void)state;
	parse("40000000-4fffffff : System RAM\n"
	      "100000000-1ffffffff : virtio0\n"
	      "  140000000-17fffffff : System RAM (virtio_mem)\n"
	      "200000000-2ffffffff : Persistent Memory\n"
	      "  200000000-2ffffffff : namespace0.0\n"
	      "    210000000-2ffffffff : dax0.0\n"
	      "      210000000-2ffffffff : System RAM (kmem)\n"
	      "        220000000-22fffffff : reserved\n",
		&iomem);
	ASSERT_SET(&iomem.ram, { 0x40000000, 0x50000000 }, { 0x140000000, 0x180000000 },
		{ 0x210000000, 0x300000000 });
	ASSERT_SET(&iomem.ram_driver_managed, { 0x140000000, 0x180000000 },
		{ 0x210000000, 0x300000000 });
	assert_int_equal(iomem.reserved.count, 0);
	iomem_done(&iomem);
}

static void trap13_names_are_compared_whole(void **state)
{
	struct iomem iomem;

	(void)state;
	parse("10000000-1fffffff : System RAMP\n"
	      "20000000-2fffffff : system ram\n"
	      "30000000-3fffffff : System  RAM\n"
	      "40000000-4fffffff : System RAM\n"
	      "50000000-5fffffff : \n",
		&iomem);
	ASSERT_SET(&iomem.ram, { 0x40000000, 0x50000000 });
	iomem_done(&iomem);
}

static void trap13_nested_ram_counts_at_any_depth(void **state)
{
	struct iomem iomem;

	(void)state;
	parse("00000000-ffffffff : a\n"
	      "  00000000-ffffffff : b\n"
	      "    00000000-ffffffff : c\n"
	      "      00000000-ffffffff : d\n"
	      "        00000000-ffffffff : e\n"
	      "          00000000-ffffffff : f\n"
	      "            00000000-ffffffff : g\n"
	      "              00000000-ffffffff : h\n"
	      "                40000000-4fffffff : System RAM\n"
	      "                41000000-41ffffff : reserved\n" /* depth is capped at 8 */
	      "   50000000-5fffffff : System RAM\n"	       /* odd indentation */
	      "     51000000-51ffffff : reserved\n"
	      " 52000000-52ffffff : no child of it\n",
		&iomem);
	ASSERT_SET(&iomem.ram, { 0x40000000, 0x60000000 });
	ASSERT_SET(&iomem.reserved, { 0x51000000, 0x52000000 });
	iomem_done(&iomem);
}

static void reserved_is_children_of_plain_ram(void **state)
{
	struct iomem iomem;

	(void)state;
	parse("10000000-1fffffff : reserved\n" /* NOMAP: no RAM at all */
	      "40000000-4fffffff : System RAM\n"
	      "  40000000-40ffffff : Kernel code\n"
	      "    40100000-401fffff : inside the code\n"
	      "  41000000-41ffffff : reserved\n"
	      "    41000000-410fffff : deeper\n"
	      "  42000000-42ffffff : Crash kernel\n"
	      "    42000000-420fffff : inside the crash kernel\n"
	      "  43000000-43ffffff : Kernel data\n"
	      "  44000000-440fffff : ACPI Tables\n",
		&iomem);
	ASSERT_SET(&iomem.reserved, { 0x41000000, 0x42000000 }, { 0x44000000, 0x44100000 });
	iomem_done(&iomem);
}

static void two_crash_regions_load_into_the_highest(void **state)
{
	struct iomem iomem;

	(void)state;
	parse("40000000-ffffffff : System RAM\n"
	      "  e0000000-e7ffffff : Crash kernel\n"
	      "100000000-8ffffffff : System RAM\n"
	      "  8c0000000-8dfffffff : Crash kernel\n",
		&iomem);
	ASSERT_SET(&iomem.crash, { 0xe0000000, 0xe8000000 }, { 0x8c0000000, 0x8e0000000 });
	assert_int_equal(iomem.crash_load.start, 0x8c0000000);
	assert_int_equal(iomem.crash_load.end, 0x8e0000000);
	iomem_done(&iomem);
}

/* The kernel takes segments in crashk_res only, not in the low region next to it. */
static void two_touching_crash_regions_stay_apart(void **state)
{
	struct iomem iomem;

	(void)state;
	parse("40000000-1ffffffff : System RAM\n"
	      "  f8000000-ffffffff : Crash kernel\n"
	      "  100000000-10fffffff : Crash kernel\n",
		&iomem);
	ASSERT_SET(&iomem.crash, { 0xf8000000, 0x110000000 });
	assert_int_equal(iomem.crash_load.start, 0x100000000);
	assert_int_equal(iomem.crash_load.end, 0x110000000);
	iomem_done(&iomem);
}

static void no_crash_region_is_empty(void **state)
{
	struct iomem iomem;

	(void)state;
	parse("40000000-4fffffff : System RAM", &iomem); /* and no newline */
	assert_int_equal(iomem.crash.count, 0);
	assert_int_equal(iomem.crash_load.end, 0);
	assert_int_equal(iomem.kernel_code.end, 0);
	ASSERT_SET(&iomem.ram, { 0x40000000, 0x50000000 });
	iomem_done(&iomem);
}

static void broken_lines_are_named(void **state)
{
	static const char *const broken[] = { "nonsense", "40000000-4fffffff",
		"40000000-4fffffff: x", "40000000 4fffffff : x", "4000zz00-4fffffff : x",
		"0x40000000-0x4fffffff : x", "10000000000000000-1ffffffffffffffff : x",
		"50000000-4fffffff : x", "\t40000000-4fffffff : x", "-1-2 : x", " : x",
		"50000000-5fffffff : a\rb", "50000000-5fffffff : a\x1b" };
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		snprintf(text, sizeof(text), "40000000-4fffffff : System RAM\n%s\n", broken[i]);
		assert_bad(text, ST_BAD_INPUT, "iomem-line", "line 2");
	}
	assert_bad("", ST_BAD_INPUT, "iomem-empty", "empty");
	assert_bad("\n \r\n", ST_BAD_INPUT, "iomem-empty", "empty");
}

/* Some lines end as mail has them, others do not. */
static void blanks_of_mail_do_not_count(void **state)
{
	struct iomem iomem;

	(void)state;
	parse("40000000-4fffffff : System RAM\r\n"
	      "  40100000-401fffff : Kernel code\r\n"
	      "  40200000-402fffff : reserved\n\n"
	      "  42000000-42ffffff : Crash kernel  \n"
	      "50000000-5fffffff : System RAM \t\n"
	      "60000000-6fffffff : System RAM (virtio_mem)\r\n\r\n"
	      "70000000-7fffffff : System RAM",
		&iomem);
	ASSERT_SET(&iomem.ram, { 0x40000000, 0x80000000 });
	ASSERT_SET(&iomem.ram_driver_managed, { 0x60000000, 0x70000000 });
	ASSERT_SET(&iomem.crash, { 0x42000000, 0x43000000 });
	ASSERT_SET(&iomem.reserved, { 0x40200000, 0x40300000 });
	assert_int_equal(iomem.kernel_code.start, 0x40100000);
	iomem_done(&iomem);
}

/* Without the blanks in front nobody knows what is reserved. */
static void lines_that_lost_their_blanks_are_refused(void **state)
{
	struct iomem iomem;

	(void)state;
	assert_bad("40000000-4fffffff : System RAM\n"
		   "41000000-41ffffff : reserved\n",
		ST_BAD_INPUT, "iomem-line", "line 2");
	assert_bad("40000000-4fffffff : System RAM\n"
		   "  41000000-41ffffff : a\n"
		   "  41000000-410fffff : b\n",
		ST_BAD_INPUT, "iomem-line", "line 3");
	/* A map that changes while it is read may say a line twice; and what lies very deep is
	 * shown less deep. */
	parse("40000000-4fffffff : System RAM\n"
	      "  41000000-41ffffff : a\n"
	      "  41000000-41ffffff : a\n"
	      "40000000-4fffffff : System RAM\n"
	      "50000000-5fffffff : x\n"
	      "                50000000-5fffffff : deep\n"
	      "                51000000-51ffffff : deeper\n",
		&iomem);
	ASSERT_SET(&iomem.ram, { 0x40000000, 0x50000000 });
	iomem_done(&iomem);
}

static void top_of_the_space_matters_for_ram_only(void **state)
{
	struct iomem iomem;

	(void)state;
	assert_bad("ffffffff00000000-ffffffffffffffff : System RAM\n", ST_BAD_INPUT, "iomem-line",
		"64-bit");
	assert_bad("fffffffe00000000-fffffffffffffffe : System RAM\n"
		   "  ffffffff00000000-ffffffffffffffff : reserved\n",
		ST_BAD_INPUT, "iomem-line", "line 2");
	parse("40000000-4fffffff : System RAM\n00000000-ffffffffffffffff : PCI Bus\n", &iomem);
	ASSERT_SET(&iomem.ram, { 0x40000000, 0x50000000 });
	iomem_done(&iomem);
}

static void sixty_thousand_ranges_are_fast(void **state)
{
	struct blob text = BLOB_INIT;
	struct err err = ERR_INIT;
	struct iomem iomem;
	struct timespec begin;
	struct timespec end;
	char line[128];
	double seconds;

	(void)state;
	for (uint64_t i = 0; i < 60000; i++) {
		uint64_t start = (i * 2 + 1) << 27;
		int size = snprintf(line, sizeof(line),
			"%08llx-%08llx : System RAM\n  %08llx-%08llx : reserved\n",
			(unsigned long long)start, (unsigned long long)start + 0x7ffffff,
			(unsigned long long)start + 0x1000, (unsigned long long)start + 0x1fff);

		assert_int_equal(blob_append(&text, line, (size_t)size), ST_OK);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	assert_int_equal(iomem_parse(blob_span(&text), &iomem, &err), ST_OK);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	assert_int_equal(iomem.ram.count, 60000);
	assert_int_equal(iomem.reserved.count, 60000);
	assert_int_equal(rangeset_bytes(&iomem.ram), UINT64_C(60000) << 27);
	seconds = (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
	/* Of this process alone, whatever else runs. Some 20 ms; what is quadratic takes minutes.
	 * The limit leaves room for sanitizers. */
	assert_true(seconds < 5);
	iomem_done(&iomem);
	blob_done(&text);
}

static void read_names_the_file(void **state)
{
	struct tmproot tmp;
	struct err err = ERR_INIT;
	struct iomem iomem;

	(void)state;
	tmproot_init(&tmp);
	assert_int_equal(iomem_read(tmp.root, &iomem, &err), ST_NOT_FOUND);
	tmproot_text(&tmp, "/proc/iomem", "40000000-4fffffff : System RAM\nx\n");
	err_clear(&err);
	assert_int_equal(iomem_read(tmp.root, &iomem, &err), ST_BAD_INPUT);
	assert_non_null(strstr(err.text, "/proc/iomem"));
	assert_non_null(strstr(err.text, "line 2"));
	tmproot_text(&tmp, "/proc/iomem", virt_machine);
	assert_int_equal(iomem_read(tmp.root, &iomem, &err), ST_OK);
	assert_int_equal(iomem.ram.count, 2);
	iomem_done(&iomem);
	tmproot_done(&tmp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(virt_machine_is_understood),
		cmocka_unit_test(trap12_hidden_addresses_are_denied),
		cmocka_unit_test(trap13_driver_managed_ram_is_dumped),
		cmocka_unit_test(trap13_names_are_compared_whole),
		cmocka_unit_test(trap13_nested_ram_counts_at_any_depth),
		cmocka_unit_test(reserved_is_children_of_plain_ram),
		cmocka_unit_test(two_crash_regions_load_into_the_highest),
		cmocka_unit_test(two_touching_crash_regions_stay_apart),
		cmocka_unit_test(no_crash_region_is_empty),
		cmocka_unit_test(broken_lines_are_named),
		cmocka_unit_test(blanks_of_mail_do_not_count),
		cmocka_unit_test(lines_that_lost_their_blanks_are_refused),
		cmocka_unit_test(top_of_the_space_matters_for_ram_only),
		cmocka_unit_test(sixty_thousand_ranges_are_fast),
		cmocka_unit_test(read_names_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
