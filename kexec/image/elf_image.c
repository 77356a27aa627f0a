// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmlinux: the kernel as the linker leaves it. Its Image is what its PT_LOADs make when they are
 * laid out by their virtual addresses from _text on, where the Image's header is; e_entry points
 * there (arch/arm64/kernel/vmlinux.lds.S). A vmlinux that is ET_DYN relocates itself, as its
 * Image does. The physical addresses of the PT_LOADs are no use: they are virtual ones too.
 */
#include <stdlib.h>
#include <string.h>

#include "kexec/image/arm64_image.h"
#include "kexec/image/format.h"
#include "kexec/image/kind.h"
#include "lib/checked.h"

/* elf(5): the fields of a little-endian ELF64 file that are looked at. */
#define EHDR_SIZE    64
#define EI_CLASS     4
#define EI_DATA	     5
#define TYPE_AT	     16
#define MACHINE_AT   18
#define ENTRY_AT     24
#define PHOFF_AT     32
#define PHENTSIZE_AT 54
#define PHNUM_AT     56
#define PHDR_SIZE    56

#define CLASS_64       2
#define LITTLE_ENDIAN_ 1
#define BIG_ENDIAN_    2
#define TYPE_OBJECT    1
#define TYPE_EXEC      2
#define TYPE_DYN       3
#define MACHINE_ARM64  183
#define PT_LOAD	       1

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

/* One PT_LOAD that brings something. */
struct load {
	uint64_t vaddr;
	uint64_t memory_size;
	struct span bytes;
};

struct loads {
	struct load *loads; /* owned */
	size_t count;
	uint64_t entry;
};

static int malformed(struct err *err, const char *what)
{
	return err_set(err, ST_BAD_INPUT, "image-elf", "this is an ELF program for arm64 %s", what);
}

static int read_load(struct span bytes, const uint8_t *phdr, struct loads *loads, struct err *err)
{
	struct load *load = &loads->loads[loads->count];
	uint64_t end;

	if (load_le32(phdr) != PT_LOAD || load_le64(phdr + 40) == 0)
		return ST_OK;
	load->vaddr = load_le64(phdr + 16);
	load->memory_size = load_le64(phdr + 40);
	if (!span_slice(bytes, load_le64(phdr + 8), load_le64(phdr + 32), &load->bytes))
		return err_set(err, ST_BAD_INPUT, "image-truncated",
			"this is an ELF program for arm64 with %llu bytes at %llu in a file of %zu "
			"bytes",
			(unsigned long long)load_le64(phdr + 32),
			(unsigned long long)load_le64(phdr + 8), bytes.size);
	if (load->bytes.size > load->memory_size)
		return malformed(err, "that has more in the file than in memory");
	if (!add_u64(load->vaddr, load->memory_size, &end))
		return malformed(err, "that is behind the end of all addresses");
	if (load->vaddr < loads->entry && end > loads->entry)
		return malformed(err, "that does not begin where it is entered");
	if (load->vaddr < loads->entry)
		return malformed(err, "with a part in front of its entry");
	loads->count++;
	return ST_OK;
}

static int read_loads(struct span bytes, struct loads *ret, struct err *err)
{
	struct loads loads = { .entry = load_le64(bytes.data + ENTRY_AT) };
	unsigned int count = load_le16(bytes.data + PHNUM_AT);
	struct span table;
	int status = ST_OK;

	if (load_le16(bytes.data + PHENTSIZE_AT) != PHDR_SIZE || count == 0)
		return malformed(err, "without program headers");
	if (!span_slice(
		    bytes, load_le64(bytes.data + PHOFF_AT), (uint64_t)count * PHDR_SIZE, &table))
		return err_set(err, ST_BAD_INPUT, "image-truncated",
			"this is an ELF program for arm64 that ends in its program headers, after "
			"%zu bytes",
			bytes.size);
	loads.loads = calloc(count, sizeof(*loads.loads));
	if (!loads.loads)
		return err_no_memory(err);
	for (unsigned int i = 0; i < count && !status; i++)
		status = read_load(bytes, table.data + (size_t)i * PHDR_SIZE, &loads, err);
	if (status) {
		free(loads.loads);
		return status;
	}
	*ret = loads;
	return ST_OK;
}

/* What the loads make in memory, up to the last byte that is in the file. */
static int flatten(const struct loads *loads, struct blob *ret, struct err *err)
{
	struct arm64_image_header header;
	uint64_t size = 0, total = 0;
	int status = ST_NOT_MINE;

	for (size_t i = 0; i < loads->count; i++) {
		const struct load *load = &loads->loads[i];
		uint64_t end = load->vaddr - loads->entry + load->bytes.size;

		if (load->vaddr == loads->entry && status == ST_NOT_MINE)
			status = arm64_image_header_parse(load->bytes, &header, err);
		if (load->bytes.size && end > size)
			size = end;
	}
	if (status == ST_NOT_MINE)
		return format_refuse(err, "an ELF program for arm64 that is no Linux kernel");
	if (status)
		return status;
	for (size_t i = 0; i < loads->count; i++) {
		if (loads->loads[i].vaddr - loads->entry + loads->loads[i].memory_size >
			header.image_size)
			return malformed(err, "that is larger than its image_size");
		total += loads->loads[i].memory_size;
	}
	/* 65535 of them over each other would take hours to copy. */
	if (total > header.image_size)
		return malformed(err, "with parts that lie over each other");
	if (blob_zeroed(ret, (size_t)size))
		return err_no_memory(err);
	for (size_t i = 0; i < loads->count; i++)
		if (loads->loads[i].bytes.size)
			memcpy(ret->data + (loads->loads[i].vaddr - loads->entry),
				loads->loads[i].bytes.data, loads->loads[i].bytes.size);
	return ST_OK;
}

int elf_image_probe(struct span bytes, const char *file, struct image *image, struct unwrapped *ret,
	struct err *err)
{
	struct loads loads = { .loads = NULL };
	unsigned int machine, type;
	const uint8_t *p = bytes.data;
	int status;

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
	if (type == TYPE_EXEC && kind_refuse_multiboot(bytes, machine_name(machine), err))
		return ST_UNSUPPORTED;
	if (machine != MACHINE_ARM64 || (type != TYPE_EXEC && type != TYPE_DYN))
		return format_refuse(
			err, "an ELF %s for %s", type_name(type), machine_name(machine));
	if (p[EI_CLASS] != CLASS_64 || p[EI_DATA] != LITTLE_ENDIAN_)
		return format_refuse(err, "a big-endian or 32-bit ELF program for arm64");
	if (bytes.size < EHDR_SIZE)
		return err_set(err, ST_BAD_INPUT, "image-truncated",
			"this is an ELF program for arm64 that ends in its header, after %zu bytes",
			bytes.size);
	status = read_loads(bytes, &loads, err);
	if (!status)
		status = flatten(&loads, &ret->made, err);
	free(loads.loads);
	return status;
}
