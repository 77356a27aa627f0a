/* SPDX-License-Identifier: GPL-2.0-only */
/* What ACPI and the device tree say about the platform, as far as kexec must know. */
#ifndef KEXEC_SYSTEM_FIRMWARE_H
#define KEXEC_SYSTEM_FIRMWARE_H

#include <stdbool.h>

#include "kexec/system/console.h"
#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/report.h"
#include "lib/sysroot.h"

/* How PSCI firmware is called (Arm DEN0022). */
enum psci_conduit { PSCI_NONE, PSCI_SMC, PSCI_HVC };

struct firmware {
	/* The kernel runs on ACPI: its tree is a stub (root has no child but "chosen" and a Xen
	 * "hypervisor", arch/arm64/kernel/acpi.c:dt_is_stub) and ACPI tables are there. */
	bool acpi;
	/* There are ACPI memory devices (PNP0C80), so memory can be hot-added. */
	bool acpi_memory_devices;
	enum psci_conduit psci; /* that can do SYSTEM_RESET, which is PSCI 0.2 and later */
	struct console console; /* what /chosen or SPCR implies; CONSOLE_NONE when nothing does */
};

/* Is this tree only a vehicle for /chosen? */
bool firmware_fdt_is_stub(struct span fdt);

/* /psci: method and a compatible of 0.2 or later. PSCI_NONE when there is none. */
enum psci_conduit firmware_psci_from_fdt(struct span fdt);

/* Arm boot architecture flags of the FADT (offset 129: bit 0 PSCI, bit 1 HVC). ST_BAD_INPUT. */
int firmware_psci_from_fadt(struct span table, enum psci_conduit *ret, struct err *err);

/* Does the code of a DSDT or SSDT define a memory device (PNP0C80), plugged or not? */
bool firmware_aml_has_memory_device(struct span table);

/*
 * Read all of the above. Nothing found is no error; a table that may not be read is a
 * REPORT_CHOICE, and one that cannot be or is broken a REPORT_WARNING. ST_NO_MEMORY.
 */
int firmware_read(const struct sysroot *root, struct span fdt, struct firmware *ret,
	struct report *report, struct err *err);

/* Only acpi and acpi_memory_devices, and the tree is not looked at: only a kernel that runs on ACPI
 * shows its tables. Errors as above. */
int firmware_read_memory(
	const struct sysroot *root, struct firmware *ret, struct report *report, struct err *err);

#endif
