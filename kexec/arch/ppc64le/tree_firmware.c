// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the firmware of a ppc64le machine, and its kernel's first steps, put into the device tree,
 * so that a tree from elsewhere may not have it: where RTAS is, and what kernel and hypervisor
 * agreed on. A kernel that does not find the latter sets up page tables that this machine does not
 * have.
 */
#include <inttypes.h>
#include <libfdt.h>

#include "kexec/arch/ppc64le/ppc64le.h"

#define BECAUSE_RUNNING "as in the running tree: only firmware knows it"

static const struct {
	const char *path, *name;
} from_firmware[] = {
	{ "/chosen", "ibm,architecture-vec-5" },
	{ "/chosen", "linux,stdout-path" },
	{ "/chosen", "stdout-path" },
	{ "/rtas", "linux,rtas-base" },
	{ "/rtas", "linux,rtas-entry" },
	{ "/rtas", "rtas-size" },
};

int ppc64le_complete_tree(
	const void *running, void *fdt, struct plan *plan, struct report *report, struct err *err)
{
	int status = ST_OK;

	(void)report;
	for (size_t i = 0; i < sizeof(from_firmware) / sizeof(from_firmware[0]) && !status; i++) {
		const char *path = from_firmware[i].path, *name = from_firmware[i].name;
		int from = fdt_path_offset(running, path), to = fdt_path_offset(fdt, path);
		int length, code;
		const void *value = from < 0 ? NULL : fdt_getprop(running, from, name, &length);

		if (!value || (to >= 0 && fdt_getprop(fdt, to, name, NULL)))
			continue;
		if (to == -FDT_ERR_NOTFOUND)
			to = fdt_add_subnode(fdt, 0, path + 1);
		code = to < 0 ? to : fdt_setprop(fdt, to, name, value, length);
		if (code)
			return err_set(err, code == -FDT_ERR_NOSPACE ? ST_NO_SPACE : ST_BAD_INPUT,
				code == -FDT_ERR_NOSPACE ? "fdt-too-big" : "fdt-edit",
				"device tree: cannot set %s/%s: %s", path, name,
				fdt_strerror(code));
		status = plan_edit_because(plan,
			plan_note_edit(plan, "set", path, name, err, "%d bytes", length),
			BECAUSE_RUNNING);
	}
	return status;
}
