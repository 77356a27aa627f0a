// SPDX-License-Identifier: GPL-2.0-only
/* What an x86 kernel knows from its boot loader and of its CPU. The input is the texts of two
 * files, each up to a NUL, and boot_params in what is left. */
#include <assert.h>
#include <string.h>

#include "kexec/system/x86_boot.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/root.h"

static const char *const paths[] = { "/sys/firmware/efi/systab", "/proc/cpuinfo" };

/* Behind so many NUL bytes. */
static struct span behind(struct span input, size_t nuls)
{
	while (nuls--) {
		const uint8_t *nul = input.size ? memchr(input.data, 0, input.size) : NULL;
		size_t size = nul ? (size_t)(nul - input.data) + 1 : input.size;

		input.data += size;
		input.size -= size;
	}
	return input;
}

/*
 * Short inputs are all that boot_params needs: what is left of it is zeros, as most of it is. One
 * size in front says how long the file is, nearly always as long as it should be.
 */
static size_t put_params(struct span input)
{
	uint8_t params[BOOT_PARAMS_SIZE + 256] = { 0 };
	size_t size = BOOT_PARAMS_SIZE;

	if (input.size == 0) {
		root_drop("/sys/kernel/boot_params/data");
		return 0;
	}
	if (input.data[0] >= 0xf0)
		size = input.data[0] == 0xf0 ? BOOT_PARAMS_SIZE + 1 : (size_t)input.data[0] - 0xf1;
	input.data++;
	input.size--;
	memcpy(params, input.data, input.size < sizeof(params) ? input.size : sizeof(params));
	root_put("/sys/kernel/boot_params/data", params, size);
	return size;
}

static void check(const struct x86_boot *boot, size_t size)
{
	assert(boot->params.size == (size == BOOT_PARAMS_SIZE ? size : 0));
	if (boot->params.size == 0) {
		assert(!boot->acpi_rsdp && !boot->gibibyte_pages && !boot->five_levels);
		return;
	}
	if (load_le64(boot->params.data + 0x70))
		assert(boot->acpi_rsdp == load_le64(boot->params.data + 0x70));
}

static void check_systab(struct span text)
{
	struct err err = ERR_INIT;
	uint64_t rsdp = 0;
	int status = x86_boot_parse_systab(text, &rsdp, &err);

	if (status == ST_OK)
		assert(rsdp != 0);
	else
		assert((status == ST_NOT_FOUND || status == ST_BAD_INPUT) && err.id &&
			err.text[0] && rsdp == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = { data, size };
	struct report report = REPORT_INIT;
	struct err err = ERR_INIT;
	struct sysroot *files;
	struct x86_boot boot;
	size_t params;

	root_put_pieces(paths, sizeof(paths) / sizeof(paths[0]), input);
	params = put_params(behind(input, sizeof(paths) / sizeof(paths[0])));
	assert(sysroot_new(ROOT, &files, &err) == ST_OK);
	assert(x86_boot_read(files, &boot, &report, &err) == ST_OK);
	check(&boot, params);
	check_systab(input);
	x86_boot_done(&boot);
	report_done(&report);
	sysroot_free(files);
	return 0;
}
