/* SPDX-License-Identifier: GPL-2.0-only */
/* A machine in a folder that can be loaded into, and a request to do so. */
#ifndef TESTS_UNIT_LOAD_MACHINE_H
#define TESTS_UNIT_LOAD_MACHINE_H

#include "tests/unit/cpio.h"
#include "tests/unit/tmproot.h"
#include "tests/unit/tree.h"

#include "kexec/request.h"
#include "lib/bytes.h"

#define CPU_DIR	    "/sys/devices/system/cpu"
#define IMAGE_BYTES 4096

__attribute__((unused)) static void lm_image(const struct tmproot *tmp, const char *path)
{
	uint8_t image[IMAGE_BYTES] = { 'M', 'Z', 0x40, 0xfa };

	store_le64(image + 16, 0x230000); /* image_size */
	store_le64(image + 24, 0xa);	  /* pages of 4 KiB, anywhere */
	memcpy(image + 56, "ARM\x64", 4);
	memset(image + 64, 0x5a, sizeof(image) - 64);
	tmproot_bytes(tmp, path, image, sizeof(image));
}

__attribute__((unused)) static void lm_init(struct tmproot *tmp)
{
	struct tree tree;
	struct span fdt;

	tmproot_init(tmp);
	tmproot_text(tmp, "/facts", "machine=aarch64\nrelease=7.3.4\npage_size=4096\n");
	tmproot_text(tmp, "/proc/iomem",
		"40000000-bfffffff : System RAM\n  40200000-41cfffff : Kernel code\n"
		"  42680000-42c4ffff : Kernel data\n  a0000000-afffffff : Crash kernel\n");
	tmproot_text(tmp, "/proc/meminfo", "MemTotal:        1748836 kB\n");
	tmproot_text(tmp, CPU_DIR "/possible", "0\n");
	tmproot_text(tmp, CPU_DIR "/present", "0\n");
	tmproot_text(tmp, CPU_DIR "/cpu0/crash_notes", "7fb00000\n");
	tmproot_text(tmp, CPU_DIR "/cpu0/crash_notes_size", "424\n");
	tmproot_text(tmp, "/sys/kernel/vmcoreinfo", "0x0000000044d2c000 1024\n");
	tmproot_text(tmp, "/sys/kernel/kexec/crash_loaded", "1\n");
	tree_begin(&tree);
	TREE_CELLS(&tree, "#address-cells", 2);
	TREE_CELLS(&tree, "#size-cells", 2);
	tree_node(&tree, "chosen");
	tree_string(&tree, "bootargs", "root=/dev/vda crashkernel=256M");
	tree_end(&tree);
	tree_node(&tree, "psci");
	tree_string(&tree, "compatible", "arm,psci-1.0");
	tree_string(&tree, "method", "hvc");
	tree_end(&tree);
	fdt = tree_finish(&tree);
	tmproot_bytes(tmp, "/sys/firmware/fdt", fdt.data, fdt.size);
	lm_image(tmp, "/boot/Image");
	tmproot_bytes(tmp, "/boot/initrd", CPIO_EMPTY, CPIO_EMPTY_SIZE);
	tmproot_reopen(tmp);
}

#endif
