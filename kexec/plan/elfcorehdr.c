// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/plan/elfcorehdr.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "kexec/plan/elfcorehdr_build.h"
#include "lib/checked.h"

/* The field offsets of Elf64_Ehdr and Elf64_Phdr (System V gABI, chapter 4 and 5), since the
 * table is written byte by byte to be the same on every host. */
enum {
	EHDR_TYPE = 16,
	EHDR_MACHINE = 18,
	EHDR_VERSION = 20,
	EHDR_PHOFF = 32,
	EHDR_EHSIZE = 52,
	EHDR_PHENTSIZE = 54,
	EHDR_PHNUM = 56,

	PHDR_TYPE = 0,
	PHDR_FLAGS = 4,
	PHDR_OFFSET = 8,
	PHDR_VADDR = 16,
	PHDR_PADDR = 24,
	PHDR_FILESZ = 32,
	PHDR_MEMSZ = 40,

	ET_CORE = 4,
};

void elfcorehdr_done(struct elfcorehdr *core)
{
	if (!core)
		return;
	free(core->entries);
	blob_done(&core->bytes);
	*core = (struct elfcorehdr){ .entries = NULL };
}

const char *core_entry_describe(const struct core_entry *entry, char *buf, size_t size)
{
	switch (entry->kind) {
	case CORE_CPU_NOTES:
		snprintf(buf, size, "CPU %" PRIu32 " notes", entry->cpu);
		break;
	case CORE_VMCOREINFO:
		snprintf(buf, size, "vmcoreinfo");
		break;
	case CORE_KERNEL:
		snprintf(buf, size, "kernel image");
		break;
	case CORE_RAM:
		snprintf(buf, size, "RAM");
		break;
	case CORE_SAVED:
		snprintf(buf, size, "saved RAM");
		break;
	case CORE_FIRMWARE:
		snprintf(buf, size, "firmware");
		break;
	}
	return buf;
}

uint64_t elfcorehdr_size(uint64_t phdrs)
{
	return ELFCOREHDR_EHDR_SIZE + phdrs * ELFCOREHDR_PHDR_SIZE;
}

uint32_t core_entry_type(const struct core_entry *entry)
{
	return entry->kind == CORE_CPU_NOTES || entry->kind == CORE_VMCOREINFO ? PT_NOTE : PT_LOAD;
}

uint32_t core_entry_flags(const struct core_entry *entry)
{
	return core_entry_type(entry) == PT_LOAD ? PF_RWX : 0;
}

static void serialize_entry(const struct core_entry *entry, uint8_t *phdr)
{
	store_le32(phdr + PHDR_TYPE, core_entry_type(entry));
	store_le32(phdr + PHDR_FLAGS, core_entry_flags(entry));
	store_le64(phdr + PHDR_OFFSET, entry->offset);
	store_le64(phdr + PHDR_VADDR, entry->vaddr);
	store_le64(phdr + PHDR_PADDR, entry->paddr);
	store_le64(phdr + PHDR_FILESZ, entry->size);
	store_le64(phdr + PHDR_MEMSZ, entry->size);
}

static int serialize(const struct core_input *input, struct elfcorehdr *core, struct err *err)
{
	static const uint8_t ident[] = { 0x7f, 'E', 'L', 'F', 2 /* 64 bit */, 1 /* LSB */,
		1 /* version */ };
	uint8_t *ehdr;

	if (blob_zeroed(&core->bytes, elfcorehdr_size(core->count)))
		return err_no_memory(err);
	ehdr = core->bytes.data;
	for (size_t i = 0; i < sizeof(ident); i++)
		ehdr[i] = ident[i];
	store_le16(ehdr + EHDR_TYPE, ET_CORE);
	store_le16(ehdr + EHDR_MACHINE, input->elf_machine);
	store_le32(ehdr + EHDR_VERSION, 1);
	store_le64(ehdr + EHDR_PHOFF, ELFCOREHDR_EHDR_SIZE);
	store_le16(ehdr + EHDR_EHSIZE, ELFCOREHDR_EHDR_SIZE);
	store_le16(ehdr + EHDR_PHENTSIZE, ELFCOREHDR_PHDR_SIZE);
	store_le16(ehdr + EHDR_PHNUM, (uint16_t)core->count);
	for (size_t i = 0; i < core->count; i++)
		serialize_entry(
			&core->entries[i], ehdr + ELFCOREHDR_EHDR_SIZE + i * ELFCOREHDR_PHDR_SIZE);
	return ST_OK;
}

/* At most: RAM may begin behind what is saved. */
static size_t ranges_of(const struct core_input *input)
{
	return input->ram->count + (input->saved ? 1 : 0) +
	       (input->firmware ? input->firmware->count : 0);
}

static void add_entry(struct elfcorehdr *core, struct core_entry entry)
{
	entry.offset = entry.paddr;
	core->entries[core->count++] = entry;
}

static void add_notes(const struct core_input *input, struct elfcorehdr *core)
{
	for (size_t i = 0; i < input->cpus->notes_count; i++) {
		const struct cpu_notes *notes = &input->cpus->notes[i];

		add_entry(core, (struct core_entry){
					.kind = CORE_CPU_NOTES,
					.cpu = notes->cpu,
					.paddr = notes->paddr,
					.size = notes->size,
				});
	}
	add_entry(core, (struct core_entry){
				.kind = CORE_VMCOREINFO,
				.paddr = input->vmcoreinfo_paddr,
				.size = input->vmcoreinfo_size,
			});
}

static void add_range(const struct core_input *input, struct elfcorehdr *core,
	enum core_entry_kind kind, struct range range)
{
	const struct kernel_layout *layout = input->layout;

	if (range_size(range))
		add_entry(core,
			(struct core_entry){
				.kind = kind,
				.paddr = range.start,
				/* Modulo 2^64 on purpose: PHYS_OFFSET may be "negative". */
				.vaddr = layout->linear_known ? range.start + layout->linear_offset
							      : 0,
				.size = range_size(range),
			});
}

/* By address, RAM and firmware. */
static void add_memory(const struct core_input *input, struct elfcorehdr *core)
{
	static const struct rangeset none = RANGESET_INIT;
	const struct rangeset *firmware = input->firmware ? input->firmware : &none;
	const struct rangeset *ram = input->ram;

	for (size_t i = 0, f = 0; i < ram->count || f < firmware->count;) {
		struct range range;

		if (f < firmware->count &&
			(i == ram->count || firmware->ranges[f].start < ram->ranges[i].start)) {
			add_range(input, core, CORE_FIRMWARE, firmware->ranges[f++]);
			continue;
		}
		range = ram->ranges[i++];
		if (range.start < input->saved) {
			add_range(input, core, CORE_SAVED,
				range_clip(range, (struct range){ 0, input->saved }));
			range = range_clip(range, (struct range){ input->saved, UINT64_MAX });
		}
		add_range(input, core, CORE_RAM, range);
	}
}

void elfcorehdr_set_saved(struct elfcorehdr *core, uint64_t where)
{
	uint8_t *phdr = core->bytes.data + ELFCOREHDR_EHDR_SIZE;

	for (size_t i = 0; i < core->count; i++, phdr += ELFCOREHDR_PHDR_SIZE) {
		struct core_entry *entry = &core->entries[i];

		if (entry->kind != CORE_SAVED)
			continue;
		entry->offset = where + entry->paddr;
		serialize_entry(entry, phdr);
	}
}

int elfcorehdr_build(const struct core_input *input, struct elfcorehdr *ret, struct err *err)
{
	const struct kernel_layout *layout = input->layout;
	struct elfcorehdr core = { .entries = NULL };
	size_t count;
	int status;

	count = input->cpus->notes_count + 1 + (layout->text_known ? 1 : 0) + ranges_of(input);
	if (count > ELFCOREHDR_PHDRS_MAX) {
		err_set(err, ST_UNSUPPORTED, "elfcorehdr-too-many",
			"the dump needs %zu program headers (%zu CPUs, %zu ranges of memory), and "
			"an "
			"ELF core header has at most %d",
			count, input->cpus->notes_count, ranges_of(input), ELFCOREHDR_PHDRS_MAX);
		return err_hint(err, "memory is too finely divided; a kernel that merges hot-added "
				     "ranges, or larger DIMMs, needs fewer");
	}
	core.entries = calloc(count, sizeof(*core.entries));
	if (!core.entries)
		return err_no_memory(err);

	add_notes(input, &core);
	if (layout->text_known)
		add_entry(&core, (struct core_entry){
					 .kind = CORE_KERNEL,
					 .paddr = layout->text_paddr,
					 .vaddr = layout->text_vaddr,
					 .size = layout->text_size,
				 });
	add_memory(input, &core);

	status = serialize(input, &core, err);
	if (status) {
		elfcorehdr_done(&core);
		return status;
	}
	*ret = core;
	return ST_OK;
}

void elfcorehdr_doubt(const struct kernel_layout *layout, struct report *report)
{
	if (!layout->text_known)
		report_add(report, REPORT_WARNING, "layout",
			"where the kernel image is mapped cannot be found out: the dump gets no "
			"program header for it, and tools must take the addresses from vmcoreinfo");
	if (!layout->linear_known)
		report_add(report, REPORT_WARNING, "layout",
			"where RAM is mapped cannot be found out without /proc/kcore: the program "
			"headers of RAM carry virtual address 0, and tools must take the addresses "
			"from vmcoreinfo");
}
