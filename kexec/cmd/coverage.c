// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/cmd/coverage.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/cmd/elfcorehdr.h"
#include "kexec/arch/arch.h"
#include "kexec/system/iomem.h"
#include "kexec/system/kexec_state.h"
#include "kexec/system/machine.h"
#include "lib/checked.h"

#define VMCORE_PATH "/proc/vmcore"
#define IOMEM_PATH  "/proc/iomem"

/* So much is read at either end of a range. */
#define PROBE_SIZE 4096u

void coverage_done(struct coverage *coverage)
{
	elfcore_done(&coverage->file_core);
	sysroot_close(coverage->open);
	armed_core_free(coverage->armed);
	cpus_done(&coverage->cpus);
	rangeset_done(&coverage->dumped);
	rangeset_done(&coverage->missing);
	rangeset_done(&coverage->surplus);
	cpulist_done(&coverage->missing_notes);
}

int coverage_judge(const struct coverage *coverage)
{
	if (coverage->missing.count || coverage->missing_notes.count ||
		coverage->lacks_vmcoreinfo || coverage->lacks_registers || coverage->unreadable ||
		(coverage->is_dump && coverage->notes_error.status))
		return COVERAGE_GAPS;
	return coverage->unknown.status ? COVERAGE_UNKNOWN : COVERAGE_COMPLETE;
}

/* The first reason is the one that counts. */
static void not_known(struct coverage *coverage, const struct err *why)
{
	if (!coverage->unknown.status)
		coverage->unknown = *why;
}

/* --- reading --------------------------------------------------------------------------- */

static int read_file(const struct sysroot *root, const char *path, struct coverage *coverage)
{
	struct elfcore_source source;
	int status = sysroot_open_dump(root, path, &coverage->open, &coverage->unknown);

	coverage->file = path;
	if (status)
		return status;
	source = elfcore_from_file(coverage->open);
	status = elfcore_open(&source, &coverage->file_core, &coverage->unknown);
	if (status)
		return err_prefix(&coverage->unknown, "%s", path);
	coverage->core = &coverage->file_core;
	return ST_OK;
}

/* A header outlives its image, so without an image there is nothing to look for. */
static int read_armed(const struct iomem *iomem, uint64_t page_size, const struct sysroot *root,
	struct coverage *coverage)
{
	const char *path;
	int loaded, status = kexec_state_loaded(root, true, &loaded, &path, &coverage->unknown);

	if (status)
		return status;
	if (loaded != 1)
		return err_set(&coverage->unknown, ST_NOT_FOUND, "armed-core-unloaded",
			"no crash kernel is armed");
	status = armed_core_new(
		root, iomem->crash_load, page_size, &coverage->armed, &coverage->unknown);
	if (status) {
		err_prefix(&coverage->unknown, "the header of the armed image");
		return status;
	}
	coverage->core = &coverage->armed->core;
	return ST_OK;
}

static int compare_notes(const void *a, const void *b)
{
	const struct cpu_notes *one = a, *other = b;

	return one->paddr < other->paddr ? -1 : one->paddr > other->paddr;
}

/* Where the machine has its notes. A kernel without the file of the one about itself may still
 * have that note. */
static int read_notes(const struct sysroot *root, struct coverage *coverage)
{
	struct err why = ERR_INIT;

	if (cpus_read(root, &coverage->cpus, NULL, &why))
		not_known(coverage, &why);
	else
		qsort(coverage->cpus.notes, coverage->cpus.notes_count,
			sizeof(*coverage->cpus.notes), compare_notes);
	if (why.status == ST_NO_MEMORY)
		return why.status;
	err_clear(&why);
	machine_read_vmcoreinfo(
		root, &coverage->vmcoreinfo_paddr, &coverage->vmcoreinfo_size, &why);
	if (why.status && why.status != ST_UNSUPPORTED)
		not_known(coverage, &why);
	return why.status == ST_NO_MEMORY ? why.status : ST_OK;
}

/* The family of the machine; NULL when it is not known. */
static const struct arch_ops *family(const struct sysroot *root)
{
	const char *machine;

	return sysroot_fact(root, "machine", &machine, NULL) ? NULL : arch_find(machine);
}

/* Memory, CPUs and, unless there is a file, the armed header of the machine at root. */
static int read_machine(const struct sysroot *root, bool wants_armed, struct coverage *coverage)
{
	const struct arch_ops *arch = family(root);
	struct iomem iomem = { .crash_load = { 0, 0 } };
	struct rangeset cma = RANGESET_INIT;
	uint64_t page_size = 0;
	int status = iomem_read(root, &iomem, &coverage->unknown);

	if (!status)
		status = kexec_state_read_cma(root, &cma, &coverage->unknown);
	if (!status)
		status = machine_read_page_size(root, &page_size, &coverage->unknown);
	if (!status)
		status = iomem_dumped(&iomem, &cma, arch ? arch->dump_from : 0, page_size,
			&coverage->dumped, &coverage->unknown);
	if (!status && wants_armed)
		status = read_armed(&iomem, page_size, root, coverage);
	if (!status)
		status = read_notes(root, coverage);
	rangeset_done(&cma);
	iomem_done(&iomem);
	coverage->saved = arch ? arch->saved : 0;
	coverage->has_machine = status == ST_OK;
	return status;
}

/* Which header, and which machine. A file is of a machine that nobody knows, unless its memory map
 * is beside it in a sysroot. But what the kernel itself shows of a crash is all there is. */
static int read_sources(
	const struct request *request, const struct sysroot *root, struct coverage *coverage)
{
	const char *file = request->kernel;
	int status;

	if (!file && sysroot_exists(root, VMCORE_PATH))
		file = VMCORE_PATH;
	if (!file)
		return read_machine(root, true, coverage);
	status = read_file(root, file, coverage);
	if (status)
		return status;
	if (!sysroot_is_live(root) && sysroot_exists(root, IOMEM_PATH))
		return read_machine(root, false, coverage);
	err_set(&coverage->not_compared, ST_UNSUPPORTED, "elfcorehdr-no-map",
		"the memory map of the machine that %s is of is not known here%s", file,
		strcmp(file, VMCORE_PATH) ? "" : ": this is the kernel that captures the crash");
	if (strcmp(file, VMCORE_PATH) != 0)
		not_known(coverage, &coverage->not_compared);
	return ST_OK;
}

/* --- notes ----------------------------------------------------------------------------- */

/* Lines of text; of memory that was cleared, only the size is left. What cannot be read is not held
 * against it here: that is another fault. */
static bool has_text(const struct elfcore *core, const struct elfcore_note *note)
{
	uint8_t first;

	return note->size &&
	       (core->source.read(core->source.context, note->offset, &first, 1, NULL) != ST_OK ||
		       first != '\0');
}

struct core_notes notes_pass_of(struct notes_pass *pass, size_t index)
{
	struct core_notes notes = { .registers = 0 };
	struct elfcore_note *note = &pass->note;
	bool more;

	note->phdr = index;
	note->next = 0;
	while (!pass->error.status &&
		elfcore_next_note_of_phdr(pass->core, note, &more, &pass->error) == ST_OK && more) {
		notes.registers += note->type == NT_PRSTATUS && strcmp(note->name, "CORE") == 0;
		notes.vmcoreinfo |=
			strcmp(note->name, "VMCOREINFO") == 0 && has_text(pass->core, note);
	}
	return notes;
}

const struct cpu_notes *coverage_cpu(
	const struct coverage *coverage, const struct elfcore_phdr *phdr)
{
	struct cpu_notes key = { .paddr = phdr->paddr };

	/* Without any there is no array either, which bsearch() may not be given. */
	if (phdr->type != PT_NOTE || coverage->cpus.notes_count == 0)
		return NULL;
	return bsearch(&key, coverage->cpus.notes, coverage->cpus.notes_count,
		sizeof(*coverage->cpus.notes), compare_notes);
}

/* --- what each program header is for --------------------------------------------------- */

/* What is gathered in one go through all program headers. */
struct summary {
	struct rangeset covered;
	struct elfcore_phdr first_load; /* of type PT_LOAD when there is one */
	size_t first_index;
	bool *has_notes; /* owned: for each of cpus.notes */
	uint64_t registers;
	bool memory;		/* is in any program header */
	bool vmcoreinfo;	/* is among the notes */
	bool vmcoreinfo_listed; /* where the machine says that it is, and in full */
};

/* Without a machine to compare with, what adds up to nothing is not kept. The beginning of memory
 * that is to be read where it was, and not where it is saved, is that of the capture kernel: some
 * kernels rewrite an armed header so. */
static int add_load(const struct elfcore_phdr *phdr, size_t index, const struct coverage *coverage,
	struct rangeset *ret, struct err *err)
{
	uint64_t end, start = phdr->paddr;

	if (!add_u64(phdr->paddr, phdr->memsz, &end))
		return err_set(err, ST_BAD_INPUT, "elfcorehdr-range",
			"program header %zu: no memory has 0x%" PRIx64 " bytes at 0x%" PRIx64,
			index, phdr->memsz, phdr->paddr);
	if (coverage->armed && phdr->offset == start && start < coverage->saved)
		start = coverage->saved < end ? coverage->saved : end;
	return coverage->has_machine && rangeset_add(ret, start, end) ? err_no_memory(err) : ST_OK;
}

static void probe(const struct elfcore *core, const struct elfcore_phdr *phdr, size_t index,
	struct coverage *coverage)
{
	size_t size = phdr->memsz < PROBE_SIZE ? (size_t)phdr->memsz : PROBE_SIZE;
	struct err *why = coverage->unreadable ? NULL : &coverage->unreadable_why;
	uint8_t page[PROBE_SIZE];

	if (elfcore_read_load(core, phdr, 0, page, size, why) == ST_OK &&
		(phdr->memsz == size || elfcore_read_load(core, phdr, phdr->memsz - size, page,
						size, why) == ST_OK))
		return;
	if (coverage->unreadable++ == 0)
		err_prefix(&coverage->unreadable_why, "program header %zu", index);
}

static void take_note(const struct elfcore_phdr *phdr, struct core_notes notes,
	const struct coverage *coverage, struct summary *summary)
{
	const struct cpu_notes *cpu = coverage_cpu(coverage, phdr);

	summary->registers += notes.registers;
	summary->vmcoreinfo |= notes.vmcoreinfo;
	if (cpu && phdr->filesz == cpu->size)
		summary->has_notes[cpu - coverage->cpus.notes] = true;
	if (phdr->type == PT_NOTE && phdr->paddr == coverage->vmcoreinfo_paddr &&
		phdr->filesz == coverage->vmcoreinfo_size)
		summary->vmcoreinfo_listed = true;
}

/* The first PT_LOAD is the kernel image when its memory is also in another one, elsewhere in
 * virtual memory. */
static void look_for_kernel(const struct elfcore_phdr *phdr, size_t index,
	struct coverage *coverage, struct summary *summary)
{
	const struct elfcore_phdr *first = &summary->first_load;

	if (first->type != PT_LOAD) {
		summary->first_load = *phdr;
		summary->first_index = index;
	} else if (first->memsz && phdr->vaddr - phdr->paddr != first->vaddr - first->paddr &&
		   first->paddr - phdr->paddr < phdr->memsz) {
		coverage->kernel = summary->first_index;
	}
}

/* What cannot be memory ends the look at memory, not that at notes. */
static int summarize(struct coverage *coverage, struct summary *summary, struct err *err)
{
	const struct elfcore *core = coverage->core;
	struct notes_pass pass = { .core = core };
	const struct elfcore_phdr *phdr;
	int status = ST_OK;

	for (size_t i = 0; i < core->phdrs_count; i++) {
		int read = elfcore_phdr(core, i, &phdr, err);

		if (read != ST_OK)
			return read;
		/* In a header of the tool or the kernel offsets are physical addresses. */
		if (i == 0)
			coverage->is_dump = !coverage->armed && phdr->offset != phdr->paddr;
		take_note(phdr, notes_pass_of(&pass, i), coverage, summary);
		if (phdr->type != PT_LOAD)
			continue;
		look_for_kernel(phdr, i, coverage, summary);
		if (status != ST_OK)
			continue;
		summary->memory |= phdr->memsz != 0;
		status = add_load(phdr, i, coverage, &summary->covered, err);
		if (coverage->is_dump && phdr->memsz && status == ST_OK)
			probe(core, phdr, i, coverage);
	}
	coverage->notes_error = pass.error;
	if (status == ST_OK && coverage->is_dump && !coverage->has_machine && !summary->memory)
		status = err_set(err, ST_BAD_INPUT, "elfcorehdr-empty",
			"none of the %zu program headers has memory", core->phdrs_count);
	rangeset_normalize(&summary->covered);
	return status;
}

/* --- coverage -------------------------------------------------------------------------- */

static int compare_ids(const void *a, const void *b)
{
	const uint32_t *one = a, *other = b;

	return *one < *other ? -1 : *one > *other;
}

/* CPUs whose registers would not be in a dump: none of a core file, which has them all in one. */
static int find_missing_notes(struct coverage *coverage, const struct summary *summary)
{
	const struct cpus *cpus = &coverage->cpus;
	struct cpulist *list = &coverage->missing_notes;

	list->ids = calloc(cpus->notes_count ? cpus->notes_count : 1, sizeof(*list->ids));
	if (!list->ids)
		return ST_NO_MEMORY;
	for (size_t i = 0; i < cpus->notes_count; i++)
		if (!summary->has_notes[i])
			list->ids[list->count++] = cpus->notes[i].cpu;
	qsort(list->ids, list->count, sizeof(*list->ids), compare_ids);
	return ST_OK;
}

/* Notes of a header are in the memory of the machine, those of a dump are in it. */
static int judge_notes(struct coverage *coverage, const struct summary *summary)
{
	if (coverage->is_dump) {
		coverage->lacks_vmcoreinfo = !summary->vmcoreinfo;
		coverage->lacks_registers = summary->registers == 0;
		return ST_OK;
	}
	if (coverage->vmcoreinfo_paddr)
		coverage->lacks_vmcoreinfo = !summary->vmcoreinfo_listed;
	else
		coverage->lacks_vmcoreinfo = !summary->vmcoreinfo && !coverage->notes_error.status;
	return find_missing_notes(coverage, summary);
}

static int look(struct coverage *coverage, struct summary *summary)
{
	struct err why = ERR_INIT;
	int status;

	summary->has_notes = calloc(coverage->cpus.notes_count + 1, sizeof(*summary->has_notes));
	if (!summary->has_notes)
		return ST_NO_MEMORY;
	status = summarize(coverage, summary, &why);
	if (!status && coverage->has_machine)
		status =
			rangeset_subtract(&coverage->dumped, &summary->covered, &coverage->missing);
	if (!status && coverage->has_machine)
		status =
			rangeset_subtract(&summary->covered, &coverage->dumped, &coverage->surplus);
	if (!status)
		status = judge_notes(coverage, summary);
	if (why.status)
		not_known(coverage, &why);
	if (coverage->notes_error.status)
		not_known(coverage, &coverage->notes_error);
	return status;
}

int coverage_read(const struct request *request, const struct sysroot *root, struct coverage *ret,
	struct err *err)
{
	struct summary summary = { .covered = RANGESET_INIT };
	int status;

	*ret = (struct coverage){ .kernel = SIZE_MAX };
	status = read_sources(request, root, ret);
	if (ret->core && status != ST_NO_MEMORY)
		status = look(ret, &summary);
	rangeset_done(&summary.covered);
	free(summary.has_notes);
	return status == ST_NO_MEMORY ? err_no_memory(err) : ST_OK;
}
