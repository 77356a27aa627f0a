// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmlinux of 64-bit powerpc, which is what is booted there: the kernel is what its PT_LOADs make
 * when they are laid out by their physical addresses, and it is entered at its first byte, whatever
 * e_entry says. A kernel that can be loaded anywhere has a word that says whether it is to stay
 * there (arch/powerpc/kernel/head_64.S: __run_at_load).
 */
#include "kexec/image/elf_loads.h"
#include "kexec/image/format.h"

/* Every little-endian kernel begins so: an instruction that does nothing to a CPU of its own byte
 * order, and to another one branches, to where it changes its mind (asm/ppc_asm.h:FIXUP_ENDIAN). */
#define FIRST	    0x48000008 /* b .+8, read as big endian */
#define RUN_AT	    0x5c
#define RUN_AT_0    0x72756e30 /* "run0" */
#define BLOCK_BYTES 0x100      /* what other CPUs wait in, and what has that word */

static int look(struct span bytes, struct image *image, struct err *err)
{
	struct elf_loads loads;
	struct span data;
	int status = elf_loads_read(bytes, "ppc64", ELF_BY_PADDR, &loads, err);

	if (!status)
		status = elf_loads_lay_out(&loads, &image->laid_out, &image->loaded, err);
	if (status)
		return status;
	data = image->loaded;
	if (data.size < BLOCK_BYTES || load_be32(data.data) != FIRST) {
		status = format_refuse(err,
			"an ELF program for ppc64 that does not begin as Linux does, such as a "
			"zImage");
		err_hint(err, "give the vmlinux that it was made from");
		return status;
	}
	image->kind = IMAGE_PPC64;
	image->kind_name = "vmlinux";
	image->mem_size = loads.end - loads.start;
	image->stays_where_loaded = load_le32(data.data + RUN_AT) == RUN_AT_0;
	return ST_OK;
}

int ppc64_image_probe(struct span bytes, const char *file, struct image *image,
	struct unwrapped *ret, struct err *err)
{
	struct elf_head head;

	(void)file;
	(void)ret;
	if (elf_is_program(bytes, EM_PPC64))
		return look(bytes, image, err);
	if (!elf_head_read(bytes, &head) || head.machine != EM_PPC64 || head.data != ELFDATA2MSB ||
		!elf_head_is_program64(&head))
		return ST_NOT_MINE;
	return format_refuse(err, "a big-endian ELF program, such as vmlinux, for ppc64");
}
