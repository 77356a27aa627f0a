// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/system/x86_boot.h"

#include <string.h>

#include "lib/cursor.h"

#define PARAMS_PATH  "/sys/kernel/boot_params/data"
#define CPUINFO_PATH "/proc/cpuinfo"

/* 4096 CPUs of 2 KiB each, and as much again. */
#define CPUINFO_MAX (16u << 20)

/* An option ROM. */
#define NODE_SIZE_MAX (16u << 20)

void x86_boot_done(struct x86_boot *boot)
{
	blob_done(&boot->params);
	blob_done(&boot->rsdp);
	efi_runtime_done(&boot->efi);
	e820_done(&boot->memory);
	setup_data_done(&boot->setup_data);
	*boot = (struct x86_boot){ .acpi_rsdp = 0 };
}

/* In struct screen_info (include/uapi/linux/screen_info.h), which boot_params begin with. */
enum {
	SCREEN_MODE = 0x06,
	SCREEN_COLUMNS = 0x07,
	SCREEN_IS_VGA = 0x0f,
};
#define MODE_MONOCHROME 7 /* which is at 0xb0000 */
#define IS_VGA_TEXT	1
#define IS_VGA_VESA	0x23
#define IS_VGA_EFI	0x70

enum x86_screen x86_boot_screen(const struct x86_boot *boot)
{
	const uint8_t *params = boot->params.data;

	if (boot->params.size == 0)
		return X86_SCREEN_UNKNOWN;
	if (params[SCREEN_IS_VGA] == IS_VGA_EFI)
		return X86_SCREEN_EFI;
	if (params[SCREEN_IS_VGA] == IS_VGA_VESA)
		return X86_SCREEN_VESA;
	if (params[SCREEN_IS_VGA] != IS_VGA_TEXT || params[SCREEN_MODE] == MODE_MONOCHROME ||
		params[SCREEN_COLUMNS] != 80)
		return X86_SCREEN_NONE;
	return boot->framebuffer ? X86_SCREEN_DRIVER : X86_SCREEN_TEXT;
}

const char *x86_boot_screen_words(enum x86_screen screen)
{
	switch (screen) {
	case X86_SCREEN_UNKNOWN:
		return "is not known: " PARAMS_PATH " cannot be read";
	case X86_SCREEN_EFI:
		return "is a framebuffer of EFI and has no text mode";
	case X86_SCREEN_VESA:
		return "was put into a graphics mode by the boot loader";
	case X86_SCREEN_DRIVER:
		return "was put into a graphics mode by a driver (/sys/class/graphics/fb0)";
	case X86_SCREEN_NONE:
	case X86_SCREEN_TEXT:
		break;
	}
	return "is in no text mode of VGA with 80 columns";
}

int x86_boot_parse_systab(struct span text, uint64_t *ret_rsdp, struct err *err)
{
	int status = efi_systab_address(text, "ACPI20=0x", ret_rsdp, err);

	return status == ST_NOT_FOUND ? efi_systab_address(text, "ACPI=0x", ret_rsdp, err) : status;
}

bool x86_boot_cpu_has(struct span cpuinfo, const char *flag)
{
	struct cursor cursor = cursor_over(cpuinfo);
	struct span line, word;

	while (cursor_line(&cursor, &line)) {
		if (!span_skip(&line, "flags"))
			continue;
		while (span_take_until(&line, ' ', &word))
			if (span_equals(word, flag))
				return true;
		return span_equals(line, flag);
	}
	return false;
}

/* What is merely missing is not said: on other machines all of this is. */
static int doubt(struct report *report, const struct err *why, struct err *err)
{
	if (why->status == ST_NO_MEMORY)
		return err_no_memory(err);
	if (why->status != ST_NOT_FOUND)
		report_add(report, REPORT_WARNING, "firmware", "%s", why->text);
	return ST_OK;
}

static int read_params(
	const struct sysroot *root, struct x86_boot *boot, struct report *report, struct err *err)
{
	struct err why = ERR_INIT;
	int status = sysroot_read(root, PARAMS_PATH, BOOT_PARAMS_SIZE, &boot->params, &why);

	if (status == ST_OK && boot->params.size != BOOT_PARAMS_SIZE) {
		err_set(&why, ST_BAD_INPUT, "boot-params-size",
			PARAMS_PATH " has %zu bytes, wanted %d", boot->params.size,
			BOOT_PARAMS_SIZE);
		blob_done(&boot->params);
	}
	if (boot->params.size == 0)
		return doubt(report, &why, err);
	boot->acpi_rsdp = load_le64(boot->params.data + BOOT_PARAMS_ACPI_RSDP);
	return ST_OK;
}

static int read_systab(
	const struct sysroot *root, struct x86_boot *boot, struct report *report, struct err *err)
{
	struct blob text = BLOB_INIT;
	struct err why = ERR_INIT;
	int status = sysroot_read_text(root, EFI_SYSTAB_PATH, EFI_SYSTAB_MAX, &text, &why);

	if (status == ST_OK)
		status = x86_boot_parse_systab(blob_span(&text), &boot->acpi_rsdp, &why);
	blob_done(&text);
	return status == ST_OK ? ST_OK : doubt(report, &why, err);
}

/* Did firmware of 64 bits start the running kernel, with a map in the form that we know? */
static int check_efi_info(const uint8_t *params, struct err *err)
{
	const uint8_t *signature = params + BOOT_PARAMS_EFI_INFO;
	uint32_t version = load_le32(params + BOOT_PARAMS_EFI_MEMDESC_VERSION);

	if (memcmp(signature, "EL64", 4) != 0)
		return err_set(err, ST_NOT_FOUND, "efi-runtime",
			"the firmware is of 32 bits, and this kernel of 64");
	if (version != 1 || load_le32(params + BOOT_PARAMS_EFI_MEMMAP_SIZE) == 0)
		return err_set(err, ST_NOT_FOUND, "efi-runtime",
			PARAMS_PATH " has a memory map of version %u and 0x%x bytes, wanted one of "
				    "version 1",
			version, load_le32(params + BOOT_PARAMS_EFI_MEMMAP_SIZE));
	return ST_OK;
}

/* Whether the first kernel has it or not, that of a capture kernel works without. */
static int read_efi(
	const struct sysroot *root, struct x86_boot *boot, struct report *report, struct err *err)
{
	static const uint8_t none[4];
	struct err why = ERR_INIT;
	int status;

	if (memcmp(boot->params.data + BOOT_PARAMS_EFI_INFO, none, sizeof(none)) == 0)
		return ST_OK;
	status = check_efi_info(boot->params.data, &why);
	if (status == ST_OK)
		status = efi_runtime_read(root, &boot->efi, &why);
	if (status == ST_NO_MEMORY)
		return err_no_memory(err);
	if (status != ST_OK)
		report_add(report,
			status == ST_NOT_FOUND || status == ST_DENIED ? REPORT_CHOICE
								      : REPORT_WARNING,
			"firmware", "EFI's runtime services cannot be handed on: %s", why.text);
	return ST_OK;
}

static void look_for_framebuffer(const struct sysroot *root, struct x86_boot *boot)
{
	struct blob name = BLOB_INIT;

	boot->framebuffer =
		sysroot_read(root, "/sys/class/graphics/fb0/name", 4096, &name, NULL) == ST_OK;
	blob_done(&name);
}

static int read_cpu(
	const struct sysroot *root, struct x86_boot *boot, struct report *report, struct err *err)
{
	struct blob text = BLOB_INIT;
	struct err why = ERR_INIT;
	int status = sysroot_read_text(root, CPUINFO_PATH, CPUINFO_MAX, &text, &why);

	if (status == ST_OK) {
		boot->gibibyte_pages = x86_boot_cpu_has(blob_span(&text), "pdpe1gb");
		boot->encrypted_guest = x86_boot_cpu_has(blob_span(&text), "tdx_guest") ||
					(x86_boot_cpu_has(blob_span(&text), "hypervisor") &&
						x86_boot_cpu_has(blob_span(&text), "sev"));
		boot->five_levels = x86_boot_cpu_has(blob_span(&text), "la57");
	}
	blob_done(&text);
	return status == ST_OK ? ST_OK : doubt(report, &why, err);
}

int x86_boot_read(
	const struct sysroot *root, struct x86_boot *ret, struct report *report, struct err *err)
{
	struct x86_boot boot = { .acpi_rsdp = 0 };
	int status = read_params(root, &boot, report, err);

	if (status == ST_OK && boot.params.size != 0) {
		look_for_framebuffer(root, &boot);
		if (boot.acpi_rsdp == 0)
			status = read_systab(root, &boot, report, err);
		if (status == ST_OK)
			status = read_efi(root, &boot, report, err);
		if (status == ST_OK)
			status = read_cpu(root, &boot, report, err);
	}
	if (status) {
		x86_boot_done(&boot);
		return status;
	}
	*ret = boot;
	return ST_OK;
}

static bool is_wanted(uint64_t type)
{
	return (type >= SETUP_E820_EXT && type <= SETUP_CC_BLOB && type != SETUP_EFI) ||
	       type == SETUP_WHOLE_MAP;
}

static int parse_nodes(
	const struct setup_data *list, uint32_t type, struct e820 *map, struct err *err)
{
	int status = ST_OK;

	for (size_t i = 0; i < list->count && !status; i++)
		if (list->nodes[i].type == type)
			status = e820_parse(blob_span(&list->nodes[i].data), map, err);
	return status;
}

/* What the boot loader told: this only, and not what the firmware lists now, is without memory that
 * was hot-added. */
static int parse_own_map(const struct x86_boot *boot, struct e820 *ret, struct err *err)
{
	const uint8_t *params = boot->params.data;
	size_t count;
	int status;

	if (boot->params.size == 0)
		return ST_OK;
	count = params[BOOT_PARAMS_E820_ENTRIES];
	if (count > E820_IN_PARAMS)
		count = E820_IN_PARAMS;
	status = e820_parse(
		(struct span){ params + BOOT_PARAMS_E820_TABLE, count * E820_ENTRY_SIZE }, ret,
		err);
	return status ? status : parse_nodes(&boot->setup_data, SETUP_E820_EXT, ret, err);
}

/* Of RAM in the map only what was there at boot, where that is known. RAM comes first then. */
static int keep_ram_of(const struct e820 *own, struct e820 *map)
{
	struct rangeset ram = RANGESET_INIT;
	int status = e820_ram(own, &ram);

	if (!status && ram.count == 0)
		status = e820_ram(map, &ram);
	if (!status)
		status = e820_keep_ram(map, &ram);
	rangeset_done(&ram);
	return status;
}

/* The firmware's map, else what the boot loader made of it. */
static int read_firmware(const struct sysroot *root, const struct e820 *own, struct e820 *ret,
	struct report *report, struct err *err)
{
	struct err why = ERR_INIT;
	int status = e820_read_firmware(root, ret, &why);

	if (status)
		status = doubt(report, &why, err);
	if (!status && ret->count == 0 && e820_add_all(ret, own))
		status = err_no_memory(err);
	return status;
}

int x86_boot_read_memory(
	const struct sysroot *root, struct x86_boot *boot, struct report *report, struct err *err)
{
	struct e820 own = { .entries = NULL };
	struct err why = ERR_INIT;
	int status = setup_data_read(root, is_wanted, NODE_SIZE_MAX, &boot->setup_data, &why);

	if (status)
		status = doubt(report, &why, err);
	if (!status)
		status = parse_nodes(&boot->setup_data, SETUP_WHOLE_MAP, &boot->memory, err);
	boot->whole_told = boot->memory.count != 0;
	if (!boot->whole_told)
		e820_done(&boot->memory); /* of a node without a range */
	if (!status && !boot->whole_told)
		status = parse_own_map(boot, &own, err);
	if (!status && !boot->whole_told)
		status = read_firmware(root, &own, &boot->memory, report, err);
	if (!status && keep_ram_of(&own, &boot->memory))
		status = err_no_memory(err);
	e820_done(&own);
	return status;
}

#define RSDP_SIZE_1   20u
#define BIOS_END      UINT64_C(0x100000) /* below that kernels look for it themselves */
#define RSDP_REVISION 15

static bool sum_is_right(const uint8_t *bytes, size_t size)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < size; i++)
		sum = (uint8_t)(sum + bytes[i]);
	return sum == 0;
}

int x86_boot_parse_rsdp(struct span bytes, struct span *ret, struct err *err)
{
	size_t size = RSDP_SIZE_1;

	if (bytes.size == X86_RSDP_SIZE && bytes.data[RSDP_REVISION] >= 2)
		size = X86_RSDP_SIZE;
	if (bytes.size != X86_RSDP_SIZE || !span_starts_with(bytes, "RSD PTR ", 8) ||
		!sum_is_right(bytes.data, RSDP_SIZE_1) || !sum_is_right(bytes.data, size))
		return err_set(err, ST_BAD_INPUT, "acpi-root-pointer",
			"what is at ACPI's root pointer is none: its mark or its sum is wrong");
	*ret = (struct span){ bytes.data, size };
	return ST_OK;
}

int x86_boot_read_rsdp(
	const struct sysroot *root, struct x86_boot *boot, struct report *report, struct err *err)
{
	struct span bytes = { .data = NULL };
	uint8_t memory[X86_RSDP_SIZE];
	struct sysroot_file *file = NULL;
	struct err why = ERR_INIT;
	int status;

	if (boot->acpi_rsdp == 0 || boot->rsdp.size)
		return ST_OK;
	status = sysroot_open_memory(root, &file, &why);
	if (!status)
		status = sysroot_pread(file, boot->acpi_rsdp, memory, sizeof(memory), &why);
	if (!status)
		status = x86_boot_parse_rsdp((struct span){ memory, sizeof(memory) }, &bytes, &why);
	sysroot_close(file);
	if (status == ST_NO_MEMORY || blob_append(&boot->rsdp, bytes.data, bytes.size))
		return err_no_memory(err);
	if (status)
		report_add(report, boot->acpi_rsdp < BIOS_END ? REPORT_CHOICE : REPORT_WARNING,
			"firmware", "the new kernel is not told of ACPI's tables%s: %s",
			boot->acpi_rsdp < BIOS_END ? ", but finds them in the BIOS" : "", why.text);
	return ST_OK;
}
