# SPDX-License-Identifier: GPL-2.0-only
"""A QEMU newer than the system's, for CPUs that this one does not have: sid's, with its libraries,
unpacked into the cache. It runs by its own loader and touches nothing of the system."""

import re
import subprocess

import debian

SUITE = "sid"
PACKAGES = ("qemu-system-data", "qemu-system-common", "libc6")
KEEP = ("usr/lib/", "usr/lib64/", "usr/share/qemu/", "usr/share/seabios/")
# For each architecture the program, and the packages that bring it and its firmware.
PROGRAMS = {"arm64": ("qemu-system-aarch64", ("qemu-system-arm",)),
            "ppc64le": ("qemu-system-ppc64", ("qemu-system-ppc",)),
            "x86_64": ("qemu-system-x86_64", ("qemu-system-x86", "seabios"))}


def find(arch="arm64", refresh=False):
    """(words in front of its options, version). Raises what apt and the file system raise."""
    program, packages = PROGRAMS[arch]
    packages, keep = (*packages, *PACKAGES), (f"usr/bin/{program}", *KEEP)
    target = debian.cache_dir() / "qemu" / debian.content_key(SUITE, *packages, *keep)
    with debian.locked("qemu"):
        if refresh or not target.is_dir():
            _fetch(target, packages, keep)
    (loader,) = target.glob("usr/lib*/ld-linux*.so*")
    libraries = ":".join(sorted({str(path.parent) for path in target.glob("usr/lib/*/lib*.so*")}))
    command = [str(loader), "--library-path", libraries, str(target / "usr/bin" / program)]
    for firmware in ("qemu", "seabios"):
        command += ["-L", str(target / "usr/share" / firmware)]
    text = subprocess.run([*command, "--version"], stdout=subprocess.PIPE, text=True,
                          check=True).stdout
    return command, re.search(r"version (\S+)", text)[1]


def _fetch(target, packages, keep):
    host = subprocess.run(["dpkg", "--print-architecture"], stdout=subprocess.PIPE, text=True,
                          check=True).stdout.strip()
    archive = debian.Archive(SUITE, arch=host, stale_ok=True)
    archive.update()
    with debian.published(target) as root:
        for deb in archive.download(archive.with_libraries(packages)):
            debian.unpack(deb, root, lambda path: path.startswith(keep))
