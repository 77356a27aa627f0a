// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/cmd/modules.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/decompress.h"

/* As much as an initrd may have, of which most are one. */
#define MODULE_SIZE_MAX ((size_t)2 << 30)

/* The words are the file's name up to the first blank. */
static int open_one(
	const char *words, const struct sysroot *root, struct sysroot_file **ret, struct err *err)
{
	size_t length = 0;
	char *name;
	int status;

	while (words[length] && !isspace((unsigned char)words[length]))
		length++;
	name = strndup(words, length);
	if (!name)
		return err_no_memory(err);
	status = sysroot_open(root, name, ret, err);
	free(name);
	return status ? err_prefix(err, "module") : ST_OK;
}

int modules_open(const struct request *request, const struct sysroot *root, struct modules *modules,
	struct err *err)
{
	int status = ST_OK;

	for (size_t i = 0; request->modules[i] && !status; i++) {
		struct sysroot_file *file;

		status = open_one(request->modules[i], root, &file, err);
		if (status)
			return status;
		modules->files[i] = (struct module_file){ .open = file, .held = HELD_INIT };
		modules->of_plan[i] = (struct plan_module){ .words = request->modules[i] };
		modules->count++;
	}
	return status;
}

/* A module that is packed in another way, or not wholly, is for its kernel to unpack. */
static int unpack(
	struct module_file *file, const char *words, struct report *report, struct err *err)
{
	enum codec codec = codec_detect(file->held.bytes);
	struct err why = ERR_INIT;
	int status;

	if (codec != CODEC_GZIP && codec != CODEC_XZ)
		return ST_OK;
	status = decompress(codec, file->held.bytes, MODULE_SIZE_MAX, &file->unpacked, &why);
	if (status == ST_NO_MEMORY)
		return err_no_memory(err);
	if (status || file->unpacked.size == 0) {
		blob_done(&file->unpacked);
		report_add(report, REPORT_WARNING, "module", "%s: taken as it is, packed: %s",
			words, status ? why.text : "nothing is in it");
		return ST_OK;
	}
	report_add(report, REPORT_CHOICE, "module", "%s: %s taken off, %zu bytes", words,
		codec_name(codec), file->unpacked.size);
	held_done(&file->held);
	return ST_OK;
}

static int hold_one(struct module_file *file, struct plan_module *module, bool copy,
	struct report *report, struct err *err)
{
	int status;

	if (file->unpacked.size)
		return ST_OK;
	held_done(&file->held);
	status = sysroot_hold(file->open, MODULE_SIZE_MAX, copy, &file->held, err);
	if (status)
		return err_prefix(err, "module");
	if (file->held.bytes.size == 0)
		return err_set(
			err, ST_BAD_INPUT, "module-empty", "the module %s is empty", module->words);
	status = unpack(file, module->words, report, err);
	module->bytes = file->unpacked.size ? blob_span(&file->unpacked) : file->held.bytes;
	return status;
}

int modules_hold(struct modules *modules, bool copy, struct report *report, struct err *err)
{
	int status = ST_OK;

	for (size_t i = 0; i < modules->count && !status; i++)
		status = hold_one(&modules->files[i], &modules->of_plan[i], copy, report, err);
	return status;
}

bool modules_are_asked_for(const struct modules *modules)
{
	for (size_t i = 0; i < modules->count; i++)
		if (held_is_asked_for(&modules->files[i].held))
			return true;
	return false;
}

void modules_done(struct modules *modules)
{
	for (size_t i = 0; i < modules->count; i++) {
		held_done(&modules->files[i].held);
		blob_done(&modules->files[i].unpacked);
		sysroot_close(modules->files[i].open);
	}
	modules->count = 0;
}
