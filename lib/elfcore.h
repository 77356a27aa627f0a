/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A memory image in an ELF file of type core: /proc/vmcore, a copy of it, /proc/kcore, or the
 * header that a capture kernel will read. Of either class and byte order. Program headers are
 * read once, memory and notes only where they are asked for, so that a core of any size needs
 * little memory. Everything in the file may be hostile.
 */
#ifndef LIB_ELFCORE_H
#define LIB_ELFCORE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/sysroot.h"

/*
 * Where the bytes come from. read() stores exactly size bytes from offset on, or fails with
 * a message that names the source. context outlives the core.
 */
struct elfcore_source {
	int (*read)(void *context, uint64_t offset, void *buf, size_t size, struct err *err);
	void *context;
};

/* The bytes of an open file; it stays the caller's. */
struct elfcore_source elfcore_from_file(struct sysroot_file *file);

/* The bytes of *span, which stays where it is. Reads behind its end are ST_BAD_INPUT. */
struct elfcore_source elfcore_from_span(struct span *span);

/* One program header, whatever the class of the file. */
struct elfcore_phdr {
	uint32_t type; /* PT_LOAD, PT_NOTE, ... */
	uint32_t flags;
	uint64_t offset; /* in the source */
	uint64_t vaddr;
	uint64_t paddr;
	uint64_t filesz;
	uint64_t memsz; /* what is beyond filesz reads as zeros */
	uint64_t align;
};

/* Where to look for an address: pieces of PT_LOADs that do not overlap, in order. */
struct elfcore_map {
	struct elfcore_piece *pieces; /* owned */
	size_t count;
};

struct elfcore {
	struct elfcore_source source;
	bool is_64;
	bool big_endian;
	uint16_t machine;	    /* EM_* */
	uint64_t phdrs_offset;	    /* of the table, in the source */
	struct elfcore_phdr *phdrs; /* owned, in file order; NULL when they are not held */
	size_t phdrs_count;
	struct elfcore_chunk *chunk;	/* owned: what is held in that case */
	struct elfcore_map virtual_map; /* owned, of the functions below, as the next one */
	struct elfcore_map physical_map;
	struct err *doubt; /* borrowed while it is read: NULL where nothing may be wrong */
};

/*
 * Read the ELF header and all program headers, by extended numbering (PN_XNUM) too. At most
 * ELFCORE_PHDRS_MAX of them. ST_BAD_INPUT with the id elfcore-empty or elfcore-magic when it is
 * no ELF file, elfcore-version, -class, -data, -type, -phentsize, -phnum, -phoff for what the
 * name says; ST_NO_MEMORY; errors of the source. elfcore_done() what was read.
 */
#define ELFCORE_PHDRS_MAX (1u << 20)
int elfcore_read(const struct elfcore_source *source, struct elfcore *ret, struct err *err);
void elfcore_done(struct elfcore *core);

/*
 * The same of a core that may be damaged: where it is not said to be a core, or a program header is
 * neither PT_LOAD nor PT_NOTE, which others do not occur in cores of Linux, it is taken for what it
 * is by the rest. doubt, with the id elfcore-type, says so; it is left alone where all is well.
 */
int elfcore_salvage(const struct elfcore_source *source, struct elfcore *ret, struct err *doubt,
	struct err *err);

/* The same without keeping the program headers, which take some 100 MiB when there are
 * ELFCORE_PHDRS_MAX: for who goes through them by elfcore_phdr(), and notes. Nothing is found by
 * its address in it. */
int elfcore_open(const struct elfcore_source *source, struct elfcore *ret, struct err *err);

/* One program header below phdrs_count. Where they are not kept it is good until another one is
 * asked for, and only then there are errors, of the source. */
int elfcore_phdr(
	const struct elfcore *core, size_t index, const struct elfcore_phdr **ret, struct err *err);

/*
 * Copy memory of the crashed machine, by virtual or by physical address, across program
 * headers where they adjoin. Where several cover an address, the one that begins lowest
 * counts. ST_NOT_FOUND with the id elfcore-address when none does; errors of the source. buf
 * may have been written to in part.
 */
int elfcore_read_virtual(
	const struct elfcore *core, uint64_t vaddr, void *buf, size_t size, struct err *err);
int elfcore_read_physical(
	const struct elfcore *core, uint64_t paddr, void *buf, size_t size, struct err *err);

/* The memory of one program header from skip on, whatever the others have. The caller knows that
 * it has so much. Errors of the source. */
int elfcore_read_load(const struct elfcore *core, const struct elfcore_phdr *phdr, uint64_t skip,
	void *buf, size_t size, struct err *err);

/* Is there a PT_LOAD with this address? The same question without reading. */
bool elfcore_has_virtual(const struct elfcore *core, uint64_t vaddr);

/*
 * Walks the notes of all PT_NOTEs. Zero it, then call elfcore_next_note() until *ret_more is
 * false. A note of no name and no content ends its PT_NOTE: the rest is padding. ST_BAD_INPUT
 * with the id elfcore-note when one leaves its PT_NOTE, or there are more than
 * ELFCORE_NOTES_MAX: program headers may all have the same ones. Errors of the source.
 */
#define ELFCORE_NOTES_MAX (1u << 20)
struct elfcore_note {
	size_t phdr;	 /* index of the PT_NOTE */
	uint64_t next;	 /* offset of the next one within it */
	uint64_t offset; /* of the content, in the source */
	uint32_t size;	 /* of the content, bytes */
	uint32_t type;
	uint32_t count; /* of the notes so far, this one too */
	char name[32];	/* cut to fit */
	struct {
		uint64_t offset;
		size_t size;
		uint8_t bytes[1024];
	} ahead; /* of the source, read with a note before: they lie close together */
};
int elfcore_next_note(
	const struct elfcore *core, struct elfcore_note *note, bool *ret_more, struct err *err);

/* The same for the notes of the one program header note->phdr, the first of which is at next 0. */
int elfcore_next_note_of_phdr(
	const struct elfcore *core, struct elfcore_note *note, bool *ret_more, struct err *err);

/*
 * The text of the VMCOREINFO notes, one behind the other, appended to ret. A NUL byte within it is
 * made the end of a line. Where notes are damaged, VMCOREINFO is looked for by its name.
 * ST_NOT_FOUND with the id elfcore-vmcoreinfo when there is none, ST_BAD_INPUT when it is
 * larger than any kernel writes, ST_NO_MEMORY; errors of elfcore_next_note().
 */
int elfcore_vmcoreinfo(const struct elfcore *core, struct blob *ret, struct err *err);

#endif
