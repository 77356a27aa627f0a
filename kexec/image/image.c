// SPDX-License-Identifier: GPL-2.0-only
/* The table of formats, and the way through the layers of a file. */
#include "kexec/image/image.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/image/arm64_image.h"
#include "kexec/image/format.h"
#include "kexec/image/kind.h"

/* A kernel packed twice exists (an Image.gz that was packed again on its way); more is a
 * bomb. */
#define PACKED_MAX 2

/* In this order: a wrapper is asked before what it wraps or resembles, an exact magic before
 * a weak one. */
static const struct format {
	image_probe *probe;
	const char *name;
	const char *type;
	const char *alias; /* another word of kexec-tools for that type, or NULL */
	bool kernel;	   /* no wrapper: what is looked for */
} formats[] = {
	{ packed_probe, "packed", NULL },
	{ zboot_probe, "EFI zboot", "vmlinuz" },
	/* Before the UKI: with its EFI stub it is a PE file as well. */
	{ bzimage_probe, "bzImage", "bzImage64", .alias = "bzImage", .kernel = true },
	{ uki_probe, "UKI", "uki" },
	{ android_probe, "Android", "android" },
	{ arm64_image_probe, "Image", "Image", .kernel = true },
	{ uimage_probe, "uImage", "uImage" },
	/* Most of these are ELF files as well; of both versions of a header the newer says more. */
	{ multiboot2_probe, "Multiboot 2", "multiboot2-x86", .kernel = true },
	{ multiboot_probe, "Multiboot", "multiboot-x86", .kernel = true },
	/* Of ELF files x86's and ppc64's are kernels themselves; arm64's holds an Image. */
	{ x86_vmlinux_probe, "vmlinux", "vmlinux", .alias = "elf-x86_64", .kernel = true },
	{ ppc64_image_probe, "vmlinux", "vmlinux", .alias = "elf-ppc64", .kernel = true },
	{ elf_image_probe, "vmlinux", "vmlinux" },
	{ packed_lzma_probe, "packed", NULL },
	{ foreign_probe, NULL, NULL },
};
#define FORMATS (sizeof(formats) / sizeof(formats[0]))

int format_refuse(struct err *err, const char *fmt, ...)
{
	char what[300];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	return err_set(err, ST_UNSUPPORTED, "image-format-unsupported",
		"this is %s; " FORMAT_WANTED, what);
}

int format_begin_parts(struct image *image, const char *kind, size_t count, struct err *err)
{
	if (image->parts)
		return format_refuse(
			err, "a kernel of kind %s inside one of kind %s", kind, image->parts_of);
	image->parts = calloc(count, sizeof(*image->parts));
	if (!image->parts)
		return err_no_memory(err);
	image->parts_of = kind;
	return ST_OK;
}

static int unknown(struct span bytes, const char *name, struct err *err)
{
	struct kind kind;
	bool guessed;

	if (bytes.size < ARM64_HEADER_SIZE)
		return err_set(err, ST_BAD_INPUT, "image-truncated",
			"only %zu bytes, the header of an Image alone has %d", bytes.size,
			ARM64_HEADER_SIZE);
	guessed = kind_of(bytes, &kind);
	err_set(err, ST_NOT_MINE, "image-format-unknown",
		"no known kernel format%s%s (it begins with %02x %02x %02x %02x); " FORMAT_WANTED,
		guessed ? ", but " : "", guessed ? kind.name : "", bytes.data[0], bytes.data[1],
		bytes.data[2], bytes.data[3]);
	if (guessed)
		kind_hint(err, &kind, name);
	return ST_NOT_MINE;
}

static int probe_all(struct span bytes, const char *name, struct image *image,
	const struct format **ret_format, struct unwrapped *ret, struct err *err)
{
	for (size_t i = 0; i < FORMATS; i++) {
		int status = formats[i].probe(bytes, name, image, ret, err);

		*ret_format = &formats[i];
		if (status != ST_NOT_MINE)
			return status;
	}
	return unknown(bytes, name, err);
}

static int add_layer(struct image *image, const struct format *format, enum codec codec,
	size_t size, struct err *err)
{
	struct image_layer layer = { format->name, format->type, format->alias, codec, size };
	unsigned int same = 0;
	char text[IMAGE_LAYER_TEXT_SIZE];

	for (size_t i = 0; i < image->layers_count; i++)
		same += strcmp(image->layers[i].name, layer.name) == 0;
	if (same == (layer.type ? 1 : PACKED_MAX))
		return err_set(err, ST_UNSUPPORTED, "image-packed-too-often",
			"%s, of which this program takes off no more than %u",
			image_layer_text(&layer, text), same);
	image->layers[image->layers_count++] = layer;
	if (image->codec == CODEC_NONE)
		image->codec = codec;
	return ST_OK;
}

/*
 * Behind a packed kernel there may be more, which boot loaders know: device trees ("Image.gz-dtb"),
 * a signature, or what a partition is filled up with. It is left out, but by name: unknown bytes
 * may be the rest of the kernel.
 */
static int check_behind(struct span packed, size_t taken, enum codec codec, const char *name,
	struct report *report, struct err *err)
{
	static const char module[] = "~Module signature appended~\n";
	const size_t module_size = sizeof(module) - 1;
	struct span rest = { packed.data + taken, packed.size - taken };
	const char *what;

	while (rest.size && (rest.data[0] == 0 || rest.data[0] == 0xff))
		rest = (struct span){ rest.data + 1, rest.size - 1 };
	if (rest.size == 0)
		return ST_OK;
	if (span_starts_with(rest, "\xd0\x0d\xfe\xed", 4))
		what = "device tree";
	else if (rest.size >= module_size &&
		 memcmp(rest.data + rest.size - module_size, module, module_size) == 0)
		what = "signature";
	else if (span_starts_with(rest, "AVB0", 4) ||
		 span_starts_with(rest, "SEANDROIDENFORCE", 16))
		what = "signature of Android's";
	else
		return decompress_trailing(codec, taken, packed.size, err);
	report_add(report, REPORT_CHOICE, "image",
		"%s: the %s behind the packed kernel is left out, %zu bytes", name, what,
		rest.size);
	return ST_OK;
}

/* Go on with what is inside. The bytes around it are freed unless they are needed. */
static int unwrap(struct image *image, struct unwrapped *inner, const char *name,
	struct span *ret_bytes, struct report *report, struct err *err)
{
	struct blob plain = blob_take(&inner->made);
	size_t taken;
	int status;

	if (inner->codec != CODEC_NONE) {
		status = decompress_front(
			inner->codec, inner->bytes, IMAGE_SIZE_MAX, &plain, &taken, err);
		/* No program for packed files can take the inside out of a wrapper. */
		if (status && err && strcmp(err->id, "codec-missing") == 0 &&
			image->layers[image->layers_count - 1].type)
			err_hint(err, "use the Image that is packed in there, or a kexec that is "
				      "built with the library for it");
		if (!status)
			status = check_behind(inner->bytes, taken, inner->codec, name, report, err);
		if (status) {
			blob_done(&plain);
			return status;
		}
	} else if (!plain.data) {
		*ret_bytes = inner->bytes;
		return ST_OK;
	}
	if (image->parts && !image->parts_memory.data)
		image->parts_memory = blob_take(&image->memory);
	blob_done(&image->memory);
	image->memory = plain;
	*ret_bytes = blob_span(&plain);
	return ST_OK;
}

/* The last layer is known: bytes are the kernel. */
static void settle(struct image *image, struct span bytes, const char *name, struct report *report)
{
	image->as_is = image->layers_count == 1;
	image->file = bytes;
	if (image->kind == IMAGE_ARM64 && !image->as_is)
		image->file = arm64_image_trim(bytes);
	image->data = image->kind == IMAGE_BZIMAGE ? image->bzimage.loaded : image->file;
	if (image->loaded.data)
		image->data = image->loaded;
	for (size_t i = 0; i + 1 < image->layers_count; i++) {
		char text[IMAGE_LAYER_TEXT_SIZE];

		report_add(report, REPORT_CHOICE, "image", "%s: %s taken off", name,
			image_layer_text(&image->layers[i], text));
	}
	if (image->data.size > image->mem_size)
		report_add(report, REPORT_CHOICE, "image",
			"%s: cut from %zu to %llu bytes, which is its image_size", name,
			image->data.size, (unsigned long long)image->mem_size);
}

/* All of image_describe() but its cleaning up and the words in front. */
static int describe(struct span bytes, const char *name, struct image *image, struct report *report,
	struct err *err)
{
	if (bytes.size == 0)
		return err_set(err, ST_BAD_INPUT, "image-empty", "the file is empty");
	for (;;) {
		struct unwrapped inner = { .codec = CODEC_NONE };
		const struct format *format;
		int status = probe_all(bytes, name, image, &format, &inner, err);

		if (!status)
			status = add_layer(image, format, inner.codec, bytes.size, err);
		if (!status && format->kernel) {
			settle(image, bytes, name, report);
			return ST_OK;
		}
		if (!status)
			status = unwrap(image, &inner, name, &bytes, report, err);
		blob_done(&inner.made);
		if (status)
			return status;
	}
}

/* memory is where bytes lie, or empty. */
static int describe_in(struct blob memory, struct span bytes, const char *name, struct image *ret,
	struct report *report, struct err *err)
{
	struct image image = { .memory = memory };
	int status = describe(bytes, name, &image, report, err);

	if (status) {
		for (size_t i = image.layers_count; i-- > 0;) {
			char text[IMAGE_LAYER_TEXT_SIZE];

			err_prefix(err, "inside %s", image_layer_text(&image.layers[i], text));
		}
		err_prefix(err, "%s", name);
		image_done(&image);
		return status;
	}
	*ret = image;
	return ST_OK;
}

int image_describe(struct blob *file, const char *name, struct image *ret, struct report *report,
	struct err *err)
{
	struct blob memory = blob_take(file);

	return describe_in(memory, blob_span(&memory), name, ret, report, err);
}

int image_describe_span(struct span file, const char *name, struct image *ret,
	struct report *report, struct err *err)
{
	return describe_in((struct blob)BLOB_INIT, file, name, ret, report, err);
}

static bool is_in(struct span bytes, struct span file)
{
	return bytes.size && bytes.data >= file.data && bytes.data < file.data + file.size;
}

bool image_is_in(const struct image *image, struct span file)
{
	bool in = is_in(image->data, file);

	for (size_t i = 0; i < image->parts_count; i++)
		in = in || is_in(image->parts[i].bytes, file);
	return in;
}

void image_done(struct image *image)
{
	if (!image)
		return;
	free(image->parts);
	blob_done(&image->memory);
	blob_done(&image->parts_memory);
	blob_done(&image->parts_made);
	blob_done(&image->laid_out);
	*image = (struct image){ .kind = IMAGE_ARM64 };
}

struct span image_segment(const struct image *image)
{
	struct span data = image->data;

	if (data.size > image->mem_size)
		data.size = (size_t)image->mem_size;
	return data;
}

const struct image_part *image_part(const struct image *image, const char *name)
{
	for (size_t i = 0; i < image->parts_count; i++)
		if (strcmp(image->parts[i].name, name) == 0)
			return &image->parts[i];
	return NULL;
}

const char *image_layer_text(const struct image_layer *layer, char buf[IMAGE_LAYER_TEXT_SIZE])
{
	if (!layer->type)
		snprintf(buf, IMAGE_LAYER_TEXT_SIZE, "%s", codec_name(layer->codec));
	else if (layer->codec == CODEC_NONE)
		snprintf(buf, IMAGE_LAYER_TEXT_SIZE, "%s", layer->name);
	else
		snprintf(buf, IMAGE_LAYER_TEXT_SIZE, "%s (%s)", layer->name,
			codec_name(layer->codec));
	return buf;
}

static const struct image_layer *typed_layer(const struct image *image)
{
	const struct image_layer *layer = image->layers;

	while (!layer->type)
		layer++;
	return layer;
}

const char *image_type(const struct image *image)
{
	return typed_layer(image)->type;
}

static bool is_either(const char *type, const char *alias, const char *wanted)
{
	return (type && strcmp(type, wanted) == 0) || (alias && strcmp(alias, wanted) == 0);
}

/* Words of kexec-tools' for files that are not loaded here, and why. */
static const char *why_no_type(const char *wanted)
{
	static const struct {
		const char *type, *why;
	} others[] = {
		{ "beoboot-x86", "nothing makes beoboot images any more: give the bzImage in it" },
		{ "nbi-x86",
			"nothing makes images for Etherboot any more: give the bzImage in it" },
		{ "elf-x86", "a vmlinux of a 32-bit kernel is not loaded; kexec-tools does" },
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(wanted, others[i].type) == 0)
			return others[i].why;
	return NULL;
}

int image_check_type(const struct image *image, const char *wanted, struct err *err)
{
	const struct image_layer *layer = typed_layer(image);
	size_t i = 0;

	while (i < FORMATS && !is_either(formats[i].type, formats[i].alias, wanted))
		i++;
	if (i == FORMATS) {
		const char *why = why_no_type(wanted);

		err_set(err, ST_BAD_INPUT, "image-type-unknown", "Unsupported kernel type %s",
			wanted);
		err_hint(err, "%s",
			why ? why
			    : "the types are bzImage64, vmlinux, Image, uImage, vmlinuz, uki, "
			      "android, multiboot-x86 and multiboot2-x86");
		return ST_BAD_INPUT;
	}
	if (!is_either(layer->type, layer->alias, wanted))
		return err_set(err, ST_UNSUPPORTED, "image-type-wrong",
			"Wrong file type %s, file matches type %s", wanted, layer->type);
	return ST_OK;
}

int image_take_type(struct image *image, const char *wanted, struct err *err)
{
	struct image older = { .mem_size = 0 };
	const struct format *format = formats;
	int status;

	if (image->kind != IMAGE_MULTIBOOT || strcmp(wanted, image_type(image)) == 0)
		return image_check_type(image, wanted, err);
	while (format->probe != multiboot_probe)
		format++;
	if (strcmp(wanted, format->type) != 0)
		return image_check_type(image, wanted, err);
	status = multiboot_probe(image->file, "", &older, NULL, err);
	if (status) {
		image_done(&older);
		return status == ST_NOT_MINE ? image_check_type(image, wanted, err) : status;
	}
	blob_done(&image->laid_out);
	image->laid_out = older.laid_out;
	image->loaded = image->data = older.loaded;
	image->mem_size = older.mem_size;
	image->multiboot = older.multiboot;
	image->kind_name = older.kind_name;
	image->layers[image->layers_count - 1].name = format->name;
	image->layers[image->layers_count - 1].type = format->type;
	return ST_OK;
}
