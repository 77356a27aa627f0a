// SPDX-License-Identifier: GPL-2.0-only
/* kexec --elfcorehdr on a machine whose /proc/kcore is the input, on the input as a file, and on it
 * as what a capture kernel shows. */
#include <assert.h>
#include <string.h>

#include "kexec/cmd/elfcorehdr.h"
#include "lib/printable.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/heard.h"
#include "tests/fuzz/root.h"

#define CPU   "/sys/devices/system/cpu"
#define IOMEM "00000000-00007fff : System RAM\n  00004000-00007fff : Crash kernel\n"

static void make_machine(void)
{
	root_text("/facts", "machine=aarch64\nrelease=7.3.4\npage_size=4096\n");
	root_text("/sys/kernel/kexec_crash_loaded", "1\n");
	root_text(CPU "/possible", "0\n");
	root_text(CPU "/present", "0\n");
	root_text(CPU "/cpu0/crash_notes", "1000\n");
	root_text(CPU "/cpu0/crash_notes_size", "424\n");
	root_text("/proc/kallsyms", "0000000000013000 D kexec_crash_image\n");
}

static void show(const char *file, enum elfcorehdr_form form)
{
	const struct request request = {
		.action = ACTION_ELFCOREHDR,
		.elfcorehdr = form,
		.kernel = file,
		.sysroot = ROOT,
	};
	struct cmd_io io = { .syscalls = NULL };
	struct err err = ERR_INIT;
	struct heard heard;
	int answer = -1;

	io.out = io.err = printable_open(heard_open(&heard));
	assert(io.out);
	if (show_elfcorehdr(&request, &io, &answer, &err) == ST_OK) {
		assert(fclose(io.out) == 0);
		assert(answer >= COVERAGE_COMPLETE && answer <= COVERAGE_UNKNOWN);
		assert(strstr(heard.text, "coverage"));
	} else {
		fclose(io.out);
		assert(err.status == ST_NO_MEMORY);
	}
	heard_done(&heard);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (root_make())
		make_machine();
	root_text("/proc/iomem", IOMEM);
	root_put("/proc/kcore", data, size);
	show(NULL, ELFCOREHDR_TEXT);
	show("/proc/kcore", ELFCOREHDR_JSON);
	root_drop("/proc/iomem");
	root_put("/proc/vmcore", data, size);
	show(NULL, ELFCOREHDR_JSON);
	root_drop("/proc/vmcore");
	return 0;
}
