// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmlinux of x86_64: what a bzImage unpacks, as an ELF program. It is linked for one physical
 * address and runs at any that is a multiple of 2 MiB away from it, with all its parts, since it
 * sets up its page tables by where it is (arch/x86/boot/startup/map_kernel.c). e_entry is the
 * physical address of its 64-bit entry. It has no header of the boot protocol: where a bzImage
 * brings that of boot_params, one is made here, with what the kernel itself reads of it.
 */
#include <string.h>

#include "kexec/image/elf_loads.h"
#include "kexec/image/format.h"

#define CPU "x86_64"

/* __START_KERNEL_map: what lies there is found at virtual minus physical address. */
#define KERNEL_MAP UINT64_C(0xffffffff80000000)

/* PMD_SIZE, in which it maps itself. */
#define ALIGNMENT 0x200000u

/* COMMAND_LINE_SIZE without the NUL, arch/x86/include/asm/setup.h. */
#define CMDLINE_SIZE 2047

#define PROTOCOL 0x20f

/* Documentation/arch/x86/boot.rst, from 0x1f1 to the end of that protocol. */
static const uint8_t made_header[0x26c - BZIMAGE_HEADER_START] = {
#define AT(offset) [(offset)-BZIMAGE_HEADER_START]
	AT(0x1f2) = 1, /* root_flags: "ro", until the command line says "rw" */
	AT(0x1fa) = 0xff,
	AT(0x1fb) = 0xff, /* vid_mode: normal */
	AT(0x1fe) = 0x55,
	AT(0x1ff) = 0xaa,
	AT(0x200) = 0xeb,
	AT(0x201) = 0x6a, /* to the end of the header */
	AT(0x202) = 'H',
	AT(0x203) = 'd',
	AT(0x204) = 'r',
	AT(0x205) = 'S',
	AT(0x206) = PROTOCOL & 0xff,
	AT(0x207) = PROTOCOL >> 8,
#undef AT
};

/* All but what is per CPU, which old kernels have at virtual 0, is in the kernel map; and it is
 * entered where something is. Other systems are linked so too. */
static bool is_linux(const struct elf_loads *loads, struct span data)
{
	static const char banner[] = "Linux version ";
	const struct elf_load *first = &loads->loads[0];

	return first->paddr == loads->start && first->vaddr >= KERNEL_MAP &&
	       first->vaddr - first->paddr == KERNEL_MAP && loads->entry >= loads->start &&
	       loads->entry < loads->bytes_end &&
	       memmem(data.data, data.size, banner, sizeof(banner) - 1);
}

static int look(struct span bytes, struct image *image, struct err *err)
{
	struct elf_loads loads;
	int status = elf_loads_read(bytes, CPU, ELF_BY_PADDR, &loads, err);

	if (!status)
		status = elf_loads_lay_out(&loads, &image->laid_out, &image->loaded, err);
	if (status)
		return status;
	if (!is_linux(&loads, image->loaded))
		return format_refuse(err, "an ELF program for " CPU " that is no Linux kernel");
	if (loads.start % ALIGNMENT)
		return elf_loads_malformed(CPU, "that does not begin at a multiple of 2 MiB", err);
	image->kind = IMAGE_X86_VMLINUX;
	image->kind_name = "vmlinux";
	image->mem_size = loads.end - loads.start;
	image->bzimage = (struct bzimage){
		.header = { made_header, sizeof(made_header) },
		.loaded = image->loaded,
		.protocol = PROTOCOL,
		.pref_address = loads.start,
		.kernel_alignment = ALIGNMENT,
		.init_size = image->mem_size,
		.entry = loads.entry - loads.start,
		.cmdline_size = CMDLINE_SIZE,
		.relocatable = true,
		.above_4g = true,
		.five_levels = true, /* it does not say */
		.efi_kexec = true,
	};
	return ST_OK;
}

int x86_vmlinux_probe(struct span bytes, const char *file, struct image *image,
	struct unwrapped *ret, struct err *err)
{
	(void)file;
	(void)ret;
	return elf_is_program(bytes, EM_X86_64) ? look(bytes, image, err) : ST_NOT_MINE;
}
