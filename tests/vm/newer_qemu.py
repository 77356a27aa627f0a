# SPDX-License-Identifier: GPL-2.0-only
"""A QEMU newer than the system's, for CPUs that this one does not have: sid's, with its libraries,
unpacked into the cache. It runs by its own loader and touches nothing of the system."""

import re
import subprocess

import debian

SUITE = "sid"
PACKAGES = ("qemu-system-arm", "qemu-system-data", "qemu-system-common", "libc6")
KEEP = ("usr/bin/qemu-system-aarch64", "usr/lib/", "usr/lib64/", "usr/share/qemu/")


def find(refresh=False):
    """(words in front of its options, version)."""
    target = debian.cache_dir() / "qemu" / debian.content_key(SUITE, *PACKAGES, *KEEP)
    with debian.locked("qemu"):
        if refresh or not target.is_dir():
            _fetch(target)
    (loader,) = target.glob("usr/lib*/ld-linux*.so*")
    libraries = ":".join(sorted({str(path.parent) for path in target.glob("usr/lib/*/lib*.so*")}))
    command = [str(loader), "--library-path", libraries,
               str(target / "usr/bin/qemu-system-aarch64"), "-L", str(target / "usr/share/qemu")]
    text = subprocess.run([*command, "--version"], stdout=subprocess.PIPE, text=True,
                          check=True).stdout
    return command, re.search(r"version (\S+)", text)[1]


def _fetch(target):
    host = subprocess.run(["dpkg", "--print-architecture"], stdout=subprocess.PIPE, text=True,
                          check=True).stdout.strip()
    archive = debian.Archive(SUITE, arch=host, stale_ok=True)
    archive.update()
    with debian.published(target) as root:
        for deb in archive.download(archive.with_libraries(PACKAGES)):
            debian.unpack(deb, root, lambda path: path.startswith(KEEP))
