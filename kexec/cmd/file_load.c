// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/cmd/file_load.h"

#include <unistd.h>

#include "kexec/syscall/kexec_file_load.h"
#include "lib/memfd.h"

/* A file that the user named, or bytes in memory, or neither. */
struct handle {
	struct sysroot_file *file;
	int memory; /* descriptor; -1 for none */
};

#define HANDLE_INIT                                                                                \
	{                                                                                          \
		.memory = -1                                                                       \
	}

static void handle_done(struct handle *handle)
{
	sysroot_close(handle->file);
	if (handle->memory >= 0)
		close(handle->memory);
}

static int handle_fd(const struct handle *handle)
{
	return handle->file ? sysroot_fd(handle->file) : handle->memory;
}

static int open_kernel(const struct plan_inputs *inputs, const struct sysroot *root,
	struct handle *ret, struct report *report, struct err *err)
{
	if (inputs->image->as_is)
		return sysroot_open(root, inputs->request->kernel, &ret->file, err);
	report_add(report, REPORT_CHOICE, "syscall",
		"kexec_file_load takes an Image only: it gets the one in the file by a copy in "
		"memory");
	return memfd_sealed("kernel", inputs->image->data, &ret->memory, err);
}

static int open_initrd(const struct plan_inputs *inputs, const struct sysroot *root,
	struct handle *ret, struct err *err)
{
	if (!inputs->has_initrd)
		return ST_OK;
	if (inputs->request->initrd)
		return sysroot_open(root, inputs->request->initrd, &ret->file, err);
	return memfd_sealed("initrd", inputs->initrd, &ret->memory, err);
}

int file_load(const struct plan_inputs *inputs, const struct plan *plan, const struct sysroot *root,
	const struct syscall_ops *ops, struct report *report, struct err *err)
{
	struct handle kernel = HANDLE_INIT, initrd = HANDLE_INIT;
	int status = open_kernel(inputs, root, &kernel, report, err);

	if (!status)
		status = open_initrd(inputs, root, &initrd, err);
	if (!status) {
		const struct file_load what = {
			.kernel = handle_fd(&kernel),
			.initrd = handle_fd(&initrd),
			.cmdline = plan->cmdline,
			.crash = inputs->request->crash,
			.debug = inputs->request->debug,
			.no_cma = inputs->request->no_cma,
		};

		status = kexec_file_load(ops, &what, &inputs->machine->state, report, err);
	}
	handle_done(&kernel);
	handle_done(&initrd);
	return status;
}
