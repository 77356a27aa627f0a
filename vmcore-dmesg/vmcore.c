// SPDX-License-Identifier: GPL-2.0-only
#include "vmcore-dmesg/vmcore.h"

#include <inttypes.h>
#include <stdio.h>

#include "lib/cursor.h"
#include "lib/vmcoreinfo.h"
#include "vmcore-dmesg/dumpfile.h"

uint64_t vmcore_load(const struct vmcore *core, const void *p, size_t size)
{
	return load_uint(p, size, core->big_endian);
}

static bool find_number(const struct vmcore *core, const char *key, int base, uint64_t *ret)
{
	struct span value;

	if (vmcoreinfo_number(blob_span(&core->vmcoreinfo), key, base, ret))
		return true;
	if (!vmcoreinfo_find(blob_span(&core->vmcoreinfo), key, &value))
		return false;
	value = span_trim(value);
	if (base == VMCOREINFO_ANY_BASE)
		base = span_skip(&value, "0x") ? 16 : 10;
	return span_take_number(&value, base, ret);
}

bool vmcore_symbol(const struct vmcore *core, const char *name, uint64_t *ret)
{
	char key[64];

	snprintf(key, sizeof(key), "SYMBOL(%s)", name);
	return find_number(core, key, 16, ret);
}

/* Kernels print some numbers in decimal and some in hexadecimal; then 0x stands before it. */
bool vmcore_info_number(const struct vmcore *core, const char *key, uint64_t *ret)
{
	return find_number(core, key, VMCOREINFO_ANY_BASE, ret);
}

/* --- addresses ------------------------------------------------------------------------ */

/* Linear map and image share the space of the kernel half and half. Since 5.4 the linear map
 * has the lower half and the image the upper one, and with 52-bit addresses the lower half is
 * larger (Documentation/arch/arm64/memory.rst). */
static void add_arm64(struct vmcore *core)
{
	uint64_t va_bits, phys_offset, voffset, text, half;
	struct vmcore_mapping *linear = &core->mappings[core->mappings_count];
	struct vmcore_mapping *image = linear + 1;

	if (!vmcore_info_number(core, "NUMBER(VA_BITS)", &va_bits) || va_bits < 36 ||
		va_bits > 52 || !vmcore_info_number(core, "NUMBER(PHYS_OFFSET)", &phys_offset) ||
		!vmcore_info_number(core, "NUMBER(kimage_voffset)", &voffset) ||
		!vmcore_symbol(core, "_stext", &text))
		return;
	half = -(1ull << ((va_bits < 48 ? va_bits : 48) - 1));
	*linear = (struct vmcore_mapping){ -(1ull << va_bits), half - 1, 0 };
	*image = (struct vmcore_mapping){ half, UINT64_MAX, voffset };
	if (text < half) {
		*linear = (struct vmcore_mapping){ half, UINT64_MAX, 0 };
		*image = (struct vmcore_mapping){ -(1ull << va_bits), half - 1, voffset };
	}
	linear->offset = linear->start - phys_offset;
	core->mappings_count += 2;
}

static void add_riscv_image(struct vmcore *core)
{
	struct vmcore_mapping mapping = { .end = UINT64_MAX };

	if (vmcore_info_number(core, "NUMBER(KERNEL_LINK_ADDR)", &mapping.start) &&
		vmcore_info_number(core, "NUMBER(va_kernel_pa_offset)", &mapping.offset))
		core->mappings[core->mappings_count++] = mapping;
}

/* Every image has the last two GiB, wherever in memory it was put. */
static void add_x86_64_image(struct vmcore *core)
{
	struct vmcore_mapping mapping = { .start = 0xffffffff80000000, .end = UINT64_MAX };
	uint64_t phys_base;

	if (!vmcore_info_number(core, "NUMBER(phys_base)", &phys_base))
		return;
	mapping.offset = mapping.start - phys_base;
	core->mappings[core->mappings_count++] = mapping;
}

/* Of ppc64 alone the kernel is there, in its linear map. */
static void add_ppc64(struct vmcore *core)
{
	struct vmcore_mapping mapping = { .start = 0xc000000000000000, .end = 0xcfffffffffffffff };
	uint64_t text;

	if (!vmcore_symbol(core, "_stext", &text) || text < mapping.start || text > mapping.end)
		return;
	mapping.offset = mapping.start;
	core->mappings[core->mappings_count++] = mapping;
}

static void add_plain_linear(struct vmcore *core)
{
	struct vmcore_mapping mapping = { .end = UINT64_MAX };
	uint64_t phys;

	if (!vmcore_info_number(core, "NUMBER(PAGE_OFFSET)", &mapping.start) ||
		(!vmcore_info_number(core, "NUMBER(phys_ram_base)", &phys) &&
			!vmcore_info_number(core, "NUMBER(PHYS_OFFSET)", &phys)))
		return;
	mapping.offset = mapping.start - phys;
	core->mappings[core->mappings_count++] = mapping;
}

/* Once for all reads: VMCOREINFO may be long. An image can lie in what would else be the linear
 * map, so it comes first. */
static void find_mappings(struct vmcore *core)
{
	core->mappings_count = 0;
	add_arm64(core);
	add_riscv_image(core);
	add_x86_64_image(core);
	add_ppc64(core);
	add_plain_linear(core);
}

static bool translate(const struct vmcore *core, uint64_t vaddr, uint64_t *ret)
{
	for (size_t i = 0; i < core->mappings_count; i++) {
		const struct vmcore_mapping *mapping = &core->mappings[i];

		if (vaddr < mapping->start || vaddr > mapping->end)
			continue;
		*ret = vaddr - mapping->offset;
		if (core->word_size == 4)
			*ret = (uint32_t)*ret;
		return true;
	}
	return false;
}

static int read_physical(
	const struct vmcore *core, uint64_t paddr, void *buf, size_t size, struct err *err)
{
	return core->dump ? dumpfile_read(core->dump, DUMPFILE_PHYSICAL, paddr, buf, size, err)
			  : elfcore_read_physical(&core->elf, paddr, buf, size, err);
}

/* Program headers know best; the library of compressed dumps has to search page tables. */
int vmcore_read(const struct vmcore *core, uint64_t vaddr, void *buf, size_t size, struct err *err)
{
	uint64_t paddr;
	int status;

	if ((core->dump || !elfcore_has_virtual(&core->elf, vaddr)) &&
		translate(core, vaddr, &paddr)) {
		status = read_physical(core, paddr, buf, size, err);
		if (status != ST_OK)
			err_prefix(err, "kernel address 0x%" PRIx64, vaddr);
		return status;
	}
	return core->dump ? dumpfile_read(core->dump, DUMPFILE_VIRTUAL, vaddr, buf, size, err)
			  : elfcore_read_virtual(&core->elf, vaddr, buf, size, err);
}

int vmcore_read_uint(
	const struct vmcore *core, uint64_t vaddr, size_t size, uint64_t *ret, struct err *err)
{
	uint8_t buf[8];
	int status = vmcore_read(core, vaddr, buf, size, err);

	if (status == ST_OK)
		*ret = vmcore_load(core, buf, size);
	return status;
}

/* --- opening -------------------------------------------------------------------------- */

int vmcore_open(struct sysroot_file *file, struct vmcore *ret, struct err *err)
{
	struct elfcore_source source = elfcore_from_file(file);
	struct vmcore core = { .dump = NULL };
	struct err why = ERR_INIT;
	int status;

	status = elfcore_salvage(&source, &core.elf, &core.doubt, &why);
	if (status == ST_OK) {
		core.big_endian = core.elf.big_endian;
		core.word_size = core.elf.is_64 ? 8 : 4;
	} else {
		status = dumpfile_open(file, &core, err);
		if (status == ST_NOT_MINE) {
			*err = core.doubt.status ? core.doubt : why;
			return err->status;
		}
		if (status != ST_OK)
			return status;
	}
	*ret = core;
	return ST_OK;
}

int vmcore_read_info(struct vmcore *core, struct err *err)
{
	int status = core->dump ? dumpfile_vmcoreinfo(core->dump, &core->vmcoreinfo, err)
				: elfcore_vmcoreinfo(&core->elf, &core->vmcoreinfo, err);

	if (status == ST_OK)
		find_mappings(core);
	return status;
}

void vmcore_done(struct vmcore *core)
{
	elfcore_done(&core->elf);
	blob_done(&core->vmcoreinfo);
	*core = (struct vmcore){ .dump = NULL };
}
