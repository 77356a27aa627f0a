// SPDX-License-Identifier: GPL-2.0-only
/*
 * A Multiboot kernel: what is accepted keeps every promise of kexec/image/multiboot.h, and a plan
 * for it has all below 4 GiB, by offsets written down a second time. The first byte of the input
 * says how many modules there are.
 */
#include <assert.h>

#include "kexec/image/image.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/x86_machine.h"

#define FOUR_GIB (UINT64_C(1) << 32)

#define IOMEM                                                                                      \
	"00001000-0009fbff : System RAM\n"                                                         \
	"00100000-7ffdffff : System RAM\n"                                                         \
	"  01000000-02ffffff : Kernel code\n"                                                      \
	"100000000-17fffffff : System RAM\n"

static const uint8_t content[5000] = "module";

static const struct plan_module modules[] = {
	{ "/boot/vmlinuz root=/dev/sda1", { content, sizeof(content) } },
	{ "/boot/initrd", { content, 4096 } },
	{ "m", { content, 1 } },
};

static void check_image(const struct image *image)
{
	const struct multiboot *kernel = &image->multiboot;
	uint64_t first = kernel->relocatable ? kernel->min_address : kernel->address;

	assert(kernel->version == 1 || kernel->version == 2);
	assert(image->mem_size && image->mem_size <= IMAGE_SIZE_MAX + 4096);
	assert(image->data.size && image->data.size <= image->mem_size);
	assert(kernel->entry < image->data.size);
	assert(first < FOUR_GIB && image->mem_size <= FOUR_GIB - first);
	assert(image_check_type(image, image_type(image), NULL) == ST_OK);
	if (!kernel->relocatable)
		assert(kernel->address % 4096 == 0);
	else
		assert(kernel->version == 2 && kernel->max_address < FOUR_GIB &&
			kernel->alignment && !(kernel->alignment & (kernel->alignment - 1)) &&
			image->mem_size <= kernel->max_address - kernel->min_address + 1);
}

static const char *text_at(const struct segment *info, uint32_t address)
{
	assert(address >= info->mem && address - info->mem < info->data.size);
	return (const char *)info->data.data + (address - info->mem);
}

static void check_1(const struct plan_machine *pm, const struct segment *info)
{
	const uint8_t *head = info->data.data;
	size_t count = load_le32(head + 20);

	assert(load_le32(head) == 0x24d && count == pm->inputs.modules_count);
	assert(strcmp(text_at(info, load_le32(head + 16)), pm->plan.cmdline) == 0);
	for (size_t i = 0; i < count; i++) {
		const uint8_t *module =
			(const uint8_t *)text_at(info, load_le32(head + 24)) + 16 * i;

		assert(strcmp(text_at(info, load_le32(module + 8)), modules[i].words) == 0);
		assert(load_le32(module + 4) - load_le32(module) == modules[i].bytes.size);
	}
	assert(load_le32(head + 44) == 24 * pm->machine.x86_boot.memory.count);
}

static void check_2(const struct plan_machine *pm, const struct segment *info)
{
	const uint8_t *at = info->data.data + 8, *end = info->data.data + info->data.size;
	size_t count = 0;

	assert(load_le32(info->data.data) == info->data.size);
	for (; load_le32(at); at += (load_le32(at + 4) + 7u) / 8 * 8) {
		assert(load_le32(at + 4) >= 8 && load_le32(at + 4) < (size_t)(end - at));
		count += load_le32(at) == 3;
		if (load_le32(at) == 21)
			assert(load_le32(at + 8) == plan_segment(&pm->plan, SEGMENT_KERNEL)->mem);
	}
	assert(at + 8 == end && count == pm->inputs.modules_count);
}

static void check_plan(const struct plan_machine *pm)
{
	const struct multiboot *image = &pm->image.multiboot;
	const struct segment *info = plan_segment(&pm->plan, SEGMENT_MULTIBOOT);
	const struct segment *kernel = plan_segment(&pm->plan, SEGMENT_KERNEL);

	for (size_t i = 0; i < pm->plan.segment_count; i++) {
		const struct segment *one = &pm->plan.segments[i];

		assert(one->mem % 4096 == 0 && one->memsz && one->mem + one->memsz <= FOUR_GIB);
		assert(rangeset_contains(&pm->machine.iomem.ram, one->mem, one->mem + one->memsz));
	}
	if (image->relocatable)
		assert(kernel->mem % image->alignment == 0 && kernel->mem >= image->min_address &&
			kernel->mem + pm->image.mem_size <= image->max_address + 1);
	else
		assert(kernel->mem == image->address);
	assert(pm->plan.handover.kernel_entry == kernel->mem + image->entry);
	if (image->version == 1)
		check_1(pm, info);
	else
		check_2(pm, info);
}

static void plan(struct image image, size_t modules_count)
{
	struct plan_machine pm;
	struct x86_boot *boot = &pm.machine.x86_boot;
	int status;

	pm_init_x86_64(&pm);
	image_done(&pm.image);
	pm.image = image;
	pm_iomem(&pm, IOMEM);
	pm_must(e820_add_ranges(&boot->memory, &pm.machine.iomem.ram, E820_RAM) == ST_OK, "memory");
	pm.request.crash = false;
	pm.request.kernel = "kernel";
	pm.inputs.modules = modules;
	pm.inputs.modules_count = modules_count;
	status = pm_plan(&pm);
	if (status == ST_OK)
		check_plan(&pm);
	else
		assert(status == ST_NO_SPACE && pm.err.id && pm.err.text[0]);
	pm_done(&pm);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image image;
	struct err err = ERR_INIT;

	if (size < 2)
		return 0;
	if (image_describe_span(
		    (struct span){ data + 1, size - 1 }, "kernel", &image, NULL, &err)) {
		assert(err.id && err.text[0]);
		return 0;
	}
	if (image.kind != IMAGE_MULTIBOOT) {
		image_done(&image);
		return 0;
	}
	check_image(&image);
	plan(image, data[0] % 4);
	return 0;
}
