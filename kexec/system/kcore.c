// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/system/kcore.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/checked.h"
#include "lib/elfcore.h"

/* The headers are made anew at each read, and memory may be plugged between two of them. */
#define KCORE_TRIES 3

void kcore_done(struct kcore *kcore)
{
	free(kcore->loads);
	blob_done(&kcore->vmcoreinfo);
	*kcore = (struct kcore){ .loads = NULL };
}

/* Does [start, start + size) leave the 64-bit space? It may end exactly at its top. */
static bool leaves_space(uint64_t start, uint64_t size)
{
	uint64_t last;

	return size && !add_u64(start, size - 1, &last);
}

static int take_loads(struct kcore *kcore, const struct elfcore *core, struct err *err)
{
	kcore->loads = calloc(core->phdrs_count, sizeof(*kcore->loads));
	if (!kcore->loads)
		return err_no_memory(err);
	for (size_t i = 0; i < core->phdrs_count; i++) {
		const struct elfcore_phdr *phdr = &core->phdrs[i];

		if (phdr->type != PT_LOAD)
			continue;
		if (leaves_space(phdr->vaddr, phdr->memsz) ||
			(phdr->paddr != UINT64_MAX && leaves_space(phdr->paddr, phdr->memsz)))
			return err_set(err, ST_BAD_INPUT, "kcore-load",
				"program header %zu: virtual 0x%" PRIx64 " physical 0x%" PRIx64
				" size 0x%" PRIx64 " leaves the 64-bit space",
				i, phdr->vaddr, phdr->paddr, phdr->memsz);
		kcore->loads[kcore->loads_count++] =
			(struct kcore_load){ phdr->vaddr, phdr->paddr, phdr->memsz };
	}
	return ST_OK;
}

static int take_core(struct kcore *ret, const struct elfcore *core, struct err *err)
{
	struct kcore kcore = { .loads = NULL };
	int status;

	status = take_loads(&kcore, core, err);
	if (status == ST_OK)
		status = elfcore_vmcoreinfo(core, &kcore.vmcoreinfo, err);
	if (status == ST_NOT_FOUND) {
		err_clear(err);
		status = ST_OK;
	}
	if (status != ST_OK) {
		kcore_done(&kcore);
		return status;
	}
	*ret = kcore;
	return ST_OK;
}

static bool same_headers(const struct elfcore *a, const struct elfcore *b)
{
	return a->phdrs_count == b->phdrs_count &&
	       memcmp(a->phdrs, b->phdrs, a->phdrs_count * sizeof(*a->phdrs)) == 0;
}

int kcore_take(const struct elfcore_source *source, struct kcore *ret, struct err *err)
{
	/* The same headers before and behind the notes. */
	for (int try = 0; try < KCORE_TRIES; try++) {
		struct elfcore before = { .phdrs = NULL };
		struct elfcore after = { .phdrs = NULL };
		struct kcore kcore = { .loads = NULL };
		bool steady = false;
		int status;

		status = elfcore_read(source, &before, err);
		if (status == ST_OK)
			status = take_core(&kcore, &before, err);
		if (status == ST_OK)
			status = elfcore_read(source, &after, err);
		if (status == ST_OK)
			steady = same_headers(&before, &after);
		elfcore_done(&before);
		elfcore_done(&after);
		if (steady) {
			*ret = kcore;
			return ST_OK;
		}
		kcore_done(&kcore);
		if (status != ST_OK)
			return status;
	}
	return err_set(err, ST_CHANGED, "kcore-changed",
		"the program headers changed at each of %d reads", KCORE_TRIES);
}

int kcore_open(const struct sysroot *root, struct sysroot_file **ret, struct err *err)
{
	int status = sysroot_open(root, KCORE_PATH, ret, err);

	if (status == ST_DENIED)
		err_hint(err, "kcore wants root with CAP_SYS_RAWIO, and no lockdown at level "
			      "\"confidentiality\"");
	return status;
}

/* Close it; what went wrong since it was opened says where. */
static int done_with(struct sysroot_file *file, int status, struct err *err)
{
	sysroot_close(file);
	if (status == ST_OK || status == ST_NO_MEMORY)
		return status;
	return err_prefix(err, KCORE_PATH);
}

int kcore_read(const struct sysroot *root, struct kcore *ret, struct err *err)
{
	struct elfcore_source source;
	struct sysroot_file *file;
	int status = kcore_open(root, &file, err);

	if (status != ST_OK)
		return status;
	source = elfcore_from_file(file);
	return done_with(file, kcore_take(&source, ret, err), err);
}

int kcore_read_memory(
	const struct sysroot *root, uint64_t paddr, void *buf, size_t size, struct err *err)
{
	struct elfcore core = { .phdrs = NULL };
	struct elfcore_source source;
	struct sysroot_file *file;
	int status = kcore_open(root, &file, err);

	if (status != ST_OK)
		return status;
	source = elfcore_from_file(file);
	status = elfcore_read(&source, &core, err);
	if (status == ST_OK)
		status = elfcore_read_physical(&core, paddr, buf, size, err);
	elfcore_done(&core);
	return done_with(file, status, err);
}
