/* SPDX-License-Identifier: GPL-2.0-only */
/* The files of --module: opened, read, and unpacked where they are packed. */
#ifndef KEXEC_CMD_MODULES_H
#define KEXEC_CMD_MODULES_H

#include <stdbool.h>
#include <stddef.h>

#include "kexec/request.h"
#include "kexec/plan/plan.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/report.h"
#include "lib/sysroot.h"
#include "lib/sysroot_hold.h"

struct module_file {
	struct sysroot_file *open;
	struct held held;     /* empty when it was unpacked */
	struct blob unpacked; /* what a packed one holds */
};

struct modules {
	struct module_file files[MODULES_MAX];
	struct plan_module of_plan[MODULES_MAX]; /* the same, as a plan takes them */
	size_t count;
};

/* Open all that request names: the first word of each. modules is to be cleared by modules_done()
 * whatever comes of it. Errors of sysroot_open(), ST_NO_MEMORY. */
int modules_open(const struct request *request, const struct sysroot *root, struct modules *modules,
	struct err *err);

/*
 * Hold the bytes of each, as sysroot_hold() does, or what is in it: what is packed with gzip or xz,
 * all of it, is unpacked, as boot loaders do. What was done goes to report. May be called again.
 * ST_BAD_INPUT for an empty file; errors of sysroot_hold().
 */
int modules_hold(struct modules *modules, bool copy, struct report *report, struct err *err);

/* See held_is_asked_for(). */
bool modules_are_asked_for(const struct modules *modules);

void modules_done(struct modules *modules);

#endif
