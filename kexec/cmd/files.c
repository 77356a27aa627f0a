// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/cmd/files.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "kexec/cmd/embedded.h"
#include "kexec/image/cpio.h"
#include "kexec/image/initrd.h"
#include "kexec/image/kind.h"
#include "kexec/plan/seal.h"
#include "kexec/system/cmdline.h"
#include "kexec/system/devtree.h"
#include "kexec/system/kexec_state.h"
#include "kexec/system/machine.h"

/* Files that are loaded; a limit on what a hostile path can make us take in. */
#define INITRD_SIZE_MAX	 ((size_t)2 << 30)
#define CMDLINE_SIZE_MAX (64u << 10)
#define DTB_FILE_MAX	 ((size_t)64 << 20) /* what is no tree is told by its name, not its size */

void files_done(struct files *files)
{
	image_done(&files->image);
	held_done(&files->kernel_held);
	held_done(&files->initrd_held);
	sysroot_close(files->kernel_open);
	sysroot_close(files->initrd_open);
	blob_done(&files->initrd_made);
	modules_done(&files->modules);
	blob_done(&files->dtb);
	free(files->cmdline);
	report_done(&files->report);
}

/* Is it by kexec_load(2) at first, as far as can be told before the files are read? Where lockdown
 * is to leave only the other call, nothing is read and hashed in vain. */
static bool plans_first(const struct request *request, const struct sysroot *root)
{
	struct kexec_state state;

	if (request->syscall == SYSCALL_LOAD || request->dry_run)
		return true;
	if (request->syscall == SYSCALL_FILE_LOAD)
		return false;
	if (request->needs_load || !request->prefers_load)
		return request->needs_load != NULL;
	kexec_state_read(root, &state, NULL);
	return !kexec_state_locked_down(&state);
}

/* --reuseinitrd: the file that the running kernel keeps its initrd in. "keepinitrd" is the name
 * that arm and arm64 had for it before (init/initramfs.c). */
static int find_retained_initrd(const struct sysroot *root, const char **ret, struct err *err)
{
	static const char word[] = "retain_initrd", path[] = "/sys/firmware/initrd";
	struct blob cmdline = BLOB_INIT;
	bool retained = false;

	if (sysroot_read(root, "/proc/cmdline", CMDLINE_SIZE_MAX, &cmdline, NULL) == ST_OK)
		retained = cmdline_has((const char *)cmdline.data, word) ||
			   cmdline_has((const char *)cmdline.data, "keepinitrd");
	blob_done(&cmdline);
	if (!retained) {
		err_set(err, ST_NOT_FOUND, "initrd-not-retained",
			"--reuseinitrd: the running kernel has freed its initrd, since it was "
			"booted without %s",
			word);
		return err_hint(err, "give one with --initrd");
	}
	if (!sysroot_exists(root, path)) {
		err_set(err, ST_NOT_FOUND, "initrd-not-retained",
			"--reuseinitrd: the running kernel does not show its initrd in %s", path);
		return err_hint(err, "give one with --initrd");
	}
	*ret = path;
	return ST_OK;
}

/* To kexec-tools it is a failed load by kexec_file_load(2), and else a mistake of the user's. */
static int initrd_unreadable(const struct files *files, struct err *err)
{
	struct err why = *err;

	if (files->for_plan)
		return err_prefix(err, "initrd");
	return err_set(
		err, why.status, "initrd-unreadable", "Could not open initrd file: %s", why.text);
}

/* Before a file is read, whose bytes will be in memory besides those of the others: the machine may
 * have too little for them. What is no regular file says no size. */
static int check_memory(const struct sysroot_file *file, struct files *files, struct err *err)
{
	struct stat stat;

	if (fstat(sysroot_fd(file), &stat) == 0 && stat.st_size > 0)
		files->bytes += (uint64_t)stat.st_size;
	return plan_check_files(files->bytes, files->available, err);
}

/* Take a file's bytes in place of those that are held. The old ones are given back when the new
 * ones are there: until then nobody can write to them. */
static int hold(
	struct sysroot_file *file, size_t max, bool copy, struct held *held, struct err *err)
{
	struct held now = HELD_INIT;
	int status = sysroot_hold(file, max, copy, &now, err);

	if (status)
		return status;
	held_done(held);
	*held = now;
	return ST_OK;
}

static int initrd_empty(const char *name, struct err *err)
{
	return err_set(err, ST_BAD_INPUT, "initrd-empty", "Empty ramdisk file: %s", name);
}

/* Judge bytes of it and take them, or what is in them: then the kernel is to get that, not the
 * file. */
static int take_initrd(
	struct files *files, struct span bytes, const struct cpio_source *whole, struct err *err)
{
	int status;

	if (bytes.size == 0)
		return initrd_empty(files->initrd_name, err);
	status = initrd_check(bytes, whole, files->initrd_name, files->image.kind, &files->initrd,
		&files->report, err);
	if (status)
		return err_prefix(err, "initrd");
	files->initrd_inner = files->initrd.data != bytes.data;
	return ST_OK;
}

static int hold_initrd(struct files *files, struct err *err)
{
	int status =
		hold(files->initrd_open, INITRD_SIZE_MAX, files->copy, &files->initrd_held, err);

	if (status)
		return initrd_unreadable(files, err);
	blob_done(&files->initrd_made);
	files->initrd_unread = 0;
	return take_initrd(files, files->initrd_held.bytes, NULL, err);
}

static int read_file(void *context, uint64_t offset, void *buf, size_t size, struct err *err)
{
	return sysroot_pread(context, offset, buf, size, err);
}

/* Its beginning, where the kernel reads it itself for kexec_file_load(2). */
static int skim_initrd(struct files *files, struct err *err)
{
	struct cpio_source whole = { .read = read_file, .context = files->initrd_open };
	uint64_t size;
	int status = sysroot_file_skim(
		files->initrd_open, INITRD_SIZE_MAX, &files->initrd_made, &size, err);

	if (status)
		return initrd_unreadable(files, err);
	if (initrd_is_wrapped(blob_span(&files->initrd_made)))
		return hold_initrd(files, err);
	files->initrd_unread = size - files->initrd_made.size;
	whole.size = size;
	return take_initrd(files, blob_span(&files->initrd_made), &whole, err);
}

/* Append a file, filled up as a boot loader does it (Documentation/driver-api/early-userspace/
 * buffer-format.rst): each archive begins at a multiple of 4. */
static int join_one(
	const struct sysroot *root, const char *name, struct files *files, struct err *err)
{
	static const uint8_t fill[4];
	struct blob *to = &files->initrd_made;
	struct held part = HELD_INIT;
	struct span inner = { NULL, 0 };
	struct sysroot_file *file = NULL;
	int status = sysroot_open(root, name, &file, err);

	if (status)
		return initrd_unreadable(files, err);
	status = check_memory(file, files, err);
	if (!status && sysroot_hold(file, INITRD_SIZE_MAX - to->size, false, &part, err))
		status = initrd_unreadable(files, err);
	if (!status && part.bytes.size == 0) {
		report_add(&files->report, REPORT_WARNING, "initrd", "%s is empty", name);
	} else if (!status) {
		status = initrd_check(
			part.bytes, NULL, name, files->image.kind, &inner, &files->report, err);
		if (status)
			err_prefix(err, "initrd");
	}
	if (!status && inner.size)
		report_add(&files->report, REPORT_CHOICE, "initrd",
			"%s: %zu bytes, at 0x%zx of the whole", name, inner.size, to->size);
	if (!status && (blob_reserve(to, to->size + inner.size + sizeof(fill)) ||
			       blob_append(to, inner.data, inner.size) ||
			       blob_append(to, fill, -inner.size % sizeof(fill))))
		status = err_no_memory(err);
	held_done(&part);
	sysroot_close(file);
	return status;
}

/* The kernel unpacks one archive after the other, and what is in a later one wins. */
static int join_initrds(const struct request *request, const struct sysroot *root,
	struct files *files, struct err *err)
{
	int status = join_one(root, request->initrd, files, err);

	for (size_t i = 0; request->more_initrds[i] && !status; i++)
		status = join_one(root, request->more_initrds[i], files, err);
	if (status)
		return status;
	files->initrd = blob_span(&files->initrd_made);
	return files->initrd.size ? ST_OK : initrd_empty(request->initrd, err);
}

/* Each file is there and may be read, and memory has room for them, before one is unpacked. */
static int open_all(const struct request *request, const char *initrd, const struct sysroot *root,
	struct files *files, struct err *err)
{
	int status;

	if (sysroot_open(root, request->kernel, &files->kernel_open, err))
		return err_prefix(err, "kernel");
	status = check_memory(files->kernel_open, files, err);
	if (status || !initrd || request->more_initrds[0])
		return status;
	if (sysroot_open(root, initrd, &files->initrd_open, err))
		return initrd_unreadable(files, err);
	return check_memory(files->initrd_open, files, err);
}

/*
 * No initrd, where EFI started the running kernel: boot loaders leave one's place in a table of
 * EFI's (LINUX_EFI_INITRD_MEDIA_GUID), in memory that is used for other things since. A kernel that
 * is given none goes by that table (drivers/firmware/efi/efi.c: efi_config_parse_tables), and one
 * of x86_64 then panics before it has a console. An archive without files keeps it from that.
 */
static int give_no_files(const struct request *request, const struct sysroot *root,
	struct files *files, struct err *err)
{
	if (request->no_efi || files->image.kind == IMAGE_MULTIBOOT ||
		!sysroot_exists(root, "/sys/firmware/efi"))
		return ST_OK;
	if (cpio_of_nothing(&files->initrd_made))
		return err_no_memory(err);
	files->initrd = blob_span(&files->initrd_made);
	report_add(&files->report, REPORT_CHOICE, "initrd",
		"none is given, so it is an archive without files: else the new kernel would look "
		"for one where EFI's table of the last start has it");
	return ST_OK;
}

static int read_initrd(const struct request *request, const char *initrd,
	const struct sysroot *root, struct files *files, struct err *err)
{
	int status = embedded_initrd(&files->image, request, &files->initrd, &files->report, err);

	if (!status && !initrd && files->initrd.size == 0)
		return give_no_files(request, root, files, err);
	if (status || !initrd)
		return status;
	files->initrd_name = initrd;
	if (request->more_initrds[0])
		return join_initrds(request, root, files, err);
	return files->for_plan ? hold_initrd(files, err) : skim_initrd(files, err);
}

/* A kernel that takes none can be told of none, and a script may give them to any. */
static int read_modules(const struct request *request, const struct sysroot *root,
	struct files *files, struct err *err)
{
	struct modules *modules = &files->modules;
	int status;

	if (!request->modules[0])
		return ST_OK;
	if (files->image.kind != IMAGE_MULTIBOOT) {
		report_add(&files->report, REPORT_WARNING, "options",
			"--module has no effect: only a Multiboot kernel takes modules, and this "
			"is a kernel of kind %s",
			files->image.kind_name);
		return ST_OK;
	}
	status = modules_open(request, root, modules, err);
	for (size_t i = 0; i < modules->count && !status; i++)
		status = check_memory(modules->files[i].open, files, err);
	return status ? status : modules_hold(modules, files->copy, &files->report, err);
}

static int check_dtb_kind(struct span bytes, const char *name, struct err *err)
{
	static const uint8_t magic[] = { 0xd0, 0x0d, 0xfe, 0xed };
	struct kind kind;

	if (kind_of(bytes, &kind)) {
		if (kind.device_tree)
			return ST_OK;
		err_set(err, ST_UNSUPPORTED, "dtb-kind",
			"%s: this is %s; the blob of a device tree is wanted", name, kind.name);
		return kind_hint(err, &kind, name);
	}
	if (bytes.size < sizeof(magic))
		return ST_OK; /* too short, which is said elsewhere */
	return err_set(err, ST_UNSUPPORTED, "dtb-kind",
		"%s: this is nothing known here (it begins with %02x %02x %02x %02x); the blob of "
		"a device tree is wanted, which begins with %02x %02x %02x %02x",
		name, bytes.data[0], bytes.data[1], bytes.data[2], bytes.data[3], magic[0],
		magic[1], magic[2], magic[3]);
}

/* Behind a tree, what is no filling: it may be another tree, and the one that is meant. */
static void tell_behind_dtb(struct span bytes, const char *name, struct report *report)
{
	struct span rest = { bytes.data + devtree_size(bytes), bytes.size - devtree_size(bytes) };
	struct kind kind;

	while (rest.size && (rest.data[0] == 0 || rest.data[0] == 0xff))
		rest = (struct span){ rest.data + 1, rest.size - 1 };
	if (rest.size)
		report_add(report, REPORT_WARNING, "dtb",
			"%s: %zu bytes behind the tree are left out%s%s", name, rest.size,
			kind_of(rest, &kind) ? ": " : "", kind_of(rest, &kind) ? kind.name : "");
}

static int read_dtb(const struct request *request, const struct sysroot *root, struct files *files,
	struct err *err)
{
	struct blob *tree = &files->dtb;
	int status = sysroot_read(root, request->dtb, DTB_FILE_MAX, tree, err);

	if (!status)
		status = check_dtb_kind(blob_span(tree), request->dtb, err);
	if (!status)
		status = devtree_check(blob_span(tree), request->dtb, err);
	if (status)
		return err_prefix(err, "--dtb");
	tell_behind_dtb(blob_span(tree), request->dtb, &files->report);
	return ST_OK;
}

/* What the kernel file is. Of one that was unpacked nothing is needed any more. */
static int describe_kernel(const struct request *request, struct files *files, struct err *err)
{
	int status =
		hold(files->kernel_open, IMAGE_FILE_MAX, files->copy, &files->kernel_held, err);

	timeline_spent(&files->timeline, PHASE_READ);
	if (status)
		return err_prefix(err, "kernel");
	image_done(&files->image);
	status = image_describe_span(
		files->kernel_held.bytes, request->kernel, &files->image, &files->report, err);
	if (status || !image_is_in(&files->image, files->kernel_held.bytes))
		held_done(&files->kernel_held);
	if (!status && request->type)
		status = image_take_type(&files->image, request->type, err);
	timeline_spent(&files->timeline, PHASE_DECOMPRESS);
	return status;
}

/* More bytes than most loads have. */
#define HASH_MUCH ((uint64_t)256 << 20)

/* What may have no room is not hashed before a plan says that it has: then the plan does it. */
static bool is_hashed_early(
	const struct request *request, const struct sysroot *root, const struct files *files)
{
	uint64_t size = files->image.mem_size + files->initrd.size, room;

	if (request->no_checks || !files->for_plan || size > HASH_MUCH)
		return false;
	return !request->crash ||
	       sysroot_read_u64(root, "/sys/kernel/kexec_crash_size", 10, &room, NULL) ||
	       size <= room;
}

/* Before the machine is looked at, so that it has less time to change under the plan; and behind
 * all that can be refused without. */
static void hash(const struct request *request, const struct sysroot *root, struct files *files)
{
	const struct span spans[] = { image_segment(&files->image), files->initrd };

	timeline_spent(&files->timeline, PHASE_READ);
	if (is_hashed_early(request, root, files))
		for (size_t i = 0; i < 2; i++)
			if (spans[i].size)
				files->digests[files->digests_count++] = digest_of(spans[i]);
	timeline_spent(&files->timeline, PHASE_HASH);
}

int files_read(const struct request *request, const struct sysroot *root, struct files *files,
	struct err *err)
{
	const char *initrd = request->initrd;
	int status = ST_OK;

	files->for_plan = plans_first(request, root);
	files->available = machine_read_available(root);
	if (request->reuse_initrd && !initrd)
		status = find_retained_initrd(root, &initrd, err);
	if (!status)
		status = open_all(request, initrd, root, files, err);
	if (!status && request->dtb)
		status = read_dtb(request, root, files, err);
	if (!status)
		status = describe_kernel(request, files, err);
	if (!status)
		status = embedded_cmdline(
			&files->image, request, &files->cmdline, &files->report, err);
	if (!status)
		status = read_initrd(request, initrd, root, files, err);
	if (!status)
		status = read_modules(request, root, files, err);
	timeline_spent(&files->timeline, PHASE_READ);
	if (!status)
		hash(request, root, files);
	return status;
}

int files_read_initrd(struct files *files, struct err *err)
{
	int status = hold_initrd(files, err);

	timeline_spent(&files->timeline, PHASE_READ);
	return status;
}

bool files_are_asked_for(const struct files *files)
{
	return held_is_asked_for(&files->kernel_held) || held_is_asked_for(&files->initrd_held) ||
	       modules_are_asked_for(&files->modules);
}

int files_copy(const struct request *request, const struct sysroot *root, struct files *files,
	struct err *err)
{
	bool is_part = files->initrd.size && !files->initrd_open && !files->initrd_made.size;
	int status = ST_OK;

	files->copy = true;
	files->digests_count = 0;
	if (files->kernel_held.bytes.size)
		status = describe_kernel(request, files, err);
	if (!status && is_part)
		status = embedded_initrd(
			&files->image, request, &files->initrd, &files->report, err);
	else if (!status && files->initrd_held.bytes.size)
		status = hold_initrd(files, err);
	if (!status)
		status = modules_hold(&files->modules, true, &files->report, err);
	if (!status)
		hash(request, root, files);
	return status;
}

static void say(const struct held *held, const char *what, FILE *out)
{
	if (held->bytes.size && held->lease >= 0)
		fprintf(out, "kexec: the %s is mapped, under a read lease\n", what);
	else if (held->bytes.size)
		fprintf(out, "kexec: the %s is copied: %s\n", what, held->why_copied);
}

void files_say(const struct files *files, FILE *out)
{
	say(&files->kernel_held, "kernel file", out);
	say(&files->initrd_held, "initrd", out);
}
