// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/plan/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/system/cmdline.h"
#include "kexec/system/crashkernel.h"

bool words_chosen(const struct request *request)
{
	return request->reuse_cmdline || request->append;
}

char *words_reusable(const char *line, bool crash)
{
	static const char *const for_crash[] = { "BOOT_IMAGE", "crashkernel", "elfcorehdr",
		WORDS_WAY_BACK, NULL };
	static const char *const for_normal[] = { "BOOT_IMAGE", WORDS_WAY_BACK, NULL };

	return cmdline_without(line, crash ? for_crash : for_normal);
}

int words_join(const struct plan_inputs *inputs, bool crash, char **ret, struct err *err)
{
	const struct request *request = inputs->request;
	char *reused = NULL;

	if (request->reuse_cmdline) {
		if (!inputs->machine->cmdline)
			return err_set(err, ST_NOT_FOUND, "cmdline-unreadable",
				"--reuse-cmdline: cannot read /proc/cmdline");
		reused = words_reusable(inputs->machine->cmdline, crash);
		if (!reused)
			return err_no_memory(err);
	}
	*ret = cmdline_join(reused, request->append);
	free(reused);
	return *ret ? ST_OK : err_no_memory(err);
}

int words_add_capture_defaults(
	const struct plan_inputs *inputs, char **line, struct report *report, struct err *err)
{
	static const char word[] = "acpi_no_memhotplug";
	const struct firmware *firmware = &inputs->machine->firmware;
	char *joined;

	if (!firmware->acpi || !firmware->acpi_memory_devices ||
		cmdline_has(*line ? *line : "", word))
		return ST_OK;
	if (inputs->request->no_capture_defaults) {
		report_add(report, REPORT_WARNING, "cmdline",
			"--no-capture-defaults leaves %s out: the capture kernel will take "
			"hot-added memory for its own and write over what it should dump",
			word);
		return ST_OK;
	}
	joined = cmdline_join(*line, word);
	if (!joined)
		return err_no_memory(err);
	free(*line);
	*line = joined;
	report_add(report, REPORT_CHOICE, "cmdline",
		"%s added: this machine has ACPI memory devices, whose memory the capture kernel "
		"must not take for its own",
		word);
	return ST_OK;
}

int words_add_old_root(
	const struct plan_inputs *inputs, char **line, struct report *report, struct err *err)
{
	const char *running = inputs->machine->cmdline;
	struct span root = { .data = NULL };
	char *word, *joined;

	if (running && !inputs->request->no_old_root && !(*line && cmdline_has(*line, "root")))
		root = cmdline_word(running, "root");
	if (!root.data)
		return ST_OK;
	word = strndup((const char *)root.data, root.size);
	joined = word ? cmdline_join(*line, word) : NULL;
	if (joined) {
		report_add(report, REPORT_CHOICE, "cmdline",
			"%s of the running command line added, since the new one has no root=; "
			"--dt-no-old-root leaves it out",
			word);
		free(*line);
		*line = joined;
	}
	free(word);
	return joined ? ST_OK : err_no_memory(err);
}

int words_check_length(const char *line, size_t most, const char *machine, struct err *err)
{
	size_t length = strlen(line);

	if (length <= most)
		return ST_OK;
	err_set(err, ST_NO_SPACE, "cmdline-too-long",
		"Kernel command line too long for kernel! It has %zu bytes, and %s takes at most "
		"%zu",
		length, machine, most);
	return err_hint(err, "leave out what is for the running system only: a capture kernel "
			     "needs few parameters");
}

void words_doubt(const char *line, bool crash, struct report *report)
{
	if (!line)
		return;
	if (cmdline_is_open(line))
		report_add(report, REPORT_WARNING, "cmdline",
			"the command line has a \" that is not closed: to the kernel all behind it "
			"is one word");
	if (crash && crashkernel_value(line).size)
		report_add(report, REPORT_WARNING, "cmdline",
			"crashkernel= on the capture kernel's command line takes away its own "
			"memory");
	/* Where both tell, the kernel goes by the command line (kernel/crash_dump.c). */
	if (cmdline_has(line, "elfcorehdr"))
		report_add(report, REPORT_WARNING, "cmdline",
			crash ? "elfcorehdr= on the capture kernel's command line hides from it "
				"the header of this dump"
			      : "elfcorehdr= on the command line makes the new kernel take itself "
				"for a capture kernel");
	if (crash && cmdline_has(line, "mem"))
		report_add(report, REPORT_WARNING, "cmdline",
			"mem= on the capture kernel's command line can hide the elfcorehdr from "
			"it");
}

int words_add_elfcorehdr(struct plan *plan, struct err *err)
{
	char word[WORDS_ELFCOREHDR_MAX];
	char *joined;

	snprintf(word, sizeof(word), "elfcorehdr=0x%" PRIx64,
		plan_segment(plan, SEGMENT_ELFCOREHDR)->mem);
	joined = cmdline_join(word, plan->cmdline);
	if (!joined)
		return err_no_memory(err);
	free(plan->cmdline);
	plan->cmdline = joined;
	return ST_OK;
}
