// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/image/initrd.h"

#include <stdio.h>

#include "kexec/image/android.h"
#include "kexec/image/format.h"
#include "kexec/image/kind.h"
#include "lib/decompress.h"

/* So much of what is packed tells what it is. A block of lz4 comes out whole or not at all. */
#define LOOK_SIZE     ((size_t)64 << 10)
#define LOOK_SIZE_LZ4 ((size_t)8 << 20)

bool initrd_is_wrapped(struct span beginning)
{
	return span_starts_with(beginning, "\x27\x05\x19\x56", 4) ||
	       span_starts_with(beginning, "ANDROID!", 8) ||
	       span_starts_with(beginning, "VNDRBOOT", 8);
}

static int unwrap(struct span file, const char *name, enum image_kind kernel, struct span *ret,
	struct report *report, struct err *err)
{
	struct android_image android;
	int status = android_parse(file, &android, err);

	if (status == ST_NOT_MINE)
		return uimage_ramdisk(file, name, kernel, ret, report, err);
	if (status)
		return status;
	if (android.ramdisk.size == 0)
		return err_set(err, ST_UNSUPPORTED, "initrd-kind",
			"this is an Android boot image without RAM disk");
	*ret = android.ramdisk;
	return ST_OK;
}

/* Kernels skip zeros in front of, between and behind archives. */
static struct span skip_zeros(struct span bytes)
{
	while (bytes.size > 1 && bytes.data[0] == 0) {
		bytes.data++;
		bytes.size--;
	}
	return bytes;
}

/* The mark of a file system may stand behind zeros, at a place that counts from their beginning. */
static bool what_is(struct span bytes, struct kind *ret)
{
	return (kind_of(bytes, ret) && !ret->guessed) || kind_of(skip_zeros(bytes), ret);
}

static int judge(struct span bytes, const char *name, const char *around, struct report *report,
	struct err *err)
{
	struct kind kind;

	if (!what_is(bytes, &kind)) {
		report_add(report, REPORT_WARNING, "initrd",
			"%s: %sthis is neither a cpio archive nor anything else that is known "
			"here; "
			"a kernel may find no initrd in it",
			name, around);
		return ST_OK;
	}
	switch (kind.initrd) {
	case KIND_INITRD:
		/* What comes out of one packing is not unpacked again (init/initramfs.c). */
		if (*around && !span_starts_with(skip_zeros(bytes), "07070", 5))
			report_add(report, REPORT_WARNING, "initrd",
				"%s: %sthis is %s, in which a kernel finds no initrd; it is packed "
				"twice, and a kernel unpacks once",
				name, around, kind.name);
		break;
	case KIND_RAM_DISK:
		report_add(report, REPORT_WARNING, "initrd",
			"%s: %sthis is %s: a kernel takes it for a RAM disk with root=/dev/ram0 "
			"only, and with the driver of the file system built in",
			name, around, kind.name);
		break;
	case KIND_NO_ARCHIVE:
		report_add(report, REPORT_WARNING, "initrd",
			"%s: %sthis is %s, in which a kernel finds no initrd%s%s", name, around,
			kind.name, kind.way_out ? "; " : "", kind.way_out ? kind.way_out : "");
		break;
	case KIND_NO_INITRD:
		err_set(err, ST_UNSUPPORTED, "initrd-kind",
			"%sthis is %s; an initrd is wanted: a cpio archive, plain or packed",
			around, kind.name);
		kind_hint(err, &kind, name);
		return ST_UNSUPPORTED;
	}
	return ST_OK;
}

/* The beginning of what is packed, where it can be unpacked here. */
static int look_inside(struct span packed, const char *name, struct report *report, struct err *err)
{
	enum codec codec = codec_detect(packed);
	struct blob head = BLOB_INIT;
	char around[40];
	int status;

	if (codec == CODEC_NONE)
		return ST_OK;
	snprintf(around, sizeof(around), "inside %s: ", codec_name(codec));
	status = decompress_head(
		codec, packed, codec == CODEC_LZ4 ? LOOK_SIZE_LZ4 : LOOK_SIZE, &head, err);
	if (status == ST_OK && head.size)
		status = judge(blob_span(&head), name, around, report, err);
	blob_done(&head);
	return status;
}

/* A packed part behind plain ones, as behind microcode, is looked into as one that comes first. */
static int walk(struct span inside, const struct cpio_source *whole, const char *name,
	struct report *report, struct err *err)
{
	struct cpio_source source = whole ? *whole : cpio_from_span(&inside);
	uint64_t packed;

	cpio_walk(&source, name, &packed, report);
	if (packed == 0 || packed >= inside.size)
		return ST_OK;
	return look_inside((struct span){ inside.data + packed, inside.size - (size_t)packed },
		name, report, err);
}

int initrd_check(struct span file, const struct cpio_source *whole, const char *name,
	enum image_kind kernel, struct span *ret, struct report *report, struct err *err)
{
	struct span inside = file;
	int status = ST_OK;

	if (initrd_is_wrapped(file)) {
		status = unwrap(file, name, kernel, &inside, report, err);
		if (!status)
			report_add(report, REPORT_CHOICE, "initrd",
				"%s: of %zu bytes the RAM disk in it is taken, %zu bytes", name,
				file.size, inside.size);
	}
	if (!status)
		status = judge(inside, name, "", report, err);
	if (!status)
		status = look_inside(skip_zeros(inside), name, report, err);
	if (!status)
		status = walk(inside, whole, name, report, err);
	if (status) {
		err_prefix(err, "%s", name);
		return status;
	}
	*ret = inside;
	return ST_OK;
}
