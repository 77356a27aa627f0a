// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/cmd/elfcorehdr.h"

#include <inttypes.h>
#include <string.h>

#include "kexec/cmd/coverage.h"
#include "kexec/cmd/jsonout.h"

#define SCHEMA_VERSION 1

/* --- words ----------------------------------------------------------------------------- */

/* What an entry is for. Writes to buf, or not, and returns it. */
static const char *explain(const struct coverage *coverage, size_t index,
	const struct elfcore_phdr *phdr, struct core_notes notes, char *buf, size_t size)
{
	const struct cpu_notes *cpu = coverage_cpu(coverage, phdr);

	if (phdr->type == PT_LOAD)
		return index == coverage->kernel ? "kernel image" : "RAM";
	if (phdr->type != PT_NOTE)
		return "of no known use";
	if (cpu)
		snprintf(buf, size, "CPU %" PRIu32 " notes", cpu->cpu);
	else if (notes.registers)
		snprintf(buf, size, "registers of %" PRIu32 " CPUs%s", notes.registers,
			notes.vmcoreinfo ? ", vmcoreinfo" : "");
	else
		return notes.vmcoreinfo ? "vmcoreinfo" : "notes";
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

/* They are read again, and may not be readable any more: what ended that goes to why. */
static void print_entries(const struct coverage *coverage, FILE *out, struct err *why)
{
	const struct elfcore_phdr *phdr;
	struct notes_pass pass = { .core = coverage->core };
	char what[64];

	fprintf(out, "  %5s  %-7s  %-18s  %-18s  %-18s  %-12s  %s\n", "index", "type", "offset",
		"virtual", "physical", "size", "what");
	for (size_t i = 0; i < coverage->core->phdrs_count; i++) {
		struct core_notes notes = notes_pass_of(&pass, i);

		if (elfcore_phdr(coverage->core, i, &phdr, why))
			return;
		fprintf(out,
			"  %5zu  %-7s  0x%016" PRIx64 "  0x%016" PRIx64 "  0x%016" PRIx64
			"  0x%-10" PRIx64 "  %s\n",
			i, type_name(phdr->type), phdr->offset, phdr->vaddr, phdr->paddr,
			phdr->memsz, explain(coverage, i, phdr, notes, what, sizeof(what)));
	}
	*why = pass.error;
}

static void print_ranges(const char *what, const struct rangeset *set, FILE *out)
{
	for (size_t i = 0; i < set->count; i++)
		fprintf(out, "%s: [0x%" PRIx64 ", 0x%" PRIx64 "), %" PRIu64 " bytes\n", what,
			set->ranges[i].start, set->ranges[i].end, range_size(set->ranges[i]));
}

static void print_gaps(const struct coverage *coverage, FILE *out)
{
	print_ranges("missing", &coverage->missing, out);
	for (size_t i = 0; i < coverage->missing_notes.count; i++)
		fprintf(out, "missing: the registers of CPU %" PRIu32 "\n",
			coverage->missing_notes.ids[i]);
	if (coverage->lacks_registers)
		fputs("missing: the registers of any CPU\n", out);
	if (coverage->lacks_vmcoreinfo)
		fputs("missing: VMCOREINFO, without which nothing reads the dump\n", out);
	if (coverage->unreadable)
		fprintf(out, "unreadable: the first or the last page of %" PRIu64 " ranges: %s\n",
			coverage->unreadable, coverage->unreadable_why.text);
	print_ranges("no memory of this machine any more", &coverage->surplus, out);
}

static void print_verdict(const struct coverage *coverage, FILE *out)
{
	int verdict = coverage_judge(coverage);

	if (coverage->not_compared.status && verdict != COVERAGE_UNKNOWN)
		fprintf(out, "not compared: %s [%s]\n", coverage->not_compared.text,
			coverage->not_compared.id);
	if (coverage->unknown.status && verdict == COVERAGE_GAPS)
		fprintf(out, "not known: %s [%s]\n", coverage->unknown.text, coverage->unknown.id);
	if (verdict == COVERAGE_UNKNOWN)
		fprintf(out, "coverage: unknown: %s [%s]\n", coverage->unknown.text,
			coverage->unknown.id);
	else if (coverage->has_machine)
		fprintf(out, "coverage: %s: %" PRIu64 " of %" PRIu64 " bytes\n", verdicts[verdict],
			rangeset_bytes(&coverage->dumped) - rangeset_bytes(&coverage->missing),
			rangeset_bytes(&coverage->dumped));
	else
		fprintf(out, "coverage: %s: of what the dump says it has\n", verdicts[verdict]);
}

static void print_text(const struct coverage *coverage, FILE *out)
{
	struct err why = ERR_INIT;

	if (coverage->armed)
		fprintf(out, "ELF core header of the armed image, at 0x%" PRIx64 ":\n",
			coverage->armed->address);
	else if (coverage->core)
		fprintf(out, "ELF core header of %s:\n", coverage->file);
	if (coverage->core)
		print_entries(coverage, out, &why);
	if (coverage->notes_error.status)
		why = coverage->notes_error;
	if (why.status)
		fprintf(out, "notes: cannot be read: %s\n", why.text);
	print_gaps(coverage, out);
	print_verdict(coverage, out);
}

/* --- JSON ------------------------------------------------------------------------------ */

static void put_entries(const struct coverage *coverage, struct jsonout *json, struct err *why)
{
	size_t count = coverage->core ? coverage->core->phdrs_count : 0;
	const struct elfcore_phdr *phdr;
	struct notes_pass pass = { .core = coverage->core };
	char what[64];

	jsonout_open(json, "program_headers", '[');
	for (size_t i = 0; i < count; i++) {
		struct core_notes notes = notes_pass_of(&pass, i);

		if (elfcore_phdr(coverage->core, i, &phdr, &pass.error))
			break;
		jsonout_open(json, NULL, '{');
		jsonout_number(json, "index", i);
		jsonout_text(json, "type", type_name(phdr->type));
		jsonout_hex(json, "offset", phdr->offset);
		jsonout_hex(json, "vaddr", phdr->vaddr);
		jsonout_hex(json, "paddr", phdr->paddr);
		jsonout_number(json, "filesz", phdr->filesz);
		jsonout_number(json, "memsz", phdr->memsz);
		jsonout_number(json, "flags", phdr->flags);
		jsonout_text(json, "what", explain(coverage, i, phdr, notes, what, sizeof(what)));
		jsonout_close(json, '{');
	}
	jsonout_close(json, '[');
	*why = pass.error;
}

static void put_ranges(struct jsonout *json, const char *key, const struct rangeset *set)
{
	jsonout_open(json, key, '[');
	for (size_t i = 0; i < set->count; i++) {
		jsonout_open(json, NULL, '{');
		jsonout_hex(json, "start", set->ranges[i].start);
		jsonout_hex(json, "end", set->ranges[i].end);
		jsonout_number(json, "size", range_size(set->ranges[i]));
		jsonout_close(json, '{');
	}
	jsonout_close(json, '[');
}

static void put_gaps(const struct coverage *coverage, struct jsonout *json)
{
	jsonout_number(json, "memory", rangeset_bytes(&coverage->dumped));
	put_ranges(json, "missing", &coverage->missing);
	jsonout_open(json, "missing_cpus", '[');
	for (size_t i = 0; i < coverage->missing_notes.count; i++)
		jsonout_number(json, NULL, coverage->missing_notes.ids[i]);
	jsonout_close(json, '[');
	put_ranges(json, "surplus", &coverage->surplus);
}

static void put_coverage(const struct coverage *coverage, struct jsonout *json)
{
	jsonout_open(json, "coverage", '{');
	jsonout_text(json, "verdict", verdicts[coverage_judge(coverage)]);
	if (coverage->unknown.status) {
		jsonout_text(json, "reason", coverage->unknown.text);
		jsonout_text(json, "id", coverage->unknown.id);
	}
	jsonout_bool(json, "compared", coverage->has_machine);
	if (coverage->has_machine)
		put_gaps(coverage, json);
	if (coverage->core)
		jsonout_bool(json, "missing_vmcoreinfo", coverage->lacks_vmcoreinfo);
	if (coverage->core && coverage->is_dump) {
		jsonout_bool(json, "missing_registers", coverage->lacks_registers);
		jsonout_number(json, "unreadable", coverage->unreadable);
		jsonout_text(json, "unreadable_reason",
			coverage->unreadable ? coverage->unreadable_why.text : NULL);
	}
	jsonout_close(json, '{');
}

static void print_json(const struct coverage *coverage, FILE *out)
{
	struct jsonout json = { .file = out };
	struct err why = ERR_INIT;

	jsonout_open(&json, NULL, '{');
	jsonout_text(&json, "schema", "kexec-elfcorehdr");
	jsonout_number(&json, "version", SCHEMA_VERSION);
	jsonout_text(&json, "file", coverage->file);
	if (coverage->armed)
		jsonout_hex(&json, "address", coverage->armed->address);
	put_entries(coverage, &json, &why);
	if (coverage->notes_error.status)
		why = coverage->notes_error;
	if (why.status)
		jsonout_text(&json, "notes_error", why.text);
	put_coverage(coverage, &json);
	jsonout_close(&json, '{');
}

/* --- the verb -------------------------------------------------------------------------- */

int show_elfcorehdr(
	const struct request *request, const struct cmd_io *io, int *ret_answer, struct err *err)
{
	struct coverage coverage;
	struct sysroot *root;
	int status = sysroot_new(request->sysroot, &root, err);

	if (status)
		return status;
	status = coverage_read(request, root, &coverage, err);
	if (!status) {
		*ret_answer = coverage_judge(&coverage);
		if (request->elfcorehdr == ELFCOREHDR_JSON)
			print_json(&coverage, io->out);
		else
			print_text(&coverage, io->out);
	}
	coverage_done(&coverage);
	sysroot_free(root);
	return status;
}
