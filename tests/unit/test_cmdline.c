// SPDX-License-Identifier: GPL-2.0-only
#include "tests/unit/tmproot.h"

#include "kexec/system/cmdline.h"
#include "kexec/system/crashkernel.h"

static void words_are_found(void **state)
{
	(void)state;
	assert_true(cmdline_has("root=/dev/vda quiet", "quiet"));
	assert_true(cmdline_has("root=/dev/vda quiet", "root"));
	assert_true(cmdline_has("\tquiet\n", "quiet"));
	assert_true(cmdline_has("a=\"b c\" quiet", "quiet"));
	assert_true(cmdline_has("acpi-no-memhotplug", "acpi_no_memhotplug"));
	assert_true(cmdline_has("acpi_no_memhotplug=1", "acpi-no-memhotplug"));
	assert_true(cmdline_has("\"quiet\"", "quiet"));
	assert_true(cmdline_has("\"dyndbg=file a +p\" x", "dyndbg"));
}

static void parts_of_words_do_not_count(void **state)
{
	(void)state;
	assert_false(cmdline_has("", "quiet"));
	assert_false(cmdline_has("   ", "quiet"));
	assert_false(cmdline_has("quietly unquiet quiet.x", "quiet"));
	assert_false(cmdline_has("a=quiet", "quiet"));
	assert_false(cmdline_has("a=\"b quiet\"", "quiet"));
	assert_false(cmdline_has("a=\"b quiet", "quiet"));
	/* What is behind "--" goes to init. */
	assert_false(cmdline_has("root=x -- quiet", "quiet"));
	assert_true(cmdline_has("root=x --quiet quiet", "quiet"));
	assert_true(cmdline_has("root=x --= quiet", "quiet"));
	assert_false(cmdline_has("root=x \"--\" quiet", "quiet"));
	assert_false(cmdline_has("root=x\t--\nquiet", "quiet"));
	assert_true(cmdline_has("a=\"x -- y\" quiet", "quiet"));
}

/* Only quotes around the whole word are no part of its name. */
static void quotes_belong_where_they_stand(void **state)
{
	(void)state;
	assert_true(cmdline_has("\"quiet", "quiet"));
	assert_true(cmdline_has("\"a=b c", "a"));
	assert_true(cmdline_has("a=\"b\"c\" d", "a"));
	assert_false(cmdline_has("quiet\"", "quiet"));
	assert_false(cmdline_has("\"crashkernel\"=1G", "crashkernel"));
	assert_false(cmdline_has("a=\"b\"c\" d quiet", "quiet"));
	assert_true(cmdline_has("=a=b", "=a"));
	assert_false(cmdline_has("=a=b", ""));
	assert_true(cmdline_has("\"", ""));
	assert_true(cmdline_has("\"\"", ""));

	assert_false(cmdline_is_open(""));
	assert_false(cmdline_is_open("a=\"b c\" d"));
	assert_true(cmdline_is_open("a=\"b c\" \"d"));
}

static void assert_without(const char *line, const char *wanted)
{
	static const char *const names[] = { "crashkernel", "BOOT_IMAGE", NULL };
	char *text = cmdline_without(line, names);

	assert_non_null(text);
	assert_string_equal(text, wanted);
	free(text);
}

static void trap40_crashkernel_is_removed(void **state)
{
	(void)state;
	assert_without("", "");
	assert_without("crashkernel=256M", "");
	assert_without("BOOT_IMAGE=/vmlinuz root=/dev/vda crashkernel=256M quiet\n",
		"root=/dev/vda quiet");
	assert_without("crashkernel=1G,high crashkernel=128M,low a", "a");
	assert_without("a crashkernel=1G,high crashkernel=128M,low", "a");
	assert_without("a  b\tcrashkernel  c", "a  b\tc");
	assert_without("x=\"a crashkernel=1 b\" y", "x=\"a crashkernel=1 b\" y");
	/* "should change": kexec-tools looks at how a word begins */
	assert_without("crashkernels=1 mycrashkernel=1", "crashkernels=1 mycrashkernel=1");
	assert_without("crashkernel_foo=1 BOOT_IMAGES a", "crashkernel_foo=1 BOOT_IMAGES a");
	assert_without("a -- crashkernel=256M", "a --");
	assert_without("\"crashkernel=1G@2G\" a", "a");
	assert_without("a\ncrashkernel=1", "a");
	assert_without("a\ncrashkernel=1\nb\n", "a\nb");
	assert_without("foo=\"crashkernel=1G x\" crashkernel=1G", "foo=\"crashkernel=1G x\"");
	assert_without("crashkernel=\"256M\" a", "a");
	assert_without("crashkernel=\"1G x\" a", "a");
	assert_without("a crashkernel=\"1G x", "a");
	assert_without(" a  ", " a");
	assert_without("a  crashkernel=1  ", "a");
	assert_without("\"\" \"crashkernel ", "\"\" \"crashkernel "); /* not that name */
	assert_without("boot_image=x", "boot_image=x");
}

static void assert_joined(const char *a, const char *b, const char *wanted)
{
	char *text = cmdline_join(a, b);

	assert_non_null(text);
	assert_string_equal(text, wanted);
	free(text);
}

static void lines_are_joined(void **state)
{
	(void)state;
	assert_joined("a", "b", "a b");
	assert_joined("", "b", "b");
	assert_joined("a", "", "a");
	assert_joined(NULL, "b", "b");
	assert_joined("a", NULL, "a");
	assert_joined(NULL, NULL, "");
	assert_joined("a ", "b ", "a b ");
	assert_joined("a", "\tb", "a\tb");
}

/* The kernel's words stay the kernel's, and init's are init's. */
static void both_sides_of_two_dashes_are_joined(void **state)
{
	(void)state;
	assert_joined("a -- x", "b", "a b -- x");
	assert_joined("a -- x", "b -- y", "a b -- x y");
	assert_joined("a", "b -- y", "a b -- y");
	assert_joined("a --", "b --  ", "a b --");
	assert_joined("a --", "-- y", "a -- y");
	assert_joined("-- x", "b", "b -- x");
	assert_joined("a \"--\" x", "b", "a b \"--\" x");
	assert_joined("a -- x -- z", "b -- y", "a b -- x -- z y");
}

static void open_quotes_swallow_nothing(void **state)
{
	(void)state;
	assert_joined("a=\"b c", "d", "a=\"b c\" d");
	assert_joined("a=\"b -- c", "d -- e", "a=\"b -- c\" d -- e");
	assert_joined("a -- x=\"y", "b=\"c", "a b=\"c\" -- x=\"y");
	assert_joined("a -- x=\"y z", "b -- w", "a b -- x=\"y z\" w");
	/* Behind the last word nothing needs it. */
	assert_joined("a", "b=\"c d", "a b=\"c d");
	assert_joined("b=\"c d", "", "b=\"c d");
}

static void assert_added(const char *line, const char *wanted)
{
	char *text = cmdline_join(line, "acpi_no_memhotplug");

	assert_non_null(text);
	assert_string_equal(text, wanted);
	assert_true(cmdline_has(text, "acpi_no_memhotplug"));
	free(text);
}

/* Behind "--" the kernel would not see it. */
static void trap44_added_options_reach_the_kernel(void **state)
{
	(void)state;
	assert_added(NULL, "acpi_no_memhotplug");
	assert_added("", "acpi_no_memhotplug");
	assert_added("root=x", "root=x acpi_no_memhotplug");
	assert_added("root=x -- single", "root=x acpi_no_memhotplug -- single");
	assert_added("-- single", "acpi_no_memhotplug -- single");
	assert_added("a=\" -- \"", "a=\" -- \" acpi_no_memhotplug");
	assert_added("a=\" -- ", "a=\" -- \" acpi_no_memhotplug");
}

/* --- crashkernel= --------------------------------------------------------------------------- */

static void assert_value(const char *line, const char *wanted)
{
	struct span value = crashkernel_value(line);

	assert_int_equal(value.size, strlen(wanted));
	assert_true(value.size == 0 || memcmp(value.data, wanted, value.size) == 0);
}

/* It looks for letters, not for words. */
static void the_kernel_finds_crashkernel_anywhere(void **state)
{
	(void)state;
	assert_value("", "");
	assert_value("crashkernel quiet crashkernel=", "");
	assert_value("quiet crashkernel=256M quiet", "256M");
	assert_value("crashkernel=1G crashkernel=256M", "256M");
	assert_value("mycrashkernel=64M", "64M");
	assert_value("a=\"crashkernel=64M b\"", "64M");
	assert_value("a -- crashkernel=64M", "64M");
	assert_value("crashkernel=1G crashkernel=2G,high crashkernel=64M,low", "1G");
	assert_value("crashkernel=64M,low crashkernel=2G,high", "2G,high");
	assert_value("crashkernel=64M,cma crashkernel=65M,low", "65M,low");
	assert_value("crashkernel=64M\tquiet", "64M\tquiet");
}

#define MIB ((uint64_t)1 << 20)

static void assert_judged(
	const char *value, uint64_t mib, enum crashkernel_verdict wanted, uint64_t wanted_mib)
{
	struct span span = { (const uint8_t *)value, strlen(value) };
	uint64_t size = 1;

	assert_int_equal(crashkernel_judge(span, mib * MIB, &size), wanted);
	assert_int_equal(size, wanted_mib * MIB);
}

static void crashkernel_is_judged(void **state)
{
	(void)state;
	assert_judged("256M", 1024, CRASHKERNEL_FITS, 256);
	assert_judged("0x10000000@0x80000000", 1024, CRASHKERNEL_FITS, 256);
	assert_judged("262144K,high", 1024, CRASHKERNEL_FITS, 256);
	assert_judged("1g", 1024, CRASHKERNEL_TOO_LARGE, 1024);
	assert_judged("4G,high", 1024, CRASHKERNEL_TOO_LARGE, 4096);
	assert_judged("0M", 1024, CRASHKERNEL_ZERO, 0);
	assert_judged("64M,low", 1024, CRASHKERNEL_COMPANION, 64);
	assert_judged("64M,cma", 1024, CRASHKERNEL_COMPANION, 64);

	assert_judged("auto", 1024, CRASHKERNEL_NOT_UNDERSTOOD, 0);
	assert_judged("\"256M\"", 1024, CRASHKERNEL_NOT_UNDERSTOOD, 0);
	assert_judged("256MB", 1024, CRASHKERNEL_NOT_UNDERSTOOD, 0);
	assert_judged("256M\tquiet", 1024, CRASHKERNEL_NOT_UNDERSTOOD, 0);
	assert_judged("256M@", 1024, CRASHKERNEL_NOT_UNDERSTOOD, 0);
	assert_judged(",high", 1024, CRASHKERNEL_NOT_UNDERSTOOD, 0);
	assert_judged("99999999999999999999", 1024, CRASHKERNEL_NOT_UNDERSTOOD, 0);
	assert_judged("16E", 1024, CRASHKERNEL_NOT_UNDERSTOOD, 0);

	/* With the amount of memory rounded up to 128 MiB. */
	assert_judged("1G-4G:160M,4G-64G:192M,64G-:256M", 1023, CRASHKERNEL_FITS, 160);
	assert_judged("1G-4G:160M,4G-64G:192M,64G-:256M", 896, CRASHKERNEL_NO_RANGE, 0);
	assert_judged("1G-4G:160M,4G-64G:192M,64G-:256M@1G", 4096, CRASHKERNEL_FITS, 192);
	assert_judged("2G-:160M", 1024, CRASHKERNEL_NO_RANGE, 0);
	assert_judged("0-2G:0,2G-:160M", 1024, CRASHKERNEL_ZERO, 0);
	assert_judged("0-:2G", 1024, CRASHKERNEL_TOO_LARGE, 2048);
	assert_judged("4G-1G:160M", 1024, CRASHKERNEL_NOT_UNDERSTOOD, 0);
	assert_judged("1G:160M", 1024, CRASHKERNEL_NOT_UNDERSTOOD, 0);
	assert_judged("1G-2G:", 1024, CRASHKERNEL_NOT_UNDERSTOOD, 0);
	assert_judged(":", 1024, CRASHKERNEL_NOT_UNDERSTOOD, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_found),
		cmocka_unit_test(parts_of_words_do_not_count),
		cmocka_unit_test(trap40_crashkernel_is_removed),
		cmocka_unit_test(quotes_belong_where_they_stand),
		cmocka_unit_test(lines_are_joined),
		cmocka_unit_test(both_sides_of_two_dashes_are_joined),
		cmocka_unit_test(open_quotes_swallow_nothing),
		cmocka_unit_test(the_kernel_finds_crashkernel_anywhere),
		cmocka_unit_test(crashkernel_is_judged),
		cmocka_unit_test(trap44_added_options_reach_the_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
