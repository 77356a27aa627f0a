// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/system/kcore.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/checked.h"

#define KCORE_PATH "/proc/kcore"

/* Layout of the ELF64 structures (System V ABI), read byte by byte so that the host's own
 * byte order and struct padding play no part. */
#define EHDR_SIZE      64u
#define EHDR_TYPE      16u
#define EHDR_PHOFF     32u
#define EHDR_PHENTSIZE 54u
#define EHDR_PHNUM     56u
#define PHDR_SIZE      56u
#define PHDR_OFFSET    8u
#define PHDR_VADDR     16u
#define PHDR_PADDR     24u
#define PHDR_FILESZ    32u
#define PHDR_MEMSZ     40u
#define NHDR_SIZE      12u

/* The notes of a real kcore are some 6 KiB, and they follow the program headers, of which
 * there are at most 65535. */
#define KCORE_NOTES_MAX (1u << 20)
#define KCORE_HEAD_MAX	(8u << 20)

/* The table is made anew at each read, and memory may be plugged between two of them. */
#define KCORE_TRIES 3

struct table {
	uint64_t offset;
	uint16_t count;
};

static int parse_ehdr(struct span head, struct table *ret, struct err *err)
{
	static const uint8_t ident[] = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT };
	struct table table;
	uint16_t type;
	uint16_t entry;

	if (head.size < EHDR_SIZE)
		return err_set(err, ST_BAD_INPUT, "kcore-short",
			"found %zu bytes, wanted an ELF header of %u", head.size, EHDR_SIZE);
	if (memcmp(head.data, ident, sizeof(ident)) != 0)
		return err_set(err, ST_BAD_INPUT, "kcore-elf",
			"does not begin like a little-endian ELF64 file");
	type = load_le16(head.data + EHDR_TYPE);
	if (type != ET_CORE)
		return err_set(err, ST_BAD_INPUT, "kcore-type", "ELF type is %u, wanted %u (core)",
			type, ET_CORE);
	table.offset = load_le64(head.data + EHDR_PHOFF);
	table.count = load_le16(head.data + EHDR_PHNUM);
	entry = load_le16(head.data + EHDR_PHENTSIZE);
	if (entry != PHDR_SIZE)
		return err_set(err, ST_BAD_INPUT, "kcore-phentsize",
			"a program header has %u bytes, wanted %u", entry, PHDR_SIZE);
	if (table.count == 0)
		return err_set(err, ST_BAD_INPUT, "kcore-phnum", "there are no program headers");
	*ret = table;
	return ST_OK;
}

static int slice_table(struct span head, struct table table, struct span *ret, struct err *err)
{
	if (!span_slice(head, table.offset, (uint64_t)table.count * PHDR_SIZE, ret))
		return err_set(err, ST_BAD_INPUT, "kcore-phoff",
			"%u program headers at offset 0x%" PRIx64 " are not in the first %zu bytes",
			table.count, table.offset, head.size);
	return ST_OK;
}

static const uint8_t *table_entry(struct span table, size_t index)
{
	return table.data + index * PHDR_SIZE;
}

/* Does [start, start + size) leave the 64-bit space? It may end exactly at its top. */
static bool leaves_space(uint64_t start, uint64_t size)
{
	uint64_t last;

	return size && !add_u64(start, size - 1, &last);
}

static int take_load(struct kcore *kcore, const uint8_t *phdr, size_t index, struct err *err)
{
	struct kcore_load load = {
		.vaddr = load_le64(phdr + PHDR_VADDR),
		.paddr = load_le64(phdr + PHDR_PADDR),
		.size = load_le64(phdr + PHDR_MEMSZ),
	};

	if (leaves_space(load.vaddr, load.size) ||
		(load.paddr != UINT64_MAX && leaves_space(load.paddr, load.size)))
		return err_set(err, ST_BAD_INPUT, "kcore-load",
			"program header %zu: virtual 0x%" PRIx64 " physical 0x%" PRIx64
			" size 0x%" PRIx64 " leaves the 64-bit space",
			index, load.vaddr, load.paddr, load.size);
	kcore->loads[kcore->loads_count++] = load;
	return ST_OK;
}

static uint64_t note_align(uint32_t size)
{
	return ((uint64_t)size + 3) & ~(uint64_t)3;
}

static bool is_vmcoreinfo(struct span name)
{
	static const char wanted[] = "VMCOREINFO";

	/* The size of the name counts its NUL, or not, depending on who wrote it. */
	if (name.size == sizeof(wanted))
		return memcmp(name.data, wanted, sizeof(wanted)) == 0;
	return name.size == sizeof(wanted) - 1 && memcmp(name.data, wanted, name.size) == 0;
}

static int keep_vmcoreinfo(struct kcore *kcore, struct span text, struct err *err)
{
	const uint8_t *nul = text.size ? memchr(text.data, 0, text.size) : NULL;

	if (kcore->vmcoreinfo.size || text.size == 0)
		return ST_OK;
	if (nul)
		text.size = (size_t)(nul - text.data);
	if (blob_append(&kcore->vmcoreinfo, text.data, text.size) != ST_OK)
		return err_no_memory(err);
	return ST_OK;
}

static int take_notes(struct kcore *kcore, struct span notes, size_t index, struct err *err)
{
	uint64_t offset = 0;
	struct span nhdr;

	while (span_slice(notes, offset, NHDR_SIZE, &nhdr)) {
		uint32_t name_size = load_le32(nhdr.data);
		uint32_t desc_size = load_le32(nhdr.data + 4);
		uint64_t desc = offset + NHDR_SIZE + note_align(name_size);
		struct span name;
		struct span text;
		int status;

		if (name_size == 0 && desc_size == 0)
			break; /* zeros behind the last note */
		if (!span_slice(notes, offset + NHDR_SIZE, name_size, &name) ||
			!span_slice(notes, desc, desc_size, &text))
			return err_set(err, ST_BAD_INPUT, "kcore-note",
				"program header %zu: the note at 0x%" PRIx64 " (name %" PRIu32
				", content %" PRIu32 " bytes) leaves the %zu bytes of notes",
				index, offset, name_size, desc_size, notes.size);
		if (is_vmcoreinfo(name)) {
			status = keep_vmcoreinfo(kcore, text, err);
			if (status != ST_OK)
				return status;
		}
		offset = desc + note_align(desc_size);
	}
	return ST_OK;
}

static int take_phdr(
	struct kcore *kcore, struct span head, const uint8_t *phdr, size_t index, struct err *err)
{
	uint64_t offset = load_le64(phdr + PHDR_OFFSET);
	uint64_t size = load_le64(phdr + PHDR_FILESZ);
	struct span notes;

	switch (load_le32(phdr)) {
	case PT_LOAD:
		return take_load(kcore, phdr, index, err);
	case PT_NOTE:
		if (!span_slice(head, offset, size, &notes))
			return err_set(err, ST_BAD_INPUT, "kcore-notes",
				"program header %zu: 0x%" PRIx64
				" bytes of notes at offset 0x%" PRIx64
				" are not in the first %zu bytes",
				index, size, offset, head.size);
		return take_notes(kcore, notes, index, err);
	default:
		return ST_OK;
	}
}

void kcore_done(struct kcore *kcore)
{
	free(kcore->loads);
	blob_done(&kcore->vmcoreinfo);
	*kcore = (struct kcore){ .loads = NULL };
}

int kcore_parse(struct span head, struct kcore *ret, struct err *err)
{
	struct kcore kcore = { .loads = NULL };
	struct table table;
	struct span phdrs;
	int status;

	status = parse_ehdr(head, &table, err);
	if (status == ST_OK)
		status = slice_table(head, table, &phdrs, err);
	if (status != ST_OK)
		return status;
	kcore.loads = calloc(table.count, sizeof(*kcore.loads));
	if (!kcore.loads)
		return err_no_memory(err);
	for (size_t i = 0; i < table.count && status == ST_OK; i++)
		status = take_phdr(&kcore, head, table_entry(phdrs, i), i, err);
	if (status != ST_OK) {
		kcore_done(&kcore);
		return status;
	}
	*ret = kcore;
	return ST_OK;
}

/* Where the last of the headers and notes ends, from the program headers. */
static int head_end(struct span phdrs, struct table table, uint64_t *ret, struct err *err)
{
	uint64_t end = table.offset + phdrs.size;

	for (size_t i = 0; i < table.count; i++) {
		const uint8_t *phdr = table_entry(phdrs, i);
		uint64_t size = load_le64(phdr + PHDR_FILESZ);
		uint64_t notes_end;

		if (load_le32(phdr) != PT_NOTE)
			continue;
		if (size > KCORE_NOTES_MAX ||
			!add_u64(load_le64(phdr + PHDR_OFFSET), size, &notes_end) ||
			notes_end > KCORE_HEAD_MAX)
			return err_set(err, ST_BAD_INPUT, "kcore-notes",
				"program header %zu: 0x%" PRIx64
				" bytes of notes at offset 0x%" PRIx64
				", wanted at most %u bytes within the first %u",
				i, size, load_le64(phdr + PHDR_OFFSET), KCORE_NOTES_MAX,
				KCORE_HEAD_MAX);
		if (notes_end > end)
			end = notes_end;
	}
	*ret = end;
	return ST_OK;
}

static int read_front(struct sysroot_file *file, uint64_t size, struct blob *ret, struct err *err)
{
	struct blob front = BLOB_INIT;
	int status;

	if (blob_zeroed(&front, (size_t)size) != ST_OK)
		return err_no_memory(err);
	status = sysroot_pread(file, 0, front.data, front.size, err);
	if (status != ST_OK) {
		blob_done(&front);
		return status;
	}
	*ret = front;
	return ST_OK;
}

/* How much of the file holds headers and notes. */
static int measure_head(
	struct sysroot_file *file, struct table *ret_table, uint64_t *ret_size, struct err *err)
{
	uint8_t ehdr[EHDR_SIZE];
	struct blob front = BLOB_INIT;
	struct span phdrs;
	struct table table;
	uint64_t end;
	int status;

	status = sysroot_pread(file, 0, ehdr, sizeof(ehdr), err);
	if (status == ST_OK)
		status = parse_ehdr((struct span){ ehdr, sizeof(ehdr) }, &table, err);
	if (status != ST_OK)
		return status;
	if (!add_u64(table.offset, (uint64_t)table.count * PHDR_SIZE, &end) || end > KCORE_HEAD_MAX)
		return err_set(err, ST_BAD_INPUT, "kcore-phoff",
			"%u program headers at offset 0x%" PRIx64
			", wanted them within the first %u bytes",
			table.count, table.offset, KCORE_HEAD_MAX);
	status = read_front(file, end, &front, err);
	if (status == ST_OK)
		status = slice_table(blob_span(&front), table, &phdrs, err);
	if (status == ST_OK)
		status = head_end(phdrs, table, ret_size, err);
	blob_done(&front);
	if (status == ST_OK)
		*ret_table = table;
	return status;
}

static int read_head(struct sysroot_file *file, struct blob *ret, struct err *err)
{
	struct table before = { .count = 0 };
	struct table after = { .count = 0 };
	struct blob head = BLOB_INIT;
	uint64_t size = 0;
	int status;

	for (int try = 0; try < KCORE_TRIES; try++) {
		status = measure_head(file, &before, &size, err);
		if (status == ST_OK)
			status = read_front(file, size, &head, err);
		if (status == ST_OK)
			status = parse_ehdr(blob_span(&head), &after, err);
		if (status != ST_OK) {
			blob_done(&head);
			return status;
		}
		if (before.count == after.count && before.offset == after.offset) {
			*ret = head;
			return ST_OK;
		}
		blob_done(&head);
	}
	return err_set(err, ST_CHANGED, "kcore-changed",
		"the program headers changed at each of %d reads", KCORE_TRIES);
}

int kcore_read(const struct sysroot *root, struct kcore *ret, struct err *err)
{
	struct sysroot_file *file;
	struct blob head = BLOB_INIT;
	int status;

	status = sysroot_open(root, KCORE_PATH, &file, err);
	if (status == ST_DENIED)
		err_hint(err, "kcore wants root with CAP_SYS_RAWIO, and no lockdown at level "
			      "\"confidentiality\"");
	if (status != ST_OK)
		return status;
	status = read_head(file, &head, err);
	if (status == ST_OK)
		status = kcore_parse(blob_span(&head), ret, err);
	if (status != ST_OK && status != ST_NO_MEMORY)
		err_prefix(err, KCORE_PATH);
	sysroot_close(file);
	blob_done(&head);
	return status;
}
