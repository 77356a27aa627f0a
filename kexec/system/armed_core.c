// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/system/armed_core.h"

#include <inttypes.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/system/devtree.h"
#include "kexec/system/kallsyms.h"
#include "kexec/system/kcore.h"
#include "lib/checked.h"

/* More headers or trees than anybody loads between two boots at different places. */
#define FOUND_MAX 64u

/* Places in the crash region. */
struct found {
	uint64_t addresses[FOUND_MAX];
	size_t count;
};

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

/* Offsets in the header are physical addresses, in every entry but that of the beginning of memory,
 * which some kernels find in a copy. */
static bool is_header(const struct elfcore *core)
{
	for (size_t i = 0; i < core->phdrs_count; i++)
		if (core->phdrs[i].offset != core->phdrs[i].paddr &&
			(core->phdrs[i].type != PT_LOAD || core->phdrs[i].paddr != 0))
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

static void keep(struct found *found, uint64_t address)
{
	if (found->count < FOUND_MAX)
		found->addresses[found->count++] = address;
}

/* What begins like a header or like a tree. Segments begin with a page. */
static int search(struct armed_core *armed, struct range region, uint64_t page_size,
	struct found *headers, struct found *trees, struct err *err)
{
	uint64_t at = region.start;

	/* A region may end where the space ends, with no address behind its last page. */
	for (bool more = at < region.end; more;
		more = add_u64(at, page_size, &at) && at < region.end) {
		struct elfcore core;
		uint8_t magic[4];
		bool is_header;
		int status = look(armed, at, &is_header, &core, err);

		if (status)
			return status;
		if (is_header) {
			elfcore_done(&core);
			keep(headers, at);
			continue;
		}
		status = read_memory(armed, 0, magic, sizeof(magic), err);
		if (status)
			return status;
		if (load_be32(magic) == FDT_MAGIC)
			keep(trees, at);
	}
	return ST_OK;
}

/* --- several headers ------------------------------------------------------------------ */

/* Of the addresses, those that are among others. */
static struct found in_both(const struct found *found, const struct found *others)
{
	struct found both = { .count = 0 };

	for (size_t i = 0; i < found->count; i++) {
		bool is_there = false;

		for (size_t j = 0; j < others->count; j++)
			is_there |= others->addresses[j] == found->addresses[i];
		if (is_there)
			keep(&both, found->addresses[i]);
	}
	return both;
}

/* Where the segments of the armed image are, each by its address, is within so much of its
 * struct kimage. The layout of that is no ABI, but a word that is the address of a header is
 * that. */
#define KIMAGE_WORDS 128u

static struct found headers_of_kernel(
	struct armed_core *armed, const struct sysroot *root, const struct found *headers)
{
	const struct elfcore *memory = &armed->memory;
	struct found named = { .count = 0 };
	struct kallsyms symbols = { .crash_image = 0 };
	uint8_t words[8 * KIMAGE_WORDS];
	uint64_t image;

	if (!memory->is_64 || kallsyms_read(root, &symbols, NULL) || !symbols.crash_image ||
		elfcore_read_virtual(memory, symbols.crash_image, words, 8, NULL))
		return named;
	image = load_uint(words, 8, memory->big_endian);
	if (!image || elfcore_read_virtual(memory, image, words, sizeof(words), NULL))
		return named;
	for (size_t i = 0; i < headers->count; i++)
		for (size_t word = 0; word < KIMAGE_WORDS; word++)
			if (load_uint(words + 8 * word, 8, memory->big_endian) ==
				headers->addresses[i]) {
				keep(&named, headers->addresses[i]);
				break;
			}
	return named;
}

/* The address in /chosen/linux,elfcorehdr. */
static bool header_of_tree(struct span tree, uint64_t *ret)
{
	struct devtree_cells cells;
	struct devtree_view view;
	const uint8_t *value;
	bool found = false;
	int size = 0;

	if (devtree_view_init(tree, "armed tree", &view, NULL))
		return false;
	value = fdt_getprop(
		view.fdt, fdt_path_offset(view.fdt, "/chosen"), "linux,elfcorehdr", &size);
	if (value && !devtree_root_cells(view.fdt, &cells, NULL) &&
		(size_t)size == 4 * (size_t)(cells.address + cells.size)) {
		*ret = devtree_cells_at(value, cells.address);
		found = true;
	}
	devtree_view_done(&view);
	return found;
}

static int headers_of_trees(
	struct armed_core *armed, const struct found *trees, struct found *ret, struct err *err)
{
	int status = ST_OK;

	*ret = (struct found){ .count = 0 };
	for (size_t i = 0; i < trees->count && status != ST_NO_MEMORY; i++) {
		struct blob tree = BLOB_INIT;
		uint8_t size[4];
		uint64_t address;

		armed->base = trees->addresses[i];
		if (read_memory(armed, 4, size, sizeof(size), NULL) ||
			load_be32(size) > DEVTREE_SIZE_MAX)
			continue;
		status = blob_zeroed(&tree, load_be32(size));
		if (!status && !read_memory(armed, 0, tree.data, tree.size, NULL) &&
			header_of_tree(blob_span(&tree), &address))
			keep(ret, address);
		blob_done(&tree);
	}
	return status == ST_NO_MEMORY ? err_no_memory(err) : ST_OK;
}

static int choose(struct armed_core *armed, const struct sysroot *root, const struct found *headers,
	const struct found *trees, uint64_t *ret, struct err *err)
{
	struct found left = headers_of_kernel(armed, root, headers), named;
	int status;

	if (left.count != 1) {
		status = headers_of_trees(armed, trees, &named, err);
		if (status)
			return status;
		left = in_both(headers, &named);
	}
	if (left.count != 1) {
		err_set(err, ST_UNSUPPORTED, "armed-core-several",
			"ELF core headers are at 0x%" PRIx64 " and at 0x%" PRIx64
			", and nothing tells which is that of the armed image",
			headers->addresses[0], headers->addresses[1]);
		return err_hint(err, "one is left over from an image that was loaded before, in "
				     "another way; a kernel with CONFIG_KALLSYMS_ALL tells which");
	}
	*ret = left.addresses[0];
	return ST_OK;
}

static int find(struct armed_core *armed, const struct sysroot *root, struct range region,
	uint64_t page_size, struct err *err)
{
	struct found headers = { .count = 0 }, trees = { .count = 0 };
	uint64_t address;
	bool found;
	int status = search(armed, region, page_size, &headers, &trees, err);

	if (status)
		return status;
	if (headers.count == 0)
		return err_set(err, ST_NOT_FOUND, "armed-core-none",
			KCORE_PATH " shows no ELF core header in the crash region [0x%" PRIx64
				   ", 0x%" PRIx64 ")",
			region.start, region.end);
	address = headers.addresses[0];
	if (headers.count > 1)
		status = choose(armed, root, &headers, &trees, &address, err);
	if (!status)
		status = look(armed, address, &found, &armed->core, err);
	if (status)
		return status;
	if (!found)
		return err_set(err, ST_CHANGED, "armed-core-none",
			"the ELF core header at 0x%" PRIx64
			" is gone: an image was loaded just now",
			address);
	armed->address = address;
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
		status = find(armed, root, region, page_size, err);
	if (status) {
		armed_core_free(armed);
		return status;
	}
	*ret = armed;
	return ST_OK;
}
