// SPDX-License-Identifier: GPL-2.0-only
#include "tests/unit/tmproot.h"

#include "kexec/system/x86_boot.h"

#define TEXT(text) ((struct span){ (const uint8_t *)(text), strlen(text) })

static void systab_names_the_root_pointer(void **state)
{
	uint64_t rsdp = 7;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(
		x86_boot_parse_systab(TEXT("MPS=0x1\nACPI20=0x3fbfe014\nACPI=0x2\n"), &rsdp, &err),
		ST_OK);
	assert_int_equal(rsdp, 0x3fbfe014);
	/* The newer one wins wherever it stands. */
	assert_int_equal(
		x86_boot_parse_systab(TEXT("ACPI=0x2000\nACPI20=0x3000\n"), &rsdp, &err), ST_OK);
	assert_int_equal(rsdp, 0x3000);
	assert_int_equal(x86_boot_parse_systab(TEXT("ACPI=0x2000"), &rsdp, &err), ST_OK);
	assert_int_equal(rsdp, 0x2000);
	rsdp = 7;
	assert_int_equal(x86_boot_parse_systab(TEXT("SMBIOS=0x2000\n"), &rsdp, &err), ST_NOT_FOUND);
	assert_int_equal(x86_boot_parse_systab(TEXT(""), &rsdp, &err), ST_NOT_FOUND);
	assert_int_equal(x86_boot_parse_systab(TEXT("ACPI20=0x0\n"), &rsdp, &err), ST_BAD_INPUT);
	assert_int_equal(x86_boot_parse_systab(TEXT("ACPI20=0x\n"), &rsdp, &err), ST_BAD_INPUT);
	assert_int_equal(x86_boot_parse_systab(TEXT("ACPI20=0x10000000000000000\n"), &rsdp, &err),
		ST_BAD_INPUT);
	assert_int_equal(rsdp, 7);
}

static void flags_are_words(void **state)
{
	static const char text[] = "processor\t: 0\nflags\t\t: fpu vme la57x pdpe1gb\n"
				   "vmx flags\t: la57\nprocessor\t: 1\nflags\t: la57\n";

	(void)state;
	assert_true(x86_boot_cpu_has(TEXT(text), "fpu"));
	assert_true(x86_boot_cpu_has(TEXT(text), "pdpe1gb"));
	assert_false(x86_boot_cpu_has(TEXT(text), "la57"));
	assert_false(x86_boot_cpu_has(TEXT(text), "pdpe"));
	assert_false(x86_boot_cpu_has(TEXT(""), "fpu"));
}

static void other_machines_have_nothing(void **state)
{
	struct report report = REPORT_INIT;
	struct x86_boot boot;
	struct err err = ERR_INIT;
	struct tmproot tmp;

	(void)state;
	tmproot_init(&tmp);
	tmproot_text(&tmp, "/proc/cpuinfo", "flags : pdpe1gb\n");
	assert_int_equal(x86_boot_read(tmp.root, &boot, &report, &err), ST_OK);
	assert_int_equal(boot.params.size, 0);
	assert_false(boot.gibibyte_pages);
	assert_int_equal(report.count, 0);
	tmproot_done(&tmp);
}

static void params_are_read_whole(void **state)
{
	uint8_t params[BOOT_PARAMS_SIZE] = { 0 };
	struct report report = REPORT_INIT;
	struct x86_boot boot;
	struct err err = ERR_INIT;
	struct tmproot tmp;

	(void)state;
	tmproot_init(&tmp);
	store_le64(params + 0x70, 0xf59e0);
	tmproot_bytes(&tmp, "/sys/kernel/boot_params/data", params, sizeof(params));
	tmproot_text(&tmp, "/proc/cpuinfo", "flags\t\t: fpu la57 pdpe1gb\n");
	assert_int_equal(x86_boot_read(tmp.root, &boot, &report, &err), ST_OK);
	assert_int_equal(boot.params.size, BOOT_PARAMS_SIZE);
	assert_int_equal(boot.acpi_rsdp, 0xf59e0);
	assert_true(boot.gibibyte_pages && boot.five_levels);
	assert_int_equal(report.count, 0);
	x86_boot_done(&boot);

	/* Under UEFI boot loaders may leave it out. */
	store_le64(params + 0x70, 0);
	tmproot_bytes(&tmp, "/sys/kernel/boot_params/data", params, sizeof(params));
	tmproot_text(&tmp, "/sys/firmware/efi/systab", "ACPI20=0x3fbfe014\n");
	assert_int_equal(x86_boot_read(tmp.root, &boot, &report, &err), ST_OK);
	assert_int_equal(boot.acpi_rsdp, 0x3fbfe014);
	x86_boot_done(&boot);

	tmproot_bytes(&tmp, "/sys/kernel/boot_params/data", params, sizeof(params) - 1);
	assert_int_equal(x86_boot_read(tmp.root, &boot, &report, &err), ST_OK);
	assert_int_equal(boot.params.size, 0);
	assert_int_equal(report.count, 1);
	assert_non_null(strstr(report.entries[0].text, "4095"));
	report_done(&report);
	tmproot_done(&tmp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(systab_names_the_root_pointer),
		cmocka_unit_test(flags_are_words),
		cmocka_unit_test(other_machines_have_nothing),
		cmocka_unit_test(params_are_read_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
