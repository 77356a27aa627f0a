// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/cmd/file_load.h"

#include <unistd.h>

#include "kexec/syscall/kexec_file_load.h"
#include "lib/memfd.h"

/* In memory, by a descriptor to close. */
static int copy_kernel(
	const struct plan_inputs *inputs, int *ret, struct report *report, struct err *err)
{
	report_add(report, REPORT_CHOICE, "syscall",
		"kexec_file_load takes no wrapper: it gets the %s in the file by a copy in memory, "
		"and of signatures its own",
		inputs->image->kind_name);
	return memfd_sealed("kernel", inputs->image->file, ret, err);
}

int file_load(const struct plan_inputs *inputs, const struct plan *plan, int kernel, int initrd,
	const struct syscall_ops *ops, struct report *report, struct err *err)
{
	struct file_load what = {
		.kernel = kernel,
		.initrd = initrd,
		.cmdline = plan->cmdline,
		.crash = inputs->request->crash,
		.debug = inputs->request->debug,
		.no_cma = inputs->request->no_cma,
	};
	char wrapper[IMAGE_LAYER_TEXT_SIZE];
	int status = ST_OK;

	if (!inputs->image->as_is) {
		what.wrapper = image_layer_text(&inputs->image->layers[0], wrapper);
		status = copy_kernel(inputs, &what.kernel, report, err);
	}
	if (!status && initrd < 0 && inputs->has_initrd)
		status = memfd_sealed("initrd", inputs->initrd, &what.initrd, err);
	if (!status)
		status = kexec_file_load(ops, &what, &inputs->machine->state, report, err);
	if (what.kernel != kernel)
		close(what.kernel);
	if (what.initrd != initrd)
		close(what.initrd);
	return status;
}
