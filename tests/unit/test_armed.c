// SPDX-License-Identifier: GPL-2.0-only
/* What may happen around a load, and yet decides nothing: the machine changes, nobody reads what
 * is printed, a signal comes, there is no memory for a file. */
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tests/unit/load_session.h"

#include "kexec/cmd/signals.h"

static bool no_files_in_memory;

/* In place of the C library's. */
int memfd_create(const char *name, unsigned int flags)
{
	if (no_files_in_memory) {
		errno = EPERM;
		return -1;
	}
	return (int)syscall(SYS_memfd_create, name, flags);
}

static void change_memory(struct session *session)
{
	static unsigned int number;
	char text[256];

	snprintf(text, sizeof(text),
		"40000000-bfffffff : System RAM\n  40200000-41cfffff : Kernel code\n"
		"  42680000-42c4ffff : Kernel data\n  a0000000-afffffff : Crash kernel\n"
		"%x00000000-%x0fffffff : System RAM\n",
		1 + number % 8, 1 + number % 8);
	number++;
	tmproot_text(&session->tmp, "/proc/iomem", text);
}

static void change_memory_always(struct session *session)
{
	change_memory(session);
	session->meanwhile = change_memory_always;
}

static void change_cpus(struct session *session)
{
	tmproot_text(&session->tmp, CPU_DIR "/possible", "0-1\n");
}

/* An event while the kernel's lock is held is lost to the kernel: the load is made again, by
 * whichever call, with hotplug and without. */
static void load_is_made_again_when_the_machine_changes(void **state)
{
	static const enum hotplug_mode modes[] = { HOTPLUG_OFF, HOTPLUG_ON };
	struct session session;

	(void)state;
	start(&session);
	tmproot_text(&session.tmp, "/sys/kernel/crash_elfcorehdr_size", "459152\n");
	tmproot_text(&session.tmp, CPU_DIR "/crash_hotplug", "1\n");
	for (size_t i = 0; i < 2; i++) {
		session.request.hotplug = modes[i];
		session.request.syscall = SYSCALL_FILE_LOAD;
		session.meanwhile = change_memory;
		assert_int_equal(run(&session), ST_OK);
		assert_string_equal(session.calls, "file ask file ");
		session.request.syscall = SYSCALL_LOAD;
		session.meanwhile = change_memory;
		assert_loaded(&session, "load load ");
		session.meanwhile = change_cpus;
		assert_loaded(&session, "load load ");
		tmproot_text(&session.tmp, CPU_DIR "/possible", "0\n");
	}
	/* A kernel for a restart has no list of memory. */
	session.request.crash = false;
	session.request.hotplug = HOTPLUG_OFF;
	session.meanwhile = change_memory;
	assert_loaded(&session, "load ");
	end(&session);
}

static void machine_that_never_holds_still_is_no_success(void **state)
{
	struct session session;

	(void)state;
	start(&session);
	session.request.syscall = SYSCALL_LOAD;
	session.meanwhile = change_memory_always;
	assert_failed(&session, "load load load load load load load load ", "machine-changed", 255,
		"after 8 loads the crash kernel is armed, but its elfcorehdr may be stale: "
		"the memory map changed during the load");
	assert_non_null(strstr(session.err.hint, "load again"));
	end(&session);
}

/* kexec_load(2) needs none. */
static void file_in_memory_that_is_refused_leads_to_the_other_call(void **state)
{
	struct session session;
	char command[256];
	FILE *pipe;

	(void)state;
	start(&session);
	snprintf(command, sizeof(command), "gzip %s/boot/Image", session.tmp.dir);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	assert_int_equal(pclose(pipe), 0);
	session.request.kernel = "/boot/Image.gz";
	session.armed = true;
	assert_loaded(&session, "ask file ");
	no_files_in_memory = true;
	session.request.debug = true;
	assert_loaded(&session, "load ");
	assert_non_null(strstr(session.said, "falling back to kexec_load: cannot put"));
	session.request.syscall = SYSCALL_FILE_LOAD;
	assert_failed(&session, "", "memfd-failed", 255, "Operation not permitted");
	no_files_in_memory = false;
	end(&session);
}

/* --- signals: in a process of its own, which they may end ------------------------------- */

static volatile sig_atomic_t caught;

static void catch (int number)
{
	caught = number;
}

static void send_hangup(struct session *session)
{
	(void)session;
	raise(SIGHUP);
	assert_int_equal(caught, 0); /* not yet */
}

static void change_and_hang_up(struct session *session)
{
	change_memory(session);
	raise(SIGHUP);
}

static void change_and_interrupt(struct session *session)
{
	change_memory(session);
	raise(SIGINT);
	raise(SIGTSTP);
}

static void change_and_terminate(struct session *session)
{
	change_memory(session);
	raise(SIGTERM);
}

/* How a process ends in which body has done this with a session that is armed. */
static int end_of(void (*body)(struct session *session))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct session session;

		start(&session);
		session.armed = true;
		body(&session);
		end(&session);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void assert_ends_well(void (*body)(struct session *session))
{
	int status = end_of(body);

	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("ended with status 0x%x", (unsigned int)status);
}

static void hang_up_in_the_call(struct session *session)
{
	struct sigaction action = { .sa_handler = catch };

	assert_int_equal(sigaction(SIGHUP, &action, NULL), 0);
	session->meanwhile = send_hangup;
	assert_int_equal(run(session), ST_OK);
	assert_string_equal(session->calls, "ask file ");
	assert_int_equal(caught, SIGHUP);
}

/* Nobody has decided anything by that: the image is true first. */
static void hang_up_between_rounds(struct session *session)
{
	struct sigaction action = { .sa_handler = catch };

	assert_int_equal(sigaction(SIGHUP, &action, NULL), 0);
	session->request.syscall = SYSCALL_LOAD;
	session->meanwhile = change_and_hang_up;
	assert_loaded(session, "load load ");
	assert_int_equal(caught, SIGHUP);
}

/* Somebody wants it to end. It does, and says what is armed now. */
static void interrupt_between_rounds(struct session *session)
{
	session->request.syscall = SYSCALL_LOAD;
	session->meanwhile = change_and_interrupt;
	assert_failed(session, "load ", "machine-changed", 255,
		"Interrupt: after 1 loads the crash kernel is armed, but its elfcorehdr may be "
		"stale: the memory map changed during the load");
	session->meanwhile = change_and_terminate;
	assert_failed(session, "load ", "machine-changed", 255, "Terminated: after 1 loads");
	/* Who does not want to be disturbed is not. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTSTP, SIG_IGN);
	session->meanwhile = change_and_interrupt;
	assert_loaded(session, "load load ");
}

static void raise_before(struct session *session)
{
	struct signals_held held;

	signals_hold(&held);
	raise(SIGTERM);
	assert_failed(session, "", "interrupted", 255, "Terminated: nothing has been loaded");
	signals_release(&held);
}

/* What the program has still to say is said, whatever has come meanwhile. */
static void hang_up_in_a_call_that_fails(struct session *session)
{
	session->disarms = true;
	session->file_errno = ENOMEM;
	session->request.syscall = SYSCALL_FILE_LOAD;
	session->meanwhile = send_hangup;
	assert_failed(session, "ask file ", "kexec-file-load-failed", 255,
		"NO CRASH KERNEL IS ARMED NOW");
}

/* ... but one that is through ends as it is told to. */
static void terminate_in_the_call(struct session *session)
{
	session->request.syscall = SYSCALL_LOAD;
	session->meanwhile = change_and_terminate;
	session->request.crash = false; /* where nothing can be stale */
	run(session);
}

static void signals_decide_nothing(void **state)
{
	int status;

	(void)state;
	assert_ends_well(hang_up_in_the_call);
	assert_ends_well(hang_up_between_rounds);
	assert_ends_well(interrupt_between_rounds);
	assert_ends_well(raise_before);
	assert_ends_well(hang_up_in_a_call_that_fails);
	status = end_of(terminate_in_the_call);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
}

/* --- output ----------------------------------------------------------------------------- */

/* Load twice, since the machine changes, all under -d; what is printed goes to fd. */
static void load_telling(struct session *session, int fd, bool closed)
{
	FILE *file = fdopen(fd, "w");
	struct cmd_io io = { .out = file, .err = file, .syscalls = &session->ops };

	assert_non_null(file);
	setvbuf(file, NULL, _IONBF, 0);
	if (closed)
		close(fd);
	session->request.debug = true;
	session->request.syscall = SYSCALL_LOAD;
	session->request.hotplug = HOTPLUG_AUTO; /* which this kernel is warned of */
	session->meanwhile = change_memory;
	session->calls[0] = '\0';
	set_armed(session, true);
	if (load_from(&session->request, session->tmp.root, &io, &session->err))
		fail_msg("%s", session->err.text);
	assert_string_equal(session->calls, "load load ");
	fclose(file);
}

static void print_to_nobody(struct session *session)
{
	int ends[2];

	signals_outlive_output();
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	load_telling(session, ends[1], false);
}

static void print_to_a_full_disk(struct session *session)
{
	load_telling(session, open("/dev/full", O_WRONLY | O_CLOEXEC), false);
}

static void print_to_what_is_closed(struct session *session)
{
	load_telling(session, open("/dev/null", O_WRONLY | O_CLOEXEC), true);
}

static void print_beyond_the_limit(struct session *session)
{
	static const struct rlimit none = { 4096, 4096 };
	int fd = memfd_create("output", MFD_CLOEXEC);

	assert_true(fd >= 0);
	signals_outlive_output();
	assert_int_equal(lseek(fd, 4096, SEEK_SET), 4096);
	/* The files of the machine are smaller. */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	load_telling(session, fd, false);
}

static void note_second_call(struct session *session)
{
	tmproot_text(&session->tmp, "/second", "");
}

static void change_before_second_call(struct session *session)
{
	change_memory(session);
	session->meanwhile = note_second_call;
}

/* Read what is in the pipe, but not before the second call; was there one? */
static bool read_late(struct session *session, int fd)
{
	char text[4096], path[128];
	bool called = false;

	snprintf(path, sizeof(path), "%s/second", session->tmp.dir);
	for (int i = 0; i < 1000 && !called; i++) {
		called = access(path, F_OK) == 0;
		usleep(10000);
	}
	while (read(fd, text, sizeof(text)) > 0)
		;
	return called;
}

static void fill(int fd)
{
	char text[4096] = { 0 };

	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	while (write(fd, text, sizeof(text)) > 0)
		;
	while (write(fd, text, 1) > 0)
		;
	assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
}

/* A reader that does not go on reading holds up what is said before the first call, and nothing
 * from there on: what is armed by then need not be true. A load by files says all behind it. */
static void print_to_who_does_not_read(struct session *session)
{
	struct cmd_io io = { .syscalls = &session->ops };
	int ends[2], status;
	pid_t reader;

	assert_int_equal(pipe(ends), 0);
	reader = fork();
	assert_true(reader >= 0);
	if (reader == 0) {
		close(ends[1]);
		_exit(read_late(session, ends[0]) ? 0 : 1);
	}
	close(ends[0]);
	fill(ends[1]);
	io.out = io.err = fdopen(ends[1], "w");
	assert_non_null(io.err);
	setvbuf(io.err, NULL, _IONBF, 0);
	session->request.debug = true;
	session->request.syscall = SYSCALL_FILE_LOAD;
	session->meanwhile = change_before_second_call;
	session->calls[0] = '\0';
	set_armed(session, false);
	assert_int_equal(
		load_from(&session->request, session->tmp.root, &io, &session->err), ST_OK);
	fclose(io.err);
	assert_int_equal(waitpid(reader, &status, 0), reader);
	assert_int_equal(status, 0);
}

static void output_decides_nothing(void **state)
{
	(void)state;
	assert_ends_well(print_to_nobody);
	assert_ends_well(print_to_a_full_disk);
	assert_ends_well(print_to_what_is_closed);
	assert_ends_well(print_beyond_the_limit);
	assert_ends_well(print_to_who_does_not_read);
}

/* A program that this one becomes has the signals as they were. */
static void handlers_are_not_inherited(void **state)
{
	struct sigaction before, action;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	signals_outlive_output();
	assert_int_equal(sigaction(SIGPIPE, NULL, &before), 0);
	assert_true(before.sa_handler != SIG_IGN && before.sa_handler != SIG_DFL);
	assert_int_equal(sigaction(SIGXFSZ, NULL, &action), 0);
	assert_true(action.sa_handler == SIG_IGN);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(load_is_made_again_when_the_machine_changes),
		cmocka_unit_test(machine_that_never_holds_still_is_no_success),
		cmocka_unit_test(file_in_memory_that_is_refused_leads_to_the_other_call),
		cmocka_unit_test(signals_decide_nothing),
		cmocka_unit_test(output_decides_nothing),
		cmocka_unit_test(handlers_are_not_inherited),
	};

	/* A shell has those that it starts in the background ignore it. */
	signal(SIGINT, SIG_DFL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
