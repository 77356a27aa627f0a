// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kexec/image/arm64_image.h"
#include "kexec/image/image.h"
#include "lib/pe.h"

/* A kernel packed twice exists (an Image.gz that was packed again on its way); more is a
 * bomb. */
#define LAYERS_MAX 2

#define WANTED "an arm64 Image, plain or packed with gzip, xz or zstd"

static __attribute__((format(printf, 2, 3))) int unsupported(struct err *err, const char *fmt, ...)
{
	char what[300];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	return err_set(err, ST_UNSUPPORTED, "image-format-unsupported",
		"this is %s; " WANTED " is wanted", what);
}

struct number_name {
	unsigned int number;
	const char *name;
};

#define NAME_OF(table, number) name_of(table, sizeof(table) / sizeof((table)[0]), number)

static const char *name_of(const struct number_name *table, size_t count, unsigned int number)
{
	for (size_t i = 0; i < count; i++) {
		if (table[i].number == number)
			return table[i].name;
	}
	return "an unknown CPU";
}

/*
 * A probe looks at the bytes of a whole unpacked file. ST_NOT_MINE: some other format.
 * Anything else is the answer. name is the file's, for hints.
 */
typedef int image_probe(struct span bytes, const char *name, struct image *ret, struct err *err);

static int probe_arm64(struct span bytes, const char *name, struct image *ret, struct err *err)
{
	struct arm64_image_header header;
	int status;

	(void)name;
	status = arm64_image_parse(bytes, &header, err);
	if (status)
		return status;
	ret->kind = IMAGE_ARM64;
	ret->kind_name = "Image";
	ret->mem_size = header.image_size;
	ret->text_offset = header.text_offset;
	ret->page_size = header.page_size;
	ret->big_endian = header.big_endian;
	ret->placement_anywhere = header.placement_anywhere;
	return ST_OK;
}

/* A kernel that unpacks itself, as an EFI program: drivers/firmware/efi/libstub/zboot-header.S */
static int probe_zboot(struct span bytes, const char *name, struct image *ret, struct err *err)
{
	char codec[33] = "";
	struct span payload;
	uint32_t offset, size;

	(void)ret;
	if (bytes.size < 64 || !span_starts_with(bytes, "MZ\0\0zimg", 8))
		return ST_NOT_MINE;
	offset = load_le32(bytes.data + 8);
	size = load_le32(bytes.data + 12);
	memcpy(codec, bytes.data + 24, sizeof(codec) - 1);
	if (!span_slice(bytes, offset, size, &payload))
		return err_set(err, ST_BAD_INPUT, "image-truncated",
			"this is a self-unpacking EFI kernel (zboot, vmlinuz.efi) whose payload of "
			"%u bytes at %u lies outside the file of %zu bytes",
			size, offset, bytes.size);
	unsupported(err, "a self-unpacking EFI kernel (zboot, vmlinuz.efi) packed with %s", codec);
	switch (codec_detect(payload)) {
	case CODEC_GZIP:
	case CODEC_XZ:
	case CODEC_ZSTD:
		err_hint(err, "take the packed Image out of it: tail -c +%llu %s | head -c %u",
			(unsigned long long)offset + 1, name, size);
		break;
	default:
		break;
	}
	return ST_UNSUPPORTED;
}

static const struct number_name pe_machines[] = {
	{ 0xaa64, "arm64" },
	{ 0x8664, "x86_64" },
	{ 0x014c, "i386" },
	{ 0x01c0, "arm" },
	{ 0x01c2, "arm" },
	{ 0x5064, "riscv64" },
	{ 0x5032, "riscv32" },
	{ 0x6264, "loongarch64" },
};

/* UAPI group specification "Unified Kernel Image": a PE file with a section ".linux". */
static int probe_uki(struct span bytes, const char *name, struct image *ret, struct err *err)
{
	struct pe pe;

	(void)ret;
	if (pe_parse(bytes, &pe))
		return ST_NOT_MINE;
	for (unsigned int i = 0; i < pe.section_count; i++) {
		if (strcmp(pe_section(&pe, i).name, ".linux") != 0)
			continue;
		unsupported(err, "a unified kernel image (UKI) for %s",
			NAME_OF(pe_machines, pe.machine));
		if (pe.machine == 0xaa64)
			err_hint(err,
				"take the kernel out of it: objcopy -O binary -j .linux %s Image",
				name);
		return ST_UNSUPPORTED;
	}
	return ST_NOT_MINE;
}

/* U-Boot's legacy image: a header of 64 bytes, big endian. */
static int probe_uimage(struct span bytes, const char *name, struct image *ret, struct err *err)
{
	static const char *const packings[] = { "not packed", "packed with gzip",
		"packed with bzip2", "packed with lzma", "packed with lzo", "packed with lz4",
		"packed with zstd" };
	uint8_t packing;

	(void)ret;
	if (bytes.size < 64 || !span_starts_with(bytes, "\x27\x05\x19\x56", 4))
		return ST_NOT_MINE;
	packing = bytes.data[31];
	unsupported(err, "a U-Boot image (uImage, type %u) %s", bytes.data[30],
		packing < sizeof(packings) / sizeof(packings[0]) ? packings[packing]
								 : "packed in an unknown way");
	err_hint(err, "take the kernel out of it: tail -c +65 %s | head -c %u", name,
		load_be32(bytes.data + 12));
	return ST_UNSUPPORTED;
}

static const struct number_name elf_machines[] = {
	{ 3, "i386" },
	{ 8, "mips" },
	{ 20, "ppc" },
	{ 21, "ppc64" },
	{ 22, "s390" },
	{ 40, "arm" },
	{ 62, "x86_64" },
	{ 183, "arm64" },
	{ 243, "riscv" },
	{ 258, "loongarch" },
};

static int probe_elf(struct span bytes, const char *name, struct image *ret, struct err *err)
{
	unsigned int machine, type;
	const uint8_t *p = bytes.data;

	(void)ret;
	if (bytes.size < 20 || !span_starts_with(bytes, "\177ELF", 4))
		return ST_NOT_MINE;
	/* Byte 5: 2 is big endian. */
	type = p[5] == 2 ? (unsigned int)p[16] << 8 | p[17] : load_le16(p + 16);
	machine = p[5] == 2 ? (unsigned int)p[18] << 8 | p[19] : load_le16(p + 18);
	unsupported(err, "an ELF %s for %s",
		type == 1		 ? "object"
		: type == 4		 ? "core dump"
		: type == 2 || type == 3 ? "program, such as vmlinux,"
					 : "file of an unknown type",
		NAME_OF(elf_machines, machine));
	if (machine == 183 && (type == 2 || type == 3))
		err_hint(err,
			"use arch/arm64/boot/Image of the same build, or make one of a "
			"vmlinux: objcopy -O binary %s Image",
			name);
	return ST_UNSUPPORTED;
}

static int probe_device_tree(
	struct span bytes, const char *name, struct image *ret, struct err *err)
{
	/* A FIT is a device tree whose root has a node "images": the begin token, the name. */
	static const char images[] = "\0\0\0\1images";

	(void)ret;
	if (!span_starts_with(bytes, "\xd0\x0d\xfe\xed", 4))
		return ST_NOT_MINE;
	if (memmem(bytes.data, bytes.size, images, sizeof(images))) {
		unsupported(err, "a U-Boot FIT image");
		err_hint(err, "take the kernel out of it: dumpimage -T flat_dt -p 0 -o Image %s",
			name);
	} else {
		unsupported(err, "a device tree blob");
		err_hint(err, "a device tree is given with --dtb=%s, next to a kernel", name);
	}
	return ST_UNSUPPORTED;
}

/* Kernels of other CPUs, by the marks in their own headers. */
static int probe_foreign(struct span bytes, const char *name, struct image *ret, struct err *err)
{
	static const struct {
		size_t at;
		char mark[5]; /* four bytes */
		const char *what;
	} marks[] = {
		/* Documentation/arch/x86/boot.rst */
		{ 0x202, "HdrS", "an x86 kernel (bzImage)" },
		/* Documentation/arch/riscv/boot-image-header.rst */
		{ 56, "RSC\x05", "a RISC-V kernel" },
		{ 36, "\x18\x28\x6f\x01", "a 32-bit ARM kernel (zImage)" },
	};
	struct span mark;

	(void)name;
	(void)ret;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (span_slice(bytes, marks[i].at, 4, &mark) &&
			span_starts_with(mark, marks[i].mark, 4))
			return unsupported(err, "%s", marks[i].what);
	}
	return ST_NOT_MINE;
}

static int probe_other_pe(struct span bytes, const char *name, struct image *ret, struct err *err)
{
	struct pe pe;
	int status;

	(void)name;
	(void)ret;
	status = pe_parse(bytes, &pe);
	if (status == ST_NOT_MINE)
		return ST_NOT_MINE;
	if (status)
		return err_set(err, ST_BAD_INPUT, "image-truncated",
			"this is an EFI (PE) program that ends in its headers, after %zu bytes",
			bytes.size);
	return unsupported(err, "an EFI (PE) program for %s that is no Linux kernel known here",
		NAME_OF(pe_machines, pe.machine));
}

/* The oldest LZMA container has no magic: properties, dictionary size, size. Accept only
 * what the lzma tools write, as they do themselves. */
static int probe_lzma(struct span bytes, const char *name, struct image *ret, struct err *err)
{
	uint32_t dictionary, top;
	uint64_t size;

	(void)ret;
	if (bytes.size < 13 || bytes.data[0] != 0x5d)
		return ST_NOT_MINE;
	dictionary = load_le32(bytes.data + 1);
	size = load_le64(bytes.data + 5);
	if (dictionary < 4096 || (size != UINT64_MAX && size >= (uint64_t)1 << 38))
		return ST_NOT_MINE;
	top = (uint32_t)1 << (31 - __builtin_clz(dictionary));
	if (dictionary != top && dictionary != (top | top >> 1) && dictionary != UINT32_MAX)
		return ST_NOT_MINE;
	err_set(err, ST_UNSUPPORTED, "codec-missing",
		"lzma data, which this program cannot unpack");
	err_hint(err, "unpack it first: xz -dc --format=lzma %s", name);
	return ST_UNSUPPORTED;
}

static int probe_initrd(struct span bytes, const char *name, struct image *ret, struct err *err)
{
	(void)ret;
	if (!span_starts_with(bytes, "070701", 6) && !span_starts_with(bytes, "070702", 6))
		return ST_NOT_MINE;
	unsupported(err, "a cpio archive, as an initrd is");
	err_hint(err, "an initrd is given with --initrd=%s, next to a kernel", name);
	return ST_UNSUPPORTED;
}

/* In this order: a wrapper is asked before what it wraps or resembles, an exact magic before
 * a weak one. */
static image_probe *const probes[] = {
	probe_zboot,
	probe_uki,
	probe_arm64,
	probe_uimage,
	probe_elf,
	probe_device_tree,
	probe_foreign,
	probe_other_pe,
	probe_initrd,
	probe_lzma,
};

static int unknown(struct span bytes, struct err *err)
{
	if (bytes.size < 64)
		return err_set(err, ST_BAD_INPUT, "image-truncated",
			"only %zu bytes, the header of an Image alone has 64", bytes.size);
	return err_set(err, ST_NOT_MINE, "image-format-unknown",
		"no known kernel format (it begins with %02x %02x %02x %02x); " WANTED " is wanted",
		bytes.data[0], bytes.data[1], bytes.data[2], bytes.data[3]);
}

static int probe_all(struct span bytes, const char *name, struct image *ret, struct err *err)
{
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		int status = probes[i](bytes, name, ret, err);

		if (status != ST_NOT_MINE)
			return status;
	}
	return unknown(bytes, err);
}

/* Take the packing off, in place. *ret_layers is how many there were. */
static int unpack(
	struct blob *data, unsigned int *ret_layers, enum codec *ret_outermost, struct err *err)
{
	unsigned int layers = 0;

	for (;;) {
		struct blob unpacked = BLOB_INIT;
		enum codec codec = codec_detect(blob_span(data));
		int status;

		if (codec == CODEC_NONE)
			break;
		if (layers == LAYERS_MAX)
			return err_set(err, ST_UNSUPPORTED, "image-packed-too-often",
				"%s data in a file that was packed %d times already, which is as "
				"often as this program unpacks",
				codec_name(codec), LAYERS_MAX);
		status = decompress(codec, blob_span(data), IMAGE_SIZE_MAX, &unpacked, err);
		if (status)
			return status;
		blob_done(data);
		*data = unpacked;
		if (layers == 0)
			*ret_outermost = codec;
		layers++;
	}
	*ret_layers = layers;
	return ST_OK;
}

/* All of image_describe() but its cleaning up and the words in front. */
static int describe(const char *name, struct image *image, struct report *report, struct err *err)
{
	struct blob *data = &image->data;
	unsigned int layers = 0;
	int status;

	if (data->size == 0)
		return err_set(err, ST_BAD_INPUT, "image-empty", "the file is empty");
	status = unpack(data, &layers, &image->codec, err);
	if (status)
		return status;
	status = probe_all(blob_span(data), name, image, err);
	if (status) {
		if (layers)
			err_prefix(err, "unpacked from %s%s", codec_name(image->codec),
				layers > 1 ? " (twice)" : "");
		return status;
	}
	if (data->size > image->mem_size) {
		/* Something was appended, a signature for instance. */
		report_add(report, REPORT_CHOICE, "image",
			"%s: cut from %zu to %llu bytes, which is its image_size", name, data->size,
			(unsigned long long)image->mem_size);
		data->size = (size_t)image->mem_size;
		data->data[data->size] = 0;
	}
	return ST_OK;
}

int image_describe(struct blob *file, const char *name, struct image *ret, struct report *report,
	struct err *err)
{
	struct image image = { .data = blob_take(file) };
	int status;

	status = describe(name, &image, report, err);
	if (status) {
		image_done(&image);
		err_prefix(err, "%s", name);
		return status;
	}
	*ret = image;
	return ST_OK;
}

void image_done(struct image *image)
{
	if (!image)
		return;
	blob_done(&image->data);
	*image = (struct image){ .data = BLOB_INIT };
}
