# SPDX-License-Identifier: GPL-2.0-only
"""What the guest's kernels find as their root: cpio archives made without cpio or root.

The archive of the capture kernel is kept small, busybox and the agent only, because a
purgatory with caches off hashes a few megabytes per second under emulation. What only some
tests run there (makedumpfile) travels on a disk as a tar archive, see tools_tar().
"""

import gzip
import io
import pathlib
import stat
import subprocess
import tarfile

from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile

HERE = pathlib.Path(__file__).parent
LOADERS = {"ld-linux-aarch64.so.1": "lib", "ld-linux-x86-64.so.2": "lib64",
           "ld64.so.2": "lib64"}


def cpio(files):
    """A newc archive of {path: bytes} with every file executable and parents made."""
    out = io.BytesIO()
    seen = set()

    def member(name, mode, data=b""):
        encoded = name.encode() + b"\0"
        fields = (len(seen) + 1, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(encoded), 0)
        header = b"070701" + b"".join(b"%08x" % field for field in fields) + encoded
        out.write(header + bytes(-len(header) % 4))
        out.write(data + bytes(-len(data) % 4))
        seen.add(name)

    # The kernel opens the console for /init before /dev is mounted.
    for path, data in {"dev/": b"", **files}.items():
        for parent in reversed(pathlib.PurePosixPath(path).parents):
            if str(parent) != "." and str(parent) not in seen:
                member(str(parent), stat.S_IFDIR | 0o755)
        if path.endswith("/"):
            member(path.rstrip("/"), stat.S_IFDIR | 0o755)
        else:
            member(path, stat.S_IFREG | 0o755, data)
    member("TRAILER!!!", 0)
    return out.getvalue()


def small_program(compiler, name, directory):
    """A program of this directory in C, without libraries; the path of what was made of it."""
    path = directory / name
    subprocess.run([compiler, "-O2", "-Wall", "-Wextra", "-Werror", "-static", HERE / f"{name}.c",
                    "-o", path], check=True)
    return path


def base_files(root):
    """The least that serves the host: busybox and the agent."""
    return {"bin/busybox": (root / "usr/bin/busybox").read_bytes(),
            "init": (HERE / "agent").read_bytes()}


def capture_initrd(root):
    """The capture kernel's archive, compressed: every byte is hashed and copied."""
    return gzip.compress(cpio(base_files(root)), 6, mtime=0)


def program_files(root, programs):
    """{path in guest: bytes} for {path in guest: host path} and the libraries they load.

    A library that the guest's root does not have is an error here, not a riddle there.
    """
    files = {}
    queue = []
    (libraries,) = (root / "usr/lib").glob("*-linux-gnu")
    for path, source in programs.items():
        files[path] = source.read_bytes()
        queue.append(files[path])
    while queue:
        for name in _needed(queue.pop()):
            path = f"{LOADERS.get(name, 'lib')}/{name}"
            if path not in files:
                files[path] = (libraries / name).read_bytes()
                queue.append(files[path])
    return files


def _needed(data):
    for section in ELFFile(io.BytesIO(data)).iter_sections():
        if isinstance(section, DynamicSection):
            for tag in section.iter_tags("DT_NEEDED"):
                yield tag.needed


def tools_tar(root, programs):
    """A tar archive of programs, {path in guest: host path}, and of their libraries, to be
    unpacked at / of a guest."""
    out = io.BytesIO()
    files = program_files(root, programs)
    with tarfile.open(fileobj=out, mode="w") as tar:
        for path, data in files.items():
            info = tarfile.TarInfo(path)
            info.size, info.mode = len(data), 0o755
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()
