// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/syscall/ifdown.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_shaper(const char *name)
{
	return strncmp(name, "shaper", strlen("shaper")) == 0;
}

static void down(const struct syscall_ops *ops, const char *name, struct report *report)
{
	int errnum;

	if (strcmp(name, "lo") == 0 || strchr(name, ':'))
		return;
	errnum = ops->interface_down(ops->context, name);
	if (errnum)
		report_add(report, REPORT_WARNING, "network", "%s stays up: %s", name,
			strerror(errnum));
}

void interfaces_down(const struct syscall_ops *ops, struct report *report)
{
	char **names = NULL;
	size_t count = 0;
	int errnum = ops->list_interfaces(ops->context, &names, &count);

	if (errnum)
		report_add(report, REPORT_WARNING, "network",
			"the interfaces stay up, they cannot be listed: %s", strerror(errnum));
	for (size_t i = 0; i < count; i++)
		if (is_shaper(names[i]))
			down(ops, names[i], report);
	for (size_t i = 0; i < count; i++) {
		if (!is_shaper(names[i]))
			down(ops, names[i], report);
		free(names[i]);
	}
	free(names);
}
