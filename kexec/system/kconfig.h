/* SPDX-License-Identifier: GPL-2.0-only */
/* The configuration of the running kernel, where it can be had. */
#ifndef KEXEC_SYSTEM_KCONFIG_H
#define KEXEC_SYSTEM_KCONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/report.h"
#include "lib/sysroot.h"

struct kconfig {
	struct blob text;   /* "CONFIG_X=y" lines; empty when no configuration was found */
	const char *source; /* the path it came from, such as "/proc/config.gz"; owned by kconfig */
	char *source_owned;
};

void kconfig_done(struct kconfig *config);

/*
 * /proc/config.gz, /boot/config-RELEASE, /lib/modules/RELEASE/config, in this order; the
 * first that can be read. Finding none is not an error: text is empty then. What is there and
 * cannot be read goes into report. ST_NO_MEMORY.
 */
int kconfig_read(const struct sysroot *root, const char *release, struct kconfig *ret,
	struct report *report, struct err *err);

enum tristate { TRI_NO, TRI_YES, TRI_UNKNOWN };

/* Is CONFIG_<name> y or m? TRI_UNKNOWN without a configuration. name has no CONFIG_. */
enum tristate kconfig_enabled(const struct kconfig *config, const char *name);

/* The value of a numeric option. False when it is not set or not a number. */
bool kconfig_number(const struct kconfig *config, const char *name, uint64_t *ret);

#endif
