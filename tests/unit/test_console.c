// SPDX-License-Identifier: GPL-2.0-only
#include "tests/unit/tree.h"

#include "kexec/system/console.h"

static void assert_console(const struct console *console, enum console_type type, uint64_t base,
	uint32_t shift, uint32_t width, const char *source)
{
	assert_int_equal(console->type, type);
	assert_int_equal(console->base, base);
	assert_int_equal(console->reg_shift, shift);
	assert_int_equal(console->reg_width, width);
	assert_string_equal(console->source, source);
}

static void assert_words(
	const char *text, enum console_type type, uint64_t base, uint32_t shift, uint32_t width)
{
	struct console console;
	struct err err = ERR_INIT;

	assert_int_equal(console_parse(text, &console, &err), ST_OK);
	assert_console(&console, type, base, shift, width, "--console");
}

static void words_of_earlycon_are_taken(void **state)
{
	(void)state;
	assert_words("pl011,0x9000000", CONSOLE_PL011, 0x9000000, 0, 4);
	assert_words("pl011,mmio32,0x9000000", CONSOLE_PL011, 0x9000000, 0, 4);
	assert_words("sbsa,0x9000000", CONSOLE_PL011, 0x9000000, 0, 4);
	assert_words("pl011,0x9000000,115200n8", CONSOLE_PL011, 0x9000000, 0, 4);
	assert_words("uart8250,mmio,0x3f8000", CONSOLE_8250, 0x3f8000, 0, 1);
	assert_words("uart,mmio16,0x3f8000", CONSOLE_8250, 0x3f8000, 1, 2);
	assert_words("uart8250,mmio32,0xfe215040,115200", CONSOLE_8250, 0xfe215040, 2, 4);
	assert_words("none", CONSOLE_NONE, 0, 0, 0);
	assert_string_equal(console_type_name(CONSOLE_PL011), "pl011");
	assert_string_equal(console_type_name(CONSOLE_8250), "8250");
	assert_string_equal(console_type_name(CONSOLE_NONE), "none");
}

static void other_words_are_refused(void **state)
{
	static const char *const bad[] = { "", "pl011", "pl011,", "pl011,9000000", "pl011,0x",
		"pl011,0xzz", "pl011,0x9000000x", "pl011,0x10000000000000000", "pl011,0x0",
		"pl011,0x9000001", "pl011,0xffffffffffffff00", "uart8250,0x9000000",
		"uart8250,io,0x10000", "uart8250,io,0xfffd", "uart8250,mmio32be,0x9000000",
		"uart8250,mmio32,0x9000002", "uart,mmio", "none,", "ttyAMA0", "PL011,0x9000000",
		" pl011,0x9000000" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct console console = { .base = 7 };
		struct err err = ERR_INIT;

		if (console_parse(bad[i], &console, &err) != ST_USAGE)
			fail_msg("taken: \"%s\"", bad[i]);
		assert_string_equal(err.id, "console-syntax");
		assert_non_null(strstr(err.hint, "pl011"));
		assert_int_equal(console.base, 7);
	}
}

static void put_tty(const struct tmproot *tmp, const char *base, const char *shift,
	const char *io_type, const char *type)
{
	tmproot_text(tmp, "/sys/class/tty/ttyX0/iomem_base", base);
	tmproot_text(tmp, "/sys/class/tty/ttyX0/iomem_reg_shift", shift);
	tmproot_text(tmp, "/sys/class/tty/ttyX0/io_type", io_type);
	tmproot_text(tmp, "/sys/class/tty/ttyX0/type", type);
}

static void ttys_are_looked_up(void **state)
{
	struct console console;
	struct err err = ERR_INIT;
	struct tmproot tmp;

	(void)state;
	tmproot_init(&tmp);
	put_tty(&tmp, "0x9000000\n", "0\n", "2\n", "32\n");
	assert_int_equal(console_from_tty(tmp.root, "ttyX0", &console, &err), ST_OK);
	assert_console(&console, CONSOLE_PL011, 0x9000000, 0, 4, "/dev/ttyX0");
	put_tty(&tmp, "0xFE215040\n", "2\n", "3\n", "4\n");
	assert_int_equal(console_from_tty(tmp.root, "/dev/ttyX0", &console, &err), ST_OK);
	assert_console(&console, CONSOLE_8250, 0xfe215040, 2, 4, "/dev/ttyX0");
	put_tty(&tmp, "0x0\n", "0\n", "0\n", "4\n"); /* a port that is not said */
	assert_int_equal(console_from_tty(tmp.root, "ttyX0", &console, &err), ST_NOT_FOUND);
	tmproot_text(&tmp, "/sys/class/tty/ttyX0/port", "0x3F8\n");
	assert_int_equal(console_from_tty(tmp.root, "ttyX0", &console, &err), ST_OK);
	assert_console(&console, CONSOLE_8250, 0x3f8, 0, 1, "/dev/ttyX0");
	assert_true(console.port);
	/* As kexec-tools has ports. */
	assert_int_equal(console_from_tty(tmp.root, "0x2f8", &console, &err), ST_OK);
	assert_console(&console, CONSOLE_8250, 0x2f8, 0, 1, "0x2f8");
	assert_true(console.port);
	assert_int_equal(console_from_tty(tmp.root, "0xfff8", &console, &err), ST_OK);
	assert_int_equal(console_from_tty(tmp.root, "0xfff9", &console, &err), ST_USAGE);
	assert_int_equal(console_from_tty(tmp.root, "0x0", &console, &err), ST_USAGE);
	assert_int_equal(console_from_tty(tmp.root, "0x3f8x", &console, &err), ST_USAGE);
	assert_int_equal(
		console_from_tty(tmp.root, "0x100000000000003f8", &console, &err), ST_USAGE);
	put_tty(&tmp, "0x9000000\n", "0\n", "0\n", "4\n");
	assert_int_equal(console_from_tty(tmp.root, "ttyX0", &console, &err), ST_NOT_FOUND);
	put_tty(&tmp, "0x9000000\n", "0\n", "2\n", "0\n"); /* unknown */
	assert_int_equal(console_from_tty(tmp.root, "ttyX0", &console, &err), ST_NOT_FOUND);
	put_tty(&tmp, "0x9000000\n", "0\n", "2\n", "105\n");
	assert_int_equal(console_from_tty(tmp.root, "ttyX0", &console, &err), ST_NOT_FOUND);
	put_tty(&tmp, "0x9000000\n", "99999999999\n", "2\n", "4\n");
	assert_int_equal(console_from_tty(tmp.root, "ttyX0", &console, &err), ST_NOT_FOUND);
	assert_int_equal(console_from_tty(tmp.root, "ttyX1", &console, &err), ST_NOT_FOUND);
	tmproot_done(&tmp);
}

static void tty_names_are_one_component(void **state)
{
	static const char *const bad[] = { "", "/dev/", "..", ".", "a/b", "/etc/passwd",
		"/dev/../x", "/dev//x" };
	struct tmproot tmp;

	(void)state;
	tmproot_init(&tmp);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct console console;
		struct err err = ERR_INIT;

		assert_int_equal(console_from_tty(tmp.root, bad[i], &console, &err), ST_USAGE);
		assert_string_equal(err.id, "console-tty-name");
	}
	tmproot_done(&tmp);
}

/* The tree of QEMU's virt machine, as far as it matters. */
static struct span virt_tree(struct tree *tree, const char *path)
{
	tree_begin(tree);
	TREE_CELLS(tree, "#address-cells", 2);
	TREE_CELLS(tree, "#size-cells", 2);
	tree_node(tree, "chosen");
	tree_string(tree, "stdout-path", path);
	tree_end(tree);
	tree_node(tree, "aliases");
	tree_string(tree, "serial0", "/pl011@9000000");
	tree_string(tree, "loop", "loop");
	tree_bytes(tree, "unended", "/pl011@9000000", 14);
	tree_end(tree);
	tree_node(tree, "pl011@9000000");
	tree_bytes(tree, "compatible", "arm,pl011\0arm,primecell", 24);
	TREE_CELLS(tree, "reg", 0, 0x9000000, 0, 0x1000);
	tree_end(tree);
	tree_node(tree, "other@1000");
	tree_string(tree, "compatible", "acme,uart");
	TREE_CELLS(tree, "reg", 0, 0x1000, 0, 0x1000);
	tree_end(tree);
	return tree_finish(tree);
}

static void stdout_path_is_a_path_or_an_alias(void **state)
{
	static const char *const good[] = { "/pl011@9000000", "/pl011@9000000:115200n8", "serial0",
		"serial0:115200n8", "/pl011" };
	static const char *const bad[] = { "", "/", ":", "serial1", "loop", "unended",
		"/other@1000", "/none", "/chosen" };
	struct console console;
	struct tree tree;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(
			console_from_fdt(virt_tree(&tree, good[i]), &console, &err), ST_OK);
		assert_console(&console, CONSOLE_PL011, 0x9000000, 0, 4, "/chosen/stdout-path");
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = ERR_INIT;

		if (console_from_fdt(virt_tree(&tree, bad[i]), &console, &err) != ST_NOT_FOUND)
			fail_msg("found: \"%s\"", bad[i]);
	}
}

struct soc {
	uint32_t reg[2];
	uint32_t shift;
	uint32_t width;
	uint32_t parent_high; /* of the outer bus, to overflow with */
};

/* A UART behind two buses that both move addresses, the inner one with two windows. */
static struct span soc_tree(struct tree *tree, const struct soc *soc)
{
	tree_begin(tree);
	TREE_CELLS(tree, "#address-cells", 2);
	TREE_CELLS(tree, "#size-cells", 1);
	tree_node(tree, "chosen");
	tree_string(tree, "linux,stdout-path", "/soc/apb/serial@200");
	tree_end(tree);
	tree_node(tree, "soc");
	TREE_CELLS(tree, "#address-cells", 1);
	TREE_CELLS(tree, "#size-cells", 1);
	TREE_CELLS(tree, "ranges", 0x7e000000, soc->parent_high, 0xfe000000, 0x1800000);
	tree_node(tree, "apb");
	TREE_CELLS(tree, "#address-cells", 1);
	TREE_CELLS(tree, "#size-cells", 1);
	TREE_CELLS(tree, "ranges", 0, 0x7e000000, 0x100, 0x100, 0x7e200000, 0x1000);
	tree_node(tree, "serial@200");
	tree_string(tree, "compatible", "snps,dw-apb-uart");
	TREE_CELLS(tree, "reg", soc->reg[0], soc->reg[1]);
	TREE_CELLS(tree, "reg-shift", soc->shift);
	TREE_CELLS(tree, "reg-io-width", soc->width);
	tree_end(tree);
	tree_end(tree);
	tree_end(tree);
	return tree_finish(tree);
}

static int soc_console(struct soc soc, struct console *ret)
{
	struct tree tree;
	struct err err = ERR_INIT;

	return console_from_fdt(soc_tree(&tree, &soc), ret, &err);
}

static void registers_are_translated_through_ranges(void **state)
{
	struct console console;

	(void)state;
	assert_int_equal(soc_console((struct soc){ { 0x200, 0x100 }, 2, 4, 4 }, &console), ST_OK);
	assert_console(&console, CONSOLE_8250, 0x4fe200100, 2, 4, "/chosen/stdout-path");
	assert_int_equal(soc_console((struct soc){ { 0, 0x100 }, 0, 1, 0 }, &console), ST_OK);
	assert_console(&console, CONSOLE_8250, 0xfe000000, 0, 1, "/chosen/stdout-path");
	/* In no window. */
	assert_int_equal(
		soc_console((struct soc){ { 0x1100, 0x100 }, 2, 4, 4 }, &console), ST_NOT_FOUND);
	/* Out of the space, or no registers at all. */
	assert_int_equal(soc_console((struct soc){ { 0xfff, 0x100 }, 2, 4, 0xffffffff }, &console),
		ST_BAD_INPUT);
	assert_int_equal(
		soc_console((struct soc){ { 0x200, 0x100 }, 2, 3, 4 }, &console), ST_BAD_INPUT);
	assert_int_equal(
		soc_console((struct soc){ { 0x200, 0x100 }, 77, 4, 4 }, &console), ST_BAD_INPUT);
	assert_int_equal(
		soc_console((struct soc){ { 0x200, 0x100 }, 0, 4, 4 }, &console), ST_BAD_INPUT);
}

static void bus_without_ranges_has_no_address(void **state)
{
	struct console console;
	struct err err = ERR_INIT;
	struct tree tree;

	(void)state;
	tree_begin(&tree);
	tree_node(&tree, "chosen");
	tree_string(&tree, "stdout-path", "/bus/serial");
	tree_end(&tree);
	tree_node(&tree, "bus");
	TREE_CELLS(&tree, "#address-cells", 1);
	TREE_CELLS(&tree, "#size-cells", 0);
	tree_node(&tree, "serial");
	tree_string(&tree, "compatible", "ns16550a");
	TREE_CELLS(&tree, "reg", 1);
	tree_end(&tree);
	tree_end(&tree);
	assert_int_equal(console_from_fdt(tree_finish(&tree), &console, &err), ST_NOT_FOUND);
	assert_int_equal(console_from_fdt((struct span){ NULL, 0 }, &console, &err), ST_BAD_INPUT);
}

static struct span make_spcr(
	uint8_t table[80], uint8_t type, uint8_t space, uint8_t bits, uint8_t access, uint64_t base)
{
	uint8_t sum = 0;

	memset(table, 0, 80);
	memcpy(table, "SPCR", 4);
	store_le32(table + 4, 80);
	table[8] = 2;
	table[36] = type;
	table[40] = space;
	table[41] = bits;
	table[43] = access;
	store_le64(table + 44, base);
	for (size_t i = 0; i < 80; i++)
		sum = (uint8_t)(sum + table[i]);
	table[9] = (uint8_t)-sum;
	return (struct span){ table, 80 };
}

static void assert_spcr(uint8_t type, uint8_t bits, uint8_t access, enum console_type wanted,
	uint32_t shift, uint32_t width)
{
	struct console console;
	struct err err = ERR_INIT;
	uint8_t table[80];

	assert_int_equal(console_from_spcr(make_spcr(table, type, 0, bits, access, 0x9000000),
				 &console, &err),
		ST_OK);
	assert_console(&console, wanted, 0x9000000, shift, width, "SPCR");
}

static void spcr_is_understood(void **state)
{
	(void)state;
	assert_spcr(0x03, 32, 3, CONSOLE_PL011, 0, 4);
	assert_spcr(0x03, 8, 1, CONSOLE_PL011, 0, 4);
	assert_spcr(0x0d, 32, 3, CONSOLE_PL011, 0, 4);
	assert_spcr(0x0e, 32, 0, CONSOLE_PL011, 0, 4);
	assert_spcr(0x00, 8, 1, CONSOLE_8250, 0, 1);
	assert_spcr(0x01, 0, 0, CONSOLE_8250, 0, 1);
	assert_spcr(0x12, 32, 3, CONSOLE_8250, 2, 4);
	assert_spcr(0x12, 32, 1, CONSOLE_8250, 2, 1); /* bytes, four apart */
	assert_spcr(0x12, 16, 0, CONSOLE_8250, 1, 2);
}

static void other_spcrs_are_refused(void **state)
{
	struct console console;
	struct err err = ERR_INIT;
	uint8_t table[80];
	struct span spcr;

	(void)state;
	spcr = make_spcr(table, 0, 1, 8, 1, 0x3f8);
	assert_int_equal(console_from_spcr(spcr, &console, &err), ST_OK);
	assert_true(console.port);
	spcr = make_spcr(table, 0, 2, 8, 1, 0x3f8);
	assert_int_equal(console_from_spcr(spcr, &console, &err), ST_UNSUPPORTED);
	assert_string_equal(err.id, "spcr-space");
	spcr = make_spcr(table, 0x0f, 0, 8, 1, 0x9000000);
	assert_int_equal(console_from_spcr(spcr, &console, &err), ST_UNSUPPORTED);
	assert_string_equal(err.id, "spcr-type");
	spcr = make_spcr(table, 3, 0, 8, 1, 0);
	assert_int_equal(console_from_spcr(spcr, &console, &err), ST_NOT_FOUND);
	spcr = make_spcr(table, 0x12, 0, 8, 3, 0x9000000); /* four bytes, one apart */
	assert_int_equal(console_from_spcr(spcr, &console, &err), ST_BAD_INPUT);
	spcr = make_spcr(table, 3, 0, 32, 3, 0x9000000);
	table[60] ^= 1;
	assert_int_equal(console_from_spcr(spcr, &console, &err), ST_BAD_INPUT);
	assert_string_equal(err.id, "acpi-checksum");
	spcr = make_spcr(table, 3, 0, 32, 3, 0x9000000);
	table[0] = 'X';
	assert_int_equal(console_from_spcr(spcr, &console, &err), ST_BAD_INPUT);
	assert_string_equal(err.id, "acpi-signature");
	spcr = make_spcr(table, 3, 0, 32, 3, 0x9000000);
	for (size_t size = 0; size < 80; size++)
		assert_int_equal(console_from_spcr((struct span){ table, size }, &console, &err),
			ST_BAD_INPUT);
	store_le32(table + 4, 51);
	assert_int_equal(console_from_spcr(spcr, &console, &err), ST_BAD_INPUT);
	assert_string_equal(err.id, "acpi-length");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_of_earlycon_are_taken),
		cmocka_unit_test(other_words_are_refused),
		cmocka_unit_test(ttys_are_looked_up),
		cmocka_unit_test(tty_names_are_one_component),
		cmocka_unit_test(stdout_path_is_a_path_or_an_alias),
		cmocka_unit_test(registers_are_translated_through_ranges),
		cmocka_unit_test(bus_without_ranges_has_no_address),
		cmocka_unit_test(spcr_is_understood),
		cmocka_unit_test(other_spcrs_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
