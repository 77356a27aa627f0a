// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/image/elf_loads.h"

#include <inttypes.h>
#include <string.h>

#include "kexec/image/format.h"
#include "lib/checked.h"

/* elf(5): the fields of an ELF file that are looked at. */
#define EI_CLASS   4
#define EI_DATA	   5
#define TYPE_AT	   16
#define MACHINE_AT 18

/* ... and those that are elsewhere in one of 32 bits than in one of 64. */
struct elf_class {
	size_t word; /* bytes of an address */
	size_t ehdr_size, entry, phoff, phentsize, phnum;
	size_t phdr_size, offset, vaddr, paddr, filesz, memsz;
};

static const struct elf_class class_32 = { 4, 52, 24, 28, 42, 44, 32, 4, 8, 12, 16, 20 };
static const struct elf_class class_64 = { 8, 64, 24, 32, 54, 56, 56, 8, 16, 24, 32, 40 };

#define CLASS_32       1
#define CLASS_64       2
#define LITTLE_ENDIAN_ 1
#define TYPE_EXEC      2
#define TYPE_DYN       3
#define PT_LOAD	       1
#define PT_INTERP      3

/* Of a file whose header is there; NULL for another. */
static const struct elf_class *class_of(struct span bytes)
{
	const struct elf_class *class;

	if (bytes.size <= EI_DATA || !span_starts_with(bytes, "\177ELF", 4) ||
		bytes.data[EI_DATA] != LITTLE_ENDIAN_)
		return NULL;
	class = bytes.data[EI_CLASS] == CLASS_32   ? &class_32
		: bytes.data[EI_CLASS] == CLASS_64 ? &class_64
						   : NULL;
	return class && bytes.size >= class->ehdr_size ? class : NULL;
}

static uint64_t word(const struct elf_class *class, const uint8_t *p)
{
	return load_uint(p, class->word, false);
}

static bool is_program(struct span bytes, const struct elf_class *class, uint16_t machine)
{
	uint16_t type;

	if (class_of(bytes) != class || load_le16(bytes.data + MACHINE_AT) != machine)
		return false;
	type = load_le16(bytes.data + TYPE_AT);
	return type == TYPE_EXEC || type == TYPE_DYN;
}

bool elf_is_program(struct span bytes, uint16_t machine)
{
	return is_program(bytes, &class_64, machine);
}

bool elf_is_program_32(struct span bytes, uint16_t machine)
{
	return is_program(bytes, &class_32, machine);
}

int elf_loads_malformed(const char *cpu, const char *what, struct err *err)
{
	return err_set(
		err, ST_BAD_INPUT, "image-elf", "this is an ELF program for %s %s", cpu, what);
}

static int read_load(struct span bytes, const uint8_t *phdr, enum elf_addresses by,
	struct elf_loads *loads, struct err *err)
{
	const struct elf_class *class = class_of(bytes);
	struct elf_load *load = &loads->loads[loads->count];
	uint64_t offset = word(class, phdr + class->offset);
	uint64_t file_size = word(class, phdr + class->filesz), end;

	if (load_le32(phdr) == PT_INTERP)
		return format_refuse(
			err, "an ELF program for %s that is no Linux kernel", loads->cpu);
	if (load_le32(phdr) != PT_LOAD || word(class, phdr + class->memsz) == 0)
		return ST_OK;
	if (loads->count == ELF_LOADS_MAX)
		return elf_loads_malformed(loads->cpu, "with more parts than a kernel has", err);
	load->vaddr = word(class, phdr + class->vaddr);
	load->paddr = word(class, phdr + class->paddr);
	load->at = by == ELF_BY_PADDR ? load->paddr : load->vaddr;
	load->memory_size = word(class, phdr + class->memsz);
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

int elf_loads_read(struct span bytes, const char *cpu, enum elf_addresses by, struct elf_loads *ret,
	struct err *err)
{
	const struct elf_class *class = class_of(bytes);
	struct elf_loads loads = { .cpu = cpu, .entry = word(class, bytes.data + class->entry) };
	unsigned int count = load_le16(bytes.data + class->phnum);
	struct span table;
	uint64_t total = 0;
	int status = ST_OK;

	if (load_le16(bytes.data + class->phentsize) != class->phdr_size || count == 0)
		return elf_loads_malformed(cpu, "without program headers", err);
	if (!span_slice(bytes, word(class, bytes.data + class->phoff),
		    (uint64_t)count * class->phdr_size, &table))
		return err_set(err, ST_BAD_INPUT, "image-truncated",
			"this is an ELF program for %s that ends in its program headers, after "
			"%zu bytes",
			cpu, bytes.size);
	for (unsigned int i = 0; i < count && !status; i++)
		status = read_load(bytes, table.data + i * class->phdr_size, by, &loads, err);
	if (!status && loads.bytes_end == 0)
		status = elf_loads_malformed(cpu, "without anything to load", err);
	if (!status && loads.end - loads.start > IMAGE_SIZE_MAX)
		status = elf_loads_malformed(cpu, "that is larger than any kernel", err);
	for (size_t i = 0; i < loads.count && !status; i++)
		total += loads.loads[i].memory_size;
	if (!status && total > loads.end - loads.start)
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
