// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/system/x86_boot.h"

#include <string.h>

#include "lib/cursor.h"

#define PARAMS_PATH  "/sys/kernel/boot_params/data"
#define CPUINFO_PATH "/proc/cpuinfo"

/* 4096 CPUs of 2 KiB each, and as much again. */
#define CPUINFO_MAX (16u << 20)

void x86_boot_done(struct x86_boot *boot)
{
	blob_done(&boot->params);
	efi_runtime_done(&boot->efi);
	*boot = (struct x86_boot){ .acpi_rsdp = 0 };
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
