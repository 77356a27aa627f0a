// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/cmd/exec.h"

#include <errno.h>
#include <string.h>

#include "kexec/arch/arch.h"
#include "kexec/cmd/signals.h"
#include "kexec/syscall/ifdown.h"
#include "kexec/syscall/refusal.h"
#include "kexec/system/cpu_methods.h"
#include "kexec/system/kexec_state.h"
#include "lib/sysroot.h"

static enum cpus_stop look_at_cpus(const struct sysroot *root)
{
	const struct arch_ops *arch;
	const char *machine;

	if (sysroot_fact(root, "machine", &machine, NULL))
		return CPUS_STOP_UNKNOWN;
	arch = arch_find(machine);
	return arch && arch->methods_stop_cpus ? cpu_methods_look(root) : CPUS_STOP_UNKNOWN;
}

/*
 * A state that cannot be read is no reason to stay: the kernel knows best. But one that has no such
 * file has no kexec, and whoever finds that out by the call has lost the network by then.
 */
static int check_loaded(const struct sysroot *root, struct err *err)
{
	const char *path;
	int loaded;

	if (kexec_state_loaded(root, false, &loaded, &path, NULL) || loaded == 1 ||
		(loaded == STATE_UNKNOWN && !sysroot_is_dir(root, "/sys/kernel")))
		return ST_OK;
	err_set(err, ST_NOT_FOUND, "nothing-loaded", "Nothing has been loaded!");
	if (loaded == STATE_UNKNOWN)
		return err_hint(err, "this kernel has no kexec: there is no %s", path);
	if (look_at_cpus(root) == CPUS_STOP_NO)
		return err_hint(err,
			"this kernel takes none, since it cannot stop its other CPUs: %s",
			CPUS_STOP_HELP);
	return err_hint(err, "load a kernel first: kexec -l KERNEL");
}

static int jump(const struct cmd_io *io, enum cpus_stop cpus_stop, struct err *err)
{
	const struct kexec_state state = { .cpus_stop = cpus_stop };
	unsigned int tries = 0;
	int errnum;

	do
		errnum = io->syscalls->reboot_kexec(io->syscalls->context);
	while (refusal_call_again(io->syscalls, errnum, &tries));
	if (!errnum)
		return ST_OK;
	err_set_errno(err, errnum == EPERM ? ST_DENIED : ST_SYSTEM, "exec-failed", errnum,
		"kexec failed");
	switch (errnum) {
	case EPERM:
		return err_hint(err, "run as root with CAP_SYS_BOOT, outside of containers");
	case EINVAL:
		return err_hint(err, "no kernel is loaded any more: kexec -l KERNEL");
	case EBUSY:
		refusal_explain_busy(&state, false, err);
		return err->status;
	default:
		return err_hint(err, "see the kernel log");
	}
}

static void sync_unless(bool no_sync, const struct cmd_io *io)
{
	if (!no_sync)
		io->syscalls->sync(io->syscalls->context);
}

static int leave(const struct request *request, const struct cmd_io *io, enum cpus_stop cpus_stop,
	struct err *err)
{
	struct report report = REPORT_INIT;
	struct signals_held held;
	/* It will be needed again, and the kernel sees to the devices. */
	bool stays_up = request->no_ifdown || request->preserve;
	int status;

	sync_unless(request->no_sync, io);
	/* Who has come over the network is lost with it, and so is his terminal. */
	signals_hold(&held);
	if (!stays_up) {
		interfaces_down(io->syscalls, &report);
		print_warnings(io, &report);
		report_done(&report);
	}
	status = jump(io, cpus_stop, err);
	if (!status && !stays_up)
		fprintf(io->err, "kexec: warning: network: back from the other kernel; the "
				 "interfaces are down since before, -x leaves them up\n");
	signals_forget();
	signals_release(&held);
	return status;
}

int exec_from(const struct request *request, const struct sysroot *root, const struct cmd_io *io,
	struct err *err)
{
	int status = check_loaded(root, err);

	return status ? status : leave(request, io, look_at_cpus(root), err);
}

int exec_kernel(const struct request *request, const struct cmd_io *io, struct err *err)
{
	struct sysroot *root;
	int status = open_live_root(request->sysroot, "there is nothing to start", &root, err);

	if (status)
		return status;
	status = exec_from(request, root, io, err);
	sysroot_free(root);
	return status;
}

/* Become the program that restarts the system, at whose end the init system starts the loaded
 * kernel. */
static int become_shutdown(const struct cmd_io *io, struct err *err)
{
	static const char *const paths[] = { "/sbin/shutdown", "/etc/shutdown", "/bin/shutdown" };
	static const char *const argv[] = { "shutdown", "-r", "now", NULL };
	int errnum = ENOENT;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]) && errnum == ENOENT; i++)
		errnum = io->syscalls->exec(io->syscalls->context, paths[i], argv);
	err_set_errno(err, ST_SYSTEM, "shutdown-failed", errnum, "cannot run %s", paths[0]);
	return err_hint(err, "the kernel is loaded: \"systemctl kexec\" or \"kexec -e\" starts it");
}

int exec_after_load(const struct request *request, const struct cmd_io *io, struct err *err)
{
	if (request->dry_run)
		return ST_OK;
	switch (request->action) {
	case ACTION_LOAD_AND_EXEC:
		return leave(request, io, CPUS_STOP_UNKNOWN, err); /* it is seen to be loaded */
	case ACTION_LOAD_AND_SHUTDOWN:
		return become_shutdown(io, err);
	default:
		/* Whoever loads for a restart means to leave soon. */
		sync_unless(request->crash || request->no_sync, io);
		return ST_OK;
	}
}
