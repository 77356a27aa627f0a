// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/system/armed_core.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/system/kcore.h"
#include "lib/checked.h"

void armed_core_free(struct armed_core *armed)
{
	if (!armed)
		return;
	elfcore_done(&armed->core);
	elfcore_done(&armed->memory);
	sysroot_close(armed->file);
	free(armed);
}

static int read_memory(void *context, uint64_t offset, void *buf, size_t size, struct err *err)
{
	const struct armed_core *armed = context;
	uint64_t address;

	if (!add_u64(armed->base, offset, &address))
		return err_set(err, ST_BAD_INPUT, "elfcore-phoff",
			"no memory is at offset 0x%" PRIx64, offset);
	return elfcore_read_physical(&armed->memory, address, buf, size, err);
}

/* Offsets in the header are physical addresses, in every entry. */
static bool is_header(const struct elfcore *core)
{
	for (size_t i = 0; i < core->phdrs_count; i++)
		if (core->phdrs[i].offset != core->phdrs[i].paddr)
			return false;
	return true;
}

/* Whether a header begins at an address; *ret is filled when it does. Whatever is there may be
 * anything. */
static int look(struct armed_core *armed, uint64_t address, bool *ret_found, struct elfcore *ret,
	struct err *err)
{
	const struct elfcore_source source = { read_memory, armed };
	struct elfcore core;
	uint8_t magic[SELFMAG];
	struct err why = ERR_INIT;
	int status;

	*ret_found = false;
	armed->base = address;
	status = read_memory(armed, 0, magic, sizeof(magic), err);
	if (status || memcmp(magic, ELFMAG, SELFMAG) != 0)
		return status;
	status = elfcore_read(&source, &core, &why);
	if (status == ST_NO_MEMORY)
		return err_no_memory(err);
	if (status)
		return ST_OK;
	*ret_found = is_header(&core);
	if (*ret_found)
		*ret = core;
	else
		elfcore_done(&core);
	return ST_OK;
}

static int search(
	struct armed_core *armed, struct range region, uint64_t page_size, struct err *err)
{
	uint64_t at = region.start, found_at = 0;

	/* A region may end where the space ends, with no address behind its last page. */
	for (bool more = at < region.end; more;
		more = add_u64(at, page_size, &at) && at < region.end) {
		struct elfcore core;
		bool found;
		int status = look(armed, at, &found, &core, err);

		if (status)
			return status;
		if (!found)
			continue;
		if (armed->core.phdrs) {
			elfcore_done(&core);
			err_set(err, ST_UNSUPPORTED, "armed-core-several",
				"ELF core headers are at 0x%" PRIx64 " and at 0x%" PRIx64
				", and nothing tells which is that of the armed image",
				found_at, at);
			return err_hint(err, "one is left over from an image that was loaded "
					     "before, in another way");
		}
		armed->core = core;
		found_at = at;
	}
	if (!armed->core.phdrs)
		return err_set(err, ST_NOT_FOUND, "armed-core-none",
			KCORE_PATH " shows no ELF core header in the crash region [0x%" PRIx64
				   ", 0x%" PRIx64 ")",
			region.start, region.end);
	armed->address = found_at;
	armed->base = 0;
	return ST_OK;
}

int armed_core_new(const struct sysroot *root, struct range region, uint64_t page_size,
	struct armed_core **ret, struct err *err)
{
	struct armed_core *armed = calloc(1, sizeof(*armed));
	struct elfcore_source source;
	int status;

	if (!armed)
		return err_no_memory(err);
	status = kcore_open(root, &armed->file, err);
	if (!status) {
		source = elfcore_from_file(armed->file);
		status = elfcore_read(&source, &armed->memory, err);
	}
	if (!status)
		status = search(armed, region, page_size, err);
	if (status) {
		armed_core_free(armed);
		return status;
	}
	*ret = armed;
	return ST_OK;
}
