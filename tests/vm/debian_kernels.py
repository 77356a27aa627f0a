# SPDX-License-Identifier: GPL-2.0-only
"""Debian's own kernels, and the modules of theirs that our guests cannot do without."""

import dataclasses
import gzip
import lzma
import pathlib
import re

import debian
import initrd

SUITES = ("trixie", "sid")
# Behind "linux-image-" in the name of a metapackage.
FLAVOURS = ("arm64", "cloud-arm64", "rt-arm64", "arm64-16k")
# What they need of a machine and for their capture kernel, as options of qemu.Machine.
ROOM = {"memory": 2048, "crashkernel": "512M"}
# What is built in is not among the modules; a guest that lacks a disk says so.
DRIVERS = ("virtio_blk",)
MORE_DRIVERS = {"cloud-amd64": ("virtio_mem", "efivarfs")}
# Debian's architecture, where the kernel's word for it is another.
ARCHES = {"powerpc64le": "ppc64el"}


@dataclasses.dataclass(frozen=True)
class Kernel:
    """An Image, and {path in guest: bytes} of the modules that the agent loads."""
    image: pathlib.Path
    modules: dict = dataclasses.field(default_factory=dict)
    release: str = ""  # of one of Debian's

    def capture(self, capture_initrd):
        """The archive of a capture kernel with its modules."""
        return capture_initrd + gzip.compress(initrd.cpio(self.modules), mtime=0)

    def archive(self, files, capture_initrd):
        """An archive of files, this kernel and its modules, for it to load itself."""
        return initrd.cpio(files | self.modules | {
            "boot/Image": self.image.read_bytes(), "boot/initrd": self.capture(capture_initrd)})


def _packages(archive, flavour):
    """(release, packages with Image and modules) of the newest kernel of a flavour."""
    meta = f"linux-image-{flavour}"
    depends = archive.show([meta], "Depends")[meta]
    release = re.search(rf"linux-image-(\d\S*-{flavour})\b(?!-)", depends)[1]
    # Since 7.1 the package of that name is empty, and depends on these two.
    parts = [f"linux-binary-{release}", f"linux-modules-{release}"]
    have = archive.names(f"^linux-(binary|modules)-{re.escape(release)}$")
    return release, parts if set(parts) <= set(have) else [f"linux-image-{release}"]


def find(suite, flavour, refresh=False):
    """The newest kernel of a flavour, or the one that was fetched first; refresh looks again."""
    name = "-".join((suite, flavour, *MORE_DRIVERS.get(flavour, ())))
    target = debian.cache_dir() / "debian-kernel" / name
    with debian.locked("debian-kernel"):
        if refresh or not target.is_dir():
            _fetch(suite, flavour, target)
    return Kernel(target / "Image",
                  {f"modules/{path.name}": path.read_bytes() for path in target.glob("*.ko")},
                  (target / "release").read_text().strip())


def _fetch(suite, flavour, target):
    arch = re.search("arm64|amd64|powerpc64le", flavour)[0]
    archive = debian.Archive(suite, arch=ARCHES.get(arch, arch), stale_ok=True)
    archive.update()
    release, packages = _packages(archive, flavour)
    drivers = "|".join((*DRIVERS, *MORE_DRIVERS.get(flavour, ())))
    wanted = re.compile(r"boot/vmlinuz-.*|usr/lib/modules/[^/]+/vmlinuz|"
                        rf".*/({drivers})\.ko(\.xz)?")
    with debian.published(target) as root:
        for deb in archive.download(packages):
            debian.unpack(deb, root / "package", wanted.fullmatch)
            deb.unlink()  # a hundred megabytes, of which that was all
        (image,) = root.glob("package/**/vmlinuz*")
        image.rename(root / "Image")
        for module in root.glob("package/**/*.ko.xz"):
            (root / module.stem).write_bytes(lzma.decompress(module.read_bytes()))
        (root / "release").write_text(release + "\n")
