// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/cmd/unload.h"

#include "kexec/syscall/kexec_file_load.h"
#include "kexec/syscall/kexec_load.h"
#include "kexec/system/kexec_state.h"
#include "lib/sysroot.h"

int unload_from(const struct request *request, const struct sysroot *root, const struct cmd_io *io,
	struct err *err)
{
	struct kexec_state state;

	/* For hints only. */
	kexec_state_read(root, &state, NULL);
	/* By whichever call the kernel has: each removes what either has loaded. */
	if (request->syscall != SYSCALL_LOAD) {
		int status = kexec_file_unload(io->syscalls, request->crash, &state, err);

		if (status != ST_UNSUPPORTED || request->syscall == SYSCALL_FILE_LOAD)
			return status;
		if (request->debug)
			fprintf(io->err, "syscall: %s: using kexec_load instead\n", err->text);
		err_clear(err);
	}
	return kexec_load_unload(io->syscalls, request->crash, &state, err);
}

int unload_kernel(const struct request *request, const struct cmd_io *io, struct err *err)
{
	struct sysroot *root;
	int status = open_live_root(request->sysroot, "there is nothing to unload", &root, err);

	if (status)
		return status;
	status = unload_from(request, root, io, err);
	sysroot_free(root);
	return status;
}
