// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/cmd/signals.h"

#include <stddef.h>
#include <time.h>

/* A handler and not SIG_IGN, which a program inherits that this one becomes. */
static void let_the_write_fail(int number)
{
	(void)number;
}

void signals_outlive_output(void)
{
	static const int numbers[] = { SIGPIPE, SIGXFSZ };
	struct sigaction action = { .sa_handler = let_the_write_fail, .sa_flags = SA_RESTART };
	struct sigaction before;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
			sigaction(numbers[i], &action, NULL);
}

void signals_hold(struct signals_held *ret)
{
	/* What the program itself runs into is not to be put off. */
	static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS };
	sigset_t all;

	sigfillset(&all);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		sigdelset(&all, faults[i]);
	sigprocmask(SIG_BLOCK, &all, &ret->mask);
}

int signals_end_asked(void)
{
	static const int numbers[] = { SIGINT, SIGQUIT, SIGTERM };
	struct sigaction action;
	sigset_t waiting;

	if (sigpending(&waiting))
		return 0;
	/* A blocked signal waits even where it would be ignored. */
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (sigismember(&waiting, numbers[i]) == 1 &&
			sigaction(numbers[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			return numbers[i];
	return 0;
}

void signals_forget(void)
{
	static const struct timespec at_once = { .tv_sec = 0 };
	sigset_t waiting;

	while (sigpending(&waiting) == 0 && !sigisemptyset(&waiting))
		if (sigtimedwait(&waiting, NULL, &at_once) < 0)
			return;
}

void signals_release(const struct signals_held *held)
{
	sigprocmask(SIG_SETMASK, &held->mask, NULL);
}
