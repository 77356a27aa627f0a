/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kernel file, understood: what it is, what it is wrapped in, what it brings along, where it
 * wants to be, how much memory it takes. Whatever comes in, a kernel of one of a few kinds comes
 * out.
 */
#ifndef KEXEC_IMAGE_IMAGE_H
#define KEXEC_IMAGE_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "kexec/image/bzimage.h"
#include "kexec/image/multiboot.h"
#include "lib/bytes.h"
#include "lib/decompress.h"
#include "lib/err.h"
#include "lib/report.h"

enum image_kind {
	IMAGE_ARM64,	   /* "Image": Documentation/arch/arm64/booting.rst */
	IMAGE_BZIMAGE,	   /* Documentation/arch/x86/boot.rst */
	IMAGE_X86_VMLINUX, /* what is inside of a bzImage: arch/x86/kernel/head_64.S */
	IMAGE_MULTIBOOT,   /* Xen, for one: see multiboot.h */
	IMAGE_PPC64,	   /* vmlinux, as it is: arch/powerpc/kernel/head_64.S */
};

/* Most bytes a kernel may have when unpacked, and a file that holds one, which may hold an
 * initrd too: limits on hostile input, not on kernels. */
#define IMAGE_SIZE_MAX (512u << 20)
#define IMAGE_FILE_MAX ((size_t)1 << 30)

/* Each kind of wrapper once, plain packing twice, and the Image. */
#define IMAGE_LAYERS_MAX 8

/* What was found around the kernel, or, as the last one, the kernel. */
struct image_layer {
	const char *name;  /* "packed", "EFI zboot", "UKI", "Android", "uImage", "vmlinux", "Image";
			     static */
	const char *type;  /* what kexec-tools calls it for -t; NULL for plain packing; static */
	const char *alias; /* another name for that, or NULL; static */
	enum codec codec;  /* how its content is packed */
	size_t size;	   /* bytes, as long as it is wrapped in what is around it */
};

/* What a kernel file brings along: a section of a UKI, such as ".initrd", or what is in an Android
 * boot image or a uImage, under the name of such a section. */
struct image_part {
	char name[9];
	struct span bytes; /* as long as the image lives */
};

struct image {
	enum image_kind kind;
	const char *kind_name; /* "Image"; static */
	enum codec codec;      /* of the outermost layer that is packed */
	struct span file;      /* the unpacked kernel as a file, for kexec_file_load(2) */
	struct span data;      /* what of it is loaded into memory; see image_segment() */
	uint64_t mem_size;     /* bytes it needs from its load address: image_size, init_size */

	/* Of IMAGE_BZIMAGE; of IMAGE_X86_VMLINUX what a bzImage of it would say. */
	struct bzimage bzimage;

	/* Of IMAGE_MULTIBOOT. */
	struct multiboot multiboot;

	/* Of IMAGE_ARM64: */
	uint64_t text_offset; /* from a 2 MiB aligned base to its first byte */
	uint64_t page_size;   /* it was built for: 4096, 16384, 65536; 0 unspecified */
	bool big_endian;
	bool placement_anywhere; /* flag bit 3: may use memory below itself */

	/* Of IMAGE_PPC64, with big_endian: it can stay where it is loaded ("run_at_load"). */
	bool stays_where_loaded;

	/* Of a vmlinux, and of IMAGE_MULTIBOOT: what is loaded, in the file or laid_out. */
	struct span loaded;

	/*
	 * The file is nothing but the kernel, so kexec_file_load(2) takes its descriptor, which
	 * keeps what is attached to the file (an IMA signature). Else it needs a descriptor of
	 * file: the system call understands no wrapper.
	 */
	bool as_is;

	struct image_layer layers[IMAGE_LAYERS_MAX]; /* from the outermost */
	size_t layers_count;
	struct image_part *parts;
	size_t parts_count;
	const char
		*parts_of; /* "UKI", "Android boot image", "uImage"; static; NULL without parts */
	/* An Android boot image as it is today, which a boot loader joins with the phone's own RAM
	 * disk, command line and tree, out of a vendor_boot. */
	bool lacks_vendor;

	struct blob memory;	  /* where file and data lie */
	struct blob parts_memory; /* where the parts lie, when that is elsewhere */
	struct blob parts_made;	  /* but for one that was put together */
	struct blob laid_out;	  /* data, where the file does not have it in one piece */
};

void image_done(struct image *image);

/*
 * Understand file (borrowed is not enough: its bytes are taken over, and freed when they are no
 * longer needed). Probes run in the fixed order of the table in image.c, again and again until an
 * arm64 Image, an x86 bzImage, vmlinux or Multiboot kernel, or a ppc64 vmlinux is found in an EFI
 * zboot kernel, a UKI, an Android boot image, a uImage, a vmlinux, or packed, or several of these.
 * ST_UNSUPPORTED names any other format that is recognised, a codec not built in, or too many
 * layers; ST_BAD_INPUT for bytes that contradict their format (cut short, damaged, image_size 0,
 * text_offset out of range); ST_NOT_MINE when nothing is recognised; ST_NO_MEMORY. On failure *file
 * is freed too. name is for messages.
 */
int image_describe(struct blob *file, const char *name, struct image *ret, struct report *report,
	struct err *err);

/* The same of bytes that are lent, and that have to stay as long as image_is_in() says so. */
int image_describe_span(struct span file, const char *name, struct image *ret,
	struct report *report, struct err *err);

/* Are the kernel, or parts, some of these bytes, and not only made from them? */
bool image_is_in(const struct image *image, struct span file);

/* What kexec_load(2) loads: without what is appended behind image_size. A signature is there,
 * which is why kexec_file_load(2) wants all of data. */
struct span image_segment(const struct image *image);

/* The first part of that name, or NULL. */
const struct image_part *image_part(const struct image *image, const char *name);

/* "EFI zboot (zstd)", or "gzip" for plain packing. Writes to buf and returns it. */
#define IMAGE_LAYER_TEXT_SIZE 32
const char *image_layer_text(const struct image_layer *layer, char buf[IMAGE_LAYER_TEXT_SIZE]);

/* The type of the file in the words of kexec-tools' -t: "Image", "vmlinuz", "uki", "android",
 * "uImage" or "vmlinux". Plain packing does not count. Static. */
const char *image_type(const struct image *image);

/* Is the file of the type that -t asks for, which may be kexec-tools' word for it on one
 * architecture only, as "elf-ppc64" is? ST_UNSUPPORTED when not; ST_BAD_INPUT for a word that
 * is no type. */
int image_check_type(const struct image *image, const char *wanted, struct err *err);

/* The same of a kernel that may be of several types: of two Multiboot headers it becomes the one of
 * the older version where that is asked for. Errors as above, and those of image_describe(). */
int image_take_type(struct image *image, const char *wanted, struct err *err);

#endif
