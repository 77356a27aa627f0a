#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the x86_64 machines are made from: kernels, programs, archives.

The kernels are Debian's own, which have crash hotplug and need no build. Where a test does not
care for one of them it takes the bzImage in the directory that KEXEC_TEST_KERNEL_X86_64 names, if
there is one: it boots faster.
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
SUITE = "trixie"
OLDEST, NEWEST = "bookworm", "sid"
PACKAGES = ("busybox-static", "kexec-tools", "makedumpfile", "libc6", "libfdt1", "zlib1g",
            "liblzma5", "libzstd1", "liblz4-1", "liblzo2-2", "libjson-c5")
FLAVOUR = "cloud-amd64"
XEN = {"trixie": "xen-hypervisor-4.20-amd64", "bookworm": "xen-hypervisor-4.17-amd64"}
# The flavour for clouds runs in no first domain of Xen's.
DOMAIN_FLAVOUR = "amd64"


@dataclasses.dataclass(frozen=True)
class Artifacts:
    """Everything such a machine is made from."""
    directory: pathlib.Path
    tools_disk: pathlib.Path
    capture_initrd: bytes
    files: dict

    def for_model(self, model):
        """(kernel, archive, more options of qemu.PC) for one of models.PCS."""
        kernel = kernel_of(model.suite)
        archive = self.directory / f"initrd-{model.suite}"
        if not archive.exists():
            archive.write_bytes(kernel.archive(self.files, self.capture_initrd))
        return kernel.image, archive, debian_kernels.ROOM if kernel.release else {}

    def with_other_kernels(self):
        """An archive for the kernel at hand that has Debian's oldest and newest, too, under their
        suites' names in /boot; returns ({suite: release}, its path)."""
        kernels = {suite: kernel_of(suite) for suite in (OLDEST, NEWEST)}
        path = self.directory / "initrd-others"
        path.write_bytes(kernel_of("").archive(
            self.files | {f"boot/{suite}": kernel.image.read_bytes()
                          for suite, kernel in kernels.items()}, self.capture_initrd))
        return {suite: kernel.release for suite, kernel in kernels.items()}, path

    def with_newest_peer(self):
        """An archive for the kernel at hand that has sid's kexec-tools; returns its path."""
        root = newest_root()
        path = self.directory / "initrd-newest"
        programs = {"sbin/kexec": tool(), "peer/kexec": root / "usr/sbin/kexec"}
        if not path.exists():
            path.write_bytes(kernel_of("").archive(
                self.files | initrd.program_files(root, programs), self.capture_initrd))
        return path

    def with_xen(self, suite=SUITE):
        """An archive for the kernel at hand that has Xen, one of Debian's kernels for its first
        domain, and memtest86+."""
        path = self.directory / f"initrd-xen-{suite}"
        if not path.exists():
            programs = {"boot/xen.gz": xen(suite), "boot/memtest": memtest(suite),
                        "boot/dom0": debian_kernels.find(SUITE, DOMAIN_FLAVOUR).image}
            path.write_bytes(kernel_of("").archive(
                self.files | {name: file.read_bytes() for name, file in programs.items()},
                self.capture_initrd))
        return path


def kernel_of(suite):
    """The kernel of one of Debian's suites, "" for the one at hand."""
    given = os.environ.get("KEXEC_TEST_KERNEL_X86_64")
    if given and not suite:
        return Kernel(pathlib.Path(given) / "bzImage")
    return debian_kernels.find(suite or SUITE, FLAVOUR)


def tool():
    """The native binary under test."""
    return pathlib.Path(os.environ.get("KEXEC_X86_64") or TOP / "build/check/gcc/sbin/kexec")


def guest_root():
    """Programs of Debian's amd64, unpacked in the cache."""
    return debian.programs("guest-amd64", SUITE, "amd64", PACKAGES,
                           ("usr/bin/", "usr/sbin/", "usr/lib/x86_64-linux-gnu/"), stale_ok=False)


def newest_root():
    """The same of sid, whose kexec-tools is compared with, and a file that says which versions."""
    return debian.programs("bench-amd64", NEWEST, "amd64", PACKAGES, ("usr/",))


def xen(suite):
    """Debian's Xen, packed as it is."""
    root = debian.programs("xen-amd64", suite, "amd64", (XEN[suite],), ("boot/xen-",),
                           stale_ok=False)
    (image,) = root.glob("boot/xen-*.gz")
    return image


def memtest(suite):
    """memtest86+, which is a bzImage of its own kind."""
    root = debian.programs("memtest-amd64", suite, "amd64", ("memtest86+",), ("boot/",),
                           stale_ok=False)
    return root / "boot/memtest86+x64.bin"


def make(directory):
    """Archives and disks in a directory that the caller removes."""
    root = guest_root()
    programs = {"sbin/kexec": tool(), "peer/kexec": root / "usr/sbin/kexec",
                "sbin/own-page": initrd.small_program("gcc", "own_page", directory)}
    files = initrd.base_files(root) | initrd.program_files(root, programs)
    tools = initrd.tools_tar(root, {
        "sbin/makedumpfile": root / "usr/bin/makedumpfile", "sbin/kexec": tool(),
        "sbin/vmcore-dmesg": tool().with_name("vmcore-dmesg"),
        "sbin/copy-dump": initrd.small_program("gcc", "copy_dump", directory),
        "peer/vmcore-dmesg": root / "usr/sbin/vmcore-dmesg"})
    (directory / "tools").write_bytes(tools + bytes(-len(tools) % 512))
    return Artifacts(directory, directory / "tools", initrd.capture_initrd(root), files)
