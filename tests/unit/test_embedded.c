// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libfdt.h>

#include "tests/unit/cpio.h"
#include "kexec/cmd/embedded.h"

static struct span text_span(const char *text)
{
	return (struct span){ (const uint8_t *)text, strlen(text) };
}

/* The smallest tree, for a machine; or for none, as on ACPI. */
struct tree {
	uint64_t aligned;
	char bytes[512];
};

static struct span tree_for(struct tree *tree, const char *compatible)
{
	assert_int_equal(fdt_create_empty_tree(tree->bytes, sizeof(tree->bytes)), 0);
	if (compatible)
		assert_int_equal(fdt_setprop_string(tree->bytes, 0, "compatible", compatible), 0);
	fdt_appendprop_string(tree->bytes, 0, "compatible", "test,any");
	return (struct span){ (uint8_t *)tree->bytes, fdt_totalsize(tree->bytes) };
}

static struct span acpi_tree(struct tree *tree)
{
	assert_int_equal(fdt_create_empty_tree(tree->bytes, sizeof(tree->bytes)), 0);
	return (struct span){ (uint8_t *)tree->bytes, fdt_totalsize(tree->bytes) };
}

static struct image image_of(struct image_part *parts, size_t count)
{
	return (struct image){ .parts = parts, .parts_count = count, .parts_of = "UKI" };
}

/* --- command line --------------------------------------------------------------------------- */

static void assert_cmdline(struct span text, const char *wanted)
{
	struct image_part part = { ".cmdline", text };
	struct image image = image_of(&part, 1);
	struct request request = { .action = ACTION_LOAD, .crash = true };
	struct err err = ERR_INIT;
	char *line = NULL;

	if (embedded_cmdline(&image, &request, &line, NULL, &err))
		fail_msg("%s", err.text);
	assert_string_equal(line, wanted);
	free(line);
	/* The options win, also when they are empty. */
	request.append = "";
	assert_int_equal(embedded_cmdline(&image, &request, &line, NULL, &err), ST_OK);
	assert_null(line);
	request.append = NULL;
	request.reuse_cmdline = true;
	assert_int_equal(embedded_cmdline(&image, &request, &line, NULL, &err), ST_OK);
	assert_null(line);
}

static void the_command_line_is_text(void **state)
{
	struct image_part part = { ".cmdline", { (const uint8_t *)"a\0b", 3 } };
	struct image image = image_of(&part, 1);
	struct request request = { .action = ACTION_LOAD, .crash = true };
	struct report report = REPORT_INIT;
	struct err err = ERR_INIT;
	char *line;

	(void)state;
	assert_cmdline(text_span("root=/dev/vda quiet"), "root=/dev/vda quiet");
	assert_cmdline(text_span("quiet\n"), "quiet");
	assert_cmdline(text_span("quiet\ncrashkernel=1G\nroot=/dev/vda\n"), "quiet\nroot=/dev/vda");
	assert_cmdline((struct span){ (const uint8_t *)"quiet\n\0\0", 8 }, "quiet");
	assert_cmdline(text_span("crashkernel=1G a crashkernel=1G,low"), "a");
	assert_cmdline((struct span){ (const uint8_t *)"", 0 }, "");
	assert_cmdline((struct span){ (const uint8_t *)"\0", 1 }, "");
	assert_int_equal(embedded_cmdline(&image, &request, &line, NULL, &err), ST_BAD_INPUT);
	assert_string_equal(err.id, "uki-cmdline");
	/* For a restart all of it is kept. */
	part.bytes = text_span("crashkernel=1G a");
	request.crash = false;
	assert_int_equal(embedded_cmdline(&image, &request, &line, NULL, &err), ST_OK);
	assert_string_equal(line, "crashkernel=1G a");
	free(line);
	image.parts_count = 0;
	assert_int_equal(embedded_cmdline(&image, &request, &line, &report, &err), ST_OK);
	assert_null(line);
	assert_int_equal(report.count, 0);
	image.parts_count = 1;
	part.bytes = text_span("quiet");
	assert_int_equal(embedded_cmdline(&image, &request, &line, &report, &err), ST_OK);
	assert_string_equal(report.entries[0].text, "the UKI's .cmdline is used, 5 bytes");
	free(line);
	report_done(&report);
}

/* --- initrd --------------------------------------------------------------------------------- */

static struct span initrd_of(
	const struct image *image, const struct request *request, struct report *report)
{
	struct span initrd = { .data = NULL };
	struct err err = ERR_INIT;

	if (embedded_initrd(image, request, &initrd, report, &err))
		fail_msg("%s", err.text);
	return initrd;
}

static void an_initrd_given_wins(void **state)
{
	struct image_part part = { ".initrd", { (const uint8_t *)CPIO_EMPTY, CPIO_EMPTY_SIZE } };
	struct image image = image_of(&part, 1);
	struct request request = { .action = ACTION_LOAD, .crash = true, .kernel = "/boot/uki" };
	struct report report = REPORT_INIT;

	(void)state;
	assert_ptr_equal(initrd_of(&image, &request, NULL).data, part.bytes.data);
	request.initrd = "/boot/initrd";
	assert_int_equal(initrd_of(&image, &request, &report).size, 0);
	assert_string_equal(report.entries[0].text,
		"the UKI's .initrd is left out for the one that was given, 124 bytes");
	request.initrd = NULL;
	request.reuse_initrd = true;
	assert_int_equal(initrd_of(&image, &request, NULL).size, 0);
	request.reuse_initrd = false;
	part.bytes.size = 0;
	assert_int_equal(initrd_of(&image, &request, NULL).size, 0);
	image.parts_count = 0;
	assert_int_equal(initrd_of(&image, &request, NULL).size, 0);
	report_done(&report);
}

/* Nobody has looked at it before. */
static void what_cannot_be_an_initrd_is_told(void **state)
{
	struct image_part part = { ".initrd", text_span("\177ELF and so on") };
	struct image image = image_of(&part, 1);
	struct request request = { .action = ACTION_LOAD, .kernel = "/boot/uki" };
	struct report report = REPORT_INIT;
	struct span initrd = { .data = NULL };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(embedded_initrd(&image, &request, &initrd, &report, &err), ST_UNSUPPORTED);
	assert_string_equal(err.id, "initrd-kind");
	assert_non_null(strstr(err.text, "the UKI's .initrd: this is an ELF file"));
	assert_non_null(strstr(err.hint, "--initrd"));
	assert_null(initrd.data);
	assert_int_equal(report.count, 0);
	part.bytes = text_span("root=/dev/vda\n");
	assert_int_equal(initrd_of(&image, &request, &report).size, part.bytes.size);
	assert_int_equal(report.entries[0].kind, REPORT_WARNING);
	assert_non_null(strstr(report.entries[0].text, "the UKI's .initrd: this is a text"));
	report_done(&report);
}

/* What a boot loader would take from a second file is missing, unless the user gives it. */
static void what_an_android_image_lacks_is_told(void **state)
{
	struct image_part part = { ".initrd", { (const uint8_t *)CPIO_EMPTY, CPIO_EMPTY_SIZE } };
	struct image image = image_of(&part, 1);
	struct request request = {
		.action = ACTION_LOAD, .initrd = "/boot/initrd", .kernel = "/boot/boot.img"
	};
	struct report report = REPORT_INIT;

	(void)state;
	image.parts_of = "Android boot image";
	image.lacks_vendor = true;
	request.more_initrds[0] = "/boot/boot.img";
	initrd_of(&image, &request, &report);
	assert_int_equal(report.count, 0);
	request.more_initrds[0] = NULL;
	initrd_of(&image, &request, &report);
	assert_int_equal(report.entries[0].kind, REPORT_WARNING);
	assert_non_null(strstr(report.entries[0].text, "own RAM disk is left out"));
	report_done(&report);
	request.initrd = NULL;
	initrd_of(&image, &request, &report);
	assert_int_equal(report.count, 2);
	assert_int_equal(report.entries[0].kind, REPORT_WARNING);
	assert_non_null(strstr(report.entries[0].text, "vendor_boot"));
	assert_string_equal(
		report.entries[1].text, "the Android boot image's .initrd is used, 124 bytes");
	report_done(&report);
}

/* --- device tree ---------------------------------------------------------------------------- */

struct choice {
	struct span dtb;
	const char *name;
	struct report report;
};

static void settle(struct choice *choice, const struct image *image, struct span running)
{
	struct err err = ERR_INIT;

	report_done(&choice->report);
	choice->dtb = (struct span){ .data = NULL };
	choice->name = NULL;
	if (embedded_dtb(image, running, &choice->dtb, &choice->name, &choice->report, &err))
		fail_msg("%s", err.text);
}

static void assert_said(const struct choice *choice, enum report_kind kind, const char *words)
{
	assert_int_equal(choice->report.count, 1);
	assert_int_equal(choice->report.entries[0].kind, kind);
	assert_string_equal(choice->report.entries[0].area, "image");
	if (!strstr(choice->report.entries[0].text, words))
		fail_msg("\"%s\" is not in \"%s\"", words, choice->report.entries[0].text);
}

/* The first name chooses a .dtbauto; one that has another name more than the running tree is
 * another tree. */
static void the_tree_for_this_machine_is_chosen(void **state)
{
	struct tree other, ours, again, plain, running;
	struct image_part parts[] = {
		{ ".cmdline", text_span("quiet") },
		{ ".dtb", tree_for(&plain, "test,plain") },
		{ ".dtbauto", tree_for(&other, "test,other") },
		{ ".dtbauto", tree_for(&ours, "test,ours") },
		{ ".dtbauto", tree_for(&again, "test,ours") },
	};
	struct image image = image_of(parts, 5);
	struct choice choice = { .report = REPORT_INIT };

	(void)state;
	fdt_appendprop_string(ours.bytes, 0, "compatible", "test,revised");
	settle(&choice, &image, tree_for(&running, "test,ours"));
	assert_ptr_equal(choice.dtb.data, parts[3].bytes.data);
	assert_string_equal(choice.name, "the image's .dtbauto");
	assert_said(&choice, REPORT_CHOICE, ".dtbauto is used");
	/* Only the first name counts: "test,any" is in all of them. */
	settle(&choice, &image, tree_for(&running, "test,new"));
	assert_ptr_equal(choice.dtb.data, parts[1].bytes.data);
	assert_string_equal(choice.name, "the image's .dtb");
	/* As every PC. */
	settle(&choice, &image, (struct span){ NULL, 0 });
	assert_null(choice.dtb.data);
	assert_said(&choice, REPORT_CHOICE, "this machine runs without one");
	parts[1].name[1] = 'x';
	settle(&choice, &image, tree_for(&running, "test,new"));
	assert_null(choice.dtb.data);
	image.parts_count = 1;
	settle(&choice, &image, (struct span){ NULL, 0 });
	assert_null(choice.dtb.data);
	assert_int_equal(choice.report.count, 0);
	report_done(&choice.report);
}

static void the_running_tree_is_preferred_where_it_serves_as_well(void **state)
{
	static const char *const names[] = { ".dtbauto", ".dtb" };
	struct tree same, foreign, running;
	struct image_part parts[] = { { "", tree_for(&same, "test,ours") },
		{ "", tree_for(&foreign, "test,foreign") } };
	struct image image = image_of(parts, 1), image_foreign = image_of(parts + 1, 1);
	struct choice choice = { .report = REPORT_INIT };

	(void)state;
	assert_int_equal(fdt_setprop_string(foreign.bytes, 0, "compatible", "test,foreign"), 0);
	for (size_t i = 0; i < 2; i++) {
		strcpy(parts[0].name, names[i]);
		settle(&choice, &image, tree_for(&running, "test,ours"));
		assert_null(choice.dtb.data);
		assert_null(choice.name);
		assert_said(&choice, REPORT_CHOICE, "the running one has what");
	}
	/* What is for another board would be refused as --dtb; from the file it is left out. */
	strcpy(parts[1].name, ".dtb");
	settle(&choice, &image_foreign, tree_for(&running, "test,ours"));
	assert_null(choice.dtb.data);
	assert_said(&choice, REPORT_WARNING, "for another board");
	report_done(&choice.report);
}

static void no_tree_turns_acpi_off(void **state)
{
	struct tree plain, running;
	struct image_part parts[] = { { ".dtb", tree_for(&plain, "test,plain") } };
	struct image image = image_of(parts, 1);
	struct choice choice = { .report = REPORT_INIT };

	(void)state;
	settle(&choice, &image, acpi_tree(&running));
	assert_null(choice.dtb.data);
	assert_said(&choice, REPORT_CHOICE, "it runs on ACPI");
	report_done(&choice.report);
}

/* As by boot stubs. A tree behind the broken one is found, and without one nothing changes. */
static void broken_trees_are_left_out(void **state)
{
	struct tree running, ours;
	struct choice choice = { .report = REPORT_INIT };
	struct image_part parts[] = { { ".dtbauto",
					      text_span("not a tree, but long enough to be one "
							"and then some more of it") },
		{ ".dtbauto", tree_for(&ours, "test,ours") } };
	struct image image = image_of(parts, 1);

	(void)state;
	for (int i = 0; i < 2; i++) {
		settle(&choice, &image, tree_for(&running, "test,ours"));
		assert_null(choice.dtb.data);
		assert_said(&choice, REPORT_WARNING, "a device tree in the UKI is left out: .dtb");
		report_done(&choice.report);
		memcpy(parts[0].name, i ? ".dtbauto" : ".dtb", i ? 9 : 5);
	}
	image = image_of(parts, 2);
	fdt_appendprop_string(ours.bytes, 0, "compatible", "test,revised");
	settle(&choice, &image, tree_for(&running, "test,ours"));
	assert_ptr_equal(choice.dtb.data, parts[1].bytes.data);
	assert_int_equal(choice.report.count, 2);
	assert_non_null(strstr(choice.report.entries[0].text, "is left out: .dtbauto"));
	report_done(&choice.report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_command_line_is_text),
		cmocka_unit_test(an_initrd_given_wins),
		cmocka_unit_test(what_cannot_be_an_initrd_is_told),
		cmocka_unit_test(what_an_android_image_lacks_is_told),
		cmocka_unit_test(the_tree_for_this_machine_is_chosen),
		cmocka_unit_test(the_running_tree_is_preferred_where_it_serves_as_well),
		cmocka_unit_test(no_tree_turns_acpi_off),
		cmocka_unit_test(broken_trees_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
