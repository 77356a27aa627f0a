/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the purgatory may print. */
#ifndef KEXEC_SYSTEM_CONSOLE_H
#define KEXEC_SYSTEM_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/bytes.h"
#include "lib/err.h"
#include "lib/report.h"
#include "lib/sysroot.h"

enum console_type {
	CONSOLE_NONE,
	CONSOLE_PL011,
	CONSOLE_8250,
	CONSOLE_HVTERM, /* a terminal of POWER's hypervisor, which has no registers */
};

/* Where I/O ports end, on CPUs that have some. */
#define CONSOLE_PORTS_END 0x10000

struct console {
	enum console_type type;
	bool port;	    /* base is an I/O port, below CONSOLE_PORTS_END: of an 8250 only */
	uint64_t base;	    /* physical address of the first register; number of the terminal */
	uint32_t reg_shift; /* log2 of the distance between registers; 0 for PL011 */
	uint32_t reg_width; /* bytes of an access: 1, 2 or 4 */
	char source[48];    /* where it was found: "/chosen/stdout-path", "SPCR", "--console" */
	uint32_t divisor;   /* of an 8250's clock, to be set; 0 to leave its speed as it is */
};

/* "pl011", "8250" or "hvterm"; "none". Static. */
const char *console_type_name(enum console_type type);

/*
 * The user's words, in the syntax of the kernel's earlycon= parameter:
 * "pl011,[mmio32,]ADDR", "sbsa,ADDR", "uart8250|uart,io|mmio|mmio16|mmio32,ADDR", or "none".
 * Besides, "hvterm,NUMBER".
 * (Documentation/admin-guide/kernel-parameters.txt). Trailing ",options" such as a baud
 * rate are ignored. ST_USAGE.
 */
int console_parse(const char *text, struct console *ret, struct err *err);

/* Where a PC has its first serial line. */
#define CONSOLE_FIRST_PORT 0x3f8

/* The 8250 at an I/O port; name is its source. */
struct console console_at_port(uint64_t port, const char *name);

/*
 * The UART behind /dev/<tty>, as --serial=ttyAMA0 names it ("/dev/" in front is allowed),
 * from /sys/class/tty/<tty>/{port,iomem_base,iomem_reg_shift,io_type,type}; or, of "0x3f8", that
 * at an I/O port. ST_NOT_FOUND when the device has no registers there that can be used; errors of
 * the sysroot. The tty name must be one path component, a port below CONSOLE_PORTS_END: ST_USAGE.
 */
int console_from_tty(
	const struct sysroot *root, const char *tty, struct console *ret, struct err *err);

/*
 * The last serial line that the running kernel's own output goes to, by the names in
 * /sys/class/tty/console/active. ST_NOT_FOUND when there is none; errors as above.
 */
int console_from_active(const struct sysroot *root, struct console *ret, struct err *err);

/*
 * /chosen/stdout-path (or linux,stdout-path) of a device tree: alias or path, options behind
 * ":" dropped, "reg" translated through every "ranges" on the way up, compatible
 * "arm,pl011", "arm,sbsa-uart", "ns16550a", "snps,dw-apb-uart" and the like, with reg-shift
 * and reg-io-width; or a terminal of the hypervisor, "hvterm1". ST_NOT_FOUND when the tree names
 * none or none that is known; ST_BAD_INPUT when the tree is broken or contradicts itself;
 * ST_NO_MEMORY.
 */
int console_from_fdt(struct span fdt, struct console *ret, struct err *err);

/*
 * The whole of one ACPI table, cut to the length in its header: signature (4 letters), length
 * and checksum are right, and it has at least min bytes. ST_BAD_INPUT.
 */
int acpi_table_check(
	struct span table, const char *signature, uint32_t min, struct span *ret, struct err *err);

/* The ACPI Serial Port Console Redirection table: interface types 0, 1, 3, 0xd, 0xe, 0x12. Checks
 * length and checksum. ST_NOT_FOUND when the address is 0, which says that redirection is off;
 * ST_BAD_INPUT, ST_UNSUPPORTED (unknown type or address space). */
int console_from_spcr(struct span table, struct console *ret, struct err *err);

#endif
