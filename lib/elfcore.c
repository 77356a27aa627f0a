// SPDX-License-Identifier: GPL-2.0-only
#include "lib/elfcore.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/checked.h"

/* Where the fields are (System V ABI), for each class. Read byte by byte, so that the host's
 * byte order and struct padding play no part. */
struct layout {
	size_t ehdr_size, phdr_size, word;
	size_t e_phoff, e_shoff, e_phentsize, e_phnum;
	size_t sh_info;
	size_t p_flags, p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align;
};

#define LAYOUT(bits)                                                                               \
	{                                                                                          \
		.ehdr_size = sizeof(Elf##bits##_Ehdr), .phdr_size = sizeof(Elf##bits##_Phdr),      \
		.word = sizeof(Elf##bits##_Addr), .e_phoff = offsetof(Elf##bits##_Ehdr, e_phoff),  \
		.e_shoff = offsetof(Elf##bits##_Ehdr, e_shoff),                                    \
		.e_phentsize = offsetof(Elf##bits##_Ehdr, e_phentsize),                            \
		.e_phnum = offsetof(Elf##bits##_Ehdr, e_phnum),                                    \
		.sh_info = offsetof(Elf##bits##_Shdr, sh_info),                                    \
		.p_flags = offsetof(Elf##bits##_Phdr, p_flags),                                    \
		.p_offset = offsetof(Elf##bits##_Phdr, p_offset),                                  \
		.p_vaddr = offsetof(Elf##bits##_Phdr, p_vaddr),                                    \
		.p_paddr = offsetof(Elf##bits##_Phdr, p_paddr),                                    \
		.p_filesz = offsetof(Elf##bits##_Phdr, p_filesz),                                  \
		.p_memsz = offsetof(Elf##bits##_Phdr, p_memsz),                                    \
		.p_align = offsetof(Elf##bits##_Phdr, p_align),                                    \
	}

static const struct layout layouts[] = { LAYOUT(32), LAYOUT(64) };

/* Program headers that are read at once. */
#define PHDRS_CHUNK 1024u
#define NHDR_SIZE   12u
/* The kernel gives the text one page (kernel/vmcore_info.c), of at most 64 KiB. */
#define VMCOREINFO_MAX	(1u << 20)
#define VMCOREINFO_NAME "VMCOREINFO"
/* What stands before the text: the header, and the name, filled up. */
#define VMCOREINFO_START (NHDR_SIZE + 12u)
/* Notes of thousands of CPUs fit; program headers may claim any amount. */
#define SEARCH_MAX (UINT64_C(64) << 20)

/* --- sources -------------------------------------------------------------------------- */

static int read_file(void *context, uint64_t offset, void *buf, size_t size, struct err *err)
{
	return sysroot_pread(context, offset, buf, size, err);
}

struct elfcore_source elfcore_from_file(struct sysroot_file *file)
{
	return (struct elfcore_source){ read_file, file };
}

static int read_span(void *context, uint64_t offset, void *buf, size_t size, struct err *err)
{
	const struct span *span = context;
	struct span part;

	if (!span_slice(*span, offset, size, &part))
		return err_set(err, ST_BAD_INPUT, "file-short",
			"there are %zu bytes, %zu at offset 0x%" PRIx64 " are wanted", span->size,
			size, offset);
	if (size)
		memcpy(buf, part.data, size);
	return ST_OK;
}

struct elfcore_source elfcore_from_span(struct span *span)
{
	return (struct elfcore_source){ read_span, span };
}

static int read_source(
	const struct elfcore *core, uint64_t offset, void *buf, size_t size, struct err *err)
{
	return core->source.read(core->source.context, offset, buf, size, err);
}

/* --- headers -------------------------------------------------------------------------- */

static const struct layout *layout_of(const struct elfcore *core)
{
	return &layouts[core->is_64];
}

static uint64_t load(const struct elfcore *core, const void *p, size_t size)
{
	return load_uint(p, size, core->big_endian);
}

static int take_ident(struct elfcore *core, const uint8_t *ident, struct err *err)
{
	if (memcmp(ident, ELFMAG, SELFMAG) != 0)
		return err_set(
			err, ST_BAD_INPUT, "elfcore-magic", "does not begin like an ELF file");
	if (ident[EI_VERSION] != EV_CURRENT)
		return err_set(err, ST_BAD_INPUT, "elfcore-version", "ELF version is %u, wanted %u",
			ident[EI_VERSION], EV_CURRENT);
	if (ident[EI_CLASS] != ELFCLASS32 && ident[EI_CLASS] != ELFCLASS64)
		return err_set(err, ST_BAD_INPUT, "elfcore-class",
			"ELF class is %u, wanted %u (32-bit) or %u (64-bit)", ident[EI_CLASS],
			ELFCLASS32, ELFCLASS64);
	if (ident[EI_DATA] != ELFDATA2LSB && ident[EI_DATA] != ELFDATA2MSB)
		return err_set(err, ST_BAD_INPUT, "elfcore-data",
			"ELF byte order is %u, wanted %u (little) or %u (big)", ident[EI_DATA],
			ELFDATA2LSB, ELFDATA2MSB);
	core->is_64 = ident[EI_CLASS] == ELFCLASS64;
	core->big_endian = ident[EI_DATA] == ELFDATA2MSB;
	return ST_OK;
}

/* A count that does not fit the ELF header is in the first section header (gABI, PN_XNUM). */
static int extended_count(
	const struct elfcore *core, const uint8_t *ehdr, uint64_t *ret, struct err *err)
{
	const struct layout *layout = layout_of(core);
	uint64_t shdr = load(core, ehdr + layout->e_shoff, layout->word);
	uint64_t offset;
	uint8_t info[4];
	int status;

	if (shdr == 0 || !add_u64(shdr, layout->sh_info, &offset))
		return err_set(err, ST_BAD_INPUT, "elfcore-phnum",
			"there are %u program headers or more, and no section header has the "
			"number",
			PN_XNUM);
	status = read_source(core, offset, info, sizeof(info), err);
	if (status == ST_OK)
		*ret = load(core, info, sizeof(info));
	return status;
}

static int take_ehdr(
	struct elfcore *core, const uint8_t *ehdr, uint64_t *ret_count, struct err *err)
{
	const struct layout *layout = layout_of(core);
	uint64_t type = load(core, ehdr + offsetof(Elf64_Ehdr, e_type), 2);
	uint64_t entry = load(core, ehdr + layout->e_phentsize, 2);
	uint64_t count = load(core, ehdr + layout->e_phnum, 2);
	uint64_t end;
	int status;

	if (type != ET_CORE) {
		err_set(core->doubt ? core->doubt : err, ST_BAD_INPUT, "elfcore-type",
			"ELF type is %" PRIu64 ", wanted %u (core)", type, ET_CORE);
		if (!core->doubt)
			return ST_BAD_INPUT;
	}
	if (entry != layout->phdr_size)
		return err_set(err, ST_BAD_INPUT, "elfcore-phentsize",
			"a program header has %" PRIu64 " bytes, wanted %zu", entry,
			layout->phdr_size);
	if (count == PN_XNUM) {
		status = extended_count(core, ehdr, &count, err);
		if (status != ST_OK)
			return status;
	}
	if (count == 0 || count > ELFCORE_PHDRS_MAX)
		return err_set(err, ST_BAD_INPUT, "elfcore-phnum",
			"there are %" PRIu64 " program headers, wanted 1 to %u", count,
			ELFCORE_PHDRS_MAX);
	core->machine = (uint16_t)load(core, ehdr + offsetof(Elf64_Ehdr, e_machine), 2);
	core->phdrs_offset = load(core, ehdr + layout->e_phoff, layout->word);
	if (!add_u64(core->phdrs_offset, count * layout->phdr_size, &end))
		return err_set(err, ST_BAD_INPUT, "elfcore-phoff",
			"no file has program headers at offset 0x%" PRIx64, core->phdrs_offset);
	*ret_count = count;
	return ST_OK;
}

static void take_phdr(const struct elfcore *core, const uint8_t *from, struct elfcore_phdr *ret)
{
	const struct layout *layout = layout_of(core);

	ret->type = (uint32_t)load(core, from, 4);
	ret->flags = (uint32_t)load(core, from + layout->p_flags, 4);
	ret->offset = load(core, from + layout->p_offset, layout->word);
	ret->vaddr = load(core, from + layout->p_vaddr, layout->word);
	ret->paddr = load(core, from + layout->p_paddr, layout->word);
	ret->filesz = load(core, from + layout->p_filesz, layout->word);
	ret->memsz = load(core, from + layout->p_memsz, layout->word);
	ret->align = load(core, from + layout->p_align, layout->word);
}

/* Of the table, PHDRS_CHUNK entries from first on, or fewer at the end. */
static int read_chunk(const struct elfcore *core, uint64_t first, uint64_t count,
	struct elfcore_phdr *ret, struct err *err)
{
	const struct layout *layout = layout_of(core);
	uint8_t bytes[PHDRS_CHUNK * sizeof(Elf64_Phdr)];
	int status = read_source(core, core->phdrs_offset + first * layout->phdr_size, bytes,
		count * layout->phdr_size, err);

	for (size_t i = 0; i < count && status == ST_OK; i++)
		take_phdr(core, bytes + i * layout->phdr_size, &ret[i]);
	return status;
}

static uint64_t chunk_size(uint64_t first, uint64_t count)
{
	return count - first < PHDRS_CHUNK ? count - first : PHDRS_CHUNK;
}

/* Memory grows with what is really there, not with what the header claims. */
static int read_phdrs(struct elfcore *core, uint64_t count, struct err *err)
{
	struct elfcore_phdr *phdrs;
	size_t capacity = 0;
	int status;

	while (core->phdrs_count < count) {
		uint64_t want = chunk_size(core->phdrs_count, count);

		if (core->phdrs_count + want > capacity) {
			capacity = capacity ? 2 * capacity : want;
			phdrs = realloc(core->phdrs, capacity * sizeof(*phdrs));
			if (!phdrs)
				return err_no_memory(err);
			core->phdrs = phdrs;
		}
		status = read_chunk(
			core, core->phdrs_count, want, core->phdrs + core->phdrs_count, err);
		if (status != ST_OK)
			return status;
		core->phdrs_count += want;
	}
	return ST_OK;
}

/* The part of the table that was looked at last. */
struct elfcore_chunk {
	size_t first, count;
	struct elfcore_phdr phdrs[PHDRS_CHUNK];
};

int elfcore_phdr(
	const struct elfcore *core, size_t index, const struct elfcore_phdr **ret, struct err *err)
{
	struct elfcore_chunk *chunk = core->chunk;
	int status;

	if (!chunk) {
		*ret = &core->phdrs[index];
		return ST_OK;
	}
	if (index < chunk->first || index - chunk->first >= chunk->count) {
		uint64_t first = index / PHDRS_CHUNK * PHDRS_CHUNK;
		uint64_t count = chunk_size(first, core->phdrs_count);

		chunk->count = 0;
		status = read_chunk(core, first, count, chunk->phdrs, err);
		if (status != ST_OK)
			return status;
		chunk->first = first;
		chunk->count = count;
	}
	*ret = &chunk->phdrs[index - chunk->first];
	return ST_OK;
}

/* --- maps ----------------------------------------------------------------------------- */

struct elfcore_piece {
	uint64_t start, last; /* inclusive: it may be the top of the space */
	const struct elfcore_phdr *phdr;
};

static uint64_t phdr_start(const struct elfcore_phdr *phdr, bool is_physical)
{
	return is_physical ? phdr->paddr : phdr->vaddr;
}

static int compare_pieces(const void *a, const void *b)
{
	const struct elfcore_piece *one = a, *other = b;

	if (one->start != other->start)
		return one->start < other->start ? -1 : 1;
	return one->phdr < other->phdr ? -1 : one->phdr > other->phdr;
}

/* Of pieces in order, drop what a piece before them has as well. */
static void separate(struct elfcore_map *map)
{
	size_t kept = 0;

	for (size_t i = 0; i < map->count; i++) {
		struct elfcore_piece piece = map->pieces[i];

		if (kept && piece.start <= map->pieces[kept - 1].last) {
			if (piece.last <= map->pieces[kept - 1].last)
				continue;
			piece.start = map->pieces[kept - 1].last + 1;
		}
		map->pieces[kept++] = piece;
	}
	map->count = kept;
}

static int make_map(
	const struct elfcore *core, bool is_physical, struct elfcore_map *ret, struct err *err)
{
	ret->pieces = calloc(core->phdrs_count, sizeof(*ret->pieces));
	if (!ret->pieces)
		return err_no_memory(err);
	for (size_t i = 0; i < core->phdrs_count; i++) {
		const struct elfcore_phdr *phdr = &core->phdrs[i];
		struct elfcore_piece piece = { phdr_start(phdr, is_physical), UINT64_MAX, phdr };

		if (phdr->type != PT_LOAD || phdr->memsz == 0)
			continue;
		if (phdr->memsz - 1 < UINT64_MAX - piece.start)
			piece.last = piece.start + phdr->memsz - 1;
		ret->pieces[ret->count++] = piece;
	}
	qsort(ret->pieces, ret->count, sizeof(*ret->pieces), compare_pieces);
	separate(ret);
	return ST_OK;
}

static int compare_address(const void *key, const void *item)
{
	const uint64_t *address = key;
	const struct elfcore_piece *piece = item;

	if (*address < piece->start)
		return -1;
	return *address > piece->last;
}

static const struct elfcore_piece *find_piece(const struct elfcore_map *map, uint64_t address)
{
	return bsearch(&address, map->pieces, map->count, sizeof(*map->pieces), compare_address);
}

/* --- opening -------------------------------------------------------------------------- */

static int read_ehdr(struct elfcore *core, uint64_t *ret_count, struct err *err)
{
	uint8_t ehdr[sizeof(Elf64_Ehdr)];
	int status;

	status = read_source(core, 0, ehdr, EI_NIDENT, err);
	if (status == ST_BAD_INPUT)
		return err_set(err, status, "elfcore-empty",
			"there are not even the first %d bytes of an ELF file", EI_NIDENT);
	if (status == ST_OK)
		status = take_ident(core, ehdr, err);
	if (status == ST_OK)
		status = read_source(core, 0, ehdr, layout_of(core)->ehdr_size, err);
	if (status == ST_OK)
		status = take_ehdr(core, ehdr, ret_count, err);
	return status;
}

/* What a program header of another type can only have been: notes have no virtual address, and all
 * are in one of them; memory has one. */
static void salvage_phdrs(struct elfcore *core)
{
	bool has_notes = false;

	for (size_t i = 0; i < core->phdrs_count; i++)
		has_notes |= core->phdrs[i].type == PT_NOTE;
	for (size_t i = 0; i < core->phdrs_count; i++) {
		struct elfcore_phdr *phdr = &core->phdrs[i];

		if (phdr->type == PT_LOAD || phdr->type == PT_NOTE || phdr->filesz == 0)
			continue;
		if (core->doubt->status == ST_OK)
			err_set(core->doubt, ST_BAD_INPUT, "elfcore-type",
				"program header %zu is of type 0x%" PRIx32
				", wanted %u (memory) or %u (notes)",
				i, phdr->type, PT_LOAD, PT_NOTE);
		phdr->type = has_notes || phdr->vaddr ? PT_LOAD : PT_NOTE;
		has_notes |= phdr->type == PT_NOTE;
	}
}

static int read_all(struct elfcore core, struct elfcore *ret, struct err *err)
{
	uint64_t count = 0;
	int status = read_ehdr(&core, &count, err);

	if (status == ST_OK)
		status = read_phdrs(&core, count, err);
	if (status == ST_OK && core.doubt)
		salvage_phdrs(&core);
	core.doubt = NULL;
	if (status == ST_OK)
		status = make_map(&core, false, &core.virtual_map, err);
	if (status == ST_OK)
		status = make_map(&core, true, &core.physical_map, err);
	if (status != ST_OK) {
		elfcore_done(&core);
		return status;
	}
	*ret = core;
	return ST_OK;
}

int elfcore_read(const struct elfcore_source *source, struct elfcore *ret, struct err *err)
{
	return read_all((struct elfcore){ .source = *source }, ret, err);
}

int elfcore_salvage(const struct elfcore_source *source, struct elfcore *ret, struct err *doubt,
	struct err *err)
{
	return read_all((struct elfcore){ .source = *source, .doubt = doubt }, ret, err);
}

int elfcore_open(const struct elfcore_source *source, struct elfcore *ret, struct err *err)
{
	const struct elfcore_phdr *phdr;
	struct elfcore core = { .source = *source };
	uint64_t count = 0;
	int status = read_ehdr(&core, &count, err);

	if (status != ST_OK)
		return status;
	core.phdrs_count = count;
	core.chunk = calloc(1, sizeof(*core.chunk));
	if (!core.chunk)
		return err_no_memory(err);
	/* All of the table has to be there. */
	status = elfcore_phdr(&core, count - 1, &phdr, err);
	if (status != ST_OK) {
		elfcore_done(&core);
		return status;
	}
	*ret = core;
	return ST_OK;
}

void elfcore_done(struct elfcore *core)
{
	free(core->virtual_map.pieces);
	free(core->physical_map.pieces);
	free(core->phdrs);
	free(core->chunk);
	*core = (struct elfcore){ .phdrs = NULL };
}

/* --- memory --------------------------------------------------------------------------- */

int elfcore_read_load(const struct elfcore *core, const struct elfcore_phdr *phdr, uint64_t skip,
	void *buf, size_t size, struct err *err)
{
	size_t in_file = 0;
	uint64_t offset;

	if (skip < phdr->filesz)
		in_file = phdr->filesz - skip < size ? (size_t)(phdr->filesz - skip) : size;
	memset((uint8_t *)buf + in_file, 0, size - in_file);
	if (in_file == 0)
		return ST_OK;
	if (!add_u64(phdr->offset, skip, &offset))
		return err_set(err, ST_BAD_INPUT, "file-short",
			"no file has bytes at offset 0x%" PRIx64 " and 0x%" PRIx64, phdr->offset,
			skip);
	return read_source(core, offset, buf, in_file, err);
}

static int read_memory(const struct elfcore *core, uint64_t address, bool is_physical, void *buf,
	size_t size, struct err *err)
{
	uint8_t *to = buf;

	while (size) {
		const struct elfcore_piece *piece =
			find_piece(is_physical ? &core->physical_map : &core->virtual_map, address);
		uint64_t skip;
		size_t part = size;
		int status;

		if (!piece)
			return err_set(err, ST_NOT_FOUND, "elfcore-address",
				"no program header has the %s address 0x%" PRIx64,
				is_physical ? "physical" : "virtual", address);
		skip = address - phdr_start(piece->phdr, is_physical);
		if (piece->last - address < size - 1)
			part = (size_t)(piece->last - address) + 1;
		status = elfcore_read_load(core, piece->phdr, skip, to, part, err);
		if (status != ST_OK)
			return status;
		to += part;
		size -= part;
		address += part; /* behind the last address comes 0, which is looked up as any */
	}
	return ST_OK;
}

int elfcore_read_virtual(
	const struct elfcore *core, uint64_t vaddr, void *buf, size_t size, struct err *err)
{
	return read_memory(core, vaddr, false, buf, size, err);
}

int elfcore_read_physical(
	const struct elfcore *core, uint64_t paddr, void *buf, size_t size, struct err *err)
{
	return read_memory(core, paddr, true, buf, size, err);
}

bool elfcore_has_virtual(const struct elfcore *core, uint64_t vaddr)
{
	return find_piece(&core->virtual_map, vaddr) != NULL;
}

/* --- notes ---------------------------------------------------------------------------- */

static uint64_t note_align(uint32_t size)
{
	return ((uint64_t)size + 3) & ~(uint64_t)3;
}

/* Part of a note of a PT_NOTE that ends there. Where more cannot be read at once, that may be. */
static int read_ahead(const struct elfcore *core, struct elfcore_note *note, uint64_t offset,
	uint64_t end, void *buf, size_t size, struct err *err)
{
	size_t most = sizeof(note->ahead.bytes);
	struct span part, ahead = { note->ahead.bytes, note->ahead.size };

	if (offset < note->ahead.offset ||
		!span_slice(ahead, offset - note->ahead.offset, size, &part)) {
		note->ahead.offset = offset;
		note->ahead.size = end - offset < most ? (size_t)(end - offset) : most;
		if (read_source(core, offset, note->ahead.bytes, note->ahead.size, NULL)) {
			note->ahead.size = 0;
			return read_source(core, offset, buf, size, err);
		}
		part.data = note->ahead.bytes;
	}
	memcpy(buf, part.data, size);
	return ST_OK;
}

int elfcore_next_note_of_phdr(
	const struct elfcore *core, struct elfcore_note *note, bool *ret_more, struct err *err)
{
	const struct elfcore_phdr *phdr;
	uint64_t offset, content, end;
	uint32_t name_size, size;
	uint8_t nhdr[NHDR_SIZE];
	size_t name_part;
	int status;

	*ret_more = false;
	status = elfcore_phdr(core, note->phdr, &phdr, err);
	if (status != ST_OK)
		return status;
	if (phdr->type != PT_NOTE || phdr->filesz < NHDR_SIZE ||
		note->next > phdr->filesz - NHDR_SIZE)
		return ST_OK;
	if (!add_u64(phdr->offset, phdr->filesz, &end))
		return err_set(err, ST_BAD_INPUT, "elfcore-note",
			"program header %zu: no file has 0x%" PRIx64
			" bytes of notes at offset 0x%" PRIx64,
			note->phdr, phdr->filesz, phdr->offset);
	offset = phdr->offset + note->next;
	status = read_ahead(core, note, offset, end, nhdr, NHDR_SIZE, err);
	if (status != ST_OK)
		return status;
	name_size = (uint32_t)load(core, nhdr, 4);
	size = (uint32_t)load(core, nhdr + 4, 4);
	if (name_size == 0 && size == 0)
		return ST_OK;
	if (note->count == ELFCORE_NOTES_MAX)
		return err_set(err, ST_BAD_INPUT, "elfcore-note",
			"program header %zu: this makes more than %u notes", note->phdr,
			ELFCORE_NOTES_MAX);
	content = NHDR_SIZE + note_align(name_size);
	if (content + size > phdr->filesz - note->next)
		return err_set(err, ST_BAD_INPUT, "elfcore-note",
			"program header %zu: the note at 0x%" PRIx64 " (name %" PRIu32
			", content %" PRIu32 " bytes) leaves the 0x%" PRIx64 " bytes of notes",
			note->phdr, note->next, name_size, size, phdr->filesz);
	memset(note->name, 0, sizeof(note->name));
	name_part = name_size < sizeof(note->name) ? name_size : sizeof(note->name) - 1;
	status = read_ahead(core, note, offset + NHDR_SIZE, end, note->name, name_part, err);
	if (status != ST_OK)
		return status;
	note->offset = offset + content;
	note->size = size;
	note->type = (uint32_t)load(core, nhdr + 8, 4);
	note->count++;
	note->next += content + note_align(size);
	*ret_more = true;
	return ST_OK;
}

int elfcore_next_note(
	const struct elfcore *core, struct elfcore_note *note, bool *ret_more, struct err *err)
{
	for (; note->phdr < core->phdrs_count; note->phdr++, note->next = 0) {
		int status = elfcore_next_note_of_phdr(core, note, ret_more, err);

		if (status != ST_OK || *ret_more)
			return status;
	}
	*ret_more = false;
	return ST_OK;
}

static int append_line_end(struct blob *text, struct err *err)
{
	if (text->size == 0 || text->data[text->size - 1] == '\n')
		return ST_OK;
	return blob_append(text, "\n", 1) == ST_OK ? ST_OK : err_no_memory(err);
}

/* NUL bytes at the end are padding. Others are damage, which costs no more than their line. */
static void clean_text(struct blob *text)
{
	while (text->size && text->data[text->size - 1] == '\0')
		text->size--;
	for (size_t i = 0; i < text->size; i++)
		if (text->data[i] == '\0')
			text->data[i] = '\n';
}

static int append_text(const struct elfcore *core, const struct elfcore_note *note,
	struct blob *ret, struct err *err)
{
	struct blob text = BLOB_INIT;
	int status;

	if (note->size > VMCOREINFO_MAX || ret->size + note->size > VMCOREINFO_MAX)
		return err_set(err, ST_BAD_INPUT, "elfcore-vmcoreinfo",
			"the VMCOREINFO note has %" PRIu32 " bytes, wanted at most %u", note->size,
			VMCOREINFO_MAX);
	if (blob_zeroed(&text, note->size) != ST_OK)
		return err_no_memory(err);
	status = read_source(core, note->offset, text.data, text.size, err);
	clean_text(&text);
	if (status == ST_OK && text.size)
		status = append_line_end(ret, err);
	if (status == ST_OK && blob_append(ret, text.data, text.size) != ST_OK)
		status = err_no_memory(err);
	blob_done(&text);
	return status;
}

static int walk_for_vmcoreinfo(const struct elfcore *core, struct blob *ret, struct err *err)
{
	struct elfcore_note note = { .phdr = 0 };
	bool more;
	int status;

	while ((status = elfcore_next_note(core, &note, &more, err)) == ST_OK && more) {
		if (strcmp(note.name, VMCOREINFO_NAME) == 0)
			status = append_text(core, &note, ret, err);
		if (status != ST_OK)
			return status;
	}
	return status;
}

/* Is this the header of a VMCOREINFO note that ends before end, and behind it the name? */
static bool take_vmcoreinfo(const struct elfcore *core, const uint8_t *bytes, uint64_t offset,
	uint64_t end, struct elfcore_note *ret)
{
	uint64_t size = load(core, bytes + 4, 4);

	if (load(core, bytes, 4) != sizeof(VMCOREINFO_NAME) ||
		memcmp(bytes + NHDR_SIZE, VMCOREINFO_NAME, sizeof(VMCOREINFO_NAME)) != 0 ||
		size > VMCOREINFO_MAX || size > end - offset - VMCOREINFO_START)
		return false;
	*ret = (struct elfcore_note){ .offset = offset + VMCOREINFO_START, .size = (uint32_t)size };
	return true;
}

/* In one PT_NOTE, of at most *left bytes. */
static int search_phdr(const struct elfcore *core, const struct elfcore_phdr *phdr, uint64_t *left,
	struct blob *ret, struct err *err)
{
	uint64_t size = phdr->filesz < *left ? phdr->filesz : *left;
	uint64_t at = phdr->offset, end;
	struct elfcore_note note;
	uint8_t bytes[4096];
	int status = ST_OK;

	if (!add_u64(at, size, &end))
		return ST_OK;
	*left -= size;
	while (end - at >= VMCOREINFO_START && status == ST_OK) {
		size_t part = end - at < sizeof(bytes) ? (size_t)(end - at) : sizeof(bytes);
		size_t i = 0;

		/* Of a file that is cut there is the rest of another PT_NOTE perhaps. */
		if (read_source(core, at, bytes, part, NULL) != ST_OK)
			return ST_OK;
		for (; i + VMCOREINFO_START <= part && status == ST_OK; i += 4)
			if (take_vmcoreinfo(core, bytes + i, at + i, end, &note))
				status = append_text(core, &note, ret, err);
		at += i;
	}
	return status;
}

/* Notes are memory of the crashed machine. Where one is damaged, those behind it are not where it
 * says, but VMCOREINFO can be told by its name. */
static int search_vmcoreinfo(const struct elfcore *core, struct blob *ret, struct err *err)
{
	uint64_t left = SEARCH_MAX;
	const struct elfcore_phdr *phdr;
	int status = ST_OK;

	for (size_t i = 0; i < core->phdrs_count && left && status == ST_OK; i++) {
		status = elfcore_phdr(core, i, &phdr, err);
		if (status == ST_OK && phdr->type == PT_NOTE)
			status = search_phdr(core, phdr, &left, ret, err);
	}
	return status;
}

int elfcore_vmcoreinfo(const struct elfcore *core, struct blob *ret, struct err *err)
{
	size_t before = ret->size;
	struct err why = ERR_INIT;
	int status = walk_for_vmcoreinfo(core, ret, &why);

	if (status == ST_NO_MEMORY)
		return err_no_memory(err);
	if (ret->size == before)
		search_vmcoreinfo(core, ret, NULL);
	if (ret->size != before)
		return ST_OK;
	if (status == ST_OK)
		return err_set(
			err, ST_NOT_FOUND, "elfcore-vmcoreinfo", "there is no VMCOREINFO note");
	if (err)
		*err = why;
	return status;
}
