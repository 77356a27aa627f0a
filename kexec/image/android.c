// SPDX-License-Identifier: GPL-2.0-only
/*
 * Android's boot image: a header and then kernel, RAM disk and more, each on the next page (AOSP,
 * system/tools/mkbootimg, include/bootimg/bootimg.h; every field is little endian). Up to version
 * 2 of the header the page size is in it; from version 3 on it is 4096, and what belongs to one
 * phone is in a second file, vendor_boot. What stands behind the last part, such as signatures and
 * the footer of Verified Boot, is no part of it.
 */
#include "kexec/image/android.h"

#include <string.h>

#include "kexec/image/format.h"
#include "lib/checked.h"

#define BOOT_MAGIC   "ANDROID!"
#define VENDOR_MAGIC "VNDRBOOT"
#define MAGIC_SIZE   8

/* Where the versions from 3 on differ in nothing that is looked at, they are one. */
#define VERSION_MAX	 4
#define FIXED_PAGE	 4096
#define BOOT_VERSION_AT	 40
#define VERSION_PLACE_AT 36 /* page size of versions 0 to 2 */

/* Before there were versions, some boot loaders had the size of a table of device trees there. */
#define TREE_TABLE_MIN 2048

#define PAGE_MIN 2048
#define PAGE_MAX (1u << 20)

/* A walk over the parts. */
struct walk {
	struct span file;
	uint64_t page;
	uint64_t at; /* where the next part begins */
	const char *what;
	struct err *err;
};

static int take_part(struct walk *walk, const char *name, uint32_t size, struct span *ret)
{
	uint64_t end;

	if (!span_slice(walk->file, walk->at, size, ret))
		return err_set(walk->err, ST_BAD_INPUT, "image-truncated",
			"this is an Android %s image whose %s, %u bytes at %llu, lies outside the "
			"file of %zu bytes",
			walk->what, name, size, (unsigned long long)walk->at, walk->file.size);
	if (!align_up(walk->at + size, walk->page, &end))
		return ST_BUG; /* no file is so long */
	walk->at = end;
	return ST_OK;
}

static struct span text_field(struct span file, size_t at, size_t size)
{
	return (struct span){ file.data + at, strnlen((const char *)file.data + at, size) };
}

/* The header of this many bytes, and then on to what is behind it. */
static int begin(struct walk *walk, uint64_t page, size_t header_size)
{
	if (walk->file.size < header_size)
		return err_set(walk->err, ST_BAD_INPUT, "image-truncated",
			"this is an Android %s image that ends in its header, after %zu of %zu "
			"bytes",
			walk->what, walk->file.size, header_size);
	if (page < PAGE_MIN || page > PAGE_MAX || (page & (page - 1)))
		return err_set(walk->err, ST_BAD_INPUT, "android-page-size",
			"this is an Android %s image with pages of %llu bytes, a power of two "
			"from %u to %u is wanted",
			walk->what, (unsigned long long)page, PAGE_MIN, PAGE_MAX);
	walk->page = page;
	return align_up(header_size, page, &walk->at) ? ST_OK : ST_BUG;
}

/* Versions 0 to 2. */
static int parse_paged(struct walk *walk, struct android_image *image)
{
	static const size_t header_sizes[] = { 1632, 1648, 1660 };
	const uint8_t *header = walk->file.data;
	struct span unused;
	int status =
		begin(walk, load_le32(header + VERSION_PLACE_AT), header_sizes[image->version]);

	if (status)
		return status;
	image->cmdline[0] = text_field(walk->file, 64, 512);
	image->cmdline[1] = text_field(walk->file, 608, 1024);
	status = take_part(walk, "kernel", load_le32(header + 8), &image->kernel);
	if (!status)
		status = take_part(walk, "RAM disk", load_le32(header + 16), &image->ramdisk);
	if (!status && image->version >= 1)
		status = take_part(walk, "second stage", load_le32(header + 24), &unused);
	if (!status && image->version >= 1)
		status = take_part(walk, "overlay", load_le32(header + 1632), &unused);
	if (!status && image->version >= 2)
		status = take_part(walk, "device tree", load_le32(header + 1648), &image->trees);
	return status;
}

/* Versions 3 and 4. */
static int parse_generic(struct walk *walk, struct android_image *image)
{
	const uint8_t *header = walk->file.data;
	int status = begin(walk, FIXED_PAGE, 1580);

	if (status)
		return status;
	image->cmdline[0] = text_field(walk->file, 44, 1536);
	status = take_part(walk, "kernel", load_le32(header + 8), &image->kernel);
	if (!status)
		status = take_part(walk, "RAM disk", load_le32(header + 12), &image->ramdisk);
	return status;
}

static int parse_vendor(struct walk *walk, struct android_image *image)
{
	const uint8_t *header = walk->file.data;
	int status;

	if (walk->file.size < 16)
		return begin(walk, FIXED_PAGE, 2112);
	image->version = load_le32(header + 8);
	if (image->version != 3 && image->version != 4)
		return err_set(walk->err, ST_UNSUPPORTED, "image-format-unsupported",
			"this is an Android vendor_boot image with a header of version %u, 3 and 4 "
			"are known",
			image->version);
	status = begin(walk, load_le32(header + 12), image->version == 3 ? 2112 : 2128);
	if (status)
		return status;
	image->cmdline[0] = text_field(walk->file, 28, 2048);
	status = take_part(walk, "RAM disk", load_le32(header + 24), &image->ramdisk);
	if (!status)
		status = take_part(walk, "device tree", load_le32(header + 2100), &image->trees);
	return status;
}

static int parse_boot(struct walk *walk, struct android_image *image)
{
	if (walk->file.size < BOOT_VERSION_AT + 4)
		return begin(walk, FIXED_PAGE, 1580);
	image->version = load_le32(walk->file.data + BOOT_VERSION_AT);
	if (image->version >= TREE_TABLE_MIN)
		image->version = 0;
	if (image->version > VERSION_MAX)
		return err_set(walk->err, ST_UNSUPPORTED, "image-format-unsupported",
			"this is an Android boot image with a header of version %u, 0 to %d are "
			"known",
			image->version, VERSION_MAX);
	return image->version < 3 ? parse_paged(walk, image) : parse_generic(walk, image);
}

/*
 * MediaTek's boot loaders have a header of their own in front of each part, of 512 bytes, and
 * Qualcomm's one in front of a kernel that is not packed.
 */
static void take_off_header(struct span *part)
{
	static const char plain[] = "UNCOMPRESSED_IMG";
	struct span inside;

	if (span_starts_with(*part, "\x88\x16\x88\x58", 4) && part->size >= 512 &&
		span_slice(*part, 512, load_le32(part->data + 4), &inside))
		*part = inside;
	else if (span_starts_with(*part, plain, sizeof(plain) - 1) && part->size >= 20 &&
		 span_slice(*part, 20, load_le32(part->data + 16), &inside))
		*part = inside;
}

int android_parse(struct span file, struct android_image *ret, struct err *err)
{
	struct android_image image = { .vendor = span_starts_with(file, VENDOR_MAGIC, MAGIC_SIZE) };
	struct walk walk = {
		.file = file, .what = image.vendor ? "vendor_boot" : "boot", .err = err
	};
	int status;

	if (!image.vendor && !span_starts_with(file, BOOT_MAGIC, MAGIC_SIZE))
		return ST_NOT_MINE;
	status = image.vendor ? parse_vendor(&walk, &image) : parse_boot(&walk, &image);
	if (status)
		return status;
	take_off_header(&image.kernel);
	take_off_header(&image.ramdisk);
	*ret = image;
	return ST_OK;
}

/* The next of several trees, or false for what is none, which a boot loader has a use for. */
static bool next_tree(struct span *trees, struct span *ret)
{
	if (trees->size < 8 || !span_starts_with(*trees, "\xd0\x0d\xfe\xed", 4) ||
		load_be32(trees->data + 4) < 8 ||
		!span_slice(*trees, 0, load_be32(trees->data + 4), ret))
		return false;
	*trees = (struct span){ trees->data + ret->size, trees->size - ret->size };
	return true;
}

static void add_part(struct image *image, const char *name, struct span bytes)
{
	struct image_part *part = &image->parts[image->parts_count];

	if (bytes.size == 0)
		return;
	strcpy(part->name, name);
	part->bytes = bytes;
	image->parts_count++;
}

/* Under the names that such parts have in a UKI. The boot loader takes the tree that is for its
 * board, and so do we. */
static int add_parts(const struct android_image *android, struct image *image, struct err *err)
{
	struct span rest = android->trees, tree;
	size_t count = 3;
	int status;

	while (next_tree(&rest, &tree))
		count++;
	status = format_begin_parts(image, "Android boot image", count, err);
	if (status)
		return status;
	for (int i = 0; i < 2; i++)
		if (blob_append(
			    &image->parts_made, android->cmdline[i].data, android->cmdline[i].size))
			return err_no_memory(err);
	add_part(image, ".linux", android->kernel);
	add_part(image, ".cmdline", blob_span(&image->parts_made));
	add_part(image, ".initrd", android->ramdisk);
	rest = android->trees;
	while (next_tree(&rest, &tree))
		add_part(image, ".dtbauto", tree);
	return ST_OK;
}

int android_probe(struct span bytes, const char *file, struct image *image, struct unwrapped *ret,
	struct err *err)
{
	struct android_image android;
	int status = android_parse(bytes, &android, err);

	if (status)
		return status;
	if (android.kernel.size == 0) {
		format_refuse(err, "an Android %s image (header version %u), which has no kernel",
			android.vendor	       ? "vendor_boot"
			: android.ramdisk.size ? "init_boot"
					       : "boot",
			android.version);
		err_hint(err, "give the boot image as the kernel, and this one with --initrd=%s",
			file);
		return ST_UNSUPPORTED;
	}
	status = add_parts(&android, image, err);
	if (!status) {
		image->lacks_vendor = android.version >= 3;
		ret->bytes = android.kernel;
	}
	return status;
}
