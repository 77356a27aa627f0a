// SPDX-License-Identifier: GPL-2.0-only
/* A bzImage: what is accepted keeps every promise of kexec/image/bzimage.h, by offsets written down
 * a second time. */
#include <assert.h>

#include "kexec/image/image.h"
#include "tests/fuzz/fuzz.h"

static bool lies_in(struct span part, struct span whole)
{
	return part.data >= whole.data && part.size <= whole.size &&
	       (size_t)(part.data - whole.data) <= whole.size - part.size;
}

static void check(const struct bzimage *image, struct span file)
{
	unsigned int sectors = file.data[0x1f1] ? file.data[0x1f1] : 4;

	assert(span_starts_with((struct span){ file.data + 0x202, 4 }, "HdrS", 4));
	assert(lies_in(image->header, file) && lies_in(image->loaded, file));
	assert(image->header.data == file.data + 0x1f1);
	assert(image->header.size == 0x202 + file.data[0x201] - 0x1f1u);
	/* It holds all that is looked at, and nothing of what boot_params has behind it. */
	assert(image->header.size >= 0x264 - 0x1f1 && image->header.size <= 0x290 - 0x1f1);
	assert(image->loaded.data == file.data + (sectors + 1) * 512);
	assert(image->loaded.data + image->loaded.size == file.data + file.size);
	assert(image->loaded.size && image->loaded.size <= image->init_size);
	assert(image->init_size <= IMAGE_SIZE_MAX);
	assert(image->protocol >= 0x20c);
	assert(image->kernel_alignment &&
		!(image->kernel_alignment & (image->kernel_alignment - 1)));
}

/* As the whole way through the formats finds it, whatever is around it. */
static void check_described(struct span file)
{
	struct report report = REPORT_INIT;
	struct err err = ERR_INIT;
	struct image image;

	if (image_describe_span(file, "bzImage", &image, &report, &err)) {
		assert(err.id && err.text[0]);
		report_done(&report);
		return;
	}
	if (image.kind == IMAGE_BZIMAGE) {
		check(&image.bzimage, image.file);
		assert(image.data.data == image.bzimage.loaded.data);
		assert(image_segment(&image).size == image.bzimage.loaded.size);
		assert(image.mem_size == image.bzimage.init_size);
		assert(image_check_type(&image, image_type(&image), NULL) == ST_OK);
	}
	image_done(&image);
	report_done(&report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span file = { data, size };
	struct bzimage image = { .protocol = 7 };
	struct err err = ERR_INIT;
	int status = bzimage_parse(file, &image, &err);

	if (status == ST_OK) {
		check(&image, file);
	} else {
		assert(status == ST_NOT_MINE || status == ST_UNSUPPORTED || status == ST_BAD_INPUT);
		assert(image.protocol == 7 && !image.loaded.data);
		assert(status == ST_NOT_MINE || (err.id && err.text[0] && err.status == status));
	}
	if (size)
		check_described(file);
	return 0;
}
