// SPDX-License-Identifier: GPL-2.0-only
#include "tests/unit/tmproot.h"

#include "kexec/system/cmdline.h"

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
}

static void assert_added(const char *line, const char *wanted)
{
	char *text = cmdline_add_option(line, "acpi_no_memhotplug");

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
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_found),
		cmocka_unit_test(parts_of_words_do_not_count),
		cmocka_unit_test(trap40_crashkernel_is_removed),
		cmocka_unit_test(lines_are_joined),
		cmocka_unit_test(trap44_added_options_reach_the_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
