// SPDX-License-Identifier: GPL-2.0-only
/* Four sources for one answer, and the walk through a tree that the third of them needs: longer
 * than most, but one noun. */
#include "kexec/system/console.h"

#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "kexec/system/devtree.h"
#include "lib/checked.h"
#include "lib/cursor.h"

/* All registers of either kind of UART lie within one page. */
#define UART_WINDOW 4096u

/*
 * A PL011 is on a 32-bit bus and takes accesses of 32 bits everywhere; there are some that
 * take nothing else (the Arm SBSA's "32-bit only" kind). So that is what we use.
 */
#define PL011_WIDTH 4u

/* Deeper than any machine; the kernel's own limit (FDT_MAX_DEPTH). */
#define TREE_DEPTH_MAX 64

const char *console_type_name(enum console_type type)
{
	switch (type) {
	case CONSOLE_PL011:
		return "pl011";
	case CONSOLE_8250:
		return "8250";
	case CONSOLE_HVTERM:
		return "hvterm";
	case CONSOLE_NONE:
		break;
	}
	return "none";
}

static void set_source(struct console *console, const char *source)
{
	snprintf(console->source, sizeof(console->source), "%s", source);
}

static struct console make_pl011(uint64_t base)
{
	return (struct console){ .type = CONSOLE_PL011, .base = base, .reg_width = PL011_WIDTH };
}

/* What cannot be true of a UART's registers; NULL when all is well. */
static const char *wrong_registers(const struct console *console)
{
	uint64_t end;

	if (console->type == CONSOLE_HVTERM)
		return NULL;
	if (console->base == 0)
		return "the address is 0";
	if (console->port && (console->base > CONSOLE_PORTS_END - 8 || console->reg_width != 1 ||
				     console->reg_shift != 0))
		return "these are no I/O ports of an 8250";
	if (!add_u64(console->base, UART_WINDOW, &end))
		return "the registers leave the 64-bit space";
	if (console->reg_width != 1 && console->reg_width != 2 && console->reg_width != 4)
		return "registers are not 1, 2 or 4 bytes wide";
	if (console->reg_shift > 3)
		return "registers are more than 8 bytes apart";
	if (console->reg_width > 1u << console->reg_shift && console->type == CONSOLE_8250)
		return "registers are wider than their distance";
	if (!is_aligned(console->base, console->reg_width))
		return "the address is not a multiple of the register width";
	return NULL;
}

/* The user's words. */

static int bad_words(struct err *err, const char *text, const char *what)
{
	err_set(err, ST_USAGE, "console-syntax", "console \"%.80s\": %s", text, what);
	return err_hint(err, "wanted pl011,0xADDRESS or "
			     "uart8250,io|mmio|mmio16|mmio32,0xADDRESS or hvterm,0xNUMBER or "
			     "none");
}

/* The kernel takes an address without 0x for decimal, people do not: so it must be there. */
static bool take_address(struct span *rest, uint64_t *ret)
{
	return span_skip(rest, "0x") && span_take_number(rest, 16, ret) &&
	       (rest->size == 0 || rest->data[0] == ',');
}

static bool take_access(struct span *rest, struct console *console)
{
	if (span_skip(rest, "mmio32,"))
		console->reg_shift = 2;
	else if (span_skip(rest, "mmio16,"))
		console->reg_shift = 1;
	else if (span_skip(rest, "mmio,"))
		console->reg_shift = 0;
	else if (span_skip(rest, "io,"))
		console->port = true;
	else
		return false;
	console->reg_width = 1u << console->reg_shift;
	return true;
}

int console_parse(const char *text, struct console *ret, struct err *err)
{
	struct span rest = { (const uint8_t *)text, strlen(text) };
	struct console console = { .type = CONSOLE_NONE };
	const char *wrong;

	if (span_equals(rest, "none")) {
		set_source(&console, "--console");
		*ret = console;
		return ST_OK;
	}
	if (span_skip(&rest, "pl011,") || span_skip(&rest, "sbsa,")) {
		console = make_pl011(0);
		if (!span_skip(&rest, "mmio32,"))
			span_skip(&rest, "mmio,");
	} else if (span_skip(&rest, "uart8250,") || span_skip(&rest, "uart,")) {
		console.type = CONSOLE_8250;
		if (!take_access(&rest, &console))
			return bad_words(err, text, "no known way of access");
	} else if (span_skip(&rest, "hvterm,")) {
		console.type = CONSOLE_HVTERM;
	} else {
		return bad_words(err, text, "no known kind of UART");
	}
	if (!take_address(&rest, &console.base))
		return bad_words(err, text, "no address");
	wrong = wrong_registers(&console);
	if (wrong)
		return bad_words(err, text, wrong);
	set_source(&console, "--console");
	*ret = console;
	return ST_OK;
}

/* sysfs (drivers/tty/serial/serial_core.c). The numbers are kernel ABI:
 * include/uapi/linux/serial_core.h for the types, include/linux/serial_core.h for io_type. */

#define TTY_TYPE_8250_FIRST 1u
#define TTY_TYPE_8250_LAST  30u
#define TTY_TYPE_AMBA	    32u

#define TTY_IO_PORT  0u
#define TTY_IO_MEM   2u
#define TTY_IO_MEM32 3u
#define TTY_IO_MEM16 7u

struct tty {
	uint64_t base;
	uint64_t shift;
	uint64_t io_type;
	uint64_t type;
};

static int read_tty(const struct sysroot *root, const char *name, struct tty *ret, struct err *err)
{
	struct tty tty;
	const struct {
		const char *name;
		int base;
		uint64_t *value;
	} files[] = {
		{ "type", 10, &tty.type },
		{ "io_type", 10, &tty.io_type },
		{ "iomem_base", 16, &tty.base },
		{ "iomem_reg_shift", 10, &tty.shift },
	};
	char path[128];
	int status;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "/sys/class/tty/%s/%s", name, files[i].name);
		status = sysroot_read_u64(root, path, files[i].base, files[i].value, err);
		if (status != ST_OK)
			return status;
	}
	if (tty.io_type == TTY_IO_PORT && tty.base == 0) {
		tty.shift = 0;
		snprintf(path, sizeof(path), "/sys/class/tty/%s/port", name);
		status = sysroot_read_u64(root, path, 16, &tty.base, err);
		if (status != ST_OK)
			return status;
	}
	*ret = tty;
	return ST_OK;
}

static int bad_tty(struct err *err, const char *name, const char *what)
{
	return err_set(err, ST_NOT_FOUND, "console-tty", "tty %s: %s", name, what);
}

static int tty_to_console(
	const struct tty *tty, const char *name, struct console *ret, struct err *err)
{
	struct console console = { .type = CONSOLE_8250, .base = tty->base };
	const char *wrong;

	if (tty->base == 0)
		return bad_tty(err, name, "it has no registers in memory or at a port");
	if (tty->shift > 3)
		return bad_tty(err, name, "its registers are more than 8 bytes apart");
	console.reg_shift = (uint32_t)tty->shift;
	if (tty->io_type == TTY_IO_MEM || tty->io_type == TTY_IO_PORT)
		console.reg_width = 1;
	else if (tty->io_type == TTY_IO_MEM16)
		console.reg_width = 2;
	else if (tty->io_type == TTY_IO_MEM32)
		console.reg_width = 4;
	else
		return bad_tty(err, name, "its registers are not plain memory-mapped ones");
	console.port = tty->io_type == TTY_IO_PORT;
	if (tty->type == TTY_TYPE_AMBA && !console.port)
		console = make_pl011(tty->base);
	else if (tty->type < TTY_TYPE_8250_FIRST || tty->type > TTY_TYPE_8250_LAST)
		return bad_tty(err, name, "it is neither a PL011 nor an 8250");
	wrong = wrong_registers(&console);
	if (wrong)
		return bad_tty(err, name, wrong);
	snprintf(console.source, sizeof(console.source), "/dev/%.40s", name);
	*ret = console;
	return ST_OK;
}

struct console console_at_port(uint64_t port, const char *name)
{
	struct console console = {
		.type = CONSOLE_8250, .port = true, .base = port, .reg_width = 1
	};

	set_source(&console, name);
	return console;
}

/* "0x3f8", as kexec-tools has it on PCs. */
static int port_to_console(const char *text, struct console *ret, struct err *err)
{
	struct span digits = { (const uint8_t *)text + 2, strlen(text + 2) };
	uint64_t port;

	if (!span_take_number(&digits, 16, &port) || digits.size || port == 0 ||
		port > CONSOLE_PORTS_END - 8)
		return err_set(err, ST_USAGE, "console-tty-name",
			"Bad serial port base '%.80s': wanted one below 0x%x", text,
			CONSOLE_PORTS_END);
	*ret = console_at_port(port, text);
	return ST_OK;
}

int console_from_tty(
	const struct sysroot *root, const char *tty, struct console *ret, struct err *err)
{
	struct tty values;
	int status;

	if (strncmp(tty, "0x", 2) == 0)
		return port_to_console(tty, ret, err);
	if (strncmp(tty, "/dev/", 5) == 0)
		tty += 5;
	if (!*tty || strchr(tty, '/') || strcmp(tty, ".") == 0 || strcmp(tty, "..") == 0 ||
		strlen(tty) > 64)
		return err_set(err, ST_USAGE, "console-tty-name",
			"serial device \"%.80s\": wanted a name such as ttyAMA0", tty);
	status = read_tty(root, tty, &values, err);
	if (status != ST_OK)
		return err_prefix(err, "serial device %s", tty);
	return tty_to_console(&values, tty, ret, err);
}

#define ACTIVE_PATH "/sys/class/tty/console/active"
#define ACTIVE_MAX  4096

int console_from_active(const struct sysroot *root, struct console *ret, struct err *err)
{
	struct blob text = BLOB_INIT;
	struct span rest, word;
	char last[32] = "";
	int status = sysroot_read_text(root, ACTIVE_PATH, ACTIVE_MAX, &text, err);

	if (status != ST_OK)
		return status;
	rest = span_trim(blob_span(&text));
	while (rest.size) {
		if (!span_take_until(&rest, ' ', &word)) {
			word = rest;
			rest.size = 0;
		}
		if (span_starts_with(word, "ttyS", 4) && word.size < sizeof(last))
			snprintf(last, sizeof(last), "%.*s", (int)word.size,
				(const char *)word.data);
	}
	blob_done(&text);
	if (!*last)
		return err_set(err, ST_NOT_FOUND, "console-none",
			"the kernel's output goes to no serial line (" ACTIVE_PATH ")");
	return console_from_tty(root, last, ret, err);
}

/* Device tree. */

static const char *const pl011_compatibles[] = { "arm,pl011", "arm,sbsa-uart", NULL };

static const char *const uart8250_compatibles[] = { "ns16550a", "ns16550", "ns16450", "ns8250",
	"ns16750", "ns16850", "snps,dw-apb-uart", "nvidia,tegra20-uart", "mrvl,mmp-uart",
	"intel,xscale-uart", "ti,omap2-uart", "ti,am3352-uart", "ti,am4372-uart", "ti,am654-uart",
	"mediatek,mt6577-uart", "brcm,bcm7271-uart", NULL };

static bool is_compatible(const void *fdt, int node, const char *const *names)
{
	for (; *names; names++)
		if (fdt_node_check_compatible(fdt, node, *names) == 0)
			return true;
	return false;
}

/* A property that is one string, which libfdt does not check. */
static const char *get_string(const void *fdt, int node, const char *name, size_t name_size)
{
	int size;
	const char *text = fdt_getprop_namelen(fdt, node, name, (int)name_size, &size);

	return text && size > 0 && memchr(text, 0, (size_t)size) ? text : NULL;
}

/* One u32 of a property, or its default where there is none. False when it has another size. */
static bool get_u32(const void *fdt, int node, const char *name, uint32_t fallback, uint32_t *ret)
{
	int size;
	const fdt32_t *cell = fdt_getprop(fdt, node, name, &size);

	if (cell && size != 4)
		return false;
	*ret = cell ? fdt32_ld(cell) : fallback;
	return true;
}

/* An alias leads to a path, never to another alias: fdt_path_offset() would follow one that
 * names itself for ever. */
static int find_alias(const void *fdt, const char *name, size_t size)
{
	int aliases = fdt_path_offset(fdt, "/aliases");
	const char *path = aliases < 0 ? NULL : get_string(fdt, aliases, name, size);

	if (!path || *path != '/')
		return -FDT_ERR_NOTFOUND;
	return fdt_path_offset(fdt, path);
}

/* The node that the kernel's output goes to; negative when the tree does not say. */
static int find_stdout(const void *fdt)
{
	int chosen = fdt_path_offset(fdt, "/chosen");
	const char *text;
	size_t size;

	if (chosen < 0)
		return chosen;
	text = get_string(fdt, chosen, "stdout-path", strlen("stdout-path"));
	if (!text)
		text = get_string(fdt, chosen, "linux,stdout-path", strlen("linux,stdout-path"));
	if (!text)
		return -FDT_ERR_NOTFOUND;
	size = strcspn(text, ":"); /* the rest is a baud rate */
	if (*text == '/')
		return fdt_path_offset_namelen(fdt, text, (int)size);
	return find_alias(fdt, text, size);
}

/* A node and those it lies in, the root first. */
struct chain {
	int nodes[TREE_DEPTH_MAX];
	int depth; /* of the node, which is nodes[depth] */
};

static bool find_chain(const void *fdt, int target, struct chain *ret)
{
	int depth = 0;

	for (int node = 0; node >= 0 && depth >= 0; node = fdt_next_node(fdt, node, &depth)) {
		if (depth < TREE_DEPTH_MAX)
			ret->nodes[depth] = node;
		if (node == target) {
			ret->depth = depth;
			return depth < TREE_DEPTH_MAX;
		}
	}
	return false;
}

/* A number of one or two cells. */
static uint64_t load_cells(const fdt32_t *cells, int count)
{
	uint64_t value = 0;

	for (int i = 0; i < count; i++)
		value = value << 32 | fdt32_ld(cells + i);
	return value;
}

static bool are_cells(int count)
{
	return count == 1 || count == 2;
}

/* From the addresses of a bus to those of the bus around it, through "ranges". */
static bool translate_once(const void *fdt, int bus, int around, uint64_t *address)
{
	int child_cells = fdt_address_cells(fdt, bus);
	int size_cells = fdt_size_cells(fdt, bus);
	int parent_cells = fdt_address_cells(fdt, around);
	int size;
	const fdt32_t *ranges = fdt_getprop(fdt, bus, "ranges", &size);
	int entry = child_cells + parent_cells + size_cells;

	if (!ranges)
		return false;
	if (size == 0)
		return true; /* the same addresses */
	if (!are_cells(child_cells) || !are_cells(size_cells) || !are_cells(parent_cells))
		return false;
	for (int cells = size / 4; cells >= entry; cells -= entry, ranges += entry) {
		uint64_t child = load_cells(ranges, child_cells);
		uint64_t parent = load_cells(ranges + child_cells, parent_cells);
		uint64_t length = load_cells(ranges + child_cells + parent_cells, size_cells);

		if (*address >= child && *address - child < length)
			return add_u64(parent, *address - child, address);
	}
	return false;
}

/* The physical address of a node's first register. */
static bool find_registers(const void *fdt, const struct chain *chain, uint64_t *ret)
{
	uint64_t address;
	int size;
	const fdt32_t *reg;
	int cells;

	if (chain->depth == 0)
		return false;
	cells = fdt_address_cells(fdt, chain->nodes[chain->depth - 1]);
	reg = fdt_getprop(fdt, chain->nodes[chain->depth], "reg", &size);
	if (!reg || !are_cells(cells) || size / 4 < cells)
		return false;
	address = load_cells(reg, cells);
	for (int bus = chain->depth - 1; bus > 0; bus--)
		if (!translate_once(fdt, chain->nodes[bus], chain->nodes[bus - 1], &address))
			return false;
	*ret = address;
	return true;
}

static int bad_node(struct err *err, int status, const char *what)
{
	return err_set(err, status, "console-fdt", "the UART in /chosen/stdout-path: %s", what);
}

static int describe_8250(const void *fdt, int node, struct console *console, struct err *err)
{
	uint32_t offset;

	if (fdt_getprop(fdt, node, "big-endian", NULL))
		return bad_node(err, ST_NOT_FOUND, "its registers are big-endian");
	if (!get_u32(fdt, node, "reg-shift", 0, &console->reg_shift) ||
		!get_u32(fdt, node, "reg-io-width", 1, &console->reg_width) ||
		!get_u32(fdt, node, "reg-offset", 0, &offset))
		return bad_node(
			err, ST_BAD_INPUT, "reg-shift, reg-io-width or reg-offset is not one cell");
	if (!add_u64(console->base, offset, &console->base))
		return bad_node(err, ST_BAD_INPUT, "reg-offset leaves the 64-bit space");
	console->type = CONSOLE_8250;
	return ST_OK;
}

/* PAPR, 16.6.2: the number is the node's address. "hvterm-protocol" is another thing, whose bytes
 * are in packets. */
static bool is_terminal(const void *fdt, int node, struct console *console)
{
	uint32_t number;

	if (fdt_node_check_compatible(fdt, node, "hvterm1") != 0 ||
		!get_u32(fdt, node, "reg", UINT32_MAX, &number) || number == UINT32_MAX)
		return false;
	*console = (struct console){ .type = CONSOLE_HVTERM, .base = number };
	set_source(console, "/chosen/stdout-path");
	return true;
}

static int find_console(const void *fdt, struct console *ret, struct err *err)
{
	struct console console = { .type = CONSOLE_NONE };
	struct chain chain;
	const char *wrong;
	int node = find_stdout(fdt);
	int status = ST_OK;

	if (node < 0)
		return err_set(err, ST_NOT_FOUND, "console-fdt",
			"the device tree names no node in /chosen/stdout-path");
	if (is_terminal(fdt, node, ret))
		return ST_OK;
	if (!is_compatible(fdt, node, pl011_compatibles) &&
		!is_compatible(fdt, node, uart8250_compatibles))
		return bad_node(err, ST_NOT_FOUND, "it is neither a PL011 nor an 8250");
	if (!find_chain(fdt, node, &chain) || !find_registers(fdt, &chain, &console.base))
		return bad_node(err, ST_NOT_FOUND, "its registers have no physical address");
	if (is_compatible(fdt, node, pl011_compatibles))
		console = make_pl011(console.base);
	else
		status = describe_8250(fdt, node, &console, err);
	if (status != ST_OK)
		return status;
	wrong = wrong_registers(&console);
	if (wrong)
		return bad_node(err, ST_BAD_INPUT, wrong);
	set_source(&console, "/chosen/stdout-path");
	*ret = console;
	return ST_OK;
}

int console_from_fdt(struct span fdt, struct console *ret, struct err *err)
{
	struct devtree_view view;
	int status;

	status = devtree_view_init(fdt, "device tree", &view, err);
	if (status != ST_OK)
		return status;
	status = find_console(view.fdt, ret, err);
	devtree_view_done(&view);
	return status;
}

/* ACPI: the table header, and the offsets in "Serial Port Console Redirection Table". */

#define ACPI_HEADER   36u
#define ACPI_LENGTH   4u
#define SPCR_TYPE     36u
#define SPCR_SPACE    40u
#define SPCR_BITS     41u
#define SPCR_ACCESS   43u
#define SPCR_ADDRESS  44u
#define SPCR_SIZE_MIN 52u

#define SPCR_SPACE_PORTS 1u

/* "Microsoft Debug Port Table 2", serial subtypes. */
enum spcr_type {
	SPCR_16550 = 0x00,
	SPCR_16550_SUBSET = 0x01,
	SPCR_PL011 = 0x03,
	SPCR_SBSA_32BIT = 0x0d,
	SPCR_SBSA = 0x0e,
	SPCR_16550_GAS = 0x12,
};

int acpi_table_check(
	struct span table, const char *signature, uint32_t min, struct span *ret, struct err *err)
{
	uint32_t length;
	uint8_t sum = 0;

	if (table.size < ACPI_HEADER)
		return err_set(err, ST_BAD_INPUT, "acpi-short",
			"ACPI table %s: found %zu bytes, wanted a header of %u", signature,
			table.size, ACPI_HEADER);
	if (memcmp(table.data, signature, 4) != 0)
		return err_set(err, ST_BAD_INPUT, "acpi-signature",
			"ACPI table %s: it has another signature", signature);
	length = load_le32(table.data + ACPI_LENGTH);
	if (length > table.size || length < ACPI_HEADER || length < min)
		return err_set(err, ST_BAD_INPUT, "acpi-length",
			"ACPI table %s: it says it has %" PRIu32 " bytes, wanted %" PRIu32
			" to %zu",
			signature, length, min < ACPI_HEADER ? ACPI_HEADER : min, table.size);
	for (size_t i = 0; i < length; i++)
		sum = (uint8_t)(sum + table.data[i]);
	if (sum != 0)
		return err_set(err, ST_BAD_INPUT, "acpi-checksum",
			"ACPI table %s: the bytes sum up to 0x%02x, wanted 0", signature, sum);
	*ret = (struct span){ table.data, length };
	return ST_OK;
}

/* Registers as the generic address structure describes them: its bit width is their distance,
 * its access size what is read or written at once. Either may be left out. */
static void describe_gas(const uint8_t *table, struct console *console)
{
	uint32_t bits = table[SPCR_BITS];
	uint32_t access = table[SPCR_ACCESS];

	if (access >= 1 && access <= 3)
		console->reg_width = 1u << (access - 1);
	else
		console->reg_width = bits == 32 ? 4 : bits == 16 ? 2 : 1;
	for (uint32_t width = bits >= 8 ? bits / 8 : console->reg_width; width > 1; width /= 2)
		console->reg_shift++;
}

int console_from_spcr(struct span table, struct console *ret, struct err *err)
{
	struct console console = { .type = CONSOLE_8250 };
	const char *wrong;
	struct span spcr = { NULL, 0 };
	int status;

	status = acpi_table_check(table, "SPCR", SPCR_SIZE_MIN, &spcr, err);
	if (status != ST_OK)
		return status;
	console.base = load_le64(spcr.data + SPCR_ADDRESS);
	if (console.base == 0)
		return err_set(err, ST_NOT_FOUND, "spcr-off",
			"ACPI table SPCR: the address is 0, redirection is off");
	if (spcr.data[SPCR_SPACE] > SPCR_SPACE_PORTS)
		return err_set(err, ST_UNSUPPORTED, "spcr-space",
			"ACPI table SPCR: the registers are in address space %u, wanted 0 (memory) "
			"or 1 (I/O ports)",
			spcr.data[SPCR_SPACE]);
	switch (spcr.data[SPCR_TYPE]) {
	case SPCR_16550:
	case SPCR_16550_SUBSET:
	case SPCR_16550_GAS:
		console.port = spcr.data[SPCR_SPACE] == SPCR_SPACE_PORTS;
		if (console.port)
			console.reg_width = 1;
		else
			describe_gas(spcr.data, &console);
		break;
	case SPCR_PL011:
	case SPCR_SBSA_32BIT:
	case SPCR_SBSA:
		console = make_pl011(console.base);
		break;
	default:
		return err_set(err, ST_UNSUPPORTED, "spcr-type",
			"ACPI table SPCR: interface type 0x%02x is none that we can drive",
			spcr.data[SPCR_TYPE]);
	}
	wrong = wrong_registers(&console);
	if (wrong)
		return err_set(err, ST_BAD_INPUT, "spcr-registers", "ACPI table SPCR: %s", wrong);
	set_source(&console, "SPCR");
	*ret = console;
	return ST_OK;
}
