// SPDX-License-Identifier: GPL-2.0-only
/* Formats that are recognised only to be refused by name. Those of other CPUs that share a
 * container with arm64 (ELF, zboot, UKI, uImage) are refused where that container is read. */
#include <string.h>

#include "kexec/image/format.h"
#include "lib/pe.h"

int foreign_device_tree_probe(struct span bytes, const char *file, struct image *image,
	struct unwrapped *ret, struct err *err)
{
	/* A FIT is a device tree whose root has a node "images": the begin token, the name. */
	static const char images[] = "\0\0\0\1images";

	(void)image;
	(void)ret;
	if (!span_starts_with(bytes, "\xd0\x0d\xfe\xed", 4))
		return ST_NOT_MINE;
	if (memmem(bytes.data, bytes.size, images, sizeof(images))) {
		format_refuse(err, "a U-Boot FIT image");
		err_hint(err, "take the kernel out of it: dumpimage -T flat_dt -p 0 -o Image %s",
			file);
	} else {
		format_refuse(err, "a device tree blob");
		err_hint(err, "a device tree is given with --dtb=%s, next to a kernel", file);
	}
	return ST_UNSUPPORTED;
}

/* Kernels of other CPUs, by the marks in their own headers. */
int foreign_kernel_probe(struct span bytes, const char *file, struct image *image,
	struct unwrapped *ret, struct err *err)
{
	static const struct {
		size_t at;
		char mark[5]; /* four bytes */
		const char *what;
	} marks[] = {
		/* Documentation/arch/x86/boot.rst */
		{ 0x202, "HdrS", "an old x86 kernel" },
		/* Documentation/arch/riscv/boot-image-header.rst */
		{ 56, "RSC\x05", "a RISC-V kernel" },
		{ 36, "\x18\x28\x6f\x01", "a 32-bit ARM kernel (zImage)" },
	};
	struct span mark;

	(void)file;
	(void)image;
	(void)ret;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (span_slice(bytes, marks[i].at, 4, &mark) &&
			span_starts_with(mark, marks[i].mark, 4))
			return format_refuse(err, "%s", marks[i].what);
	}
	return ST_NOT_MINE;
}

int foreign_pe_probe(struct span bytes, const char *file, struct image *image,
	struct unwrapped *ret, struct err *err)
{
	struct pe pe;
	int status;

	(void)file;
	(void)image;
	(void)ret;
	status = pe_parse(bytes, &pe);
	if (status == ST_NOT_MINE)
		return ST_NOT_MINE;
	if (status)
		return err_set(err, ST_BAD_INPUT, "image-truncated",
			"this is an EFI (PE) program that ends in its headers, after %zu bytes",
			bytes.size);
	return format_refuse(err, "an EFI (PE) program for %s that is no Linux kernel known here",
		pe_machine_name(pe.machine));
}

int foreign_initrd_probe(struct span bytes, const char *file, struct image *image,
	struct unwrapped *ret, struct err *err)
{
	(void)image;
	(void)ret;
	if (!span_starts_with(bytes, "070701", 6) && !span_starts_with(bytes, "070702", 6))
		return ST_NOT_MINE;
	format_refuse(err, "a cpio archive, as an initrd is");
	err_hint(err, "an initrd is given with --initrd=%s, next to a kernel", file);
	return ST_UNSUPPORTED;
}
