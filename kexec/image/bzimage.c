// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/image/bzimage.h"

#include <inttypes.h>

#include "kexec/image/format.h"
#include "lib/checked.h"

/* Offsets in the file: Documentation/arch/x86/boot.rst, "Details of Header Fields". */
enum {
	SETUP_SECTS = 0x1f1,
	SYSSIZE = 0x1f4,
	BOOT_FLAG = 0x1fe,
	JUMP = 0x200,
	JUMP_DISTANCE = 0x201, /* from the byte behind it to the end of the header */
	MAGIC = 0x202,
	VERSION = 0x206,
	KERNEL_VERSION = 0x20e, /* where its text is, counted from JUMP */
	LOADFLAGS = 0x211,
	KERNEL_ALIGNMENT = 0x230,
	RELOCATABLE_KERNEL = 0x234,
	XLOADFLAGS = 0x236,
	CMDLINE_SIZE = 0x238,
	PREF_ADDRESS = 0x258,
	INIT_SIZE = 0x260,
	HEADER_LEAST = 0x268, /* the end of it in BZIMAGE_PROTOCOL_64 */
};

#define SECTOR		    512u
#define SETUP_SECTS_DEFAULT 4u
#define LOADED_HIGH	    0x01u
#define XLF_KERNEL_64	    0x01u
#define XLF_ABOVE_4G	    0x02u
#define XLF_EFI_KEXEC	    0x10u
#define XLF_5LEVEL	    0x20u

static int cut_short(struct span bytes, const char *where, struct err *err)
{
	return err_set(err, ST_BAD_INPUT, "image-truncated",
		"the bzImage ends in its %s, after %zu bytes", where, bytes.size);
}

/* What only a kernel that starts in 64-bit mode has. */
static int check_protocol(struct span bytes, struct err *err)
{
	uint16_t version = load_le16(bytes.data + VERSION);
	const char *what = NULL;

	if (version < BZIMAGE_PROTOCOL_64)
		what = "is too old to be started in 64-bit mode";
	else if (!(bytes.data[LOADFLAGS] & LOADED_HIGH))
		what = "is a zImage, which is loaded below 1 MiB";
	else if (!(load_le16(bytes.data + XLOADFLAGS) & XLF_KERNEL_64))
		what = "is a 32-bit kernel";
	if (!what)
		return ST_OK;
	err_set(err, ST_UNSUPPORTED, "image-not-64-bit",
		"the x86 kernel %s (boot protocol %u.%02u, loadflags 0x%02x, xloadflags 0x%02x)",
		what, version >> 8, version & 0xff, bytes.data[LOADFLAGS],
		version < BZIMAGE_PROTOCOL_64 ? 0 : load_le16(bytes.data + XLOADFLAGS));
	return err_hint(err, "a bzImage of a 64-bit kernel, 3.8 or later, is wanted");
}

static int check_sizes(const struct bzimage *image, struct err *err)
{
	if (!is_power_of_two(image->kernel_alignment) || image->kernel_alignment > (uint64_t)1
											   << 30)
		return err_set(err, ST_BAD_INPUT, "image-alignment-bad",
			"the bzImage wants an alignment of 0x%" PRIx64
			", a power of two up to 1 GiB is possible",
			image->kernel_alignment);
	if (image->init_size < image->loaded.size || image->init_size > IMAGE_SIZE_MAX)
		return err_set(err, ST_BAD_INPUT, "image-size-bad",
			"the bzImage says that it needs 0x%" PRIx64
			" bytes of memory (init_size), 0x%zx to 0x%x are possible",
			image->init_size, image->loaded.size, IMAGE_SIZE_MAX);
	return ST_OK;
}

/* "6.12.94+deb13-amd64 (builder@host) #1 SMP ...", in the real mode part. */
static struct span version_text(struct span setup)
{
	size_t at = load_le16(setup.data + KERNEL_VERSION);
	struct span text = { setup.data, 0 };

	if (at == 0 || at >= setup.size - JUMP)
		return text;
	text.data += JUMP + at;
	while (text.size < setup.size - JUMP - at && text.data[text.size] != '\0')
		text.size++;
	return text;
}

int bzimage_parse(struct span bytes, struct bzimage *ret, struct err *err)
{
	struct span magic;
	struct bzimage image = { .protocol = 0 };
	uint64_t setup, whole;
	uint32_t header_end;
	uint16_t flags;
	int status;

	if (!span_slice(bytes, MAGIC, 4, &magic) || !span_starts_with(magic, "HdrS", 4) ||
		load_le16(bytes.data + BOOT_FLAG) != 0xaa55)
		return ST_NOT_MINE;
	if (bytes.size < HEADER_LEAST)
		return cut_short(bytes, "header", err);
	status = check_protocol(bytes, err);
	if (status)
		return status;

	header_end = MAGIC + bytes.data[JUMP_DISTANCE];
	if (header_end < HEADER_LEAST || header_end > BZIMAGE_HEADER_LIMIT)
		return err_set(err, ST_BAD_INPUT, "image-header-bad",
			"the header of the bzImage ends at 0x%x, 0x%x to 0x%x is possible",
			header_end, HEADER_LEAST, BZIMAGE_HEADER_LIMIT);
	setup = bytes.data[SETUP_SECTS] ? bytes.data[SETUP_SECTS] : SETUP_SECTS_DEFAULT;
	setup = (setup + 1) * SECTOR;
	if (!span_slice(bytes, BZIMAGE_HEADER_START, header_end - BZIMAGE_HEADER_START,
		    &image.header) ||
		setup >= bytes.size)
		return cut_short(bytes, "real mode part", err);
	/* What is appended, as a signature is, is behind that and comes along. */
	whole = (uint64_t)load_le32(bytes.data + SYSSIZE) * 16;
	if (bytes.size - setup < whole && whole - (bytes.size - setup) >= 16)
		return err_set(err, ST_BAD_INPUT, "image-truncated",
			"the bzImage has only %zu of its %" PRIu64 " bytes", bytes.size,
			setup + whole);
	image.loaded = (struct span){ bytes.data + setup, bytes.size - (size_t)setup };

	flags = load_le16(bytes.data + XLOADFLAGS);
	image.version = version_text((struct span){ bytes.data, (size_t)setup });
	image.loadflags = bytes.data[LOADFLAGS];
	image.xloadflags = flags;
	image.protocol = load_le16(bytes.data + VERSION);
	image.pref_address = load_le64(bytes.data + PREF_ADDRESS);
	image.kernel_alignment = load_le32(bytes.data + KERNEL_ALIGNMENT);
	image.init_size = load_le32(bytes.data + INIT_SIZE);
	image.cmdline_size = load_le32(bytes.data + CMDLINE_SIZE);
	image.entry = BZIMAGE_ENTRY_64;
	image.relocatable = bytes.data[RELOCATABLE_KERNEL] != 0;
	image.above_4g = flags & XLF_ABOVE_4G;
	image.five_levels = flags & XLF_5LEVEL;
	image.efi_kexec = flags & XLF_EFI_KEXEC;
	status = check_sizes(&image, err);
	if (!status)
		*ret = image;
	return status;
}

int bzimage_probe(struct span bytes, const char *file, struct image *image, struct unwrapped *ret,
	struct err *err)
{
	int status = bzimage_parse(bytes, &image->bzimage, err);

	(void)file;
	(void)ret;
	if (status)
		return status;
	image->kind = IMAGE_BZIMAGE;
	image->kind_name = "bzImage";
	image->mem_size = image->bzimage.init_size;
	return ST_OK;
}
