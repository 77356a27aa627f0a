/* SPDX-License-Identifier: GPL-2.0-only */
/* Network interfaces before a restart: a card that goes on receiving would write into the memory
 * of the new kernel. */
#ifndef KEXEC_SYSCALL_IFDOWN_H
#define KEXEC_SYSCALL_IFDOWN_H

#include "kexec/syscall/syscall_ops.h"
#include "lib/report.h"

/* Take all down but "lo" and aliases: first shapers, which sit on top of others. What does not
 * work is a warning in report, since a restart is wanted all the same. */
void interfaces_down(const struct syscall_ops *ops, struct report *report);

#endif
