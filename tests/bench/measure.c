// SPDX-License-Identifier: GPL-2.0-only
/*
 * measure [-c] PROGRAM [ARGUMENT]...
 * measure -a FILE
 *
 * Run a program, its standard output thrown away, and print what it took, as one line: wall
 * clock, user and system time in microseconds, peak resident memory in KiB. The exit status is the
 * program's.
 *
 * With -c follow its system calls, which takes time of its own, and print of kexec_load(2) and
 * kexec_file_load(2): how often they were called, microseconds and page faults in them, and bytes
 * handed over.
 *
 * With -a ask the kernel again and again whether a crash image is armed, until FILE exists, and
 * print: microseconds in which none was, how many times that began, how often was asked.
 *
 * Linked statically, so that the few hundred KiB it has itself at the moment of the exec, which
 * the kernel counts as the program's, are less than any program's own peak.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <linux/ptrace.h>
#include <time.h>
#include <unistd.h>

struct calls {
	long long count;
	long long time;
	long long faults;
	long long bytes;
};

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

static long long microseconds(struct timeval time)
{
	return time.tv_sec * 1000000LL + time.tv_usec;
}

/* Page faults of a process so far, of both kinds: fields 10 and 12 of its stat. */
static long long faults(pid_t pid)
{
	char path[64], text[1024];
	long long minor = 0, major = 0;
	const char *rest;
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY);
	size = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	close(fd);
	text[size > 0 ? size : 0] = '\0';
	rest = strrchr(text, ')');
	if (rest)
		sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %lld %*u %lld", &minor, &major);
	return minor + major;
}

/* The bytes that the segments of a kexec_load hand over. */
static long long handed_over(pid_t pid, uint64_t count, uint64_t segments)
{
	long long bytes = 0;

	/* struct kexec_segment: four words, of which the second is bufsz. */
	for (uint64_t i = 0; i < count; i++)
		bytes += ptrace(PTRACE_PEEKDATA, pid, (uintptr_t)segments + i * 32 + 8, 0);
	return bytes;
}

/* Go from system call to system call, to the end. */
static int follow(pid_t child, int *status, struct calls *calls)
{
	struct ptrace_syscall_info info;
	long long began = 0, faulted = 0;
	bool inside = false;
	int signal = 0;

	if (waitpid(child, status, 0) != child ||
		ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL))
		return -1;
	for (;;) {
		if (ptrace(PTRACE_SYSCALL, child, 0, signal))
			return -1;
		if (waitpid(child, status, 0) != child)
			return -1;
		signal = 0;
		if (WIFEXITED(*status) || WIFSIGNALED(*status))
			return 0;
		if (WSTOPSIG(*status) != (SIGTRAP | 0x80)) {
			signal = WSTOPSIG(*status) == SIGTRAP ? 0 : WSTOPSIG(*status);
			continue;
		}
		if (inside) {
			calls->time += now() - began;
			calls->faults += faults(child) - faulted;
			inside = false;
			continue;
		}
		memset(&info, 0, sizeof(info));
		if (ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof(info), &info) < 0)
			return -1;
		if (info.op != PTRACE_SYSCALL_INFO_ENTRY ||
			(info.entry.nr != SYS_kexec_load && info.entry.nr != SYS_kexec_file_load))
			continue;
		calls->count++;
		if (info.entry.nr == SYS_kexec_load)
			calls->bytes += handed_over(child, info.entry.args[1], info.entry.args[2]);
		faulted = faults(child);
		inside = true;
		began = now();
	}
}

static int watch(const char *end)
{
	long long unarmed = 0, windows = 0, asked = 0, last = now(), time;
	int fd = open("/sys/kernel/kexec_crash_loaded", O_RDONLY);
	bool was_armed = true;
	char armed;

	while (access(end, F_OK)) {
		if (pread(fd, &armed, 1, 0) != 1) {
			perror("kexec_crash_loaded");
			return 1;
		}
		time = now();
		if (armed == '0') {
			unarmed += time - last;
			windows += was_armed;
		}
		was_armed = armed != '0';
		last = time;
		asked++;
		usleep(200);
	}
	printf("%lld %lld %lld\n", unarmed, windows, asked);
	return 0;
}

int main(int argc, char **argv)
{
	bool following = argc > 1 && strcmp(argv[1], "-c") == 0;
	struct calls calls = { .count = 0 };
	struct rusage usage;
	long long began;
	int status, null;
	pid_t child;

	if (argc == 3 && strcmp(argv[1], "-a") == 0)
		return watch(argv[2]);
	argv += 1 + following;
	if (!*argv)
		return 2;
	began = now();
	child = fork();
	if (child == 0) {
		null = open("/dev/null", O_WRONLY);
		if (null >= 0 && dup2(null, STDOUT_FILENO) >= 0 &&
			!(following && ptrace(PTRACE_TRACEME, 0, 0, 0)))
			execvp(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	if (child < 0 || (following ? follow(child, &status, &calls)
				    : -(wait4(child, &status, 0, &usage) != child))) {
		perror("measure");
		return 1;
	}
	if (following)
		printf("%lld %lld %lld %lld\n", calls.count, calls.time, calls.faults, calls.bytes);
	else
		printf("%lld %lld %lld %ld\n", now() - began, microseconds(usage.ru_utime),
			microseconds(usage.ru_stime), usage.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
