# SPDX-License-Identifier: GPL-2.0-only
"""The programs under test, and the one of kexec-tools."""

import os
import pathlib
import platform
import resource
import shlex
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "vm"))
# pylint: disable=wrong-import-position
import debian

PEER_SUITE = "sid"  # of kexec-tools 2.0.32
PEER_PACKAGES = ("kexec-tools", "libc6")
LOADERS = {"x86_64": ("amd64", "ld-linux-x86-64.so.2"),
           "aarch64": ("arm64", "ld-linux-aarch64.so.1")}


class Answer:
    """What one run came to."""

    def __init__(self, done):
        self.status = done.returncode
        self.out = done.stdout
        self.err = done.stderr.decode(errors="replace")

    @property
    def id(self):
        """The message id that ends the first line on stderr."""
        return self.err.splitlines()[0].rsplit("[", 1)[-1].rstrip("]") if self.err else ""


def limit_time(seconds=60):
    """What takes no time ends in this much of the CPU's, whatever else runs on it."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


class Program:
    """One vmcore-dmesg, with an emulator in front of it where it needs one."""

    def __init__(self, command, folder, reads_compressed=False):
        self.command = command
        self.file = folder / "core"
        self.reads_compressed = reads_compressed    # must; any may

    def run(self, *arguments, stdout=subprocess.PIPE):
        return Answer(subprocess.run([*self.command, *arguments], stdin=subprocess.DEVNULL,
                                     stdout=stdout, stderr=subprocess.PIPE, check=False,
                                     preexec_fn=limit_time))

    def begin_of(self, data, limit):
        """Up to limit bytes of what it prints of them: it may print, or think, without end."""
        self.file.write_bytes(data)
        with subprocess.Popen([*self.command, str(self.file)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              preexec_fn=lambda: limit_time(1)) as child:
            out = child.stdout.read(limit)
            child.kill()
        return out

    def dump(self, data, *options):
        """Give it these bytes as a file."""
        self.file.write_bytes(data)
        return self.run(*options, str(self.file))


def commands():
    """The words of each program under test; the first is native."""
    lines = [os.environ["VMCORE_DMESG"], *os.environ.get("VMCORE_DMESG_OTHERS", "").splitlines()]
    return [shlex.split(line) for line in lines]


@pytest.fixture(params=range(len(commands())), ids=lambda index: f"program{index}",
                name="program")
def program_fixture(request, tmp_path):
    """Each of the programs under test."""
    return Program(commands()[request.param], tmp_path,
                   request.param == 0 and bool(os.environ.get("LIBKDUMPFILE")))


@pytest.fixture(name="native")
def native_fixture(tmp_path):
    """The first of the programs under test."""
    return Program(commands()[0], tmp_path)


@pytest.fixture(scope="session", name="peer_command")
def peer_command_fixture():
    """kexec-tools' program with its own C library, unpacked into the cache."""
    arch, loader = LOADERS[platform.machine()]
    key = debian.content_key(PEER_SUITE, arch, *PEER_PACKAGES)
    target = debian.cache_dir() / "peer" / key
    with debian.locked("peer"):
        if not target.is_dir():
            archive = debian.Archive(PEER_SUITE, arch=arch, stale_ok=True)
            archive.update()
            with debian.published(target) as root:
                for deb in archive.download(PEER_PACKAGES):
                    debian.unpack(deb, root,
                                  lambda path: path.startswith(("usr/sbin", "usr/lib")))
    libraries = target / "usr/lib" / f"{platform.machine()}-linux-gnu"
    return [str(libraries / loader), "--library-path", str(libraries),
            str(target / "usr/sbin/vmcore-dmesg")]


@pytest.fixture(name="peer")
def peer_fixture(peer_command, tmp_path):
    """The vmcore-dmesg of kexec-tools."""
    return Program(peer_command, tmp_path)
