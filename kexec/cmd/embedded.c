// SPDX-License-Identifier: GPL-2.0-only
/* The parts of a UKI as its boot stub takes them (systemd-stub(7)); compare kexec/image/uki.c.
 * Those of other files go the same way. */
#include "kexec/cmd/embedded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/image/initrd.h"
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

/* Is the kernel file among the initrds, for the RAM disk in it? */
static bool is_given_too(const struct request *request)
{
	for (size_t i = 0; request->more_initrds[i]; i++)
		if (strcmp(request->more_initrds[i], request->kernel) == 0)
			return true;
	return false;
}

/* A boot loader has both in memory: vendor_boot's, and behind it this one. */
static void tell_left_out(
	const struct image *image, const struct image_part *part, struct report *report)
{
	if (image->lacks_vendor)
		report_add(report, REPORT_WARNING, "image",
			"the %s's own RAM disk is left out for the one that was given, %zu bytes: "
			"a boot loader joins both, and so does --initrd with the boot image behind "
			"another --initrd",
			image->parts_of, part->bytes.size);
	else
		report_add(report, REPORT_CHOICE, "image",
			"the %s's %s is left out for the one that was given, %zu bytes",
			image->parts_of, part->name, part->bytes.size);
}

int embedded_initrd(const struct image *image, const struct request *request, struct span *ret,
	struct report *report, struct err *err)
{
	const struct image_part *part = image_part(image, ".initrd");
	bool given = request->initrd || request->reuse_initrd, has = part && part->bytes.size;
	char name[64];
	int status;

	if (image->lacks_vendor && !given)
		report_add(report, REPORT_WARNING, "image",
			"to this Android boot image a boot loader adds the RAM disk, the command "
			"line and the device tree of the phone's vendor_boot image: give them with "
			"--initrd and --append, where the new system needs them");
	if (has && given && !is_given_too(request))
		tell_left_out(image, part, report);
	if (!has || given)
		return ST_OK;
	snprintf(name, sizeof(name), "the %s's %s", image->parts_of, part->name);
	status = initrd_check(part->bytes, NULL, name, image->kind, ret, report, err);
	if (status) {
		err_hint(err, "give the initrd with --initrd, and the one in there is left out");
		return status;
	}
	note_used(image, part, report);
	return ST_OK;
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

/* Boot stubs go on without a tree that they cannot read, and so does a load: the running one is
 * there. */
static int skip_broken(
	const struct image *image, struct err *why, struct report *report, struct err *err)
{
	if (why->status == ST_NO_MEMORY)
		return err_no_memory(err);
	report_add(report, REPORT_WARNING, "image", "a device tree in the %s is left out: %s",
		image->parts_of, why->text);
	return ST_OK;
}

/* The part that the boot stub would take: the first .dtbauto for the machine, else .dtb. ret stays
 * as it is when there is none. */
static int choose(const struct image *image, const void *running, const struct image_part **ret,
	enum match *ret_match, struct report *report, struct err *err)
{
	const struct image_part *plain = image_part(image, ".dtb");
	struct err why = ERR_INIT;
	int status;

	for (size_t i = 0; i < image->parts_count; i++) {
		const struct image_part *part = &image->parts[i];

		if (strcmp(part->name, ".dtbauto") != 0)
			continue;
		status = match_tree(part, running, ret_match, &why);
		if (status) {
			status = skip_broken(image, &why, report, err);
			if (status)
				return status;
			continue;
		}
		if (*ret_match >= MATCH_FIRST) {
			*ret = part;
			return ST_OK;
		}
	}
	if (!plain)
		return ST_OK;
	if (match_tree(plain, running, ret_match, &why))
		return skip_broken(image, &why, report, err);
	*ret = plain;
	return ST_OK;
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
	if (running.size == 0) {
		report_add(report, REPORT_CHOICE, "image",
			"the %s's device trees are left out: this machine runs without one",
			image->parts_of);
		return ST_OK;
	}
	status = devtree_view_init(running, "the running tree", &view, err);
	if (status)
		return status;
	if (devtree_board(view.fdt).size == 0)
		report_add(report, REPORT_CHOICE, "image",
			"the %s's device trees are left out: the tree of this machine does not "
			"say what it is, so it runs on ACPI",
			image->parts_of);
	else
		status = choose(image, view.fdt, &part, &match, report, err);
	devtree_view_done(&view);
	if (status)
		return err_prefix(err, "the %s", image->parts_of);
	if (part)
		settle(image, part, match, ret, ret_name, report);
	return ST_OK;
}
