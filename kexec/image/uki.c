// SPDX-License-Identifier: GPL-2.0-only
/*
 * A unified kernel image: a PE file with a section ".linux", and others for what goes with it
 * (UAPI group specification "Unified Kernel Image"). Of one with several profiles it is the
 * profile @0, which is the default: its sections count before those in front of all profiles,
 * and the sections of other profiles do not count at all.
 */
#include <stdlib.h>
#include <string.h>

#include "kexec/image/format.h"
#include "lib/pe.h"

/* Sections by the range of their indices. */
struct profile {
	unsigned int begin;
	unsigned int end;
};

/* The parts that the specification knows, a bit for each; 0 for a section of the boot stub. */
#define PART_LINUX 1u
static unsigned int part_bit(const char *name)
{
	static const char *const names[] = { ".linux", ".osrel", ".cmdline", ".initrd", ".ucode",
		".splash", ".dtb", ".dtbauto", ".efifw", ".hwids", ".uname", ".sbat", ".pcrsig",
		".pcrpkey" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return 1u << i;
	return 0;
}

static struct profile next_profile(const struct pe *pe, unsigned int begin)
{
	struct profile profile = { begin, begin };

	while (profile.end < pe->section_count &&
		(profile.end == begin || strcmp(pe_section(pe, profile.end).name, ".profile") != 0))
		profile.end++;
	return profile;
}

static unsigned int part_bits(const struct pe *pe, struct profile profile)
{
	unsigned int bits = 0;

	for (unsigned int i = profile.begin; i < profile.end; i++)
		bits |= part_bit(pe_section(pe, i).name);
	return bits;
}

static int add_part(
	const struct pe *pe, const struct pe_section *section, struct image *image, struct err *err)
{
	struct image_part *part = &image->parts[image->parts_count];
	uint32_t size = section->memory_size < section->file_size ? section->memory_size
								  : section->file_size;

	memcpy(part->name, section->name, sizeof(part->name));
	if (!span_slice(pe->bytes, section->file_offset, size, &part->bytes))
		return err_set(err, ST_BAD_INPUT, "image-truncated",
			"this is a UKI whose section %s, %u bytes at %u, lies outside the file of "
			"%zu bytes",
			section->name, size, section->file_offset, pe->bytes.size);
	image->parts_count++;
	return ST_OK;
}

/* The parts of a profile, but not those that the profile over it has too. */
static int add_parts(const struct pe *pe, struct profile profile, unsigned int over,
	struct image *image, struct err *err)
{
	int status = ST_OK;

	for (unsigned int i = profile.begin; i < profile.end && !status; i++) {
		struct pe_section section = pe_section(pe, i);

		if (part_bit(section.name) & ~over)
			status = add_part(pe, &section, image, err);
	}
	return status;
}

/* All parts are looked at, so many over each other would take hours. */
static int check_parts(const struct image *image, struct span bytes, struct err *err)
{
	uint64_t total = 0;

	for (size_t i = 0; i < image->parts_count; i++)
		total += image->parts[i].bytes.size;
	if (total <= IMAGE_FILE_MAX)
		return ST_OK;
	return err_set(err, ST_BAD_INPUT, "uki-parts",
		"this is a UKI with %llu bytes of sections in a file of %zu",
		(unsigned long long)total, bytes.size);
}

int uki_probe(struct span bytes, const char *file, struct image *image, struct unwrapped *ret,
	struct err *err)
{
	struct profile base, first;
	const struct image_part *linux_part;
	unsigned int over;
	struct pe pe;
	int status;

	(void)file;
	if (pe_parse(bytes, &pe))
		return ST_NOT_MINE;
	base = next_profile(&pe, 0);
	first = next_profile(&pe, base.end);
	over = part_bits(&pe, first);
	if (!((part_bits(&pe, base) | over) & PART_LINUX))
		return ST_NOT_MINE;
	if (pe.machine != PE_MACHINE_ARM64 && pe.machine != PE_MACHINE_X86_64)
		return format_refuse(
			err, "a unified kernel image (UKI) for %s", pe_machine_name(pe.machine));
	status = format_begin_parts(image, "UKI", first.end, err);
	if (!status)
		status = add_parts(&pe, first, 0, image, err);
	if (!status)
		status = add_parts(&pe, base, over, image, err);
	if (!status)
		status = check_parts(image, bytes, err);
	if (status)
		return status;
	linux_part = image_part(image, ".linux");
	ret->bytes = linux_part->bytes;
	return ST_OK;
}
