// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/system/machine.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/system/boot_memory.h"
#include "kexec/system/devtree.h"
#include "lib/checked.h"
#include "lib/cursor.h"
#include "lib/vmcoreinfo.h"

#define VMCOREINFO_PATH "/sys/kernel/vmcoreinfo"
#define MEMINFO_PATH	"/proc/meminfo"
#define CMDLINE_PATH	"/proc/cmdline"
#define CPUINFO_PATH	"/proc/cpuinfo"

#define CANNOT_READ "cannot read the machine"

#define MACHINE_TEXT_MAX (1u << 20)
#define CPUINFO_TEXT_MAX (64u << 20)

/* 4 KiB is the least that Linux has; the most, 256 KiB, is on Hexagon and PowerPC. */
#define PAGE_SIZE_MIN (UINT64_C(4) << 10)
#define PAGE_SIZE_MAX (UINT64_C(256) << 10)

/* The capture kernel allocates the note in one piece (fs/proc/vmcore.c). */
#define VMCOREINFO_SIZE_MAX (UINT64_C(1) << 20)

void machine_done(struct machine *machine)
{
	iomem_done(&machine->iomem);
	cpus_done(&machine->cpus);
	kcore_done(&machine->layout.kcore);
	blob_done(&machine->fdt);
	x86_boot_done(&machine->x86_boot);
	rangeset_done(&machine->boot_memory);
	kconfig_done(&machine->config);
	rangeset_done(&machine->crash_cma);
	free(machine->cmdline);
	free(machine->cpu_features);
	free(machine->cpu_mmu);
	free(machine->platform);
	*machine = (struct machine){ .cmdline = NULL };
}

static int read_name(
	const struct sysroot *root, const char *fact, char *ret, size_t ret_size, struct err *err)
{
	const char *text;
	int status;

	status = sysroot_fact(root, fact, &text, err);
	if (status != ST_OK)
		return status;
	if (!*text || strlen(text) >= ret_size)
		return err_set(err, ST_BAD_INPUT, "machine-fact",
			"fact %s: found %zu characters, wanted 1 to %zu", fact, strlen(text),
			ret_size - 1);
	memcpy(ret, text, strlen(text) + 1);
	return ST_OK;
}

int machine_read_page_size(const struct sysroot *root, uint64_t *ret, struct err *err)
{
	const char *text;
	uint64_t value;
	int status;

	status = sysroot_fact(root, "page_size", &text, err);
	if (status != ST_OK)
		return status;
	if (!span_number((struct span){ (const uint8_t *)text, strlen(text) }, 10, &value) ||
		!is_power_of_two(value) || value < PAGE_SIZE_MIN || value > PAGE_SIZE_MAX)
		return err_set(err, ST_BAD_INPUT, "machine-page-size",
			"fact page_size: found \"%.40s\", wanted a power of two from %" PRIu64
			" to %" PRIu64,
			text, PAGE_SIZE_MIN, PAGE_SIZE_MAX);
	*ret = value;
	return ST_OK;
}

static int read_facts(const struct sysroot *root, struct machine *machine, struct err *err)
{
	int status;

	status = read_name(root, "machine", machine->name, sizeof(machine->name), err);
	if (status == ST_OK)
		status =
			read_name(root, "release", machine->release, sizeof(machine->release), err);
	if (status == ST_OK)
		status = machine_read_page_size(root, &machine->page_size, err);
	return status;
}

static int read_memory_map(const struct sysroot *root, struct iomem *ret, struct err *err)
{
	int status;

	status = iomem_read(root, ret, err);
	if (status != ST_OK)
		return status;
	if (ret->ram.count == 0)
		return err_set(err, ST_BAD_INPUT, "iomem-no-ram",
			"/proc/iomem has no line \"System RAM\"");
	return ST_OK;
}

/* "MemTotal:       16318480 kB" (fs/proc/meminfo.c), or another line. */
static int parse_meminfo(struct span text, const char *name, uint64_t *ret, struct err *err)
{
	struct cursor cursor = cursor_over(text);
	struct span line;
	uint64_t kib;

	while (cursor_line(&cursor, &line)) {
		if (!span_skip(&line, name))
			continue;
		line = span_trim(line);
		if (span_take_number(&line, 10, &kib) && span_equals(line, " kB") &&
			mul_u64(kib, 1024, ret))
			return ST_OK;
		return err_set(err, ST_BAD_INPUT, "meminfo-total",
			MEMINFO_PATH " line %zu: wanted \"%s NUMBER kB\"", cursor.line, name);
	}
	return err_set(err, ST_NOT_FOUND, "meminfo-total", MEMINFO_PATH " has no %s", name);
}

static uint64_t available_by(struct span text)
{
	uint64_t available = 0, swap = 0;

	if (parse_meminfo(text, "MemAvailable:", &available, NULL) == ST_OK &&
		parse_meminfo(text, "SwapFree:", &swap, NULL) == ST_OK &&
		!add_u64(available, swap, &available))
		available = 0;
	return available;
}

uint64_t machine_read_available(const struct sysroot *root)
{
	struct blob text = BLOB_INIT;
	uint64_t available = 0;

	if (sysroot_read_text(root, MEMINFO_PATH, MACHINE_TEXT_MAX, &text, NULL) == ST_OK)
		available = available_by(blob_span(&text));
	blob_done(&text);
	return available;
}

/* What is merely missing: empty, and said. Only lack of memory stays an error. */
static int do_without(struct report *report, enum report_kind kind, const char *area,
	const char *what, const struct err *why, struct err *err)
{
	if (why->status == ST_NO_MEMORY)
		return err_no_memory(err);
	report_add(report, kind, area, "%s: %s", what, why->text);
	return ST_OK;
}

/* One look at memory: its numbers are of the same moment. */
static int read_amounts(
	const struct sysroot *root, struct machine *machine, struct report *report, struct err *err)
{
	struct blob text = BLOB_INIT;
	struct err why = ERR_INIT;
	int status;

	machine->cma_total = 0;
	status = sysroot_read_text(root, MEMINFO_PATH, MACHINE_TEXT_MAX, &text, &why);
	if (status == ST_OK) {
		machine->ram_available = available_by(blob_span(&text));
		status = parse_meminfo(blob_span(&text), "MemTotal:", &machine->ram_total, &why);
	}
	if (status == ST_OK &&
		parse_meminfo(blob_span(&text), "CmaTotal:", &machine->cma_total, NULL))
		machine->cma_total = 0; /* a kernel without CMA */
	blob_done(&text);
	if (status == ST_OK)
		return ST_OK;
	machine->ram_total = 0;
	return do_without(report, REPORT_CHOICE, "memory", "size of RAM not known", &why, err);
}

/* "0x%016llx %x" (kernel/ksysfs.c): both are hexadecimal, the size without 0x. */
int machine_parse_vmcoreinfo(
	struct span text, uint64_t *ret_paddr, uint64_t *ret_size, struct err *err)
{
	struct span line = span_trim(text);
	struct span rest = line;
	uint64_t paddr;
	uint64_t size;
	uint64_t end;

	if (!span_skip(&rest, "0x") || !span_take_number(&rest, 16, &paddr) ||
		!span_skip(&rest, " ") || !span_take_number(&rest, 16, &size) || rest.size)
		return err_set(err, ST_BAD_INPUT, "vmcoreinfo-syntax",
			"found \"%.*s\", wanted \"0xADDRESS SIZE\" in hexadecimal",
			line.size > 80 ? 80 : (int)line.size,
			line.data ? (const char *)line.data : "");
	if (paddr == 0) {
		err_set(err, ST_DENIED, "vmcoreinfo-hidden",
			"the address reads 0: the kernel hides it");
		return err_hint(err, "run as root, in the initial user namespace");
	}
	if (size == 0 || size > VMCOREINFO_SIZE_MAX || !add_u64(paddr, size, &end))
		return err_set(err, ST_BAD_INPUT, "vmcoreinfo-size",
			"found 0x%" PRIx64 " bytes at 0x%" PRIx64 ", wanted 1 to 0x%" PRIx64, size,
			paddr, VMCOREINFO_SIZE_MAX);
	*ret_paddr = paddr;
	*ret_size = size;
	return ST_OK;
}

int machine_read_vmcoreinfo(
	const struct sysroot *root, uint64_t *ret_paddr, uint64_t *ret_size, struct err *err)
{
	struct blob text = BLOB_INIT;
	int status;

	status = sysroot_read_text(root, VMCOREINFO_PATH, MACHINE_TEXT_MAX, &text, err);
	if (status == ST_NOT_FOUND) {
		err_set(err, ST_UNSUPPORTED, "vmcoreinfo-unsupported",
			VMCOREINFO_PATH
			" is missing: the running kernel describes itself to no dump");
		return err_hint(err, "a kernel with CONFIG_VMCORE_INFO (CONFIG_CRASH_DUMP in older "
				     "ones) has it");
	}
	if (status != ST_OK)
		return status;
	status = machine_parse_vmcoreinfo(blob_span(&text), ret_paddr, ret_size, err);
	if (status != ST_OK)
		err_prefix(err, VMCOREINFO_PATH);
	blob_done(&text);
	return status;
}

/* Is the entry of the kernel's own image among the program headers? It begins where
 * "Kernel code" does and has the size up to the end of "Kernel data". */
static bool kcore_has_text(const struct kcore *kcore, const struct iomem *iomem)
{
	uint64_t size;

	if (!sub_u64(iomem->kernel_data.end, iomem->kernel_code.start, &size) || size == 0)
		return false;
	for (size_t i = 0; i < kcore->loads_count; i++)
		if (kcore->loads[i].paddr == iomem->kernel_code.start &&
			kcore->loads[i].size == size)
			return true;
	return false;
}

static int read_layout(
	const struct sysroot *root, struct machine *machine, struct report *report, struct err *err)
{
	struct err why = ERR_INIT;
	int status;

	status = kcore_read(root, &machine->layout.kcore, &why);
	/* Memory that comes or goes just then: what is read again is whole. */
	if (status == ST_CHANGED || status == ST_SYSTEM)
		return err_set(err, ST_CHANGED, why.id, "%s", why.text);
	if (status != ST_OK) {
		status = do_without(report,
			why.status == ST_NOT_FOUND || why.status == ST_DENIED ? REPORT_CHOICE
									      : REPORT_WARNING,
			"layout", "kernel addresses not from kcore", &why, err);
		if (status != ST_OK)
			return status;
	}
	/* All the symbols of a kernel are megabytes that take it a while to print. On x86 all that
	 * is wanted stands elsewhere, and on POWER nothing is. */
	if (machine->x86_boot.params.size || machine->cpu_mmu)
		return ST_OK;
	if (kcore_has_text(&machine->layout.kcore, &machine->iomem)) {
		report_add(report, REPORT_CHOICE, "layout",
			"kernel text and linear map from kcore, kallsyms not read");
		return ST_OK;
	}
	err_clear(&why);
	if (kallsyms_read(root, &machine->layout.kallsyms, &why) == ST_OK)
		return ST_OK;
	return do_without(
		report, REPORT_CHOICE, "layout", "kernel addresses not from kallsyms", &why, err);
}

static int read_devtree(
	const struct sysroot *root, struct blob *ret, struct report *report, struct err *err)
{
	int status;

	status = devtree_read(root, ret, report, err);
	if (status != ST_NOT_FOUND)
		return status;
	report_add(report, REPORT_CHOICE, "devtree", "the machine has none");
	err_clear(err);
	return ST_OK;
}

static int read_config(
	const struct sysroot *root, struct machine *machine, struct report *report, struct err *err)
{
	int status;

	status = kconfig_read(root, machine->release, &machine->config, report, err);
	if (status != ST_OK)
		return status;
	if (machine->config.source)
		report_add(report, REPORT_CHOICE, "config", "kernel configuration from %s",
			machine->config.source);
	else
		report_add(report, REPORT_CHOICE, "config",
			"no kernel configuration in /proc, /boot or /lib/modules");
	return ST_OK;
}

static int read_cmdline(
	const struct sysroot *root, char **ret, struct report *report, struct err *err)
{
	struct blob text = BLOB_INIT;
	struct err why = ERR_INIT;
	struct span line;

	if (sysroot_read_text(root, CMDLINE_PATH, MACHINE_TEXT_MAX, &text, &why) != ST_OK)
		return do_without(report,
			why.status == ST_NOT_FOUND ? REPORT_CHOICE : REPORT_WARNING, "cmdline",
			"running command line not known", &why, err);
	/* A newline that firmware put into it is white space like any other. */
	line = blob_span(&text);
	if (line.size && line.data[line.size - 1] == '\n')
		line.size--;
	*ret = span_strdup(line);
	blob_done(&text);
	return *ret ? ST_OK : err_no_memory(err);
}

/*
 * "Features\t: fp asimd evtstrm" (arch/arm64/kernel/cpuinfo.c): what the kernel uses and has opened
 * to programs, the same for each CPU. "platform\t: pSeries", then "MMU\t\t: Radix" or "Hash"
 * (arch/powerpc: setup-common.c:show_cpuinfo_summary, and that of the platform). No CPU family has
 * both.
 */
static int read_cpuinfo(
	const struct sysroot *root, struct machine *machine, struct report *report, struct err *err)
{
	const struct {
		const char *name;
		char **ret;
	} wanted[] = { { "Features", &machine->cpu_features }, { "platform", &machine->platform },
		{ "MMU", &machine->cpu_mmu } };
	struct blob text = BLOB_INIT;
	struct err why = ERR_INIT;
	struct cursor cursor;
	struct span line, name;
	int status;

	status = sysroot_read(root, CPUINFO_PATH, CPUINFO_TEXT_MAX, &text, &why);
	if (status == ST_NOT_FOUND)
		return ST_OK;
	if (status != ST_OK)
		return do_without(report, REPORT_WARNING, "machine", "what its CPUs use not known",
			&why, err);
	cursor = cursor_over(blob_span(&text));
	while (status == ST_OK && !machine->cpu_features && !machine->cpu_mmu &&
		cursor_line(&cursor, &line)) {
		if (!span_take_until(&line, ':', &name))
			continue;
		for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
			if (*wanted[i].ret || !span_equals(span_trim(name), wanted[i].name))
				continue;
			*wanted[i].ret = span_strdup(span_trim(line));
			if (!*wanted[i].ret)
				status = err_no_memory(err);
		}
	}
	blob_done(&text);
	return status;
}

/* What a load cannot do without. */
static int read_needed(const struct sysroot *root, bool crash, struct machine *machine,
	struct report *report, struct err *err)
{
	int status;

	status = read_facts(root, machine, err);
	if (status == ST_OK)
		status = read_memory_map(root, &machine->iomem, err);
	if (status == ST_OK && crash)
		status = cpus_read(root, &machine->cpus, report, err);
	if (status == ST_OK && crash)
		status = machine_read_vmcoreinfo(
			root, &machine->vmcoreinfo_paddr, &machine->vmcoreinfo_size, err);
	if (status == ST_OK && crash)
		status = kexec_state_read_cma(root, &machine->crash_cma, err);
	return status;
}

/* What an x86 kernel knows from its boot loader. The memory that it had at boot is what a kernel
 * for a restart finds. */
static int read_x86_boot(const struct sysroot *root, bool crash, struct machine *machine,
	struct report *report, struct err *err)
{
	int status = x86_boot_read(root, &machine->x86_boot, report, err);

	if (status == ST_OK && !crash)
		status = x86_boot_read_memory(root, &machine->x86_boot, report, err);
	if (status == ST_OK && e820_ram(&machine->x86_boot.memory, &machine->boot_memory))
		status = err_no_memory(err);
	return status;
}

int machine_read_tree(
	const struct sysroot *root, struct machine *machine, struct report *report, struct err *err)
{
	struct err why = ERR_INIT;
	int status = ST_OK;

	if (machine->fdt.size == 0)
		status = read_devtree(root, &machine->fdt, report, &why);
	return status ? do_without(report, REPORT_CHOICE, "devtree", "not known", &why, err)
		      : ST_OK;
}

/* Not all of them know addresses of more than 48 bits; else nobody asks, and it is not read. */
static int read_dump_filter(const struct sysroot *root, struct machine *machine, struct err *err)
{
	uint64_t bits;

	if (!vmcoreinfo_number(
		    blob_span(&machine->layout.kcore.vmcoreinfo), "NUMBER(VA_BITS)", 10, &bits) ||
		bits <= 48)
		return ST_OK;
	return dump_filter_read(root, &machine->dump_filter, err);
}

int machine_complete(const struct sysroot *root, bool crash, struct machine *machine,
	struct report *report, struct err *err)
{
	int status = ST_OK;

	if (crash)
		status = read_layout(root, machine, report, err);
	if (status == ST_OK && crash)
		status = x86_boot_read_memory(root, &machine->x86_boot, report, err);
	if (status == ST_OK && crash)
		status = read_dump_filter(root, machine, err);
	if (status == ST_OK && machine->fdt.size == 0)
		status = read_devtree(root, &machine->fdt, report, err);
	if (status == ST_OK && !crash)
		status = boot_memory_read(
			root, blob_span(&machine->fdt), &machine->boot_memory, report, err);
	if (status == ST_OK)
		status = firmware_read(
			root, blob_span(&machine->fdt), &machine->firmware, report, err);
	if (status == ST_OK)
		status = read_config(root, machine, report, err);
	machine->complete = status == ST_OK;
	return status ? err_prefix(err, CANNOT_READ) : ST_OK;
}

static int read_all(const struct sysroot *root, bool crash, bool for_files, struct machine *machine,
	struct report *report, struct err *err)
{
	int status;

	kexec_state_read(root, &machine->state, report);
	status = read_needed(root, crash, machine, report, err);
	if (status == ST_OK)
		status = read_amounts(root, machine, report, err);
	if (status == ST_OK)
		status = read_cpuinfo(root, machine, report, err);
	if (status == ST_OK)
		status = read_x86_boot(root, crash, machine, report, err);
	if (status == ST_OK && for_files && crash)
		status = firmware_read_memory(root, &machine->firmware, report, err);
	if (status != ST_OK)
		return err_prefix(err, CANNOT_READ);
	if (!for_files)
		status = machine_complete(root, crash, machine, report, err);
	if (status != ST_OK)
		return status;
	status = read_cmdline(root, &machine->cmdline, report, err);
	return status ? err_prefix(err, CANNOT_READ) : ST_OK;
}

static int read_machine(const struct sysroot *root, bool crash, bool for_files, struct machine *ret,
	struct report *report, struct err *err)
{
	struct machine machine = { .cmdline = NULL };
	int status = read_all(root, crash, for_files, &machine, report, err);

	if (status != ST_OK) {
		machine_done(&machine);
		return status;
	}
	*ret = machine;
	return ST_OK;
}

int machine_read(const struct sysroot *root, bool crash, struct machine *ret, struct report *report,
	struct err *err)
{
	return read_machine(root, crash, false, ret, report, err);
}

int machine_read_for_files(const struct sysroot *root, bool crash, struct machine *ret,
	struct report *report, struct err *err)
{
	return read_machine(root, crash, true, ret, report, err);
}
