// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/vmcoreinfo.h"

static struct span text(const char *string)
{
	return (struct span){ (const uint8_t *)string, strlen(string) };
}

static const char sample[] = "OSRELEASE=6.12.0-arm64\n"
			     "PAGESIZE=4096\n"
			     "SYMBOL(_stext)=ffff800080010000\n"
			     "SYMBOL(_text)=ffff800080000000\n"
			     "EMPTY=\n"
			     "NUMBER(VA_BITS)=48\n"
			     "NUMBER(PHYS_OFFSET)=0x40000000\n"
			     "NUMBER(kimage_voffset)=0xffff800040000000\n"
			     "NUMBER(phys_base)=-1073741824\n"
			     "NUMBER(PHYS_OFFSET)=0x1\n"
			     "CRASHTIME=1700000000";

static void assert_value(struct span from, const char *key, const char *wanted)
{
	struct span value;

	assert_true(vmcoreinfo_find(from, key, &value));
	assert_int_equal(value.size, strlen(wanted));
	assert_memory_equal(value.data, wanted, value.size);
}

static void keys_are_found(void **state)
{
	(void)state;
	assert_value(text(sample), "OSRELEASE", "6.12.0-arm64");
	assert_value(text(sample), "PAGESIZE", "4096");
	assert_value(text(sample), "SYMBOL(_text)", "ffff800080000000");
	assert_value(text(sample), "EMPTY", "");
	assert_value(text(sample), "NUMBER(PHYS_OFFSET)", "0x40000000"); /* the first counts */
	assert_value(text(sample), "CRASHTIME", "1700000000");		 /* no newline behind */
}

static void keys_are_whole_and_begin_a_line(void **state)
{
	struct span value = text("untouched");

	(void)state;
	assert_false(vmcoreinfo_find(text(sample), "RELEASE", &value));
	assert_false(vmcoreinfo_find(text(sample), "OSRELEAS", &value));
	assert_false(vmcoreinfo_find(text(sample), "SYMBOL", &value));
	assert_false(vmcoreinfo_find(text(sample), "NOTHING", &value));
	assert_false(vmcoreinfo_find(text(sample), "CRASHTIME=", &value));
	assert_false(vmcoreinfo_find(text(""), "A", &value));
	assert_false(vmcoreinfo_find((struct span){ NULL, 0 }, "A", &value));
	assert_false(vmcoreinfo_find(text("KEY"), "KEY", &value));
	assert_int_equal(value.size, 9);
}

static void text_ends_at_the_span_and_at_a_nul(void **state)
{
	static const char padded[] = "A=1\nB=2\0\nC=3\n";
	struct span value;

	(void)state;
	assert_value((struct span){ (const uint8_t *)padded, sizeof(padded) - 1 }, "B", "2");
	assert_false(vmcoreinfo_find(
		(struct span){ (const uint8_t *)padded, sizeof(padded) - 1 }, "C", &value));
	assert_value((struct span){ (const uint8_t *)"A=1234", 4 }, "A", "12");
	assert_false(vmcoreinfo_find((struct span){ (const uint8_t *)"AB=1", 2 }, "AB", &value));
}

static void assert_number(const char *value, int base, uint64_t wanted)
{
	char line[100];
	uint64_t number;

	snprintf(line, sizeof(line), "K=%s\n", value);
	if (!vmcoreinfo_number(text(line), "K", base, &number))
		fail_msg("%s is no number", value);
	if (number != wanted)
		fail_msg("%s became %#llx", value, (unsigned long long)number);
}

static void assert_no_number(const char *value, int base)
{
	uint64_t number = 7;
	char line[100];

	snprintf(line, sizeof(line), "K=%s\n", value);
	if (vmcoreinfo_number(text(line), "K", base, &number))
		fail_msg("%s became %#llx", value, (unsigned long long)number);
	assert_int_equal(number, 7);
}

static void numbers_of_both_bases(void **state)
{
	uint64_t number = 7;

	(void)state;
	assert_number("48", 10, 48);
	assert_number("48", 16, 0x48);
	assert_number("0xffff800040000000", 16, 0xffff800040000000);
	assert_number("ffff800040000000", 16, 0xffff800040000000);
	assert_number("18446744073709551615", 10, UINT64_MAX);
	assert_no_number("18446744073709551616", 10);
	assert_no_number("", 10);
	assert_no_number("0x10", 10);
	assert_no_number("12 34", 10);
	assert_no_number("12k", 10);
	assert_no_number("0x", 16);
	assert_false(vmcoreinfo_number(text(sample), "NOTHING", 10, &number));
	assert_int_equal(number, 7);
}

static void the_first_number_counts(void **state)
{
	uint64_t number;

	(void)state;
	assert_true(vmcoreinfo_number(text("K=\nK=x1\nK=7\nK=8\n"), "K", 10, &number));
	assert_int_equal(number, 7);
	assert_number("10", VMCOREINFO_ANY_BASE, 10);
	assert_number("-0x10", VMCOREINFO_ANY_BASE, (uint64_t)-16);
	assert_no_number("1f", VMCOREINFO_ANY_BASE);
}

static void minus_is_twos_complement(void **state)
{
	(void)state;
	assert_number("-1073741824", 10, (uint64_t)-1073741824);
	assert_number("-0x40000000", 16, (uint64_t)-0x40000000LL);
	assert_number("-1", 10, UINT64_MAX);
	assert_number("-0", 10, 0);
	assert_number("-9223372036854775808", 10, (uint64_t)1 << 63);
	assert_no_number("-9223372036854775809", 10);
	assert_no_number("-18446744073709551615", 10);
	assert_no_number("--1", 10);
	assert_no_number("- 1", 10);
	assert_no_number("-", 10);
	assert_no_number("-0x", 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_found),
		cmocka_unit_test(keys_are_whole_and_begin_a_line),
		cmocka_unit_test(text_ends_at_the_span_and_at_a_nul),
		cmocka_unit_test(numbers_of_both_bases),
		cmocka_unit_test(the_first_number_counts),
		cmocka_unit_test(minus_is_twos_complement),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
