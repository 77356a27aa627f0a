// SPDX-License-Identifier: GPL-2.0-only
#include "tests/unit/tree.h"

#include "kexec/system/firmware.h"

#define TABLES "/sys/firmware/acpi/tables"

static struct span stub_tree(struct tree *tree, const char *child, const char *compatible)
{
	tree_begin(tree);
	TREE_CELLS(tree, "#address-cells", 2);
	TREE_CELLS(tree, "#size-cells", 2);
	tree_node(tree, "chosen");
	tree_string(tree, "bootargs", "quiet");
	tree_node(tree, "module");
	tree_end(tree);
	tree_end(tree);
	if (child) {
		tree_node(tree, child);
		if (compatible)
			tree_string(tree, "compatible", compatible);
		tree_end(tree);
	}
	return tree_finish(tree);
}

static void trap18_stubs_are_recognised(void **state)
{
	struct tree tree;

	(void)state;
	assert_true(firmware_fdt_is_stub(stub_tree(&tree, NULL, NULL)));
	assert_true(firmware_fdt_is_stub(stub_tree(&tree, "hypervisor", "xen,xen")));
	assert_false(firmware_fdt_is_stub(stub_tree(&tree, "hypervisor", NULL)));
	assert_false(firmware_fdt_is_stub(stub_tree(&tree, "hypervisor", "acme,hv")));
	assert_false(firmware_fdt_is_stub(stub_tree(&tree, "memory@40000000", NULL)));
	assert_false(firmware_fdt_is_stub(stub_tree(&tree, "aliases", NULL)));
	assert_false(firmware_fdt_is_stub(stub_tree(&tree, "chosen2", NULL)));
	assert_false(firmware_fdt_is_stub((struct span){ NULL, 0 }));
}

static enum psci_conduit psci_of(const char *compatible, const char *method, const char *status)
{
	struct tree tree;

	tree_begin(&tree);
	tree_node(&tree, "firmware");
	tree_node(&tree, "psci");
	tree_string(&tree, "compatible", compatible);
	if (method)
		tree_string(&tree, "method", method);
	if (status)
		tree_string(&tree, "status", status);
	tree_end(&tree);
	tree_end(&tree);
	return firmware_psci_from_fdt(tree_finish(&tree));
}

static void psci_is_found_in_the_tree(void **state)
{
	(void)state;
	assert_int_equal(psci_of("arm,psci-1.0", "smc", NULL), PSCI_SMC);
	assert_int_equal(psci_of("arm,psci-0.2", "hvc", "okay"), PSCI_HVC);
	assert_int_equal(psci_of("arm,psci", "smc", NULL), PSCI_NONE); /* 0.1 has no reset */
	assert_int_equal(psci_of("arm,psci-1.0", "smc", "disabled"), PSCI_NONE);
	assert_int_equal(psci_of("arm,psci-1.0", "sm", NULL), PSCI_NONE);
	assert_int_equal(psci_of("arm,psci-1.0", NULL, NULL), PSCI_NONE);
}

static struct span make_table(uint8_t *table, size_t size, const char *signature)
{
	uint8_t sum = 0;

	memcpy(table, signature, 4);
	store_le32(table + 4, (uint32_t)size);
	table[9] = 0;
	for (size_t i = 0; i < size; i++)
		sum = (uint8_t)(sum + table[i]);
	table[9] = (uint8_t)-sum;
	return (struct span){ table, size };
}

static struct span make_fadt(uint8_t table[276], uint16_t flags)
{
	memset(table, 0, 276);
	store_le16(table + 129, flags);
	return make_table(table, 276, "FACP");
}

static void psci_is_found_in_the_fadt(void **state)
{
	enum psci_conduit conduit = PSCI_SMC;
	struct err err = ERR_INIT;
	uint8_t table[276];
	struct span fadt;

	(void)state;
	assert_int_equal(firmware_psci_from_fadt(make_fadt(table, 0), &conduit, &err), ST_OK);
	assert_int_equal(conduit, PSCI_NONE);
	assert_int_equal(firmware_psci_from_fadt(make_fadt(table, 1), &conduit, &err), ST_OK);
	assert_int_equal(conduit, PSCI_SMC);
	assert_int_equal(firmware_psci_from_fadt(make_fadt(table, 3), &conduit, &err), ST_OK);
	assert_int_equal(conduit, PSCI_HVC);
	assert_int_equal(firmware_psci_from_fadt(make_fadt(table, 2), &conduit, &err), ST_OK);
	assert_int_equal(conduit, PSCI_NONE);
	/* ACPI 1.0: no such flags. */
	fadt = make_table(table, 116, "FACP");
	assert_int_equal(firmware_psci_from_fadt(fadt, &conduit, &err), ST_OK);
	assert_int_equal(conduit, PSCI_NONE);
	fadt = make_fadt(table, 3);
	table[200] ^= 1;
	assert_int_equal(firmware_psci_from_fadt(fadt, &conduit, &err), ST_BAD_INPUT);
	fadt.size = 35;
	assert_int_equal(firmware_psci_from_fadt(fadt, &conduit, &err), ST_BAD_INPUT);
}

static void read_firmware(
	const struct tmproot *tmp, struct span fdt, struct firmware *ret, struct report *report)
{
	struct err err = ERR_INIT;

	assert_int_equal(firmware_read(tmp->root, fdt, ret, report, &err), ST_OK);
}

static void acpi_machine_is_read(void **state)
{
	struct report report = REPORT_INIT;
	struct firmware firmware;
	uint8_t fadt[276];
	uint8_t spcr[80] = { 0 };
	struct tmproot tmp;
	struct tree tree;

	(void)state;
	tmproot_init(&tmp);
	make_fadt(fadt, 3);
	tmproot_bytes(&tmp, TABLES "/FACP", fadt, sizeof(fadt));
	spcr[36] = 3;
	store_le64(spcr + 44, 0x9000000);
	make_table(spcr, sizeof(spcr), "SPCR");
	tmproot_bytes(&tmp, TABLES "/SPCR", spcr, sizeof(spcr));
	tmproot_text(&tmp, TABLES "/DSDT", "DSDT without memory");
	read_firmware(&tmp, stub_tree(&tree, NULL, NULL), &firmware, &report);
	assert_true(firmware.acpi);
	assert_false(firmware.acpi_memory_devices);
	assert_int_equal(firmware.psci, PSCI_HVC);
	assert_int_equal(firmware.console.type, CONSOLE_PL011);
	assert_int_equal(firmware.console.base, 0x9000000);
	assert_int_equal(report.count, 1);
	/* The tables are there, but the kernel runs on the tree. */
	read_firmware(&tmp, stub_tree(&tree, "memory@0", NULL), &firmware, &report);
	assert_false(firmware.acpi);
	assert_int_equal(firmware.psci, PSCI_NONE);
	assert_int_equal(firmware.console.type, CONSOLE_NONE);
	report_done(&report);
	tmproot_done(&tmp);
}

static bool has_memory_devices(const struct tmproot *tmp)
{
	struct firmware firmware;
	struct tree tree;

	read_firmware(tmp, stub_tree(&tree, NULL, NULL), &firmware, NULL);
	return firmware.acpi_memory_devices;
}

static void trap44_memory_devices_are_seen_before_they_are_plugged(void **state)
{
	struct tmproot tmp;

	(void)state;
	tmproot_init(&tmp);
	assert_false(has_memory_devices(&tmp));
	tmproot_mkdir(&tmp, "/sys/bus/acpi/devices/PNP0C80X");
	tmproot_mkdir(&tmp, "/sys/bus/acpi/devices/ACPI0007:00");
	tmproot_text(&tmp, TABLES "/DSDT", "\x41\xd0\x0c\x81 PNP0C8");
	tmproot_text(&tmp, TABLES "/APIC", "PNP0C80"); /* no code */
	assert_false(has_memory_devices(&tmp));
	tmproot_mkdir(&tmp, "/sys/bus/acpi/devices/PNP0C80:00");
	assert_true(has_memory_devices(&tmp));
	tmproot_remove(&tmp, "/sys/bus/acpi/devices/PNP0C80:00");
	tmproot_bytes(&tmp, TABLES "/DSDT", "DSDT\x41\x41\xd0\x0c\x80", 9);
	assert_true(has_memory_devices(&tmp));
	tmproot_remove(&tmp, TABLES "/DSDT");
	tmproot_text(&tmp, TABLES "/SSDT3", "xPNPPNP0C80");
	assert_true(has_memory_devices(&tmp));
	tmproot_remove(&tmp, TABLES "/SSDT3");
	assert_false(has_memory_devices(&tmp));
	tmproot_text(&tmp, TABLES "/dynamic/SSDT4", "PNP0C80");
	assert_true(has_memory_devices(&tmp));
	tmproot_done(&tmp);
}

static void broken_tables_are_warnings(void **state)
{
	struct report report = REPORT_INIT;
	struct firmware firmware;
	struct tmproot tmp;
	struct tree tree;

	(void)state;
	tmproot_init(&tmp);
	tmproot_text(&tmp, TABLES "/FACP", "FACP");
	tmproot_text(&tmp, TABLES "/SPCR", "SPCR");
	read_firmware(&tmp, stub_tree(&tree, NULL, NULL), &firmware, &report);
	assert_true(firmware.acpi);
	assert_int_equal(firmware.psci, PSCI_NONE);
	assert_int_equal(firmware.console.type, CONSOLE_NONE);
	assert_int_equal(report.count, 2);
	assert_int_equal(report.entries[0].kind, REPORT_WARNING);
	assert_non_null(strstr(report.entries[0].text, "FACP"));
	assert_int_equal(report.entries[1].kind, REPORT_WARNING);
	assert_non_null(strstr(report.entries[1].text, "SPCR"));
	report_done(&report);
	tmproot_done(&tmp);
}

static void bare_machine_has_nothing(void **state)
{
	struct report report = REPORT_INIT;
	struct firmware firmware;
	struct tmproot tmp;

	(void)state;
	tmproot_init(&tmp);
	read_firmware(&tmp, (struct span){ NULL, 0 }, &firmware, &report);
	assert_false(firmware.acpi);
	assert_int_equal(firmware.console.type, CONSOLE_NONE);
	assert_int_equal(report.count, 0);
	report_done(&report);
	tmproot_done(&tmp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trap18_stubs_are_recognised),
		cmocka_unit_test(psci_is_found_in_the_tree),
		cmocka_unit_test(psci_is_found_in_the_fadt),
		cmocka_unit_test(acpi_machine_is_read),
		cmocka_unit_test(trap44_memory_devices_are_seen_before_they_are_plugged),
		cmocka_unit_test(broken_tables_are_warnings),
		cmocka_unit_test(bare_machine_has_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
