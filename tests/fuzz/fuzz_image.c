// SPDX-License-Identifier: GPL-2.0-only
/* A kernel file: what is accepted keeps every promise of kexec/image/image.h. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/cmd/embedded.h"
#include "kexec/image/arm64_image.h"
#include "kexec/image/image.h"
#include "kexec/image/initrd.h"
#include "lib/pe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_pe(struct span bytes)
{
	struct pe pe;
	uint64_t end = 0;

	if (pe_parse(bytes, &pe))
		return;
	for (unsigned int i = 0; i < pe.section_count; i++) {
		struct pe_section section = pe_section(&pe, i);

		assert(section.name[8] == '\0');
		if (section.file_size && (uint64_t)section.file_offset + section.file_size > end)
			end = (uint64_t)section.file_offset + section.file_size;
	}
	assert(pe_file_end(&pe) >= end);
}

static bool lies_in(struct span part, const struct blob *whole)
{
	return part.size == 0 ||
	       (part.data >= whole->data && part.size <= whole->size &&
		       (size_t)(part.data - whole->data) <= whole->size - part.size);
}

static void check_layers(const struct image *image)
{
	const struct blob *around =
		image->parts_memory.data ? &image->parts_memory : &image->memory;
	char text[IMAGE_LAYER_TEXT_SIZE];

	assert(image->layers_count >= 1 && image->layers_count <= IMAGE_LAYERS_MAX);
	assert(image->as_is == (image->layers_count == 1));
	for (size_t i = 0; i < image->layers_count; i++)
		assert(image_layer_text(&image->layers[i], text)[0] && image->layers[i].size);
	assert(image_check_type(image, image_type(image), NULL) == ST_OK);
	assert(lies_in(image->data, &image->memory) || lies_in(image->data, around) ||
		lies_in(image->data, &image->laid_out));
	for (size_t i = 0; i < image->parts_count; i++)
		assert(lies_in(image->parts[i].bytes, around) ||
			lies_in(image->parts[i].bytes, &image->parts_made));
	assert((image->parts == NULL) == (image->parts_of == NULL));
}

/* What a UKI brings along is looked at as well, on a machine that one of the seeds is for. */
static void check_embedded(const struct image *image)
{
	const struct request request = { .action = ACTION_LOAD, .crash = true };
	struct report report = REPORT_INIT;
	struct err err = ERR_INIT;
	struct span initrd = { .data = NULL };
	struct span dtb = { .data = NULL };
	const char *name = NULL;
	char running[256];
	char *line = NULL;

	assert(fdt_create_empty_tree(running, sizeof(running)) == 0);
	assert(fdt_setprop_string(running, 0, "compatible", "test,machine") == 0);
	if (embedded_cmdline(image, &request, &line, &report, &err) == ST_OK)
		assert(!line || !strstr(line, "\n") ||
			memchr(image_part(image, ".cmdline")->bytes.data, '\n',
				image_part(image, ".cmdline")->bytes.size));
	free(line);
	if (embedded_initrd(image, &request, &initrd, &report, &err) == ST_OK)
		assert(initrd.size == 0 || initrd.data);
	if (embedded_dtb(image, (struct span){ (uint8_t *)running, fdt_totalsize(running) }, &dtb,
		    &name, &report, &err) == ST_OK)
		assert(dtb.size == 0 || fdt_check_header(dtb.data) == 0 || (uintptr_t)dtb.data % 8);
	report_done(&report);
}

static void check_arm64(const struct image *image)
{
	struct arm64_image_header header;

	assert(image->data.size >= 64);
	assert(image->text_offset < 2 << 20 && image->text_offset % 4096 == 0);
	assert(image->page_size == 0 || image->page_size == 4096 || image->page_size == 16384 ||
		image->page_size == 65536);
	/* Cutting the zeros off does not make another kernel of it. */
	assert(arm64_image_parse(image->data, &header, NULL) == ST_OK);
	assert(header.image_size == image->mem_size && header.text_offset == image->text_offset);
}

/* Enough of it is there to be entered, and the header that was made is one. */
static void check_x86_vmlinux(const struct image *image)
{
	const struct bzimage *kernel = &image->bzimage;

	assert(kernel->entry < image->data.size && kernel->init_size == image->mem_size);
	assert(kernel->pref_address % kernel->kernel_alignment == 0);
	assert(memcmp(kernel->header.data + 0x202 - BZIMAGE_HEADER_START, "HdrS", 4) == 0);
	assert(BZIMAGE_HEADER_START + kernel->header.size == 0x202u + kernel->header.data[0x10]);
}

/* Of a bzImage fuzz_bzimage.c looks at the rest. */
static void check_image(const struct image *image)
{
	assert(image->kind == IMAGE_ARM64 || image->kind == IMAGE_BZIMAGE ||
		image->kind == IMAGE_X86_VMLINUX || image->kind == IMAGE_PPC64 ||
		image->kind == IMAGE_MULTIBOOT);
	assert(image_segment(image).size <= image->mem_size);
	assert(image->mem_size <= IMAGE_SIZE_MAX);
	if (image->kind == IMAGE_ARM64)
		check_arm64(image);
	if (image->kind == IMAGE_X86_VMLINUX)
		check_x86_vmlinux(image);
	check_layers(image);
	check_embedded(image);
}

/* The same bytes as an initrd, of which a kernel may want all and we only the beginning. */
static void check_initrd(struct span file)
{
	struct report report = REPORT_INIT;
	struct err err = ERR_INIT;
	struct span inside = { .data = NULL };
	int status = initrd_check(file, NULL, "initrd", IMAGE_ARM64, &inside, &report, &err);

	if (status)
		assert(err.status == status && err.id && err.text[0] && !inside.data);
	else if (initrd_is_wrapped(file))
		assert(inside.size && inside.data > file.data &&
			inside.data + inside.size <= file.data + file.size);
	else
		assert(inside.data == file.data && inside.size == file.size);
	report_done(&report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct report report = REPORT_INIT;
	struct blob file = BLOB_INIT;
	struct err err = ERR_INIT;
	struct image image;
	int status;

	check_pe((struct span){ data, size });
	if (size)
		check_initrd((struct span){ data, size });
	assert(blob_append(&file, data, size) == ST_OK);
	blob_trim(&file);
	status = image_describe(&file, "vmlinuz", &image, &report, &err);
	assert(file.data == NULL && file.size == 0);
	if (status) {
		assert(status == ST_BAD_INPUT || status == ST_UNSUPPORTED ||
			status == ST_NOT_MINE || status == ST_NO_MEMORY);
		assert(err.status == status && err.id && err.text[0]);
		/* What was left out may have been told before what is inside was looked at. */
		assert(report.count <= IMAGE_LAYERS_MAX);
		report_done(&report);
		return 0;
	}
	assert(report.count <= IMAGE_LAYERS_MAX);
	check_image(&image);
	image_done(&image);
	report_done(&report);
	return 0;
}
