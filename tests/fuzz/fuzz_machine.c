// SPDX-License-Identifier: GPL-2.0-only
/* The short files that a crash load reads of a machine: facts, memory, the CPUs and where they
 * leave their registers. Each is a piece of the input. */
#include <assert.h>

#include "kexec/system/machine.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/root.h"

#define CPU "/sys/devices/system/cpu"

static const char *const paths[] = {
	"/proc/meminfo",
	CPU "/possible",
	CPU "/present",
	CPU "/cpu0/crash_notes",
	CPU "/cpu0/crash_notes_size",
	CPU "/cpu1/crash_notes",
	CPU "/cpu7/crash_notes",
	CPU "/cpu7/crash_notes_size",
	"/sys/kernel/vmcoreinfo",
	"/proc/cmdline",
	"/facts",
	"/proc/cpuinfo",
};

static void check_cpus(const struct cpus *cpus)
{
	assert(cpus->notes_count && cpus->notes_count <= cpus->possible.count);
	assert(cpus->present.count <= cpus->possible.count);
	for (size_t i = 0; i < cpus->notes_count; i++) {
		const struct cpu_notes *note = &cpus->notes[i];

		assert(note->cpu == 0 || note->cpu == 1 || note->cpu == 7);
		assert(i == 0 || cpus->notes[i - 1].cpu < note->cpu);
		assert(note->paddr && note->size && note->paddr + note->size > note->paddr);
		assert(note->size == cpus->notes[0].size);
	}
}

static void check(const struct machine *machine)
{
	check_cpus(&machine->cpus);
	assert(machine->name[0] && machine->release[0]);
	assert(machine->page_size && (machine->page_size & (machine->page_size - 1)) == 0);
	assert(machine->ram_total % 1024 == 0);
	assert(machine->vmcoreinfo_paddr && machine->vmcoreinfo_size);
	assert(!machine->cpu_features || !strchr(machine->cpu_features, '\n'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct report report = REPORT_INIT;
	struct err err = ERR_INIT;
	struct machine machine;
	struct sysroot *files;

	if (root_make())
		root_text("/proc/iomem", "40000000-7fffffff : System RAM\n"
					 "  70000000-7fffffff : Crash kernel\n");
	root_put_pieces(paths, sizeof(paths) / sizeof(paths[0]), (struct span){ data, size });
	if (sysroot_new(ROOT, &files, &err) != ST_OK) {
		assert(err.id && err.text[0]);
		return 0;
	}
	if (machine_read(files, true, &machine, &report, &err) == ST_OK) {
		check(&machine);
		machine_done(&machine);
	} else {
		assert(err.id && err.text[0]);
	}
	report_done(&report);
	sysroot_free(files);
	return 0;
}
