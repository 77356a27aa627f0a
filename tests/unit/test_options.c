// SPDX-License-Identifier: GPL-2.0-only
/* The command line as scripts write it; reference cli-and-clients.md, sections 1 and 7. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kexec/cmd/option_table.h"
#include "kexec/cmd/options.h"
#include "kexec/cmd/usage.h"

static struct request request;
static struct report report;
static struct err err;

/* Parse a line of words without quotes; an empty word is written as "''". */
static int parse(const char *line)
{
	static char words[1024];
	static char *argv[64];
	int argc = 0;

	assert_true(strlen(line) < sizeof(words));
	strcpy(words, line);
	argv[argc++] = (char[]){ "kexec" };
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
		argv[argc++] = strcmp(word, "''") ? word : word + 2;
	argv[argc] = NULL;

	memset(&request, 0, sizeof(request));
	report_done(&report);
	report = (struct report)REPORT_INIT;
	err = (struct err)ERR_INIT;
	return options_parse(argc, argv, &request, &report, &err);
}

static void assert_loads(const char *line)
{
	if (parse(line))
		fail_msg("%s: %s", line, err.text);
	assert_int_equal(request.action, ACTION_LOAD);
	assert_true(request.crash);
}

static void assert_refused(const char *line, int status, const char *id, const char *text)
{
	if (parse(line) != status)
		fail_msg("%s: %d %s", line, err.status, err.text);
	assert_string_equal(err.id, id);
	if (!strstr(err.text, text))
		fail_msg("%s: \"%s\" does not say \"%s\"", line, err.text, text);
}

static void test_nothing_given_means_defaults(void **state)
{
	(void)state;
	assert_loads("-p K");
	assert_string_equal(request.kernel, "K");
	assert_null(request.initrd);
	assert_null(request.append);
	assert_null(request.dtb);
	assert_null(request.console);
	assert_null(request.serial);
	assert_null(request.sysroot);
	assert_false(request.reuse_cmdline);
	assert_false(request.no_checks);
	assert_false(request.debug);
	assert_false(request.no_capture_defaults);
	assert_false(request.has_seed);
	assert_int_equal(request.hotplug, HOTPLUG_OFF);
	assert_int_equal(request.hotplug_size, 0);
	assert_int_equal(request.on_corruption, CORRUPTION_HALT);
	assert_int_equal(request.dry_run, DRY_RUN_OFF);
	assert_int_equal(request.syscall, SYSCALL_AUTO);
}

static void test_values_with_equals_sign_and_as_a_word(void **state)
{
	(void)state;
	assert_loads("-p --initrd=I --append=A --dtb=D --serial=S --console=C --sysroot=R K");
	assert_string_equal(request.initrd, "I");
	assert_string_equal(request.append, "A");
	assert_string_equal(request.dtb, "D");
	assert_string_equal(request.serial, "S");
	assert_string_equal(request.console, "C");
	assert_string_equal(request.sysroot, "R");
	assert_loads("-p --initrd I --append A --dtb D --serial S --console C --sysroot R K");
	assert_string_equal(request.initrd, "I");
	assert_string_equal(request.append, "A");
	assert_string_equal(request.dtb, "D");
	assert_string_equal(request.serial, "S");
	assert_string_equal(request.console, "C");
	assert_string_equal(request.sysroot, "R");
	assert_string_equal(request.kernel, "K");
	assert_loads("-p --append=root=/dev/vda K");
	assert_string_equal(request.append, "root=/dev/vda");
}

static void test_synonyms_last_one_counts(void **state)
{
	(void)state;
	assert_loads("-p --ramdisk=1 --initrd=2 --append=1 --command-line=2 K");
	assert_string_equal(request.append, "2");
	assert_loads("-p --command-line=1 --append=2 K");
	assert_string_equal(request.append, "2");
}

/* An initrd given later does not take the place of the one before. */
static void test_initrds_are_a_list(void **state)
{
	char line[32 * INITRDS_MAX] = "-p K";

	(void)state;
	assert_loads("-p --ramdisk=1 --initrd=2 K --initrd 1");
	assert_string_equal(request.initrd, "1");
	assert_string_equal(request.more_initrds[0], "2");
	assert_string_equal(request.more_initrds[1], "1");
	assert_null(request.more_initrds[2]);
	for (size_t i = 0; i < INITRDS_MAX; i++)
		strcat(line, " --initrd=x");
	assert_loads(line);
	assert_string_equal(request.more_initrds[INITRDS_MAX - 2], "x");
	assert_null(request.more_initrds[INITRDS_MAX - 1]);
	strcat(line, " --ramdisk=last");
	assert_refused(line, ST_USAGE, "initrd-count", "last is one too many");
}

static void test_empty_command_line_is_a_value(void **state)
{
	(void)state;
	assert_loads("-p --command-line= K");
	assert_string_equal(request.append, "");
	assert_loads("-p --append '' K");
	assert_string_equal(request.append, "");
	assert_string_equal(request.kernel, "K");
}

static void test_options_behind_the_kernel(void **state)
{
	(void)state;
	/* openSUSE: -a stands last */
	assert_loads("-p K --append=A --initrd=I -a");
	assert_string_equal(request.kernel, "K");
	assert_string_equal(request.initrd, "I");
}

static void test_double_dash_ends_options(void **state)
{
	(void)state;
	assert_loads("-p --initrd=I -- -d");
	assert_string_equal(request.kernel, "-d");
	assert_false(request.debug);
}

static bool has_line(enum report_kind kind, const char *text)
{
	for (size_t i = 0; i < report.count; i++)
		if (report.entries[i].kind == kind && strstr(report.entries[i].text, text))
			return true;
	return false;
}

static void test_one_kernel_is_taken(void **state)
{
	static const char *const lines[] = { "-p K L", "-l K L", "-f K L", "K L", "-p K K L",
		"--identify K L", "-l K --append root=/dev/vda1 ro L", "-e K L", "-u K L" };

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(parse(lines[i]), ST_OK);
		assert_string_equal(request.kernel, "K");
		assert_true(
			has_line(REPORT_WARNING, "L has no effect: one file is taken, which is K"));
	}
	assert_loads("-p K K");
	assert_int_equal(report.count, 0);
}

static void test_what_a_later_option_replaces_is_said(void **state)
{
	static const struct {
		const char *line, *first, *last;
	} cases[] = {
		{ "-p K --dtb=one --dtb=other", "--dtb=one ", "--dtb=other" },
		{ "-p K --append=one --append=other", "--append=one ", "--append=other" },
		{ "-p K --append=one --command-line=other", "--append=one ",
			"--command-line=other" },
		{ "-p K --append=one --append ''", "--append=one ", "--append=" },
		{ "-p K --console=none --console=pl011,0x9000000", "--console=none ",
			"--console=pl011" },
		{ "-p K --serial=ttyS0 --serial=ttyS1", "--serial=ttyS0 ", "--serial=ttyS1" },
		{ "-p K --type=Image --type=uki", "--type=Image ", "--type=uki" },
		{ "-l K --mem-min=1 --mem-min=2", "--mem-min=1 ", "--mem-min=2" },
		{ "-p K --hotplug-size=8k --hotplug-size=16k", "--hotplug-size=8k ",
			"--hotplug-size=16k" },
		{ "-p K --seed=1 --seed=2", "--seed=1 ", "--seed=2" },
		{ "-p K --initrd=one --reuseinitrd", "--reuseinitrd ", "--initrd=one" },
		{ "-p K --serial=ttyS0 --console=none", "--serial=ttyS0 ", "--console=none" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(cases[i].line), ST_OK);
		if (!has_line(REPORT_WARNING, cases[i].first) ||
			!has_line(REPORT_WARNING, cases[i].last))
			fail_msg("%s: nothing is said", cases[i].line);
		assert_int_equal(report.count, 1);
	}
	/* Each of three once. */
	assert_loads("-p K --dtb=a --dtb=b --dtb=c");
	assert_int_equal(report.count, 2);
	/* The same again is nothing; neither are synonyms that say the same. */
	assert_loads("-p K --dtb=a --dtb=a --append=x --command-line=x");
	assert_int_equal(report.count, 0);
	/* Scripts choose a call behind what was configured: no warning. */
	assert_loads("-p K -c -s");
	assert_int_equal(report.count, 1);
	assert_true(has_line(REPORT_CHOICE, "--kexec-syscall has no effect"));
	assert_loads("-p K --hotplug --hotplug=auto");
	assert_true(has_line(REPORT_CHOICE, "--hotplug has no effect"));
}

static void test_short_options_in_one_word(void **state)
{
	(void)state;
	assert_loads("-pdi K");
	assert_true(request.debug);
	assert_true(request.no_checks);
}

static void test_abbreviations(void **state)
{
	(void)state;
	assert_loads("--load-panic --init=I --reuse-c K");
	assert_string_equal(request.initrd, "I");
	assert_true(request.reuse_cmdline);
	assert_refused("-p --load-p --no-c K", ST_USAGE, "option-unknown", "ambiguous");
}

/* "must stay": the last action wins; -p sticks. */
static void test_actions(void **state)
{
	static const struct {
		const char *line;
		enum action action;
		bool crash;
	} good[] = {
		{ "-p K", ACTION_LOAD, true },
		{ "--load-panic K", ACTION_LOAD, true },
		{ "-p -u", ACTION_UNLOAD, true },
		{ "-pu", ACTION_UNLOAD, true },
		{ "-u -p", ACTION_UNLOAD, true },
		{ "-p --unload", ACTION_UNLOAD, true },
		{ "-l -p K", ACTION_LOAD, true },
		{ "-p -l K", ACTION_LOAD, true },
		{ "-e -p K", ACTION_LOAD, true },
		{ "-p -u -l K", ACTION_LOAD, true },
		{ "-p -p K", ACTION_LOAD, true },
		{ "-a -p -u", ACTION_UNLOAD, true },
		{ "-p -u K", ACTION_UNLOAD, true },
		{ "-l K", ACTION_LOAD, false },
		{ "--load K", ACTION_LOAD, false },
		{ "-u -l K", ACTION_LOAD, false },
		{ "-u", ACTION_UNLOAD, false },
		{ "-u -a", ACTION_UNLOAD, false },
		{ "-l -u", ACTION_UNLOAD, false },
		{ "-e", ACTION_EXEC, false },
		{ "--exec", ACTION_EXEC, false },
		{ "-l -e K", ACTION_EXEC, false },
		{ "-le K", ACTION_EXEC, false },
		{ "-p -e K", ACTION_EXEC, true },
		{ "-u -e", ACTION_EXEC, false },
		{ "-e -i", ACTION_EXEC, false },
		{ "-e -l K", ACTION_LOAD, false },
		{ "-f K", ACTION_LOAD_AND_EXEC, false },
		{ "-l --force K", ACTION_LOAD_AND_EXEC, false },
		{ "-e -f K", ACTION_LOAD_AND_EXEC, false },
		{ "-f -l K", ACTION_LOAD, false },
		{ "K", ACTION_LOAD_AND_SHUTDOWN, false },
		{ "-d K", ACTION_LOAD_AND_SHUTDOWN, false },
		{ "-s K", ACTION_LOAD_AND_SHUTDOWN, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (parse(good[i].line))
			fail_msg("%s: %s", good[i].line, err.text);
		if (request.action != good[i].action || request.crash != good[i].crash)
			fail_msg("%s: action %d", good[i].line, request.action);
		assert_false(request.no_ifdown);
	}
}

/* petitboot's last resort */
static void test_exec_and_force_without_a_kernel(void **state)
{
	(void)state;
	assert_int_equal(parse("-e -f"), ST_OK);
	assert_int_equal(request.action, ACTION_EXEC);
	assert_true(request.no_ifdown);
	assert_refused("-f", ST_USAGE, "kernel-missing", "No kernel specified");
	assert_refused("-p -f K", ST_USAGE, "force-crash", "-p");
}

/* -S goes before every action; which image, does not depend on -d or on the order. */
static void test_status(void **state)
{
	static const struct {
		const char *line;
		bool crash;
	} good[] = {
		{ "-S", true },
		{ "--status", true },
		{ "-p -S", true },
		{ "-S -p", true },
		{ "-d -S", true },
		{ "-l -S", false },
		{ "-S -l", false },
		{ "-d -S -l", false },
		{ "-p -S -l", true },
		{ "-S -u", true },
		{ "-S -e K", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (parse(good[i].line))
			fail_msg("%s: %s", good[i].line, err.text);
		assert_int_equal(request.action, ACTION_STATUS);
		assert_int_equal(request.crash, good[i].crash);
		assert_int_equal(request.status, STATUS_QUIET);
	}
	assert_int_equal(parse("-S --status=json"), ST_OK);
	assert_int_equal(request.action, ACTION_STATUS);
	assert_int_equal(request.status, STATUS_JSON);
	assert_int_equal(parse("--status=text -l"), ST_OK);
	assert_int_equal(request.status, STATUS_TEXT);
	assert_refused("--status=xml", ST_BAD_INPUT, "option-value", "--status=xml");
}

static void test_before_a_restart(void **state)
{
	(void)state;
	assert_int_equal(parse("-x -e"), ST_OK);
	assert_true(request.no_ifdown);
	assert_false(request.no_sync);
	assert_int_equal(parse("-e --no-sync"), ST_OK);
	assert_true(request.no_sync);
}

/* A number in C syntax, as for strtoull() with base 0. */
static void test_addresses(void **state)
{
	(void)state;
	assert_loads("-p --mem-min=0x40000000 --mem-max 4294967295 K");
	assert_int_equal(request.mem_min, 0x40000000);
	assert_int_equal(request.mem_max, 0xffffffff);
	assert_refused("-p --mem-min=top K", ST_BAD_INPUT, "option-value",
		"Bad option value in --mem-min=top");
	assert_refused("-p --mem-max= K", ST_BAD_INPUT, "option-value", "--mem-max=");
	assert_refused("-p --mem-max=1M K", ST_BAD_INPUT, "option-value", "--mem-max=1M");
	assert_loads("-p --entry=0x1000 K"); /* means nothing there */
	assert_int_equal(report.count, 1);
	assert_int_equal(report.entries[0].kind, REPORT_CHOICE);
	assert_null(request.needs_load);
	assert_refused("-p --entry=start K", ST_BAD_INPUT, "option-value", "--entry=start");
}

static void test_what_is_not_done_is_said(void **state)
{
	(void)state;
	assert_refused("--load-live-update K", ST_USAGE, "option-not-here", "Xen");
	assert_refused("--exec-live-update", ST_USAGE, "option-not-here", "Xen");
}

static void test_there_and_back_again(void **state)
{
	(void)state;
	assert_int_equal(parse("-l --load-preserve-context --mem-max=0x1fffffff K"), ST_OK);
	assert_int_equal(request.action, ACTION_LOAD);
	assert_true(request.preserve);
	assert_string_equal(request.needs_load, "load-preserve-context");
	assert_int_equal(parse("-f --load-preserve-context --mem-max=0x1fffffff K"), ST_OK);
	assert_refused("-p --load-preserve-context --mem-max=1 K", ST_USAGE, "jump-crash", "-p");
	assert_refused("-s -l --load-preserve-context --mem-max=1 K", ST_USAGE, "file-load-option",
		"--load-preserve-context");

	assert_int_equal(parse("--load-jump-back-helper"), ST_OK);
	assert_int_equal(request.action, ACTION_LOAD_WAY_BACK);
	assert_int_equal(request.way_back, 0);
	assert_int_equal(parse("-l --load-jump-back-helper --entry=0x7fe01042"), ST_OK);
	assert_int_equal(request.action, ACTION_LOAD_WAY_BACK);
	assert_int_equal(request.way_back, 0x7fe01042);
	assert_int_equal(report.count, 0);
	assert_refused("-s --load-jump-back-helper", ST_USAGE, "file-load-option",
		"--load-jump-back-helper");
	assert_refused("--load-jump-back-helper K", ST_USAGE, "jump-action", "a file");
	assert_refused("--load-jump-back-helper -e", ST_USAGE, "jump-action", "not with -e");
	assert_refused("-p --load-jump-back-helper", ST_USAGE, "jump-action", "not with -p");
	assert_refused("-u --load-jump-back-helper", ST_USAGE, "jump-action", "not with -u");
	assert_refused("--load-jump-back-helper --dry-run", ST_USAGE, "dry-run-action", "load");
}

static void test_identify_needs_a_file_and_goes_first(void **state)
{
	(void)state;
	assert_int_equal(parse("--identify K -p -S"), ST_OK);
	assert_int_equal(request.action, ACTION_IDENTIFY);
	assert_int_equal(request.identify, IDENTIFY_TEXT);
	assert_string_equal(request.kernel, "K");
	assert_int_equal(parse("K --identify=json"), ST_OK);
	assert_int_equal(request.identify, IDENTIFY_JSON);
	assert_refused("--identify", ST_USAGE, "identify-file-missing", "needs a file");
	assert_refused("--identify=xml K", ST_BAD_INPUT, "option-value", "--identify=xml");
	assert_refused("--identify K --dry-run", ST_USAGE, "dry-run-action", "--dry-run");
}

static void test_help_and_version_act_when_met(void **state)
{
	(void)state;
	assert_int_equal(parse("-h"), ST_OK);
	assert_int_equal(request.action, ACTION_HELP);
	assert_int_equal(parse("--version --bogus"), ST_OK);
	assert_int_equal(request.action, ACTION_VERSION);
	assert_int_equal(parse("-v -h"), ST_OK);
	assert_int_equal(request.action, ACTION_VERSION);
	assert_int_equal(parse("-l --help"), ST_OK);
	assert_int_equal(request.action, ACTION_HELP);
	assert_int_equal(parse("--print-ckr-size -p"), ST_OK);
	assert_int_equal(request.action, ACTION_CRASH_SIZE);
	assert_refused("--bogus -v", ST_USAGE, "option-unknown", "--bogus");
}

static void test_unknown_options(void **state)
{
	(void)state;
	assert_refused("-p --bogus K", ST_USAGE, "option-unknown", "unrecognized option '--bogus'");
	assert_refused("-p --bogus=1 K", ST_USAGE, "option-unknown", "--bogus=1");
	assert_refused("-p -q K", ST_USAGE, "option-unknown", "invalid option -- 'q'");
	assert_refused("-pq K", ST_USAGE, "option-unknown", "invalid option -- 'q'");
	assert_refused("-?", ST_USAGE, "option-unknown", "'?'");
	assert_refused(
		"-p K --initrd", ST_USAGE, "option-value", "'--initrd' requires an argument");
	assert_refused("-p K -t", ST_USAGE, "option-value", "requires an argument -- 't'");
	assert_refused("-p --debug=1 K", ST_USAGE, "option-value", "doesn't allow an argument");
	assert_true(strlen(err.hint) > 0);
}

static void test_system_call_last_one_counts(void **state)
{
	(void)state;
	assert_loads("-p -c K");
	assert_int_equal(request.syscall, SYSCALL_LOAD);
	assert_loads("-p -s -c K");
	assert_int_equal(request.syscall, SYSCALL_LOAD);
	assert_loads("-p -s -a K");
	assert_int_equal(request.syscall, SYSCALL_AUTO);
	assert_loads("-c -s -p K");
	assert_int_equal(request.syscall, SYSCALL_FILE_LOAD);
	/* kdumpctl gives it twice under secure boot, and to unload */
	assert_loads("-s -s -p K");
	assert_int_equal(request.syscall, SYSCALL_FILE_LOAD);
	assert_int_equal(parse("-s -p -u"), ST_OK);
	assert_int_equal(request.syscall, SYSCALL_FILE_LOAD);
}

/* What only one of the calls can follow decides which one it is, or is not lost silently. */
static void test_options_of_one_call(void **state)
{
	(void)state;
	assert_loads("-p --initrd=I --append=A -i -d K");
	assert_null(request.needs_load);
	assert_null(request.prefers_load);
	assert_loads("-p --dtb=D --serial=S K");
	assert_string_equal(request.needs_load, "dtb");
	assert_loads("-p --serial=S --dtb=D K");
	assert_string_equal(request.needs_load, "dtb");
	assert_loads("-p --dtb=D --hotplug K");
	assert_string_equal(request.needs_load, "dtb");
	assert_loads("-p --hotplug K");
	assert_null(request.needs_load);
	assert_string_equal(request.prefers_load, "hotplug");
	assert_loads("-s -p --hotplug K");
	assert_null(request.prefers_load);
	assert_int_equal(report.count, 0);
	assert_loads("-p --serial=S K");
	assert_null(request.needs_load);
	assert_string_equal(request.prefers_load, "serial");
	assert_loads("-s -p --dry-run --sysroot=D --seed=1 K");
	assert_null(request.needs_load);

	assert_refused("-s -p --dtb=D K", ST_USAGE, "file-load-option", "--dtb is not possible");
	assert_refused("-p --console=none -s K", ST_USAGE, "file-load-option", "--console");
	assert_loads("-s -p --serial=S K");
	assert_null(request.prefers_load);
	assert_int_equal(report.count, 1);
	assert_int_equal(report.entries[0].kind, REPORT_WARNING);
	assert_non_null(strstr(report.entries[0].text, "--serial has no effect"));
	assert_int_equal(parse("-s -u --dtb=D"), ST_OK); /* loads nothing */

	/* What only a crash kernel has. */
	assert_int_equal(parse("-l --hotplug-size=64k K"), ST_OK);
	assert_int_equal(report.count, 1);
	assert_true(has_line(REPORT_WARNING, "--hotplug has no effect without -p"));
}

static void test_hotplug(void **state)
{
	(void)state;
	assert_loads("-p --hotplug K");
	assert_int_equal(request.hotplug, HOTPLUG_ON);
	assert_string_equal(request.kernel, "K");
	assert_loads("-p --hotplug=auto K");
	assert_int_equal(request.hotplug, HOTPLUG_AUTO);
	assert_refused("-p --hotplug=on K", ST_BAD_INPUT, "option-value",
		"Bad option value in --hotplug=on");
	assert_refused("-p --hotplug= K", ST_BAD_INPUT, "option-value", "--hotplug=");
}

static void test_hotplug_size(void **state)
{
	static const struct {
		const char *line;
		uint64_t size;
	} good[] = {
		{ "-p --hotplug-size=4096 K", 4096 },
		{ "-p --hotplug-size=0x1000 K", 4096 },
		{ "-p --hotplug-size=4k K", 4096 },
		{ "-p --hotplug-size 4K K", 4096 },
		{ "-p --hotplug-size=3m K", 3u << 20 },
		{ "-p --hotplug-size=3M K", 3u << 20 },
		{ "-p --hotplug-size=5G K", UINT64_C(5) << 30 },
		{ "-p --hotplug-size=18446744073709551615 K", UINT64_MAX },
	};
	static const char *const bad[] = {
		"-p --hotplug-size= K",
		"-p --hotplug-size=0 K",
		"-p --hotplug-size=k K",
		"-p --hotplug-size=-1 K",
		"-p --hotplug-size=+1 K",
		"-p --hotplug-size=1kk K",
		"-p --hotplug-size=1T K",
		"-p --hotplug-size=18446744073709551616 K",
		"-p --hotplug-size=18014398509481984k K",
		"-p --hotplug-size=4096x K",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_loads(good[i].line);
		assert_true(request.hotplug_size == good[i].size);
		assert_int_equal(request.hotplug, HOTPLUG_ON);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_refused(bad[i], ST_BAD_INPUT, "option-value",
			"Bad option value in --hotplug-size=");
	assert_loads("-p --hotplug=auto --hotplug-size=1M K");
	assert_int_equal(request.hotplug, HOTPLUG_AUTO);
}

static void test_on_corruption(void **state)
{
	(void)state;
	assert_loads("-p --on-corruption=halt K");
	assert_int_equal(request.on_corruption, CORRUPTION_HALT);
	assert_loads("-p --on-corruption reset K");
	assert_int_equal(request.on_corruption, CORRUPTION_RESET);
	assert_loads("-p --on-corruption=boot K");
	assert_int_equal(request.on_corruption, CORRUPTION_BOOT);
	assert_refused("-p --on-corruption=panic K", ST_BAD_INPUT, "option-value", "=panic");
}

static void test_dry_run(void **state)
{
	(void)state;
	assert_loads("-p --dry-run K");
	assert_int_equal(request.dry_run, DRY_RUN_TEXT);
	assert_loads("-p --dry-run=text K");
	assert_int_equal(request.dry_run, DRY_RUN_TEXT);
	assert_loads("-p --dry-run=json K");
	assert_int_equal(request.dry_run, DRY_RUN_JSON);
	assert_refused("-p --dry-run=xml K", ST_BAD_INPUT, "option-value", "--dry-run=xml");
	assert_refused("-p -u --dry-run", ST_USAGE, "dry-run-action", "--dry-run");
	assert_refused("--dry-run", ST_USAGE, "kernel-missing", "No kernel");
	assert_refused("-S --dry-run", ST_USAGE, "dry-run-action", "--dry-run");
}

static void test_seed(void **state)
{
	(void)state;
	assert_loads("-p --seed=0 K");
	assert_true(request.has_seed);
	assert_int_equal(request.seed, 0);
	assert_loads("-p --seed 0x10 K");
	assert_int_equal(request.seed, 16);
	assert_refused("-p --seed=1k K", ST_BAD_INPUT, "option-value", "--seed=1k");
}

static void test_kernel_is_needed_to_load_only(void **state)
{
	(void)state;
	static const char *const lines[] = { "", "-d", "-p", "-l", "-f", "-s", "-u -l" };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_refused(lines[i], ST_USAGE, "kernel-missing", "No kernel specified");
	assert_int_equal(parse("-p -u"), ST_OK);
	assert_null(request.kernel);
}

static void test_options_of_other_architectures_are_noted(void **state)
{
	(void)state;
	/* Debian's kdump-config, Fedora's old configurations */
	assert_loads("-p --args-linux --elf64-core-headers --module=M --reset-vga K");
	assert_int_equal(report.count, 2);
	assert_int_equal(request.args, ARGS_LINUX);
	assert_int_equal(report.entries[0].kind, REPORT_CHOICE);
	assert_string_equal(report.entries[0].text,
		"--elf64-core-headers has no effect here. The header always is one of 64 bits.");
	assert_string_equal(request.modules[0], "M");
	assert_string_equal(request.kernel, "K");
}

static void test_modules_are_kept_in_their_order(void **state)
{
	char line[1000] = "-p";

	(void)state;
	assert_loads("-p --module=one K --module=two");
	assert_null(request.needs_load); /* of other kernels they ask for nothing */
	assert_string_equal(request.modules[0], "one");
	assert_string_equal(request.modules[1], "two");
	assert_null(request.modules[2]);
	assert_loads("-s -p --module=one K");
	for (size_t i = 0; i < MODULES_MAX; i++)
		strcat(line, " --module=x");
	strcat(line, " K");
	assert_loads(line);
	assert_string_equal(request.modules[MODULES_MAX - 1], "x");
	strcat(line, " --module=last");
	assert_refused(line, ST_USAGE, "module-count", "last is one too many");
}

static void test_speed_of_the_serial_line(void **state)
{
	static const char *const good[] = { "9600", "0x2580", "14400", "38400", "115200", "0" };
	static const char *const bad[] = { "1", "4800", "9601", "230400", "4294976896" };
	char line[64];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(line, sizeof(line), "-p --serial-baud=%s K", good[i]);
		assert_loads(line);
		assert_int_equal(request.serial_baud, strtoul(good[i], NULL, 0));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(line, sizeof(line), "-p --serial-baud=%s K", bad[i]);
		assert_refused(line, ST_BAD_INPUT, "option-value", "Bad serial port baud rate");
	}
	assert_refused("-p --serial-baud=fast K", ST_BAD_INPUT, "option-value", "=fast");
	assert_refused("-s -p --serial-baud=1 K", ST_BAD_INPUT, "option-value", "baud");
}

/* "should change": on x86 these three wipe an --append that stands before them. */
static void test_append_is_not_wiped(void **state)
{
	(void)state;
	assert_loads("-p --append=A --noefi --reuse-video-type --pass-memmap-cmdline K");
	assert_string_equal(request.append, "A");
}

/* "should change": on x86 an option of a load is fatal where nothing is loaded. */
static void test_options_of_a_load_do_not_disturb(void **state)
{
	(void)state;
	assert_int_equal(parse("-e --append=A --initrd=I --dtb=D"), ST_OK);
	assert_int_equal(request.action, ACTION_EXEC);
	assert_int_equal(parse("-p -u --append=A --initrd=I"), ST_OK);
	assert_int_equal(request.action, ACTION_UNLOAD);
	assert_int_equal(parse("-S --append=A"), ST_OK);
	assert_int_equal(request.action, ACTION_STATUS);
}

/* "must stay": the first word tells scripts what it is. */
static void test_version_begins_with_the_name(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_non_null(out);
	print_version(out);
	assert_int_equal(fclose(out), 0);
	assert_ptr_equal(strstr(text, "kexec-tools "), text);
	free(text);
}

static void test_failure_leaves_the_request_alone(void **state)
{
	(void)state;
	assert_refused("-p -d --hotplug-size=x K", ST_BAD_INPUT, "option-value", "=x");
	assert_false(request.debug);
	assert_null(request.kernel);
}

/* Every row can be given and is understood as its columns say; those that do nothing, or nothing
 * here, say that by name. */
static void test_every_row_of_the_table(void **state)
{
	char line[128], said[256];

	(void)state;
	for (size_t i = 0; i < option_table_count; i++) {
		const struct option_row *row = &option_table[i];
		const char *value = "9600"; /* also of a line */
		int status;

		if (row->words)
			value = row->words[row->words[0].text ? 0 : 1].text;
		/* Those of the way back, which takes no file, mean something together. */
		snprintf(line, sizeof(line), "%s --%s%s%s %s",
			row->group == GROUP_HOTPLUG ? "-p" : "-l", row->name,
			row->argument == ARGUMENT_NONE ? "" : "=",
			row->argument == ARGUMENT_NONE ? "" : value,
			strcmp(row->name, "entry") == 0 ||
					strcmp(row->name, "load-jump-back-helper") == 0
				? "--load-jump-back-helper"
				: "K");
		status = parse(line);
		if (row->group == GROUP_REFUSED) {
			assert_int_equal(status, ST_USAGE);
			assert_string_equal(err.id, "option-not-here");
			snprintf(said, sizeof(said), "--%s is not possible: %s", row->name,
				row->more);
			assert_string_equal(err.text, said);
		} else if (status) {
			fail_msg("%s: %s", line, err.text);
		}
		assert_int_equal(report.count, row->group == GROUP_NO_EFFECT);
		if (row->group == GROUP_NO_EFFECT) {
			assert_int_equal(report.entries[0].kind, REPORT_CHOICE);
			snprintf(said, sizeof(said), "--%s has no effect here%s%s", row->name,
				row->more ? ". " : "", row->more ? row->more : "");
			assert_string_equal(report.entries[0].text, said);
		}
		report_done(&report);
		report = (struct report)REPORT_INIT;
	}
}

static void test_table_is_well_formed(void **state)
{
	(void)state;
	for (size_t i = 0; i < option_table_count; i++) {
		const struct option_row *row = &option_table[i];

		assert_true(strlen(row->name) > 1);
		assert_true(strlen(row->help) <= 52);
		assert_null(strpbrk(row->help, "'[]\\")); /* the shells' own */
		assert_int_equal(row->argument == ARGUMENT_NONE, row->value_name == NULL);
		assert_int_equal(row->effect == EFFECT_WORD || row->effect == EFFECT_AT_ONCE,
			row->words != NULL);
		assert_int_equal(row->effect == EFFECT_NOTHING, row->group == GROUP_NO_EFFECT);
		assert_int_equal(row->effect == EFFECT_REFUSED, row->group == GROUP_REFUSED);
		assert_true(row->effect != EFFECT_REFUSED || row->more);
		assert_true(row->arches && row->paths);
		for (size_t j = 0; j < i; j++) {
			assert_string_not_equal(row->name, option_table[j].name);
			if (row->letter)
				assert_int_not_equal(row->letter, option_table[j].letter);
		}
	}
}

static int teardown(void **state)
{
	(void)state;
	report_done(&report);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back_again),
		cmocka_unit_test(test_identify_needs_a_file_and_goes_first),
		cmocka_unit_test(test_nothing_given_means_defaults),
		cmocka_unit_test(test_values_with_equals_sign_and_as_a_word),
		cmocka_unit_test(test_synonyms_last_one_counts),
		cmocka_unit_test(test_initrds_are_a_list),
		cmocka_unit_test(test_empty_command_line_is_a_value),
		cmocka_unit_test(test_options_behind_the_kernel),
		cmocka_unit_test(test_double_dash_ends_options),
		cmocka_unit_test(test_one_kernel_is_taken),
		cmocka_unit_test(test_what_a_later_option_replaces_is_said),
		cmocka_unit_test(test_short_options_in_one_word),
		cmocka_unit_test(test_abbreviations),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_exec_and_force_without_a_kernel),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_before_a_restart),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_what_is_not_done_is_said),
		cmocka_unit_test(test_help_and_version_act_when_met),
		cmocka_unit_test(test_unknown_options),
		cmocka_unit_test(test_system_call_last_one_counts),
		cmocka_unit_test(test_options_of_one_call),
		cmocka_unit_test(test_hotplug),
		cmocka_unit_test(test_hotplug_size),
		cmocka_unit_test(test_on_corruption),
		cmocka_unit_test(test_dry_run),
		cmocka_unit_test(test_seed),
		cmocka_unit_test(test_kernel_is_needed_to_load_only),
		cmocka_unit_test(test_options_of_other_architectures_are_noted),
		cmocka_unit_test(test_modules_are_kept_in_their_order),
		cmocka_unit_test(test_speed_of_the_serial_line),
		cmocka_unit_test(test_append_is_not_wiped),
		cmocka_unit_test(test_options_of_a_load_do_not_disturb),
		cmocka_unit_test(test_version_begins_with_the_name),
		cmocka_unit_test(test_failure_leaves_the_request_alone),
		cmocka_unit_test(test_every_row_of_the_table),
		cmocka_unit_test(test_table_is_well_formed),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
