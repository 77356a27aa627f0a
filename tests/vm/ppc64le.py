#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the ppc64le machines are made from: kernel, programs, archives.

The kernel is the vmlinux in the directory that KEXEC_TEST_KERNEL_PPC64LE names, which boots faster,
else Debian's own.
"""

import dataclasses
import os
import pathlib

import debian
import debian_kernels
import initrd
from debian_kernels import Kernel

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
SUITE = "sid"
FLAVOUR = "powerpc64le"
PACKAGES = ("busybox-static", "kexec-tools", "makedumpfile", "libc6", "libfdt1", "zlib1g",
            "liblzma5", "libzstd1", "liblz4-1", "liblzo2-2", "libjson-c5")
TRIPLET = "powerpc64le-linux-gnu"


@dataclasses.dataclass(frozen=True)
class Artifacts:
    """Everything such a machine is made from, and what its kernel needs, as options of
    qemu.PSeries."""
    kernel: Kernel
    initrd: pathlib.Path
    tools_disk: pathlib.Path
    options: dict
    capture_initrd: bytes
    files: dict                     # of initrd

    def for_model(self, _):
        """(kernel, archive, more options of qemu.PSeries)."""
        return self.kernel.image, self.initrd, self.options


def tool():
    """The ppc64le binary under test."""
    return pathlib.Path(os.environ.get("KEXEC_PPC64LE")
                        or TOP / "build/check/ppc64le/sbin/kexec")


def guest_root():
    """Programs of Debian's ppc64el, unpacked in the cache."""
    return debian.programs("guest-ppc64el", SUITE, "ppc64el", PACKAGES,
                           ("usr/bin/", "usr/sbin/", f"usr/lib/{TRIPLET}/"))


def kernel_under_test():
    """The vmlinux at hand, or Debian's."""
    given = os.environ.get("KEXEC_TEST_KERNEL_PPC64LE")
    if given:
        return Kernel(pathlib.Path(given) / "vmlinux")
    return debian_kernels.find(SUITE, FLAVOUR)


def make(directory):
    """Archives and disks in a directory that the caller removes."""
    root = guest_root()
    kernel = kernel_under_test()
    programs = {"sbin/kexec": tool(), "peer/kexec": root / "usr/sbin/kexec",
                "sbin/own-page": initrd.small_program(f"{TRIPLET}-gcc", "own_page", directory)}
    files = initrd.base_files(root) | initrd.program_files(root, programs)
    capture_initrd = initrd.capture_initrd(root)
    (directory / "initrd").write_bytes(kernel.archive(files, capture_initrd))
    tools = initrd.tools_tar(root, {
        "sbin/makedumpfile": root / "usr/bin/makedumpfile", "sbin/kexec": tool(),
        "sbin/vmcore-dmesg": tool().with_name("vmcore-dmesg"),
        "sbin/copy-dump": initrd.small_program(f"{TRIPLET}-gcc", "copy_dump", directory),
        "peer/vmcore-dmesg": root / "usr/sbin/vmcore-dmesg"})
    (directory / "tools").write_bytes(tools + bytes(-len(tools) % 512))
    return Artifacts(kernel, directory / "initrd", directory / "tools",
                     debian_kernels.ROOM if kernel.release else {}, capture_initrd, files)
