// SPDX-License-Identifier: GPL-2.0-only
#include "tests/unit/tmproot.h"

#include "kexec/system/dump_filter.h"

static struct dump_filter parsed(const char *text)
{
	struct dump_filter filter = { .version = { 7, 7, 7 } };

	dump_filter_parse((struct span){ (const uint8_t *)text, strlen(text) }, &filter);
	return filter;
}

static void assert_version(
	const struct dump_filter *filter, unsigned int a, unsigned int b, unsigned int c)
{
	assert_int_equal(filter->version[0], a);
	assert_int_equal(filter->version[1], b);
	assert_int_equal(filter->version[2], c);
}

static void a_version_is_found_among_other_bytes(void **state)
{
	struct dump_filter filter =
		parsed("\x7f"
		       "ELF makedumpfile: versio makedumpfile: version 1.7.8 (released");

	(void)state;
	assert_version(&filter, 1, 7, 8);
	filter = parsed("makedumpfile: version 1.10.0");
	assert_version(&filter, 1, 10, 0);
}

static void what_is_no_version_is_none(void **state)
{
	static const char *const none[] = { "", "1.7.8", "makedumpfile: version ",
		"makedumpfile: version 1.7", "makedumpfile: version 1.7.",
		"makedumpfile: version %s", "makedumpfile: version 1.65536.0",
		"makedumpfile: version 99999999999999999999.1.1" };

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		struct dump_filter filter = parsed(none[i]);

		assert_version(&filter, 0, 0, 0);
	}
}

static void it_is_looked_for_in_both_places(void **state)
{
	struct dump_filter filter = { .path = "?" };
	struct err err = ERR_INIT;
	struct tmproot tmp;

	(void)state;
	tmproot_init(&tmp);
	assert_int_equal(dump_filter_read(tmp.root, &filter, &err), ST_OK);
	assert_null(filter.path);
	tmproot_text(&tmp, "/usr/sbin/makedumpfile", "makedumpfile: version 1.7.6\n");
	assert_int_equal(dump_filter_read(tmp.root, &filter, &err), ST_OK);
	assert_string_equal(filter.path, "/usr/sbin/makedumpfile");
	assert_version(&filter, 1, 7, 6);
	/* A script in its place says nothing of itself. */
	tmproot_text(&tmp, "/usr/bin/makedumpfile", "#!/bin/sh\n");
	assert_int_equal(dump_filter_read(tmp.root, &filter, &err), ST_OK);
	assert_string_equal(filter.path, "/usr/bin/makedumpfile");
	assert_version(&filter, 0, 0, 0);
	tmproot_done(&tmp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_version_is_found_among_other_bytes),
		cmocka_unit_test(what_is_no_version_is_none),
		cmocka_unit_test(it_is_looked_for_in_both_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
