// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each read of each file fails, one at a time: with EIO, interrupted, or short. What is interrupted
 * or short makes no difference at all. After EIO a verb fails, or says that it goes on without the
 * file; either way it names the file and the reason. What it read until then never passes for the
 * whole of it.
 */
#undef _FORTIFY_SOURCE /* its read() would be another one */

#include "tests/unit/tmproot.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <sys/syscall.h>

#include "kexec/cmd/elfcorehdr.h"
#include "kexec/cmd/identify.h"
#include "kexec/cmd/load.h"
#include "kexec/cmd/status.h"
#include "tests/unit/no_calls.h"
#include "vmcore-dmesg/output.h"
#include "vmcore-dmesg/printk.h"
#include "vmcore-dmesg/vmcore.h"

/* --- the C library's calls, with faults ------------------------------------------------- */

enum fault { FAULT_NONE, FAULT_EIO, FAULT_EINTR, FAULT_SHORT };

static struct {
	const char *folder; /* faults are in files below it; NULL for none at all */
	enum fault kind;
	unsigned int at; /* the read that has it, from 1 */
	unsigned int reads;
	char path[256]; /* from the folder, of the file that had it */
} io;

static enum fault fault_of(int fd)
{
	char link[64], target[4096];
	const char *inside;
	ssize_t size;

	if (!io.folder)
		return FAULT_NONE;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	size = readlink(link, target, sizeof(target) - 1);
	if (size < 0)
		return FAULT_NONE;
	target[size] = '\0';
	inside = strstr(target, io.folder);
	if (!inside || ++io.reads != io.at)
		return FAULT_NONE;
	snprintf(io.path, sizeof(io.path), "%.250s", inside + strlen(io.folder) + 1);
	return io.kind;
}

ssize_t read(int fd, void *buf, size_t size)
{
	enum fault fault = fault_of(fd);

	if (fault == FAULT_EIO || fault == FAULT_EINTR) {
		errno = fault == FAULT_EIO ? EIO : EINTR;
		return -1;
	}
	return syscall(SYS_read, fd, buf, fault == FAULT_SHORT && size ? 1 : size);
}

ssize_t pread(int fd, void *buf, size_t size, off_t offset)
{
	enum fault fault = fault_of(fd);

	if (fault == FAULT_EIO || fault == FAULT_EINTR) {
		errno = fault == FAULT_EIO ? EIO : EINTR;
		return -1;
	}
	return syscall(SYS_pread64, fd, buf, fault == FAULT_SHORT && size ? 1 : size, offset);
}

struct dirent *readdir(DIR *dir)
{
	/* By its own name where files are large: the types are the same. */
	struct dirent *(*real)(DIR *) = NULL;

	*(void **)&real = dlsym(RTLD_NEXT, "readdir64");
	if (fault_of(dirfd(dir)) == FAULT_EIO) {
		errno = EIO;
		return NULL;
	}
	return real(dir);
}

/* --- what is run ------------------------------------------------------------------------ */

struct run {
	const char *name;
	const char *folder; /* from the top of the tree */
	int (*verb)(const struct run *run, const struct cmd_io *io, int *answer, struct err *err);
	struct request request;
};

/* What can be seen of a run. */
struct outcome {
	char *out, *said;
	size_t out_size, said_size;
	int status, answer;
	struct err err;
};

static int load(const struct run *run, const struct cmd_io *to, int *answer, struct err *err)
{
	(void)answer;
	return load_kernel(&run->request, to, err);
}

static int status(const struct run *run, const struct cmd_io *to, int *answer, struct err *err)
{
	return show_status(&run->request, to, answer, err);
}

static int crash_size(const struct run *run, const struct cmd_io *to, int *answer, struct err *err)
{
	(void)answer;
	return show_crash_size(&run->request, to, err);
}

static int elfcorehdr(const struct run *run, const struct cmd_io *to, int *answer, struct err *err)
{
	return show_elfcorehdr(&run->request, to, answer, err);
}

static int identify(const struct run *run, const struct cmd_io *to, int *answer, struct err *err)
{
	(void)answer;
	return identify_file(&run->request, to, err);
}

static int dmesg(const struct run *run, const struct cmd_io *to, int *answer, struct err *err)
{
	const struct options options = { .level = true, .path = run->request.kernel };
	struct output output = { .options = &options, .file = to->out };
	struct printk_sink sink = output_sink(&output);
	struct sysroot_file *file = NULL;
	struct sysroot *root = NULL;
	struct vmcore core;
	int result;

	(void)answer;
	assert_int_equal(sysroot_new(run->folder, &root, err), ST_OK);
	result = sysroot_open_dump(root, options.path, &file, err);
	assert_int_equal(result, ST_OK);
	result = vmcore_open(file, &core, err);
	if (!result) {
		result = vmcore_read_info(&core, err);
		if (!result)
			result = printk_dump(&core, &sink, err);
		vmcore_done(&core);
	}
	sysroot_close(file);
	sysroot_free(root);
	return result;
}

#define FIXTURES "tests/fixtures/"
#define LOAD(...)                                                                                  \
	{                                                                                          \
		.action = ACTION_LOAD, .dry_run = DRY_RUN_JSON, .has_seed = true, __VA_ARGS__      \
	}
#define FILES	  .kernel = "/boot/Image", .initrd = "/boot/initrd"
#define X86_FILES .kernel = "/boot/vmlinuz", .initrd = "/boot/initrd"

static const struct run runs[] = {
	{ "crash, ACPI", FIXTURES "qemu-acpi-hotadd", load,
		LOAD(.crash = true, .hotplug = HOTPLUG_AUTO, FILES) },
	{ "restart, ACPI", FIXTURES "qemu-acpi-hotadd", load, LOAD(.reuse_cmdline = true, FILES) },
	{ "crash, tree", FIXTURES "qemu-dt", load, LOAD(.crash = true, FILES) },
	{ "restart, tree", FIXTURES "qemu-dt", load, LOAD(FILES) },
	{ "crash, configuration in /boot", FIXTURES "config-fallback", load,
		LOAD(.crash = true, FILES) },
	{ "crash, EFI of x86_64", FIXTURES "x86-numa", load,
		LOAD(.crash = true, .hotplug = HOTPLUG_AUTO, X86_FILES) },
	{ "restart, BIOS of x86_64", FIXTURES "x86-bios", load,
		LOAD(.reuse_cmdline = true, X86_FILES) },
	{ "restart, Multiboot", FIXTURES "x86-restart", load,
		LOAD(.modules = { "/boot/vmlinuz words", "/boot/module.gz" },
			.kernel = "/boot/multiboot2") },
	{ "crash, POWER", FIXTURES "ppc-pseries", load,
		LOAD(.crash = true, .kernel = "/boot/vmlinux", .initrd = "/boot/initrd") },
	{ "status", FIXTURES "qemu-acpi-hotadd", status,
		{ .action = ACTION_STATUS, .status = STATUS_JSON, .crash = true } },
	{ "quiet status", FIXTURES "qemu-acpi-hotadd", status,
		{ .action = ACTION_STATUS, .crash = true } },
	{ "crash size", FIXTURES "qemu-acpi-hotadd", crash_size, { .action = ACTION_CRASH_SIZE } },
	{ "armed header", FIXTURES "qemu-acpi-hotadd", elfcorehdr,
		{ .action = ACTION_ELFCOREHDR, .elfcorehdr = ELFCOREHDR_JSON } },
	{ "header of a file", "tests/fuzz/seeds/printk", elfcorehdr,
		{ .action = ACTION_ELFCOREHDR,
			.elfcorehdr = ELFCOREHDR_TEXT,
			.kernel = "/le64-ring" } },
	{ "identify", FIXTURES "qemu-acpi-hotadd", identify,
		{ .action = ACTION_IDENTIFY, .identify = IDENTIFY_JSON, .kernel = "/boot/Image" } },
	{ "log, ring", "tests/fuzz/seeds/printk", dmesg, { .kernel = "/le64-ring" } },
	{ "log, records", "tests/fuzz/seeds/printk", dmesg, { .kernel = "/be32-records" } },
	{ "log, text", "tests/fuzz/seeds/printk", dmesg, { .kernel = "/le32-text" } },
};
#define RUNS_COUNT (sizeof(runs) / sizeof(runs[0]))

/* What changes while it is read, or looks so, is read again after a while. */
static void sleep_little(void *context, unsigned int ms)
{
	(void)context;
	(void)ms;
}

static struct outcome perform(const struct run *run, enum fault kind, unsigned int at)
{
	struct outcome outcome = { .err = ERR_INIT, .answer = -1 };
	struct syscall_ops ops = no_calls;
	struct cmd_io to = { .syscalls = &ops };
	struct run with_root = *run;

	ops.sleep_ms = sleep_little;
	with_root.request.sysroot = run->folder;
	to.out = open_memstream(&outcome.out, &outcome.out_size);
	to.err = open_memstream(&outcome.said, &outcome.said_size);
	assert_non_null(to.out);
	assert_non_null(to.err);
	io.kind = kind;
	io.at = at;
	io.reads = 0;
	io.path[0] = '\0';
	io.folder = run->folder;
	outcome.status = run->verb(&with_root, &to, &outcome.answer, &outcome.err);
	io.folder = NULL;
	assert_int_equal(fclose(to.out), 0);
	assert_int_equal(fclose(to.err), 0);
	return outcome;
}

static void outcome_done(struct outcome *outcome)
{
	free(outcome->out);
	free(outcome->said);
}

static bool same(const struct outcome *a, const struct outcome *b)
{
	return a->status == b->status && a->answer == b->answer && strcmp(a->out, b->out) == 0 &&
	       strcmp(a->said, b->said) == 0;
}

/* Does text name the file and the reason, in one line? */
static bool explains(const char *text)
{
	const char *reason = text;

	while ((reason = strstr(reason, strerror(EIO)))) {
		const char *line = reason;

		while (line > text && line[-1] != '\n')
			line--;
		for (const char *at = line; (at = strstr(at, io.path)) && at < reason; at++)
			return true;
		reason++;
	}
	return false;
}

static void fail_with(const struct run *run, const struct outcome *outcome, const char *what)
{
	fail_msg("%s: read %u, of %s: %s: status %d, answer %d\n%s\n%.3000s\n%.3000s", run->name,
		io.at, io.path, what, outcome->status, outcome->answer, outcome->err.text,
		outcome->said, outcome->out);
}

/* Run the verb once for each of its reads, with this fault. Returns how many there were. */
static unsigned int break_each(const struct run *run, enum fault kind,
	void check(const struct run *run, const struct outcome *honest, const struct outcome *got))
{
	struct outcome honest = perform(run, FAULT_NONE, 0);
	unsigned int reads = io.reads;

	assert_true(reads >= 2);
	for (unsigned int at = 1; at <= reads; at++) {
		struct outcome outcome = perform(run, kind, at);

		assert_true(io.path[0]);
		check(run, &honest, &outcome);
		outcome_done(&outcome);
	}
	outcome_done(&honest);
	return reads;
}

static void check_same(
	const struct run *run, const struct outcome *honest, const struct outcome *got)
{
	if (!same(honest, got))
		fail_with(run, got, "it makes a difference");
}

static void check_explained(
	const struct run *run, const struct outcome *honest, const struct outcome *got)
{
	if (got->status) {
		if (!explains(got->err.text) && !explains(got->said))
			fail_with(run, got, "the error does not tell");
		return;
	}
	/* The file did not matter: what is said is what was said before. */
	if (same(honest, got))
		return;
	if (!explains(got->said) && !explains(got->out))
		fail_with(run, got, "it goes on without a word");
}

static void what_is_interrupted_is_read_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < RUNS_COUNT; i++)
		break_each(&runs[i], FAULT_EINTR, check_same);
}

static void a_short_read_is_not_the_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < RUNS_COUNT; i++)
		break_each(&runs[i], FAULT_SHORT, check_same);
}

static void what_cannot_be_read_is_named(void **state)
{
	unsigned int reads = 0;

	(void)state;
	for (size_t i = 0; i < RUNS_COUNT; i++)
		reads += break_each(&runs[i], FAULT_EIO, check_explained);
	/* Are these the reads of the library? */
	assert_true(reads > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_interrupted_is_read_again),
		cmocka_unit_test(a_short_read_is_not_the_end),
		cmocka_unit_test(what_cannot_be_read_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
