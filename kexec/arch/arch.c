// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/arch/arch.h"

#include <string.h>

#include "kexec/arch/arm64/arm64.h"
#include "kexec/arch/ppc64le/ppc64le.h"
#include "kexec/arch/x86_64/x86_64.h"

static const struct arch_ops *const all_ops[] = {
	&arm64_ops,
	&ppc64le_ops,
	&x86_64_ops,
};

const struct arch_ops *arch_find(const char *machine)
{
	for (size_t i = 0; i < sizeof(all_ops) / sizeof(all_ops[0]); i++)
		if (strcmp(all_ops[i]->machine, machine) == 0)
			return all_ops[i];
	return NULL;
}
