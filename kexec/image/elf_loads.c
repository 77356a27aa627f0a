// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/image/elf_loads.h"

#include <inttypes.h>
#include <string.h>

#include "kexec/image/format.h"
#include "lib/checked.h"

/* elf(5): the fields of an ELF64 file that are looked at. */
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
#define TYPE_EXEC      2
#define TYPE_DYN       3
#define PT_LOAD	       1
#define PT_INTERP      3

bool elf_is_program(struct span bytes, uint16_t machine)
{
	const uint8_t *p = bytes.data;
	uint16_t type;

	if (bytes.size < EHDR_SIZE || !span_starts_with(bytes, "\177ELF", 4) ||
		p[EI_CLASS] != CLASS_64 || p[EI_DATA] != LITTLE_ENDIAN_ ||
		load_le16(p + MACHINE_AT) != machine)
		return false;
	type = load_le16(p + TYPE_AT);
	return type == TYPE_EXEC || type == TYPE_DYN;
}

int elf_loads_malformed(const char *cpu, const char *what, struct err *err)
{
	return err_set(
		err, ST_BAD_INPUT, "image-elf", "this is an ELF program for %s %s", cpu, what);
}

static int read_load(struct span bytes, const uint8_t *phdr, enum elf_addresses by,
	struct elf_loads *loads, struct err *err)
{
	struct elf_load *load = &loads->loads[loads->count];
	uint64_t end;

	if (load_le32(phdr) == PT_INTERP)
		return format_refuse(
			err, "an ELF program for %s that is no Linux kernel", loads->cpu);
	if (load_le32(phdr) != PT_LOAD || load_le64(phdr + 40) == 0)
		return ST_OK;
	if (loads->count == ELF_LOADS_MAX)
		return elf_loads_malformed(loads->cpu, "with more parts than a kernel has", err);
	load->vaddr = load_le64(phdr + 16);
	load->paddr = load_le64(phdr + 24);
	load->at = by == ELF_BY_PADDR ? load->paddr : load->vaddr;
	load->memory_size = load_le64(phdr + 40);
	if (!span_slice(bytes, load_le64(phdr + 8), load_le64(phdr + 32), &load->bytes))
		return err_set(err, ST_BAD_INPUT, "image-truncated",
			"this is an ELF program for %s with %" PRIu64 " bytes at %" PRIu64
			" in a file of %zu bytes",
			loads->cpu, load_le64(phdr + 32), load_le64(phdr + 8), bytes.size);
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
	struct elf_loads loads = { .cpu = cpu, .entry = load_le64(bytes.data + ENTRY_AT) };
	unsigned int count = load_le16(bytes.data + PHNUM_AT);
	struct span table;
	uint64_t total = 0;
	int status = ST_OK;

	if (load_le16(bytes.data + PHENTSIZE_AT) != PHDR_SIZE || count == 0)
		return elf_loads_malformed(cpu, "without program headers", err);
	if (!span_slice(
		    bytes, load_le64(bytes.data + PHOFF_AT), (uint64_t)count * PHDR_SIZE, &table))
		return err_set(err, ST_BAD_INPUT, "image-truncated",
			"this is an ELF program for %s that ends in its program headers, after "
			"%zu bytes",
			cpu, bytes.size);
	for (unsigned int i = 0; i < count && !status; i++)
		status = read_load(bytes, table.data + (size_t)i * PHDR_SIZE, by, &loads, err);
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
