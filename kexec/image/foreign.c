// SPDX-License-Identifier: GPL-2.0-only
/* Files that are recognised only to be refused by name. Those of other CPUs that share a
 * container with arm64 (ELF, zboot, UKI, uImage) are refused where that container is read. */
#include "kexec/image/format.h"
#include "kexec/image/kind.h"
#include "lib/pe.h"

int foreign_probe(struct span bytes, const char *file, struct image *image, struct unwrapped *ret,
	struct err *err)
{
	struct kind kind;
	struct pe pe;

	(void)image;
	(void)ret;
	if (kind_of(bytes, &kind) && !kind.guessed) {
		format_refuse(err, "%s", kind.name);
		kind_hint(err, &kind, file);
		return ST_UNSUPPORTED;
	}
	if (pe_parse(bytes, &pe) == ST_NOT_MINE)
		return ST_NOT_MINE;
	return err_set(err, ST_BAD_INPUT, "image-truncated",
		"this is an EFI (PE) program that ends in its headers, after %zu bytes",
		bytes.size);
}
