// SPDX-License-Identifier: GPL-2.0-only
/*
 * measure PROGRAM [ARGUMENT]...
 *
 * Run a program, its standard output thrown away, and print what it took, as one line:
 * wall clock, user and system time in microseconds, peak resident memory in KiB. The exit
 * status is the program's.
 *
 * Linked statically, so that the few hundred KiB it has itself at the moment of the exec, which
 * the kernel counts as the program's, are less than any program's own peak.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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

int main(int argc, char **argv)
{
	struct rusage usage;
	long long began;
	int status, null;
	pid_t child;

	if (argc < 2)
		return 2;
	began = now();
	child = fork();
	if (child == 0) {
		null = open("/dev/null", O_WRONLY);
		if (null >= 0 && dup2(null, STDOUT_FILENO) >= 0)
			execvp(argv[1], argv + 1);
		perror(argv[1]);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) != child) {
		perror("measure");
		return 1;
	}
	printf("%lld %lld %lld %ld\n", now() - began, microseconds(usage.ru_utime),
		microseconds(usage.ru_stime), usage.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
