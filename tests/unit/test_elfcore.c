// SPDX-License-Identifier: GPL-2.0-only
#include "tests/unit/tmproot.h"

#include "lib/elfcore.h"

/* A class and byte order, and the fields of a file of it. */
struct shape {
	bool is_64;
	bool big_endian;
};

static const struct shape shapes[] = {
	{ true, false },
	{ true, true },
	{ false, false },
	{ false, true },
};

#define PHDRS	     4u
#define TABLE(shape) ((shape)->is_64 ? 64u : 52u)
#define ENTRY(shape) ((shape)->is_64 ? 56u : 32u)
#define WORD(shape)  ((shape)->is_64 ? 8u : 4u)
#define NOTES	     320u
#define MEMORY	     480u
#define FILE_SIZE    544u

static const char vmcoreinfo[] = "OSRELEASE=7.3.4\nNUMBER(VA_BITS)=48";

static void put(
	const struct shape *shape, struct blob *core, size_t offset, uint64_t value, size_t size)
{
	assert_true(offset + size <= core->size);
	for (size_t i = 0; i < size; i++) {
		core->data[offset + (shape->big_endian ? size - 1 - i : i)] = (uint8_t)value;
		value >>= 8;
	}
}

/* Order of the fields of a program header behind p_type, for each class. */
enum field { OFFSET, VADDR, PADDR, FILESZ, MEMSZ, FLAGS };

static size_t field(const struct shape *shape, unsigned int index, enum field field)
{
	static const uint8_t at_64[] = { 8, 16, 24, 32, 40, 4 };
	static const uint8_t at_32[] = { 4, 8, 12, 16, 20, 24 };

	return TABLE(shape) + index * ENTRY(shape) + (shape->is_64 ? at_64 : at_32)[field];
}

static void put_phdr(const struct shape *shape, struct blob *core, unsigned int index,
	uint32_t type, uint64_t offset, uint64_t vaddr, uint64_t paddr, uint64_t filesz,
	uint64_t memsz)
{
	put(shape, core, TABLE(shape) + index * ENTRY(shape), type, 4);
	put(shape, core, field(shape, index, FLAGS), PF_R | PF_W, 4);
	put(shape, core, field(shape, index, OFFSET), offset, WORD(shape));
	put(shape, core, field(shape, index, VADDR), vaddr, WORD(shape));
	put(shape, core, field(shape, index, PADDR), paddr, WORD(shape));
	put(shape, core, field(shape, index, FILESZ), filesz, WORD(shape));
	put(shape, core, field(shape, index, MEMSZ), memsz, WORD(shape));
}

static size_t put_note(const struct shape *shape, struct blob *core, size_t offset,
	const char *name, const void *desc, size_t size)
{
	size_t name_size = strlen(name) + 1;

	put(shape, core, offset, name_size, 4);
	put(shape, core, offset + 4, size, 4);
	put(shape, core, offset + 8, 7, 4);
	memcpy(core->data + offset + 12, name, name_size);
	offset += 12 + ((name_size + 3) & ~(size_t)3);
	memcpy(core->data + offset, desc, size);
	return offset + ((size + 3) & ~(size_t)3);
}

/* Where the memory of the core is virtually: a kernel address of its word size. */
static uint64_t base(const struct shape *shape)
{
	return shape->is_64 ? 0xffff800080000000 : 0xc0000000;
}

/* Notes; 32 bytes of memory; 16 bytes behind them that end in 8 zeros; and a far one. */
static struct blob make_core(const struct shape *shape)
{
	struct blob core = BLOB_INIT;
	size_t end;

	assert_int_equal(blob_zeroed(&core, FILE_SIZE), ST_OK);
	memcpy(core.data, ELFMAG, SELFMAG);
	core.data[EI_CLASS] = shape->is_64 ? ELFCLASS64 : ELFCLASS32;
	core.data[EI_DATA] = shape->big_endian ? ELFDATA2MSB : ELFDATA2LSB;
	core.data[EI_VERSION] = EV_CURRENT;
	put(shape, &core, 16, ET_CORE, 2);
	put(shape, &core, 18, EM_AARCH64, 2);
	put(shape, &core, shape->is_64 ? 32 : 28, TABLE(shape), WORD(shape));
	put(shape, &core, shape->is_64 ? 54 : 42, ENTRY(shape), 2);
	put(shape, &core, shape->is_64 ? 56 : 44, PHDRS, 2);
	end = put_note(shape, &core, NOTES, "CORE", "12345", 5);
	end = put_note(shape, &core, end, "VMCOREINFO", vmcoreinfo, sizeof(vmcoreinfo) - 1);
	put_phdr(shape, &core, 0, PT_NOTE, NOTES, 0, 0, end + 12 - NOTES, end + 12 - NOTES);
	put_phdr(shape, &core, 1, PT_LOAD, MEMORY, base(shape), 0x40000000, 32, 32);
	put_phdr(shape, &core, 2, PT_LOAD, MEMORY + 32, base(shape) + 32, 0x40000020, 8, 16);
	put_phdr(shape, &core, 3, PT_LOAD, MEMORY + 48, 0x1000, 0x50000000, 16, 16);
	for (size_t i = MEMORY; i < FILE_SIZE; i++)
		core.data[i] = (uint8_t)(i - MEMORY + 1);
	return core;
}

static int read_core(struct span *bytes, struct elfcore *core, struct err *err)
{
	struct elfcore_source source = elfcore_from_span(bytes);

	return elfcore_read(&source, core, err);
}

/* A core of one shape that has been read. */
struct opened {
	const struct shape *shape;
	struct blob file;
	struct span bytes;
	struct elfcore core;
	struct err err;
};

/* With every shape: the same holds for each. */
static void with_every_shape(void (*check)(struct opened *opened))
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		struct opened opened = { .shape = &shapes[i], .file = make_core(&shapes[i]) };

		opened.bytes = blob_span(&opened.file);
		assert_int_equal(read_core(&opened.bytes, &opened.core, &opened.err), ST_OK);
		check(&opened);
		elfcore_done(&opened.core);
		blob_done(&opened.file);
	}
}

static void check_headers(struct opened *opened)
{
	assert_int_equal(opened->core.is_64, opened->shape->is_64);
	assert_int_equal(opened->core.big_endian, opened->shape->big_endian);
	assert_int_equal(opened->core.machine, EM_AARCH64);
	assert_int_equal(opened->core.phdrs_offset, TABLE(opened->shape));
	assert_int_equal(opened->core.phdrs_count, PHDRS);
	assert_int_equal(opened->core.phdrs[0].type, PT_NOTE);
	assert_int_equal(opened->core.phdrs[2].type, PT_LOAD);
	assert_int_equal(opened->core.phdrs[2].flags, PF_R | PF_W);
	assert_int_equal(opened->core.phdrs[2].offset, MEMORY + 32);
	assert_true(opened->core.phdrs[2].vaddr == base(opened->shape) + 32);
	assert_int_equal(opened->core.phdrs[2].paddr, 0x40000020);
	assert_int_equal(opened->core.phdrs[2].filesz, 8);
	assert_int_equal(opened->core.phdrs[2].memsz, 16);
}

static void headers_of_every_shape_are_read(void **state)
{
	(void)state;
	with_every_shape(check_headers);
}

static void check_memory(struct opened *opened)
{
	uint8_t buf[20];

	/* Across two program headers, and into what is not in the file. */
	assert_int_equal(elfcore_read_virtual(&opened->core, base(opened->shape) + 28, buf,
				 sizeof(buf), &opened->err),
		ST_OK);
	assert_memory_equal(buf, opened->file.data + MEMORY + 28, 12);
	assert_memory_equal(buf + 12, "\0\0\0\0\0\0\0\0", 8);
	assert_int_equal(
		elfcore_read_physical(&opened->core, 0x50000004, buf, 12, &opened->err), ST_OK);
	assert_memory_equal(buf, opened->file.data + MEMORY + 52, 12);
	assert_true(elfcore_has_virtual(&opened->core, base(opened->shape)));
	assert_false(elfcore_has_virtual(&opened->core, base(opened->shape) - 1));

	assert_int_equal(elfcore_read_virtual(&opened->core, base(opened->shape) + 40, buf,
				 sizeof(buf), &opened->err),
		ST_NOT_FOUND);
	assert_string_equal(opened->err.id, "elfcore-address");
	assert_int_equal(elfcore_read_physical(&opened->core, 0x3fffffff, buf, 1, &opened->err),
		ST_NOT_FOUND);
}

static void memory_of_every_shape_is_read(void **state)
{
	(void)state;
	with_every_shape(check_memory);
}

static void check_notes(struct opened *opened)
{
	struct elfcore_note note = { .phdr = 0 };
	struct blob text = BLOB_INIT;
	bool more;

	assert_int_equal(elfcore_next_note(&opened->core, &note, &more, &opened->err), ST_OK);
	assert_true(more);
	assert_string_equal(note.name, "CORE");
	assert_int_equal(note.type, 7);
	assert_int_equal(note.size, 5);
	assert_memory_equal(opened->file.data + note.offset, "12345", 5);
	assert_int_equal(elfcore_next_note(&opened->core, &note, &more, &opened->err), ST_OK);
	assert_true(more);
	assert_string_equal(note.name, "VMCOREINFO");
	assert_int_equal(elfcore_next_note(&opened->core, &note, &more, &opened->err), ST_OK);
	assert_false(more);
	assert_int_equal(elfcore_vmcoreinfo(&opened->core, &text, &opened->err), ST_OK);
	assert_string_equal((const char *)text.data, vmcoreinfo);
	blob_done(&text);
}

static void notes_of_every_shape_are_walked(void **state)
{
	(void)state;
	with_every_shape(check_notes);
}

/* The file ends within them. */
static void check_cut_notes(struct opened *opened)
{
	struct elfcore_note note = { .phdr = 0 };
	bool more;

	opened->bytes.size = NOTES + 12 + sizeof("CORE");
	assert_int_equal(elfcore_next_note(&opened->core, &note, &more, &opened->err), ST_OK);
	assert_true(more);
	assert_string_equal(note.name, "CORE");
	assert_int_equal(
		elfcore_next_note(&opened->core, &note, &more, &opened->err), ST_BAD_INPUT);
	assert_string_equal(opened->err.id, "file-short");
}

static void a_note_is_read_though_the_next_is_not_there(void **state)
{
	(void)state;
	with_every_shape(check_cut_notes);
}

/* Cut anywhere, whatever was asked for either is all there or is refused. */
static void every_truncation_is_safe(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		struct blob file = make_core(&shapes[i]);

		for (size_t size = 0; size < file.size; size++) {
			uint8_t *exact = malloc(size ? size : 1);
			struct span bytes = { exact, size };
			struct blob text = BLOB_INIT;
			struct err err = ERR_INIT;
			struct elfcore core;
			uint8_t buf[40];

			assert_non_null(exact);
			memcpy(exact, file.data, size);
			if (read_core(&bytes, &core, &err) == ST_OK) {
				assert_true(size >= TABLE(&shapes[i]) + PHDRS * ENTRY(&shapes[i]));
				if (elfcore_vmcoreinfo(&core, &text, &err) == ST_OK)
					assert_string_equal((const char *)text.data, vmcoreinfo);
				assert_int_equal(elfcore_read_virtual(&core, base(&shapes[i]), buf,
							 sizeof(buf), &err) == ST_OK,
					size >= MEMORY + 40);
				elfcore_done(&core);
			} else {
				assert_string_equal(
					err.id, size < EI_NIDENT ? "elfcore-empty" : "file-short");
			}
			blob_done(&text);
			free(exact);
		}
		blob_done(&file);
	}
}

static void assert_broken(
	const struct shape *shape, size_t offset, uint64_t value, size_t size, const char *id)
{
	struct blob file = make_core(shape);
	struct span bytes = blob_span(&file);
	struct blob text = BLOB_INIT;
	struct err err = ERR_INIT;
	struct elfcore core;

	put(shape, &file, offset, value, size);
	if (read_core(&bytes, &core, &err) == ST_OK) {
		assert_int_not_equal(elfcore_vmcoreinfo(&core, &text, &err), ST_OK);
		elfcore_done(&core);
	}
	assert_string_equal(err.id, id);
	blob_done(&text);
	blob_done(&file);
}

/* Whatever the note in front of it says, VMCOREINFO is found. */
static void damaged_notes_do_not_hide_vmcoreinfo(void **state)
{
	static const uint32_t wrong[] = { 0, 1, 9, 100, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(shapes) / sizeof(shapes[0]); i++)
		for (size_t j = 0; j < sizeof(wrong) / sizeof(wrong[0]); j++) {
			const struct shape *shape = &shapes[i / 2];
			struct blob file = make_core(shape);
			struct span bytes = blob_span(&file);
			struct blob text = BLOB_INIT;
			struct err err = ERR_INIT;
			struct elfcore core;

			put(shape, &file, NOTES, 0, i % 2 ? 8 : 4);
			put(shape, &file, NOTES + i % 2 * 4, wrong[j], 4);
			assert_int_equal(read_core(&bytes, &core, &err), ST_OK);
			assert_int_equal(elfcore_vmcoreinfo(&core, &text, &err), ST_OK);
			assert_string_equal((const char *)text.data, vmcoreinfo);
			elfcore_done(&core);
			blob_done(&text);
			blob_done(&file);
		}
}

/* A NUL byte costs its line; and where there are two, both count. */
static void damaged_vmcoreinfo_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		const struct shape *shape = &shapes[i];
		struct blob file = make_core(shape);
		struct span bytes = blob_span(&file);
		struct blob text = BLOB_INIT;
		struct err err = ERR_INIT;
		struct elfcore core;
		size_t end;

		end = put_note(shape, &file, NOTES, "VMCOREINFO", "A=\0x\0\0", 6);
		end = put_note(shape, &file, end, "VMCOREINFO", "\0", 1);
		end = put_note(shape, &file, end, "VMCOREINFO", "B=1", 3);
		put(shape, &file, field(shape, 0, FILESZ), end - NOTES, WORD(shape));
		assert_int_equal(read_core(&bytes, &core, &err), ST_OK);
		assert_int_equal(elfcore_vmcoreinfo(&core, &text, &err), ST_OK);
		assert_string_equal((const char *)text.data, "A=\nx\nB=1");
		elfcore_done(&core);
		blob_done(&text);
		blob_done(&file);
	}
}

static void hostile_fields_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		const struct shape *shape = &shapes[i];
		size_t phnum = shape->is_64 ? 56 : 44;

		assert_broken(shape, 0, 0, 4, "elfcore-magic");
		assert_broken(shape, EI_VERSION, 2, 1, "elfcore-version");
		assert_broken(shape, EI_CLASS, 3, 1, "elfcore-class");
		assert_broken(shape, EI_DATA, 0, 1, "elfcore-data");
		assert_broken(shape, 16, ET_EXEC, 2, "elfcore-type");
		assert_broken(shape, phnum - 2, 55, 2, "elfcore-phentsize");
		assert_broken(shape, phnum, 0, 2, "elfcore-phnum");
		assert_broken(shape, phnum, PN_XNUM, 2, "elfcore-phnum");
		assert_broken(shape, phnum, 400, 2, "file-short");
		assert_broken(shape, shape->is_64 ? 32 : 28, UINT64_MAX, WORD(shape),
			shape->is_64 ? "elfcore-phoff" : "file-short");
		assert_broken(shape, field(shape, 0, OFFSET), UINT64_MAX, WORD(shape),
			shape->is_64 ? "elfcore-note" : "file-short");
		assert_broken(shape, field(shape, 0, FILESZ), 40, WORD(shape), "elfcore-note");
		assert_broken(shape, field(shape, 0, FILESZ), 0, WORD(shape), "elfcore-vmcoreinfo");
		assert_broken(shape, NOTES + 32, UINT32_MAX, 4, "elfcore-note");
		assert_broken(shape, NOTES + 40, 'X', 1, "elfcore-vmcoreinfo");
	}
}

static void memory_that_no_file_can_have_is_refused(void **state)
{
	struct blob file = make_core(&shapes[0]);
	struct span bytes = blob_span(&file);
	struct err err = ERR_INIT;
	struct elfcore core;
	uint8_t byte;

	(void)state;
	put(&shapes[0], &file, field(&shapes[0], 1, OFFSET), UINT64_MAX - 1, 8);
	put(&shapes[0], &file, field(&shapes[0], 1, FILESZ), UINT64_MAX, 8);
	put(&shapes[0], &file, field(&shapes[0], 1, MEMSZ), UINT64_MAX, 8);
	assert_int_equal(read_core(&bytes, &core, &err), ST_OK);
	assert_int_equal(
		elfcore_read_virtual(&core, base(&shapes[0]) + 8, &byte, 1, &err), ST_BAD_INPUT);
	assert_string_equal(err.id, "file-short");
	/* What would wrap around the end of the space is not before the start. */
	assert_false(elfcore_has_virtual(&core, base(&shapes[0]) - 1));
	elfcore_done(&core);
	blob_done(&file);
}

/* The image of a kernel lies in RAM that has a program header as well; what is not in the
 * lowest piece is found in the next. */
static void overlapping_memory_is_read(void **state)
{
	const struct shape *shape = &shapes[0];
	struct blob file = make_core(shape);
	struct span bytes = blob_span(&file);
	struct err err = ERR_INIT;
	struct elfcore core;
	uint8_t buf[20];

	(void)state;
	/* [0, 32), [8, 16) within it, and [24, 40) across its end. */
	put(shape, &file, field(shape, 1, PADDR), 0, 8);
	put(shape, &file, field(shape, 2, PADDR), 24, 8);
	put(shape, &file, field(shape, 2, FILESZ), 16, 8);
	put(shape, &file, field(shape, 3, PADDR), 8, 8);
	put(shape, &file, field(shape, 3, MEMSZ), 8, 8);
	assert_int_equal(read_core(&bytes, &core, &err), ST_OK);
	assert_int_equal(elfcore_read_physical(&core, 8, buf, 20, &err), ST_OK);
	assert_memory_equal(buf, file.data + MEMORY + 8, 20);
	assert_int_equal(elfcore_read_physical(&core, 28, buf, 12, &err), ST_OK);
	assert_memory_equal(buf, file.data + MEMORY + 28, 4);
	assert_memory_equal(buf + 4, file.data + MEMORY + 32 + 8, 8);
	assert_int_equal(elfcore_read_physical(&core, 28, buf, 13, &err), ST_NOT_FOUND);
	elfcore_done(&core);
	blob_done(&file);
}

/* As many pieces as there can be, each a byte, none next to the one before it in the file: the
 * time is not that of one search for each pair of them. */
static void many_pieces_take_no_time(void **state)
{
	const struct shape *shape = &shapes[0];
	const unsigned int count = 1u << 16;
	size_t shdr = TABLE(shape) + count * ENTRY(shape);
	struct blob file = BLOB_INIT;
	struct blob memory = BLOB_INIT;
	struct blob small = make_core(shape);
	struct err err = ERR_INIT;
	struct elfcore core;
	struct span bytes;

	(void)state;
	assert_int_equal(blob_zeroed(&file, shdr + 64), ST_OK);
	assert_int_equal(blob_zeroed(&memory, count), ST_OK);
	bytes = blob_span(&file);
	memcpy(file.data, small.data, TABLE(shape));
	put(shape, &file, 40, shdr, 8);
	put(shape, &file, 56, PN_XNUM, 2);
	put(shape, &file, shdr + 44, count, 4);
	for (unsigned int i = 0; i < count; i++) {
		uint64_t address = (uint16_t)(i * 40503u);

		put_phdr(shape, &file, i, PT_LOAD, address, address, address, 1, 1);
	}
	assert_int_equal(read_core(&bytes, &core, &err), ST_OK);
	for (int i = 0; i < 16; i++)
		assert_int_equal(
			elfcore_read_virtual(&core, 0, memory.data, memory.size, &err), ST_OK);
	assert_memory_equal(memory.data, file.data, memory.size);
	elfcore_done(&core);
	blob_done(&small);
	blob_done(&memory);
	blob_done(&file);
}

/* More program headers than e_phnum can say: the number is in the first section header. */
static void extended_numbering_is_followed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		const struct shape *shape = &shapes[i];
		const unsigned int count = 70000;
		size_t shdr = TABLE(shape) + count * ENTRY(shape);
		struct blob file = BLOB_INIT;
		struct err err = ERR_INIT;
		struct elfcore core;
		struct span bytes;

		assert_int_equal(blob_zeroed(&file, shdr + 64), ST_OK);
		bytes = blob_span(&file);
		{
			struct blob small = make_core(shape);

			memcpy(file.data, small.data, TABLE(shape));
			blob_done(&small);
		}
		put(shape, &file, shape->is_64 ? 40 : 32, shdr, WORD(shape));
		put(shape, &file, shape->is_64 ? 56 : 44, PN_XNUM, 2);
		put(shape, &file, shdr + (shape->is_64 ? 44 : 28), count, 4);
		put_phdr(shape, &file, count - 1, PT_LOAD, 0, 0x1000, 0, 16, 16);
		assert_int_equal(read_core(&bytes, &core, &err), ST_OK);
		assert_int_equal(core.phdrs_count, count);
		assert_int_equal(core.phdrs[count - 1].vaddr, 0x1000);
		elfcore_done(&core);

		put(shape, &file, shdr + (shape->is_64 ? 44 : 28), ELFCORE_PHDRS_MAX + 1, 4);
		assert_int_equal(read_core(&bytes, &core, &err), ST_BAD_INPUT);
		assert_string_equal(err.id, "elfcore-phnum");
		/* Claimed, but not there: no memory is taken for them. */
		put(shape, &file, shdr + (shape->is_64 ? 44 : 28), ELFCORE_PHDRS_MAX, 4);
		assert_int_equal(read_core(&bytes, &core, &err), ST_BAD_INPUT);
		assert_string_equal(err.id, "file-short");
		blob_done(&file);
	}
}

static void a_file_is_a_source(void **state)
{
	struct blob bytes = make_core(&shapes[0]);
	struct elfcore_source source;
	struct sysroot_file *file;
	struct err err = ERR_INIT;
	struct tmproot tmp;
	struct elfcore core;
	uint8_t buf[8];

	(void)state;
	tmproot_init(&tmp);
	tmproot_bytes(&tmp, "/proc/vmcore", bytes.data, bytes.size - 1);
	assert_int_equal(sysroot_open(tmp.root, "/proc/vmcore", &file, &err), ST_OK);
	source = elfcore_from_file(file);
	assert_int_equal(elfcore_read(&source, &core, &err), ST_OK);
	assert_int_equal(elfcore_read_physical(&core, 0x50000000, buf, 8, &err), ST_OK);
	assert_memory_equal(buf, bytes.data + MEMORY + 48, 8);
	assert_int_equal(elfcore_read_physical(&core, 0x50000008, buf, 8, &err), ST_BAD_INPUT);
	assert_non_null(strstr(err.text, "/proc/vmcore"));
	elfcore_done(&core);
	sysroot_close(file);
	tmproot_done(&tmp);
	blob_done(&bytes);
}

/* The notes of a small file, named by very many program headers. */
static void notes_have_an_end(void **state)
{
	const struct shape *shape = &shapes[0];
	struct blob core_file = make_core(shape);
	struct elfcore_note note = { .phdr = 0 };
	struct span bytes = blob_span(&core_file);
	struct elfcore_phdr phdr, *phdrs;
	struct err err = ERR_INIT;
	struct elfcore core;
	bool more = true;
	int status = ST_OK;

	(void)state;
	assert_int_equal(read_core(&bytes, &core, &err), ST_OK);
	phdr = core.phdrs[0];
	phdrs = realloc(core.phdrs, ELFCORE_PHDRS_MAX * sizeof(*phdrs));
	assert_non_null(phdrs);
	core.phdrs = phdrs;
	core.phdrs_count = ELFCORE_PHDRS_MAX;
	for (size_t i = 0; i < core.phdrs_count; i++)
		phdrs[i] = phdr;
	while (status == ST_OK && more)
		status = elfcore_next_note(&core, &note, &more, &err);
	assert_int_equal(status, ST_BAD_INPUT);
	assert_string_equal(err.id, "elfcore-note");
	assert_int_equal(note.count, ELFCORE_NOTES_MAX);
	elfcore_done(&core);
	blob_done(&core_file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_of_every_shape_are_read),
		cmocka_unit_test(memory_of_every_shape_is_read),
		cmocka_unit_test(notes_of_every_shape_are_walked),
		cmocka_unit_test(notes_have_an_end),
		cmocka_unit_test(a_note_is_read_though_the_next_is_not_there),
		cmocka_unit_test(every_truncation_is_safe),
		cmocka_unit_test(damaged_notes_do_not_hide_vmcoreinfo),
		cmocka_unit_test(damaged_vmcoreinfo_is_read),
		cmocka_unit_test(hostile_fields_are_refused),
		cmocka_unit_test(memory_that_no_file_can_have_is_refused),
		cmocka_unit_test(overlapping_memory_is_read),
		cmocka_unit_test(many_pieces_take_no_time),
		cmocka_unit_test(extended_numbering_is_followed),
		cmocka_unit_test(a_file_is_a_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
