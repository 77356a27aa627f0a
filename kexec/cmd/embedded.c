// SPDX-License-Identifier: GPL-2.0-only
/* The parts of a UKI as its boot stub takes them (systemd-stub(7)); compare kexec/image/uki.c.
 * Those of other files go the same way. */
#include "kexec/cmd/embedded.h"

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

/* How far a part's tree goes with the running one. */
enum match {
	MATCH_NONE,  /* no name of the board in common */
	MATCH_SHARE, /* one */
	MATCH_FIRST, /* the first */
	MATCH_ALL,   /* all of them: of the same machine */
};

static int match_tree(
	const struct image_part *part, const void *running, enum match *ret, struct err *err)
{
	struct span own = devtree_board(running), other;
	struct devtree_view view;
	int status = devtree_view_init(part->bytes, part->name, &view, err);

	if (status)
		return status;
	other = devtree_board(view.fdt);
	*ret = MATCH_NONE;
	if (devtree_same_board(view.fdt, running))
		*ret = MATCH_SHARE;
	if (other.size == own.size && memcmp(other.data, own.data, own.size) == 0)
		*ret = MATCH_FIRST;
	if (devtree_same_names(view.fdt, running))
		*ret = MATCH_ALL;
	devtree_view_done(&view);
	return ST_OK;
}

/* The part that the boot stub would take: the first .dtbauto for the machine, else .dtb. ret stays
 * as it is when there is none. */
static int choose(const struct image *image, const void *running, const struct image_part **ret,
	enum match *ret_match, struct err *err)
{
	const struct image_part *plain = image_part(image, ".dtb");
	int status;

	for (size_t i = 0; i < image->parts_count; i++) {
		const struct image_part *part = &image->parts[i];

		if (strcmp(part->name, ".dtbauto") != 0)
			continue;
		status = match_tree(part, running, ret_match, err);
		if (status)
			return status;
		if (*ret_match >= MATCH_FIRST) {
			*ret = part;
			return ST_OK;
		}
	}
	if (!plain)
		return ST_OK;
	*ret = plain;
	return match_tree(plain, running, ret_match, err);
}

/* The running tree has what firmware filled in, and no call has to be chosen for it; so it is
 * preferred where the other can say no more than that. */
static void settle(const struct image *image, const struct image_part *part, enum match match,
	struct span *ret, const char **ret_name, struct report *report)
{
	if (match == MATCH_ALL) {
		report_add(report, REPORT_CHOICE, "image",
			"the running device tree is used and the %s's %s left out: both are for "
			"the same machine, and the running one has what its firmware filled in",
			image->parts_of, part->name);
	} else if (match == MATCH_NONE) {
		report_add(report, REPORT_WARNING, "image",
			"the running device tree is used and the %s's %s left out: it is for "
			"another board",
			image->parts_of, part->name);
	} else {
		note_used(image, part, report);
		*ret = part->bytes;
		*ret_name = strcmp(part->name, ".dtb") == 0 ? "the image's .dtb"
							    : "the image's .dtbauto";
	}
}

bool embedded_has_dtb(const struct image *image)
{
	return image_part(image, ".dtb") || image_part(image, ".dtbauto");
}

int embedded_dtb(const struct image *image, struct span running, struct span *ret,
	const char **ret_name, struct report *report, struct err *err)
{
	const struct image_part *part = NULL;
	enum match match = MATCH_NONE;
	struct devtree_view view;
	int status;

	if (!embedded_has_dtb(image))
		return ST_OK;
	status = devtree_view_init(running, "the running tree", &view, err);
	if (status)
		return status;
	if (devtree_board(view.fdt).size == 0)
		report_add(report, REPORT_CHOICE, "image",
			"the %s's device trees are left out: the tree of this machine does not "
			"say what it is, so it runs on ACPI",
			image->parts_of);
	else
		status = choose(image, view.fdt, &part, &match, err);
	devtree_view_done(&view);
	if (status)
		return err_prefix(err, "the %s", image->parts_of);
	if (part)
		settle(image, part, match, ret, ret_name, report);
	return ST_OK;
}
