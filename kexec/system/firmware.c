// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/system/firmware.h"

#include <libfdt.h>
#include <string.h>

#include "kexec/system/devtree.h"

#define TABLE_DIR "/sys/firmware/acpi/tables"
#define TABLE_MAX (16u << 20)

/* Fixed ACPI Description Table, "ARM Boot Architecture Flags" (ACPI 5.1 and later). */
#define FADT_ARM_FLAGS	   129u
#define FADT_ARM_FLAGS_END 131u
#define FADT_ARM_PSCI	   0x1u
#define FADT_ARM_PSCI_HVC  0x2u

/* May this child of the root be in a tree that is only a vehicle for /chosen? */
static bool is_stub_child(const void *fdt, int node)
{
	const char *name = fdt_get_name(fdt, node, NULL);

	if (!name)
		return false;
	if (strcmp(name, "chosen") == 0)
		return true;
	return strcmp(name, "hypervisor") == 0 &&
	       fdt_node_check_compatible(fdt, node, "xen,xen") == 0;
}

bool firmware_fdt_is_stub(struct span fdt)
{
	struct devtree_view view;
	bool stub = true;
	int node;

	if (devtree_view_init(fdt, "device tree", &view, NULL) != ST_OK)
		return false;
	fdt_for_each_subnode (node, view.fdt, 0)
		stub = stub && is_stub_child(view.fdt, node);
	devtree_view_done(&view);
	return stub;
}

/* A node of this kind that is in use, wherever it is (/psci, /firmware/psci). */
static int find_psci(const void *fdt, const char *compatible)
{
	int node = fdt_node_offset_by_compatible(fdt, -1, compatible);

	while (node >= 0 && !devtree_is_available(fdt, node))
		node = fdt_node_offset_by_compatible(fdt, node, compatible);
	return node;
}

enum psci_conduit firmware_psci_from_fdt(struct span fdt)
{
	enum psci_conduit conduit = PSCI_NONE;
	struct devtree_view view;
	int node;

	if (devtree_view_init(fdt, "device tree", &view, NULL) != ST_OK)
		return PSCI_NONE;
	node = find_psci(view.fdt, "arm,psci-1.0");
	if (node < 0)
		node = find_psci(view.fdt, "arm,psci-0.2");
	if (node >= 0 && devtree_property_is(view.fdt, node, "method", "smc"))
		conduit = PSCI_SMC;
	else if (node >= 0 && devtree_property_is(view.fdt, node, "method", "hvc"))
		conduit = PSCI_HVC;
	devtree_view_done(&view);
	return conduit;
}

int firmware_psci_from_fadt(struct span table, enum psci_conduit *ret, struct err *err)
{
	struct span fadt;
	uint16_t flags = 0;
	int status;

	status = acpi_table_check(table, "FACP", 0, &fadt, err);
	if (status != ST_OK)
		return status;
	if (fadt.size >= FADT_ARM_FLAGS_END) /* older than Arm in ACPI otherwise */
		flags = load_le16(fadt.data + FADT_ARM_FLAGS);
	if (!(flags & FADT_ARM_PSCI))
		*ret = PSCI_NONE;
	else
		*ret = flags & FADT_ARM_PSCI_HVC ? PSCI_HVC : PSCI_SMC;
	return ST_OK;
}

static bool contains(struct span bytes, const char *wanted, size_t size)
{
	while (bytes.size >= size) {
		const uint8_t *at = memchr(bytes.data, wanted[0], bytes.size - size + 1);

		if (!at)
			return false;
		if (memcmp(at, wanted, size) == 0)
			return true;
		at++;
		bytes = (struct span){ at, (size_t)(bytes.data + bytes.size - at) };
	}
	return false;
}

bool firmware_aml_has_memory_device(struct span table)
{
	/* The id as EISAID() packs it, and as a string. */
	return contains(table, "\x41\xd0\x0c\x80", 4) || contains(table, "PNP0C80", 7);
}

/* One source of firmware facts that went wrong: said, not fatal. */
static int doubt(struct report *report, const struct err *why, struct err *err)
{
	if (why->status == ST_NO_MEMORY)
		return err_no_memory(err);
	if (why->status != ST_NOT_FOUND)
		report_add(report, why->status == ST_DENIED ? REPORT_CHOICE : REPORT_WARNING,
			"firmware", "%s", why->text);
	return ST_OK;
}

/* The system names each memory device that it has found present. */
static int look_for_devices(const struct sysroot *root, struct firmware *firmware,
	struct report *report, struct err *err)
{
	struct err why = ERR_INIT;
	char **names;
	size_t count;

	if (sysroot_list(root, "/sys/bus/acpi/devices", &names, &count, &why) != ST_OK)
		return doubt(report, &why, err);
	for (size_t i = 0; i < count; i++)
		if (strncmp(names[i], "PNP0C80:", 8) == 0)
			firmware->acpi_memory_devices = true;
	sysroot_free_names(names, count);
	return ST_OK;
}

static int look_into_table(const struct sysroot *root, const char *folder, const char *name,
	struct firmware *firmware, struct report *report, struct err *err)
{
	struct blob table = BLOB_INIT;
	struct err why = ERR_INIT;
	char path[128];

	if (strlen(name) > 32)
		return ST_OK;
	strcpy(path, folder);
	strcat(path, "/");
	strcat(path, name);
	if (sysroot_read(root, path, TABLE_MAX, &table, &why) != ST_OK)
		return doubt(report, &why, err);
	if (firmware_aml_has_memory_device(blob_span(&table)))
		firmware->acpi_memory_devices = true;
	blob_done(&table);
	return ST_OK;
}

/* A memory device that is not plugged yet has no node, but its definition is in the code. */
static int look_into_tables(const struct sysroot *root, const char *folder,
	struct firmware *firmware, struct report *report, struct err *err)
{
	struct err why = ERR_INIT;
	char **names;
	size_t count;
	int status = ST_OK;

	if (sysroot_list(root, folder, &names, &count, &why) != ST_OK)
		return doubt(report, &why, err);
	for (size_t i = 0; i < count && status == ST_OK && !firmware->acpi_memory_devices; i++)
		if (strncmp(names[i], "DSDT", 4) == 0 || strncmp(names[i], "SSDT", 4) == 0)
			status = look_into_table(root, folder, names[i], firmware, report, err);
	sysroot_free_names(names, count);
	return status;
}

static int read_memory_devices(const struct sysroot *root, struct firmware *firmware,
	struct report *report, struct err *err)
{
	int status;

	status = look_for_devices(root, firmware, report, err);
	if (status == ST_OK)
		status = look_into_tables(root, TABLE_DIR, firmware, report, err);
	if (status == ST_OK)
		status = look_into_tables(root, TABLE_DIR "/dynamic", firmware, report, err);
	return status;
}

static int read_psci(const struct sysroot *root, struct span fdt, struct firmware *firmware,
	struct report *report, struct err *err)
{
	struct blob table = BLOB_INIT;
	struct err why = ERR_INIT;
	int status;

	if (!firmware->acpi) {
		firmware->psci = firmware_psci_from_fdt(fdt);
		return ST_OK;
	}
	status = sysroot_read(root, TABLE_DIR "/FACP", TABLE_MAX, &table, &why);
	if (status == ST_OK)
		status = firmware_psci_from_fadt(blob_span(&table), &firmware->psci, &why);
	blob_done(&table);
	return status == ST_OK ? ST_OK : doubt(report, &why, err);
}

static int read_spcr(const struct sysroot *root, struct console *ret, struct err *err)
{
	struct blob table = BLOB_INIT;
	int status;

	status = sysroot_read(root, TABLE_DIR "/SPCR", TABLE_MAX, &table, err);
	if (status == ST_OK)
		status = console_from_spcr(blob_span(&table), ret, err);
	blob_done(&table);
	return status;
}

static int read_console(const struct sysroot *root, struct span fdt, struct firmware *firmware,
	struct report *report, struct err *err)
{
	struct err why = ERR_INIT;
	int status = ST_NOT_FOUND;

	if (firmware->acpi)
		status = read_spcr(root, &firmware->console, &why);
	else if (fdt.size)
		status = console_from_fdt(fdt, &firmware->console, &why);
	/* What firmware does not say the kernel may know all the same. */
	if (status == ST_NOT_FOUND && fdt.size == 0) {
		err_clear(&why);
		status = console_from_active(root, &firmware->console, &why);
	}
	if (status != ST_OK)
		return why.status == ST_OK ? ST_OK : doubt(report, &why, err);
	report_add(report, REPORT_CHOICE, "console", "%s at 0x%llx, from %s",
		console_type_name(firmware->console.type),
		(unsigned long long)firmware->console.base, firmware->console.source);
	return ST_OK;
}

int firmware_read_memory(
	const struct sysroot *root, struct firmware *ret, struct report *report, struct err *err)
{
	struct firmware firmware = { .acpi = sysroot_is_dir(root, TABLE_DIR) };
	int status = ST_OK;

	if (firmware.acpi)
		status = read_memory_devices(root, &firmware, report, err);
	if (status == ST_OK)
		*ret = firmware;
	return status;
}

int firmware_read(const struct sysroot *root, struct span fdt, struct firmware *ret,
	struct report *report, struct err *err)
{
	struct firmware firmware = { .acpi = false };
	int status;

	firmware.acpi =
		(fdt.size == 0 || firmware_fdt_is_stub(fdt)) && sysroot_is_dir(root, TABLE_DIR);
	status = read_memory_devices(root, &firmware, report, err);
	if (status == ST_OK)
		status = read_psci(root, fdt, &firmware, report, err);
	if (status == ST_OK)
		status = read_console(root, fdt, &firmware, report, err);
	if (status == ST_OK)
		*ret = firmware;
	return status;
}
