// SPDX-License-Identifier: GPL-2.0-only
/* The parts of a UKI as its boot stub takes them (systemd-stub(7)); compare kexec/image/uki.c.
 * Those of other files go the same way. */
#include "kexec/cmd/embedded.h"

#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/system/cmdline.h"
#include "kexec/system/devtree.h"
#include "lib/cursor.h"

static void note_used(
	const struct image *image, const struct image_part *part, struct report *report)
{
	report_add(report, REPORT_CHOICE, "image", "the %s's %s is used, %zu bytes",
		image->parts_of, part->name, part->bytes.size);
}

int embedded_cmdline(const struct image *image, const struct request *request, char **ret,
	struct report *report, struct err *err)
{
	/* Of little memory a crash kernel would reserve most for a crash of its own. */
	static const char *const drop_for_crash[] = { "crashkernel", NULL };
	const char *const *drop = request->crash ? drop_for_crash : &drop_for_crash[1];
	const struct image_part *part = image_part(image, ".cmdline");
	struct span text;
	char *whole;

	*ret = NULL;
	if (!part || request->append || request->reuse_cmdline)
		return ST_OK;
	text = part->bytes;
	/* It may end with a newline, a NUL, or neither. */
	while (text.size && text.data[text.size - 1] == '\0')
		text.size--;
	text = span_trim(text);
	if (text.size && memchr(text.data, '\0', text.size))
		return err_set(err, ST_BAD_INPUT, "uki-cmdline",
			"the %s's .cmdline is no text: it has a NUL in it", image->parts_of);
	whole = span_strdup(text);
	if (whole)
		*ret = cmdline_without(whole, drop);
	free(whole);
	if (!*ret)
		return err_no_memory(err);
	note_used(image, part, report);
	return ST_OK;
}

struct span embedded_initrd(
	const struct image *image, const struct request *request, struct report *report)
{
	const struct image_part *part = image_part(image, ".initrd");

	if (image->lacks_vendor && !request->initrd)
		report_add(report, REPORT_WARNING, "image",
			"to this Android boot image a boot loader adds the RAM disk, the command "
			"line and the device tree of the phone's vendor_boot image: give them with "
			"--initrd and --append, where the new system needs them");
	if (!part || part->bytes.size == 0 || request->initrd)
		return (struct span){ .data = NULL };
	note_used(image, part, report);
	return part->bytes;
}

/* The machine a tree is for: the first of its root's "compatible". Empty when it does not say. */
static struct span machine_of(const void *fdt)
{
	struct span name = { .data = NULL };
	int size;
	const char *value = fdt_getprop(fdt, 0, "compatible", &size);

	if (value && size > 0 && value[size - 1] == '\0')
		name = (struct span){ (const uint8_t *)value, strlen(value) };
	return name;
}

/* Is the tree in part for the machine? */
static int is_for(const struct image_part *part, struct span machine, bool *ret, struct err *err)
{
	struct devtree_view view;
	struct span other;
	int status = devtree_view_init(part->bytes, part->name, &view, err);

	if (status)
		return status;
	other = machine_of(view.fdt);
	*ret = other.size == machine.size && memcmp(other.data, machine.data, other.size) == 0;
	devtree_view_done(&view);
	return ST_OK;
}

/* ret stays as it is when no tree is for the machine. */
static int choose(const struct image *image, struct span machine, const struct image_part **ret,
	struct err *err)
{
	const struct image_part *plain = image_part(image, ".dtb");
	bool fits = false;
	int status = ST_OK;

	for (size_t i = 0; i < image->parts_count && !status && !fits; i++) {
		const struct image_part *part = &image->parts[i];

		if (strcmp(part->name, ".dtbauto") == 0)
			status = is_for(part, machine, &fits, err);
		if (fits)
			*ret = part;
	}
	if (status || fits || !plain)
		return status;
	*ret = plain;
	return is_for(plain, machine, &fits, err); /* is it sound? */
}

bool embedded_has_dtb(const struct image *image)
{
	return image_part(image, ".dtb") || image_part(image, ".dtbauto");
}

int embedded_dtb(const struct image *image, struct span running, struct span *ret,
	struct report *report, struct err *err)
{
	const struct image_part *part = NULL;
	struct devtree_view view;
	struct span machine;
	int status;

	if (!embedded_has_dtb(image))
		return ST_OK;
	status = devtree_view_init(running, "the running tree", &view, err);
	if (status)
		return status;
	machine = machine_of(view.fdt);
	if (machine.size == 0)
		report_add(report, REPORT_CHOICE, "image",
			"the %s's device trees are left out: the tree of this machine does not "
			"say what it is, so it runs on ACPI",
			image->parts_of);
	else
		status = choose(image, machine, &part, err);
	devtree_view_done(&view);
	if (status)
		return err_prefix(err, "the %s", image->parts_of);
	if (part) {
		note_used(image, part, report);
		*ret = part->bytes;
	}
	return ST_OK;
}
