// SPDX-License-Identifier: GPL-2.0-only
#include "tests/unit/tree.h"

#include "kexec/system/machine.h"

#define CPU_DIR "/sys/devices/system/cpu"

static const char iomem_text[] = "40000000-7fffffff : System RAM\n"
				 "  40200000-41cfffff : Kernel code\n"
				 "  42680000-42c4ffff : Kernel data\n"
				 "  6fa00000-7f9fffff : Crash kernel\n";

/* All that a crash load cannot do without, and no more. */
static void put_machine(struct tmproot *tmp)
{
	tmproot_text(tmp, "/facts", "machine=aarch64\nrelease=7.3.4\npage_size=4096\n");
	tmproot_text(tmp, "/proc/iomem", iomem_text);
	tmproot_text(tmp, CPU_DIR "/possible", "0\n");
	tmproot_text(tmp, CPU_DIR "/present", "0\n");
	tmproot_text(tmp, CPU_DIR "/cpu0/crash_notes", "7fb00000\n");
	tmproot_text(tmp, CPU_DIR "/cpu0/crash_notes_size", "424\n");
	tmproot_text(tmp, "/sys/kernel/vmcoreinfo", "0x0000000044d2c000 1024\n");
	tmproot_reopen(tmp);
}

static bool report_has(const struct report *report, const char *area, const char *words)
{
	for (size_t i = 0; i < report->count; i++)
		if (strcmp(report->entries[i].area, area) == 0 &&
			strstr(report->entries[i].text, words))
			return true;
	return false;
}

static void least_machine_is_read(void **state)
{
	struct report report = REPORT_INIT;
	struct err err = ERR_INIT;
	struct machine machine;
	struct tmproot tmp;

	(void)state;
	tmproot_init(&tmp);
	put_machine(&tmp);
	if (machine_read(tmp.root, true, &machine, &report, &err) != ST_OK)
		fail_msg("%s: %s", err.id, err.text);
	assert_string_equal(machine.name, "aarch64");
	assert_string_equal(machine.release, "7.3.4");
	assert_int_equal(machine.page_size, 4096);
	assert_int_equal(machine.ram_total, 0);
	assert_int_equal(machine.iomem.ram.count, 1);
	assert_int_equal(machine.cpus.notes_count, 1);
	assert_int_equal(machine.layout.kcore.loads_count, 0);
	assert_int_equal(machine.layout.kallsyms.text, 0);
	assert_int_equal(machine.fdt.size, 0);
	assert_int_equal(machine.config.text.size, 0);
	assert_null(machine.cmdline);
	assert_null(machine.cpu_features);
	/* What is missing has been said. */
	assert_true(report_has(&report, "memory", "/proc/meminfo"));
	assert_true(report_has(&report, "layout", "/proc/kcore"));
	assert_true(report_has(&report, "layout", "/proc/kallsyms"));
	assert_true(report_has(&report, "devtree", "none"));
	assert_true(report_has(&report, "config", "no kernel configuration"));
	assert_true(report_has(&report, "cmdline", "/proc/cmdline"));
	for (size_t i = 0; i < report.count; i++)
		assert_int_equal(report.entries[i].kind, REPORT_CHOICE);
	machine_done(&machine);
	report_done(&report);
	tmproot_done(&tmp);
}

static void full_machine_is_read(void **state)
{
	struct report report = REPORT_INIT;
	struct err err = ERR_INIT;
	struct machine machine;
	struct tmproot tmp;
	struct tree tree;
	struct span fdt;

	(void)state;
	tmproot_init(&tmp);
	put_machine(&tmp);
	tmproot_text(&tmp, "/proc/meminfo",
		"MemTotal:         748836 kB\nMemFree: 1 kB\nMemAvailable: 1000 kB\n"
		"SwapFree: 24 kB\nCmaTotal: 64 kB\n");
	tmproot_text(&tmp, "/proc/cmdline", "root=/dev/vda crashkernel=256M\n");
	tmproot_text(&tmp, "/proc/cpuinfo",
		"processor\t: 0\nBogoMIPS\t: 125.00\nFeatures\t: fp asimd sme \n"
		"CPU part\t: 0xd0c\n\nprocessor\t: 1\nFeatures\t: fp\n");
	tmproot_text(&tmp, "/proc/kallsyms", "ffff800080000000 T _text\nffff800082a50000 B _end\n");
	tmproot_text(&tmp, "/boot/config-7.3.4", "CONFIG_CRASH_HOTPLUG=y\n");
	tmproot_text(&tmp, "/sys/kernel/kexec/crash_elfcorehdr_size", "459376\n");
	tree_begin(&tree);
	tree_node(&tree, "psci");
	tree_string(&tree, "compatible", "arm,psci-1.0");
	tree_string(&tree, "method", "hvc");
	tree_end(&tree);
	fdt = tree_finish(&tree);
	tmproot_bytes(&tmp, "/sys/firmware/fdt", fdt.data, fdt.size);
	assert_int_equal(machine_read(tmp.root, true, &machine, &report, &err), ST_OK);
	assert_int_equal(machine.ram_total, UINT64_C(748836) * 1024);
	assert_int_equal(machine.ram_available, UINT64_C(1024) * 1024);
	assert_int_equal(machine.cma_total, 65536);
	assert_string_equal(machine.cmdline, "root=/dev/vda crashkernel=256M");
	assert_string_equal(machine.cpu_features, "fp asimd sme");
	assert_int_equal(machine.layout.kallsyms.text, 0xffff800080000000);
	assert_int_equal(kconfig_enabled(&machine.config, "CRASH_HOTPLUG"), TRI_YES);
	assert_int_equal(machine.state.crash_elfcorehdr_size, 459376);
	assert_int_equal(machine.firmware.psci, PSCI_HVC);
	assert_false(machine.firmware.acpi);
	assert_int_equal(machine.fdt.size, fdt.size);
	machine_done(&machine);
	report_done(&report);
	tmproot_done(&tmp);
}

/* Purgatory and the planner go by what it says, so that a load without it tells. */
static void cpuinfo_that_cannot_be_read_is_told(void **state)
{
	struct report report = REPORT_INIT;
	struct err err = ERR_INIT;
	struct machine machine;
	struct tmproot tmp;

	(void)state;
	tmproot_init(&tmp);
	put_machine(&tmp);
	tmproot_mkdir(&tmp, "/proc/cpuinfo");
	assert_int_equal(machine_read(tmp.root, true, &machine, &report, &err), ST_OK);
	assert_true(report_has(&report, "machine", "/proc/cpuinfo"));
	assert_null(machine.cpu_features);
	machine_done(&machine);
	report_done(&report);
	tmproot_done(&tmp);
}

static void trap17_vmcoreinfo_size_is_hex(void **state)
{
	struct err err = ERR_INIT;
	struct machine machine;
	struct tmproot tmp;

	(void)state;
	tmproot_init(&tmp);
	put_machine(&tmp);
	assert_int_equal(machine_read(tmp.root, true, &machine, NULL, &err), ST_OK);
	assert_int_equal(machine.vmcoreinfo_paddr, 0x44d2c000);
	assert_int_equal(machine.vmcoreinfo_size, 0x1024);
	machine_done(&machine);
	tmproot_done(&tmp);
}

static void assert_fails(const char *path, const char *text, int status, const char *id)
{
	struct machine machine = { .page_size = 77 };
	struct err err = ERR_INIT;
	struct tmproot tmp;

	tmproot_init(&tmp);
	put_machine(&tmp);
	if (text)
		tmproot_text(&tmp, path, text);
	else
		tmproot_remove(&tmp, path);
	tmproot_reopen(&tmp);
	assert_int_equal(machine_read(tmp.root, true, &machine, NULL, &err), status);
	if (id)
		assert_string_equal(err.id, id);
	assert_ptr_equal(strstr(err.text, "cannot read the machine: "), err.text);
	assert_int_equal(machine.page_size, 77);
	tmproot_done(&tmp);
}

static void what_is_needed_is_asked_for(void **state)
{
	static const char info[] = "/sys/kernel/vmcoreinfo";

	(void)state;
	assert_fails("/proc/iomem", NULL, ST_NOT_FOUND, NULL);
	assert_fails("/proc/iomem", "00000000-00000000 : System RAM\n", ST_DENIED, "iomem-hidden");
	assert_fails("/proc/iomem", "40000000-4fffffff : reserved\n", ST_BAD_INPUT, "iomem-no-ram");
	assert_fails(info, NULL, ST_UNSUPPORTED, "vmcoreinfo-unsupported");
	assert_fails(info, "0x0000000000000000 1024\n", ST_DENIED, "vmcoreinfo-hidden");
	assert_fails(info, "0x44d2c000 0\n", ST_BAD_INPUT, "vmcoreinfo-size");
	assert_fails(info, "0x44d2c000 99999999\n", ST_BAD_INPUT, "vmcoreinfo-size");
	assert_fails(info, "0xffffffffffffffff 1024\n", ST_BAD_INPUT, "vmcoreinfo-size");
	assert_fails(info, "44d2c000 1024\n", ST_BAD_INPUT, "vmcoreinfo-syntax");
	assert_fails(info, "0x44d2c000\n", ST_BAD_INPUT, "vmcoreinfo-syntax");
	assert_fails(info, "0x44d2c000 0x1024\n", ST_BAD_INPUT, "vmcoreinfo-syntax");
	assert_fails(
		CPU_DIR "/cpu0/crash_notes_size", NULL, ST_UNSUPPORTED, "cpu-notes-unsupported");
	assert_fails("/facts", "machine=aarch64\nrelease=7.3.4\n", ST_NOT_FOUND, NULL);
	assert_fails("/facts", "machine=aarch64\nrelease=7.3.4\npage_size=4095\n", ST_BAD_INPUT,
		"machine-page-size");
	assert_fails("/facts", "machine=aarch64\nrelease=7.3.4\npage_size=0x1000\n", ST_BAD_INPUT,
		"machine-page-size");
	assert_fails("/sys/firmware/fdt", "no tree", ST_BAD_INPUT, "fdt-truncated");
}

/* One kcore entry: the kernel's own image, as arm64 has it. */
static void put_kcore(const struct tmproot *tmp, uint64_t size)
{
	static const uint8_t ident[] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };
	uint8_t head[64 + 56] = { 0 };

	memcpy(head, ident, sizeof(ident));
	store_le16(head + 16, 4);
	store_le64(head + 32, 64);
	store_le16(head + 54, 56);
	store_le16(head + 56, 1);
	store_le32(head + 64, 1);
	store_le64(head + 64 + 16, 0xffff800080000000);
	store_le64(head + 64 + 24, 0x40200000);
	store_le64(head + 64 + 32, size);
	store_le64(head + 64 + 40, size);
	tmproot_bytes(tmp, "/proc/kcore", head, sizeof(head));
}

static void kallsyms_are_read_only_where_kcore_is_silent(void **state)
{
	struct report report = REPORT_INIT;
	struct err err = ERR_INIT;
	struct machine machine;
	struct tmproot tmp;

	(void)state;
	tmproot_init(&tmp);
	put_machine(&tmp);
	tmproot_text(&tmp, "/proc/kallsyms", "ffff800080000000 T _text\n");
	put_kcore(&tmp, 0x42c50000 - 0x40200000);
	assert_int_equal(machine_read(tmp.root, true, &machine, &report, &err), ST_OK);
	assert_int_equal(machine.layout.kcore.loads_count, 1);
	assert_int_equal(machine.layout.kallsyms.text, 0);
	assert_true(report_has(&report, "layout", "kallsyms not read"));
	machine_done(&machine);
	put_kcore(&tmp, 0x40000000); /* memory that begins where the kernel does */
	assert_int_equal(machine_read(tmp.root, true, &machine, &report, &err), ST_OK);
	assert_int_equal(machine.layout.kcore.loads_count, 1);
	assert_int_equal(machine.layout.kallsyms.text, 0xffff800080000000);
	machine_done(&machine);
	report_done(&report);
	tmproot_done(&tmp);
}

static void broken_kcore_is_a_warning(void **state)
{
	struct report report = REPORT_INIT;
	struct err err = ERR_INIT;
	struct machine machine;
	struct tmproot tmp;
	bool warned = false;

	(void)state;
	tmproot_init(&tmp);
	put_machine(&tmp);
	tmproot_text(&tmp, "/proc/kcore", "no ELF");
	assert_int_equal(machine_read(tmp.root, true, &machine, &report, &err), ST_OK);
	assert_int_equal(err.status, ST_OK);
	for (size_t i = 0; i < report.count; i++)
		warned = warned || (report.entries[i].kind == REPORT_WARNING &&
					   strstr(report.entries[i].text, "/proc/kcore"));
	assert_true(warned);
	machine_done(&machine);
	report_done(&report);
	tmproot_done(&tmp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(least_machine_is_read),
		cmocka_unit_test(full_machine_is_read),
		cmocka_unit_test(cpuinfo_that_cannot_be_read_is_told),
		cmocka_unit_test(trap17_vmcoreinfo_size_is_hex),
		cmocka_unit_test(what_is_needed_is_asked_for),
		cmocka_unit_test(kallsyms_are_read_only_where_kcore_is_silent),
		cmocka_unit_test(broken_kcore_is_a_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
