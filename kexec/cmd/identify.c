// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/cmd/identify.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "kexec/image/image.h"
#include "lib/jsonw.h"
#include "lib/sysroot.h"

#define SCHEMA_VERSION 1

/* No kernel has a longer release (__NEW_UTS_LEN, include/uapi/linux/utsname.h). */
#define RELEASE_MAX 64

/* As much text of a UKI as anybody reads. */
#define PART_TEXT_MAX 4096

/* Characters of a release at the beginning of a text. */
static size_t release_length(struct span text)
{
	size_t length = 0;

	/* A format string has "%s" there. */
	while (length < text.size && length < RELEASE_MAX && isdigit(text.data[0]) &&
		text.data[length] > ' ' && text.data[length] < 0x7f)
		length++;
	return length;
}

/* The kernel's own banner: "Linux version 6.1.0-13-arm64 (builder@...", where it is not packed, and
 * what a bzImage says in the open. Empty when there is none (init/version-timestamp.c). */
static void find_release(const struct image *image, char ret[RELEASE_MAX + 1])
{
	static const char banner[] = "Linux version ";
	struct span data = image->kind == IMAGE_BZIMAGE ? image->bzimage.version : image->data;
	size_t length = image->kind == IMAGE_BZIMAGE ? release_length(data) : 0;

	ret[0] = '\0';
	while (length == 0) {
		const uint8_t *at = memmem(data.data, data.size, banner, sizeof(banner) - 1);

		if (!at)
			return;
		at += sizeof(banner) - 1;
		data = (struct span){ at, data.size - (size_t)(at - data.data) };
		length = release_length(data);
	}
	memcpy(ret, data.data, length);
	ret[length] = '\0';
}

static bool is_text(const struct image_part *part)
{
	return strcmp(part->name, ".cmdline") == 0 || strcmp(part->name, ".osrel") == 0 ||
	       strcmp(part->name, ".uname") == 0;
}

/* The text of a part, without what ends it, and without what a terminal would obey or JSON
 * forbids. */
static void text_of(const struct image_part *part, char ret[PART_TEXT_MAX + 1])
{
	size_t size = part->bytes.size < PART_TEXT_MAX ? part->bytes.size : PART_TEXT_MAX;

	while (size && (part->bytes.data[size - 1] == '\0' || isspace(part->bytes.data[size - 1])))
		size--;
	for (size_t i = 0; i < size; i++) {
		char c = (char)part->bytes.data[i];

		ret[i] = c == '\n' || (c >= ' ' && c < 0x7f) ? c : '?';
	}
	ret[size] = '\0';
}

/* "4 KiB" */
static const char *pages(uint64_t page_size)
{
	switch (page_size) {
	case 4096:
		return "4 KiB";
	case 16384:
		return "16 KiB";
	case 65536:
		return "64 KiB";
	default:
		return NULL;
	}
}

/* --- words, of one kind each ------------------------------------------------------------- */

static void print_arm64(const struct image *image, FILE *out)
{
	const char *granule = pages(image->page_size);

	fprintf(out, "memory: %" PRIu64 " bytes, %" PRIu64 " behind a 2 MiB line, %s\n",
		image->mem_size, image->text_offset,
		image->placement_anywhere ? "anywhere" : "near the beginning of memory");
	fprintf(out, "boots on: arm64 CPUs that run %s-endian with pages of %s\n",
		image->big_endian ? "big" : "little", granule ? granule : "a size it does not say");
}

static void print_bzimage(const struct image *image, FILE *out)
{
	const struct bzimage *kernel = &image->bzimage;

	fprintf(out,
		"memory: %" PRIu64 " bytes (init_size), at a multiple of %" PRIu64
		", from 0x%" PRIx64 " on (pref_address), %s\n",
		kernel->init_size, kernel->kernel_alignment, kernel->pref_address,
		!kernel->relocatable ? "there only"
		: kernel->above_4g   ? "anywhere"
				     : "below 4 GiB");
	fprintf(out,
		"boots on: x86_64 CPUs with four levels of page tables%s\n"
		"boot protocol: %u.%02u, loadflags 0x%02x, xloadflags 0x%02x\n"
		"64-bit entry: 0x%x behind its first byte\n"
		"command line: %" PRIu32 " characters\n"
		"EFI from a kernel before it: %s\n",
		kernel->five_levels ? " or five" : "", kernel->protocol >> 8,
		kernel->protocol & 0xff, kernel->loadflags, kernel->xloadflags, BZIMAGE_ENTRY_64,
		kernel->cmdline_size, kernel->efi_kexec ? "yes" : "no");
}

static void print_x86_vmlinux(const struct image *image, FILE *out)
{
	const struct bzimage *kernel = &image->bzimage;

	fprintf(out,
		"memory: %" PRIu64 " bytes, at a multiple of %" PRIu64 ", linked for 0x%" PRIx64
		", anywhere\n"
		"boots on: x86_64 CPUs; it does not say with how many levels of page tables\n"
		"64-bit entry: 0x%" PRIx64 " behind its first byte\n",
		kernel->init_size, kernel->kernel_alignment, kernel->pref_address, kernel->entry);
}

static void print_multiboot(const struct image *image, FILE *out)
{
	const struct multiboot *kernel = &image->multiboot;

	fprintf(out, "memory: %" PRIu64 " bytes, ", image->mem_size);
	if (kernel->relocatable)
		fprintf(out, "at a multiple of %" PRIu64 " in [0x%" PRIx64 ", 0x%" PRIx64 "), %s\n",
			kernel->alignment, kernel->min_address, kernel->max_address + 1,
			kernel->prefers_high ? "at its end" : "at its beginning");
	else
		fprintf(out, "at 0x%" PRIx64 " only\n", kernel->address);
	fprintf(out,
		"boots on: x86 CPUs, as their boot loader would start it\n"
		"32-bit entry: 0x%" PRIx64 " behind its first byte\n",
		kernel->entry);
}

static void print_ppc64(const struct image *image, FILE *out)
{
	fprintf(out,
		"memory: %" PRIu64 " bytes, %s\n"
		"boots on: 64-bit POWER CPUs, little-endian\n",
		image->mem_size,
		image->stays_where_loaded
			? "anywhere for a panic (run_at_load), at address 0 for a restart"
			: "at address 0 only");
}

/* --- JSON, of one kind each -------------------------------------------------------------- */

static void put_arm64(struct jsonw *writer, const struct image *image, struct json_object *object)
{
	jsonw_put_number(writer, object, "text_offset", image->text_offset);
	jsonw_put_bool(writer, object, "placement_anywhere", image->placement_anywhere);
}

static void put_bzimage(struct jsonw *writer, const struct image *image, struct json_object *object)
{
	const struct bzimage *kernel = &image->bzimage;
	struct json_object *boot = json_object_new_object();
	char protocol[8];

	snprintf(protocol, sizeof(protocol), "%u.%02u", (unsigned int)kernel->protocol >> 8,
		kernel->protocol & 0xffu);
	jsonw_put_bool(
		writer, object, "placement_anywhere", kernel->relocatable && kernel->above_4g);
	jsonw_put_text(writer, boot, "protocol", protocol);
	jsonw_put_hex(writer, boot, "loadflags", kernel->loadflags);
	jsonw_put_hex(writer, boot, "xloadflags", kernel->xloadflags);
	jsonw_put_hex(writer, boot, "pref_address", kernel->pref_address);
	jsonw_put_number(writer, boot, "alignment", kernel->kernel_alignment);
	jsonw_put_number(writer, boot, "cmdline_size", kernel->cmdline_size);
	jsonw_put_bool(writer, boot, "relocatable", kernel->relocatable);
	jsonw_put_bool(writer, boot, "above_4g", kernel->above_4g);
	jsonw_put_bool(writer, boot, "five_levels", kernel->five_levels);
	jsonw_put_bool(writer, boot, "efi_kexec", kernel->efi_kexec);
	jsonw_put_hex(writer, boot, "entry_64", BZIMAGE_ENTRY_64);
	jsonw_put(writer, object, "boot", boot);
}

static void put_x86_vmlinux(
	struct jsonw *writer, const struct image *image, struct json_object *object)
{
	const struct bzimage *kernel = &image->bzimage;
	struct json_object *boot = json_object_new_object();

	jsonw_put_bool(writer, object, "placement_anywhere", true);
	jsonw_put_hex(writer, boot, "pref_address", kernel->pref_address);
	jsonw_put_number(writer, boot, "alignment", kernel->kernel_alignment);
	jsonw_put_hex(writer, boot, "entry_64", kernel->entry);
	jsonw_put(writer, object, "boot", boot);
}

static void put_multiboot(
	struct jsonw *writer, const struct image *image, struct json_object *object)
{
	const struct multiboot *kernel = &image->multiboot;
	struct json_object *boot = json_object_new_object();

	jsonw_put_bool(writer, object, "placement_anywhere", kernel->relocatable);
	jsonw_put_number(writer, boot, "multiboot", kernel->version);
	jsonw_put_hex(writer, boot, "address", kernel->address);
	jsonw_put_hex(writer, boot, "entry_32", kernel->entry);
	if (kernel->relocatable) {
		jsonw_put_hex(writer, boot, "min_address", kernel->min_address);
		jsonw_put_hex(writer, boot, "max_address", kernel->max_address);
		jsonw_put_number(writer, boot, "alignment", kernel->alignment);
		jsonw_put_bool(writer, boot, "prefers_high", kernel->prefers_high);
	}
	jsonw_put(writer, object, "boot", boot);
}

static void put_ppc64(struct jsonw *writer, const struct image *image, struct json_object *object)
{
	jsonw_put_bool(writer, object, "placement_anywhere", image->stays_where_loaded);
}

/* --- the kinds --------------------------------------------------------------------------- */

static const struct description {
	const char *architecture;
	bool file_load;	    /* kexec_file_load(2) of its CPU takes it */
	uint64_t page_size; /* of every such CPU; 0 where the kernel says it, or nobody does */
	void (*print)(const struct image *image, FILE *out);
	void (*put)(struct jsonw *writer, const struct image *image, struct json_object *object);
} descriptions[] = {
	[IMAGE_ARM64] = { "arm64", true, 0, print_arm64, put_arm64 },
	[IMAGE_BZIMAGE] = { "x86_64", true, 4096, print_bzimage, put_bzimage },
	[IMAGE_X86_VMLINUX] = { "x86_64", false, 4096, print_x86_vmlinux, put_x86_vmlinux },
	[IMAGE_MULTIBOOT] = { "x86_64", false, 4096, print_multiboot, put_multiboot },
	[IMAGE_PPC64] = { "ppc64le", true, 0, print_ppc64, put_ppc64 },
};

/* A kernel that has to be below 4 GiB, as that call never loads any, goes by the other one. */
static bool file_load_takes(const struct image *image)
{
	return descriptions[image->kind].file_load &&
	       (image->kind != IMAGE_BZIMAGE || image->bzimage.above_4g);
}

/* --- text ---------------------------------------------------------------------------- */

static void print_parts(const struct image *image, FILE *out)
{
	for (size_t i = 0; i < image->parts_count; i++) {
		const struct image_part *part = &image->parts[i];
		char text[PART_TEXT_MAX + 1];

		fprintf(out, "part: %s, %zu bytes\n", part->name, part->bytes.size);
		if (!is_text(part))
			continue;
		text_of(part, text);
		for (const char *at = text, *end; *at; at = *end ? end + 1 : end) {
			end = strchrnul(at, '\n');
			fprintf(out, "    %.*s\n", (int)(end - at), at);
		}
	}
}

static void print_text(const char *name, const struct image *image, FILE *out)
{
	char release[RELEASE_MAX + 1];

	find_release(image, release);
	fprintf(out, "file: %s\ntype: %s\n", name, image_type(image));
	for (size_t i = 0; i < image->layers_count; i++) {
		char text[IMAGE_LAYER_TEXT_SIZE];

		fprintf(out, "layer: %s, %zu bytes\n", image_layer_text(&image->layers[i], text),
			image->layers[i].size);
	}
	fprintf(out, "release: %s\n", release[0] ? release : "not known");
	descriptions[image->kind].print(image, out);
	fprintf(out, "kexec_load: yes\nkexec_file_load: %s\n",
		!file_load_takes(image) ? "no"
		: image->as_is		? "yes, the file as it is"
					: "yes, unpacked");
	print_parts(image, out);
}

/* --- JSON ---------------------------------------------------------------------------- */

static struct json_object *describe_layers(struct jsonw *writer, const struct image *image)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < image->layers_count; i++) {
		const struct image_layer *layer = &image->layers[i];
		struct json_object *object = json_object_new_object();

		jsonw_put_text(writer, object, "name", layer->name);
		jsonw_put_text(writer, object, "codec",
			layer->codec == CODEC_NONE ? NULL : codec_name(layer->codec));
		jsonw_put_number(writer, object, "size", layer->size);
		jsonw_append(writer, array, object);
	}
	return array;
}

static struct json_object *describe_kernel(struct jsonw *writer, const struct image *image)
{
	const struct description *kind = &descriptions[image->kind];
	uint64_t page_size = kind->page_size ? kind->page_size : image->page_size;
	struct json_object *object = json_object_new_object();
	char release[RELEASE_MAX + 1];

	find_release(image, release);
	jsonw_put_text(writer, object, "release", release[0] ? release : NULL);
	jsonw_put_text(writer, object, "architecture", kind->architecture);
	jsonw_put_text(writer, object, "endianness", image->big_endian ? "big" : "little");
	if (page_size)
		jsonw_put_number(writer, object, "page_size", page_size);
	else
		jsonw_put_null(writer, object, "page_size");
	jsonw_put_number(writer, object, "size", image->data.size);
	jsonw_put_number(writer, object, "image_size", image->mem_size);
	kind->put(writer, image, object);
	return object;
}

static struct json_object *describe_parts(struct jsonw *writer, const struct image *image)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < image->parts_count; i++) {
		const struct image_part *part = &image->parts[i];
		struct json_object *object = json_object_new_object();
		char text[PART_TEXT_MAX + 1];

		if (is_text(part))
			text_of(part, text);
		jsonw_put_text(writer, object, "name", part->name);
		jsonw_put_number(writer, object, "size", part->bytes.size);
		jsonw_put_text(writer, object, "text", is_text(part) ? text : NULL);
		jsonw_append(writer, array, object);
	}
	return array;
}

static struct json_object *describe_error(struct jsonw *writer, const struct err *why)
{
	struct json_object *object = json_object_new_object();

	jsonw_put_text(writer, object, "id", why->id);
	jsonw_put_text(writer, object, "text", why->text);
	jsonw_put_text(writer, object, "hint", why->hint[0] ? why->hint : NULL);
	return object;
}

/* image is NULL when why says what is wrong with the file. */
static int print_json(const char *name, const struct image *image, const struct err *why, FILE *out,
	struct err *err)
{
	struct jsonw writer = { .failed = false };
	struct json_object *object = json_object_new_object();
	struct blob text = BLOB_INIT;

	jsonw_put_text(&writer, object, "schema", "kexec-identify");
	jsonw_put_number(&writer, object, "version", SCHEMA_VERSION);
	jsonw_put_text(&writer, object, "file", name);
	jsonw_put_bool(&writer, object, "loadable", image != NULL);
	if (image) {
		jsonw_put_text(&writer, object, "type", image_type(image));
		jsonw_put(&writer, object, "layers", describe_layers(&writer, image));
		jsonw_put(&writer, object, "kernel", describe_kernel(&writer, image));
		jsonw_put_bool(&writer, object, "file_load", file_load_takes(image));
		jsonw_put_bool(&writer, object, "as_is", image->as_is);
		jsonw_put(&writer, object, "parts", describe_parts(&writer, image));
	} else {
		jsonw_put(&writer, object, "error", describe_error(&writer, why));
	}
	return print_made(jsonw_finish(&writer, object, &text), &text, out, err);
}

int identify_file(const struct request *request, const struct cmd_io *io, struct err *err)
{
	struct blob file = BLOB_INIT;
	struct sysroot *root;
	struct image image;
	int status = sysroot_new(request->sysroot, &root, err);

	if (status)
		return status;
	status = sysroot_read(root, request->kernel, IMAGE_FILE_MAX, &file, err);
	sysroot_free(root);
	if (status)
		return status;
	status = image_describe(&file, request->kernel, &image, NULL, err);
	if (status) {
		if (request->identify == IDENTIFY_JSON)
			print_json(request->kernel, NULL, err, io->out, NULL);
		return status;
	}
	if (request->identify == IDENTIFY_TEXT)
		print_text(request->kernel, &image, io->out);
	else
		status = print_json(request->kernel, &image, NULL, io->out, err);
	image_done(&image);
	return status;
}
