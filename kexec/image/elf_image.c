// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmlinux: the kernel as the linker leaves it. Its Image is what its PT_LOADs make when they are
 * laid out by their virtual addresses from _text on, where the Image's header is; e_entry points
 * there (arch/arm64/kernel/vmlinux.lds.S). A vmlinux that is ET_DYN relocates itself, as its
 * Image does. The physical addresses of the PT_LOADs are no use: they are virtual ones too.
 */
#include "kexec/image/arm64_image.h"
#include "kexec/image/elf_loads.h"
#include "kexec/image/format.h"

#define CPU "arm64"

static const char *type_name(unsigned int type)
{
	static const char *const names[] = { "file of an unknown type", "file",
		"program, such as vmlinux,", "program, such as vmlinux,", "core dump" };

	return names[type < sizeof(names) / sizeof(names[0]) ? type : 0];
}

static const char *machine_name(unsigned int machine)
{
	static const struct {
		unsigned int machine;
		const char *name;
	} names[] = {
		{ EM_386, "i386" },
		{ EM_MIPS, "mips" },
		{ EM_PPC, "ppc" },
		{ EM_PPC64, "ppc64" },
		{ EM_S390, "s390" },
		{ EM_ARM, "arm" },
		{ EM_X86_64, "x86_64" },
		{ EM_AARCH64, "arm64" },
		{ EM_RISCV, "riscv" },
		{ EM_LOONGARCH, "loongarch" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].machine == machine)
			return names[i].name;
	return "an unknown CPU";
}

static int malformed(struct err *err, const char *what)
{
	return elf_loads_malformed(CPU, what, err);
}

/* What is entered is the Image's header, and nothing is in front of it. */
static int check_loads(const struct elf_loads *loads, struct err *err)
{
	struct arm64_image_header header;
	int status = ST_NOT_MINE;

	if (loads->start > loads->entry)
		return format_refuse(err, "an ELF program for " CPU " that is no Linux kernel");
	for (size_t i = 0; i < loads->count; i++) {
		const struct elf_load *load = &loads->loads[i];

		if (load->at < loads->entry && load->at + load->memory_size > loads->entry)
			return malformed(err, "that does not begin where it is entered");
		if (load->at < loads->entry)
			return malformed(err, "with a part in front of its entry");
		if (load->at == loads->entry && status == ST_NOT_MINE)
			status = arm64_image_header_parse(load->bytes, &header, err);
	}
	if (status == ST_NOT_MINE)
		return format_refuse(err, "an ELF program for " CPU " that is no Linux kernel");
	if (!status && loads->end - loads->start > header.image_size)
		return malformed(err, "that is larger than its image_size");
	return status;
}

/* The Image that they make, as a copy. */
static int flatten(struct span bytes, struct blob *ret, struct err *err)
{
	struct elf_loads loads;
	struct span image;
	int status = elf_loads_read(bytes, CPU, ELF_BY_VADDR, &loads, err);

	if (!status)
		status = check_loads(&loads, err);
	if (!status)
		status = elf_loads_lay_out(&loads, ret, &image, err);
	if (!status && !ret->data && blob_append(ret, image.data, image.size))
		status = err_no_memory(err);
	return status;
}

int elf_image_probe(struct span bytes, const char *file, struct image *image, struct unwrapped *ret,
	struct err *err)
{
	struct elf_head head;

	(void)file;
	(void)image;
	if (!elf_head_read(bytes, &head) || head.type == ET_REL)
		return ST_NOT_MINE; /* ET_REL: a module, for one */
	if (head.machine != EM_AARCH64 || (head.type != ET_EXEC && head.type != ET_DYN))
		return format_refuse(
			err, "an ELF %s for %s", type_name(head.type), machine_name(head.machine));
	if (head.class != ELFCLASS64 || head.data != ELFDATA2LSB)
		return format_refuse(err, "a big-endian or 32-bit ELF program for arm64");
	if (bytes.size < sizeof(Elf64_Ehdr))
		return err_set(err, ST_BAD_INPUT, "image-truncated",
			"this is an ELF program for arm64 that ends in its header, after %zu bytes",
			bytes.size);
	return flatten(bytes, &ret->made, err);
}
