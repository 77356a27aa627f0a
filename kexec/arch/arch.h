/* SPDX-License-Identifier: GPL-2.0-only */
/* Every architecture that this build can plan for, by its name: all of them. */
#ifndef KEXEC_ARCH_ARCH_H
#define KEXEC_ARCH_ARCH_H

#include "kexec/plan/arch_ops.h"

/* The ops for a machine name (uname -m), or NULL. */
const struct arch_ops *arch_find(const char *machine);

#endif
