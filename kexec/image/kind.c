// SPDX-License-Identifier: GPL-2.0-only
#include "kexec/image/kind.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "kexec/image/multiboot.h"
#include "lib/decompress.h"
#include "lib/pe.h"
#include "lib/utf8.h"

/* A text is one by this much of it, and a word that tells what it is about is in that much. */
#define TEXT_LOOK 512
#define WORD_LOOK 4096

/* A boot loader says who it is in this much of it: none is larger, and an initrd can be. */
#define LOADER_LOOK ((size_t)8 << 20)

static bool contains(struct span bytes, size_t look, const void *what, size_t size)
{
	return memmem(bytes.data, bytes.size < look ? bytes.size : look, what, size) != NULL;
}

/* A node of a device tree, by its token and its name. */
static bool is_fit(struct span bytes)
{
	static const char images[] = "\0\0\0\1images";

	return contains(bytes, bytes.size, images, sizeof(images));
}

static bool is_overlay(struct span bytes)
{
	static const char overlay[] = "\0\0\0\1__overlay__";

	return contains(bytes, bytes.size, overlay, sizeof(overlay));
}

static bool is_android_without_kernel(struct span bytes)
{
	return bytes.size >= 12 && load_le32(bytes.data + 8) == 0;
}

/* The name of the variable that the build of a module puts there (scripts/mod/modpost.c). */
static bool is_module(struct span bytes)
{
	static const char section[] = ".gnu.linkonce.this_module";

	return contains(bytes, bytes.size, section, sizeof(section));
}

/* elf(5): e_type is ET_REL, in either byte order. */
static bool is_object(struct span bytes)
{
	return bytes.size > 17 && bytes.data[16] + bytes.data[17] == 1;
}

static bool is_multiboot(struct span bytes)
{
	size_t at;

	return multiboot_find(bytes, 1, &at) || multiboot_find(bytes, 2, &at);
}

static bool is_debian(struct span bytes)
{
	return contains(bytes, 64, "debian-binary", 13);
}

static bool is_tree_source(struct span bytes)
{
	return contains(bytes, WORD_LOOK, "/dts-v1/", 8);
}

static bool is_configuration(struct span bytes)
{
	return bytes.data[0] == '#' && contains(bytes, WORD_LOOK, "\nCONFIG_", 8);
}

/* "ffff800080000000 T _text" */
static bool is_system_map(struct span bytes)
{
	for (size_t i = 0; i < 16; i++)
		if (bytes.size < 20 || !isxdigit(bytes.data[i]))
			return false;
	return bytes.data[16] == ' ' && isalpha(bytes.data[17]) && bytes.data[18] == ' ';
}

static bool is_web_page(struct span bytes)
{
	return contains(bytes, TEXT_LOOK, "<html", 5) || contains(bytes, TEXT_LOOK, "<HTML", 5) ||
	       contains(bytes, TEXT_LOOK, "<!DOCTYPE", 9);
}

static bool is_text(struct span bytes)
{
	size_t end = bytes.size < TEXT_LOOK ? bytes.size : TEXT_LOOK;

	for (size_t i = 0, size; i < end; i += size) {
		size = 1;
		if (bytes.data[i] >= 0x80)
			size = utf8_size((struct span){ bytes.data + i, bytes.size - i });
		if (size == 0 || (size == 1 && !isprint(bytes.data[i]) && !isspace(bytes.data[i])))
			return false;
	}
	return true;
}

static bool is_zeros(struct span bytes)
{
	return bytes.data[0] == 0 && memcmp(bytes.data, bytes.data + 1, bytes.size - 1) == 0;
}

/* Kernels look for CRC32 or none (Documentation/staging/xz.rst). */
static bool is_xz_of_another_check(struct span bytes)
{
	return bytes.size > 7 && (bytes.data[7] & 0xf) > 1;
}

static bool is_u_boot(struct span bytes)
{
	return contains(bytes, LOADER_LOOK, "\0U-Boot 20", 10) ||
	       contains(bytes, LOADER_LOOK, "\0U-Boot SPL 20", 14);
}

#define TO_KERNEL   "a kernel is what the command ends with: kexec -l "
#define TO_INITRD   "an initrd is given next to a kernel, with --initrd="
#define TO_TREE	    "a device tree is given next to a kernel, with --dtb="
#define TO_UNPACK   "take out of it what is wanted, and give that"
#define TO_ANOTHER  "a kernel for the CPU of this machine is needed, as what the command ends with"
#define TO_LOOP	    "the kernel and the initrd are files in it: mount -o loop,ro "
#define TO_PARTS    "nothing makes these any more: give the bzImage and the initrd that it holds"
#define TO_DOWNLOAD "was it downloaded? ask the server for the file itself"

/* In this order: an exact mark before a weak one. */
static const struct row {
	size_t at;
	const char *mark; /* NULL for none: is() looks at bytes of at least one */
	size_t size;
	bool (*is)(struct span bytes); /* or NULL */
	const char *name;
	const char *way_out;
	enum kind_initrd initrd;
} rows[] = {
#define MARK(at, mark)	 at, mark, sizeof(mark) - 1, NULL
#define IS(at, mark, is) at, mark, sizeof(mark) - 1, is
#define LIKE(is)	 0, NULL, 0, is
	/* Device trees. */
	{ IS(0, "\xd0\x0d\xfe\xed", is_fit), "a U-Boot FIT image",
		"take the kernel out of it: dumpimage -T flat_dt -p 0 -o Image ", KIND_NO_INITRD },
	{ IS(0, "\xd0\x0d\xfe\xed", is_overlay), "a device tree overlay",
		"put it into the tree that it is for, and give that: fdtoverlay -i BASE.dtb -o "
		"NEW.dtb ",
		KIND_NO_INITRD },
	{ MARK(0, "\xd0\x0d\xfe\xed"), "a device tree blob", TO_TREE, KIND_NO_INITRD },

	/* Kernels, of other CPUs too: Documentation/arch/x86/boot.rst,
	 * Documentation/arch/riscv/boot-image-header.rst, arch/s390/boot/head.S. */
	{ MARK(0x202, "HdrS"), "an x86 kernel (bzImage)", TO_ANOTHER, KIND_NO_INITRD },
	{ MARK(0, "BEO1"), "a beoboot image", TO_PARTS, KIND_NO_INITRD },
	{ MARK(0, "\x36\x13\x03\x1b"), "a network boot image (NBI) for Etherboot", TO_PARTS,
		KIND_NO_INITRD },
	{ MARK(56, "RSC\x05"), "a RISC-V kernel", TO_ANOTHER, KIND_NO_INITRD },
	{ MARK(36, "\x18\x28\x6f\x01"), "a 32-bit ARM kernel (zImage)", TO_ANOTHER,
		KIND_NO_INITRD },
	{ MARK(36, "\x01\x6f\x28\x18"), "a big-endian 32-bit ARM kernel (zImage)", TO_ANOTHER,
		KIND_NO_INITRD },
	{ MARK(0x10008, "S390EP"), "an s390 kernel", TO_ANOTHER, KIND_NO_INITRD },
	{ MARK(56, "ARM\x64"), "an arm64 kernel (Image)", TO_KERNEL, KIND_NO_INITRD },
	{ MARK(0, "MZ\0\0zimg"), "an EFI zboot kernel", TO_KERNEL, KIND_NO_INITRD },
	{ IS(0, "ANDROID!", is_android_without_kernel), "an Android init_boot image",
		"give the boot image as the kernel, and this one with --initrd=", KIND_NO_INITRD },
	{ MARK(0, "ANDROID!"), "an Android boot image", TO_KERNEL, KIND_NO_INITRD },
	{ MARK(0, "VNDRBOOT"), "an Android vendor_boot image",
		"give the boot image as the kernel, and this one with --initrd=", KIND_NO_INITRD },
	{ MARK(0, "\x27\x05\x19\x56"), "a U-Boot image (uImage)",
		"take out what it holds: dumpimage -p 0 -o FILE ", KIND_NO_INITRD },
	{ IS(0, "\177ELF", is_module), "a kernel module",
		"modules belong into an initrd or to /lib/modules", KIND_NO_INITRD },
	{ IS(0, "\177ELF", is_object), "an ELF object file", NULL, KIND_NO_INITRD },
	{ MARK(0, "\177ELF"), "an ELF file", NULL, KIND_NO_INITRD },

	/* Phones' and boot loaders' files. */
	{ MARK(0, "\x3a\xff\x26\xed"), "an Android sparse image", "unpack it with simg2img",
		KIND_NO_INITRD },
	{ MARK(0, "\xd7\xb7\xab\x1e"), "an Android table of device trees (dtbo)",
		"boot loaders put it over their own tree; without --dtb the running tree is used",
		KIND_NO_INITRD },
	{ MARK(0, "QCDT"), "a Qualcomm table of device trees",
		"without --dtb the running tree is used", KIND_NO_INITRD },
	{ MARK(0, "AVB0"), "Android Verified Boot data (vbmeta)",
		"the kernel is in the boot image next to it", KIND_NO_INITRD },
	{ MARK(0, "\x88\x16\x88\x58"), "a part with a MediaTek header",
		"take off the header: tail -c +513 ", KIND_NO_INITRD },
	{ MARK(0, "UNCOMPRESSED_IMG"), "a kernel with a Qualcomm header",
		"take off the header: tail -c +21 ", KIND_NO_INITRD },
	{ MARK(0, "CHROMEOS"), "a ChromeOS kernel partition",
		"take the kernel out of it with vbutil_kernel or futility", KIND_NO_INITRD },
	{ MARK(0, "KRNL"), "a Rockchip kernel image",
		"take off the header of 8 bytes and the CRC at the end", KIND_NO_INITRD },
	{ MARK(0, "RKFW"), "a Rockchip firmware image", TO_UNPACK, KIND_NO_INITRD },
	{ MARK(0, "\x01\x00\x64\xaa"), "a package of Trusted Firmware (FIP)", NULL,
		KIND_NO_INITRD },
	{ MARK(32, "barebox"), "a barebox boot loader", NULL, KIND_NO_INITRD },

	/* What an initrd is made of (usr/gen_init_cpio.c, lib/decompress.c). */
	{ MARK(0, "070701"), "a cpio archive, as an initrd is", TO_INITRD, KIND_INITRD },
	{ MARK(0, "070702"), "a cpio archive, as an initrd is", TO_INITRD, KIND_INITRD },
	{ MARK(0, "070707"), "a cpio archive of the old format",
		"kernels only know the new one: cpio -H newc", KIND_NO_INITRD },
	{ MARK(0, "\x1f\x8b"), "gzip data", "unpack it first: gzip -dc ", KIND_INITRD },
	{ MARK(0, "\x04\x22\x4d\x18"), "lz4 data of the frame format",
		"of lz4 kernels only unpack the old format: lz4 -l", KIND_NO_ARCHIVE },
	{ MARK(0, "\x02\x21\x4c\x18"), "lz4 data", "unpack it first: lz4 -dc ", KIND_INITRD },
	{ MARK(0, "\x28\xb5\x2f\xfd"), "zstd data", "unpack it first: zstd -dc ", KIND_INITRD },
	{ IS(0,
		  "\xfd"
		  "7zXZ\0",
		  is_xz_of_another_check),
		"xz data with a check other than CRC32",
		"kernels only know that one: xz --check=crc32", KIND_NO_ARCHIVE },
	{ MARK(0, "\xfd"
		  "7zXZ\0"),
		"xz data", "unpack it first: xz -dc ", KIND_INITRD },
	{ MARK(0, "BZh"), "bzip2 data", "unpack it first: bzip2 -dc ", KIND_INITRD },
	{ MARK(0, "\x89LZO"), "lzo data", "unpack it first: lzop -dc ", KIND_INITRD },
	{ LIKE(codec_is_lzma), "lzma data", "unpack it first: xz -dc ", KIND_INITRD },

	/* File systems and disks; the first ones a kernel looks for (init/do_mounts_rd.c). */
	{ MARK(0, "hsqs"), "a SquashFS file system", TO_LOOP, KIND_RAM_DISK },
	{ MARK(0, "-rom1fs-"), "a romfs file system", TO_LOOP, KIND_RAM_DISK },
	{ MARK(0, "\x45\x3d\xcd\x28"), "a cramfs file system", TO_LOOP, KIND_RAM_DISK },
	{ MARK(0x438, "\x53\xef"), "an ext2, ext3 or ext4 file system", TO_LOOP, KIND_RAM_DISK },
	{ MARK(0x8001, "CD001"), "an ISO 9660 image", TO_LOOP, KIND_NO_ARCHIVE },
	{ MARK(512, "EFI PART"), "an image of a whole disk (GPT)",
		"the kernel and the initrd are files in one of its partitions: losetup -P --show "
		"-f ",
		KIND_NO_ARCHIVE },
	{ MARK(0x400, "\xe2\xe1\xf5\xe0"), "an EROFS file system", TO_LOOP, KIND_NO_ARCHIVE },
	{ MARK(0x10040, "_BHRfS_M"), "a btrfs file system", TO_LOOP, KIND_NO_ARCHIVE },
	{ MARK(0, "XFSB"), "an XFS file system", TO_LOOP, KIND_NO_ARCHIVE },
	{ MARK(54, "FAT1"), "a FAT file system", TO_LOOP, KIND_NO_ARCHIVE },
	{ MARK(82, "FAT32"), "a FAT file system", TO_LOOP, KIND_NO_ARCHIVE },
	{ MARK(0, "UBI#"), "an image for flash (UBI)", TO_UNPACK, KIND_NO_ARCHIVE },
	{ MARK(0, "\x31\x18\x10\x06"), "a UBIFS file system", TO_UNPACK, KIND_NO_ARCHIVE },
	{ MARK(0, "QFI\xfb"), "an image of a whole disk (qcow2)",
		"the kernel and the initrd are files in one of its partitions", KIND_NO_ARCHIVE },

	/* Packages, archives, dumps. */
	{ IS(0, "!<arch>\n", is_debian), "a Debian package", "unpack it with dpkg-deb -x",
		KIND_NO_INITRD },
	{ MARK(0, "!<arch>\n"), "an archive (ar)", TO_UNPACK, KIND_NO_INITRD },
	{ MARK(0, "\xed\xab\xee\xdb"), "an RPM package", "unpack it with rpm2cpio",
		KIND_NO_INITRD },
	{ MARK(257, "ustar"), "an archive (tar)", TO_UNPACK, KIND_NO_INITRD },
	{ MARK(0, "PK\3\4"), "an archive (zip)", TO_UNPACK, KIND_NO_INITRD },
	{ MARK(0, "7z\xbc\xaf\x27\x1c"), "an archive (7z)", TO_UNPACK, KIND_NO_INITRD },
	{ MARK(0, "KDUMP   "), "a kernel dump", NULL, KIND_NO_INITRD },
	{ MARK(0, "makedumpfile"), "a kernel dump", NULL, KIND_NO_INITRD },

	/* Text. */
	{ MARK(0, "#!"), "a script", NULL, KIND_NO_INITRD },
	{ LIKE(is_configuration), "the configuration of a kernel",
		"the kernel of it is called vmlinuz-, Image- or kernel-", KIND_NO_INITRD },
	{ LIKE(is_system_map), "the symbols of a kernel (System.map)",
		"the kernel of it is called vmlinuz-, Image- or kernel-", KIND_NO_INITRD },
	{ LIKE(is_tree_source), "the source of a device tree",
		"translate it: dtc -O dtb -o TREE.dtb ", KIND_NO_INITRD },
	{ LIKE(is_web_page), "a web page", TO_DOWNLOAD, KIND_NO_INITRD },
	{ MARK(0, "version https://git-lfs"), "what git stands in for a large file with",
		"fetch the file: git lfs pull", KIND_NO_INITRD },

	/* Weak ones: no marks of a format, but guesses. */
	{ LIKE(is_multiboot), "a Multiboot kernel", TO_KERNEL, KIND_NO_INITRD },
	{ LIKE(is_u_boot), "a U-Boot boot loader", NULL, KIND_NO_ARCHIVE },
	{ LIKE(is_zeros), "nothing but zeros", "copy it again; it was never written to the end",
		KIND_NO_ARCHIVE },
	{ LIKE(is_text), "a text", NULL, KIND_NO_ARCHIVE },
};

static bool fits(const struct row *row, struct span bytes)
{
	struct span mark;

	if (row->mark && (!span_slice(bytes, row->at, row->size, &mark) ||
				 memcmp(mark.data, row->mark, row->size) != 0))
		return false;
	return !row->is || row->is(bytes);
}

/* Who made an EFI program, as it says for the sake of its revocation: the first component behind
 * the first line of ".sbat" (shim, SBAT.md). Empty when it does not say. */
static void component_of(const struct pe *pe, char *ret, size_t size)
{
	struct span text = { .data = NULL };
	size_t length = 0;

	for (unsigned int i = 0; i < pe->section_count && !text.size; i++) {
		struct pe_section section = pe_section(pe, i);

		if (strcmp(section.name, ".sbat") == 0)
			(void)span_slice(pe->bytes, section.file_offset, section.file_size, &text);
	}
	while (length < text.size && text.data[length] != '\n')
		length++;
	while (++length < text.size && size > 1 &&
		(isalnum(text.data[length]) || strchr("-_.", text.data[length]))) {
		*ret++ = (char)text.data[length];
		size--;
	}
	*ret = '\0';
}

static bool has_section(const struct pe *pe, const char *name)
{
	for (unsigned int i = 0; i < pe->section_count; i++)
		if (strcmp(pe_section(pe, i).name, name) == 0)
			return true;
	return false;
}

static bool pe_kind(struct span bytes, struct kind *ret)
{
	char component[24];
	struct pe pe;

	if (pe_parse(bytes, &pe))
		return false;
	*ret = (struct kind){ .initrd = KIND_NO_INITRD };
	if (has_section(&pe, ".linux")) {
		snprintf(ret->name, sizeof(ret->name), "a unified kernel image (UKI) for %s",
			pe_machine_name(pe.machine));
		ret->way_out = TO_KERNEL;
		return true;
	}
	component_of(&pe, component, sizeof(component));
	snprintf(ret->name, sizeof(ret->name),
		"an EFI (PE) program for %s that is no Linux kernel known here%s%s%s",
		pe_machine_name(pe.machine), component[0] ? " (" : "", component,
		component[0] ? ")" : "");
	if (component[0])
		ret->way_out = "boot loaders are started by firmware; give the kernel that it "
			       "starts";
	return true;
}

bool kind_of(struct span bytes, struct kind *ret)
{
	const struct row *row = rows, *end = rows + sizeof(rows) / sizeof(rows[0]);

	if (bytes.size == 0)
		return false;
	while (row < end && !fits(row, bytes))
		row++;
	/* Kernels are EFI programs too, so those come behind them; and before what is weak. */
	if ((row == end || !row->mark) && pe_kind(bytes, ret))
		return true;
	if (row == end)
		return false;
	*ret = (struct kind){ .way_out = row->way_out,
		.initrd = row->initrd,
		.device_tree = row->way_out && strcmp(row->way_out, TO_TREE) == 0,
		.guessed = !row->mark && row->initrd == KIND_NO_ARCHIVE };
	snprintf(ret->name, sizeof(ret->name), "%s", row->name);
	return true;
}

int kind_hint(struct err *err, const struct kind *kind, const char *file)
{
	size_t length = kind->way_out ? strlen(kind->way_out) : 0;
	bool named =
		length && (kind->way_out[length - 1] == ' ' || kind->way_out[length - 1] == '=');

	if (!length)
		return err ? err->status : ST_BUG;
	return err_hint(err, "%s%s", kind->way_out, named ? file : "");
}
