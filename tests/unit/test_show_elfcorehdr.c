// SPDX-License-Identifier: GPL-2.0-only
/* kexec --elfcorehdr on machines made up here: memory as /proc/kcore shows it, with a header in the
 * crash region. */
#include "tests/unit/core.h"
#include "tests/unit/tmproot.h"

#include <json-c/json.h>
#include <libfdt.h>
#include <sys/resource.h>

#include "kexec/cmd/elfcorehdr.h"
#include "kexec/plan/elfcorehdr_build.h"
#include "kexec/system/armed_core.h"
#include "tests/unit/no_calls.h"

#define PAGE	   4096u
#define MEMORY	   0x40000000u /* first address of RAM */
#define SIZE	   0x40000u
#define CRASH	   0x40010000u /* to 0x40020000 */
#define HEADER	   0x40012000u
#define LINEAR	   0xffff000000000000u
#define VMCOREINFO 0x40002000u
#define KCORE_DATA 4096u /* offset of the memory in /proc/kcore */

#define IOMEM                                                                                      \
	"40000000-4003ffff : System RAM\n"                                                         \
	"  40010000-4001ffff : Crash kernel\n"
#define MORE_RAM "50000000-5000ffff : System RAM\n"

struct scene {
	struct tmproot tmp;
	uint8_t kcore[KCORE_DATA + SIZE];
	struct elfcorehdr core;
	struct request request;
	char *out;
	int answer;
};

/* A note with this name, and 8 bytes of content. */
static void put_note(struct scene *scene, uint64_t address, uint32_t type, const char *name)
{
	uint8_t *at = scene->kcore + KCORE_DATA + (address - MEMORY);

	store_le32(at, (uint32_t)strlen(name) + 1);
	store_le32(at + 4, 8);
	store_le32(at + 8, type);
	strcpy((char *)at + 12, name);
	memcpy(at + 12 + (strlen(name) + 4) / 4 * 4, "KEY=123\n", 8);
}

static void put_header(struct scene *scene, uint64_t address)
{
	memcpy(scene->kcore + KCORE_DATA + (address - MEMORY), scene->core.bytes.data,
		scene->core.bytes.size);
}

/* The header that the tool or the kernel would have made. */
static void build_header(struct scene *scene)
{
	struct cpu_notes notes[] = { { 0, 0x40001000, 424 }, { 2, 0x40001800, 424 } };
	struct cpus cpus = { .notes = notes, .notes_count = 2 };
	struct range ranges[] = { { MEMORY, CRASH }, { 0x40020000, MEMORY + SIZE } };
	struct rangeset ram = { .ranges = ranges, .count = 2 };
	struct kernel_layout layout = {
		.text_known = true,
		.text_vaddr = 0xffff800080000000,
		.text_paddr = 0x40024000,
		.text_size = 0x8000,
		.linear_known = true,
		.linear_offset = LINEAR,
	};
	struct core_input input = {
		.elf_machine = 183,
		.cpus = &cpus,
		.vmcoreinfo_paddr = VMCOREINFO,
		.vmcoreinfo_size = 0x1024,
		.layout = &layout,
		.ram = &ram,
	};
	struct err err = ERR_INIT;

	assert_int_equal(elfcorehdr_build(&input, &scene->core, &err), ST_OK);
}

static int setup(void **state)
{
	static struct scene scene;
	const struct tmproot *tmp = &scene.tmp;

	memset(&scene, 0, sizeof(scene));
	tmproot_init(&scene.tmp);
	tmproot_text(tmp, "/facts", "machine=aarch64\nrelease=7.3.4\npage_size=4096\n");
	tmproot_text(tmp, "/proc/iomem", IOMEM);
	tmproot_text(tmp, "/sys/kernel/kexec_crash_loaded", "1\n");
	tmproot_text(tmp, "/sys/devices/system/cpu/possible", "0,2\n");
	tmproot_text(tmp, "/sys/devices/system/cpu/present", "0,2\n");
	tmproot_text(tmp, "/sys/devices/system/cpu/cpu0/crash_notes", "40001000\n");
	tmproot_text(tmp, "/sys/devices/system/cpu/cpu0/crash_notes_size", "424\n");
	tmproot_text(tmp, "/sys/devices/system/cpu/cpu2/crash_notes", "40001800\n");
	tmproot_text(tmp, "/sys/devices/system/cpu/cpu2/crash_notes_size", "424\n");
	core_header(scene.kcore, 1);
	core_phdr(scene.kcore, 0, PT_LOAD, KCORE_DATA, LINEAR + MEMORY, MEMORY, SIZE);
	build_header(&scene);
	put_header(&scene, HEADER);
	put_note(&scene, VMCOREINFO, 0, "VMCOREINFO");
	scene.request = (struct request){
		.action = ACTION_ELFCOREHDR,
		.elfcorehdr = ELFCOREHDR_TEXT,
		.sysroot = scene.tmp.dir,
	};
	*state = &scene;
	return 0;
}

static int teardown(void **state)
{
	struct scene *scene = *state;

	free(scene->out);
	elfcorehdr_done(&scene->core);
	tmproot_done(&scene->tmp);
	return 0;
}

/* Run the verb; its answer and what it printed are in the scene. */
static void show(struct scene *scene)
{
	struct cmd_io io = { .syscalls = &no_calls };
	struct err err = ERR_INIT;
	size_t size;

	tmproot_bytes(&scene->tmp, "/proc/kcore", scene->kcore, sizeof(scene->kcore));
	free(scene->out);
	io.out = open_memstream(&scene->out, &size);
	io.err = io.out;
	scene->answer = -1;
	assert_int_equal(show_elfcorehdr(&scene->request, &io, &scene->answer, &err), ST_OK);
	fclose(io.out);
}

static void assert_says(const struct scene *scene, int answer, const char *words)
{
	if (scene->answer != answer || !strstr(scene->out, words))
		fail_msg("wanted %d and \"%s\", found %d and:\n%s", answer, words, scene->answer,
			scene->out);
}

static void armed_image_is_explained_and_complete(void **state)
{
	struct scene *scene = *state;

	show(scene);
	assert_says(scene, COVERAGE_COMPLETE, "armed image, at 0x40012000");
	assert_says(scene, COVERAGE_COMPLETE, "0x0000000040001000  0x1a8         CPU 0 notes\n");
	assert_says(scene, COVERAGE_COMPLETE, "0x0000000040001800  0x1a8         CPU 2 notes\n");
	assert_says(scene, COVERAGE_COMPLETE, "0x0000000040002000  0x1024        vmcoreinfo\n");
	assert_says(scene, COVERAGE_COMPLETE, "0x0000000040024000  0x8000        kernel image\n");
	assert_says(scene, COVERAGE_COMPLETE, "0x0000000040020000  0x20000       RAM\n");
	assert_says(scene, COVERAGE_COMPLETE, "coverage: complete: 196608 of 196608 bytes\n");
	assert_null(strstr(scene->out, "missing"));
}

static void added_memory_is_a_gap(void **state)
{
	struct scene *scene = *state;

	tmproot_text(&scene->tmp, "/proc/iomem", IOMEM MORE_RAM);
	show(scene);
	assert_says(scene, COVERAGE_GAPS, "missing: [0x50000000, 0x50010000), 65536 bytes\n");
	assert_says(scene, COVERAGE_GAPS, "coverage: gaps: 196608 of 262144 bytes\n");
}

static void removed_memory_is_told_and_no_gap(void **state)
{
	struct scene *scene = *state;

	tmproot_text(&scene->tmp, "/proc/iomem",
		"40000000-4002ffff : System RAM\n  40010000-4001ffff : Crash kernel\n");
	show(scene);
	assert_says(scene, COVERAGE_COMPLETE,
		"no memory of this machine any more: [0x40030000, 0x40040000)");
}

static void memory_lent_to_cma_is_not_asked_for(void **state)
{
	struct scene *scene = *state;

	tmproot_text(&scene->tmp, "/proc/iomem", IOMEM MORE_RAM);
	tmproot_text(&scene->tmp, "/sys/kernel/kexec_crash_cma_ranges", "50000000-5000ffff\n");
	show(scene);
	assert_says(scene, COVERAGE_COMPLETE, "coverage: complete");
}

static void cpu_without_notes_is_a_gap(void **state)
{
	struct scene *scene = *state;

	tmproot_text(&scene->tmp, "/sys/devices/system/cpu/cpu2/crash_notes", "40001c00\n");
	show(scene);
	assert_says(scene, COVERAGE_GAPS, "missing: the registers of CPU 2\n");
	assert_says(scene, COVERAGE_GAPS, "0x0000000040001800  0x1a8         notes\n");
}

static void what_cannot_be_told_says_why(void **state)
{
	struct scene *scene = *state;

	tmproot_text(&scene->tmp, "/sys/kernel/kexec_crash_loaded", "0\n");
	show(scene);
	assert_says(scene, COVERAGE_UNKNOWN, "no crash kernel is armed [armed-core-unloaded]");
	tmproot_text(&scene->tmp, "/sys/kernel/kexec_crash_loaded", "1\n");

	put_header(scene, HEADER + 3 * PAGE);
	show(scene);
	assert_says(scene, COVERAGE_UNKNOWN, "at 0x40012000 and at 0x40015000");
	assert_says(scene, COVERAGE_UNKNOWN, "[armed-core-several]");

	memset(scene->kcore + KCORE_DATA, 0, SIZE);
	show(scene);
	assert_says(scene, COVERAGE_UNKNOWN, "[armed-core-none]");

	scene->kcore[0] = 0;
	show(scene);
	assert_says(scene, COVERAGE_UNKNOWN, "[elfcore-magic]");
	tmproot_text(&scene->tmp, "/proc/iomem", "00000000-00000000 : System RAM\n");
	show(scene);
	assert_says(scene, COVERAGE_UNKNOWN, "[iomem-hidden]");
}

/* A tree at an address, which names a header. */
static void put_tree(struct scene *scene, uint64_t address, uint64_t header)
{
	uint8_t *tree = scene->kcore + KCORE_DATA + (address - MEMORY);
	uint8_t cells[16];

	for (size_t i = 0; i < 8; i++)
		cells[i] = (uint8_t)(header >> (56 - 8 * i));
	memset(cells + 8, 0, 8);
	cells[14] = 0x10;
	assert_int_equal(fdt_create_empty_tree(tree, PAGE), 0);
	assert_int_equal(fdt_setprop_u32(tree, 0, "#address-cells", 2), 0);
	assert_int_equal(fdt_setprop_u32(tree, 0, "#size-cells", 2), 0);
	assert_true(fdt_add_subnode(tree, 0, "chosen") > 0);
	assert_int_equal(fdt_setprop(tree, fdt_path_offset(tree, "/chosen"), "linux,elfcorehdr",
				 cells, sizeof(cells)),
		0);
}

/* Where the beginning of memory is saved, a header that does not say so leads to that of the
 * capture kernel. */
static void a_beginning_that_is_not_saved_is_missing(void **state)
{
	struct scene *scene = *state;
	struct cpu_notes notes[] = { { 0, 0x40001000, 424 }, { 2, 0x40001800, 424 } };
	struct cpus cpus = { .notes = notes, .notes_count = 2 };
	struct range ranges[] = { { 0, 0x20000 }, { MEMORY, CRASH },
		{ 0x40020000, MEMORY + SIZE } };
	struct rangeset ram = { .ranges = ranges, .count = 3 };
	struct kernel_layout layout = { .linear_known = true, .linear_offset = LINEAR };
	struct core_input input = {
		.elf_machine = 21,
		.cpus = &cpus,
		.vmcoreinfo_paddr = VMCOREINFO,
		.vmcoreinfo_size = 0x1024,
		.layout = &layout,
		.ram = &ram,
		.saved = 0x10000,
	};

	tmproot_text(&scene->tmp, "/facts", "machine=ppc64le\nrelease=7.3.4\npage_size=4096\n");
	tmproot_text(&scene->tmp, "/proc/iomem", "00000000-0001ffff : System RAM\n" IOMEM);
	elfcorehdr_done(&scene->core);
	assert_int_equal(elfcorehdr_build(&input, &scene->core, NULL), ST_OK);
	put_header(scene, HEADER);
	show(scene);
	assert_says(scene, COVERAGE_GAPS, "missing: [0x0, 0x10000)");
	elfcorehdr_set_saved(&scene->core, CRASH + 0x4000);
	put_header(scene, HEADER);
	show(scene);
	assert_says(scene, COVERAGE_COMPLETE, "armed image");
}

/* Of several headers the armed one is that which its device tree names. */
static void a_tree_tells_which_header_is_armed(void **state)
{
	struct scene *scene = *state;

	put_header(scene, HEADER + 3 * PAGE);
	put_tree(scene, CRASH + 8 * PAGE, HEADER + 3 * PAGE);
	show(scene);
	assert_says(scene, COVERAGE_COMPLETE, "armed image, at 0x40015000");
	put_tree(scene, CRASH + 9 * PAGE, HEADER);
	show(scene);
	assert_says(scene, COVERAGE_UNKNOWN, "[armed-core-several]");
	put_tree(scene, CRASH + 8 * PAGE, HEADER);
	show(scene);
	assert_says(scene, COVERAGE_COMPLETE, "armed image, at 0x40012000");
	scene->kcore[KCORE_DATA + (CRASH - MEMORY) + 9 * PAGE + 7] = 0xff; /* its size */
	show(scene);
	assert_says(scene, COVERAGE_COMPLETE, "armed image, at 0x40012000");
}

/* The kernel has the segments of the armed image in a structure. */
static void the_kernel_tells_which_header_is_armed(void **state)
{
	struct scene *scene = *state;
	uint8_t *memory = scene->kcore + KCORE_DATA;

	put_header(scene, HEADER + 3 * PAGE);
	put_tree(scene, CRASH + 8 * PAGE, HEADER);
	put_tree(scene, CRASH + 9 * PAGE, HEADER + 3 * PAGE);
	tmproot_text(&scene->tmp, "/proc/kallsyms",
		"ffff000040003008 D kexec_crash_image\nffff000040003000 T _text\n");
	store_le64(memory + 0x3008, LINEAR + MEMORY + 0x3800);
	store_le64(memory + 0x3800 + 0x58, HEADER + 3 * PAGE);
	show(scene);
	assert_says(scene, COVERAGE_COMPLETE, "armed image, at 0x40015000");
	store_le64(memory + 0x3800 + 0x58, HEADER);
	show(scene);
	assert_says(scene, COVERAGE_COMPLETE, "armed image, at 0x40012000");
	/* Not armed, both, or an address that is no memory. */
	store_le64(memory + 0x3800 + 0x78, HEADER + 3 * PAGE);
	show(scene);
	assert_says(scene, COVERAGE_UNKNOWN, "[armed-core-several]");
	store_le64(memory + 0x3008, 0);
	show(scene);
	assert_says(scene, COVERAGE_UNKNOWN, "[armed-core-several]");
	store_le64(memory + 0x3008, 0x1000);
	show(scene);
	assert_says(scene, COVERAGE_UNKNOWN, "[armed-core-several]");
}

/* What begins like a header but is none, and a header between two pages, do not count. */
static void only_headers_count(void **state)
{
	struct scene *scene = *state;
	uint8_t *memory = scene->kcore + KCORE_DATA + (CRASH - MEMORY);

	put_header(scene, CRASH + 0x5000);
	store_le64(memory + 0x5000 + 64 + 8, 0x1234); /* an offset that is no address */
	put_header(scene, CRASH + 0x7000 + 64);
	memcpy(memory + 0x9000, "\177ELF", 4);
	memcpy(memory + 0xf000, "\177ELF\2\1\1", 7);
	show(scene);
	assert_says(scene, COVERAGE_COMPLETE, "armed image, at 0x40012000");
}

/* Its last page has no address behind it to go on with. */
static void search_ends_where_the_space_ends(void **state)
{
	struct scene *scene = *state;
	uint64_t start = UINT64_MAX - 2 * PAGE + 1;
	struct armed_core *armed = NULL;
	struct err err = ERR_INIT;

	memset(scene->kcore + KCORE_DATA, 0, SIZE);
	core_phdr(scene->kcore, 0, PT_LOAD, KCORE_DATA, LINEAR, start, 2 * PAGE - 1);
	tmproot_bytes(&scene->tmp, "/proc/kcore", scene->kcore, sizeof(scene->kcore));
	assert_int_equal(armed_core_new(scene->tmp.root, (struct range){ start, UINT64_MAX }, PAGE,
				 &armed, &err),
		ST_NOT_FOUND);
	assert_string_equal(err.id, "armed-core-none");
	memcpy(scene->kcore + KCORE_DATA + PAGE, scene->core.bytes.data, scene->core.bytes.size);
	tmproot_bytes(&scene->tmp, "/proc/kcore", scene->kcore, sizeof(scene->kcore));
	assert_int_equal(armed_core_new(scene->tmp.root, (struct range){ start, UINT64_MAX }, PAGE,
				 &armed, &err),
		ST_OK);
	assert_true(armed->address == start + PAGE);
	armed_core_free(armed);
}

static void file_is_held_against_the_machine_beside_it(void **state)
{
	struct scene *scene = *state;

	tmproot_bytes(&scene->tmp, "/core", scene->core.bytes.data, scene->core.bytes.size);
	scene->request.kernel = "/core";
	show(scene);
	assert_says(scene, COVERAGE_UNKNOWN, "ELF core header of /core:");
	assert_says(scene, COVERAGE_UNKNOWN, "notes: cannot be read: ");
	tmproot_text(&scene->tmp, "/proc/iomem", IOMEM MORE_RAM);
	show(scene);
	assert_says(scene, COVERAGE_GAPS, "missing: [0x50000000, ");
}

/* A dump of two ranges of memory, with the notes of two CPUs and of the kernel. */
struct dump {
	uint8_t bytes[0x8000];
};

enum { DUMP_NOTES = 0x1000, DUMP_MEMORY = 0x2000 };

static void put_dump(struct dump *dump)
{
	uint8_t *notes = dump->bytes + DUMP_NOTES;

	memset(dump, 0, sizeof(*dump));
	core_header(dump->bytes, 3);
	core_phdr(dump->bytes, 0, PT_NOTE, DUMP_NOTES, 0, 0, 28 + 28 + 32);
	core_phdr(dump->bytes, 1, PT_LOAD, DUMP_MEMORY, LINEAR + MEMORY, MEMORY, 0x3000);
	core_phdr(dump->bytes, 2, PT_LOAD, DUMP_MEMORY + 0x3000, LINEAR + MEMORY + 0x20000,
		MEMORY + 0x20000, 0x3000);
	for (size_t i = 0; i < 2; i++, notes += 28) {
		store_le32(notes, 5);
		store_le32(notes + 4, 8);
		store_le32(notes + 8, NT_PRSTATUS);
		strcpy((char *)notes + 12, "CORE");
	}
	store_le32(notes, 11);
	store_le32(notes + 4, 8);
	strcpy((char *)notes + 12, "VMCOREINFO");
	memcpy(notes + 24, "KEY=123\n", 8);
}

static void unlink_if_there(const struct scene *scene, const char *path)
{
	char full[640];

	snprintf(full, sizeof(full), "%s%s", scene->tmp.dir, path);
	unlink(full);
}

/* Where there is no map, as in a capture kernel. */
static void show_vmcore(struct scene *scene, const struct dump *dump, size_t size)
{
	unlink_if_there(scene, "/proc/iomem");
	tmproot_bytes(&scene->tmp, "/proc/vmcore", dump->bytes, size);
	show(scene);
}

/* In a capture kernel nobody has to say so. */
static void vmcore_goes_before_what_is_armed(void **state)
{
	struct scene *scene = *state;
	static struct dump dump;

	put_dump(&dump);
	show_vmcore(scene, &dump, sizeof(dump));
	assert_says(scene, COVERAGE_COMPLETE, "ELF core header of /proc/vmcore:");
	assert_says(scene, COVERAGE_COMPLETE, "registers of 2 CPUs, vmcoreinfo\n");
	assert_says(scene, COVERAGE_COMPLETE, "not compared: ");
	assert_says(scene, COVERAGE_COMPLETE, "this is the kernel that captures the crash");
	scene->request.kernel = "/proc/vmcore";
	show(scene);
	assert_says(scene, COVERAGE_COMPLETE, "coverage: complete: of what the dump says");
}

/* Nothing is missing of nothing, but that is no dump. */
static void vmcore_without_memory_is_not_complete(void **state)
{
	struct scene *scene = *state;
	static struct dump dump;

	put_dump(&dump);
	core_phdr(dump.bytes, 1, PT_LOAD, DUMP_MEMORY, LINEAR + MEMORY, MEMORY, 0);
	core_phdr(dump.bytes, 2, PT_LOAD, DUMP_MEMORY, LINEAR + MEMORY, MEMORY, 0);
	show_vmcore(scene, &dump, sizeof(dump));
	assert_says(scene, COVERAGE_UNKNOWN, "none of the 3 program headers has memory");
	put_dump(&dump);
	core_phdr(dump.bytes, 1, PT_LOAD, DUMP_MEMORY, LINEAR + MEMORY, UINT64_MAX - 1, 0x3000);
	show_vmcore(scene, &dump, sizeof(dump));
	assert_says(scene, COVERAGE_UNKNOWN, "program header 1: no memory has 0x3000 bytes at");
}

static void vmcore_is_judged_without_a_map(void **state)
{
	struct scene *scene = *state;
	static struct dump dump;

	put_dump(&dump);
	show_vmcore(scene, &dump, sizeof(dump) - 1);
	assert_says(scene, COVERAGE_GAPS,
		"unreadable: the first or the last page of 1 ranges: "
		"program header 2: ");
	show_vmcore(scene, &dump, DUMP_MEMORY + 0x2fff);
	assert_says(scene, COVERAGE_GAPS, "last page of 2 ranges: program header 1: ");

	dump.bytes[DUMP_NOTES + 56 + 12] = 'X';
	show_vmcore(scene, &dump, sizeof(dump));
	assert_says(scene, COVERAGE_GAPS, "missing: VMCOREINFO");

	put_dump(&dump);
	dump.bytes[DUMP_NOTES + 56 + 24] = '\0';
	show_vmcore(scene, &dump, sizeof(dump));
	assert_says(scene, COVERAGE_GAPS, "missing: VMCOREINFO");

	put_dump(&dump);
	store_le32(dump.bytes + DUMP_NOTES + 8, 7);
	store_le32(dump.bytes + DUMP_NOTES + 28 + 8, 7);
	show_vmcore(scene, &dump, sizeof(dump));
	assert_says(scene, COVERAGE_GAPS, "missing: the registers of any CPU\n");

	put_dump(&dump);
	store_le32(dump.bytes + DUMP_NOTES + 28 + 4, 0x1000);
	show_vmcore(scene, &dump, sizeof(dump));
	assert_says(scene, COVERAGE_GAPS, "notes: cannot be read: program header 0: ");
}

static void what_was_not_looked_at_is_not_complete(void **state)
{
	struct scene *scene = *state;
	struct tmproot *tmp = &scene->tmp;

	/* Of the table, entries 0 and 1 are the CPUs' and 2 is VMCOREINFO. */
	uint8_t *header = scene->kcore + KCORE_DATA + (HEADER - MEMORY);

	tmproot_text(tmp, "/sys/kernel/vmcoreinfo", "0x0000000040002000 1024\n");
	show(scene);
	assert_says(scene, COVERAGE_COMPLETE, "coverage: complete");
	tmproot_text(tmp, "/sys/kernel/vmcoreinfo", "0x0000000040002000 1000\n");
	show(scene);
	assert_says(scene, COVERAGE_GAPS, "missing: VMCOREINFO");
	tmproot_text(tmp, "/sys/kernel/vmcoreinfo", "0x0000000000000000 0\n");
	show(scene);
	assert_says(scene, COVERAGE_UNKNOWN, "[vmcoreinfo-hidden]");
	tmproot_remove(tmp, "/sys/kernel/vmcoreinfo");

	store_le32(header + 64 + 2 * 56, PT_NULL);
	show(scene);
	assert_says(scene, COVERAGE_GAPS, "missing: VMCOREINFO");
	store_le32(header + 64 + 2 * 56, PT_NOTE);

	store_le64(header + 64 + 56 + 32, 0);
	show(scene);
	assert_says(scene, COVERAGE_GAPS, "missing: the registers of CPU 2\n");
	store_le64(header + 64 + 56 + 32, 400);
	show(scene);
	assert_says(scene, COVERAGE_GAPS, "missing: the registers of CPU 2\n");

	tmproot_text(tmp, "/sys/devices/system/cpu/cpu2/crash_notes", "garbage\n");
	show(scene);
	assert_says(scene, COVERAGE_UNKNOWN, "coverage: unknown: ");
	tmproot_remove(tmp, "/sys/devices/system/cpu/possible");
	show(scene);
	assert_says(scene, COVERAGE_UNKNOWN, "coverage: unknown: ");
}

/* A note that runs on, and one in memory that is not shown. */
static void notes_that_cannot_be_read_are_not_known(void **state)
{
	struct scene *scene = *state;

	put_note(scene, VMCOREINFO + 28 + 4, 0, "MORE");
	store_le32(scene->kcore + KCORE_DATA + (VMCOREINFO - MEMORY) + 32 + 4, 0x10000);
	show(scene);
	assert_says(scene, COVERAGE_UNKNOWN, "[elfcore-note]");
}

/* In a core file all notes are in one place. */
static void notes_of_a_file_are_counted(void **state)
{
	struct scene *scene = *state;

	put_note(scene, MEMORY, NT_PRSTATUS, "CORE");
	put_note(scene, MEMORY + 28, NT_PRSTATUS, "CORE");
	put_note(scene, MEMORY + 56, 0, "VMCOREINFO");
	store_le32(scene->kcore + 64, PT_NOTE);
	tmproot_bytes(&scene->tmp, "/core", scene->kcore, sizeof(scene->kcore));
	scene->request.kernel = "/core";
	show(scene);
	assert_says(scene, COVERAGE_GAPS, "registers of 2 CPUs, vmcoreinfo\n");
}

static void file_alone_tells_nothing_about_its_machine(void **state)
{
	struct scene *scene = *state;
	char path[128];

	snprintf(path, sizeof(path), "%s/core", scene->tmp.dir);
	tmproot_bytes(&scene->tmp, "/core", scene->core.bytes.data, scene->core.bytes.size);
	scene->request.sysroot = NULL;
	scene->request.kernel = path;
	show(scene);
	assert_says(scene, COVERAGE_UNKNOWN, "kernel image");
	assert_says(scene, COVERAGE_UNKNOWN, "[elfcorehdr-no-map]");
}

static void memory_beyond_the_last_address_is_refused(void **state)
{
	struct scene *scene = *state;
	uint8_t *phdr = scene->core.bytes.data + scene->core.bytes.size - 56;

	store_le64(phdr + 24, UINT64_MAX - 4095);
	store_le64(phdr + 40, 2 * PAGE);
	tmproot_bytes(&scene->tmp, "/core", scene->core.bytes.data, scene->core.bytes.size);
	scene->request.kernel = "/core";
	show(scene);
	assert_says(scene, COVERAGE_UNKNOWN, "[elfcorehdr-range]");
}

static struct json_object *get(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(object, key, &value))
		fail_msg("no %s", key);
	return value;
}

static void json_says_the_same(void **state)
{
	struct scene *scene = *state;
	struct json_object *object, *coverage, *entries;

	scene->request.elfcorehdr = ELFCOREHDR_JSON;
	tmproot_text(&scene->tmp, "/proc/iomem", IOMEM MORE_RAM);
	show(scene);
	assert_int_equal(scene->answer, COVERAGE_GAPS);
	object = json_tokener_parse(scene->out);
	assert_string_equal(json_object_get_string(get(object, "address")), "0x40012000");
	entries = get(object, "program_headers");
	assert_int_equal(json_object_array_length(entries), scene->core.count);
	coverage = get(object, "coverage");
	assert_string_equal(json_object_get_string(get(coverage, "verdict")), "gaps");
	assert_int_equal(json_object_array_length(get(coverage, "missing")), 1);
	json_object_put(object);

	scene->kcore[0] = 0;
	show(scene);
	assert_int_equal(scene->answer, COVERAGE_UNKNOWN);
	object = json_tokener_parse(scene->out);
	coverage = get(object, "coverage");
	assert_string_equal(json_object_get_string(get(coverage, "id")), "elfcore-magic");
	json_object_put(object);
}

/* As many as there may be would take a hundred times what is allowed here. */
#define MANY	  (1u << 18)
#define MANY_KIB  (16 << 10)
#define MANY_SIZE (64 + 64 + MANY * 56u)

static void a_long_list_takes_no_memory(void **state)
{
	struct scene *scene = *state;
	uint8_t *core = calloc(1, MANY_SIZE);
	struct cmd_io io = { .syscalls = &no_calls };
	struct err err = ERR_INIT;
	struct rusage before, after;
	int answer = -1;

	assert_non_null(core);
	core_header(core, 0);
	store_le64(core + 32, 128);
	store_le64(core + 40, 64); /* the count is in the section header behind this one */
	store_le16(core + 56, PN_XNUM);
	store_le32(core + 64 + 44, MANY);
	for (uint32_t i = 0; i < MANY; i++)
		core_phdr(core + 64, i, i % 2 ? PT_LOAD : PT_NOTE, 64, 0, i * 2ull * PAGE, PAGE);
	tmproot_bytes(&scene->tmp, "/core", core, MANY_SIZE);
	free(core);
	scene->request.kernel = "/core";
	scene->request.elfcorehdr = ELFCOREHDR_JSON;
	io.out = io.err = fopen("/dev/null", "w");
	assert_non_null(io.out);
	assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
	assert_int_equal(show_elfcorehdr(&scene->request, &io, &answer, &err), ST_OK);
	assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
	assert_int_equal(answer, COVERAGE_GAPS);
	assert_in_range(after.ru_maxrss - before.ru_maxrss, 0, MANY_KIB);
	fclose(io.out);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_long_list_takes_no_memory),
		TEST(armed_image_is_explained_and_complete),
		TEST(added_memory_is_a_gap),
		TEST(removed_memory_is_told_and_no_gap),
		TEST(memory_lent_to_cma_is_not_asked_for),
		TEST(cpu_without_notes_is_a_gap),
		TEST(what_cannot_be_told_says_why),
		TEST(a_beginning_that_is_not_saved_is_missing),
		TEST(a_tree_tells_which_header_is_armed),
		TEST(the_kernel_tells_which_header_is_armed),
		TEST(only_headers_count),
		TEST(search_ends_where_the_space_ends),
		TEST(file_is_held_against_the_machine_beside_it),
		TEST(vmcore_goes_before_what_is_armed),
		TEST(vmcore_is_judged_without_a_map),
		TEST(vmcore_without_memory_is_not_complete),
		TEST(what_was_not_looked_at_is_not_complete),
		TEST(notes_that_cannot_be_read_are_not_known),
		TEST(notes_of_a_file_are_counted),
		TEST(file_alone_tells_nothing_about_its_machine),
		TEST(memory_beyond_the_last_address_is_refused),
		TEST(json_says_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
