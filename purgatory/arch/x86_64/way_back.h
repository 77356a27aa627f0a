/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PURGATORY_ARCH_X86_64_WAY_BACK_H
#define PURGATORY_ARCH_X86_64_WAY_BACK_H

struct purgatory_params;

/* Before the new kernel is entered: see PURGATORY_OWN_TAIL. */
void machine_tell_way_back(const struct purgatory_params *params);

#endif
