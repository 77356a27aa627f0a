// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmlinux of 64-bit powerpc, which is what is booted there: the kernel is what its PT_LOADs make
 * when they are laid out by their physical addresses, and it is entered at its first byte, whatever
 * e_entry says. A kernel that can be loaded anywhere has a word that says whether it is to stay
 * there (arch/powerpc/kernel/head_64.S: __run_at_load).
 */
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
#define PHOFF_AT     32
#define PHENTSIZE_AT 54
#define PHNUM_AT     56
#define PHDR_SIZE    56

#define CLASS_64       2
#define LITTLE_ENDIAN_ 1
#define TYPE_EXEC      2
#define TYPE_DYN       3
#define MACHINE_PPC64  21
#define PT_LOAD	       1
#define PT_INTERP      3

/* More than one there never was. */
#define LOADS_MAX 16

/* Every little-endian kernel begins so: an instruction that does nothing to a CPU of its own byte
 * order, and to another one branches, to where it changes its mind (asm/ppc_asm.h:FIXUP_ENDIAN). */
#define FIRST	    0x48000008 /* b .+8, read as big endian */
#define RUN_AT	    0x5c
#define RUN_AT_0    0x72756e30 /* "run0" */
#define BLOCK_BYTES 0x100      /* what other CPUs wait in, and what has that word */

struct load {
	uint64_t paddr;
	uint64_t memory_size;
	struct span bytes;
};

struct loads {
	struct load loads[LOADS_MAX];
	size_t count;
	uint64_t start; /* of all, in physical memory */
	uint64_t end;
	uint64_t bytes_end; /* of what is in the file */
};

static int malformed(struct err *err, const char *what)
{
	return err_set(err, ST_BAD_INPUT, "image-elf", "this is an ELF program for ppc64 %s", what);
}

static int read_load(struct span bytes, const uint8_t *phdr, struct loads *loads, struct err *err)
{
	struct load *load = &loads->loads[loads->count];
	uint64_t end;

	if (load_le32(phdr) == PT_INTERP)
		return format_refuse(err, "an ELF program for ppc64 that is no Linux kernel");
	if (load_le32(phdr) != PT_LOAD || load_le64(phdr + 40) == 0)
		return ST_OK;
	if (loads->count == LOADS_MAX)
		return malformed(err, "with more parts than a kernel has");
	load->paddr = load_le64(phdr + 24);
	load->memory_size = load_le64(phdr + 40);
	if (!span_slice(bytes, load_le64(phdr + 8), load_le64(phdr + 32), &load->bytes))
		return err_set(err, ST_BAD_INPUT, "image-truncated",
			"this is an ELF program for ppc64 with %" PRIu64 " bytes at %" PRIu64
			" in a file of %zu bytes",
			load_le64(phdr + 32), load_le64(phdr + 8), bytes.size);
	if (load->bytes.size > load->memory_size)
		return malformed(err, "that has more in the file than in memory");
	if (!add_u64(load->paddr, load->memory_size, &end))
		return malformed(err, "that is behind the end of all addresses");
	if (loads->count == 0 || load->paddr < loads->start)
		loads->start = load->paddr;
	if (end > loads->end)
		loads->end = end;
	if (load->bytes.size && load->paddr + load->bytes.size > loads->bytes_end)
		loads->bytes_end = load->paddr + load->bytes.size;
	loads->count++;
	return ST_OK;
}

static int read_loads(struct span bytes, struct loads *loads, struct err *err)
{
	unsigned int count = load_le16(bytes.data + PHNUM_AT);
	struct span table;
	int status = ST_OK;

	if (load_le16(bytes.data + PHENTSIZE_AT) != PHDR_SIZE || count == 0)
		return malformed(err, "without program headers");
	if (!span_slice(
		    bytes, load_le64(bytes.data + PHOFF_AT), (uint64_t)count * PHDR_SIZE, &table))
		return err_set(err, ST_BAD_INPUT, "image-truncated",
			"this is an ELF program for ppc64 that ends in its program headers, after "
			"%zu bytes",
			bytes.size);
	for (unsigned int i = 0; i < count && !status; i++)
		status = read_load(bytes, table.data + (size_t)i * PHDR_SIZE, loads, err);
	if (!status && loads->bytes_end == 0)
		status = malformed(err, "without anything to load");
	return status;
}

/* The distances between the parts are the kernel's, and stay. */
static int lay_out(const struct loads *loads, struct image *image, struct err *err)
{
	uint64_t size = loads->bytes_end - loads->start;

	if (loads->end - loads->start > IMAGE_SIZE_MAX)
		return malformed(err, "that is larger than any kernel");
	if (loads->count == 1) {
		image->loaded = loads->loads[0].bytes;
		return ST_OK;
	}
	if (blob_zeroed(&image->laid_out, (size_t)size))
		return err_no_memory(err);
	for (size_t i = 0; i < loads->count; i++)
		if (loads->loads[i].bytes.size)
			memcpy(image->laid_out.data + (loads->loads[i].paddr - loads->start),
				loads->loads[i].bytes.data, loads->loads[i].bytes.size);
	return ST_OK;
}

static int look(struct span bytes, struct image *image, struct err *err)
{
	struct loads loads = { .count = 0 };
	struct span data;
	int status = read_loads(bytes, &loads, err);

	if (!status)
		status = lay_out(&loads, image, err);
	if (status)
		return status;
	data = image->laid_out.data ? blob_span(&image->laid_out) : image->loaded;
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
	const uint8_t *p = bytes.data;

	(void)file;
	(void)ret;
	if (bytes.size < EHDR_SIZE || !span_starts_with(bytes, "\177ELF", 4) ||
		p[EI_CLASS] != CLASS_64)
		return ST_NOT_MINE;
	if (p[EI_DATA] != LITTLE_ENDIAN_) {
		if (p[MACHINE_AT] != 0 || p[MACHINE_AT + 1] != MACHINE_PPC64 ||
			(p[TYPE_AT + 1] != TYPE_EXEC && p[TYPE_AT + 1] != TYPE_DYN))
			return ST_NOT_MINE;
		return format_refuse(err, "a big-endian ELF program, such as vmlinux, for ppc64");
	}
	if (load_le16(p + MACHINE_AT) != MACHINE_PPC64 ||
		(load_le16(p + TYPE_AT) != TYPE_EXEC && load_le16(p + TYPE_AT) != TYPE_DYN))
		return ST_NOT_MINE;
	return look(bytes, image, err);
}
