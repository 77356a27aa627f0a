/* SPDX-License-Identifier: GPL-2.0-only */
/* What a vmlinux is, and its parts, as an ELF program has them (elf(5)). */
#ifndef KEXEC_IMAGE_ELF_LOADS_H
#define KEXEC_IMAGE_ELF_LOADS_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"

/* More than a handful there never was. */
#define ELF_LOADS_MAX 16

/* By which of their addresses the parts lie in memory as far from each other as they should. */
enum elf_addresses { ELF_BY_PADDR, ELF_BY_VADDR };

/* A PT_LOAD that takes memory. */
struct elf_load {
	uint64_t vaddr;
	uint64_t paddr;
	uint64_t at; /* that of the two which counts */
	uint64_t memory_size;
	struct span bytes;
};

struct elf_loads {
	const char *cpu; /* for messages: "ppc64"; borrowed */
	struct elf_load loads[ELF_LOADS_MAX];
	size_t count;
	uint64_t entry;	    /* as the header has it */
	uint64_t start;	    /* of all, by the addresses that count */
	uint64_t end;	    /* no more than IMAGE_SIZE_MAX behind it */
	uint64_t bytes_end; /* of what is in the file */
};

/* What the first bytes of an ELF file say, in its own byte order: ELFCLASS*, ELFDATA*, ET_*, EM_*. */
struct elf_head {
	uint8_t class;
	uint8_t data;
	uint16_t type;
	uint16_t machine;
};

/* false when this is no ELF file, or one that ends before. */
bool elf_head_read(struct span bytes, struct elf_head *ret);

/* ET_EXEC or ET_DYN, of 64 bits. */
bool elf_head_is_program64(const struct elf_head *head);

/* Is this a program (not a core, nor an object) for this e_machine, of 64 bits and little-endian?
 * Then all of its header is there. */
bool elf_is_program(struct span bytes, uint16_t machine);

/* The same of 32 bits. */
bool elf_is_program32(struct span bytes, uint16_t machine);

/* Of one of the two. ST_UNSUPPORTED for one that wants an interpreter, as no kernel does;
 * ST_BAD_INPUT for parts outside the file, that make no sense, or that are nothing. The spans are
 * parts of bytes. */
int elf_loads_read(struct span bytes, const char *cpu, enum elf_addresses by, struct elf_loads *ret,
	struct err *err);

/* What they make in memory from the first byte on, up to the last one that is in the file. Of a
 * single part those are its bytes, and ret_made stays empty; else they are in ret_made.
 * ST_NO_MEMORY. */
int elf_loads_lay_out(
	const struct elf_loads *loads, struct blob *ret_made, struct span *ret, struct err *err);

/* "this is an ELF program for CPU what". Returns ST_BAD_INPUT. */
int elf_loads_malformed(const char *cpu, const char *what, struct err *err);

#endif
