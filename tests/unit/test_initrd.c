// SPDX-License-Identifier: GPL-2.0-only
/* What a file is, and what that means where it is given as an initrd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config.h"

#ifdef HAVE_ZLIB
#include <zlib.h>
#endif

#include "kexec/image/initrd.h"
#include "kexec/image/kind.h"
#include "lib/crc32.h"
#include "tests/unit/cpio.h"

#define FILE_SIZE 0x10100

/* A file of bytes that are no text and nothing else, with a mark. */
static struct span marked(size_t at, const char *mark, size_t size)
{
	static uint8_t bytes[FILE_SIZE];

	memset(bytes, 0x80, sizeof(bytes));
	memcpy(bytes + at, mark, size);
	return (struct span){ bytes, sizeof(bytes) };
}

static struct span text_span(const char *text)
{
	return (struct span){ (const uint8_t *)text, strlen(text) };
}

/* --- kinds ----------------------------------------------------------------------------------- */

static void every_mark_is_known(void **state)
{
	static const struct {
		size_t at;
		const char *mark;
		size_t size;
		const char *name;
		enum kind_initrd initrd;
	} marks[] = {
#define M(mark) mark, sizeof(mark) - 1
		{ 0, M("\xd0\x0d\xfe\xed"), "a device tree blob", KIND_NO_INITRD },
		{ 0, M("\xd0\x0d\xfe\xed\0\0\0\1images\0"), "a U-Boot FIT", KIND_NO_INITRD },
		{ 0, M("\xd0\x0d\xfe\xed\0\0\0\1__overlay__\0"), "overlay", KIND_NO_INITRD },
		{ 0x202, M("HdrS"), "x86", KIND_NO_INITRD },
		{ 36, M("\x18\x28\x6f\x01"), "32-bit ARM", KIND_NO_INITRD },
		{ 0x10008, M("S390EP"), "s390", KIND_NO_INITRD },
		{ 56, M("ARM\x64"), "an arm64 kernel (Image)", KIND_NO_INITRD },
		{ 0, M("MZ\0\0zimg"), "EFI zboot", KIND_NO_INITRD },
		{ 0, M("ANDROID!\1"), "Android boot image", KIND_NO_INITRD },
		{ 0, M("ANDROID!\0\0\0\0"), "init_boot", KIND_NO_INITRD },
		{ 0, M("VNDRBOOT"), "vendor_boot", KIND_NO_INITRD },
		{ 0, M("\x27\x05\x19\x56"), "uImage", KIND_NO_INITRD },
		{ 0, M("\177ELF\2\1\1xxxxxxxxx\2\0"), "an ELF file", KIND_NO_INITRD },
		{ 0, M("\177ELF\2\2\1xxxxxxxxx\0\1"), "an ELF object file", KIND_NO_INITRD },
		{ 0, M("\177ELF .gnu.linkonce.this_module\0"), "module", KIND_NO_INITRD },
		{ 0, M("\x3a\xff\x26\xed"), "sparse", KIND_NO_INITRD },
		{ 0, M("\xd7\xb7\xab\x1e"), "dtbo", KIND_NO_INITRD },
		{ 0, M("AVB0"), "vbmeta", KIND_NO_INITRD },
		{ 0, M("CHROMEOS"), "ChromeOS", KIND_NO_INITRD },
		{ 0, M("070701"), "a cpio archive, as", KIND_INITRD },
		{ 0, M("070702"), "a cpio archive, as", KIND_INITRD },
		{ 0, M("070707"), "old format", KIND_NO_INITRD },
		{ 0, M("\x1f\x8b"), "gzip data", KIND_INITRD },
		{ 0, M("\x02\x21\x4c\x18"), "lz4 data", KIND_INITRD },
		{ 0, M("\x04\x22\x4d\x18"), "frame format", KIND_NO_ARCHIVE },
		{ 0, M("\x28\xb5\x2f\xfd"), "zstd data", KIND_INITRD },
		{ 0,
			M("\xfd"
			  "7zXZ\0\0\1"),
			"xz data", KIND_INITRD },
		{ 0,
			M("\xfd"
			  "7zXZ\0\0\4"),
			"other than CRC32", KIND_NO_ARCHIVE },
		{ 0, M("BZh"), "bzip2 data", KIND_INITRD },
		{ 0, M("\x89LZO"), "lzo data", KIND_INITRD },
		{ 0, M("\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff"), "lzma data",
			KIND_INITRD },
		{ 0, M("hsqs"), "SquashFS", KIND_RAM_DISK },
		{ 0x438, M("\x53\xef"), "ext2", KIND_RAM_DISK },
		{ 0x8001, M("CD001"), "ISO 9660", KIND_NO_ARCHIVE },
		{ 512, M("EFI PART"), "GPT", KIND_NO_ARCHIVE },
		{ 0x10040, M("_BHRfS_M"), "btrfs", KIND_NO_ARCHIVE },
		{ 0, M("!<arch>\ndebian-binary"), "a Debian package", KIND_NO_INITRD },
		{ 0, M("!<arch>\n"), "archive (ar)", KIND_NO_INITRD },
		{ 0, M("\xed\xab\xee\xdb"), "RPM", KIND_NO_INITRD },
		{ 257, M("ustar"), "archive (tar)", KIND_NO_INITRD },
		{ 0, M("#!/bin/sh"), "a script", KIND_NO_INITRD },
		{ 0, M("#\n# Linux/arm64\n#\nCONFIG_A=y"), "configuration", KIND_NO_INITRD },
		{ 0, M("ffff800080000000 T _text\n"), "System.map", KIND_NO_INITRD },
		{ 0, M("// x\n/dts-v1/;"), "source of a device tree", KIND_NO_INITRD },
		{ 0, M("<!DOCTYPE html><html>"), "a web page", KIND_NO_INITRD },
		{ 100, M("\0U-Boot 2025.01"), "U-Boot boot loader", KIND_NO_ARCHIVE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		struct span bytes = marked(marks[i].at, marks[i].mark, marks[i].size);
		struct kind kind;

		if (!kind_of(bytes, &kind) || !strstr(kind.name, marks[i].name))
			fail_msg("%s: %s", marks[i].name, kind.name);
		assert_int_equal(kind.initrd, marks[i].initrd);
		assert_int_equal(kind.device_tree, i == 0);
		/* No less of it reads behind the end. */
		for (size_t size = 0; size < 128; size++) {
			uint8_t *tight = malloc(size ? size : 1);

			memcpy(tight, bytes.data, size);
			kind_of((struct span){ tight, size }, &kind);
			free(tight);
		}
	}
}

static void what_has_no_mark_is_guessed(void **state)
{
	static const uint8_t zeros[100], bytes[100] = { 0x80, 1 };
	struct kind kind;

	(void)state;
	assert_false(kind_of((struct span){ NULL, 0 }, &kind));
	assert_false(kind_of((struct span){ bytes, sizeof(bytes) }, &kind));
	assert_true(kind_of((struct span){ zeros, sizeof(zeros) }, &kind));
	assert_string_equal(kind.name, "nothing but zeros");
	assert_true(kind.guessed);
	assert_true(kind_of(text_span("root=/dev/vda \xc3\xa4\n"), &kind));
	assert_string_equal(kind.name, "a text");
	assert_true(kind.guessed);
	assert_true(kind_of(text_span("#!/bin/sh"), &kind));
	assert_false(kind.guessed);
}

/* An EFI program says who made it. */
static void efi_programs_say_who_they_are(void **state)
{
	static const char sbat[] = "sbat,1,SBAT Version,sbat,1,https://x\nsystemd-boot,1,...";
	uint8_t file[512] = "MZ";
	struct kind kind;

	(void)state;
	store_le32(file + 60, 64);
	memcpy(file + 64, "PE\0\0\x64\xaa\1\0", 8);
	memcpy(file + 64 + 24, ".sbat", 6);
	store_le32(file + 64 + 24 + 16, sizeof(sbat));
	store_le32(file + 64 + 24 + 20, 256);
	memcpy(file + 256, sbat, sizeof(sbat));
	assert_true(kind_of((struct span){ file, sizeof(file) }, &kind));
	assert_string_equal(kind.name,
		"an EFI (PE) program for arm64 that is no Linux kernel known here (systemd-boot)");
	assert_non_null(strstr(kind.way_out, "boot loaders"));
	/* The section may lie anywhere. */
	store_le32(file + 64 + 24 + 20, 500);
	assert_true(kind_of((struct span){ file, sizeof(file) }, &kind));
	assert_null(strstr(kind.name, "systemd"));
	memcpy(file + 64 + 24, ".linux", 7);
	assert_true(kind_of((struct span){ file, sizeof(file) }, &kind));
	assert_non_null(strstr(kind.name, "(UKI)"));
}

/* --- initrds --------------------------------------------------------------------------------- */

static struct span span_of(const char *bytes, size_t size)
{
	return (struct span){ (const uint8_t *)bytes, size };
}

static void assert_taken(struct span file, struct span wanted, const char *warning)
{
	struct report report = REPORT_INIT;
	struct err err = ERR_INIT;
	struct span inside = { .data = NULL };

	if (initrd_check(file, NULL, "/boot/initrd", IMAGE_ARM64, &inside, &report, &err))
		fail_msg("%s", err.text);
	assert_int_equal(inside.size, wanted.size);
	assert_memory_equal(inside.data, wanted.data, wanted.size);
	if (!warning) {
		for (size_t i = 0; i < report.count; i++)
			assert_int_equal(report.entries[i].kind, REPORT_CHOICE);
	} else {
		assert_int_equal(report.count, 1);
		assert_int_equal(report.entries[0].kind, REPORT_WARNING);
		if (!strstr(report.entries[0].text, warning))
			fail_msg("\"%s\", wanted \"%s\"", report.entries[0].text, warning);
	}
	report_done(&report);
}

static void assert_refused(
	struct span file, int status, const char *id, const char *words, const char *hint)
{
	struct err err = ERR_INIT;
	struct span inside = { .data = NULL };

	assert_int_equal(
		initrd_check(file, NULL, "/boot/initrd", IMAGE_ARM64, &inside, NULL, &err), status);
	assert_null(inside.data);
	assert_string_equal(err.id, id);
	if (!strstr(err.text, words) || !strstr(err.hint, hint))
		fail_msg("\"%s\" hint \"%s\", wanted \"%s\" hint \"%s\"", err.text, err.hint, words,
			hint);
	assert_int_equal(
		initrd_check(file, NULL, "/boot/initrd", IMAGE_ARM64, &inside, NULL, NULL), status);
}

static void initrds_are_taken(void **state)
{
	static const char padded[] = "\0\0\0\0" CPIO_EMPTY;
	struct span file = marked(0, "hsqs", 4);

	(void)state;
	assert_taken(
		span_of(CPIO_EMPTY, CPIO_EMPTY_SIZE), span_of(CPIO_EMPTY, CPIO_EMPTY_SIZE), NULL);
	assert_taken(span_of(padded, 128), span_of(padded, 128), NULL);
	assert_taken(file, file, "a SquashFS file system: a kernel takes it for a RAM disk with");
	file = marked(0x8001, "CD001", 5);
	assert_taken(file, file, "an ISO 9660 image, in which a kernel finds no initrd");
	file = marked(0, "\x04\x22\x4d\x18", 4);
	assert_taken(file, file, "lz4 -l");
	file = marked(0, "what is it", 10);
	assert_taken(file, file, "neither a cpio archive nor anything else that is known");
	assert_taken(text_span("kernel=x\n"), text_span("kernel=x\n"), "this is a text");
}

/* Where a file system has its mark the real ones have zeros in front of it. */
static void zeros_in_front_hide_nothing(void **state)
{
	static uint8_t zeros[FILE_SIZE];
	static const struct {
		size_t at;
		const char *mark;
		const char *words;
	} marks[] = {
		{ 0x438, "\x53\xef", "an ext2, ext3 or ext4 file system: a kernel takes it" },
		{ 0x400, "\xe2\xe1\xf5\xe0", "an EROFS file system" },
		{ 512, "EFI PART", "an image of a whole disk (GPT)" },
		{ 0x8001, "CD001", "an ISO 9660 image" },
		{ 0x10040, "_BHRfS_M", "a btrfs file system" },
		{ 8, "070701", "the archive in it is cut short: at 0x8 of 0xe bytes" },
		{ 100, "hello", "this is a text" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		struct span file = { zeros, marks[i].at + strlen(marks[i].mark) };

		memset(zeros, 0, sizeof(zeros));
		memcpy(zeros + marks[i].at, marks[i].mark, strlen(marks[i].mark));
		assert_taken(file, file, marks[i].words);
	}
}

static void what_cannot_be_one_is_refused(void **state)
{
	(void)state;
	assert_refused(marked(56, "ARM\x64", 4), ST_UNSUPPORTED, "initrd-kind",
		"/boot/initrd: this is an arm64 kernel (Image); an initrd is wanted",
		"what the command ends with: kexec -l /boot/initrd");
	assert_refused(marked(0, "\xd0\x0d\xfe\xed", 4), ST_UNSUPPORTED, "initrd-kind",
		"a device tree blob", "--dtb=/boot/initrd");
	assert_refused(marked(0, "\177ELF", 4), ST_UNSUPPORTED, "initrd-kind", "an ELF file", "");
	assert_refused(
		text_span("070707"), ST_UNSUPPORTED, "initrd-kind", "old format", "cpio -H newc");
	assert_refused(text_span("#!/bin/sh\n"), ST_UNSUPPORTED, "initrd-kind", "a script", "");
}

#ifdef HAVE_ZLIB
static struct span gzip(struct span content, uint8_t *room, size_t size)
{
	z_stream zs = { .zalloc = Z_NULL };

	assert_int_equal(deflateInit2(&zs, 1, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY), Z_OK);
	zs.next_in = (Bytef *)(uintptr_t)content.data;
	zs.avail_in = (uInt)content.size;
	zs.next_out = room;
	zs.avail_out = (uInt)size;
	assert_int_equal(deflate(&zs, Z_FINISH), Z_STREAM_END);
	deflateEnd(&zs);
	return (struct span){ room, zs.total_out };
}

/* Of the file that the kernel reads itself only the beginning is there. */
static void what_is_packed_is_looked_at(void **state)
{
	static uint8_t room[FILE_SIZE], content[FILE_SIZE];
	struct span packed;

	(void)state;
	packed = gzip(marked(0, "070701", 6), room, sizeof(room));
	assert_taken(packed, packed, NULL);
	assert_taken((struct span){ room, 60 }, (struct span){ room, 60 }, NULL);
	packed = gzip(marked(56, "ARM\x64", 4), room, sizeof(room));
	assert_refused(packed, ST_UNSUPPORTED, "initrd-kind",
		"inside gzip: this is an arm64 kernel (Image)", "kexec -l /boot/initrd");
	packed = gzip(marked(0x438, "\x53\xef", 2), room, sizeof(room));
	assert_taken(packed, packed, "inside gzip: this is an ext2");
	/* A kernel unpacks once. */
	packed = gzip(gzip(text_span("070701"), content, sizeof(content)), room, sizeof(room));
	assert_taken(packed, packed, "inside gzip: this is gzip data, in which a kernel finds no");
	/* More than is looked at, and damage: the beginning tells. */
	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = (uint8_t)(i * i >> 8);
	memcpy(content, "070701", 6);
	packed = gzip((struct span){ content, sizeof(content) }, room, sizeof(room));
	room[packed.size - 1] ^= 1;
	assert_taken(packed, packed, NULL);
}
#endif

static void put_be32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static struct span uimage_of(uint8_t cpu, uint8_t type, struct span data)
{
	static uint8_t file[64 + 256];

	assert_true(data.size <= 256);
	memset(file, 0, sizeof(file));
	memcpy(file, "\x27\x05\x19\x56", 4);
	put_be32(file + 12, (uint32_t)data.size);
	put_be32(file + 24, crc32_of(data));
	file[28] = 5;
	file[29] = cpu;
	file[30] = type;
	memcpy(file + 64, data.data, data.size);
	put_be32(file + 4, crc32_of((struct span){ file, 64 }));
	return (struct span){ file, 64 + data.size };
}

static struct span uimage(uint8_t type, struct span data)
{
	return uimage_of(22, type, data);
}

/* U-Boot's header is for U-Boot: a kernel does not know it. */
static void a_uimage_is_taken_off(void **state)
{
	static const uint8_t files[] = "\0\0\0\6\0\0\0\174\0\0\0\0kernel\0\0" CPIO_EMPTY;
	struct span file = uimage(3, span_of(CPIO_EMPTY, CPIO_EMPTY_SIZE));

	(void)state;
	assert_true(initrd_is_wrapped(file));
	assert_taken(file, span_of(CPIO_EMPTY, CPIO_EMPTY_SIZE), NULL);
	for (size_t size = 4; size < file.size; size += 3)
		assert_refused((struct span){ file.data, size }, ST_BAD_INPUT, "image-truncated",
			"/boot/initrd: this is a U-Boot image (uImage)", "");
	assert_taken(uimage(4, (struct span){ files, sizeof(files) - 1 }),
		span_of(CPIO_EMPTY, CPIO_EMPTY_SIZE), NULL);
	assert_refused(uimage(4, (struct span){ files + 4, sizeof(files) - 5 }), ST_UNSUPPORTED,
		"initrd-kind", "of type 4 (multi) without RAM disk", "");
	assert_refused(uimage(2, text_span("kernel")), ST_UNSUPPORTED, "initrd-kind",
		"of type 2 (kernel) without RAM disk", "");
	assert_refused(uimage(3, text_span("\177ELF")), ST_UNSUPPORTED, "initrd-kind",
		"this is an ELF file", "");
}

/* Boot loaders take 32-bit arm's for arm64, and no other. */
static void a_uimage_of_another_cpu_is_told(void **state)
{
	static const uint8_t others[] = { 0, 3, 5, 7, 12, 24, 26, 255 };
	struct span data = span_of(CPIO_EMPTY, CPIO_EMPTY_SIZE), inside = { .data = NULL };
	struct report report = REPORT_INIT;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(initrd_check(uimage_of(2, 3, data), NULL, "/boot/initrd", IMAGE_ARM64,
				 &inside, &report, &err),
		ST_OK);
	assert_memory_equal(inside.data, data.data, data.size);
	assert_int_equal(report.entries[0].kind, REPORT_WARNING);
	assert_string_equal(report.entries[0].text,
		"/boot/initrd: by its header this RAM disk is for 32-bit arm: a 64-bit kernel may "
		"not run what is in it");
	report_done(&report);
	for (size_t i = 0; i < sizeof(others); i++)
		assert_refused(uimage_of(others[i], 3, data), ST_UNSUPPORTED, "initrd-kind",
			"with a RAM disk for CPU type", "tail -c +65 /boot/initrd");
	assert_int_equal(initrd_check(uimage_of(7, 3, data), NULL, "/boot/initrd", IMAGE_PPC64,
				 &inside, NULL, &err),
		ST_OK);
	assert_int_equal(initrd_check(uimage_of(24, 3, data), NULL, "/boot/initrd", IMAGE_PPC64,
				 &inside, NULL, &err),
		ST_UNSUPPORTED);
	assert_non_null(strstr(err.text, "for CPU type 24, and ppc is 7"));
}

static void androids_ramdisks_are_taken(void **state)
{
	static uint8_t file[3 * 4096] = "ANDROID!";

	(void)state;
	store_le32(file + 12, CPIO_EMPTY_SIZE);
	store_le32(file + 40, 4);
	memcpy(file + 4096, CPIO_EMPTY, CPIO_EMPTY_SIZE);
	assert_true(initrd_is_wrapped((struct span){ file, 8 }));
	assert_taken(
		(struct span){ file, sizeof(file) }, span_of(CPIO_EMPTY, CPIO_EMPTY_SIZE), NULL);
	store_le32(file + 12, 0);
	assert_refused((struct span){ file, sizeof(file) }, ST_UNSUPPORTED, "initrd-kind",
		"an Android boot image without RAM disk", "");
	memcpy(file, "VNDRBOOT\4\0\0\0\0\x10\0", 15);
	store_le32(file + 24, CPIO_EMPTY_SIZE);
	assert_true(initrd_is_wrapped((struct span){ file, 8 }));
	assert_taken(
		(struct span){ file, sizeof(file) }, span_of(CPIO_EMPTY, CPIO_EMPTY_SIZE), NULL);
}

/* Two files of which one has bytes, and the end. */
#define ARCHIVE                                                                                    \
	CPIO_HEADER("00000001", "00000005", "00000005")                                            \
	"init\0\0hello\0\0\0" CPIO_HEADER("00000002", "00000000", "00000004") "dev\0\0"            \
									      "\0" CPIO_EMPTY
#define ARCHIVE_SIZE (sizeof(ARCHIVE) - 1)

/* Wherever it is cut, it is told, and in which file; but what fills it up nobody needs. */
static void what_is_cut_is_told(void **state)
{
	static const char twice[] = ARCHIVE "\0\0\0\0\0\0\0\0" ARCHIVE;
	struct span all = span_of(twice, ARCHIVE_SIZE), both = span_of(twice, sizeof(twice) - 1);

	(void)state;
	assert_int_equal(ARCHIVE_SIZE % 4, 0);
	assert_taken(all, all, NULL);
	assert_taken(both, both, NULL);
	for (size_t size = 6; size < ARCHIVE_SIZE; size++) {
		struct span cut = { all.data, size };
		const char *words = NULL;

		if (size < 115)
			words = "is cut short: at 0x0 of ";
		else if (size < 121)
			words = "file init; a kernel unpacks what is before that";
		else if (size <= 124)
			words = "ends without \"TRAILER!!!\"";
		else if (size < 238)
			words = "is cut short: at 0x7c of ";
		else if (size <= 240)
			words = "ends without \"TRAILER!!!\"";
		else if (size < ARCHIVE_SIZE - 3)
			words = "is cut short: at 0xf0 of ";
		assert_taken(cut, cut, words);
		cut.size += ARCHIVE_SIZE + 8;
		cut.data = both.data;
		if (size < 115)
			words = "is cut short: at 0x174 of ";
		else if (size >= 125 && size < 234)
			words = "is cut short: at 0x1f0 of ";
		if (size < 115 || (size >= 125 && size < 234))
			assert_taken(cut, cut, words);
	}
}

static void what_follows_archives_is_told(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		const char *warning;
	} cases[] = {
		{ ARCHIVE "\0\0\0\0", ARCHIVE_SIZE + 4, NULL },
		{ ARCHIVE "BZh9 and so on", ARCHIVE_SIZE + 14, NULL },
		{ ARCHIVE "\0BZh9 and so on", ARCHIVE_SIZE + 15, NULL },
		{ ARCHIVE "more", ARCHIVE_SIZE + 4, "behind its archives, at 0x16c of 0x170" },
		{ ARCHIVE "\0" ARCHIVE, 2 * ARCHIVE_SIZE + 1, "on a line of 4 bytes" },
		{ CPIO_HEADER("00000001", "FFFFFFFF", "00000005") "init\0", 115,
			"is cut short: at 0x0 of 0x73 bytes, file init;" },
		{ CPIO_HEADER("00000001", "00000000", "FFFFFFFF") "init\0", 115, "is cut short" },
		{ CPIO_HEADER("00000001", "FFFFFFFF", "FFFFFFFF") "init\0", 115, "is cut short" },
		{ CPIO_HEADER("00000001", "0000000g", "00000005") "init\0", 115, "is damaged" },
		{ CPIO_HEADER("00000001", "00000000", "00000005") "init\0" ARCHIVE,
			115 + ARCHIVE_SIZE, "is damaged: at 0x74 of" },
		{ CPIO_HEADER("00000001", "00000000", "00000000") "\0\0" CPIO_EMPTY,
			112 + CPIO_EMPTY_SIZE, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span file = span_of(cases[i].bytes, cases[i].size);

		assert_taken(file, file, cases[i].warning);
	}
}

static void an_archive_without_files_is_one(void **state)
{
	struct report report = REPORT_INIT;
	struct blob made = BLOB_INIT;
	struct span inside = { NULL, 0 };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(cpio_of_nothing(&made), ST_OK);
	assert_int_equal(made.size, 124);
	assert_memory_equal(made.data + made.size - 14, "TRAILER!!!\0\0\0\0", 14);
	assert_int_equal(
		initrd_check(blob_span(&made), NULL, "none", IMAGE_BZIMAGE, &inside, &report, &err),
		ST_OK);
	assert_int_equal(inside.size, made.size);
	assert_int_equal(report.count, 0);
	/* Cut anywhere else than in the filling it is one that has a fault. */
	for (size_t size = 1; size < made.size - 3; size++) {
		assert_int_equal(initrd_check((struct span){ made.data, size }, NULL, "cut",
					 IMAGE_BZIMAGE, &inside, &report, &err),
			ST_OK);
		assert_true(report.count > 0);
		report_done(&report);
		report = (struct report)REPORT_INIT;
	}
	report_done(&report);
	blob_done(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_mark_is_known),
		cmocka_unit_test(what_has_no_mark_is_guessed),
		cmocka_unit_test(efi_programs_say_who_they_are),
		cmocka_unit_test(initrds_are_taken),
		cmocka_unit_test(zeros_in_front_hide_nothing),
		cmocka_unit_test(what_cannot_be_one_is_refused),
		cmocka_unit_test(what_is_cut_is_told),
		cmocka_unit_test(what_follows_archives_is_told),
#ifdef HAVE_ZLIB
		cmocka_unit_test(what_is_packed_is_looked_at),
#endif
		cmocka_unit_test(a_uimage_is_taken_off),
		cmocka_unit_test(a_uimage_of_another_cpu_is_told),
		cmocka_unit_test(androids_ramdisks_are_taken),
		cmocka_unit_test(an_archive_without_files_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
