// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/image/elf_loads.h"

#include <inttypes.h>
#include <string.h>

#include "kexec/image/format.h"
#include "lib/checked.h"

/* Where a field of the header is that is the same of 32 bits and of 64. */
#define EHDR(field) offsetof(Elf64_Ehdr, field)
#define P_TYPE	    offsetof(Elf64_Phdr, p_type)

/* Where the others are, and how large an address is. */
struct shape {
	size_t address, entry, phoff, phentsize, phnum;
	size_t phdr, offset, vaddr, paddr, filesz, memsz;
};

#define SHAPE(Ehdr, Phdr)                                                                          \
	{                                                                                          \
		sizeof(((Ehdr *)NULL)->e_entry), offsetof(Ehdr, e_entry), offsetof(Ehdr, e_phoff), \
			offsetof(Ehdr, e_phentsize), offsetof(Ehdr, e_phnum), sizeof(Phdr),        \
			offsetof(Phdr, p_offset), offsetof(Phdr, p_vaddr),                         \
			offsetof(Phdr, p_paddr), offsetof(Phdr, p_filesz), offsetof(Phdr, p_memsz) \
	}

static const struct shape shape_32 = SHAPE(Elf32_Ehdr, Elf32_Phdr);
static const struct shape shape_64 = SHAPE(Elf64_Ehdr, Elf64_Phdr);

bool elf_head_read(struct span bytes, struct elf_head *ret)
{
	const uint8_t *p = bytes.data;
	bool big_endian;

	if (bytes.size < EHDR(e_version) || !span_starts_with(bytes, ELFMAG, SELFMAG))
		return false;
	big_endian = p[EI_DATA] == ELFDATA2MSB;
	*ret = (struct elf_head){
		.class = p[EI_CLASS],
		.data = p[EI_DATA],
		.type = big_endian ? load_be16(p + EHDR(e_type)) : load_le16(p + EHDR(e_type)),
		.machine = big_endian ? load_be16(p + EHDR(e_machine))
				      : load_le16(p + EHDR(e_machine)),
	};
	return true;
}

bool elf_head_is_program64(const struct elf_head *head)
{
	return head->class == ELFCLASS64 && (head->type == ET_EXEC || head->type == ET_DYN);
}

bool elf_is_program(struct span bytes, uint16_t machine)
{
	struct elf_head head;

	return bytes.size >= sizeof(Elf64_Ehdr) && elf_head_read(bytes, &head) &&
	       head.data == ELFDATA2LSB && head.machine == machine && elf_head_is_program64(&head);
}

bool elf_is_program32(struct span bytes, uint16_t machine)
{
	struct elf_head head;

	return bytes.size >= sizeof(Elf32_Ehdr) && elf_head_read(bytes, &head) &&
	       head.class == ELFCLASS32 && head.data == ELFDATA2LSB && head.machine == machine &&
	       (head.type == ET_EXEC || head.type == ET_DYN);
}

static const struct shape *shape_of(struct span bytes)
{
	return bytes.data[EI_CLASS] == ELFCLASS32 ? &shape_32 : &shape_64;
}

/* The number there that is as large as an address. */
static uint64_t number(const struct shape *shape, const uint8_t *p)
{
	return load_uint(p, shape->address, false);
}

int elf_loads_malformed(const char *cpu, const char *what, struct err *err)
{
	return err_set(
		err, ST_BAD_INPUT, "image-elf", "this is an ELF program for %s %s", cpu, what);
}

static int read_load(struct span bytes, const uint8_t *phdr, enum elf_addresses by,
	struct elf_loads *loads, struct err *err)
{
	const struct shape *shape = shape_of(bytes);
	struct elf_load *load = &loads->loads[loads->count];
	uint64_t offset = number(shape, phdr + shape->offset);
	uint64_t file_size = number(shape, phdr + shape->filesz), end;

	if (load_le32(phdr + P_TYPE) == PT_INTERP)
		return format_refuse(
			err, "an ELF program for %s that is no Linux kernel", loads->cpu);
	if (load_le32(phdr + P_TYPE) != PT_LOAD || number(shape, phdr + shape->memsz) == 0)
		return ST_OK;
	if (loads->count == ELF_LOADS_MAX)
		return elf_loads_malformed(loads->cpu, "with more parts than a kernel has", err);
	load->vaddr = number(shape, phdr + shape->vaddr);
	load->paddr = number(shape, phdr + shape->paddr);
	load->at = by == ELF_BY_PADDR ? load->paddr : load->vaddr;
	load->memory_size = number(shape, phdr + shape->memsz);
	if (!span_slice(bytes, offset, file_size, &load->bytes))
		return err_set(err, ST_BAD_INPUT, "image-truncated",
			"this is an ELF program for %s with %" PRIu64 " bytes at %" PRIu64
			" in a file of %zu bytes",
			loads->cpu, file_size, offset, bytes.size);
	if (load->bytes.size > load->memory_size)
		return elf_loads_malformed(
			loads->cpu, "that has more in the file than in memory", err);
	if (!add_u64(load->at, load->memory_size, &end))
		return elf_loads_malformed(
			loads->cpu, "that is behind the end of all addresses", err);
	if (loads->count == 0 || load->at < loads->start)
		loads->start = load->at;
	if (end > loads->end)
		loads->end = end;
	if (load->bytes.size && load->at + load->bytes.size > loads->bytes_end)
		loads->bytes_end = load->at + load->bytes.size;
	loads->count++;
	return ST_OK;
}

static bool overlap(const struct elf_load *one, const struct elf_load *other)
{
	return one->at < other->at + other->memory_size && other->at < one->at + one->memory_size;
}

static bool any_overlap(const struct elf_loads *loads)
{
	for (size_t i = 0; i < loads->count; i++)
		for (size_t j = 0; j < i; j++)
			if (overlap(&loads->loads[i], &loads->loads[j]))
				return true;
	return false;
}

int elf_loads_read(struct span bytes, const char *cpu, enum elf_addresses by, struct elf_loads *ret,
	struct err *err)
{
	const struct shape *shape = shape_of(bytes);
	struct elf_loads loads = { .cpu = cpu, .entry = number(shape, bytes.data + shape->entry) };
	unsigned int count = load_le16(bytes.data + shape->phnum);
	struct span table;
	int status = ST_OK;

	if (load_le16(bytes.data + shape->phentsize) != shape->phdr || count == 0)
		return elf_loads_malformed(cpu, "without program headers", err);
	if (!span_slice(bytes, number(shape, bytes.data + shape->phoff),
		    count * (uint64_t)shape->phdr, &table))
		return err_set(err, ST_BAD_INPUT, "image-truncated",
			"this is an ELF program for %s that ends in its program headers, after "
			"%zu bytes",
			cpu, bytes.size);
	for (unsigned int i = 0; i < count && !status; i++)
		status = read_load(bytes, table.data + i * shape->phdr, by, &loads, err);
	if (!status && loads.bytes_end == 0)
		status = elf_loads_malformed(cpu, "without anything to load", err);
	if (!status && loads.end - loads.start > IMAGE_SIZE_MAX)
		status = elf_loads_malformed(cpu, "that is larger than any kernel", err);
	if (!status && any_overlap(&loads))
		status = elf_loads_malformed(cpu, "with parts that lie over each other", err);
	if (!status)
		*ret = loads;
	return status;
}

/* The distances between the parts are the kernel's, and stay. */
int elf_loads_lay_out(
	const struct elf_loads *loads, struct blob *ret_made, struct span *ret, struct err *err)
{
	if (loads->count == 1) {
		*ret = loads->loads[0].bytes;
		return ST_OK;
	}
	if (blob_zeroed(ret_made, (size_t)(loads->bytes_end - loads->start)))
		return err_no_memory(err);
	for (size_t i = 0; i < loads->count; i++)
		if (loads->loads[i].bytes.size)
			memcpy(ret_made->data + (loads->loads[i].at - loads->start),
				loads->loads[i].bytes.data, loads->loads[i].bytes.size);
	*ret = blob_span(ret_made);
	return ST_OK;
}
