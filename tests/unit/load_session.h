/* SPDX-License-Identifier: GPL-2.0-only */
/* A load on a machine in a folder, whose kernel answers each call in its way. */
#ifndef TESTS_UNIT_LOAD_SESSION_H
#define TESTS_UNIT_LOAD_SESSION_H

#include <errno.h>
#include <fcntl.h>

#include "tests/unit/load_machine.h"

#include "kexec/cmd/exit_status.h"
#include "kexec/cmd/load.h"
#include "kexec/plan/plan.h"
#include "kexec/syscall/kexec_file_load.h"
#include "tests/unit/no_calls.h"

/* A machine, a kernel that answers each call in its way, and what was said. */
struct session {
	struct tmproot tmp;
	struct request request;
	struct syscall_ops ops; /* those below, unless a test has others */
	int file_errno, load_errno;
	uint64_t cpu_lacks; /* a page size, in the bits of an Image's flags */
	int ask_errno;	    /* to files with no command line, before an armed image is freed */
	bool armed;	    /* before */
	bool waits;	    /* somebody who wants to write to a file */
	bool disarms;	    /* a refused call has freed what was armed */
	void (*meanwhile)(struct session *session); /* before the next call is answered */
	char calls[64];
	char kernel[IMAGE_BYTES]; /* what the descriptors read */
	ssize_t kernel_size;
	bool kernel_sealed;
	char initrd[512]; /* by either call, as far as there is room */
	size_t initrd_size;
	bool initrd_sealed;
	bool asked_initrd;
	unsigned int asked_for_calls; /* whether the kernel has them */
	uint64_t largest;	      /* segment of a plan, in bytes */
	char cmdline[256];
	uint64_t flags;
	char *out;
	char *said;
	struct err err;
};

/* What another program does between the look at the files and the call. */
static void meanwhile(struct session *session)
{
	void (*happens)(struct session * session) = session->meanwhile;

	session->meanwhile = NULL;
	if (happens)
		happens(session);
}

static void set_armed(struct session *session, bool armed)
{
	tmproot_text(&session->tmp, "/sys/kernel/kexec/crash_loaded", armed ? "1\n" : "0\n");
}

static int answer(struct session *session, const char *name, int errnum)
{
	meanwhile(session);
	strcat(session->calls, name);
	if (errnum == 0 && session->request.crash)
		set_armed(session, true);
	else if (errnum && session->disarms)
		set_armed(session, false);
	return errnum;
}

static int fake_load(void *context, uint64_t entry, size_t count,
	const struct kexec_segment_abi *segments, uint64_t flags)
{
	struct session *session = context;

	(void)entry;
	session->largest = 0;
	for (size_t i = 0; i < count; i++)
		if (segments[i].bufsz > session->largest)
			session->largest = segments[i].bufsz;
	/* In the order of their addresses, behind the kernel. */
	if (count > 1) {
		session->initrd_size = segments[1].bufsz;
		memcpy(session->initrd, (const void *)(uintptr_t)segments[1].buf,
			segments[1].bufsz < 63 ? segments[1].bufsz : 63);
	}
	if (count) /* else it unloads; a crash image has an elfcorehdr */
		assert_int_equal(count, flags & KEXEC_ON_CRASH ? 5 : 4);
	session->flags = flags;
	return answer(session, "load ", session->load_errno);
}

static int fake_file_load(void *context, int kernel, int initrd, size_t cmdline_size,
	const char *cmdline, uint64_t flags)
{
	struct session *session = context;
	ssize_t size;

	if (flags & KEXEC_FILE_UNLOAD)
		return answer(session, "unload ", session->file_errno);
	if (cmdline_size && !cmdline) {
		/* As the load to come, but for the image that it frees. */
		assert_int_equal(flags & KEXEC_FILE_ON_CRASH, 0);
		assert_int_equal(!(flags & KEXEC_FILE_NO_INITRAMFS), initrd >= 0);
		assert_int_equal(pread(kernel, session->kernel, 2, 0), 2);
		session->asked_initrd = initrd >= 0;
		strcat(session->calls, "ask ");
		return session->ask_errno;
	}
	if (!(flags & KEXEC_FILE_ON_CRASH) && initrd < 0) {
		uint8_t header[64];

		meanwhile(session);
		assert_int_equal(pread(kernel, header, 64, 0), 64);
		strcat(session->calls, "probe ");
		if (session->file_errno)
			return session->file_errno;
		return (load_le64(header + 24) >> 1 & 3) == session->cpu_lacks ? EINVAL
									       : EADDRNOTAVAIL;
	}
	session->kernel_size = pread(kernel, session->kernel, sizeof(session->kernel), 0);
	session->kernel_sealed = fcntl(kernel, F_GET_SEALS) > 0;
	memset(session->initrd, 0, sizeof(session->initrd));
	if (initrd >= 0) {
		size = pread(initrd, session->initrd, sizeof(session->initrd) - 1, 0);
		assert_true(size >= 0);
		session->initrd_sealed = fcntl(initrd, F_GET_SEALS) > 0;
	}
	assert_int_equal(cmdline_size, cmdline ? strlen(cmdline) + 1 : 0);
	snprintf(session->cmdline, sizeof(session->cmdline), "%s", cmdline ? cmdline : "(none)");
	session->flags = flags;
	return answer(session, "file ", session->file_errno);
}

static int fake_has_load(void *context)
{
	struct session *session = context;

	session->asked_for_calls++;
	return session->load_errno != ENOSYS;
}

static int fake_has_file_load(void *context)
{
	struct session *session = context;

	session->asked_for_calls++;
	return session->file_errno != ENOSYS;
}

static void fake_sleep(void *context, unsigned int ms)
{
	(void)context;
	(void)ms;
}

__attribute__((unused)) static void start(struct session *session)
{
	*session = (struct session){ .err = ERR_INIT, .ask_errno = EFAULT };
	lm_init(&session->tmp);
	tmproot_text(&session->tmp, "/sys/kernel/kexec/loaded", "1\n");
	session->request = (struct request){
		.action = ACTION_LOAD,
		.crash = true,
		.kernel = "/boot/Image",
		.initrd = "/boot/initrd",
		.append = "quiet",
		.no_checks = true,
	};
	session->ops = no_calls;
	session->ops.kexec_load = fake_load;
	session->ops.kexec_file_load = fake_file_load;
	session->ops.has_load = fake_has_load;
	session->ops.has_file_load = fake_has_file_load;
	session->ops.sleep_ms = fake_sleep;
	session->ops.context = session;
}

__attribute__((unused)) static void end(struct session *session)
{
	free(session->out);
	free(session->said);
	tmproot_done(&session->tmp);
}

static int run(struct session *session)
{
	struct cmd_io io = { .syscalls = &session->ops };
	size_t out_size, said_size;
	int status;

	free(session->out);
	free(session->said);
	io.out = open_memstream(&session->out, &out_size);
	io.err = open_memstream(&session->said, &said_size);
	assert_non_null(io.out);
	assert_non_null(io.err);
	session->calls[0] = '\0';
	set_armed(session, session->armed);
	err_clear(&session->err);
	status = load_from(&session->request, session->tmp.root, &io, &session->err);
	assert_int_equal(fclose(io.out), 0);
	assert_int_equal(fclose(io.err), 0);
	assert_int_equal(session->err.status, status);
	if (!session->request.dry_run)
		assert_string_equal(session->out, ""); /* "should change": nothing on stdout */
	return status;
}

__attribute__((unused)) static void assert_loaded(struct session *session, const char *calls)
{
	if (run(session))
		fail_msg("%s: %s", session->err.id, session->err.text);
	assert_string_equal(session->calls, calls);
	/* "must stay": success is silent; of the classic call this machine is short of kcore. */
	if (strcmp(calls, "file ") == 0)
		assert_string_equal(session->said, "");
}

__attribute__((unused)) static void assert_failed(
	struct session *session, const char *calls, const char *id, int code, const char *words)
{
	run(session);
	assert_string_equal(session->calls, calls);
	assert_string_equal(session->err.id, id);
	assert_int_equal(exit_status(session->request.action, &session->err), code);
	if (!strstr(session->err.text, words))
		fail_msg("\"%s\" is not in \"%s\"", words, session->err.text);
}

#endif
