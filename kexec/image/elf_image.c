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

/* elf(5): the fields of an ELF file that tell whose it is. */
#define EHDR_SIZE  64
#define EI_CLASS   4
#define EI_DATA	   5
#define TYPE_AT	   16
#define MACHINE_AT 18

#define CLASS_64       2
#define LITTLE_ENDIAN_ 1
#define BIG_ENDIAN_    2
#define TYPE_OBJECT    1
#define TYPE_EXEC      2
#define TYPE_DYN       3
#define MACHINE_ARM64  183
#define CPU	       "arm64"

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
		{ 3, "i386" },
		{ 8, "mips" },
		{ 20, "ppc" },
		{ 21, "ppc64" },
		{ 22, "s390" },
		{ 40, "arm" },
		{ 62, "x86_64" },
		{ MACHINE_ARM64, "arm64" },
		{ 243, "riscv" },
		{ 258, "loongarch" },
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
	unsigned int machine, type;
	const uint8_t *p = bytes.data;

	(void)file;
	(void)image;
	if (bytes.size < 20 || !span_starts_with(bytes, "\177ELF", 4))
		return ST_NOT_MINE;
	type = p[EI_DATA] == BIG_ENDIAN_ ? (unsigned int)p[TYPE_AT] << 8 | p[TYPE_AT + 1]
					 : load_le16(p + TYPE_AT);
	machine = p[EI_DATA] == BIG_ENDIAN_ ? (unsigned int)p[MACHINE_AT] << 8 | p[MACHINE_AT + 1]
					    : load_le16(p + MACHINE_AT);
	if (type == TYPE_OBJECT)
		return ST_NOT_MINE; /* a module, for one */
	if (machine != MACHINE_ARM64 || (type != TYPE_EXEC && type != TYPE_DYN))
		return format_refuse(
			err, "an ELF %s for %s", type_name(type), machine_name(machine));
	if (p[EI_CLASS] != CLASS_64 || p[EI_DATA] != LITTLE_ENDIAN_)
		return format_refuse(err, "a big-endian or 32-bit ELF program for arm64");
	if (bytes.size < EHDR_SIZE)
		return err_set(err, ST_BAD_INPUT, "image-truncated",
			"this is an ELF program for arm64 that ends in its header, after %zu bytes",
			bytes.size);
	return flatten(bytes, &ret->made, err);
}
