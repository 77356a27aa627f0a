// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kexec/plan/elfcorehdr_build.h"

struct sources {
	struct cpu_notes notes[8];
	struct cpus cpus;
	struct kernel_layout layout;
	struct range ranges[8];
	struct rangeset ram;
	struct core_input input;
};

static void sources_init(struct sources *s)
{
	*s = (struct sources){
		.notes = { { 0, 0x7fb00000, 424 } },
		.layout = {
			.text_known = true,
			.text_vaddr = 0xffff800080000000,
			.text_paddr = 0x40200000,
			.text_size = 0x2a50000,
			.linear_known = true,
			.linear_offset = 0xfffeffffc0000000,
		},
		.ranges = { { 0x40000000, 0xa0000000 } },
	};
	s->cpus.notes = s->notes;
	s->cpus.notes_count = 1;
	s->ram.ranges = s->ranges;
	s->ram.count = 1;
	s->input = (struct core_input){
		.elf_machine = 183,
		.cpus = &s->cpus,
		.vmcoreinfo_paddr = 0x44d2c000,
		.vmcoreinfo_size = 0x1024,
		.layout = &s->layout,
		.ram = &s->ram,
	};
}

static struct elfcorehdr build(const struct sources *s)
{
	struct elfcorehdr core = { .entries = NULL };
	struct err err = ERR_INIT;

	if (elfcorehdr_build(&s->input, &core, &err))
		fail_msg("%s", err.text);
	return core;
}

/* Every byte, from the field tables of Elf64_Ehdr and Elf64_Phdr. */
static void header_is_byte_exact(void **state)
{
	/* clang-format off */
	static const uint8_t expected[64 + 4 * 56] = {
		0x7f, 'E', 'L', 'F', 2, 1, 1, 0,  0, 0, 0, 0, 0, 0, 0, 0, /* e_ident */
		4, 0,  183, 0,  1, 0, 0, 0,	/* e_type ET_CORE, e_machine AArch64, e_version */
		0, 0, 0, 0, 0, 0, 0, 0,		/* e_entry */
		64, 0, 0, 0, 0, 0, 0, 0,	/* e_phoff */
		0, 0, 0, 0, 0, 0, 0, 0,		/* e_shoff */
		0, 0, 0, 0,			/* e_flags */
		64, 0,  56, 0,  4, 0,		/* e_ehsize, e_phentsize, e_phnum */
		0, 0,  0, 0,  0, 0,		/* e_shentsize, e_shnum, e_shstrndx */

		4, 0, 0, 0,  0, 0, 0, 0,	/* PT_NOTE, no flags: CPU 0 */
		0, 0, 0xb0, 0x7f, 0, 0, 0, 0,	/* p_offset */
		0, 0, 0, 0, 0, 0, 0, 0,		/* p_vaddr */
		0, 0, 0xb0, 0x7f, 0, 0, 0, 0,	/* p_paddr */
		0xa8, 1, 0, 0, 0, 0, 0, 0,	/* p_filesz */
		0xa8, 1, 0, 0, 0, 0, 0, 0,	/* p_memsz */
		0, 0, 0, 0, 0, 0, 0, 0,		/* p_align */

		4, 0, 0, 0,  0, 0, 0, 0,	/* PT_NOTE: vmcoreinfo */
		0, 0xc0, 0xd2, 0x44, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0,
		0, 0xc0, 0xd2, 0x44, 0, 0, 0, 0,
		0x24, 0x10, 0, 0, 0, 0, 0, 0,
		0x24, 0x10, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0,

		1, 0, 0, 0,  7, 0, 0, 0,	/* PT_LOAD, RWX: the kernel image */
		0, 0, 0x20, 0x40, 0, 0, 0, 0,
		0, 0, 0, 0x80, 0, 0x80, 0xff, 0xff,
		0, 0, 0x20, 0x40, 0, 0, 0, 0,
		0, 0, 0xa5, 2, 0, 0, 0, 0,
		0, 0, 0xa5, 2, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0,

		1, 0, 0, 0,  7, 0, 0, 0,	/* PT_LOAD, RWX: RAM */
		0, 0, 0, 0x40, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0xff, 0xff,
		0, 0, 0, 0x40, 0, 0, 0, 0,
		0, 0, 0, 0x60, 0, 0, 0, 0,
		0, 0, 0, 0x60, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0,
	};
	/* clang-format on */
	struct elfcorehdr core;
	struct sources s;

	(void)state;
	sources_init(&s);
	core = build(&s);
	assert_int_equal(core.bytes.size, sizeof(expected));
	assert_memory_equal(core.bytes.data, expected, sizeof(expected));
	assert_int_equal(core.memsz, 0); /* the caller's to decide */
	elfcorehdr_done(&core);
}

static void machine_is_the_one_asked_for(void **state)
{
	struct elfcorehdr core;
	struct sources s;

	(void)state;
	sources_init(&s);
	s.input.elf_machine = 258;
	core = build(&s);
	assert_int_equal(load_le16(core.bytes.data + 18), 258);
	elfcorehdr_done(&core);
}

/* Number i of the table in the bytes. */
static const uint8_t *phdr(const struct elfcorehdr *core, size_t i)
{
	assert_true(64 + (i + 1) * 56 <= core->bytes.size);
	return core->bytes.data + 64 + i * 56;
}

static void entries_and_bytes_are_in_the_kernels_order(void **state)
{
	static const enum core_entry_kind kinds[] = { CORE_CPU_NOTES, CORE_CPU_NOTES,
		CORE_CPU_NOTES, CORE_VMCOREINFO, CORE_KERNEL, CORE_RAM, CORE_RAM };
	static const char *const names[] = { "CPU 0 notes", "CPU 3 notes", "CPU 4095 notes",
		"vmcoreinfo", "kernel image", "RAM", "RAM" };
	struct elfcorehdr core;
	struct sources s;

	(void)state;
	sources_init(&s);
	s.notes[1] = (struct cpu_notes){ 3, 0x7fb10000, 424 };
	s.notes[2] = (struct cpu_notes){ 4095, 0x7fb20000, 424 };
	s.cpus.notes_count = 3;
	s.ranges[1] = (struct range){ 0x100000000, 0x180000000 };
	s.ram.count = 2;
	core = build(&s);
	assert_int_equal(core.count, 7);
	assert_int_equal(load_le16(core.bytes.data + 56), 7);
	for (size_t i = 0; i < core.count; i++) {
		const struct core_entry *entry = &core.entries[i];
		char text[32];

		assert_int_equal(entry->kind, kinds[i]);
		assert_string_equal(core_entry_describe(entry, text, sizeof(text)), names[i]);
		assert_int_equal(load_le32(phdr(&core, i)), i < 4 ? PT_NOTE : PT_LOAD);
		assert_int_equal(load_le32(phdr(&core, i) + 4), i < 4 ? 0 : PF_RWX);
		assert_int_equal(load_le64(phdr(&core, i) + 8), entry->paddr);
		assert_int_equal(load_le64(phdr(&core, i) + 16), entry->vaddr);
		assert_int_equal(load_le64(phdr(&core, i) + 24), entry->paddr);
		assert_int_equal(load_le64(phdr(&core, i) + 32), entry->size);
		assert_int_equal(load_le64(phdr(&core, i) + 40), entry->size);
		assert_int_equal(load_le64(phdr(&core, i) + 48), 0);
	}
	elfcorehdr_done(&core);
}

/* Each of these was otherwise in a dump that all readers of doc/dump-readers.md were given. */
static void readers_find_what_they_look_for(void **state)
{
	static const uint16_t machines[] = { 183 /* AArch64 */, 62 /* x86-64 */, 21 /* PowerPC */ };
	struct elfcorehdr core;
	struct sources s;

	(void)state;
	sources_init(&s);
	s.ranges[1] = (struct range){ 0x100000000, 0x180000000 };
	s.ram.count = 2;
	for (size_t m = 0; m < sizeof(machines) / sizeof(*machines); m++) {
		s.input.elf_machine = machines[m];
		core = build(&s);
		/* crash takes a core with any other alignment, also 1, for one of netdump. */
		for (size_t i = 0; i < core.count; i++)
			assert_int_equal(load_le64(phdr(&core, i) + 48), 0);
		/* kexec-tools' vmcore-dmesg finds the image by its program header alone. */
		assert_int_equal(load_le64(phdr(&core, 2) + 16), s.layout.text_vaddr);
		assert_int_equal(load_le64(phdr(&core, 2) + 24), s.layout.text_paddr);
		/* gdb finds memory by these alone; libkdumpfile else has to be told of Linux. */
		for (size_t i = 0; i < 2; i++)
			assert_int_equal(load_le64(phdr(&core, 3 + i) + 16),
				s.ranges[i].start + s.layout.linear_offset);
		elfcorehdr_done(&core);
	}
}

/* A header as a kernel wrote it: of each program header p_type and p_flags in one, and then the
 * other fields. */
static void assert_written(
	const struct elfcorehdr *core, uint16_t machine, const uint64_t (*written)[7], size_t count)
{
	const uint64_t ehdr[8] = { 0x010102464c457f, 0, 0x100000004 | (uint64_t)machine << 16, 0,
		64, 0, 0x38004000000000, count };

	assert_int_equal(core->bytes.size, 64 + count * 56);
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(load_le64(core->bytes.data + 8 * i), ehdr[i]);
	for (size_t i = 0; i < count; i++)
		for (size_t field = 0; field < 7; field++)
			assert_int_equal(load_le64(phdr(core, i) + 8 * field), written[i][field]);
}

/* What Linux 6.12.117 on x86_64 had in place of our header after a DIMM of 512 MiB was added. */
static void the_kernel_writes_the_same(void **state)
{
	static const uint64_t written[][7] = {
		{ 0x4, 0x3e83d800, 0, 0x3e83d800, 0x170, 0x170 },
		{ 0x4, 0x3e93d800, 0, 0x3e93d800, 0x170, 0x170 },
		{ 0x4, 0x1212000, 0, 0x1212000, 0x1024, 0x1024 },
		{ 0x700000001, 0xfc00000, 0xffffffffbb200000, 0xfc00000, 0x2c30000, 0x2c30000 },
		{ 0x700000001, 0x100000, 0xffff8af240100000, 0x100000, 0x25f00000, 0x25f00000 },
		{ 0x700000001, 0x3e000000, 0xffff8af27e000000, 0x3e000000, 0x1fda000, 0x1fda000 },
		{ 0x700000001, 0x100000000, 0xffff8af340000000, 0x100000000, 0x20000000,
			0x20000000 },
	};
	struct elfcorehdr core;
	struct sources s;

	(void)state;
	sources_init(&s);
	s.input.elf_machine = 62;
	s.input.vmcoreinfo_paddr = 0x1212000;
	s.layout.text_vaddr = 0xffffffffbb200000;
	s.layout.text_paddr = 0xfc00000;
	s.layout.text_size = 0x2c30000;
	s.layout.linear_offset = 0xffff8af240000000;
	s.notes[0] = (struct cpu_notes){ 0, 0x3e83d800, 0x170 };
	s.notes[1] = (struct cpu_notes){ 1, 0x3e93d800, 0x170 };
	s.cpus.notes_count = 2;
	s.ranges[0] = (struct range){ 0x100000, 0x26000000 };
	s.ranges[1] = (struct range){ 0x3e000000, 0x3ffda000 };
	s.ranges[2] = (struct range){ 0x100000000, 0x120000000 };
	s.ram.count = 3;
	core = build(&s);
	assert_written(&core, 62, written, 7);
	elfcorehdr_done(&core);
}

/* Linux 7.3.4 on ppc64le, after one of 256 MiB behind other memory, which is one with it. */
static void the_kernel_writes_the_same_with_what_was_saved(void **state)
{
	static const uint64_t written[][7] = {
		{ 0x4, 0x3fe4a800, 0, 0x3fe4a800, 0x218, 0x218 },
		{ 0x4, 0x3fe6a800, 0, 0x3fe6a800, 0x218, 0x218 },
		{ 0x4, 0x3820000, 0, 0x3820000, 0x10024, 0x10024 },
		{ 0x700000001, 0x37fe0000, 0xc000000000000000, 0, 0x10000, 0x10000 },
		{ 0x700000001, 0x10000, 0xc000000000010000, 0x10000, 0x1fff0000, 0x1fff0000 },
		{ 0x700000001, 0x2fff0000, 0xc00000002fff0000, 0x2fff0000, 0x83c, 0x83c },
		{ 0x700000001, 0x38000000, 0xc000000038000000, 0x38000000, 0x18000000, 0x18000000 },
	};
	struct range rtas = { 0x2fff0000, 0x2fff083c };
	const struct rangeset firmware = { .ranges = &rtas, .count = 1 };
	struct elfcorehdr core;
	struct sources s;

	(void)state;
	sources_init(&s);
	s.input.elf_machine = 21;
	s.input.vmcoreinfo_paddr = 0x3820000;
	s.input.vmcoreinfo_size = 0x10024;
	s.input.saved = 0x10000;
	s.input.firmware = &firmware;
	s.layout.text_known = false;
	s.layout.linear_offset = 0xc000000000000000;
	s.notes[0] = (struct cpu_notes){ 0, 0x3fe4a800, 0x218 };
	s.notes[1] = (struct cpu_notes){ 1, 0x3fe6a800, 0x218 };
	s.cpus.notes_count = 2;
	s.ranges[0] = (struct range){ 0, 0x20000000 };
	s.ranges[1] = (struct range){ 0x38000000, 0x50000000 };
	s.ram.count = 2;
	core = build(&s);
	elfcorehdr_set_saved(&core, 0x37fe0000);
	assert_written(&core, 21, written, 7);
	elfcorehdr_done(&core);
}

static void trap16_sparse_cpus_all_have_their_note(void **state)
{
	struct elfcorehdr core;
	struct sources s;

	(void)state;
	sources_init(&s);
	for (uint32_t i = 0; i < 8; i++)
		s.notes[i] = (struct cpu_notes){ i * 512, 0x7fb00000 + i * 4096, 424 };
	s.cpus.notes_count = 8;
	core = build(&s);
	assert_int_equal(core.count, 8 + 3);
	for (uint32_t i = 0; i < 8; i++) {
		assert_int_equal(core.entries[i].cpu, i * 512);
		assert_int_equal(load_le64(phdr(&core, i) + 8), 0x7fb00000 + i * 4096);
	}
	elfcorehdr_done(&core);
}

static void trap37_note_sizes_are_those_of_the_kernel(void **state)
{
	struct elfcorehdr core;
	struct sources s;

	(void)state;
	sources_init(&s);
	s.notes[0].size = 0x218;
	s.notes[1] = (struct cpu_notes){ 1, 0x7fb10000, 0x170 };
	s.cpus.notes_count = 2;
	s.input.vmcoreinfo_size = 0x10024; /* 64 KiB pages */
	core = build(&s);
	assert_int_equal(load_le64(phdr(&core, 0) + 40), 0x218);
	assert_int_equal(load_le64(phdr(&core, 1) + 40), 0x170);
	assert_int_equal(load_le64(phdr(&core, 2) + 40), 0x10024);
	elfcorehdr_done(&core);
}

static void trap11_negative_phys_offset_wraps(void **state)
{
	struct elfcorehdr core;
	struct sources s;

	(void)state;
	sources_init(&s);
	/* PHYS_OFFSET 0xfff1000040000000 with 52-bit addresses: the offset is positive. */
	s.layout.linear_offset = UINT64_C(0xfff0000000000000) - UINT64_C(0xfff1000040000000);
	core = build(&s);
	assert_int_equal(load_le64(phdr(&core, 3) + 16), 0xffff000000000000);
	elfcorehdr_done(&core);
	s.ranges[0] = (struct range){ 0xfffffffff0000000, 0xfffffffffffff000 };
	s.layout.linear_offset = 0x20000000;
	core = build(&s);
	assert_int_equal(load_le64(phdr(&core, 3) + 16), 0x10000000);
	elfcorehdr_done(&core);
}

static void unknown_text_has_no_program_header(void **state)
{
	struct elfcorehdr core;
	struct sources s;

	(void)state;
	sources_init(&s);
	s.layout.text_known = false;
	core = build(&s);
	assert_int_equal(core.count, 3);
	assert_int_equal(core.entries[2].kind, CORE_RAM);
	assert_int_equal(core.bytes.size, 64 + 3 * 56);
	elfcorehdr_done(&core);
}

static void unknown_linear_map_leaves_vaddr_zero(void **state)
{
	struct elfcorehdr core;
	struct sources s;

	(void)state;
	sources_init(&s);
	s.layout.linear_known = false;
	core = build(&s);
	assert_int_equal(load_le64(phdr(&core, 2) + 16), 0xffff800080000000);
	assert_int_equal(load_le64(phdr(&core, 3) + 16), 0);
	assert_int_equal(load_le64(phdr(&core, 3) + 24), 0x40000000);
	elfcorehdr_done(&core);
}

static void trap36_at_most_65534_program_headers(void **state)
{
	const size_t most = 65534 - 3; /* a CPU, vmcoreinfo, the kernel image */
	struct range *ranges = calloc(most + 1, sizeof(*ranges));
	struct elfcorehdr core;
	struct err err = ERR_INIT;
	struct sources s;

	(void)state;
	assert_non_null(ranges);
	for (size_t i = 0; i < most + 1; i++)
		ranges[i] = (struct range){ (2 * i + 1) * 4096, (2 * i + 2) * 4096 };
	sources_init(&s);
	s.ram.ranges = ranges;
	s.ram.count = most;
	core = build(&s);
	assert_int_equal(core.count, 65534);
	assert_int_equal(load_le16(core.bytes.data + 56), 65534);
	assert_int_equal(core.bytes.size, elfcorehdr_size(65534));
	assert_int_equal(load_le64(phdr(&core, 65533) + 8), (2 * most - 1) * 4096);
	elfcorehdr_done(&core);

	s.ram.count = most + 1;
	core = (struct elfcorehdr){ .memsz = 77 };
	assert_int_equal(elfcorehdr_build(&s.input, &core, &err), ST_UNSUPPORTED);
	assert_string_equal(err.id, "elfcorehdr-too-many");
	assert_non_null(strstr(err.text, "65535 program headers"));
	assert_non_null(strstr(err.text, "at most 65534"));
	assert_int_equal(core.memsz, 77);
	free(ranges);
}

static void size_counts_header_and_table(void **state)
{
	(void)state;
	assert_int_equal(elfcorehdr_size(0), 64);
	assert_int_equal(elfcorehdr_size(8202), 459376); /* 8 CPUs, 8192 ranges */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_is_byte_exact),
		cmocka_unit_test(machine_is_the_one_asked_for),
		cmocka_unit_test(entries_and_bytes_are_in_the_kernels_order),
		cmocka_unit_test(readers_find_what_they_look_for),
		cmocka_unit_test(the_kernel_writes_the_same),
		cmocka_unit_test(the_kernel_writes_the_same_with_what_was_saved),
		cmocka_unit_test(trap16_sparse_cpus_all_have_their_note),
		cmocka_unit_test(trap37_note_sizes_are_those_of_the_kernel),
		cmocka_unit_test(trap11_negative_phys_offset_wraps),
		cmocka_unit_test(unknown_text_has_no_program_header),
		cmocka_unit_test(unknown_linear_map_leaves_vaddr_zero),
		cmocka_unit_test(trap36_at_most_65534_program_headers),
		cmocka_unit_test(size_counts_header_and_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
