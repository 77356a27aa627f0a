// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/arch/ppc64le/drconf.h"

#include <inttypes.h>
#include <libfdt.h>
#include <string.h>

#include "kexec/arch/ppc64le/ppc64le.h"
#include "kexec/system/devtree.h"
#include "lib/bytes.h"
#include "lib/checked.h"

#define NODE	   "/ibm,dynamic-reconfiguration-memory"
#define BLOCK_SIZE "ibm,lmb-size"
#define BLOCKS	   "ibm,dynamic-memory"
#define ROWS	   "ibm,dynamic-memory-v2"

/* An entry of either format, and where its flags are. In that of rows it begins with their number;
 * base, index and associativity follow. */
#define ENTRY	 24u
#define FLAGS_AT 20u

#define FLAG_ASSIGNED 0x8u
#define FLAG_RESERVED 0x80u

static int odd(struct err *err, const char *name, const char *what)
{
	return err_set(err, ST_BAD_INPUT, "drconf-odd", "device tree: " NODE "/%s %s", name, what);
}

/* Step to the next entry. */
static void take_entry(struct drconf *drconf)
{
	drconf->left--;
	drconf->row = drconf->rows ? load_be32(drconf->at) : 1;
	drconf->next = devtree_cells_at(drconf->at + (drconf->rows ? 4 : 0), 2);
	drconf->flags = load_be32(drconf->at + FLAGS_AT);
	drconf->at += ENTRY;
}

bool drconf_next(struct drconf *drconf, struct drconf_block *ret)
{
	while (drconf->row == 0) {
		if (drconf->left == 0)
			return false;
		take_entry(drconf);
	}
	ret->range = (struct range){ drconf->next, drconf->next + drconf->size };
	ret->used = (drconf->flags & (FLAG_ASSIGNED | FLAG_RESERVED)) == FLAG_ASSIGNED;
	drconf->next += drconf->size;
	drconf->row--;
	return true;
}

/* Each entry once: so many blocks, and none beyond all addresses. */
static int count_blocks(struct drconf *drconf, const char *name, struct err *err)
{
	struct drconf pass = *drconf;
	uint64_t count = 0;

	while (pass.left) {
		uint64_t bytes, end;

		take_entry(&pass);
		if (!mul_u64(pass.row, pass.size, &bytes) || !add_u64(pass.next, bytes, &end))
			return odd(err, name, "has blocks beyond the last address");
		count += pass.row;
		if (count > DRCONF_BLOCKS_MAX)
			return odd(err, name, "has more blocks than any machine");
	}
	drconf->count = (uint32_t)count;
	return ST_OK;
}

int drconf_begin(const void *fdt, struct drconf *ret, struct err *err)
{
	struct drconf drconf = { .node = fdt_path_offset(fdt, NODE) };
	const char *name = BLOCKS;
	const uint8_t *value;
	struct devtree_cells cells;
	int length, status;

	if (drconf.node < 0) {
		*ret = drconf;
		return ST_OK;
	}
	status = devtree_root_cells(fdt, &cells, err);
	if (status)
		return status;
	/* Entries have 24 bytes by their own format. */
	if (cells.address != 2 || cells.size != 2)
		return odd(err, BLOCK_SIZE, "needs two cells for addresses and sizes at the root");
	value = fdt_getprop(fdt, drconf.node, BLOCKS, &length);
	if (!value) {
		name = ROWS;
		drconf.rows = true;
		value = fdt_getprop(fdt, drconf.node, ROWS, &length);
	}
	if (!value) {
		drconf.node = -FDT_ERR_NOTFOUND;
		*ret = drconf;
		return ST_OK;
	}
	if (length < 4 || load_be32(value) > ((uint32_t)length - 4) / ENTRY)
		return odd(err, name, "is shorter than its number of entries");
	drconf.left = load_be32(value);
	drconf.at = value + 4;
	if (!devtree_address(fdt, drconf.node, BLOCK_SIZE, &drconf.size) ||
		!is_power_of_two(drconf.size))
		return odd(err, BLOCK_SIZE, "is no power of two");
	status = count_blocks(&drconf, name, err);
	if (!status)
		*ret = drconf;
	return status;
}

int ppc64le_tree_memory(const void *fdt, struct rangeset *ret, struct err *err)
{
	struct drconf_block block;
	struct drconf drconf;
	int status = drconf_begin(fdt, &drconf, err);

	if (status || drconf.node < 0)
		return status;
	while (!status && drconf_next(&drconf, &block))
		if (block.used && rangeset_add(ret, block.range.start, block.range.end))
			status = err_no_memory(err);
	return status;
}
