// SPDX-License-Identifier: GPL-2.0-only
/* kexec --elfcorehdr on a machine whose /proc/kcore is the input, and on the input as a file. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "kexec/cmd/elfcorehdr.h"
#include "lib/bytes.h"
#include "tests/fuzz/fuzz.h"

#define CPU "/sys/devices/system/cpu"

static char root[] = "/tmp/kexec-fuzz-XXXXXX";

static void put(const char *path, const void *data, size_t size)
{
	char full[128];
	FILE *file;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (char *at = full + strlen(root) + 1; (at = strchr(at, '/')); *at++ = '/') {
		*at = '\0';
		mkdir(full, 0755);
	}
	file = fopen(full, "wb");
	assert(file);
	assert(fwrite(data, 1, size, file) == size);
	fclose(file);
}

static void put_text(const char *path, const char *text)
{
	put(path, text, strlen(text));
}

static void remove_root(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	assert(system(command) == 0);
}

static void make_root(void)
{
	assert(mkdtemp(root));
	atexit(remove_root);
	put_text("/facts", "machine=aarch64\nrelease=7.3.4\npage_size=4096\n");
	put_text("/proc/iomem", "00000000-00007fff : System RAM\n"
				"  00004000-00005fff : Crash kernel\n");
	put_text("/sys/kernel/kexec_crash_loaded", "1\n");
	put_text(CPU "/possible", "0\n");
	put_text(CPU "/present", "0\n");
	put_text(CPU "/cpu0/crash_notes", "1000\n");
	put_text(CPU "/cpu0/crash_notes_size", "424\n");
}

static void show(const char *file, enum elfcorehdr_form form)
{
	const struct request request = {
		.action = ACTION_ELFCOREHDR,
		.elfcorehdr = form,
		.kernel = file,
		.sysroot = root,
	};
	struct cmd_io io = { .syscalls = NULL };
	struct err err = ERR_INIT;
	char *out = NULL;
	size_t size;
	int answer = -1;

	io.out = io.err = open_memstream(&out, &size);
	assert(io.out);
	if (show_elfcorehdr(&request, &io, &answer, &err) == ST_OK) {
		fclose(io.out);
		assert(answer >= COVERAGE_COMPLETE && answer <= COVERAGE_UNKNOWN);
		assert(strstr(out, "coverage"));
	} else {
		fclose(io.out);
		assert(err.status == ST_NO_MEMORY);
	}
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (root[sizeof(root) - 2] == 'X')
		make_root();
	put("/proc/kcore", data, size);
	show(NULL, ELFCOREHDR_TEXT);
	show("/proc/kcore", ELFCOREHDR_JSON);
	return 0;
}
