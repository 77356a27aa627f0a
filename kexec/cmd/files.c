// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/cmd/files.h"

#include <stdlib.h>

#include "kexec/cmd/embedded.h"
#include "kexec/image/initrd.h"
#include "kexec/image/kind.h"
#include "kexec/plan/seal.h"
#include "kexec/system/cmdline.h"
#include "kexec/system/devtree.h"
#include "kexec/system/kexec_state.h"

/* Files that are loaded; a limit on what a hostile path can make us take in. */
#define INITRD_SIZE_MAX	 ((size_t)2 << 30)
#define CMDLINE_SIZE_MAX (64u << 10)
#define DTB_FILE_MAX	 ((size_t)64 << 20) /* what is no tree is told by its name, not its size */

void files_done(struct files *files)
{
	sysroot_close(files->kernel_open);
	sysroot_close(files->initrd_open);
	image_done(&files->image);
	blob_done(&files->initrd_file);
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

/* All of it for a plan; the kernel reads it itself for kexec_file_load(2). */
static int take_in_initrd(struct files *files, bool whole, struct err *err)
{
	struct sysroot_file *from = files->initrd_open;
	struct blob *to = &files->initrd_file;
	uint64_t size = 0;
	int status = whole ? sysroot_file_read(from, INITRD_SIZE_MAX, to, err)
			   : sysroot_file_skim(from, INITRD_SIZE_MAX, to, &size, err);

	if (status)
		return initrd_unreadable(files, err);
	if (to->size == 0)
		return err_set(err, ST_BAD_INPUT, "initrd-empty", "Empty ramdisk file: %s",
			files->initrd_name);
	if (!whole && initrd_is_wrapped(blob_span(to)))
		return take_in_initrd(files, true, err);
	files->initrd_unread = whole ? 0 : size - to->size;
	status = initrd_check(
		blob_span(to), files->initrd_name, &files->initrd, &files->report, err);
	if (!status && files->initrd.data != to->data) {
		/* The kernel gets what is in the file, and not the file. */
		sysroot_close(from);
		files->initrd_open = NULL;
	}
	return status ? err_prefix(err, "initrd") : ST_OK;
}

static int read_initrd(const struct request *request, const char *initrd,
	const struct sysroot *root, struct files *files, struct err *err)
{
	if (!initrd) {
		files->initrd = embedded_initrd(&files->image, request, &files->report);
		return ST_OK;
	}
	files->initrd_name = initrd;
	if (sysroot_open(root, initrd, &files->initrd_open, err))
		return initrd_unreadable(files, err);
	return take_in_initrd(files, files->for_plan, err);
}

static int read_dtb(const struct request *request, const struct sysroot *root, struct blob *ret,
	struct err *err)
{
	int status = sysroot_read(root, request->dtb, DTB_FILE_MAX, ret, err);
	struct kind kind;

	if (!status && kind_of(blob_span(ret), &kind) && !kind.device_tree && !kind.guessed) {
		err_set(err, ST_UNSUPPORTED, "dtb-kind",
			"%s: this is %s; the blob of a device tree is wanted", request->dtb,
			kind.name);
		status = kind_hint(err, &kind, request->dtb);
	}
	if (!status)
		status = devtree_check(blob_span(ret), request->dtb, err);
	return status ? err_prefix(err, "--dtb") : ST_OK;
}

static int read_kernel(const struct request *request, const struct sysroot *root,
	struct files *files, struct err *err)
{
	struct blob file = BLOB_INIT;
	int status = sysroot_open(root, request->kernel, &files->kernel_open, err);

	if (!status)
		status = sysroot_file_read(files->kernel_open, IMAGE_FILE_MAX, &file, err);
	timeline_spent(&files->timeline, PHASE_READ);
	if (status)
		return err_prefix(err, "kernel");
	status = image_describe(&file, request->kernel, &files->image, &files->report, err);
	if (!status && request->type)
		status = image_check_type(&files->image, request->type, err);
	timeline_spent(&files->timeline, PHASE_DECOMPRESS);
	return status;
}

/* Before the machine is looked at, so that it has less time to change under the plan. */
static void hash(const struct request *request, struct files *files, struct span file)
{
	timeline_spent(&files->timeline, PHASE_READ);
	if (!request->no_checks && files->for_plan)
		files->digests[files->digests_count++] = digest_of(file);
	timeline_spent(&files->timeline, PHASE_HASH);
}

int files_read(const struct request *request, const struct sysroot *root, struct files *files,
	struct err *err)
{
	const char *initrd = request->initrd;
	int status = ST_OK;

	files->for_plan = plans_first(request, root);
	if (request->reuse_initrd && !initrd)
		status = find_retained_initrd(root, &initrd, err);
	if (!status)
		status = read_kernel(request, root, files, err);
	if (!status)
		hash(request, files, image_segment(&files->image));
	if (!status)
		status = embedded_cmdline(
			&files->image, request, &files->cmdline, &files->report, err);
	if (!status)
		status = read_initrd(request, initrd, root, files, err);
	if (!status && files->initrd.size)
		hash(request, files, files->initrd);
	if (!status && request->dtb)
		status = read_dtb(request, root, &files->dtb, err);
	timeline_spent(&files->timeline, PHASE_READ);
	return status;
}

int files_read_initrd(struct files *files, struct err *err)
{
	int status = take_in_initrd(files, true, err);

	timeline_spent(&files->timeline, PHASE_READ);
	return status;
}
