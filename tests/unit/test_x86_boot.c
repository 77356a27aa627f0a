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

/* Letters are only where screen_info says so and no driver draws. */
static void only_a_text_screen_is_one(void **state)
{
	static const struct {
		uint8_t is_vga, mode, columns;
		bool framebuffer;
		enum x86_screen screen;
	} cases[] = {
		{ 1, 3, 80, false, X86_SCREEN_TEXT },
		{ 1, 3, 80, true, X86_SCREEN_DRIVER },
		{ 1, 7, 80, false, X86_SCREEN_NONE }, /* monochrome, at 0xb0000 */
		{ 1, 1, 40, false, X86_SCREEN_NONE },
		{ 0, 3, 80, false, X86_SCREEN_NONE },
		{ 0x23, 0, 80, false, X86_SCREEN_VESA },
		{ 0x70, 0, 80, true, X86_SCREEN_EFI },
	};
	uint8_t params[BOOT_PARAMS_SIZE] = { 0 };
	struct report report = REPORT_INIT;
	struct x86_boot boot = { .acpi_rsdp = 0 };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(x86_boot_screen(&boot), X86_SCREEN_UNKNOWN);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tmproot tmp;

		tmproot_init(&tmp);
		params[0x06] = cases[i].mode;
		params[0x07] = cases[i].columns;
		params[0x0f] = cases[i].is_vga;
		tmproot_bytes(&tmp, "/sys/kernel/boot_params/data", params, sizeof(params));
		if (cases[i].framebuffer)
			tmproot_text(&tmp, "/sys/class/graphics/fb0/name", "VESA VGA\n");
		assert_int_equal(x86_boot_read(tmp.root, &boot, &report, &err), ST_OK);
		assert_int_equal(x86_boot_screen(&boot), cases[i].screen);
		x86_boot_done(&boot);
		tmproot_done(&tmp);
	}
	report_done(&report);
}

/* Of a guest whose memory its host cannot read, not of a CPU that could have such guests. */
static void encrypted_guests_are_known(void **state)
{
	static const struct {
		const char *flags;
		bool encrypted;
	} cases[] = {
		{ "flags\t\t: fpu hypervisor\n", false },
		{ "flags\t\t: fpu sme sev sev_es\n", false },
		{ "flags\t\t: fpu hypervisor sev\n", true },
		{ "flags\t\t: fpu hypervisor tdx_guest\n", true },
	};
	static const uint8_t params[BOOT_PARAMS_SIZE];
	struct report report = REPORT_INIT;
	struct x86_boot boot;
	struct err err = ERR_INIT;
	struct tmproot tmp;

	(void)state;
	tmproot_init(&tmp);
	tmproot_bytes(&tmp, "/sys/kernel/boot_params/data", params, sizeof(params));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tmproot_text(&tmp, "/proc/cpuinfo", cases[i].flags);
		assert_int_equal(x86_boot_read(tmp.root, &boot, &report, &err), ST_OK);
		assert_int_equal(boot.encrypted_guest, cases[i].encrypted);
		x86_boot_done(&boot);
	}
	report_done(&report);
	tmproot_done(&tmp);
}

#define EFI "/sys/firmware/efi"

struct efi_case {
	struct tmproot tmp;
	struct report report;
	struct x86_boot boot;
};

static void put_params(struct efi_case *test, const char *signature, uint32_t version)
{
	uint8_t params[BOOT_PARAMS_SIZE] = { 0 };

	store_le64(params + 0x70, 0xf59e0);
	memcpy(params + 0x1c0, signature, 4);
	store_le32(params + 0x1c8, 48);
	store_le32(params + 0x1cc, version);
	store_le32(params + 0x1d4, 2 * 48);
	tmproot_bytes(&test->tmp, "/sys/kernel/boot_params/data", params, sizeof(params));
}

static void put_region(
	struct efi_case *test, int number, const char *phys, const char *virt, const char *pages)
{
	static const char *const names[] = { "type", "phys_addr", "virt_addr", "num_pages",
		"attribute" };
	const char *const values[] = { "0x5\n", phys, virt, pages, "0x800000000000000f\n" };
	char path[100];

	for (size_t i = 0; i < 5; i++) {
		snprintf(path, sizeof(path), EFI "/runtime-map/%d/%s", number, names[i]);
		tmproot_text(&test->tmp, path, values[i]);
	}
}

/* A machine with EFI whose second region is number 1, in front of which 10 would be sorted. */
static void efi_init(struct efi_case *test)
{
	*test = (struct efi_case){ .report = REPORT_INIT };
	tmproot_init(&test->tmp);
	put_params(test, "EL64", 1);
	for (int i = 0; i < 11; i++)
		put_region(test, i, "0x1000\n", "0x2000\n", "0x1\n");
	put_region(test, 1, "0x3f000000\n", "0xfffffffefdc00000\n", "0x100\n");
	tmproot_text(&test->tmp, EFI "/fw_vendor", "0x3f9eef98\n");
	tmproot_text(&test->tmp, EFI "/config_table", "0x3f9ee018\n");
	tmproot_text(
		&test->tmp, EFI "/systab", "ACPI20=0x3fb7e014\nSMBIOS3=0x1\nSMBIOS=0x3f97a000\n");
}

static void efi_read(struct efi_case *test)
{
	struct err err = ERR_INIT;

	x86_boot_done(&test->boot);
	report_done(&test->report);
	test->report = (struct report)REPORT_INIT;
	assert_int_equal(x86_boot_read(test->tmp.root, &test->boot, &test->report, &err), ST_OK);
}

static void assert_no_efi(struct efi_case *test, enum report_kind kind, const char *words)
{
	efi_read(test);
	assert_int_equal(test->boot.efi.count, 0);
	assert_null(test->boot.efi.regions);
	assert_int_equal(test->report.count, 1);
	assert_int_equal(test->report.entries[0].kind, kind);
	if (!strstr(test->report.entries[0].text, words))
		fail_msg("%s", test->report.entries[0].text);
}

static void efi_done(struct efi_case *test)
{
	x86_boot_done(&test->boot);
	report_done(&test->report);
	tmproot_done(&test->tmp);
}

static void trap11_efi_is_known_whole(void **state)
{
	struct efi_case test;

	(void)state;
	efi_init(&test);
	efi_read(&test);
	assert_int_equal(test.report.count, 0);
	assert_int_equal(test.boot.efi.count, 11);
	assert_int_equal(test.boot.efi.regions[1].type, 5);
	assert_int_equal(test.boot.efi.regions[1].phys, 0x3f000000);
	assert_int_equal(test.boot.efi.regions[1].virt, UINT64_C(0xfffffffefdc00000));
	assert_int_equal(test.boot.efi.regions[1].pages, 0x100);
	assert_int_equal(test.boot.efi.regions[1].attribute, UINT64_C(0x800000000000000f));
	assert_int_equal(test.boot.efi.regions[10].phys, 0x1000);
	assert_int_equal(test.boot.efi.fw_vendor, 0x3f9eef98);
	assert_int_equal(test.boot.efi.tables, 0x3f9ee018);
	assert_int_equal(test.boot.efi.smbios, 0x3f97a000);
	tmproot_text(&test.tmp, EFI "/systab", "ACPI20=0x3fb7e014\nSMBIOS3=0x1\n");
	efi_read(&test);
	assert_int_equal(test.boot.efi.count, 11);
	assert_int_equal(test.boot.efi.smbios, 0);
	efi_done(&test);
}

/* Of a part of it the next kernel would make something else. */
static void trap11_efi_is_known_not_at_all(void **state)
{
	struct efi_case test;

	(void)state;
	efi_init(&test);
	put_region(&test, 3, "0x1000\n", "0x0\n", "0x1\n");
	assert_no_efi(&test, REPORT_CHOICE, "runtime-map/3 has no virtual address");
	put_region(&test, 3, "0x1001\n", "0x2000\n", "0x1\n");
	assert_no_efi(&test, REPORT_WARNING, "0x1 pages at 0x1001");
	put_region(&test, 3, "0x1000\n", "0x2000\n", "0x0\n");
	assert_no_efi(&test, REPORT_WARNING, "0x0 pages");
	put_region(&test, 3, "0x1000\n", "0x2000\n", "0x10000000000000\n");
	assert_no_efi(&test, REPORT_WARNING, "makes no sense");
	put_region(&test, 3, "0x1000\n", "0x2000\n", "no number\n");
	assert_no_efi(&test, REPORT_WARNING, "runtime-map/3/num_pages");
	put_region(&test, 3, "0x1000\n", "0x2000\n", "0x1\n");
	put_region(&test, 12, "0x1000\n", "0x2000\n", "0x1\n");
	assert_no_efi(&test, REPORT_CHOICE, "runtime-map/11/type");
	put_region(&test, 11, "0x1000\n", "0x2000\n", "0x1\n");
	tmproot_text(&test.tmp, EFI "/fw_vendor", "0x0\n");
	assert_no_efi(&test, REPORT_WARNING, "wanted addresses");
	tmproot_text(&test.tmp, EFI "/fw_vendor", "0x3f9eef98\n");
	tmproot_text(&test.tmp, EFI "/systab", "SMBIOS=0x0\n");
	assert_no_efi(&test, REPORT_WARNING, "systab line 1");
	put_params(&test, "EL32", 1);
	assert_no_efi(&test, REPORT_CHOICE, "32 bits");
	put_params(&test, "EL64", 2);
	assert_no_efi(&test, REPORT_CHOICE, "version 2 and 0x60 bytes");
	efi_done(&test);
}

static void efi_without_runtime_services_is_no_fault(void **state)
{
	struct efi_case test = { .report = REPORT_INIT };

	(void)state;
	tmproot_init(&test.tmp);
	put_params(&test, "EL64", 1);
	assert_no_efi(&test, REPORT_CHOICE, "/sys/firmware/efi/runtime-map");
	put_params(&test, "\0\0\0\0", 0);
	efi_read(&test);
	assert_int_equal(test.report.count, 0);
	efi_done(&test);
}

/* Of that revision, with sums that are right. */
static void make_rsdp(uint8_t rsdp[X86_RSDP_SIZE], uint8_t revision)
{
	uint8_t sum = 0;

	memset(rsdp, 0x5a, X86_RSDP_SIZE);
	memcpy(rsdp, "RSD PTR ", 8);
	rsdp[15] = revision;
	rsdp[8] = rsdp[32] = 0;
	for (size_t i = 0; i < 20; i++)
		sum = (uint8_t)(sum + rsdp[i]);
	rsdp[8] = (uint8_t)(0 - sum);
	sum = 0;
	for (size_t i = 0; i < X86_RSDP_SIZE; i++)
		sum = (uint8_t)(sum + rsdp[i]);
	rsdp[32] = (uint8_t)(0 - sum);
}

static void the_root_pointer_is_read_from_memory(void **state)
{
	struct x86_boot boot = { .acpi_rsdp = 0xe00 };
	uint8_t memory[0xe00 + X86_RSDP_SIZE] = { 0 };
	struct report report = REPORT_INIT;
	struct err err = ERR_INIT;
	struct tmproot tmp;

	(void)state;
	tmproot_init(&tmp);
	make_rsdp(memory + 0xe00, 2);
	tmproot_bytes(&tmp, "/dev/mem", memory, sizeof(memory));
	assert_int_equal(x86_boot_read_rsdp(tmp.root, &boot, &report, &err), ST_OK);
	assert_int_equal(boot.rsdp.size, 36);
	assert_memory_equal(boot.rsdp.data, memory + 0xe00, 36);
	blob_done(&boot.rsdp);
	make_rsdp(memory + 0xe00, 0);
	memory[0xe00 + 32] ^= 1; /* not of that version */
	tmproot_bytes(&tmp, "/dev/mem", memory, sizeof(memory));
	assert_int_equal(x86_boot_read_rsdp(tmp.root, &boot, &report, &err), ST_OK);
	assert_int_equal(boot.rsdp.size, 20);
	assert_int_equal(report.count, 0);
	blob_done(&boot.rsdp);
	/* Sums and mark. */
	for (size_t at = 0; at < X86_RSDP_SIZE; at++) {
		uint8_t rsdp[X86_RSDP_SIZE];
		struct span found = { NULL, 7 };

		make_rsdp(rsdp, 2);
		rsdp[at] ^= 0x40;
		assert_int_equal(
			x86_boot_parse_rsdp((struct span){ rsdp, sizeof(rsdp) }, &found, &err),
			ST_BAD_INPUT);
		assert_int_equal(found.size, 7);
	}
	memory[0xe00] = 0;
	tmproot_bytes(&tmp, "/dev/mem", memory, sizeof(memory));
	assert_int_equal(x86_boot_read_rsdp(tmp.root, &boot, &report, &err), ST_OK);
	assert_int_equal(boot.rsdp.size, 0);
	assert_int_equal(report.entries[0].kind, REPORT_CHOICE);
	assert_non_null(strstr(report.entries[0].text, "its mark or its sum is wrong"));
	/* What the BIOS has is found anyway, what EFI has is not. */
	boot.acpi_rsdp = 0x100000;
	assert_int_equal(x86_boot_read_rsdp(tmp.root, &boot, &report, &err), ST_OK);
	assert_int_equal(report.entries[1].kind, REPORT_WARNING);
	assert_non_null(strstr(report.entries[1].text, " ends at offset 0x"));
	tmproot_remove(&tmp, "/dev/mem");
	assert_int_equal(x86_boot_read_rsdp(tmp.root, &boot, &report, &err), ST_OK);
	assert_int_equal(report.count, 3);
	boot.acpi_rsdp = 0;
	assert_int_equal(x86_boot_read_rsdp(tmp.root, &boot, &report, &err), ST_OK);
	assert_int_equal(report.count, 3);
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
		cmocka_unit_test(only_a_text_screen_is_one),
		cmocka_unit_test(encrypted_guests_are_known),
		cmocka_unit_test(trap11_efi_is_known_whole),
		cmocka_unit_test(trap11_efi_is_known_not_at_all),
		cmocka_unit_test(efi_without_runtime_services_is_no_fault),
		cmocka_unit_test(the_root_pointer_is_read_from_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
