// SPDX-License-Identifier: GPL-2.0-only
/* A load that a panic starts: what the crash region takes, and what the dump will hold. */
#include <inttypes.h>

#include "kexec/plan/arch_ops.h"
#include "kexec/plan/crash.h"
#include "kexec/plan/elfcorehdr_build.h"
#include "kexec/plan/make.h"
#include "kexec/plan/plan.h"
#include "kexec/system/crashkernel.h"
#include "lib/checked.h"

/* linux,usable-memory-range and the kernel know two (kernel/crash_reserve.c). */
#define CRASH_REGIONS_MAX 2

/* It was asked for, and the kernel did not do it. */
static int hint_unfulfilled(const struct machine *machine, struct span value, struct err *err)
{
	uint64_t ram = rangeset_bytes(&machine->iomem.ram) >> 20, size;
	enum crashkernel_verdict verdict =
		crashkernel_judge(value, rangeset_bytes(&machine->iomem.ram), &size);
	int length = value.size < 80 ? (int)value.size : 80;
	const char *text = (const char *)value.data;

	switch (verdict) {
	case CRASHKERNEL_NOT_UNDERSTOOD:
		return err_hint(err,
			"the running kernel does not understand crashkernel=%.*s, or not all of "
			"it; "
			"crashkernel=256M it does",
			length, text);
	case CRASHKERNEL_NO_RANGE:
		return err_hint(err,
			"crashkernel=%.*s has no range for a machine with %" PRIu64 " MiB of "
			"memory; crashkernel=256M has no ranges",
			length, text, ram);
	case CRASHKERNEL_COMPANION:
		return err_hint(err,
			"crashkernel=%.*s only goes with another one: add crashkernel=256M", length,
			text);
	case CRASHKERNEL_ZERO:
		return err_hint(err,
			"crashkernel=%.*s asks for nothing on this machine, with %" PRIu64
			" MiB of memory; crashkernel=256M asks for something",
			length, text, ram);
	case CRASHKERNEL_TOO_LARGE:
	case CRASHKERNEL_FITS:
		break;
	}
	return err_hint(err,
		"crashkernel=%.*s was given, and the running kernel did not fulfil it: it found no "
		"%" PRIu64 " MiB free in one piece, of %" PRIu64 " MiB in all, or cannot do it; "
		"dmesg | grep -i crashkernel says why, and a smaller one may fit",
		length, text, size >> 20, ram);
}

int crash_region_missing(const struct machine *machine, struct err *err)
{
	struct span value = { .data = NULL };

	if (machine->cmdline)
		value = crashkernel_value(machine->cmdline);
	err_set(err, ST_NO_CRASH_MEM, "crash-region-missing",
		"Memory for crashkernel is not reserved: /proc/iomem has no \"Crash kernel\"");
	if (machine->state.fadump == 1)
		return err_hint(err,
			"fadump is enabled, and takes the place of a crash region: the firmware "
			"dumps; to use kexec boot the running kernel without fadump=on");
	if (value.size)
		return hint_unfulfilled(machine, value, err);
	return err_hint(err, "boot the running kernel with a crashkernel= parameter, for example "
			     "crashkernel=256M, then load again");
}

/* Where one of our segments lies the new kernel gives up the reservation, and takes firmware's
 * memory for its own. */
static int keep_off_reserved(struct plan *plan, struct report *report, struct err *err)
{
	struct range first = { 0, 0 };
	uint64_t bytes = 0;

	for (size_t i = rangeset_find(&plan->reserved, plan->load_region.start);
		i < plan->reserved.count; i++) {
		struct range range = range_clip(plan->reserved.ranges[i], plan->load_region);

		if (bytes == 0)
			first = range;
		bytes += range_size(range);
	}
	if (bytes)
		report_add(report, REPORT_WARNING, "dtb",
			"the device tree reserves 0x%" PRIx64
			" bytes of the crash region, the first at [0x%" PRIx64 ", 0x%" PRIx64
			"): nothing is loaded there, and the capture kernel has less memory",
			bytes, first.start, first.end);
	return plan_keep_off_reserved(plan, err);
}

int crash_choose_region(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	const struct machine *machine = inputs->machine;
	const struct rangeset *crash = &machine->iomem.crash;

	if (crash->count == 0)
		return crash_region_missing(machine, err);
	if (crash->count > CRASH_REGIONS_MAX)
		return err_set(err, ST_UNSUPPORTED, "crash-region-count",
			"/proc/iomem has %zu \"Crash kernel\" regions, wanted one or two",
			crash->count);

	plan->load_region = machine->iomem.crash_load;
	if (!is_aligned(plan->load_region.start, plan->page_size) ||
		!is_aligned(plan->load_region.end, plan->page_size))
		return err_set(err, ST_BAD_INPUT, "crash-region-unaligned",
			"the crash region [0x%" PRIx64 ", 0x%" PRIx64 ") of /proc/iomem is not in "
			"whole pages of %" PRIu64 " bytes",
			plan->load_region.start, plan->load_region.end, plan->page_size);
	/* The two are one range of the set where they touch. */
	if (rangeset_bytes(crash) != range_size(plan->load_region))
		report_add(report, REPORT_CHOICE, "memory",
			"of two crash regions the kernel takes segments only in the higher one, "
			"[0x%" PRIx64 ", 0x%" PRIx64 ")",
			plan->load_region.start, plan->load_region.end);
	if (rangeset_add(&plan->room, plan->load_region.start, plan->load_region.end))
		return err_no_memory(err);
	return ST_OK;
}

/* Bytes that the kernel wants for its header: what it says, or, where the file is missing,
 * what its configuration says. 0 when it does not do crash hotplug. */
static uint64_t kernel_header_size(const struct machine *machine, struct report *report)
{
	const struct kconfig *config = &machine->config;
	uint64_t ranges = 0;

	if (machine->state.crash_elfcorehdr_size)
		return machine->state.crash_elfcorehdr_size;
	if (kconfig_enabled(config, "CRASH_HOTPLUG") != TRI_YES)
		return 0;
	if (kconfig_enabled(config, "MEMORY_HOTPLUG") == TRI_YES &&
		(!kconfig_number(config, "CRASH_MAX_MEMORY_RANGES", &ranges) || ranges > 1u << 20))
		return 0;
	report_add(report, REPORT_CHOICE, "hotplug",
		"crash_elfcorehdr_size cannot be read; %s says CONFIG_CRASH_HOTPLUG and %" PRIu64
		" memory ranges",
		config->source, ranges);
	return elfcorehdr_size(2 + machine->cpus.possible.count + ranges);
}

int crash_hotplug_missing(const struct machine *machine, struct err *err)
{
	err_set(err, ST_UNSUPPORTED, "hotplug-unsupported",
		"the running kernel %s does not do crash hotplug: neither "
		"/sys/kernel/kexec/crash_elfcorehdr_size nor "
		"/sys/kernel/crash_elfcorehdr_size %s",
		machine->release,
		machine->state.crash_elfcorehdr_size_odd ? "says a size" : "is there");
	return err_hint(err, "it needs CONFIG_CRASH_HOTPLUG; --hotplug=auto loads without it, and "
			     "then udev has to reload at every hotplug event");
}

/* ST_UNSUPPORTED with the reason when this kernel cannot keep the header true, of which its own
 * one has phdrs program headers now. */
static int hotplug_possible(const struct plan_inputs *inputs, const struct arch_ops *arch,
	uint64_t asked, uint64_t phdrs, struct err *err)
{
	const struct machine *machine = inputs->machine;

	if (!asked)
		return crash_hotplug_missing(machine, err);
	if (arch->hotplug_needs_kexec_file && inputs->file_load == TRI_NO) {
		err_set(err, ST_UNSUPPORTED, "hotplug-unsupported",
			"the running kernel %s has no CONFIG_KEXEC_FILE: it claims crash hotplug, "
			"but "
			"its every rewrite of the elfcorehdr fails",
			machine->release);
		return err_hint(err,
			"use a kernel with CONFIG_KEXEC_FILE, or --hotplug=auto, with which "
			"udev has to reload at every hotplug event");
	}
	if (phdrs > ELFCOREHDR_PHDRS_MAX)
		return err_set(err, ST_UNSUPPORTED, "hotplug-unsupported",
			"with every possible CPU the kernel's own elfcorehdr needs %" PRIu64
			" program headers, and it makes at most %d: its every rewrite fails",
			phdrs, ELFCOREHDR_PHDRS_MAX);
	return ST_OK;
}

/* Decide whether the kernel is asked to keep the header true, and how much room it gets. */
static int plan_hotplug(const struct plan_inputs *inputs, size_t ranges, struct plan *plan,
	struct report *report, struct err *err)
{
	const struct request *request = inputs->request;
	const struct machine *machine = inputs->machine;
	struct err why = ERR_INIT;
	uint64_t wanted, cpus = machine->cpus.possible.count;
	uint64_t phdrs = cpus + 1 + (plan->arch->kernel_map ? 1 : 0) + ranges;
	int status;

	if (request->hotplug == HOTPLUG_OFF)
		return ST_OK;
	plan->hotplug_asked = kernel_header_size(machine, report);
	status = hotplug_possible(inputs, plan->arch, plan->hotplug_asked, phdrs, &why);
	if (status && request->hotplug == HOTPLUG_AUTO) {
		report_add(report, REPORT_WARNING, "hotplug", "loading without --hotplug: %s",
			why.text);
		return ST_OK;
	}
	if (status) {
		if (err)
			*err = why;
		return status;
	}

	/* Not only what the kernel asks for: without MEMORY_HOTPLUG it counts no ranges at all,
	 * and it would refuse to put back as many as there are now. */
	plan->hotplug_needed = elfcorehdr_size(phdrs);
	wanted = plan->hotplug_needed > plan->hotplug_asked ? plan->hotplug_needed
							    : plan->hotplug_asked;
	if (request->hotplug_size) {
		if (request->hotplug_size < plan->hotplug_needed) {
			err_set(err, ST_USAGE, "hotplug-size-small",
				"--hotplug-size=%" PRIu64 " is less than the %" PRIu64
				" bytes that %" PRIu64
				" possible CPUs and %zu ranges of memory need now",
				request->hotplug_size, plan->hotplug_needed, cpus, ranges);
			return err_hint(err, "leave the option out: the kernel says what it wants");
		}
		if (request->hotplug_size < plan->hotplug_asked)
			report_add(report, REPORT_WARNING, "hotplug",
				"--hotplug-size=%" PRIu64 " is less than the %" PRIu64
				" bytes that the kernel asks for: after many hot-adds the "
				"elfcorehdr goes "
				"stale",
				request->hotplug_size, plan->hotplug_asked);
		wanted = request->hotplug_size;
	}
	if (!align_up(wanted, plan->page_size, &plan->core.memsz))
		return err_set(err, ST_BAD_INPUT, "hotplug-size",
			"an elfcorehdr of 0x%" PRIx64 " bytes is not possible", wanted);
	plan->hotplug = true;
	report_add(report, REPORT_CHOICE, "hotplug",
		"elfcorehdr gets 0x%" PRIx64 " bytes: the kernel asks for 0x%" PRIx64 ", %" PRIu64
		" possible CPUs and %zu ranges need 0x%" PRIx64 " now%s",
		plan->core.memsz, plan->hotplug_asked, cpus, ranges, plan->hotplug_needed,
		request->hotplug_size ? ", --hotplug-size overrides" : "");
	return ST_OK;
}

/* Program headers of memory, but for the kernel image's. */
static size_t memory_entries(const struct elfcorehdr *core)
{
	size_t count = 0;

	for (size_t i = 0; i < core->count; i++)
		count += core_entry_type(&core->entries[i]) == PT_LOAD &&
			 core->entries[i].kind != CORE_KERNEL;
	return count;
}

static int plan_core(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	const struct machine *machine = inputs->machine;
	struct rangeset ram = RANGESET_INIT, firmware = RANGESET_INIT;
	struct kernel_layout layout = { .text_known = false };
	struct core_input input = {
		.elf_machine = plan->arch->elf_machine,
		.cpus = &machine->cpus,
		.vmcoreinfo_paddr = machine->vmcoreinfo_paddr,
		.vmcoreinfo_size = machine->vmcoreinfo_size,
		.layout = &layout,
		.ram = &ram,
		.saved = plan->arch->saved,
		.firmware = &firmware,
	};
	uint64_t own;
	int status = plan->arch->kernel_layout(machine, &layout, report, err);

	if (!status)
		status = iomem_dumped(&machine->iomem, &machine->crash_cma, plan->arch->dump_from,
			plan->page_size, &ram, err);
	if (!status && plan->arch->dumped_firmware)
		status = plan->arch->dumped_firmware(machine, &firmware, err);
	if (!status)
		status = elfcorehdr_build(&input, &plan->core, err);
	if (!status)
		status = plan_hotplug(inputs, memory_entries(&plan->core), plan, report, err);
	rangeset_done(&ram);
	rangeset_done(&firmware);
	if (status)
		return status;
	if (!align_up(plan->core.bytes.size, plan->page_size, &own))
		return err_set(err, ST_BUG, "elfcorehdr-size", "the elfcorehdr is too large");
	if (plan->core.memsz < own)
		plan->core.memsz = own;
	return ST_OK;
}

static int fill_crash(
	const struct plan_inputs *inputs, struct plan *plan, struct report *report, struct err *err)
{
	int status = crash_choose_region(inputs, plan, report, err);

	if (status)
		return status;
	plan_bound_room(inputs->request, plan);
	status = keep_off_reserved(plan, report, err);
	if (!status)
		status = plan_core(inputs, plan, report, err);
	return status ? status : plan->arch->plan_segments(inputs, plan, report, err);
}

int plan_crash(
	const struct plan_inputs *inputs, struct plan *ret, struct report *report, struct err *err)
{
	return plan_make(inputs, KEXEC_ON_CRASH, fill_crash, ret, report, err);
}
