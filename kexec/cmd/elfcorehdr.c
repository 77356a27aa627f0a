// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/cmd/elfcorehdr.h"
#include "kexec/arch/arch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/system/armed_core.h"
#include "kexec/system/cpus.h"
#include "kexec/system/iomem.h"
#include "kexec/system/kexec_state.h"
#include "kexec/system/machine.h"
#include "lib/checked.h"
#include "lib/elfcore.h"
#include "lib/jsonw.h"
#include "lib/sysroot.h"

#define SCHEMA_VERSION 1
#define VMCORE_PATH    "/proc/vmcore"

/* What is in the notes of one program header. */
struct notes {
	unsigned int registers; /* of CPUs that had run when the machine crashed */
	bool vmcoreinfo;
};

/* All that is printed. */
struct view {
	const char *file;		   /* its name; NULL for the armed image */
	struct sysroot_file *open;	   /* owned: it, open */
	struct elfcore file_core;	   /* owned: its headers */
	struct armed_core *armed;	   /* owned: the armed image otherwise */
	const struct elfcore *core;	   /* one of the two; NULL when there is none */
	const struct elfcore_phdr *kernel; /* the entry of the kernel image, or NULL */
	struct notes *notes;		   /* owned; one for each program header of core */
	struct err notes_error;		   /* why those may be incomplete */
	bool has_machine;		   /* the rest is of the machine that the header is for */
	struct cpus cpus;		   /* no notes when they cannot be read */
	struct rangeset dumped;		   /* what a dump should hold */
	struct rangeset missing;	   /* of that, what no program header has */
	struct rangeset surplus;	   /* what program headers have besides: it is gone */
	struct cpulist missing_notes;	   /* CPUs without a program header */
	struct err unknown;		   /* why there is no answer */
};

static void view_done(struct view *view)
{
	free(view->notes);
	elfcore_done(&view->file_core);
	sysroot_close(view->open);
	armed_core_free(view->armed);
	cpus_done(&view->cpus);
	rangeset_done(&view->dumped);
	rangeset_done(&view->missing);
	rangeset_done(&view->surplus);
	cpulist_done(&view->missing_notes);
}

static int judge(const struct view *view)
{
	if (view->unknown.status)
		return COVERAGE_UNKNOWN;
	return view->missing.count || view->missing_notes.count ? COVERAGE_GAPS : COVERAGE_COMPLETE;
}

/* --- reading --------------------------------------------------------------------------- */

static int read_file(const struct sysroot *root, const char *path, struct view *view)
{
	struct elfcore_source source;
	int status = sysroot_open_dump(root, path, &view->open, &view->unknown);

	view->file = path;
	if (status)
		return status;
	source = elfcore_from_file(view->open);
	status = elfcore_read(&source, &view->file_core, &view->unknown);
	if (status)
		return err_prefix(&view->unknown, "%s", path);
	view->core = &view->file_core;
	return ST_OK;
}

/* A header outlives its image, so without an image there is nothing to look for. */
static int read_armed(const struct iomem *iomem, uint64_t page_size, const struct sysroot *root,
	struct view *view)
{
	const char *path;
	int loaded, status = kexec_state_loaded(root, true, &loaded, &path, &view->unknown);

	if (status)
		return status;
	if (loaded != 1)
		return err_set(&view->unknown, ST_NOT_FOUND, "armed-core-unloaded",
			"no crash kernel is armed");
	status = armed_core_new(root, iomem->crash_load, page_size, &view->armed, &view->unknown);
	if (status) {
		err_prefix(&view->unknown, "the header of the armed image");
		return status;
	}
	view->core = &view->armed->core;
	return ST_OK;
}

/* Below this no kernel of the machine's family dumps anything. */
static uint64_t dump_from(const struct sysroot *root)
{
	const struct arch_ops *arch;
	const char *machine;

	if (sysroot_fact(root, "machine", &machine, NULL))
		return 0;
	arch = arch_find(machine);
	return arch ? arch->dump_from : 0;
}

/* Memory, CPUs and, unless there is a file, the armed header of the machine at root. */
static int read_machine(const struct sysroot *root, bool wants_armed, struct view *view)
{
	struct iomem iomem = { .crash_load = { 0, 0 } };
	struct rangeset cma = RANGESET_INIT;
	uint64_t page_size = 0;
	int status = iomem_read(root, &iomem, &view->unknown);

	if (!status)
		status = kexec_state_read_cma(root, &cma, &view->unknown);
	if (!status)
		status = machine_read_page_size(root, &page_size, &view->unknown);
	if (!status)
		status = iomem_dumped(
			&iomem, &cma, dump_from(root), page_size, &view->dumped, &view->unknown);
	if (!status && wants_armed)
		status = read_armed(&iomem, page_size, root, view);
	if (!status)
		cpus_read(root, &view->cpus, NULL, NULL);
	rangeset_done(&cma);
	iomem_done(&iomem);
	view->has_machine = status == ST_OK;
	return status;
}

/* Which header, and which machine. A file is of a machine that nobody knows, unless its memory
 * map is beside it in a sysroot. */
static int read_sources(
	const struct request *request, const struct sysroot *root, struct view *view)
{
	const char *file = request->kernel;
	int status;

	if (!file && sysroot_exists(root, VMCORE_PATH))
		file = VMCORE_PATH;
	if (!file)
		return read_machine(root, true, view);
	status = read_file(root, file, view);
	if (status)
		return status;
	if (!sysroot_is_live(root))
		return read_machine(root, false, view);
	return err_set(&view->unknown, ST_UNSUPPORTED, "elfcorehdr-no-map",
		"the memory map of the machine that %s is of is not known here%s", file,
		request->kernel ? "" : ": this is the kernel that captures the crash");
}

/* The first PT_LOAD is the kernel image when its memory is also in another one, elsewhere in
 * virtual memory. NULL when it is not. */
static const struct elfcore_phdr *find_kernel(const struct elfcore *core)
{
	const struct elfcore_phdr *first = core->phdrs;
	const struct elfcore_phdr *end = first + core->phdrs_count;

	while (first < end && first->type != PT_LOAD)
		first++;
	for (const struct elfcore_phdr *other = first; other < end; other++)
		if (other->type == PT_LOAD && first->memsz &&
			other->vaddr - other->paddr != first->vaddr - first->paddr &&
			first->paddr - other->paddr < other->memsz)
			return first;
	return NULL;
}

/* What the entries hold. Notes may be damaged, and in a copy of a header they are not there. */
static int read_entries(struct view *view)
{
	struct elfcore_note note = { .phdr = 0 };
	bool more = true;

	view->kernel = find_kernel(view->core);
	view->notes = calloc(view->core->phdrs_count, sizeof(*view->notes));
	if (!view->notes)
		return ST_NO_MEMORY;
	while (elfcore_next_note(view->core, &note, &more, &view->notes_error) == ST_OK && more) {
		struct notes *notes = &view->notes[note.phdr];

		notes->registers += note.type == NT_PRSTATUS && strcmp(note.name, "CORE") == 0;
		notes->vmcoreinfo |= strcmp(note.name, "VMCOREINFO") == 0;
	}
	return ST_OK;
}

/* --- coverage -------------------------------------------------------------------------- */

static int covered_memory(const struct elfcore *core, struct rangeset *ret, struct err *err)
{
	for (size_t i = 0; i < core->phdrs_count; i++) {
		const struct elfcore_phdr *phdr = &core->phdrs[i];
		uint64_t end;

		if (phdr->type != PT_LOAD)
			continue;
		if (!add_u64(phdr->paddr, phdr->memsz, &end))
			return err_set(err, ST_BAD_INPUT, "elfcorehdr-range",
				"program header %zu: no memory has 0x%" PRIx64
				" bytes at 0x%" PRIx64,
				i, phdr->memsz, phdr->paddr);
		if (rangeset_add(ret, phdr->paddr, end))
			return err_no_memory(err);
	}
	rangeset_normalize(ret);
	return ST_OK;
}

/* Is it where this CPU leaves its registers? */
static bool is_for(const struct elfcore_phdr *phdr, const struct cpu_notes *cpu)
{
	return phdr->type == PT_NOTE && phdr->paddr == cpu->paddr;
}

/* CPUs whose registers would not be in a dump: none of a core file, which has them all in one. */
static int missing_notes(struct view *view)
{
	struct cpulist *list = &view->missing_notes;

	if (!view->armed || view->cpus.notes_count == 0)
		return ST_OK;
	list->ids = calloc(view->cpus.notes_count, sizeof(*list->ids));
	if (!list->ids)
		return ST_NO_MEMORY;
	for (size_t i = 0; i < view->cpus.notes_count; i++) {
		bool found = false;

		for (size_t j = 0; j < view->core->phdrs_count && !found; j++)
			found = is_for(&view->core->phdrs[j], &view->cpus.notes[i]);
		if (!found)
			list->ids[list->count++] = view->cpus.notes[i].cpu;
	}
	return ST_OK;
}

static int compare(struct view *view)
{
	struct rangeset covered = RANGESET_INIT;
	int status = covered_memory(view->core, &covered, &view->unknown);

	if (!status)
		status = rangeset_subtract(&view->dumped, &covered, &view->missing);
	if (!status)
		status = rangeset_subtract(&covered, &view->dumped, &view->surplus);
	if (!status)
		status = missing_notes(view);
	rangeset_done(&covered);
	return status;
}

/* --- words ----------------------------------------------------------------------------- */

static const struct cpu_notes *find_cpu(const struct cpus *cpus, const struct elfcore_phdr *phdr)
{
	for (size_t i = 0; i < cpus->notes_count; i++)
		if (is_for(phdr, &cpus->notes[i]))
			return &cpus->notes[i];
	return NULL;
}

/* What an entry is for. Writes to buf and returns it. */
static const char *explain(const struct view *view, size_t index, char *buf, size_t size)
{
	const struct elfcore_phdr *phdr = &view->core->phdrs[index];
	const struct notes *notes = &view->notes[index];
	const struct cpu_notes *cpu = find_cpu(&view->cpus, phdr);

	if (phdr->type == PT_LOAD)
		snprintf(buf, size, "%s", phdr == view->kernel ? "kernel image" : "RAM");
	else if (phdr->type != PT_NOTE)
		snprintf(buf, size, "of no known use");
	else if (cpu)
		snprintf(buf, size, "CPU %" PRIu32 " notes", cpu->cpu);
	else if (notes->registers)
		snprintf(buf, size, "registers of %u CPUs%s", notes->registers,
			notes->vmcoreinfo ? ", vmcoreinfo" : "");
	else
		snprintf(buf, size, "%s", notes->vmcoreinfo ? "vmcoreinfo" : "notes");
	return buf;
}

static const char *type_name(uint32_t type)
{
	return type == PT_LOAD ? "PT_LOAD" : type == PT_NOTE ? "PT_NOTE" : "other";
}

static const char *const verdicts[] = {
	[COVERAGE_COMPLETE] = "complete",
	[COVERAGE_GAPS] = "gaps",
	[COVERAGE_UNKNOWN] = "unknown",
};

/* --- text ------------------------------------------------------------------------------ */

static void print_entries(const struct view *view, FILE *out)
{
	char what[64];

	fprintf(out, "  %5s  %-7s  %-18s  %-18s  %-18s  %-12s  %s\n", "index", "type", "offset",
		"virtual", "physical", "size", "what");
	for (size_t i = 0; i < view->core->phdrs_count; i++) {
		const struct elfcore_phdr *phdr = &view->core->phdrs[i];

		fprintf(out,
			"  %5zu  %-7s  0x%016" PRIx64 "  0x%016" PRIx64 "  0x%016" PRIx64
			"  0x%-10" PRIx64 "  %s\n",
			i, type_name(phdr->type), phdr->offset, phdr->vaddr, phdr->paddr,
			phdr->memsz, explain(view, i, what, sizeof(what)));
	}
}

static void print_ranges(const char *what, const struct rangeset *set, FILE *out)
{
	for (size_t i = 0; i < set->count; i++)
		fprintf(out, "%s: [0x%" PRIx64 ", 0x%" PRIx64 "), %" PRIu64 " bytes\n", what,
			set->ranges[i].start, set->ranges[i].end, range_size(set->ranges[i]));
}

static void print_text(const struct view *view, FILE *out)
{
	if (view->armed)
		fprintf(out, "ELF core header of the armed image, at 0x%" PRIx64 ":\n",
			view->armed->address);
	else if (view->core)
		fprintf(out, "ELF core header of %s:\n", view->file);
	if (view->core)
		print_entries(view, out);
	if (view->notes_error.status)
		fprintf(out, "notes: cannot be read: %s\n", view->notes_error.text);
	print_ranges("missing", &view->missing, out);
	for (size_t i = 0; i < view->missing_notes.count; i++)
		fprintf(out, "missing: the registers of CPU %" PRIu32 "\n",
			view->missing_notes.ids[i]);
	print_ranges("no memory of this machine any more", &view->surplus, out);
	if (view->unknown.status)
		fprintf(out, "coverage: unknown: %s [%s]\n", view->unknown.text, view->unknown.id);
	else
		fprintf(out, "coverage: %s: %" PRIu64 " of %" PRIu64 " bytes\n",
			verdicts[judge(view)],
			rangeset_bytes(&view->dumped) - rangeset_bytes(&view->missing),
			rangeset_bytes(&view->dumped));
}

/* --- JSON ------------------------------------------------------------------------------ */

static struct json_object *describe_entry(struct jsonw *writer, const void *context, size_t index)
{
	const struct view *view = context;
	struct json_object *object = json_object_new_object();
	const struct elfcore_phdr *phdr = &view->core->phdrs[index];
	char what[64];

	jsonw_put_number(writer, object, "index", index);
	jsonw_put_text(writer, object, "type", type_name(phdr->type));
	jsonw_put_hex(writer, object, "offset", phdr->offset);
	jsonw_put_hex(writer, object, "vaddr", phdr->vaddr);
	jsonw_put_hex(writer, object, "paddr", phdr->paddr);
	jsonw_put_number(writer, object, "filesz", phdr->filesz);
	jsonw_put_number(writer, object, "memsz", phdr->memsz);
	jsonw_put_number(writer, object, "flags", phdr->flags);
	jsonw_put_text(writer, object, "what", explain(view, index, what, sizeof(what)));
	return object;
}

static struct json_object *describe_cpus(struct jsonw *writer, const struct cpulist *list)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < list->count; i++)
		jsonw_append(writer, array, json_object_new_uint64(list->ids[i]));
	return array;
}

static struct json_object *describe_coverage(struct jsonw *writer, const struct view *view)
{
	struct json_object *object = json_object_new_object();

	jsonw_put_text(writer, object, "verdict", verdicts[judge(view)]);
	if (view->unknown.status) {
		jsonw_put_text(writer, object, "reason", view->unknown.text);
		jsonw_put_text(writer, object, "id", view->unknown.id);
		return object;
	}
	jsonw_put_number(writer, object, "memory", rangeset_bytes(&view->dumped));
	jsonw_put(writer, object, "missing", jsonw_ranges(writer, &view->missing));
	jsonw_put(writer, object, "missing_cpus", describe_cpus(writer, &view->missing_notes));
	jsonw_put(writer, object, "surplus", jsonw_ranges(writer, &view->surplus));
	return object;
}

static int print_json(const struct view *view, FILE *out, struct err *err)
{
	struct jsonw writer = { .failed = false };
	struct json_object *object = json_object_new_object();
	struct blob text = BLOB_INIT;

	jsonw_put_text(&writer, object, "schema", "kexec-elfcorehdr");
	jsonw_put_number(&writer, object, "version", SCHEMA_VERSION);
	jsonw_put_text(&writer, object, "file", view->file);
	if (view->armed)
		jsonw_put_hex(&writer, object, "address", view->armed->address);
	jsonw_put(&writer, object, "program_headers",
		jsonw_array(
			&writer, describe_entry, view, view->core ? view->core->phdrs_count : 0));
	if (view->notes_error.status)
		jsonw_put_text(&writer, object, "notes_error", view->notes_error.text);
	jsonw_put(&writer, object, "coverage", describe_coverage(&writer, view));
	return print_made(jsonw_finish(&writer, object, &text), &text, out, err);
}

/* --- the verb -------------------------------------------------------------------------- */

int show_elfcorehdr(
	const struct request *request, const struct cmd_io *io, int *ret_answer, struct err *err)
{
	struct view view = { .file = NULL };
	struct sysroot *root;
	int status = sysroot_new(request->sysroot, &root, err);

	if (status)
		return status;
	status = read_sources(request, root, &view);
	if (view.core && status != ST_NO_MEMORY)
		status = read_entries(&view);
	if (view.core && view.has_machine && status != ST_NO_MEMORY)
		status = compare(&view);
	if (status == ST_NO_MEMORY)
		status = err_no_memory(err);
	else if (request->elfcorehdr == ELFCOREHDR_JSON)
		status = print_json(&view, io->out, err);
	else
		print_text(&view, io->out);
	if (status != ST_NO_MEMORY) {
		status = ST_OK;
		*ret_answer = judge(&view);
	}
	view_done(&view);
	sysroot_free(root);
	return status;
}
