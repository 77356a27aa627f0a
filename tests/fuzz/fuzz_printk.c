// SPDX-License-Identifier: GPL-2.0-only
/* The log of a core, in all forms of output. */
#include <assert.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/heard.h"
#include "vmcore-dmesg/output.h"
#include "vmcore-dmesg/printk.h"

static void dump(const struct vmcore *core, const struct options *options)
{
	struct err err = ERR_INIT;
	struct printk_sink sink;
	struct output output;
	struct heard heard;

	assert(output_open(options, heard_open(&heard), &output, &err) == ST_OK);
	sink = output_sink(&output);
	if (printk_dump(core, &sink, &err) != ST_OK)
		assert(err.id && err.text[0]);
	assert(output_close(&output, &err) == ST_OK);
	heard_done(&heard);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct options forms[] = {
		{ .level = true, .caller = true, .utf8 = true },
		{ .json = true },
	};
	struct span bytes = { data, size };
	struct elfcore_source source = elfcore_from_span(&bytes);
	struct vmcore core = { .dump = NULL };
	struct err err = ERR_INIT;

	if (elfcore_salvage(&source, &core.elf, &core.doubt, &err) == ST_OK) {
		core.big_endian = core.elf.big_endian;
		core.word_size = core.elf.is_64 ? 8 : 4;
		if (vmcore_read_info(&core, &err) == ST_OK)
			for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
				dump(&core, &forms[i]);
	}
	vmcore_done(&core);
	return 0;
}
