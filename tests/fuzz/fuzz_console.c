// SPDX-License-Identifier: GPL-2.0-only
/* The first byte chooses which source of a console, or of PSCI, the others are. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/system/console.h"
#include "kexec/system/firmware.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_console(int status, const struct console *console, const struct err *err)
{
	if (status != ST_OK) {
		assert(err->id && err->text[0]);
		return;
	}
	if (console->type == CONSOLE_NONE)
		return;
	assert(console->base && console->base + 4095 > console->base);
	assert(console->reg_width == 1 || console->reg_width == 2 || console->reg_width == 4);
	assert(console->base % console->reg_width == 0);
	assert(console->reg_shift <= 3);
	assert(console->source[0]);
}

static void try_words(struct span bytes)
{
	struct err err = ERR_INIT;
	struct console console;
	char *text = malloc(bytes.size + 1);

	if (!text)
		return;
	memcpy(text, bytes.data, bytes.size);
	text[bytes.size] = '\0';
	check_console(console_parse(text, &console, &err), &console, &err);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes;
	enum psci_conduit conduit;
	struct err err = ERR_INIT;
	struct console console;

	if (size < 2)
		return 0;
	bytes = (struct span){ data + 1, size - 1 };
	switch (data[0] % 5) {
	case 0:
		try_words(bytes);
		break;
	case 1:
		check_console(console_from_fdt(bytes, &console, &err), &console, &err);
		break;
	case 2:
		check_console(console_from_spcr(bytes, &console, &err), &console, &err);
		break;
	case 3:
		firmware_psci_from_fadt(bytes, &conduit, &err);
		break;
	case 4:
		firmware_psci_from_fdt(bytes);
		firmware_fdt_is_stub(bytes);
		firmware_aml_has_memory_device(bytes);
		break;
	}
	return 0;
}
