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

/* The parts that the specification knows; all others belong to the boot stub. */
static bool is_part(const char *name)
{
	static const char *const names[] = { ".linux", ".osrel", ".cmdline", ".initrd", ".ucode",
		".splash", ".dtb", ".dtbauto", ".efifw", ".hwids", ".uname", ".sbat", ".pcrsig",
		".pcrpkey" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static struct profile next_profile(const struct pe *pe, unsigned int begin)
{
	struct profile profile = { begin, begin };

	while (profile.end < pe->section_count &&
		(profile.end == begin || strcmp(pe_section(pe, profile.end).name, ".profile") != 0))
		profile.end++;
	return profile;
}

static bool has_section(const struct pe *pe, struct profile profile, const char *name)
{
	for (unsigned int i = profile.begin; i < profile.end; i++)
		if (strcmp(pe_section(pe, i).name, name) == 0)
			return true;
	return false;
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

/* The parts of a profile, but not those of a name that the profile over it has too. */
static int add_parts(const struct pe *pe, struct profile profile, struct profile over,
	struct image *image, struct err *err)
{
	int status = ST_OK;

	for (unsigned int i = profile.begin; i < profile.end && !status; i++) {
		struct pe_section section = pe_section(pe, i);

		if (is_part(section.name) && !has_section(pe, over, section.name))
			status = add_part(pe, &section, image, err);
	}
	return status;
}

int uki_probe(struct span bytes, const char *file, struct image *image, struct unwrapped *ret,
	struct err *err)
{
	struct profile base, first, none = { 0, 0 };
	const struct image_part *linux_part;
	struct pe pe;
	int status;

	(void)file;
	if (pe_parse(bytes, &pe))
		return ST_NOT_MINE;
	base = next_profile(&pe, 0);
	first = next_profile(&pe, base.end);
	if (!has_section(&pe, base, ".linux") && !has_section(&pe, first, ".linux"))
		return ST_NOT_MINE;
	if (pe.machine != PE_MACHINE_ARM64)
		return format_refuse(
			err, "a unified kernel image (UKI) for %s", pe_machine_name(pe.machine));
	if (image->parts)
		return format_refuse(err, "a unified kernel image (UKI) inside another one");
	image->parts = calloc(first.end, sizeof(*image->parts));
	if (!image->parts)
		return err_no_memory(err);
	status = add_parts(&pe, first, none, image, err);
	if (!status)
		status = add_parts(&pe, base, first, image, err);
	if (status)
		return status;
	linux_part = image_part(image, ".linux");
	ret->bytes = linux_part->bytes;
	return ST_OK;
}
